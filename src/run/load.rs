//! From a configuration to a project: loads, validates and resolves. Nothing is sent. Connecting is in `project`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::config::file::Prune;
use crate::config::target::{Config, Target};
use crate::diagnostic::{self, Code, Diagnostic};
use crate::manifest::Files;
use crate::model::configuration::ConfigChange;
use crate::model::state::{Desired, GivenUp};
use crate::model::survivor::Kept;
use crate::plan::input::DeclaredCounts;
use crate::resolve::base;
use crate::run::checkout::{Checkout, ConfigText, Trusted, history, previewed};
use crate::run::history::{self, Base, BaseSource, History};
use crate::run::memory::Memory;
use crate::run::options::RunOptions;
use crate::run::orphans::{Found, Now, Orphans};
use crate::run::project::Project;
use crate::run::reads::Reads;
use crate::run::trust::Trust;
use crate::run::undo::{self, Undoing};
use crate::system::registry::Registry;

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

impl Load {
    /// The project counts only if nothing is wrong with it.
    fn judged(mut self) -> Self {
        self.project = self.project.filter(|_| !self.diagnostics.iter().any(Diagnostic::is_error));
        if self.project.is_none() && !self.diagnostics.iter().any(Diagnostic::is_error) {
            // Nothing to do and nothing loaded must never look the same.
            let help = "please report this as a defect of enact";
            self.diagnostics.push(Diagnostic::new(Code::LoadNothing, "it could not be loaded").help(help));
        }
        diagnostic::sort(&mut self.diagnostics);
        self
    }
}

/// Loads, validates and resolves. Nothing is sent.
pub fn load(origin: &ConfigText, options: &RunOptions) -> Load {
    let mut load = Load::default();
    if let Some(Read { selected, mut checkout, history }) = read(origin, options, &mut load) {
        let desired = std::mem::take(&mut checkout.desired);
        load.project = project(&checkout, (selected, desired), history, options, &mut load.diagnostics);
        load.files.extend(checkout.files);
    }
    load.judged()
}

/// A commit that is read and checked once, for runs over its targets one by one.
pub struct Shared {
    origin: ConfigText,
    /// The day that it was checked for.
    day: Date,
    config: String,
    /// Unless something is wrong with it.
    checkout: Option<Checkout>,
    uncommitted: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Shared {
    /// Reads and checks it, for all targets on the day of these options.
    pub fn read(origin: ConfigText, options: &RunOptions) -> Self {
        let mut load = Load::default();
        let read = read(&origin, options, &mut load);
        let (checkout, history) = read.map(|read| (read.checkout, read.history)).unzip();
        let uncommitted = history.flatten().map(|history| history.uncommitted).unwrap_or_default();
        let Load { diagnostics, config, .. } = load;
        Self { origin, day: options.plan.day, config, checkout, uncommitted, diagnostics }
    }

    /// The same on the day of these options: what is declared may have expired since.
    #[must_use]
    pub fn on_day(self: &Arc<Self>, options: &RunOptions) -> Arc<Self> {
        match self.day == options.plan.day {
            true => self.clone(),
            false => Arc::new(Self::read(self.origin.clone(), options)),
        }
    }

    /// Everything that is wrong or odd.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The configuration, if nothing is wrong.
    pub fn configuration(&self) -> Option<&Config> {
        let is_sound = !self.diagnostics.iter().any(Diagnostic::is_error);
        self.checkout.as_ref().filter(|_| is_sound).map(|checkout| checkout.config.as_ref())
    }

    /// What [`load`] makes of the same files for these targets, on what is recorded now. The texts of the files are left
    /// out.
    pub fn load(&self, options: &RunOptions) -> Load {
        let mut load =
            Load { diagnostics: self.diagnostics.clone(), config: self.config.clone(), ..Load::default() };
        let checkout = self.checkout.as_ref();
        load.project = checkout.and_then(|checkout| self.project(checkout, options, &mut load.diagnostics));
        load.judged()
    }

    fn project(
        &self,
        checkout: &Checkout,
        options: &RunOptions,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Project> {
        let selected = selected(&checkout.config, options, diagnostics)?;
        let reads = Arc::new(Reads::with_unsaved(&checkout.config.limits, &self.origin.unsaved));
        let mut history = history(&self.origin, options, &reads, diagnostics)?;
        history.iter_mut().for_each(|history| history.uncommitted.clone_from(&self.uncommitted));
        let desired = checkout.desired_of(&selected);
        project(checkout, (selected, desired), history, options, diagnostics)
    }
}

/// What is read before anything is known of the targets.
struct Read {
    /// The names of the targets that the run is about.
    selected: Vec<String>,
    checkout: Checkout,
    history: Option<History>,
}

fn read(origin: &ConfigText, options: &RunOptions, load: &mut Load) -> Option<Read> {
    // The text of enact.yaml is never shown: any of its lines may hold a secret by mistake.
    load.config.clone_from(&origin.text);
    let mut definitions = Files::new();
    let config = origin.config(&mut definitions, &mut load.diagnostics);
    // A definition is part of the configuration, like the file that names it.
    load.config.extend(definitions.values().map(AsRef::as_ref));
    load.files.extend(definitions.clone());
    let (trusted, config) = (Trusted { origin, definitions }, config?);
    let selected = selected(&config, options, &mut load.diagnostics)?;
    let reads = Arc::new(Reads::with_unsaved(&config.limits, &origin.unsaved));
    let mut history = history(origin, options, &reads, &mut load.diagnostics)?;
    let (config, configuration) =
        previewed(&trusted, config, options, history.as_ref(), &mut load.diagnostics)?;
    load.configuration = configuration;
    let means = (reads.as_ref(), load.configuration.as_slice());
    let checkout = Checkout::read(&trusted, config, options, history.as_mut(), means, &mut load.diagnostics);
    Some(Read { selected, checkout, history })
}

/// The names of the targets that the run is about.
fn selected(config: &Config, options: &RunOptions, diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
    let mut selected = config.select(&options.only, diagnostics);
    if selected.is_empty() {
        return None;
    }
    // A share may be empty: then there is nothing to do.
    selected.retain(|target| options.shard.is_none_or(|shard| shard.holds(target)));
    Some(selected)
}

/// What is planned for targets: what the checkout declares for them, and what was applied before. `desired` is what git
/// declares for them and for those that share an API with one.
fn project(
    checkout: &Checkout,
    (mut selected, mut desired): (Vec<String>, BTreeMap<String, Desired>),
    mut history: Option<History>,
    options: &RunOptions,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Project> {
    let Checkout { config, manifests, tests, files, name, .. } = checkout;
    if let Some(history) = history.as_mut().filter(|_| options.remembers) {
        let trust = Trust::read(config, options.writes);
        history.trust = trust.map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
    }
    selected.retain(|name| config.targets.iter().any(|target| target.config.name == *name));
    let targets: Vec<_> =
        config.targets.iter().filter(|target| selected.contains(&target.config.name)).collect();
    let now = Now { config, manifests, files };
    let Past { bases, memories, mut given_up, counts } =
        past(history.as_ref(), options, (name, now), &targets, &mut desired, diagnostics);
    let undo = match &options.undo {
        Some(id) => {
            let Some(history) = history.as_ref() else {
                diagnostics.push(undo::no_record());
                return None;
            };
            let undoing = Undoing { config, history, memories: &memories, reads: history.reads() };
            let undo = undoing.plan(id, &targets, &mut desired, diagnostics)?;
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
    Some(Project {
        manifests: manifests.clone(),
        tests: tests.clone(),
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
        config: config.clone(),
    })
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
