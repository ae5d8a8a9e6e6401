//! JITSudo: just-in-time access policies whose rules are Cedar. Facts are from the API's contract.
//!
//! A policy is patched field by field; its rules are separate objects, written one by one. Not here: the rules, in
//! `rules`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::paging::pages;
use super::{Budget, Draft, Judge, Observe, Registered, Translate};
use crate::cedar::Schema;
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::change::Action;
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::request::{Id, Method, Path, Request, Symbol};
use crate::model::state::{Listing, LiveObject};
use crate::model::wire::{Errors, GetResult, ReadError, Reader, Reply, Statuses};
use crate::system::body::{found, kind_of, list, listed, texts};

mod access;
mod rules;

use crate::system::semantics::Semantics;
use rules::Known;

/// The row of the registry.
pub(super) fn registered(budget: &Budget) -> Registered {
    let known = Arc::new(Known::within(budget.cedar));
    let registered = Registered::built_in("jitsudo", kinds(), move |settings, schema| Jitsudo {
        settings,
        kinds: kinds(),
        known: known.clone(),
        schema,
    });
    Registered { holds_cedar: true, ..registered }
}

/// Settings of a JITSudo target.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JitsudoSettings {
    /// The tenant's UUID, sent as `X-Tenant-ID`. It must be the tenant of the credential.
    #[schemars(regex(pattern = super::body::UUID), extend("x-pattern-hint" = "a UUID"))]
    tenant: String,
}

/// A policy: who may ask for access to what, and for how long.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PolicySpec {
    /// The purpose of the policy. Null clears it.
    #[schemars(extend("x-nullable" = true, "default" = null))]
    #[schemars(example = &"Production, for four hours at most")]
    description: Option<String>,
    /// Whether it is in force.
    #[schemars(extend("default" = true))]
    #[schemars(example = false)]
    enabled: Option<bool>,
    /// Policies with higher values are evaluated first.
    #[schemars(extend("default" = 0))]
    #[schemars(example = 100)]
    priority: Option<i64>,
    /// The longest duration of a grant, in seconds.
    #[schemars(range(min = 1))]
    #[schemars(example = 14_400)]
    max_duration_seconds: Option<u64>,
    /// The duration of a grant if a request names none, in seconds. Null clears it.
    #[schemars(range(min = 1), extend("x-nullable" = true, "default" = null))]
    #[schemars(example = 3_600)]
    default_duration_seconds: Option<u64>,
    /// Where approvals are announced. Null clears it.
    #[schemars(extend("x-nullable" = true, "default" = null))]
    #[schemars(example = &"#access")]
    notification_channel: Option<String>,
    /// The rules, in the order in which they are evaluated.
    #[schemars(extend("default" = []))]
    #[schemars(extend("examples" = [[{"policy_text": "permit (principal in Team::\"ops\", action, resource);"}]]))]
    rules: Option<Vec<RuleSpec>>,
}

/// One rule: Cedar as `policy_text`, or the structured fields.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleSpec {
    /// One Cedar statement. It replaces all structured fields.
    #[schemars(example = &"permit (principal in Team::\"ops\", action, resource);")]
    policy_text: Option<String>,
    /// Whether it permits or forbids. Required without `policy_text`.
    #[schemars(example = &"permit")]
    effect: Option<Effect>,
    /// How the principal is limited. Required without `policy_text`.
    #[schemars(example = &"in")]
    principal_scope_type: Option<ScopeType>,
    /// The principal's type, such as `User`; for every scope type except `any`.
    #[schemars(length(min = 1), extend("x-nullable" = true))]
    #[schemars(example = &"Team")]
    principal_entity_type: Option<String>,
    /// The principal's id; for `eq`, `in` and `is_in`.
    #[schemars(length(min = 1), extend("x-nullable" = true))]
    #[schemars(example = &"ops")]
    principal_entity_id: Option<String>,
    /// How the action is limited. Required without `policy_text`.
    #[schemars(example = &"eq")]
    action_scope_type: Option<ActionScopeType>,
    /// Bare action names, such as `request_access`: exactly one for `eq`, one or more for `in`.
    #[schemars(extend("x-list-type" = "set"))]
    #[schemars(example = ["request_access"])]
    action_ids: Option<Vec<String>>,
    /// How the resource is limited. Required without `policy_text`.
    #[schemars(example = &"is")]
    resource_scope_type: Option<ScopeType>,
    /// The resource's type, such as `AwsAccount`; for every scope type except `any`.
    #[schemars(length(min = 1), extend("x-nullable" = true))]
    #[schemars(example = &"AwsAccount")]
    resource_entity_type: Option<String>,
    /// The resource's id; for `eq`, `in` and `is_in`.
    #[schemars(length(min = 1), extend("x-nullable" = true))]
    #[schemars(example = &"production")]
    resource_entity_id: Option<String>,
    /// Cedar `when { .. }` and `unless { .. }` clauses.
    #[schemars(extend("x-nullable" = true))]
    #[schemars(example = &"when { context.minutes < 60 }")]
    conditions: Option<String>,
    /// A message for the user.
    #[schemars(extend("x-nullable" = true, "default" = null))]
    #[schemars(example = &"Say in the ticket what for.")]
    notice: Option<String>,
    /// Whether sessions under this rule are audited.
    #[schemars(extend("default" = true))]
    #[schemars(example = false)]
    audit_session: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Effect {
    Permit,
    Forbid,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeType {
    Any,
    Eq,
    In,
    Is,
    IsIn,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ActionScopeType {
    Any,
    Eq,
    In,
}

/// How many policies to ask for per page. The maximum is not documented; a server may send fewer.
const PAGE: usize = 100;

/// What the API returns besides what a spec says. Of a rule, its text says what the fields beside it do.
const SERVER_FIELDS: &[&str] = &[
    "/id",
    "/name",
    "/cedar_policy_set",
    "/rule_count",
    "/created_at",
    "/updated_at",
    "/rules/*/id",
    "/rules/*/ordinal",
    "/rules/*/created_at",
];

fn kinds() -> Vec<Kind> {
    vec![Kind {
        required: texts(&["max_duration_seconds"]),
        read_only: texts(SERVER_FIELDS),
        list_is_whole: false,
        ..kind_of::<PolicySpec>("Policy", "A JITSudo just-in-time access policy")
    }]
}

struct Jitsudo {
    settings: JitsudoSettings,
    kinds: Vec<Kind>,
    known: Arc<Known>,
    /// What its rules may name.
    schema: Option<Schema>,
}

impl Translate for Jitsudo {
    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn check(&self, _kind: &Kind, spec: &Value) -> Vec<SpecDiagnostic> {
        let mut diagnostics: Vec<_> = check_durations(spec).into_iter().collect();
        for (index, rule) in list(spec, "rules").iter().enumerate() {
            let found =
                rules::check::check(&self.known, self.schema.as_ref(), rule, &format!("/rules/{index}"));
            let is_enough = found.iter().any(|diagnostic| diagnostic.code == Code::JitsudoTooMuch);
            diagnostics.extend(found);
            if is_enough {
                break;
            }
        }
        diagnostics
    }

    fn declared<'a>(&self, _kind: &Kind, spec: &'a Value, _names: &Names) -> Cow<'a, Value> {
        let mut spec = spec.clone();
        if let Some(Value::Array(rules)) = spec.get_mut("rules") {
            *rules = rules.iter().map(|rule| rules::canonical(&self.known, rule)).collect();
        }
        Cow::Owned(spec)
    }

    fn observed<'a>(&self, _kind: &Kind, body: &'a Value, _names: &Names) -> Cow<'a, Value> {
        let mut body = body.clone();
        let in_order = rules::in_order(&body).into_iter();
        let live = in_order.map(|rule| rules::observed(&self.known, rule)).collect();
        if let Some(body) = body.as_object_mut() {
            body.insert("rules".to_owned(), live);
        }
        Cow::Owned(body)
    }

    /// Cedar has many spellings of one rule.
    fn spell(&self, _kind: &Kind, values: &mut [&mut Value], spellings: &[&Value]) {
        let spellings = rules::Spellings::new(&self.known, spellings);
        values.iter_mut().for_each(|value| spellings.spell(value));
    }

    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic> {
        Ok(match draft.live {
            None => create(draft),
            Some(live) if draft.action == Action::Delete => {
                vec![Request::new(Method::Delete, Path::fixed(COLLECTION).known(&live.remote))]
            }
            Some(live) => match rules::too_much(&self.known, &live.body()) {
                Some(limit) => {
                    return Err(rules::check::too_much(
                        "live rules of this policy and what was read before",
                        limit,
                    ));
                }
                None => update(draft, live),
            },
        })
    }
}

#[async_trait]
impl Observe for Jitsudo {
    fn headers(&self) -> Vec<(String, String)> {
        vec![("x-tenant-id".to_owned(), self.settings.tenant.clone())]
    }

    fn errors(&self) -> Errors {
        let help = "the credential belongs to another tenant: correct `settings.tenant` in enact.yaml, or the credential";
        Errors {
            help: BTreeMap::from([("tenant_mismatch".to_owned(), help.to_owned())]),
            ..Errors::default()
        }
    }

    async fn list(&self, _kind: &Kind, reader: &dyn Reader) -> Result<Listing, ReadError> {
        let first = Path::fixed(COLLECTION).query("limit", PAGE);
        let mut all = Listing::default();
        pages(&first, ("cursor", next_cursor), reader, |page| {
            let items = page.get("data").and_then(Value::as_array);
            for item in items.ok_or_else(|| ReadError::unexpected(&first, "has no `data`"))? {
                all.extend([listed(&first, item, "name", false)?]);
            }
            Ok(())
        })
        .await?;
        // If objects change while the pages are read, an object may be on two pages.
        all.objects.sort_by(|a, b| a.remote.cmp(&b.remote));
        all.objects.dedup_by(|a, b| a.remote == b.remote);
        Ok(all)
    }

    fn lists_to_find(&self, _kind: &Kind) -> bool {
        true
    }

    async fn get(
        &self,
        _kind: &Kind,
        listed: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let path = Path::fixed(COLLECTION).known(&listed.remote);
        // The answer is the policy itself.
        let own = Some(("/id".to_owned(), listed.remote.to_string()));
        let statuses = Statuses { own, ..Statuses::default() };
        let GetResult::Reply(Reply { body, .. }) = reader.read(&path, &statuses).await? else {
            return Ok(None);
        };
        if !body.get("rules").is_some_and(Value::is_array) {
            return Err(ReadError::unexpected(&path, "has no `rules`"));
        }
        found(&path, &body, "name", false).map(Some)
    }
}

impl Judge for Jitsudo {
    fn semantics(&self) -> Option<&dyn Semantics> {
        Some(self)
    }
}

const COLLECTION: &str = "v1/policies";

/// The policy's own fields: all that PATCH accepts, except the name.
const FIELDS: &[&str] = &[
    "description",
    "enabled",
    "priority",
    "max_duration_seconds",
    "default_duration_seconds",
    "notification_channel",
];

fn next_cursor(page: &Value) -> Option<&str> {
    let cursor = page.get("next_cursor").and_then(Value::as_str);
    match page.get("has_more").and_then(Value::as_bool) {
        Some(false) => None,
        // A page that says there is more without a cursor is not the end of the list; the empty token is an error.
        Some(true) => Some(cursor.unwrap_or_default()),
        None => cursor,
    }
}

/// A new policy permits nothing until it has rules, so creating it first is safe.
fn create(draft: &Draft<'_>) -> Vec<Request> {
    let mut body = Map::from_iter([("name".to_owned(), Value::from(draft.id.name.as_str()))]);
    for field in FIELDS {
        crate::system::body::insert_some(&mut body, field, draft.declared.get(*field));
    }
    // One request leaves no policy half-written. The contract: a create may carry the text of all rules.
    let set = rules::write::policy_set(draft);
    let is_whole = set.is_some();
    body.extend(set.map(|set| ("cedar_policy_set".to_owned(), Value::from(set))));
    let policy = Symbol::of(draft.id);
    let create = Request::new(Method::Post, Path::fixed(COLLECTION))
        .body(Value::Object(body))
        .reveals(policy.clone(), "/id");
    let mut requests = vec![create];
    if !is_whole {
        requests.extend(rules::write::requests(draft, &Path::fixed(COLLECTION).id(&Id::Later(policy))));
    }
    requests
}

/// The rules before the policy's own fields, so that a policy is not enabled half-written, and longer grants come with
/// the rules that they are for. What takes away comes before the rules.
fn update(draft: &Draft<'_>, live: &LiveObject) -> Vec<Request> {
    let changed = FIELDS.iter().filter(|field| draft.differs(field));
    let mut body: Map<_, _> = changed
        .filter_map(|field| Some(((*field).to_owned(), draft.declared.get(*field)?.clone())))
        .collect();
    if draft.differs("name") {
        body.insert("name".to_owned(), Value::from(draft.id.name.as_str()));
    }
    let takes_away = takes_away(&body, draft.observed);
    let path = Path::fixed(COLLECTION).known(&live.remote);
    let patch =
        (!body.is_empty()).then(|| Request::new(Method::Patch, path.clone()).body(Value::Object(body)));
    let mut requests = rules::write::requests(draft, &path);
    let at = if takes_away { 0 } else { requests.len() };
    requests.splice(at..at, patch);
    requests
}

/// Whether a change of the policy's own fields only takes away: it disables the policy, or shortens its grants.
fn takes_away(changed: &Map<String, Value>, observed: &Value) -> bool {
    let enabled = changed.get("enabled").and_then(Value::as_bool);
    let seconds = |max: Option<&Value>| max.and_then(Value::as_u64);
    let longest = "max_duration_seconds";
    let shortens = seconds(changed.get(longest)) < seconds(observed.get(longest));
    enabled == Some(false) || (enabled.is_none() && changed.contains_key(longest) && shortens)
}

fn check_durations(spec: &Value) -> Option<SpecDiagnostic> {
    let seconds = |field: &str| spec.get(field).and_then(Value::as_u64);
    let (default, max) = (seconds("default_duration_seconds")?, seconds("max_duration_seconds")?);
    (default > max).then(|| {
        let message = format!("the default duration {default} is longer than the maximum {max}");
        Diagnostic::new(Code::JitsudoDuration, message)
            .in_spec("/default_duration_seconds")
            .help("lower it, or raise `max_duration_seconds`")
    })
}
