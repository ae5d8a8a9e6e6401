//! Lists below each object of another kind.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, actions, calls, codes, files, kind};

const TEAM: &str = "
name: Team
id: /id
key: {name: /name}
unique: true
list: {path: /teams}
create: {path: /teams}
update: {method: PATCH, path: '/teams/{id}'}
delete: {path: '/teams/{id}'}
spec: {type: object, properties: {note: {type: string, default: ''}}}
";

/// Only the path of a member says in which team it is.
const MEMBER: &str = "
name: Member
key: {team: {kind: Team}, user: /user}
named: '{team}/{user}'
list: {path: '/teams/{team}/members'}
get: {path: '/teams/{team}/members/{user}'}
create: {method: PUT, path: '/teams/{team}/members/{user}'}
update: {method: PUT, path: '/teams/{team}/members/{user}'}
delete: {path: '/teams/{team}/members/{user}'}
spec: {type: object, properties: {role: {type: string, default: reader}}}
";

/// An API that keeps members with their teams and shows none of that in a member.
fn world(team: impl FnOnce(&mut Value), member: impl FnOnce(&mut Value)) -> World {
    let habits = Habits { unique: &["name"], ..Habits::numbers() };
    let members = Habits::key(&["team", "user"]);
    let kinds = [kind(TEAM, team), kind(MEMBER, member)];
    let world = World::new(&kinds, &[("teams", habits), ("members", members)]);
    world.api.on(|seen, store| {
        let path = seen.place().strip_prefix("/base/teams/")?.to_owned();
        let (team, user) = path.split_once("/members")?;
        let is = |value: &Value| value.to_string().trim_matches('"') == team;
        let is_there = |team: &Value| is(&team["id"]) || is(&team["name"]);
        if !store.objects("teams").iter().any(is_there) {
            return Some(Reply::new(404, json!({"message": "there is no such team"})));
        }
        let mut inner = seen.clone();
        inner.path = match user {
            "" => format!("/members?team={team}"),
            user => format!("/members/{team}{user}"),
        };
        let mut reply = store.answer(&inner);
        let hide = |member: &mut Value| drop(member.as_object_mut().map(|member| member.remove("team")));
        match &mut reply.body {
            Value::Array(members) => members.iter_mut().for_each(hide),
            member => hide(member),
        }
        Some(reply)
    });
    world
}

/// The lists of members that were read since the last run, by the id of the team.
fn lists(world: &World) -> Vec<String> {
    let reads = world.api.seen().into_iter().filter(|seen| seen.method == "GET");
    let mut lists: Vec<_> = reads
        .filter_map(|seen| Some(seen.path.strip_prefix("/base/teams/")?.strip_suffix("/members")?.to_owned()))
        .collect();
    lists.sort();
    lists.dedup();
    lists
}

#[test]
fn the_object_above_is_a_part_of_the_name_even_if_it_is_new() {
    let world = world(|_| {}, |_| {});
    world.declare("Team", "ops", "{}");
    world.declare("Member", "ops/ann", "{role: owner}");
    assert_eq!(actions(&world.plan()), ["create Team ops", "create Member ops/ann"]);
    let writes = world.converge();
    let id = world.object("teams", "name", "ops")["id"].clone();
    assert_eq!(calls(&writes), ["POST /base/teams".to_owned(), format!("PUT /base/teams/{id}/members/ann")]);
    assert_eq!(writes[1].body, json!({"role": "owner"}), "what the path has is in no body");
    world.declare("Member", "ops/ann", "{role: writer}");
    assert_eq!(calls(&world.converge()), [format!("PUT /base/teams/{id}/members/ann")]);
    world.drift("members", "role", json!("by hand"));
    assert_eq!(actions(&world.plan()), ["update Member ops/ann"]);
    world.converge();
    world.declare_absent("Member", "ops/ann");
    assert_eq!(calls(&world.converge()), [format!("DELETE /base/teams/{id}/members/ann")]);
}

#[test]
fn every_way_to_read_and_to_name_the_object_above_tells_the_same_story() {
    for by_id in [true, false] {
        for get in [true, false] {
            let world = world(
                |team| {
                    if !by_id {
                        crate::world::without(team, &["id"]);
                        for verb in ["update", "delete"] {
                            team[verb]["path"] = json!("/teams/{name}");
                        }
                        team["create"] = json!({"path": "/teams"});
                    }
                },
                |member| {
                    if !get {
                        crate::world::without(member, &["get"]);
                    }
                },
            );
            world.api.insert("teams", json!({"id": 7, "name": "ops"}));
            world.api.insert("teams", json!({"id": 8, "name": "dev"}));
            world.declare("Member", "ops/ann", "{role: owner}");
            world.declare("Member", "dev/ann", "{}");
            world.converge();
            world.declare("Member", "dev/ann", "{role: owner}");
            let team = if by_id { "8" } else { "dev" };
            assert_eq!(calls(&world.converge()), [format!("PUT /base/teams/{team}/members/ann")], "{get}");
            world.declare_absent("Member", "ops/ann");
            world.converge();
            assert_eq!(world.api.objects("members").len(), 1, "{by_id} {get}");
        }
    }
}

#[test]
fn a_plan_reads_only_the_lists_below_what_git_names() {
    let world = world(|_| {}, |_| {});
    for id in 1..=20 {
        world.api.insert("teams", json!({"id": id, "name": format!("team-{id}")}));
        world.api.insert("members", json!({"team": id.to_string(), "user": "ann", "role": "owner"}));
    }
    world.declare("Member", "team-3/ann", "{role: owner}");
    world.declare("Member", "team-5/bob", "{}");
    world.plan();
    assert_eq!(lists(&world), ["3", "5"]);
    // A delete of a team takes whatever is in it, so all is looked at.
    world.declare_absent("Team", "team-9");
    world.plan();
    assert_eq!(lists(&world).len(), 20);
}

#[test]
fn all_lists_are_imported_by_the_names_of_what_is_above() {
    let world = world(|_| {}, |_| {});
    world.api.insert("teams", json!({"id": 7, "name": "a/b"}));
    world.api.insert("teams", json!({"id": 8, "name": "dev"}));
    world.api.insert("members", json!({"team": "7", "user": "ann", "role": "owner"}));
    world.api.insert("members", json!({"team": "8", "user": "ann", "role": "reader"}));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    world.assert_converged();
    let files = files(&world.path("policies"));
    let all: String = files.iter().map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect();
    assert!(all.contains("name: a%2Fb/ann") && all.contains("name: dev/ann"), "{all}");
}

#[test]
fn unreadable_is_not_absent_one_list_that_cannot_be_read_stops_the_kind() {
    for status in [403, 404, 500] {
        let world = world(|_| {}, |_| {});
        world.api.insert("teams", json!({"id": 7, "name": "ops"}));
        world.declare("Member", "ops/ann", "{}");
        world.api.on(move |seen, _| {
            seen.place().ends_with("/members").then(|| Reply::new(status, json!({"message": "no"})))
        });
        let document = world.refused(6);
        assert_eq!(codes(&document), ["live/unreadable"], "{status}: {document:#}");
    }
}

#[test]
fn a_member_of_a_team_that_is_not_there_is_an_error_with_its_place() {
    let world = world(|_| {}, |_| {});
    world.declare("Member", "nobody/ann", "{}");
    let document = world.refused(3);
    assert_eq!(codes(&document), ["reference/dangling"], "{document:#}");
    assert_eq!(document["diagnostics"][0]["line"], 4, "{document:#}");
}

#[test]
fn a_list_below_what_somebody_deletes_meanwhile_is_empty() {
    let world = world(|_| {}, |_| {});
    for name in ["a", "b", "c", "d"] {
        world.declare("Team", name, "{}");
        world.declare("Member", &format!("{name}/ann"), "{}");
    }
    world.converge();
    for name in ["a", "b", "c", "d"] {
        world.declare_absent("Team", name);
        world.declare_absent("Member", &format!("{name}/ann"));
    }
    // The teams are deleted side by side, and before each enact looks at what is below all of them.
    world.converge();
    assert!(world.api.objects("teams").is_empty());
}

/// What a definition says is tried before anything is there, even the object above.
#[test]
fn a_definition_is_tried_from_nothing() {
    for by_id in [true, false] {
        let world = world(
            |team| {
                team["scratch"] = json!({"spec": {"note": "x"}, "change": {"note": "y"}});
                if !by_id {
                    crate::world::without(team, &["id", "update"]);
                    team["delete"]["path"] = json!("/teams/{name}");
                }
            },
            |member| {
                crate::world::without(member, &["get"]);
                member["scratch"] = json!({"spec": {"role": "owner"}, "change": {"role": "writer"}});
            },
        );
        let run = world.run(&["check-system", "plain.yaml", "--against", "live", "--scratch", "try"]);
        let created = run.out.matches("ok creates an object: created").count();
        assert_eq!(created, 2, "{by_id}: {}{}", run.out, run.err);
    }
}

#[test]
fn no_duplicates_when_somebody_else_adds_the_member_meanwhile() {
    let world = world(|_| {}, |member| crate::world::without(member, &["get"]));
    world.api.insert("teams", json!({"id": 7, "name": "ops"}));
    world.declare("Member", "ops/ann", "{role: owner}");
    world.converge();
    world.declare_absent("Member", "ops/ann");
    world.converge();
    world.declare("Member", "ops/ann", "{role: owner}");
    world.converge();
    assert_eq!(world.api.objects("members").len(), 1);
}
