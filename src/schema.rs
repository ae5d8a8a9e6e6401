//! The JSON Schemas that users see, generated from the Rust types, and the check of documents against them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::system::{Kind, NameRule, Registry, api_version};

pub mod check;

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
        crate::manifest::document_schema(kind.schema.clone(), api_version, &kind.name, &kind.about);
    let name = schema.pointer_mut("/$defs/Metadata/properties/name").and_then(Value::as_object_mut);
    if let Some(name) = name {
        add_rules(name, &kind.name_rules);
    }
    schema
}

fn add_rules(name: &mut Map<String, Value>, rules: &[NameRule]) {
    let rule = |rule: &NameRule| json!({"pattern": rule.pattern, "x-pattern-hint": rule.hint});
    match rules {
        [] => {}
        [only] => name.extend(rule(only).as_object().cloned().unwrap_or_default()),
        several => drop(name.insert("allOf".to_owned(), several.iter().map(rule).collect())),
    }
}

/// The schema of `enact.yaml`.
pub fn config() -> Value {
    of::<crate::config::Config>()
}

/// The schema of a file that defines a system.
pub fn system() -> Value {
    of::<crate::system::defined::definition::Definition>()
}

/// The file of a kind's schema, such as `polytomic-policy.schema.json`.
pub fn file_name(system: &str, kind: &str) -> String {
    format!("{system}-{}.schema.json", kind.to_lowercase())
}

/// Every schema by its file's name, as text with a line break at its end.
pub fn all(registry: &Registry) -> BTreeMap<String, String> {
    let kinds = registry.rows().flat_map(|row| {
        let document = |kind: &Kind| document(&api_version(&row.name), kind);
        row.kinds.iter().map(move |kind| (file_name(&row.name, &kind.name), document(kind)))
    });
    let others = [
        ("config.schema.json".to_owned(), config()),
        ("system.schema.json".to_owned(), system()),
        ("plan.schema.json".to_owned(), crate::report::json::schema()),
    ];
    kinds.chain(others).map(|(file, schema)| (file, format!("{schema:#}\n"))).collect()
}
