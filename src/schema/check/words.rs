//! The words for types, values and rules in messages. Not here: the diagnostics, in `check`.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use crate::diagnostic::Code;
use crate::manifest::yaml::{Node, Value};
use crate::text::short;

/// How many names a help lists.
const LISTED: usize = 20;
/// How deep references are followed; a schema may refer to itself.
const DEPTH: usize = 8;

/// The types a schema allows, such as `a string or a list`.
pub(in crate::schema) fn expected(kinds: &[&str]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| type_name(kind)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn type_name(kind: &str) -> &str {
    match kind {
        "string" => "a string",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}

/// What a user wrote, such as ``the number `007` ``.
pub(super) fn found(node: &Node) -> String {
    match &node.value {
        Value::Null if node.raw().is_none_or(str::is_empty) => "nothing".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(_) => format!("the boolean `{}`", shown(node)),
        Value::Number(_) => format!("the number `{}`", shown(node)),
        Value::String(_) => format!("the string `{}`", shown(node)),
        Value::Seq(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
    }
}

/// A value as it was written, short and safe to print.
pub(super) fn shown(node: &Node) -> String {
    match node.raw() {
        Some(raw) => short(raw),
        None => json(&node.to_json()),
    }
}

/// A JSON value for a sentence, short and safe to print; text without quotes.
pub(in crate::schema) fn json(value: &Json) -> String {
    value.as_str().map_or_else(|| short(&value.to_string()), short)
}

/// Names in backticks, up to a limit.
pub(super) fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", short(name))).collect();
    crate::words::list(&names, LISTED)
}

/// What to do about a value of the wrong type.
pub(super) fn type_help(kinds: &[&str], node: &Node) -> String {
    let wants = |kind| kinds.contains(&kind);
    let raw = node.raw().map(short).unwrap_or_default();
    match &node.value {
        Value::Null => "write a value, or remove the key to leave the field unmanaged".to_owned(),
        Value::Bool(_) | Value::Number(_) if wants("string") => format!("quote it: `\"{raw}\"`"),
        Value::String(text) if wants("boolean") => boolean_help(text),
        Value::String(text) if wants_number(kinds) && text.parse::<f64>().is_ok() => {
            format!("remove the quotes: `{}`", short(text))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) if wants("array") => {
            format!("put it in a list: `[{}]`", shown(node))
        }
        _ => format!("write {}", expected(kinds)),
    }
}

fn wants_number(kinds: &[&str]) -> bool {
    kinds.contains(&"number") || kinds.contains(&"integer")
}

/// The help for a boolean. Older YAML had many words for booleans, and people still use them.
fn boolean_help(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" => "write `true`, without quotes".to_owned(),
        "false" | "no" | "off" | "n" | "0" => "write `false`, without quotes".to_owned(),
        _ => "write `true` or `false`, without quotes".to_owned(),
    }
}

/// Code, message and help of the rules that do not need the schema.
pub(super) fn plain_rule(kind: &Kind, node: Option<&Node>) -> (Code, String, String) {
    let value = node.map(|node| format!("`{}`", shown(node))).unwrap_or_default();
    let limit = |code, message: String, most: &str, limit: &dyn ToString, unit: &str| {
        (code, message, format!("use {most} {}{unit}", limit.to_string()))
    };
    let range = |most, end| limit(Code::SchemaRange, format!("{value} is out of range"), most, end, "");
    let length = |problem, most, end| {
        limit(Code::SchemaLength, format!("{value} is too {problem}"), most, end, " characters")
    };
    let items = |problem, most, end| {
        limit(Code::SchemaItems, format!("the list has too {problem} items"), most, end, "")
    };
    let fields = |problem, most, end| {
        limit(Code::SchemaRule, format!("the mapping has too {problem} fields"), most, end, "")
    };
    let rule = |message, help: &str| (Code::SchemaRule, message, help.to_owned());
    match kind {
        Kind::Maximum { limit } => range("at most", limit),
        Kind::Minimum { limit } => range("at least", limit),
        Kind::ExclusiveMaximum { limit } => range("less than", limit),
        Kind::ExclusiveMinimum { limit } => range("more than", limit),
        Kind::MaxLength { limit } => length("long", "at most", limit),
        Kind::MinLength { limit } => length("short", "at least", limit),
        Kind::MaxItems { limit } => items("many", "at most", limit),
        Kind::MinItems { limit } => items("few", "at least", limit),
        Kind::AdditionalItems { limit } => items("many", "at most", limit),
        Kind::MaxProperties { limit } => fields("many", "at most", limit),
        Kind::MinProperties { limit } => fields("few", "at least", limit),
        Kind::Format { format } => {
            let example = if format == "date" { " such as `2027-03-31`" } else { "" };
            let help = format!("write a {format}{example}");
            (Code::SchemaFormat, format!("{value} is not a valid {format}"), help)
        }
        Kind::MultipleOf { multiple_of } => {
            rule(format!("{value} is not a multiple of {multiple_of}"), "use a multiple of it")
        }
        Kind::Contains => {
            rule("the list lacks an item that it must contain".to_owned(), "see the schema of this field")
        }
        Kind::FalseSchema => rule("nothing is allowed here".to_owned(), "remove it"),
        Kind::OneOfMultipleValid { .. } => {
            rule("the value fits several alternatives at once".to_owned(), "keep the fields of one of them")
        }
        other => {
            rule(format!("the value breaks the rule `{}`", other.keyword()), "see the schema of this field")
        }
    }
}

/// The first paragraph of a schema's description, as part of a sentence.
pub(super) fn description(rule: &Json, root: &Json) -> Option<String> {
    let own = rule.get("description").or_else(|| resolve(rule, root)?.get("description"));
    let paragraph = own?.as_str()?.split("\n\n").next()?;
    Some(paragraph.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned())
}

/// All fields that a schema knows, including those of its alternatives.
pub(super) fn known_fields<'a>(rule: &'a Json, root: &'a Json) -> Vec<&'a str> {
    let mut names = BTreeSet::new();
    collect_fields(rule, root, DEPTH, &mut names);
    names.into_iter().collect()
}

fn collect_fields<'a>(rule: &'a Json, root: &'a Json, depth: usize, names: &mut BTreeSet<&'a str>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    let properties = rule.get("properties").and_then(Json::as_object);
    names.extend(properties.into_iter().flatten().map(|(name, _)| name.as_str()));
    let many =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| rule.get(keyword)?.as_array()).flatten();
    let one = ["if", "then", "else"].iter().filter_map(|keyword| rule.get(keyword));
    for part in many.chain(one).chain(resolve(rule, root)) {
        collect_fields(part, root, deeper, names);
    }
}

fn resolve<'a>(rule: &Json, root: &'a Json) -> Option<&'a Json> {
    root.pointer(rule.get("$ref")?.as_str()?.strip_prefix('#')?)
}
