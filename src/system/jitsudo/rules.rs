//! The rules of a JITSudo policy: their canonical form, the check of their fields, and the writes that bring the
//! live ones to the declared ones.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::cedar::{self, Canonical, CedarError, Scope};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic, SpecPlace};
use crate::model::request::{KNOWN_AFTER_APPLY, Method, Path, Request, Symbol};
use crate::model::resource::RemoteId;
use crate::system::Draft;
use crate::system::body::{list, text};

/// The fields that `policy_text` stands for.
const STRUCTURED: &[&str] = &[
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

/// A declared rule in canonical words. A rule that is not valid stays as written; `check` has reported it.
pub(super) fn canonical(rule: &Value) -> Value {
    match cedar_of(rule) {
        Ok(cedar) => with_text(rule, cedar.structure),
        Err(_) => rule.clone(),
    }
}

fn cedar_of(rule: &Value) -> Result<Canonical, CedarError> {
    match rule.get("policy_text").and_then(Value::as_str) {
        Some(text) => cedar::canonical(text),
        None => from_fields(rule),
    }
}

fn with_text(rule: &Value, text: String) -> Value {
    let mut canonical = Map::from_iter([("policy_text".to_owned(), Value::from(text))]);
    for field in ["notice", "audit_session"] {
        crate::system::body::insert_some(&mut canonical, field, rule.get(field));
    }
    Value::Object(canonical)
}

/// A live rule in canonical words.
pub(super) fn observed(rule: &Value) -> Value {
    let structure = live_cedar(rule).map(|live| live.structure);
    with_text(rule, structure.unwrap_or_else(|_| text(rule, "policy_text").to_owned()))
}

/// The server's text says it all; the fields beside it lose the second type of `is_in`, the namespace of an action and
/// every annotation, so they only count where the text is not Cedar.
fn live_cedar(rule: &Value) -> Result<Canonical, CedarError> {
    cedar::canonical(text(rule, "policy_text")).or_else(|_| from_fields(rule))
}

/// How people spell rules, by their structure.
pub(super) struct Spellings(BTreeMap<String, String>);

impl Spellings {
    /// Of the rules of policies, as git or the API has them; the first of several spellings counts.
    pub(super) fn of(policies: &[&Value]) -> Self {
        let mut spellings = BTreeMap::new();
        for rule in policies.iter().flat_map(|policy| list(policy, "rules")) {
            if let Ok(Canonical { text, structure }) = cedar_of(rule).or_else(|_| live_cedar(rule)) {
                spellings.entry(structure).or_insert(text);
            }
        }
        Self(spellings)
    }

    /// A canonical value with its rules so spelled.
    pub(super) fn spelled(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.spelled(item)).collect(),
            Value::Object(map) => {
                let spelled = |(name, value): (&String, &Value)| {
                    let text = value.as_str().filter(|_| name == "policy_text");
                    let spelling =
                        text.and_then(|text| self.0.get(text)).map(|text| Value::from(text.as_str()));
                    (name.clone(), spelling.unwrap_or_else(|| self.spelled(value)))
                };
                Value::Object(map.iter().map(spelled).collect())
            }
            other => other.clone(),
        }
    }
}

fn from_fields(rule: &Value) -> Result<Canonical, CedarError> {
    let conditions = text(rule, "conditions");
    cedar::assemble(
        text(rule, "effect"),
        entity_scope(rule, "principal"),
        action_scope(rule),
        entity_scope(rule, "resource"),
        conditions,
    )
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
        // Not Cedar, so that assembling it is an error.
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

/// The live rules of a policy in the order of their evaluation.
pub(super) fn in_order(policy: &Value) -> Vec<&Value> {
    let mut rules: Vec<_> = list(policy, "rules").iter().collect();
    rules.sort_by_key(|rule| rule.get("ordinal").and_then(Value::as_i64));
    rules
}

/// One declared rule beside the live one that becomes it.
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

/// The writes, in an order in which no moment allows more than the old and the new rules: forbids are added, rules
/// change, permits are added, permits go, forbids go, and at last the order is set if it is not right by then.
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

/// Rules that are equal stay as they are, whatever their place; those left over are paired in order where both
/// permit or both forbid.
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

/// What of a rule's Cedar has to be sent: its text, or the structured fields that differ. A field that is left out
/// is null in the rule, and an entity type that stayed behind would contradict a scope without one.
fn cedar_fields(written: &Value, live: &Value) -> Map<String, Value> {
    if let Some(text) = written.get("policy_text") {
        return Map::from_iter([("policy_text".to_owned(), text.clone())]);
    }
    let empty = |field: &str| if field == "action_ids" { json!([]) } else { Value::Null };
    let value = |rule: &Value, field: &str| rule.get(field).cloned().unwrap_or_else(|| empty(field));
    let all = STRUCTURED.iter().map(|field| ((*field).to_owned(), value(written, field)));
    let differ: Map<_, _> =
        all.clone().filter(|(field, after)| sorted(value(live, field)) != sorted(after.clone())).collect();
    // The fields agree and the text does not: send them all, so that the server assembles the text again.
    if differ.is_empty() { all.collect() } else { differ }
}

fn sorted(mut value: Value) -> Value {
    if let Value::Array(items) = &mut value {
        items.sort_by_cached_key(Value::to_string);
    }
    value
}

/// One request that sets the whole order, if the rules would not already stand in it: those that were there keep
/// their order, and created ones come behind them in the order of their creation.
fn reorder(draft: &Draft<'_>, wanted: &[Wanted<'_>], live: &[Live<'_>], base: &Path) -> Option<Request> {
    let kept = live.iter().filter_map(|live| wanted.iter().find(|wanted| is_live(wanted, live)));
    let new = |of: &'static str| {
        wanted.iter().filter(move |wanted| wanted.live.is_none() && effect(wanted.canonical) == of)
    };
    let stands = kept.chain(new("forbid")).chain(new("permit")).map(|wanted| wanted.index);
    if stands.eq(wanted.iter().map(|wanted| wanted.index)) {
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

/// What a rule's JSON Schema cannot say.
pub(super) fn check(rule: &Value, at: &str) -> Vec<SpecDiagnostic> {
    let mut diagnostics =
        if rule.get("policy_text").is_some() { check_text(rule, at) } else { check_fields(rule, at) };
    if diagnostics.is_empty() {
        diagnostics.extend(cedar_of(rule).err().map(|error| not_cedar(rule, at, &error)));
    }
    diagnostics
}

fn not_cedar(rule: &Value, at: &str, error: &CedarError) -> SpecDiagnostic {
    let field = ["policy_text", "conditions"].into_iter().find(|field| rule.get(*field).is_some());
    let at = field.map_or_else(|| at.to_owned(), |field| format!("{at}/{field}"));
    let help = if field == Some("conditions") {
        "write `when { .. }` and `unless { .. }` clauses, without comments"
    } else {
        "write one Cedar statement: `permit (principal, action, resource) when { .. };`"
    };
    let place = SpecPlace { pointer: at, offset: error.offset };
    Diagnostic::new(Code::JitsudoCedar, format!("this is not valid Cedar: {error}")).at(place).help(help)
}

fn check_text(rule: &Value, at: &str) -> Vec<SpecDiagnostic> {
    let beside = STRUCTURED.iter().filter(|field| rule.get(**field).is_some());
    beside
        .map(|field| {
            let message = format!("`{field}` has no effect beside `policy_text`");
            Diagnostic::new(Code::JitsudoTextAndFields, message)
                .in_spec(format!("{at}/{field}"))
                .help("say it in one of the two ways only")
        })
        .collect()
}

fn check_fields(rule: &Value, at: &str) -> Vec<SpecDiagnostic> {
    let needed = ["effect", "principal_scope_type", "action_scope_type", "resource_scope_type"];
    let missing = needed.iter().filter(|field| rule.get(**field).is_none());
    let mut diagnostics: Vec<_> = missing
        .map(|field| {
            let message = format!("a rule without `policy_text` needs `{field}`");
            Diagnostic::new(Code::JitsudoMissingField, message)
                .in_spec(at)
                .help(format!("add `{field}`, or write the rule as `policy_text`"))
        })
        .collect();
    diagnostics.extend(["principal", "resource"].iter().flat_map(|variable| check_scope(rule, variable, at)));
    diagnostics.extend(check_actions(rule, at));
    diagnostics
}

/// Which of type and id each scope type has.
fn check_scope(rule: &Value, variable: &str, at: &str) -> Vec<SpecDiagnostic> {
    let scope = text(rule, &format!("{variable}_scope_type"));
    let wants = match scope {
        "any" => [("entity_type", false), ("entity_id", false)],
        "is" => [("entity_type", true), ("entity_id", false)],
        "eq" | "in" | "is_in" => [("entity_type", true), ("entity_id", true)],
        _ => return Vec::new(),
    };
    let wrong = wants.into_iter().filter_map(|(suffix, wanted)| {
        let field = format!("{variable}_{suffix}");
        let has = !text(rule, &field).is_empty();
        if suffix == "entity_type" && has && !cedar::is_type(text(rule, &field)) {
            let message = format!("`{}` is not the name of a Cedar type", text(rule, &field));
            let help = "type names are like `User` or `Company::User`";
            return Some(
                Diagnostic::new(Code::JitsudoEntityType, message).in_spec(format!("{at}/{field}")).help(help),
            );
        }
        let place = if rule.get(&field).is_some() {
            format!("{at}/{field}")
        } else {
            format!("{at}/{variable}_scope_type")
        };
        match (wanted, has) {
            (true, false) => Some(
                Diagnostic::new(Code::JitsudoScope, format!("the scope `{scope}` needs `{field}`"))
                    .in_spec(place)
                    .help(format!("add `{field}`, or use another `{variable}_scope_type`")),
            ),
            (false, true) => Some(
                Diagnostic::new(Code::JitsudoScope, format!("the scope `{scope}` has no `{field}`"))
                    .in_spec(place)
                    .help(format!("take `{field}` out, or use another `{variable}_scope_type`")),
            ),
            _ => None,
        }
    });
    wrong.collect()
}

fn check_actions(rule: &Value, at: &str) -> Option<SpecDiagnostic> {
    let count = list(rule, "action_ids").len();
    let wrong = match text(rule, "action_scope_type") {
        "any" if count > 0 => "the scope `any` has no `action_ids`",
        "eq" if count != 1 => "the scope `eq` needs exactly one of `action_ids`",
        "in" if count == 0 => "the scope `in` needs one or more `action_ids`",
        _ => return None,
    };
    let place = if rule.get("action_ids").is_some() { "action_ids" } else { "action_scope_type" };
    Some(
        Diagnostic::new(Code::JitsudoScope, wrong)
            .in_spec(format!("{at}/{place}"))
            .help("change `action_ids` or `action_scope_type`"),
    )
}
