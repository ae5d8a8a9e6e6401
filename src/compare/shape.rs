//! How the values of a spec compare: what a JSON Schema says about sets, keyed lists and defaults, compiled.
//!
//! The keywords are those of Kubernetes: `x-list-type: set | map | atomic`, `x-list-map-keys`, `default` and
//! `x-map-type: atomic`. Added are `multiset`, a set in which repeats count, `x-list-map-total` for a keyed list in which
//! an item with only defaults is the same as none, and JSON Schema's `writeOnly` for what is never in a reply. They give
//! the canonical form that both sides of a diff are brought to.
//!
//! Not here: how a schema is compiled, in `schema`; the comparison itself, in `diff`; any special case for a system.

use serde_json::{Map, Value};

use crate::pointer::{self, child};

mod schema;

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
        /// Whether the API has an item for every key, so that one with only defaults is the same as none.
        total: bool,
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
    /// Whether null is the same as the default: some APIs keep nothing as null. Where null is a value of its own and the
    /// default says something, null means itself.
    pub null_is_default: bool,
    /// Whether replies never hold it, so that it cannot be compared.
    pub write_only: bool,
    /// The live fields that it becomes on the server. If this is empty, a write that leaves it out keeps it; `None` if
    /// nothing is known.
    pub replaces: Option<Vec<String>>,
    /// Whether it grants something, so that nobody may change it unnoticed.
    pub grants: bool,
}

impl Shape {
    /// The shape of a field; `Any` for one that the schema does not know.
    pub fn field(&self, name: &str) -> &Self {
        self.known(name).map_or(&Self::Any, |field| &field.shape)
    }

    /// A field that the schema knows.
    pub(super) fn known(&self, name: &str) -> Option<&FieldShape> {
        match self {
            Self::Object(fields) => find(fields, name),
            _ => None,
        }
    }

    /// Whether `observed` is the default of a field, and null means that default.
    pub fn null_means(&self, name: &str, observed: &Value) -> bool {
        let Self::Object(fields) = self else { return false };
        let field = find(fields, name).filter(|field| field.null_is_default);
        field.is_some_and(|field| {
            field.default.as_ref().map(|default| field.shape.observed(default)).as_ref() == Some(observed)
        })
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

    /// What is at the next step of a field's path; `None` if the API never shows it.
    pub(super) fn shown(&self, step: &str) -> Option<&Self> {
        match self {
            Self::Object(_) => match self.known(step) {
                Some(field) => (!field.write_only).then_some(&field.shape),
                None => Some(&Self::Any),
            },
            Self::List(item) | Self::Set { item, .. } | Self::Map { item, .. } => Some(item),
            _ => Some(&Self::Any),
        }
    }

    /// The value without what the API never shows, at any depth.
    pub(super) fn without_write_only(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let shown = |(name, value): (&String, &Value)| {
                    Some((name.clone(), self.shown(name)?.without_write_only(value)))
                };
                Value::Object(map.iter().filter_map(shown).collect())
            }
            Value::Array(items) => {
                let shown = |item: &Value| Some(self.shown("")?.without_write_only(item));
                items.iter().filter_map(shown).collect()
            }
            other => other.clone(),
        }
    }

    /// Where a declaration says what a canonical form says at a place; `None` if it says something else, or nothing.
    #[must_use]
    pub fn written_at(&self, written: &Value, canonical: &Value, at: &str) -> Option<String> {
        let (mut shape, mut written, mut canonical, mut found) = (self, written, canonical, String::new());
        for step in pointer::fields(at) {
            let field = match written {
                Value::Array(items) => {
                    canonical = canonical.get(step.parse::<usize>().ok()?)?;
                    let item = shape.shown(&step)?;
                    items.iter().position(|own| item.canonical(own, true) == *canonical)?.to_string()
                }
                _ => {
                    canonical = canonical.get(&step)?;
                    step
                }
            };
            shape = shape.shown(&field)?;
            found = child(&found, &field);
            written = written.pointer(&child("", &field))?;
        }
        (shape.canonical(written, true) == *canonical).then_some(found)
    }

    fn canonical(&self, value: &Value, whole: bool) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(map)) => Value::Object(
                fields.iter().filter_map(|(name, field)| canonical_field(name, field, map, whole)).collect(),
            ),
            (Self::List(item), Value::Array(items)) => {
                items.iter().map(|value| item.canonical(value, true)).collect()
            }
            (Self::Set { item, repeats }, Value::Array(items)) => sorted(item, items.iter(), *repeats),
            (Self::Map { keys, total, item }, Value::Array(items)) => {
                let says_something = |value: &&Value| !(*total && item.is_neutral(keys, value));
                sorted(item, items.iter().filter(says_something), true)
            }
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

    /// The item with this key and only default values, if all its other fields have defaults.
    pub fn neutral_item(&self, keys: &[String], like: &Value) -> Option<Value> {
        let Self::Object(fields) = self else { return None };
        let field = |(name, field): &(String, FieldShape)| {
            let value = if keys.contains(name) { like.get(name).cloned() } else { field.default.clone() };
            value.map(|value| (name.clone(), value))
        };
        fields.iter().map(field).collect::<Option<Map<_, _>>>().map(Value::Object)
    }

    fn is_neutral(&self, keys: &[String], item: &Value) -> bool {
        self.neutral_item(keys, item).is_some_and(|neutral| self.observed(&neutral) == self.observed(item))
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
        self.trimmed(value, &|_, _| false)
    }

    /// The value as a new manifest says it: without fields that only repeat the API's defaults, except those that grant
    /// something, because a field that a manifest leaves out can be changed unnoticed. With `all`, with every field.
    #[must_use]
    pub fn for_manifest(&self, value: &Value, all: bool) -> Value {
        self.trimmed(value, &|field, value| (all || field.grants) && !value.is_null())
    }

    /// The value without fields that only repeat the API's defaults, except those that are kept.
    fn trimmed(&self, value: &Value, is_kept: &dyn Fn(&FieldShape, &Value) -> bool) -> Value {
        match (self, value) {
            (Self::Object(fields), Value::Object(map)) => {
                let keep = |(name, value): (&String, &Value)| {
                    let field = find(fields, name)?;
                    let is_default = field.default.as_ref() == Some(value);
                    let below = || field.shape.trimmed(value, is_kept);
                    (!is_default || is_kept(field, value)).then(|| (name.clone(), below()))
                };
                Value::Object(map.iter().filter_map(keep).collect())
            }
            (Self::List(item) | Self::Set { item, .. } | Self::Map { item, .. }, Value::Array(items)) => {
                items.iter().map(|value| item.trimmed(value, is_kept)).collect()
            }
            (_, value) => value.clone(),
        }
    }

    /// Whether a field of it grants something.
    pub fn has_grants(&self) -> bool {
        let Self::Object(fields) = self else { return false };
        fields.iter().any(|(_, field)| field.grants || field.shape.has_grants())
    }

    /// The fields that grant something, that `declared` leaves out, and that are not at their default in `live`, as JSON
    /// pointers.
    pub fn undeclared_grants(&self, declared: &Value, live: &Value) -> Vec<String> {
        let Self::Object(fields) = self else { return Vec::new() };
        let of = |(name, field): &(String, FieldShape)| {
            let at = child("", name);
            let live = live.get(name).filter(|live| !live.is_null());
            match (declared.get(name), live, &field.default) {
                (None, Some(live), Some(default)) if field.grants => {
                    let is_default = field.shape.observed(live) == field.shape.observed(default);
                    if is_default { Vec::new() } else { vec![at] }
                }
                (declared, Some(live), _) => {
                    let below = field.shape.undeclared_grants(declared.unwrap_or(&Value::Null), live);
                    below.into_iter().map(|below| format!("{at}{below}")).collect()
                }
                (_, None, _) => Vec::new(),
            }
        };
        fields.iter().flat_map(of).collect()
    }
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
    // In a declaration, null says more of an object than an empty one, in which nothing is managed.
    let by_null = field.null_is_default && (whole || !matches!(field.shape, Shape::Object(_)));
    let value = match (map.get(name), &field.default) {
        (Some(Value::Null), Some(default)) if by_null => field.shape.canonical(default, whole),
        (Some(value), _) => field.shape.canonical(value, whole),
        (None, Some(default)) if whole => field.shape.canonical(default, whole),
        (None, _) => return None,
    };
    Some((name.to_owned(), value))
}

fn sorted<'a>(item: &Shape, items: impl Iterator<Item = &'a Value>, repeats: bool) -> Value {
    let mut items: Vec<_> = items.map(|value| item.canonical(value, true)).collect();
    items.sort_by_cached_key(Value::to_string);
    if !repeats {
        items.dedup();
    }
    Value::Array(items)
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
    fn what_a_canonical_form_says_is_found_where_it_is_written() {
        let written = json!({"items": [{"key": "b", "tags": ["y", "x"]}, {"key": "a"}]});
        let canonical = shape().declared(&written);
        let at = |canonical: &Value, at: &str| shape().written_at(&written, canonical, at);
        assert_eq!(at(&canonical, "/items/0").as_deref(), Some("/items/1"));
        assert_eq!(at(&canonical, "/items/1/tags/0").as_deref(), Some("/items/0/tags/1"));
        assert_eq!(
            at(&json!({"items": [{"key": "a", "tags": ["z"]}]}), "/items/0"),
            None,
            "it says something else"
        );
        assert_eq!(at(&canonical, "/items/2"), None);
        assert_eq!(at(&canonical, "/note"), None);
    }

    #[test]
    fn canonical_forms_are_fixed_points() {
        let value = json!({"items": [{"key": "b", "tags": ["y", "x"]}, {"tags": []}]});
        let once = shape().observed(&value);
        assert_eq!(shape().observed(&once), once);
        assert_eq!(shape().observed(&shape().without_defaults(&once)), once, "defaults come back");
    }

    /// A field of this schema, as it comes out if it is declared and if it is live with this value.
    fn forms(field: Value, value: Value) -> (Value, Value) {
        let shape = Shape::from_schema(&json!({"properties": {"f": field}}));
        let of = |form: Value| form.get("f").cloned().unwrap_or_default();
        (of(shape.declared(&json!({"f": value}))), of(shape.observed(&json!({"f": value}))))
    }

    #[test]
    fn null_is_the_default_where_it_says_as_little_or_is_no_value_of_its_own() {
        let all = |default: &Value| (default.clone(), default.clone());
        for (kind, default) in [
            ("string", json!("")),
            ("array", json!([])),
            ("boolean", json!(false)),
            ("integer", json!(0)),
            ("number", json!(0)),
            // Null cannot be declared, so a live one says what a missing field does.
            ("integer", json!(60)),
            ("string", json!("ALLOW")),
            ("boolean", json!(true)),
        ] {
            let plain = json!({"type": kind, "default": default});
            assert_eq!(forms(plain, Value::Null), all(&default), "{kind}");
        }
        for empty in [json!(""), json!([]), json!(false), Value::Null] {
            let nullable = json!({"type": ["string", "array", "boolean", "null"], "default": empty});
            assert_eq!(forms(nullable, Value::Null), all(&empty));
        }
    }

    #[test]
    fn null_means_itself_where_it_is_a_value_beside_a_default_that_says_something() {
        for field in [
            json!({"type": ["integer", "null"], "default": 60}),
            json!({"enum": [60, null], "default": 60}),
            json!({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 60}),
            json!({"default": 60}),
            json!({"type": ["string", "null"]}),
        ] {
            assert_eq!(forms(field, Value::Null), (Value::Null, Value::Null));
        }
    }

    #[test]
    fn null_for_an_object_is_what_an_object_without_anything_is() {
        let inner =
            json!({"type": "object", "default": {}, "properties": {"cpu": {"default": 1}, "note": {}}});
        assert_eq!(
            forms(inner, Value::Null),
            (Value::Null, json!({"cpu": 1})),
            "an empty one would manage nothing"
        );
    }
}
