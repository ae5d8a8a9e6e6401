//! Applies plans, target by target, and then verifies each with a second plan. How one target is written is in `write`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::model::outcome::EndedChange;
use crate::model::plan::TargetPlan;
use crate::model::request::Symbol;
use crate::model::resource::RemoteId;
use crate::model::wire::Permit;
use crate::plan::input::{PlanOptions, WriteOnly};
use crate::report::{ApplyReport, TargetReport};
use crate::run::journal::Journal;
use crate::run::plan::Planned;
use crate::run::project::{Connected, Intent};
use crate::run::recorder::Keys;
use crate::run::stop::{GRACE, unless_stopped};
use crate::run::verify::verify;
use crate::run::write;
use crate::run::write::ids::Ids;
use crate::run::write::input::WriteInput;

/// Applies the plans that are sound, target by target. Then each target is verified with a second plan, also one without
/// changes if something was written to its origin: two targets may share more than enact can know. A manifest that is
/// wrong only when compared with the live objects, such as a reference to nothing, stops all of them: promise 9.
pub async fn apply(planned: Vec<Planned<'_>>, means: &Means<'_>) -> Vec<TargetReport> {
    let invalid =
        |diagnostic: &Diagnostic| diagnostic.is_error() && diagnostic.code.class() == Class::Invalid;
    if planned.iter().any(|planned| planned.plan.diagnostics.iter().any(invalid)) {
        return planned.iter().map(Planned::report).collect();
    }
    let mut written = Vec::new();
    for planned in &planned {
        written.push(write_one(planned, means).await);
    }
    let touched: BTreeSet<_> = planned
        .iter()
        .zip(&written)
        .filter(|(_, ended)| ended.is_some())
        .map(|(one, _)| origin(one))
        .collect();
    let mut reports = Vec::new();
    for (planned, ended) in planned.iter().zip(written) {
        let ended = match ended {
            None if planned.plan.is_sound() && touched.contains(&origin(planned)) => Some(Written::default()),
            ended => ended,
        };
        reports.push(verify_one(planned, ended, means.stop).await);
    }
    reports
}

/// What a run writes with, beside its plans.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Where ended writes are recorded.
    pub journal: &'a dyn Journal,
    /// Whether the run may still write.
    pub permit: &'a dyn Permit,
    /// The idempotency keys that were noted for its creates.
    pub keys: &'a Keys,
    /// Set when the run is to end.
    pub stop: &'a AtomicBool,
}

/// What was written for one target.
#[derive(Default)]
struct Written {
    changes: Vec<EndedChange>,
    /// The ids of what was created.
    ids: BTreeMap<Symbol, RemoteId>,
}

/// The origin that a target's requests go to: what is written for one target may change what another finds there.
fn origin(planned: &Planned<'_>) -> String {
    planned.at.http.origin()
}

/// Writes the changes of a sound plan, if it has any.
async fn write_one(planned: &Planned<'_>, means: &Means<'_>) -> Option<Written> {
    if !planned.plan.is_sound() || planned.plan.changes.is_empty() {
        return None;
    }
    let Connected { intent, http, url: _ } = &planned.at;
    let Means { journal, permit, keys, stop } = *means;
    let (writer, ids) = (http.writer(), Ids::default());
    let input = WriteInput {
        ids: &ids,
        intent: *intent,
        refused: &planned.plan.refused,
        observed: &planned.observed,
        writer: &writer,
        concurrency: intent.target.config.limits.concurrency.min(WRITES_AT_ONCE),
        journal,
        permit,
        keys,
        stop,
    };
    let changes = write::apply(&input, &planned.plan.changes).await;
    Some(Written { changes, ids: ids.known() })
}

/// Plans a target once more, after everything was written. `ended` is `None` if there is nothing to verify.
async fn verify_one(planned: &Planned<'_>, ended: Option<Written>, stop: &AtomicBool) -> TargetReport {
    let Some(Written { changes, ids }) = ended else { return planned.report() };
    let Connected { intent, http, url: _ } = &planned.at;
    let options = PlanOptions { write_only: WriteOnly::Nothing, ..intent.options.clone() };
    let intent = Intent { options: &options, ..*intent };
    let reader = http.reader();
    let verified = unless_stopped(stop, GRACE, verify(&intent, &reader, &changes, &ids)).await;
    let verified = verified.unwrap_or_else(|| unverified(&intent.target.config.name));
    TargetReport { apply: Some(ApplyReport { changes, verified }), ..planned.report() }
}

/// The second plan of a run that was interrupted while it waited for it.
fn unverified(target: &str) -> TargetPlan {
    let message = "the run was interrupted before it had read again what it wrote";
    let diagnostic = Diagnostic::new(Code::LiveUnreadable, message).about(target);
    let diagnostics = vec![diagnostic.help("run apply again: it goes on from what is live")];
    TargetPlan { target: target.to_owned(), incomplete: true, diagnostics, ..TargetPlan::default() }
}

/// Policy APIs are small; many writes side by side gain little and make trouble hard to read.
const WRITES_AT_ONCE: usize = 4;
