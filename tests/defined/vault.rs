//! `systems/vault.yaml` against a stand-in for Vault that follows its API documentation: policies in a text of HCL or
//! JSON, names in lower case, 400 for a text that is no policy.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::world::{World, codes, fields};

const POLICY: &str = "/v1/sys/policies/acl";
const HCL: &str =
    "# Of deployments.\npath \"secret/data/deploy/*\" { capabilities = [\"read\", \"list\"] }\n";

type Policies = Arc<Mutex<BTreeMap<String, String>>>;

fn answer(policies: &mut BTreeMap<String, String>, seen: &Seen) -> Option<Reply> {
    let name = seen.place().split(POLICY).nth(1)?.trim_start_matches('/').to_lowercase();
    let missing = || Reply::new(404, json!({"errors": []}));
    Some(match (seen.method.as_str(), policies.get(&name)) {
        ("GET", _) if name.is_empty() => {
            Reply::new(200, json!({"data": {"keys": policies.keys().collect::<Vec<_>>()}}))
        }
        ("GET", Some(policy)) => Reply::new(200, json!({"data": {"name": name, "policy": policy}})),
        ("PUT", _) => {
            let policy = seen.body["policy"].as_str().unwrap_or_default();
            let is_policy =
                serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy["path"].is_object());
            if !is_policy {
                return Some(Reply::new(400, json!({"errors": ["failed to parse policy"]})));
            }
            policies.insert(name, policy.to_owned());
            Reply::new(204, Value::Null)
        }
        ("DELETE", _) => {
            policies.remove(&name);
            Reply::new(204, Value::Null)
        }
        _ => missing(),
    })
}

fn vault(live: &[(&str, &str)]) -> (World, Policies) {
    let mut definition: Value = serde_yaml::from_str(include_str!("../../systems/vault.yaml")).unwrap();
    definition["name"] = json!("plain");
    definition["auth"] = json!(["bearer"]);
    let world = World::with(&definition, &[], "");
    let own = [("default", "path \"sys/renew\" {\n  capabilities = [\"update\"]\n}\n"), ("root", "")];
    let all = own.iter().chain(live).map(|(name, policy)| ((*name).to_owned(), (*policy).to_owned()));
    let policies = Policies::new(Mutex::new(all.collect()));
    let shared = Arc::clone(&policies);
    world.api.on(move |seen, _| answer(&mut shared.lock().unwrap(), seen));
    (world, policies)
}

fn declare(world: &World, paths: &str) {
    world.declare("Policy", "ci", &format!("{{policy: {{path: {paths}}}}}"));
}

/// The verdict on the one change, with what is gained and lost first.
fn access(world: &World) -> (String, Vec<String>, Vec<String>) {
    let plan = world.plan();
    let access = &plan["changes"][0]["access"];
    let words = |side: &str| {
        let first = access[side][0]["witness"]["request"].as_array().cloned().unwrap_or_default();
        first.iter().map(|word| word["word"].as_str().unwrap().to_owned()).collect()
    };
    let verdict = access["verdict"].as_str().unwrap_or_else(|| panic!("{plan:#}"));
    (verdict.to_owned(), words("gained"), words("lost"))
}

#[test]
fn a_policy_of_vault_is_imported_widened_and_converges() {
    let (world, policies) = vault(&[("ci", HCL)]);
    let run = world.run(&["import", "live"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    world.assert_converged();
    assert_eq!(policies.lock().unwrap()["ci"], HCL, "what says the same stays as it is");

    std::fs::remove_dir_all(world.path("policies")).unwrap();
    declare(&world, "{secret/data/deploy/*: {capabilities: [read, list, delete]}}");
    let (verdict, gained, lost) = access(&world);
    assert_eq!(verdict, "more_permissive");
    assert_eq!((gained, lost), (vec!["ci".into(), "delete".into(), "secret/data/deploy/x".into()], vec![]));
    let writes = world.converge();
    assert_eq!(writes.len(), 1, "{writes:?}");
    let sent: Value = serde_json::from_str(writes[0].body["policy"].as_str().unwrap()).unwrap();
    let capabilities = json!({"capabilities": ["read", "list", "delete"]});
    assert_eq!(sent, json!({"path": {"secret/data/deploy/*": capabilities}}));

    world.declare_absent("Policy", "ci");
    world.converge();
    assert!(!policies.lock().unwrap().contains_key("ci"));
}

#[test]
fn sound_meaning_the_most_specific_path_of_a_policy_decides() {
    let (world, _) = vault(&[]);
    let is = |before: &str, after: &str, verdict: &str, word: &str| {
        declare(&world, before);
        world.converge();
        declare(&world, after);
        let (found, gained, lost) = access(&world);
        assert_eq!(found, verdict, "{gained:?} {lost:?}");
        assert!(word.is_empty() || gained.iter().chain(&lost).any(|of| of == word), "{gained:?} {lost:?}");
    };
    let some = "a/*: {capabilities: [read, list]}";
    let beside = |path: &str| format!("{{{some}, {path}}}");
    let before = &format!("{{{some}}}");
    // A more specific path takes what it does not have itself.
    is(before, &beside("a/b: {capabilities: [list]}"), "less_permissive", "a/b");
    is(before, &beside("a/b: {capabilities: [deny]}"), "less_permissive", "a/b");
    is(before, &beside("a/b: {capabilities: [update]}"), "incomparable", "a/b");
    is(before, &beside("a/+/c: {capabilities: [read, list, update]}"), "more_permissive", "a/x/c");
    // It gives what a less specific one denies.
    let none = "a/*: {capabilities: [deny]}";
    is(
        &format!("{{{none}}}"),
        &format!("{{{none}, a/b: {{capabilities: [read]}}}}"),
        "more_permissive",
        "a/b",
    );
    is(before, "{a/*: {capabilities: [list, read]}}", "equivalent", "");
}

/// Beside another policy of the same token, a path that says nothing new by itself decides.
#[test]
fn sound_meaning_a_path_that_says_nothing_new_alone_is_unknown_and_not_equivalent() {
    let (world, _) = vault(&[]);
    declare(&world, "{a/*: {capabilities: [read]}}");
    world.converge();
    for paths in [
        "{a/*: {capabilities: [read]}, a/b: {capabilities: [read]}}",
        "{a/*: {capabilities: [read]}, 'a/{{identity.entity.id}}': {capabilities: [read]}}",
    ] {
        declare(&world, paths);
        assert_eq!(access(&world).0, "unknown", "{paths}");
    }
    declare(&world, "{a/*: {capabilities: [read], allowed_parameters: {b: []}}}");
    let plan = world.plan();
    let lost = &plan["changes"][0]["access"]["lost"][0];
    assert_eq!(lost["possible"], json!(true), "{plan:#}");
}

#[test]
fn what_a_text_says_that_enact_does_not_know_makes_the_verdict_unknown() {
    let live = "path \"a\" {\n capabilities = [\"read\"]\n control_group = { ttl = \"1h\" }\n}";
    let (world, _) = vault(&[("ci", live)]);
    declare(&world, "{a: {capabilities: [read]}}");
    let (verdict, ..) = access(&world);
    assert_eq!(verdict, "unknown");
    let text = world.run(&["plan"]).out;
    assert!(text.contains("control_group"), "{text}");
}

#[test]
fn a_text_that_cannot_be_read_is_not_written_over() {
    let twice = "path \"a\" { capabilities = [\"read\"] }\npath \"a\" { capabilities = [\"list\"] }\n";
    let (world, policies) = vault(&[("ci", twice)]);
    let run = world.run(&["import", "live"]);
    assert!(run.err.contains("the Policy `ci` (ci) cannot be declared"), "{}{}", run.out, run.err);
    declare(&world, "{a: {capabilities: [read]}}");
    let document = world.refused(1);
    assert_eq!(codes(&document), ["defined/text"], "{document:#}");
    assert!(document.to_string().contains("a second value of the same name at line 2"), "{document:#}");
    // It can be deleted all the same.
    world.declare_absent("Policy", "ci");
    world.converge();
    assert!(!policies.lock().unwrap().contains_key("ci"));
}

#[test]
fn people_can_ask_what_a_policy_of_vault_allows() {
    let (world, _) = vault(&[]);
    declare(&world, "{a/*: {capabilities: [read]}, a/+/c: {capabilities: [list]}}");
    let answer = |words: [&str; 3]| world.run(&[&["can"], words.as_slice()].concat()).code;
    assert_eq!(answer(["ci", "read", "a/b"]), 0);
    assert_eq!(answer(["ci", "read", "a/b/c"]), 1);
    assert_eq!(answer(["ci", "list", "a/b/c"]), 0);
    let plan = world.plan();
    assert_eq!(fields(&plan), ["/policy/path"], "{plan:#}");
}

#[test]
fn the_definition_of_vault_holds_against_the_stand_in() {
    let (world, policies) = vault(&[]);
    let run = world.run(&["check-system", "plain.yaml", "--against", "live", "--scratch", "enact-try"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("ok changes it: all as sent"), "{}", run.out);
    assert!(!policies.lock().unwrap().contains_key("enact-try"));
}
