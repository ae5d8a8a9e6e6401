//! What a write must not lose, or make of what an API shows in place of a value.

use serde_json::{Value, json};

use crate::store::Habits;
use crate::world::{World, actions, codes, thing};

/// Things whose update replaces them, with a change.
fn replacing(change: impl FnOnce(&mut Value)) -> World {
    let kind = thing(|kind| {
        kind["update"] = json!({"method": "PUT", "path": "/things/{id}", "renames": true});
        let item = json!({"type": "object", "properties": {"verb": {"type": "string"}, "on": {"type": "string", "default": ""}}});
        kind["spec"]["properties"]["rules"] = json!({"type": "array", "items": item, "x-list-type": "multiset", "default": [], "x-grants": false});
        change(kind);
    });
    World::new(&[kind], &[("things", Habits::default())])
}

/// Expects that nothing is written, for this reason, which names this field.
fn refused(world: &World, code: &str, field: &str) {
    let before = world.api.objects("things");
    let document = world.refused(1);
    assert_eq!(codes(&document), [code], "{document:#}");
    let diagnostic = &document["diagnostics"][0];
    assert!(diagnostic["message"].as_str().unwrap().contains(&format!("`{field}`")), "{diagnostic:#}");
    assert!(diagnostic["help"].is_string() && diagnostic["line"].is_number(), "{diagnostic:#}");
    assert_eq!(world.api.objects("things"), before);
}

#[test]
fn unmanaged_survives_in_an_item_without_a_key_or_the_write_is_refused() {
    for merges in [false, true] {
        let world = replacing(|kind| {
            if merges {
                kind["update"]["method"] = json!("PATCH");
            }
        });
        let rules = json!([{"verb": "get", "on": "x", "not_on": ["y"]}, {"verb": "put"}]);
        world.api.insert("things", json!({"name": "a", "rules": rules}));
        // The item with more than git can say stays as it is, so it is carried.
        world.declare("Thing", "a", "{rules: [{verb: get, on: x}]}");
        world.converge();
        world.declare("Thing", "a", "{rules: [{verb: get, on: x}, {verb: post}]}");
        world.converge();
        let kept = json!({"verb": "get", "on": "x", "not_on": ["y"]});
        assert!(world.object("things", "name", "a")["rules"].as_array().unwrap().contains(&kept));
        // Now it changes, or it goes and another one comes.
        world.declare("Thing", "a", "{rules: [{verb: get, on: z}, {verb: post}]}");
        refused(&world, "plan/loses", "/rules/0/not_on");
        world.declare("Thing", "a", "{rules: [{verb: post}]}");
        world.converge();
    }
}

#[test]
fn of_two_items_that_are_equal_to_git_nothing_says_which_one_goes() {
    let world = replacing(|_| {});
    let rules = json!([{"verb": "get", "since": 1}, {"verb": "get", "since": 2}]);
    world.api.insert("things", json!({"name": "a", "rules": rules}));
    world.declare("Thing", "a", "{rules: [{verb: get}, {verb: get}], size: 3}");
    world.converge();
    world.declare("Thing", "a", "{rules: [{verb: get}], size: 3}");
    refused(&world, "plan/loses", "/rules/1/since");
}

#[test]
fn a_number_that_would_be_rounded_is_not_sent_back() {
    let world = replacing(|_| {});
    world.api.insert(
        "things",
        json!({"name": "a", "serial": 12_345_678_901_234_567_890_123_f64, "most": u64::MAX}),
    );
    world.declare("Thing", "a", "{size: 2}");
    refused(&world, "plan/number", "/serial");
    let merging = World::things(|_| {});
    merging.api.insert("things", json!({"name": "a", "serial": 12_345_678_901_234_567_890_123_f64}));
    merging.declare("Thing", "a", "{size: 2}");
    merging.converge();
}

#[test]
fn a_mask_is_not_sent_back_as_the_value() {
    for mask in ["**********", "<redacted>", "REDACTED", "[hidden]", "\u{2022}\u{2022}\u{2022}", "xxxx"] {
        for (object, at) in [
            (json!({"name": "a", "secret": mask}), "/secret"),
            (json!({"name": "a", "hook": {"auth": {"key": mask}}}), "/hook/auth/key"),
            (json!({"name": "a", "rules": [{"verb": "get", "token": mask}]}), "/rules/0/token"),
        ] {
            let world = replacing(|_| {});
            world.api.insert("things", object);
            world.declare("Thing", "a", "{size: 2}");
            refused(&world, "plan/mask", at);
        }
    }
}

#[test]
fn what_looks_like_a_mask_is_sent_where_it_is_a_pattern_or_git_says_it() {
    let world = replacing(|_| {});
    world
        .api
        .insert("things", json!({"name": "a", "patterns": ["***", "xxx"], "star": "*", "cron": "* * *"}));
    world.declare("Thing", "a", "{size: 2, note: '***'}");
    world.converge();
    let merging = World::things(|_| {});
    merging.api.insert("things", json!({"name": "a", "secret": "********"}));
    merging.declare("Thing", "a", "{size: 2}");
    merging.converge();
}

#[test]
fn what_no_reply_has_is_not_wiped_by_an_update_of_something_else() {
    let lazy = |replaces: Option<Value>| {
        move |kind: &mut Value| {
            kind["spec"]["properties"]["pin"] = json!({"type": "integer", "writeOnly": true});
            if let Some(replaces) = replaces {
                kind["spec"]["properties"]["pin"]["x-replaces"] = replaces;
            }
        }
    };
    let world = replacing(lazy(None));
    world.api.insert("things", json!({"name": "a", "pin": 1234}));
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        let forget = |object: &mut Value| drop(object.as_object_mut().map(|object| object.remove("pin")));
        match &mut reply.body {
            Value::Array(all) => all.iter_mut().for_each(forget),
            one => forget(one),
        }
        Some(reply)
    });
    world.declare("Thing", "a", "{size: 2}");
    refused(&world, "plan/loses", "/pin");
    assert_eq!(world.object("things", "name", "a")["pin"], 1234);
    // Declared, it goes with every write that would remove it.
    world.declare("Thing", "a", "{size: 2, pin: 1234}");
    world.commit();
    assert_eq!(world.apply().0, 0);
    world.declare("Thing", "a", "{size: 3, pin: 1234}");
    world.commit();
    assert_eq!((world.apply().0, world.writes()[0].body["pin"].clone()), (0, json!(1234)));
    let check = world.run(&["check-system", "plain.yaml", "--format", "json"]);
    let document = check.json();
    assert_eq!((check.code, codes(&document)), (0, vec!["system/not-kept"]), "{document:#}");
    // A definition may say that the API keeps it.
    let world = replacing(lazy(Some(json!([]))));
    world.api.insert("things", json!({"name": "a"}));
    world.declare("Thing", "a", "{size: 2}");
    assert_eq!(world.converge()[0].body, json!({"name": "a", "size": 2}));
}

#[test]
fn import_says_what_no_manifest_can_declare() {
    let world = replacing(|_| {});
    let rules = json!([{"verb": "get", "seen": 1}]);
    world.api.insert("things", json!({"name": "a", "created": "today", "hits": 7, "rules": rules}));
    world.api.insert("things", json!({"name": "b"}));
    let run = world.run(&["import", "live", "--format", "json"]);
    let document = run.json();
    assert_eq!(codes(&document), ["import/leaves-out"], "{document:#}");
    let message = document["diagnostics"][0]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "1 manifest of the kind Thing without fields that none can declare: `/hits`, `/rules/*/seen`"
    );
    assert_eq!(world.plan()["changes"], json!([]));
}

/// Things whose list shows the key of every object emptied, as that of PowerDNS does.
fn emptying(change: impl FnOnce(&mut Value)) -> World {
    let world = replacing(change);
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        for object in reply.body.as_array_mut().into_iter().flatten() {
            object["key"] = json!("");
        }
        Some(reply)
    });
    world
}

#[test]
fn a_secret_that_the_list_shows_emptied_is_carried_over_from_the_object_itself() {
    let world = emptying(|_| {});
    world.api.insert("things", json!({"name": "a", "key": "hunter2", "size": 1}));
    world.declare("Thing", "a", "{size: 2}");
    let plan = world.plan();
    assert_eq!(actions(&plan), ["update Thing a"], "{plan:#}");
    assert_eq!(world.api.seen().len(), 2, "the list, and the one object that would be written");
    world.converge();
    let live = world.object("things", "name", "a");
    assert_eq!((&live["key"], &live["size"]), (&json!("hunter2"), &json!(2)));
}

#[test]
fn a_declared_field_that_the_list_shows_otherwise_is_a_wrong_definition_and_not_a_conflict() {
    let world = emptying(|kind| kind["spec"]["properties"]["key"] = json!({"type": "string"}));
    world.api.insert("things", json!({"name": "a", "key": "x", "size": 1}));
    world.declare("Thing", "a", "{key: x}");
    let plan = world.plan();
    assert!(actions(&plan).is_empty() && codes(&plan) == ["live/summary"], "{plan:#}");
    world.declare("Thing", "a", "{key: 'y'}");
    let (code, document) = world.apply();
    assert_eq!(code, 0, "{document:#}");
    assert_eq!(world.object("things", "name", "a")["key"], "y");
}

#[test]
fn check_system_says_that_the_list_shows_a_field_otherwise() {
    let world = emptying(|kind| {
        kind["spec"]["properties"]["key"] = json!({"type": "string"});
        kind["scratch"] = json!({"spec": {"key": "x", "size": 2}, "change": {"size": 3}});
    });
    let run = world.run(&["check-system", "plain.yaml", "--against", "live", "--scratch", "try"]);
    let said = format!("{}{}", run.out, run.err);
    assert!(run.code != 0 && said.contains("it shows `key` otherwise than the object itself"), "{said}");
}
