//! Applies plans, target by target, and verifies each with a second plan. How one target is written is in `write`.

use std::sync::atomic::AtomicBool;

use crate::diagnostic::{Class, Diagnostic};
use crate::plan::input::{PlanOptions, WriteOnly};
use crate::report::{ApplyReport, TargetReport};
use crate::run::journal::Journal;
use crate::run::plan::Planned;
use crate::run::project::{Connected, Intent};
use crate::run::verify::verify;
use crate::run::write;
use crate::run::write::ids::Ids;
use crate::run::write::input::WriteInput;

/// Applies the plans that are sound, target by target, and verifies each with a second plan. A manifest that is wrong
/// only when compared with the live objects, such as a reference to nothing, stops all of them: promise 9.
pub async fn apply(planned: Vec<Planned<'_>>, journal: &dyn Journal, stop: &AtomicBool) -> Vec<TargetReport> {
    let invalid =
        |diagnostic: &Diagnostic| diagnostic.is_error() && diagnostic.code.class() == Class::Invalid;
    if planned.iter().any(|planned| planned.plan.diagnostics.iter().any(invalid)) {
        return planned.iter().map(Planned::report).collect();
    }
    let mut reports = Vec::new();
    for planned in planned {
        reports.push(apply_one(planned, journal, stop).await);
    }
    reports
}

async fn apply_one(planned: Planned<'_>, journal: &dyn Journal, stop: &AtomicBool) -> TargetReport {
    if !planned.plan.is_sound() || planned.plan.changes.is_empty() {
        return planned.report();
    }
    let Connected { intent, http, url: _ } = &planned.at;
    let (reader, writer) = (http.reader(), http.writer());
    let ids = Ids::default();
    let input = WriteInput {
        ids: &ids,
        intent: *intent,
        observed: &planned.observed,
        writer: &writer,
        concurrency: intent.target.config.limits.concurrency.min(WRITES_AT_ONCE),
        journal,
        stop,
    };
    let changes = write::apply(&input, &planned.plan.changes).await;
    let options = PlanOptions { write_only: WriteOnly::Nothing, ..intent.options.clone() };
    let verified = verify(&Intent { options: &options, ..*intent }, &reader, &changes, &ids.known()).await;
    TargetReport { apply: Some(ApplyReport { changes, verified }), ..planned.report() }
}

/// Policy APIs are small; many writes side by side gain little and make trouble hard to read.
const WRITES_AT_ONCE: usize = 4;
