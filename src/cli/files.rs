//! Files that commands read and write, where the plain functions of the standard library could do harm: half a file
//! left behind, somebody's file overwritten, memory filled. Manifests are read in `source`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::file::folder_of;

/// Reads the text of a regular file of at most this many bytes.
pub(super) fn read(file: &Path, most: usize) -> io::Result<String> {
    crate::file::read_text(file, most as u64)
}

/// The names in a folder; none if it does not exist.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Creates a file and its folder, whole or not at all. An existing file stays as it is, and is an error.
pub(super) fn create(file: &Path, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder_of(file))?;
    File::create_new(file)?.write_all(text.as_bytes()).inspect_err(|_| {
        // Half a text may be valid, and say something else.
        let _ = std::fs::remove_file(file);
    })
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Only its owner.
    Owner,
    /// Everybody who may read other new files of this user.
    Usual,
}

/// Replaces a file, whole or not at all: the text is written beside it first, under a name of its own, so that what a
/// killed run left there is in nobody's way. A pipe or a device cannot be replaced and is written to.
pub(super) fn replace(file: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    if std::fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes());
    }
    let mut beside = beside(file, readers)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    // If anything fails, the file is removed when it is dropped.
    beside.persist(file)?;
    Ok(())
}

/// Why a file was not rewritten.
pub(super) enum Unwritten {
    /// It is not what was read.
    Changed,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Replaces the text of a file that was read before, whole or not at all, if it still is that text. Who may read and
/// write it stays.
pub(super) fn rewrite(file: &Path, before: &str, text: &str) -> Result<(), Unwritten> {
    let file = &file.canonicalize()?;
    let mut new = beside(file, Readers::Owner)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(std::fs::metadata(file)?.permissions())?;
    new.as_file().sync_all()?;
    // The last thing before: what somebody saves in an editor meanwhile is not lost.
    if !read(file, before.len()).is_ok_and(|now| now == before) {
        return Err(Unwritten::Changed);
    }
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// A new file in the folder of this one.
fn beside(file: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    let mut new = tempfile::Builder::new();
    new.prefix(&name).suffix(".tmp");
    // Without this only its owner may read it; the user's mask still applies.
    #[cfg(unix)]
    if readers == Readers::Usual {
        new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    new.tempfile_in(folder_of(file))
}
