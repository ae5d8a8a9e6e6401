//! The file that keeps the state of a sandbox between runs. When it is written is up to `hub`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::options::Store;

/// Grows when the file's meaning changes.
const FORMAT_VERSION: u64 = 1;

/// Reads the stored state of all targets by name, as JSON; an empty object if there is none yet.
pub(crate) fn read(store: &Store) -> io::Result<Value> {
    let Store::File(path) = store else { return Ok(json!({})) };
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(json!({})),
        other => other?,
    };
    let mut stored: Value =
        serde_json::from_slice(&bytes).map_err(|error| broken(path, &error.to_string()))?;
    if stored.get("format_version").and_then(Value::as_u64) != Some(FORMAT_VERSION) {
        return Err(broken(path, "it has another format version"));
    }
    Ok(stored.get_mut("targets").map(Value::take).unwrap_or_default())
}

/// An error that says which file is not a sandbox state, and why.
fn broken(path: &Path, why: &str) -> io::Error {
    let message = format!("`{}` is not the state of a sandbox: {why}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Replaces the stored state as a whole: if a process dies meanwhile, a reader finds the old or the new one.
pub(crate) fn write(path: &Path, targets: &Value) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = temporary(path);
    let mut file = private(&temporary)?;
    let state = json!({"format_version": FORMAT_VERSION, "targets": targets});
    file.write_all(&serde_json::to_vec_pretty(&state)?)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(folder)
}

/// A name beside the file that no other process uses.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    name.into()
}

/// A new file that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    // Left over from a process that died with the same id.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the new name as durable as the new content.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
