//! Checks how a list compares: `x-list-type`, `x-list-map-keys` and `x-list-map-total`. Not here: the comparison, in `compare::shape`.

use serde_json::Value;

use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::schema::is_true;
use crate::system::body::list;

/// How lists may compare.
const TYPES: [&str; 4] = ["set", "map", "multiset", "atomic"];

pub(super) fn check(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    check_total(schema, at, problems);
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

/// An item with only defaults can stand for a missing one only if every field besides the keys has one.
fn check_total(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let Some(total) = schema.get("x-list-map-total") else { return };
    let place = format!("{at}/x-list-map-total");
    if !total.is_boolean() || schema.get("x-list-type").is_none_or(|of| *of != "map") {
        let message = "only a list of type `map` can have an item for every key";
        problems.report(&place, Code::SystemListType, message, "write `true`, and `x-list-type: map`");
        return;
    }
    let keys = list(schema, "x-list-map-keys");
    let fields = schema.pointer("/items/properties").and_then(Value::as_object).into_iter().flatten();
    let bare = fields.filter(|(name, field)| {
        let own = is_true(field, "readOnly") || keys.iter().any(|key| key == name.as_str());
        !own && field.get("default").is_none()
    });
    for (name, _) in bare.filter(|_| *total == true) {
        let message =
            format!("an item without `{name}` cannot be the same as no item, because it has no default");
        problems.report(
            &place,
            Code::SystemListType,
            message,
            "add a `default`, or remove `x-list-map-total`",
        );
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
