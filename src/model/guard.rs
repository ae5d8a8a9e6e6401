//! The guards by name. What each of them checks is in `plan::guard`.

use crate::diagnostic::{Code, Diagnostic};

/// The area of the guards' codes.
const PREFIX: &str = "guard/";

/// Something that a plan may only do with `--allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Deletes in all.
    MaxDeletes,
    /// Deletes of one kind.
    DeletedShare,
    /// A repository without manifests.
    Emptied,
    /// A list without objects, or with much fewer than there were.
    Vanished,
    /// A delete of an object with `protect: true`.
    Protected,
    /// A change that would lock people out.
    LastAdministrator,
    /// A live object that git does not declare.
    Unmanaged,
    /// A change that allows more.
    NewAccess,
}

impl Guard {
    /// Every guard, with what a plan must not do without it being allowed.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::MaxDeletes, "Delete more than `limits.max_deletes`"),
        (Self::DeletedShare, "Delete more than 20 % of a kind with ten live objects or more that git knows"),
        (Self::Emptied, "Prune every object of a target, because git no longer declares any"),
        (
            Self::Vanished,
            "Create objects again that the base declared, because a list is suddenly empty or much shorter",
        ),
        (Self::Protected, "Delete an object with `protect: true`, now or when it was last applied"),
        (Self::LastAdministrator, "Remove the last administrators"),
        (
            Self::Unmanaged,
            "Go on although objects are live that git does not declare, where `unmanaged` is `refuse`",
        ),
        (Self::NewAccess, "Write changes that allow more than before, where `limits.new_access` is `refuse`"),
    ];

    /// The name that `--allow` takes.
    pub fn name(self) -> &'static str {
        self.code().text().trim_start_matches(PREFIX)
    }

    /// The code of its diagnostics.
    pub fn code(self) -> Code {
        match self {
            Self::MaxDeletes => Code::GuardMaxDeletes,
            Self::DeletedShare => Code::GuardDeletedShare,
            Self::Emptied => Code::GuardEmptied,
            Self::Vanished => Code::GuardVanished,
            Self::Protected => Code::GuardProtected,
            Self::LastAdministrator => Code::GuardLastAdministrator,
            Self::Unmanaged => Code::GuardUnmanaged,
            Self::NewAccess => Code::GuardNewAccess,
        }
    }

    /// How to let it through, for the help of its diagnostics.
    fn way_through(self) -> String {
        format!("if you really mean it, `--allow {}` lets it through once", self.name())
    }

    /// An error of this guard.
    pub fn diagnostic(self, about: impl std::fmt::Display, message: String, help: &str) -> Diagnostic {
        Diagnostic::new(self.code(), message).about(about).help(format!("{help}; {}", self.way_through()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_is_let_through_by_the_name_of_its_code() {
        for (guard, _) in Guard::ALL {
            assert_eq!(guard.code().text(), format!("{PREFIX}{}", guard.name()));
        }
        let codes = Code::ALL.iter().filter(|code| code.text().starts_with(PREFIX));
        assert_eq!(codes.count(), Guard::ALL.len(), "every guard is in the table");
    }
}
