//! The Cedar of one rule, from its text or its structured fields. Not here: which of them is wrong, in `check`.

use serde_json::{Value, json};

use crate::cedar::{self, CedarError, Scope, Statement};
use crate::system::body::{list, text};

/// The fields that `policy_text` replaces.
pub(in crate::system::jitsudo) const STRUCTURED: [&str; 10] = [
    "effect",
    "principal_scope_type",
    "principal_entity_type",
    "principal_entity_id",
    "action_scope_type",
    "action_ids",
    "resource_scope_type",
    "resource_entity_type",
    "resource_entity_id",
    "conditions",
];

/// Where the Cedar of a rule comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Its `policy_text`.
    Text(&'a str),
    /// Its structured fields.
    Fields(&'a Value),
}

/// What a source says, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Text(String),
    /// As a JSON list, in the order of the fields' table.
    Fields(String),
}

impl<'a> Source<'a> {
    /// That of a rule as it is written.
    pub(super) fn of(rule: &'a Value) -> Self {
        rule.get("policy_text").and_then(Value::as_str).map_or(Self::Fields(rule), Self::Text)
    }

    /// What tells it from every other one that may say something else.
    pub(super) fn key(self) -> Key {
        match self {
            Self::Text(text) => Key::Text(text.to_owned()),
            Self::Fields(rule) => Key::Fields(json!(STRUCTURED.map(|field| rule.get(field))).to_string()),
        }
    }

    /// How much work it is to read it.
    pub(super) fn work(self) -> usize {
        match self {
            Self::Text(text) => cedar::work(text),
            // The other fields are short, but there may be many actions.
            Self::Fields(rule) => {
                let actions = list(rule, "action_ids").iter().filter_map(Value::as_str).map(str::len);
                cedar::work(text(rule, "conditions")) + actions.sum::<usize>()
            }
        }
    }

    /// The Cedar itself.
    pub(super) fn statement(self) -> Result<Statement, CedarError> {
        match self {
            Self::Text(text) => Statement::parse(text),
            Self::Fields(rule) => Statement::assemble(
                text(rule, "effect"),
                entity_scope(rule, "principal"),
                action_scope(rule),
                entity_scope(rule, "resource"),
                text(rule, "conditions"),
            ),
        }
    }
}

fn entity_scope(rule: &Value, variable: &str) -> Scope {
    let field = |suffix: &str| text(rule, &format!("{variable}_{suffix}"));
    let (kind, id) = (field("entity_type"), field("entity_id"));
    match field("scope_type") {
        "any" => cedar::any(),
        "eq" => cedar::entity("==", kind, id),
        "in" => cedar::entity("in", kind, id),
        "is" => cedar::is(kind, None),
        "is_in" => cedar::is(kind, Some(id)),
        // Not Cedar on purpose, so that assembling it is an error.
        other => json!({"op": other}),
    }
}

fn action_scope(rule: &Value) -> Scope {
    let ids: Vec<_> = list(rule, "action_ids").iter().filter_map(Value::as_str).collect();
    match (text(rule, "action_scope_type"), ids.as_slice()) {
        ("any", _) => cedar::any(),
        ("eq", [id]) => cedar::entity("==", "Action", id),
        ("in", [_, ..]) => cedar::actions(&ids),
        (other, _) => json!({"op": other}),
    }
}
