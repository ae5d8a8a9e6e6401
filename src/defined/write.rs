//! Turns what git declares into what the API takes: ids in place of names, and the requests of a change, as data.
//!
//! Not here: the body of a request (`body`), and sending (`run::write`).

use serde_json::Value;
use std::borrow::Cow;

use crate::defined::api::Defined;
use crate::defined::compiled::{self, CompiledKind, Update};
use crate::defined::definition::Mode;
use crate::defined::document;
use crate::defined::template::{Values, scalar};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::change::Action;
use crate::model::kind::{Kind, matches};
use crate::model::names::Names;
use crate::model::request::{Repeatability, Replaces, Request, Symbol};
use crate::model::state::LiveObject;
use crate::pointer::{child, fields, is_within};
use crate::system::{Draft, Translate};
use crate::words::verb;

mod body;

use body::Body;

impl Translate for Defined {
    fn kinds(&self) -> &[Kind] {
        &self.api.kinds
    }

    /// Puts names in place of the API's ids, and documents in place of the texts that hold them.
    fn observed<'a>(&self, kind: &Kind, body: &'a Value, names: &Names) -> Cow<'a, Value> {
        let mut spec = Cow::Borrowed(body);
        let Some(compiled) = self.api.compiled(&kind.name) else { return spec };
        spec = compiled.with_documents(spec);
        for reference in &compiled.by_id {
            for (at, id) in matches(body, &reference.pattern) {
                let name = scalar(id).and_then(|id| names.name(&reference.kind, &id).map(str::to_owned));
                if let Some(name) = name
                    && let Some(place) = spec.to_mut().pointer_mut(&at)
                {
                    *place = Value::from(name);
                }
            }
        }
        spec
    }

    /// The request of a change; of a delete it may be two.
    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic> {
        let undefined = || Diagnostic::new(Code::DefinedKind, "the kind is not defined");
        let kind = self.api.compiled(&draft.kind.name).ok_or_else(undefined)?;
        match draft.live {
            None => self.create(kind, draft).map(|request| vec![request]),
            Some(live) if draft.action == Action::Delete => self.delete(kind, live),
            Some(live) => self.update(kind, draft, live).map(|request| vec![request]),
        }
    }
}

impl Defined {
    fn create(&self, kind: &CompiledKind, draft: &Draft<'_>) -> Result<Request, SpecDiagnostic> {
        let Some(create) = &kind.create else {
            let message = format!("a {} cannot be created by this API", kind.name);
            let help = "create it on the target in another way, or remove the manifest";
            return Err(refused(Code::DefinedNoCreate, message).help(help));
        };
        let values = self.new_values(kind, draft);
        let mut body = Body::wired(kind, draft);
        body.add_key(kind, &values, &create.route);
        body.omit_null(kind);
        body.write_texts(kind, draft);
        let path = create.route.fill(&values).ok_or_else(unfilled)?;
        let mut request = body.request(create.method, path, &create.frame, &values).ok_or_else(unfilled)?;
        request.success.clone_from(&create.success);
        request.idempotency_header.clone_from(&create.idempotency_header);
        request.repeatability = create.repeatability;
        request.wait.clone_from(&create.wait);
        Ok(match &create.id {
            Some(pointer) => request.reveals(Symbol::of(draft.id), pointer),
            None => request,
        })
    }

    fn update(
        &self,
        kind: &CompiledKind,
        draft: &Draft<'_>,
        live: &LiveObject,
    ) -> Result<Request, SpecDiagnostic> {
        let Some(update) = &kind.update else {
            let differ: Vec<_> = draft.fields.iter().map(|field| format!("`{}`", field.path)).collect();
            let message = format!(
                "a {} cannot be changed by this API, but {} differ{}",
                kind.name,
                differ.join(", "),
                verb(differ.len(), "s", "")
            );
            let help =
                "declare what is live, or delete it with `ensure: absent` and declare it again afterwards";
            return Err(refused(Code::DefinedNoUpdate, message).help(help));
        };
        create_only(kind, draft)?;
        not_kept(kind, draft, live)?;
        unread(kind, draft, live)?;
        no_null(kind, update, draft)?;
        let values = self.values(kind, live);
        let path = update.route.fill(&values).ok_or_else(unfilled)?;
        let body = self.updated(kind, update, draft, live);
        let mut request = body.request(update.method, path, &update.frame, &values).ok_or_else(unfilled)?;
        request.success.clone_from(&update.success);
        request.if_match = update.if_match;
        request.wait.clone_from(&update.wait);
        request.replaces = match update.mode {
            Mode::Merge => Replaces::Fields,
            Mode::MergePatch => Replaces::Differences,
            Mode::Replace => Replaces::Object,
        };
        Ok(request)
    }

    fn updated(&self, kind: &CompiledKind, update: &Update, draft: &Draft<'_>, live: &LiveObject) -> Body {
        let mut body = match update.mode {
            Mode::Merge | Mode::MergePatch => Body::changed(kind, draft, live, &update.always),
            Mode::Replace => Body::whole(kind, draft, live),
        };
        let renamed = live.name != draft.id.name;
        if update.mode != Mode::Replace && renamed {
            body.keep_beside(kind, live);
        }
        if update.mode == Mode::Replace || renamed {
            body.add_key(kind, &self.new_values(kind, draft), &update.route);
        }
        body.omit_null(kind);
        body.write_texts(kind, draft);
        if update.mode == Mode::MergePatch {
            body.keep_differences(live, &update.always);
        }
        body
    }

    fn delete(&self, kind: &CompiledKind, live: &LiveObject) -> Result<Vec<Request>, SpecDiagnostic> {
        let Some(delete) = &kind.delete else {
            let message = format!("a {} cannot be deleted by this API", kind.name);
            let help = "delete it on the target in another way, or remove `ensure: absent`";
            return Err(refused(Code::DefinedNoDelete, message).help(help));
        };
        let values = self.values(kind, live);
        let request = |step: &compiled::Step, repeatability| {
            let path = step.route.fill(&values).ok_or_else(unfilled)?;
            let filled = step.body.as_ref().map(|body| body.fill(&values).ok_or_else(unfilled));
            let (body, fills) = filled.transpose()?.unzip();
            Ok(Request {
                body,
                fills: fills.unwrap_or_default(),
                success: step.success.clone(),
                wait: step.wait.clone(),
                replaces: Replaces::Nothing,
                repeatability,
                ..Request::new(step.method, path)
            })
        };
        let first = delete.first.as_ref().filter(|(_, done)| !done.is_in(&live.body()));
        let first = first.map(|(step, _)| request(step, Repeatability::Absolute));
        first.into_iter().chain([request(&delete.last, Repeatability::Delete)]).collect()
    }

    /// The key that git declares: names, and ids of other objects that may not exist yet.
    fn new_values<'a>(&'a self, kind: &'a CompiledKind, draft: &Draft<'_>) -> Values<'a> {
        let mut parts = kind.parts(&draft.id.name);
        let named = kind.name_form.split(&draft.id.name).unwrap_or_default();
        for (field, name) in kind.key.iter().zip(named) {
            // The planner has already refused names of objects that do not exist.
            let id = field.id_of.as_ref().and_then(|kind| draft.names.id(kind, &name).ok());
            parts.extend(id.map(|id| (field.label.as_str(), id)));
        }
        Values { settings: &self.settings, id: None, parts }
    }
}

/// Refuses a field that the API drops each time, because it would be written again and again.
fn not_kept(kind: &CompiledKind, draft: &Draft<'_>, live: &LiveObject) -> Result<(), SpecDiagnostic> {
    if !kind.returns_every_field {
        return Ok(());
    }
    let top = |path: &str| fields(path).next().unwrap_or_default();
    let body = live.body();
    let writable = |name: &str| !kind.spec.replaces.contains_key(&child("", name));
    let mut dropped: Vec<_> = draft
        .fields
        .iter()
        .map(|field| top(&field.path))
        .filter(|name| draft.declared.get(name).is_some() && body.get(name).is_none() && writable(name))
        .collect();
    dropped.dedup();
    let Some(first) = dropped.first().map(|name| child("", name)) else { return Ok(()) };
    let dropped: Vec<_> = dropped.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("the API does not keep {}: its replies do not hold it", dropped.join(", "));
    let help = "it may be misspelt or belong to another version of the API: remove it here and in the definition's `spec`";
    Err(refused(Code::DefinedNotKept, message).help(help).in_spec(first))
}

/// Refuses to write over a text that enact cannot read: nobody knows what would go.
fn unread(kind: &CompiledKind, draft: &Draft<'_>, live: &LiveObject) -> Result<(), SpecDiagnostic> {
    let body = live.body();
    for (at, language) in kind.spec.texts.iter().filter(|(at, _)| draft.differs_at(at)) {
        if let Some(Err(why)) =
            body.pointer(at).and_then(Value::as_str).map(|text| document::read(*language, text))
        {
            let message =
                format!("the live `{at}` cannot be read, so nobody knows what this write would take: {why}");
            let help = "write it in plainer words on the target, or delete the object there";
            return Err(refused(Code::DefinedText, message).help(help).in_spec(at.clone()));
        }
    }
    Ok(())
}

/// Refuses to change what only a create can set.
fn create_only(kind: &CompiledKind, draft: &Draft<'_>) -> Result<(), SpecDiagnostic> {
    let Some(at) = kind.spec.create_only.iter().find(|at| draft.differs_at(at)) else { return Ok(()) };
    let message = format!("`{at}` of a {} can only be set when it is created", kind.name);
    let help =
        "declare what is live; or declare the object with `ensure: absent`, apply, and declare it again";
    Err(refused(Code::DefinedCreateOnly, message).help(help).in_spec(at.clone()))
}

/// Refuses to empty a field that the API empties only where an update leaves it out, if its updates keep such fields.
fn no_null(kind: &CompiledKind, update: &Update, draft: &Draft<'_>) -> Result<(), SpecDiagnostic> {
    let is_emptied = |at: &&String| {
        let is_null = draft.declared.pointer(at).is_some_and(Value::is_null);
        is_null && draft.fields.iter().any(|field| is_within(at, &field.path))
    };
    // An object inside the spec may be sent whole, so that what it leaves out goes.
    let stays = |at: &&String| match update.mode {
        Mode::Merge => fields(at).count() == 1,
        Mode::MergePatch => true,
        Mode::Replace => false,
    };
    match kind.spec.omit_null.iter().filter(stays).find(is_emptied) {
        Some(at) => {
            let message =
                format!("the API cannot empty `{at}`: it takes no null, and keeps what is left out");
            let help = "declare the live value, or delete the object and create it again";
            Err(refused(Code::DefinedNoNull, message).help(help).in_spec(at.clone()))
        }
        None => Ok(()),
    }
}

fn refused(code: Code, message: String) -> SpecDiagnostic {
    Diagnostic::new(code, message)
}

fn unfilled() -> SpecDiagnostic {
    refused(Code::DefinedPath, "its name or id cannot be part of a path".to_owned())
        .help("give it another name")
}
