//! How fast requests go to an API: requests at once, requests per minute, and waiting when it asks for that. Which
//! requests are repeated is in `retry`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::http::retry::Budget;
use crate::sync::lock;

/// After so many answers in a row without a complaint, one more request may run at once.
const GROW_AFTER: usize = 20;
/// How long a request counts for the limit per minute.
const MINUTE: Duration = Duration::from_secs(60);

/// What all connections to one origin share: a limit that one of them meets holds for all.
#[derive(Debug, Default)]
pub struct Origin(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    paused_until: Option<Instant>,
    /// When a failed request is tried again.
    repeat_at: Option<Instant>,
    budget: Budget,
}

impl Origin {
    /// Lets no request out for a while.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut shared = lock(&self.0);
        shared.paused_until = shared.paused_until.max(Some(until));
    }

    /// Waits until sending is allowed.
    pub(super) async fn ready(&self) {
        loop {
            let until = lock(&self.0).paused_until.filter(|until| *until > Instant::now());
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }

    /// A failed request will be tried again then.
    pub(super) fn repeat_at(&self, at: Instant) {
        let mut shared = lock(&self.0);
        shared.repeat_at = shared.repeat_at.max(Some(at));
    }

    /// Until when no request may be sent, and when a failed one is tried again.
    pub(super) fn waiting(&self) -> (Option<Instant>, Option<Instant>) {
        let shared = lock(&self.0);
        (shared.paused_until, shared.repeat_at)
    }

    pub(super) fn earn(&self) {
        lock(&self.0).budget.earn();
    }

    /// Whether the budget allows another repeat.
    pub(super) fn spend(&self) -> bool {
        lock(&self.0).budget.spend()
    }
}

/// The pace of one target.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    per_minute: Option<usize>,
    slots: Mutex<Slots>,
    free: Notify,
    minute: Mutex<Minute>,
    /// Who waits for the minute is served in order.
    queue: tokio::sync::Mutex<()>,
    given_back: Notify,
}

/// The requests that count for the limit per minute.
#[derive(Debug, Default)]
struct Minute {
    sent: VecDeque<Instant>,
    /// How many are kept for requests that will be sent.
    kept: usize,
    /// Until when at least somebody waits for a place.
    full_until: Option<Instant>,
}

/// Places in the limit per minute that are kept for requests. Dropping it gives back those that were not used.
#[derive(Debug)]
pub(super) struct Places {
    pace: Arc<Pace>,
    left: usize,
}

impl Places {
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// One of them, for a request of its own.
    pub(super) fn split(&mut self) -> Option<Self> {
        self.left = self.left.checked_sub(1)?;
        Some(Self { pace: self.pace.clone(), left: 1 })
    }

    /// A request is sent now.
    pub(super) fn sent(mut self) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let mut minute = lock(&self.pace.minute);
            minute.kept -= 1;
            minute.sent.push_back(Instant::now());
        }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if self.left > 0 {
            lock(&self.pace.minute).kept -= self.left;
            self.pace.given_back.notify_one();
        }
    }
}

#[derive(Debug)]
struct Slots {
    /// How many may run at once now.
    limit: usize,
    running: usize,
    /// Answers since the last complaint.
    good: usize,
}

/// A running request. Dropping it makes room for another.
pub(super) struct Slot<'a>(&'a Pace);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        lock(&self.0.slots).running -= 1;
        self.0.free.notify_one();
    }
}

impl Pace {
    pub(super) fn new(most: usize, per_minute: Option<usize>) -> Self {
        let most = most.max(1);
        Self {
            most,
            per_minute,
            slots: Mutex::new(Slots { limit: most, running: 0, good: 0 }),
            free: Notify::new(),
            minute: Mutex::default(),
            queue: tokio::sync::Mutex::default(),
            given_back: Notify::new(),
        }
    }

    /// Waits until another request may run.
    pub(super) async fn slot(&self) -> Slot<'_> {
        loop {
            let free = self.free.notified();
            {
                let mut slots = lock(&self.slots);
                if slots.running < slots.limit {
                    slots.running += 1;
                    return Slot(self);
                }
            }
            free.await;
        }
    }

    /// Waits until so many more requests fit into the limit per minute, and keeps their places; no more than the limit.
    pub(super) async fn keep(self: &Arc<Self>, count: usize) -> Places {
        let Some(limit) = self.per_minute.map(|limit| limit.max(1)) else {
            return Places { pace: self.clone(), left: 0 };
        };
        let count = count.min(limit);
        let _in_order = self.queue.lock().await;
        loop {
            let given_back = self.given_back.notified();
            let Some(until) = self.full_until(limit, count) else { break };
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = given_back => {}
            }
        }
        Places { pace: self.clone(), left: count }
    }

    /// Keeps the places, or says until when at least there is no room for them.
    fn full_until(&self, limit: usize, count: usize) -> Option<Instant> {
        let mut minute = lock(&self.minute);
        let now = Instant::now();
        while minute.sent.front().is_some_and(|sent| *sent + MINUTE <= now) {
            minute.sent.pop_front();
        }
        let full = minute.sent.len() + minute.kept + count > limit;
        minute.full_until = full.then(|| minute.sent.front().map_or(now, |sent| *sent) + MINUTE);
        if !full {
            minute.kept += count;
        }
        minute.full_until
    }

    /// Until when at least somebody waits for a place in the limit per minute.
    pub(super) fn waiting(&self) -> Option<Instant> {
        lock(&self.minute).full_until
    }

    /// The API had too many requests: half as many at once from now on.
    pub(super) fn shrink(&self) {
        let mut slots = lock(&self.slots);
        slots.limit = (slots.limit / 2).max(1);
        slots.good = 0;
    }

    /// The API answered without a complaint.
    pub(super) fn grow(&self) {
        let mut slots = lock(&self.slots);
        slots.good += 1;
        if slots.good >= GROW_AFTER && slots.limit < self.most {
            slots.limit += 1;
            slots.good = 0;
            self.free.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fewer_run_at_once_after_a_complaint_and_more_again_later() {
        let pace = Pace::new(4, None);
        pace.shrink();
        let held = [pace.slot().await, pace.slot().await];
        assert!(tokio::time::timeout(Duration::from_secs(1), pace.slot()).await.is_err(), "only two");
        (0..GROW_AFTER).for_each(|_| pace.grow());
        drop(tokio::time::timeout(Duration::from_secs(1), pace.slot()).await.expect("a third"));
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_one_worker_holds_for_all_of_the_origin() {
        let (origin, start) = (Origin::default(), Instant::now());
        origin.pause(Duration::from_secs(7));
        origin.pause(Duration::from_secs(2));
        origin.ready().await;
        assert_eq!(start.elapsed().as_secs(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_it_may() {
        let (pace, start) = (Arc::new(Pace::new(1, Some(3))), Instant::now());
        for _ in 0..7 {
            pace.keep(1).await.sent();
        }
        assert!(start.elapsed() >= Duration::from_secs(120));
    }

    #[tokio::test(start_paused = true)]
    async fn a_kept_place_is_free_at_once_and_nobody_else_gets_it() {
        let (pace, start) = (Arc::new(Pace::new(1, Some(3))), Instant::now());
        let mut kept = pace.keep(2).await;
        pace.keep(1).await.sent();
        assert!(tokio::time::timeout(Duration::from_secs(9), pace.keep(1)).await.is_err(), "all are taken");
        kept.split().expect("kept").sent();
        drop(kept);
        pace.keep(1).await.sent();
        assert_eq!(start.elapsed().as_secs(), 9, "what was not used is given back");
        pace.keep(1).await.sent();
        assert_eq!(start.elapsed().as_secs(), 60);
    }
}
