//! Reads that are a POST, as etcd has them: only where the definition lists the path, and never to write.

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::Habits;
use crate::world::{World, codes, system, thing};

/// A definition as for etcd: everything is read with POST at one path.
fn definition(change: impl FnOnce(&mut Value)) -> Value {
    let kind = thing(|kind| {
        kind["list"] = json!({"method": "POST", "path": "/kv/range", "body": {"from": "a", "tenant": "{settings.org}"},
                              "items": "/kvs", "empty_if_absent": true});
        kind["get"] = json!({"method": "POST", "path": "/kv/range", "body": {"key": "{id}"}, "object": "/kvs/0",
                             "gone_if": [{"at": "/kvs", "is": null}]});
    });
    let mut definition = system(&[kind]);
    definition["settings"] = json!({"properties": {"org": {"type": "string", "default": "acme"}}});
    definition["post_reads"] = json!(["/kv/range"]);
    change(&mut definition);
    definition
}

/// An API that answers such reads.
fn etcd() -> World {
    let world = World::with(&definition(|_| {}), &[("things", Habits::default())], "");
    world.api.on(|seen, store| {
        let fits = |object: &&Value| seen.body["key"].is_null() || object["id"] == seen.body["key"];
        let is_read = seen.place() == "/base/kv/range";
        let found: Vec<_> = store.objects("things").iter().filter(fits).cloned().collect();
        let body = if found.is_empty() { json!({}) } else { json!({"kvs": found}) };
        is_read.then(|| Reply::new(200, body))
    });
    world
}

fn is_read(seen: &&Seen) -> bool {
    seen.method == "POST" && seen.place() == "/base/kv/range"
}

#[test]
fn objects_are_read_with_post_where_the_definition_says_so() {
    let world = etcd();
    world.declare("Thing", "a", "{size: 2}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (0, vec!["config/post-reads"]), "{document:#}");
    let seen = world.api.seen();
    assert!(
        seen.iter()
            .all(|seen| is_read(&seen) || (seen.method.as_str(), seen.place()) == ("POST", "/base/things"))
    );
    assert_eq!(seen.iter().filter(|seen| !is_read(seen)).count(), 1, "one create");
    assert!(seen.iter().filter(is_read).any(|seen| seen.body == json!({"from": "a", "tenant": "acme"})));

    world.drift("things", "size", json!(9));
    world.api.forget();
    let plan = world.run(&["plan"]);
    assert!(plan.err.contains("a plan reads with POST at `/kv/range`"), "{}", plan.err);
    assert!(plan.out.contains("1 to update"), "{}", plan.out);
    assert!(world.api.seen().iter().all(|seen| is_read(&seen)), "a plan only reads");
    assert_eq!(world.apply().0, 0);
    world.declare_absent("Thing", "a");
    assert_eq!(world.apply().0, 0);
    assert!(world.api.objects("things").is_empty());
}

#[test]
fn a_read_that_fails_for_now_is_repeated_and_one_that_is_refused_says_which() {
    let world = etcd();
    world.declare("Thing", "a", "{size: 2}");
    let mut reads = 0;
    world.api.on(move |_, _| {
        reads += 1;
        let status = if reads == 1 { 503 } else { 400 };
        Some(Reply::new(status, json!({"message": "no"})))
    });
    let run = world.run(&["plan", "--format", "json"]);
    let words = run.json()["diagnostics"].to_string();
    assert!(words.contains("POST http") && words.contains("/kv/range was answered with 400"), "{words}");
    assert_eq!(world.api.seen().len(), 2);
}

#[test]
fn no_post_is_a_read_that_the_definition_does_not_list() {
    for change in [
        |definition: &mut Value| definition["post_reads"] = json!([]),
        |definition: &mut Value| definition["post_reads"] = json!(["/kv/range", "/things/{id}"]),
        |definition: &mut Value| definition["post_reads"] = json!(["/kv/range", "/things"]),
        |definition: &mut Value| definition["post_reads"] = json!(["/kv/range", "/Things"]),
        |definition: &mut Value| definition["kinds"][0]["create"]["path"] = json!("/kv/{name}"),
        |definition: &mut Value| drop(definition["kinds"][0]["list"].as_object_mut().unwrap().remove("body")),
        |definition: &mut Value| definition["kinds"][0]["list"]["method"] = json!("GET"),
        |definition: &mut Value| {
            definition["kinds"][0]["list"]["paging"] = json!({"page": {"parameter": "page"}});
        },
    ] {
        let definition = definition(change);
        let world = World::with(&definition, &[], "");
        let run = world.run(&["check-system", "plain.yaml", "--format", "json"]);
        let found = run.json();
        let found = codes(&found);
        assert!(
            !found.is_empty() && found.iter().all(|code| *code == "system/post-read"),
            "{found:?}: {definition}"
        );
    }
}
