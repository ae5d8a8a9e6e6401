//! What a plan says its changes do to what is allowed. The engine is tested beside its code.

use serde_json::{Value, json};

use crate::world::World;

/// The verdict on an object, with all that is said of it.
fn access(plan: &Value, name: &str) -> Value {
    let changes = plan["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["name"] == name);
    change.unwrap_or_else(|| panic!("no change of {name}: {plan:#}"))["access"].clone()
}

fn verdict(plan: &Value, name: &str) -> String {
    access(plan, name)["verdict"].as_str().unwrap_or("none").to_owned()
}

/// What a request of a difference says, in order, and how it was and is decided.
fn witness(change: &Value) -> (Vec<&str>, [&str; 2]) {
    let witness = &change["witness"];
    let words = witness["request"].as_array().unwrap().iter().map(|word| word["word"].as_str().unwrap());
    (words.collect(), ["before", "after"].map(|side| witness[side]["effect"].as_str().unwrap()))
}

fn statements(world: &World, statements: &str) {
    world.declare("Policy", "p", &format!("{{document: {{statements: [{statements}]}}}}"));
}

const READ: &str = "{sid: Read, effect: allow, actions: ['s3:Get*', 's3:ListBucket'], resources: ['b/*']}";

/// A mycloud policy that may read.
fn cloud() -> World {
    let world = World::new("mycloud");
    statements(&world, READ);
    world.converge();
    world
}

#[test]
fn sound_meaning_a_text_that_says_the_same_is_equivalent() {
    let world = cloud();
    statements(
        &world,
        "{sid: List, effect: allow, actions: ['s3:ListBucket'], resources: ['b/*']}, {sid: Get, effect: allow, actions: ['s3:Get*', 's3:GetObject'], resources: ['b/*']}",
    );
    assert_eq!(verdict(&world.plan(), "p"), "equivalent");
    let text = world.run(&["plan"]).out;
    assert!(text.contains("\n      EQUIVALENT  no request is treated in another way\n"), "{text}");
    assert!(text.ends_with("\naccess: 1 equivalent\n"), "{text}");
}

#[test]
fn sound_meaning_what_is_gained_is_named_with_a_request_that_shows_it() {
    let world = cloud();
    let audit = "{sid: Audit, effect: deny, actions: ['*'], resources: ['b/audit/*']}";
    statements(
        &world,
        &format!(
            "{READ}, {audit}, {{sid: Clean, effect: allow, actions: ['s3:DeleteObject'], resources: ['b/*']}}"
        ),
    );
    let plan = world.plan();
    let access = access(&plan, "p");
    assert_eq!(access["verdict"], "incomparable", "{access:#}");
    let gained = access["gained"].as_array().unwrap();
    assert_eq!(witness(&gained[0]), (vec!["s3:DeleteObject", "b/x"], ["not_granted", "allowed"]));
    let after = &gained[0]["witness"]["after"];
    assert_eq!(
        (&after["rule"], &after["file"], &after["line"]),
        (&json!("Clean"), &json!("policies/Policy-p.yaml"), &json!(5))
    );
    assert_eq!(plan["summary"]["access"]["incomparable"], 1);
    let text = world.run(&["plan"]).out;
    for line in [
        "      MORE PERMISSIVE  s3:DeleteObject on b/*, except b/audit/*\n          for example s3:DeleteObject on b/x: not granted -> allowed by Clean (policies/Policy-p.yaml:5)\n",
        "      LESS PERMISSIVE  * on b/audit/*, now denied\n",
        "\naccess: 1 both wider and narrower\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let markdown = world.run(&["plan", "--format", "markdown"]).out;
    let folded = "<details><summary><b>MORE PERMISSIVE</b> <code>";
    assert!(
        markdown.contains(folded) && markdown.contains("\nAccess: 1 both wider and narrower\n"),
        "{markdown}"
    );
    let caution = "> [!CAUTION]\n> **wider access in 1 change**\n>\n> - `Policy` `p` on `live`: `s3:DeleteObject on b/*, except b/audit/*`\n";
    assert!(markdown.contains(caution), "{markdown}");
}

#[test]
fn a_witness_has_the_line_of_a_rule_that_git_declares_in_whatever_order_and_none_of_one_that_is_only_live() {
    let world = cloud();
    let declare = |rest: &str| {
        let read =
            "      - {sid: Read, effect: allow, actions: ['s3:ListBucket', 's3:Get*'], resources: ['b/*']}\n";
        let text = format!(
            "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {{name: p}}\nspec:\n  document:\n    statements:\n{rest}{read}"
        );
        world.write("policies/Policy-p.yaml", &text);
    };
    let sides = |side: &str| {
        let plan = world.plan();
        let witness = access(&plan, "p")[side][0]["witness"].clone();
        ["before", "after"].map(|side| witness[side]["line"].as_u64())
    };
    declare("      - {sid: Never, effect: deny, actions: ['s3:GetObject'], resources: ['b/*']}\n");
    assert_eq!(sides("lost"), [Some(8), Some(7)], "the rule that allowed it is still there");
    world.converge();
    declare("");
    assert_eq!(sides("gained"), [None, Some(7)], "the deny is only live");
}

#[test]
fn access_is_left_out_on_demand_and_where_nothing_changes() {
    let world = cloud();
    let plan = world.plan();
    assert_eq!(plan["summary"]["access"], Value::Null);
    assert!(!world.run(&["plan"]).out.contains("access:"));
    statements(&world, "{sid: Read, effect: allow, actions: ['*'], resources: ['b/*']}");
    assert_eq!(verdict(&world.plan(), "p"), "more_permissive");
    let without = world.run(&["plan", "--no-access", "--format", "json"]).json();
    assert_eq!(
        (&without["changes"][0]["access"], &without["summary"]["access"]),
        (&Value::Null, &Value::Null)
    );
    let text = world.run(&["plan", "--no-access"]).out;
    assert!(!text.contains("PERMISSIVE") && !text.contains("access:"), "{text}");
}

#[test]
fn sound_meaning_a_deny_that_goes_is_wider_although_the_policy_allows_nothing() {
    let world = World::new("mycloud");
    statements(&world, "{sid: Never, effect: deny, actions: ['s3:*'], resources: ['b/*']}");
    world.converge();
    world.declare_absent("Policy", "p");
    let plan = world.plan();
    let access = access(&plan, "p");
    assert_eq!(access["verdict"], "more_permissive");
    assert_eq!(witness(&access["gained"][0]).1, ["denied", "not_granted"]);
}

#[test]
fn sound_meaning_what_depends_on_something_undocumented_is_unknown() {
    let world = cloud();
    statements(
        &world,
        "{sid: Read, effect: allow, actions: ['s3:get*', 's3:ListBucket'], resources: ['b/*']}",
    );
    let plan = world.plan();
    let access = access(&plan, "p");
    assert_eq!(access["verdict"], "unknown");
    assert_eq!(access["reason"], "it depends on whether the case of an action matters");
}

#[test]
fn sound_meaning_what_enact_does_not_know_of_a_live_object_makes_it_unknown() {
    let world = cloud();
    let strange = json!({"version": "2024-01-01", "statements": [
        {"sid": "Read", "effect": "allow", "actions": ["s3:*"], "resources": ["b/*"], "not_actions": ["s3:Put*"]}
    ]});
    world.drift("policies", "p", "document", strange);
    let plan = world.plan();
    assert_eq!(verdict(&plan, "p"), "unknown", "{plan:#}");
}

#[test]
fn sound_meaning_conditions_are_exact_where_they_are_known_and_possible_elsewhere() {
    let world = World::new("mycloud");
    let with = |operator: &str, values: &str| {
        let condition = format!("{{operator: {operator}, key: 's3:prefix', values: [{values}]}}");
        statements(
            &world,
            &format!(
                "{{effect: allow, actions: ['s3:Get*'], resources: ['b/*'], conditions: [{condition}]}}"
            ),
        );
    };
    with("equals", "home/");
    world.converge();
    with("equals", "home/, shared/");
    let plan = world.plan();
    let more = access(&plan, "p");
    assert_eq!((&more["verdict"], &more["possible"]), (&json!("more_permissive"), &json!(false)));
    assert_eq!(witness(&more["gained"][0]).0, ["s3:Getx", "b/x", "shared/"]);
    with("resembles", "home/");
    let plan = world.plan();
    let other = access(&plan, "p");
    assert_eq!(other["verdict"], "incomparable", "{other:#}");
    // The new condition may always hold, or never.
    assert_eq!(other["possible"], true, "{other:#}");
    let text = world.run(&["plan"]).out;
    assert!(text.contains("POSSIBLY MORE PERMISSIVE  s3:Get* on b/* if "), "{text}");
}

#[test]
fn what_a_role_gives_is_told_by_the_policies_that_name_it_in_git_or_not() {
    let world = World::new("compiuta");
    world.declare("Role", "reader", "{name: Reader, actions: ['core:things:get']}");
    world.declare(
        "Policy",
        "ours",
        "{name: Ours, members: ['team:local:a'], statements: [{role: reader, tenants: ['*']}]}",
    );
    world.converge();
    world.live.insert(
        "policies",
        json!({"id": "theirs", "name": "Theirs", "type": "CUSTOM", "tenants": [], "members": ["team:local:b"], "statements": [
            {"effect": "DENY", "role": "reader", "actions": [], "resources": ["*"], "tenants": ["t"]}]}),
    );
    world.declare("Role", "reader", "{name: Reader, actions: ['core:things:get', 'core:things:delete']}");
    let plan = world.plan();
    let access = access(&plan, "reader");
    assert_eq!(access["verdict"], "incomparable", "{access:#}");
    let through = |side: &str| access[side][0]["through"].as_str().unwrap().to_owned();
    assert_eq!((through("gained"), through("lost")), ("Policy `ours`".into(), "Policy `theirs`".into()));
    assert_eq!(
        witness(&access["gained"][0]),
        (vec!["team:local:a", "core:things:delete", "x", "x"], ["not_granted", "allowed"])
    );
    // A policy that changes itself has its own verdict, with the roles as they will be.
    world.declare(
        "Policy",
        "ours",
        "{name: Ours, members: ['team:local:a'], statements: [{role: reader, tenants: [t]}]}",
    );
    let plan = world.plan();
    assert_eq!(verdict(&plan, "ours"), "incomparable", "{plan:#}");
    assert_eq!(verdict(&plan, "reader"), "less_permissive");
}

#[test]
fn what_the_tenants_of_a_statement_mean_without_any_is_tried_both_ways() {
    let world = World::new("compiuta");
    let policy = |statement: &str| {
        let statements = format!("[{{actions: ['core:things:get'], tenants: ['*']}}{statement}]");
        world.declare("Policy", "p", &format!("{{name: P, members: ['*'], statements: {statements}}}"));
    };
    policy("");
    world.converge();
    policy(", {actions: ['core:things:list']}");
    let plan = world.plan();
    assert_eq!(verdict(&plan, "p"), "unknown", "{plan:#}");
    policy(", {actions: ['core:things:get'], resources: ['core:things:*']}");
    assert_eq!(verdict(&world.plan(), "p"), "equivalent");
}

#[test]
fn a_drift_that_is_put_back_has_a_verdict_too() {
    let world = World::new("polytomic");
    world.declare("Role", "ours", "{}");
    world.declare("Role", "others", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [ours]}]}");
    world.converge();
    let ids: Vec<_> = ["ours", "others"].map(|role| world.object("roles", role)["id"].clone()).into();
    world.drift("policies", "p", "policy_actions", json!([{"action": "read", "role_ids": ids}]));
    let plan = world.plan();
    let access = access(&plan, "p");
    assert_eq!(access["verdict"], "less_permissive");
    assert_eq!(witness(&access["lost"][0]), (vec!["others", "read"], ["allowed", "not_granted"]));
    // Who moved is only known with a base.
    world.git(&["init", "-q"]);
    world.commit();
    let given = || -> Vec<Value> {
        let plan = world.run(&["plan", "--base", "HEAD", "--format", "json"]).json();
        let told = plan["diagnostics"].as_array().unwrap().iter();
        told.filter(|told| told["code"] == "plan/given-by-hand").cloned().collect()
    };
    let told = given();
    assert_eq!(told.len(), 1, "{told:#?}");
    let message = told[0]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "somebody gave more access by hand than git declares: principal `others`, action `read`: allowed -> not granted"
    );
    assert_eq!((&told[0]["severity"], &told[0]["line"]), (&json!("warning"), &json!(4)), "{told:#?}");
    // What was taken away by hand is no such thing, and neither is what git itself takes away.
    world.drift("policies", "p", "policy_actions", json!([]));
    assert_eq!(given(), Vec::<Value>::new());
    assert_eq!(world.run(&["apply", "--yes", "--base", "HEAD", "--allow-dirty"]).code, 0);
    world.declare("Policy", "p", "{policy_actions: []}");
    assert_eq!(given(), Vec::<Value>::new());
}

/// Declares a JITSudo policy of these fields and Cedar texts.
fn cedar(world: &World, fields: &str, texts: &[&str]) {
    let rules: Vec<_> = texts.iter().map(|text| format!("{{policy_text: '{text}'}}")).collect();
    world.declare("Policy", "p", &format!("{{{fields}, rules: [{}]}}", rules.join(", ")));
}

const ASK: &str = r#"permit (principal is User in Team::"ops", action == Action::"ask", resource is Box);"#;
const HOUR: &str = "max_duration_seconds: 3600";

#[test]
fn sound_meaning_cedar_is_exact_in_scopes_and_possible_in_conditions() {
    let world = World::new("jitsudo");
    let never = r#"forbid (principal, action, resource == Box::"1");"#;
    cedar(&world, HOUR, &[ASK, never]);
    let access_of_new = access(&world.plan(), "p");
    assert_eq!(access_of_new["verdict"], "incomparable", "{access_of_new:#}");
    world.converge();
    cedar(&world, "max_duration_seconds: 3600, description: b", &[never, ASK]);
    assert_eq!(verdict(&world.plan(), "p"), "equivalent");

    let all_boxes = r#"permit (principal is User in Team::"ops", action == Action::"ask", resource);"#;
    cedar(&world, HOUR, &[all_boxes, never]);
    let plan = world.plan();
    let access_of_all = access(&plan, "p");
    assert_eq!(
        (&access_of_all["verdict"], &access_of_all["possible"]),
        (&json!("more_permissive"), &json!(false))
    );
    let gained = &access_of_all["gained"][0];
    assert_eq!(
        witness(gained),
        (
            vec![r#"User::"x" in Team::"ops""#, r#"Action::"ask""#, r#"Other::"x""#],
            ["not_granted", "allowed"]
        )
    );
    assert_eq!(
        (&gained["witness"]["language"], &gained["witness"]["after"]["rule"]),
        (&json!("cedar"), &json!("rule 1"))
    );
    let text = world.run(&["plan"]).out;
    let line = r#"      MORE PERMISSIVE  Action::"ask" for principal is User in Team::"ops", except resource is Box and Box::"1"
          for example Action::"ask" on Other::"x" for User::"x" in Team::"ops": not granted -> allowed by "rule 1" (policies/Policy-p.yaml:5)
"#;
    assert!(text.contains(line), "{text}");

    cedar(&world, HOUR, &[&ASK.replace(';', " when { context.mfa };"), never]);
    let access_of_some = access(&world.plan(), "p");
    assert_eq!(access_of_some["verdict"], "less_permissive");
    assert_eq!(access_of_some["possible"], true, "it may always hold");
    world.declare_absent("Policy", "p");
    assert_eq!(verdict(&world.plan(), "p"), "incomparable", "what it forbids goes, too");
}

#[test]
fn sound_meaning_time_and_audit_are_wider_or_narrower_and_a_priority_depends() {
    let world = World::new("jitsudo");
    cedar(&world, HOUR, &[ASK]);
    world.converge();
    cedar(&world, "max_duration_seconds: 7200, priority: 5", &[ASK]);
    let plan = world.plan();
    let access_of_time = access(&plan, "p");
    let verdicts: Vec<_> = access_of_time["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["attribute"].as_str().unwrap(), change["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(verdicts, [("max_duration_seconds", "more_permissive"), ("priority", "incomparable")]);
    let text = world.run(&["plan"]).out;
    for line in [
        "      MORE PERMISSIVE  max_duration_seconds: 3600 -> 7200\n",
        "      DEPENDS  priority: 0 -> 5, and nothing says whether that allows more or less\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    cedar(&world, "max_duration_seconds: 60", &[ASK]);
    assert_eq!(verdict(&world.plan(), "p"), "less_permissive");

    world.declare(
        "Policy",
        "p",
        &format!("{{{HOUR}, rules: [{{policy_text: '{ASK}', audit_session: false}}]}}"),
    );
    let text = world.run(&["plan"]).out;
    let line = r#"MORE PERMISSIVE  audit_session: true -> false, Action::"ask" on resource is Box for principal is User in Team::"ops""#;
    assert!(text.contains(line), "{text}");
}

#[test]
fn sound_meaning_a_policy_that_is_not_enabled_says_nothing() {
    let world = World::new("jitsudo");
    cedar(&world, "max_duration_seconds: 3600, enabled: false", &[ASK]);
    assert_eq!(verdict(&world.plan(), "p"), "equivalent");
    world.converge();
    cedar(&world, "max_duration_seconds: 7200, enabled: false", &[ASK]);
    assert_eq!(verdict(&world.plan(), "p"), "equivalent");
    cedar(&world, "max_duration_seconds: 3600, enabled: true", &[ASK]);
    assert_eq!(verdict(&world.plan(), "p"), "more_permissive");
}

#[test]
fn sound_meaning_a_live_field_of_a_policy_that_enact_does_not_know_makes_it_unknown() {
    let world = World::new("jitsudo");
    cedar(&world, HOUR, &[ASK]);
    world.converge();
    world.drift("policies", "p", "approval_mode", json!("none"));
    cedar(&world, "max_duration_seconds: 60", &[ASK]);
    let plan = world.plan();
    let access = access(&plan, "p");
    assert_eq!(access["verdict"], "unknown");
    assert_eq!(access["reason"], "it has a field that enact does not know: `approval_mode`");
}

/// A compiuta policy with one statement for one member.
fn decides(world: &World, name: &str, member: &str, effect: &str, action: &str) {
    let statement = format!("{{effect: {effect}, actions: ['{action}'], resources: ['*'], tenants: ['*']}}");
    world.declare("Policy", name, &format!("{{name: P, members: ['{member}'], statements: [{statement}]}}"));
}

#[test]
fn sound_meaning_what_another_policy_denies_is_masked_in_the_target() {
    let world = World::new("compiuta");
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    decides(&world, "guardian", "user:local:kim", "DENY", "x:things:delete");
    world.converge();
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:*");
    let plan = world.plan();
    assert_eq!(verdict(&plan, "p"), "more_permissive");
    let target = &plan["targets"][0]["access"];
    assert_eq!(
        (&target["verdict"], &target["masked"]),
        (&json!("more_permissive"), &json!([])),
        "{target:#}"
    );
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:delete");
    let narrower = world.plan()["targets"][0]["access"].clone();
    assert_eq!(narrower["verdict"], "less_permissive", "{narrower:#}");
    assert_eq!(narrower["masked"][0]["gained"], true, "{narrower:#}");
    let text = world.run(&["plan"]).out;
    for line in [
        "      MASKED  others deny or allow the same: the target allows no more by this\n",
        ": LESS PERMISSIVE  for example x:things:get on x for user:local:kim in tenant x: allowed by \"Policy p\" -> not granted\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn sound_meaning_a_deny_of_one_team_counts_for_who_is_in_two() {
    let world = World::new("compiuta");
    decides(&world, "p", "team:local:deploy", "ALLOW", "x:things:delete");
    decides(&world, "guardian", "team:local:contractors", "DENY", "x:things:delete");
    world.converge();
    world.declare_absent("Policy", "guardian");
    let target = world.plan()["targets"][0]["access"].clone();
    assert_eq!(target["verdict"], "more_permissive", "{target:#}");
    let text = world.run(&["plan"]).out;
    // The administrators are a team, too.
    let who = "who is also team:local:contractors in tenant x: denied by \"Policy guardian\" -> allowed by ";
    assert!(text.contains(who), "{text}");
}

#[test]
fn the_verdict_on_a_target_is_left_out_where_not_all_of_it_is_read() {
    let world = World::new("compiuta");
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:get");
    world.git(&["init", "-q"]);
    let base = world.commit();
    world.converge();
    decides(&world, "p", "user:local:kim", "ALLOW", "x:things:*");
    world.commit();
    let text = world.run(&["plan", "--base", &base, "--only-declared"]).out;
    assert!(text.contains(": LEFT OUT  with `--only-declared` not every object is read\n"), "{text}");
    let polytomic = World::new("polytomic");
    polytomic.declare("Role", "ours", "{}");
    polytomic.declare("Policy", "p", "{policy_actions: [{action: read, roles: [ours]}]}");
    let target = polytomic.plan()["targets"][0]["access"].clone();
    assert_eq!(target["verdict"], "more_permissive");
    assert_eq!(target["gained"][0]["witness"]["after"]["rule"], "Policy p");
}
