//! Objects that are nothing but the ids of others, such as who has which role where: found by a query over those ids, and
//! written at a path that is made of them.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{GROUP, World, actions, kind};

const ASSIGNMENT: &str = "
name: Assignment
key:
  user: {at: /user/id, kind: User}
  role: {at: /role/id, kind: Role}
  project: {at: /scope/project/id, kind: Project}
named: '{user} has {role} in {project}'
list: {path: /assignments, find: {user.id: '{user}', role.id: '{role}', project.id: '{project}'}}
create: {method: PUT, path: '/projects/{project}/users/{user}/roles/{role}'}
delete: {path: '/projects/{project}/users/{user}/roles/{role}'}
spec: {type: object, properties: {}}
";

/// Who has which role where, as Keystone has it.
fn keystone() -> World {
    let of = |name: &str, path: &str| {
        kind(GROUP, |kind| {
            kind["name"] = json!(name);
            kind["list"] = json!({"path": path, "find": {"name": "{name}"}});
            kind["create"]["path"] = json!(path);
            for operation in ["get", "update", "delete"] {
                kind[operation]["path"] = json!(format!("{path}/{{id}}"));
            }
        })
    };
    let kinds =
        [of("User", "/users"), of("Role", "/roles"), of("Project", "/projects"), kind(ASSIGNMENT, |_| {})];
    let habits =
        ["users", "roles", "projects", "assignments"].map(|collection| (collection, Habits::numbers()));
    let world = World::new(&kinds, &habits);
    world.api.on(|seen, store| {
        let place = seen.place().to_owned();
        let parts: Vec<_> = place.split('/').skip(2).collect();
        match parts.as_slice() {
            ["assignments"] => {
                let id = |pointer: &str, object: &Value| object.pointer(pointer).unwrap().to_string();
                let fits = |object: &&Value| {
                    let places =
                        [("user.id", "/user/id"), ("role.id", "/role/id"), ("project.id", "/scope/project/id")];
                    places.iter().all(|(name, at)| seen.query(name).is_none_or(|sought| sought == id(at, object)))
                };
                Some(Reply::new(200, store.objects("assignments").iter().filter(fits).cloned().collect()))
            }
            ["projects", project, "users", user, "roles", role] => {
                let number = |text: &str| text.parse::<u64>().unwrap();
                let (project, user, role) = (number(project), number(user), number(role));
                let own = json!({"user": {"id": user}, "role": {"id": role}, "scope": {"project": {"id": project}}});
                let all = store.objects("assignments");
                all.retain(|other| *other != own);
                if seen.method == "PUT" {
                    all.push(own);
                }
                Some(Reply::new(204, Value::Null))
            }
            _ => None,
        }
    });
    world
}

#[test]
fn an_assignment_is_found_and_written_by_the_ids_of_what_it_joins() {
    let world = keystone();
    for name in ["ann", "bob"] {
        world.declare("User", name, "{}");
    }
    world.declare("Role", "admin", "{}");
    world.declare("Project", "web", "{}");
    let theirs = json!({"user": {"id": 90}, "role": {"id": 91}, "scope": {"project": {"id": 92}}});
    world.api.insert("assignments", theirs);
    let is_theirs = |object: &Value| object["user"]["id"] == 90;
    world.declare("Assignment", "ann has admin in web", "{}");
    world.declare("Assignment", "bob has admin in web", "{}");
    let plan = world.plan();
    assert_eq!(actions(&plan).len(), 6, "{plan:#}");
    let writes = world.converge();
    let puts: Vec<_> = writes.iter().filter(|seen| seen.method == "PUT").collect();
    assert_eq!((puts.len(), &puts[0].body), (2, &json!({})));
    assert_eq!(world.api.objects("assignments").len(), 3);

    world.api.change("assignments", |all| all.retain(is_theirs));
    let (code, document) = world.apply();
    assert_eq!(code, 0, "{document:#}");
    let seen = world.api.seen();
    let sought = |seen: &&crate::api::Seen| {
        let names = ["user.id", "role.id", "project.id"];
        seen.place() == "/base/assignments" && names.iter().all(|name| seen.query(name).is_some())
    };
    assert!(seen.iter().filter(sought).count() >= 2, "each is looked for by its ids: {seen:?}");
    let whole = seen.iter().filter(|seen| seen.path == "/base/assignments").count();
    let paths: Vec<_> = seen.iter().map(|seen| &seen.path).collect();
    assert!(whole <= 3, "only the plans read all: {paths:#?}");

    world.commit();
    world.converge();
    world.declare_absent("Assignment", "bob has admin in web");
    world.commit();
    let writes = world.converge();
    assert_eq!((writes.len(), writes[0].method.as_str()), (1, "DELETE"));
    let left = world.api.objects("assignments");
    assert!(left.len() == 2 && left.iter().any(is_theirs), "{left:?}");
}
