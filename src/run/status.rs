//! What the records of this clone say of each target. Nothing is sent and no reference is moved.

use jiff::civil::Date;

use crate::config::target::{Config, Target};
use crate::diagnostic::Diagnostic;
use crate::git::Repository;
use crate::model::state::Declared;
use crate::plan::lifecycle::{expires_soon, hold};
use crate::record::lock::{LOCK, LockJson};
use crate::record::run::RunOutcome;
use crate::report::content::{ExpiryStatus, HoldStatus, LockStatus, ObjectName, StatusContent, TargetStatus};
use crate::run::history::History;
use crate::run::lock::unreadable;
use crate::run::log::{self, Runs};
use crate::run::options::RunOptions;
use crate::run::project::Project;
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
    let opened = log::open(config, diagnostics);
    let in_git = opened.as_ref().map(Option::is_some);
    let history = opened.flatten();
    let named = |target: &&Target| options.only.is_empty() || options.only.contains(&target.config.name);
    let remote = config.record.remote.clone();
    let mut found = StatusContent { in_git, remote, targets: Vec::new() };
    for target in config.targets.iter().filter(named) {
        let mut status = declared(target, project, options.plan.day);
        if let Some(history) = &history {
            let name = &target.config.name;
            let recorded = recorded(&mut status, target, history, diagnostics);
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
fn recorded(
    status: &mut TargetStatus,
    target: &Target,
    history: &History,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(tip) = log::tip(target, history, diagnostics)? else { return Ok(()) };
    let record = Record::read(history.repository().reopened()?, tip)?;
    record.check(target)?;
    status.last = Some(log::summary(&tip, &record.run));
    for folder in &record.run.open {
        let entry = record.entry(folder)?;
        let object = entry.map(|entry| ObjectName { kind: entry.meta.kind, name: entry.meta.name });
        status.open.extend(object);
    }
    for logged in Runs::until(history.repository(), tip).take(RUNS) {
        let logged = logged?;
        if logged.run.outcome == RunOutcome::Converged && logged.run.undoes.is_none() {
            status.last_converged = Some(log::summary(&logged.record, &logged.run));
            return Ok(());
        }
    }
    Ok(())
}

/// The lock of a target, if this clone knows one.
fn lock(target: &str, repository: &Repository) -> Result<Option<LockStatus>, Diagnostic> {
    let Some(at) = repository.reference(&tips::lock(target))? else { return Ok(None) };
    let bytes = repository.file_at(&at, LOCK)?.map(|file| repository.blob(file)).transpose()?;
    let lock = LockJson::parse(&bytes.unwrap_or_default()).map_err(|why| unreadable(&at, &why))?;
    Ok(Some(LockStatus::from(&lock)))
}
