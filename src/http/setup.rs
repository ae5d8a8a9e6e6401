//! Why a connection, or the way to its tokens, cannot be set up.

use aho_corasick::BuildError;

use super::advice;
use super::transport::sources;

/// Why a connection cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A header value holds a character that HTTP does not allow.
    #[error("{0} holds a character that cannot be sent in a header")]
    Header(String),
    /// The secrets are too long to search for in what a server says.
    #[error("the secrets of this target are too long to be kept out of every output")]
    Secrets(#[source] BuildError),
    /// The TLS or HTTP client could not be set up.
    #[error("the HTTP client cannot be set up{}", because(.0))]
    Client(reqwest::Error),
    /// What is named as the file of certificates is none.
    #[error("the certificates cannot be read")]
    Certificates,
}

impl SetupError {
    /// What to do.
    pub fn help(&self) -> Option<String> {
        matches!(self, Self::Client(_) | Self::Certificates).then(advice::certificates)
    }
}

fn because(error: &reqwest::Error) -> String {
    sources(error).map(|why| format!(": {why}")).collect()
}
