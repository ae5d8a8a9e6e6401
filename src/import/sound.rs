//! Why a manifest must not be written: it would stop every run.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, SpecDiagnostic};
use crate::manifest::{Manifest, Source, yaml};
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::schema::check::Checker;
use crate::system::Translate;

/// Why a document would fail `validate`, if it would.
pub(super) fn unsound(api_version: &str, kind: &Kind, document: yaml::Document) -> Option<String> {
    let mut diagnostics = Vec::new();
    match Checker::new(crate::model::kind::document_schema(api_version, kind)) {
        Ok(checker) => checker.check(&document.whole(), &mut diagnostics),
        Err(error) => return Some(error.to_string()),
    }
    // Only the diagnostics are wanted.
    drop(Manifest::new(&document, Source::unread(&document.file), &mut diagnostics));
    diagnostics.into_iter().find(Diagnostic::is_error).map(|diagnostic| diagnostic.message)
}

/// The same for what the system checks beyond the schema: a server may hold what it would not accept.
pub(super) fn refused(system: &dyn Translate, kind: &Kind, spec: &Value) -> Option<String> {
    let mut diagnostics = system.check(kind, spec).into_iter();
    diagnostics.find(SpecDiagnostic::is_error).map(|diagnostic| diagnostic.message)
}

/// Why a manifest would fail `plan`: it refers to an object that has no unique name.
pub(super) fn dangling(kind: &Kind, name: &str, spec: &Value, names: &Names) -> Option<String> {
    let named = kind.named_in(name, spec);
    let lost = named.iter().find(|named| names.id(named.kind, &named.name).is_err())?;
    Some(format!(
        "it refers to the {} `{}`, which is not the name of exactly one object",
        lost.kind, lost.name
    ))
}
