//! What a run is about.

use crate::plan::input::PlanOptions;
use crate::run::history::BaseSource;

/// Whether a repository without a manifest is a mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// It is: a wrong path must not look like a wish for nothing.
    #[default]
    Refused,
    /// It is where import begins.
    Allowed,
}

/// What a run is about.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Only these targets; empty is all.
    pub only: Vec<String>,
    /// Whether there may be no manifest.
    pub empty: Empty,
    /// The revision whose manifests are meant; `None` is the working tree.
    pub rev: Option<String>,
    /// Where the base comes from.
    pub base: BaseSource,
    /// Whether an earlier commit than the applied one is meant.
    pub rollback: bool,
    /// Whether real targets are to be written.
    pub writes: bool,
    /// What a plan is made with.
    pub plan: PlanOptions,
}
