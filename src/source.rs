//! Manifests as files: which there are, and their text, from the working tree or from a git revision.
//!
//! One walk serves both, so that a file counts in one exactly if it counts in the other. Only how a folder is listed
//! and a file is read differs, behind `Tree`.

mod name;
mod read;
mod revision;
mod tree;
mod walk;
mod working_tree;

pub use revision::{revision, uncommitted};
pub use working_tree::working_tree;
