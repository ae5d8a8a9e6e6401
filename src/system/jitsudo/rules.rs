//! The rules of a JITSudo policy in their canonical form.
//!
//! A rule is either structured fields or Cedar text, and both have one canonical form: the text as [`crate::cedar`]
//! prints it. Not here: the Cedar of one rule (`form`), its mistakes (`check`), and the writes that change the live
//! rules into the declared ones (`write`).

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::system::body::{list, text};
use crate::system::jitsudo::rules::form::Source;
use crate::system::jitsudo::rules::known::Unread;

pub(super) use form::STRUCTURED;
pub(super) use known::Known;

pub(super) mod check;
mod form;
mod known;
mod pair;
pub(super) mod write;

/// A declared rule in canonical form. An invalid rule stays as written; `check` reports it.
pub(super) fn canonical(known: &Known, rule: &Value) -> Value {
    match known.structure(Source::of(rule)) {
        Ok(structure) => with_text(rule, structure),
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
pub(super) fn observed(known: &Known, rule: &Value) -> Value {
    let structure = live_structure(known, rule).map(|(_, structure)| structure);
    with_text(rule, structure.unwrap_or_else(|_| text(rule, "policy_text").to_owned()))
}

/// The server's text holds the whole rule. The fields next to it lose the second type of `is_in`, the namespace of an
/// action and every annotation, so they are only used if the text is not Cedar.
fn live_structure<'a>(known: &Known, rule: &'a Value) -> Result<(Source<'a>, String), Unread> {
    let read = |source| known.structure(source).map(|structure| (source, structure));
    match read(Source::Text(text(rule, "policy_text"))) {
        Err(Unread::Wrong(_)) => read(Source::Fields(rule)),
        read => read,
    }
}

/// The limit, if the live rules of a policy are more than the run may read. They must not be written then: what they
/// say is not known.
pub(super) fn too_much(known: &Known, policy: &Value) -> Option<usize> {
    list(policy, "rules").iter().find_map(|rule| match live_structure(known, rule) {
        Err(Unread::TooMuch(limit)) => Some(limit),
        _ => None,
    })
}

/// How people spell rules, by their structure.
pub(super) struct Spellings<'a> {
    known: &'a Known,
    /// From git or the API; of several spellings the first is used.
    policies: &'a [&'a Value],
    /// Read only for a value that holds rules.
    sources: OnceCell<BTreeMap<String, Source<'a>>>,
}

impl<'a> Spellings<'a> {
    pub(super) fn new(known: &'a Known, policies: &'a [&'a Value]) -> Self {
        Self { known, policies, sources: OnceCell::new() }
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
        let source = self.sources.get_or_init(|| self.sources()).get(text.as_str());
        if let Some(pretty) = source.and_then(|source| self.known.pretty(*source)) {
            *text = pretty;
        }
    }

    fn sources(&self) -> BTreeMap<String, Source<'a>> {
        let mut sources = BTreeMap::new();
        for rule in self.policies.iter().flat_map(|policy| list(policy, "rules")) {
            let written = Source::of(rule);
            let read = self.known.structure(written).map(|structure| (written, structure));
            if let Ok((source, structure)) = read.or_else(|_| live_structure(self.known, rule)) {
                sources.entry(structure).or_insert(source);
            }
        }
        sources
    }
}

/// The live rules of a policy, in the order in which they are evaluated.
pub(super) fn in_order(policy: &Value) -> Vec<&Value> {
    let mut rules: Vec<_> = list(policy, "rules").iter().collect();
    rules.sort_by_key(|rule| rule.get("ordinal").and_then(Value::as_i64));
    rules
}
