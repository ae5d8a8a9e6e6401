//! What a clone needs that follows one branch: the clone itself, where the branch is, and the files of a commit.

use std::path::Path;

use git2::Reference;

use super::remote::{FETCH, GitRemote, refused};
use super::{Commit, Repository, unopened};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::short;

/// The user's own settings may name programs that change files on their way to a working tree.
const NO_SETTINGS: [(&str, &str); 2] = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")];

/// Where a clone keeps a branch of its remote.
fn here(remote: &GitRemote, branch: &str) -> String {
    format!("refs/remotes/{}/{branch}", remote.name)
}

impl Repository {
    /// Whether this can be the name of a branch.
    #[must_use]
    pub fn is_branch_name(name: &str) -> bool {
        !name.starts_with('-') && Reference::is_valid_name(&format!("refs/heads/{name}"))
    }

    /// A bare repository in a folder, with this one remote; made if there is none. One with another remote is refused.
    pub fn bare(folder: &Path, remote: &str, url: &str) -> Result<Self, Diagnostic> {
        let git = match folder.exists() {
            true => git2::Repository::open_bare(folder),
            false => git2::Repository::init_bare(folder),
        };
        let git = git.map_err(|error| unopened(folder, &error))?;
        let there = git.find_remote(remote).ok().map(|there| there.url().unwrap_or_default().to_owned());
        match there {
            Some(there) if there == url => {}
            None => drop(git.remote(remote, url).map_err(|error| unopened(folder, &error))?),
            Some(_) => {
                let message = format!("`{}` is a clone of another repository", folder.display());
                let diagnostic = Diagnostic::new(Code::ServeClone, message);
                return Err(diagnostic.help("name another folder with `--directory`, or remove this one"));
            }
        }
        Ok(Self { git })
    }

    /// Where a branch was when it was fetched last, if ever.
    #[must_use]
    pub fn fetched_branch(&self, remote: &GitRemote, branch: &str) -> Option<Commit> {
        self.target(&here(remote, branch)).ok().flatten()
    }

    /// Fetches a branch, and returns where it is.
    pub fn fetch_branch(&self, remote: &GitRemote, branch: &str) -> Result<Commit, Diagnostic> {
        let here = here(remote, branch);
        let mut command = self.git_command(&remote.secrets);
        command.args(FETCH).args(["--", &remote.name]).arg(format!("+refs/heads/{branch}:{here}"));
        let output = remote.run(&mut command)?;
        if !output.status.success() {
            return Err(refused(&remote.name, &[branch], &output));
        }
        self.target(&here)?.ok_or_else(|| {
            let message = format!("`{}` has no branch `{}`", remote.name, short(branch));
            Diagnostic::new(Code::ServeClone, message).help("name another one with `--branch`")
        })
    }

    /// Writes the files of a commit into a folder that does not exist.
    pub fn add_worktree(&self, remote: &GitRemote, folder: &Path, commit: &Commit) -> Result<(), Diagnostic> {
        // Those that are gone are forgotten.
        remote.run(self.git_command(&remote.secrets).args(["worktree", "prune", "--expire=now"]))?;
        let mut command = self.git_command(&remote.secrets);
        command.envs(NO_SETTINGS).args(["worktree", "add", "--quiet", "--force", "--force", "--detach"]);
        command.arg("--").arg(folder).arg(commit.hex());
        let output = remote.run(&mut command)?;
        match output.status.success() {
            true => Ok(()),
            false => Err(refused(&remote.name, &[&commit.hex()], &output)),
        }
    }
}
