//! From a configuration to a project: loads, validates and resolves. Nothing is sent. Connecting is in `project`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::file::Prune;
use crate::config::target::{Config, Target};
use crate::config::{self, Systems};
use crate::diagnostic::{self, Code, Diagnostic};
use crate::file::read_text;
use crate::manifest::{Files, yaml};
use crate::model::configuration::{ConfigAction, ConfigChange};
use crate::model::state::{Desired, GivenUp};
use crate::model::survivor::Kept;
use crate::plan::input::DeclaredCounts;
use crate::resolve::{self, base};
use crate::run::history::{self, Base, BaseSource, History};
use crate::run::memory::Memory;
use crate::run::options::{Empty, RunOptions};
use crate::run::orphans::{Found, Now, Orphans};
use crate::run::policy_tests;
use crate::run::preview::preview;
use crate::run::project::Project;
use crate::run::reads::Reads;
use crate::run::trust::Trust;
use crate::run::undo::{self, Undoing};
use crate::source;
use crate::system::registry::Registry;
use crate::words::{list, verb};

/// Where the configuration comes from.
pub struct ConfigText {
    /// The file's name as the user would type it.
    pub file: String,
    /// The folder that manifests are relative to.
    pub folder: PathBuf,
    /// The file's text.
    pub text: String,
}

impl ConfigText {
    /// Reads a configuration file.
    pub fn read(file: &Path) -> io::Result<Self> {
        let text = read_text(file, yaml::MAX_BYTES as u64)?;
        let folder = file.parent().map(PathBuf::from).unwrap_or_default();
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        Ok(Self { file: file.to_string_lossy().into_owned(), folder, text })
    }

    /// The file's name in its folder.
    fn name(&self) -> &str {
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

/// What was read on the way to a project, for showing diagnostics in their source.
#[derive(Default)]
pub struct Load {
    /// The project, if nothing is wrong with it.
    pub project: Option<Project>,
    /// Everything that is wrong or odd.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that diagnostics point into.
    pub files: Files,
    /// The text of the configuration.
    pub config: String,
    /// What the revision changes in the configuration.
    pub configuration: Vec<ConfigChange>,
}

/// Loads, validates and resolves. Nothing is sent.
pub fn load(origin: &ConfigText, options: &RunOptions) -> Load {
    // The text of enact.yaml is never shown: any of its lines may hold a secret by mistake.
    let mut load = Load { config: origin.text.clone(), ..Load::default() };
    let mut definitions = Files::new();
    let systems = Systems::Defined(&mut definitions);
    let config = config::load(&origin.file, &origin.folder, &origin.text, systems, &mut load.diagnostics);
    // A definition is part of the configuration, like the file that names it.
    load.config.extend(definitions.values().map(AsRef::as_ref));
    load.files.extend(definitions.clone());
    if let Some(config) = config {
        let project = resolve(&Trusted { origin, definitions }, config, options, &mut load);
        load.project = project.filter(|_| !load.diagnostics.iter().any(Diagnostic::is_error));
    }
    if load.project.is_none() && !load.diagnostics.iter().any(Diagnostic::is_error) {
        // Nothing to do and nothing loaded must never look the same.
        let help = "please report this as a defect of enact";
        load.diagnostics.push(Diagnostic::new(Code::LoadNothing, "it could not be loaded").help(help));
    }
    diagnostic::sort(&mut load.diagnostics);
    load
}

/// The files of the checkout that the operator trusts.
struct Trusted<'a> {
    origin: &'a ConfigText,
    /// What enact.yaml names in `systems`.
    definitions: Files,
}

impl Trusted<'_> {
    fn files(&self) -> Files {
        let config = (self.origin.name().to_owned(), self.origin.text.as_str().into());
        self.definitions.clone().into_iter().chain([config]).collect()
    }
}

fn resolve(trusted: &Trusted<'_>, config: Config, options: &RunOptions, load: &mut Load) -> Option<Project> {
    let origin = trusted.origin;
    let mut selected = config.select(&options.only, &mut load.diagnostics);
    if selected.is_empty() {
        return None;
    }
    // A share may be empty: then there is nothing to do.
    selected.retain(|target| options.shard.is_none_or(|shard| shard.holds(target)));
    let reads = Arc::new(Reads::within(&config.limits));
    let mut history = history(origin, options, &reads, &mut load.diagnostics)?;
    let config = previewed(trusted, config, options, history.as_ref(), load)?;
    if let Some(history) = history.as_mut().filter(|_| options.remembers) {
        let trust = Trust::read(&config, options.writes);
        history.trust = trust.map_err(|diagnostic| load.diagnostics.push(diagnostic)).ok()?;
    }
    selected.retain(|name| config.targets.iter().any(|target| target.config.name == *name));
    let files = read(trusted, &config.manifests, options, (&reads, history.as_mut()), &mut load.diagnostics);
    let manifests =
        resolve::manifests(&config.registry, &files, &mut reads.manifests(), &mut load.diagnostics);
    let tests = policy_tests::read(&files, &mut load.diagnostics);
    let claims: Vec<_> = config.targets.iter().map(Target::claim).collect();
    let mut desired = resolve::desired(&claims, &manifests, options.plan.day, &mut load.diagnostics);
    let is_new = |change: &ConfigChange| change.action == ConfigAction::Added;
    // What a target takes that only the revision has is not known here.
    if !load.configuration.iter().any(is_new) {
        resolve::unclaimed(&claims, &manifests, &mut load.diagnostics);
    }
    resolve::taken_twice(&claims, &manifests, &mut load.diagnostics);
    if options.empty == Empty::Refused {
        resolve::unused_patches(&claims, &manifests, &mut load.diagnostics);
    }
    if options.empty == Empty::Refused && !files.is_empty() {
        let paths = files.keys().map(String::as_str);
        let unused = config.targets.iter().flat_map(|target| target.unused_patterns(paths.clone()));
        load.diagnostics.extend(unused);
    }
    drop(claims);
    // What is wrong with manifests would be told once more, by the tests of what is missing then.
    if !load.diagnostics.iter().any(Diagnostic::is_error) {
        load.diagnostics.extend(policy_tests::check(&tests, &config, |target| desired.get(target)));
    }
    let targets: Vec<_> =
        config.targets.iter().filter(|target| selected.contains(&target.config.name)).collect();
    let now = Now { config: &config, manifests: &manifests, files: &files };
    let Past { bases, memories, mut given_up, counts } =
        past(history.as_ref(), options, (origin.name(), now), &targets, &mut desired, &mut load.diagnostics);
    let undo = match &options.undo {
        Some(id) => {
            let Some(history) = history.as_ref() else {
                load.diagnostics.push(undo::no_record());
                return None;
            };
            let undoing = Undoing { config: &config, history, memories: &memories, reads: &reads };
            let undo = undoing.plan(id, &targets, &mut desired, &mut load.diagnostics)?;
            for (name, given_up) in &mut given_up {
                given_up.retain(|gone| {
                    !desired.get(name).is_some_and(|then| then.contains_key(&gone.declared.id))
                });
            }
            selected.retain(|name| desired.contains_key(name));
            Some(undo)
        }
        None => None,
    };
    load.files.extend(files);
    Some(Project {
        manifests,
        tests,
        desired,
        bases,
        memories,
        given_up,
        counts,
        history,
        options: options.plan.clone(),
        writes: options.writes,
        selected,
        undo,
        config,
    })
}

/// The configuration of the run: for the plan of a revision, with what may be taken from that one.
fn previewed(
    trusted: &Trusted<'_>,
    config: Config,
    options: &RunOptions,
    history: Option<&History>,
    load: &mut Load,
) -> Option<Config> {
    let Some(history) = history.filter(|_| options.preview && options.rev.is_some()) else {
        return Some(config);
    };
    let (name, files) = (trusted.origin.name(), trusted.files());
    let (config, changes) = preview(config, (name, &files), (history, &options.base), &mut load.diagnostics)?;
    load.configuration = changes;
    Some(config)
}

/// The repository, if there is one and the run has a use for it. What can do without goes on without; apply makes an
/// error of the warning.
fn history(
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

/// What git declared before, and what follows from it for what is desired.
fn past(
    history: Option<&History>,
    options: &RunOptions,
    (file, now): (&str, Now<'_>),
    targets: &[&Target],
    desired: &mut BTreeMap<String, Desired>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Past {
    let Some(history) = history else {
        diagnostics.extend(options.plan.only_declared.then(needs_base));
        return Past { counts: counts(desired, now.config), ..Past::default() };
    };
    let config = (file, &now.config.registry);
    let siblings = now.siblings(targets);
    let mut memories = memories(history, options, config, (targets, &siblings), desired, diagnostics);
    let mut bases = match &options.base {
        BaseSource::Revision(rev) => history.bases(targets, rev, config, diagnostics),
        BaseSource::Applied | BaseSource::Nowhere => {
            let of_target = |target: &&Target| memories.get_key_value(&target.config.name);
            let bases = targets.iter().filter_map(of_target);
            bases.map(|(name, memory)| (name.clone(), memory.base.clone())).collect()
        }
    };
    // A pull request may be behind what was applied: its plan names the base itself, and writes nothing.
    if options.base == BaseSource::Applied || options.writes {
        let applied = targets.iter().filter_map(|target| memories.get_key_value(&target.config.name));
        diagnostics.extend(applied.filter_map(|(target, memory)| history.backwards(target, &memory.base)));
    }
    if options.remembers {
        diagnostics.extend(history.ownerless(now.config));
    }
    drop_unusable(&mut bases, options, diagnostics);
    memories.retain(|_, memory| is_usable(&memory.base, options));
    let orphans = Orphans { now, memories: &memories };
    orphans.adopt(&mut bases, desired, targets);
    for target in targets {
        let name = &target.config.name;
        match (desired.get_mut(name), bases.get(name).or_else(|| Some(&memories.get(name)?.base))) {
            (Some(desired), Some(base)) => base::settle_names(desired, &base.desired),
            (_, None) if has_record(name, diagnostics) => {}
            (_, None) => diagnostics.extend(missing(target, options)),
            _ => {}
        }
    }
    let found = orphans.find(history, targets, desired, diagnostics);
    let given_up = split(found, (targets, history), &memories, desired, diagnostics);
    let claimed =
        targets.iter().filter_map(|target| Some((target.claim(), desired.get(&target.config.name)?)));
    diagnostics.extend(claimed.flat_map(|(claim, desired)| base::dangling(&claim, desired)));
    let counts = counts(desired, now.config);
    for (target, base) in bases.iter().filter(|_| options.plan.only_declared) {
        desired.entry(target.clone()).and_modify(|desired| base::only_declared(desired, &base.desired));
    }
    Past { bases, memories, given_up, counts }
}

/// What git declared before, by target.
#[derive(Default)]
struct Past {
    bases: BTreeMap<String, Base>,
    memories: BTreeMap<String, Memory>,
    given_up: BTreeMap<String, Vec<GivenUp>>,
    counts: BTreeMap<String, DeclaredCounts>,
}

/// What is remembered of the targets of the run and of those that share an API with one.
fn memories(
    history: &History,
    options: &RunOptions,
    config: (&str, &Arc<Registry>),
    (targets, siblings): (&[&Target], &[&Target]),
    desired: &BTreeMap<String, Desired>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Memory> {
    let mut memories = BTreeMap::new();
    for target in targets.iter().chain(siblings).filter(|_| options.remembers) {
        let name = &target.config.name;
        let Some(desired) = desired.get(name) else { continue };
        match Memory::recall(history, target, desired, config, diagnostics) {
            Ok(memory) => memories.extend(memory.map(|memory| (name.clone(), memory))),
            Err(diagnostic) => diagnostics.push(diagnostic.about(name)),
        }
    }
    memories
}

/// Drops bases that are not in this run's history, and reports those that the user asked for.
fn drop_unusable(
    bases: &mut BTreeMap<String, Base>,
    options: &RunOptions,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let unusable = bases.iter().filter(|(_, base)| !is_usable(base, options));
    let elsewhere = unusable.filter(|_| options.base != BaseSource::Applied);
    diagnostics.extend(elsewhere.map(|(target, base)| history::elsewhere(target, base)));
    bases.retain(|_, base| is_usable(base, options));
}

/// Whether a base says what git changed. To go back, it has to be further on the same line of history; otherwise history
/// was rewritten.
fn is_usable(base: &Base, options: &RunOptions) -> bool {
    base.leads_here || (options.rollback && base.ahead)
}

/// Adds the orphans that may be deleted to what is desired, and returns the others with the reason why they stay.
fn split(
    found: Found,
    (targets, history): (&[&Target], &History),
    memories: &BTreeMap<String, Memory>,
    desired: &mut BTreeMap<String, Desired>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Vec<GivenUp>> {
    let mut given_up: BTreeMap<String, Vec<GivenUp>> = BTreeMap::new();
    for (name, orphans) in found {
        let target = targets.iter().find(|target| target.config.name == name);
        let (Some(target), Some(memory)) = (target, memories.get(&name)) else { continue };
        for orphan in orphans {
            let kept = memory.keeps(&orphan, target, history).unwrap_or_else(|diagnostic| {
                diagnostics.push(diagnostic.about(&orphan.id));
                Some(Kept::SideBranch)
            });
            match kept {
                Some(kept) => {
                    given_up.entry(name.clone()).or_default().push(GivenUp { declared: orphan, kept });
                }
                None => {
                    desired.entry(name.clone()).or_default().insert(orphan.id.clone(), orphan);
                }
            }
        }
    }
    given_up
}

/// Whether it was said why the record of a target is not used: there is one.
fn has_record(target: &str, diagnostics: &[Diagnostic]) -> bool {
    let is_about = |diagnostic: &&Diagnostic| diagnostic.subject.as_deref() == Some(target);
    let why = |diagnostic: &Diagnostic| {
        matches!(
            diagnostic.code,
            Code::GitBackwards
                | Code::GitAnotherSystem
                | Code::RecordAnotherApi
                | Code::RecordDamaged
                | Code::RecordUntrusted
        )
    };
    diagnostics.iter().filter(is_about).any(why)
}

/// Reports a target without a base, if the run needs one.
fn missing(target: &Target, options: &RunOptions) -> Option<Diagnostic> {
    let name = &target.config.name;
    if options.plan.only_declared {
        return Some(needs_base().about(name));
    }
    (target.config.prune == Prune::Tracked).then(|| no_record(name, options)).flatten()
}

/// How much git declares for each target, and for the others of its API.
fn counts(desired: &BTreeMap<String, Desired>, config: &Config) -> BTreeMap<String, DeclaredCounts> {
    let mut counts: BTreeMap<_, _> =
        desired.iter().map(|(target, desired)| (target.clone(), DeclaredCounts::of(desired))).collect();
    let own: Vec<_> = config
        .targets
        .iter()
        .filter_map(|of| Some((of, counts.get(&of.config.name)?.names.clone())))
        .collect();
    for target in &config.targets {
        let Some(counts) = counts.get_mut(&target.config.name) else { continue };
        let siblings =
            own.iter().filter(|(of, _)| of.api == target.api && of.config.name != target.config.name);
        for (kind, names) in siblings.flat_map(|(_, names)| names) {
            counts.siblings.entry(kind.clone()).or_default().extend(names.iter().cloned());
        }
    }
    counts
}

fn needs_base() -> Diagnostic {
    Diagnostic::new(Code::GitNoBase, "`--only-declared` needs a base to tell what git changed")
        .help("name one with `--base REV`, or fetch the record of what was applied")
}

/// Reports a missing record. A clone does not fetch it by itself, and without it nothing would ever be pruned.
fn no_record(target: &str, options: &RunOptions) -> Option<Diagnostic> {
    let diagnostic = || {
        Diagnostic::new(Code::GitNoRecord, "there is no record of what was applied, so nothing is pruned")
            .about(target)
            .help("fetch it: `git fetch origin '+refs/enact/*:refs/enact/*'`; the first apply makes it")
    };
    (options.base == BaseSource::Applied).then(diagnostic)
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
