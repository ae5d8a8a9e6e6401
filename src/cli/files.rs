//! Files that commands read and write, where the plain functions of the standard library could do harm: half a file
//! left behind, somebody's file overwritten, memory filled. Manifests are read in `source`.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Reads the text of a file, but at most this many bytes.
pub(super) fn read(file: &Path, most: usize) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(most as u64).read_to_string(&mut text)?;
    Ok(text)
}

/// Creates a file and its folder, whole or not at all. An existing file stays as it is, and is an error.
pub(super) fn create(file: &Path, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder(file))?;
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

/// Replaces a file, whole or not at all: the text is written beside it first. A pipe or a device cannot be replaced and
/// is written to.
pub(super) fn replace(file: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    if std::fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes());
    }
    let mut beside = OsString::from(file);
    beside.push(format!(".{}.tmp", std::process::id()));
    let mut out = new(Path::new(&beside), readers)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.sync_all());
    written.and_then(|()| std::fs::rename(&beside, file)).inspect_err(|_| {
        // Nobody needs the rest.
        let _ = std::fs::remove_file(&beside);
    })
}

fn new(file: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(file)
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
