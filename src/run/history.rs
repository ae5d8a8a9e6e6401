//! What git remembers of a run's targets: the commit that a run is about, and what git declared when each target was
//! last applied. There is no state file; `refs/enact/applied/<target>` is the memory. How git is read is in `git`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use crate::config::target::{Config, Target};
use crate::config::{self, Systems};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::remote::{GitRemote, PATIENCE};
use crate::git::{Commit, Repository};
use crate::manifest::{Files, Manifest};
use crate::model::state::Desired;
use crate::run::clock::MachineClock;
use crate::run::place::{Place, Remote, Terms};
use crate::run::reads::Reads;
use crate::run::trust::Trust;
use crate::source::Blobs;
use crate::system::registry::Registry;
use crate::text::inline;
use crate::{resolve, source};

/// Where the base of a run comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BaseSource {
    /// Nowhere: what was declared before is not known.
    #[default]
    Nowhere,
    /// For each target, the commit that it was last brought to.
    Applied,
    /// This revision, for all targets.
    Revision(String),
}

/// The repository that a run is about.
pub struct History {
    pub(super) repository: Repository,
    /// The folder of enact.yaml in the repository.
    prefix: String,
    /// The commit of the manifests; with uncommitted changes, the one that they are based on. `None` in a repository
    /// without commits.
    pub commit: Option<Commit>,
    /// Whether the folder of enact.yaml is in the working tree, so that a commit has an enact.yaml of its own. It is
    /// not where the operator keeps it beside a bare clone.
    pub(super) holds_configuration: bool,
    /// Files that differ from that commit.
    pub uncommitted: Vec<String>,
    /// Whose records are believed.
    pub(super) trust: Trust,
    /// What the run may read, and has read.
    reads: Arc<Reads>,
}

/// What git declared for one target when it was last applied.
#[derive(Clone, Debug)]
pub struct Base {
    /// The commit.
    pub commit: Commit,
    /// What it declared.
    pub desired: Desired,
    /// Where its manifests were.
    pub manifests: Vec<String>,
    /// Whether it is part of this run's history, so that what is missing now was removed in git.
    pub leads_here: bool,
    /// Whether this run's commit is part of its history: the target is already further.
    pub ahead: bool,
}

impl History {
    /// Opens the repository of a folder, if it is in one. `rev` names the commit that the run is about.
    pub fn open(folder: &Path, rev: Option<&str>, reads: &Arc<Reads>) -> Result<Option<Self>, Diagnostic> {
        // With a bare clone the trusted configuration is elsewhere, and the repository is the current folder.
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
        let prefix = repository.prefix_of(folder);
        Ok(Some(Self {
            repository,
            holds_configuration: prefix.is_some(),
            prefix: prefix.unwrap_or_default(),
            commit,
            uncommitted: Vec::new(),
            trust: Trust::default(),
            reads: reads.clone(),
        }))
    }

    /// The manifests of the run's commit.
    pub fn files(&self, manifests: &[String], diagnostics: &mut Vec<Diagnostic>) -> Files {
        let commit = self.commit.as_ref();
        commit.map(|commit| self.files_of(commit, manifests, diagnostics)).unwrap_or_default()
    }

    /// The same of the base that the user named; none if there is none.
    pub(super) fn files_at(&self, base: &BaseSource, manifests: &[String]) -> Files {
        let BaseSource::Revision(rev) = base else { return Files::new() };
        let commit = self.repository.commit(rev).ok();
        commit.map(|commit| self.files_of(&commit, manifests, &mut Vec::new())).unwrap_or_default()
    }

    fn files_of(&self, commit: &Commit, manifests: &[String], diagnostics: &mut Vec<Diagnostic>) -> Files {
        let texts = &mut self.reads.texts();
        source::revision(&self.repository, commit, &self.prefix, manifests, texts, diagnostics)
    }

    /// Finds the files of the working tree that are not committed. `trusted` is enact.yaml and what it names, by name.
    pub fn compare(&mut self, manifests: &[String], trusted: &Files, files: &Files) -> Vec<Diagnostic> {
        match self.differing(manifests, trusted, files) {
            Ok(uncommitted) => {
                self.uncommitted = uncommitted;
                Vec::new()
            }
            Err(diagnostics) => diagnostics,
        }
    }

    /// Which of these files are not as in the run's commit.
    pub(super) fn differing(
        &self,
        manifests: &[String],
        trusted: &Files,
        files: &Files,
    ) -> Result<Vec<String>, Vec<Diagnostic>> {
        match &self.commit {
            Some(commit) => {
                let texts = &mut self.reads.texts();
                source::uncommitted(&self.repository, commit, &self.prefix, manifests, trusted, files, texts)
            }
            None => Ok(files.keys().cloned().collect()),
        }
    }

    /// What was declared at a revision, for each target that it had. `config` is the name of enact.yaml and the current
    /// systems.
    pub fn bases(
        &self,
        targets: &[&Target],
        rev: &str,
        config: (&str, &Arc<Registry>),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, Base> {
        let commit = match self.repository.commit(rev) {
            Ok(commit) => commit,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return BTreeMap::new();
            }
        };
        let then = self.then(&commit, config);
        let mut bases = BTreeMap::new();
        for target in targets {
            match self.base(target, commit, then.as_ref()) {
                Ok(base) => drop(bases.insert(target.config.name.clone(), base)),
                Err(diagnostic) => diagnostics.push(diagnostic.about(&target.config.name)),
            }
        }
        bases
    }

    /// Reports a target that this run would take back: its last apply was of a commit that this one does not contain.
    pub(super) fn backwards(&self, target: &str, applied: &Base) -> Option<Diagnostic> {
        let now = self.commit.as_ref().filter(|_| !applied.leads_here)?;
        Some(backwards(target, applied.commit, now))
    }

    /// What an older enact left of a target: what it declared at the commit that was applied last.
    pub(super) fn applied(
        &self,
        target: &Target,
        config: (&str, &Arc<Registry>),
    ) -> Result<Option<Base>, Diagnostic> {
        let Some(commit) = self.repository.applied(&target.config.name)? else { return Ok(None) };
        self.base(target, commit, self.then(&commit, config).as_ref()).map(Some)
    }

    /// A base of this commit that declares nothing yet.
    pub(super) fn empty_base(&self, commit: Commit) -> Result<Base, Diagnostic> {
        let (leads_here, ahead) = self.direction(&commit)?;
        Ok(Base { commit, desired: Desired::new(), manifests: Vec::new(), leads_here, ahead })
    }

    /// Whether a commit leads to this run's commit, and whether it is already further.
    fn direction(&self, commit: &Commit) -> Result<(bool, bool), Diagnostic> {
        match &self.commit {
            Some(now) => {
                Ok((self.repository.is_ancestor(commit, now)?, self.repository.is_ancestor(now, commit)?))
            }
            None => Ok((false, false)),
        }
    }

    /// The commit with this id.
    pub(super) fn commit_of(&self, hex: &str) -> Result<Commit, Diagnostic> {
        self.repository.commit(hex)
    }

    /// Whether a commit was once the tip of the branch that led to this run's commit, or to the one applied last.
    pub(super) fn was_tip(&self, commit: &Commit, applied: &Commit) -> Result<bool, Diagnostic> {
        let mut tips = self.commit.iter().chain([applied]);
        tips.try_fold(false, |was, tip| Ok(was || self.repository.is_first_parent(commit, tip)?))
    }

    /// What the run has read.
    pub(super) fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Another handle of the repository.
    pub(super) fn reopened(&self) -> Result<Repository, Diagnostic> {
        self.repository.reopened()
    }

    /// Reads whose records are believed, and the key of a run that writes them.
    pub fn believe(&mut self, config: &Config) -> Result<(), Diagnostic> {
        self.trust = Trust::read(config, true)?;
        Ok(())
    }

    /// Where the record is kept, and the locks beside it. `stop` is set when the remote is not waited for any more, if that may
    /// be.
    pub fn place(
        &self,
        remote: Option<String>,
        secrets: Vec<String>,
        stop: Option<Arc<AtomicBool>>,
    ) -> Result<Place, Diagnostic> {
        let remote = remote.map(|name| GitRemote { name, secrets, patience: PATIENCE, stop });
        remote.iter().try_for_each(|remote| self.repository.check_remote(&remote.name))?;
        let remote = remote.map(|remote| -> Box<dyn Remote> { Box::new(remote) });
        let (repository, folder) = (self.repository.reopened()?, self.repository.common_folder());
        let (terms, clock) = (Terms::default(), Arc::new(MachineClock));
        Ok(Place { repository: Mutex::new(repository), folder, remote, terms, clock })
    }

    /// The same repository, for where records are.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Reports records that no target continues: what enact did there is forgotten by every plan.
    pub(super) fn ownerless(&self, config: &Config) -> Vec<Diagnostic> {
        let refs: BTreeSet<_> = config
            .targets
            .iter()
            .flat_map(|target| [Some(&target.record.name), target.record.former.as_ref()])
            .flatten()
            .collect();
        let found = self.repository.references(&config.record.pattern());
        found.into_iter().filter(|name| !refs.contains(name)).map(|name| ownerless(&name)).collect()
    }

    /// The commit of a target's record.
    pub(super) fn record_tip(&self, target: &Target) -> Result<Option<Commit>, Diagnostic> {
        match (self.repository.reference(&target.record.name)?, &target.record.former) {
            (None, Some(former)) => self.repository.reference(former),
            (tip, _) => Ok(tip),
        }
    }

    /// Reports a target that an older enact, which knows no record, has brought further than its record says.
    pub(super) fn overtaken(
        &self,
        target: &str,
        recorded: &Commit,
    ) -> Result<Option<Diagnostic>, Diagnostic> {
        let applied = self.repository.applied(target)?.filter(|applied| applied != recorded);
        match applied {
            Some(applied) if self.repository.is_ancestor(recorded, &applied)? => {
                Ok(Some(overtaken(target, recorded, &applied)))
            }
            _ => Ok(None),
        }
    }

    /// The configuration and the sound manifests of a commit. Leaving out an unsound manifest can only make enact
    /// remove less; but if the run may read no more, there is no telling what was left out. `None` if the commit had no
    /// usable configuration.
    fn then(&self, commit: &Commit, (config, registry): (&str, &Arc<Registry>)) -> Option<Then> {
        let mut ignored = Vec::new();
        let files = self.files_of(commit, &[config.to_owned()], &mut ignored);
        let systems = Systems::Known(registry.clone());
        let config = config::load(config, Path::new("."), files.get(config)?, systems, &mut ignored)?;
        let files = self.files_of(commit, &config.manifests, &mut ignored);
        let mut manifests = resolve::manifests(registry, &files, &mut self.reads.manifests(), &mut ignored);
        manifests.retain(|manifest| manifest.refused.is_empty());
        let limit =
            ignored.into_iter().find(|found| matches!(found.code, Code::LimitText | Code::LimitValues));
        Some(Then { config, manifests, limit })
    }

    /// What a target was to hold by the configuration of that time. A target that was another system then, or did not
    /// exist, has no base: nothing was ever applied to the present one.
    fn base(&self, target: &Target, commit: Commit, then: Option<&Then>) -> Result<Base, Diagnostic> {
        if let Some(limit) = then.and_then(|then| then.limit.clone()) {
            return Err(limit);
        }
        let same = then.and_then(|then| {
            let same = then.config.targets.iter().find(|of_then| of_then.is_same_system(target))?;
            Some((then, same))
        });
        let Some((then, same)) = same else { return Err(another_system(&commit)) };
        let mut ignored = Vec::new();
        let mut desired = resolve::for_target(&same.claim(), &then.manifests, &mut ignored);
        if let Some(limit) = ignored.into_iter().find(|found| found.code == Code::LimitValues) {
            return Err(limit);
        }
        desired.retain(|_, declared| declared.manifest.refused.is_empty());
        let (desired, manifests) = (resolve::base::applied(desired), then.config.manifests.clone());
        let (leads_here, ahead) = self.direction(&commit)?;
        Ok(Base { commit, desired, manifests, leads_here, ahead })
    }

    /// Whether one commit is later than another on the same line of history. Where that is not known, it is not.
    pub(super) fn is_later(&self, commit: &Commit, than: &Commit) -> bool {
        commit != than && self.repository.is_ancestor(than, commit).unwrap_or_default()
    }

    /// Every file of a commit.
    pub(super) fn blobs(&self, commit: Commit) -> Result<Blobs<'_>, Diagnostic> {
        Blobs::of(&self.repository, commit, &self.prefix)
    }

    /// A new idempotency key. A server must not be able to guess it.
    pub(super) fn key(&self) -> String {
        format!("enact-{}", uuid::Uuid::new_v4().simple())
    }
}

fn no_repository(rev: &str) -> Diagnostic {
    Diagnostic::new(Code::GitNoRepository, format!("there is no git repository to read `{rev}` from"))
        .help("run enact inside of the repository, or leave `--rev` out to read the files as they are")
}

/// Reports a commit that does not contain what was last applied to a target: planning it is harmless, applying it would
/// take the target back.
fn backwards(target: &str, applied: Commit, now: &Commit) -> Diagnostic {
    let message = format!("the target was brought to {applied}, and {now} does not contain that commit");
    Diagnostic::new(Code::GitBackwards, message)
        .about(target)
        .help("apply a commit that contains it, or take the target back with `--rollback`")
}

/// Reports what was applied without the record.
fn overtaken(target: &str, recorded: &Commit, applied: &Commit) -> Diagnostic {
    let message =
        format!("an older enact has applied {applied}, and the record of this target still is of {recorded}");
    Diagnostic::new(Code::RecordOvertaken, message)
        .about(target)
        .help("use one version of enact for a target; the next apply brings the record up to date")
}

fn ownerless(name: &str) -> Diagnostic {
    let message = format!("`{}` is the record of a target that enact.yaml does not have", inline(name));
    Diagnostic::new(Code::RecordOwnerless, message).help(format!(
        "if the target has another name now, say so with `previously:`; what it declared is alive until somebody deletes it. To forget it: `git update-ref -d {}`",
        inline(name)
    ))
}

/// Reports a base outside of this run's history, which cannot say what this run's commit means.
pub fn elsewhere(target: &str, base: &Base) -> Diagnostic {
    let message = format!("the base {} is not part of this history, so it is not used", base.commit);
    Diagnostic::new(Code::GitBase, message)
        .about(target)
        .help("for a pull request, give what `git merge-base` prints")
}

fn another_system(commit: &Commit) -> Diagnostic {
    let message = format!("at {commit} enact.yaml had no such target with this system, URL and settings");
    Diagnostic::new(Code::GitAnotherSystem, message)
        .help("what was applied here before is not known; the next apply starts over")
}

/// What a commit declared.
struct Then {
    config: Config,
    manifests: Vec<Arc<Manifest>>,
    /// Why not all of it was read.
    limit: Option<Diagnostic>,
}
