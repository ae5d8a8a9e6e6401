//! The guards by name. What each of them checks is in `plan`.

use crate::diagnostic::{Code, Diagnostic};

/// What the codes of guards start with.
const PREFIX: &str = "guard/";

/// What a plan may not do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Deletes in all.
    MaxDeletes,
    /// Deletes of one kind.
    DeletedShare,
    /// A repository without manifests.
    Emptied,
    /// A list without objects.
    Vanished,
    /// What is marked in git.
    Protected,
    /// What would lock people out.
    LastAdministrator,
}

impl Guard {
    /// Every guard, with what it keeps a plan from.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::MaxDeletes, "Delete more than `limits.max_deletes`"),
        (Self::DeletedShare, "Delete more than 20 % of a kind that has ten objects or more"),
        (Self::Emptied, "Prune every object of a target, because git declares none any more"),
        (Self::Vanished, "Create again what the base says was there, because a list is suddenly empty"),
        (Self::Protected, "Delete an object with `protect: true`"),
        (Self::LastAdministrator, "Take away the last administrators"),
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
        }
    }

    /// How a person gets past it, for the help of its diagnostics.
    fn way_through(self) -> String {
        format!("if it is really meant, `--allow {}` lets it through once", self.name())
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
    }
}
