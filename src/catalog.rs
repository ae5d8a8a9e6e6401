//! Every JSON Schema that users see, collected. Each comes from the module of its format.

use std::collections::BTreeMap;

use crate::config;
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
        ("config.schema.json".to_owned(), config::schema()),
        ("system.schema.json".to_owned(), definition::schema()),
        ("plan.schema.json".to_owned(), json::schema()),
    ];
    kinds.chain(others).map(|(file, schema)| (file, format!("{schema:#}\n"))).collect()
}
