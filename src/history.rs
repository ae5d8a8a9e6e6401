//! What git remembers of a run's targets: the commit that a run is about, and what git declared when each target was
//! last applied. There is no state file; `refs/enact/applied/<target>` is the memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::config::Target;
use crate::diagnostic::{Class, Diagnostic, Severity};
use crate::git::{Commit, Repository};
use crate::manifest::Manifest;
use crate::resolve;
use crate::source::{self, Files};
use crate::state::Desired;

/// Where the base of a run comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// There is none: nothing is known of what was declared before.
    #[default]
    Nowhere,
    /// For each target, the commit that it was last brought to.
    Applied,
    /// This revision, for all targets.
    Revision(String),
}

/// The repository that a run is about.
pub struct History {
    repository: Repository,
    /// The folder of enact.yaml in the repository.
    prefix: String,
    /// The commit that the manifests are of; with uncommitted changes, the one that they are based on. `None` in a
    /// repository without commits.
    pub commit: Option<Commit>,
    /// Files that are not as that commit holds them.
    pub uncommitted: Vec<String>,
}

/// What git declared for one target when it was last applied.
#[derive(Debug)]
pub struct Base {
    /// The commit.
    pub commit: Commit,
    /// What it declared.
    pub desired: Desired,
    /// Whether the history from it to this run's commit is known, so that what is missing now was removed by somebody.
    pub leads_here: bool,
}

impl History {
    /// Opens the repository of a folder, if it is in one. `rev` names the commit that the run is about.
    pub fn open(folder: &Path, rev: Option<&str>) -> Result<Option<Self>, Diagnostic> {
        Self::find(folder, rev).map_err(classed)
    }

    fn find(folder: &Path, rev: Option<&str>) -> Result<Option<Self>, Diagnostic> {
        // With a bare clone the trusted configuration lies elsewhere, and the repository is where the user is.
        let repository = match Repository::discover(folder)? {
            None if rev.is_some() => Repository::discover(Path::new("."))?,
            found => found,
        };
        let Some(repository) = repository else {
            return rev.map_or(Ok(None), |rev| Err(no_repository(rev)));
        };
        let commit = match rev {
            Some(rev) => Some(repository.commit(rev)?),
            None => repository.commit("HEAD").ok(),
        };
        let prefix = repository.prefix_of(folder).unwrap_or_default();
        Ok(Some(Self { repository, prefix, commit, uncommitted: Vec::new() }))
    }

    /// The manifests of the run's commit.
    pub fn files(&self, manifests: &[String], findings: &mut Vec<Diagnostic>) -> Files {
        let commit = self.commit.as_ref();
        commit.map(|commit| self.files_of(commit, manifests, findings)).unwrap_or_default()
    }

    fn files_of(&self, commit: &Commit, manifests: &[String], findings: &mut Vec<Diagnostic>) -> Files {
        source::revision(&self.repository, commit, &self.prefix, manifests, findings)
    }

    /// Looks which files of the working tree are not committed. `config` is the name and the text of enact.yaml.
    pub fn compare(&mut self, manifests: &[String], config: (&str, &str), files: &Files) -> Vec<Diagnostic> {
        let Some(commit) = &self.commit else {
            self.uncommitted = files.keys().cloned().collect();
            return Vec::new();
        };
        match source::uncommitted(&self.repository, commit, &self.prefix, manifests, config, files) {
            Ok(uncommitted) => {
                self.uncommitted = uncommitted;
                Vec::new()
            }
            Err(findings) => findings,
        }
    }

    /// What was declared at the base, for each target that has one.
    pub fn bases(
        &self,
        targets: &[&Target],
        from: &From,
        manifests: &[String],
        findings: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, Base> {
        let mut read = BTreeMap::new();
        let mut bases = BTreeMap::new();
        for target in targets {
            let base = self.base_commit(&target.config.name, from).and_then(|commit| {
                let Some(commit) = commit else { return Ok(None) };
                let manifests = read.entry(commit).or_insert_with(|| self.manifests(&commit, manifests));
                self.base(target, commit, manifests).map(Some)
            });
            match base {
                Ok(base) => bases.extend(base.map(|base| (target.config.name.clone(), base))),
                Err(finding) => findings.push(without_base(classed(finding)).about(&target.config.name)),
            }
        }
        bases
    }

    fn base_commit(&self, target: &str, from: &From) -> Result<Option<Commit>, Diagnostic> {
        match from {
            From::Nowhere => Ok(None),
            From::Applied => self.repository.applied(target),
            From::Revision(rev) => self.repository.commit(rev).map(Some),
        }
    }

    /// The manifests of a commit that are sound. One that is not can only make enact remove less.
    fn manifests(&self, commit: &Commit, manifests: &[String]) -> Vec<Arc<Manifest>> {
        let mut ignored = Vec::new();
        let files = self.files_of(commit, manifests, &mut ignored);
        let mut manifests = resolve::manifests(&files, &mut ignored);
        manifests.retain(|manifest| manifest.refused.is_empty());
        manifests
    }

    fn base(&self, target: &Target, commit: Commit, manifests: &[Arc<Manifest>]) -> Result<Base, Diagnostic> {
        let desired = resolve::for_target(target, manifests, &mut Vec::new());
        let leads_here = match &self.commit {
            Some(now) => self.repository.is_ancestor(&commit, now)?,
            None => false,
        };
        Ok(Base { commit, desired, leads_here })
    }

    /// Records that a target was brought to this run's commit.
    pub fn record(&self, target: &str, rollback: bool) -> Result<(), Diagnostic> {
        let Some(commit) = &self.commit else { return Ok(()) };
        let from = self.repository.applied(target).map_err(classed)?;
        self.repository.set_applied(target, from.as_ref(), commit, rollback).map_err(classed)
    }

    /// Sends the record of a target to a remote, with the user's own git.
    pub fn push(
        &self,
        remote: &str,
        target: &str,
        rollback: bool,
        secrets: &[String],
    ) -> Result<(), Diagnostic> {
        self.repository.push_applied(remote, target, rollback, secrets).map_err(classed)
    }
}

/// A clone that left history out can be planned without a base: less is known, so less is removed.
fn without_base(finding: Diagnostic) -> Diagnostic {
    match finding.code {
        "git/shallow" | "git/history" => Diagnostic { severity: Severity::Warning, ..finding },
        _ => finding,
    }
}

/// What the findings of git mean for a run.
fn classed(finding: Diagnostic) -> Diagnostic {
    let class = match finding.code {
        "git/object" | "git/shallow" | "git/history" => Class::Unread,
        "git/applied-moved" => Class::Moved,
        "git/applied-backwards" | "git/backwards" => Class::Guarded,
        "git/owner" | "git/repository" | "git/push" | "git/remote" | "git/applied" => Class::Failed,
        _ => finding.class,
    };
    finding.class(class)
}

fn no_repository(rev: &str) -> Diagnostic {
    Diagnostic::error("git/no-repository", format!("there is no git repository to read `{rev}` from"))
        .help("run enact inside of the repository, or leave `--rev` out to read the files as they are")
}

/// What a run does about a base that does not lead to its commit: the target was brought further, or history was
/// rewritten. To plan is harmless; to apply would take the target back.
pub fn backwards(target: &str, base: &Base, now: Option<&Commit>) -> Diagnostic {
    let now = now.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let message =
        format!("the target was brought to {}, and {now} does not contain that commit", base.commit);
    Diagnostic::error("git/backwards", message)
        .class(Class::Guarded)
        .about(target)
        .help("apply a commit that contains it, or take the target back with `--rollback`")
}
