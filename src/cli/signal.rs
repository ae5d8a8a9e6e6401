//! What Ctrl-C, SIGTERM and SIGHUP do to a run. Where a run checks the flag is in `run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::say;
use super::signals::Signals;
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
