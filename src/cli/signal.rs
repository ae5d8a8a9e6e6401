//! What Ctrl-C and SIGTERM do to a run. Where a run checks the flag is in `run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::say;
use crate::text::inert::Inert;

/// What shells report for a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A flag that the first Ctrl-C or SIGTERM sets, so that the report is still written; a second one ends at once.
pub(super) fn stop_on_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    tokio::spawn(async move {
        signal().await;
        flag.store(true, Ordering::Relaxed);
        say(&Inert::text(
            "Stopping: requests under way are finished, nothing new begins. A second signal ends at once.\n",
        ));
        signal().await;
        std::process::exit(INTERRUPTED);
    });
    stop
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    // Without a handler, signals do what they do to any process.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}
