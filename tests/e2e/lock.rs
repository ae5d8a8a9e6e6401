//! The lock of a target on a remote that answers late, twice or not at all, through the real binary and a `git` that
//! interferes. Promise one-writer.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::record::{Bare, LOCK, commit_and_push, lock, roles, run_noted, shared};
use crate::support::git;
use crate::world::{Run, codes, enact, fault};
use enact::sandbox::Fault;

/// A `git` that first runs these lines of a shell. `nth WORD N` is true in the nth call with that word, and `$real` is git.
fn interfering(folder: &Path, lines: &str) -> String {
    let script = folder.join("git");
    let text = format!(
        r#"#!/bin/sh
real=/usr/bin/git
all=" $* "
nth() {{
  case "$all" in *" $1 "*) ;; *) return 1 ;; esac
  count=$(($(cat "{folder}/$1" 2>/dev/null || echo 0) + 1))
  echo $count > "{folder}/$1"
  [ $count = "$2" ]
}}
{lines}
exec $real "$@"
"#,
        folder = folder.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

/// The lock of another run on the remote, which this clone has not fetched.
fn locked_elsewhere(bare: &Bare, repo: &crate::history::Repo) {
    lock(repo, "other", "2999-01-01T00:00:00Z");
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["prune", "--expire=now"]);
    assert!(bare.refs().contains(LOCK));
}

#[test]
fn one_writer_a_lock_that_is_given_up_between_listing_and_fetching_is_looked_for_again() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    locked_elsewhere(&bare, &repo);
    let folder = TempDir::new().unwrap();
    let gone = format!("nth fetch 1 && $real --git-dir '{}' update-ref -d {LOCK}", bare.path());
    let run = run_noted(&repo, &interfering(folder.path(), &gone), &["apply", "--yes"]);
    assert_eq!((run.code, roles(&repo).len()), (0, 2), "{}{}", run.out, run.err);
    assert!(!bare.refs().contains(LOCK));
}

#[test]
fn one_writer_a_lock_that_is_renewed_between_listing_and_fetching_still_is_held() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    locked_elsewhere(&bare, &repo);
    // The renewed one is another commit with the same file, and the old one is gone.
    let folder = TempDir::new().unwrap();
    let renewed = format!(
        "nth fetch 1 && export GIT_DIR='{0}' GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x \
         && $real update-ref {LOCK} $($real commit-tree -m renewed {LOCK}^{{tree}}) && $real prune --expire=now && unset GIT_DIR",
        bare.path()
    );
    let run =
        run_noted(&repo, &interfering(folder.path(), &renewed), &["apply", "--yes", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (7, vec!["lock/held"]), "{}{}", run.out, run.err);
    assert!(run.out.contains("Somebody"), "{}", run.out);
}

#[test]
fn one_writer_a_lock_that_is_no_lock_is_held_until_somebody_removes_it() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    repo.git(&["tag", "-a", "-m", "t", "t"]);
    let tag = repo.git(&["rev-parse", "refs/tags/t"]);
    let blob = repo.git(&["rev-parse", "HEAD:enact.yaml"]);
    for what in [tag, blob, "HEAD".to_owned()] {
        repo.git(&["push", "-q", "origin", &format!("{what}:{LOCK}")]);
        let run = repo.apply_with(&[]);
        assert_eq!((run.code, codes(&run.json())), (7, vec!["lock/held"]), "{what}: {}", run.out);
        assert!(run.out.contains("enact unlock"), "{}", run.out);
        let unlock = repo.run(&["unlock", "live", "--yes"]);
        assert_eq!((unlock.code, bare.refs().contains(LOCK)), (0, false), "{}{}", unlock.out, unlock.err);
    }
    assert_eq!((repo.apply_with(&[]).code, roles(&repo).len()), (0, 2));
}

#[test]
fn one_writer_a_lock_in_this_clone_that_is_no_lock_is_held_until_somebody_removes_it() {
    let repo = crate::history::Repo::new("polytomic", "");
    repo.declare("Role", "B", "{}");
    repo.commit();
    repo.git(&["tag", "-a", "-m", "t", "t"]);
    repo.git(&["update-ref", LOCK, "refs/tags/t"]);
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json())), (7, vec!["lock/held"]), "{}", run.out);
    assert_eq!(repo.run(&["unlock", "live", "--yes"]).code, 0);
    assert_eq!(repo.apply_with(&[]).code, 0);
}

#[test]
fn one_writer_a_renewal_whose_answer_is_lost_is_this_run_s_own() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    // The second push takes effect, and neither its answer nor the look after it comes back.
    let folder = TempDir::new().unwrap();
    let lost = format!(
        "if nth push 2; then $real \"$@\"; touch '{0}'/lost; exit 1; fi\n\
         case \" $* \" in *\" ls-remote \"*) [ -e '{0}'/lost ] && rm '{0}'/lost && exit 1;; esac",
        folder.path().display()
    );
    let run = run_noted(&repo, &interfering(folder.path(), &lost), &["apply", "--yes"]);
    assert_ne!(run.code, 0, "{}", run.out);
    assert_eq!(roles(&repo), ["A"], "what is not recorded is not written");
    assert!(!bare.refs().contains(LOCK), "it is given up: {}", run.err);
    let next = repo.apply_with(&[]);
    assert_eq!((next.code, roles(&repo).len()), (0, 2), "{}", next.out);
}

#[test]
fn one_writer_a_lock_whose_answer_was_lost_is_taken_over_by_its_own_clone() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    // The first push takes the lock, and neither its answer nor the look after it comes back.
    let folder = TempDir::new().unwrap();
    let lost = format!(
        "if nth push 1; then $real \"$@\"; touch '{0}'/lost; exit 1; fi\n\
         case \" $* \" in *\" ls-remote \"*) [ -e '{0}'/lost ] && exit 1;; esac",
        folder.path().display()
    );
    let run = run_noted(&repo, &interfering(folder.path(), &lost), &["apply", "--yes"]);
    assert_ne!(run.code, 0, "{}", run.out);
    assert_eq!(roles(&repo), ["A"]);
    assert!(bare.refs().contains(LOCK), "nobody knows that it is there");
    let next = repo.apply_with(&[]);
    assert_eq!((next.code, roles(&repo).len()), (0, 2), "{}", next.out);
    assert!(!bare.refs().contains(LOCK));
}

#[test]
fn a_branch_that_the_remote_no_longer_has_publishes_nothing() {
    let (repo, bare) = shared();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.declare("Role", "B", "{}");
    repo.commit();
    repo.git(&["push", "-q", "origin", "side"]);
    git(Path::new(&bare.path()), &["update-ref", "-d", "refs/heads/side"]);
    assert!(!repo.git(&["rev-parse", "refs/remotes/origin/side"]).is_empty(), "this clone still has it");
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json())), (4, vec!["record/unpublished"]), "{}", run.out);
}

#[test]
fn a_branch_that_somebody_pushed_further_still_publishes_what_it_held() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    let other = bare.clone();
    git(
        other.path(),
        &["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "further"],
    );
    git(other.path(), &["push", "-q", "origin", "HEAD:main"]);
    assert_eq!(repo.apply_with(&[]).code, 0, "the commit is below the tip");

    // And one that was rewritten holds it no more.
    repo.git(&["pull", "-q", "origin", "main"]);
    repo.declare("Role", "C", "{}");
    commit_and_push(&repo);
    git(
        other.path(),
        &["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "rewritten"],
    );
    git(other.path(), &["push", "-q", "--force", "origin", "HEAD:main"]);
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, codes(&run.json())), (4, vec!["record/unpublished"]), "{}", run.out);
}

/// Applies while the API answers like this, and interrupts the run once that was asked.
fn interrupted(repo: &crate::history::Repo, limit: Fault, is_asked: impl Fn() -> bool) -> Run {
    repo.live.inject(Fault {
        times: 1,
        status: 429,
        headers: vec![("Retry-After".to_owned(), "250".to_owned())],
        ..limit
    });
    repo.live.clear_requests();
    let mut command = enact(repo.dir.path());
    command.args(["apply", "--yes", "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !is_asked() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not get that far");
        std::thread::sleep(Duration::from_millis(50));
    }
    let signal = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.unwrap().success());
    let began = Instant::now();
    let run = Run::from(&child.wait_with_output().unwrap());
    assert!(began.elapsed() < Duration::from_secs(100), "it waited for the API: {:?}", began.elapsed());
    run
}

#[test]
fn one_writer_an_interrupt_while_it_plans_under_the_lock_gives_it_up() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    // The first list is of the plan before the lock.
    let limit = Fault { path_contains: "roles".to_owned(), skip: 1, ..fault("GET", 429) };
    let run = interrupted(&repo, limit, || repo.live.requests().len() > 1);
    assert_eq!((run.code, repo.writes()), (1, vec![]), "{}", run.out);
    assert!(!bare.refs().contains(LOCK), "{}", run.err);
    assert_eq!((repo.apply_with(&[]).code, roles(&repo).len()), (0, 2));
}

#[test]
fn one_writer_the_first_interrupt_ends_a_long_wait_and_gives_up_the_lock() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    let limit = Fault { path_contains: "roles".to_owned(), ..fault("POST", 429) };
    let run = interrupted(&repo, limit, || !repo.writes().is_empty());
    assert_ne!(run.code, 0, "{}", run.out);
    assert_eq!((roles(&repo), repo.writes().len()), (vec!["A".to_owned()], 1));
    assert!(!bare.refs().contains(LOCK), "{}", run.err);
    let log = repo.run(&["log", "--format", "json"]).json();
    assert_eq!(log["runs"][0]["outcome"], "incomplete", "{log:#}");
    assert_eq!((repo.apply_with(&[]).code, roles(&repo).len()), (0, 2));
}
