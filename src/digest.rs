//! The digest of a text, as enact shows it. What goes into a digest is up to its callers.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a text, such as `sha256:9f86...`.
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
