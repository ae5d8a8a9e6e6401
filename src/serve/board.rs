//! What the loop of the service and those who ask it over HTTP share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use jiff::Timestamp;
use tokio::sync::broadcast;

use super::door::Door;
use super::hook::{self, Secrets};
use super::pass::Asked;
use super::source::{Followed, Place};
use super::store::Store;
use crate::config::file::Forge;
use crate::report::metrics::ServiceMetrics;
use crate::report::pass::{PassRow, PassState, ServeEvent};
use crate::run::hold::Holder;
use crate::schedule::Mode;
use crate::sync::lock;

/// How many changes a page that listens may lag behind before it is told to look at everything.
const NEWS: usize = 64;

/// What the loop says, and what it is asked for.
pub(super) struct Board {
    metrics: ServiceMetrics,
    hooks: Mutex<Secrets>,
    ready: AtomicBool,
    /// Whether somebody asked it to look for a new commit.
    look: AtomicBool,
    door: Door,
    targets: Mutex<BTreeMap<String, Shown>>,
    /// What passes read.
    place: Mutex<Option<Arc<Place>>>,
    /// The targets that somebody wants a pass for.
    asked: Mutex<BTreeMap<String, Asked>>,
    store: Mutex<Option<Store>>,
    /// Why the store cannot be used.
    store_down: Mutex<Option<String>>,
    news: broadcast::Sender<String>,
}

/// A target, as pages show it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) mode: Mode,
    /// How the last pass ended.
    pub(super) last: Option<PassRow>,
    /// When it was last seen to be as declared.
    pub(super) clean: Option<Timestamp>,
    /// When the next pass begins.
    pub(super) next: Option<Timestamp>,
    pub(super) is_running: bool,
    /// Who asked for the pass that is about to begin, or goes on.
    pub(super) asked_by: Option<String>,
    /// Who holds it.
    pub(super) holder: Option<Holder>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            metrics: ServiceMetrics::default(),
            hooks: Mutex::default(),
            ready: AtomicBool::default(),
            look: AtomicBool::default(),
            door: Door::default(),
            targets: Mutex::default(),
            place: Mutex::default(),
            asked: Mutex::default(),
            store: Mutex::default(),
            store_down: Mutex::default(),
            news: broadcast::channel(NEWS).0,
        }
    }
}

impl Board {
    pub(super) fn metrics(&self) -> &ServiceMetrics {
        &self.metrics
    }

    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    /// The store, if there is one.
    pub(super) fn store(&self) -> &Mutex<Option<Store>> {
        &self.store
    }

    /// Remembers whether the store is down, for those who look. Returns what it said.
    pub(super) fn store_says(&self, event: ServeEvent) -> ServeEvent {
        match &event {
            ServeEvent::StoreDown { why } => *lock(&self.store_down) = Some(why.clone()),
            ServeEvent::StoreBack => *lock(&self.store_down) = None,
            _ => {}
        }
        event
    }

    /// Why the store cannot be used, if it cannot.
    pub(super) fn store_down(&self) -> Option<String> {
        lock(&self.store_down).clone()
    }

    /// Shows the targets of a configuration that is followed, and what earlier passes found. From then on the service is
    /// ready.
    pub(super) fn follow(&self, followed: &Followed, last: &BTreeMap<String, PassRow>) {
        *lock(&self.hooks) = followed.hooks.clone();
        *lock(&self.place) = Some(followed.place.clone());
        self.door.follow(followed.serve.people.clone(), followed.serve.proxy.clone());
        let clean = lock(&self.store).as_mut().and_then(|store| store.clean().ok()).unwrap_or_default();
        let mut targets = lock(&self.targets);
        targets.retain(|target, _| followed.targets.contains_key(target));
        for (target, passes) in &followed.targets {
            let new = || Shown {
                last: last.get(target).cloned(),
                clean: clean.get(target).copied(),
                ..Shown::default()
            };
            let shown = targets.entry(target.clone()).or_insert_with(new);
            shown.mode = passes.mode;
            shown.holder = followed.holders.get(target).cloned();
        }
        drop(targets);
        self.ready.store(true, Ordering::Relaxed);
        self.tell("");
    }

    /// A pass begins. Whether somebody holds the target.
    pub(super) fn begun(&self, target: &str) -> bool {
        let is_held = self.change(target, |shown| {
            shown.is_running = true;
            shown.holder.is_some()
        });
        self.tell(target);
        is_held.unwrap_or_default()
    }

    /// A pass has ended; without a row nobody knows how.
    pub(super) fn ended(&self, target: &str, row: Option<&PassRow>, next: Option<Timestamp>) {
        self.change(target, |shown| {
            (shown.is_running, shown.asked_by, shown.next) = (false, None, next);
            let Some(row) = row else { return };
            if row.state == PassState::Converged {
                shown.clean = Some(row.ended);
            }
            // Somebody has released it elsewhere.
            if row.written > 0 {
                shown.holder = None;
            }
            shown.last = Some(row.clone());
        });
        self.tell(target);
    }

    /// Somebody holds a target, or nobody does.
    pub(super) fn held(&self, target: &str, holder: Option<Holder>) {
        self.change(target, |shown| shown.holder = holder);
        self.tell(target);
    }

    fn change<T>(&self, target: &str, change: impl FnOnce(&mut Shown) -> T) -> Option<T> {
        lock(&self.targets).get_mut(target).map(change)
    }

    /// A target.
    pub(super) fn target(&self, target: &str) -> Option<Shown> {
        lock(&self.targets).get(target).cloned()
    }

    /// All targets.
    pub(super) fn targets(&self) -> BTreeMap<String, Shown> {
        lock(&self.targets).clone()
    }

    /// What passes read, once there is something.
    pub(super) fn place(&self) -> Option<Arc<Place>> {
        lock(&self.place).clone()
    }

    /// Somebody wants a pass. The last one who asks is heard.
    pub(super) fn ask(&self, target: &str, asked: Asked) {
        self.change(target, |shown| shown.asked_by = Some(asked.by.clone()));
        lock(&self.asked).insert(target.to_owned(), asked);
    }

    /// Who has asked since the last time.
    pub(super) fn take_asked(&self) -> BTreeMap<String, Asked> {
        std::mem::take(&mut *lock(&self.asked))
    }

    /// The names of targets, as something happens to them; an empty one is all of them.
    pub(super) fn news(&self) -> broadcast::Receiver<String> {
        self.news.subscribe()
    }

    fn tell(&self, target: &str) {
        // Nobody may listen.
        drop(self.news.send(target.to_owned()));
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(super) fn is_genuine(&self, forge: Forge, headers: &HeaderMap, body: &[u8]) -> bool {
        hook::is_genuine(&lock(&self.hooks), forge, headers, body)
    }

    pub(super) fn look_for_commits(&self) {
        self.look.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked since the last time.
    pub(super) fn is_asked_to_look(&self) -> bool {
        self.look.swap(false, Ordering::Relaxed)
    }
}
