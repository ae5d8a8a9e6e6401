//! One pass over one target: a whole run, from nothing, in a thread of its own.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::source::{self, Place};
use crate::report::Report;
use crate::report::pass::{LeftChanges, PassRow, PassState};
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
    pub(super) place: Arc<Place>,
    /// Set when the service is to end.
    pub(super) stop: Arc<AtomicBool>,
}

impl Pass {
    /// Goes through with it. `None` if the service ended before it would have written.
    pub(super) fn run(self) -> Option<PassRow> {
        let (id, began) = (new_id(), Instant::now());
        let report = match self.mode {
            Mode::Hold => return Some(self.held(id)),
            Mode::Report | Mode::Apply | Mode::Narrow => self.report(id.clone())?,
        };
        let when = (Timestamp::now(), began.elapsed());
        Some(PassRow::of((&self.target, &id), self.mode, &report, when))
    }

    fn held(&self, run: String) -> PassRow {
        PassRow {
            target: self.target.clone(),
            run,
            ended: Timestamp::now(),
            seconds: 0.0,
            commit: self.place.commit.clone(),
            mode: self.mode,
            state: PassState::Held,
            written: 0,
            left: LeftChanges::default(),
            requests: 0,
            problems: Vec::new(),
        }
    }

    fn report(&self, id: String) -> Option<Report> {
        let options = RunOptions { only: vec![self.target.clone()], ..source::options(self.mode) };
        let caller = Unattended { stop: self.stop.clone(), writes: AtomicBool::new(false) };
        let run = Reconcile {
            id,
            caller: &caller,
            load: &|| self.place.load(&options),
            options: &options,
            reviewed: None,
            sandbox: false,
            allow_dirty: false,
            events: None,
            remote: None,
            patience: PATIENCE,
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
            Either::Left((report, _)) => Some(report),
            Either::Right(((), _)) => None,
        }
    }
}

/// Nobody looks on.
struct Unattended {
    stop: Arc<AtomicBool>,
    /// Whether the run has come to where it may write.
    writes: AtomicBool,
}

impl Unattended {
    /// Waits until the service is to end while the run has not come to where it may write; from there on, the run itself
    /// looks whether it is to end, and leaves nothing half done.
    async fn ended_before_writing(&self) {
        loop {
            if self.stop.load(Ordering::Relaxed) && !self.writes.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(LOOKS).await;
        }
    }
}

impl Caller for Unattended {
    fn asks(&self) -> bool {
        false
    }

    fn agrees(&self, _: &Project, _: &Report) -> bool {
        true
    }

    fn remark(&self, _: &str) {}

    fn progress(&self, _: &'static str, _: &[&Connected<'_>]) -> Box<dyn Any> {
        Box::new(())
    }

    fn stop(&self) -> Arc<AtomicBool> {
        self.writes.store(true, Ordering::Relaxed);
        self.stop.clone()
    }
}
