//! The guards by name. What each of them checks is in `plan`.
use crate::diagnostic::{Class, Diagnostic};

/// What the codes of guards start with.
const PREFIX: &str = "guard/";

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
    pub fn code(self) -> &'static str {
        match self {
            Self::MaxDeletes => "guard/max-deletes",
            Self::DeletedShare => "guard/deleted-share",
            Self::Emptied => "guard/emptied",
            Self::Vanished => "guard/vanished",
            Self::Protected => "guard/protected",
            Self::LastAdministrator => "guard/last-administrator",
        }
    }

    /// How a person gets past it, for the help of its diagnostics.
    pub fn way_through(self) -> String {
        let name = self.code().trim_start_matches(PREFIX);
        format!("if it is really meant, `--allow {name}` lets it through once")
    }

    /// An error of this guard.
    pub fn diagnostic(self, about: impl std::fmt::Display, message: String, help: &str) -> Diagnostic {
        Diagnostic::error(self.code(), message)
            .class(Class::Guarded)
            .about(about)
            .help(format!("{help}; {}", self.way_through()))
    }
}
