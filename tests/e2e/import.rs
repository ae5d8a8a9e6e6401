//! `import`: what it writes is valid and clean, and the next plan is empty.

use serde_json::json;

use crate::commands::copy_examples;
use crate::world::{World, codes, run};

#[test]
fn importing_every_target_of_the_sandbox_gives_an_empty_plan() {
    let dir = tempfile::TempDir::new().unwrap();
    copy_examples(dir.path());
    assert_eq!(run(dir.path(), &["apply", "--sandbox", "--yes"]).code, 0);
    std::fs::remove_dir_all(dir.path().join("policies")).unwrap();
    std::fs::create_dir(dir.path().join("policies")).unwrap();
    let import = run(dir.path(), &["import", "--sandbox"]);
    assert_eq!(import.code, 0, "{}{}", import.out, import.err);
    for (line, target) in import.out.lines().zip(["analytics", "access", "plant", "cloud"]) {
        let (start, end) = (format!("{target}: "), format!(" were written to policies/{target}."));
        assert!(line.starts_with(&start) && line.ends_with(&end), "{}", import.out);
    }
    assert_eq!(import.out.lines().count(), 4, "{}", import.out);
    // What is odd on the live side is imported as it is, with a warning: import leaves out the resources that are all.
    let validate = run(dir.path(), &["validate", "--format", "json"]).json();
    let codes: std::collections::BTreeSet<_> = codes(&validate).into_iter().collect();
    assert!(codes.iter().all(|code| *code == "access/every-resource"), "{validate:#}");
    let plan = run(dir.path(), &["plan", "--sandbox", "--format", "json"]).json();
    assert_eq!((&plan["changes"], &plan["diagnostics"]), (&json!([]), &json!([])), "{plan:#}");
    assert!(plan["summary"]["unchanged"].as_u64().unwrap() > 15, "{plan:#}");
}

#[test]
fn one_identity_an_api_of_two_targets_is_imported_once() {
    let world = World::new("polytomic");
    let role = json!({"id": "00000000-0000-4000-8000-000000000001", "name": "There before", "system": false});
    world.live.insert("roles", role);
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let (_, row) = config.split_once("- name: live\n").unwrap();
    let second = format!("- name: again\n{row}  include: [policies/again]\n");
    world.write("enact.yaml", &format!("{config}  include: [policies/live]\n{second}"));
    let import = world.run(&["import", "--format", "json"]);
    let document = import.json();
    assert_eq!((import.code, codes(&document)), (0, vec!["import/same-api"]), "{document:#}");
    assert_eq!(
        document["targets"],
        json!([{"target": "live", "folder": "policies/live", "manifests": 1, "written": 1}])
    );
    assert_eq!(world.plan()["changes"], json!([]));
}

#[test]
fn a_manifest_is_clean_and_readable() {
    let world = World::new("jitsudo");
    world.declare("Policy", "p", "{description: 'Says: \"yes\"', max_duration_seconds: 600, rules: [{policy_text: 'permit(principal,action,resource) when { context.a && context.b };', notice: 'no'}]}");
    world.converge();
    std::fs::remove_dir_all(world.dir.path().join("policies")).unwrap();
    std::fs::create_dir(world.dir.path().join("policies")).unwrap();
    assert_eq!(world.run(&["import", "live"]).code, 0);
    let text = std::fs::read_to_string(world.dir.path().join("policies/live/policy-p.yaml")).unwrap();
    assert_eq!(
        text,
        "apiVersion: jitsudo/v1
kind: Policy
metadata:
  name: p
spec:
  description: 'Says: \"yes\"'
  max_duration_seconds: 600
  rules:
    - policy_text: |-
        permit (principal, action, resource)
        when { context.a && context.b };
      notice: 'no'
"
    );
    world.assert_converged();
}

#[test]
fn what_git_declares_already_is_not_imported_again_and_no_file_is_overwritten() {
    let world = World::new("compiuta");
    world.declare("Role", "mine", "{name: Mine, actions: ['a:b:c']}");
    world.converge();
    world.live.insert(
        "roles",
        json!({"id": "theirs", "name": "Theirs", "type": "CUSTOM", "actions": ["a:b:c"], "tenants": []}),
    );
    world.write(
        "policies/live/role-theirs.yaml",
        "apiVersion: compiuta/v1\nkind: Role\nmetadata: {name: other, ensure: absent}\n",
    );
    let import = world.run(&["import", "live"]);
    assert_eq!(import.code, 1, "{}", import.err);
    assert!(import.err.contains("role-theirs.yaml"), "{}", import.err);
    assert!(!world.dir.path().join("policies/live/role-mine.yaml").exists());
    assert_eq!(world.run(&["import", "live", "--to", "policies/more"]).code, 0);
    world.assert_converged();
}

#[test]
fn what_validate_would_refuse_is_not_imported() {
    let world = World::new("jitsudo");
    for name in ["p", "q"] {
        world.declare("Policy", name, "{max_duration_seconds: 60, rules: []}");
    }
    world.converge();
    std::fs::remove_dir_all(world.dir.path().join("policies")).unwrap();
    let policy = world.object("policies", "p")["id"].clone();
    let id = "00000000-0000-4000-8000-000000000001";
    let rule = json!({"id": id, "policy_id": policy, "ordinal": 10, "policy_text": "no Cedar"});
    world.live.insert("rules", rule);
    let import = world.run(&["import", "live"]);
    assert_eq!(import.code, 6, "what is left out is not left out silently: {}", import.err);
    assert!(
        import.err.contains("import/undeclarable") && import.err.contains("not valid Cedar"),
        "{}",
        import.err
    );
    let validate = world.run(&["validate"]);
    assert_eq!(validate.code, 0, "{}", validate.err);
    world.assert_converged();
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let world = World::new("compiuta");
    world.live.insert(
        "roles",
        json!({"id": "theirs", "name": "Theirs", "type": "CUSTOM", "actions": ["a:b:c"], "tenants": []}),
    );
    world.declare("Role", "mine", "{name: Mine, actions: ['a:b:c']}");
    let import = world.run(&["import", "live", "--dry-run"]);
    assert!(import.code == 0 && import.out.contains("name: theirs"), "{}", import.out);
    assert!(!world.dir.path().join("policies/live").exists());
}

#[test]
fn names_that_need_quotes_or_repeat_in_file_names_survive() {
    let world = World::new("mycloud");
    let document = json!({"version": "2024-01-01", "statements": [{"effect": "allow", "actions": ["*"], "resources": ["0123", "no", "1e3", "a: b", "#x", "- y", "~", "true"], "conditions": []}]});
    for (index, name) in
        ["no", "a/b", "a b", "A-B", "0123", "*", "é", "- x", "{a}", "'q'", "a: b"].iter().enumerate()
    {
        let id = format!("00000000-0000-4000-8000-{index:012}");
        world.live.insert(
            "policies",
            json!({"id": id, "name": name, "description": "line one\nline two\n", "document": document}),
        );
    }
    let import = world.run(&["import", "live"]);
    assert_eq!(import.code, 0, "{}", import.err);
    world.assert_converged();
    assert_eq!(world.plan()["summary"]["unchanged"], 11);
}

#[test]
fn what_no_manifest_can_declare_is_named_and_the_import_is_incomplete() {
    let world = World::new("polytomic");
    let role = |id: u8, name: &str| json!({"id": format!("00000000-0000-4000-8000-{id:012}"), "name": name, "system": false});
    for (id, name) in [(1, "Café"), (2, "Cafe\u{301}"), (3, "Twin"), (4, "twin")] {
        assert!(world.live.insert("roles", role(id, name)));
    }
    let actions = json!([{"action": "read", "role_ids": [role(1, "")["id"], role(2, "")["id"]]}]);
    let policy = json!({"id": "00000000-0000-4000-8000-000000000009", "name": "no", "system": false, "policy_actions": actions});
    assert!(world.live.insert("policies", policy));
    let import = world.run(&["import", "live", "--format", "json"]);
    let document = import.json();
    assert_eq!(import.code, 6, "{document:#}");
    assert_eq!(
        codes(&document),
        ["import/undeclarable", "import/ambiguous", "import/ambiguous"],
        "{document:#}"
    );
    let read =
        |file: &str| std::fs::read_to_string(world.dir.path().join("policies/live").join(file)).unwrap();
    assert!(read("role-café.yaml").contains("name: Café"));
    let policy = read("policy-no.yaml");
    assert!(policy.contains("name: 'no'"), "{policy}");
    assert!(policy.contains("- Café") && policy.contains("00000000-0000-4000-8000-000000000002"), "{policy}");
    world.assert_converged();
}

#[test]
fn what_the_server_takes_no_resources_for_is_written_out() {
    let world = World::new("compiuta");
    let statements = "[{actions: ['core:things:get'], resources: ['*'], tenants: ['*']}]";
    world.declare(
        "Policy",
        "p",
        &format!("{{name: P, members: ['user:local:kim'], statements: {statements}}}"),
    );
    world.converge();
    std::fs::remove_file(world.dir.path().join("policies/Policy-p.yaml")).unwrap();
    let imported = world.run(&["import", "live"]);
    assert_eq!(imported.code, 0, "{}{}", imported.out, imported.err);
    let validated = world.run(&["validate"]);
    assert!(validated.code == 0 && validated.err.is_empty(), "{}{}", validated.out, validated.err);
    world.assert_converged();
}
