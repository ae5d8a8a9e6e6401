//! How many changes of each target have ended, for whoever watches a run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::plan::TargetPlan;
use crate::report::Report;
use crate::report::json::event::WriteEnded;
use crate::run::journal::Journal;
use crate::run::plan::Planned;
use crate::run::whose::RunId;
use crate::sync::lock;

/// What a run is doing.
#[derive(Clone)]
pub enum Work {
    /// It reads what is live.
    Reading,
    /// It writes, and then reads again what it wrote.
    Writing(Arc<Counts>),
}

/// The targets that a run writes to, in its order.
pub struct Counts(Vec<TargetCount>);

struct TargetCount {
    target: String,
    changes: usize,
    ended: AtomicUsize,
    /// When the first one ended.
    first: Mutex<Option<Instant>>,
}

/// How far the writes to one target have got.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// The target's name.
    pub target: String,
    /// How many changes have ended.
    pub ended: usize,
    /// Of how many.
    pub changes: usize,
    /// What the others take if they take as long as those did; `None` as long as that would be a guess.
    pub left: Option<Duration>,
}

impl Counts {
    /// Counts what these plans write.
    pub fn of(planned: &[Planned<'_>]) -> Arc<Self> {
        let written = planned.iter().map(|planned| &planned.plan).filter(|plan| plan.is_sound());
        let count = |plan: &TargetPlan| TargetCount {
            target: plan.target.clone(),
            changes: plan.changes.len(),
            ended: AtomicUsize::new(0),
            first: Mutex::default(),
        };
        Arc::new(Self(written.filter(|plan| !plan.changes.is_empty()).map(count).collect()))
    }

    /// The target that is written to; `None` once all of them are done.
    pub fn now(&self) -> Option<Done> {
        let ended = |count: &&TargetCount| count.ended.load(Ordering::Relaxed);
        // One that a failure ended early stays behind the next one.
        let begun = self.0.iter().rposition(|count| ended(&count) > 0).unwrap_or_default();
        let is_open = |count: &&TargetCount| ended(count) < count.changes;
        let count = self.0.iter().skip(begun).find(is_open)?;
        let (ended, changes) = (ended(&count), count.changes);
        let left = lock(&count.first).and_then(|first| left(ended, changes, first.elapsed()));
        Some(Done { target: count.target.clone(), ended, changes, left })
    }

    /// Counts a change that ended.
    fn end(&self, target: &str) {
        if let Some(count) = self.0.iter().find(|count| count.target == target) {
            lock(&count.first).get_or_insert_with(Instant::now);
            count.ended.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What is left, by what was done since the first one ended.
fn left(ended: usize, changes: usize, since: Duration) -> Option<Duration> {
    let done = u32::try_from(ended).ok()?.checked_sub(1)?;
    let open = u32::try_from(changes.saturating_sub(ended)).ok()?;
    let is_known = done > 0 && since >= Duration::from_secs(5);
    is_known.then(|| since.saturating_mul(open).checked_div(done)).flatten()
}

/// A journal whose lines are counted.
pub struct Counted<'a> {
    /// Where they go.
    pub journal: &'a dyn Journal,
    /// Where they are counted.
    pub counts: Arc<Counts>,
}

impl Journal for Counted<'_> {
    fn begin(&self, run: &RunId, report: &Report) {
        self.journal.begin(run, report);
    }

    fn record(&self, ended: &WriteEnded) {
        self.journal.record(ended);
        self.counts.end(&ended.id.target);
    }

    fn end(&self, report: &Report) {
        self.journal.end(report);
    }

    fn broken(&self) -> Option<String> {
        self.journal.broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(targets: &[(&str, usize)]) -> Counts {
        let of = |(target, changes): &(&str, usize)| TargetCount {
            target: (*target).to_owned(),
            changes: *changes,
            ended: AtomicUsize::new(0),
            first: Mutex::default(),
        };
        Counts(targets.iter().map(of).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_follows_from_what_was_done() {
        let counts = counts(&[("a", 1), ("b", 11)]);
        let now = || counts.now().map(|now| (now.target, now.ended, now.left));
        let second = Duration::from_secs(1);
        assert_eq!(now(), Some(("a".to_owned(), 0, None)));
        counts.end("a");
        assert_eq!(now(), Some(("b".to_owned(), 0, None)));
        for _ in 0..4 {
            counts.end("b");
            tokio::time::advance(second).await;
        }
        assert_eq!(now(), Some(("b".to_owned(), 4, None)), "four seconds say little");
        counts.end("b");
        tokio::time::advance(4 * second).await;
        assert_eq!(now(), Some(("b".to_owned(), 5, Some(12 * second))), "8 s for 4, so 12 s for 6");
    }

    #[test]
    fn a_target_that_ended_early_is_left_behind_and_nothing_is_left_at_the_end() {
        let counts = counts(&[("a", 3), ("b", 1)]);
        counts.end("a");
        assert_eq!(counts.now().map(|now| now.target), Some("a".to_owned()));
        counts.end("b");
        assert_eq!(counts.now(), None);
    }
}
