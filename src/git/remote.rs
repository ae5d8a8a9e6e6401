//! The references of a remote, with the user's own `git`: where they are, their objects, and moving them.
//!
//! A child process and not libgit2, because only `git` knows how this user reaches the remote: credential helpers, ssh's
//! configuration and known hosts, proxies. libgit2's transports would add a second TLS library and know none of it.
//! There is no shell, and only the names of the remote and of references come from outside.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use git2::Oid;

use super::update::{Update, moved};
use super::{Commit, Repository, oid};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::{inline, short};

/// Variables that would point git to another repository than the opened one.
const MISLEADING: [&str; 11] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];
/// Settings for this one command: no hook, no command as a transport, and an end when the remote is silent.
const SETTINGS: [&str; 5] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
];
pub(super) const FETCH: [&str; 6] = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--recurse-submodules=no",
    "--no-auto-maintenance",
];
const OPTIONS: [&str; 7] = [
    "push",
    "--quiet",
    "--atomic",
    "--no-verify",
    "--no-follow-tags",
    "--recurse-submodules=no",
    "--no-signed",
];

/// How long one command may take. It moves a few references and small objects; over ssh nothing else would end it.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether a command has ended.
const LOOKS: Duration = Duration::from_millis(5);

/// How often references are listed and fetched until nobody moves one in between.
const LISTS: u32 = 3;
/// What git says of a reference that is not there any more.
const NO_SUCH: &str = "couldn't find remote ref";

/// A remote of a repository, as the user's `git` reaches it.
#[derive(Clone, Debug)]
pub struct GitRemote {
    /// Its name in the repository.
    pub name: String,
    /// The names of variables with credentials of targets, which `git` and its helpers must not see.
    pub secrets: Vec<String>,
    /// How long one command may take.
    pub patience: Duration,
    /// Set when no command is waited for any more, if that may be.
    pub stop: Option<Arc<AtomicBool>>,
}

impl GitRemote {
    /// Runs a command to its end, or stops it when it has taken too long.
    pub(super) fn run(&self, command: &mut Command) -> Result<Output, Diagnostic> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(&error))?;
        let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
        let status = self.ended(&mut child).map_err(|error| not_started(&error))?;
        match status {
            // What it started may still hold its output open, so nobody waits for that.
            None if self.is_to_end() => Err(stopped(self)),
            None => Err(silent(self)),
            Some(status) => {
                // Half of an answer would look like references that are gone.
                let all = |read: mpsc::Receiver<Vec<u8>>| {
                    read.recv_timeout(self.patience).map_err(|_| silent(self))
                };
                Ok(Output { status, stdout: all(stdout)?, stderr: all(stderr)? })
            }
        }
    }
}

impl GitRemote {
    /// How a process ended; `None` if it was stopped because it took too long, or nobody waits for it any more.
    fn ended(&self, child: &mut Child) -> io::Result<Option<ExitStatus>> {
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if began.elapsed() >= self.patience || self.is_to_end() {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            std::thread::sleep(LOOKS);
        }
    }

    fn is_to_end(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// Reads an output to its end, beside whatever else happens.
fn read(output: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (done, read) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut output) = output {
            // What was read before an error is there.
            drop(output.read_to_end(&mut bytes));
        }
        drop(done.send(bytes));
    });
    read
}

impl Repository {
    /// Moves references of a remote, all or none, each only from where it is expected.
    pub fn push(&self, remote: &GitRemote, updates: &[Update]) -> Result<(), Diagnostic> {
        self.check_remote(&remote.name)?;
        let mut command = self.git_command(&remote.secrets);
        command.args(OPTIONS);
        for Update { name, from, .. } in updates {
            let expected = from.as_ref().map(Commit::hex).unwrap_or_default();
            command.arg(format!("--force-with-lease={name}:{expected}"));
        }
        command.args(["--", &remote.name]);
        for Update { name, to, .. } in updates {
            command.arg(format!("{}:{name}", to.as_ref().map(Commit::hex).unwrap_or_default()));
        }
        let output = remote.run(&mut command)?;
        let names: Vec<_> = updates.iter().map(|update| update.name.as_str()).collect();
        if output.status.success() { Ok(()) } else { Err(refused(&remote.name, &names, &output)) }
    }

    /// Where these references of a remote are, and their commits with all that they hold. No reference is moved here.
    pub fn fetch(
        &self,
        remote: &GitRemote,
        names: &[String],
    ) -> Result<BTreeMap<String, Commit>, Diagnostic> {
        self.check_remote(&remote.name)?;
        for _ in 1..LISTS {
            let there = self.list(remote, names)?;
            if self.bring(remote, &there)? {
                return Ok(there);
            }
        }
        let there = self.list(remote, names)?;
        match self.bring(remote, &there)? {
            true => Ok(there),
            false => Err(moved(there.keys().next().map_or(&remote.name, String::as_str))),
        }
    }

    /// Fetches what these references of a remote hold; false if one of them was moved or removed since it was listed.
    fn bring(&self, remote: &GitRemote, there: &BTreeMap<String, Commit>) -> Result<bool, Diagnostic> {
        let is_here = || there.values().all(|commit| self.holds(commit.0));
        if is_here() {
            return Ok(true);
        }
        let shallow = if self.is_shallow() { &["--update-shallow"][..] } else { &[] };
        let mut command = self.git_command(&remote.secrets);
        command.args(FETCH).args(shallow).args(["--", &remote.name]).args(there.keys());
        let output = remote.run(&mut command)?;
        let names: Vec<_> = there.keys().map(String::as_str).collect();
        match output.status.success() {
            true => Ok(is_here()),
            false if String::from_utf8_lossy(&output.stderr).contains(NO_SUCH) => Ok(false),
            false => Err(refused(&remote.name, &names, &output)),
        }
    }

    /// Where these references of a remote are.
    fn list(&self, remote: &GitRemote, names: &[String]) -> Result<BTreeMap<String, Commit>, Diagnostic> {
        let mut command = self.git_command(&remote.secrets);
        command.args(["ls-remote", "--quiet", "--", &remote.name]).args(names);
        let output = remote.run(&mut command)?;
        if !output.status.success() {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            return Err(refused(&remote.name, &names, &output));
        }
        // The names are patterns there, which could match longer ones.
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        let asked = lines.filter(|(_, name)| names.iter().any(|asked| asked == name));
        Ok(asked.filter_map(|(id, name)| Some((name.to_owned(), Commit(oid(id)?)))).collect())
    }

    /// Whether a commit is on a branch of a remote, so that everybody can see it.
    pub fn is_published(&self, remote: &GitRemote, commit: &Commit) -> Result<bool, Diagnostic> {
        self.check_remote(&remote.name)?;
        let mut command = self.git_command(&remote.secrets);
        command.args(["ls-remote", "--quiet", "--heads", "--tags", "--", &remote.name]);
        let output = remote.run(&mut command)?;
        if !output.status.success() {
            return Err(refused(&remote.name, &["its branches"], &output));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        let tips: Vec<_> = lines.filter_map(|(id, name)| Some((name.to_owned(), oid(id)?))).collect();
        let (here, newer): (Vec<_>, Vec<_>) = tips.into_iter().partition(|(_, tip)| self.holds(*tip));
        let holds = |tip: &Oid| match self.content(*tip) {
            Ok(_) => self.is_ancestor(commit, &Commit(*tip)),
            Err(_) => Ok(false),
        };
        for (_, tip) in &here {
            if holds(tip)? {
                return Ok(true);
            }
        }
        // A branch that was pushed since this clone looked holds what it held then, unless it was rewritten.
        let mut pushed = BTreeMap::new();
        for (name, tip) in newer {
            let Some(branch) = name.strip_prefix("refs/heads/") else { continue };
            let then = self.git.refname_to_id(&format!("refs/remotes/{}/{branch}", remote.name)).ok();
            if then.map(|then| holds(&then)).transpose()? == Some(true) {
                pushed.insert(name, Commit(tip));
            }
        }
        if !pushed.is_empty() {
            // If one moves again meanwhile, the user runs it again.
            self.bring(remote, &pushed)?;
        }
        pushed.values().try_fold(false, |found, tip| Ok(found || holds(&tip.0)?))
    }

    /// Refuses a URL instead of a name: it could make git run a command or send a credential to a stranger.
    pub(crate) fn check_remote(&self, remote: &str) -> Result<(), Diagnostic> {
        let configured = self.git.remotes().into_iter().flat_map(|names| {
            names.iter().filter_map(|name| name.ok().flatten().map(str::to_owned)).collect::<Vec<_>>()
        });
        let configured: Vec<_> = configured.collect();
        if configured.iter().any(|name| name == remote) && !remote.starts_with('-') {
            return Ok(());
        }
        let help = match configured.as_slice() {
            [] => "add one: `git remote add`".to_owned(),
            names => format!("remotes are {}", names.join(", ")),
        };
        let message = format!("the repository has no remote `{}`", short(remote));
        Err(Diagnostic::new(Code::GitRemote, message).help(help))
    }

    pub(super) fn git_command(&self, secrets: &[String]) -> Command {
        let mut command = Command::new("git");
        for name in MISLEADING.iter().copied().chain(secrets.iter().map(String::as_str)) {
            command.env_remove(name);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_REPLACE_OBJECTS", "1").env("LC_ALL", "C");
        command.stdin(Stdio::null()).arg("--git-dir").arg(self.git.path());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
    }
}

fn stopped(GitRemote { name, .. }: &GitRemote) -> Diagnostic {
    let message = format!("`git` was stopped while it asked `{}`, because enact is to end", short(name));
    Diagnostic::new(Code::GitPush, message).help("nothing was lost; run enact again")
}

fn silent(GitRemote { name, patience, .. }: &GitRemote) -> Diagnostic {
    let message =
        format!("`{}` did not answer within {} s, and `git` was stopped", short(name), patience.as_secs());
    Diagnostic::new(Code::GitPush, message)
        .help(format!("see whether `git ls-remote {}` answers, then run enact again", short(name)))
}

fn not_started(error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Code::GitPush, format!("`git` cannot be started: {error}"))
        .help("install git, or push the reference yourself")
}

pub(super) fn refused(remote: &str, names: &[&str], output: &Output) -> Diagnostic {
    let reference = names.first().copied().unwrap_or_default();
    let text = String::from_utf8_lossy(&output.stderr);
    let reason = text.lines().find(|line| line.contains('!') || line.starts_with("fatal:"));
    let reason = reason.or_else(|| text.lines().next()).unwrap_or("git gave no reason");
    let overtaken = ["stale info", "non-fast-forward", "fetch first"].iter().any(|word| text.contains(word));
    let help = if overtaken {
        format!("another run has pushed: `git fetch {remote} '+{reference}:{reference}'`, and plan again")
    } else {
        format!("try it by hand: `git push {remote} {reference}`")
    };
    let message = format!("`{remote}` refused `{reference}`: {}", inline(&without_credentials(reason)));
    let code = if overtaken { Code::GitAppliedMoved } else { Code::GitPush };
    Diagnostic::new(code, message).help(help)
}

/// Removes the credentials before the `@` of a URL.
fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(part.len());
        let (host, rest) = part.split_at(end);
        let host = host.rsplit('@').next().unwrap_or_default();
        shown = format!("{shown}://{host}{rest}");
    }
    shown.trim().to_owned()
}
