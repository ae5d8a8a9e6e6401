//! `enact.yaml` as it is written: decoding, JSON Schema and documentation in one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The file's name where `--config` does not say otherwise.
pub const FILE_NAME: &str = "enact.yaml";

/// enact's configuration: where the manifests are and which systems they are for.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Config")]
pub struct ConfigFile {
    /// The version of this format.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = "enact/v1"))]
    pub(super) api_version: String,
    /// Always `Config`.
    #[schemars(extend("const" = "Config"))]
    pub(super) kind: String,
    /// Files and folders with manifests, relative to this file. Folders are searched for `.yaml` and `.yml`.
    #[schemars(length(min = 1))]
    pub manifests: Vec<String>,
    /// Files that define systems beyond those that are built in, relative to this file. They are read from the trusted
    /// checkout, never from a revision.
    #[serde(default)]
    pub(super) systems: Vec<String>,
    /// The systems that are kept in agreement with the manifests.
    #[schemars(length(min = 1))]
    pub targets: Vec<TargetConfig>,
}

/// One configured instance of a system.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// What this target is called in output and after `--target`.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"), extend("x-pattern-hint" = "1 to 63 lower-case letters, digits, `-` and `_`"))]
    pub name: String,
    /// The type of its API, such as `polytomic`.
    pub system: String,
    /// Where the API is. https, or http on this machine.
    pub url: String,
    /// How enact proves who it is.
    pub(super) auth: Auth,
    /// Secrets that manifests for this target may name, such as passwords that the API stores. Read by `apply` only.
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, Secret>,
    /// Settings of the system, such as Polytomic's `version` or JITSudo's `tenant`.
    pub(super) settings: Option<Value>,
    /// Which manifests are for this target, as globs over their paths. Left out: all of its system.
    pub(super) include: Option<Vec<String>>,
    /// Whether objects that git declared when the target was last applied, and no longer does, are deleted.
    #[serde(default)]
    pub prune: Prune,
    /// How hard the API may be driven, and how much may be deleted.
    #[serde(default)]
    pub limits: Limits,
}

/// What becomes of an object whose manifest is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prune {
    /// It stays. Deleting takes `ensure: absent`.
    #[default]
    Never,
    /// It is deleted if it still is what git declared, and history shows that git did.
    Tracked,
}

/// Limits of a target.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests at the same time.
    #[schemars(range(min = 1, max = 64))]
    pub concurrency: usize,
    /// Requests in any minute. Left out: as many as the API takes.
    #[schemars(range(min = 1))]
    pub requests_per_minute: Option<usize>,
    /// The most deletes that a plan may hold.
    pub max_deletes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 8, requests_per_minute: None, max_deletes: 10 }
    }
}

/// A credential: exactly one of the three.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Auth {
    /// `Authorization: Bearer ...`
    Bearer(Secret),
    /// `Authorization: Basic ...`
    Basic {
        /// The user name; for Polytomic the organization's id.
        username: String,
        /// The password or key.
        password: Secret,
    },
    /// A header of the API's own.
    Header {
        /// Such as `X-API-Key`.
        name: String,
        /// Its value.
        value: Secret,
    },
}

/// Where a secret comes from. It is never written into enact.yaml itself.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Secret {
    /// The name of an environment variable.
    Env(#[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))] String),
    /// The path of a file, relative to enact.yaml. White space at its end does not count.
    File(PathBuf),
}

/// The JSON Schema of `enact.yaml`.
pub fn schema() -> Value {
    crate::schema::of::<ConfigFile>()
}
