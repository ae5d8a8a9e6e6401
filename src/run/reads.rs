//! How much a run has read and may still read: one budget over all its revisions, not one for each.

use std::sync::{Mutex, MutexGuard};

use crate::config::file::RunLimits;
use crate::manifest::yaml::Budget;
use crate::source::Texts;
use crate::sync::lock;

/// What a run reads. The working tree, a revision and every base draw on it.
pub struct Reads {
    texts: Mutex<Texts>,
    values: Mutex<Budget>,
}

impl Reads {
    /// Nothing is read yet.
    pub fn within(limits: &RunLimits) -> Self {
        let RunLimits { text_mib, values, cedar_mib: _ } = *limits;
        Self { texts: Mutex::new(Texts::within(text_mib)), values: Mutex::new(Budget::of(values)) }
    }

    /// The texts that were read.
    pub(super) fn texts(&self) -> MutexGuard<'_, Texts> {
        lock(&self.texts)
    }

    /// How many values may still be read.
    pub(super) fn values(&self) -> MutexGuard<'_, Budget> {
        lock(&self.values)
    }
}
