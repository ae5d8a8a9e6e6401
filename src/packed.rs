//! JSON values that are kept for long: as text, which takes a tenth of the memory of a tree.
//!
//! A tree of a policy costs ten times its text, mostly for the hash tables of its mappings, and a run holds tens of thousands
//! of them.

use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

/// A JSON value as text. Cheap to copy, and read back whole: read it once, not once per field.
#[derive(Clone, Debug)]
pub struct Packed(Arc<str>);

impl Packed {
    /// Packs a value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        Self(value.to_string().into())
    }

    /// The value, as it was packed.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut text = serde_json::Deserializer::from_str(&self.0);
        // What was packed was held as a tree, so it is not too deep to be one again.
        text.disable_recursion_limit();
        // Text that serde_json has written, and nobody else can make one.
        Value::deserialize(&mut text).unwrap_or_default()
    }
}

/// Nothing: null.
impl Default for Packed {
    fn default() -> Self {
        Self::of(&Value::Null)
    }
}

/// The order of fields makes no difference, as for values.
impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.value() == other.value()
    }
}

impl From<&Value> for Packed {
    fn from(value: &Value) -> Self {
        Self::of(value)
    }
}

impl From<Value> for Packed {
    fn from(value: Value) -> Self {
        Self::of(&value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Number, json};

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|fields| Value::Object(Map::from_iter(fields))),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_comes_back_as_it_was_packed(value in values()) {
            let back = Packed::of(&value).value();
            prop_assert_eq!(&back, &value);
            prop_assert_eq!(back.to_string(), value.to_string(), "also in the order of its fields");
        }

        #[test]
        fn packed_values_are_equal_as_values_are(a in values(), b in values()) {
            prop_assert_eq!(Packed::of(&a) == Packed::of(&b), a == b);
        }
    }

    #[test]
    fn the_order_of_fields_makes_no_difference() {
        assert_eq!(Packed::of(&json!({"a": 1, "b": 2})), Packed::of(&json!({"b": 2, "a": 1})));
        assert_ne!(Packed::of(&json!([1, 2])), Packed::of(&json!([2, 1])));
    }

    #[test]
    fn a_value_of_any_depth_comes_back() {
        let deep = (0..300).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(Packed::of(&deep).value(), deep);
    }
}
