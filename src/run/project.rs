//! A repository that passed every check that needs no network, and the way from it to its targets. How it is loaded is
//! in `load`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::target::{Config, Target};
use crate::decide::file::PolicyTests;
use crate::diagnostic::Diagnostic;
use crate::http::Http;
use crate::manifest::Manifest;
use crate::model::guardrail::Guardrail;
use crate::model::state::{Attempted, Desired, GivenUp};
use crate::plan::input::{DeclaredCounts, PlanOptions};
use crate::report::content::UndoContent;
use crate::report::{DeclaredCount, Report};
use crate::run::history::{Base, History};
use crate::run::memory::Memory;
use crate::run::record::Record;

/// What is shown instead of a target's URL if a sandbox replaces it. Its own has another port in each run.
const SANDBOX: &str = "the embedded sandbox";

/// For a target of which nothing is remembered.
pub(super) static NOTHING_ATTEMPTED: Attempted = Attempted::new();

/// A repository that passed every check that needs no network.
pub struct Project {
    /// The configuration.
    pub config: Arc<Config>,
    /// All manifests.
    pub manifests: Arc<Vec<Arc<Manifest>>>,
    /// The policy tests.
    pub tests: Arc<Vec<PolicyTests>>,
    /// What each target is to hold.
    pub desired: BTreeMap<String, Desired>,
    /// What each target was to hold when it was last applied.
    pub bases: BTreeMap<String, Base>,
    /// What is remembered of each target, and of those that share an API with one.
    pub(super) memories: BTreeMap<String, Memory>,
    /// What git gave up of each target and this run does not delete.
    pub(super) given_up: BTreeMap<String, Vec<GivenUp>>,
    /// The repository, if there is one and the run needs it.
    pub history: Option<History>,
    /// How many objects git declares for each target in all.
    pub(super) counts: BTreeMap<String, DeclaredCounts>,
    /// How plans are made.
    pub(super) options: PlanOptions,
    /// Whether the run writes to the targets.
    pub(super) writes: bool,
    /// Which targets this run is about.
    pub(super) selected: Vec<String>,
    /// The run that is undone, if what is desired is not what git declares.
    pub undo: Option<UndoContent>,
}

impl Project {
    /// The project, until the process ends. A command that ends with its report has no use for the memory, and to give it
    /// back value by value takes as long as a good part of its work. It holds no secret, no lock and no temporary file.
    pub fn kept(self) -> &'static Self {
        Box::leak(Box::new(self))
    }

    /// The commit of the manifests, if they are all committed.
    pub fn commit(&self) -> Option<String> {
        let history = self.history.as_ref().filter(|history| history.uncommitted.is_empty())?;
        history.commit.map(|commit| commit.hex())
    }

    /// The commit of the base, if all targets of this run have the same one.
    pub fn base_commit(&self) -> Option<String> {
        let bases = self.selected.iter().filter_map(|target| self.bases.get(target));
        let mut commits: Vec<_> = bases.map(|base| base.commit).collect();
        commits.sort_unstable();
        commits.dedup();
        match commits.as_slice() {
            [one] => Some(one.hex()),
            _ => None,
        }
    }

    /// A report about this project, before anything is sent.
    pub fn report(&self, command: &'static str, diagnostics: Vec<Diagnostic>) -> Report {
        let (commit, base_commit) = (self.commit(), self.base_commit());
        Report {
            command,
            commit,
            base_commit,
            manifests: self.manifests.len(),
            declared: self.declared(),
            undo: self.undo.clone(),
            diagnostics,
            ..Report::default()
        }
    }

    /// How many objects git declares for each target of this run, by kind.
    fn declared(&self) -> Vec<DeclaredCount> {
        let of_target = |target: &Target| {
            let name = &target.config.name;
            let mut kinds = BTreeMap::<&str, usize>::new();
            for id in self.desired.get(name).into_iter().flat_map(Desired::keys) {
                *kinds.entry(&id.kind).or_default() += 1;
            }
            let count = |(kind, objects): (&str, usize)| DeclaredCount {
                target: name.clone(),
                kind: kind.to_owned(),
                objects,
            };
            kinds.into_iter().map(count).collect::<Vec<_>>()
        };
        self.targets().flat_map(of_target).collect()
    }

    /// The targets of this run, in the order of the configuration.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.config.targets.iter().filter(|target| self.selected.contains(&target.config.name))
    }

    /// Leaves out targets that the run has no use for.
    pub fn narrow(&mut self, is_of_use: impl Fn(&Self, &str) -> bool) {
        let mut selected = std::mem::take(&mut self.selected);
        selected.retain(|target| is_of_use(self, target));
        self.selected = selected;
    }

    /// The other targets of the API of a target.
    pub(super) fn siblings<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Target> {
        let is_sibling = |other: &&Target| other.api == target.api && other.config.name != target.config.name;
        self.config.targets.iter().filter(is_sibling)
    }

    /// Sets up the connections; every missing credential is reported, and nothing is sent. `sandbox` gives the URL of a
    /// sandbox that replaces a target.
    pub fn connect(
        &self,
        sandbox: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Connected<'_>>, Vec<Diagnostic>> {
        let (mut connected, mut wrong) = (Vec::new(), Vec::new());
        for intent in self.intents() {
            let target = intent.target;
            let (http, url) = match sandbox(&target.config.name) {
                Some(url) => (self.config.connect_sandbox(target, &url), SANDBOX),
                None => (self.config.connect(target, self.writes), target.config.url.as_str()),
            };
            match http {
                Ok(http) => connected.push(Connected { intent, http, url }),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Ok(connected) } else { Err(wrong) }
    }

    /// What git declares for each target of this run.
    pub fn intents(&self) -> impl Iterator<Item = Intent<'_>> {
        self.targets().filter_map(|target| {
            let name = &target.config.name;
            let memory = self.memories.get(name);
            Some(Intent {
                target,
                desired: self.desired.get(name)?,
                base: self.bases.get(name).map(|base| &base.desired),
                attempted: memory.map_or(&NOTHING_ATTEMPTED, |memory| &memory.attempted),
                given_up: self.given_up.get(name).map_or(&[][..], Vec::as_slice),
                record: memory.and_then(|memory| memory.record.as_ref()),
                counts: self.counts.get(name)?,
                options: &self.options,
                writes: self.writes,
                guardrails: &self.config.guardrails,
            })
        })
    }
}

/// A target and what git declares for it: everything that a run knows except the connection.
#[derive(Clone, Copy)]
pub struct Intent<'a> {
    /// Its configuration and API.
    pub target: &'a Target,
    /// What it is to hold.
    pub desired: &'a Desired,
    /// What it was to hold when it was last applied.
    pub base: Option<&'a Desired>,
    /// What git set since the base in attempts that were never verified.
    pub attempted: &'a Attempted,
    /// What git no longer declares and this run does not delete.
    pub given_up: &'a [GivenUp],
    /// The ids of what git declared before.
    pub record: Option<&'a Record>,
    /// How many objects git declares for it in all.
    pub counts: &'a DeclaredCounts,
    /// How its plan is made.
    pub options: &'a PlanOptions,
    /// Whether the run writes to it.
    pub writes: bool,
    /// What must be true of targets after every plan.
    pub guardrails: &'a [Guardrail],
}

impl Intent<'_> {
    /// Whether a guardrail looks at what the whole target allows.
    pub(super) fn is_guarded(&self) -> bool {
        let mut of_target =
            self.guardrails.iter().filter(|guardrail| guardrail.is_about(&self.target.config.name));
        of_target.any(|guardrail| guardrail.row.rule.is_about_access())
    }
}

/// A target with its connection.
pub struct Connected<'a> {
    /// The target, and what git declares for it.
    pub intent: Intent<'a>,
    /// Its connection.
    pub http: Http,
    /// Where that leads to, as it is shown.
    pub url: &'a str,
}
