//! Every JSON Schema that users see, collected. Each comes from the module of its format.

use std::collections::BTreeMap;

use crate::config::file;
use crate::defined::definition;
use crate::model::kind::{Kind, api_version, document_schema, schema_file_name};
use crate::report::json;
use crate::system::registry::Registry;

/// Every schema by its file's name, as text with a line break at its end.
pub fn all(registry: &Registry) -> BTreeMap<String, String> {
    let kinds = registry.rows().flat_map(|row| {
        let document = |kind: &Kind| document_schema(&api_version(&row.name), kind);
        row.kinds.iter().map(move |kind| (schema_file_name(&row.name, &kind.name), document(kind)))
    });
    let others = [
        ("config.schema.json".to_owned(), file::schema()),
        ("system.schema.json".to_owned(), definition::schema()),
        ("plan.schema.json".to_owned(), json::schema()),
    ];
    kinds.chain(others).map(|(file, schema)| (file, format!("{schema:#}\n"))).collect()
}

/// The digest of the schemas of the built-in systems and of enact's own files: another one means another enact.
pub fn digest() -> String {
    let schemas: String = all(&Registry::built_in()).into_values().collect();
    crate::digest::digest(&schemas)
}
