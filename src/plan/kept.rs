//! What an API makes of what it is sent: it may keep another value, such as one in another case or with its own defaults.
//!
//! A difference that no write can remove comes back at each run. Nothing is remembered between runs yet, so a run can only
//! say what it sees: after a write, what became of the value; before one, that both values may be spellings of one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::change::{Action, Change};
use crate::model::outcome::EndedChange;
use crate::model::plan::TargetPlan;
use crate::model::state::{Declared, Desired};

/// How many characters of a value are shown, and how many of them before the first difference.
const SHOWN: usize = 60;
const BEFORE: usize = 15;

/// Says of what was written in which fields the API holds another value than it was sent. `plan` is the second plan.
pub fn after_writes(desired: &Desired, ended: &[EndedChange], plan: &TargetPlan) -> Vec<Diagnostic> {
    let updates = plan.changes.iter().filter(|left| left.action == Action::Update);
    let left: BTreeMap<_, _> = updates.map(|left| (&left.id, left)).collect();
    let mut kept = Vec::new();
    for EndedChange { change, .. } in ended.iter().filter(|ended| ended.outcome.is_applied()) {
        let Some((left, declared)) = left.get(&change.id).zip(desired.get(&change.id)) else { continue };
        kept.extend(left.fields.iter().map(|field| kept_another(declared, change, field)));
    }
    kept
}

fn kept_another(declared: &Declared, change: &Change, field: &Field) -> Diagnostic {
    let Field { path, before: kept, after: sent, .. } = field;
    let (shown_kept, shown_sent) = shown(kept, sent);
    let message = format!(
        "the API keeps another value than was sent: `{path}` is {shown_kept}, and {shown_sent} was sent"
    );
    let was = change.fields.iter().find(|was| was.path == *path && change.action == Action::Update);
    let help = match Difference::of(kept, sent) {
        _ if was.is_some_and(|was| was.before == *kept) => {
            "the write did not change it: if it cannot be changed, its schema in the definition has to say `readOnly`; \
             or somebody else may have set it back"
        }
        Some(difference) => difference.help(),
        None => "each run will write it again: declare what the API keeps, or find out why it is another",
    };
    Diagnostic::new(Code::LiveOtherValue, message).at(declared.place(path)).about(&declared.id).help(help)
}

/// Warns of fields of which the live value looks like another spelling of the declared one, unless git has just changed
/// the spelling: a write may not change that.
pub(super) fn other_spellings(declared: &Declared, change: &Change) -> Vec<Diagnostic> {
    let spelled = |field: &Field| {
        let difference = Difference::of(&field.before, &field.after).filter(Difference::is_spelling)?;
        let (live, wanted) = shown(&field.before, &field.after);
        let path = &field.path;
        let message =
            format!("the API seems to keep a spelling of its own: `{path}` is {live}, and declared {wanted}");
        let diagnostic = Diagnostic::new(Code::LiveOtherSpelling, message);
        Some(diagnostic.at(declared.place(path)).about(&declared.id).help(difference.help()))
    };
    let moved = change.fields.iter().filter(|field| field.cause != Cause::Declared);
    moved.filter(|_| change.action == Action::Update).filter_map(spelled).collect()
}

/// How two values that mean the same to an API may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    Spelling,
    Type,
    Order,
    Filled,
}

impl Difference {
    /// How the value that the API keeps differs from the one that it was sent.
    fn of(kept: &Value, sent: &Value) -> Option<Self> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        };
        match (kept, sent) {
            (Value::String(a), Value::String(b)) if essence(a) == essence(b) => Some(Self::Spelling),
            (Value::Array(a), Value::Array(b)) if sorted(a) == sorted(b) => Some(Self::Order),
            _ if text(kept).is_some() && text(kept) == text(sent) => Some(Self::Type),
            _ if is_filled(kept, sent) => Some(Self::Filled),
            _ => None,
        }
    }

    fn is_spelling(&self) -> bool {
        matches!(self, Self::Spelling | Self::Type)
    }

    fn help(self) -> &'static str {
        match self {
            Self::Spelling => {
                "the API changes upper and lower case or white space, and each run will write it again: declare it as the \
                 API keeps it"
            }
            Self::Type => {
                "the API keeps another type, and each run will write it again: declare it so, and give the field this `type` in the definition"
            }
            Self::Order => {
                "the API keeps another order: if it means nothing, the definition has to say `x-list-type: set`"
            }
            Self::Filled => {
                "the API fills in what is left out: declare it, or give it as `default` in the definition"
            }
        }
    }
}

/// A text without case and white space.
fn essence(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect()
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut items: Vec<_> = items.iter().map(Value::to_string).collect();
    items.sort_unstable();
    items
}

/// Whether all that was sent is kept, and there is more.
fn is_filled(kept: &Value, sent: &Value) -> bool {
    match (kept, sent) {
        (Value::Object(kept), Value::Object(sent)) => {
            sent.iter().all(|(name, value)| kept.get(name).is_some_and(|kept| is_filled(kept, value)))
        }
        (Value::Array(kept), Value::Array(sent)) => {
            kept.len() == sent.len() && kept.iter().zip(sent).all(|(kept, sent)| is_filled(kept, sent))
        }
        _ => kept == sent,
    }
}

/// Two values with their white space visible; long ones around their first difference.
fn shown(a: &Value, b: &Value) -> (String, String) {
    let (a, b) = (visible(a), visible(b));
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let start =
        if a.chars().count().max(b.chars().count()) > SHOWN { same.saturating_sub(BEFORE) } else { 0 };
    (window(&a, start), window(&b, start))
}

/// As JSON, so that a line break, a tab and a blank at the end can be seen; other odd space is spelled out.
fn visible(value: &Value) -> String {
    let odd = |c: char| c != ' ' && !c.is_ascii() && (c.is_whitespace() || c.is_control());
    let spell = |c: char| if odd(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    value.to_string().chars().map(spell).collect()
}

fn window(text: &str, start: usize) -> String {
    let rest = text.chars().count().saturating_sub(start);
    let part: String = text.chars().skip(start).take(SHOWN).collect();
    let (head, tail) = (if start > 0 { "…" } else { "" }, if rest > SHOWN { "…" } else { "" });
    format!("`{head}{part}{tail}`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_spelling_of_the_same_value_is_told_from_another_value() {
        let of = |kept: Value, sent: Value| Difference::of(&kept, &sent);
        assert_eq!(of(json!("PROD"), json!("prod")), Some(Difference::Spelling));
        assert_eq!(of(json!("A b"), json!("a b\n")), Some(Difference::Spelling));
        assert_eq!(of(json!(60), json!("60")), Some(Difference::Type));
        assert_eq!(of(json!(["b", "a"]), json!(["a", "b"])), Some(Difference::Order));
        assert_eq!(of(json!([{"a": 1, "ttl": 60}]), json!([{"a": 1}])), Some(Difference::Filled));
        assert_eq!(of(json!("prod"), json!("test")), None);
        assert_eq!(of(json!(["a"]), json!(["a", "b"])), None, "something is missing");
        assert_eq!(of(json!(null), json!("")), None);
    }

    #[test]
    fn white_space_can_be_seen_in_both_values() {
        let pair = |a: &str, b: &str| shown(&json!(a), &json!(b));
        assert_eq!(pair("x", "x\n"), (r#"`"x"`"#.to_owned(), r#"`"x\n"`"#.to_owned()));
        assert_eq!(pair("x", "x\u{a0}"), (r#"`"x"`"#.to_owned(), r#"`"x\u00a0"`"#.to_owned()));
    }

    #[test]
    fn long_values_are_shown_around_their_first_difference() {
        let (a, b) = (format!("{}X{}", "a".repeat(500), "z".repeat(90)), "a".repeat(500));
        let (a, b) = shown(&json!(a), &json!(b));
        assert!(a.starts_with("`…aaa") && a.contains("aXz") && a.ends_with("z…`"), "{a}");
        assert_eq!(b, format!("`…{}\"`", "a".repeat(BEFORE)));
    }
}
