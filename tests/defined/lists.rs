//! The limits of a list: in pages, objects and memory. Each holds for all pages together, and a list that exceeds one
//! is unreadable, never shorter. The limit in time is tested in `http::reader`.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, system, thing};

/// A list whose pages each name another next page, without end; `items` makes those of a page.
fn endless(limits: &str, items: impl Fn(usize) -> Value + Send + 'static) -> World {
    let paging = json!({"cursor": {"parameter": "after", "next": "/next"}});
    let kind = thing(|kind| kind["list"] = json!({"path": "/things", "items": "/items", "paging": paging}));
    let more = format!("  limits: {{{limits}}}\n");
    let world = World::with(&system(&[kind]), &[("things", Habits::default())], &more);
    world.declare("Thing", "a", "{}");
    let mut page = 0;
    world.api.on(move |_, _| {
        page += 1;
        Some(Reply::new(200, json!({"items": items(page), "next": format!("cursor-{page}")})))
    });
    world
}

/// Expects that the list is refused with these words after so many requests, and that the key to raise is named.
fn assert_ends(world: &World, requests: usize, what: &str, key: &str) {
    let document = world.refused(6);
    assert_eq!(world.api.seen().len(), requests, "{document:#}");
    let diagnostic = &document["diagnostics"][0];
    assert_eq!(
        (&diagnostic["code"], &diagnostic["subject"]),
        (&json!("live/unreadable"), &json!("live: every Thing"))
    );
    let message = diagnostic["message"].as_str().unwrap();
    assert!(message.contains(what) && message.contains("/base/things"), "{message}");
    let help = diagnostic["help"].as_str().unwrap();
    assert!(help.contains(&format!("`limits.{key}`")), "{help}");
}

fn named(page: usize, count: usize) -> Value {
    (0..count).map(|n| json!({"id": format!("{page}-{n}"), "name": format!("n-{page}-{n}")})).collect()
}

#[test]
fn an_endless_list_whose_tokens_always_change_ends_by_its_limit_of_pages() {
    let world = endless("list_pages: 20", |page| named(page, 1));
    assert_ends(&world, 21, "has more than 20 pages", "list_pages");
    let empty = endless("list_pages: 20", |_| json!([]));
    assert_ends(&empty, 21, "has more than 20 pages", "list_pages");
}

#[test]
fn the_limit_of_objects_holds_for_all_pages_together() {
    let world = endless("list_objects: 25", |page| named(page, 10));
    assert_ends(&world, 3, "has more than 25 objects", "list_objects");
}

#[test]
fn the_limit_of_memory_counts_values_and_not_bytes_for_all_pages_together() {
    // Half a MiB of text, and many times that in memory.
    let zeros = || json!([{"id": "a", "name": "a", "deep": vec![0; 1 << 18]}]);
    let one = endless("list_mib: 8", move |_| zeros());
    assert_ends(&one, 1, "takes more than 8 MiB of memory", "list_mib");
    let many = endless("list_mib: 8", |_| json!([{"id": "a", "name": "a", "note": "x".repeat(3 << 20)}]));
    assert_ends(&many, 3, "takes more than 8 MiB of memory", "list_mib");
}

#[test]
fn a_list_within_its_limits_is_read_in_full() {
    let world = World::with(
        &system(&[thing(|_| {})]),
        &[("things", Habits::default())],
        "  limits: {list_objects: 3, list_pages: 1, list_mib: 1, list_seconds: 60}\n",
    );
    for name in ["a", "b", "c"] {
        world.api.insert("things", json!({"name": name, "size": 1}));
    }
    world.declare("Thing", "a", "{size: 2}");
    world.converge();
}

#[test]
fn an_answer_without_a_bottom_is_refused_at_once() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{}");
    world.api.on(|_, _| Some(Reply::text(200, "application/json", &"[".repeat(1 << 20))));
    let document = world.refused(6);
    let message = document["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("is nested more than 100 deep"), "{message}");
    assert_eq!(world.api.seen().len(), 1);
}

#[test]
fn the_objects_of_a_list_may_be_in_an_object_by_their_names() {
    let kind = thing(|kind| {
        kind["list"] = json!({"path": "/things", "items": "/all", "by_name": "/name"});
        crate::world::without(kind, &["get"]);
    });
    let world = World::new(&[kind], &[("things", Habits::default())]);
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        if seen.method == "GET" {
            let named = |thing: &Value| {
                let mut thing = thing.clone();
                (thing.as_object_mut().unwrap().remove("name").unwrap().as_str().unwrap().to_owned(), thing)
            };
            let all: serde_json::Map<_, _> = reply.body.as_array().unwrap().iter().map(named).collect();
            reply.body = json!({"all": all});
        }
        Some(reply)
    });
    world.declare("Thing", "a", "{size: 2}");
    world.declare("Thing", "b", "{}");
    world.converge();
    world.declare("Thing", "a", "{size: 3}");
    world.converge();
    world.declare_absent("Thing", "b");
    world.converge();
    assert_eq!(world.api.objects("things").len(), 1);
}

#[test]
fn the_fields_of_an_object_may_be_inside_of_what_the_api_shows() {
    let kind = thing(|kind| {
        kind["fields"] = json!("/attributes");
        for verb in ["create", "update"] {
            kind[verb]["within"] = json!("/attributes");
        }
        kind["key"] = json!({"name": "/name"});
        kind["spec"]["properties"]["type"] = json!({"readOnly": true});
    });
    let world = World::new(&[kind], &[("things", Habits::default())]);
    let wrapped = |thing: &Value| {
        let mut inside = thing.clone();
        let id = inside.as_object_mut().unwrap().remove("id");
        json!({"id": id, "type": "thing", "attributes": inside})
    };
    world.api.on(move |seen, store| {
        let mut inner = seen.clone();
        if let Some(attributes) = seen.body.get("attributes") {
            inner.body = attributes.clone();
        }
        let mut reply = store.answer(&inner);
        match &mut reply.body {
            Value::Array(things) => things.iter_mut().for_each(|thing| *thing = wrapped(thing)),
            Value::Object(_) if reply.status < 300 => reply.body = wrapped(&reply.body),
            _ => {}
        }
        Some(reply)
    });
    world.declare("Thing", "a", "{size: 2, limits: {cpu: 1}}");
    world.converge();
    world.declare("Thing", "a", "{size: 3, limits: {cpu: 1}}");
    assert_eq!(world.converge()[0].body, json!({"attributes": {"size": 3}}));
    world.drift("things", "note", json!("by hand"));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    world.assert_converged();
}

#[test]
fn there_may_be_one_object_without_a_list_and_a_key() {
    let settings = "
name: Settings
only: settings
get: {path: /settings}
update: {method: PUT, path: /settings}
spec: {type: object, properties: {theme: {type: string, default: light}, signup: {type: boolean, default: false}}}
";
    let kind = crate::world::kind(settings, |_| {});
    let world = World::new(&[kind], &[("things", Habits::default())]);
    let mut live = json!({"theme": "light", "signup": true, "theirs": 1});
    world.api.on(move |seen, _| {
        if seen.method == "PUT" {
            live = seen.body.clone();
        }
        Some(Reply::new(200, live.clone()))
    });
    assert_eq!(world.run(&["import", "live"]).code, 0);
    world.assert_converged();
    world.declare("Settings", "settings", "{theme: dark, signup: false}");
    let writes = world.run(&["apply", "--yes"]);
    assert_eq!(writes.code, 3, "it is declared twice: {}", writes.err);
    std::fs::remove_dir_all(world.path("policies/live")).unwrap();
    assert_eq!(world.converge()[0].body, json!({"theme": "dark", "signup": false, "theirs": 1}));
    world.declare("Settings", "other", "{}");
    assert_eq!(crate::world::codes(&world.refused(3)), ["schema/pattern"]);
}
