//! Waits that end early if the run is to end: a request under way is finished, but nobody waits for minutes to send one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::{Either, select};

/// Why something was not written.
pub(super) const INTERRUPTED: &str = "the run was interrupted before it";

/// How often it is asked whether the run is to end.
const ASKS: Duration = Duration::from_millis(500);

/// How long a run that is to end still looks at what became of its writes.
pub const GRACE: Duration = Duration::from_secs(5);

/// Waits for this; `None` if it is not over so long after the run is to end.
pub async fn unless_stopped<T>(
    stop: &AtomicBool,
    grace: Duration,
    wait: impl Future<Output = T>,
) -> Option<T> {
    let stopped = async {
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(ASKS).await;
        }
        tokio::time::sleep(grace).await;
    };
    match select(Box::pin(wait), Box::pin(stopped)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_it_is_over_or_when_the_run_is_to_end() {
        let stop = AtomicBool::new(false);
        let began = tokio::time::Instant::now();
        let short =
            unless_stopped(&stop, Duration::ZERO, tokio::time::sleep(Duration::from_millis(1200))).await;
        assert_eq!((short, began.elapsed().as_millis()), (Some(()), 1200));
        let interrupted = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            stop.store(true, Ordering::Relaxed);
        };
        let long = unless_stopped(&stop, Duration::ZERO, tokio::time::sleep(Duration::from_secs(300)));
        assert_eq!(futures::future::join(long, interrupted).await.0, None);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
