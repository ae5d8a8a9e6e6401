//! The tree of a commit, out of git's object database. Which of its files are read is in `walk` and `blobs`.

use git2::{ObjectType, Oid};

use super::tree::{Entry, EntryKind, Tree};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::{Commit, Repository};
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

/// Parses a tree: mode, space, name, NUL, 20 bytes of id. Without libgit2, which keeps every tree in memory.
fn entries(mut tree: &[u8]) -> Option<Vec<Entry<Oid>>> {
    let mut entries = Vec::new();
    while !tree.is_empty() {
        let space = tree.iter().position(|byte| *byte == b' ')?;
        let (mode, rest) = tree.split_at_checked(space)?;
        let rest = rest.get(1..)?;
        let nul = rest.iter().position(|byte| *byte == 0)?;
        let (name, rest) = rest.split_at_checked(nul)?;
        let (id, rest) = rest.get(1..)?.split_at_checked(20)?;
        entries.push(Entry { name: name.to_vec(), kind: kind(mode)?, id: Oid::from_bytes(id).ok()? });
        tree = rest;
    }
    Some(entries)
}

fn kind(mode: &[u8]) -> Option<EntryKind> {
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
    Some(match mode & 0o170_000 {
        0o040_000 => EntryKind::Folder,
        0o100_000 => EntryKind::File,
        0o120_000 => EntryKind::Link,
        0o160_000 => EntryKind::Submodule,
        _ => EntryKind::Other,
    })
}
