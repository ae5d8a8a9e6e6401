//! Definitions in `enact.yaml`: names, settings, headers, credentials, several targets, revisions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::Api;
use crate::store::Habits;
use crate::world::{CANARY, World, actions, codes, manifest, system, thing};

fn defined(change: impl FnOnce(&mut Value), more: &str) -> World {
    let mut definition = system(&[thing(|_| {})]);
    change(&mut definition);
    World::with(&definition, &[("things", Habits::default())], more)
}

/// Validates, and expects this one diagnostic, and that nothing was sent. Returns it.
fn refused(world: &World, code: &str) -> Value {
    let document = world.refused(3);
    assert_eq!(codes(&document), [code], "{document:#}");
    assert_eq!(world.api.seen().len(), 0, "validated-first");
    document["diagnostics"][0].clone()
}

fn place(diagnostic: &Value) -> Value {
    json!([diagnostic["file"], diagnostic["line"], diagnostic["column"]])
}

/// A system with a tenant in its paths, queries and headers.
fn with_tenant(settings: &str) -> World {
    let change = |definition: &mut Value| {
        definition["settings"] = json!({
            "type": "object", "required": ["tenant", "level"],
            "properties": {"tenant": {"type": "string"}, "level": {"type": "integer"}},
        });
        definition["headers"] =
            json!({"X-Tenant": "t-{settings.tenant}", "X-Level": "{settings.level}", "X-Fixed": "yes"});
        let kind = &mut definition["kinds"][0];
        kind["list"] =
            json!({"path": "/tenants/{settings.tenant}/things", "query": {"level": "{settings.level}"}});
        kind["create"] = json!({"path": "/tenants/{settings.tenant}/things"});
        for form in ["get", "update", "delete"] {
            kind[form]["path"] = json!("/tenants/{settings.tenant}/things/{id}");
        }
    };
    defined(change, settings)
}

#[test]
fn settings_stand_in_paths_queries_and_headers() {
    let world = with_tenant("  settings: {tenant: 'a b/c', level: 7}\n");
    world.declare("Thing", "a", "{size: 2}");
    let writes = world.converge();
    assert_eq!(writes[0].path, "/base/tenants/a%20b%2Fc/things");
    world.plan();
    for seen in world.api.seen() {
        assert_eq!(
            (seen.place(), seen.query("level")),
            ("/base/tenants/a%20b%2Fc/things", Some("7".to_owned()))
        );
        let header = |name: &str| seen.headers.get(name).map(String::as_str);
        assert_eq!((header("x-tenant"), header("x-level")), (Some("t-a b/c"), Some("7")));
        assert_eq!(header("x-fixed"), Some("yes"));
        assert_eq!(header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
    }
}

#[test]
fn settings_are_checked() {
    for (settings, code) in [
        ("  settings: {tenant: a}\n", "schema/missing-field"),
        ("  settings: {tenant: a, level: high}\n", "schema/type"),
        ("  settings: {tenant: a, level: 1, tenent: b}\n", "schema/unknown-field"),
        ("", "config/settings"),
    ] {
        let world = with_tenant(settings);
        world.declare("Thing", "a", "{}");
        let diagnostic = refused(&world, code);
        assert_eq!(diagnostic["file"], "enact.yaml", "{diagnostic:#}");
    }
    let world = defined(|_| {}, "  settings: {tenant: a}\n");
    world.declare("Thing", "a", "{}");
    let document = world.refused(3);
    assert_eq!(document["diagnostics"][0]["file"], "enact.yaml", "none are known: {document:#}");
}

#[test]
fn a_setting_cannot_leave_its_place() {
    for tenant in ["..", ".", "a\\nX-Evil: 1", "a\\r\\nX-Evil: 1", ""] {
        let world = with_tenant(&format!("  settings: {{tenant: \"{tenant}\", level: 1}}\n"));
        world.declare("Thing", "a", "{}");
        let (code, document) = world.apply();
        assert!(code != 0, "{tenant}: {document:#}");
        assert_eq!(world.api.seen().len(), 0, "{tenant}");
    }
}

#[test]
fn a_credential_is_given_as_the_definition_says() {
    for (ways, auth) in [
        (json!(["bearer"]), "{bearer: {env: ENACT_TEST_KEY}}"),
        (json!(["basic", {"header": "X-Key"}]), "{header: {name: x-key, value: {env: ENACT_TEST_KEY}}}"),
        (json!([{"header": "X-Key"}, "basic"]), "{basic: {username: me, password: {env: ENACT_TEST_KEY}}}"),
        (json!([]), "{header: {name: X-Other, value: {env: ENACT_TEST_KEY}}}"),
    ] {
        let world = defined(|definition| definition["auth"] = ways.clone(), "");
        let target = world.target("live", "").replace("{bearer: {env: ENACT_TEST_KEY}}", auth);
        world.configure(&target);
        world.declare("Thing", "a", "{}");
        assert_eq!(actions(&world.plan()), ["create Thing a"], "{ways}");
    }
}

#[test]
fn a_credential_in_another_way_is_refused_with_its_place() {
    for ways in
        [json!(["basic"]), json!([{"header": "X-Key"}]), json!([{"header": "Authorization"}, "basic"])]
    {
        let world = defined(|definition| definition["auth"] = ways, "");
        world.declare("Thing", "a", "{}");
        let diagnostic = refused(&world, "config/auth");
        let text = std::fs::read_to_string(world.path("enact.yaml")).unwrap();
        let line = text.lines().position(|line| line.contains("auth:")).unwrap() + 1;
        assert_eq!(
            (&diagnostic["file"], &diagnostic["line"]),
            (&json!("enact.yaml"), &json!(line)),
            "{diagnostic:#}"
        );
        assert!(diagnostic["help"].is_string(), "{diagnostic:#}");
    }
}

#[test]
fn two_targets_of_one_system_are_two() {
    let world = defined(|_| {}, "");
    let other = Api::start(&[("things", Habits::default())]);
    let include = |name: &str| format!("  include: ['policies/{name}/**', 'policies/both/**']\n");
    let second = world.target("second", &include("second")).replace(&world.api.origin, &other.origin);
    world.configure(&format!("{}{second}", world.target("live", &include("live"))));
    for (folder, name) in [("live", "a"), ("second", "b"), ("both", "c")] {
        world.write(&format!("policies/{folder}/x.yaml"), &manifest("Thing", name, "", "{size: 2}"));
    }
    let (code, document) = world.apply();
    assert_eq!((code, document["changes"].as_array().unwrap().len()), (0, 4), "{document:#}");
    let names = |api: &Api| {
        let things = api.objects("things");
        things.iter().map(|thing| thing["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let both = |one: &str| BTreeSet::from([one.to_owned(), "c".to_owned()]);
    assert_eq!((names(&world.api), names(&other)), (both("a"), both("b")));
    world.assert_converged();
    let one = world.plan_with(&["--target", "second"]);
    assert_eq!(one["summary"]["unchanged"], 2, "{one:#}");
}

#[test]
fn a_manifest_of_an_unknown_system_is_refused_with_its_place() {
    let world = defined(|_| {}, "");
    let text = manifest("Thing", "a", "", "{}");
    world.write("policies/a.yaml", &text.replace("plain/v1", "plane/v1"));
    let diagnostic = &world.refused(3)["diagnostics"][0];
    assert_eq!(place(diagnostic), json!(["policies/a.yaml", 1, 13]), "{diagnostic:#}");
    assert!(diagnostic["help"].as_str().unwrap().contains("plain/v1"), "{diagnostic:#}");
    world.write("policies/a.yaml", &text.replace("Thing", "Thin"));
    let diagnostic = &world.refused(3)["diagnostics"][0];
    assert_eq!(place(diagnostic), json!(["policies/a.yaml", 2, 7]), "{diagnostic:#}");
}

#[test]
fn two_systems_of_one_name_are_refused() {
    for (name, files) in [("plain", "[plain.yaml, other.yaml]"), ("polytomic", "[other.yaml]")] {
        let world = defined(|_| {}, "");
        let mut other = system(&[thing(|_| {})]);
        other["name"] = json!(name);
        world.write("other.yaml", &serde_yaml::to_string(&other).unwrap());
        let text = std::fs::read_to_string(world.path("enact.yaml")).unwrap();
        world.write("enact.yaml", &text.replace("[plain.yaml]", files));
        let document = world.refused(3);
        assert_eq!(world.api.seen().len(), 0, "validated-first");
        let said = document["diagnostics"].to_string();
        assert!(
            said.contains(&format!("`{name}`")) && (said.contains("other.yaml") || name == "plain"),
            "{document:#}"
        );
    }
}

#[test]
fn a_missing_definition_is_reported() {
    let world = defined(|_| {}, "");
    std::fs::remove_file(world.path("plain.yaml")).unwrap();
    world.declare("Thing", "a", "{}");
    let document = world.refused(3);
    assert!(document["diagnostics"].to_string().contains("plain.yaml"), "{document:#}");
}

#[test]
fn a_definition_that_no_target_uses_is_checked_as_well() {
    let world = defined(|_| {}, "");
    world.write("other.yaml", "apiVersion: enact/v1\nkind: System\nname: other\nkinds: []\n");
    let text = std::fs::read_to_string(world.path("enact.yaml")).unwrap();
    world.write("enact.yaml", &text.replace("[plain.yaml]", "[plain.yaml, other.yaml]"));
    world.declare("Thing", "a", "{}");
    let document = world.refused(3);
    assert_eq!(document["diagnostics"][0]["file"], "other.yaml", "{document:#}");
}

#[test]
fn a_definition_is_read_from_the_trusted_checkout() {
    let world = defined(|_| {}, "");
    world.declare("Thing", "a", "{}");
    world.commit();
    // A pull request that would make the target read anything with its credential.
    let text = std::fs::read_to_string(world.path("plain.yaml")).unwrap();
    world.write(
        "plain.yaml",
        &text.replace("/things", "/secrets").replace("apiVersion: enact/v1", "apiVersion: enact/v9"),
    );
    world.declare("Thing", "b", "{}");
    world.commit();
    world.git(&["branch", "proposal"]);
    world.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let plan = world.plan_with(&["--rev", "proposal"]);
    assert_eq!(actions(&plan), ["create Thing a", "create Thing b"], "{plan:#}");
    assert!(world.api.seen().iter().all(|seen| seen.place() == "/base/things"));
}

#[test]
fn a_system_that_one_defines_has_schemas_for_editors() {
    let world = defined(|_| {}, "");
    let run = world.run(&["schema", "plain-thing"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let properties = &run.json()["properties"]["spec"]["properties"];
    assert!(properties["limits"].is_object() && properties["created"].is_null(), "{properties:#}");
    let run = world.run(&["schema", "system"]);
    assert!(run.code == 0 && run.out.contains("\"System\""), "{}{}", run.out, run.err);
}

#[test]
fn validate_sends_nothing_and_needs_no_credential() {
    let world = defined(|_| {}, "");
    world.declare("Thing", "a", "{size: 2}");
    let run = world.run(&["validate"]);
    assert_eq!((run.code, run.err.as_str(), world.api.seen().len()), (0, "", 0));
}

#[test]
fn an_api_that_wants_no_credential_gets_none() {
    let world = defined(|definition| definition["auth"] = json!(["none"]), "");
    let bearer = world.target("live", "");
    assert_eq!(codes(&world.run(&["validate", "--format", "json"]).json()), ["config/auth"]);
    world.configure(&bearer.replace("{bearer: {env: ENACT_TEST_KEY}}", "none"));
    world.declare("Thing", "a", "{size: 2}");
    world.converge();
    let seen = world.api.seen();
    assert!(!seen.is_empty() && seen.iter().all(|seen| !seen.headers.contains_key("authorization")));
}
