//! Reads what the targets hold, and plans. Only reads are sent: no [`crate::model::wire::Writer`] is available here.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::config::file::NewAccess;
use crate::diagnostic;
use crate::model::plan::TargetPlan;
use crate::model::resource::ResourceId;
use crate::model::state::Observed;
use crate::model::wire::Reader;
use crate::plan;
use crate::plan::input::PlanInput;
use crate::plan::listed;
use crate::report::TargetReport;
use crate::run::observe::{Depth, Wanted, observe, read_alone};
use crate::run::project::{Connected, Intent};

/// A target with its plan and what the plan was made from.
pub struct Planned<'a> {
    /// The target.
    pub at: Connected<'a>,
    /// What it holds.
    pub observed: Observed,
    /// The changes to write.
    pub plan: TargetPlan,
}

/// Plans all targets at once. Only reads are sent: no [`crate::model::wire::Writer`] is available here.
pub async fn plan(connected: Vec<Connected<'_>>) -> Vec<Planned<'_>> {
    join_all(connected.into_iter().map(|at| async move {
        let (observed, plan) = observe_and_plan(&at.intent, &at.http.reader()).await;
        Planned { at, observed, plan }
    }))
    .await
}

/// Reads and compares, and reads alone what would be written. It gets a reader, and nothing that could make a writer.
pub(super) async fn observe_and_plan(intent: &Intent<'_>, reader: &dyn Reader) -> (Observed, TargetPlan) {
    let (observed, plan) = observe_lists_and_plan(intent, reader).await;
    confirmed(intent, reader, (observed, plan), |_| true).await
}

/// Plans again with those objects read alone that a plan from lists does not leave as they are, as far as they matter.
pub(super) async fn confirmed(
    intent: &Intent<'_>,
    reader: &dyn Reader,
    (mut observed, before): (Observed, TargetPlan),
    matters: impl Fn(&ResourceId) -> bool,
) -> (Observed, TargetPlan) {
    let target = intent.target;
    let unchanged: BTreeSet<_> = before.unchanged.iter().collect();
    let open = intent.desired.values().filter(|declared| !unchanged.contains(&declared.id));
    let open = open.filter(|declared| matters(&declared.id));
    let concurrency = target.config.limits.concurrency;
    if !read_alone(target.system.as_ref(), open, reader, concurrency, &mut observed).await {
        return (observed, before);
    }
    let mut plan = plan_of(intent, &observed);
    plan.diagnostics.extend(listed::otherwise(intent.desired, &before, &plan));
    diagnostic::sort(&mut plan.diagnostics);
    (observed, plan)
}

/// Compares with what the lists show, and with what has to be read in full beside them.
pub(super) async fn observe_lists_and_plan(
    intent: &Intent<'_>,
    reader: &dyn Reader,
) -> (Observed, TargetPlan) {
    let target = intent.target;
    let concurrency = target.config.limits.concurrency;
    let Intent { desired, base, given_up, record, options, .. } = *intent;
    let depth = match options {
        options if !options.only_declared && intent.is_guarded() => Depth::Everything,
        options if options.unmanaged_content => Depth::Whole,
        // Before a write, every object of a name counts, and a list that suddenly misses many.
        options if options.only_declared && !intent.writes => Depth::ByName,
        _ => Depth::Needed,
    };
    let wanted = Wanted { desired, base, given_up, record };
    let observed = observe(target.system.as_ref(), wanted, reader, concurrency, depth).await;
    let plan = plan_of(intent, &observed);
    (observed, plan)
}

/// Compares with what was read.
pub(super) fn plan_of(intent: &Intent<'_>, observed: &Observed) -> TargetPlan {
    let Intent { target, desired, base, attempted, given_up, record, counts, options, guardrails, .. } =
        *intent;
    let config = &target.config;
    plan::plan(&PlanInput {
        target: &config.name,
        system: target.system.as_ref(),
        desired,
        base,
        attempted,
        given_up,
        observed,
        counts,
        max_deletes: config.limits.max_deletes,
        refuses_new_access: options.refuses_new_access || config.limits.new_access == NewAccess::Refuse,
        guardrails,
        unmanaged: &target.unmanaged,
        last_seen: record.and_then(|record| record.unmanaged.as_ref()),
        options,
    })
}

impl Planned<'_> {
    /// The plan as a report, before anything is written.
    pub fn report(&self) -> TargetReport {
        TargetReport {
            system: self.at.intent.target.config.system.clone(),
            url: self.at.url.to_owned(),
            requests: self.at.http.requests(),
            plan: self.plan.clone(),
            apply: None,
        }
    }
}
