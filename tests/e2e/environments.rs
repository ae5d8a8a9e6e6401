//! Staging and production: variables and patches of a target.

use serde_json::{Value, json};

use crate::live::{Embedded, Live};
use crate::world::{World, codes, run};

/// A repository for two systems: the live one of the world is `staging`, the other `production`.
struct Two {
    world: World,
    production: Embedded,
}

impl std::ops::Deref for Two {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

const POLICY: &str = "apiVersion: mycloud/v1
kind: Policy
metadata:
  name: ${{ vars.team }} readers
spec:
  document:
    version: '2024-01-01'
    statements:
      - sid: read
        effect: allow
        actions: ['${{ vars.service }}:read']
        resources: ${{ vars.resources }}
";

const STAGING: &str = "variables: {team: Staging, service: wiki, resources: ['*']}";
const PRODUCTION: &str = "variables: {team: Production, service: wiki, resources: ['page:1', 'page:2']}";

impl Two {
    fn new(staging: &str, production: &str) -> Self {
        let two = Self { world: World::new("mycloud"), production: Embedded::new("mycloud") };
        two.git(&["init", "-q", "-b", "main"]);
        two.targets(
            &format!("include: [policies], {staging}"),
            &format!("include: [policies], {production}"),
        );
        two
    }

    fn targets(&self, staging: &str, production: &str) {
        let row = |name: &str, url: String, more: &str| {
            format!(
                "- {{name: {name}, system: mycloud, url: '{url}', auth: {{bearer: {{env: ENACT_TEST_KEY}}}}, {more}}}\n"
            )
        };
        let rows =
            row("staging", self.live.url(), staging) + &row("production", self.production.url(), production);
        self.write(
            "enact.yaml",
            &format!("apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n{rows}"),
        );
    }

    fn invalid(&self) -> String {
        let run = self.run(&["validate"]);
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        run.err
    }
}

/// The changes of a plan: target, action, name, cause.
fn changes(document: &Value) -> Vec<String> {
    let word = |change: &Value, field: &str| change[field].as_str().unwrap().to_owned();
    let changes = document["changes"].as_array().unwrap_or_else(|| panic!("{document:#}")).iter();
    changes
        .map(|change| ["target", "action", "name", "cause"].map(|field| word(change, field)).join(" "))
        .collect()
}

#[test]
fn one_manifest_is_two_objects_and_the_record_holds_what_was_applied() {
    let two = Two::new(STAGING, PRODUCTION);
    two.write("policies/readers.yaml", POLICY);
    two.commit();
    let plan = two.plan();
    assert_eq!(
        changes(&plan),
        ["staging create Staging readers unknown", "production create Production readers unknown"],
        "{plan:#}"
    );
    let place = &plan["changes"][0];
    assert_eq!((&place["file"], &place["line"]), (&json!("policies/readers.yaml"), &json!(4)), "{place:#}");
    two.converge();
    assert_eq!(two.live.objects("policies")[0]["name"], "Staging readers");
    let statement = &two.production.objects("policies")[0]["document"]["statements"][0];
    assert_eq!(statement["resources"], json!(["page:1", "page:2"]), "{statement:#}");
    let record = two.git(&["grep", "-h", "page:2", "refs/enact/record/production"]);
    assert!(record.contains("page:2"), "{record}");
    // Only the variables change: a change of git, for one target.
    two.targets(
        &format!("include: [policies], {STAGING}"),
        &format!("include: [policies], {}", PRODUCTION.replace("page:2", "page:3")),
    );
    two.commit();
    assert_eq!(changes(&two.plan()), ["production update Production readers declared"]);
    two.converge();
}

#[test]
fn a_patch_changes_one_object_of_one_target_and_says_where_it_is_wrong() {
    let patch = |spec: &str| format!("{STAGING}, patches: [{{kind: Policy, name: Staging readers, {spec}}}]");
    let two = Two::new(&patch("metadata: {protect: true}, spec: {description: of staging}"), PRODUCTION);
    two.write("policies/readers.yaml", POLICY);
    two.commit();
    two.converge();
    assert_eq!(two.live.objects("policies")[0]["description"], "of staging");
    assert_eq!(two.production.objects("policies")[0]["description"], Value::Null);
    two.targets(&format!("include: [policies], {}", patch("spec: {descripton: x}")), PRODUCTION);
    let wrong = two.invalid();
    assert!(wrong.contains("unknown field `descripton`") && wrong.contains("enact.yaml:5:"), "{wrong}");
    for (patch, expected) in [
        ("{kind: Policy, name: Staging reader, spec: {}}", "did you mean `Staging readers`?"),
        ("{kind: Polic, name: x, spec: {}}", "`Polic` is no kind of this target's system"),
        ("{kind: Policy, name: Staging readers}", "changes nothing"),
        ("{kind: Policy, name: Staging readers, metadata: {name: x}}", "cannot change the name"),
        ("{kind: Policy, name: Staging readers, apiVersion: x, spec: {}}", "unknown field `apiVersion`"),
        (
            "{kind: Policy, name: x, spec: {}}, {kind: Policy, name: x, spec: {}}",
            "two patches for the Policy `x`",
        ),
        ("{kind: Policy, name: Staging readers, spec: null}", "spec"),
    ] {
        two.targets(&format!("include: [policies], {STAGING}, patches: [{patch}]"), PRODUCTION);
        let wrong = two.invalid();
        assert!(wrong.contains(expected), "{expected}: {wrong}");
    }
    let run = two.run(&["validate", "--format", "json"]);
    assert_eq!(run.code, 3);
    two.targets(
        &format!("include: [policies], {STAGING}, patches: [{{kind: Policy, name: x, spec: {{}}}}]"),
        PRODUCTION,
    );
    assert!(codes(&two.run(&["validate", "--format", "json"]).json()).contains(&"config/patch"));
}

#[test]
fn a_wrong_variable_is_named_where_it_is_used_and_where_it_is_set() {
    let two = Two::new(STAGING, &PRODUCTION.replace("resources: ['page:1', 'page:2']", "resources: 7"));
    two.write("policies/readers.yaml", &POLICY.replace("vars.team }} readers", "vars.taem }} readers"));
    let wrong = two.invalid();
    assert!(wrong.contains("no variable `taem`") && wrong.contains("did you mean `team`?"), "{wrong}");
    assert!(wrong.contains("policies/readers.yaml:4:9"), "{wrong}");
    two.write("policies/readers.yaml", POLICY);
    let wrong = two.invalid();
    assert!(wrong.contains("expected a list, found the number `7`"), "{wrong}");
    assert!(
        wrong.contains("policies/readers.yaml:12:")
            && wrong.contains("`vars.resources` is set at enact.yaml:"),
        "{wrong}"
    );
    let document = two.run(&["validate", "--format", "json"]).json();
    assert_eq!(codes(&document), ["schema/type"], "{document:#}");
    two.write("policies/readers.yaml", &POLICY.replace("'${{ vars.service }}:read'", "'${{ service }}'"));
    let document = two.run(&["validate", "--format", "json"]).json();
    assert!(codes(&document).contains(&"manifest/variable"), "{document:#}");
    two.targets("variables: {a-b: 1, c: null}", PRODUCTION);
    let wrong = two.invalid();
    assert!(wrong.contains("`a-b` is not allowed") && wrong.contains("c"), "{wrong}");
}

#[test]
fn a_manifest_that_two_targets_take_without_saying_so_is_a_warning() {
    let two = Two::new(STAGING, PRODUCTION);
    two.write("policies/readers.yaml", POLICY);
    two.targets(STAGING, &format!("include: [policies], {PRODUCTION}"));
    let run = two.run(&["validate", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (0, vec!["manifest/taken-twice"]));
    let message = run.json()["diagnostics"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`staging`, `production`"), "{message}");
}

#[test]
fn the_plan_of_a_revision_takes_its_variables_and_patches_and_nothing_else_of_its_targets() {
    let two = Two::new(STAGING, PRODUCTION);
    two.write("policies/readers.yaml", POLICY);
    let base = two.commit();
    two.converge();
    two.git(&["switch", "-q", "-c", "topic"]);
    let (live, elsewhere) = (two.production.url(), "https://evil.example");
    let proposed = std::fs::read_to_string(two.dir.path().join("enact.yaml")).unwrap();
    let proposed = proposed.replace(&live, elsewhere).replace("page:2", "page:9");
    two.write("enact.yaml", &proposed);
    let head = two.commit();
    two.git(&["switch", "-q", "main"]);
    let plan = two.run(&["plan", "--rev", &head, "--base", &base, "--format", "json"]).json();
    assert_eq!(changes(&plan), ["production update Production readers declared"], "{plan:#}");
    let text = run(two.dir.path(), &["plan", "--rev", &head, "--base", &base]);
    assert!(text.out.contains("page:9") && text.out.contains("variables"), "{}{}", text.out, text.err);
    assert!(!text.out.contains("evil"), "{}", text.out);
}

#[test]
fn what_import_writes_is_never_a_reference_and_what_has_references_is_left_as_it_is() {
    let two = Two::new(STAGING, PRODUCTION);
    two.write("policies/readers.yaml", POLICY);
    two.commit();
    two.converge();
    let live = |name: &str, description: &str| {
        let statement = json!({"sid": "s", "effect": "allow", "actions": ["wiki:read"], "resources": ["*"]});
        json!({"id": "00000000-0000-4000-8000-000000000009", "name": name, "description": description,
               "document": {"version": "2024-01-01", "statements": [statement]}})
    };
    two.live.insert("policies", live("Odd", "costs ${{ vars.team }}"));
    two.drift("policies", "Staging readers", "description", json!("by hand"));
    let run = two.run(&["import", "staging"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let plan = two.run(&["plan", "--target", "staging", "--format", "json"]).json();
    assert_eq!(changes(&plan), Vec::<String>::new(), "{plan:#}");
    two.drift("policies", "Odd", "description", json!("now ${{ vars.other }}"));
    two.write(
        "policies/readers.yaml",
        &POLICY.replace("spec:\n", "spec:\n  description: ${{ vars.team }}\n"),
    );
    let run = two.run(&["import", "--update", "staging", "--format", "json"]);
    let document = run.json();
    assert_eq!(
        codes(&document).iter().filter(|code| **code == "import/not-accepted").count(),
        1,
        "{}",
        run.out
    );
    assert!(
        document["updated"][0]["diff"].as_str().unwrap().contains("+  description: now $${{ vars.other }}")
    );
    let plan = two.run(&["plan", "--target", "staging", "--format", "json"]).json();
    assert_eq!(changes(&plan), ["staging update Staging readers declared"], "{plan:#}");
}

#[test]
fn an_object_whose_name_has_another_variable_now_is_pruned_although_its_file_is_the_same() {
    let prune = |variables: &str| format!("prune: tracked, include: [policies], {variables}");
    let two = Two::new(STAGING, PRODUCTION);
    two.targets(&prune(STAGING), &prune(PRODUCTION));
    two.write("policies/readers.yaml", POLICY);
    two.commit();
    two.converge();
    two.targets(&prune(&STAGING.replace("team: Staging", "team: Test")), &prune(PRODUCTION));
    two.commit();
    let plan = two.plan();
    assert_eq!(
        changes(&plan),
        ["staging create Test readers declared", "staging delete Staging readers declared"]
    );
}
