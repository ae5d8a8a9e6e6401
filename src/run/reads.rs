//! How much a run has read and may still read: one budget over all its revisions, not one for each.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::config::file::RunLimits;
use crate::manifest::Files;
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
        Self::with_unsaved(limits, &Arc::default())
    }

    /// Nothing is read yet, and these texts are in the working tree instead of the files of their paths.
    pub(super) fn with_unsaved(limits: &RunLimits, unsaved: &Arc<Files>) -> Self {
        let RunLimits { text_mib, values, cedar_mib: _ } = *limits;
        let texts = Texts::within(text_mib).with_unsaved(unsaved);
        Self { texts: Mutex::new(texts), manifests: Mutex::new(Reading::within(values)) }
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
