//! `enact check-system --against`: what a definition claims, tried on the API.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, codes, grant, thing};

const TRY: &[&str] =
    &["check-system", "plain.yaml", "--against", "live", "--scratch", "enact-try", "--format", "json"];

/// `Thing` with a scratch object, and a change.
fn tried(change: impl FnOnce(&mut Value)) -> Value {
    thing(|kind| {
        kind["scratch"] = json!({
            "spec": {"note": "hello", "size": 2, "limits": {"cpu": 1}},
            "change": {"size": 3},
        });
        change(kind);
    })
}

/// A world whose API keeps the fields that a PATCH leaves out, and resets them to these defaults otherwise.
fn world(change: impl FnOnce(&mut Value)) -> World {
    let habits = Habits { defaults: json!({"note": "", "size": 1}), ..Habits::default() };
    World::new(&[tried(change)], &[("things", habits)])
}

/// Tries the definition. Returns the exit code, and the checks that disagree as `what: found`.
fn disagreements(world: &World) -> (i32, Vec<String>) {
    let run = world.run(TRY);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let checks = document["checks"].as_array().unwrap();
    let wrong = checks.iter().filter(|check| check["agrees"] == false);
    let words =
        |check: &Value| format!("{}: {}", check["what"].as_str().unwrap(), check["found"].as_str().unwrap());
    assert!(world.api.objects("things").is_empty(), "nothing is left behind: {document:#}");
    (run.code, wrong.map(words).collect())
}

#[test]
fn a_definition_that_is_right_is_found_to_be() {
    assert_eq!(disagreements(&world(|_| {})), (0, Vec::new()));
    let put = world(|kind| kind["update"] = json!({"method": "PUT", "path": "/things/{id}"}));
    assert_eq!(disagreements(&put), (0, Vec::new()));
}

#[test]
fn a_wrong_claim_about_what_an_update_drops_is_reported_at_its_place() {
    let patch = world(|kind| kind["update"]["mode"] = json!("replace"));
    let (code, wrong) = disagreements(&patch);
    assert_eq!((code, wrong.len()), (1, 1), "{wrong:?}");
    assert!(wrong[0].contains("`note` is kept"), "{wrong:?}");
    let run = patch.run(TRY);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let diagnostic = &document["diagnostics"][0];
    assert_eq!((&diagnostic["code"], &diagnostic["file"]), (&json!("probe/disagrees"), &json!("plain.yaml")));
    assert!(diagnostic["line"].is_number(), "{diagnostic:#}");

    let put = world(|kind| {
        kind["update"] = json!({"method": "PUT", "path": "/things/{id}", "mode": "merge"});
    });
    let (code, wrong) = disagreements(&put);
    // What is not sent is lost, above all its name.
    assert!(code == 1 && wrong.iter().any(|wrong| wrong.contains("without text at `/name`")), "{wrong:?}");
}

#[test]
fn a_wrong_claim_about_names_is_reported() {
    let habits = Habits { unique: &[], ..Habits::default() };
    let doubling = World::new(&[tried(|_| {})], &[("things", habits)]);
    let (code, wrong) = disagreements(&doubling);
    assert_eq!((code, wrong.len()), (1, 1), "{wrong:?}");
    assert!(wrong[0].starts_with("keeps keys unique: there are 2"), "{wrong:?}");
    let refusing = world(|kind| kind["unique"] = json!(false));
    let (code, wrong) = disagreements(&refusing);
    assert_eq!((code, wrong.len()), (1, 1), "{wrong:?}");
}

#[test]
fn a_field_that_the_api_drops_is_named() {
    let world = world(|_| {});
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        store.objects("things").iter_mut().for_each(|object| crate::world::without(object, &["note"]));
        Some(reply)
    });
    let (code, wrong) = disagreements(&world);
    assert!(code == 1 && wrong.iter().any(|wrong| wrong.contains("/note")), "{wrong:?}");
}

#[test]
fn unmanaged_survives_an_object_that_has_the_name_already_is_not_touched() {
    let world = world(|_| {});
    world.api.insert("things", json!({"name": "enact-try", "note": "somebody's"}));
    let run = world.run(TRY);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &document["diagnostics"][0]["code"]), (4, &json!("probe/taken")), "{document:#}");
    assert!(world.api.seen().iter().all(|seen| seen.method == "GET"));
    assert_eq!(world.api.objects("things").len(), 1);
}

#[test]
fn what_cannot_be_deleted_again_is_reported() {
    let world = world(|_| {});
    world.api.on(|seen, _| (seen.method == "DELETE").then(|| Reply::new(403, json!({}))));
    let run = world.run(TRY);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let said = document["diagnostics"].to_string();
    assert!(run.code == 1 && said.contains("probe/left-behind") && said.contains("403"), "{document:#}");
    assert_eq!(world.api.objects("things").len(), 1);
}

#[test]
fn a_default_that_the_api_shows_and_does_not_take_is_found() {
    let world = world(|kind| {
        kind["spec"]["properties"]["color"] = json!({"type": ["string", "null"], "default": null});
        kind["scratch"]["spec"]["color"] = json!("red");
    });
    world.api.on(|seen, _| {
        let is_null = seen.body.get("color").is_some_and(Value::is_null);
        is_null.then(|| Reply::new(400, json!({"message": "color is no text"})))
    });
    let (code, wrong) = disagreements(&world);
    let says =
        |wrong: &String| wrong.starts_with("goes back to its defaults") && wrong.contains("color is no text");
    assert!(code == 1 && wrong.iter().any(says), "{wrong:?}");
}

#[test]
fn scratch_objects_have_the_names_that_their_kinds_need() {
    let kinds = [
        grant(|kind| {
            kind["scratch"] = json!({
                "key": {"user": "{scratch}.example."}, "spec": {"read": "x"}, "change": {"read": "y"},
            });
        }),
        tried(|kind| {
            kind["references"] = json!({"/note": "Grant"});
            kind["scratch"]["spec"]["note"] = json!("{scratch}");
        }),
    ];
    let things = Habits { defaults: json!({"size": 1}), ..Habits::default() };
    let collections = [("grants", Habits::key(&["vhost", "user"])), ("things", things)];
    let world = World::new(&kinds, &collections);
    disagreements(&world);
    let created = |method: &str| world.api.seen().into_iter().find(|seen| seen.method == method).unwrap();
    assert_eq!(created("PUT").place(), "/base/grants/enact-try/enact-try.example.");
    assert_eq!(created("POST").body["note"], "enact-try.example.@enact-try");
}

#[test]
fn kinds_without_a_scratch_object_are_named_as_not_tried() {
    let untried = |kinds: &[Value]| {
        let habits = || Habits { defaults: json!({"note": "", "size": 1}), ..Habits::default() };
        let world = World::new(kinds, &[("grants", Habits::key(&["vhost", "user"])), ("things", habits())]);
        let run = world.run(TRY);
        let document = run.json();
        assert_eq!(codes(&document), ["probe/untried"], "{document:#}");
        (run.code, document["diagnostics"][0]["severity"].clone())
    };
    assert_eq!(untried(&[grant(|_| {}), tried(|_| {})]), (0, json!("warning")));
    assert_eq!(untried(&[grant(|_| {})]), (1, json!("error")), "nothing at all was tried");
}

#[test]
fn a_field_of_the_server_in_an_object_that_compares_as_a_whole_is_warned_of() {
    let world = world(|kind| {
        kind["spec"]["properties"]["limits"] = json!({
            "type": "object", "additionalProperties": {"type": "integer"}, "properties": {"used": {"readOnly": true}},
        });
    });
    let run = world.run(&["check-system", "plain.yaml", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (0, vec!["system/no-effect"]), "{}", run.out);
}

#[test]
fn one_kind_is_tried_with_those_that_it_needs() {
    let needs = tried(|kind| {
        kind["name"] = json!("Other");
        kind["references"] = json!({"/note": "Thing"});
        kind["scratch"]["spec"]["note"] = json!("{scratch}");
    });
    let apart = grant(|kind| kind["scratch"] = json!({"spec": {"read": "x"}, "change": {"read": "y"}}));
    let things = ("things", Habits { unique: &[], ..Habits::default() });
    let world =
        World::new(&[tried(|_| {}), apart, needs], &[things, ("grants", Habits::key(&["vhost", "user"]))]);
    let tries = |kind: &str| {
        world.api.forget();
        let run = world.run(&[TRY, &["--kind", kind]].concat());
        let places = |seen: crate::api::Seen| seen.place().contains("grants");
        let any_grant = world.api.seen().into_iter().any(places);
        (any_grant, run)
    };
    assert!(!tries("Thing").0 && !tries("Other").0 && tries("Grant").0);
    let (_, run) = tries("Thingy");
    let document = run.json();
    assert_eq!((run.code, codes(&document)), (64, vec!["cli/usage"]), "{document:#}");
}
