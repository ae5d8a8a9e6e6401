//! The parts of an object that a manifest leaves to others, although it may declare what is around them.
//!
//! They are named as in a diff: by a JSON pointer in which an item of a keyed list is its key, and `*` is every item.
//! What is ignored joins the declared side with its live value, so that neither a diff nor a write knows of it. Not here:
//! whether a write keeps these values, in `loss`.

use serde_json::Value;

use crate::compare::shape::Shape;
use crate::pointer::fields;

/// Every item of a keyed list.
const EVERY: &str = "*";

/// Parts that are left to others.
#[derive(Clone, Debug, Default)]
pub struct Ignored(Vec<Vec<String>>);

impl Ignored {
    /// Takes these pointers.
    pub fn new(pointers: &[String]) -> Self {
        Self(pointers.iter().map(|pointer| fields(pointer).collect()).collect())
    }

    /// Whether nothing is ignored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are in one of these fields.
    #[must_use]
    pub fn within(&self, value: &Value) -> Self {
        let is_in = |parts: &&Vec<String>| parts.first().is_some_and(|name| value.get(name).is_some());
        Self(self.0.iter().filter(is_in).cloned().collect())
    }

    /// The steps to each part.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[String]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// Removes them from a value in canonical form: from what git declared before, so that none of them goes back to a
    /// default, or from what is live, so that nobody takes it for declared.
    pub fn forget(&self, shape: &Shape, declared: &mut Value) {
        self.parts().for_each(|parts| forget(shape, parts, declared));
    }

    /// Puts the live values into what git declares. Both are in canonical form.
    pub fn keep(&self, shape: &Shape, live: &Value, declared: &mut Value) {
        self.parts().for_each(|parts| keep(shape, parts, live, declared));
    }
}

fn forget(shape: &Shape, parts: &[String], value: &mut Value) {
    match (shape, parts, value) {
        (Shape::Object(_), [name], Value::Object(map)) => drop(map.remove(name)),
        (Shape::Object(_), [name, rest @ ..], Value::Object(map)) => {
            map.get_mut(name).into_iter().for_each(|value| forget(shape.field(name), rest, value));
        }
        (Shape::Map { keys, .. }, [key], Value::Array(items)) => {
            items.retain(|item| !is_named(keys, key, item));
        }
        (Shape::Map { keys, item, .. }, [key, rest @ ..], Value::Array(items)) => {
            let named = items.iter_mut().filter(|item| is_named(keys, key, item));
            named.for_each(|value| forget(item, rest, value));
        }
        _ => {}
    }
}

fn keep(shape: &Shape, parts: &[String], live: &Value, declared: &mut Value) {
    match (shape, parts, declared) {
        (Shape::Object(_), [name, rest @ ..], Value::Object(map)) => match (rest, map.get_mut(name)) {
            // What is not there at all is not managed anyway.
            (_, None) => {}
            ([], Some(place)) => match live.get(name) {
                Some(live) => *place = live.clone(),
                None => drop(map.remove(name)),
            },
            (rest, Some(place)) => {
                keep(shape.field(name), rest, live.get(name).unwrap_or(&Value::Null), place);
            }
        },
        (Shape::Map { keys, item, .. }, [key, rest @ ..], Value::Array(items)) => {
            keep_items(keys, item, (key, rest), live, items);
        }
        _ => {}
    }
}

fn keep_items(
    keys: &[String],
    item: &Shape,
    (key, rest): (&str, &[String]),
    live: &Value,
    declared: &mut Vec<Value>,
) {
    for live in named(keys, key, live.as_array().map_or(&[], Vec::as_slice)) {
        let of = Shape::key(keys, live);
        match (declared.iter_mut().find(|declared| Shape::key(keys, declared) == of), rest) {
            (Some(declared), rest) if !rest.is_empty() => keep(item, rest, live, declared),
            (None, []) => declared.push(live.clone()),
            // The spec declares the item, or git removes it with all that is in it.
            _ => {}
        }
    }
    // The order of the canonical form.
    declared.sort_by_cached_key(Value::to_string);
}

/// The items of a keyed list that a step of a pointer names.
pub(super) fn named<'a>(
    keys: &'a [String],
    key: &'a str,
    items: &'a [Value],
) -> impl Iterator<Item = &'a Value> {
    items.iter().filter(move |item| is_named(keys, key, item))
}

fn is_named(keys: &[String], key: &str, item: &Value) -> bool {
    Shape::key(keys, item).is_some_and(|of| key == EVERY || of == key)
}

/// Whether a pointer names something that enact compares by itself.
pub fn is_compared(shape: &Shape, pointer: &str) -> bool {
    fields(pointer).try_fold(shape, |shape, part| step(shape, &part)).is_some()
}

fn step<'a>(shape: &'a Shape, part: &str) -> Option<&'a Shape> {
    match shape {
        Shape::Object(_) => shape.known(part).map(|field| &field.shape),
        Shape::Map { item, .. } => Some(item),
        Shape::Any | Shape::List(_) | Shape::Set { .. } => None,
    }
}

/// Whether a spec declares what a pointer names, or something around or inside of it. A list without keys is one value;
/// so is one with keys, but for items and fields that the spec does not name.
pub fn is_declared(shape: &Shape, spec: &Value, pointer: &str) -> bool {
    let parts: Vec<_> = fields(pointer).collect();
    // A place that is counted from 0 is what a pointer means elsewhere.
    spec.pointer(pointer).is_some() || declares(shape, &parts, spec)
}

fn declares(shape: &Shape, parts: &[String], spec: &Value) -> bool {
    match (shape, parts, spec) {
        (_, [], _) => true,
        (Shape::Object(_), [name, rest @ ..], Value::Object(map)) => {
            map.get(name).is_some_and(|value| declares(shape.field(name), rest, value))
        }
        (Shape::Map { .. }, [key], Value::Array(_)) if key == EVERY => true,
        (Shape::Map { keys, item, .. }, [key, rest @ ..], Value::Array(items)) => {
            named(keys, key, items).any(|value| declares(item, rest, value))
        }
        // It is inside of a value that is declared as a whole.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::compare::diff::{diff, merge};

    fn shape() -> Shape {
        Shape::from_schema(&json!({"properties": {
            "note": {"default": ""},
            "deep": {"properties": {"a": {"default": 0}, "b": {"default": 0}}},
            "tags": {"items": {}, "x-list-type": "set", "default": []},
            "any": {},
            "items": {"x-list-type": "map", "x-list-map-keys": ["key"], "default": [], "items": {"properties": {
                "key": {}, "x": {"default": 0}, "y": {"default": 0},
            }}},
        }}))
    }

    fn ignored(pointers: &[&str]) -> Ignored {
        Ignored::new(&pointers.iter().map(|&pointer| pointer.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_pointer_meets_what_is_declared_there_around_and_inside() {
        let spec = json!({"deep": {"a": 1}, "tags": ["t"], "any": {"x": 1}, "items": [{"key": "k", "x": 1}, {"key": "l"}]});
        let declared = |pointer: &str| is_declared(&shape(), &spec, pointer);
        for meets in [
            "/deep",
            "/deep/a",
            "/deep/a/b",
            "/tags",
            "/tags/0",
            "/tags/9",
            "/any",
            "/any/x",
            "/any/z",
            "/items",
            "/items/*",
            "/items/k",
            "/items/l",
            "/items/k/x",
            "/items/*/x",
            "/items/*/key",
            "/items/0/x",
            "/items/k/x/z",
        ] {
            assert!(declared(meets), "{meets}");
        }
        for apart in ["/note", "/deep/b", "/items/m", "/items/m/x", "/items/k/y", "/items/*/y", "/deepest"] {
            assert!(!declared(apart), "{apart}");
        }
        assert!(is_declared(&shape(), &json!({"deep": null}), "/deep/a"), "it is declared as null");
    }

    #[test]
    fn a_pointer_hides_only_what_is_compared_by_itself() {
        for (pointer, compared) in [
            ("/note", true),
            ("/deep/b", true),
            ("/items/k", true),
            ("/items/*/y", true),
            ("/nope", false),
            ("/note/x", false),
            ("/tags/0", false),
            ("/items/*/nope", false),
            ("/any/x", false),
        ] {
            assert_eq!(is_compared(&shape(), pointer), compared, "{pointer}");
        }
    }

    #[test]
    fn what_is_ignored_is_declared_as_it_is_live() {
        let live = shape()
            .observed(&json!({"items": [{"key": "k", "x": 1, "y": 7}, {"key": "m", "x": 3}, {"key": "n"}]}));
        let mut now = shape().declared(&json!({"items": [{"key": "k", "x": 2}, {"key": "new"}]}));
        ignored(&["/items/*/y", "/items/m"]).keep(&shape(), &live, &mut now);
        let items = json!([{"key": "k", "x": 2, "y": 7}, {"key": "m", "x": 3, "y": 0}, {"key": "new", "x": 0, "y": 0}]);
        assert_eq!(now, json!({"items": items}), "`n` is neither declared nor ignored");
        let fields: Vec<_> = diff(&shape(), &live, &now).into_iter().map(|field| field.path).collect();
        assert_eq!(fields, ["/items/k/x", "/items/n", "/items/new"]);
    }

    #[test]
    fn a_field_that_git_no_longer_declares_does_not_go_back_if_it_is_ignored() {
        let mut base = json!({"note": "n", "deep": {"a": 1, "b": 1}});
        ignored(&["/note", "/deep/b", "/tags"]).forget(&shape(), &mut base);
        assert_eq!(base, json!({"deep": {"a": 1}}));
        let mut live = json!({"items": [{"key": "k", "x": 1, "y": 2}, {"key": "l", "x": 1, "y": 2}]});
        ignored(&["/items/k", "/items/*/y"]).forget(&shape(), &mut live);
        assert_eq!(live, json!({"items": [{"key": "l", "x": 1}]}));
    }

    fn item() -> impl Strategy<Value = Value> {
        ("[k-n]", 0..3, 0..3).prop_map(|(key, x, y)| json!({"key": key, "x": x, "y": y, "z": x + y}))
    }

    /// An object as an API holds it, with fields that no schema knows.
    fn object() -> impl Strategy<Value = Value> {
        let items = proptest::collection::vec(item(), 0..4).prop_map(|mut items| {
            items.sort_by_key(|item| item["key"].to_string());
            items.dedup_by_key(|item| item["key"].to_string());
            items
        });
        ("[a-c]", 0..3, 0..3, items).prop_map(
            |(note, a, b, items)| json!({"note": note, "deep": {"a": a, "b": b, "c": a}, "items": items}),
        )
    }

    /// What an object holds at the places of a pointer, by key.
    fn at(object: &Value, pointer: &str) -> Vec<Value> {
        let parts: Vec<_> = fields(pointer).collect();
        let field = |value: &Value, name: &str| value.get(name).cloned().unwrap_or_default();
        match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["items", key, ref rest @ ..] => object["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|item| key == EVERY || item["key"] == key)
                .map(|item| {
                    rest.first().map_or_else(|| item.clone(), |name| json!([item["key"], field(item, name)]))
                })
                .collect(),
            [one] => vec![field(object, one)],
            [one, two] => vec![field(&object[one], two)],
            _ => Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is live, was declared before and is declared now: a write of the whole object changes nothing that is
        /// ignored, and nothing is left to do after it.
        #[test]
        fn unmanaged_survives_where_it_is_ignored(
            live in object(), then in object(), spec in object(),
            pointers in proptest::sample::subsequence(
                vec!["/note", "/deep/a", "/deep/b", "/items/k", "/items/l", "/items/*/y", "/items/m/x"], 0..5),
        ) {
            let shape = shape();
            let pointers: Vec<_> = pointers.into_iter().filter(|pointer| !is_declared(&shape, &spec, pointer)).collect();
            let ignored = ignored(&pointers);
            let observed = shape.observed(&live);
            let mut base = shape.declared(&then);
            ignored.forget(&shape, &mut base);
            let mut now = shape.declared(&spec);
            shape.return_to_default(&base, &mut now);
            ignored.keep(&shape, &observed, &mut now);
            let end = merge(&shape, &live, &now);
            let kept = |item: &Value| end["items"].as_array().unwrap().iter().any(|other| other["key"] == item["key"]);
            for pointer in &pointers {
                let whole = pointer.split('/').count() == 3;
                let before: Vec<_> = at(&live, pointer).into_iter()
                    .filter(|value| whole || !value.is_array() || kept(&json!({"key": value[0]}))).collect();
                for value in &before {
                    prop_assert!(at(&end, pointer).contains(value), "{} of {} became {}", pointer, live, end);
                }
            }
            prop_assert_eq!(diff(&shape, &shape.observed(&end), &now), []);
        }
    }
}
