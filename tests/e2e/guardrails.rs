//! Guardrails: what must be true of a target after every plan.

use serde_json::Value;

use crate::world::{World, default_settings, fault};

/// A repository with these guardrails, each a line of YAML.
fn guarded(system: &'static str, guardrails: &[&str]) -> World {
    let world = World::with(system, default_settings(system), "guardrails: guardrails.yaml\n");
    write(&world, guardrails, "");
    world
}

fn write(world: &World, guardrails: &[&str], waivers: &str) {
    let rows: String = guardrails.iter().map(|row| format!("- {row}\n")).collect();
    let text = format!("apiVersion: enact/v1\nkind: Guardrails\nguardrails:\n{rows}{waivers}");
    world.write("guardrails.yaml", &text);
}

/// A compiuta policy with one statement for one member.
fn decides(world: &World, name: &str, member: &str, effect: &str, action: &str) {
    let statement = format!("{{effect: {effect}, actions: ['{action}'], resources: ['*'], tenants: ['*']}}");
    world.declare("Policy", name, &format!("{{name: P, members: ['{member}'], statements: [{statement}]}}"));
}

/// The findings of a plan: severity, code and message.
fn findings(document: &Value) -> Vec<(String, String, String)> {
    let text = |diagnostic: &Value, field: &str| diagnostic[field].as_str().unwrap_or_default().to_owned();
    let diagnostics = document["diagnostics"].as_array().unwrap().iter();
    let own = diagnostics.filter(|diagnostic| text(diagnostic, "code").starts_with("guardrail/"));
    own.map(|found| (text(found, "severity"), text(found, "code"), text(found, "message"))).collect()
}

fn codes(document: &Value) -> Vec<String> {
    findings(document).into_iter().map(|(_, code, _)| code).collect()
}

const NO_IAM: &str = "{name: no-iam, rule: {access_not_granted: {access: [{principals: ['user:local:kim'], actions: ['iam:*']}]}}}";

#[test]
fn what_must_not_be_allowed_is_refused_in_whatever_spelling_and_with_a_request() {
    let world = guarded("compiuta", &[NO_IAM]);
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    world.converge();
    for action in ["iam:roles:get", "*:get", "*"] {
        decides(&world, "p", "user:local:kim", "ALLOW", action);
        let (code, document) = world.apply();
        let [(severity, id, message)] = &findings(&document)[..] else { panic!("{document:#}") };
        assert_eq!((code, severity.as_str(), id.as_str()), (4, "error", "guardrail/failed"), "{document:#}");
        assert!(
            message.contains("not granted -> ") || message.ends_with("allowed by `Policy p`"),
            "{message}"
        );
        assert_eq!(world.writes(), Vec::<String>::new());
    }
    // Nobody gets it as long as another policy denies it.
    decides(&world, "guardian", "user:local:kim", "DENY", "iam:*");
    world.converge();
    world.declare_absent("Policy", "guardian");
    assert_eq!(codes(&world.plan()), ["guardrail/failed"], "the deny that holds it goes");
}

#[test]
fn several_policies_that_together_allow_everything_are_found() {
    let all = "{name: all, rule: {access_not_granted: {access: [{principals: ['user:local:kim'], actions: ['x:a:*', 'x:b:*']}], meaning: whole}}}";
    let world = guarded("compiuta", &[all]);
    decides(&world, "a", "user:local:kim", "ALLOW", "x:a:*");
    world.converge();
    decides(&world, "b", "user:*", "ALLOW", "x:b:*");
    let plan = world.plan();
    let [(_, _, message)] = &findings(&plan)[..] else { panic!("{plan:#}") };
    assert!(message.contains("all of it is allowed, such as "), "{message}");
}

#[test]
fn a_finding_is_waived_by_its_fingerprint_until_its_day() {
    let frozen =
        "{name: frozen, enforcement: waivable, rule: {no_new_access: {access: [{actions: ['x:things:*']}]}}}";
    let world = guarded("compiuta", &[frozen]);
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    // The first policy is new access, too.
    write(&world, &[&frozen.replace("waivable", "advisory")], "");
    world.converge();
    write(&world, &[frozen], "");
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:*");
    let plan = world.plan();
    let help = plan["diagnostics"][0]["help"].as_str().unwrap();
    let finding = help.split('`').nth(1).unwrap().trim_start_matches("finding: ").to_owned();
    let waive = |finding: &str, expires: &str| {
        let row = format!("{{guardrail: frozen, finding: '{finding}', reason: CHG-1, expires: {expires}}}");
        write(&world, &[frozen], &format!("waivers: [{row}]\n"));
        findings(&world.plan())[0].clone()
    };
    assert_eq!(waive(&finding, "2020-01-01").0, "error", "it is over");
    assert_eq!(waive("000000000000", "2999-01-01").0, "error", "it is of another one");
    let (severity, _, message) = waive(&finding, "2999-01-01");
    assert!(severity == "warning" && message.ends_with("waived until 2999-01-01: CHG-1"), "{message}");
    decides(&world, "q", "user:local:kim", "ALLOW", "x:things:put");
    assert_eq!(world.run(&["plan"]).code, 4, "another policy is another finding");
}

#[test]
fn what_must_stay_allowed_stays() {
    let stays = "{name: break-glass, rule: {access_granted: {access: [{principals: ['team:local:ops'], actions: ['x:things:*'], resources: ['a:b'], tenants: ['one']}]}}}";
    let world = guarded("compiuta", &[stays]);
    decides(&world, "ops", "team:local:ops", "ALLOW", "x:things:*");
    world.converge();
    decides(&world, "other", "team:local:ops", "DENY", "x:things:delete");
    let plan = world.plan();
    let [(_, _, message)] = &findings(&plan)[..] else { panic!("{plan:#}") };
    assert!(
        message.contains("x:things:delete") && message.contains("-> denied by `Policy other`"),
        "{message}"
    );
    decides(&world, "other", "team:local:others", "DENY", "x:things:delete");
    assert_eq!(codes(&world.plan()), Vec::<String>::new());
}

#[test]
fn what_is_not_known_never_passes() {
    let world = guarded("jitsudo", &[NO_IAM]);
    world.declare("Policy", "p", "{description: d, max_duration_seconds: 60, rules: [{policy_text: 'permit(principal,action,resource);'}]}");
    assert_eq!((codes(&world.plan()), world.apply().0), (vec!["guardrail/unknown".to_owned()], 4));
    let world = guarded("compiuta", &[NO_IAM]);
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    world.git(&["init", "-q"]);
    let base = world.commit();
    world.converge();
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:put");
    world.commit();
    let part = world.run(&["plan", "--base", &base, "--only-declared", "--format", "json"]);
    assert_eq!((codes(&part.json()), part.code), (vec!["guardrail/unknown".to_owned()], 4));
}

#[test]
fn a_target_that_cannot_be_read_is_incomplete_and_not_refused() {
    let world = guarded("compiuta", &[NO_IAM]);
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    world.live.inject(fault("GET", 403));
    let plan = world.run(&["plan", "--format", "json"]);
    assert_eq!((plan.code, codes(&plan.json())), (6, Vec::new()), "{}", plan.err);
    assert_eq!((world.apply().0, world.writes()), (6, Vec::<String>::new()));
}

#[test]
fn bounds_fields_and_names_are_those_of_the_proposed_state() {
    let world = guarded(
        "jitsudo",
        &[
            "{name: short, rule: {attribute: {objects: 'Policy/*', field: /max_duration_seconds, at_most: 3600}}}",
            "{name: described, enforcement: advisory, rule: {required: {objects: 'Policy/*', fields: [/description]}}}",
            "{name: names, rule: {naming: {objects: 'Policy/*', names: ['team-*']}}}",
        ],
    );
    let rules = "rules: [{policy_text: 'permit(principal,action,resource);'}]";
    world.declare("Policy", "p", &format!("{{description: '', max_duration_seconds: 7200, {rules}}}"));
    let plan = world.plan();
    let mut found = findings(&plan);
    found.sort();
    let texts: Vec<_> = found.iter().map(|(severity, _, message)| format!("{severity}: {message}")).collect();
    assert_eq!(
        texts,
        [
            "error: the guardrail `names` does not hold: its name is not like `team-*`",
            "error: the guardrail `short` does not hold: `/max_duration_seconds` is 7200, more than 3600",
            "warning: the guardrail `described` does not hold: `/description` is missing or empty",
        ]
    );
    world.declare("Policy", "team-a", &format!("{{description: d, max_duration_seconds: 60, {rules}}}"));
    world.declare_absent("Policy", "p");
    world.converge();
}

#[test]
fn a_guardrail_that_names_nothing_has_a_place() {
    let world = guarded("compiuta", &[NO_IAM]);
    world.write(
        "guardrails.yaml",
        "apiVersion: enact/v1\nkind: Guardrails\nguardrails:\n- name: a\n  targets: [lvie]\n  rule: {naming: {objects: 'Polcy/*', names: ['*']}}\nwaivers:\n- {guardrail: b, finding: '000000000000', reason: r, expires: 2027-01-01}\n",
    );
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    let run = world.run(&["validate", "--format", "json"]);
    assert_eq!(run.code, 3);
    let lines: Vec<_> = run.json()["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["code"].clone(), found["line"].clone()))
        .collect();
    assert_eq!(
        lines,
        [
            ("guardrail/name".into(), 5.into()),
            ("guardrail/name".into(), 6.into()),
            ("guardrail/name".into(), 8.into())
        ]
    );
    world.write(
        "guardrails.yaml",
        "apiVersion: enact/v1\nkind: Guardrails\nguardrails:\n- {name: a, rule: {nameing: {}}}\n",
    );
    assert_eq!(world.run(&["validate"]).code, 3);
    std::fs::remove_file(world.dir.path().join("guardrails.yaml")).unwrap();
    assert_eq!(world.run(&["validate"]).code, 3, "a file that is missing is no file without guardrails");
}

#[test]
fn the_guardrails_of_a_pull_request_do_not_count() {
    let world = guarded("compiuta", &[NO_IAM]);
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    world.git(&["init", "-q"]);
    let trusted = world.commit();
    world.converge();
    write(&world, &[], "");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &config.replace("guardrails: guardrails.yaml\n", ""));
    decides(&world, "p", "user:local:kim", "ALLOW", "iam:roles:get");
    let pull_request = world.commit();
    world.git(&["checkout", "-q", &trusted]);
    let run = world.run(&["plan", "--rev", &pull_request, "--format", "json"]);
    assert_eq!((codes(&run.json()), run.code), (vec!["guardrail/failed".to_owned()], 4));
}

#[test]
fn one_outcome_a_change_that_allows_more_is_held_back_and_the_others_are_written() {
    let world = World::with("compiuta", default_settings("compiuta"), "  limits: {new_access: refuse}\n");
    for name in ["a", "b"] {
        decides(&world, name, "user:local:kim", "ALLOW", "x:things:*");
    }
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (4, Vec::new()), "{document:#}");
    assert_eq!(world.run(&["apply", "--yes", "--allow", "new-access"]).code, 0);
    decides(&world, "a", "user:local:kim", "ALLOW", "x:things:get");
    decides(&world, "b", "user:local:kim", "ALLOW", "*");
    let (code, document) = world.apply();
    assert_eq!(code, 4, "{document:#}");
    let outcome = |name: &str| {
        let changes = document["changes"].as_array().unwrap();
        changes.iter().find(|change| change["name"] == name).unwrap()["outcome"].clone()
    };
    assert_eq!(outcome("a")["result"], "applied");
    assert_eq!(outcome("b")["result"], "not_attempted");
    let reason = outcome("b")["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("it allows more: ") && reason.contains("not granted -> allowed"), "{reason}");
    let diagnostics = document["diagnostics"].as_array().unwrap().iter();
    let said = diagnostics.filter(|found| found["code"] == "guard/new-access").count();
    assert_eq!(said, 1, "once, although the second plan has it, too: {document:#}");
    assert_eq!(world.run(&["plan", "--no-access"]).code, 4);
}

#[test]
fn what_allows_more_beside_its_rules_is_held_back_too() {
    let world = World::with("jitsudo", default_settings("jitsudo"), "  limits: {new_access: refuse}\n");
    let declare = |seconds: u32, audited: bool| {
        let rule =
            format!("{{policy_text: 'permit (principal, action, resource);', audit_session: {audited}}}");
        world.declare("Policy", "p", &format!("{{max_duration_seconds: {seconds}, rules: [{rule}]}}"));
    };
    declare(600, true);
    assert_eq!(world.run(&["apply", "--yes", "--allow", "new-access"]).code, 0);
    for (seconds, audited, why) in
        [(601, true, "`max_duration_seconds` 600 -> 601"), (600, false, "audit_session")]
    {
        declare(seconds, audited);
        world.live.clear_requests();
        let (code, document) = world.apply();
        assert_eq!((code, world.writes()), (4, Vec::new()), "{document:#}");
        let reason = document["changes"][0]["outcome"]["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{reason}");
    }
    declare(599, true);
    world.converge();
}
