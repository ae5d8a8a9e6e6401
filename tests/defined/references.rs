//! References: by name in git, as the API writes them on the wire, even to objects that do not exist yet.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{GROUP, World, actions, calls, codes, fields, files, kind, outcomes, thing};

/// A thing has an owner, and members with a role each.
const FIELDS: &str = "
owner: {type: string}
members:
  type: array
  x-list-type: map
  x-list-map-keys: [group]
  items: {type: object, properties: {group: {type: string}, role: {type: string, default: reader}}}
readers: {type: array, x-list-type: set, items: {type: string}, default: [], x-grants: false}
";

/// A group belongs to a user: the key of a membership names a group.
const MEMBER: &str = "
name: Member
key:
  group: {at: /group_id, kind: Group}
  user: /user
named: '{group}/{user}'
list: {path: /members}
create: {path: /members}
update: {method: PATCH, path: '/members/{group}/{user}'}
delete: {path: '/members/{group}/{user}'}
spec: {type: object, properties: {role: {type: string, default: reader}}}
";

fn referring(group: impl FnOnce(&mut Value), by: &str) -> World {
    let thing = thing(|thing| {
        let more: Value = serde_yaml::from_str(FIELDS).unwrap();
        thing["spec"]["properties"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let group = json!({"kind": "Group", "by": by});
        thing["references"] = json!({"/owner": group, "/members/*/group": group, "/readers/*": group});
    });
    World::new(&[kind(GROUP, group), thing], &[("groups", Habits::numbers()), ("things", Habits::default())])
}

fn members(change: impl FnOnce(&mut Value)) -> World {
    let member = kind(MEMBER, change);
    let habits = Habits::key(&["group_id", "user"]);
    World::new(&[kind(GROUP, |_| {}), member], &[("groups", Habits::numbers()), ("members", habits)])
}

/// The id that the server gave a group.
fn id(world: &World, name: &str) -> Value {
    let id = world.object("groups", "name", name)["id"].clone();
    assert!(id.is_number());
    id
}

#[test]
fn a_reference_to_an_object_of_the_same_run_is_its_id_as_a_number() {
    let world = referring(|_| {}, "id");
    for name in ["admins", "users"] {
        world.declare("Group", name, "{}");
    }
    world.declare(
        "Thing",
        "a",
        "{owner: admins, members: [{group: users, role: writer}, {group: admins}], readers: [users]}",
    );
    let plan = world.plan();
    assert_eq!(actions(&plan), ["create Group admins", "create Group users", "create Thing a"]);
    let body = &plan["changes"][2]["requests"][0]["body"];
    assert_eq!(body["owner"], "(known after apply)", "{body:#}");
    world.converge();
    let live = world.object("things", "name", "a");
    assert_eq!((&live["owner"], &live["readers"]), (&id(&world, "admins"), &json!([id(&world, "users")])));
    let has = |group: &str, role: &str| {
        let members = live["members"].as_array().unwrap();
        members.iter().any(|member| *member == json!({"group": id(&world, group), "role": role}))
            || role == "reader" && members.contains(&json!({"group": id(&world, group)}))
    };
    assert!(has("users", "writer") && has("admins", "reader"), "{live:#}");
}

#[test]
fn a_reference_is_shown_by_name_and_changed_by_id() {
    let world = referring(|_| {}, "id");
    for name in ["admins", "users"] {
        world.declare("Group", name, "{}");
    }
    world.declare("Thing", "a", "{owner: admins, members: [{group: users}]}");
    world.converge();
    world.declare("Thing", "a", "{owner: users, members: [{group: users, role: writer}]}");
    let plan = world.plan();
    let mut changed = fields(&plan);
    changed.sort_unstable();
    assert_eq!(changed, ["/members/users/role", "/owner"], "{plan:#}");
    let owner = plan["changes"][0]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["path"] == "/owner")
        .unwrap();
    assert_eq!((&owner["before"], &owner["after"]), (&json!("admins"), &json!("users")));
    let writes = world.converge();
    assert_eq!(writes[0].body["owner"], id(&world, "users"));
}

#[test]
fn unmanaged_survives_references_that_are_left_to_others_are_sent_back_by_id() {
    for method in ["PATCH", "PUT"] {
        let mut thing = thing(|thing| {
            let more: Value = serde_yaml::from_str(FIELDS).unwrap();
            thing["spec"]["properties"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            thing["references"] = json!({"/members/*/group": {"kind": "Group", "by": "id"}});
        });
        thing["update"]["method"] = json!(method);
        let habits = [("groups", Habits::numbers()), ("things", Habits::default())];
        let world = World::new(&[kind(GROUP, |_| {}), thing], &habits);
        ["admins", "users", "guests"].iter().for_each(|name| world.declare("Group", name, "{}"));
        let ignore = "  ignore: [/members/users, '/members/*/role']\n";
        world.declare_as("Thing", "a", ignore, "{members: [{group: admins}]}");
        world.converge();
        let of = |group: &str, role: &str| json!({"group": id(&world, group), "role": role});
        let by_hand = [of("users", "owner"), of("admins", "writer")];
        world.drift("things", "members", json!(by_hand));
        world.assert_converged();
        world.declare_as("Thing", "a", ignore, "{members: [{group: admins}, {group: guests}]}");
        world.converge();
        let members = world.object("things", "name", "a")["members"].clone();
        let members = members.as_array().unwrap();
        assert_eq!(members.len(), 3, "{method}: {members:?}");
        for member in by_hand.iter().chain(&[of("guests", "reader")]) {
            assert!(members.contains(member), "{method}: {member} in {members:?}");
        }
    }
}

#[test]
fn a_reference_by_name_is_a_name_on_the_wire() {
    let world = referring(|_| {}, "name");
    world.declare("Group", "admins", "{}");
    world.declare("Thing", "a", "{owner: admins, readers: [admins]}");
    world.converge();
    let live = world.object("things", "name", "a");
    assert_eq!((&live["owner"], &live["readers"]), (&json!("admins"), &json!(["admins"])));
}

#[test]
fn a_reference_to_a_live_object_that_git_does_not_declare() {
    let world = referring(|_| {}, "id");
    world.api.insert("groups", json!({"name": "theirs"}));
    world.declare("Thing", "a", "{owner: theirs}");
    assert_eq!(calls(&world.converge()), ["POST /base/things"]);
    assert_eq!(world.object("things", "name", "a")["owner"], id(&world, "theirs"));
}

#[test]
fn a_reference_to_nothing_is_an_error_with_its_place() {
    for by in ["id", "name"] {
        let world = referring(|_| {}, by);
        world.declare("Thing", "a", "{readers: [nobody]}");
        let document = world.refused(3);
        assert_eq!(codes(&document), ["reference/dangling"], "{by}: {document:#}");
        let diagnostic = &document["diagnostics"][0];
        assert_eq!((&diagnostic["line"], &diagnostic["column"]), (&json!(5), &json!(18)), "{document:#}");
    }
}

#[test]
fn unreadable_references_are_not_absent() {
    let world = referring(|_| {}, "id");
    world.declare("Thing", "a", "{owner: admins}");
    world.api.on(|seen, _| seen.place().ends_with("/groups").then(|| Reply::new(403, Value::Null)));
    let document = world.refused(6);
    assert!(!codes(&document).contains(&"reference/dangling"), "{document:#}");
}

#[test]
fn deletes_go_backwards() {
    let world = referring(|_| {}, "id");
    world.declare("Group", "admins", "{}");
    world.declare("Thing", "a", "{owner: admins}");
    world.declare("Thing", "b", "{}");
    world.converge();
    world.declare_absent("Group", "admins");
    world.declare_absent("Thing", "a");
    let writes = world.converge();
    let places: Vec<_> =
        calls(&writes).iter().map(|call| call.rsplit_once('/').unwrap().0.to_owned()).collect();
    assert_eq!(places, ["DELETE /base/things", "DELETE /base/groups"]);
}

#[test]
fn the_id_of_a_new_object_may_be_elsewhere_in_the_answer() {
    let world = referring(|group| group["create"]["id"] = json!("/meta/new"), "id");
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        if seen.method == "POST" && seen.place().ends_with("/groups") {
            reply.body = json!({"meta": {"new": reply.body["id"]}});
        }
        Some(reply)
    });
    world.declare("Group", "admins", "{}");
    world.declare("Thing", "a", "{owner: admins}");
    world.converge();
    assert_eq!(world.object("things", "name", "a")["owner"], id(&world, "admins"));
}

/// A world whose API does not return the id of a new group.
fn silent(find: bool) -> World {
    let world = referring(
        |group| {
            group["create"]["id"] = Value::Null;
            if find {
                group["list"]["find"] = json!({"name": "{name}"});
            }
        },
        "id",
    );
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        let is_group = seen.method == "POST" && seen.place().ends_with("/groups");
        Some(if is_group { Reply::new(201, Value::Null) } else { reply })
    });
    world.api.insert("groups", json!({"name": "admins of old"}));
    world
}

#[test]
fn an_id_that_no_answer_has_is_found_by_the_name() {
    for find in [false, true] {
        let world = silent(find);
        world.declare("Group", "admins", "{}");
        world.declare("Group", "users", "{}");
        world.declare("Thing", "a", "{owner: admins}");
        world.converge();
        assert_eq!(world.object("things", "name", "a")["owner"], id(&world, "admins"));
    }
}

#[test]
fn one_outcome_where_the_id_is_not_found_by_the_name() {
    let world = silent(false);
    world.declare("Group", "admins", "{}");
    world.declare("Thing", "a", "{owner: admins}");
    // The API reports success and does nothing.
    world.api.on(|seen, _| (seen.method == "POST").then(|| Reply::new(201, Value::Null)));
    let (code, document) = world.apply();
    assert_ne!(code, 0, "{document:#}");
    assert_eq!(calls(&world.writes()), ["POST /base/groups"], "nothing is sent without the id");
    assert!(outcomes(&document).contains(&"a not_attempted".to_owned()), "{document:#}");
}

#[test]
fn no_duplicates_where_the_answer_does_not_hold_the_id() {
    for body in [Value::Null, json!({}), json!({"id": ".."}), json!({"id": 1.5}), json!({"id": {}})] {
        let world = referring(|_| {}, "id");
        world.declare("Group", "admins", "{}");
        world.declare("Thing", "a", "{owner: admins}");
        let answer = body.clone();
        world.api.on(move |seen, store| {
            let reply = store.answer(seen);
            let is_group = seen.method == "POST" && seen.place().ends_with("/groups");
            Some(if is_group { Reply::new(201, answer.clone()) } else { reply })
        });
        // It is found by its name, or the thing waits for the next run.
        let (_, document) = world.apply();
        assert!(!outcomes(&document).contains(&"a failed".to_owned()), "{body}: {document:#}");
        world.converge();
        assert_eq!((world.api.objects("groups").len(), world.api.objects("things").len()), (1, 1), "{body}");
        assert_eq!(world.object("things", "name", "a")["owner"], id(&world, "admins"), "{body}");
    }
}

#[test]
fn a_create_whose_answer_is_lost_is_recognised_by_the_id_of_what_is_as_new() {
    let world = referring(|_| {}, "id");
    world.declare("Group", "admins", "{}");
    world.declare("Thing", "a", "{owner: admins}");
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        let is_thing = seen.method == "POST" && seen.place().ends_with("/things");
        Some(if is_thing { Reply::new(502, Value::Null) } else { reply })
    });
    let (code, document) = world.apply();
    assert_eq!(
        (code, outcomes(&document)),
        (0, vec!["admins applied".to_owned(), "a applied".to_owned()]),
        "{document:#}"
    );
}

#[test]
fn a_part_of_a_key_names_an_object_of_the_same_run() {
    let world = members(|_| {});
    world.declare("Group", "admins", "{}");
    world.declare("Member", "admins/ann", "{role: writer}");
    let plan = world.plan();
    assert_eq!(actions(&plan), ["create Group admins", "create Member admins/ann"]);
    let writes = world.converge();
    let group = id(&world, "admins");
    assert_eq!(writes[1].body, json!({"group_id": group, "user": "ann", "role": "writer"}));

    world.declare("Member", "admins/ann", "{role: owner}");
    assert_eq!(calls(&world.converge()), [format!("PATCH /base/members/{group}/ann")]);
    world.declare_absent("Member", "admins/ann");
    assert_eq!(calls(&world.converge()), [format!("DELETE /base/members/{group}/ann")]);
}

#[test]
fn a_part_of_a_key_that_is_an_id_is_in_the_path_of_a_read() {
    let world = members(|member| {
        member["list"]["whole"] = json!(false);
        member["get"] = json!({"path": "/members/{group}/{user}"});
    });
    world.api.insert("groups", json!({"id": 7, "name": "admins"}));
    world.api.insert("members", json!({"group_id": 7, "user": "ann", "role": "writer"}));
    world.declare("Member", "admins/ann", "{role: owner}");
    assert_eq!(calls(&world.converge()), ["PATCH /base/members/7/ann"]);
}

#[test]
fn a_part_of_a_key_is_shown_and_imported_by_name() {
    let world = members(|_| {});
    world.api.insert("groups", json!({"id": 7, "name": "a/b"}));
    world.api.insert("members", json!({"group_id": 7, "user": "ann", "role": "writer"}));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    world.assert_converged();
    let files = files(&world.path("policies"));
    assert!(
        files.iter().any(|(_, text)| String::from_utf8_lossy(text).contains("name: a%2Fb/ann")),
        "{files:?}"
    );
}

#[test]
fn a_part_of_a_key_that_names_nothing_is_an_error() {
    let world = members(|_| {});
    world.declare("Member", "nobody/ann", "{}");
    let document = world.refused(3);
    assert_eq!(codes(&document), ["reference/dangling"], "{document:#}");
    assert_eq!(document["diagnostics"][0]["line"], 4, "{document:#}");
}

#[test]
fn an_undeclared_object_whose_key_names_nothing_is_ignored() {
    let world = members(|_| {});
    world.api.insert("groups", json!({"id": 7, "name": "admins"}));
    world.api.insert("members", json!({"group_id": 999, "user": "left behind"}));
    world.declare("Member", "admins/ann", "{}");
    assert_eq!(calls(&world.converge()), ["POST /base/members"]);
}

#[test]
fn an_id_is_written_as_the_api_has_it() {
    for id in
        [json!(9_007_199_254_740_993_u64), json!(0), json!(-1), json!("7"), json!("007"), json!("a b/c")]
    {
        let world = referring(|_| {}, "id");
        world.api.insert("groups", json!({"id": id, "name": "admins"}));
        world.declare("Thing", "a", "{owner: admins, readers: [admins]}");
        world.converge();
        let live = world.object("things", "name", "a");
        assert_eq!((&live["owner"], &live["readers"]), (&id, &json!([id])));
    }
}

#[test]
fn unmanaged_survives_references_that_git_does_not_declare() {
    let world = referring(|_| {}, "id");
    let text = std::fs::read_to_string(world.path("plain.yaml")).unwrap();
    world.write("plain.yaml", &text.replace("method: PATCH", "method: PUT"));
    world.api.insert("groups", json!({"id": 7, "name": "admins"}));
    let members = json!([{"group": 7, "role": "writer"}, {"group": 999, "role": "left behind"}]);
    world
        .api
        .insert("things", json!({"name": "a", "size": 1, "owner": 999, "readers": [7], "members": members}));
    world.declare("Thing", "a", "{size: 2}");
    let body = json!({"name": "a", "size": 2, "owner": 999, "readers": [7], "members": members});
    assert_eq!(world.converge()[0].body, body);
    world.declare("Thing", "a", "{size: 2, owner: admins}");
    world.converge();
    assert_eq!(world.object("things", "name", "a")["owner"], 7);
}

/// The roles of the members of `a`, by the name of the group.
fn roles(world: &World) -> Vec<(String, Value)> {
    let name = |member: &Value| {
        let groups = world.api.objects("groups");
        let group = groups.iter().find(|group| group["id"] == member["group"]).unwrap();
        group["name"].as_str().unwrap().to_owned()
    };
    let live = world.object("things", "name", "a");
    let members = live["members"].as_array().unwrap();
    let mut roles: Vec<_> = members.iter().map(|member| (name(member), member["role"].clone())).collect();
    roles.sort_by_key(|(name, _)| name.clone());
    roles
}

#[test]
fn references_to_new_objects_in_a_list_go_to_their_own_items() {
    for method in ["PATCH", "PUT"] {
        let world = referring(|_| {}, "id");
        let text = std::fs::read_to_string(world.path("plain.yaml")).unwrap();
        world.write("plain.yaml", &text.replace("method: PATCH", &format!("method: {method}")));
        for (id, name) in [(7, "live-1"), (8, "live-2")] {
            world.api.insert("groups", json!({"id": id, "name": name}));
        }
        let members = json!([{"group": 8, "role": "of 2"}, {"group": 7, "role": "of 1"}]);
        world.api.insert("things", json!({"name": "a", "members": members}));
        world.declare("Group", "a-new", "{}");
        world.declare("Group", "z-new", "{}");
        let member = |name: &str| format!("{{group: {name}, role: of {name}}}");
        let declared = ["z-new", "live-1", "a-new", "live-2"].map(member).join(", ");
        world.declare("Thing", "a", &format!("{{members: [{declared}]}}"));
        world.converge();
        let expected = ["a-new", "live-1", "live-2", "z-new"];
        assert_eq!(
            roles(&world),
            expected.map(|name| (name.to_owned(), json!(format!("of {name}")))),
            "{method}"
        );
    }
}

#[test]
fn unmanaged_survives_in_an_item_that_a_reference_identifies() {
    let world = referring(|_| {}, "id");
    world.api.insert("groups", json!({"id": 7, "name": "admins"}));
    let members = json!([{"group": 7, "role": "writer", "since": 2020}]);
    world.api.insert("things", json!({"name": "a", "members": members}));
    world.declare("Thing", "a", "{members: [{group: admins, role: owner}]}");
    world.converge();
    let members = &world.object("things", "name", "a")["members"];
    assert_eq!(*members, json!([{"group": 7, "role": "owner", "since": 2020}]));
}
