//! Keys: what tells objects apart, in names, in paths and in replies.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, calls, codes, files, grant, manifest, thing, without};

/// Parts with characters that mean something in paths, queries or names; and the name of user and vhost.
const PARTS: &[(&str, &str, &str)] = &[
    ("app", "/", "app@/"),
    ("a@b", "prod", "a%40b@prod"),
    ("a b", "c d", "a b@c d"),
    ("100%", "%2F", "100%25@%252F"),
    ("ünï", "漢字", "ünï@漢字"),
    ("a/../b", "./x", "a/../b@./x"),
    ("q?x=1&y", "f#g;h", "q?x=1&y@f#g;h"),
    ("a+b", "c:d", "a+b@c:d"),
    ("...", "..x", "...@..x"),
    ("\"q\"", "\\", "\"q\"@\\"),
    ("[a]", "{b}", "[a]@{b}"),
    ("a", "b%40c", "a@b%2540c"),
];

/// Checks that exactly the parts of all names are stored, and the same value with each.
fn assert_stored(world: &World, read: &str) {
    let text = |object: &Value, field: &str| object[field].as_str().unwrap().to_owned();
    let parts = |object: &Value| (text(object, "user"), text(object, "vhost"));
    let stored = world.api.objects("grants");
    let expected = PARTS.iter().map(|(user, vhost, _)| ((*user).to_owned(), (*vhost).to_owned()));
    assert_eq!(stored.iter().map(parts).collect::<BTreeSet<_>>(), expected.collect());
    assert!(stored.len() == PARTS.len() && stored.iter().all(|object| object["read"] == read));
}

#[test]
fn parts_of_a_key_arrive_as_they_are() {
    let world = World::grants(|_| {});
    for read in ["one", "two"] {
        for (index, (.., name)) in PARTS.iter().enumerate() {
            let text = manifest("Grant", name, "", &format!("{{read: {read}}}"));
            world.write(&format!("policies/{index}.yaml"), &text);
        }
        assert_eq!(world.converge().len(), PARTS.len());
        assert_stored(&world, read);
    }
}

#[test]
fn names_are_imported_as_they_are_declared() {
    let world = World::grants(|_| {});
    for (user, vhost, _) in PARTS {
        world.api.insert("grants", json!({"user": user, "vhost": vhost, "read": "x"}));
    }
    let import = world.run(&["import", "live"]);
    assert_eq!(import.code, 0, "{}", import.err);
    let texts: String =
        files(&world.path("policies")).iter().map(|(_, text)| String::from_utf8_lossy(text)).collect();
    assert_eq!(names(&texts), PARTS.iter().map(|(.., name)| (*name).to_owned()).collect());
    world.assert_converged();
}

/// The names of manifests.
fn names(texts: &str) -> BTreeSet<String> {
    let name = |line: &str| serde_yaml::from_str(line.strip_prefix("  name: ")?).ok();
    texts.lines().filter_map(name).collect()
}

#[test]
fn a_name_of_one_part_is_that_part() {
    let kind = grant(|kind| {
        kind["key"] = json!({"user": "/user"});
        without(kind, &["named"]);
        for form in ["get", "create", "update", "delete"] {
            kind[form]["path"] = json!("/grants/{user}");
        }
    });
    for name in ["100% a@b/c", "%2F", "a%20b", "漢/字"] {
        let world = World::new(std::slice::from_ref(&kind), &[("grants", Habits::key(&["user"]))]);
        world.declare("Grant", name, "{read: x}");
        world.converge();
        assert_eq!(world.object("grants", "user", name)["read"], "x");
        world.declare_absent("Grant", name);
        world.converge();
        assert_eq!(world.api.objects("grants"), Vec::<Value>::new());
    }
}

#[test]
fn a_composite_key_is_deleted_alone() {
    let world = World::grants(|_| {});
    for (user, vhost) in [("app", "prod"), ("app", "test"), ("web", "prod")] {
        world.api.insert("grants", json!({"user": user, "vhost": vhost}));
    }
    world.declare_absent("Grant", "app@prod");
    assert_eq!(calls(&world.converge()), ["DELETE /base/grants/prod/app"]);
    assert_eq!(world.api.objects("grants").len(), 2);
}

#[test]
fn a_name_that_is_not_made_as_its_kind_says_is_refused_with_its_place() {
    for name in ["app", "@prod", "app@", "a@b@c", "100%@prod", "a%zz@prod", "a%62c@prod"] {
        let world = World::grants(|_| {});
        world.declare("Grant", name, "{}");
        let document = world.refused(3);
        let diagnostic = &document["diagnostics"][0];
        assert_eq!(
            (&diagnostic["line"], &diagnostic["column"]),
            (&json!(4), &json!(9)),
            "{name}: {document:#}"
        );
        assert!(diagnostic["help"].is_string(), "{document:#}");
        assert_eq!(world.api.seen().len(), 0, "validated-first");
    }
}

#[test]
fn a_part_of_a_key_cannot_leave_the_path() {
    for name in ["..@prod", "app@..", ".@prod", "app@."] {
        let world = World::grants(|_| {});
        world.api.insert("grants", json!({"user": "app", "vhost": "prod"}));
        world.declare("Grant", name, "{read: x}");
        let (code, document) = world.apply();
        assert!(code != 0 && world.calls().is_empty(), "{name}: {document:#}");
        assert!(!codes(&document).is_empty(), "{document:#}");
        let strays = world.api.seen().into_iter().filter(|seen| seen.place() != "/base/grants");
        assert_eq!(calls(&strays.collect::<Vec<_>>()), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_a_server_calls_its_objects_cannot_leave_the_path() {
    for id in [
        json!(".."),
        json!("."),
        json!(""),
        json!("a\nb"),
        json!(null),
        json!(1.5),
        json!(true),
        json!(["x"]),
    ] {
        let world = World::things(|_| {});
        world.api.insert("things", json!({"id": id, "name": "a"}));
        world.declare("Thing", "a", "{size: 2}");
        world.refused(6);
        assert!(world.api.seen().iter().all(|seen| seen.place() == "/base/things"), "{id}");
    }
}

#[test]
fn a_key_that_a_server_makes_up_cannot_leave_the_path() {
    for vhost in ["..", "."] {
        let world = World::grants(|_| {});
        world.api.insert("grants", json!({"user": "app", "vhost": vhost}));
        world.declare("Grant", "web@prod", "{read: x}");
        // It may be an obstacle or not, but it still exists afterwards.
        world.apply();
        let strays = world
            .api
            .seen()
            .into_iter()
            .filter(|seen| !["/base/grants", "/base/grants/prod/web"].contains(&seen.place()));
        assert_eq!(calls(&strays.collect::<Vec<_>>()), Vec::<String>::new(), "{vhost}");
    }
}

#[test]
fn any_id_is_one_segment_of_a_path() {
    for id in ["a/b", "a?b", "a#b", "%2e%2e", "a b", "漢"] {
        let world = World::things(|_| {});
        world.api.insert("things", json!({"id": id, "name": "a"}));
        world.declare("Thing", "a", "{size: 2}");
        world.converge();
        assert_eq!(world.object("things", "id", id)["size"], 2);
    }
}

#[test]
fn numbers_are_ids_too() {
    let world = World::new(&[thing(|_| {})], &[("things", Habits::numbers())]);
    world.declare("Thing", "a", "{size: 2}");
    world.converge();
    world.declare("Thing", "a", "{size: 3}");
    let id = world.object("things", "name", "a")["id"].clone();
    assert_eq!(calls(&world.converge()), [format!("PATCH /base/things/{id}")]);
}

#[test]
fn an_object_whose_key_is_not_where_the_definition_says_is_unreadable() {
    // Those whose key is there, and is nothing that a manifest can say, are passed over: `reading` tests them.
    for object in [json!({}), json!({"title": "a"})] {
        let world = World::things(|_| {});
        world.api.insert("things", object);
        world.declare("Thing", "a", "{size: 2}");
        world.refused(6);
    }
}

#[test]
fn a_key_has_the_form_that_the_definition_says() {
    let world = World::things(|kind| {
        kind["key_pattern"] = json!({"pattern": "^[a-z]+$", "hint": "small letters only"});
    });
    world.declare("Thing", "Loud", "{}");
    let document = world.refused(3);
    let diagnostic = &document["diagnostics"][0];
    assert_eq!(
        (&diagnostic["code"], &diagnostic["line"]),
        (&json!("schema/pattern"), &json!(4)),
        "{document:#}"
    );
    assert!(diagnostic["help"].as_str().unwrap().contains("small letters only"), "{document:#}");
    std::fs::remove_file(world.path("policies/Thing-Loud.yaml")).unwrap();
    world.declare("Thing", "soft", "{}");
    world.converge();
}

#[test]
fn no_duplicates_where_case_does_not_matter() {
    let world = World::things(|kind| kind["ignores_case"] = json!(true));
    world.api.insert("things", json!({"name": "Alpha"}));
    world.declare("Thing", "alpha", "{size: 2}");
    let (_, document) = world.apply();
    assert!(!world.calls().iter().any(|call| call.starts_with("POST")), "{document:#}");
    assert_eq!(world.api.objects("things").len(), 1);
}

#[test]
fn an_ambiguous_key_is_an_error_and_nothing_is_written() {
    let kind = thing(|kind| kind["unique"] = json!(false));
    let world = World::new(&[kind], &[("things", Habits { unique: &[], ..Habits::default() })]);
    for size in [1, 2] {
        world.api.insert("things", json!({"name": "a", "size": size}));
    }
    world.declare("Thing", "a", "{size: 3}");
    assert_eq!(codes(&world.refused(1)), ["live/ambiguous"]);
}

#[test]
fn any_text_may_stand_between_the_parts_of_a_name() {
    for separator in [".", "|", "/", "::", "--", "^", "]", "(", "\\", "$", " of ", " at ", "é"] {
        let world = World::grants(|kind| kind["named"] = json!(format!("{{user}}{separator}{{vhost}}")));
        world.api.insert("grants", json!({"user": "app 1", "vhost": "prod"}));
        let import = world.run(&["import", "live"]);
        assert_eq!(import.code, 0, "{separator}: {}", import.err);
        assert!(import.out.starts_with("1 manifest"), "{separator}: {}{}", import.out, import.err);
        world.declare("Grant", &format!("X{separator}Y"), "{read: x}");
        assert_eq!(calls(&world.converge()), ["PUT /base/grants/Y/X"], "{separator}");
    }
}

#[test]
fn answers_without_a_body_are_fine_where_no_id_is_needed() {
    let world = World::grants(|_| {});
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        Some(if seen.method == "GET" { reply } else { Reply { body: Value::Null, ..reply } })
    });
    world.declare("Grant", "app@prod", "{read: one}");
    world.converge();
    world.declare("Grant", "app@prod", "{read: two}");
    world.converge();
    world.declare_absent("Grant", "app@prod");
    world.converge();
}
