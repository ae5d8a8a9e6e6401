//! Where a store is: which database there is for which name.

use std::path::PathBuf;
use std::time::Duration;

use super::database::{Database, Found};
use super::{postgres, sqlite};
use crate::diagnostic::Diagnostic;

/// Where a store is.
pub(in crate::serve) enum Home {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Postgres(Box<postgres::Server>),
}

impl Home {
    /// A file, or a URL of PostgreSQL. Any other URL is refused, and not shown: it may hold a password.
    pub(in crate::serve) fn of(named: PathBuf) -> Result<Self, Diagnostic> {
        // A single letter is a drive of Windows.
        let is_scheme = |text: &str| {
            text.len() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let is_url = |named: &&str| named.split_once(":/").is_some_and(|(scheme, _)| is_scheme(scheme));
        match named.to_str().filter(is_url) {
            Some(url) => postgres::Server::of(url).map(|server| Self::Postgres(Box::new(server))),
            None => Ok(Self::File(named)),
        }
    }

    pub(super) fn open(&self) -> Found<Box<dyn Database>> {
        match self {
            Self::File(file) => Ok(Box::new(sqlite::open(file)?)),
            Self::Postgres(server) => Ok(Box::new(server.connect()?)),
        }
    }

    /// How long it is let alone after it could not be opened.
    pub(super) fn pause(&self) -> Duration {
        match self {
            Self::File(_) => Duration::ZERO,
            Self::Postgres(_) => Duration::from_secs(10),
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(file) => file.display().to_string(),
            Self::Postgres(server) => server.name(),
        }
    }
}
