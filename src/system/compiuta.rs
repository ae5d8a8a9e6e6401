//! compiuta (Connhex IAM): roles, policies and their members. Facts are from the API's contract.
//!
//! The client chooses the id, which is the name in git. PUT resets what it leaves out, so the body is always the whole
//! writable object; if only members change, they go through their own endpoints. Not here: the
//! schema of a spec (`spec`) and its mistakes (`check`).

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Draft, Judge, Observe, Registered, Translate};
use crate::compare::diff::{Field, merge};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::change::{Action, Change};
use crate::model::guard::Guard;
use crate::model::kind::{Kind, NameRule, Reference};
use crate::model::request::{Method, Path, Repeatability, Request};
use crate::model::resource::RemoteId;
use crate::model::spent::Spent;
use crate::model::state::{Listing, LiveObject, Observed};
use crate::model::wire::{ReadError, Reader};
use crate::system::body::{found, kind_of, list, listed, text, texts};
use crate::system::compiuta::policy::{ADMIN_POLICY, ADMIN_TEAM, final_body, members, strings};
use crate::system::compiuta::spec::{PolicySpec, RoleSpec};
use crate::system::semantics::Semantics;

mod access;
mod administrators;
mod check;
mod policy;
mod spec;

/// The row of the registry.
pub(super) fn registered() -> Registered {
    Registered::built_in("compiuta", kinds(), |_: CompiutaSettings, _| Compiuta { kinds: kinds() })
}

/// Settings of a compiuta target: there are none.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompiutaSettings {}

fn id_rule() -> NameRule {
    NameRule {
        pattern: "^[a-z0-9_-]{1,64}$".to_owned(),
        hint: "1 to 64 lower-case letters, digits, `-` and `_`".to_owned(),
    }
}

fn kinds() -> Vec<Kind> {
    let role = Kind {
        name_rules: vec![id_rule()],
        read_only: texts(&["/id", "/type"]),
        renames: false,
        judged_together: true,
        required: texts(&["name", "actions"]),
        built_in: texts(&["owner", "editor", "viewer", "ingest", "project-owner", "tenant-owner"]),
        ..kind_of::<RoleSpec>("Role", "A compiuta IAM role")
    };
    let policy = Kind {
        name_rules: vec![id_rule()],
        read_only: texts(&["/id", "/type"]),
        renames: false,
        judged_together: true,
        required: texts(&["name", "statements"]),
        references: vec![Reference::new("/statements/*/role", "Role")],
        ..kind_of::<PolicySpec>("Policy", "A compiuta IAM policy")
    };
    vec![role, policy]
}

struct Compiuta {
    kinds: Vec<Kind>,
}

impl Translate for Compiuta {
    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn check(&self, _kind: &Kind, spec: &Value) -> Vec<SpecDiagnostic> {
        check::check(spec)
    }

    fn writable(&self, kind: &Kind, live: &LiveObject) -> bool {
        !live.system || kind.name == "Policy"
    }

    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic> {
        match draft.live {
            None => Ok(vec![create(draft)]),
            Some(live) if live.system => managed(draft, live),
            Some(live) if draft.action == Action::Delete => {
                Ok(vec![Request::new(Method::Delete, collection(draft.kind).known(&live.remote))])
            }
            Some(live) if only_members(draft) => Ok(member_requests(draft, live)),
            Some(live) => Ok(vec![replace(draft, live)]),
        }
    }
}

#[async_trait]
impl Observe for Compiuta {
    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Listing, ReadError> {
        let path = collection(kind);
        let reply = reader.page(&path, Spent::default()).await?.body;
        let items = reply.get(plural(kind)).and_then(Value::as_array);
        let items =
            items.ok_or_else(|| ReadError::unexpected(&path, &format!("has no `{}`", plural(kind))))?;
        items.iter().map(|item| listed(&path, item, "id", is_managed(item))).collect()
    }

    async fn get(
        &self,
        kind: &Kind,
        listed: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        get(kind, &listed.remote, reader).await
    }

    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        let id = RemoteId::new(name).ok_or_else(|| ReadError::unreachable(&kind.name, name))?;
        Ok(get(kind, &id, reader).await?.into_iter().collect())
    }
}

impl Judge for Compiuta {
    fn semantics(&self) -> Option<&dyn Semantics> {
        Some(&access::Statements)
    }

    fn hazards(&self, changes: &[Change], observed: &Observed) -> Vec<Diagnostic> {
        let deleted =
            changes.iter().filter(|change| change.action == Action::Delete && change.id.kind == "Role");
        let using = using(changes, observed);
        let cascades = deleted.filter_map(|change| cascade(change, &using));
        let removed: Vec<_> = changes.iter().filter_map(lock_out).collect();
        let mut lost = administrators::lock_outs(changes, observed);
        // What the first check has already said is not said again in other words.
        lost.retain(|lost| removed.iter().all(|removed| removed.subject != lost.subject));
        removed.into_iter().chain(lost).chain(cascades).collect()
    }
}

fn plural(kind: &Kind) -> &'static str {
    if kind.name == "Role" { "roles" } else { "policies" }
}

fn collection(kind: &Kind) -> Path {
    Path::fixed("iam").text(plural(kind))
}

async fn get(kind: &Kind, id: &RemoteId, reader: &dyn Reader) -> Result<Option<LiveObject>, ReadError> {
    let path = collection(kind).known(id);
    let Some(reply) = reader.get(&path).await? else { return Ok(None) };
    let field = if kind.name == "Role" { "role" } else { "policy" };
    let body = reply.get(field).ok_or_else(|| ReadError::unexpected(&path, &format!("has no `{field}`")))?;
    found(&path, body, "id", is_managed(body)).map(Some)
}

/// An absent type is protobuf's zero value, which means managed: the safe choice.
fn is_managed(body: &Value) -> bool {
    text(body, "type") != "CUSTOM"
}

fn only_members(draft: &Draft<'_>) -> bool {
    draft.fields.iter().all(|field| field.path == "/members")
}

/// Only the members of a managed policy can change.
fn managed(draft: &Draft<'_>, live: &LiveObject) -> Result<Vec<Request>, SpecDiagnostic> {
    if draft.action == Action::Delete {
        return Err(Diagnostic::new(
            Code::CompiutaManaged,
            "the system manages this policy, so it cannot be deleted",
        )
        .help("remove this manifest"));
    }
    if let Some(field) = draft.fields.iter().find(|field| field.path != "/members") {
        let name = field.path.trim_start_matches('/');
        return Err(Diagnostic::new(
            Code::CompiutaManaged,
            format!("the system manages this policy, so its `{name}` cannot change"),
        )
        .help("declare only `members` for it, and put other statements in another policy"));
    }
    Ok(member_requests(draft, live))
}

/// Removing the admins team from the administrator policy locks everybody out, and some endpoints allow it.
fn lock_out(change: &Change) -> Option<Diagnostic> {
    let had = change.seen.as_ref().is_some_and(|seen| members(&seen.body()).contains(ADMIN_TEAM));
    let removes = |field: &Field| field.path == "/members" && !strings(&field.after).contains(ADMIN_TEAM);
    let goes = change.action == Action::Delete || change.fields.iter().any(removes);
    if change.id.kind != "Policy" || change.id.name != ADMIN_POLICY || !had || !goes {
        return None;
    }
    let message = format!("this would remove `{ADMIN_TEAM}` from `{ADMIN_POLICY}`");
    let help = format!("add `{ADMIN_TEAM}` to its `members`");
    Some(Guard::LastAdministrator.diagnostic(&change.id, message, &help))
}

/// Members are added before others are removed, so that nobody who stays loses access in between.
fn member_requests(draft: &Draft<'_>, live: &LiveObject) -> Vec<Request> {
    let (before, after) = (members(draft.observed), members(draft.declared));
    let path = collection(draft.kind).known(&live.remote);
    let request = |verb: &str, members: Vec<&&str>| {
        let body = json!({"members": members});
        // Sending it twice gives the same members.
        let send = || {
            Request::new(Method::Post, path.clone().text(verb))
                .repeatability(Repeatability::Absolute)
                .body(body)
        };
        (!members.is_empty()).then(send)
    };
    let add = request("members:add", after.difference(&before).collect());
    let remove = request("members:remove", before.difference(&after).collect());
    add.into_iter().chain(remove).collect()
}

fn create(draft: &Draft<'_>) -> Request {
    let mut body = writable_body(draft.kind, &Value::Null, draft.declared);
    body.insert("id".to_owned(), Value::from(draft.id.name.as_str()));
    Request::new(Method::Post, collection(draft.kind))
        .repeatability(Repeatability::Named)
        .body(Value::Object(body))
}

fn replace(draft: &Draft<'_>, live: &LiveObject) -> Request {
    let body = writable_body(draft.kind, &live.body(), draft.declared);
    Request::new(Method::Put, collection(draft.kind).known(&live.remote)).body(Value::Object(body))
}

/// The whole object as PUT and POST accept it: what git declares written over what is live, without the fields that
/// reads return and writes refuse.
fn writable_body(kind: &Kind, live: &Value, declared: &Value) -> Map<String, Value> {
    let mut body = merge(&kind.shape, live, declared).as_object().cloned().unwrap_or_default();
    body.remove("id");
    body.remove("type");
    let lists: &[&str] = if kind.name == "Role" { &["tenants"] } else { &["members", "tenants"] };
    for name in lists {
        body.entry(*name).or_insert_with(|| json!([]));
    }
    if let Some(Value::Array(statements)) = body.get_mut("statements") {
        statements.iter_mut().filter_map(Value::as_object_mut).for_each(drop_read_only);
    }
    body
}

fn drop_read_only(statement: &mut Map<String, Value>) {
    for (name, empty) in [("resources", json!(["*"])), ("role", json!("")), ("actions", json!([]))] {
        if statement.get(name) == Some(&empty) {
            statement.remove(name);
        }
    }
}

/// The policies that will be live after these changes, by the roles that they use.
fn using<'a>(changes: &[Change], observed: &'a Observed) -> BTreeMap<String, BTreeSet<&'a str>> {
    let changed = changes.iter().filter(|change| change.id.kind == "Policy");
    let changed: BTreeMap<_, _> = changed.map(|change| (change.id.name.as_str(), change)).collect();
    let mut using: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for policy in observed.found("Policy") {
        let body = match changed.get(policy.name.as_str()) {
            Some(change) if change.action == Action::Delete => None,
            Some(change) => final_body(change),
            None => Some(policy.body()),
        };
        for statement in body.iter().flat_map(|body| list(body, "statements")) {
            using.entry(text(statement, "role").to_owned()).or_default().insert(policy.name.as_str());
        }
    }
    using
}

/// Deleting a role removes it from every statement, then deletes statements that are left empty, then policies that are
/// left empty. That is only fine for policies from which this plan removes the role first.
fn cascade(delete: &Change, using: &BTreeMap<String, BTreeSet<&str>>) -> Option<Diagnostic> {
    let policies: Vec<_> =
        using.get(delete.id.name.as_str())?.iter().map(|policy| format!("`{policy}`")).collect();
    let message = format!("deleting this role would also remove it from {}", policies.join(", "));
    Some(Diagnostic::new(Code::CompiutaCascade, message).about(&delete.id).help(
        "remove the role from these policies first; a statement or a policy that is left empty would be deleted",
    ))
}
