//! Whether a live value says what git declares, told without the canonical forms: most objects of most plans do, and the
//! forms of both sides are most of what a plan costs.
//!
//! Only a yes says something. A no may also mean that it takes the canonical forms to tell.

use serde_json::Value;

use crate::compare::shape::{FieldShape, Shape};

/// Lists longer than this are only compared item by item in their order.
const FEW: usize = 64;

/// Whether the canonical forms of two values are sure to have no difference, as [`diff`](crate::compare::diff::diff)
/// means it.
pub fn same(shape: &Shape, declared: &Value, live: &Value) -> bool {
    is_same(shape, declared, live, false)
}

/// `whole` says that a field that is left out has its default, as in an item of a list.
fn is_same(shape: &Shape, declared: &Value, live: &Value, whole: bool) -> bool {
    match (shape, declared, live) {
        (Shape::Object(fields), Value::Object(declared), Value::Object(live)) => {
            fields.iter().all(|(name, field)| is_same_field(field, declared.get(name), live.get(name), whole))
        }
        (Shape::List(item), Value::Array(declared), Value::Array(live)) => in_order(item, declared, live),
        (Shape::Set { item, .. } | Shape::Map { item, .. }, Value::Array(declared), Value::Array(live)) => {
            in_order(item, declared, live) || in_any_order(item, declared, live)
        }
        _ => declared == live,
    }
}

fn is_same_field(field: &FieldShape, declared: Option<&Value>, live: Option<&Value>, whole: bool) -> bool {
    match (declared, live) {
        (None, None) => true,
        (None, Some(_)) if !whole => true,
        (None, Some(live)) => field.default.as_ref() == Some(live),
        (Some(declared), Some(live)) => !field.write_only && is_same(&field.shape, declared, live, whole),
        (Some(_), None) => false,
    }
}

fn in_order(item: &Shape, declared: &[Value], live: &[Value]) -> bool {
    declared.len() == live.len()
        && declared.iter().zip(live).all(|(declared, live)| is_same(item, declared, live, true))
}

/// Whether each declared item has a live one of its own.
fn in_any_order(item: &Shape, declared: &[Value], live: &[Value]) -> bool {
    if declared.len() != live.len() || live.len() > FEW {
        return false;
    }
    let mut taken = [false; FEW];
    declared.iter().all(|declared| {
        let mut free = live.iter().zip(&mut taken).filter(|(_, taken)| !**taken);
        let found = free.find(|(live, _)| is_same(item, declared, live, true));
        found.map(|(_, taken)| *taken = true).is_some()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;
    use crate::compare::diff::diff;

    /// Every sort of field, with and without a default, at the top and in the items of lists.
    fn shape() -> Shape {
        let plain = json!({
            "text": {"type": "string", "default": "a"},
            "bare": {"type": "string"},
            "number": {"type": ["integer", "null"], "default": 1},
            "void": {"type": ["string", "null"], "default": null},
            "free": {},
            "secret": {"type": "string", "writeOnly": true},
            "set": {"type": "array", "items": {"type": "string"}, "x-list-type": "set", "default": []},
            "many": {"type": "array", "items": {"type": "string"}, "x-list-type": "multiset"},
            "list": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
        });
        let item = json!({"type": "object", "properties": plain});
        let mut all = plain;
        all["inner"] = item.clone();
        all["items"] = json!({"type": "array", "items": item.clone()});
        all["bag"] = json!({"type": "array", "items": item.clone(), "x-list-type": "set"});
        all["keyed"] =
            json!({"type": "array", "items": item, "x-list-type": "map", "x-list-map-keys": ["text"]});
        Shape::from_schema(&json!({"type": "object", "properties": all}))
    }

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => "[ab]".prop_map(Value::from),
            1 => Just(Value::Null),
            1 => prop::sample::select(vec![json!(1), json!(1.0), json!(2), json!(true)]),
        ]
    }

    fn object(name: &'static str, value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
        let names = prop::sample::select(name.split(' ').collect::<Vec<_>>());
        let fields = prop::collection::vec((names, value), 0..4);
        let of = |fields: Vec<(&str, Value)>| {
            Value::Object(
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
            )
        };
        fields.prop_map(of).boxed()
    }

    fn value() -> BoxedStrategy<Value> {
        let list = |of: BoxedStrategy<Value>| prop::collection::vec(of, 0..4).prop_map(Value::from).boxed();
        let field = prop_oneof![2 => scalar(), 1 => list(scalar().boxed())].boxed();
        let item = object("text bare number void free secret set many list new", field.clone());
        let inner = prop_oneof![item.clone(), list(item), field].boxed();
        object("text bare number void secret set many list list inner items bag keyed free new", inner)
    }

    /// A live value that says nearly the same: in another order, with something left out or filled in.
    fn near(value: Value, moves: &mut impl Iterator<Item = u8>) -> Value {
        match value {
            Value::Array(mut items) => {
                if moves.next().is_some_and(|at| at % 3 == 0) {
                    items.reverse();
                }
                items.into_iter().map(|item| near(item, moves)).collect()
            }
            Value::Object(map) => {
                let mut all: Map<_, _> =
                    map.into_iter().map(|(name, value)| (name, near(value, moves))).collect();
                let defaults =
                    [("text", json!("a")), ("number", json!(1)), ("set", json!([])), ("list", json!(["a"]))];
                for (name, default) in defaults {
                    match moves.next().unwrap_or(u8::MAX) {
                        0..24 => drop(all.remove(name)),
                        24..80 => drop(all.entry(name).or_insert(default)),
                        80..84 => drop(all.entry(name).or_insert(json!("b"))),
                        84..88 => drop(all.entry("bare").or_insert(json!("b"))),
                        88..100 => drop(all.insert("new".to_owned(), json!("x"))),
                        _ => {}
                    }
                }
                Value::Object(all)
            }
            scalar => match moves.next().unwrap_or(u8::MAX) {
                0..4 => json!("b"),
                4..6 => Value::Null,
                _ => scalar,
            },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Nothing that differs is taken for the same.
        #[test]
        fn what_is_the_same_has_no_difference_in_canonical_form(
            declared in value(), moves in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let shape = shape();
            let live = near(declared.clone(), &mut moves.into_iter());
            if same(&shape, &declared, &live) {
                let found = diff(&shape, &shape.observed(&live), &shape.declared(&declared));
                prop_assert!(found.is_empty(), "{declared} {live} {found:?}");
            }
        }
    }

    #[test]
    fn what_an_api_fills_in_and_reorders_is_the_same() {
        let declared =
            json!({"bare": "b", "set": ["b", "a"], "keyed": [{"text": "x"}, {"text": "y", "bare": "b"}]});
        let live = json!({
            "id": 7, "text": "else", "bare": "b", "set": ["a", "b"],
            "keyed": [{"text": "y", "bare": "b", "set": []}, {"text": "x", "number": 1}],
        });
        assert!(same(&shape(), &declared, &live));
        for (field, value) in [
            ("bare", json!("c")),
            ("set", json!(["a", "a"])),
            ("keyed", json!([{"text": "x"}, {"text": "x"}])),
        ] {
            let mut other = live.clone();
            other[field] = value;
            assert!(!same(&shape(), &declared, &other), "{field}");
        }
    }
}
