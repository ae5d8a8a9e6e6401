//! The JSON Schemas inside a definition: of settings and of specs.

use serde_json::{Map, Value};

use crate::defined::definition::KindForm;
use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::pointer::child;
use crate::schema::check::Checker;
use crate::text::short;

pub(super) fn check_settings(settings: &Value, problems: &mut Problems<'_>) {
    if settings.get("type").is_none_or(|of| *of != "object") {
        let help = "write `type: object` with `properties`";
        problems.tell("/settings/type", Code::SystemSettings, "settings are an object", help);
    }
    check_schema(settings, "/settings", problems);
}

pub(super) fn check_spec(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let at = format!("{at}/spec");
    let object = kind.spec.get("type").is_none_or(|of| *of == "object");
    if !object || !kind.spec.get("properties").is_some_and(Value::is_object) {
        let help = "write `type: object` with `properties`; `properties: {}` where an object is only its key";
        problems.tell(&at, Code::SystemSpec, "a spec is an object with known fields", help);
        return;
    }
    check_schema(&kind.spec, &at, problems);
}

/// A JSON Schema that can be used.
fn check_schema(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let Err(error) = Checker::new(schema.clone()) else { return };
    let place = format!("{at}{}", error.pointer());
    let message = format!("this is not a JSON Schema: {}", error.problem());
    problems.tell(&place, Code::SystemSchema, message, "see json-schema.org, draft 2020-12");
}

/// In a manifest the spec is not the root any more, and its `$defs` are beside those of the envelope.
pub(super) fn check_references(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let at = format!("{at}/spec");
    let own = kind.spec.get("$defs").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    for name in own.filter(|name| ["Ensure", "Metadata"].contains(&name.as_str())) {
        let message = format!("`{name}` is a part of every manifest");
        problems.tell(&format!("{at}/$defs/{name}"), Code::SystemSchema, message, "give it another name");
    }
    check_references_in(&kind.spec, &at, problems);
}

fn check_references_in(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let elsewhere = |to: &str| to.starts_with('#') && !to.starts_with("#/$defs/");
    if let Some(to) = schema.get("$ref").and_then(Value::as_str).filter(|to| elsewhere(to)) {
        let message = format!("`{}` does not lead to `$defs`", short(to));
        let help = "put what is used in several places below `$defs` of `spec`, and write `#/$defs/NAME`";
        problems.tell(&format!("{at}/$ref"), Code::SystemSchema, message, help);
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
