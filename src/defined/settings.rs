//! The settings of a target, as a definition describes them: their JSON Schema, and which of them every target has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::system::body::list;

/// What is known of the settings.
pub(super) struct Settings {
    /// Their JSON Schema, which takes nothing that the definition does not know.
    pub(super) schema: Value,
    /// By name, whether every target has it.
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
                format!("the setting `{name}` may be left out, and then this cannot be filled in"),
                format!("put `{name}` into `required` of `settings`, or give it a `default`"),
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
