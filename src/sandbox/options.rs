//! What a caller chooses when it starts a sandbox: the targets, where their state is kept, and their content at first.
//!
//! What the choices do is in the files that act on them.

use std::path::PathBuf;

/// One target to serve: the API of `system` under `/<name>/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The target's name, the first part of its paths.
    pub name: String,
    /// `polytomic`, `jitsudo`, `compiuta` or `mycloud`.
    pub system: String,
}

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// It ends with the sandbox.
    Memory,
    /// A file of JSON lines: read at the start if it is there, added to by each successful write, never by a read.
    File(PathBuf),
}

/// What a target without stored state starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// Objects that the example policies create, update, leave alone and skip.
    Examples,
    /// Only what the system itself puts into a new organization.
    Empty,
}
