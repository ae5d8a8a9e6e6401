//! The file that keeps the state of a sandbox between runs. When it is written is up to `hub`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::options::Store;

/// Grows when the file's meaning changes.
const FORMAT_VERSION: u64 = 1;
/// Nobody's sandbox holds more, in bytes.
const MAX_STATE: u64 = 256 << 20;

/// Reads the stored state of all targets by name, as JSON; an empty object if there is none yet.
pub(crate) fn read(store: &Store) -> io::Result<Value> {
    let Store::File(path) = store else { return Ok(json!({})) };
    let bytes = match crate::file::read(path, MAX_STATE) {
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
    // A name of its own, so that what a killed process left is in nobody's way. Only its owner may read it.
    let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(folder)?;
    let state = json!({"format_version": FORMAT_VERSION, "targets": targets});
    file.write_all(&serde_json::to_vec_pretty(&state)?)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// Makes the new name as durable as the new content.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
