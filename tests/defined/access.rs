//! What a change of an object means, where its definition says what it lets whom do.

use serde_json::{Value, json};

use crate::store::Habits;
use crate::world::{World, codes, system, thing};

/// `Thing` that allows and denies, rule by rule.
fn rules() -> Value {
    thing(|kind| {
        let text = json!({"type": "string"});
        let texts = json!({"type": "array", "items": text});
        let fields = [("effect", &text), ("who", &texts), ("on", &text), ("where", &text)];
        let rule: Value = fields.into_iter().map(|(name, field)| (name.to_owned(), field.clone())).collect();
        kind["spec"]["properties"]["rules"] =
            json!({"type": "array", "items": {"type": "object", "properties": rule}, "default": []});
        kind["spec"]["properties"]["extra"] = texts;
        kind["access"] = json!({
            "grants": [{
                "each": "/rules",
                "effect": {"at": "/effect", "allow": ["permit", null], "deny": ["forbid"], "none": ["off"]},
                "principal": {"at": "/who", "if_absent": "none"},
                "action": "use",
                "resource": {"at": "/on", "pattern": "glob", "if_absent": "all"},
                "conditions": ["/where"],
            }, {
                "principal": {"key": "name"}, "action": {"at": "/extra", "pattern": "prefix", "if_absent": "none"},
            }],
            "ignored": ["note"],
        });
    })
}

fn world(decides: &str) -> World {
    let mut definition = system(&[rules()]);
    definition["decides"] = json!(decides);
    World::with(&definition, &[("things", Habits::default())], "")
}

/// The verdict on the change of an object, with the first words that are gained or lost.
fn access(world: &World, name: &str) -> (String, Vec<String>) {
    let plan = world.plan();
    let changes = plan["changes"].as_array().unwrap();
    let access = &changes.iter().find(|change| change["name"] == name).unwrap()["access"];
    let changes = ["gained", "lost"].map(|side| access[side].as_array().unwrap().clone()).concat();
    let words = changes.first().map(|change| change["witness"]["request"].as_array().unwrap().clone());
    let words = words.unwrap_or_default();
    let words = words.iter().map(|word| word["word"].as_str().unwrap().to_owned()).collect();
    (access["verdict"].as_str().unwrap().to_owned(), words)
}

#[test]
fn sound_meaning_a_definition_says_what_its_objects_let_whom_do() {
    let world = world("apart");
    let rule = "{who: [ana], on: 'a*'}";
    world.declare("Thing", "t", &format!("{{note: n, rules: [{rule}], extra: []}}"));
    world.converge();
    let now = |spec: &str| {
        world.declare("Thing", "t", spec);
        access(&world, "t")
    };
    let of = |verdict: &str, words: &[&str]| {
        (verdict.to_owned(), words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    };
    let base = format!("note: n, extra: [], rules: [{rule}");
    assert_eq!(
        now("{note: m, extra: [], rules: [{who: [ana], on: 'a*', effect: permit}]}"),
        of("equivalent", &[])
    );
    assert_eq!(now(&format!("{{{base}, {{who: [bo]}}]}}")), of("more_permissive", &["bo", "use"]));
    let deny = format!("{{{base}, {{effect: forbid, who: [ana], on: ab}}]}}");
    assert_eq!(now(&deny), of("less_permissive", &["ana", "use", "ab"]));
    assert_eq!(now(&format!("{{{base}, {{effect: 'off', who: [bo]}}]}}")).0, "equivalent");
    assert_eq!(now(&format!("{{{base}, {{effect: maybe, who: [bo]}}]}}")).0, "unknown");
    assert_eq!(now(&format!("{{{base}, {{who: [bo], where: office}}]}}")).0, "more_permissive");
    assert_eq!(now(&format!("{{note: n, extra: [read], rules: [{rule}]}}")).0, "more_permissive");
    // Nothing says what the size has to do with it.
    assert_eq!(now(&format!("{{note: n, extra: [], size: 4, rules: [{rule}]}}")).0, "unknown");
    let text = world.run(&["plan"]).out;
    assert!(text.contains("UNKNOWN  enact does not weigh a change of `size`"), "{text}");
}

#[test]
fn sound_meaning_objects_that_decide_together_mask_each_other() {
    let masked = |decides: &str| {
        let world = world(decides);
        world.declare("Thing", "never", "{note: '', extra: [], rules: [{effect: forbid, who: [ana]}]}");
        world.declare("Thing", "t", "{note: '', extra: [], rules: []}");
        world.converge();
        world.declare("Thing", "t", "{note: '', extra: [], rules: [{who: [ana], on: a}]}");
        let plan = world.plan();
        let access = &plan["targets"][0]["access"];
        (access["verdict"].as_str().unwrap().to_owned(), access["masked"].as_array().unwrap().len())
    };
    assert_eq!(masked("together"), ("equivalent".to_owned(), 1));
    assert_eq!(masked("apart"), ("more_permissive".to_owned(), 0));
}

#[test]
fn people_can_ask_what_a_defined_system_allows() {
    let world = world("together");
    world.declare("Thing", "t", "{extra: [], rules: [{who: [ana], on: 'a*'}]}");
    let run = world.run(&["can", "ana", "use", "abc"]);
    assert!(
        run.code == 0 && run.out.starts_with("yes: use on abc for ana: allowed by Thing \"t\""),
        "{}{}",
        run.out,
        run.err
    );
    let run = world.run(&["can", "bo", "use", "abc"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    world.write(
        "policies/t_test.yaml",
        "apiVersion: enact/v1\nkind: Test\ntarget: live\nprincipals: {ana: [ana]}\nfor_all:\n- {name: all, principal: ana, actions: [use], resources: ['a*'], expect: allow}\n",
    );
    let run = world.run(&["test"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_system_that_says_nothing_of_access_cannot_be_tested() {
    let world = World::things(|_| {});
    world.declare("Thing", "t", "{note: a}");
    world.write(
        "policies/t_test.yaml",
        "apiVersion: enact/v1\nkind: Test\ntarget: live\nfor_all: [{name: all, expect: deny}]\n",
    );
    let document = world.run(&["test", "--format", "json"]).json();
    assert_eq!(codes(&document), ["test/system"], "{document:#}");
}
