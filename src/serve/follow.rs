//! A clone that belongs to the service, and follows one branch of a remote. Each commit that is followed has a working
//! tree of its own, so that a pass that still reads the last one is not disturbed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::diagnostic::{Code, Diagnostic};
use crate::git::remote::{GitRemote, PATIENCE};
use crate::git::{Commit, Repository};
use crate::text::short;

/// Where the repository is, in the folder of the clone.
const REPOSITORY: &str = "repository.git";
/// Where the working trees are.
const TREES: &str = "trees";
/// The remote, as git calls it.
const REMOTE: &str = "origin";

/// A clone that follows a branch.
pub struct Clone {
    repository: Repository,
    folder: PathBuf,
    remote: GitRemote,
    branch: String,
}

impl Clone {
    /// The clone in this folder, which is made if there is none. Nothing is fetched yet.
    pub fn open(folder: &Path, url: &str, branch: &str) -> Result<Self, Diagnostic> {
        let wrong = |why: &str| {
            Diagnostic::new(Code::ServeClone, format!("`{}` cannot be followed: {why}", short(branch)))
                .help("name a branch with `--branch`, as `git ls-remote --heads` lists it")
        };
        if !Repository::is_branch_name(branch) {
            return Err(wrong("it cannot be the name of a branch"));
        }
        let unusable = |error: std::io::Error| {
            let message = format!("the clone in `{}` cannot be used: {error}", folder.display());
            Diagnostic::new(Code::ServeClone, message).help("name a folder of its own with `--directory`")
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let folder = folder.canonicalize().map_err(unusable)?;
        // Those of a service that was killed.
        drop(std::fs::remove_dir_all(folder.join(TREES)));
        std::fs::create_dir_all(folder.join(TREES)).map_err(unusable)?;
        // git would take a path as relative to the clone.
        let path = Path::new(url).canonicalize().ok();
        let url = path.as_ref().and_then(|path| path.to_str()).unwrap_or(url);
        let repository = Repository::bare(&folder.join(REPOSITORY), REMOTE, url)?;
        let remote =
            GitRemote { name: REMOTE.to_owned(), secrets: Vec::new(), patience: PATIENCE, stop: None };
        Ok(Self { repository, folder, remote, branch: branch.to_owned() })
    }

    /// Keeps these variables from git and its helpers.
    pub(super) fn hide(&mut self, secrets: Vec<String>) {
        self.remote.secrets = secrets;
    }

    /// Waits for no `git` any more when this is set.
    pub(super) fn stop_with(&mut self, stop: Arc<AtomicBool>) {
        self.remote.stop = Some(stop);
    }

    /// Where the branch was when it was fetched last, if ever.
    pub(super) fn fetched(&self) -> Option<Commit> {
        self.repository.fetched_branch(&self.remote, &self.branch)
    }

    /// Where the branch is on the remote now.
    pub(super) fn fetch(&self) -> Result<Commit, Diagnostic> {
        self.repository.fetch_branch(&self.remote, &self.branch)
    }

    /// The files of a commit, in a folder of their own.
    pub(super) fn check_out(&self, commit: &Commit) -> Result<Tree, Diagnostic> {
        let tree = Tree(self.folder.join(TREES).join(commit.hex()));
        drop(std::fs::remove_dir_all(&tree.0));
        self.repository.add_worktree(&self.remote, &tree.0, commit)?;
        Ok(tree)
    }
}

/// A working tree, removed when nobody reads it any more.
pub(super) struct Tree(PathBuf);

impl Tree {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Tree {
    /// What is left is removed when the service begins again.
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
