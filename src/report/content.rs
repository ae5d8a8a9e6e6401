//! What a command found out beside the targets of its run: only data, which each format renders.
//!
//! A serializable part, between the keys that all documents share, is the JSON document of its command; its JSON Schema
//! is made from it, too.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::diff::Field;
use crate::model::probe::ProbeCheck;

/// What a command has found out.
#[derive(Debug, Default)]
pub enum Content {
    /// `validate`, `plan` and `apply`: everything is in the targets of the run.
    #[default]
    Run,
    /// `import`.
    Import(ImportContent),
    /// `schema`: the list of schemas.
    Schemas(Schemas),
    /// `schema NAME`: the text of that schema. It is a document already, so every format prints it as it is.
    Schema(String),
    /// `sandbox`.
    Sandbox(SandboxContent),
    /// `check-system`.
    CheckSystem(CheckSystemContent),
    /// The arguments name no command.
    Nothing,
}

/// The manifests of an import.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub struct ImportContent {
    /// The folder of the manifests, relative to enact.yaml; null if the run ended before it was known.
    pub folder: Option<String>,
    /// Whether the manifests are only shown.
    pub dry_run: bool,
    /// A manifest for each live object that git does not declare yet.
    pub manifests: Vec<Imported>,
    /// The files whose manifests say what is live now; null without `--update`.
    pub updated: Option<Vec<Updated>>,
}

impl ImportContent {
    /// How many new manifests are on disk now.
    #[must_use]
    pub fn written(&self) -> usize {
        self.manifests.iter().filter(|manifest| manifest.written).count()
    }

    /// How many files were updated on disk.
    #[must_use]
    pub fn rewritten(&self) -> usize {
        self.updated.iter().flatten().filter(|updated| updated.written).count()
    }
}

/// A file with live values in its manifests.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Updated")]
pub struct Updated {
    /// The file, relative to enact.yaml.
    pub file: String,
    /// Whether the file was written.
    pub written: bool,
    /// The objects whose manifests changed.
    pub objects: Vec<UpdatedObject>,
    /// What changed in the text, as a unified diff.
    pub diff: String,
}

/// An object whose manifest says what is live now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UpdatedObject")]
pub struct UpdatedObject {
    /// The target's name in `enact.yaml`.
    pub target: String,
    /// The kind's name, such as `Policy`.
    pub kind: String,
    /// Its name: `metadata.name`.
    pub name: String,
    /// The fields: before, as git declared them, and after, as they are live.
    pub fields: Vec<Field>,
}

/// A manifest for a live object.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Manifest")]
pub struct Imported {
    /// Its file, relative to enact.yaml.
    pub file: String,
    /// The YAML document.
    pub text: String,
    /// Whether the file was written.
    pub written: bool,
}

/// The JSON Schemas that exist.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Schemas {
    /// The folder to write them into; null if they are only listed.
    pub folder: Option<String>,
    /// All of them, in order of their names.
    pub schemas: Vec<SchemaFile>,
}

impl Schemas {
    /// How many schemas are on disk now.
    #[must_use]
    pub fn written(&self) -> usize {
        self.schemas.iter().filter(|schema| schema.written).count()
    }
}

/// One JSON Schema.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Schema")]
pub struct SchemaFile {
    /// The name that `enact schema NAME` takes.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// Whether the file was written.
    pub written: bool,
}

/// What a sandbox serves, once it is ready.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Sandbox")]
pub struct SandboxContent {
    /// The APIs that are served; none if the sandbox could not start.
    pub targets: Vec<SandboxTarget>,
}

/// One API of a sandbox.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub struct SandboxTarget {
    /// Its name, which is also that of its system.
    pub name: String,
    /// Its base URL, for `url` of a target in enact.yaml.
    pub url: String,
}

/// What was found out about the definition of a system.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "CheckSystem")]
pub struct CheckSystemContent {
    /// The file of the definition; null if the arguments name none.
    pub file: Option<String>,
    /// Whether the definition is sound by itself; only `checks` can say whether it is true of a target.
    pub sound: bool,
    /// What the definition says, and what the target did; null if it was not tried on one.
    pub checks: Option<Vec<ProbeCheck>>,
}
