//! Git is the memory: revisions, bases, causes, reviewed plans, prune, renames, guards.

use std::process::Command;

use crate::world::{Run, World, codes, fault, file, manifest};
use enact::sandbox::Fault;
use serde_json::{Value, json};

const ROLE: &str = "{name: R, actions: ['core:things:get']}";

/// A world whose repository is a git repository.
pub(crate) struct Repo(pub(crate) World);

impl std::ops::Deref for Repo {
    type Target = World;
    fn deref(&self) -> &World {
        &self.0
    }
}

impl Repo {
    pub(crate) fn new(system: &'static str, more: &str) -> Self {
        let repo = Self(World::with(system, crate::world::default_settings(system), more));
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    pub(crate) fn remove(&self, kind: &str, name: &str) {
        std::fs::remove_file(self.dir.path().join(file(kind, name))).unwrap();
    }

    fn applied(&self) -> String {
        self.git(&["rev-parse", "refs/enact/applied/live"])
    }

    fn plan_with(&self, args: &[&str]) -> Value {
        self.run(&[&["plan", "--format", "json"], args].concat()).json()
    }

    pub(crate) fn apply_with(&self, args: &[&str]) -> Run {
        self.live.clear_requests();
        self.run(&[&["apply", "--yes", "--format", "json"], args].concat())
    }
}

pub(crate) fn causes(document: &Value) -> Vec<String> {
    let changes = document["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| {
            format!(
                "{} {} {}",
                change["action"].as_str().unwrap(),
                change["name"].as_str().unwrap(),
                change["cause"].as_str().unwrap()
            )
        })
        .collect()
}

/// What git gave up and is alive, and why it stays.
pub(crate) fn survivors(document: &Value) -> Vec<String> {
    let survivors = document["survivors"].as_array().unwrap().iter();
    survivors
        .map(|survivor| {
            format!("{} {}", survivor["name"].as_str().unwrap(), survivor["reason"].as_str().unwrap())
        })
        .collect()
}

const PRUNE: &str = "  prune: tracked\n";

#[test]
fn an_apply_that_converged_is_remembered_and_only_moves_forward() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "R", "{}");
    let first = repo.commit();
    repo.converge();
    assert_eq!(repo.applied(), first);
    repo.declare("Role", "S", "{}");
    let second = repo.commit();
    repo.converge();
    assert_eq!(repo.applied(), second);

    repo.git(&["checkout", "-q", &first]);
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json())), (4, vec!["git/backwards"]), "{}", run.out);
    assert_eq!((repo.writes(), repo.applied()), (Vec::new(), second));
    assert_eq!(repo.apply_with(&["--rollback"]).code, 0);
    assert_eq!(repo.applied(), first);
}

#[test]
fn a_failed_apply_is_not_remembered() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "R", "{}");
    let first = repo.commit();
    repo.converge();
    repo.declare("Role", "S", "{}");
    repo.commit();
    repo.live.inject(Fault { times: 1, ..fault("POST", 403) });
    assert_eq!(repo.apply_with(&[]).code, 1);
    assert_eq!(repo.applied(), first);
}

#[test]
fn every_change_carries_its_cause() {
    let repo = Repo::new("mycloud", "");
    let spec = |description: &str, resource: &str| {
        format!(
            "{{description: {description}, document: {{statements: [{{sid: A, effect: allow, actions: ['s3:Get'], resources: [{resource}]}}]}}}}"
        )
    };
    for name in ["both", "by-git", "by-hand", "conflict", "gone"] {
        repo.declare("Policy", name, &spec("one", "r"));
    }
    repo.commit();
    repo.converge();
    for name in ["both", "by-git", "conflict"] {
        repo.declare("Policy", name, &spec("two", "r"));
    }
    repo.declare("Policy", "new", &spec("one", "r"));
    repo.commit();
    let document = json!({"version": "2024-01-01", "statements": [{"sid": "A", "effect": "deny", "actions": ["s3:Get"], "resources": ["r"], "conditions": []}]});
    repo.drift("policies", "both", "document", document);
    repo.drift("policies", "by-hand", "description", json!("by hand"));
    repo.drift("policies", "conflict", "description", json!("by hand"));
    let gone = repo.object("policies", "gone")["id"].as_str().unwrap().to_owned();
    assert!(repo.live.remove("policies", &gone));

    let plan = repo.plan();
    assert_eq!(
        causes(&plan),
        [
            "update both both",
            "update by-git declared",
            "update by-hand drift",
            "update conflict both",
            "create gone drift",
            "create new declared",
        ]
    );
    let fields: Vec<_> =
        plan["changes"][0]["fields"].as_array().unwrap().iter().map(|field| &field["cause"]).collect();
    assert_eq!(fields, ["declared", "drift"], "each field has its own");
    assert_eq!(plan["changes"][3]["fields"][0]["cause"], "both", "a conflict is shown as one");
    let text = repo.run(&["plan"]).out;
    let (git, drift) = (text.find("git changes:").unwrap(), text.find("drifted, and put back:").unwrap());
    assert!(git < drift && text[drift..].contains("by-hand") && !text[drift..].contains("by-git"), "{text}");
    repo.converge();
}

#[test]
fn without_a_base_every_cause_is_unknown() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "R", "{}");
    repo.commit();
    assert_eq!(causes(&repo.plan()), ["create R unknown"]);
}

#[test]
fn a_field_that_git_no_longer_declares_goes_back_to_its_default() {
    let repo = Repo::new("jitsudo", "");
    repo.declare("Policy", "p", "{description: d, enabled: false, max_duration_seconds: 60}");
    repo.commit();
    repo.converge();
    repo.drift("policies", "p", "notification_channel", json!("by hand"));
    repo.declare("Policy", "p", "{max_duration_seconds: 60}");
    repo.commit();
    let plan = repo.plan();
    let fields: Vec<_> = plan["changes"][0]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["path"].as_str().unwrap(), field["after"].clone()))
        .collect();
    assert_eq!(fields, [("/description", Value::Null), ("/enabled", json!(true))]);
    repo.converge();
    assert_eq!(repo.object("policies", "p")["notification_channel"], "by hand", "nobody declared it");
}

#[test]
fn a_field_without_a_default_stays_and_the_plan_says_so() {
    let repo = Repo::new("jitsudo", "");
    repo.declare("Policy", "p", "{max_duration_seconds: 60}");
    repo.commit();
    repo.converge();
    repo.declare("Policy", "p", "{}");
    repo.commit();
    let plan = repo.plan();
    assert_eq!((plan["changes"].clone(), codes(&plan)), (json!([]), vec!["plan/no-default"]));
}

#[test]
fn delete_needs_evidence_prune_takes_what_git_declared_and_nothing_else() {
    let repo = Repo::new("compiuta", PRUNE);
    for name in ["changed", "gone", "kept", "shielded"] {
        repo.declare("Role", name, ROLE);
    }
    repo.write(
        &file("Role", "shielded"),
        &manifest("compiuta", "Role", "shielded", "  protect: true\n", ROLE),
    );
    repo.commit();
    repo.converge();
    repo.live.insert(
        "roles",
        json!({"id": "foreign", "name": "F", "type": "CUSTOM", "actions": ["a:b:c"], "tenants": []}),
    );
    for name in ["changed", "gone", "shielded"] {
        repo.remove("Role", name);
    }
    repo.commit();
    repo.drift("roles", "changed", "name", json!("by hand"));
    let plan = repo.plan();
    assert_eq!(causes(&plan), ["delete gone declared"]);
    assert_eq!(survivors(&plan), ["changed changed", "shielded protected"]);
    repo.converge();
    let mut left: Vec<_> = repo
        .objects("roles")
        .iter()
        .filter(|role| role["type"] == "CUSTOM")
        .map(|role| role["id"].as_str().unwrap().to_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["changed", "foreign", "kept", "shielded"]);
}

#[test]
fn delete_needs_evidence_no_prune_by_default_without_history_or_after_a_rewrite() {
    for (more, rewrite) in [("", false), (PRUNE, true)] {
        let repo = Repo::new("compiuta", more);
        repo.declare("Role", "gone", ROLE);
        repo.declare("Role", "kept", ROLE);
        repo.commit();
        repo.converge();
        repo.remove("Role", "gone");
        if rewrite {
            repo.git(&["checkout", "-q", "--orphan", "rewritten"]);
        }
        repo.commit();
        let plan = repo.plan();
        assert_eq!(plan["changes"], json!([]), "{plan:#}");
        assert_eq!(codes(&plan).contains(&"git/backwards"), rewrite);
        assert!(!codes(&plan).contains(&"git/no-record"), "there is one: {plan:#}");
    }
}

#[test]
fn a_rename_is_an_update_in_place() {
    for (system, spec) in [
        ("polytomic", "{policy_actions: [{action: read, roles: [Admin]}]}"),
        ("jitsudo", "{max_duration_seconds: 60}"),
        ("mycloud", "{document: {statements: [{effect: allow, actions: ['*'], resources: [r]}]}}"),
    ] {
        let repo = Repo::new(system, PRUNE);
        repo.declare("Policy", "old", spec);
        repo.commit();
        repo.converge();
        let id = repo.object("policies", "old")["id"].clone();
        repo.remove("Policy", "old");
        repo.write(&file("Policy", "new"), &manifest(system, "Policy", "new", "  previously: [old]\n", spec));
        repo.commit();
        let plan = repo.plan();
        assert_eq!(causes(&plan), ["update new declared"], "{system}");
        assert_eq!(
            plan["changes"][0]["fields"][0],
            json!({"path": "/name", "before": "old", "after": "new", "cause": "declared"})
        );
        repo.converge();
        assert_eq!(repo.object("policies", "new")["id"], id, "{system}");
    }
}

#[test]
fn a_renamed_role_keeps_its_policies() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "Ops", "{}");
    repo.declare("Policy", "p", "{policy_actions: [{action: read, roles: [Ops]}]}");
    repo.commit();
    repo.converge();
    repo.remove("Role", "Ops");
    repo.write(
        &file("Role", "Operators"),
        &manifest("polytomic", "Role", "Operators", "  previously: [Ops]\n", "{}"),
    );
    repo.declare("Policy", "p", "{policy_actions: [{action: read, roles: [Operators]}]}");
    repo.commit();
    assert_eq!(causes(&repo.plan()), ["update Operators declared"], "the policy holds the same id");
    repo.converge();
}

#[test]
fn an_id_cannot_be_renamed() {
    let repo = Repo::new("compiuta", "");
    repo.declare("Role", "old", ROLE);
    repo.commit();
    repo.converge();
    repo.remove("Role", "old");
    repo.write(&file("Role", "new"), &manifest("compiuta", "Role", "new", "  previously: [old]\n", ROLE));
    repo.commit();
    assert_eq!(codes(&repo.plan()), ["plan/no-rename"]);
}

#[test]
fn a_revision_is_read_from_git_and_never_from_the_working_tree() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "committed", "{}");
    let commit = repo.commit();
    repo.declare("Role", "not-committed", "{}");
    repo.remove("Role", "committed");
    let plan = repo.plan_with(&["--rev", "main"]);
    assert_eq!(
        (causes(&plan), &plan["commit"]),
        (vec!["create committed unknown".to_owned()], &json!(commit))
    );
    let unknown = repo.run(&["plan", "--rev", "nonsense"]);
    assert!(unknown.code == 3 && unknown.err.contains("nonsense"), "{}", unknown.err);
}

/// The repository of a pull request that leaves `A`, drops `B`, moves `C` to another folder, and edits enact.yaml.
fn pull_request(edit: impl Fn(&str) -> String) -> Repo {
    let repo = Repo::new("polytomic", "");
    for name in ["A", "B", "C"] {
        repo.declare("Role", name, "{}");
    }
    repo.commit();
    repo.converge();
    repo.git(&["checkout", "-q", "-b", "pr"]);
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &edit(&config));
    repo.remove("Role", "B");
    repo.git(&["mv", &file("Role", "C"), "C.yaml"]);
    repo.write("more/D.yaml", &manifest("polytomic", "Role", "D", "", "{}"));
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.live.clear_requests();
    repo
}

/// What a document says about each change of the configuration: which, and whether it is previewed.
fn configuration(document: &Value) -> Vec<String> {
    let shown = |change: &Value| {
        let name =
            [&change["target"], &change["setting"]].map(|name| name.as_str().unwrap_or("-").to_owned());
        format!("{} {}", name.join(" "), change["previewed"])
    };
    document["configuration"].as_array().unwrap().iter().map(shown).collect()
}

#[test]
fn a_pull_request_that_edits_enact_yaml_shows_what_merging_it_would_change() {
    let repo = pull_request(|config| {
        config.replace("[policies]", "[policies, more, C.yaml]")
            + "  prune: tracked\n  limits: {max_deletes: 0}\n"
    });
    let plan = repo.plan_with(&["--rev", "pr"]);
    assert_eq!(causes(&plan), ["create D declared", "delete B declared"], "{plan:#}");
    assert_eq!(configuration(&plan), ["- manifests true", "live limits.max_deletes true", "live prune true"]);
    assert_eq!(codes(&plan), ["guard/max-deletes"], "also a guard of the revision speaks up");
    for format in ["text", "markdown"] {
        let shown = repo.run(&["plan", "--rev", "pr", "--format", format]).out;
        let first = shown.find("This revision changes the configuration").unwrap();
        assert!(first < shown.find("Role").unwrap(), "{shown}");
        assert!(shown.contains("prune of target \"live\" is \"tracked\", was \"never\""), "{shown}");
    }
    // Without the edit, the same manifests remove nothing.
    assert_eq!(causes(&repo.plan()), Vec::<String>::new());
}

#[test]
fn a_guard_of_the_trusted_enact_yaml_holds_whatever_a_pull_request_says() {
    let repo = pull_request(|config| config.to_owned() + "  prune: tracked\n  limits: {max_deletes: 99}\n");
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &(config + "  limits: {max_deletes: 0}\n"));
    let plan = repo.plan_with(&["--rev", "pr"]);
    assert!(codes(&plan).contains(&"guard/max-deletes"), "{plan:#}");
}

#[test]
fn no_secret_out_where_a_pull_request_sends_the_credential_elsewhere() {
    let evil = crate::world::World::new("polytomic");
    let repo = pull_request(|config| {
        let url = config.lines().find(|line| line.trim().starts_with("url:")).unwrap();
        config.replace(url, &format!("  url: {}", evil.live.url())).replace("2025-09-18", "2024-02-08")
            + "- {name: other, system: polytomic, url: 'https://example.com', auth: {bearer: {env: ENACT_TEST_KEY}}}\n"
    });
    let run = repo.run(&["plan", "--rev", "pr", "--format", "json"]);
    let plan = run.json();
    let changes = configuration(&plan);
    for change in ["live url false", "other - false"] {
        assert!(changes.iter().any(|found| found == change), "{change}: {changes:?} {}", run.err);
    }
    assert!(evil.live.requests().is_empty() && !repo.live.requests().is_empty());
    assert!(!run.out.contains(&evil.live.url()), "a value that is not previewed is not shown: {}", run.out);
    let text = repo.run(&["plan", "--rev", "pr"]).out;
    assert!(text.contains("target \"other\" is new: what it would write is NOT shown here"), "{text}");
}

#[test]
fn a_pull_request_that_is_behind_changes_nothing_that_only_main_has_changed() {
    let repo = pull_request(str::to_owned);
    let base = repo.git(&["rev-parse", "HEAD"]);
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &(config + "  prune: tracked\n"));
    repo.commit();
    let plan = repo.plan_with(&["--rev", "pr", "--base", &base]);
    assert_eq!(configuration(&plan), Vec::<String>::new());
    assert!(causes(&plan).contains(&"delete B declared".to_owned()), "{plan:#}");
}

#[test]
fn a_hostile_enact_yaml_in_a_pull_request_is_a_diagnostic_there() {
    let large = "# ".to_owned() + &"x".repeat(1 << 20);
    for hostile in
        ["", "a: b", "[", "targets: *hunter2", "a: !hunter2 x", "a: 1\n---\nb: 2\n", "auth:hunter2", &large]
    {
        let repo = pull_request(|_| hostile.to_owned());
        for format in ["json", "markdown"] {
            let run = repo.run(&["plan", "--rev", "pr", "--format", format]);
            assert_eq!(run.code, 3, "{hostile:.20}: {}", run.out);
            assert!(!(run.out.clone() + &run.err).contains("hunter2"), "{}{}", run.out, run.err);
            if format == "json" {
                let found = &run.json()["diagnostics"][0];
                assert_eq!(found["file"], "enact.yaml", "{found}");
                assert!(found["subject"].as_str().unwrap().starts_with("commit "), "{found}");
            }
        }
        assert!(repo.live.requests().is_empty(), "validated-first");
    }
    let repo = pull_request(str::to_owned);
    repo.git(&["checkout", "-q", "pr"]);
    repo.git(&["rm", "-q", "--cached", "enact.yaml"]);
    repo.git(&["commit", "-q", "-m", "gone"]);
    repo.git(&["checkout", "-q", "-f", "main"]);
    let run = repo.run(&["plan", "--rev", "pr", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (3, vec!["config/unreadable"]), "{}", run.out);
}

#[test]
fn a_definition_of_a_pull_request_is_named_and_never_used() {
    let repo = Repo::new("polytomic", "");
    let definition = std::fs::read_to_string("systems/github.yaml").unwrap();
    repo.write("github.yaml", &definition);
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &config.replace("targets:", "systems: [github.yaml]\ntargets:"));
    repo.declare("Role", "A", "{}");
    repo.commit();
    repo.git(&["checkout", "-q", "-b", "pr"]);
    repo.write("github.yaml", &format!("{definition}# another one\n"));
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    let plan = repo.plan_with(&["--rev", "pr"]);
    assert_eq!(configuration(&plan), ["- definition github.yaml false"], "{plan:#}");
    assert_eq!(causes(&plan), ["create A unknown"]);
}

#[test]
fn patterns_of_enact_yaml_mean_what_people_write() {
    let repo = Repo::new("polytomic", "  include: ['policies', '!policies/Role-B.yaml', 'polices/**']\n");
    repo.declare("Role", "A", "{}");
    repo.declare("Role", "B", "{}");
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &config.replace("[policies]", "[policies/**]"));
    repo.commit();
    let plan = repo.plan();
    assert_eq!(causes(&plan), ["create A unknown"], "{plan:#}");
    assert_eq!(codes(&plan), ["config/include-unused", "config/unclaimed"]);
    assert_eq!(
        (&plan["diagnostics"][0]["file"], &plan["diagnostics"][0]["line"]),
        (&json!("enact.yaml"), &json!(10))
    );

    repo.write("enact.yaml", &config.replace("[policies]", "['policies/*.yaml']"));
    let run = repo.run(&["validate"]);
    assert!(
        run.code == 3 && run.err.contains("enact.yaml:3:13") && run.err.contains("name the folder"),
        "{}",
        run.err
    );
}

#[test]
fn apply_of_a_revision_takes_no_enact_yaml_but_that_of_the_same_commit() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.commit();
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &config.replace("manifests:", "# A colleague is at work here.\nmanifests:"));
    for rev in ["HEAD", "main"] {
        let run = repo.apply_with(&["--rev", rev]);
        assert_eq!((run.code, codes(&run.json())), (4, vec!["git/uncommitted"]), "{}", run.out);
        assert!(run.out.contains("not as in that commit: `enact.yaml`"), "{}", run.out);
        assert_eq!(repo.writes(), Vec::<String>::new());
    }
    assert_eq!(repo.run(&["plan", "--rev", "HEAD"]).code, 0, "to look is harmless");
    // One outside of the repository is of no commit at all.
    let outside = tempfile::TempDir::new().unwrap();
    let file = outside.path().join("enact.yaml");
    std::fs::write(&file, &config).unwrap();
    let run = repo.apply_with(&["--rev", "HEAD", "--config", file.to_str().unwrap()]);
    assert_eq!((run.code, codes(&run.json())), (4, vec!["git/uncommitted"]), "{}", run.out);
    assert_eq!(repo.writes(), Vec::<String>::new());
    // A manifest of the working tree is not what a revision applies.
    repo.write("enact.yaml", &config);
    repo.declare("Role", "B", "{}");
    assert_eq!(repo.apply_with(&["--rev", "HEAD"]).code, 0);
    assert_eq!(repo.writes().len(), 1);
}

#[test]
fn a_repository_that_cannot_be_read_stops_only_what_needs_it() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.commit();
    let config = repo.dir.path().join(".git/config");
    let text = std::fs::read_to_string(&config).unwrap().replace("version = 0", "version = 1");
    std::fs::write(&config, text + "[extensions]\n\trefstorage = reftable\n").unwrap();
    assert_eq!(repo.run(&["validate"]).code, 0);
    let plan = repo.run(&["plan", "--format", "json"]);
    assert_eq!((plan.code, codes(&plan.json())), (0, vec!["git/repository"]), "{}", plan.out);
    assert_eq!(causes(&plan.json()), ["create A unknown"]);
    for more in [["--rev", "HEAD"], ["--base", "HEAD"]] {
        let run = repo.run(&["plan", more[0], more[1]]);
        assert!(run.code == 6 && run.err.contains("error[git/repository]"), "{}", run.err);
    }
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json()), repo.writes().len()), (6, vec!["git/repository"], 0));
    assert_eq!(repo.apply_with(&["--allow-dirty"]).code, 0);
    assert_eq!(repo.writes().len(), 1);
}

#[test]
fn bounded_is_what_manifests_hold_and_enact_yaml_can_raise_it() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.commit();
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    for (values, code) in [(5, 3), (50, 0)] {
        repo.write("enact.yaml", &format!("{config}limits: {{values: {values}}}\n"));
        let run = repo.run(&["validate", "--format", "json"]);
        assert_eq!(run.code, code, "{}", run.out);
        assert_eq!(codes(&run.json()), if code == 3 { vec!["limit/values"] } else { vec![] });
    }
}

#[test]
fn a_pull_request_plan_shows_its_own_changes_apart_and_can_be_limited_to_them() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.declare("Policy", "mine", "{policy_actions: [{action: read, roles: [A]}]}");
    repo.declare("Policy", "theirs", "{policy_actions: [{action: read, roles: [A]}]}");
    let base = repo.commit();
    repo.converge();
    repo.git(&["checkout", "-q", "-b", "pr"]);
    repo.declare("Policy", "mine", "{policy_actions: [{action: edit, roles: [A]}]}");
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    // main goes on and is applied; a pull request behind it needs no warning.
    repo.commit();
    repo.converge();
    repo.drift("policies", "theirs", "policy_actions", json!([]));
    let plan = repo.plan_with(&["--rev", "pr", "--base", &base]);
    // Who has both policies may read at every moment.
    assert_eq!(causes(&plan), ["update theirs drift", "update mine declared"]);
    assert_eq!(plan["diagnostics"], json!([]));
    assert_eq!(plan["base_commit"], json!(base));

    repo.live.clear_requests();
    let plan = repo.plan_with(&["--rev", "pr", "--base", &base, "--only-declared"]);
    assert_eq!(causes(&plan), ["update mine declared"]);
    let reads: Vec<_> = repo.live.requests().iter().map(|seen| seen.path.clone()).collect();
    assert_eq!(reads.len(), 3, "two lists and one policy: {reads:?}");
}

/// Nothing is missed: a plan that reads by name is the plan that reads the lists.
#[test]
fn a_pull_request_plan_asks_for_few_objects_by_name_unless_one_that_git_knew_is_not_found() {
    let repo = Repo::new("mycloud", "");
    let spec = |action: &str| {
        format!("{{document: {{statements: [{{effect: allow, actions: ['{action}'], resources: [r]}}]}}}}")
    };
    for index in 0..201 {
        repo.declare("Policy", &format!("p{index:03}"), &spec("s3:GetObject"));
    }
    let base = repo.commit();
    repo.converge();
    let plan = || {
        repo.live.clear_requests();
        let plan = repo.plan_with(&["--base", &base, "--only-declared"]);
        let reads: Vec<_> = repo.live.requests().iter().map(|seen| seen.path.clone()).collect();
        (causes(&plan), codes(&plan).iter().map(|code| (*code).to_owned()).collect::<Vec<_>>(), reads)
    };
    repo.declare("Policy", "p007", &spec("s3:PutObject"));
    repo.declare("Policy", "new", &spec("s3:PutObject"));
    repo.commit();
    let both = vec!["create new declared".to_owned(), "update p007 declared".to_owned()];
    let (changes, found, reads) = plan();
    assert_eq!((&changes, found.len(), reads.len()), (&both, 0, 2), "{reads:?}");
    assert!(reads.iter().all(|path| path.contains("name=")), "{reads:?}");

    // A third one is one more than the three pages of the list are worth.
    repo.declare("Policy", "p008", &spec("s3:PutObject"));
    repo.commit();
    let (changes, _, reads) = plan();
    assert_eq!((changes.len(), reads.len()), (3, 3));
    assert!(!reads.iter().any(|path| path.contains("name=")), "{reads:?}");

    // The list says what became of one that is not there under its name.
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.drift("policies", "p007", "name", json!("by hand"));
    let (changes, found, reads) = plan();
    assert_eq!((&changes, &found), (&both, &vec![]), "{reads:?}");
    assert_eq!(reads.len(), 5, "two names, and then the list: {reads:?}");
}

#[test]
fn apply_wants_a_commit() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "R", "{}");
    repo.commit();
    repo.converge();
    let before = repo.applied();
    repo.declare("Role", "S", "{}");
    let plan = repo.plan();
    assert_eq!(
        (causes(&plan), codes(&plan), &plan["commit"]),
        (vec!["create S declared".to_owned()], vec!["git/uncommitted"], &Value::Null)
    );
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, repo.writes()), (4, Vec::new()), "{}", run.out);
    assert_eq!(repo.apply_with(&["--allow-dirty"]).code, 0);
    assert_eq!(repo.applied(), before, "what is no commit is not recorded");
}

#[test]
fn a_reviewed_plan_is_applied_only_as_reviewed() {
    let repo = Repo::new("mycloud", "");
    let spec = |description: &str| {
        format!(
            "{{description: {description}, document: {{statements: [{{effect: allow, actions: ['*'], resources: [r]}}]}}}}"
        )
    };
    repo.write(".gitignore", "plan.json\n");
    repo.declare("Policy", "p", &spec("one"));
    repo.commit();
    repo.converge();
    repo.declare("Policy", "p", &spec("two"));
    repo.commit();
    assert_eq!(repo.run(&["plan", "--out", "plan.json"]).code, 0);
    let reviewed = std::fs::read_to_string(repo.dir.path().join("plan.json")).unwrap();

    // Somebody writes after the review.
    repo.drift("policies", "p", "description", json!("by hand"));
    let run = repo.apply_with(&["plan.json"]);
    assert_eq!((run.code, repo.writes()), (5, Vec::new()));
    let document = run.json();
    assert!(
        document["diagnostics"][0]["message"].as_str().unwrap().contains("`/description`"),
        "{document:#}"
    );
    repo.drift("policies", "p", "description", json!("one"));

    // Git moves after the review.
    repo.declare("Policy", "q", &spec("new"));
    repo.commit();
    let run = repo.apply_with(&["plan.json"]);
    assert_eq!((run.code, repo.writes()), (5, Vec::new()));
    assert!(run.out.contains("the commit is not") && run.out.contains("was not reviewed"), "{}", run.out);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);

    // An edited file can only make apply refuse.
    for (from, to) in
        [("\"two\"", "\"evil\""), ("PATCH", "DELETE"), ("\"changes\"", "\"chances\""), ("{", "[")]
    {
        repo.write("plan.json", &reviewed.replace(from, to));
        let run = repo.apply_with(&["plan.json"]);
        assert!([3, 5].contains(&run.code) && repo.writes().is_empty(), "{from}: {} {}", run.code, run.out);
    }
    repo.write("plan.json", &reviewed);
    assert_eq!(repo.apply_with(&["plan.json"]).code, 0);
    assert_eq!(repo.object("policies", "p")["description"], "two");
}

#[test]
fn a_plan_for_one_target_is_applied_to_that_target_whatever_else_there_is() {
    let repo = Repo::new("compiuta", "");
    let other = World::new("compiuta");
    let row = format!(
        "- {{name: other, system: compiuta, url: '{}', auth: {{bearer: {{env: ENACT_TEST_KEY}}}}}}\n",
        other.live.url()
    );
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &(config + &row));
    repo.write(".gitignore", "plan.json\n");
    repo.declare("Role", "r", ROLE);
    repo.commit();
    assert_eq!(repo.run(&["plan", "--target", "live", "--out", "plan.json"]).code, 0);
    for wrong in ["other", "live --target other"] {
        let args: Vec<_> = ["plan.json", "--target"].into_iter().chain(wrong.split(' ')).collect();
        let run = repo.apply_with(&args);
        assert_eq!(
            (run.code, codes(&run.json()), repo.live.requests().len()),
            (64, vec!["review/targets"], 0)
        );
        assert!(run.out.contains("the plan is for `live`, and `--target` names"), "{}", run.out);
    }
    let run = repo.apply_with(&["plan.json"]);
    assert_eq!((run.code, causes(&run.json())), (0, vec!["create r unknown".to_owned()]), "{}", run.out);
    let made = |world: &World| world.objects("roles").iter().filter(|role| role["id"] == "r").count();
    assert_eq!((made(&repo), made(&other)), (1, 0));
}

#[test]
fn guards_stop_a_plan_and_a_person_lets_it_through_once() {
    let repo = Repo::new("compiuta", PRUNE);
    for index in 0..10 {
        repo.declare("Role", &format!("r{index}"), ROLE);
    }
    repo.declare("Policy", "p", "{name: P, statements: [{role: viewer, tenants: ['*']}]}");
    repo.commit();
    repo.converge();
    for index in 0..3 {
        repo.remove("Role", &format!("r{index}"));
    }
    repo.commit();
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json()), repo.writes()), (4, vec!["guard/deleted-share"], Vec::new()));
    let run = repo.apply_with(&["--allow", "deleted-share"]);
    assert_eq!(run.code, 0, "{}", run.out);

    // Everything is gone from git.
    std::fs::remove_dir_all(repo.dir.path().join("policies")).unwrap();
    repo.write(
        "policies/other.yaml",
        "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {name: x}\nspec: {}\n",
    );
    repo.commit();
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, repo.writes()), (4, Vec::new()), "{}", run.out);
    assert!(codes(&run.json()).contains(&"guard/emptied"), "{}", run.out);
}

#[test]
fn a_live_list_that_is_suddenly_empty_is_not_believed() {
    let repo = Repo::new("mycloud", "");
    for name in ["a", "b"] {
        repo.declare(
            "Policy",
            name,
            "{document: {statements: [{effect: allow, actions: ['*'], resources: [r]}]}}",
        );
    }
    repo.commit();
    repo.converge();
    let nothing = json!({"policies": [], "meta": {"has_more": false}});
    repo.live.inject(Fault { times: 9, body: Some(nothing), ..fault("GET", 200) });
    let run = repo.apply_with(&[]);
    assert_eq!(
        (run.code, codes(&run.json()), repo.writes()),
        (6, vec!["live/unreadable"], Vec::new()),
        "its ids still answer: {}",
        run.out
    );
}

#[test]
fn a_shallow_clone_plans_and_removes_nothing() {
    let repo = Repo::new("compiuta", PRUNE);
    repo.declare("Role", "gone", ROLE);
    repo.declare("Role", "kept", ROLE);
    repo.commit();
    repo.converge();
    repo.remove("Role", "gone");
    repo.commit();
    repo.commit();
    let clone = tempfile::TempDir::new().unwrap();
    let url = format!("file://{}", repo.dir.path().display());
    let cloned =
        Command::new("git").args(["clone", "-q", "--depth", "1", &url]).arg(clone.path()).status().unwrap();
    assert!(cloned.success());
    let fetched = Command::new("git")
        .current_dir(clone.path())
        .args(["fetch", "-q", "--depth", "1", "origin", "refs/enact/applied/live:refs/enact/applied/live"])
        .status()
        .unwrap();
    assert!(fetched.success());
    let run = crate::world::run(clone.path(), &["plan", "--format", "json"]);
    let plan = run.json();
    assert_eq!(plan["changes"], json!([]), "{plan:#}");
    assert!(run.err.contains("fetch-depth: 0") || run.out.contains("fetch-depth: 0"), "{}", run.err);
}

#[test]
fn delete_needs_evidence_a_former_name_is_never_what_is_deleted() {
    let repo = Repo::new("polytomic", PRUNE);
    let renamed = manifest("polytomic", "Role", "X", "  previously: [Y]\n", "{}");
    repo.declare("Role", "Y", "{}");
    repo.commit();
    repo.converge();
    repo.remove("Role", "Y");
    repo.write(&file("Role", "X"), &renamed);
    repo.commit();
    repo.converge();
    // X goes, and Y and Z come: the orphan X must not take the new Y with it.
    repo.remove("Role", "X");
    repo.declare("Role", "Y", "{}");
    repo.declare("Role", "Z", "{}");
    repo.commit();
    repo.converge();
    repo.object("roles", "Y");

    // A stale former name does not claim an object that somebody has made since.
    repo.write(
        &file("Role", "X"),
        &manifest("polytomic", "Role", "X", "  previously: [W]\n  ensure: absent\n", "{}"),
    );
    repo.live
        .insert("roles", json!({"id": "00000000-0000-4000-8000-000000000007", "name": "W", "system": false}));
    repo.commit();
    repo.converge();
    repo.object("roles", "W");
}

#[test]
fn a_former_name_has_done_its_work_once_the_base_knows_the_new_one() {
    let repo = Repo::new("jitsudo", "");
    repo.write(
        &file("Policy", "x"),
        &manifest("jitsudo", "Policy", "x", "  previously: [y]\n", "{max_duration_seconds: 60}"),
    );
    repo.commit();
    repo.converge();
    let id = repo.object("policies", "x")["id"].as_str().unwrap().to_owned();
    assert!(repo.live.remove("policies", &id));
    let foreign = json!({"id": "00000000-0000-4000-8000-000000000007", "name": "y", "enabled": true, "priority": 0, "max_duration_seconds": 77, "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z"});
    repo.live.insert("policies", foreign.clone());
    assert_eq!(causes(&repo.plan()), ["create x drift"]);
    repo.converge();
    assert_eq!(repo.object("policies", "y"), foreign);
}

#[test]
fn both_names_live_is_ambiguous_and_twice_claimed_is_invalid() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "old", "{}");
    repo.commit();
    repo.converge();
    repo.live.insert(
        "roles",
        json!({"id": "00000000-0000-4000-8000-000000000007", "name": "new", "system": false}),
    );
    repo.remove("Role", "old");
    repo.write(&file("Role", "new"), &manifest("polytomic", "Role", "new", "  previously: [old]\n", "{}"));
    repo.commit();
    assert_eq!(codes(&repo.plan()), ["live/ambiguous"]);
    repo.write(
        &file("Role", "newer"),
        &manifest("polytomic", "Role", "newer", "  previously: [old]\n", "{}"),
    );
    assert_eq!(repo.run(&["validate"]).code, 3);
}

#[test]
fn a_base_from_elsewhere_is_not_used_and_apply_refuses_it() {
    let repo = Repo::new("jitsudo", "");
    repo.declare("Policy", "p", "{description: one, max_duration_seconds: 60}");
    let first = repo.commit();
    repo.converge();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.declare("Policy", "p", "{max_duration_seconds: 60}");
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.declare("Policy", "p", "{description: two, max_duration_seconds: 60}");
    repo.commit();
    repo.converge();
    let plan = repo.plan_with(&["--rev", "side", "--base", "main"]);
    assert_eq!(plan["changes"], json!([]), "nothing goes back to a default: {plan:#}");
    assert!(codes(&plan).contains(&"git/base"), "{plan:#}");
    repo.git(&["checkout", "-q", "side"]);
    let run = repo.apply_with(&["--base", "main"]);
    assert_eq!((run.code, repo.writes()), (4, Vec::new()), "{}", run.out);
    // With any base, the record shows that this would go back.
    let run = repo.apply_with(&["--base", &first]);
    assert_eq!((run.code, repo.writes()), (4, Vec::new()), "{}", run.out);
}

#[test]
fn a_record_that_cannot_be_read_is_refused_with_any_base() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "R", "{}");
    let first = repo.commit();
    repo.converge();
    repo.declare("Role", "S", "{}");
    repo.commit();
    repo.git(&["symbolic-ref", "refs/enact/applied/live", "refs/heads/main"]);
    let run = repo.apply_with(&["--base", &first]);
    assert_eq!((run.code, codes(&run.json()), repo.writes()), (1, vec!["git/applied"], Vec::new()));
    assert_eq!(codes(&repo.plan_with(&[])), ["git/applied"], "reported once");
}

#[test]
fn what_still_refers_to_a_pruned_role_is_an_error_before_anything_is_written() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "readers", "{}");
    repo.declare("Role", "others", "{}");
    repo.declare("Policy", "p", "{policy_actions: [{action: read, roles: [readers]}]}");
    repo.commit();
    repo.converge();
    repo.remove("Role", "readers");
    repo.commit();
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json()), repo.writes()), (3, vec!["reference/deleted"], Vec::new()));
}

#[test]
fn a_record_of_another_system_is_not_a_base() {
    let repo = Repo::new("compiuta", PRUNE);
    repo.declare("Role", "gone", ROLE);
    repo.declare("Role", "kept", ROLE);
    repo.commit();
    repo.converge();
    let other = World::new("compiuta");
    other.live.insert("roles", repo.object("roles", "gone"));
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &config.replace(&repo.live.url(), &other.live.url()));
    repo.remove("Role", "gone");
    repo.commit();
    let plan = repo.plan();
    assert_eq!(causes(&plan), ["create kept unknown"]);
    assert!(codes(&plan).contains(&"record/another-api"), "{plan:#}");
}

#[test]
fn a_wider_include_does_not_make_the_base_declare_more() {
    let repo = Repo::new("polytomic", "  prune: tracked\n  include: ['policies/a/**']\n");
    repo.write("policies/a/A.yaml", &manifest("polytomic", "Role", "A", "", "{}"));
    repo.write("policies/b/B.yaml", &manifest("polytomic", "Role", "B", "", "{}"));
    repo.commit();
    assert_eq!(repo.apply_with(&[]).code, 0);
    repo.live
        .insert("roles", json!({"id": "00000000-0000-4000-8000-000000000007", "name": "B", "system": false}));
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &config.replace("  include: ['policies/a/**']\n", ""));
    std::fs::remove_file(repo.dir.path().join("policies/b/B.yaml")).unwrap();
    repo.commit();
    assert_eq!(repo.plan()["changes"], json!([]), "B was never declared for this target");
}

#[test]
fn guards_measure_by_all_that_git_declares() {
    let repo = Repo::new("polytomic", PRUNE);
    for index in 0..12 {
        repo.declare("Role", &format!("r{index:02}"), "{}");
    }
    repo.commit();
    repo.converge();
    for index in 0..8 {
        repo.remove("Role", &format!("r{index:02}"));
    }
    repo.declare("Role", "new", "{}");
    repo.commit();
    let run = repo.apply_with(&["--only-declared"]);
    assert_eq!((run.code, codes(&run.json()), repo.writes()), (4, vec!["guard/deleted-share"], Vec::new()));
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.remove("Role", "r00");
    repo.commit();
    let plan = repo.plan_with(&["--only-declared"]);
    assert_eq!((causes(&plan), codes(&plan)), (vec!["delete r00 declared".to_owned()], vec![]));
}

#[test]
fn an_orphan_that_stays_is_reported_again_and_the_record_waits_for_it() {
    let repo = Repo::new("compiuta", PRUNE);
    repo.declare("Role", "kept", ROLE);
    repo.declare("Role", "changed", ROLE);
    let first = repo.commit();
    repo.converge();
    repo.drift("roles", "changed", "name", json!("by hand"));
    repo.remove("Role", "changed");
    repo.commit();
    for _ in 0..2 {
        assert_eq!(repo.apply_with(&[]).code, 0);
        assert_eq!(
            (repo.applied(), survivors(&repo.plan())),
            (first.clone(), vec!["changed changed".to_owned()])
        );
    }
}

#[test]
fn a_policy_that_names_a_renamed_role_is_still_what_git_declared() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    for name in ["p", "q"] {
        repo.declare("Policy", name, "{policy_actions: [{action: read, roles: [A]}]}");
    }
    repo.commit();
    repo.converge();
    repo.remove("Role", "A");
    repo.remove("Policy", "p");
    repo.write(&file("Role", "B"), &manifest("polytomic", "Role", "B", "  previously: [A]\n", "{}"));
    repo.declare("Policy", "q", "{policy_actions: [{action: read, roles: [B]}]}");
    repo.commit();
    assert_eq!(causes(&repo.plan()), ["update B declared", "delete p declared"]);
    repo.converge();
}

#[test]
fn a_clone_without_the_record_continues_the_shared_one() {
    let repo = Repo::new("polytomic", PRUNE);
    let remote = tempfile::TempDir::new().unwrap();
    let path = remote.path().display().to_string();
    repo.git(&["init", "-q", "--bare", &path]);
    repo.git(&["remote", "add", "origin", &path]);
    let push = || repo.git(&["push", "-q", "origin", "HEAD:refs/heads/main"]);
    let shared = |name: &str| repo.git(&["--git-dir", &path, "rev-parse", name]);
    let apply = || repo.apply_with(&["--push-applied", "origin"]);
    repo.declare("Role", "A", "{}");
    repo.commit();
    let run = apply();
    assert_eq!(run.code, 4, "{}", run.out);
    assert!(codes(&run.json()).contains(&"record/unpublished"), "{}", run.out);
    assert_eq!(repo.writes(), Vec::<String>::new());
    push();
    assert_eq!(apply().code, 0);
    repo.declare("Role", "B", "{}");
    let second = repo.commit();
    push();
    assert_eq!(apply().code, 0);
    let (record, lock) = ("refs/enact/record/live", "refs/enact/lock/live");
    assert_eq!(shared("refs/enact/applied/live"), second);
    assert_eq!(shared(&format!("{record}^2")), second, "the applied commit is a parent");
    assert!(!repo.git(&["ls-remote", "origin"]).contains(lock), "the lock is given up");

    for name in ["applied", "record", "seen"] {
        repo.git(&["update-ref", "-d", &format!("refs/enact/{name}/live")]);
    }
    repo.remove("Role", "B");
    repo.declare("Role", "C", "{}");
    repo.commit();
    push();
    let run = apply();
    assert_eq!(run.code, 0, "{}", run.out);
    assert_eq!(
        causes(&run.json()),
        ["create C declared", "delete B declared"],
        "planned on the fetched record"
    );
    assert_eq!(shared(record), repo.git(&["rev-parse", record]));
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn only_declared_needs_a_base() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.commit();
    let run = repo.run(&["plan", "--only-declared"]);
    assert_eq!(run.code, 64, "{}", run.err);
}

#[test]
fn only_declared_leaves_drift_of_the_same_objects_alone() {
    let repo = Repo::new("jitsudo", "");
    repo.declare("Policy", "p", "{description: d, max_duration_seconds: 60}");
    let base = repo.commit();
    repo.converge();
    repo.drift("policies", "p", "description", json!("by hand"));
    // Git changes nothing that is in the API.
    repo.write(
        &file("Policy", "p"),
        &manifest(
            "jitsudo",
            "Policy",
            "p",
            "  protect: true\n",
            "{description: d, max_duration_seconds: 60}",
        ),
    );
    repo.commit();
    let plan = repo.plan_with(&["--base", &base, "--only-declared"]);
    assert_eq!((&plan["changes"], &plan["skipped"][0]["reason"]), (&json!([]), &json!("drift")));
}
