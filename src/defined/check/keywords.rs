//! Finds misspelt keywords of JSON Schema. Not here: wrong values of keywords, in `schemas`.

use serde_json::{Map, Value};

use crate::defined::problems::Problems;
use crate::diagnostic::{Code, nearest};
use crate::pointer::child;

/// The keywords that mean something here and may be misspelt.
const KEYWORDS: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    "x-create-only",
    "x-grants",
    "x-list-map-keys",
    "x-list-map-total",
    "x-list-type",
    "x-map-type",
    "x-null",
    "x-pattern-hint",
    "x-replaces",
    "x-secret",
    "x-selects-tenant",
    "x-text",
    "$ref",
    "$defs",
    "if",
    "then",
    "else",
    "not",
    "deprecated",
    "contains",
    "$comment",
    "prefixItems",
    "minContains",
    "maxContains",
    "propertyNames",
    "unevaluatedProperties",
    "dependentRequired",
    "dependentSchemas",
    "$schema",
    "$id",
    "$anchor",
    "contentEncoding",
    "contentMediaType",
    "unevaluatedItems",
];

/// Reports a keyword that is similar to a known one: JSON Schema itself ignores unknown keywords.
pub(super) fn check(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let names = schema.as_object().into_iter().flat_map(Map::keys);
    for name in names.filter(|name| !KEYWORDS.contains(&name.as_str())) {
        let same = KEYWORDS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
        if let Some(meant) = same.or_else(|| nearest(name, KEYWORDS.iter().copied())) {
            let message = format!("`{name}` means nothing in a JSON Schema");
            problems.report(
                &child(at, name),
                Code::SystemKeyword,
                message,
                format!("did you mean `{meant}`?"),
            );
        }
    }
}
