//! The working tree: files as they are now, committed or not. Those of a commit are in `revision`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::Oid;

use super::read::{Texts, read};
use super::tree::{Entry, EntryKind, MAX_FILE, Tree};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Files;
use crate::text::inline;

/// Reads files and folders below `folder`. Symbolic links are not followed; hidden files are skipped.
pub fn working_tree(
    folder: &Path,
    manifests: &[String],
    texts: &mut Texts,
    diagnostics: &mut Vec<Diagnostic>,
) -> Files {
    let unsaved = texts.unsaved.iter().map(|(path, text)| (top(folder).join(path), text.clone())).collect();
    read(&WorkingTree { folder, unsaved }, "", manifests, texts, diagnostics)
}

struct WorkingTree<'a> {
    folder: &'a Path,
    /// What is there instead of these files.
    unsaved: BTreeMap<PathBuf, Arc<str>>,
}

/// The top folder. An empty path is the current one.
fn top(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
}

impl WorkingTree<'_> {
    /// The files in a folder that only an editor has yet.
    fn new_in<'a>(
        &'a self,
        folder: &'a Path,
        entries: &'a [Entry<PathBuf>],
    ) -> impl Iterator<Item = Entry<PathBuf>> {
        let is_new =
            |path: &&PathBuf| path.parent() == Some(folder) && entries.iter().all(|entry| entry.id != **path);
        let entry = |path: &PathBuf| {
            Some(Entry { name: bytes(path.file_name()?), kind: EntryKind::File, id: path.clone() })
        };
        self.unsaved.keys().filter(is_new).filter_map(entry)
    }
}

impl Tree for WorkingTree<'_> {
    type Id = PathBuf;

    fn root(&self) -> Result<PathBuf, Diagnostic> {
        Ok(top(self.folder))
    }

    fn list(&self, folder: &PathBuf, path: &str) -> Result<Vec<Entry<PathBuf>>, Diagnostic> {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries
            .and_then(|entries| {
                // In a git tree this name is an attack; here git keeps its objects there.
                entries
                    .iter()
                    .filter(|entry| entry.file_name() != ".git")
                    .map(entry_of)
                    .collect::<io::Result<Vec<_>>>()
            })
            .map_err(|error| unreadable(path, &error))?;
        let new: Vec<_> = self.new_in(folder, &entries).collect();
        entries.extend(new);
        Ok(entries)
    }

    fn size(&self, file: &PathBuf, path: &str) -> Result<u64, Diagnostic> {
        if let Some(text) = self.unsaved.get(file) {
            return Ok(text.len() as u64);
        }
        file.symlink_metadata().map(|meta| meta.len()).map_err(|error| unreadable(path, &error))
    }

    fn read(&self, file: &PathBuf, path: &str) -> Result<Vec<u8>, Diagnostic> {
        if let Some(text) = self.unsaved.get(file) {
            return Ok(text.as_bytes().to_vec());
        }
        crate::file::read(file, MAX_FILE).map_err(|error| unreadable(path, &error))
    }

    fn blob(&self, _: &PathBuf) -> Option<Oid> {
        None
    }
}

fn entry_of(entry: &DirEntry) -> io::Result<Entry<PathBuf>> {
    let kind = kind(entry.file_type()?);
    Ok(Entry { name: bytes(&entry.file_name()), kind, id: entry.path() })
}

fn kind(file_type: FileType) -> EntryKind {
    if file_type.is_symlink() {
        EntryKind::Link
    } else if file_type.is_dir() {
        EntryKind::Folder
    } else if file_type.is_file() {
        EntryKind::File
    } else {
        // Reading a pipe would never end.
        EntryKind::Other
    }
}

fn bytes(name: &OsStr) -> Vec<u8> {
    name.as_encoded_bytes().to_vec()
}

fn unreadable(path: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::new(Code::SourceUnreadable, format!("`{}` cannot be read: {error}", inline(path)))
        .help("correct `manifests` in enact.yaml, or the file's rights")
}
