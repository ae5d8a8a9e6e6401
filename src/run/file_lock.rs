//! A lock on a file: the operating system gives it up when its process ends, however it ends. It keeps two processes of one
//! clone, or of one folder outside of git, from writing at once, and shows which of them are gone.

use std::fmt::Display;
use std::fs::{File, TryLockError};
use std::io::{Read as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostic::{Code, Diagnostic};
use crate::record::lock::LockJson;
use crate::run::clock;
use crate::run::whose::RunId;
use crate::text::inline;

/// How often a waiting process looks.
const LOOKS: Duration = Duration::from_millis(500);
/// More than the end of the file is not read: lines that are left are few, because who gets no lock takes its line away.
const LONGEST: u64 = 1 << 16;

/// A locked file.
pub struct FileLock {
    file: File,
    /// What this run wrote into it.
    own: String,
    /// Where that begins.
    at: u64,
    /// The ids of the runs that had it before, and that are over now.
    pub(super) left: Vec<String>,
}

impl FileLock {
    /// Takes the lock of a target, or of all targets of a folder. If another process holds it, waits for at most
    /// `patience`.
    pub async fn take(path: &Path, what: &str, run: &RunId, patience: Duration) -> Result<Self, Diagnostic> {
        let wrong = |error: std::io::Error| unlockable(path, &error);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        let mut options = File::options();
        let mut file =
            options.create(true).read(true).write(true).truncate(false).open(path).map_err(wrong)?;
        let began = clock::awake_or_not();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if clock::awake_or_not().saturating_sub(began) >= patience => {
                    let holder = read(&file).pop();
                    return Err(holder.map_or_else(|| held_by_process(what), |lock| held(what, &lock)));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOKS).await,
                Err(TryLockError::Error(error)) => return Err(wrong(error)),
            }
        }
        let left: Vec<_> = read(&file).into_iter().map(|lock| lock.run).collect();
        let own = run.lock(Timestamp::now(), Duration::ZERO).line();
        // The others stay in the file until this run holds all that they may have held.
        let at = std::io::Seek::seek(&mut file, SeekFrom::End(0)).map_err(wrong)?;
        file.write_all(format!("\n{own}").as_bytes()).map_err(wrong)?;
        Ok(Self { file, own, at, left })
    }

    /// Forgets the runs before: nothing of theirs is left. The own line is there before theirs are cut off, so that a
    /// process that is killed here still leaves it.
    pub(super) fn settle(&mut self) {
        let file = &mut self.file;
        let length = u64::try_from(self.own.len()).unwrap_or(u64::MAX);
        // What cannot be forgotten is only longer.
        let written = std::io::Seek::rewind(file).and_then(|()| file.write_all(self.own.as_bytes()));
        drop(written.and_then(|()| file.set_len(length)));
    }

    /// Takes the own line away, of a run that holds nothing. Those of the runs before stay.
    pub(super) fn leave(&mut self) {
        drop(self.file.set_len(self.at));
    }
}

/// The runs that locked the file, the last one at the end. A line that was cut says nothing.
fn read(mut file: &File) -> Vec<LockJson> {
    let mut text = Vec::new();
    let length = file.metadata().map_or(0, |file| file.len());
    let end = std::io::Seek::seek(&mut file, SeekFrom::Start(length.saturating_sub(LONGEST)));
    drop(end.and_then(|_| file.take(LONGEST).read_to_end(&mut text)));
    text.split(|byte| *byte == b'\n').filter_map(|line| LockJson::parse(line).ok()).collect()
}

/// Reports a lock that another run holds.
pub(super) fn held(what: &str, lock: &LockJson) -> Diagnostic {
    let LockJson { holder, host, run, run_url, started, .. } = lock;
    if lock.hold {
        let message = format!("{} holds it since {started}", inline(holder));
        return Diagnostic::new(Code::LockHold, message).about(what).help(format!(
            "nothing was written; it can be released on its page, or with `enact unlock {what}`"
        ));
    }
    let place = run_url.as_ref().map(|url| format!(", {}", inline(url))).unwrap_or_default();
    let message = format!(
        "another run writes to it since {started}: {} on {} (run {}{place})",
        inline(holder),
        inline(host),
        inline(run)
    );
    Diagnostic::new(Code::LockHeld, message).about(what).help(format!(
        "nothing was written; wait for it with `--lock-timeout 10m`, or, if that run is gone, `enact unlock {what}`"
    ))
}

fn held_by_process(what: &str) -> Diagnostic {
    Diagnostic::new(Code::LockHeld, "another process writes to it")
        .about(what)
        .help("nothing was written; wait for it with `--lock-timeout 10m`")
}

fn unlockable(path: &Path, error: &dyn Display) -> Diagnostic {
    let message = format!("`{}` cannot be locked: {error}", path.display());
    Diagnostic::new(Code::GitApplied, message).help("nothing was written; make sure that it can be written")
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn run(id: &str) -> RunId {
        RunId { id: id.to_owned(), ..RunId::begin(None) }
    }

    async fn take(path: &Path, id: &str) -> FileLock {
        FileLock::take(path, "live", &run(id), Duration::ZERO).await.unwrap()
    }

    #[tokio::test]
    async fn one_writer_runs_that_get_no_lock_leave_no_line() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        take(&path, "killed").await;
        let length = std::fs::metadata(&path).unwrap().len();
        for _ in 0..3 {
            let mut lock = take(&path, "refused").await;
            assert_eq!(lock.left, ["killed"]);
            lock.leave();
        }
        assert_eq!(std::fs::metadata(&path).unwrap().len(), length);
        take(&path, "winner").await.settle();
        assert_eq!(take(&path, "next").await.left, ["winner"]);
    }

    #[tokio::test]
    async fn one_writer_what_else_is_in_the_file_hides_no_run() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        let mut text = vec![0xff; 3 * usize::try_from(LONGEST).unwrap()];
        text.extend(b"\n{\"cut");
        std::fs::write(&path, text).unwrap();
        take(&path, "killed").await;
        assert_eq!(take(&path, "next").await.left, ["killed"]);
    }

    #[tokio::test]
    async fn one_writer_a_run_that_is_killed_while_it_forgets_the_others_is_found() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        take(&path, "a run with a long id, so that its line is longer than the next one").await;
        let own = {
            let lock = take(&path, "killed").await;
            lock.own.clone()
        };
        // What `settle` has done before it cuts the file.
        let mut file = File::options().write(true).open(&path).unwrap();
        file.write_all(own.as_bytes()).unwrap();
        assert!(take(&path, "next").await.left.contains(&"killed".to_owned()));
    }
}
