//! Manifests as files: which exist, and their text, from the working tree or from a git revision. Parsing them is in
//! `manifest`.
//!
//! One walk serves both, so that a file counts in one exactly if it counts in the other. Only how a folder is listed
//! and a file is read differs; that is in `Tree`.

mod blobs;
mod name;
mod objects;
mod read;
mod revision;
mod tree;
mod walk;
mod working_tree;

pub use blobs::Blobs;
pub use read::Texts;
pub use revision::{revision, uncommitted};
pub use working_tree::working_tree;
