//! The configuration after all checks: targets that are ready for use. Not here: the checks, in `check`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::file::{ConfigFile, RecordConfig, RunLimits, TargetConfig};
use super::passes::Serve;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::http;
use crate::manifest::environment::Environment;
use crate::manifest::yaml::Document;
use crate::model::guardrail::Guardrail;
use crate::model::kind::api_version;
use crate::model::resource::ApiId;
use crate::model::unmanaged::UnmanagedRule;
use crate::schedule::Passes;
use crate::system::System;
use crate::system::claim::Claim;
use crate::system::include::Include;
use crate::system::registry::Registry;
use crate::text::short;

/// A target that is ready for use.
pub struct Target {
    /// Its row in the configuration.
    pub config: TargetConfig,
    /// Its API.
    pub system: Box<dyn System>,
    /// Which API it leads to, by which tenant.
    pub api: ApiId,
    /// The reference of its record, and of the record that it had under its former name.
    pub record: RecordRefs,
    pub(super) include: Option<Include>,
    pub(super) environment: Environment,
    /// What to do about live objects that git does not declare.
    pub unmanaged: UnmanagedRule,
    /// When `enact serve` looks after it, and what it may do.
    pub passes: Passes,
    /// Where its row is in the file, as a JSON pointer, for diagnostics.
    pub(super) at: String,
}

impl Target {
    /// Whether a target of another configuration is the same system, so that what was applied there was applied here.
    pub fn is_same_system(&self, other: &Self) -> bool {
        (&self.config.name, &self.api) == (&other.config.name, &other.api)
    }

    /// Warns about patterns of `include` that match none of these paths.
    pub fn unused_patterns<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> Vec<Diagnostic> {
        self.include.as_ref().map(|include| include.unused(paths)).unwrap_or_default()
    }

    /// Which manifests it takes.
    pub fn claim(&self) -> Claim<'_> {
        Claim {
            target: &self.config.name,
            api: &self.api,
            api_version: api_version(&self.config.system),
            system: self.system.as_ref(),
            include: self.include.as_ref(),
            environment: &self.environment,
            secrets: self.config.secrets.keys().map(String::as_str).collect(),
        }
    }
}

/// The references of a target's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRefs {
    /// The one that is read and written.
    pub name: String,
    /// The one under the target's former name, which is read as long as there is none under the new one.
    pub former: Option<String>,
}

impl RecordRefs {
    pub(super) fn of(record: &RecordConfig, target: &TargetConfig) -> Self {
        let former = target.previously.as_ref().map(|former| record.reference_of(former));
        Self { name: record.reference_of(&target.name), former }
    }
}

/// A configuration that passed all checks.
pub struct Config {
    /// Where manifests are.
    pub manifests: Vec<String>,
    /// The targets, in the order of the file.
    pub targets: Vec<Target>,
    /// Where the record of what was applied is kept.
    pub record: RecordConfig,
    /// What must be true of its targets after every plan.
    pub guardrails: Vec<Guardrail>,
    /// How much a run may cost.
    pub limits: RunLimits,
    /// How `enact serve` works.
    pub serve: Serve,
    /// The systems that its targets may use.
    pub registry: Arc<Registry>,
    /// The file as it is written.
    pub(super) file: ConfigFile,
    /// The same, for diagnostics.
    pub(super) document: Document,
    pub(super) folder: PathBuf,
    /// What the targets of one origin share, by origin.
    pub(super) origins: Mutex<BTreeMap<String, Arc<http::Origin>>>,
    /// The tokens of each target that asks for them, by its name.
    pub(super) tokens: Mutex<BTreeMap<String, Arc<http::Tokens>>>,
}

impl Config {
    /// The folder that manifests are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of the targets that were asked for, in their order here; all of them if none was. One that does not exist
    /// is reported.
    pub fn select(&self, only: &[String], diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
        let names: Vec<_> = self.targets.iter().map(|target| target.config.name.clone()).collect();
        for name in only.iter().filter(|name| !names.contains(name)) {
            let near = nearest(name, names.iter().map(String::as_str));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let help = help.unwrap_or_else(|| format!("the targets in enact.yaml are {}", names.join(", ")));
            let unknown =
                Diagnostic::new(Code::ConfigTarget, format!("there is no target `{}`", short(name)));
            diagnostics.push(unknown.help(help));
        }
        names.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect()
    }
}
