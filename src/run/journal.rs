//! A journal of what a run wrote: JSON lines that it begins, how each write ended, and how the run ended. Each is on disk
//! before the next write begins, so that nothing that was written is forgotten with the process. What a line holds is in
//! `report::json::event`.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;

use tokio::time::Instant;

use crate::file::to_append;
use crate::report::Report;
use crate::report::json::event::{Event, EventLine, RunEnded, RunStarted, WriteEnded};
use crate::run::whose::RunId;
use crate::sync::lock;

/// Where a run records what it does.
pub trait Journal: Send + Sync {
    /// Records that a run begins to write what this report plans.
    fn begin(&self, run: &RunId, report: &Report);

    /// Records how a change ended.
    fn record(&self, ended: &WriteEnded);

    /// Records how the run ended, if it began.
    fn end(&self, report: &Report);

    /// Why something is missing in it, if so. Then no other write may follow, to any target.
    fn broken(&self) -> Option<String>;
}

/// A run without a journal.
pub struct Nowhere;

impl Journal for Nowhere {
    fn begin(&self, _run: &RunId, _report: &Report) {}

    fn record(&self, _ended: &WriteEnded) {}

    fn end(&self, _report: &Report) {}

    fn broken(&self) -> Option<String> {
        None
    }
}

/// A file with a line for each event.
pub struct Lines(Mutex<Pen>);

struct Pen {
    file: File,
    run: Option<Begun>,
    broken: Option<String>,
}

/// The run that writes the lines.
#[derive(Clone)]
struct Begun {
    id: String,
    commit: Option<String>,
    at: Instant,
}

impl Lines {
    /// Opens the file to add to it, and creates it if needed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = to_append(path)?;
        if is_cut(path, &file) {
            file.write_all(b"\n")?;
        }
        Ok(Self(Mutex::new(Pen { file, run: None, broken: None })))
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
    fn begin(&self, run: &RunId, report: &Report) {
        let mut pen = lock(&self.0);
        pen.run = Some(Begun { id: run.id.clone(), commit: report.commit.clone(), at: Instant::now() });
        pen.write(Event::RunStarted(&started(run, report)));
    }

    fn record(&self, ended: &WriteEnded) {
        lock(&self.0).write(Event::WriteEnded(ended));
    }

    fn end(&self, report: &Report) {
        let mut pen = lock(&self.0);
        if let Some(begun) = &pen.run {
            let ended = RunEnded::of(report, begun.at.elapsed());
            pen.write(Event::RunEnded(&ended));
        }
    }

    fn broken(&self) -> Option<String> {
        lock(&self.0).broken.clone()
    }
}

impl Pen {
    /// Adds a line. Nothing follows a line that may be cut.
    fn write(&mut self, event: Event<'_>) {
        if self.broken.is_some() {
            return;
        }
        let (run, commit) = self.run.clone().map(|run| (run.id, run.commit)).unzip();
        let time = jiff::Timestamp::now().to_string();
        let line = EventLine { format_version: 1, time, run, commit: commit.flatten(), event }.text();
        if let Err(error) = self.file.write_all(line.as_bytes()).and_then(|()| sync(&self.file)) {
            self.broken = Some(error.to_string());
        }
    }
}

fn started(run: &RunId, report: &Report) -> RunStarted {
    RunStarted::of(report, run.url.clone(), run.who.clone(), run.host.clone())
}

/// Waits until the file is on disk. A pipe or a terminal has nothing to wait for, and says so.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_data() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}
