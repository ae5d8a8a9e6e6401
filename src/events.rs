//! A journal of what a run wrote: one JSON line for each write that ended, on disk before the next begins, so that
//! nothing that was written is forgotten with the process.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::apply::Outcome;
use crate::plan::Change;

/// Where ended writes are recorded.
pub trait Journal: Send + Sync {
    /// Records how a change ended. What can not be recorded must not be followed by another write.
    fn record(&self, change: &Change, outcome: &Outcome) -> io::Result<()>;
}

/// A run that nobody wants a journal of.
pub struct Nowhere;

impl Journal for Nowhere {
    fn record(&self, _change: &Change, _outcome: &Outcome) -> io::Result<()> {
        Ok(())
    }
}

/// A file with a line for each ended write.
pub struct Lines(Mutex<File>);

impl Lines {
    /// Opens the file, and adds to it if it is there.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(|file| Self(Mutex::new(file)))
    }
}

impl Journal for Lines {
    fn record(&self, change: &Change, outcome: &Outcome) -> io::Result<()> {
        let mut line = line(change, outcome).to_string();
        line.push('\n');
        // A panic elsewhere can not have left half a line: each is written at once.
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()
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
