//! A problem in a JSON document. How people see it is in `report/diagnostics.rs`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};

/// One problem.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Diagnostic")]
pub struct DiagnosticJson {
    /// Errors keep something from being written, warnings do not.
    pub severity: Severity,
    /// Stable and for machines, such as `schema/type`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The file, relative to the repository; null without one.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// Where in the document, such as `spec.rules[0].effect`.
    pub path: Option<String>,
    /// What to do next.
    pub help: Option<String>,
    /// Which object it is about.
    pub subject: Option<String>,
}

impl From<&Diagnostic> for DiagnosticJson {
    fn from(diagnostic: &Diagnostic) -> Self {
        let Diagnostic { severity, code, message, place, subject, help, private: _, cause: _ } =
            diagnostic.clone();
        let (line, column) = place.as_ref().map(|place| (place.line, place.column)).unzip();
        let (file, path) = place.map(|place| (place.file, place.path)).unzip();
        Self { severity, code: code.to_string(), message, file, line, column, path, help, subject }
    }
}
