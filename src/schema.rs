//! The JSON Schemas that users see, generated from the Rust types, and the check of documents against them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::system::Kind;

pub mod check;
pub mod shape;

/// The JSON Schema (2020-12) of a type. An optional field may be left out but not be null, unless its type says
/// `x-nullable`: null means "managed and empty" and only some APIs have it.
pub fn of<T: JsonSchema>() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    drop_null(&mut schema);
    schema
}

fn drop_null(schema: &mut Value) {
    if let Value::Object(map) = schema {
        let nullable = map.remove("x-nullable").is_some();
        if !nullable {
            drop_null_type(map);
        }
        map.values_mut().for_each(drop_null);
    } else if let Value::Array(items) = schema {
        items.iter_mut().for_each(drop_null);
    }
}

fn drop_null_type(map: &mut serde_json::Map<String, Value>) {
    let null = Value::from("null");
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| *name != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    let is_null = |branch: &Value| branch.get("type") == Some(&null);
    let other = match map.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([other, last]) if is_null(last) => other.as_object().cloned(),
        _ => None,
    };
    if let Some(other) = other {
        map.remove("anyOf");
        map.extend(other);
    }
}

/// The schema of a whole manifest of a kind.
pub fn document(api_version: &str, kind: &Kind) -> Value {
    let mut schema =
        crate::manifest::document_schema(kind.schema.clone(), api_version, &kind.name, kind.about);
    let name = schema.pointer_mut("/$defs/Metadata/properties/name").and_then(Value::as_object_mut);
    if let (Some(name), Some((pattern, hint))) = (name, kind.name_rule) {
        name.insert("pattern".to_owned(), Value::from(pattern));
        name.insert("x-pattern-hint".to_owned(), Value::from(hint));
    }
    schema
}

/// The schema of `enact.yaml`.
pub fn config() -> Value {
    of::<crate::config::Config>()
}

/// The file of a kind's schema, such as `polytomic-policy.schema.json`.
pub fn file_name(system: &str, kind: &str) -> String {
    format!("{system}-{}.schema.json", kind.to_lowercase())
}

/// Every schema by its file's name, as text with a line break at its end.
pub fn all() -> BTreeMap<String, String> {
    let kinds = crate::system::all_kinds();
    let kinds = kinds.iter().map(|((api_version, name), kind)| {
        let system = api_version.trim_end_matches("/v1");
        (file_name(system, name), document(api_version, kind))
    });
    let others = [
        ("config.schema.json".to_owned(), config()),
        ("plan.schema.json".to_owned(), crate::report::json::schema()),
    ];
    kinds.chain(others).map(|(file, schema)| (file, format!("{schema:#}\n"))).collect()
}
