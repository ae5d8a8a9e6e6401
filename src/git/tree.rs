//! Trees and blobs of a commit, by path. Which files of a commit are manifests is in `source`.

use std::collections::{BTreeMap, BTreeSet};

use git2::{ObjectType, Oid};

use super::{Commit, Repository};
use crate::diagnostic::{Code, Diagnostic};

/// A tree with more names is not read.
const MAX_NAMES: usize = 2_000_000;

/// The id of a blob: equal bytes have equal ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobId(Oid);

impl BlobId {
    /// The id that these bytes have in git; `None` only if hashing fails.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Oid::hash_object(ObjectType::Blob, bytes).ok().map(Self)
    }
}

/// A name in a tree.
pub(crate) struct TreeEntry<'a> {
    pub(crate) mode: u32,
    pub(crate) name: &'a [u8],
    pub(crate) id: Oid,
}

impl TreeEntry<'_> {
    /// What it is: the mode without permissions.
    pub(crate) fn kind(&self) -> u32 {
        self.mode & 0o170_000
    }
}

/// The kind of a folder.
pub(crate) const FOLDER: u32 = 0o040_000;
/// The kind of a file.
pub(crate) const FILE: u32 = 0o100_000;

/// Parses a tree: mode, space, name, NUL, 20 bytes of id. Without libgit2, which keeps every tree in memory.
pub(crate) fn entries(mut tree: &[u8]) -> Option<Vec<TreeEntry<'_>>> {
    let mut entries = Vec::new();
    while !tree.is_empty() {
        let space = tree.iter().position(|byte| *byte == b' ')?;
        let (mode, rest) = tree.split_at_checked(space)?;
        let rest = rest.get(1..)?;
        let nul = rest.iter().position(|byte| *byte == 0)?;
        let (name, rest) = rest.split_at_checked(nul)?;
        let (id, rest) = rest.get(1..)?.split_at_checked(20)?;
        let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
        entries.push(TreeEntry { mode, name, id: Oid::from_bytes(id).ok()? });
        tree = rest;
    }
    Some(entries)
}

/// What is at a path: its kind and its id.
type At = (u32, Oid);

impl Repository {
    /// Every file below a folder of a commit, by its path below that folder. No file is read.
    pub fn tree_files(&self, commit: &Commit, folder: &str) -> Result<BTreeMap<String, BlobId>, Diagnostic> {
        let mut files = BTreeMap::new();
        let Some((FOLDER, top)) = self.find(commit, folder)? else { return Ok(files) };
        let mut folders = vec![(String::new(), top)];
        let mut names = 0_usize;
        while let Some((path, folder)) = folders.pop() {
            let bytes = self.object(folder, ObjectType::Tree)?;
            for entry in self.parsed(folder, &bytes)? {
                names += 1;
                if names > MAX_NAMES {
                    return Err(too_many(commit));
                }
                let path = format!("{path}{}", String::from_utf8_lossy(entry.name));
                match entry.kind() {
                    FOLDER => folders.push((format!("{path}/"), entry.id)),
                    FILE => drop(files.insert(path, BlobId(entry.id))),
                    _ => {}
                }
            }
        }
        Ok(files)
    }

    /// The files below a folder that are not the same in two commits, by their paths below it; without one before, all of them.
    /// Only what differs is read.
    pub fn changed_files(
        &self,
        before: Option<&Commit>,
        commit: &Commit,
        folder: &str,
    ) -> Result<BTreeSet<String>, Diagnostic> {
        let at = |commit: &Commit| Ok(self.find(commit, folder)?.filter(|(kind, _)| *kind == FOLDER));
        let top = (before.map(at).transpose()?.flatten(), at(commit)?);
        let mut pairs = vec![(String::new(), top)];
        let mut changed = BTreeSet::new();
        let mut names = 0_usize;
        while let Some((path, (old, new))) = pairs.pop() {
            if old == new {
                continue;
            }
            let is_file = |side: Option<At>| side.is_some_and(|(kind, _)| kind == FILE);
            if is_file(old) || is_file(new) {
                changed.insert(path.trim_end_matches('/').to_owned());
            }
            let mut inside: BTreeMap<String, (Option<At>, Option<At>)> = BTreeMap::new();
            for (name, side) in self.names(old)? {
                inside.entry(name).or_default().0 = Some(side);
            }
            for (name, side) in self.names(new)? {
                inside.entry(name).or_default().1 = Some(side);
            }
            names += inside.len();
            if names > MAX_NAMES {
                return Err(too_many(commit));
            }
            pairs.extend(inside.into_iter().map(|(name, sides)| (format!("{path}{name}/"), sides)));
        }
        Ok(changed)
    }

    /// The names in a folder; none in anything else.
    fn names(&self, at: Option<At>) -> Result<Vec<(String, At)>, Diagnostic> {
        let Some((FOLDER, folder)) = at else { return Ok(Vec::new()) };
        let bytes = self.object(folder, ObjectType::Tree)?;
        let named = |entry: TreeEntry<'_>| {
            (String::from_utf8_lossy(entry.name).into_owned(), (entry.kind(), entry.id))
        };
        Ok(self.parsed(folder, &bytes)?.into_iter().map(named).collect())
    }

    /// The file at a path of a commit, if there is one. Only the trees on the path are read.
    pub fn file_at(&self, commit: &Commit, path: &str) -> Result<Option<BlobId>, Diagnostic> {
        let found = self.find(commit, path)?;
        Ok(found.filter(|(kind, _)| *kind == FILE).map(|(_, id)| BlobId(id)))
    }

    /// The bytes of a file.
    pub fn blob(&self, id: BlobId) -> Result<Vec<u8>, Diagnostic> {
        self.object(id.0, ObjectType::Blob)
    }

    /// What is at a path of a commit: its kind and its id.
    fn find(&self, commit: &Commit, path: &str) -> Result<Option<At>, Diagnostic> {
        let mut found = (FOLDER, self.tree(commit)?);
        for part in path.split('/') {
            let (FOLDER, tree) = found else { return Ok(None) };
            let bytes = self.object(tree, ObjectType::Tree)?;
            let entry = self.parsed(tree, &bytes)?.into_iter().find(|entry| entry.name == part.as_bytes());
            let Some(entry) = entry else { return Ok(None) };
            found = (entry.kind(), entry.id);
        }
        Ok(Some(found))
    }

    fn parsed<'a>(&self, tree: Oid, bytes: &'a [u8]) -> Result<Vec<TreeEntry<'a>>, Diagnostic> {
        entries(bytes).ok_or_else(|| {
            Diagnostic::new(Code::GitObject, format!("object {tree} is not a tree that can be read"))
                .help("`git fsck` shows more")
        })
    }
}

fn too_many(commit: &Commit) -> Diagnostic {
    Diagnostic::new(Code::GitObject, format!("{commit} holds more than {MAX_NAMES} names"))
        .help("`git fsck` shows whether it is what it should be")
}
