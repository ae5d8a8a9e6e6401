//! Shortens a record: drops its older runs and keeps the last ones. What is remembered of each object stays as it is, since
//! every commit of a record holds all of that; only what older runs did can no longer be asked.

use std::collections::BTreeSet;

use crate::config::target::Target;
use crate::diagnostic::Diagnostic;
use crate::git::update::Update;
use crate::git::write::NewCommit;
use crate::git::{Commit, Repository};
use crate::record::path::RUN;
use crate::report::content::PrunedTarget;
use crate::run::history::History;
use crate::run::lock::Lock;
use crate::run::log::{Logged, Runs};
use crate::run::record::Record;
use crate::run::tips::{self, Tips};

/// Shortens the records of these targets to their last runs, while the locks are held, and gives the locks up. A record
/// that has no more runs stays as it is.
pub fn prune(
    targets: &[&Target],
    keep: usize,
    history: &History,
    lock: &mut Lock,
) -> Result<Vec<PrunedTarget>, Diagnostic> {
    let tips = Tips::find(targets, history, lock.place())?;
    let (mut updates, mut pruned) = (Vec::new(), Vec::new());
    for target in targets {
        let target_name = &target.config.name;
        let short = shortened(target, keep, history).map_err(|diagnostic| diagnostic.about(target_name))?;
        let Some(short) = short else { continue };
        let name = target.record.name.clone();
        if short.dropped > 0 {
            updates.push((target_name, Update { from: tips.get(&name), name, to: Some(short.tip) }));
        }
        let (target, record) = (target_name.clone(), short.tip.hex());
        pruned.push(PrunedTarget { target, kept: short.kept, dropped: short.dropped, record });
    }
    let moved: Vec<_> = updates.iter().map(|(_, update)| update.clone()).collect();
    lock.release(&moved)?;
    if lock.place().remote.is_some() {
        tips::follow(&history.repository, &moved)?;
        let mut seen = updates.iter().filter_map(|(target, update)| Some((target, update.to?)));
        seen.try_for_each(|(target, to)| tips::saw(target, &history.repository, &to))?;
    }
    Ok(pruned)
}

/// A record with its last runs only.
struct Shortened {
    tip: Commit,
    kept: usize,
    dropped: usize,
}

/// Writes the last runs of a record as a record of their own, if it has more; `None` if there is no record.
fn shortened(target: &Target, keep: usize, history: &History) -> Result<Option<Shortened>, Diagnostic> {
    let repository = &history.repository;
    let Some(tip) = history.record_tip(target)? else { return Ok(None) };
    history.trust.check(repository, &tip).map_err(Diagnostic::refused)?;
    let mut runs: Vec<_> = Runs::until(repository, tip).collect::<Result<_, _>>()?;
    let dropped = runs.len().saturating_sub(keep);
    runs.truncate(keep);
    let mut short = Shortened { tip, kept: runs.len(), dropped };
    if dropped > 0 {
        let mut last = None;
        for commit in runs.iter().rev().flat_map(commits) {
            short.tip = rewritten(&commit, last, &tip, history)?;
            last = Some(short.tip);
        }
    }
    Ok(Some(short))
}

/// The commits of a run, oldest first.
fn commits(run: &Logged) -> impl Iterator<Item = Commit> + use<> {
    let begun = run.begun.filter(|begun| *begun != run.record);
    begun.into_iter().chain([run.record])
}

/// The same commit on another one. The first says what it replaces, so that a clone that has seen that goes on.
fn rewritten(
    commit: &Commit,
    previous: Option<Commit>,
    tip: &Commit,
    history: &History,
) -> Result<Commit, Diagnostic> {
    let repository = &history.repository;
    let mut run = Record::run_of(repository, commit)?;
    run.previous = previous.map(|previous| previous.hex());
    run.replaces = previous.is_none().then(|| tip.hex());
    let mut parents: Vec<_> = previous.into_iter().collect();
    let applied = history.commit_of(&run.commit)?;
    parents.push(applied);
    if previous.is_none() {
        parents.extend(declared_by(repository, commit, &applied)?);
    }
    let message = repository.message(commit)?;
    let new = NewCommit {
        parents: &parents,
        author: &run.who,
        time: repository.time(commit)?,
        message: &message,
        signer: history.trust.signer(),
    };
    repository.write_commit(Some(commit), &[(RUN.to_owned(), Some(run.file()))].into(), &new)
}

/// The commits that the entries of a record name and that its applied commit does not contain. Nothing else may hold them
/// any more, and they are the evidence that their branch was applied.
fn declared_by(
    repository: &Repository,
    commit: &Commit,
    applied: &Commit,
) -> Result<Vec<Commit>, Diagnostic> {
    let record = Record::read(repository.reopened()?, *commit)?;
    let mut named = BTreeSet::new();
    for folder in record.folders() {
        let verified = record.entry(folder)?.and_then(|entry| entry.meta.verified);
        named.extend(verified.map(|verified| verified.commit));
    }
    let mut kept = Vec::new();
    for held in named.iter().filter_map(|hex| repository.held(hex)) {
        if !repository.is_ancestor(&held, applied)? {
            kept.push(held);
        }
    }
    Ok(kept)
}
