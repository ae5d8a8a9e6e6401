//! A journal of what a run wrote: one JSON line for each write that ended, on disk before the next begins, so that
//! nothing that was written is forgotten with the process.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::model::change::Change;
use crate::model::outcome::Outcome;
use crate::sync::lock;

/// Where ended writes are recorded.
pub trait Journal: Send + Sync {
    /// Records how a change ended.
    fn record(&self, change: &Change, outcome: &Outcome);

    /// Why something is missing in it, if so. Then no other write may follow, to any target.
    fn broken(&self) -> Option<String>;
}

/// A run without a journal.
pub struct Nowhere;

impl Journal for Nowhere {
    fn record(&self, _change: &Change, _outcome: &Outcome) {}

    fn broken(&self) -> Option<String> {
        None
    }
}

/// A file with a line for each ended write.
pub struct Lines(Mutex<Pen>);

struct Pen {
    file: File,
    broken: Option<String>,
}

impl Lines {
    /// Opens the file to add to it, and creates it if needed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if is_cut(path, &file) {
            file.write_all(b"\n")?;
        }
        Ok(Self(Mutex::new(Pen { file, broken: None })))
    }
}

/// Whether the last line has no end, because the disk was full or the process was killed. The next line must not become
/// part of it. If that cannot be seen, as in a pipe, the line counts as whole.
fn is_cut(path: &Path, file: &File) -> bool {
    let last = || -> io::Result<u8> {
        let mut last = [0];
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    let filled = file.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > 0);
    filled && last().is_ok_and(|last| last != b'\n')
}

impl Journal for Lines {
    fn record(&self, change: &Change, outcome: &Outcome) {
        let mut line = line(change, outcome).to_string();
        line.push('\n');
        let mut pen = lock(&self.0);
        if let Err(error) = pen.file.write_all(line.as_bytes()).and_then(|()| sync(&pen.file)) {
            pen.broken = Some(error.to_string());
        }
    }

    fn broken(&self) -> Option<String> {
        lock(&self.0).broken.clone()
    }
}

/// Waits until the file is on disk. A pipe or a terminal has nothing to wait for, and says so.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_data() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// Which object, what happened to it, when, and how it ended.
fn line(change: &Change, outcome: &Outcome) -> Value {
    let mut line = json!({
        "time": jiff::Timestamp::now().to_string(),
        "target": change.id.target,
        "kind": change.id.kind,
        "name": change.id.name,
        "action": change.action,
    });
    if let (Some(line), Ok(Value::Object(outcome))) = (line.as_object_mut(), serde_json::to_value(outcome)) {
        line.extend(outcome);
    }
    line
}
