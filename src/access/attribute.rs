//! What an object says beside its rules in values that have an order, such as for how long access is given.

use serde_json::Value;

use super::impact::{AttributeChange, Verdict};

/// A value beside the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name of its field.
    pub name: &'static str,
    /// The value; null if there is none.
    pub value: Value,
    /// Whether a higher number allows more. If not, nobody knows what a change does.
    pub more_is_wider: bool,
}

/// What differs. A value that only one side has is not compared.
pub(super) fn changes(before: &[Attribute], after: &[Attribute]) -> Vec<AttributeChange> {
    let pairs =
        before.iter().filter_map(|then| Some((then, after.iter().find(|now| now.name == then.name)?)));
    pairs.filter(|(then, now)| then.value != now.value).map(|(then, now)| change(then, now)).collect()
}

fn change(before: &Attribute, after: &Attribute) -> AttributeChange {
    let numbers = before.value.as_u64().zip(after.value.as_u64()).filter(|_| before.more_is_wider);
    let verdict = match numbers {
        Some((then, now)) if then < now => Verdict::MorePermissive,
        Some(_) => Verdict::LessPermissive,
        None => Verdict::Incomparable,
    };
    AttributeChange {
        attribute: before.name.to_owned(),
        before: before.value.clone(),
        after: after.value.clone(),
        verdict,
        possible: numbers.is_none(),
        access: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn more_is_wider_where_the_order_is_known() {
        let of = |value: Value, more_is_wider| vec![Attribute { name: "n", value, more_is_wider }];
        let verdict = |then: &Value, now: &Value, ordered| {
            let found = changes(&of(then.clone(), ordered), &of(now.clone(), ordered));
            found.first().map(|change| (change.verdict, change.possible))
        };
        assert_eq!(verdict(&json!(1), &json!(2), true), Some((Verdict::MorePermissive, false)));
        assert_eq!(verdict(&json!(2), &json!(1), true), Some((Verdict::LessPermissive, false)));
        assert_eq!(verdict(&json!(2), &Value::Null, true), Some((Verdict::Incomparable, true)));
        assert_eq!(verdict(&json!(1), &json!(2), false), Some((Verdict::Incomparable, true)));
        assert_eq!(verdict(&json!(1), &json!(1), false), None);
        assert_eq!(changes(&of(json!(1), true), &[]), Vec::new(), "one side is not in force");
    }
}
