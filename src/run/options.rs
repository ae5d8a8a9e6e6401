//! What a run is about. The flags that set it are in `cli/args.rs`.

use crate::model::shard::Shard;
use crate::plan::input::PlanOptions;
use crate::run::history::BaseSource;

/// Whether a repository without a manifest is a mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// It is a mistake: a wrong path must not look like an empty repository.
    #[default]
    Refused,
    /// It is none: import begins there.
    Allowed,
}

/// What a run is about.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Only these targets; empty is all.
    pub only: Vec<String>,
    /// Of those, only the ones of this share.
    pub shard: Option<Shard>,
    /// Whether there may be no manifest.
    pub empty: Empty,
    /// The revision to read the manifests from; `None` is the working tree.
    pub rev: Option<String>,
    /// Where the base comes from.
    pub base: BaseSource,
    /// Whether what was applied before is looked up: not for a sandbox, which is another system.
    pub remembers: bool,
    /// Whether the commit may be earlier than the applied one.
    pub rollback: bool,
    /// Whether the plan is to show what the revision changes in the configuration. Never for a run that writes.
    pub preview: bool,
    /// Whether the run writes to real targets.
    pub writes: bool,
    /// The run to undo, instead of what git declares.
    pub undo: Option<String>,
    /// How plans are made.
    pub plan: PlanOptions,
}

impl RunOptions {
    /// Whether there is nothing to do without the repository: the user named a revision of it.
    pub(super) fn needs_repository(&self) -> bool {
        self.rev.is_some() || matches!(self.base, BaseSource::Revision(_))
    }
}
