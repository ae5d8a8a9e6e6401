//! JSON Merge Patch (RFC 7396): what a field holds stays, at every depth, unless the patch says otherwise; null takes a
//! field away.

use serde_json::{Map, Value};

/// The patch that makes fields of `live` those of `wanted`. Other fields of `live` at the top stay; what `wanted` lacks
/// inside them goes.
#[must_use]
pub fn between(live: &Value, wanted: &Value) -> Value {
    let mut patch = Map::new();
    for (name, value) in wanted.as_object().into_iter().flatten() {
        match live.get(name) {
            Some(live) if live == value => {}
            Some(live @ Value::Object(before)) if value.is_object() => {
                let mut inside = between(live, value);
                let gone = before.keys().filter(|name| value.get(name.as_str()).is_none());
                for (name, place) in gone.zip(std::iter::repeat(Value::Null)) {
                    inside.as_object_mut().map(|inside| inside.insert(name.clone(), place));
                }
                patch.insert(name.clone(), inside);
            }
            _ => drop(patch.insert(name.clone(), value.clone())),
        }
    }
    Value::Object(patch)
}

/// What becomes of `live` by a patch.
#[must_use]
pub fn applied(live: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut after = live.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        match value {
            Value::Null => drop(after.remove(name)),
            value => {
                let before = after.remove(name).unwrap_or(Value::Null);
                after.insert(name.clone(), applied(&before, value));
            }
        }
    }
    Value::Object(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_sent_and_null_takes_away() {
        let live = json!({"a": {"b": 1, "c": 2, "d": {"e": 1}}, "list": [1], "other": 1});
        let wanted = json!({"a": {"b": 1, "c": 3, "d": {"f": 2}}, "list": [1, 2]});
        let patch = between(&live, &wanted);
        assert_eq!(patch, json!({"a": {"c": 3, "d": {"e": null, "f": 2}}, "list": [1, 2]}));
        let after = json!({"a": {"b": 1, "c": 3, "d": {"f": 2}}, "list": [1, 2], "other": 1});
        assert_eq!(applied(&live, &patch), after);
    }

    /// Objects without null, which a patch cannot set.
    fn objects() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any::<bool>().prop_map(Value::from), "[ab]".prop_map(Value::from)];
        let value = leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(|map| json!(map)),
            ]
        });
        prop::collection::btree_map("[a-c]", value, 0..3).prop_map(|map| json!(map))
    }

    proptest! {
        #[test]
        fn a_patch_makes_its_fields_what_was_wanted(live in objects(), wanted in objects()) {
            let after = applied(&live, &between(&live, &wanted));
            for (name, value) in wanted.as_object().unwrap() {
                prop_assert_eq!(&after[name], value);
            }
            for (name, value) in live.as_object().unwrap() {
                prop_assert!(wanted.get(name).is_some() || after[name] == *value);
            }
        }
    }
}
