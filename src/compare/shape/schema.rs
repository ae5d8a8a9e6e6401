//! The shape of a spec, compiled from its JSON Schema.
//!
//! Not here: what a shape does to values, in `shape`.

use serde_json::Value;

use super::{FieldShape, Shape};

/// A schema may refer to itself: below the depth of any real spec a value is compared whole.
const DEEPEST: usize = 32;

impl Shape {
    /// Compiles the JSON Schema of a spec. References are followed inside the schema's own `$defs`.
    pub fn from_schema(schema: &Value) -> Self {
        Self::compile(schema, schema, 0)
    }

    fn compile(schema: &Value, root: &Value, depth: usize) -> Self {
        if depth > DEEPEST {
            return Self::Any;
        }
        match (Self::compile_own(schema, root, depth), referred(schema, root)) {
            (Self::Any, Some(target)) => Self::compile(target, root, depth + 1),
            (own, _) => own,
        }
    }

    fn compile_own(schema: &Value, root: &Value, depth: usize) -> Self {
        // An object that compares as one value, in the words of Kubernetes.
        let atomic = schema.get("x-map-type").is_some_and(|kind| kind == "atomic");
        // One that accepts fields beyond those it lists is also compared as a whole.
        let others = schema.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false));
        let whole = atomic || others || schema.get("patternProperties").is_some();
        let properties = properties_of(schema, root, depth);
        if schema.get("properties").is_some() && !whole {
            let field = |(name, schema): (&String, &Value)| (name.clone(), field(schema, root, depth + 1));
            return Self::Object(properties.into_iter().map(field).collect());
        }
        let Some(items) = schema.get("items") else { return Self::Any };
        let item = Box::new(Self::compile(items, root, depth + 1));
        match schema.get("x-list-type").and_then(Value::as_str) {
            Some("set") => Self::Set { item, repeats: false },
            Some("multiset") => Self::Set { item, repeats: true },
            Some("map") => Self::Map {
                keys: schema.get("x-list-map-keys").map(texts).unwrap_or_default(),
                total: is_true(schema, "x-list-map-total"),
                item,
            },
            _ => Self::List(item),
        }
    }
}

/// The properties of a schema and of the schemas that it is composed of.
fn properties_of<'a>(schema: &'a Value, root: &'a Value, depth: usize) -> Vec<(&'a String, &'a Value)> {
    let mut properties: Vec<_> =
        schema.get("properties").and_then(Value::as_object).into_iter().flatten().collect();
    if depth > DEEPEST {
        return properties;
    }
    let several =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema.get(*name)?.as_array()).flatten();
    let conditional = ["then", "else"].iter().filter_map(|name| schema.get(*name));
    for other in several.chain(conditional).chain(referred(schema, root)) {
        for (name, field) in properties_of(other, root, depth + 1) {
            if !properties.iter().any(|(known, _)| *known == name) {
                properties.push((name, field));
            }
        }
    }
    properties
}

fn field(schema: &Value, root: &Value, depth: usize) -> FieldShape {
    let default = schema.get("default").cloned();
    let null_is_default =
        default.as_ref().is_some_and(|default| is_empty(default) || !takes_null(schema, root, depth));
    FieldShape {
        shape: Shape::compile(schema, root, depth),
        default,
        null_is_default,
        write_only: is_true(schema, "writeOnly"),
        replaces: schema.get("x-replaces").map(texts),
        grants: is_true(schema, "x-grants"),
    }
}

/// Whether a value says as little as null does.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// Whether null is valid for a schema. In doubt it is, and then means itself.
fn takes_null(schema: &Value, root: &Value, depth: usize) -> bool {
    if depth > DEEPEST {
        return true;
    }
    let null = Value::from("null");
    let by_type =
        schema.get("type").map(|of| *of == null || of.as_array().is_some_and(|of| of.contains(&null)));
    let by_enum = schema.get("enum").and_then(Value::as_array).map(|of| of.contains(&Value::Null));
    let by_const = schema.get("const").map(Value::is_null);
    let inner = |schema: &Value| takes_null(schema, root, depth + 1);
    let all = schema.get("allOf").and_then(Value::as_array).map(|all| all.iter().all(inner));
    let any = ["anyOf", "oneOf"].map(|name| Some(schema.get(name)?.as_array()?.iter().any(inner)));
    let target = referred(schema, root).map(inner);
    [by_type, by_enum, by_const, all, target].into_iter().chain(any).flatten().all(|takes| takes)
}

fn referred<'a>(schema: &Value, root: &'a Value) -> Option<&'a Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn is_true(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Value::Bool(true))
}

/// The texts of a list.
fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
