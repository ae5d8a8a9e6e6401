//! Every JSON Schema that users see, collected. The schema of a format is made in the module of that format.

use std::collections::BTreeMap;

use crate::config::file;
use crate::decide::file as tests;
use crate::defined::definition;
use crate::digest;
use crate::model::guardrail;
use crate::model::kind::{Kind, api_version, document_schema, schema_file_name};
use crate::report::json;
use crate::system::registry::Registry;
use crate::text::inert;

/// The end of every schema file's name.
const EXTENSION: &str = ".schema.json";

/// Every schema as text with a line break at its end, by file name.
pub fn all(registry: &Registry) -> BTreeMap<String, String> {
    let kinds = registry.rows().flat_map(|row| {
        let document = |kind: &Kind| document_schema(&api_version(&row.name), kind);
        row.kinds.iter().map(move |kind| (schema_file_name(&row.name, &kind.name), document(kind)))
    });
    let files = [
        ("config", file::schema()),
        ("guardrails", guardrail::schema()),
        ("system", definition::schema()),
        ("tests", tests::schema()),
    ];
    let others = files.into_iter().chain(json::schemas());
    let others = others.map(|(name, schema)| (format!("{name}{EXTENSION}"), schema));
    // A description in a definition may hold any character.
    kinds.chain(others).map(|(file, schema)| (file, inert::json(&format!("{schema:#}\n")))).collect()
}

/// The name of a schema: its file name without the extension.
pub fn name(file: &str) -> &str {
    file.strip_suffix(EXTENSION).unwrap_or(file)
}

/// The digest of the schemas of the built-in systems and of enact's own files. Another digest means another enact.
pub fn digest() -> String {
    digest::digest(&all(&Registry::built_in()).into_values().collect::<String>())
}
