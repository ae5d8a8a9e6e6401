//! The rules of a JITSudo policy in their canonical form.
//!
//! A rule is either structured fields or Cedar text, and both have one canonical form: the text as [`crate::cedar`]
//! prints it. Not here: the Cedar of one rule (`form`), its mistakes (`check`), and the writes that change the live
//! rules into the declared ones (`write`).

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cedar::{self, Canonical, CedarError};
use crate::system::body::{list, text};
use crate::system::jitsudo::rules::form::{cedar_of, from_fields};

pub(super) mod check;
mod form;
mod pair;
pub(super) mod write;

/// A declared rule in canonical form. An invalid rule stays as written; `check` reports it.
pub(super) fn canonical(rule: &Value) -> Value {
    match cedar_of(rule) {
        Ok(cedar) => with_text(rule, cedar.structure),
        Err(_) => rule.clone(),
    }
}

fn with_text(rule: &Value, text: String) -> Value {
    let mut canonical = Map::from_iter([("policy_text".to_owned(), Value::from(text))]);
    for field in ["notice", "audit_session"] {
        crate::system::body::insert_some(&mut canonical, field, rule.get(field));
    }
    Value::Object(canonical)
}

/// A live rule in canonical form.
pub(super) fn observed(rule: &Value) -> Value {
    let structure = live_cedar(rule).map(|live| live.structure);
    with_text(rule, structure.unwrap_or_else(|_| text(rule, "policy_text").to_owned()))
}

/// The server's text holds the whole rule. The fields next to it lose the second type of `is_in`, the namespace of an
/// action and every annotation, so they are only used if the text is not Cedar.
fn live_cedar(rule: &Value) -> Result<Canonical, CedarError> {
    cedar::canonical(text(rule, "policy_text")).or_else(|_| from_fields(rule))
}

/// How people spell rules, by their structure.
pub(super) struct Spellings<'a> {
    /// From git or the API; of several spellings the first is used.
    policies: &'a [&'a Value],
    /// Parsed once, and only for a value that holds rules.
    texts: OnceCell<BTreeMap<String, String>>,
}

impl<'a> Spellings<'a> {
    pub(super) fn new(policies: &'a [&'a Value]) -> Self {
        Self { policies, texts: OnceCell::new() }
    }

    /// Puts the rules of a canonical value into these spellings.
    pub(super) fn spell(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.spell(item)),
            Value::Object(map) => map.iter_mut().for_each(|(name, value)| match value {
                Value::String(text) if name == "policy_text" => self.spell_text(text),
                other => self.spell(other),
            }),
            _ => {}
        }
    }

    fn spell_text(&self, text: &mut String) {
        if let Some(spelling) = self.texts.get_or_init(|| self.parse()).get(text.as_str()) {
            spelling.clone_into(text);
        }
    }

    fn parse(&self) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for rule in self.policies.iter().flat_map(|policy| list(policy, "rules")) {
            if let Ok(Canonical { text, structure }) = cedar_of(rule).or_else(|_| live_cedar(rule)) {
                texts.entry(structure).or_insert(text);
            }
        }
        texts
    }
}

/// The live rules of a policy, in the order in which they are evaluated.
pub(super) fn in_order(policy: &Value) -> Vec<&Value> {
    let mut rules: Vec<_> = list(policy, "rules").iter().collect();
    rules.sort_by_key(|rule| rule.get("ordinal").and_then(Value::as_i64));
    rules
}
