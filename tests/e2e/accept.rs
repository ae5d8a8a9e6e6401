//! `import --update`: what is live becomes a small change of the manifests, and then there is nothing to apply.

use serde_json::json;

use crate::world::{World, codes};

/// A repository with one committed manifest that is applied.
fn converged(system: &'static str, file: &str, text: &str) -> World {
    let world = World::new(system);
    world.git(&["init", "-q", "-b", "main"]);
    world.write(".gitignore", ".enact\n");
    world.write(file, text);
    world.commit();
    world.converge();
    world
}

/// The lines that an update changed, as git shows them.
fn diff(world: &World) -> String {
    let diff = world.git(&["diff", "-U0"]);
    let is_change =
        |line: &&str| line.starts_with(['-', '+']) && !line.starts_with("---") && !line.starts_with("+++");
    diff.lines().filter(is_change).map(|line| format!("{line}\n")).collect()
}

/// Updates, and expects these lines to change, an empty plan, no write by apply, and nothing the second time.
fn assert_accepted(world: &World, lines: &str) {
    world.live.clear_requests();
    let run = world.run(&["import", "--update"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(world.writes(), Vec::<String>::new(), "an import only reads");
    assert_eq!(diff(world), lines);
    world.commit();
    world.assert_converged();
    let again = world.run(&["import", "--update", "live"]);
    assert_eq!((again.code, again.out.as_str()), (0, "The manifests say what is live.\n"), "{}", again.err);
    assert_eq!(diff(world), "");
}

#[test]
fn a_repair_in_the_console_of_polytomic_becomes_a_change_of_roles_by_name() {
    let text = "\
# roles first
apiVersion: polytomic/v1
kind: Role
metadata: {name: Reader}
spec: {}
---
apiVersion: polytomic/v1
kind: Role
metadata: {name: Editor}
spec: {}
---
apiVersion: polytomic/v1
kind: Policy
metadata: {name: p}
spec:
  policy_actions:
    # who may look
    - {action: read, roles: [Reader]} # all

    - action: edit # few
      roles:
        - Editor
";
    let world = converged("polytomic", "policies/p.yaml", text);
    let id = |name: &str| world.object("roles", name)["id"].clone();
    let actions = json!([
        {"action": "edit", "role_ids": [id("Editor"), id("Reader")]},
        {"action": "delete", "role_ids": [id("Editor")]},
    ]);
    world.drift("policies", "p", "policy_actions", actions);
    assert_accepted(
        &world,
        "-    # who may look
-    - {action: read, roles: [Reader]} # all
-
+        - Reader
+    - action: delete
+      roles:
+        - Editor
",
    );
}

#[test]
fn cedar_stays_a_block_and_other_lines_of_jitsudo_stay() {
    let text = "\
apiVersion: jitsudo/v1
kind: Policy
metadata: {name: p}
spec:
  description: \"an hour\"  # for people
  max_duration_seconds: 3600
  # the only rule
  rules:
    - policy_text: |
        permit (principal, action, resource)
        when { context.a == 1 };
      notice: say why
";
    let world = converged("jitsudo", "policies/p.yaml", text);
    world.drift("policies", "p", "max_duration_seconds", json!(60));
    world.drift("policies", "p", "description", json!("yes"));
    let id = world.live.id(&world.objects("rules")[0]);
    let rule = json!("permit(principal,action,resource) when { context.a == 2 };");
    assert!(world.live.set_field("rules", &id, "policy_text", rule));
    assert_accepted(
        &world,
        "-  description: \"an hour\"  # for people
-  max_duration_seconds: 3600
+  description: \"yes\"  # for people
+  max_duration_seconds: 60
-        when { context.a == 1 };
+        when { context.a == 2 };
",
    );
}

#[test]
fn lines_of_compiuta_end_as_they_did_and_an_empty_list_is_written_as_one() {
    let text = "apiVersion: compiuta/v1\r\nkind: Policy\r\nmetadata: {name: p}\r\nspec:\r\n  name: 'P' # shown\r\n  members:\r\n  - \"team:local:a\" # them\r\n  statements: [{effect: ALLOW, role: viewer, tenants: ['*']}]\r\n";
    let world = converged("compiuta", "policies/p.yaml", text);
    world.drift("policies", "p", "members", json!([]));
    world.drift("policies", "p", "name", json!("It's Q"));
    assert_accepted(
        &world,
        "-  name: 'P' # shown\n-  members:\n-  - \"team:local:a\" # them\n+  name: 'It''s Q' # shown\n+  members: []\n",
    );
    let text = std::fs::read_to_string(world.dir.path().join("policies/p.yaml")).unwrap();
    assert_eq!(text.matches("\r\n").count(), text.matches('\n').count());
}

#[test]
fn a_field_of_mycloud_that_is_not_declared_stays_unmanaged() {
    let text = "\
apiVersion: mycloud/v1
kind: Policy
metadata: {name: p}
spec:
  document:
    statements:
      - {sid: A, effect: allow, actions: [\"s3:Get\"], resources: [\"a/*\"]}
";
    let world = converged("mycloud", "policies/p.yaml", text);
    let statement = |sid: &str, effect: &str, actions: &[&str]| json!({"sid": sid, "effect": effect, "actions": actions, "resources": ["a/*"], "conditions": []});
    let statements = [statement("A", "deny", &["s3:Get", "s3:Put"]), statement("B", "allow", &["s3:*"])];
    let document = json!({"version": "2024-01-01", "statements": statements});
    world.drift("policies", "p", "document", document);
    world.drift("policies", "p", "description", json!("by hand"));
    assert_accepted(
        &world,
        "-      - {sid: A, effect: allow, actions: [\"s3:Get\"], resources: [\"a/*\"]}
+      - {sid: A, effect: deny, actions: [\"s3:Get\", \"s3:Put\"], resources: [\"a/*\"]}
+      - {sid: B, effect: allow, actions: [\"s3:*\"], resources: [\"a/*\"]}
",
    );
}

const TWO_ROLES: &str = "\
apiVersion: compiuta/v1
kind: Role
metadata: {name: a}
spec: {name: A, actions: ['x:y:z']}
---
apiVersion: compiuta/v1
kind: Role
metadata: {name: b}
spec: {name: B, actions: ['x:y:z']}
";

#[test]
fn one_object_can_be_named_and_the_others_stay() {
    let world = converged("compiuta", "policies/r.yaml", TWO_ROLES);
    world.drift("roles", "a", "name", json!("A2"));
    world.drift("roles", "b", "name", json!("B2"));
    let dry = world.run(&["import", "--update", "live", "Role/b", "--dry-run"]);
    assert!(dry.code == 0 && dry.out.contains("+spec: {name: B2"), "{}{}", dry.out, dry.err);
    assert_eq!(diff(&world), "");
    let run = world.run(&["import", "--update", "live", "Role/b", "--format", "json"]);
    let document = run.json();
    let fields = &document["updated"][0]["objects"][0]["fields"];
    assert_eq!(run.code, 0, "{document:#}");
    assert_eq!((&fields[0]["before"], &fields[0]["after"]), (&json!("B"), &json!("B2")), "{document:#}");
    assert_eq!(diff(&world), "-spec: {name: B, actions: ['x:y:z']}\n+spec: {name: B2, actions: ['x:y:z']}\n");
    let unknown = world.run(&["import", "--update", "live", "Role/c", "--format", "json"]);
    assert_eq!((unknown.code, codes(&unknown.json())), (64, vec!["import/unknown"]));
}

#[test]
fn what_is_gone_is_reported_and_its_manifest_stays() {
    let world = converged("compiuta", "policies/r.yaml", TWO_ROLES);
    let id = world.live.id(&world.object("roles", "a"));
    assert!(world.live.remove("roles", &id));
    let run = world.run(&["import", "--update", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (0, vec!["import/missing"]), "{}", run.out);
    assert_eq!(diff(&world), "");
}

#[test]
fn an_alias_is_named_with_its_place_and_the_file_stays() {
    let text = "\
apiVersion: compiuta/v1
kind: Role
metadata: {name: &name a}
spec:
  name: *name
  actions: ['x:y:z']
";
    let world = converged("compiuta", "policies/r.yaml", text);
    world.drift("roles", "a", "name", json!("B"));
    let run = world.run(&["import", "--update"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.err.contains("import/not-accepted") && run.err.contains("policies/r.yaml:5:9"),
        "{}",
        run.err
    );
    assert_eq!(diff(&world), "");
}

#[test]
fn what_is_not_committed_is_kept() {
    let world = converged("compiuta", "policies/r.yaml", TWO_ROLES);
    let edited = TWO_ROLES.replace("name: A,", "name: Mine,").replace("name: B,", "name: B, # why\n ");
    world.write("policies/r.yaml", &edited);
    let run = world.run(&["import", "--update", "--format", "json"]);
    let document = run.json();
    assert_eq!(run.code, 0, "{document:#}");
    let found = codes(&document);
    assert!(found.contains(&"import/uncommitted"), "{found:?}");
    assert_eq!(diff(&world).matches("# why").count(), 1, "what no update is about stays");
    let diagnostics = document["diagnostics"].as_array().unwrap();
    let kept = diagnostics.iter().find(|diagnostic| diagnostic["code"] == "import/uncommitted").unwrap();
    let id = kept["help"].as_str().unwrap().split('`').nth(1).unwrap().rsplit(' ').next().unwrap();
    assert_eq!(world.git(&["cat-file", "-p", id]).trim(), edited.trim());
}

#[test]
fn what_git_does_not_declare_gets_new_manifests_beside_the_updated_ones() {
    let world = converged("compiuta", "policies/r.yaml", TWO_ROLES);
    world.drift("roles", "a", "name", json!("A2"));
    let theirs = json!({"id": "theirs", "name": "T", "type": "CUSTOM", "actions": ["a:b:c"], "tenants": []});
    world.live.insert("roles", theirs);
    let run = world.run(&["import", "--update", "--only-unmanaged"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(world.dir.path().join("policies/live/role-theirs.yaml").exists(), "{}", run.out);
    assert_eq!(diff(&world).lines().count(), 2);
    world.commit();
    world.assert_converged();
}

#[test]
fn a_change_of_git_that_is_not_applied_yet_is_taken_back_and_named() {
    let world = converged("compiuta", "policies/r.yaml", TWO_ROLES);
    world.write("policies/r.yaml", &TWO_ROLES.replace("name: A,", "name: Mine,"));
    world.commit();
    let plan = world.plan();
    assert_eq!(plan["changes"][0]["cause"], "declared", "{plan:#}");
    let run = world.run(&["import", "--update", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (0, vec!["import/takes-back"]), "{}", run.out);
    world.commit();
    world.assert_converged();
}
