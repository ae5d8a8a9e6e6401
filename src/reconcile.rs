//! The road itself: from a configuration to a plan, and from a plan to its outcomes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::future::join_all;

use crate::apply;
use crate::config::{self, Target};
use crate::diagnostic::{self, Class, Diagnostic};
use crate::http::Http;
use crate::manifest::Manifest;
use crate::observe::observe;
use crate::plan::{self, TargetPlan};
use crate::report::TargetReport;
use crate::request::Reader;
use crate::resolve;
use crate::source::{self, Files};
use crate::state::{Desired, Observed};

/// Where the configuration comes from.
pub struct Origin {
    /// The file's name as the user would type it.
    pub file: String,
    /// The folder that manifests are relative to.
    pub folder: PathBuf,
    /// The file's text.
    pub text: String,
}

/// A repository that passed every check that needs no network.
pub struct Project {
    /// The configuration.
    pub config: config::Loaded,
    /// All manifests.
    pub manifests: Vec<Arc<Manifest>>,
    /// What each target is to hold.
    pub desired: BTreeMap<String, Desired>,
    /// Which targets this run is about.
    selected: Vec<String>,
}

/// What was read on the way to a project, for showing findings in their source.
#[derive(Default)]
pub struct Load {
    /// The project, if nothing is wrong with it.
    pub project: Option<Project>,
    /// Everything that is wrong or odd.
    pub findings: Vec<Diagnostic>,
    /// The texts that findings point into.
    pub files: Files,
}

/// Whether a repository without a manifest is a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// It is: a wrong path must not look like a wish for nothing.
    Refused,
    /// It is where import begins.
    Allowed,
}

/// What a run is about.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Only these targets; empty is all.
    pub only: Vec<String>,
    /// Whether there may be no manifest.
    pub empty: Empty,
}

/// Loads, validates and resolves. Nothing is sent.
pub fn load(origin: &Origin, wish: &Wish) -> Load {
    let mut load = Load::default();
    load.files.insert(origin.file.clone(), origin.text.clone());
    if let Some(config) = config::load(&origin.file, &origin.folder, &origin.text, &mut load.findings) {
        let project = resolve(origin, config, wish, &mut load);
        load.project = project.filter(|_| !load.findings.iter().any(Diagnostic::is_error));
    }
    if load.findings.iter().any(config::is_private) {
        // Its lines could show a secret.
        load.files.remove(&origin.file);
    }
    diagnostic::sort(&mut load.findings);
    load
}

fn resolve(origin: &Origin, config: config::Loaded, wish: &Wish, load: &mut Load) -> Option<Project> {
    let selected = select(&config.targets, &wish.only, &mut load.findings)?;
    let files = read(origin, &config.manifests, wish.empty, &mut load.findings);
    let manifests = resolve::manifests(&files, &mut load.findings);
    let targets: Vec<_> = config.targets.iter().collect();
    let desired = resolve::desired(&targets, &manifests, &mut load.findings);
    resolve::unclaimed(&config.targets, &manifests, &mut load.findings);
    load.files.extend(files);
    Some(Project { config, manifests, desired, selected })
}

fn read(origin: &Origin, manifests: &[String], empty: Empty, findings: &mut Vec<Diagnostic>) -> Files {
    let there = |name: &&String| empty == Empty::Refused || origin.folder.join(name).exists();
    let named: Vec<_> = manifests.iter().filter(there).cloned().collect();
    let before = findings.len();
    let files = source::working_tree(&origin.folder, &named, findings);
    if files.is_empty() && empty == Empty::Refused && findings.len() == before {
        let message = format!("there is no manifest in `{}`", manifests.join("`, `"));
        let help = "add a `.yaml` file, correct `manifests` in enact.yaml, or begin with `enact import`";
        findings.push(Diagnostic::error("source/none", message).help(help));
    }
    files
}

fn select(targets: &[Target], only: &[String], findings: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
    let names: Vec<_> = targets.iter().map(|target| target.config.name.clone()).collect();
    for name in only.iter().filter(|name| !names.contains(name)) {
        let help = format!("the targets in enact.yaml are {}", names.join(", "));
        findings.push(Diagnostic::error("config/target", format!("there is no target `{name}`")).help(help));
    }
    let selected =
        names.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect::<Vec<_>>();
    (!selected.is_empty()).then_some(selected)
}

impl Project {
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
                None => self.config.connect(target),
            };
            match (http, self.desired.get(&target.config.name)) {
                (Ok(http), Some(desired)) => connected.push(Connected { target, desired, http }),
                (Ok(_), None) => {}
                (Err(finding), _) => wrong.push(finding),
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
    /// The way to it.
    pub http: Http,
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
        let (observed, plan) = look(at.target, at.desired, &at.http.reader()).await;
        Planned { at, observed, plan }
    }))
    .await
}

/// Reads and compares. It is handed a reader and nothing that a writer could be made from.
async fn look(target: &Target, desired: &Desired, reader: &dyn Reader) -> (Observed, TargetPlan) {
    let config = &target.config;
    let system = target.system.as_ref();
    let observed = observe(system, desired, reader, config.limits.concurrency).await;
    let target =
        plan::Target { name: &config.name, system, max_deletes: config.limits.max_deletes, allowed: &[] };
    let plan = plan::plan(&target, desired, None, &observed);
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
pub async fn apply(planned: Vec<Planned<'_>>, stop: &AtomicBool) -> Vec<TargetReport> {
    let invalid = |finding: &Diagnostic| finding.is_error() && finding.class == Class::Invalid;
    if planned.iter().any(|planned| planned.plan.findings.iter().any(invalid)) {
        return planned.iter().map(Planned::report).collect();
    }
    let mut reports = Vec::new();
    for planned in planned {
        reports.push(apply_one(planned, stop).await);
    }
    reports
}

async fn apply_one(planned: Planned<'_>, stop: &AtomicBool) -> TargetReport {
    if !planned.plan.is_sound() || planned.plan.changes.is_empty() {
        return planned.report();
    }
    let at = &planned.at;
    let (reader, writer) = (at.http.reader(), at.http.writer());
    let target = apply::Target {
        system: at.target.system.as_ref(),
        desired: at.desired,
        base: None,
        observed: &planned.observed,
        reader: &reader,
        writer: &writer,
        concurrency: at.target.config.limits.concurrency.min(WRITES_AT_ONCE),
        stop,
    };
    let outcomes = apply::apply(&target, &planned.plan).await;
    let (_, verified) = look(at.target, at.desired, &reader).await;
    TargetReport { outcomes, verified: Some(verified), ..planned.report() }
}

/// Policy APIs are small; many writes side by side gain little and make trouble hard to read.
const WRITES_AT_ONCE: usize = 4;
