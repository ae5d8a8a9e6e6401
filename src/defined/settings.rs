//! The settings of a target, as a definition describes them: their JSON Schema, and which ones every target has. Not
//! here: the values for one target, in `api`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::system::body::list;

/// What is known about the settings.
pub(super) struct Settings {
    /// Their JSON Schema, which accepts only fields that the definition knows.
    pub(super) schema: Value,
    /// Whether every target has a setting, by name.
    known: BTreeMap<String, bool>,
}

impl Settings {
    /// Reads the schema that a definition gives.
    pub(super) fn new(given: Option<&Value>) -> Self {
        let schema = closed(given);
        let required: BTreeSet<_> = list(&schema, "required").iter().filter_map(Value::as_str).collect();
        let always = |(name, property): (&String, &Value)| {
            (name.clone(), required.contains(name.as_str()) || property.get("default").is_some())
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let known = properties.into_iter().flatten().map(always).collect();
        Self { schema, known }
    }

    /// What is wrong with a setting in a template, and what to do.
    pub(super) fn problem(&self, name: &str) -> Option<(String, String)> {
        match self.known.get(name) {
            Some(true) => None,
            Some(false) => Some((
                format!("the setting `{name}` is optional, and without it this cannot be filled in"),
                format!("add `{name}` to `required` of `settings`, or give it a `default`"),
            )),
            None => Some((
                format!("there is no setting `{name}`"),
                format!(
                    "describe it in `settings: {{properties: {{{name}: {{type: string}}}}, required: [{name}]}}`"
                ),
            )),
        }
    }
}

fn closed(given: Option<&Value>) -> Value {
    let mut schema = given.cloned().unwrap_or_else(|| json!({"type": "object", "properties": {}}));
    if let Some(schema) = schema.as_object_mut() {
        schema.entry("type").or_insert_with(|| Value::from("object"));
        schema.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    schema
}
