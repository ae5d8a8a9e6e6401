//! The guards by name. What each of them checks is in `plan`.

use clap::ValueEnum as _;

use crate::diagnostic::{Code, Diagnostic};

/// What a plan may not do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Guard {
    /// Delete more than `limits.max_deletes`
    MaxDeletes,
    /// Delete more than 20 % of a kind that has ten objects or more
    DeletedShare,
    /// Prune every object of a target, because git declares none any more
    Emptied,
    /// Create again what the base says was there, because a list is suddenly empty
    Vanished,
    /// Delete an object with `protect: true`
    Protected,
    /// Take away the last administrators
    LastAdministrator,
}

impl Guard {
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

    /// How a person gets past it.
    fn way_through(self) -> String {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        format!("if it is really meant, `--allow {name}` lets it through once")
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
        for guard in Guard::value_variants() {
            let name = guard.to_possible_value().unwrap();
            assert_eq!(guard.code().text(), format!("guard/{}", name.get_name()));
        }
    }
}
