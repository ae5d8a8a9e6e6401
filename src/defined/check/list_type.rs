//! Checks how a list compares: `x-list-type` and `x-list-map-keys`. Not here: the comparison, in `compare::shape`.

use serde_json::Value;

use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::system::body::list;

/// How lists may compare.
const TYPES: [&str; 4] = ["set", "map", "multiset", "atomic"];

pub(super) fn check(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let Some(list_type) = schema.get("x-list-type") else {
        if schema.get("x-list-map-keys").is_some() {
            let place = format!("{at}/x-list-map-keys");
            let message = "keys are only for a list of type `map`";
            problems.report(&place, Code::SystemListType, message, "add `x-list-type: map`");
        }
        return;
    };
    let place = format!("{at}/x-list-type");
    if !list_type.as_str().is_some_and(|name| TYPES.contains(&name)) {
        let help = format!("write one of {}", TYPES.join(", "));
        problems.report(&place, Code::SystemListType, "this is not a type of list", help);
    }
    if schema.get("items").is_none() {
        let message = "only a list with `items` can have a type of list";
        problems.report(&place, Code::SystemListType, message, "describe the items, or remove it");
    }
    if *list_type == "map" {
        check_keys(schema, at, problems);
    }
}

fn check_keys(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let keys: Vec<_> = list(schema, "x-list-map-keys").iter().filter_map(Value::as_str).collect();
    if keys.is_empty() {
        let place = format!("{at}/x-list-type");
        let message = "a list of type `map` needs its keys";
        let help = "add `x-list-map-keys: [FIELD]` with the fields that identify an item";
        problems.report(&place, Code::SystemListType, message, help);
    }
    let Some(properties) = schema.pointer("/items/properties") else { return };
    let is_text = |field: &Value| field.get("type").is_none_or(|of| *of == "string");
    for (index, key) in keys.iter().enumerate() {
        if !properties.get(*key).is_some_and(is_text) {
            let place = format!("{at}/x-list-map-keys/{index}");
            let message = format!("items have no text field `{key}`");
            problems.report(&place, Code::SystemListType, message, "name fields of the items that are texts");
        }
    }
}
