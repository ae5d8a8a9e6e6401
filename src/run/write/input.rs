//! The inputs for writing one target. How it is written is in `write`.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use crate::model::resource::ResourceId;
use crate::model::state::Observed;
use crate::model::wire::{Permit, Writer};
use crate::run::journal::Journal;
use crate::run::project::Intent;
use crate::run::recorder::Keys;
use crate::run::write::ids::Ids;

/// The inputs for writing one target.
pub struct WriteInput<'a> {
    /// The target, what git declares for it, and how its plan was made.
    pub intent: Intent<'a>,
    /// Changes that a limit holds back, and why.
    pub refused: &'a BTreeMap<ResourceId, String>,
    /// Learns the ids of what is created.
    pub(in crate::run) ids: &'a Ids,
    /// What the plan saw.
    pub observed: &'a Observed,
    /// The only power to write in the program. It reads again before each write.
    pub writer: &'a dyn Writer,
    /// How many writes run at once.
    pub concurrency: usize,
    /// Where ended writes are recorded.
    pub journal: &'a dyn Journal,
    /// Whether the run may still write.
    pub permit: &'a dyn Permit,
    /// The idempotency keys that were noted for its creates.
    pub keys: &'a Keys,
    /// Set when the run is to end: requests under way are finished, and nothing new begins.
    pub stop: &'a AtomicBool,
}
