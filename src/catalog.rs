//! Every JSON Schema that users see, collected. Each comes from the module of its format.

use std::collections::BTreeMap;

use crate::config::file;
use crate::defined::definition;
use crate::digest;
use crate::model::kind::{Kind, api_version, document_schema, schema_file_name};
use crate::report::json;
use crate::system::registry::Registry;
use crate::text;

/// What the files of schemas end with.
const EXTENSION: &str = ".schema.json";

/// Every schema by its file's name, as text with a line break at its end.
pub fn all(registry: &Registry) -> BTreeMap<String, String> {
    let kinds = registry.rows().flat_map(|row| {
        let document = |kind: &Kind| document_schema(&api_version(&row.name), kind);
        row.kinds.iter().map(move |kind| (schema_file_name(&row.name, &kind.name), document(kind)))
    });
    let files = [("config", file::schema()), ("system", definition::schema())];
    let others = files.into_iter().chain(json::schemas());
    let others = others.map(|(name, schema)| (format!("{name}{EXTENSION}"), schema));
    // A definition may say anything in its descriptions.
    kinds.chain(others).map(|(file, schema)| (file, text::json(&format!("{schema:#}\n")))).collect()
}

/// The name of a schema, which is that of its file without what all have at the end.
pub fn name(file: &str) -> &str {
    file.strip_suffix(EXTENSION).unwrap_or(file)
}

/// The digest of the schemas of the built-in systems and of enact's own files: another one means another enact.
pub fn digest() -> String {
    digest::digest(&all(&Registry::built_in()).into_values().collect::<String>())
}
