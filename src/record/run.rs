//! `run.json`: the run that wrote a record.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file;
use crate::manifest::{Hold, Lifecycle, Manifest};
use crate::model::resource::ApiId;

/// What a record says of the run that wrote it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RunJson {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The target.
    pub target: String,
    /// The API that it led to.
    pub api: Api,
    /// The commit of the record before; null for the first one.
    pub previous: Option<String>,
    /// The record that this one continues without its older runs, if it is the first one of a shortened record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The id of the run.
    pub run: String,
    /// Where the run can be looked at, in CI.
    pub run_url: Option<String>,
    /// Who began it: the actor of CI, or else git's user.
    pub who: String,
    /// When it began, in RFC 3339.
    pub started: String,
    /// When it ended; null while it writes, and so also if it was killed.
    pub ended: Option<String>,
    /// The version of enact.
    pub enact: String,
    /// The commit that was applied.
    pub commit: String,
    /// The digest of the plan.
    pub digest: String,
    /// How many objects were planned to be created, updated and deleted.
    pub planned: Planned,
    /// How many of the writes ended how.
    pub counts: BTreeMap<String, usize>,
    /// How the run ended for this target.
    pub outcome: RunOutcome,
    /// The run that it undid, if it did not apply what git declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The guards that were let through.
    pub allowed: BTreeSet<String>,
    /// How many requests were sent to the target.
    pub requests: usize,
    /// The folders of the objects with attempts that are not settled: the only ones that a plan has to read although their
    /// declaration has not changed.
    pub open: BTreeSet<String>,
    /// What the manifests said beside their specs when they were last verified, by the folder of the object. Most say
    /// nothing.
    #[serde(default)]
    pub marks: BTreeMap<String, Marks>,
}

/// What a manifest says beside its spec that still counts when git no longer declares the object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Marks {
    /// `metadata.protect`.
    pub protect: bool,
    /// `metadata.lifecycle`.
    pub lifecycle: Lifecycle,
    /// `metadata.ignore`.
    pub ignore: Vec<String>,
    /// `metadata.hold`.
    pub hold: Option<Hold>,
}

impl Marks {
    /// Those of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let Manifest { protect, lifecycle, ignore, hold, .. } = manifest;
        Self { protect: *protect, lifecycle: *lifecycle, ignore: ignore.clone(), hold: hold.clone() }
    }

    /// Puts them on a manifest.
    pub fn put_on(self, manifest: Manifest) -> Manifest {
        let Self { protect, lifecycle, ignore, hold } = self;
        Manifest { protect, lifecycle, ignore, hold, ..manifest }
    }
}

/// An API as a record names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Api {
    /// The system's name.
    pub system: String,
    /// Its URL.
    pub url: String,
    /// The settings that select a tenant.
    pub settings: String,
    /// The tenant that the configuration names.
    pub tenant: Option<String>,
}

/// How many objects a plan was to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Planned {
    /// To create.
    pub create: usize,
    /// To update.
    pub update: usize,
    /// To delete.
    pub delete: usize,
}

/// How a run ended for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// It writes, or was killed while it did.
    Started,
    /// Everything is as declared.
    Converged,
    /// Something is not as declared, or it is not known.
    Incomplete,
}

impl From<&ApiId> for Api {
    fn from(ApiId { system, url, settings, tenant }: &ApiId) -> Self {
        let (system, url, settings, tenant) = (system.clone(), url.clone(), settings.clone(), tenant.clone());
        Self { system, url, settings, tenant }
    }
}

impl RunJson {
    /// The file's bytes.
    pub fn file(&self) -> Vec<u8> {
        file(self)
    }

    /// Reads the file. An error is the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        super::parse(bytes)
    }
}
