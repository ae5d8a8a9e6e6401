//! What people ask a record: `enact log`, `show` and `undo`, through the real binary. Promise 16, nothing-forgotten; promise
//! 2, fixed-point; promise 7, delete-needs-evidence.

use crate::history::{Repo, causes};
use crate::live::{Embedded, Live};
use crate::world::{codes, fault};
use enact::sandbox::Fault;
use serde_json::{Value, json};

const PRUNE: &str = "  prune: tracked\n";
const READ: &str = "{policy_actions: [{action: read, roles: [A]}]}";
const WRITE: &str = "{policy_actions: [{action: read, roles: [A]}, {action: edit, roles: [A]}]}";

/// Role `A` and the policy `P`, applied; then `P` is wider, role `B` is new, and role `C` is gone.
fn two_runs() -> Repo {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    repo.declare("Role", "C", "{}");
    repo.declare("Policy", "P", READ);
    repo.commit();
    repo.converge();
    repo.declare("Policy", "P", WRITE);
    repo.declare("Role", "B", "{}");
    repo.remove("Role", "C");
    repo.commit();
    repo.converge();
    repo
}

fn json_of(repo: &Repo, args: &[&str]) -> Value {
    repo.live.clear_requests();
    let run = repo.run(&[args, &["--format", "json"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    run.json()
}

fn runs(document: &Value) -> Vec<&Value> {
    document["runs"].as_array().unwrap().iter().collect()
}

/// The id of the last run.
fn last(repo: &Repo) -> String {
    json_of(repo, &["log"])["runs"][0]["run"].as_str().unwrap().to_owned()
}

/// What a run did: action, name and outcome.
fn objects(run: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let of = |object: &Value| {
        format!("{} {} {}", text(&object["action"]), text(&object["name"]), text(&object["outcome"]))
    };
    run["objects"].as_array().unwrap().iter().map(of).collect()
}

fn undo(repo: &Repo, run: &str) -> Value {
    let plan = json_of(repo, &["undo", run, "--out", "undo.json"]);
    assert_eq!(repo.writes(), Vec::<String>::new(), "plan-reads-only");
    plan
}

fn apply_undo(repo: &Repo) -> Value {
    let applied = json_of(repo, &["apply", "undo.json", "--yes"]);
    std::fs::remove_file(repo.dir.path().join("undo.json")).unwrap();
    applied
}

#[test]
fn log_lists_the_runs_newest_first_with_who_and_what() {
    let repo = two_runs();
    let log = json_of(&repo, &["log"]);
    assert_eq!(repo.live.requests().len(), 0, "no target is asked");
    let [second, first] = runs(&log)[..] else { panic!("{log:#}") };
    assert_eq!(first["planned"], json!({"create": 3, "update": 0, "delete": 0}));
    assert_eq!(second["planned"], json!({"create": 1, "update": 1, "delete": 1}));
    assert_eq!((&second["target"], &second["outcome"]), (&json!("live"), &json!("converged")));
    assert_eq!(second["commit"], repo.git(&["rev-parse", "HEAD"]));
    assert!(second["who"].as_str().is_some_and(|who| !who.is_empty()));
    assert_eq!((&second["objects"], &log["older"]), (&Value::Null, &json!(false)));

    let one = json_of(&repo, &["log", "live", "--limit", "1"]);
    assert_eq!((runs(&one), &one["older"]), (vec![second], &json!(true)));
    assert!(repo.run(&["log", "--limit", "1"]).out.contains("--limit"));
}

#[test]
fn log_of_an_object_shows_its_declarations_before_and_after() {
    let repo = two_runs();
    for args in [&["log", "live", "Policy/P"][..], &["log", "Policy/P"]] {
        let log = json_of(&repo, args);
        let [second, first] = runs(&log)[..] else { panic!("{log:#}") };
        assert_eq!(objects(first), ["create P applied"]);
        assert_eq!(objects(second), ["update P applied"]);
        let [before, after] = ["before", "after"].map(|side| &second["objects"][0][side]["policy_actions"]);
        assert_eq!(before.as_array().map(Vec::len), Some(1));
        assert_eq!(after.as_array().map(Vec::len), Some(2));
    }
    let text = repo.run(&["log", "live", "Policy/P"]).out;
    assert!(text.contains("~ update Policy \"P\": applied") && text.contains("\"edit\""), "{text}");
    assert_eq!(runs(&json_of(&repo, &["log", "live", "Role/A"])).len(), 1, "the second left it alone");
    assert!(repo.run(&["log", "live", "Role/Z"]).out.contains("No run that changed Role \"Z\""));
    let unknown = repo.run(&["log", "live", "Rolle/A"]);
    assert!(unknown.code == 64 && unknown.err.contains("did you mean `Role`?"), "{}", unknown.err);
}

#[test]
fn show_tells_what_failed_and_what_was_never_sent() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.declare("Policy", "P", READ);
    repo.commit();
    repo.live.inject(Fault { times: 1, path_contains: "roles".into(), ..fault("POST", 403) });
    assert_eq!(repo.apply_with(&[]).code, 1);
    let run = last(&repo);
    let shown = json_of(&repo, &["show", &run]);
    assert_eq!(objects(runs(&shown)[0]), ["create P not_attempted", "create A failed"]);
    assert_eq!(runs(&shown)[0]["outcome"], "incomplete");
    assert_eq!(json_of(&repo, &["show", &run[..8]]), shown, "the beginning is enough");

    let wrong = repo.run(&["show", "nosuch", "--format", "json"]);
    assert_eq!((wrong.code, codes(&wrong.json())), (3, vec!["record/run"]));
    repo.converge();
    let wrong = repo.run(&["show", "", "--format", "json"]);
    assert_eq!((wrong.code, codes(&wrong.json())), (3, vec!["record/run"]), "it begins both");
}

#[test]
fn undo_brings_back_what_was_declared_and_says_that_git_still_declares_the_other() {
    let repo = two_runs();
    let run = last(&repo);
    let plan = undo(&repo, &run);
    assert_eq!(causes(&plan), ["create C unknown", "update P unknown", "delete B unknown"]);
    assert_eq!((&plan["undo"]["run"], &plan["undo"]["declared"]), (&json!(run), &json!(true)));
    assert_eq!(plan["undo"]["left"], json!([]));
    let text = repo.run(&["undo", &run]).out;
    assert!(text.contains("Git still declares the new state") && text.contains("git revert"), "{text}");

    let applied = apply_undo(&repo);
    assert_eq!(applied["remaining"], json!([]), "{applied:#}");
    let log = json_of(&repo, &["log"]);
    assert_eq!(runs(&log)[0]["undoes"], json!(run));
    assert_eq!(undo(&repo, &run)["undo"]["left"].as_array().map(Vec::len), Some(3), "it is undone");
    std::fs::remove_file(repo.dir.path().join("undo.json")).unwrap();

    // The next run takes it away again, until git is reverted.
    assert_eq!(causes(&repo.plan()), ["create B declared", "update P declared", "delete C declared"]);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(causes(&repo.plan()), Vec::<String>::new());
    repo.converge();
    assert_eq!(json_of(&repo, &["status"])["targets"][0]["last_converged"]["undoes"], Value::Null);
}

/// The base of a target that the run did not touch is another one.
#[test]
fn an_undo_of_one_of_two_targets_can_be_applied() {
    let repo = Repo::new("polytomic", PRUNE);
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    let (head, target) = config.split_once("targets:\n").unwrap();
    let second = Embedded::new("polytomic");
    let other = target.replace("name: live", "name: other").replace(&repo.live.url(), &second.url());
    let of = |target: &str, folder: &str| format!("{}\n  include: [{folder}]\n", target.trim_end());
    repo.write(
        "enact.yaml",
        &format!("{head}targets:\n{}{}", of(target, "policies/live"), of(&other, "policies/other")),
    );
    let role = |name: &str| {
        format!("apiVersion: polytomic/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec: {{}}\n")
    };
    for (file, name) in [("live/a", "A"), ("other/b", "B")] {
        std::fs::create_dir_all(repo.dir.path().join("policies").join(file).parent().unwrap()).unwrap();
        repo.write(&format!("policies/{file}.yaml"), &role(name));
    }
    repo.commit();
    json_of(&repo, &["apply", "--yes"]);
    repo.write("policies/live/c.yaml", &role("C"));
    repo.commit();
    json_of(&repo, &["apply", "--yes"]);
    undo(&repo, &last(&repo));
    assert_eq!(apply_undo(&repo)["summary"]["delete"], 1);
}

#[test]
fn undo_says_what_it_cannot_restore() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    repo.declare("Policy", "P", READ);
    repo.declare("Policy", "Q", READ);
    repo.commit();
    repo.converge();
    // Somebody changes P by hand, and the next run puts it back and changes Q; Q is changed again after that.
    repo.drift("policies", "P", "policy_actions", json!([]));
    repo.declare("Policy", "Q", WRITE);
    repo.commit();
    repo.converge();
    let run = last(&repo);
    repo.declare("Policy", "Q", "{policy_actions: [{action: edit, roles: [A]}]}");
    repo.commit();
    repo.converge();
    let plan = undo(&repo, &run);
    let left = |plan: &Value| -> Vec<String> {
        let left = plan["undo"]["left"].as_array().unwrap().iter();
        left.map(|left| format!("{} {}", left["name"].as_str().unwrap(), left["reason"].as_str().unwrap()))
            .collect()
    };
    assert_eq!((causes(&plan), left(&plan)), (vec![], vec!["P only_live".into(), "Q changed_since".into()]));
    let text = repo.run(&["undo", &run]).out;
    assert!(text.contains("Nothing is left to undo") && text.contains("a later run changed it"), "{text}");
}

#[test]
fn delete_needs_evidence_in_an_undo_too() {
    let repo = two_runs();
    let run = last(&repo);
    let id = repo.object("roles", "B")["id"].as_str().unwrap().to_owned();
    assert!(repo.live.remove("roles", &id));
    assert!(repo.live.insert("roles", json!({"id": "another", "name": "B", "system": false})));
    let plan = undo(&repo, &run);
    assert_eq!(causes(&plan), ["create C unknown", "update P unknown"], "that B is another one");
}

#[test]
fn a_reviewed_undo_is_refused_once_the_record_has_moved() {
    let repo = two_runs();
    let run = last(&repo);
    undo(&repo, &run);
    repo.declare("Policy", "P", "{policy_actions: [{action: edit, roles: [A]}]}");
    repo.git(&["add", "policies"]);
    repo.git(&["commit", "-q", "-m", "later"]);
    let later = repo.apply_with(&[]);
    assert_eq!(later.code, 0, "{}", later.out);
    repo.live.clear_requests();
    let refused = repo.run(&["apply", "undo.json", "--yes", "--format", "json"]);
    assert_eq!(refused.code, 5, "{}", refused.out);
    assert_eq!(repo.writes(), Vec::<String>::new());
}

#[test]
fn there_is_nothing_to_ask_outside_of_git() {
    let world = crate::world::World::new("polytomic");
    let log = world.run(&["log"]);
    assert!(log.code == 0 && log.out.contains("no git repository"), "{}{}", log.out, log.err);
    let undo = world.run(&["undo", "x", "--format", "json"]);
    assert_eq!((undo.code, codes(&undo.json())), (3, vec!["record/run"]), "{}", undo.out);
}
