//! The JSON documents of the commands without targets: what they found out, between the keys that all documents share.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::diagnostic::DiagnosticJson;

/// What a command found out.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct JsonDocument<'a, T> {
    /// The version of this format: 1. It changes when a field changes its meaning or goes away.
    pub(super) format_version: u32,
    /// The command that ran.
    pub(super) command: &'a str,
    /// What it found out.
    #[serde(flatten)]
    pub(super) content: &'a T,
    /// What is wrong.
    pub(super) diagnostics: Vec<DiagnosticJson>,
}

/// What is wrong with arguments that name no command.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NoCommand {
    /// The version of this format: 1. It changes when a field changes its meaning or goes away.
    pub(super) format_version: u32,
    /// Null: no command ran.
    pub(super) command: (),
    /// What is wrong.
    pub(super) diagnostics: Vec<DiagnosticJson>,
}

/// The JSON Schema (2020-12) of a document.
pub(super) fn schema_of<T: JsonSchema>(about: &str) -> Value {
    // For writing, not for reading: a field that may be null is still always there.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), "Document".into());
    schema.insert("description".to_owned(), about.into());
    schema.to_value()
}
