//! The working tree: files as they are now, committed or not. Those of a commit are in `revision`.

use std::ffi::OsStr;
use std::fs::{DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};

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
    read(&WorkingTree { folder }, "", manifests, texts, diagnostics)
}

struct WorkingTree<'a> {
    folder: &'a Path,
}

impl Tree for WorkingTree<'_> {
    type Id = PathBuf;

    fn root(&self) -> Result<PathBuf, Diagnostic> {
        // An empty path is the current folder.
        Ok(if self.folder.as_os_str().is_empty() { PathBuf::from(".") } else { self.folder.to_owned() })
    }

    fn list(&self, folder: &PathBuf, path: &str) -> Result<Vec<Entry<PathBuf>>, Diagnostic> {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        entries
            .and_then(|entries| {
                // In a git tree this name is an attack; here git keeps its objects there.
                entries.iter().filter(|entry| entry.file_name() != ".git").map(entry_of).collect()
            })
            .map_err(|error| unreadable(path, &error))
    }

    fn size(&self, file: &PathBuf, path: &str) -> Result<u64, Diagnostic> {
        file.symlink_metadata().map(|meta| meta.len()).map_err(|error| unreadable(path, &error))
    }

    fn read(&self, file: &PathBuf, path: &str) -> Result<Vec<u8>, Diagnostic> {
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
