//! A move of a reference, here or on a remote: only from where it is expected.

use super::Commit;
use crate::diagnostic::{Code, Diagnostic};
use crate::text::short;

/// A reference that moves, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its whole name.
    pub name: String,
    /// Where it must be; `None` if there must be none.
    pub from: Option<Commit>,
    /// Where it goes; `None` deletes it.
    pub to: Option<Commit>,
}

/// Reports a reference that somebody else has moved.
pub(crate) fn moved(name: &str) -> Diagnostic {
    Diagnostic::new(Code::GitAppliedMoved, format!("`{}` was moved by another run meanwhile", short(name)))
        .help("plan again: the other run has applied another commit")
}
