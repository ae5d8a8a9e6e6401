//! A write is never repeated without a look at the object, whatever the server said about the first attempt.

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::Habits;
use crate::world::{World, calls, codes, outcomes, thing};

/// Answers that say that nothing was done.
const NOTHING_DONE: [u16; 3] = [401, 425, 429];

/// The server does the first create, and says that it did not.
fn lies(world: &World, status: u16) {
    let mut lied = false;
    world.api.on(move |seen, store| {
        if seen.method != "POST" || std::mem::replace(&mut lied, true) {
            return None;
        }
        store.answer(seen);
        Some(Reply::new(status, json!({"message": "not now"})))
    });
}

#[test]
fn no_duplicates_a_create_that_was_done_but_denied_is_found() {
    for status in NOTHING_DONE {
        // Names are not unique here: a second create would make a second object.
        let kind = thing(|kind| {
            kind.as_object_mut().unwrap().remove("unique");
        });
        let world = World::new(&[kind], &[("things", Habits { unique: &[], ..Habits::default() })]);
        world.declare("Thing", "a", "{size: 2}");
        lies(&world, status);
        let (code, document) = world.apply();
        assert_eq!((code, outcomes(&document)), (0, vec!["a applied".to_owned()]), "{status}: {document:#}");
        assert_eq!(world.api.objects("things").len(), 1, "{status}");
    }
}

/// Somebody else writes at the moment when the server refuses the first write with this method.
fn moves(world: &World, method: &'static str, status: u16, field: &'static str) {
    let mut moved = false;
    world.api.on(move |seen, store| {
        if seen.method != method || std::mem::replace(&mut moved, true) {
            return None;
        }
        store.objects("things").iter_mut().for_each(|object| object[field] = json!("theirs"));
        Some(Reply::new(status, json!({"message": "not now"})))
    });
}

#[test]
fn stale_is_refused_also_for_a_write_that_has_to_be_repeated() {
    for status in NOTHING_DONE.into_iter().chain([503]) {
        for (mode, field) in [("merge", "note"), ("replace", "note"), ("replace", "from_the_future")] {
            let world = World::things(|kind| kind["update"]["mode"] = json!(mode));
            world.api.insert("things", json!({"name": "a", "note": "one", "size": 2}));
            world.declare("Thing", "a", "{note: mine}");
            moves(&world, "PATCH", status, field);
            let (code, document) = world.apply();
            let expected = if status == 503 { "a unknown" } else { "a conflict" };
            assert_eq!(outcomes(&document), [expected], "{status} {mode} {field}: {document:#}");
            assert_ne!(code, 0);
            assert_eq!(world.object("things", "name", "a")[field], "theirs", "{status} {mode} {field}");
        }
    }
}

#[test]
fn stale_is_refused_also_for_a_delete_that_has_to_be_repeated() {
    for status in NOTHING_DONE.into_iter().chain([503]) {
        let world = World::things(|_| {});
        world.api.insert("things", json!({"name": "a", "note": "one", "size": 2}));
        world.declare_absent("Thing", "a");
        moves(&world, "DELETE", status, "note");
        let (_, document) = world.apply();
        assert_ne!(outcomes(&document), ["a applied"], "{status}: {document:#}");
        assert_eq!(world.object("things", "name", "a")["note"], "theirs", "{status}");
    }
}

#[test]
fn a_write_is_not_repeated_before_the_server_wants_it() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{size: 2}");
    world.api.on(|seen, _| {
        let later =
            || Reply { headers: vec![("retry-after", "4000".to_owned())], ..Reply::new(503, json!({})) };
        (seen.method == "POST").then(later)
    });
    world.api.forget();
    let (code, document) = world.apply();
    assert_eq!(code, 1, "{document:#}");
    let posts = calls(&world.api.seen()).into_iter().filter(|call| call.starts_with("POST")).count();
    assert_eq!(posts, 1, "{document:#}");
    assert!(document.to_string().contains("67 minutes"), "{document:#}");
}

/// Ways to say with 403 that it was too much for now.
fn limits() -> Vec<Reply> {
    let with = |name: &'static str, value: &str| Reply {
        headers: vec![(name, value.to_owned())],
        ..Reply::new(403, json!({"message": "slow down"}))
    };
    vec![with("retry-after", "0"), with("ratelimit", "\"hour\";r=0;t=0")]
}

#[test]
fn a_limit_that_is_answered_with_403_is_waited_for_like_429() {
    for (method, limit) in
        ["GET", "POST"].into_iter().flat_map(|method| limits().into_iter().map(move |limit| (method, limit)))
    {
        // Where 403 may mean that there is no such object, a limit still does not.
        let world = World::things(|kind| kind["get"]["gone"] = json!([403]));
        world.declare("Thing", "a", "{size: 2}");
        let mut limit = Some(limit);
        world.api.on(move |seen, _| (seen.method == method).then(|| limit.take()).flatten());
        let (code, document) = world.apply();
        assert_eq!((code, outcomes(&document)), (0, vec!["a applied".to_owned()]), "{method}: {document:#}");
    }
}

#[test]
fn a_limit_that_takes_too_long_says_until_when() {
    for method in ["GET", "POST"] {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "{size: 2}");
        world.api.on(move |seen, _| {
            let headers =
                vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", "4000".to_owned())];
            (seen.method == method).then(|| Reply { headers, ..Reply::new(403, json!({})) })
        });
        let (code, document) = world.apply();
        assert_ne!(code, 0);
        let said = document.to_string();
        assert!(said.contains("67 minutes, at ") && said.contains("UTC"), "{method}: {document:#}");
        assert!(!said.contains("may not do this"), "it is no refusal: {document:#}");
    }
}

/// A thing that is replaced as a whole, with a counter that goes up at each read.
fn counting() -> World {
    let world = World::things(|kind| kind["update"]["mode"] = json!("replace"));
    world.api.insert("things", json!({"name": "a", "note": "one", "size": 2, "hits": 0}));
    world.declare("Thing", "a", "{note: mine}");
    world.api.on(|seen, store| {
        let count = |object: &mut Value| object["hits"] = json!(object["hits"].as_u64().unwrap() + 1);
        if seen.method == "GET" {
            store.objects("things").iter_mut().for_each(count);
        }
        None
    });
    world
}

#[test]
fn stale_is_refused_and_names_a_counter_that_the_definition_does_not_know() {
    let world = counting();
    let (code, document) = world.apply();
    assert_eq!((code, outcomes(&document)), (5, vec!["a conflict".to_owned()]), "{document:#}");
    let reason =
        document["changes"][0]["reason"].to_string() + &document["changes"][0]["outcome"].to_string();
    assert!(reason.contains("`/hits`") && reason.contains("`readOnly`"), "{document:#}");
}

#[test]
fn a_reviewed_plan_that_differs_in_a_counter_names_it() {
    let world = counting();
    world.plan_with(&["--out", "plan.json"]);
    let (code, document) = world.apply_with(&["plan.json"]);
    assert_eq!(code, 5, "{document:#}");
    let said = document["diagnostics"].to_string();
    assert!(said.contains("`/hits`") && said.contains("`readOnly`"), "{document:#}");
}

#[test]
fn a_list_that_lags_is_named_and_what_was_written_is_read_by_its_id() {
    let world = World::things(|kind| kind["list"]["whole"] = json!(true));
    world.api.insert("things", json!({"name": "a", "note": "one", "size": 2}));
    world.declare("Thing", "a", "{note: mine}");
    let listed = json!(world.api.objects("things"));
    world.api.on(move |seen, _| {
        (seen.method == "GET" && seen.place() == "/base/things").then(|| Reply::new(200, listed.clone()))
    });
    let (code, document) = world.apply();
    assert_eq!((code, outcomes(&document)), (0, vec!["a applied".to_owned()]), "{document:#}");
    assert_eq!(codes(&document), ["live/lagging"], "{document:#}");
}

/// The API stores another note than it is sent.
fn respells(world: &World, respell: impl Fn(&str) -> Value + Send + 'static) {
    world.api.on(move |seen, store| {
        let note = seen.body["note"].as_str()?;
        let stored = Seen { body: json!({"name": "a", "note": respell(note)}), ..seen.clone() };
        Some(store.answer(&stored))
    });
}

#[test]
fn a_value_that_the_api_keeps_in_another_way_is_shown_with_the_one_that_was_sent() {
    type Respell = fn(&str) -> Value;
    let cases: [(&str, Respell, [&str; 2]); 4] = [
        ("Prod", |note| json!(note.to_uppercase()), [r#"`"PROD"`"#, r#"`"Prod"`"#]),
        (r#""one\n""#, |note| json!(note.trim()), [r#"`"one"`"#, r#"`"one\n"`"#]),
        (r#""60""#, |note| json!(note.parse::<u64>().unwrap()), ["`60`", r#"`"60"`"#]),
        ("long", |_| json!("other"), [r#"`"other"`"#, r#"`"long"`"#]),
    ];
    for (declared, respell, shown) in cases {
        let world = World::things(|_| {});
        world.declare("Thing", "a", &format!("{{note: {declared}}}"));
        respells(&world, respell);
        let (code, document) = world.apply();
        assert_eq!((code, outcomes(&document)), (1, vec!["a applied".to_owned()]), "{document:#}");
        assert_eq!(codes(&document), ["live/other-value"], "{document:#}");
        let diagnostic = &document["diagnostics"][0];
        let message = diagnostic["message"].as_str().unwrap();
        assert!(shown.iter().all(|shown| message.contains(shown)), "{message}");
        assert!(!diagnostic["file"].is_null() && !diagnostic["help"].is_null(), "{diagnostic:#}");
        // Nothing is remembered, so the next plan can only tell a spelling from a change.
        let expected: &[&str] = if declared == "long" { &[] } else { &["live/other-spelling"] };
        assert_eq!(codes(&world.plan()), expected, "{declared}");
    }
}
