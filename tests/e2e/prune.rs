//! `enact record prune`, through the real binary and real git: fewer runs, and nothing forgotten. Promise 16,
//! nothing-forgotten; promise 7, delete-needs-evidence.

use std::path::Path;

use crate::history::{Repo, causes};
use crate::record::Bare;
use crate::support::git;
use crate::world::{codes, run};
use serde_json::json;

const PRUNE: &str = "  prune: tracked\n";
const SHARED: &str = "  prune: tracked\nrecord: {remote: origin}\n";
const RECORD: &str = "refs/enact/record/live";

/// Applies roles one after the other, each in a commit of its own.
fn apply_each(repo: &Repo, names: &[&str]) {
    for name in names {
        repo.declare("Role", name, "{}");
        repo.commit();
        if repo.git(&["remote"]) == "origin" {
            repo.git(&["push", "-q", "origin", "HEAD:refs/heads/main"]);
        }
        let applied = repo.apply_with(&[]);
        assert_eq!(applied.code, 0, "{}", applied.out);
    }
}

fn runs(dir: &Path) -> usize {
    run(dir, &["log", "--format", "json"]).json()["runs"].as_array().unwrap().len()
}

fn prune(dir: &Path, keep: &str) -> serde_json::Value {
    let pruned = run(dir, &["record", "prune", "--keep", keep, "--yes", "--format", "json"]);
    assert_eq!(pruned.code, 0, "{}{}", pruned.out, pruned.err);
    pruned.json()["targets"].clone()
}

#[test]
fn nothing_forgotten_a_shortened_record_still_is_the_base_and_the_evidence() {
    let repo = Repo::new("polytomic", PRUNE);
    apply_each(&repo, &["A", "B", "C", "D"]);
    let dir = repo.dir.path();
    let pruned = prune(dir, "2");
    assert_eq!((&pruned[0]["kept"], &pruned[0]["dropped"], runs(dir)), (&json!(2), &json!(2), 2));
    assert_eq!(repo.git(&["rev-parse", RECORD]), pruned[0]["record"]);
    // One commit before its first write and one at its end, for each run.
    let commits = repo.git(&["rev-list", "--first-parent", "--count", RECORD, "^main"]);
    assert_eq!(commits, "4", "the older commits are gone");
    assert_eq!(causes(&repo.plan()), Vec::<String>::new());

    // `A` was declared by a run that is dropped.
    repo.remove("Role", "A");
    repo.commit();
    assert_eq!(causes(&repo.plan()), ["delete A declared"]);
    repo.converge();
    assert_eq!(runs(dir), 3, "it goes on from there");
    assert_eq!(prune(dir, "5")[0]["dropped"], json!(0), "there is nothing to drop");
}

#[test]
fn the_evidence_of_a_branch_that_was_rewritten_stays_reachable() {
    let repo = Repo::new("polytomic", PRUNE);
    apply_each(&repo, &["A", "B"]);
    let dir = repo.dir.path();
    // Another history with the same manifests: only the record holds the first commit now.
    repo.git(&["checkout", "-q", "--orphan", "another"]);
    repo.git(&["commit", "-q", "-m", "another history"]);
    repo.git(&["branch", "-q", "-D", "main"]);
    repo.git(&["branch", "-q", "-m", "main"]);
    let first = repo.git(&["rev-list", "--max-parents=0", &format!("{RECORD}^2")]);
    prune(dir, "1");
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(repo.git(&["cat-file", "-t", &first]), "commit");
}

#[test]
fn another_clone_goes_on_from_a_record_that_was_shortened_from_what_it_saw() {
    let repo = Repo::new("polytomic", SHARED);
    let bare = Bare::of(&repo);
    apply_each(&repo, &["A", "B"]);
    let (fresh, behind) = (bare.clone(), bare.clone());
    for clone in [&fresh, &behind] {
        assert_eq!(run(clone.path(), &["apply", "--yes"]).code, 0, "it sees the record");
    }
    apply_each(&repo, &["C"]);
    git(fresh.path(), &["pull", "-q", "origin", "main"]);
    assert_eq!(run(fresh.path(), &["apply", "--yes"]).code, 0);

    let before = repo.git(&["rev-parse", RECORD]);
    prune(repo.dir.path(), "1");
    let next = run(fresh.path(), &["apply", "--yes"]);
    assert_eq!((next.code, runs(fresh.path())), (0, 1), "{}{}", next.out, next.err);

    // This one lacks what the record was shortened from, so it cannot tell.
    let refused = run(behind.path(), &["apply", "--yes", "--format", "json"]);
    assert_eq!((refused.code, codes(&refused.json())), (4, vec!["record/rewound"]), "{}", refused.out);
    git(behind.path(), &["update-ref", "-d", "refs/enact/seen/live"]);
    git(behind.path(), &["pull", "-q", "origin", "main"]);
    assert_eq!(run(behind.path(), &["apply", "--yes"]).code, 0, "accepted by hand");

    // The longer one does not come back unnoticed.
    repo.git(&["push", "-q", "--force", "origin", &format!("{before}:{RECORD}")]);
    let replayed = run(fresh.path(), &["apply", "--yes", "--format", "json"]);
    assert_eq!((replayed.code, codes(&replayed.json())), (4, vec!["record/rewound"]), "{}", replayed.out);
}

#[test]
fn prune_asks_and_waits_for_no_run() {
    let repo = Repo::new("polytomic", PRUNE);
    apply_each(&repo, &["A", "B"]);
    let asked = repo.run(&["record", "prune", "--keep", "1", "--format", "json"]);
    assert_eq!((asked.code, codes(&asked.json())), (64, vec!["cli/nobody-to-ask"]), "{}", asked.out);
    let lock = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-ref", "refs/enact/lock/live", &lock]);
    let locked = repo.run(&["record", "prune", "--keep", "1", "--yes", "--format", "json"]);
    assert_eq!((locked.code, codes(&locked.json())), (7, vec!["lock/held"]), "{}", locked.out);
    assert_eq!(runs(repo.dir.path()), 2);
}
