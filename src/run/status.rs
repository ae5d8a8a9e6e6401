//! What the records of this clone say of each target. Nothing is sent and no reference is moved.

use std::sync::Arc;

use jiff::civil::Date;

use crate::config::target::{Config, Target};
use crate::diagnostic::Diagnostic;
use crate::git::{Commit, Repository};
use crate::model::state::Declared;
use crate::plan::lifecycle::{expires_soon, hold};
use crate::record::lock::{LOCK, LockJson};
use crate::record::run::{RunJson, RunOutcome};
use crate::report::content::{
    ExpiryStatus, HoldStatus, LockStatus, ObjectName, RunSummary, StatusContent, TargetStatus,
};
use crate::run::history::History;
use crate::run::lock::unreadable;
use crate::run::options::RunOptions;
use crate::run::project::Project;
use crate::run::reads::Reads;
use crate::run::record::Record;
use crate::run::tips;

/// How many runs are looked at to find the last one that left everything as declared.
const RUNS: usize = 1000;

/// What is known of the targets of a run. What cannot be read is a diagnostic, and the rest is there.
pub fn status(
    config: &Config,
    project: Option<&Project>,
    options: &RunOptions,
    diagnostics: &mut Vec<Diagnostic>,
) -> StatusContent {
    let reads = Arc::new(Reads::within(&config.limits));
    let opened = History::open(config.folder(), None, &reads);
    let opened = opened.map_err(|diagnostic| diagnostics.push(diagnostic)).ok();
    let in_git = opened.as_ref().map(Option::is_some);
    let history = opened.flatten();
    let named = |target: &&Target| options.only.is_empty() || options.only.contains(&target.config.name);
    let remote = config.record.remote.clone();
    let mut found = StatusContent { in_git, remote, targets: Vec::new() };
    for target in config.targets.iter().filter(named) {
        let mut status = declared(target, project, options.plan.day);
        if let Some(history) = &history {
            let name = &target.config.name;
            let recorded = recorded(&mut status, target, history);
            diagnostics.extend(recorded.err().map(|diagnostic| diagnostic.about(name)));
            match lock(name, history.repository()) {
                Ok(lock) => status.lock = lock,
                Err(diagnostic) => diagnostics.push(diagnostic.about(name)),
            }
        }
        found.targets.push(status);
    }
    diagnostics.extend(history.iter().flat_map(|history| history.ownerless(config)));
    found
}

/// What the manifests say of the days of their objects.
fn declared(target: &Target, project: Option<&Project>, day: Date) -> TargetStatus {
    let name = &target.config.name;
    let desired = project.and_then(|project| project.desired.get(name));
    let all = || desired.into_iter().flat_map(|desired| desired.values());
    let object =
        |declared: &Declared| ObjectName { kind: declared.id.kind.clone(), name: declared.id.name.clone() };
    let held = |declared: &Declared| {
        let hold = hold(declared, day)?;
        Some(HoldStatus { object: object(declared), until: hold.until, reason: hold.reason.clone() })
    };
    let expiry = |declared: &Declared| {
        let over = declared.manifest.expires.filter(|_| declared.expired);
        let expires = expires_soon(declared, day).or(over)?;
        Some(ExpiryStatus { object: object(declared), expires })
    };
    TargetStatus {
        target: name.clone(),
        last: None,
        last_converged: None,
        open: Vec::new(),
        lock: None,
        holds: all().filter_map(held).collect(),
        expiries: all().filter_map(expiry).collect(),
    }
}

/// What the record says of its runs. What was found before an error stays.
fn recorded(status: &mut TargetStatus, target: &Target, history: &History) -> Result<(), Diagnostic> {
    let Some(tip) = history.record_tip(target)? else { return Ok(()) };
    let record = Record::read(history.repository().reopened()?, tip)?;
    record.check(target)?;
    status.last = Some(summary(&tip, &record.run));
    for folder in &record.run.open {
        let entry = record.entry(folder)?;
        let object = entry.map(|entry| ObjectName { kind: entry.meta.kind, name: entry.meta.name });
        status.open.extend(object);
    }
    let mut at = Some((tip, record.run));
    for _ in 0..RUNS {
        let Some((commit, run)) = at else { return Ok(()) };
        if run.outcome == RunOutcome::Converged {
            status.last_converged = Some(summary(&commit, &run));
            return Ok(());
        }
        at = before(history.repository(), &commit, &run)?;
    }
    Ok(())
}

/// The run before in a record. The record itself says which one: the first one's parent is the applied commit.
fn before(
    repository: &Repository,
    commit: &Commit,
    run: &RunJson,
) -> Result<Option<(Commit, RunJson)>, Diagnostic> {
    let parent = repository.first_parent(commit)?;
    let Some(parent) = parent.filter(|parent| run.previous.as_ref() == Some(&parent.hex())) else {
        return Ok(None);
    };
    Ok(Some((parent, Record::run_of(repository, &parent)?)))
}

/// A run of a record.
fn summary(record: &Commit, run: &RunJson) -> RunSummary {
    RunSummary {
        record: record.hex(),
        run: run.run.clone(),
        run_url: run.run_url.clone(),
        who: run.who.clone(),
        commit: run.commit.clone(),
        started: run.started.clone(),
        ended: run.ended.clone(),
        outcome: run.outcome,
        planned: run.planned,
        counts: run.counts.clone(),
    }
}

/// The lock of a target, if this clone knows one.
fn lock(target: &str, repository: &Repository) -> Result<Option<LockStatus>, Diagnostic> {
    let Some(at) = repository.reference(&tips::lock(target))? else { return Ok(None) };
    let bytes = repository.file_at(&at, LOCK)?.map(|file| repository.blob(file)).transpose()?;
    let lock = LockJson::parse(&bytes.unwrap_or_default()).map_err(|why| unreadable(&at, &why))?;
    Ok(Some(LockStatus::from(&lock)))
}
