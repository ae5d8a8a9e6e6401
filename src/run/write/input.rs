//! What writing one target takes.

use std::sync::atomic::AtomicBool;

use crate::model::state::Observed;
use crate::model::wire::{Reader, Writer};
use crate::run::journal::Journal;
use crate::run::project::Intent;

/// What writing one target takes.
pub struct WriteInput<'a> {
    /// The target, what git declares for it, and what its plan was made with.
    pub intent: Intent<'a>,
    /// What the plan saw.
    pub observed: &'a Observed,
    /// Reads again before each write.
    pub reader: &'a dyn Reader,
    /// The only power to write in the program.
    pub writer: &'a dyn Writer,
    /// Writes at once.
    pub concurrency: usize,
    /// Where ended writes are recorded.
    pub journal: &'a dyn Journal,
    /// Set when the run is to end: what is in flight is finished, and nothing new begins.
    pub stop: &'a AtomicBool,
}
