//! The JSON Schema of a spec in a definition, prepared for use: what manifests may contain, what is needed to create an
//! object, what the server sets, what is secret. Not here: mistakes in the schema, in `check`.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::defined::document::Language;
use crate::pointer::child;
use crate::schema::is_true;
use crate::system::body::list;

/// What the schema of a spec says.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    /// The JSON Schema of what manifests may contain.
    pub(super) schema: Value,
    /// Top-level fields that are needed to create an object.
    pub(super) required: Vec<String>,
    /// Fields that only the server sets, as JSON pointers in which `*` means every item.
    pub(super) read_only: Vec<String>,
    /// Fields that the API shows as null and does not take so, as JSON pointers.
    pub(super) omit_null: Vec<String>,
    /// Fields that only a create can set, as JSON pointers.
    pub(super) create_only: Vec<String>,
    /// Fields whose value is a secret, as JSON pointers.
    pub(super) secrets: Vec<String>,
    /// Fields that are sent but never in a reply, as JSON pointers, and the live top-level fields that each replaces, as
    /// far as that is known.
    pub(super) replaces: BTreeMap<String, Option<Vec<String>>>,
    /// Fields that the API has as a text, as JSON pointers, with the language of the text.
    pub(super) texts: BTreeMap<String, Language>,
}

impl Spec {
    /// Reads the schema that a definition gives.
    pub(super) fn new(given: &Value) -> Self {
        let mut spec = Self::default();
        let mut schema = given.clone();
        if let Some(required) = schema.as_object_mut().and_then(|schema| schema.remove("required")) {
            let required = required.as_array().into_iter().flatten().filter_map(Value::as_str);
            spec.required = required.map(str::to_owned).collect();
        }
        let root = given.clone();
        for definition in schema.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flatten() {
            close(definition.1);
        }
        spec.prepare(&mut schema, "", &root);
        spec.schema = schema;
        spec
    }

    fn prepare(&mut self, schema: &mut Value, at: &str, root: &Value) {
        let Some(schema) = schema.as_object_mut() else { return };
        if let Some(items) = schema.get_mut("items") {
            let mut read_only = Vec::new();
            read_only_in(items, &format!("{at}/*"), &mut read_only);
            self.read_only.extend(read_only);
            close(items);
        }
        let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
        let mut read_only = Vec::new();
        for (name, field) in properties.iter_mut() {
            let at = child(at, name);
            let whole = resolved(field, root, 0);
            if is_true(&whole, "readOnly") {
                read_only.push(name.clone());
                self.read_only.push(at);
            } else if is_true(&whole, "writeOnly") {
                self.write_only(field, &whole, at);
            } else {
                if whole.get("x-null").is_some_and(|null| null == "omit") {
                    self.omit_null.push(at.clone());
                }
                if is_true(&whole, "x-create-only") {
                    self.create_only.push(at.clone());
                }
                let language = whole.get("x-text").and_then(|of| Language::deserialize(of).ok());
                self.texts.extend(language.map(|language| (at.clone(), language)));
                mark_grants(field, &whole);
                self.prepare(field, &at, root);
            }
        }
        properties.retain(|name, _| !read_only.contains(name));
        if !read_only.is_empty() {
            schema.insert("x-read-only".to_owned(), Value::from(read_only));
        }
        close_object(schema);
    }

    fn write_only(&mut self, field: &mut Value, whole: &Value, at: String) {
        let replaces = whole.get("x-replaces");
        let texts =
            |_| list(whole, "x-replaces").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        self.replaces.insert(at.clone(), replaces.map(texts));
        // Every value that may be text may be a secret, unless the definition says that this one is none.
        let is_text = |kind: &Value| {
            kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")))
        };
        let is_secret = whole.get("x-secret") != Some(&Value::Bool(false));
        if is_secret && whole.get("type").is_none_or(is_text) {
            *field = secret(whole.get("description"), replaces);
            self.secrets.push(at);
        }
    }
}

/// A field together with the keywords that it gets by reference or from combined schemas.
fn resolved(field: &Value, root: &Value, depth: usize) -> Value {
    let referred =
        field.get("$ref").and_then(Value::as_str).and_then(|at| root.pointer(at.strip_prefix('#')?));
    let several = ["allOf", "anyOf", "oneOf"].iter().flat_map(|name| list(field, name));
    let all = several.chain(referred);
    let mut whole = field.clone();
    for other in all.filter(|_| depth < 3) {
        if let (Value::Object(other), Some(whole)) = (resolved(other, root, depth + 1), whole.as_object_mut())
        {
            for (name, value) in other {
                whole.entry(name).or_insert(value);
            }
        }
    }
    whole
}

/// Marks a field that may grant something, unless the definition says whether it does: a truth, or a list.
fn mark_grants(field: &mut Value, whole: &Value) {
    let is = |wanted: &str| {
        let of = whole.get("type");
        of.is_some_and(|of| of == wanted || of.as_array().is_some_and(|of| of.iter().any(|of| of == wanted)))
    };
    if let Some(field) = field.as_object_mut().filter(|_| is("boolean") || is("array")) {
        field.entry("x-grants").or_insert(Value::Bool(true));
    }
}

/// Fields inside a list's items that only the server sets.
fn read_only_in(schema: &Value, at: &str, found: &mut Vec<String>) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let at = child(at, name);
        if is_true(field, "readOnly") { found.push(at) } else { read_only_in(field, &at, found) }
    }
    if let Some(items) = schema.get("items") {
        read_only_in(items, &format!("{at}/*"), found);
    }
}

/// The schema of a secret: git holds its name, never the secret itself.
fn secret(description: Option<&Value>, replaces: Option<&Value>) -> Value {
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
    let more = [("description", description), ("x-replaces", replaces)];
    if let Some(schema) = schema.as_object_mut() {
        schema.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone()))));
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
        // Fields that the server adds to an item are not a difference.
        let own = properties.iter().filter(|(_, field)| is_true(field, "readOnly"));
        let own: Vec<_> = own.map(|(name, _)| name.clone()).collect();
        properties.retain(|name, _| !own.contains(name));
        properties.values_mut().for_each(close);
        if !own.is_empty() {
            schema.insert("x-read-only".to_owned(), Value::from(own));
        }
        close_object(schema);
    }
}

fn close_object(schema: &mut Map<String, Value>) {
    // A schema that already says what other fields may be stays as it is.
    let open = ["additionalProperties", "patternProperties", "unevaluatedProperties"];
    if open.iter().any(|keyword| schema.contains_key(*keyword)) {
        return;
    }
    let several = ["allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$ref"];
    let is_whole = !several.iter().any(|keyword| schema.contains_key(*keyword));
    let keyword = if is_whole { "additionalProperties" } else { "unevaluatedProperties" };
    schema.insert(keyword.to_owned(), Value::Bool(false));
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
        assert_eq!(spec.replaces.get("/password"), Some(&Some(vec!["hash".to_owned()])));
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
