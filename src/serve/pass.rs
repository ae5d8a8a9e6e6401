//! One pass over one target: a whole run, from nothing, in a thread of its own.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::source::{self, Place};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::pass::{LeftChanges, PassProblem, PassRow, PassState};
use crate::report::picture::Picture;
use crate::report::{Ending, Report};
use crate::run::counts::Work;
use crate::run::options::RunOptions;
use crate::run::project::{Connected, Project};
use crate::run::reconcile::{Caller, Reconcile};
use crate::run::whose::new_id;
use crate::schedule::Mode;

/// How long a pass waits for a lock that somebody holds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether the service is to end.
const LOOKS: Duration = Duration::from_millis(100);

/// A pass that is to begin.
pub(super) struct Pass {
    pub(super) target: String,
    pub(super) mode: Mode,
    /// Who asked for it, if it was not due.
    pub(super) asked: Option<Asked>,
    /// Whether somebody held the target when it was looked last. Then it is not waited for its lock.
    pub(super) is_held: bool,
    pub(super) place: Arc<Place>,
    /// Set when the service is to end.
    pub(super) stop: Arc<AtomicBool>,
}

/// A person who asked for a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) by: String,
    /// The digest of the plan that is to be written; `None` to look only.
    pub(super) plan: Option<String>,
}

/// A pass that has ended.
pub(super) struct Ended {
    pub(super) row: PassRow,
    /// What it saw, if that is known.
    pub(super) picture: Option<Picture>,
}

impl Ended {
    /// A pass of which only is known that it ended where none may end.
    pub(super) fn broken(target: &str, commit: Option<String>) -> Self {
        let wrong = Diagnostic::new(Code::ServePass, "the pass broke off: what it wrote, the record says")
            .help("please report this as a defect of enact, with what standard error says");
        let row = PassRow {
            target: target.to_owned(),
            run: new_id(),
            ended: Timestamp::now(),
            seconds: 0.0,
            commit,
            mode: Mode::default(),
            state: PassState::Failed,
            written: 0,
            left: LeftChanges::default(),
            requests: 0,
            asked_by: None,
            problems: vec![PassProblem::from(&wrong)],
        };
        Self { row, picture: None }
    }
}

impl Pass {
    /// Goes through with it. `None` if the service ended before it would have written.
    pub(super) fn run(self) -> Option<Ended> {
        let (id, began) = (new_id(), Instant::now());
        let mut report = self.report(id.clone())?;
        let is_another_plan = self.asked.is_some() && report.ending == Ending::Declined;
        if is_another_plan {
            report.diagnostics.push(moved());
        }
        let when = (Timestamp::now(), began.elapsed());
        let row = PassRow::of((&self.target, &id), self.mode, &report, when);
        let state = match (self.mode, row.state) {
            (Mode::Hold, PassState::Converged | PassState::Pending) => PassState::Held,
            // Nothing failed, and nothing was written.
            (_, PassState::Failed) if is_another_plan => PassState::Pending,
            (_, state) => state,
        };
        let asked_by = self.asked.map(|asked| asked.by);
        Some(Ended { row: PassRow { state, asked_by, ..row }, picture: Some(Picture::of(&report)) })
    }

    fn report(&self, id: String) -> Option<Report> {
        let options = RunOptions { only: vec![self.target.clone()], ..source::options(self.mode) };
        let caller = Unattended {
            stop: self.stop.clone(),
            writes: AtomicBool::new(false),
            plan: self.asked.as_ref().and_then(|asked| asked.plan.clone()),
        };
        let run = Reconcile {
            id,
            who: self.asked.as_ref().map(|asked| asked.by.clone()),
            caller: &caller,
            load: &|| self.place.load(&options),
            options: &options,
            reviewed: None,
            sandbox: false,
            allow_dirty: false,
            events: None,
            remote: None,
            patience: if self.is_held { Duration::ZERO } else { PATIENCE },
        };
        let whole = async {
            match options.writes {
                true => run.run().await,
                false => run.look().await,
            }
        };
        let whole = std::pin::pin!(whole);
        let ended = std::pin::pin!(caller.ended_before_writing());
        match Handle::current().block_on(select(whole, ended)) {
            Either::Left((report, _)) if !caller.has_ended_before_writing() => Some(report),
            Either::Left(_) | Either::Right(_) => None,
        }
    }
}

fn moved() -> Diagnostic {
    Diagnostic::new(Code::ReviewMoved, "the plan is another one now than the one that was looked at")
        .help("nothing was written; look at the new plan, and ask again")
}

/// Nobody looks on.
struct Unattended {
    stop: Arc<AtomicBool>,
    /// The only plan that is to be written, if somebody looked at one.
    plan: Option<String>,
    /// Whether the run has come to where it may write.
    writes: AtomicBool,
}

impl Unattended {
    /// Waits until the service is to end while the run has not come to where it may write; from there on, the run itself
    /// looks whether it is to end, and leaves nothing half done.
    async fn ended_before_writing(&self) {
        loop {
            if self.has_ended_before_writing() {
                return;
            }
            tokio::time::sleep(LOOKS).await;
        }
    }

    fn has_ended_before_writing(&self) -> bool {
        self.stop.load(Ordering::Relaxed) && !self.writes.load(Ordering::Relaxed)
    }
}

impl Caller for Unattended {
    fn asks(&self) -> bool {
        self.plan.is_some()
    }

    fn agrees(&self, _: &Project, report: &Report) -> bool {
        self.plan.as_ref().is_none_or(|plan| *plan == report.digest())
    }

    fn remark(&self, _: &str) {}

    fn progress(&self, _: Work, _: &[&Connected<'_>]) -> Box<dyn Any> {
        Box::new(())
    }

    fn stop(&self) -> Arc<AtomicBool> {
        self.writes.store(true, Ordering::Relaxed);
        self.stop.clone()
    }

    fn end_of_looks(&self) -> Option<Arc<AtomicBool>> {
        Some(self.stop.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_broke_off_is_a_failure_of_its_target_and_repeated() {
        let Ended { row, picture } = Ended::broken("a", None);
        assert!(row.state.is_worth_repeating() && picture.is_none());
        assert_eq!(row.problems[0].code, "serve/pass");
    }
}
