//! Names that look alike, and names that no manifest can have: in git an error with its place, live passed over and named.

use serde_json::{Value, json};

use crate::world::{World, actions, codes};

/// The collection and the kind of a system that is tested here, a spec, and the field that is the name.
const KINDS: [(&str, &str, &str, &str, &str); 4] = [
    ("polytomic", "roles", "Role", "{}", "name"),
    ("jitsudo", "policies", "Policy", "{max_duration_seconds: 60}", "name"),
    (
        "mycloud",
        "policies",
        "Policy",
        "{document: {statements: [{sid: S, effect: allow, actions: ['a:b'], resources: ['r']}]}}",
        "name",
    ),
    ("compiuta", "roles", "Role", "{name: R, actions: ['a:b:c']}", "id"),
];

/// A live object like one that enact made, under another id and with other fields.
fn like(world: &World, collection: &str, fields: &[(&str, Value)]) -> bool {
    let mut object = world.objects(collection).last().cloned().unwrap();
    for (field, value) in fields {
        object[*field] = value.clone();
    }
    world.live.insert(collection, object)
}

fn skipped(plan: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    plan["skipped"].as_array().unwrap().iter().map(|s| (text(&s["name"]), text(&s["reason"]))).collect()
}

#[test]
fn unreadable_is_not_absent_an_impossible_name_of_one_object_does_not_stop_the_others() {
    let long = "x".repeat(300);
    for (system, collection, kind, spec, field) in KINDS {
        let world = World::new(system);
        world.declare(kind, "mine", spec);
        world.converge();
        let names = [
            json!(""),
            json!(["a"]),
            json!({"a": 1}),
            json!("a\nb"),
            json!(long),
            json!(" a"),
            json!("a\u{200b}"),
            json!("Cafe\u{301}"),
            json!("a\u{a0}b"),
        ];
        for (index, name) in names.iter().enumerate() {
            let id = format!("00000000-0000-4000-8000-{index:012}");
            assert!(
                like(&world, collection, &[("id", json!(id)), (field, name.clone())]),
                "{system}: {name}"
            );
        }
        let plan = world.plan();
        assert_eq!(codes(&plan), Vec::<&str>::new(), "{system}: {plan:#}");
        assert_eq!(plan["changes"], json!([]), "{system}");
        let skipped = skipped(&plan);
        // Where the name is the id, the sandbox gives another one for an empty one.
        let as_sent = |name: &&Value| field == "name" || name.as_str().is_some_and(|name| !name.is_empty());
        for name in names.iter().filter(as_sent).map(|name| name.as_str().unwrap_or_default()) {
            assert!(skipped.iter().any(|(skipped, _)| skipped == name), "{system}: {name:?} in {skipped:?}");
        }
        world.assert_converged();
        world.declare(kind, "second", spec);
        assert_eq!(actions(&world.converge()), [format!("create {kind} second")], "{system}");
        world.declare_absent(kind, "mine");
        assert_eq!(actions(&world.converge()), [format!("delete {kind} mine")], "{system}");
        for name in names.iter().filter(as_sent) {
            assert!(
                world.objects(collection).iter().any(|object| object[field] == *name),
                "{system}: {name}"
            );
        }
    }
}

#[test]
fn unreadable_is_not_absent_an_object_that_cannot_be_reached_is_not_created_again() {
    for (system, collection, kind, spec, field) in KINDS.into_iter().filter(|row| row.4 == "name") {
        for id in ["..", "a\nb"] {
            let world = World::new(system);
            world.declare(kind, "mine", spec);
            world.converge();
            assert!(
                like(&world, collection, &[("id", json!(id)), (field, json!("theirs"))]),
                "{system}: {id:?}"
            );
            let plan = world.plan();
            assert_eq!((codes(&plan), &plan["changes"]), (vec![], &json!([])), "{system}: {plan:#}");
            assert_eq!(skipped(&plan), [("theirs".to_owned(), "unreachable".to_owned())], "{system}");
            for declare in [World::declare, |world: &World, kind: &str, name: &str, _: &str| {
                world.declare_absent(kind, name)
            }] {
                declare(&world, kind, "theirs", spec);
                let (code, document) = world.apply();
                assert_eq!((code, codes(&document)), (6, vec!["live/unreadable"]), "{document:#}");
                assert_eq!(world.writes(), Vec::<String>::new());
            }
        }
    }
}

#[test]
fn unreadable_is_not_absent_what_may_refer_to_a_role_and_cannot_be_reached_keeps_the_role() {
    let world = World::new("compiuta");
    world.declare("Role", "mine", "{name: R, actions: ['a:b:c']}");
    world.declare("Policy", "p", "{name: P, statements: [{role: viewer, tenants: ['*']}]}");
    world.converge();
    assert!(like(&world, "policies", &[("id", json!("..")), ("name", json!("theirs"))]));
    world.assert_converged();
    world.declare_absent("Role", "mine");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (6, vec!["live/unreadable"]), "{document:#}");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn a_live_name_that_looks_like_the_declared_one_is_neither_adopted_nor_doubled() {
    for (system, collection, kind, spec, field) in KINDS {
        let world = World::new(system);
        world.declare(kind, "mine", spec);
        world.converge();
        let id = "00000000-0000-4000-8000-000000000001";
        assert!(like(&world, collection, &[("id", json!(id)), (field, json!("Cafe\u{301}"))]), "{system}");
        world.declare(kind, "Café", spec);
        let (code, document) = world.apply();
        if system == "compiuta" {
            // There the name is the id, and no id has an accent.
            assert_eq!(code, 3, "{document:#}");
            continue;
        }
        assert_eq!((code, codes(&document)), (1, vec!["live/lookalike"]), "{system}: {document:#}");
        let message = document["diagnostics"][0]["message"].as_str().unwrap();
        assert!(message.contains("`\\u{65}\\u{301}`, which looks like `é`"), "{message}");
        assert_eq!(world.writes(), Vec::<String>::new(), "{system}");

        // Where both are live, the declared one is the one that is meant, also by a delete.
        assert!(like(
            &world,
            collection,
            &[("id", json!("00000000-0000-4000-8000-000000000002")), (field, json!("Café"))]
        ));
        world.converge();
        world.declare_absent(kind, "Café");
        assert_eq!(actions(&world.converge()), [format!("delete {kind} Café")]);
        assert!(world.objects(collection).iter().any(|object| object[field] == "Cafe\u{301}"), "{system}");
    }
}

#[test]
fn a_reference_to_a_name_that_looks_like_another_is_an_error_with_its_place() {
    let world = World::new("polytomic");
    world.declare("Role", "Café", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [\"Cafe\\u0301\"]}]}");
    let run = world.run(&["validate", "--format", "json"]);
    let document = run.json();
    assert_eq!((run.code, codes(&document)), (3, vec!["manifest/name"]), "{document:#}");
    let found = &document["diagnostics"][0];
    assert_eq!((&found["file"], &found["line"]), (&json!("policies/Policy-p.yaml"), &json!(5)));
    assert!(found["help"].as_str().unwrap().contains("write it as `Café`"), "{found:#}");
}

#[test]
fn two_spellings_of_one_name_are_one_declaration_too_many() {
    let world = World::new("polytomic");
    world.write("policies/a.yaml", &crate::world::manifest("polytomic", "Role", "Café", "", "{}"));
    world.write("policies/b.yaml", &crate::world::manifest("polytomic", "Role", "Cafe\u{301}", "", "{}"));
    let run = world.run(&["validate", "--format", "json"]);
    let document = run.json();
    assert_eq!(run.code, 3);
    let mut found = codes(&document);
    found.sort();
    assert_eq!(found, ["manifest/declared-twice", "manifest/name"], "{document:#}");
    let text = world.run(&["validate"]).err;
    assert!(
        text.contains("in two spellings that look the same") && text.contains("policies/a.yaml:4"),
        "{text}"
    );
}

#[test]
fn a_file_name_that_looks_like_another_is_an_error_with_its_place() {
    for name in ["Cafe\u{301}.yaml", "O\u{fe0f}ps.yaml", "a\u{a0}b.yaml", " a.yaml"] {
        let world = World::new("polytomic");
        world.declare("Role", "Ops", "{}");
        world.write(
            &format!("policies/{name}"),
            &crate::world::manifest("polytomic", "Role", "other", "", "{}"),
        );
        let run = world.run(&["validate", "--format", "json"]);
        assert_eq!((run.code, codes(&run.json())), (3, vec!["source/name"]), "{name:?}");
    }
    let world = World::new("polytomic");
    world.write("policies/Café.yaml", &crate::world::manifest("polytomic", "Role", "Ops", "", "{}"));
    assert_eq!(world.run(&["validate"]).code, 0);
}
