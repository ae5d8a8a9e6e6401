//! The rules of a JITSudo policy: their canonical form, and the writes that change the live ones into the declared
//! ones.
//!
//! A rule is either structured fields or Cedar text, and both have one canonical form: the text as [`crate::cedar`]
//! prints it. Not here: the Cedar of one rule (`form`), and its mistakes (`check`).

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::cedar::{self, Canonical, CedarError};
use crate::model::request::{KNOWN_AFTER_APPLY, Method, Path, Request, Symbol};
use crate::model::resource::RemoteId;
use crate::system::Draft;
use crate::system::body::{list, text};
use crate::system::jitsudo::rules::form::{STRUCTURED, cedar_of, from_fields};

pub(super) mod check;
mod form;

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

/// One declared rule, with the live one that becomes it.
struct Wanted<'a> {
    index: usize,
    written: &'a Value,
    canonical: &'a Value,
    live: Option<&'a Live<'a>>,
}

struct Live<'a> {
    id: RemoteId,
    body: &'a Value,
    canonical: &'a Value,
}

impl Live<'_> {
    fn effect(&self) -> &str {
        effect(self.canonical)
    }
}

fn effect(canonical: &Value) -> &str {
    if cedar::forbids(text(canonical, "policy_text")) { "forbid" } else { "permit" }
}

/// The writes, in an order that never allows more than the old and the new rules do: add forbids, change rules, add
/// permits, delete permits, delete forbids, and last set the order if it is not right yet.
pub(super) fn requests(draft: &Draft<'_>, policy: &Path) -> Vec<Request> {
    if !draft.differs("rules") {
        return Vec::new();
    }
    let bodies = draft.live.map(|live| in_order(&live.body)).unwrap_or_default();
    let live: Vec<_> = bodies.into_iter().zip(list(draft.observed, "rules")).filter_map(live_rule).collect();
    let wanted = pair(draft, &live);
    let base = policy.clone().text("rules");
    let gone: Vec<_> =
        live.iter().filter(|live| !wanted.iter().any(|wanted| is_live(wanted, live))).collect();

    let mut requests = creates(draft, &wanted, "forbid", &base);
    requests.extend(wanted.iter().filter_map(|wanted| patch(wanted, &base)));
    requests.extend(creates(draft, &wanted, "permit", &base));
    for effect in ["permit", "forbid"] {
        let gone = gone.iter().filter(|live| live.effect() == effect);
        requests.extend(gone.map(|live| Request::new(Method::Delete, base.clone().known(&live.id))));
    }
    requests.extend(reorder(draft, &wanted, &live, &base));
    requests
}

fn live_rule<'a>((body, canonical): (&'a Value, &'a Value)) -> Option<Live<'a>> {
    Some(Live { id: RemoteId::new(text(body, "id"))?, body, canonical })
}

fn is_live(wanted: &Wanted<'_>, live: &Live<'_>) -> bool {
    wanted.live.is_some_and(|of| of.id == live.id)
}

/// Equal rules stay as they are, at any position. The others are paired in order, permits with permits and forbids with
/// forbids.
fn pair<'a>(draft: &'a Draft<'_>, live: &'a [Live<'a>]) -> Vec<Wanted<'a>> {
    let written = list(draft.written, "rules").iter().zip(list(draft.declared, "rules")).enumerate();
    let mut wanted: Vec<_> = written
        .map(|(index, (written, canonical))| Wanted { index, written, canonical, live: None })
        .collect();
    take(&mut wanted, live, |wanted, live| wanted == live.canonical);
    take(&mut wanted, live, |wanted, live| effect(wanted) == live.effect());
    wanted
}

fn take<'a>(wanted: &mut [Wanted<'a>], live: &'a [Live<'a>], fits: impl Fn(&Value, &Live<'_>) -> bool) {
    for index in 0..wanted.len() {
        let taken: Vec<_> = wanted.iter().filter_map(|wanted| wanted.live.map(|live| &live.id)).collect();
        let Some(free) = wanted.get(index).filter(|wanted| wanted.live.is_none()) else { continue };
        let found = live.iter().find(|live| !taken.contains(&&live.id) && fits(free.canonical, live));
        if let Some(wanted) = wanted.get_mut(index) {
            wanted.live = found;
        }
    }
}

fn creates(draft: &Draft<'_>, wanted: &[Wanted<'_>], of: &str, base: &Path) -> Vec<Request> {
    let new = wanted.iter().filter(|wanted| wanted.live.is_none() && effect(wanted.canonical) == of);
    new.map(|wanted| {
        Request::new(Method::Post, base.clone())
            .body(wanted.written.clone())
            .reveals(Symbol::part(draft.id, wanted.index), "/id")
    })
    .collect()
}

/// Only the fields that differ.
fn patch(wanted: &Wanted<'_>, base: &Path) -> Option<Request> {
    let live = wanted.live.filter(|live| live.canonical != wanted.canonical)?;
    let mut body = Map::new();
    if text(live.canonical, "policy_text") != text(wanted.canonical, "policy_text") {
        body = cedar_fields(wanted.written, live.body);
    }
    for field in ["notice", "audit_session"] {
        let after = wanted.canonical.get(field);
        if live.canonical.get(field) != after {
            crate::system::body::insert_some(&mut body, field, after);
        }
    }
    Some(Request::new(Method::Patch, base.clone().known(&live.id)).body(Value::Object(body)))
}

/// The part of a rule's Cedar that has to be sent: its text, or the structured fields that differ. A field that is left
/// out is sent as null, because an entity type left from before would contradict a scope without one.
fn cedar_fields(written: &Value, live: &Value) -> Map<String, Value> {
    if let Some(text) = written.get("policy_text") {
        return Map::from_iter([("policy_text".to_owned(), text.clone())]);
    }
    let empty = |field: &str| if field == "action_ids" { json!([]) } else { Value::Null };
    let value = |rule: &Value, field: &str| rule.get(field).cloned().unwrap_or_else(|| empty(field));
    let all = STRUCTURED.iter().map(|field| ((*field).to_owned(), value(written, field)));
    let differ: Map<_, _> =
        all.clone().filter(|(field, after)| sorted(value(live, field)) != sorted(after.clone())).collect();
    // The fields are equal but the text is not: send them all, so that the server assembles the text again.
    if differ.is_empty() { all.collect() } else { differ }
}

fn sorted(mut value: Value) -> Value {
    if let Value::Array(items) = &mut value {
        items.sort_by_cached_key(Value::to_string);
    }
    value
}

/// One request that sets the whole order, if it would not be right without it: existing rules keep their order, and new
/// ones come after them in the order of their creation.
fn reorder(draft: &Draft<'_>, wanted: &[Wanted<'_>], live: &[Live<'_>], base: &Path) -> Option<Request> {
    let kept = live.iter().filter_map(|live| wanted.iter().find(|wanted| is_live(wanted, live)));
    let new = |of: &'static str| {
        wanted.iter().filter(move |wanted| wanted.live.is_none() && effect(wanted.canonical) == of)
    };
    let resulting = kept.chain(new("forbid")).chain(new("permit")).map(|wanted| wanted.index);
    if resulting.eq(wanted.iter().map(|wanted| wanted.index)) {
        return None;
    }
    let id =
        |wanted: &Wanted<'_>| wanted.live.map_or(KNOWN_AFTER_APPLY.to_owned(), |live| live.id.to_string());
    let ids: Vec<_> = wanted.iter().map(id).collect();
    let mut request = Request::new(Method::Patch, base.clone().text("reorder")).body(json!({"ids": ids}));
    let later = wanted.iter().filter(|wanted| wanted.live.is_none());
    request.fills = later
        .map(|wanted| (format!("/ids/{}", wanted.index), Symbol::part(draft.id, wanted.index)))
        .collect();
    Some(request)
}
