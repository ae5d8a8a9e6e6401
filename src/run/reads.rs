//! How much a run has read and may still read: one budget over all its revisions, not one for each.

use std::sync::{Mutex, MutexGuard};

use crate::config::file::RunLimits;
use crate::resolve::Reading;
use crate::source::Texts;
use crate::sync::lock;

/// What a run reads. The working tree, a revision and every base draw on it.
pub struct Reads {
    texts: Mutex<Texts>,
    manifests: Mutex<Reading>,
}

impl Reads {
    /// Nothing is read yet.
    pub fn within(limits: &RunLimits) -> Self {
        let RunLimits { text_mib, values, cedar_mib: _ } = *limits;
        Self { texts: Mutex::new(Texts::within(text_mib)), manifests: Mutex::new(Reading::within(values)) }
    }

    /// The texts that were read.
    pub(super) fn texts(&self) -> MutexGuard<'_, Texts> {
        lock(&self.texts)
    }

    /// The manifests that were read, and how many values may still be.
    pub(super) fn manifests(&self) -> MutexGuard<'_, Reading> {
        lock(&self.manifests)
    }
}
