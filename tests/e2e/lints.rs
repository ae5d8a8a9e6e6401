//! What `enact validate` warns of: rules that do nothing, and rules that say more than was meant.

use serde_json::{Value, json};

use crate::world::{World, codes};

/// The warnings of a validation that succeeds.
#[track_caller]
fn warnings(world: &World) -> Vec<Value> {
    let run = world.run(&["validate", "--format", "json"]);
    let document = run.json();
    assert_eq!(run.code, 0, "{document:#}");
    document["diagnostics"].as_array().unwrap().clone()
}

fn said(warnings: &[Value]) -> Vec<(&str, i64)> {
    warnings.iter().map(|of| (of["code"].as_str().unwrap(), of["line"].as_i64().unwrap())).collect()
}

/// A mycloud policy with these statements, each on a line, from line 8 on.
fn cloud(statements: &[&str]) -> World {
    let world = World::new("mycloud");
    write(&world, statements);
    world
}

fn write(world: &World, statements: &[&str]) {
    let lines: String = statements.iter().map(|line| format!("      {line}\n")).collect();
    let text = format!(
        "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {{name: p}}\nspec:\n  document:\n    version: \"2024-01-01\"\n    statements:\n{lines}"
    );
    world.write("policies/p.yaml", &text);
}

const READ: &str = "- {sid: Read, effect: allow, actions: ['s3:Get*'], resources: ['b/*']}";

#[test]
fn a_rule_that_does_nothing_is_named_with_the_one_that_makes_it_so() {
    let world = cloud(&[
        READ,
        "- {sid: Again, effect: allow, actions: ['s3:GetObject'], resources: ['b/a', 'b/b']}",
        "- {sid: Audit, effect: deny, actions: ['*'], resources: ['b/audit/*']}",
        "- {sid: Look, effect: allow, actions: ['s3:List*'], resources: ['b/audit/x*']}",
        "- {sid: Twin, effect: allow, actions: ['s3:Get*'], resources: ['b/*']}",
    ]);
    let found = warnings(&world);
    assert_eq!(
        said(&found),
        [("access/covered", 9), ("access/never", 11), ("access/covered", 12)],
        "{found:#?}"
    );
    assert_eq!(found[0]["message"], "the rule in line 8 says all that this one does");
    assert_eq!(found[1]["message"], "this can never allow anything: the rule in line 10 denies all of it");
    // What holds only in one reading, or under other conditions, is no reason.
    write(
        &world,
        &[
            READ,
            "- {sid: Case, effect: allow, actions: ['s3:get*'], resources: ['b/*']}",
            "- {sid: Some, effect: deny, actions: ['s3:*'], resources: ['b/*'], conditions: [{operator: equals, key: k, values: [v]}]}",
        ],
    );
    assert_eq!(said(&warnings(&world)), []);
}

#[test]
fn an_allow_of_everything_is_named_and_can_be_silenced_with_a_reason() {
    let all = "- {sid: Root, effect: allow, actions: ['*'], resources: ['*']}";
    let world = cloud(&[all]);
    let found = warnings(&world);
    assert_eq!(said(&found), [("access/everything", 8)]);
    let help = found[0]["help"].as_str().unwrap();
    assert!(
        help.ends_with("`# enact: allow access/everything because REASON` on or above this line"),
        "{help}"
    );
    let comment = "# enact: allow access/everything because somebody has to";
    write(&world, &[comment, all]);
    assert_eq!(said(&warnings(&world)), []);
    write(&world, &[&format!("{all} {comment}")]);
    assert_eq!(said(&warnings(&world)), []);
    // Not without a reason, not for another code, not from further away.
    for lines in [
        &["# enact: allow access/everything because ", all][..],
        &["# enact: allow access/everything", all],
        &["# enact: allow access/never because x", all],
        &[comment, "# and more", all],
    ] {
        write(&world, lines);
        assert_eq!(codes(&json!({"diagnostics": warnings(&world)})), ["access/everything"], "{lines:?}");
    }
    // A plan is about changes.
    assert_eq!(world.plan()["diagnostics"], json!([]));
}

#[test]
fn what_other_policies_deny_and_what_is_forgotten_is_named() {
    let world = World::new("compiuta");
    world.declare(
        "Policy",
        "line",
        "{name: Line, members: ['team:local:a'], statements: [{actions: ['core:things:get'], tenants: [one]}]}",
    );
    assert_eq!(said(&warnings(&world)), [("access/every-resource", 5)]);
    world.declare(
        "Policy",
        "line",
        "{name: Line, members: ['team:local:a'], statements: [{actions: ['core:things:get'], resources: ['*'], tenants: [one]}]}",
    );
    assert_eq!(said(&warnings(&world)), []);
    world.declare(
        "Policy",
        "base",
        "{name: Base, members: ['team:*'], statements: [{effect: DENY, actions: ['core:*'], tenants: ['*']}]}",
    );
    let found = warnings(&world);
    assert_eq!(said(&found), [("access/denied", 5)]);
    let message =
        "this can never allow anything: Policy `base` denies all of it at policies/Policy-base.yaml:5";
    assert_eq!(found[0]["message"], message);
    world.declare("Policy", "base", "{name: Base, members: []}");
    assert_eq!(said(&warnings(&world)), [("access/never", 5)]);
    let roles = World::new("polytomic");
    roles.declare("Policy", "p", "{policy_actions: [{action: read, roles: []}]}");
    assert_eq!(said(&warnings(&roles)), [("access/never", 5)]);
}

/// Of two million pairs of an allow and a deny nothing was left for the last allows, although hardly any of them can be a pair.
#[test]
fn what_another_policy_denies_is_found_behind_thousands_of_pairs_that_begin_otherwise() {
    let world = World::new("compiuta");
    let policy = |(name, denied): (String, &str)| {
        let statement = |effect: &str, resource: &str| json!({"effect": effect, "actions": ["core:things:get"], "resources": [resource], "tenants": ["*"]});
        let own = format!("things:{name}:*");
        let statements = [statement("ALLOW", &own), statement("DENY", denied)];
        let spec = json!({"name": name, "members": ["team:local:a"], "statements": statements});
        json!({"apiVersion": "compiuta/v1", "kind": "Policy", "metadata": {"name": name}, "spec": spec})
    };
    let others = (0..1_500).map(|n| policy((format!("a{n:04}"), &format!("other:b{n:04}:*"))));
    let last = [policy(("z1".to_owned(), "things:z2:*")), policy(("z2".to_owned(), "other:z:*"))];
    let documents: Vec<_> = others.chain(last).map(|document| document.to_string()).collect();
    world.write("policies/all.yaml", &documents.join("\n---\n"));
    assert_eq!(said(&warnings(&world)), [("access/denied", 3003)]);
}

/// The examples are what people begin with.
#[test]
fn the_examples_have_nothing_odd() {
    let dir = tempfile::TempDir::new().unwrap();
    crate::commands::copy_examples(dir.path());
    let run = crate::world::run(dir.path(), &["validate", "--format", "json"]);
    assert_eq!((run.code, &run.json()["diagnostics"]), (0, &json!([])));
    let tests = crate::world::run(dir.path(), &["test", "--format", "json"]);
    let document = tests.json();
    assert_eq!((tests.code, &document["diagnostics"]), (0, &json!([])), "{document:#}");
    assert!(!document["tests"].as_array().unwrap().is_empty());
}

#[test]
fn a_cedar_rule_that_does_nothing_or_allows_everything_is_named() {
    let world = World::new("jitsudo");
    let rules = [
        r#"permit (principal in Team::"ops", action == Action::"ask", resource is Box);"#,
        r#"permit (principal in Team::"ops", action == Action::"ask", resource is Box) when {context.mfa};"#,
        r#"forbid (principal, action, resource in Folder::"audit");"#,
        r#"permit (principal == User::"ana", action, resource in Folder::"audit");"#,
        r#"permit (principal, action, resource) when {context.a} unless {context.a};"#,
        r"permit (principal, action, resource);",
        // An error is neither true nor false, so these two do not cover everything together.
        r"permit (principal, action, resource) when {context.b};",
    ];
    let lines: String = rules.iter().map(|rule| format!("    - {{policy_text: '{rule}'}}\n")).collect();
    let text = |rules: &str| {
        format!(
            "apiVersion: jitsudo/v1\nkind: Policy\nmetadata: {{name: p}}\nspec:\n  max_duration_seconds: 60\n  rules:\n{rules}"
        )
    };
    world.write("policies/p.yaml", &text(&lines));
    let found = warnings(&world);
    assert_eq!(
        said(&found),
        [
            ("access/covered", 7),
            ("access/covered", 8),
            ("access/never", 10),
            ("access/never", 11),
            ("access/everything", 12),
            ("access/covered", 13),
        ],
        "{found:#?}"
    );
    assert_eq!(found[3]["message"], "this can never apply: what it asks for contradicts itself");
    // A session that is audited is another one.
    let audited =
        |rule: &str, audited: bool| format!("    - {{policy_text: '{rule}', audit_session: {audited}}}\n");
    world.write("policies/p.yaml", &text(&(audited(rules[0], true) + &audited(rules[0], false))));
    assert_eq!(warnings(&world), Vec::<Value>::new());
}
