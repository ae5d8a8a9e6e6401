//! JITSudo's rules: separate objects, compared as Cedar, written one by one.

use enact::sandbox::Fault;
use serde_json::{Value, json};

use crate::world::{World, fault, outcomes};

const SCOPE: &str = "principal_scope_type: any, action_scope_type: any, resource_scope_type: eq, resource_entity_type: AwsAccount";

fn world(rules: &[&str]) -> World {
    let world = World::new("jitsudo");
    declare(&world, rules);
    world.converge();
    world
}

fn declare(world: &World, rules: &[&str]) {
    let rules: String = rules.iter().map(|rule| format!("\n  - {rule}")).collect();
    let rules = if rules.is_empty() { " []".to_owned() } else { rules };
    world.declare("Policy", "p", &format!("\n  max_duration_seconds: 600\n  rules:{rules}"));
}

fn account(effect: &str, id: &str) -> String {
    format!("{{effect: {effect}, {SCOPE}, resource_entity_id: \"{id}\"}}")
}

/// The rules as the server evaluates them: id and text.
fn live(world: &World) -> Vec<(String, String)> {
    let mut rules = world.objects("rules");
    rules.sort_by_key(|rule| rule["ordinal"].as_i64());
    let text = |rule: &Value, field: &str| rule[field].as_str().unwrap().to_owned();
    rules.iter().map(|rule| (text(rule, "id"), text(rule, "policy_text"))).collect()
}

#[test]
fn spelling_and_the_order_inside_a_scope_are_never_a_difference() {
    let world = world(&[
        "policy_text: permit (principal, action in [Action::\"a\", Action::\"b\"], resource) when { context.x };",
    ]);
    declare(
        &world,
        &[
            "policy_text: \"permit(principal,action in [Action::\\\"b\\\",Action::\\\"a\\\"],resource)when{context.x};\"",
        ],
    );
    world.assert_converged();
    declare(
        &world,
        &[
            "{effect: permit, principal_scope_type: any, action_scope_type: in, action_ids: [b, a], resource_scope_type: any, conditions: context.x}",
        ],
    );
    world.assert_converged();
}

#[test]
fn rules_of_one_structure_converge_however_often_they_are_declared_or_live() {
    let spelled = |text: &str, notice: &str| format!("{{policy_text: '{text}', notice: {notice}}}");
    let sugar = |notice| spelled("permit (principal, action, resource) unless { context.a == 1 };", notice);
    let plain = |notice| spelled("permit(principal,action,resource)when{!(context.a == 1)};", notice);
    let other = account("permit", "1");
    let (one, two, three) = (
        vec![sugar("x")],
        vec![plain("x"), sugar("x")],
        vec![sugar("x"), other.clone(), plain("x"), sugar("x"), plain("y"), plain("null")],
    );
    let world = world(&[]);
    let mut rules = Vec::new();
    for declared in [&two, &one, &three, &two, &three, &one] {
        declare(&world, &declared.iter().map(String::as_str).collect::<Vec<_>>());
        world.converge();
        let kept = live(&world).into_iter().filter(|rule| rules.contains(rule)).count();
        assert!(kept >= rules.len().min(declared.len()), "what is declared already stays: {kept}");
        assert_eq!(world.objects("rules").len(), declared.len());
        rules = live(&world);
    }
}

#[test]
fn a_server_that_writes_a_set_in_its_own_words_is_no_difference() {
    let set =
        |items: &str| format!("permit (principal, action, resource) when {{ [{items}].contains(true) }};");
    let sugar = set("context.a != 1, !(context.a == 1), principal is User in Group::\"g\"");
    let world = world(&[&format!("policy_text: '{sugar}'")]);
    let id = live(&world)[0].0.clone();
    for items in [
        "!(context.a == 1), principal is User && principal in Group::\"g\"",
        "principal is User && principal in Group::\"g\", !(context.a == 1), !(context.a == 1)",
    ] {
        assert!(world.live.set_field("rules", &id, "policy_text", json!(set(items))));
        world.assert_converged();
    }
}

#[test]
fn an_untouched_rule_keeps_its_id_when_its_neighbours_change() {
    let (a, b, c) = (account("permit", "1"), account("permit", "2"), account("forbid", "3"));
    let world = world(&[&a, &b, &c]);
    let before = live(&world);
    declare(&world, &[&c, &account("permit", "9"), &b]);
    world.converge();
    let after = live(&world);
    let ids = |rules: &[(String, String)], part: &str| {
        rules.iter().find(|(_, text)| text.contains(part)).map(|(id, _)| id.clone())
    };
    assert_eq!(ids(&after, "\"2\""), ids(&before, "\"2\""));
    assert_eq!(ids(&after, "\"3\""), ids(&before, "\"3\""));
    let order: Vec<_> = after.iter().map(|(_, text)| text.contains("forbid")).collect();
    assert_eq!(order, [true, false, false], "in the declared order");
}

#[test]
fn a_new_order_is_one_reorder() {
    let (a, b, c) = (account("permit", "1"), account("permit", "2"), account("forbid", "3"));
    let world = world(&[&a, &b, &c]);
    declare(&world, &[&c, &b, &a]);
    let plan = world.plan();
    assert_eq!(plan["changes"][0]["requests"].as_array().unwrap().len(), 1, "{plan:#}");
    assert_eq!(world.apply().0, 0);
    let writes = world.writes();
    assert!(writes.len() == 1 && writes[0].ends_with("/rules/reorder"), "{writes:?}");
    world.assert_converged();
}

#[test]
fn a_changed_rule_is_patched_with_only_the_fields_that_differ() {
    let world = world(&[&account("permit", "1")]);
    let id = live(&world)[0].0.clone();
    declare(&world, &[&account("permit", "2")]);
    assert_eq!(world.apply().0, 0);
    assert_eq!(world.bodies(), [json!({"resource_entity_id": "2"})]);
    assert_eq!(live(&world)[0].0, id);
    world.assert_converged();
}

#[test]
fn a_scope_that_widens_to_any_clears_the_entity() {
    let world = world(&[&account("permit", "1")]);
    declare(
        &world,
        &["{effect: permit, principal_scope_type: any, action_scope_type: any, resource_scope_type: any}"],
    );
    world.converge();
    assert_eq!(world.objects("rules")[0]["resource_entity_id"], Value::Null);
}

#[test]
fn fields_become_text_and_text_becomes_fields() {
    let world = world(&[&account("permit", "1")]);
    declare(&world, &["policy_text: 'permit (principal, action, resource == AwsAccount::\"2\");'"]);
    world.converge();
    declare(&world, &[&account("permit", "3")]);
    world.converge();
}

#[test]
fn a_rule_that_only_text_can_express_converges() {
    let world = world(&["policy_text: 'permit (principal is User in Group::\"g\", action, resource);'"]);
    declare(&world, &["policy_text: 'permit (principal is User in Group::\"h\", action, resource);'"]);
    world.converge();
}

#[test]
fn notice_and_audit_are_compared_and_their_defaults_are_not_drift() {
    let world = world(&["{policy_text: 'permit (principal, action, resource);'}"]);
    declare(
        &world,
        &["{policy_text: 'permit (principal, action, resource);', audit_session: true, notice: null}"],
    );
    world.assert_converged();
    declare(
        &world,
        &["{policy_text: 'permit (principal, action, resource);', audit_session: false, notice: Careful}"],
    );
    assert_eq!(world.apply().0, 0);
    assert_eq!(world.bodies(), [json!({"audit_session": false, "notice": "Careful"})]);
    world.assert_converged();
}

#[test]
fn forbids_come_before_permits_and_go_after_them() {
    let world = world(&[]);
    declare(&world, &[&account("permit", "1"), &account("forbid", "2")]);
    assert_eq!(world.apply().0, 0);
    let effects: Vec<_> =
        world.bodies().iter().filter_map(|body| body["effect"].as_str().map(str::to_owned)).collect();
    assert_eq!(effects, ["forbid", "permit"]);
    world.assert_converged();
    let text = |id: &str| {
        live(&world).iter().find(|(of, _)| id.ends_with(of.as_str())).map(|(_, text)| text.contains("forbid"))
    };
    declare(&world, &[]);
    let plan = world.plan();
    let deletes: Vec<_> = plan["changes"][0]["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| text(request["path"].as_str().unwrap()))
        .collect();
    assert_eq!(deletes, [Some(false), Some(true)]);
    world.converge();
}

/// The writes to rules in words: what is done to which text.
fn steps(world: &World, before: &[(String, String)]) -> Vec<String> {
    let of = |write: String| {
        let (method, path) = write.split_once(' ').unwrap();
        let id = path.rsplit('/').next().unwrap().to_owned();
        let text = before.iter().find(|(of, _)| *of == id).map_or(id, |(_, text)| text.clone());
        format!("{method} {text}")
    };
    world.writes().into_iter().map(of).collect()
}

const FORBID_PROD: &str =
    "{policy_text: 'forbid (principal, action, resource == Account::\"prod\");', notice: no}";
const FORBID_TEST: &str =
    "{policy_text: 'forbid (principal, action, resource == Account::\"test\");', notice: no}";
const PERMIT_ALL: &str = "{policy_text: 'permit (principal, action, resource);'}";

#[test]
fn a_new_policy_comes_with_its_rules_in_one_request_unless_one_says_more_than_cedar() {
    let fields = "{effect: forbid, principal_scope_type: any, action_scope_type: any, resource_scope_type: is, \
                  resource_entity_type: Account}";
    let commented = "{policy_text: \"permit (principal, action, resource); // all\"}";
    let audited = "{policy_text: 'permit (principal, action, resource);', audit_session: false}";
    for (rules, writes) in [
        (vec![commented, fields, PERMIT_ALL], vec!["POST policies"]),
        (vec![FORBID_PROD], vec!["POST policies", "POST rules"]),
        (vec![audited, fields], vec!["POST policies", "POST rules", "POST rules", "PATCH reorder"]),
    ] {
        let world = World::new("jitsudo");
        declare(&world, &rules);
        world.live.clear_requests();
        assert_eq!(world.apply().0, 0);
        assert_eq!(steps(&world, &[]), writes, "{rules:?}");
        assert_eq!(live(&world).len(), rules.len());
        world.assert_converged();
    }
}

#[test]
fn what_was_forbidden_stays_so_until_no_old_permit_is_left() {
    let world = world(&[FORBID_PROD, PERMIT_ALL]);
    let before = live(&world);
    declare(&world, &[FORBID_TEST]);
    assert_eq!(world.apply().0, 0);
    let steps = steps(&world, &before);
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert_eq!(steps[0], "POST rules");
    assert!(steps[1].starts_with("DELETE permit") && steps[2].starts_with("DELETE forbid"), "{steps:?}");
    assert_eq!(world.objects("rules")[0]["notice"], "no");
    world.assert_converged();
}

#[test]
fn crash_safe_a_change_of_forbids_that_fails_half_way_leaves_them_all_in_force() {
    let world = world(&[FORBID_PROD, PERMIT_ALL]);
    declare(&world, &[FORBID_TEST]);
    world.live.inject(Fault { times: 1, ..fault("DELETE", 400) });
    let (code, document) = world.apply();
    assert_eq!((code, outcomes(&document)), (1, vec!["p failed".to_owned()]), "{document:#}");
    let texts: Vec<_> = live(&world).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts.iter().filter(|text| text.contains("forbid")).count(), 2, "{texts:?}");
    world.converge();
    assert_eq!(world.objects("rules").len(), 1);
}

#[test]
fn an_edited_forbid_keeps_its_place_and_only_its_notice_is_patched() {
    let (a, b) = (account("permit", "1"), account("forbid", "2"));
    let world = world(&[FORBID_PROD, &a, &b]);
    let before = live(&world);
    declare(&world, &[FORBID_TEST, &a, &b.replace('}', ", notice: mind}")]);
    assert_eq!(world.apply().0, 0);
    let steps = steps(&world, &before);
    assert_eq!(steps[0], "POST rules", "{steps:?}");
    assert!(steps[1].starts_with("PATCH forbid") && steps[2].starts_with("DELETE forbid"), "{steps:?}");
    assert_eq!((steps.len(), steps[3].as_str()), (4, "PATCH reorder"));
    assert_eq!(world.bodies()[1], json!({"notice": "mind"}));
    let after = live(&world);
    assert!(after[0].1.contains("test"), "{after:?}");
    assert_eq!(after[1..], before[1..], "the others are the same rules");
    world.assert_converged();
}

#[test]
fn shorter_grants_come_before_wider_rules_and_longer_ones_after_narrower_rules() {
    let world = world(&[&account("permit", "1")]);
    for (seconds, rule, first) in [(60, PERMIT_ALL.to_owned(), true), (6000, account("permit", "1"), false)] {
        world.declare("Policy", "p", &format!("\n  max_duration_seconds: {seconds}\n  rules:\n  - {rule}"));
        assert_eq!(world.apply().0, 0);
        let own = world.writes().iter().position(|write| !write.contains("/rules"));
        assert_eq!((world.writes().len(), own), (2, Some(usize::from(!first))), "{:?}", world.writes());
        world.assert_converged();
    }
}

#[test]
fn a_live_forbid_that_no_parser_takes_goes_last() {
    let world = world(&[&account("forbid", "2"), &account("permit", "1")]);
    let before = live(&world);
    let long = format!("forbid (principal, action, resource) when {{ {}true }};", "true && ".repeat(500));
    for (field, value) in [("policy_text", json!(long)), ("principal_scope_type", json!("new"))] {
        assert!(world.live.set_field("rules", &before[0].0, field, value));
    }
    declare(&world, &[]);
    assert_eq!(world.apply().0, 0);
    let steps = steps(&world, &before);
    assert!(steps[0].starts_with("DELETE permit") && steps[1].starts_with("DELETE forbid"), "{steps:?}");
}

#[test]
fn rules_that_git_leaves_out_are_not_touched() {
    let world = world(&[&account("permit", "1")]);
    let before = live(&world);
    world.declare("Policy", "p", "{max_duration_seconds: 900}");
    world.converge();
    assert_eq!(live(&world), before);
}

#[test]
fn null_clears_a_nullable_field() {
    let world = World::new("jitsudo");
    world.declare("Policy", "p", "{description: d, max_duration_seconds: 600, notification_channel: c}");
    world.converge();
    world.declare("Policy", "p", "{description: null, max_duration_seconds: 600}");
    assert_eq!(world.apply().0, 0);
    assert_eq!(world.bodies(), [json!({"description": null})]);
    assert_eq!(world.object("policies", "p")["notification_channel"], "c", "unmanaged-survives");
}

#[test]
fn a_tenant_that_is_not_the_credentials_is_a_configuration_error() {
    let world = world(&[]);
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &config.replace("2489E9AD", "3489E9AD"));
    let run = world.run(&["plan"]);
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(run.err.contains("correct `settings.tenant`"), "{}", run.err);
}

#[test]
fn every_policy_is_fetched_and_cursors_are_followed() {
    let world = World::new("jitsudo");
    for index in 0..130 {
        let id = format!("00000000-0000-4000-8000-{index:012}");
        world.live.insert("policies", json!({"id": id, "name": format!("p{index}"), "enabled": true, "priority": 0, "max_duration_seconds": 60, "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z"}));
    }
    world.declare("Policy", "p129", "{max_duration_seconds: 60, rules: []}");
    assert_eq!(world.plan()["changes"], json!([]));
    assert_eq!(world.live.requests().len(), 3, "two pages and one policy");
}

#[test]
fn a_live_rule_that_only_its_fields_make_look_alike_is_drift() {
    let fields = "{effect: permit, principal_scope_type: any, action_scope_type: eq, action_ids: [request_access], resource_scope_type: any}";
    let world = world(&[fields]);
    let id = live(&world)[0].0.clone();
    let other = "permit (principal, action == Prod::Action::\"request_access\", resource);";
    assert!(world.live.set_field("rules", &id, "policy_text", json!(other)));
    assert_eq!(world.plan()["summary"]["update"], 1, "who is permitted differs");
    world.converge();
}

/// This many KiB of Cedar in rules that differ.
fn much(kib: usize) -> Vec<String> {
    let rule = |n| format!("permit (principal, action, resource == A::\"{n}-{}\");", "x".repeat(60_000));
    (0..kib.div_ceil(59)).map(rule).collect()
}

#[test]
fn bounded_a_run_reads_so_much_cedar_and_says_where_it_was_too_much() {
    let world = World::new("jitsudo");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let rules: Vec<_> = much(1200);
    for (name, rules) in [("a", &rules[..10]), ("b", &rules[10..])] {
        let rules: String = rules.iter().map(|rule| format!("\n  - {{policy_text: '{rule}'}}")).collect();
        world.declare("Policy", name, &format!("\n  max_duration_seconds: 60\n  rules:{rules}"));
    }
    world.write("enact.yaml", &format!("limits: {{cedar_mib: 1}}\n{config}"));
    let found = world.run(&["validate", "--format", "json"]).json()["diagnostics"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "once a policy: {found:#}");
    assert_eq!(
        (&found[0]["code"], &found[0]["file"]),
        (&json!("jitsudo/too-much"), &json!("policies/Policy-b.yaml"))
    );
    assert!(found[0]["help"].as_str().unwrap().contains("limits: {cedar_mib: ..}"), "{found:#}");
    world.write("enact.yaml", &format!("limits: {{cedar_mib: 2}}\n{config}"));
    assert_eq!(world.run(&["validate"]).code, 0);
}

#[test]
fn bounded_live_rules_that_are_too_much_to_read_are_never_taken_for_other_rules() {
    let world = world(&[&account("permit", "1"), &account("permit", "2")]);
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &format!("limits: {{cedar_mib: 1}}\n{config}"));
    let policy = world.objects("policies")[0]["id"].clone();
    for (n, text) in much(1200).into_iter().enumerate() {
        let mut rule = world.objects("rules")[0].clone();
        rule["id"] = json!(format!("00000000-0000-4000-8000-{n:012}"));
        rule["policy_text"] = json!(text);
        assert_eq!(rule["policy_id"], policy);
        world.live.insert("rules", rule);
    }
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (3, Vec::new()), "{:#}", document["diagnostics"]);
    assert_eq!(document["diagnostics"][0]["code"], "jitsudo/too-much");
    assert!(document["diagnostics"][0]["subject"].as_str().unwrap().contains("Policy"), "{document:#}");
}

const SCHEMA: &str = "entity Team;\nentity User in [Team];\nentity AwsAccount;\naction \"ask\" appliesTo { principal: User, resource: AwsAccount, context: { mfa: Bool } };\n";

/// A world whose target names this file as the schema of its Cedar.
fn with_schema(file: &str) -> World {
    let world = World::new("jitsudo");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let named = config.replace("  settings:", &format!("  cedar_schema: {file}\n  settings:"));
    world.write("enact.yaml", &named);
    world
}

#[test]
fn rules_are_checked_against_the_schema_of_their_target_at_their_place() {
    let world = with_schema("schema/jit.cedarschema");
    world.write("schema/jit.cedarschema", SCHEMA);
    let declare = |text: &str| {
        world.declare(
            "Policy",
            "p",
            &format!("\n  max_duration_seconds: 60\n  rules:\n  - policy_text: |\n      {text}"),
        );
    };
    declare(
        r#"permit (principal in Team::"a", action == Action::"ask", resource is AwsAccount) when { context.mfa };"#,
    );
    let run = world.run(&["validate"]);
    assert_eq!(run.code, 0, "{}", run.err);
    declare("permit (principal is Usr, action == Action::\"ask\", resource)\n      when { context.mfa };");
    let run = world.run(&["validate"]);
    assert_eq!(run.code, 3);
    for part in ["jitsudo/schema", "policies/Policy-p.yaml:9:", "`Usr`", "did you mean `User`?"] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    let fields =
        "principal_scope_type: any, action_scope_type: eq, action_ids: [aks], resource_scope_type: any";
    let rule = format!("{{effect: permit, {fields}}}");
    world.declare("Policy", "p", &format!("{{max_duration_seconds: 60, rules: [{rule}]}}"));
    let found = world.run(&["validate", "--format", "json"]).json()["diagnostics"].clone();
    assert_eq!(found[0]["code"], "jitsudo/schema", "{found:#}");
}

#[test]
fn a_schema_that_cannot_be_used_is_named_where_it_is_wrong() {
    let world = with_schema("jit.cedarschema");
    let diagnostics = || {
        let found = world.run(&["validate", "--format", "json"]).json()["diagnostics"].clone();
        assert_eq!(found[0]["code"], "config/cedar-schema", "{found:#}");
        (found[0]["file"].as_str().unwrap().to_owned(), found[0]["line"].as_u64().unwrap())
    };
    assert_eq!(diagnostics(), ("enact.yaml".to_owned(), 9));
    world.write("jit.cedarschema", "entity User;\nentity Team {\n");
    assert_eq!(diagnostics().0, "jit.cedarschema");
    let mycloud = World::new("mycloud");
    let config = std::fs::read_to_string(mycloud.dir.path().join("enact.yaml")).unwrap();
    mycloud.write("enact.yaml", &config.replace("  settings:", "  cedar_schema: a.cedarschema\n  settings:"));
    let run = mycloud.run(&["validate"]);
    assert!(run.err.contains("the objects of a mycloud target hold no Cedar"), "{}", run.err);
}
