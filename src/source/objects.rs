//! The tree of a commit, out of git's object database. Which of its files are read is in `walk` and `blobs`.

use git2::{ObjectType, Oid};

use super::tree::{Entry, EntryKind, Tree};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::{Commit, Repository, tree};
use crate::text::inline;

pub(super) struct Revision<'a> {
    pub(super) repository: &'a Repository,
    pub(super) commit: &'a Commit,
}

impl Tree for Revision<'_> {
    type Id = Oid;

    fn root(&self) -> Result<Oid, Diagnostic> {
        self.repository.tree(self.commit)
    }

    fn list(&self, folder: &Oid, path: &str) -> Result<Vec<Entry<Oid>>, Diagnostic> {
        let tree = self.object(*folder, ObjectType::Tree, path)?;
        entries(&tree).ok_or_else(|| {
            let message = format!("git's tree of `{}` is not a tree: object {folder}", inline(path));
            Diagnostic::new(Code::GitObject, message).help("`git fsck` shows more")
        })
    }

    fn size(&self, file: &Oid, path: &str) -> Result<u64, Diagnostic> {
        let size = self.repository.size(*file, ObjectType::Blob);
        size.map_err(|diagnostic| Self::of(path, diagnostic))
    }

    fn read(&self, file: &Oid, path: &str) -> Result<Vec<u8>, Diagnostic> {
        self.object(*file, ObjectType::Blob, path)
    }

    fn blob(&self, file: &Oid) -> Option<Oid> {
        Some(*file)
    }
}

impl Revision<'_> {
    fn object(&self, id: Oid, kind: ObjectType, path: &str) -> Result<Vec<u8>, Diagnostic> {
        self.repository.object(id, kind).map_err(|diagnostic| Self::of(path, diagnostic))
    }

    fn of(path: &str, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.message = format!("`{}` cannot be read: {}", inline(path), diagnostic.message);
        diagnostic
    }
}

fn entries(tree: &[u8]) -> Option<Vec<Entry<Oid>>> {
    let entries = tree::entries(tree)?.into_iter();
    Some(entries.map(|entry| Entry { name: entry.name.to_vec(), kind: kind(&entry), id: entry.id }).collect())
}

fn kind(entry: &tree::TreeEntry<'_>) -> EntryKind {
    match entry.kind() {
        tree::FOLDER => EntryKind::Folder,
        tree::FILE => EntryKind::File,
        0o120_000 => EntryKind::Link,
        0o160_000 => EntryKind::Submodule,
        _ => EntryKind::Other,
    }
}
