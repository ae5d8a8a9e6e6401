//! The JSON Schema of a spec as a definition gives it, made ready: what manifests may say, what is needed to create an
//! object, what is the server's, what is secret.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::pointer::child;

/// What the schema of a spec says.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    /// The JSON Schema of what manifests may say.
    pub(super) schema: Value,
    /// Top-level fields without which no object can be created.
    pub(super) required: Vec<String>,
    /// The server's own fields, as JSON pointers.
    pub(super) read_only: Vec<String>,
    /// Fields whose value is a secret, as JSON pointers.
    pub(super) secrets: Vec<String>,
    /// Fields that are sent and never in a reply, as JSON pointers, and the live top-level fields that each replaces.
    pub(super) replaces: BTreeMap<String, Vec<String>>,
}

impl Spec {
    /// Reads the schema that a definition gives.
    pub(super) fn new(given: &Value) -> Self {
        let mut spec = Self::default();
        let mut schema = given.clone();
        if let Some(required) = schema.as_object_mut().and_then(|schema| schema.remove("required")) {
            spec.required = crate::system::list(&json!({"required": required}), "required")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
        }
        spec.prepare(&mut schema, "");
        spec.schema = schema;
        spec
    }

    fn prepare(&mut self, schema: &mut Value, at: &str) {
        let Some(schema) = schema.as_object_mut() else { return };
        if let Some(items) = schema.get_mut("items") {
            // What is inside of a list has no place of its own, so only its shape counts.
            close(items);
        }
        let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
        let mut read_only = Vec::new();
        for (name, field) in properties.iter_mut() {
            let at = child(at, name);
            if is(field, "readOnly") {
                read_only.push(name.clone());
                self.read_only.push(at);
                continue;
            }
            if is(field, "writeOnly") {
                self.write_only(field, at);
            } else {
                self.prepare(field, &at);
            }
        }
        properties.retain(|name, _| !read_only.contains(name));
        if !read_only.is_empty() {
            schema.insert("x-read-only".to_owned(), Value::from(read_only));
        }
        close_object(schema);
    }

    fn write_only(&mut self, field: &mut Value, at: String) {
        let replaced = crate::system::list(field, "x-replaces").iter().filter_map(Value::as_str);
        self.replaces.insert(at.clone(), replaced.map(str::to_owned).collect());
        if field.get("type") == Some(&json!("string")) {
            *field = secret(field.get("description"));
            self.secrets.push(at);
        }
    }
}

fn is(field: &Value, keyword: &str) -> bool {
    field.get(keyword) == Some(&Value::Bool(true))
}

/// The name of a secret stands in git, never the secret.
fn secret(description: Option<&Value>) -> Value {
    let name = json!({
        "type": "string",
        "minLength": 1,
        "description": "The name of a secret of the target, as `secrets` in enact.yaml has it.",
    });
    let mut schema = json!({
        "type": "object",
        "writeOnly": true,
        "x-secret": true,
        "properties": {"secret": name},
        "required": ["secret"],
        "additionalProperties": false,
    });
    if let (Some(schema), Some(description)) = (schema.as_object_mut(), description) {
        schema.insert("description".to_owned(), description.clone());
    }
    schema
}

/// Refuses fields that a schema does not name, at every depth of lists and objects.
fn close(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(items) = schema.get_mut("items") {
        close(items);
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        // What the server adds to an item is no difference.
        properties.retain(|_, field| !is(field, "readOnly"));
        properties.values_mut().for_each(close);
        close_object(schema);
    }
}

fn close_object(schema: &mut Map<String, Value>) {
    // A schema that says how other fields look, or is put together from several, means what it says.
    let open = [
        "additionalProperties",
        "patternProperties",
        "unevaluatedProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "$ref",
    ];
    if !open.iter().any(|keyword| schema.contains_key(*keyword)) {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_manifests_may_say_is_what_a_user_can_set() {
        let spec = Spec::new(&json!({
            "type": "object",
            "required": ["password"],
            "properties": {
                "id": {"readOnly": true},
                "password": {"type": "string", "writeOnly": true, "x-replaces": ["hash"]},
                "limits": {"properties": {"used": {"readOnly": true}, "max": {}}},
                "rules": {"items": {"properties": {"a": {}}}},
            },
        }));
        assert_eq!(spec.required, ["password"]);
        assert_eq!(spec.read_only, ["/id", "/limits/used"]);
        assert_eq!(spec.secrets, ["/password"]);
        assert_eq!(spec.replaces.get("/password"), Some(&vec!["hash".to_owned()]));
        let takes = |value: Value| jsonschema::is_valid(&spec.schema, &value);
        assert!(takes(json!({"password": {"secret": "s"}, "limits": {"max": 1}, "rules": [{"a": 1}]})));
        assert!(takes(json!({})), "what is needed to create is not needed to declare");
        for wrong in [
            json!({"id": 1}),
            json!({"password": "hunter2"}),
            json!({"limits": {"used": 1}}),
            json!({"rules": [{"b": 1}]}),
            json!({"other": 1}),
        ] {
            assert!(!takes(wrong.clone()), "{wrong}");
        }
    }
}
