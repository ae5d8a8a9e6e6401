//! The remote of a book: the references that everybody sees, and what goes wrong on the way to them. Its objects are
//! those of every clone, so a clone lacks only what it was not told of.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use enact::diagnostic::{Code, Diagnostic};
use enact::git::update::Update;
use enact::git::{Commit, Repository};
use enact::run::place::Remote;

use super::LOCK;
use crate::road::{Wire, lock};
use crate::server::Server;
use crate::world::Crash;

/// The references of the remote. Every commit of git is on its branch before a run applies it.
#[derive(Default)]
pub(super) struct Far(BTreeMap<String, Commit>);

/// A call of which the run hears nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unheard {
    /// Which of its calls, from 0.
    pub(super) at: usize,
    /// Whether the remote still did it.
    pub(super) done: bool,
}

/// What a killed run unwinds with.
pub(super) struct Killed;

/// The way of one run to the remote.
#[derive(Clone)]
pub(super) struct Way(Arc<Inner>);

struct Inner {
    far: Arc<Mutex<Far>>,
    wire: Arc<Wire<Server>>,
    unheard: Vec<Unheard>,
    crash: Option<Crash>,
    calls: AtomicUsize,
    dead: AtomicBool,
    /// Whether the remote has its end.
    ended: AtomicBool,
}

impl Way {
    pub(super) fn new(
        far: Arc<Mutex<Far>>,
        wire: Arc<Wire<Server>>,
        unheard: Vec<Unheard>,
        crash: Option<Crash>,
    ) -> Self {
        let (calls, dead, ended) = (AtomicUsize::default(), AtomicBool::default(), AtomicBool::default());
        Self(Arc::new(Inner { far, wire, unheard, crash, calls, dead, ended }))
    }

    /// How many calls there were.
    pub(super) fn calls(&self) -> usize {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// Whether a push came through that gave the lock up and recorded the end, heard of or not.
    pub(super) fn ended(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
    }

    /// Nothing of a run that is gone arrives any more.
    pub(super) fn die(&self) {
        self.0.dead.store(true, Ordering::Relaxed);
    }

    fn call<T>(&self, what: impl FnOnce(&mut Far) -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        let inner = &self.0;
        if inner.dead.load(Ordering::Relaxed) {
            return Err(unreachable());
        }
        let number = inner.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(crash) = inner.crash.filter(|crash| crash.at == number) {
            if crash.done {
                drop(what(&mut lock(&inner.far)));
            }
            self.die();
            inner.wire.dead.notify_one();
            resume_unwind(Box::new(Killed));
        }
        match inner.unheard.iter().find(|unheard| unheard.at == number) {
            None => what(&mut lock(&inner.far)),
            Some(Unheard { done: false, .. }) => Err(unreachable()),
            Some(Unheard { done: true, .. }) => {
                drop(what(&mut lock(&inner.far)));
                Err(unreachable())
            }
        }
    }
}

impl Remote for Way {
    fn name(&self) -> &str {
        "origin"
    }

    fn fetch(&self, _: &Repository, names: &[String]) -> Result<BTreeMap<String, Commit>, Diagnostic> {
        self.call(|Far(there)| {
            let asked = there.iter().filter(|(name, _)| names.contains(name));
            Ok(asked.map(|(name, at)| (name.clone(), *at)).collect())
        })
    }

    fn push(&self, _: &Repository, updates: &[Update]) -> Result<(), Diagnostic> {
        self.call(|Far(there)| {
            if updates.iter().any(|update| there.get(&update.name) != update.from.as_ref()) {
                return Err(Diagnostic::new(Code::GitPush, "stale info"));
            }
            let gives_up = |update: &Update| update.name == LOCK && update.to.is_none();
            if updates.len() > 1 && updates.iter().any(gives_up) {
                self.0.ended.store(true, Ordering::Relaxed);
            }
            for Update { name, to, .. } in updates {
                match to {
                    Some(to) => drop(there.insert(name.clone(), *to)),
                    None => drop(there.remove(name)),
                }
            }
            Ok(())
        })
    }

    fn is_published(&self, _: &Repository, _: &Commit) -> Result<bool, Diagnostic> {
        self.call(|_| Ok(true))
    }
}

fn unreachable() -> Diagnostic {
    Diagnostic::new(Code::GitPush, "the remote cannot be reached")
}
