//! What an API cannot do, and how its answers to writes are understood.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::Habits;
use crate::world::{World, actions, calls, codes, file, outcomes, thing, without};

/// A world without an operation, with `old` as declared.
fn unable(operation: &str) -> World {
    let world = World::things(|kind| without(kind, &[operation]));
    world.api.insert("things", json!({"name": "old", "size": 2}));
    world.declare("Thing", "old", "{size: 2}");
    world.assert_converged();
    world
}

/// Expects one error about `subject`, and that nothing is written, not even the rest of the plan.
fn assert_impossible(world: &World, code: &str, subject: &str) {
    let plan = world.plan();
    assert_eq!(codes(&plan), [code], "{plan:#}");
    let diagnostic = &plan["diagnostics"][0];
    assert_eq!(diagnostic["file"], file("Thing", subject), "{plan:#}");
    assert_eq!(
        (&diagnostic["severity"], diagnostic["line"].is_number()),
        (&json!("error"), true),
        "{plan:#}"
    );
    world.refused(1);
}

#[test]
fn what_cannot_be_created_has_to_be_there() {
    let world = unable("create");
    world.declare("Thing", "new", "{}");
    world.declare("Thing", "old", "{size: 3}");
    assert_impossible(&world, "defined/no-create", "new");
    world.api.insert("things", json!({"name": "new"}));
    world.converge();
}

#[test]
fn what_cannot_be_changed_has_to_be_right() {
    let world = unable("update");
    world.declare("Thing", "new", "{}");
    world.converge();
    world.declare("Thing", "newer", "{}");
    world.declare("Thing", "old", "{size: 3}");
    assert_impossible(&world, "defined/no-update", "old");
    world.drift("things", "size", json!(3));
    world.declare("Thing", "new", "{size: 3}");
    world.converge();
}

#[test]
fn what_cannot_be_deleted_stays() {
    let world = unable("delete");
    world.declare_absent("Thing", "gone");
    world.assert_converged();
    world.declare("Thing", "new", "{}");
    world.declare_absent("Thing", "old");
    assert_impossible(&world, "defined/no-delete", "old");
}

#[test]
fn without_a_read_of_one_object_the_list_is_read() {
    let world = unable("get");
    world.declare("Thing", "old", "{size: 3}");
    world.declare("Thing", "new", "{}");
    world.converge();
    world.declare_absent("Thing", "old");
    world.converge();
    assert_eq!(world.api.objects("things").len(), 1);
}

#[test]
fn a_status_outside_success_leaves_the_outcome_unknown() {
    for (operation, method, status) in
        [("create", "POST", 202), ("update", "PATCH", 204), ("delete", "DELETE", 202)]
    {
        let world = World::things(|kind| kind[operation]["success"] = json!([200, 201]));
        world.api.insert("things", json!({"name": "old"}));
        match operation {
            "create" => world.declare("Thing", "old2", "{}"),
            "update" => world.declare("Thing", "old", "{size: 2}"),
            _ => world.declare_absent("Thing", "old"),
        }
        world.api.on(move |seen, _| (seen.method == method).then(|| Reply::new(status, Value::Null)));
        let (code, document) = world.apply();
        let ended = outcomes(&document);
        assert!(
            code == 1 && ended.len() == 1 && ended[0].ends_with(" unknown"),
            "{operation}: {code} {document:#}"
        );
    }
}

#[test]
fn every_success_is_one_where_the_definition_names_none() {
    let world = World::things(|_| {});
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        (seen.method != "GET").then(|| Reply { status: 202, ..reply })
    });
    world.declare("Thing", "a", "{size: 2}");
    world.converge();
    world.declare("Thing", "a", "{size: 3}");
    world.converge();
    world.declare_absent("Thing", "a");
    world.converge();
}

#[test]
fn a_refusal_is_a_failure_and_reported() {
    for status in [400, 403, 409, 422] {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "{}");
        world.api.on(move |seen, _| {
            (seen.method == "POST").then(|| Reply::new(status, json!({"message": "the cup is full"})))
        });
        let (code, document) = world.apply();
        assert_eq!((code, outcomes(&document)), (1, vec!["a failed".to_owned()]), "{status}: {document:#}");
        assert!(document.to_string().contains("the cup is full"), "{document:#}");
    }
}

#[test]
fn what_was_to_go_and_is_gone_is_deleted() {
    let world = World::things(|kind| kind["delete"]["query"] = json!({"if-unused": "true"}));
    world.api.insert("things", json!({"id": "x", "name": "a"}));
    world.declare_absent("Thing", "a");
    world.api.on(|seen, store| {
        if seen.method == "DELETE" {
            store.objects("things").clear();
        }
        None
    });
    let (code, document) = world.apply();
    assert_eq!((code, outcomes(&document)), (0, vec!["a applied".to_owned()]), "{document:#}");
    assert_eq!(world.calls(), ["DELETE /base/things/x?if-unused=true"]);
}

/// The first create is answered with 502, whether or not it was done.
fn lossy(unique: bool, done: bool) -> World {
    let kind = thing(|kind| kind["unique"] = json!(unique));
    let habits = Habits { unique: if unique { &["name"] } else { &[] }, ..Habits::default() };
    let world = World::new(&[kind], &[("things", habits)]);
    let mut lost = false;
    world.api.on(move |seen, store| {
        let first = seen.method == "POST" && !lost;
        lost |= first;
        first.then(|| {
            let reply = if done { store.answer(seen) } else { Reply::new(502, Value::Null) };
            Reply { status: 502, body: Value::Null, ..reply }
        })
    });
    world.declare("Thing", "a", "{size: 2}");
    world
}

#[test]
fn no_duplicates_when_the_answer_to_a_create_is_lost() {
    for (unique, done) in [(true, true), (true, false), (false, true), (false, false)] {
        let world = lossy(unique, done);
        let (code, document) = world.apply();
        let creates = world.calls().len();
        assert!(creates == 1 || unique && !done, "it could make a second one: {unique} {done}");
        let stored = world.api.objects("things").len();
        let expected = if stored == 1 { (0, "a applied") } else { (1, "a unknown") };
        assert_eq!((code, outcomes(&document)), (expected.0, vec![expected.1.to_owned()]), "{document:#}");
        world.converge();
        assert_eq!(world.api.objects("things").len(), 1);
    }
}

#[test]
fn every_create_has_a_key_of_its_own_under_which_it_is_done_once() {
    let world = World::things(|kind| kind["create"]["idempotency_header"] = json!("X-Request-Key"));
    world.declare("Thing", "a", "{}");
    world.declare("Thing", "b", "{}");
    let writes = world.converge();
    let keys: BTreeSet<_> = writes.iter().filter_map(|seen| seen.headers.get("x-request-key")).collect();
    assert_eq!((writes.len(), keys.len()), (2, 2), "{writes:?}");
    assert!(!keys.contains(&String::new()));
    world.declare("Thing", "a", "{size: 2}");
    assert!(!world.converge()[0].headers.contains_key("x-request-key"), "an update has none");
}

#[test]
fn crash_safe_a_failure_half_way_is_reported_and_the_next_run_converges() {
    let world = World::things(|_| {});
    for name in ["a", "b", "c"] {
        world.declare("Thing", name, "{size: 2}");
    }
    world.api.on(|seen, _| {
        (seen.body["name"] == "b").then(|| Reply::new(403, json!({"message": "not this one"})))
    });
    let (code, document) = world.apply();
    assert_eq!(
        (code, outcomes(&document)),
        (1, vec!["a applied".to_owned(), "b failed".to_owned(), "c applied".to_owned()])
    );
    world.api.on(|_, _| None);
    assert_eq!(calls(&world.converge()), ["POST /base/things"]);
}

#[test]
fn a_kind_that_can_only_be_read_is_never_written() {
    let world = World::things(|kind| without(kind, &["create", "update", "delete"]));
    world.api.insert("things", json!({"name": "a", "size": 2}));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    world.assert_converged();
    assert_eq!(actions(&world.plan()), Vec::<String>::new());
}

#[test]
fn a_delete_may_be_an_action_with_a_body() {
    let world = World::things(|kind| {
        kind["delete"] = json!({"method": "POST", "path": "/things/{id}/remove", "body": {"reason": "git"}});
    });
    world.api.on(|seen, store| {
        let id = seen.place().strip_suffix("/remove")?.rsplit('/').next()?.to_owned();
        store.objects("things").retain(|thing| thing["id"] != id);
        Some(Reply::new(200, json!({})))
    });
    world.api.insert("things", json!({"id": "id-old", "name": "old"}));
    world.declare_absent("Thing", "old");
    let writes = world.converge();
    assert_eq!(calls(&writes), ["POST /base/things/id-old/remove"]);
    assert_eq!(writes[0].body, json!({"reason": "git"}));
}

#[test]
fn a_delete_may_leave_an_object_that_says_that_it_is_deleted() {
    let kind = thing(|kind| {
        let deleted = json!([{"at": "/deleted", "is": true}]);
        kind["delete"] = json!({"method": "PATCH", "path": "/things/{id}", "body": {"deleted": true}});
        kind["list"]["skip_if"] = deleted.clone();
        kind["get"]["gone_if"] = deleted;
    });
    let world = World::new(&[kind], &[("things", Habits { unique: &[], ..Habits::default() })]);
    world.declare("Thing", "old", "{size: 2}");
    world.converge();
    world.declare_absent("Thing", "old");
    world.converge();
    assert_eq!(world.object("things", "name", "old")["deleted"], true);
    world.declare("Thing", "old", "{size: 3}");
    assert_eq!(calls(&world.converge()), ["POST /base/things"], "it is there again, as a new one");
}

/// Things that have to be disabled before they can be deleted.
fn disabled_first() -> World {
    let world = World::things(|kind| {
        kind["delete"]["first"] = json!({
            "method": "PATCH", "path": "/things/{id}", "body": {"enabled": false},
            "unless": {"at": "/enabled", "is": false},
        });
    });
    world.api.insert("things", json!({"id": "id-old", "name": "old", "enabled": true}));
    world.declare_absent("Thing", "old");
    world
}

#[test]
fn a_delete_may_take_two_steps_and_goes_on_where_it_stopped() {
    let both = ["PATCH /base/things/id-old", "DELETE /base/things/id-old"];
    let world = disabled_first();
    world.api.on(|seen, store| {
        let is_enabled = store.objects("things").iter().any(|thing| thing["enabled"] == true);
        (seen.method == "DELETE" && is_enabled)
            .then(|| Reply::new(400, json!({"message": "disable it first"})))
    });
    assert_eq!(calls(&world.converge()), both);
    let world = disabled_first();
    world.drift("things", "enabled", json!(false));
    assert_eq!(calls(&world.converge()), both[1..]);
    // The answer to the second one is lost, whether it was done or not.
    for is_done in [true, false] {
        let world = disabled_first();
        let mut is_lost = true;
        world.api.on(move |seen, store| {
            if seen.method != "DELETE" || !std::mem::take(&mut is_lost) {
                return None;
            }
            if is_done {
                store.answer(seen);
            }
            Some(Reply::new(503, Value::Null))
        });
        let expected = if is_done { both.to_vec() } else { vec![both[0], both[1], both[1]] };
        assert_eq!(calls(&world.converge()), expected);
    }
}

#[test]
fn what_only_a_create_can_set_is_refused_in_an_update_with_its_place() {
    let world = World::things(|kind| kind["spec"]["properties"]["size"]["x-create-only"] = json!(true));
    world.declare("Thing", "old", "{size: 2}");
    world.converge();
    world.declare("Thing", "old", "{size: 2, note: other}");
    world.converge();
    world.declare("Thing", "old", "{size: 3}");
    assert_impossible(&world, "defined/create-only", "old");
    let plan = world.plan();
    assert!(plan["diagnostics"][0]["help"].as_str().unwrap().contains("ensure: absent"), "{plan:#}");
}

#[test]
fn paths_that_end_with_a_slash_keep_it() {
    let world = World::things(|kind| {
        for operation in ["list", "get", "create", "update", "delete"] {
            let path = format!("{}/", kind[operation]["path"].as_str().unwrap());
            kind[operation]["path"] = json!(path);
        }
    });
    // As servers in Django do, without it this one leads to the same with it.
    world.api.on(|seen, store| {
        let Some(place) = seen.path.strip_suffix('/') else { return Some(Reply::new(301, Value::Null)) };
        Some(store.answer(&Seen { path: place.to_owned(), ..seen.clone() }))
    });
    world.declare("Thing", "a", "{size: 2}");
    assert_eq!(calls(&world.converge()), ["POST /base/things/"]);
    world.declare("Thing", "a", "{size: 3}");
    world.converge();
    world.declare_absent("Thing", "a");
    world.converge();
}
