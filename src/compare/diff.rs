//! What differs between two canonical values, field by field, and what a whole-object write must carry.
//!
//! Only declared fields are compared. Not here: how a field compares, which its [`Shape`] says, and any special case
//! for a system.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::compare::cause::Cause;
use crate::compare::shape::Shape;
use crate::pointer::{child, fields};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Field {
    /// Where: a JSON pointer that names items of keyed lists by their key, such as `/policy_actions/read/roles`.
    pub path: String,
    /// What the API holds now; null if it has nothing there.
    pub before: Value,
    /// What git declares; null if the field is removed.
    pub after: Value,
    /// Which side moved.
    pub cause: Cause,
}

impl Field {
    /// The same without the values that the API takes and never shows: they may be secrets.
    #[must_use]
    pub fn without_write_only(&self, shape: &Shape) -> Self {
        let shape = fields(&self.path).try_fold(shape, |shape, step| shape.shown(&step));
        let shown = |value: &Value| shape.map(|shape| shape.without_write_only(value)).unwrap_or_default();
        let (before, after) = (shown(&self.before), shown(&self.after));
        Self { path: self.path.clone(), before, after, cause: self.cause }
    }
}

/// The fields of `declared` in which `observed` differs. Both are canonical.
pub fn diff(shape: &Shape, observed: &Value, declared: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    walk(shape, String::new(), observed, declared, &mut fields);
    fields
}

fn walk(shape: &Shape, path: String, before: &Value, after: &Value, out: &mut Vec<Field>) {
    match (shape, after) {
        (Shape::Object(_), Value::Object(map)) => {
            for (name, after) in map {
                let before = before.get(name).unwrap_or(&Value::Null);
                if !(after.is_null() && shape.null_means(name, before)) {
                    walk(shape.field(name), child(&path, name), before, after, out);
                }
            }
        }
        (Shape::Map { keys, total, item }, Value::Array(after)) => {
            let keyed = KeyedList { keys, total: *total, item };
            keyed.walk(&path, before, after, out);
        }
        _ if before != after => out.push(field(shape, path, Some(before), Some(after))),
        _ => {}
    }
}

/// A keyed list's shape.
struct KeyedList<'a> {
    keys: &'a [String],
    total: bool,
    item: &'a Shape,
}

impl KeyedList<'_> {
    fn walk(&self, path: &str, before: &Value, after: &[Value], out: &mut Vec<Field>) {
        let before = Keyed::new(self.keys, before.as_array().map_or(&[], Vec::as_slice));
        let after = Keyed::new(self.keys, after);
        let mut names: Vec<_> =
            before.by_key.iter().chain(&after.by_key).map(|(key, _)| key.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.walk_item(child(path, name), before.get(name), after.get(name), out);
        }
        if before.rest != after.rest {
            let list =
                |items: &[&Value]| items.iter().map(|value| self.item.without_defaults(value)).collect();
            let (before, after) = (list(&before.rest), list(&after.rest));
            out.push(Field { path: path.to_owned(), before, after, cause: Cause::Unknown });
        }
    }

    fn walk_item(&self, path: String, before: Option<&Value>, after: Option<&Value>, out: &mut Vec<Field>) {
        let like = before.or(after).filter(|_| self.total);
        let neutral = like.and_then(|like| self.item.neutral_item(self.keys, like));
        match (before.or(neutral.as_ref()), after.or(neutral.as_ref())) {
            (Some(before), Some(after)) => walk(self.item, path, before, after, out),
            (before, after) => out.push(field(self.item, path, before, after)),
        }
    }
}

/// A field as people see it: without defaults inside list items.
fn field(shape: &Shape, path: String, before: Option<&Value>, after: Option<&Value>) -> Field {
    let shown = |value: Option<&Value>| value.map(|value| shape.without_defaults(value)).unwrap_or_default();
    Field { path, before: shown(before), after: shown(after), cause: Cause::Unknown }
}

/// A list, with its items by key. Items without a key, or with one that is already used, compare by content.
struct Keyed<'a> {
    by_key: Vec<(String, &'a Value)>,
    rest: Vec<&'a Value>,
}

impl<'a> Keyed<'a> {
    fn new(keys: &[String], items: &'a [Value]) -> Self {
        let mut keyed = Self { by_key: Vec::new(), rest: Vec::new() };
        for item in items {
            match Shape::key(keys, item) {
                Some(key) if keyed.get(&key).is_none() => keyed.by_key.push((key, item)),
                _ => keyed.rest.push(item),
            }
        }
        keyed
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.by_key.iter().find(|(name, _)| name == key).map(|(_, item)| *item)
    }
}

/// What to say of places in requests that differ although git manages none of them.
pub const MOVES_BY_ITSELF: &str = "which git does not declare and the write sends back; if the API changes it by itself, its schema in the definition of the system has to say `readOnly`";

/// The places in which two values differ, as JSON pointers: those of objects by field, those of lists by position.
pub fn places(before: &Value, after: &Value) -> Vec<String> {
    let mut places = Vec::new();
    places_in(String::new(), before, after, &mut places);
    places
}

fn places_in(path: String, before: &Value, after: &Value, out: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let side = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                places_in(child(&path, name), &side(a), &side(b), out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let items = a.iter().zip(b).enumerate();
            items.for_each(|(at, (a, b))| places_in(child(&path, &at.to_string()), a, b, out));
        }
        _ if before != after => out.push(path),
        _ => {}
    }
}

/// The fields of `below`, each replaced as a whole by the field of `above` if there is one. A value that is not an
/// object has no fields.
#[must_use]
pub fn overlaid(below: &Value, above: &Value) -> Value {
    let mut whole = below.as_object().cloned().unwrap_or_default();
    whole.extend(above.as_object().cloned().unwrap_or_default());
    Value::Object(whole)
}

/// `declared` written over `live`, for APIs that replace a whole object. What git does not declare stays as it is live,
/// even fields that the schema does not know, at every depth where an item of a list is recognised. Sets come out
/// sorted, so that the order of the server does not matter.
#[must_use]
pub fn merge(shape: &Shape, live: &Value, declared: &Value) -> Value {
    lay_over(shape, &shape.ordered(live), declared)
}

fn lay_over(shape: &Shape, live: &Value, declared: &Value) -> Value {
    match (shape, declared) {
        (Shape::Object(_), Value::Object(map)) => {
            let mut merged = live.as_object().cloned().unwrap_or_default();
            for (name, value) in map {
                let live = live.get(name).unwrap_or(&Value::Null);
                merged.insert(name.clone(), lay_over(shape.field(name), live, value));
            }
            Value::Object(merged)
        }
        (Shape::Map { keys, item, .. }, Value::Array(items)) => merge_items(item, Some(keys), live, items),
        (Shape::List(item) | Shape::Set { item, .. }, Value::Array(items)) => {
            merge_items(item, None, live, items)
        }
        _ => declared.clone(),
    }
}

/// Each live item is matched with at most one declared item, so twins that differ only in fields that the schema does
/// not know both stay.
fn merge_items(item: &Shape, keys: Option<&[String]>, live: &Value, declared: &[Value]) -> Value {
    let same = |a: &Value, b: &Value| {
        let key = |value| keys.and_then(|keys| Shape::key(keys, value));
        key(a).map_or_else(|| item.observed(a) == *b, |key_a| key(b) == Some(key_a))
    };
    let mut free: Vec<_> = live.as_array().into_iter().flatten().collect();
    let mut merged = |declared: &Value| match free.iter().position(|live| same(live, declared)) {
        Some(index) => lay_over(item, free.remove(index), declared),
        None => declared.clone(),
    };
    declared.iter().map(&mut merged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape() -> Shape {
        Shape::from_schema(&json!({"properties": {
            "name": {"type": "string"},
            "tags": {"items": {}, "x-list-type": "set"},
            "actions": {"x-list-type": "map", "x-list-map-keys": ["action"], "x-list-map-total": true, "items": {"properties": {
                "action": {}, "roles": {"items": {}, "x-list-type": "set", "default": []},
            }}},
            "statements": {"x-list-type": "map", "x-list-map-keys": ["sid"], "items": {"properties": {
                "sid": {}, "effect": {},
            }}},
            "checks": {"x-list-type": "map", "x-list-map-keys": ["context"], "items": {"properties": {
                "context": {}, "app": {"default": null}, "tags": {"items": {}, "x-list-type": "set", "default": []},
            }}},
        }}))
    }

    fn fields(observed: Value, declared: Value) -> Vec<(String, Value, Value)> {
        let shape = shape();
        diff(&shape, &shape.observed(&observed), &shape.declared(&declared))
            .into_iter()
            .map(|field| (field.path, field.before, field.after))
            .collect()
    }

    #[test]
    fn no_secret_out_what_the_api_never_shows_is_taken_out_at_any_depth() {
        let key = || {
            json!({"type": "object", "properties": {
            "name": {"type": "string"}, "secret": {"type": "string", "writeOnly": true}}})
        };
        let keys =
            json!({"type": "array", "x-list-type": "map", "x-list-map-keys": ["name"], "items": key()});
        let shape = Shape::from_schema(&json!({"type": "object", "properties": {
            "secret": {"type": "string", "writeOnly": true}, "key": key(), "keys": keys}}));
        let shown = |path: &str, after: Value| {
            let field = Field { path: path.to_owned(), before: Value::Null, after, cause: Cause::Unknown };
            field.without_write_only(&shape).after
        };
        let (whole, open) = (json!({"name": "a", "secret": "s"}), json!({"name": "a"}));
        for secret in ["/secret", "/key/secret", "/keys/a/secret"] {
            assert_eq!(shown(secret, json!("s")), Value::Null, "{secret}");
        }
        for outer in ["/key", "/keys/a"] {
            assert_eq!(shown(outer, whole.clone()), open, "{outer}");
        }
        assert_eq!(shown("/keys", json!([whole])), json!([open]));
        assert_eq!(shown("/key/name", json!("a")), json!("a"));
    }

    #[test]
    fn an_undeclared_field_is_no_difference() {
        assert_eq!(fields(json!({"name": "a", "tags": ["x"]}), json!({"name": "a"})), []);
    }

    #[test]
    fn order_and_repeats_of_a_set_are_no_difference() {
        assert_eq!(fields(json!({"tags": ["x", "y"]}), json!({"tags": ["y", "x", "y"]})), []);
    }

    #[test]
    fn being_there_is_a_difference_also_for_an_item_with_nothing_but_defaults() {
        let (some, none) = (json!({"checks": [{"context": "build"}]}), json!({"checks": []}));
        let item = json!({"context": "build"});
        assert_eq!(fields(none.clone(), some.clone()), [("/checks/build".into(), Value::Null, item.clone())]);
        assert_eq!(fields(some.clone(), none), [("/checks/build".into(), item, Value::Null)]);
        assert_eq!(fields(some.clone(), some), []);
    }

    #[test]
    fn where_the_api_has_every_key_an_item_with_nothing_but_defaults_means_no_item() {
        let live = json!({"actions": [{"action": "edit", "roles": []}, {"action": "read", "roles": []}]});
        let declared = json!({"actions": [{"action": "read", "roles": ["r"]}]});
        assert_eq!(fields(live, declared), [("/actions/read/roles".into(), json!([]), json!(["r"]))]);
    }

    #[test]
    fn an_item_that_git_does_not_list_goes_away() {
        let live = json!({"actions": [{"action": "edit", "roles": ["e"]}]});
        assert_eq!(
            fields(live, json!({"actions": []})),
            [("/actions/edit/roles".into(), json!(["e"]), json!([]))]
        );
    }

    #[test]
    fn items_without_a_key_compare_by_content() {
        let live = json!({"statements": [{"effect": "deny"}, {"sid": "A", "effect": "allow"}]});
        assert_eq!(fields(live.clone(), live), []);
        let live = json!({"statements": [{"sid": "A", "effect": "allow"}]});
        let declared = json!({"statements": [{"effect": "deny"}, {"sid": "A", "effect": "deny"}]});
        assert_eq!(
            fields(live, declared),
            [
                ("/statements/A/effect".into(), json!("allow"), json!("deny")),
                ("/statements".into(), json!([]), json!([{"effect": "deny"}])),
            ]
        );
    }

    #[test]
    fn places_name_what_differs_and_nothing_around_it() {
        let before = json!({"hits": 1, "a": {"b": [1, {"c": 2}], "same": 0}, "gone": true});
        let after = json!({"hits": 2, "a": {"b": [1, {"c": 3}], "same": 0}, "list": [1]});
        assert_eq!(places(&before, &after), ["/a/b/1/c", "/gone", "/hits", "/list"]);
        assert_eq!(places(&before, &before), [""; 0]);
        assert_eq!(places(&json!([1]), &json!([1, 2])), [""], "lists of another length differ as a whole");
    }

    #[test]
    fn merge_keeps_twins_apart() {
        let shape = Shape::from_schema(
            &json!({"properties": {"s": {"x-list-type": "multiset", "items": {"properties": {"a": {}}}}}}),
        );
        let live = json!({"s": [{"a": 1, "x": "one"}, {"a": 1, "x": "two"}]});
        assert_eq!(merge(&shape, &live, &json!({"s": [{"a": 1}, {"a": 1}]})), live);
    }

    #[test]
    fn merge_keeps_what_the_schema_does_not_know() {
        let live =
            json!({"name": "a", "new": 1, "statements": [{"sid": "A", "effect": "allow", "extra": 2}]});
        let declared = json!({"statements": [{"sid": "A", "effect": "deny"}, {"effect": "allow"}]});
        assert_eq!(
            merge(&shape(), &live, &declared),
            json!({"name": "a", "new": 1,
                   "statements": [{"sid": "A", "effect": "deny", "extra": 2}, {"effect": "allow"}]})
        );
    }
}
