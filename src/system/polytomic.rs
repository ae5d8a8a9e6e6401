//! Polytomic: permission roles and policies. Facts are from the API's contract.
//!
//! A role is only a label. A policy binds actions to roles by their ids. Every reply also holds actions that nobody
//! sent, without roles, and an update replaces all bindings. Not here: the objects that use a policy.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Draft, Judge, Observe, Registered, Translate};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::change::{Action, Change};
use crate::model::kind::{Kind, Reference};
use crate::model::names::Names;
use crate::model::request::{Id, KNOWN_AFTER_APPLY, Method, Path, Repeatability, Replaces, Request, Symbol};
use crate::model::spent::Spent;
use crate::model::state::{Listing, LiveObject, Observed};
use crate::model::wire::{ReadError, Reader};
use crate::system::body::{found, kind_of, list, listed, text, texts};
use crate::system::polytomic::spec::{PolicySpec, RoleSpec};
use crate::system::semantics::Semantics;

mod access;
mod check;
mod spec;

/// The row of the registry.
pub(super) fn registered() -> Registered {
    Registered::built_in("polytomic", kinds(), |settings, _| Polytomic { settings, kinds: kinds() })
}

/// Settings of a Polytomic target.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolytomicSettings {
    /// The API version, sent as `X-Polytomic-Version`. Updates are PATCH before 2024-02-08, and PUT since then.
    #[serde(default)]
    #[schemars(extend("x-selects-tenant" = false))]
    version: Version,
    /// The method of updates, for a deployment that does not follow its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-selects-tenant" = false))]
    update: Option<Verb>,
}

/// The versions that Polytomic supports, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
enum Version {
    #[serde(rename = "2021-05-23")]
    V2021,
    #[serde(rename = "2022-12-12")]
    V2022,
    #[serde(rename = "2023-04-25")]
    V2023,
    #[serde(rename = "2024-02-08")]
    V2024,
    #[default]
    #[serde(rename = "2025-09-18")]
    V2025,
}

impl Version {
    fn as_str(self) -> &'static str {
        match self {
            Self::V2021 => "2021-05-23",
            Self::V2022 => "2022-12-12",
            Self::V2023 => "2023-04-25",
            Self::V2024 => "2024-02-08",
            Self::V2025 => "2025-09-18",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    Put,
    Patch,
}

fn kinds() -> Vec<Kind> {
    let read_only = || texts(&["/id", "/name", "/organization_id", "/system"]);
    let role = Kind {
        read_only: read_only(),
        not_imported: texts(&["organization_id"]),
        folds_case: true,
        built_in: texts(&["Admin", "Editor", "Member", "Sync Editor", "Viewer"]),
        ..kind_of::<RoleSpec>("Role", "A Polytomic permission role")
    };
    let policy = Kind {
        read_only: read_only(),
        not_imported: texts(&["organization_id"]),
        list_is_whole: false,
        references: vec![Reference::new("/policy_actions/*/roles/*", "Role")],
        ..kind_of::<PolicySpec>("Policy", "A Polytomic permission policy")
    };
    vec![role, policy]
}

struct Polytomic {
    settings: PolytomicSettings,
    kinds: Vec<Kind>,
}

impl Polytomic {
    fn update_method(&self) -> Method {
        match self.settings.update {
            Some(Verb::Patch) => Method::Patch,
            Some(Verb::Put) => Method::Put,
            None if self.settings.version < Version::V2024 => Method::Patch,
            None => Method::Put,
        }
    }
}

impl Translate for Polytomic {
    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn check(&self, _kind: &Kind, spec: &Value) -> Vec<SpecDiagnostic> {
        check::check(spec)
    }

    fn declared<'a>(&self, _kind: &Kind, spec: &'a Value, names: &Names) -> Cow<'a, Value> {
        let mut spec = spec.clone();
        if let Some(actions) = spec.get_mut("policy_actions") {
            *actions = bindings(actions, names);
        }
        if let Some(Value::String(id)) = spec.get_mut("organization_id") {
            id.make_ascii_lowercase();
        }
        Cow::Owned(spec)
    }

    fn observed<'a>(&self, kind: &Kind, body: &'a Value, names: &Names) -> Cow<'a, Value> {
        self.declared(kind, body, names)
    }

    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic> {
        if draft.action == Action::Update && draft.differs("organization_id") {
            return Err(Diagnostic::new(
                Code::PolytomicOrganization,
                "`organization_id` cannot change after creation",
            )
            .help("remove it, or delete the object and create it in the other organization"));
        }
        let path = collection(draft.kind);
        let request = match draft.live {
            None => {
                let mut request = write(Method::Post, path, draft).reveals(Symbol::of(draft.id), "/data/id");
                request.repeatability = Repeatability::Keyed;
                request.idempotency_header = Some("Idempotency-Key".to_owned());
                request
            }
            Some(live) if draft.action == Action::Delete => {
                Request::new(Method::Delete, path.known(&live.remote))
            }
            Some(live) => write(self.update_method(), path.known(&live.remote), draft),
        };
        Ok(vec![request])
    }
}

#[async_trait]
impl Observe for Polytomic {
    fn headers(&self) -> Vec<(String, String)> {
        vec![("x-polytomic-version".to_owned(), self.settings.version.as_str().to_owned())]
    }

    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Listing, ReadError> {
        let path = collection(kind);
        let reply = reader.page(&path, Spent::default()).await?.body;
        match reply.get("data") {
            Some(Value::Null) => Ok(Listing::default()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| listed(&path, item, "name", is_system(item))).collect()
            }
            _ => Err(ReadError::unexpected(&path, "has no `data`")),
        }
    }

    fn lists_to_find(&self, _kind: &Kind) -> bool {
        true
    }

    async fn get(
        &self,
        kind: &Kind,
        listed: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let path = collection(kind).known(&listed.remote);
        let Some(reply) = reader.get(&path).await? else { return Ok(None) };
        let body = reply.get("data").ok_or_else(|| ReadError::unexpected(&path, "has no `data`"))?;
        found(&path, body, "name", is_system(body)).map(Some)
    }
}

impl Judge for Polytomic {
    fn semantics(&self) -> Option<&dyn Semantics> {
        Some(&access::Bindings)
    }

    fn hazards(&self, changes: &[Change], observed: &Observed) -> Vec<Diagnostic> {
        let named = naming(changes, observed);
        let deleted =
            changes.iter().filter(|change| change.action == Action::Delete && change.id.kind == "Role");
        deleted.filter_map(|change| left_behind(change, &named)).collect()
    }
}

/// The live policies that no change rewrites, by the ids of the roles that they name.
fn naming<'a>(changes: &[Change], observed: &'a Observed) -> BTreeMap<String, Vec<&'a str>> {
    let rewritten = changes.iter().filter(|change| change.id.kind == "Policy");
    let rewritten: BTreeSet<_> = rewritten.map(|change| change.id.name.as_str()).collect();
    let left = observed.found("Policy").iter().filter(|policy| !rewritten.contains(policy.name.as_str()));
    let mut naming: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for policy in left {
        let body = policy.body();
        let actions = list(&body, "policy_actions").iter();
        let roles: BTreeSet<_> =
            actions.flat_map(|action| list(action, "role_ids")).filter_map(Value::as_str).collect();
        for role in roles {
            naming.entry(role.to_owned()).or_default().push(policy.name.as_str());
        }
    }
    naming
}

/// Deleting a role does not remove it from policies: its id stays there until somebody rewrites them.
fn left_behind(delete: &Change, naming: &BTreeMap<String, Vec<&str>>) -> Option<Diagnostic> {
    let policies = naming.get(delete.seen.as_ref()?.remote.as_str())?;
    let policies: Vec<_> = policies.iter().map(|policy| format!("`{policy}`")).collect();
    let message =
        format!("{} still name this role, and keep its id after it is deleted", policies.join(", "));
    let diagnostic = Diagnostic::new(Code::PolytomicLeftBehind, message).about(&delete.id);
    Some(diagnostic.help("declare these policies without the role, before or together with the delete"))
}

fn collection(kind: &Kind) -> Path {
    Path::fixed(if kind.name == "Role" { "api/permissions/roles" } else { "api/permissions/policies" })
}

fn is_system(body: &Value) -> bool {
    body.get("system") == Some(&Value::Bool(true))
}

/// Bindings in canonical form: one entry per action, roles by name if the name means one role, no empty entries.
fn bindings(actions: &Value, names: &Names) -> Value {
    let mut merged: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
    for action in actions.as_array().into_iter().flatten() {
        let (roles, ids) = merged.entry(text(action, "action")).or_default();
        roles.extend(list(action, "roles").iter().filter_map(Value::as_str));
        // UUIDs ignore case.
        for id in list(action, "role_ids").iter().filter_map(Value::as_str).map(str::to_ascii_lowercase) {
            match names.name("Role", &id) {
                Some(name) => roles.insert(name),
                None => ids.insert(id),
            };
        }
    }
    merged.retain(|_, (roles, ids)| !roles.is_empty() || !ids.is_empty());
    let entry = |(action, (roles, role_ids))| json!({"action": action, "roles": roles, "role_ids": role_ids});
    merged.into_iter().map(entry).collect()
}

/// The whole object, as create and update take it. Fields that only a newer API knows are kept.
fn write(method: Method, path: Path, draft: &Draft<'_>) -> Request {
    let mut body = carried_over(draft.live);
    body.insert("name".to_owned(), Value::from(draft.id.name.as_str()));
    if draft.live.is_none() {
        crate::system::body::insert_some(&mut body, "organization_id", draft.declared.get("organization_id"));
    }
    let mut request = Request::new(method, path);
    if draft.kind.name == "Policy" {
        let actions = if draft.declared.get("policy_actions").is_some() {
            declared_actions(draft)
        } else {
            live_actions(draft)
        };
        for (index, action) in actions.iter().enumerate() {
            for (role, symbol) in &action.later {
                request.fills.insert(format!("/policy_actions/{index}/role_ids/{role}"), symbol.clone());
            }
        }
        body.insert("policy_actions".to_owned(), actions.into_iter().map(|action| action.body).collect());
    }
    if draft.live.is_some() {
        // With either method an update replaces all bindings.
        request.replaces = Replaces::Object;
    }
    request.body(Value::Object(body))
}

/// The bindings that git declares, and the live actions that have none but hold more than enact knows: a policy always
/// has every action, so leaving one out says nothing about the rest of it.
fn declared_actions(draft: &Draft<'_>) -> Vec<ActionBody> {
    let declared = list(draft.declared, "policy_actions");
    let is_declared =
        |row: &Value| declared.iter().any(|action| text(action, "action") == text(row, "action"));
    let others = live_rows(draft).into_iter().filter(|row| holds_more(row) && !is_declared(row));
    let others: Vec<_> = others.map(|row| json!({"action": text(&row, "action")})).collect();
    declared.iter().chain(&others).map(|action| action_body(action, draft)).collect()
}

/// The bindings as they are, without actions that say nothing.
fn live_actions(draft: &Draft<'_>) -> Vec<ActionBody> {
    let says_something = |row: &Value| holds_more(row) || !list(row, "role_ids").is_empty();
    let rows = live_rows(draft).into_iter().filter(says_something);
    rows.map(|body| ActionBody { body, later: Vec::new() }).collect()
}

/// The live actions, in an order that does not depend on the reply's.
fn live_rows(draft: &Draft<'_>) -> Vec<Value> {
    let Some(live) = draft.live else { return Vec::new() };
    list(&draft.kind.shape.ordered(&live.body()), "policy_actions").to_vec()
}

/// Whether a binding has fields that enact does not know.
fn holds_more(action: &Value) -> bool {
    let known = |field: &String| field == "action" || field == "role_ids";
    action.as_object().is_some_and(|action| !action.keys().all(known))
}

fn carried_over(live: Option<&LiveObject>) -> Map<String, Value> {
    let Some(Value::Object(mut body)) = live.map(LiveObject::body) else { return Map::new() };
    for own in ["id", "organization_id", "system", "policy_actions"] {
        body.remove(own);
    }
    body
}

/// One binding as the API takes it, and which of its roles are not created yet.
struct ActionBody {
    body: Value,
    later: Vec<(usize, Symbol)>,
}

fn action_body(action: &Value, draft: &Draft<'_>) -> ActionBody {
    let name = text(action, "action");
    let mut ids: Vec<_> = list(action, "role_ids").iter().map(|id| (id.clone(), None)).collect();
    for role in list(action, "roles").iter().filter_map(Value::as_str) {
        match draft.names.id("Role", role) {
            Ok(Id::Known(id)) => ids.push((Value::from(id.as_str()), None)),
            Ok(Id::Later(symbol)) => ids.push((Value::from(KNOWN_AFTER_APPLY), Some(symbol))),
            // The planner has already refused dangling and ambiguous references.
            Err(_) => {}
        }
    }
    let live = live_rows(draft).into_iter().find(|live| text(live, "action") == name);
    let mut body = live.and_then(|live| live.as_object().cloned()).unwrap_or_default();
    body.insert("action".to_owned(), Value::from(name));
    body.insert("role_ids".to_owned(), ids.iter().map(|(id, _)| id.clone()).collect());
    let later =
        ids.into_iter().enumerate().filter_map(|(index, (_, symbol))| Some((index, symbol?))).collect();
    ActionBody { body: Value::Object(body), later }
}
