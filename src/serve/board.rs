//! What the loop of the service and those who ask it over HTTP share.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;

use super::hook::{self, Secrets};
use crate::config::file::Forge;
use crate::report::metrics::ServiceMetrics;
use crate::sync::lock;

/// What the loop says, and what it is asked for.
#[derive(Debug, Default)]
pub(super) struct Board {
    metrics: ServiceMetrics,
    hooks: Mutex<Secrets>,
    ready: AtomicBool,
    /// Whether somebody asked it to look for a new commit.
    look: AtomicBool,
}

impl Board {
    pub(super) fn metrics(&self) -> &ServiceMetrics {
        &self.metrics
    }

    /// Takes the secrets of a configuration that is followed. From then on the service is ready.
    pub(super) fn follow(&self, hooks: Secrets) {
        *lock(&self.hooks) = hooks;
        self.ready.store(true, Ordering::Relaxed);
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
