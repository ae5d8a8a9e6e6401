//! What `enact status` says of a target, in lines that every format for people shows. A line may hold any text: each
//! format makes it harmless.

use super::content::{
    ExpiryStatus, HoldStatus, LockStatus, ObjectName, RunSummary, StatusContent, TargetStatus, UnlockContent,
};
use super::value::quoted;
use crate::record::run::{Planned, RunOutcome};
use crate::words::numbers;

/// How many digits of a commit people read.
const DIGITS: usize = 10;

/// Why there is no record.
pub(super) const NO_GIT: &str =
    "enact.yaml is in no git repository, so nothing is recorded: `git init` makes one.";

/// The command that brings the records of a remote here.
pub fn fetch(remote: &str) -> String {
    format!("git fetch {remote} '+refs/enact/*:refs/enact/*'")
}

/// What is known of a target.
pub(super) fn lines(target: &TargetStatus) -> Vec<String> {
    let TargetStatus { target: _, last, last_converged, open, lock, holds, expiries } = target;
    let mut lines = Vec::new();
    match last {
        None => lines.push("no record that can be read: `enact apply` begins one".to_owned()),
        Some(last) => lines.extend(self::last(last, lock.is_some())),
    }
    match (last, last_converged) {
        (Some(last), Some(clean)) if last.record != clean.record => {
            lines.push(format!("last as declared: {}", run(clean)));
        }
        (Some(_), None) => lines.push("last as declared: not in its last thousand runs".to_owned()),
        _ => {}
    }
    lines.extend(open.iter().map(|object| format!("not settled: {}", named(object))));
    lines.extend(lock.as_ref().map(self::lock));
    let hold = |HoldStatus { object, until, reason }: &HoldStatus| {
        format!("held until {until}: {} ({reason})", named(object))
    };
    lines.extend(holds.iter().map(hold));
    let expiry =
        |ExpiryStatus { object, expires }: &ExpiryStatus| format!("expires {expires}: {}", named(object));
    lines.extend(expiries.iter().map(expiry));
    lines
}

/// How far this can be trusted.
pub(super) fn seen(status: &StatusContent) -> Option<String> {
    let said = match &status.remote {
        _ if !status.in_git? => NO_GIT.to_owned(),
        Some(remote) => format!(
            "No target and no remote was asked. `{}` brings what others did, if `record` in enact.yaml keeps its references there.",
            fetch(remote)
        ),
        None => "No target was asked: this is what the records in this clone say.".to_owned(),
    };
    Some(said)
}

fn last(last: &RunSummary, is_locked: bool) -> Vec<String> {
    let mut lines = vec![format!("last run: {}", run(last))];
    lines.extend(last.run_url.iter().map(|url| format!("  see {url}")));
    if last.outcome == RunOutcome::Started {
        let what = if is_locked {
            "  it may still write: the target is locked"
        } else {
            "  it was cut off, or another clone ended it: `enact apply` finds out what became of its writes"
        };
        lines.push(what.to_owned());
    }
    lines.extend(last.undoes.iter().map(|undone| format!("  it undid run {undone}")));
    if last.planned != Planned::default() {
        lines.push(format!("  {}", writes(last)));
    }
    lines
}

/// A commit as people read it.
pub(super) fn shortened(commit: &str) -> String {
    commit.chars().take(DIGITS).collect()
}

/// What a run was to write, and how that ended.
pub(super) fn writes(run: &RunSummary) -> String {
    let Planned { create, update, delete } = run.planned;
    let planned = numbers([(create, "to create"), (update, "to update"), (delete, "to delete")]);
    let ended = numbers(run.counts.iter().map(|(outcome, number)| (*number, outcome)));
    if ended.is_empty() { format!("planned {planned}") } else { format!("planned {planned}; {ended}") }
}

/// A run in one line.
pub fn run(run: &RunSummary) -> String {
    let RunSummary { run: id, who, commit, started, ended, outcome, undoes, .. } = run;
    let time = ended.as_ref().unwrap_or(started);
    let outcome = match outcome {
        RunOutcome::Converged if undoes.is_some() => "undone",
        RunOutcome::Started => "began to write",
        RunOutcome::Converged => "as declared",
        RunOutcome::Incomplete => "not as declared",
    };
    let commit = shortened(commit);
    format!("{time} by {who}, commit {commit}: {outcome} (run {id})")
}

/// What `unlock` did, in a sentence.
pub(super) fn unlocked(UnlockContent { target, lock: of, removed }: &UnlockContent) -> String {
    match (of, removed) {
        (Some(of), true) => format!("The lock of {target} was removed: {}.", lock(of)),
        (None, true) => format!("The lock of {target} was removed; it could not be read."),
        (Some(of), false) => format!("Nothing was removed; {target} is {}.", lock(of)),
        (None, false) => format!("Nothing was removed; {target} is not locked."),
    }
}

/// What a lock says.
pub fn lock(lock: &LockStatus) -> String {
    let LockStatus { holder, host, started, ends, run, .. } = lock;
    format!("locked by {holder} on {host} since {started} until {ends} (run {run})")
}

fn named(ObjectName { kind, name }: &ObjectName) -> String {
    format!("{kind} {}", quoted(name))
}
