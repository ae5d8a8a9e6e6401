//! The writes that change the live rules of a policy into the declared ones. Which live rule becomes which declared one
//! is in `pair`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::cedar::Effect;
use crate::model::request::{KNOWN_AFTER_APPLY, Method, Path, Request, Symbol};
use crate::model::state::LiveObject;
use crate::system::Draft;
use crate::system::body::{insert_some, list, text};
use crate::system::jitsudo::rules::form::STRUCTURED;
use crate::system::jitsudo::rules::in_order;
use crate::system::jitsudo::rules::pair::{Live, Wanted, pair};

/// The Cedar of all rules of a new policy, if there are any and Cedar is all that they say.
pub(in crate::system::jitsudo) fn policy_set(draft: &Draft<'_>) -> Option<String> {
    let rules = list(draft.declared, "rules");
    let says_more = |rule: &Value| {
        rule.get("notice").is_some_and(|notice| !notice.is_null())
            || rule.get("audit_session") == Some(&Value::Bool(false))
    };
    if rules.is_empty() || rules.iter().any(says_more) {
        return None;
    }
    let written = list(draft.written, "rules").iter().zip(rules);
    let texts = written.map(|(written, canonical)| {
        let text = written.get("policy_text").or_else(|| canonical.get("policy_text"));
        text.and_then(Value::as_str)
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join("\n\n"))
}

/// The writes, in an order that never allows what neither the old nor the new rules allow: while any old permit is
/// there, all old forbids are, and before any new permit comes, all new forbids are there. An edited permit is one
/// write; an edited forbid is a new one, and the old one goes last. After any of these writes, the rest is what a new
/// plan would write.
pub(in crate::system::jitsudo) fn requests(draft: &Draft<'_>, policy: &Path) -> Vec<Request> {
    if !draft.differs("rules") {
        return Vec::new();
    }
    let body = draft.live.map(LiveObject::body).unwrap_or_default();
    let bodies = in_order(&body);
    let pairs = bodies.into_iter().zip(list(draft.observed, "rules"));
    let live: Vec<_> = pairs.filter_map(|(body, canonical)| Live::new(body, canonical)).collect();
    let wanted = pair(draft, &live);
    let kept: BTreeMap<_, _> =
        wanted.iter().filter_map(|wanted| Some((&wanted.live?.id, wanted.index))).collect();
    let base = policy.clone().text("rules");
    let new = |of| wanted.iter().filter(move |wanted| wanted.live.is_none() && wanted.effect == of);
    let is_gone = |live: &&Live<'_>| !kept.contains_key(&live.id);
    let gone = |of| live.iter().filter(is_gone).filter(move |live| live.effect == of);

    let created: Vec<_> = new(Effect::Forbid).chain(new(Effect::Permit)).collect();
    let mut requests: Vec<_> = created.iter().map(|wanted| create(draft, wanted, &base)).collect();
    requests.extend(wanted.iter().filter_map(|wanted| patch(wanted, &base)));
    let gone = gone(Effect::Permit).chain(gone(Effect::Forbid));
    requests.extend(gone.map(|live| Request::new(Method::Delete, base.clone().known(&live.id))));

    // Existing rules keep their order, and new ones come after them in the order of their creation.
    let existing = live.iter().filter_map(|live| kept.get(&live.id).copied());
    let order = existing.chain(created.iter().map(|wanted| wanted.index));
    requests.extend(reorder(draft, &wanted, order, &base));
    requests
}

fn create(draft: &Draft<'_>, wanted: &Wanted<'_>, base: &Path) -> Request {
    let symbol = Symbol::part(draft.id, wanted.index);
    Request::new(Method::Post, base.clone()).body(wanted.written.clone()).reveals(symbol, "/id")
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
            insert_some(&mut body, field, after);
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

/// One request that sets the whole order, unless the rules are in order without it. `resulting` is their order after
/// the other writes.
fn reorder(
    draft: &Draft<'_>,
    wanted: &[Wanted<'_>],
    resulting: impl Iterator<Item = usize>,
    base: &Path,
) -> Option<Request> {
    if resulting.eq(0..wanted.len()) {
        return None;
    }
    let ids: Vec<_> =
        wanted.iter().map(|wanted| wanted.live.map_or(KNOWN_AFTER_APPLY, |live| live.id.as_str())).collect();
    let mut request = Request::new(Method::Patch, base.clone().text("reorder")).body(json!({"ids": ids}));
    let later = wanted.iter().filter(|wanted| wanted.live.is_none());
    request.fills = later
        .map(|wanted| (format!("/ids/{}", wanted.index), Symbol::part(draft.id, wanted.index)))
        .collect();
    Some(request)
}
