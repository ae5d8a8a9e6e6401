//! mycloud (ByCloud IAM): policies with an IAM-style document. Facts are from the API's contract.
//!
//! PATCH changes the fields that are sent; the document is replaced whole. Null is never sent. Not here: roles and
//! groups, to which policies are attached.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::paging::{check_total, pages};
use super::{Draft, Judge, Observe, Registered, Translate};
use crate::compare::diff::merge;
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::change::Action;
use crate::model::kind::Kind;
use crate::model::request::{Method, Path, Repeatability, Request};
use crate::model::state::{Listing, LiveObject};
use crate::model::wire::{ReadError, Reader};
use crate::system::body::{found, insert_some, kind_of, list, listed, text, texts};
use crate::system::mycloud::spec::{LANGUAGE, PolicySpec};
use crate::system::semantics::Semantics;

mod access;
mod spec;

/// The row of the registry.
pub(super) fn registered() -> Registered {
    Registered::built_in("mycloud", kinds(), |_: MycloudSettings, _| Mycloud { kinds: kinds() })
}

/// Settings of a mycloud target: there are none.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MycloudSettings {}

/// How many policies to ask for per page. The maximum is not documented; a server may send fewer.
const PAGE: usize = 100;

fn kinds() -> Vec<Kind> {
    vec![Kind {
        required: texts(&["document"]),
        read_only: texts(&["/id", "/crn", "/name", "/created_at", "/updated_at"]),
        ..kind_of::<PolicySpec>("Policy", "A mycloud IAM policy")
    }]
}

struct Mycloud {
    kinds: Vec<Kind>,
}

impl Translate for Mycloud {
    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn check(&self, _kind: &Kind, spec: &Value) -> Vec<SpecDiagnostic> {
        check_sids(spec.get("document").unwrap_or(&Value::Null))
    }

    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic> {
        let collection = Path::fixed(COLLECTION);
        let request = match draft.live {
            None => Request::new(Method::Post, collection)
                .repeatability(Repeatability::Named)
                .body(create_body(draft)),
            Some(live) if draft.action == Action::Delete => {
                Request::new(Method::Delete, collection.known(&live.remote))
            }
            Some(live) => {
                Request::new(Method::Patch, collection.known(&live.remote)).body(patch_body(draft, live))
            }
        };
        Ok(vec![request])
    }
}

#[async_trait]
impl Observe for Mycloud {
    async fn list(&self, _kind: &Kind, reader: &dyn Reader) -> Result<Listing, ReadError> {
        all(Path::fixed(COLLECTION).query("limit", PAGE), reader).await
    }

    async fn get(
        &self,
        _kind: &Kind,
        listed: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let path = Path::fixed(COLLECTION).known(&listed.remote);
        let Some(reply) = reader.get(&path).await? else { return Ok(None) };
        let body = reply.get("policy").ok_or_else(|| ReadError::unexpected(&path, "has no `policy`"))?;
        found(&path, body, "name", false).map(Some)
    }

    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        // A trailing `*` would be a prefix search, so such a name is searched for in the whole list.
        let found = if name.ends_with('*') {
            self.list(kind, reader).await?
        } else {
            all(Path::fixed(COLLECTION).query("limit", PAGE).query("name", name), reader).await?
        };
        found.named(kind, name)
    }
}

impl Judge for Mycloud {
    fn semantics(&self) -> Option<&dyn Semantics> {
        Some(&access::Statements)
    }
}

const COLLECTION: &str = "v1/iam/policies";

/// All policies. `meta.marker` leads to the next page; the documented `links` point to another resource and are not
/// followed. A list with fewer policies than its `meta.total` is an error.
async fn all(first: Path, reader: &dyn Reader) -> Result<Listing, ReadError> {
    let mut all = BTreeMap::new();
    let mut unreachable = Vec::new();
    let mut total = 0;
    pages(&first, ("marker", next_marker), reader, |page| {
        let items = page.get("policies").and_then(Value::as_array);
        for item in items.ok_or_else(|| ReadError::unexpected(&first, "has no `policies`"))? {
            match listed(&first, item, "name", false)? {
                Ok(found) => drop(all.insert(found.remote.clone(), found)),
                Err(found) => unreachable.push(found),
            }
        }
        total = page.pointer("/meta/total").and_then(Value::as_u64).unwrap_or(0);
        Ok(())
    })
    .await?;
    check_total(&first, all.len() + unreachable.len(), total)?;
    Ok(Listing { objects: all.into_values().collect(), unreachable })
}

fn next_marker(page: &Value) -> Option<&str> {
    let meta = page.get("meta")?;
    match meta.get("has_more") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        // Anything but `false` is not the end; without a marker it is an error.
        Some(_) => Some(text(meta, "marker")),
    }
}

fn create_body(draft: &Draft<'_>) -> Value {
    let mut body = Map::from_iter([("name".to_owned(), Value::from(draft.id.name.as_str()))]);
    insert_some(&mut body, "description", draft.declared.get("description"));
    if let Some(document) = draft.declared.get("document").and_then(Value::as_object) {
        let mut document = document.clone();
        document.entry("version").or_insert_with(|| Value::from(LANGUAGE));
        body.insert("document".to_owned(), Value::Object(document));
    }
    Value::Object(body)
}

/// Only what differs. The document is sent whole, with the parts that git does not know.
fn patch_body(draft: &Draft<'_>, live: &LiveObject) -> Value {
    let mut body = Map::new();
    if draft.differs("name") {
        body.insert("name".to_owned(), Value::from(draft.id.name.as_str()));
    }
    if draft.differs("description") {
        insert_some(&mut body, "description", draft.declared.get("description"));
    }
    if draft.differs("document") {
        let null = Value::Null;
        let declared = draft.declared.get("document").unwrap_or(&null);
        let live = live.body();
        let live = live.get("document").unwrap_or(&null);
        body.insert("document".to_owned(), merge(draft.kind.shape.field("document"), live, declared));
    }
    Value::Object(body)
}

fn check_sids(document: &Value) -> Vec<SpecDiagnostic> {
    let mut seen = BTreeSet::new();
    let sids = list(document, "statements").iter().map(|statement| text(statement, "sid")).enumerate();
    sids.filter(|(_, sid)| !sid.is_empty() && !seen.insert(*sid))
        .map(|(index, sid)| {
            let at = format!("/document/statements/{index}/sid");
            Diagnostic::new(Code::MycloudSidTwice, format!("the `sid` `{sid}` is used twice"))
                .in_spec(at)
                .help("give each statement its own `sid`")
        })
        .collect()
}
