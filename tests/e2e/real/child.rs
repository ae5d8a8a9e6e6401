//! Servers as children of the test process: their folder, ports, and an end that comes by itself. What they serve is in
//! their own files.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, io, process, thread};

/// How long a server may take until its first answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The user `nobody`, for servers that refuse to run as root.
const NOBODY: u32 = 65_534;

/// A server that ends with this process, and removes its folder.
pub(crate) struct Kept {
    folder: PathBuf,
    /// Holds the other end of its standard input, which `keep.sh` watches.
    _keeper: Child,
}

/// Starts a server in its folder and as the folder's owner, with the environment that `server` sets and nothing of ours
/// but the path. At the end it gets the signal.
pub(crate) fn keep(folder: &Path, signal: &str, server: &Command) -> io::Result<Kept> {
    let owner = fs::metadata(folder)?;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", include_str!("keep.sh"), "keep.sh"]).arg(folder).arg(signal);
    keeper.arg(server.get_program()).args(server.get_args());
    keeper.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("HOME", folder);
    keeper.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    keeper.current_dir(folder).uid(owner.uid()).gid(owner.gid());
    // Ctrl-C in a terminal must not reach the keeper, which still has work to do then.
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    Ok(Kept { folder: folder.to_owned(), _keeper: keeper.spawn()? })
}

impl Kept {
    /// Waits until the server is ready.
    pub(crate) fn wait(&self, mut is_ready: impl FnMut() -> bool) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_ready() {
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("it does not answer: {}", self.last_words())));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The end of its output.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// A new folder that only its owner can enter.
pub(crate) fn folder() -> io::Result<PathBuf> {
    Ok(tempfile::Builder::new().prefix("enact-").tempdir()?.keep())
}

/// The same, but never root's.
pub(crate) fn folder_not_of_root() -> io::Result<PathBuf> {
    let folder = folder()?;
    if fs::metadata(&folder)?.uid() == 0 {
        chown(&folder, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(folder)
}

/// A port for a server that cannot say which one it took.
///
/// It is below the ports that Linux assigns by itself, so that nothing else takes it first; other test processes begin
/// their search elsewhere.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(process::id() % 1_000).unwrap() * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
