//! How the values of a spec compare: what a JSON Schema says about sets, keyed lists and defaults, compiled.
//!
//! The keywords are those of Kubernetes: `x-list-type: set | map | atomic`, `x-list-map-keys`, `default` and
//! `x-map-type: atomic`. Added are `multiset`, a set in which repeats count, and JSON Schema's `writeOnly` for what is
//! never in a reply. They give the canonical form that both sides of a diff are brought to.
//!
//! Not here: the comparison itself, in `diff`, and any special case for a system.

use serde_json::{Map, Value};

/// How a spec, or a part of one, compares.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A scalar, or a value that enact does not look into.
    Any,
    /// An object with known fields, in the order of the schema.
    Object(Vec<(String, FieldShape)>),
    /// A list whose order matters.
    List(Box<Shape>),
    /// A list whose order does not matter.
    Set {
        /// What each item is.
        item: Box<Shape>,
        /// Whether repeats count.
        repeats: bool,
    },
    /// A list of objects that are matched by the values of some fields; items without them compare by content.
    Map {
        /// The fields that identify an item.
        keys: Vec<String>,
        /// What each item is.
        item: Box<Shape>,
    },
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldShape {
    /// What its value is.
    pub shape: Shape,
    /// The value that the API uses when the field is left out.
    pub default: Option<Value>,
    /// Whether replies never hold it, so that it cannot be compared.
    pub write_only: bool,
}

impl Shape {
    /// Compiles the JSON Schema of a spec. References are followed inside the schema's own `$defs`.
    pub fn from_schema(schema: &Value) -> Self {
        Self::compile(schema, schema, 0)
    }

    fn compile(schema: &Value, root: &Value, depth: usize) -> Self {
        // A schema may refer to itself: below the depth of any real spec a value is compared whole.
        if depth > 32 {
            return Self::Any;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            let here = Self::compile_own(schema, root, depth);
            return match (here, target) {
                (Self::Any, Some(target)) => Self::compile(target, root, depth + 1),
                (own, _) => own,
            };
        }
        Self::compile_own(schema, root, depth)
    }

    fn compile_own(schema: &Value, root: &Value, depth: usize) -> Self {
        // An object that compares as one value, in the words of Kubernetes.
        let atomic = schema.get("x-map-type").is_some_and(|kind| kind == "atomic");
        // One that accepts fields beyond those it lists is also compared as a whole.
        let others = schema.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false));
        let whole = atomic || others || schema.get("patternProperties").is_some();
        let properties = properties_of(schema, root, depth);
        if schema.get("properties").is_some() && !whole {
            let field = |(name, field): (&String, &Value)| {
                let shape = Self::compile(field, root, depth + 1);
                let write_only = field.get("writeOnly") == Some(&Value::Bool(true));
                (name.clone(), FieldShape { shape, default: field.get("default").cloned(), write_only })
            };
            return Self::Object(properties.into_iter().map(field).collect());
        }
        let Some(items) = schema.get("items") else { return Self::Any };
        let item = Box::new(Self::compile(items, root, depth + 1));
        match schema.get("x-list-type").and_then(Value::as_str) {
            Some("set") => Self::Set { item, repeats: false },
            Some("multiset") => Self::Set { item, repeats: true },
            Some("map") => Self::Map { keys: map_keys(schema), item },
            _ => Self::List(item),
        }
    }

    /// The shape of a field; `Any` for one that the schema does not know.
    pub fn field(&self, name: &str) -> &Self {
        match self {
            Self::Object(fields) => find(fields, name).map_or(&Self::Any, |field| &field.shape),
            _ => &Self::Any,
        }
    }

    /// The canonical form of what git declares: known fields only, sets sorted, and the API's defaults filled in inside
    /// list items, which are managed whole. A field left out at the top stays left out, because it is not managed.
    pub fn declared(&self, value: &Value) -> Value {
        self.canonical(value, false)
    }

    /// The canonical form of what the API holds: like [`Shape::declared`], but with every default filled in, and
    /// without what cannot be read back.
    pub fn observed(&self, value: &Value) -> Value {
        self.readable(self.canonical(value, true))
    }

    /// The value without what cannot be read back.
    #[must_use]
    pub fn readable(&self, mut value: Value) -> Value {
        self.drop_write_only(&mut value, None);
        value
    }

    /// Removes what cannot be read back, unless `base` has another value for it: then git has changed it.
    pub fn drop_write_only(&self, value: &mut Value, base: Option<&Value>) {
        let (Self::Object(fields), Value::Object(map)) = (self, value) else { return };
        for (name, field) in fields {
            let then = base.map(|base| base.get(name).unwrap_or(&Value::Null));
            if field.write_only && then.is_none_or(|then| map.get(name).is_none_or(|now| now == then)) {
                map.remove(name);
            } else if let Some(value) = map.get_mut(name) {
                field.shape.drop_write_only(value, then);
            }
        }
    }

    fn canonical(&self, value: &Value, whole: bool) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(map)) => Value::Object(
                fields.iter().filter_map(|(name, field)| canonical_field(name, field, map, whole)).collect(),
            ),
            (Self::List(item), Value::Array(items)) => {
                items.iter().map(|value| item.canonical(value, true)).collect()
            }
            (Self::Set { item, repeats }, Value::Array(items)) => sorted(item, items, *repeats),
            (Self::Map { item, .. }, Value::Array(items)) => sorted(item, items, true),
            (_, value) => plain(value),
        }
    }

    /// The key of an item of a keyed list, such as `read`; `None` if a key field is missing or empty.
    pub fn key(keys: &[String], item: &Value) -> Option<String> {
        let part = |key: &String| match item.get(key)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        keys.iter().map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
    }

    /// The item with this key and only default values, if all its other fields have defaults. Such an item means the
    /// same as no item.
    pub fn neutral_item(&self, keys: &[String], like: &Value) -> Option<Value> {
        let Self::Object(fields) = self else { return None };
        if fields.iter().all(|(name, _)| keys.contains(name)) {
            // An item with only a key says something by being there.
            return None;
        }
        let field = |(name, field): &(String, FieldShape)| {
            let value = if keys.contains(name) { like.get(name).cloned() } else { field.default.clone() };
            value.map(|value| (name.clone(), value))
        };
        fields.iter().map(field).collect::<Option<Map<_, _>>>().map(Value::Object)
    }

    /// The value with its sets sorted and everything else unchanged: unknown fields stay, and no default is filled in.
    #[must_use]
    pub fn ordered(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(map)) => {
                let order = |(name, value): (&String, &Value)| {
                    let field = find(fields, name).map(|field| field.shape.ordered(value));
                    (name.clone(), field.unwrap_or_else(|| value.clone()))
                };
                Value::Object(map.iter().map(order).collect())
            }
            (Self::List(item), Value::Array(items)) => {
                items.iter().map(|value| item.ordered(value)).collect()
            }
            (Self::Set { item, .. } | Self::Map { item, .. }, Value::Array(items)) => {
                let mut items: Vec<_> = items.iter().map(|value| item.ordered(value)).collect();
                items.sort_by_cached_key(Value::to_string);
                Value::Array(items)
            }
            (_, value) => value.clone(),
        }
    }

    /// Adds the API's default to `now` for every field that `base` declared and `now` does not.
    pub fn return_to_default(&self, base: &Value, now: &mut Value) {
        let (Self::Object(fields), Value::Object(base), Value::Object(now)) = (self, base, now) else {
            return;
        };
        for (name, field) in fields.iter().filter(|(name, _)| base.contains_key(name)) {
            match (now.get_mut(name), &field.default, base.get(name)) {
                (Some(now), _, Some(base)) => field.shape.return_to_default(base, now),
                (None, Some(default), _) if !field.write_only => {
                    drop(now.insert(name.clone(), field.shape.observed(default)))
                }
                _ => {}
            }
        }
    }

    /// The fields of `base` that `now` lacks, as JSON pointers.
    pub fn left_out(&self, base: &Value, now: &Value) -> Vec<String> {
        let (Self::Object(fields), Value::Object(base)) = (self, base) else { return Vec::new() };
        let below = |(name, field): &(String, FieldShape)| match (base.get(name), now.get(name)) {
            (Some(base), Some(now)) => {
                field.shape.left_out(base, now).iter().map(|path| format!("/{name}{path}")).collect()
            }
            (Some(_), None) => vec![format!("/{name}")],
            _ => Vec::new(),
        };
        fields.iter().flat_map(below).collect()
    }

    /// The value without fields that only repeat the API's defaults, for manifests that people read.
    #[must_use]
    pub fn without_defaults(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(map)) => {
                let keep = |(name, value): (&String, &Value)| {
                    let field = find(fields, name)?;
                    let is_default = field.default.as_ref() == Some(value);
                    (!is_default).then(|| (name.clone(), field.shape.without_defaults(value)))
                };
                Value::Object(map.iter().filter_map(keep).collect())
            }
            (Self::List(item) | Self::Set { item, .. } | Self::Map { item, .. }, Value::Array(items)) => {
                items.iter().map(|value| item.without_defaults(value)).collect()
            }
            (_, value) => value.clone(),
        }
    }
}

/// The properties of a schema and of the schemas that it is composed of.
fn properties_of<'a>(schema: &'a Value, root: &'a Value, depth: usize) -> Vec<(&'a String, &'a Value)> {
    let mut properties: Vec<_> =
        schema.get("properties").and_then(Value::as_object).into_iter().flatten().collect();
    if depth > 32 {
        return properties;
    }
    let referred =
        schema.get("$ref").and_then(Value::as_str).and_then(|at| root.pointer(at.strip_prefix('#')?));
    let several =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema.get(*name)?.as_array()).flatten();
    let conditional = ["then", "else"].iter().filter_map(|name| schema.get(*name));
    for other in several.chain(conditional).chain(referred) {
        for (name, field) in properties_of(other, root, depth + 1) {
            if !properties.iter().any(|(known, _)| *known == name) {
                properties.push((name, field));
            }
        }
    }
    properties
}

/// The value with every whole number written as an integer, so that 1.0 and 1 are equal.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let whole =
                number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15);
            whole.map_or_else(|| value.clone(), |float| Value::from(float as i64))
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        scalar => scalar.clone(),
    }
}

fn find<'a>(fields: &'a [(String, FieldShape)], name: &str) -> Option<&'a FieldShape> {
    fields.iter().find(|(of, _)| of == name).map(|(_, field)| field)
}

fn canonical_field(
    name: &str,
    field: &FieldShape,
    map: &Map<String, Value>,
    whole: bool,
) -> Option<(String, Value)> {
    let value = match (map.get(name), &field.default) {
        (Some(value), _) => field.shape.canonical(value, whole),
        (None, Some(default)) if whole => field.shape.canonical(default, whole),
        (None, _) => return None,
    };
    Some((name.to_owned(), value))
}

fn sorted(item: &Shape, items: &[Value], repeats: bool) -> Value {
    let mut items: Vec<_> = items.iter().map(|value| item.canonical(value, true)).collect();
    items.sort_by_cached_key(Value::to_string);
    if !repeats {
        items.dedup();
    }
    Value::Array(items)
}

fn map_keys(schema: &Value) -> Vec<String> {
    let keys = schema.get("x-list-map-keys").and_then(Value::as_array);
    keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape() -> Shape {
        Shape::from_schema(&json!({
            "$defs": {"Item": {"type": "object", "properties": {
                "key": {"type": "string", "default": ""},
                "tags": {"type": "array", "items": {"type": "string"}, "x-list-type": "set", "default": []},
            }}},
            "properties": {
                "note": {"type": "string", "default": ""},
                "items": {"type": "array", "x-list-type": "map", "x-list-map-keys": ["key"], "items": {"$ref": "#/$defs/Item"}},
            },
        }))
    }

    #[test]
    fn a_field_left_out_is_unmanaged_but_an_item_is_whole() {
        let declared =
            shape().declared(&json!({"items": [{"key": "b", "tags": ["y", "x", "y"]}, {"key": "a"}]}));
        assert_eq!(declared, json!({"items": [{"key": "a", "tags": []}, {"key": "b", "tags": ["x", "y"]}]}));
        assert_eq!(shape().observed(&json!({"id": 7})), json!({"note": ""}), "unknown left out, defaults in");
    }

    #[test]
    fn canonical_forms_are_fixed_points() {
        let value = json!({"items": [{"key": "b", "tags": ["y", "x"]}, {"tags": []}]});
        let once = shape().observed(&value);
        assert_eq!(shape().observed(&once), once);
        assert_eq!(shape().observed(&shape().without_defaults(&once)), once, "defaults come back");
    }

    #[test]
    fn only_an_item_that_could_be_left_out_is_neutral() {
        let Shape::Map { keys, item } = shape().field("items").clone() else { panic!("a map") };
        assert_eq!(
            item.neutral_item(&keys, &json!({"key": "k", "tags": ["z"]})),
            Some(json!({"key": "k", "tags": []}))
        );
        let strict = Shape::from_schema(&json!({"properties": {"key": {}, "effect": {}}}));
        assert_eq!(strict.neutral_item(&keys, &json!({"key": "k"})), None);
    }
}
