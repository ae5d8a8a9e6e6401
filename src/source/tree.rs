//! What the working tree and a revision have in common. Which files are manifests is in `walk`.

use git2::Oid;

use crate::diagnostic::Diagnostic;

/// Larger files are not manifests.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// A tree of files: the working tree or a revision. `path` is only for diagnostics.
pub(super) trait Tree {
    /// Identifies a file or a folder.
    type Id: Clone + Ord;

    /// The top folder.
    fn root(&self) -> Result<Self::Id, Diagnostic>;

    /// Everything in a folder, hidden or not, in any order.
    fn list(&self, folder: &Self::Id, path: &str) -> Result<Vec<Entry<Self::Id>>, Diagnostic>;

    /// The size of a file, before it is read.
    fn size(&self, file: &Self::Id, path: &str) -> Result<u64, Diagnostic>;

    /// The bytes of a file.
    fn read(&self, file: &Self::Id, path: &str) -> Result<Vec<u8>, Diagnostic>;

    /// The blob that a file is, if what it holds can never change.
    fn blob(&self, file: &Self::Id) -> Option<Oid>;
}

/// A name in a folder.
pub(super) struct Entry<Id> {
    pub(super) name: Vec<u8>,
    pub(super) kind: EntryKind,
    pub(super) id: Id,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntryKind {
    Folder,
    File,
    Link,
    Submodule,
    Other,
}
