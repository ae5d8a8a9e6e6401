//! A lock on a file: the operating system gives it up when its process ends, however it ends. It keeps two processes of one
//! clone, or of one folder outside of git, from writing at once, and shows which of them are gone.

use std::fmt::Display;
use std::fs::{File, TryLockError};
use std::io::{Read as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::diagnostic::{Code, Diagnostic};
use crate::record::lock::LockJson;
use crate::run::clock;
use crate::run::whose::RunId;
use crate::text::inline;

/// How often a waiting process looks.
const LOOKS: Duration = Duration::from_millis(500);
/// More is not read of the file.
const LONGEST: u64 = 1 << 16;

/// A locked file.
pub struct FileLock {
    file: File,
    /// What this run wrote into it.
    own: String,
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
        let own = run.lock(Duration::ZERO).line();
        // The others stay in the file until this run holds all that they may have held.
        std::io::Seek::seek(&mut file, SeekFrom::End(0)).map_err(wrong)?;
        file.write_all(format!("\n{own}").as_bytes()).map_err(wrong)?;
        Ok(Self { file, own, left })
    }

    /// Forgets the runs before: nothing of theirs is left.
    pub(super) fn settle(&mut self) {
        let file = &mut self.file;
        // What cannot be forgotten is only longer.
        let rewound = file.set_len(0).and_then(|()| std::io::Seek::rewind(file));
        drop(rewound.and_then(|()| file.write_all(self.own.as_bytes())));
    }
}

/// The runs that locked the file, the last one at the end. A line that was cut says nothing.
fn read(mut file: &File) -> Vec<LockJson> {
    let mut text = String::new();
    let read = std::io::Seek::rewind(&mut file).and_then(|()| file.take(LONGEST).read_to_string(&mut text));
    drop(read);
    text.lines().filter_map(|line| LockJson::parse(line.as_bytes()).ok()).collect()
}

/// Reports a lock that another run holds.
pub(super) fn held(what: &str, lock: &LockJson) -> Diagnostic {
    let LockJson { holder, host, run, run_url, started, .. } = lock;
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
