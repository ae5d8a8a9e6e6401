//! A value that a field could have, to begin with. It is one that the schema itself gives wherever it does. Never null and
//! never empty: that would say that the field is managed and empty.

use serde_json::{Map, Value};

use super::explain::{DEPTH, Field, alternatives};

/// How deep a value is made.
const LEVELS: usize = 6;

/// A value for a field; `None` if its schema does not say enough.
#[must_use]
pub fn of(root: &Value, field: &Field<'_>) -> Option<Value> {
    any(root, field.schema, LEVELS)
}

/// The scalars that the schema gives as examples for a field, or for an item of the list that it is.
#[must_use]
pub fn scalars(root: &Value, field: &Field<'_>) -> Vec<Value> {
    let own = alternatives(root, field.schema, DEPTH).chain(field.parts(root));
    let given = own.filter_map(|part| part.get("examples")?.as_array()).flatten();
    let each = given.flat_map(|example| match example {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    });
    let mut scalars: Vec<Value> = Vec::new();
    for one in each.filter(|one| !one.is_object() && !one.is_array() && says_something(one)) {
        if !scalars.contains(one) {
            scalars.push(one.clone());
        }
    }
    scalars
}

fn any(root: &Value, schema: &Value, levels: usize) -> Option<Value> {
    let levels = levels.checked_sub(1)?;
    let parts = || alternatives(root, schema, DEPTH);
    parts().find_map(given).or_else(|| parts().find_map(|part| made(root, part, levels)))
}

/// A value that the schema gives.
fn given(part: &Value) -> Option<Value> {
    let first = |keyword: &str| part.get(keyword)?.as_array()?.iter().find(|value| says_something(value));
    let one = |keyword: &str| part.get(keyword).filter(|value| says_something(value));
    first("examples").or_else(|| one("const")).or_else(|| first("enum")).or_else(|| one("default")).cloned()
}

/// Whether neither it nor anything in it is empty.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty() && items.iter().all(says_something),
        Value::Object(fields) => !fields.is_empty() && fields.values().all(says_something),
    }
}

fn made(root: &Value, part: &Value, levels: usize) -> Option<Value> {
    let kind = match part.get("type")? {
        Value::Array(kinds) => kinds.first()?,
        kind => kind,
    };
    match kind.as_str()? {
        "boolean" => Some(true.into()),
        "integer" | "number" => Some(part.get("minimum").cloned().unwrap_or_else(|| 1.into())),
        "string" if part.get("format").is_some_and(|format| format == "date") => Some("2027-03-31".into()),
        "string" => Some("text".into()),
        "array" => Some(Value::Array(vec![any(root, part.get("items")?, levels)?])),
        "object" => mapping(root, part, levels).map(Value::Object),
        _ => None,
    }
}

/// The fields that a mapping needs; if it needs none, its first one.
fn mapping(root: &Value, part: &Value, levels: usize) -> Option<Map<String, Value>> {
    let properties = part.get("properties").and_then(Value::as_object);
    let required = part.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<_> = required.filter_map(Value::as_str).collect();
    if names.is_empty() {
        names.extend(properties.into_iter().flat_map(Map::keys).map(String::as_str).take(1));
    }
    let field = |name: &str| Some((name.to_owned(), any(root, properties?.get(name)?, levels)?));
    if let [_, ..] = names.as_slice() {
        return names.into_iter().map(field).collect();
    }
    let of_any = part.get("additionalProperties").filter(|schema| schema.is_object())?;
    Some(Map::from_iter([("name".to_owned(), any(root, of_any, levels)?)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::system::registry::Registry;

    /// Looks at a field and at every field in it.
    fn visit(root: &Value, field: &Field<'_>, levels: usize, seen: &mut usize) {
        for child in field.children(root) {
            if let Some(value) = of(root, &child) {
                assert!(says_something(&value), "{}: {value}", child.name);
                *seen += 1;
            }
            if levels > 0 {
                visit(root, &child, levels - 1, seen);
            }
        }
    }

    #[test]
    fn no_value_to_begin_with_says_managed_and_empty() {
        let registry = Registry::built_in();
        let kinds = catalog::kinds(&registry).map(|(.., schema)| schema);
        let mut seen = 0;
        for schema in kinds.chain(catalog::files(&registry).into_iter().map(|(_, schema)| schema)) {
            visit(&schema, &Field::at("", &schema, &[]).unwrap(), 4, &mut seen);
        }
        assert!(seen > 200, "{seen}");
    }
}
