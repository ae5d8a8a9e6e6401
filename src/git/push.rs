//! Sends what was applied to a remote, with the user's own `git`. The local record is in `applied`.
//!
//! A child process and not libgit2, because only `git` knows how this user reaches the remote: credential helpers, ssh's
//! configuration and known hosts, proxies. libgit2's transports would add a second TLS library and know none of it.
//! There is no shell, and only the names of the remote and of the target come from outside.

use std::process::{Command, Output, Stdio};

use super::{Commit, Repository, applied, oid};
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
const OPTIONS: [&str; 6] =
    ["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed"];

impl Repository {
    /// Pushes what was applied to a target, if the remote has nothing, or `from`, or what `from` contains: an earlier
    /// record of this clone that was not sent. A record that somebody else has moved meanwhile is not overwritten, and a
    /// clone that never fetched the record cannot move it.
    /// `secrets` are the names of variables with credentials of targets, which `git` and its helpers must not see.
    pub fn push_applied(
        &self,
        remote: &str,
        target: &str,
        from: Option<&Commit>,
        secrets: &[String],
    ) -> Result<(), Diagnostic> {
        let reference = applied::reference(target)?;
        self.check_remote(remote)?;
        let there = self.remote_record(remote, &reference, secrets)?;
        let known = |there: Commit| match from {
            Some(from) => self.is_ancestor(&there, from),
            None => Ok(false),
        };
        // What nobody expects is left to git, which then says so: the lease is what this run knows.
        let expected = match there {
            None => None,
            Some(there) if known(there)? => Some(there),
            Some(_) => from.copied(),
        };
        let expected = expected.as_ref().map(Commit::hex).unwrap_or_default();
        let output = self
            .git_command(secrets)
            .args(OPTIONS)
            .arg(format!("--force-with-lease={reference}:{expected}"))
            .args(["--", remote, &format!("{reference}:{reference}")])
            .output()
            .map_err(|error| not_started(&error))?;
        if output.status.success() { Ok(()) } else { Err(refused(remote, &reference, &output)) }
    }

    /// The record that a remote has.
    fn remote_record(
        &self,
        remote: &str,
        reference: &str,
        secrets: &[String],
    ) -> Result<Option<Commit>, Diagnostic> {
        let output = self
            .git_command(secrets)
            .args(["ls-remote", "--quiet", "--", remote, reference])
            .output()
            .map_err(|error| not_started(&error))?;
        if !output.status.success() {
            return Err(refused(remote, reference, &output));
        }
        // The name is a pattern there, which could match a longer name.
        let text = String::from_utf8_lossy(&output.stdout);
        let found = text.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix('\t'));
        Ok(found.and_then(oid).map(Commit))
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

    fn git_command(&self, secrets: &[String]) -> Command {
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

fn not_started(error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Code::GitPush, format!("`git` cannot be started: {error}"))
        .help("install git, or push the reference yourself")
}

fn refused(remote: &str, reference: &str, output: &Output) -> Diagnostic {
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
    Diagnostic::new(Code::GitPush, message).help(help)
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
