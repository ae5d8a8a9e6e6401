//! Every file of a commit, whatever its name, for finding out where a manifest went. Which files are manifests is in
//! `walk`.

use std::collections::BTreeMap;

use git2::Oid;

use super::objects::Revision;
use super::tree::{EntryKind, MAX_FILE, Tree as _};
use super::walk::MAX_NAMES;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::{Commit, Repository};

/// The files of a commit by path, with `/` between parts. Links and submodules are no files.
pub struct Blobs<'a> {
    repository: &'a Repository,
    commit: Commit,
    /// The folder of enact.yaml in the repository, with a `/` at its end unless it is empty.
    prefix: String,
    /// By path from the top of the repository.
    ids: BTreeMap<String, Oid>,
}

impl<'a> Blobs<'a> {
    /// Lists the files of a commit. `prefix` is the folder of enact.yaml in the repository.
    pub fn of(repository: &'a Repository, commit: Commit, prefix: &str) -> Result<Self, Diagnostic> {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mut blobs = Self { repository, commit, prefix, ids: BTreeMap::new() };
        let (tree, mut names) = (Revision { repository, commit: &commit }, 0);
        let mut folders = vec![(String::new(), tree.root()?)];
        while let Some((path, folder)) = folders.pop() {
            for entry in tree.list(&folder, &path)? {
                names += 1;
                if names > MAX_NAMES {
                    return Err(too_many(&commit));
                }
                let name = format!("{path}{}", String::from_utf8_lossy(&entry.name));
                match entry.kind {
                    EntryKind::Folder => folders.push((format!("{name}/"), entry.id)),
                    EntryKind::File => drop(blobs.ids.insert(name, entry.id)),
                    EntryKind::Link | EntryKind::Submodule | EntryKind::Other => {}
                }
            }
        }
        Ok(blobs)
    }

    /// Whether there is a file at a path relative to enact.yaml.
    pub fn holds(&self, path: &str) -> bool {
        self.ids.contains_key(&format!("{}{path}", self.prefix))
    }

    /// The files with the content that a file, relative to enact.yaml, has in another commit.
    pub fn copies(&self, then: &Self, path: &str) -> Vec<&str> {
        let id = then.ids.get(&format!("{}{path}", then.prefix));
        let same = self.ids.iter().filter(|(_, other)| Some(*other) == id);
        same.map(|(path, _)| self.shown(path)).collect()
    }

    /// The files below the folder of enact.yaml whose paths, relative to it, begin like this.
    pub fn below(&self, start: &str) -> Vec<&str> {
        let start = format!("{}{start}", self.prefix);
        let below = self.ids.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        below.map(|(path, _)| self.shown(path)).collect()
    }

    /// The text of a file relative to enact.yaml; `None` if it is too large for a manifest or no text.
    pub fn text(&self, path: &str) -> Result<Option<String>, Diagnostic> {
        let Some(id) = self.ids.get(&format!("{}{path}", self.prefix)) else { return Ok(None) };
        let tree = Revision { repository: self.repository, commit: &self.commit };
        if tree.size(id, path)? > MAX_FILE {
            return Ok(None);
        }
        Ok(String::from_utf8(tree.read(id, path)?).ok())
    }

    /// A path as the user knows it: relative to enact.yaml, if it is below its folder.
    fn shown<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(&self.prefix).unwrap_or(path)
    }
}

fn too_many(commit: &Commit) -> Diagnostic {
    let message =
        format!("{commit} holds more than {MAX_NAMES} names, so it is not known whether manifests moved");
    Diagnostic::new(Code::SourceTooMany, message)
        .help("delete objects with `ensure: absent` instead of `prune`")
}
