//! What a command has found out beside the targets of its run: data alone, which each format renders.
//!
//! What can be serialized is, between the keys that all documents share, the JSON document of its command; its JSON
//! Schema is made from it as well.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::probe::ProbeCheck;

/// What a command has found out.
#[derive(Debug, Default)]
pub enum Content {
    /// `validate`, `plan` and `apply`: the targets of the run are all.
    #[default]
    Run,
    /// `import`.
    Import(Import),
    /// `schema`: which ones there are.
    Schemas(Schemas),
    /// `schema NAME`: the text of that schema. It is a document already, so every format prints it as it is.
    Schema(String),
    /// `sandbox`.
    Sandbox(Sandbox),
    /// `check-system`.
    CheckSystem(CheckSystem),
    /// The arguments name no command.
    Nothing,
}

/// The manifests of an import.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Import {
    /// The folder of the manifests, relative to enact.yaml; null where the run ended before it was known.
    pub folder: Option<String>,
    /// Whether the manifests were to be shown only.
    pub dry_run: bool,
    /// A manifest for each live object that git does not declare yet.
    pub manifests: Vec<Imported>,
}

impl Import {
    /// How many manifests are on disk now.
    #[must_use]
    pub fn written(&self) -> usize {
        self.manifests.iter().filter(|manifest| manifest.written).count()
    }
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

/// The JSON Schemas that there are.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Schemas {
    /// The folder that they were to be written into; null where they are listed only.
    pub folder: Option<String>,
    /// All of them, in the order of their names.
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
    /// What `enact schema NAME` takes.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// Whether the file was written.
    pub written: bool,
}

/// What a sandbox serves, from when it is ready.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Sandbox {
    /// The APIs that are served; none where the sandbox could not start.
    pub targets: Vec<SandboxTarget>,
}

/// One API of a sandbox.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub struct SandboxTarget {
    /// Its name, which is that of its system.
    pub name: String,
    /// Its base URL, for `url` of a target in enact.yaml.
    pub url: String,
}

/// What was found out about the definition of a system.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct CheckSystem {
    /// The file of the definition; null where the arguments name none.
    pub file: Option<String>,
    /// Whether the definition is sound by itself; whether it is true of a target, only `checks` can tell.
    pub sound: bool,
    /// What the definition says, and what the target did; null where it was not tried on one.
    pub checks: Option<Vec<ProbeCheck>>,
}
