//! Checks the JSON Schemas inside a definition: of settings and of specs. Not here: single fields, in `fields`.

use serde_json::{Map, Value};

use crate::defined::definition::KindForm;
use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::manifest;
use crate::pointer::child;
use crate::schema::check::Checker;
use crate::text::short;

pub(super) fn check_settings(settings: &Value, problems: &mut Problems<'_>) {
    if settings.get("type").is_none_or(|of| *of != "object") {
        let help = "write `type: object` with `properties`";
        problems.report("/settings/type", Code::SystemSettings, "settings must be an object", help);
    }
    check_schema(settings, "/settings", problems);
}

pub(super) fn check_spec(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let at = format!("{at}/spec");
    let object = kind.spec.get("type").is_none_or(|of| *of == "object");
    if !object || !kind.spec.get("properties").is_some_and(Value::is_object) {
        let help =
            "write `type: object` with `properties`; write `properties: {}` if an object has only its key";
        problems.report(&at, Code::SystemSpec, "a spec must be an object with known fields", help);
        return;
    }
    check_schema(&kind.spec, &at, problems);
}

/// Checks that a JSON Schema can be used.
fn check_schema(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let Err(error) = Checker::new(schema.clone()) else { return };
    let place = format!("{at}{}", error.pointer());
    let message = format!("this is not a JSON Schema: {}", error.problem());
    problems.report(&place, Code::SystemSchema, message, "see json-schema.org, draft 2020-12");
}

/// Checks `$defs` and references: in a manifest's schema the spec is not the root, and its `$defs` are merged with
/// those of the envelope.
pub(super) fn check_references(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let at = format!("{at}/spec");
    let own = kind.spec.get("$defs").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let envelope = manifest::document_schema(Value::Object(Map::new()), "", "", "");
    let envelope = envelope.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in own.filter(|name| envelope.contains_key(*name)) {
        let message = format!("`{name}` is already part of every manifest's schema");
        problems.report(&format!("{at}/$defs/{name}"), Code::SystemSchema, message, "give it another name");
    }
    check_references_in(&kind.spec, &at, problems);
}

fn check_references_in(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let elsewhere = |to: &str| to.starts_with('#') && !to.starts_with("#/$defs/");
    if let Some(to) = schema.get("$ref").and_then(Value::as_str).filter(|to| elsewhere(to)) {
        let message = format!("`{}` does not lead to `$defs`", short(to));
        let help = "put shared schemas below `$defs` of `spec`, and write `#/$defs/NAME`";
        problems.report(&format!("{at}/$ref"), Code::SystemSchema, message, help);
    }
    match schema {
        Value::Object(map) => {
            map.iter().for_each(|(name, inner)| check_references_in(inner, &child(at, name), problems));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| check_references_in(item, &format!("{at}/{index}"), problems));
        }
        _ => {}
    }
}
