//! The lines of `--events`: that a run begins to write, how each write ended, and how the run ended. One definition gives
//! the line and its schema.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::model::change::{Action, Change};
use crate::model::outcome::{Outcome, WriteResult};
use crate::model::resource::ResourceId;
use crate::model::sent::{Effort, SentRequest};
use crate::record::run::Planned;
use crate::report::Report;
use crate::report::summary::Totals;
use crate::text::inert;

/// One line of `--events`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Line")]
pub struct EventLine<'a> {
    /// The version of this format: 1. It changes when a field changes its meaning or goes away.
    pub format_version: u32,
    /// When it happened, in RFC 3339.
    pub time: String,
    /// The random id of the run, as in its record and its lock; null where no run has said that it begins.
    pub run: Option<String>,
    /// The commit that is applied; null if it is not a commit.
    pub commit: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event<'a>,
}

/// What happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(rename = "Event")]
pub enum Event<'a> {
    /// A run begins to write. A run that has nothing to write has no line at all.
    RunStarted(&'a RunStarted),
    /// A write has ended.
    WriteEnded(&'a WriteEnded),
    /// The run has ended. A run that was killed has no such line.
    RunEnded(&'a RunEnded),
}

/// A run that begins to write.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunStarted {
    /// The command.
    pub command: String,
    /// The version of enact.
    pub enact: String,
    /// Where the run can be looked at, in CI.
    pub run_url: Option<String>,
    /// Who began it: the actor of CI, or else git's user.
    pub who: String,
    /// The machine.
    pub host: String,
    /// The targets of the run, in the order of the configuration.
    pub targets: Vec<String>,
    /// The digest of the plan, as `digest` of `enact plan --format json`.
    pub digest: String,
    /// How many objects are planned to be created, updated and deleted.
    pub planned: Planned,
}

/// A write that has ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WriteEnded {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// What happened to it.
    pub action: Action,
    /// Which side moved.
    pub cause: Cause,
    /// The fields that were to change; none for a delete. Of a field that the API takes and never shows, both values are
    /// null: it may be a secret.
    pub fields: Vec<Field>,
    /// The requests that were sent to write it, in order, without the looks at it.
    pub requests: Vec<SentRequest>,
    /// How many requests that is, with repeats.
    pub attempts: usize,
    /// How long it took, with looks and waits, in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A run that has ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunEnded {
    /// Whether everything is as declared.
    pub outcome: RunResult,
    /// The exit code of the process.
    pub exit_code: i32,
    /// How many of the planned writes ended how.
    pub counts: BTreeMap<WriteResult, usize>,
    /// How many requests were sent to all targets, reads among them.
    pub requests: usize,
    /// How long it took since it began to write, in milliseconds.
    pub duration_ms: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Everything is as declared, and was verified.
    Converged,
    /// Something is not as declared, or it is not known.
    Incomplete,
}

impl RunStarted {
    /// The run that this report plans, as others see it.
    pub fn of(report: &Report, run_url: Option<String>, who: String, host: String) -> Self {
        let Totals { create, update, delete, .. } = Totals::of(report);
        Self {
            command: report.command.to_owned(),
            enact: env!("CARGO_PKG_VERSION").to_owned(),
            run_url,
            who,
            host,
            targets: report.targets.iter().map(|target| target.plan.target.clone()).collect(),
            digest: report.digest(),
            planned: Planned { create, update, delete },
        }
    }
}

impl WriteEnded {
    /// How this change ended. `fields` are those that may be shown.
    pub fn of(change: &Change, fields: Vec<Field>, outcome: &Outcome, effort: &Effort) -> Self {
        Self {
            id: change.id.clone(),
            action: change.action,
            cause: change.cause,
            fields,
            requests: effort.requests.clone(),
            attempts: effort.requests.iter().map(|request| request.attempts).sum(),
            duration_ms: milliseconds(effort.duration),
            outcome: outcome.clone(),
        }
    }
}

impl RunEnded {
    /// How the run of this report ended, after this time.
    pub fn of(report: &Report, duration: Duration) -> Self {
        let exit_code = report.exit() as i32;
        let mut counts = BTreeMap::new();
        for (_, outcome) in report.targets.iter().flat_map(|target| target.changes()) {
            let result = outcome.map_or(WriteResult::NotAttempted, Outcome::result);
            *counts.entry(result).or_default() += 1;
        }
        Self {
            outcome: if exit_code == 0 { RunResult::Converged } else { RunResult::Incomplete },
            exit_code,
            counts,
            requests: report.targets.iter().map(|target| target.requests).sum(),
            duration_ms: milliseconds(duration),
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

impl EventLine<'_> {
    /// The line as text, with its end. Nothing in it can harm a terminal.
    pub fn text(&self) -> String {
        // This could fail only for keys that are not strings, and there are none.
        inert::json(&(serde_json::to_string(self).unwrap_or_default() + "\n"))
    }
}
