//! What Ctrl-C, SIGTERM and SIGHUP do to a run. Where a run checks the flag is in `run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::say;
use crate::text::inert::Inert;

/// What shells report for a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A flag that the first signal sets, so that the report is still written; a second one ends at once.
pub(super) fn stop_on_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    // Before anything is written: a signal that arrives early must not find the handler missing.
    let mut signals = Signals::listen();
    tokio::spawn(async move {
        signals.next().await;
        flag.store(true, Ordering::Relaxed);
        say(&Inert::text(
            "Stopping: requests under way are finished, nothing new begins. A second signal ends at once.\n",
        ));
        signals.next().await;
        std::process::exit(INTERRUPTED);
    });
    stop
}

/// The signals that ask a run to end.
#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// Without a handler, a signal does what it does to any process.
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        if !ignores_hangup() {
            kinds.push(SignalKind::hangup());
        }
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        futures::future::select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}

/// Whether `nohup` started this process: then it goes on when its terminal is closed. Only Linux tells.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
