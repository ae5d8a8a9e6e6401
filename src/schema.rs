//! JSON Schemas from Rust types; the check of documents against them is in `check`. Not here: the schemas of each
//! format.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

pub mod check;
pub mod example;
pub mod explain;

/// The JSON Schema (2020-12) of a type. An optional field may be left out but not be null, unless it has `x-nullable`:
/// null means "managed and empty", and only some APIs support that.
pub fn of<T: JsonSchema>() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    drop_null(&mut schema);
    schema
}

/// Whether a schema has `true` for a keyword, such as `readOnly`.
pub(crate) fn is_true(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Value::Bool(true))
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
