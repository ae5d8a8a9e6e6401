//! Where locks and records are kept: references that everybody sees who may write to a target, on a remote or in this
//! repository.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::git::remote::GitRemote;
use crate::git::update::{Update, moved};
use crate::git::{Commit, Repository};
use crate::run::clock::Clock;
use crate::sync;

/// How long a lock lasts.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Unless it is renewed.
    pub lasts: Duration,
    /// How often it is renewed.
    pub renewed: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { lasts: Duration::from_secs(180), renewed: Duration::from_secs(60) }
    }
}

/// A remote, as locks and records need it.
pub trait Remote: Send + Sync {
    /// Its name in this repository.
    fn name(&self) -> &str;

    /// Where these references are. Afterwards the repository has their commits, with all that they hold.
    fn fetch(
        &self,
        repository: &Repository,
        names: &[String],
    ) -> Result<BTreeMap<String, Commit>, Diagnostic>;

    /// Moves references, all or none, each only from where it is expected. After an error they may have been moved all
    /// the same: the answer was lost.
    fn push(&self, repository: &Repository, updates: &[Update]) -> Result<(), Diagnostic>;

    /// Whether a commit is on one of its branches, so that everybody can see it.
    fn is_published(&self, repository: &Repository, commit: &Commit) -> Result<bool, Diagnostic>;
}

impl Remote for GitRemote {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch(
        &self,
        repository: &Repository,
        names: &[String],
    ) -> Result<BTreeMap<String, Commit>, Diagnostic> {
        repository.fetch(self, names)
    }

    fn push(&self, repository: &Repository, updates: &[Update]) -> Result<(), Diagnostic> {
        repository.push(self, updates)
    }

    fn is_published(&self, repository: &Repository, commit: &Commit) -> Result<bool, Diagnostic> {
        repository.is_published(self, commit)
    }
}

/// Where locks and records are kept.
pub struct Place {
    /// A handle of its own.
    pub repository: Mutex<Repository>,
    /// The folder of its objects and references, which its working trees share.
    pub folder: PathBuf,
    /// The remote; `None` is this repository.
    pub remote: Option<Box<dyn Remote>>,
    /// How long the locks last.
    pub terms: Terms,
    /// What tells when they end.
    pub clock: Arc<dyn Clock>,
}

impl Place {
    /// Where these references are. Of a lock that is no commit it is only known that it is there.
    pub(super) fn look(&self, names: &[String]) -> Result<BTreeMap<String, Commit>, Diagnostic> {
        let repository = sync::lock(&self.repository);
        match &self.remote {
            Some(remote) => remote.fetch(&repository, names),
            None => {
                let at = |name: &String| Ok(repository.target(name)?.map(|at| (name.clone(), at)));
                let all: Result<Vec<_>, Diagnostic> = names.iter().map(at).collect();
                Ok(all?.into_iter().flatten().collect())
            }
        }
    }

    /// Moves references, all or none. A push whose answer was lost may have moved them all the same, so after an error it
    /// is looked where they are.
    pub(super) fn change(&self, updates: &[Update]) -> Result<(), Diagnostic> {
        let moved = match &self.remote {
            Some(remote) => remote.push(&sync::lock(&self.repository), updates),
            None => return sync::lock(&self.repository).move_references(updates),
        };
        moved.or_else(|why| self.judged(updates, why))
    }

    /// What a push that failed has done, judged by where the references are: what git says of a lost race depends on who
    /// noticed it first.
    fn judged(&self, updates: &[Update], why: Diagnostic) -> Result<(), Diagnostic> {
        let names: Vec<_> = updates.iter().map(|update| update.name.clone()).collect();
        let Ok(there) = self.look(&names) else { return Err(why) };
        if updates.iter().all(|update| there.get(&update.name) == update.to.as_ref()) {
            return Ok(());
        }
        match updates.iter().find(|update| there.get(&update.name) != update.from.as_ref()) {
            Some(update) => Err(moved(&update.name)),
            None => Err(why),
        }
    }

    /// The remote, if a commit is on none of its branches.
    pub(super) fn lacks(&self, commit: &Commit) -> Result<Option<&str>, Diagnostic> {
        let Some(remote) = &self.remote else { return Ok(None) };
        let is_there = remote.is_published(&sync::lock(&self.repository), commit)?;
        Ok((!is_there).then(|| remote.name()))
    }
}
