//! The road itself: from a configuration to a plan, and from a plan to its outcomes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::future::join_all;

use crate::apply;
use crate::base::{self, DeclaredCounts};
use crate::config::{self, Prune, Systems, Target};
use crate::diagnostic::{self, Class, Diagnostic, Severity};
use crate::events::Journal;
use crate::history::{self, Base, BaseSource, History};
use crate::http::Http;
use crate::manifest::Manifest;
use crate::observe::observe;
use crate::plan::guard::Guard;
use crate::plan::{self, TargetPlan, WriteOnly};
use crate::report::{Report, TargetReport};
use crate::request::Reader;
use crate::resolve;
use crate::source::{self, Files};
use crate::state::{Desired, Observed};
use crate::system::Registry;

/// Where the configuration comes from.
pub struct Origin {
    /// The file's name as the user would type it.
    pub file: String,
    /// The folder that manifests are relative to.
    pub folder: PathBuf,
    /// The file's text.
    pub text: String,
}

impl Origin {
    /// The file's name in its folder.
    fn name(&self) -> &str {
        Path::new(&self.file).file_name().and_then(|name| name.to_str()).unwrap_or(&self.file)
    }
}

/// A repository that passed every check that needs no network.
pub struct Project {
    /// The configuration.
    pub config: config::Loaded,
    /// All manifests.
    pub manifests: Vec<Arc<Manifest>>,
    /// What each target is to hold.
    pub desired: BTreeMap<String, Desired>,
    /// What each target was to hold when it was last applied.
    pub bases: BTreeMap<String, Base>,
    /// The repository, if there is one and the run has to do with it.
    pub history: Option<History>,
    /// How much git declares for each target in all.
    counts: BTreeMap<String, DeclaredCounts>,
    /// Guards that this run is let through.
    allowed: Vec<Guard>,
    /// Whether only what git changed since the base is to be changed.
    only_declared: bool,
    /// Whether the targets are to be written.
    writes: bool,
    /// When fields are sent that cannot be read back.
    write_only: WriteOnly,
    /// Which targets this run is about.
    selected: Vec<String>,
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
}

/// Whether a repository without a manifest is a mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// It is: a wrong path must not look like a wish for nothing.
    #[default]
    Refused,
    /// It is where import begins.
    Allowed,
}

/// What a run is about.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Only these targets; empty is all.
    pub only: Vec<String>,
    /// Whether there may be no manifest.
    pub empty: Empty,
    /// The revision whose manifests are meant; `None` is the working tree.
    pub rev: Option<String>,
    /// Where the base comes from.
    pub base: BaseSource,
    /// Whether only what git changed since the base is looked at.
    pub only_declared: bool,
    /// Guards that a person lets this run through.
    pub allowed: Vec<Guard>,
    /// Whether an earlier commit than the applied one is meant.
    pub rollback: bool,
    /// Whether real targets are to be written.
    pub writes: bool,
    /// When fields are sent that cannot be read back.
    pub write_only: WriteOnly,
}

/// Loads, validates and resolves. Nothing is sent.
pub fn load(origin: &Origin, options: &RunOptions) -> Load {
    // The text of enact.yaml is never shown: a secret may stand in any of its lines by mistake.
    let mut load = Load { config: origin.text.clone(), ..Load::default() };
    let mut definitions = Files::new();
    let systems = Systems::Defined(&mut definitions);
    let config = config::load(&origin.file, &origin.folder, &origin.text, systems, &mut load.diagnostics);
    // A definition is as much a part of the configuration as what names it.
    load.config.extend(definitions.values().map(String::as_str));
    load.files.extend(definitions.clone());
    if let Some(config) = config {
        let project = resolve(&Trusted { origin, definitions }, config, options, &mut load);
        load.project = project.filter(|_| !load.diagnostics.iter().any(Diagnostic::is_error));
    }
    if load.project.is_none() && !load.diagnostics.iter().any(Diagnostic::is_error) {
        // Nothing to do and nothing loaded must never look the same.
        let help = "please report this as a defect of enact";
        load.diagnostics.push(Diagnostic::error("load/nothing", "it could not be loaded").help(help));
    }
    diagnostic::sort(&mut load.diagnostics);
    load
}

/// The files of the checkout that the operator trusts.
struct Trusted<'a> {
    origin: &'a Origin,
    /// What enact.yaml names in `systems`.
    definitions: Files,
}

impl Trusted<'_> {
    fn files(&self) -> Files {
        let config = (self.origin.name().to_owned(), self.origin.text.clone());
        self.definitions.clone().into_iter().chain([config]).collect()
    }
}

fn resolve(
    trusted: &Trusted<'_>,
    config: config::Loaded,
    options: &RunOptions,
    load: &mut Load,
) -> Option<Project> {
    let origin = trusted.origin;
    let selected = select(&config.targets, &options.only, &mut load.diagnostics)?;
    let mut history = history(origin, options, &mut load.diagnostics)?;
    let files = read(trusted, &config.manifests, options, history.as_mut(), &mut load.diagnostics);
    let manifests = resolve::manifests(&config.registry, &files, &mut load.diagnostics);
    let targets: Vec<_> = config.targets.iter().collect();
    let mut desired = resolve::desired(&targets, &manifests, &mut load.diagnostics);
    resolve::unclaimed(&config.targets, &manifests, &mut load.diagnostics);
    load.files.extend(files);
    let targets: Vec<_> =
        targets.into_iter().filter(|target| selected.contains(&target.config.name)).collect();
    let then = (origin.name(), &config.registry);
    let (bases, counts) =
        bases(history.as_ref(), options, then, &targets, &mut desired, &mut load.diagnostics);
    Some(Project {
        manifests,
        desired,
        bases,
        counts,
        history,
        allowed: options.allowed.clone(),
        only_declared: options.only_declared,
        writes: options.writes,
        write_only: options.write_only,
        selected,
        config,
    })
}

/// The repository, where a run has to do with it.
fn history(
    origin: &Origin,
    options: &RunOptions,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Option<History>> {
    if options.rev.is_none() && options.base == BaseSource::Nowhere {
        return Some(None);
    }
    match History::open(&origin.folder, options.rev.as_deref()) {
        Ok(history) => Some(history),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// The bases, and what follows from them for what is desired.
fn bases(
    history: Option<&History>,
    options: &RunOptions,
    config: (&str, &Arc<Registry>),
    targets: &[&Target],
    desired: &mut BTreeMap<String, Desired>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (BTreeMap<String, Base>, BTreeMap<String, DeclaredCounts>) {
    let Some(history) = history else {
        diagnostics.extend(options.only_declared.then(needs_base));
        return (BTreeMap::new(), counts(desired));
    };
    let mut bases = history.bases(targets, &options.base, config, diagnostics);
    // A pull request may well be behind what was applied: its plan names the base itself, and writes nothing.
    if options.base == BaseSource::Applied || options.writes {
        let behind = history.backwards(targets).into_iter();
        diagnostics.extend(behind.map(|diagnostic| Diagnostic { severity: Severity::Warning, ..diagnostic }));
    }
    // To go back, the base has to be further on the same road; otherwise history was rewritten.
    let usable = |base: &Base| base.leads_here || (options.rollback && base.ahead);
    let elsewhere = bases.iter().filter(|(_, base)| !usable(base) && options.base != BaseSource::Applied);
    diagnostics.extend(elsewhere.map(|(target, base)| history::elsewhere(target, base)));
    bases.retain(|_, base| usable(base));
    for target in targets {
        let name = &target.config.name;
        match (desired.get_mut(name), bases.get(name)) {
            (Some(desired), Some(base)) => {
                base::settle_names(desired, &base.desired);
                // A file that was only deleted from the working tree was not deleted by git.
                if target.config.prune == Prune::Tracked && history.uncommitted.is_empty() {
                    base::add_orphans(desired, &base.desired);
                    diagnostics.extend(base::dangling(target, desired));
                }
            }
            (_, None) if options.only_declared => diagnostics.push(needs_base().about(name)),
            (_, None) if target.config.prune == Prune::Tracked => {
                diagnostics.extend(no_record(name, options))
            }
            _ => {}
        }
    }
    let counts = counts(desired);
    for (target, base) in bases.iter().filter(|_| options.only_declared) {
        desired.entry(target.clone()).and_modify(|desired| base::only_declared(desired, &base.desired));
    }
    (bases, counts)
}

fn counts(desired: &BTreeMap<String, Desired>) -> BTreeMap<String, DeclaredCounts> {
    desired.iter().map(|(target, desired)| (target.clone(), DeclaredCounts::of(desired))).collect()
}

fn needs_base() -> Diagnostic {
    Diagnostic::error("git/no-base", "`--only-declared` needs a base to tell what git changed")
        .class(Class::Usage)
        .help("name one with `--base REV`, or fetch the record of what was applied")
}

/// A clone does not fetch the record by itself, and without it nothing would ever be pruned.
fn no_record(target: &str, options: &RunOptions) -> Option<Diagnostic> {
    let diagnostic = || {
        Diagnostic::warning("git/no-record", "there is no record of what was applied, so nothing is pruned")
            .about(target)
            .help("fetch it: `git fetch origin '+refs/enact/applied/*:refs/enact/applied/*'`; the first apply makes it")
    };
    (options.base == BaseSource::Applied).then(diagnostic)
}

fn read(
    trusted: &Trusted<'_>,
    manifests: &[String],
    options: &RunOptions,
    history: Option<&mut History>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Files {
    let origin = trusted.origin;
    let there = |name: &&String| options.empty == Empty::Refused || origin.folder.join(name).exists();
    let named: Vec<_> = manifests.iter().filter(there).cloned().collect();
    let before = diagnostics.len();
    let files = match (&options.rev, history) {
        (Some(_), Some(history)) => history.files(&named, diagnostics),
        (_, history) => {
            let files = source::working_tree(&origin.folder, &named, diagnostics);
            diagnostics.extend(
                history.map(|history| uncommitted(trusted, &named, history, &files)).unwrap_or_default(),
            );
            files
        }
    };
    if files.is_empty() && options.empty == Empty::Refused && diagnostics.len() == before {
        let message = format!("there is no manifest in `{}`", manifests.join("`, `"));
        let help = "add a `.yaml` file, correct `manifests` in enact.yaml, or begin with `enact import`";
        diagnostics.push(Diagnostic::error("source/none", message).help(help));
    }
    files
}

/// Says that the working tree is not a commit, if it is not.
fn uncommitted(
    trusted: &Trusted<'_>,
    manifests: &[String],
    history: &mut History,
    files: &Files,
) -> Vec<Diagnostic> {
    let mut diagnostics = history.compare(manifests, &trusted.files(), files);
    let shown: Vec<_> = history.uncommitted.iter().take(3).map(|file| format!("`{file}`")).collect();
    let rest = history.uncommitted.len().saturating_sub(shown.len());
    if !shown.is_empty() {
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        let message = format!("this is not a commit: {}{more} differ from it", shown.join(", "));
        diagnostics.push(
            Diagnostic::warning("git/uncommitted", message)
                .class(Class::Guarded)
                .help("commit before you apply"),
        );
    }
    diagnostics
}

fn select(targets: &[Target], only: &[String], diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
    let names: Vec<_> = targets.iter().map(|target| target.config.name.clone()).collect();
    for name in only.iter().filter(|name| !names.contains(name)) {
        let help = format!("the targets in enact.yaml are {}", names.join(", "));
        diagnostics
            .push(Diagnostic::error("config/target", format!("there is no target `{name}`")).help(help));
    }
    let selected =
        names.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect::<Vec<_>>();
    (!selected.is_empty()).then_some(selected)
}

impl Project {
    /// The commit that the manifests are, if they are one.
    pub fn commit(&self) -> Option<String> {
        let history = self.history.as_ref().filter(|history| history.uncommitted.is_empty())?;
        history.commit.map(|commit| commit.hex())
    }

    /// The commit of the base, if all targets have the same one.
    pub fn base_commit(&self) -> Option<String> {
        let mut commits: Vec<_> = self.bases.values().map(|base| base.commit).collect();
        commits.sort_unstable();
        commits.dedup();
        match commits.as_slice() {
            [one] => Some(one.hex()),
            _ => None,
        }
    }

    /// A report about this project, before anything was asked.
    pub fn report(&self, command: &'static str, diagnostics: Vec<Diagnostic>) -> Report {
        let (commit, base_commit) = (self.commit(), self.base_commit());
        Report {
            command,
            commit,
            base_commit,
            manifests: self.manifests.len(),
            targets: Vec::new(),
            checks: Vec::new(),
            diagnostics,
        }
    }

    /// The targets of this run, in the order of the configuration.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.config.targets.iter().filter(|target| self.selected.contains(&target.config.name))
    }

    /// Sets up the connections; every missing credential is reported, and nothing is sent. `sandbox` gives the URL
    /// of a sandbox that stands in for a target.
    pub fn connect(
        &self,
        sandbox: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Connected<'_>>, Vec<Diagnostic>> {
        let (mut connected, mut wrong) = (Vec::new(), Vec::new());
        for target in self.targets() {
            let http = match sandbox(&target.config.name) {
                Some(url) => self.config.connect_sandbox(target, &url),
                None => self.config.connect(target, self.writes),
            };
            match (http, self.desired.get(&target.config.name)) {
                (Ok(http), Some(desired)) => {
                    let base = self.bases.get(&target.config.name).map(|base| &base.desired);
                    let counts = self.counts.get(&target.config.name);
                    connected.extend(counts.map(|counts| Connected {
                        target,
                        desired,
                        base,
                        counts,
                        allowed: &self.allowed,
                        only_declared: self.only_declared,
                        write_only: self.write_only,
                        http,
                    }));
                }
                (Ok(_), None) => {}
                (Err(diagnostic), _) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Ok(connected) } else { Err(wrong) }
    }
}

/// A target that can be asked.
pub struct Connected<'a> {
    /// Its configuration and API.
    pub target: &'a Target,
    /// What it is to hold.
    pub desired: &'a Desired,
    /// What it was to hold when it was last applied.
    pub base: Option<&'a Desired>,
    /// How much git declares for it in all.
    pub counts: &'a DeclaredCounts,
    /// Guards that this run is let through.
    pub allowed: &'a [Guard],
    /// Whether only what git changed since the base is to be changed.
    pub only_declared: bool,
    /// When fields are sent that cannot be read back.
    pub write_only: WriteOnly,
    /// The way to it.
    pub http: Http,
}

/// What planning is told of a target: everything but the way to it.
struct Comparison<'a> {
    target: &'a Target,
    desired: &'a Desired,
    base: Option<&'a Desired>,
    counts: &'a DeclaredCounts,
    allowed: &'a [Guard],
    only_declared: bool,
    write_only: WriteOnly,
}

impl<'a> Connected<'a> {
    fn sides(&self) -> Comparison<'a> {
        Comparison {
            target: self.target,
            desired: self.desired,
            base: self.base,
            counts: self.counts,
            allowed: self.allowed,
            only_declared: self.only_declared,
            write_only: self.write_only,
        }
    }
}

/// A target with its plan and what the plan was made from.
pub struct Planned<'a> {
    /// The target.
    pub at: Connected<'a>,
    /// What it holds.
    pub observed: Observed,
    /// What would be written.
    pub plan: TargetPlan,
}

/// Plans all targets at once. Only reads are sent: no [`crate::request::Writer`] is in reach.
pub async fn plan(connected: Vec<Connected<'_>>) -> Vec<Planned<'_>> {
    join_all(connected.into_iter().map(|at| async move {
        let (observed, plan) = look(&at.sides(), &at.http.reader()).await;
        Planned { at, observed, plan }
    }))
    .await
}

/// Reads and compares. It is handed a reader and nothing that a writer could be made from.
async fn look(sides: &Comparison<'_>, reader: &dyn Reader) -> (Observed, TargetPlan) {
    let Comparison { target, desired, base, counts, allowed, only_declared, write_only } = *sides;
    let config = &target.config;
    let system = target.system.as_ref();
    let observed = observe(system, desired, reader, config.limits.concurrency).await;
    let target = plan::Target {
        name: &config.name,
        system,
        max_deletes: config.limits.max_deletes,
        allowed,
        counts,
        only_declared,
        write_only,
    };
    let plan = plan::plan(&target, desired, base, &observed);
    (observed, plan)
}

impl Planned<'_> {
    /// The plan as a report, before anything was written.
    pub fn report(&self) -> TargetReport {
        TargetReport {
            system: self.at.target.config.system.clone(),
            url: self.at.target.config.url.clone(),
            requests: self.at.http.requests(),
            plan: self.plan.clone(),
            outcomes: Vec::new(),
            verified: None,
        }
    }
}

/// Carries out the plans that are sound, target by target, and verifies each with a second plan. A manifest that turned
/// out to be wrong when it met the live side, such as a reference to nothing, stops all of them: promise 9.
pub async fn apply(planned: Vec<Planned<'_>>, journal: &dyn Journal, stop: &AtomicBool) -> Vec<TargetReport> {
    let invalid = |diagnostic: &Diagnostic| diagnostic.is_error() && diagnostic.class == Class::Invalid;
    if planned.iter().any(|planned| planned.plan.diagnostics.iter().any(invalid)) {
        return planned.iter().map(Planned::report).collect();
    }
    let mut reports = Vec::new();
    for planned in planned {
        reports.push(apply_one(planned, journal, stop).await);
    }
    reports
}

async fn apply_one(planned: Planned<'_>, journal: &dyn Journal, stop: &AtomicBool) -> TargetReport {
    if !planned.plan.is_sound() || planned.plan.changes.is_empty() {
        return planned.report();
    }
    let at = &planned.at;
    let (reader, writer) = (at.http.reader(), at.http.writer());
    let target = apply::Target {
        system: at.target.system.as_ref(),
        desired: at.desired,
        base: at.base,
        observed: &planned.observed,
        reader: &reader,
        writer: &writer,
        write_only: at.write_only,
        concurrency: at.target.config.limits.concurrency.min(WRITES_AT_ONCE),
        journal,
        stop,
    };
    let outcomes = apply::apply(&target, &planned.plan).await;
    let (_, verified) = look(&Comparison { write_only: WriteOnly::Nothing, ..at.sides() }, &reader).await;
    TargetReport { outcomes, verified: Some(verified), ..planned.report() }
}

/// Policy APIs are small; many writes side by side gain little and make trouble hard to read.
const WRITES_AT_ONCE: usize = 4;
