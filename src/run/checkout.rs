//! What the files of a checkout or of a commit declare for all targets, checked: the part of loading that is the same
//! whatever targets a run is about. What was applied before, and what follows from it, is in `load`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::target::{Config, Target};
use crate::config::{self, Systems};
use crate::decide::file::PolicyTests;
use crate::diagnostic::{Code, Diagnostic};
use crate::file::{folder_of, read_text};
use crate::manifest::{Files, Manifest, yaml};
use crate::model::configuration::{ConfigAction, ConfigChange};
use crate::model::state::Desired;
use crate::resolve::{self, Taken};
use crate::run::history::{BaseSource, History};
use crate::run::options::{Empty, RunOptions};
use crate::run::policy_tests;
use crate::run::preview::preview;
use crate::run::reads::Reads;
use crate::source;
use crate::words::{list, verb};

/// Where the configuration comes from.
#[derive(Clone)]
pub struct ConfigText {
    /// The file's name as the user would type it.
    pub file: String,
    /// The folder that manifests are relative to.
    pub folder: PathBuf,
    /// The file's text.
    pub text: String,
    /// What an editor holds and has not written, by path relative to the folder: it counts instead of the files.
    pub unsaved: Arc<Files>,
}

impl ConfigText {
    /// Reads a configuration file.
    pub fn read(file: &Path) -> io::Result<Self> {
        let text = read_text(file, yaml::MAX_BYTES as u64)?;
        Ok(Self {
            file: file.to_string_lossy().into_owned(),
            folder: folder_of(file).to_owned(),
            text,
            unsaved: Arc::default(),
        })
    }

    /// The configuration, without manifests. `definitions` receives the texts of the files that it names.
    pub fn config(&self, definitions: &mut Files, diagnostics: &mut Vec<Diagnostic>) -> Option<Config> {
        let systems = Systems::Defined { files: definitions, unsaved: &self.unsaved };
        config::load(&self.file, &self.folder, &self.text, systems, diagnostics)
    }

    /// The file's name in its folder.
    pub(super) fn name(&self) -> &str {
        Path::new(&self.file).file_name().and_then(|name| name.to_str()).unwrap_or(&self.file)
    }
}

/// Reports a configuration file that cannot be read.
pub fn unreadable(file: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("`{}` cannot be read: {error}", file.display());
    Diagnostic::new(Code::ConfigUnreadable, message).help(
        "run enact in the folder of enact.yaml, name it with `--config`, or use `--sandbox` to try enact",
    )
}

/// What git declares, for all targets.
pub(super) struct Checkout {
    /// The name of enact.yaml in its folder.
    pub(super) name: String,
    /// The configuration.
    pub(super) config: Arc<Config>,
    /// All manifests.
    pub(super) manifests: Arc<Vec<Arc<Manifest>>>,
    /// The policy tests.
    pub(super) tests: Arc<Vec<PolicyTests>>,
    /// What each target is to hold.
    pub(super) desired: BTreeMap<String, Desired>,
    /// The texts of the manifests and of the tests.
    pub(super) files: Files,
}

impl Checkout {
    /// Reads and checks all of it. `history` learns what is not committed.
    pub(super) fn read(
        trusted: &Trusted<'_>,
        config: Config,
        options: &RunOptions,
        mut history: Option<&mut History>,
        (reads, configuration): (&Reads, &[ConfigChange]),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let files = read(trusted, &config.manifests, options, (reads, history.as_deref_mut()), diagnostics);
        let manifests = resolve::manifests(&config.registry, &files, &mut reads.manifests(), diagnostics);
        let tests = policy_tests::read(&files, diagnostics);
        let claims: Vec<_> = config.targets.iter().map(Target::claim).collect();
        let taken = Taken::of(&claims, &manifests);
        let desired = resolve::desired(&claims, &taken, options.plan.day, diagnostics);
        let is_new = |change: &ConfigChange| change.action == ConfigAction::Added;
        // What a target takes that only the revision has is not known here.
        if !configuration.iter().any(is_new) {
            resolve::unclaimed(&taken, diagnostics);
        }
        resolve::taken_twice(&claims, &taken, diagnostics);
        if options.empty == Empty::Refused {
            resolve::unused_patches(&claims, &taken, diagnostics);
        }
        if options.empty == Empty::Refused && !files.is_empty() {
            let paths = files.keys().map(String::as_str);
            let unused = config.targets.iter().flat_map(|target| target.unused_patterns(paths.clone()));
            diagnostics.extend(unused);
        }
        drop(claims);
        // What is wrong with manifests would be told once more, by the tests of what is missing then.
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.extend(policy_tests::check(&tests, &config, |target| desired.get(target)));
        }
        if let Some(history) = history.filter(|_| options.remembers) {
            diagnostics.extend(history.ownerless(&config));
        }
        Self {
            name: trusted.origin.name().to_owned(),
            config: Arc::new(config),
            manifests: Arc::new(manifests),
            tests: Arc::new(tests),
            desired,
            files,
        }
    }

    /// What these targets are to hold, and the others of their APIs.
    pub(super) fn desired_of(&self, targets: &[String]) -> BTreeMap<String, Desired> {
        let is_one = |target: &&Target| targets.contains(&target.config.name);
        let apis: Vec<_> = self.config.targets.iter().filter(is_one).map(|target| &target.api).collect();
        let shares = |target: &&Target| apis.contains(&&target.api);
        let names = self.config.targets.iter().filter(shares).map(|target| &target.config.name);
        names.filter_map(|name| Some((name.clone(), self.desired.get(name)?.clone()))).collect()
    }
}

/// The files of the checkout that the operator trusts.
pub(super) struct Trusted<'a> {
    pub(super) origin: &'a ConfigText,
    /// What enact.yaml names in `systems`.
    pub(super) definitions: Files,
}

impl Trusted<'_> {
    fn files(&self) -> Files {
        let config = (self.origin.name().to_owned(), self.origin.text.as_str().into());
        self.definitions.clone().into_iter().chain([config]).collect()
    }
}

/// The configuration of the run: for the plan of a revision, with what may be taken from that one.
/// What the revision changes in it comes with it.
pub(super) fn previewed(
    trusted: &Trusted<'_>,
    config: Config,
    options: &RunOptions,
    history: Option<&History>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Config, Vec<ConfigChange>)> {
    let Some(history) = history.filter(|_| options.preview && options.rev.is_some()) else {
        return Some((config, Vec::new()));
    };
    preview(config, (trusted.origin.name(), &trusted.files()), (history, &options.base), diagnostics)
}

/// The repository, if there is one and the run has a use for it. What can do without goes on without; apply makes an
/// error of the warning.
pub(super) fn history(
    origin: &ConfigText,
    options: &RunOptions,
    reads: &Arc<Reads>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Option<History>> {
    if options.rev.is_none() && options.base == BaseSource::Nowhere {
        return Some(None);
    }
    match History::open(&origin.folder, options.rev.as_deref(), reads) {
        Ok(history) => Some(history),
        Err(diagnostic) if options.needs_repository() || diagnostic.is_error() => {
            diagnostics.push(diagnostic.refused());
            None
        }
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Some(None)
        }
    }
}

fn read(
    trusted: &Trusted<'_>,
    manifests: &[String],
    options: &RunOptions,
    (reads, history): (&Reads, Option<&mut History>),
    diagnostics: &mut Vec<Diagnostic>,
) -> Files {
    let origin = trusted.origin;
    let there = |name: &&String| options.empty == Empty::Refused || origin.folder.join(name).exists();
    let named: Vec<_> = manifests.iter().filter(there).cloned().collect();
    let before = diagnostics.len();
    let files = match (&options.rev, history) {
        (Some(_), Some(history)) => {
            if options.writes {
                diagnostics.extend(another_configuration(trusted, history));
            }
            history.files(&named, diagnostics)
        }
        (_, history) => {
            let files = source::working_tree(&origin.folder, &named, &mut reads.texts(), diagnostics);
            diagnostics.extend(
                history.map(|history| uncommitted(trusted, &named, history, &files)).unwrap_or_default(),
            );
            files
        }
    };
    if files.is_empty() && options.empty == Empty::Refused && diagnostics.len() == before {
        let message = format!("there is no manifest in `{}`", manifests.join("`, `"));
        let help = "add a `.yaml` file, correct `manifests` in enact.yaml, or begin with `enact import`";
        diagnostics.push(Diagnostic::new(Code::SourceNone, message).help(help));
    }
    files
}

/// Reports an enact.yaml, or a file that it names, that is not the one of the commit of `--rev`. What is applied was
/// reviewed as a whole: manifests of one commit under limits and targets of another were not.
fn another_configuration(trusted: &Trusted<'_>, history: &mut History) -> Vec<Diagnostic> {
    let Some(commit) = history.commit else { return Vec::new() };
    if !history.holds_configuration {
        let message = format!("the manifests are of {commit}, and enact.yaml is outside of the repository");
        let help = "keep enact.yaml beside the manifests, so that both are of one commit";
        return vec![Diagnostic::new(Code::GitUncommitted, message).help(help)];
    }
    let mut diagnostics = history.compare(&[], &trusted.files(), &Files::new());
    if !history.uncommitted.is_empty() {
        let files = history.uncommitted.join("`, `");
        let message = format!("the manifests are of {commit}, and this is not as in that commit: `{files}`");
        diagnostics.push(Diagnostic::new(Code::GitUncommitted, message).help("check out that commit"));
    }
    diagnostics
}

/// Reports a working tree that differs from its commit.
fn uncommitted(
    trusted: &Trusted<'_>,
    manifests: &[String],
    history: &mut History,
    files: &Files,
) -> Vec<Diagnostic> {
    let mut diagnostics = history.compare(manifests, &trusted.files(), files);
    let files: Vec<_> = history.uncommitted.iter().map(|file| format!("`{file}`")).collect();
    if !files.is_empty() {
        let differ = verb(files.len(), "differs", "differ");
        let message = format!("this is not a commit: {} {differ} from it", list(&files, 3));
        diagnostics.push(Diagnostic::new(Code::GitUncommitted, message).help("commit before you apply"));
    }
    diagnostics
}
