//! How a run ends, for whoever started the process.

use crate::diagnostic::Class;

/// How a run ends, as the process's exit code. The README lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to do, or done and converged.
    Done = 0,
    /// Something failed.
    Failure = 1,
    /// Changes are pending (`plan --exit-code`).
    Pending = 2,
    /// Invalid manifests or configuration; nothing was sent.
    Invalid = 3,
    /// Refused by a guard.
    Guarded = 4,
    /// The live state changed since the plan.
    Conflict = 5,
    /// Something could not be read.
    Incomplete = 6,
    /// Another run writes to the target.
    Locked = 7,
    /// Wrong usage of the command line.
    Usage = 64,
}

impl Exit {
    /// How a run ends with an error of this class.
    pub fn of(class: Class) -> Self {
        match class {
            Class::Invalid => Self::Invalid,
            Class::Guarded => Self::Guarded,
            Class::Unread => Self::Incomplete,
            Class::Moved => Self::Conflict,
            Class::Locked => Self::Locked,
            Class::Failed => Self::Failure,
            Class::Usage => Self::Usage,
        }
    }

    /// From the one that says most about what to do first.
    const ORDER: [Self; 9] = [
        Self::Usage,
        Self::Invalid,
        Self::Guarded,
        Self::Incomplete,
        Self::Conflict,
        Self::Locked,
        Self::Failure,
        Self::Pending,
        Self::Done,
    ];

    /// The one with this code.
    pub(super) fn of_code(code: u64) -> Option<Self> {
        Self::ORDER.into_iter().find(|exit| *exit as u64 == code)
    }

    /// The one of both that says more about what to do first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::ORDER.into_iter().find(|exit| *exit == self || *exit == other).unwrap_or(self)
    }
}
