//! Writing: the requests of a change, as data.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::compare::diff::merge;
use crate::defined::Defined;
use crate::defined::definition::Mode;
use crate::defined::form::Form;
use crate::defined::read::parts;
use crate::defined::template::Values;
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::change::Action;
use crate::model::kind::matches;
use crate::model::request::{Hidden, Id, KNOWN_AFTER_APPLY, Method, Request, Symbol};
use crate::model::state::LiveObject;
use crate::pointer::{child, fields, put, take};
use crate::system::Draft;

impl Defined {
    /// The one request of a change.
    pub(super) fn request(&self, form: &Form, draft: &Draft<'_>) -> Result<Request, SpecDiagnostic> {
        match draft.live {
            None => self.create(form, draft),
            Some(live) if draft.action == Action::Delete => self.delete(form, live),
            Some(live) => self.update(form, draft, live),
        }
    }

    fn create(&self, form: &Form, draft: &Draft<'_>) -> Result<Request, SpecDiagnostic> {
        let Some(create) = &form.create else {
            let message = format!("a {} cannot be created by this API", form.name);
            let help = "create it on the target in another way, or take the manifest out";
            return Err(refused(Code::DefinedNoCreate, message).help(help));
        };
        let (values, later) = self.new_values(form, draft);
        let mut body = Body::wired(form, draft);
        body.add_key(form, &values, &later, |label| create.route.has_part(label));
        let path = create.route.fill(&values).ok_or_else(unfilled)?;
        let mut request = body.request(create.method, path, &create.within);
        request.success.clone_from(&create.success);
        request.idempotency_header.clone_from(&create.idempotency_header);
        request.repeatability = create.repeatability;
        Ok(match &create.id {
            Some(pointer) => request.reveals(Symbol::of(draft.id), pointer),
            None => request,
        })
    }

    fn update(&self, form: &Form, draft: &Draft<'_>, live: &LiveObject) -> Result<Request, SpecDiagnostic> {
        let Some(update) = &form.update else {
            let differ: Vec<_> = draft.fields.iter().map(|field| format!("`{}`", field.path)).collect();
            let message =
                format!("a {} cannot be changed by this API, and {} differ", form.name, differ.join(", "));
            let help =
                "declare what is live; or delete it with `ensure: absent` and declare it anew after that";
            return Err(refused(Code::DefinedNoUpdate, message).help(help));
        };
        not_kept(form, draft, live)?;
        let values = self.values(form, live);
        let path = update.route.fill(&values).ok_or_else(unfilled)?;
        let mut body = Body::wired(form, draft);
        match update.mode {
            Mode::Merge => body.keep_changed(form, draft, live),
            Mode::Replace => body.lay_over(form, draft, live),
        }
        let renamed = live.name != draft.id.name;
        if update.mode == Mode::Replace || renamed {
            let (values, later) = self.new_values(form, draft);
            if update.mode == Mode::Merge {
                body.keep_beside(form, live);
            }
            body.add_key(form, &values, &later, |label| update.route.has_part(label));
        }
        let mut request = body.request(update.method, path, &update.within);
        request.success.clone_from(&update.success);
        request.if_match = update.if_match;
        Ok(request)
    }

    fn delete(&self, form: &Form, live: &LiveObject) -> Result<Request, SpecDiagnostic> {
        let Some(delete) = &form.delete else {
            let message = format!("a {} cannot be deleted by this API", form.name);
            let help = "delete it on the target in another way, or take `ensure: absent` out";
            return Err(refused(Code::DefinedNoDelete, message).help(help));
        };
        let path = delete.route.fill(&self.values(form, live)).ok_or_else(unfilled)?;
        Ok(Request { success: delete.success.clone(), ..Request::new(Method::Delete, path) })
    }

    /// The key that git declares: names, and the ids of other objects, which may not exist yet.
    fn new_values<'a>(
        &'a self,
        form: &'a Form,
        draft: &Draft<'_>,
    ) -> (Values<'a>, BTreeMap<&'a str, Symbol>) {
        let mut known = parts(form, &draft.id.name);
        let mut later = BTreeMap::new();
        let named = form.named.split(&draft.id.name).unwrap_or_default();
        for (field, name) in form.key.iter().zip(named) {
            // The planner has refused names that lead to nothing before.
            let id = field.id_of.as_ref().and_then(|kind| draft.names.id(kind, &name).ok());
            if let Some(Id::Later(symbol)) = &id {
                later.insert(field.label.as_str(), symbol.clone());
            }
            known.extend(id.map(|id| (field.label.as_str(), id)));
        }
        (Values { settings: &self.settings, id: None, parts: known }, later)
    }
}

/// A body under construction, and what goes into it later.
#[derive(Default)]
struct Body {
    value: Value,
    /// Places for ids that earlier writes of the run reveal.
    fills: BTreeMap<String, Symbol>,
    /// Places with what no output shows.
    hidden: BTreeMap<String, Hidden>,
}

impl Body {
    /// What git declares, in the words of the API: ids for names, and places for secrets.
    fn wired(form: &Form, draft: &Draft<'_>) -> Self {
        let mut body = Self { value: draft.declared.clone(), ..Self::default() };
        for reference in &form.by_id {
            for (at, name) in matches(draft.declared, &reference.pattern) {
                if let Some(Ok(id)) = name.as_str().map(|name| draft.names.id(&reference.kind, name)) {
                    body.put_id(&at, &id);
                }
            }
        }
        for at in &form.spec.secrets {
            let name =
                draft.declared.pointer(at).and_then(|given| given.get("secret")).and_then(Value::as_str);
            if let Some(name) = name.map(str::to_owned) {
                body.hide(at, Hidden::Secret(name));
            }
        }
        body
    }

    fn hide(&mut self, at: &str, hidden: Hidden) {
        put(&mut self.value, at, hidden.shown());
        self.hidden.insert(at.to_owned(), hidden);
    }

    fn put_id(&mut self, at: &str, id: &Id) {
        let value = match id {
            Id::Known(id) => id.to_json(),
            Id::Later(symbol) => {
                self.fills.insert(at.to_owned(), symbol.clone());
                Value::from(KNOWN_AFTER_APPLY)
            }
        };
        put(&mut self.value, at, value);
    }

    /// Only the top-level fields that differ, each whole, with what git does not know of it kept.
    fn keep_changed(&mut self, form: &Form, draft: &Draft<'_>, live: &LiveObject) {
        let declared = std::mem::take(&mut self.value);
        let mut before = live.body.clone();
        // What a server shows in place of a secret is not its value.
        form.spec.replaces.keys().for_each(|at| drop(take(&mut before, at)));
        let mut kept = Map::new();
        for (name, value) in declared.as_object().into_iter().flatten() {
            if draft.differs(name) {
                let before = before.get(name).unwrap_or(&Value::Null);
                kept.insert(name.clone(), merge(draft.kind.shape.field(name), before, value));
            }
        }
        let sent = |at: &str| fields(at).next().is_some_and(|name| kept.contains_key(&name));
        self.fills.retain(|at, _| sent(at));
        self.hidden.retain(|at, _| sent(at));
        self.value = Value::Object(kept);
        strip(&mut self.value, &form.spec.read_only);
    }

    /// The whole object: what is live and not the server's own, and over it what git declares.
    fn lay_over(&mut self, form: &Form, draft: &Draft<'_>, live: &LiveObject) {
        let declared = std::mem::take(&mut self.value);
        let mut carried = if live.body.is_object() { live.body.clone() } else { Value::Object(Map::new()) };
        let key = form.key.iter().map(|field| &field.at);
        // A server may show something in place of what cannot be read back; that is not its value.
        let shown = form.spec.replaces.keys();
        for at in form.id.iter().chain(key).chain(shown) {
            take(&mut carried, at);
        }
        strip(&mut carried, &form.spec.read_only);
        // What a secret becomes on the server is as secret as the secret.
        let mut stored = Vec::new();
        for (at, replaced) in &form.spec.replaces {
            let taken =
                replaced.iter().filter_map(|name| Some((name, take(&mut carried, &child("", name))?)));
            let taken: Vec<_> = taken.collect();
            if declared.pointer(at).is_none() {
                stored.extend(taken);
            }
        }
        self.value = merge(&draft.kind.shape, &carried, &declared);
        for (name, value) in stored {
            self.hide(&child("", name), Hidden::Live(value));
        }
    }

    /// What stands beside a part of the key that lies deeper: its field is sent as a whole.
    fn keep_beside(&mut self, form: &Form, live: &LiveObject) {
        for field in form.key.iter().filter(|field| fields(&field.at).count() > 1) {
            let top = fields(&field.at).next().map(|name| child("", &name)).unwrap_or_default();
            if let (None, Some(value)) = (self.value.pointer(&top), live.body.pointer(&top)) {
                put(&mut self.value, &top, value.clone());
            }
        }
    }

    /// The parts of the key that do not stand in the path.
    fn add_key(
        &mut self,
        form: &Form,
        values: &Values<'_>,
        later: &BTreeMap<&str, Symbol>,
        in_path: impl Fn(&str) -> bool,
    ) {
        for field in form.key.iter().filter(|field| !in_path(&field.label)) {
            let known = values.parts.iter().find(|(label, _)| *label == field.label).map(|(_, id)| id);
            match (later.get(field.label.as_str()), known) {
                (Some(symbol), _) => self.put_id(&field.at, &Id::Later(symbol.clone())),
                (None, Some(id)) => self.put_id(&field.at, id),
                (None, None) => {}
            }
        }
    }

    /// The request, with the body where the API wants it.
    fn request(self, method: Method, path: crate::model::request::Path, within: &str) -> Request {
        let value = match within {
            "" => self.value,
            within => {
                let mut whole = Value::Object(Map::new());
                put(&mut whole, within, self.value);
                whole
            }
        };
        let mut request = Request::new(method, path).body(value);
        let inside = |at: String| format!("{within}{at}");
        request.fills = self.fills.into_iter().map(|(at, symbol)| (inside(at), symbol)).collect();
        request.hidden = self.hidden.into_iter().map(|(at, hidden)| (inside(at), hidden)).collect();
        request
    }
}

/// Takes out the server's own fields, also inside of lists.
fn strip(value: &mut Value, read_only: &[String]) {
    for pattern in read_only {
        let found: Vec<_> = matches(value, pattern).into_iter().map(|(at, _)| at).collect();
        for at in found {
            take(value, &at);
        }
    }
}

/// Refuses to write a field for ever that the API drops every time.
fn not_kept(form: &Form, draft: &Draft<'_>, live: &LiveObject) -> Result<(), SpecDiagnostic> {
    if !form.returns_every_field {
        return Ok(());
    }
    let top = |path: &str| fields(path).next().unwrap_or_default();
    let writable = |name: &str| !form.spec.replaces.contains_key(&child("", name));
    let mut dropped: Vec<_> = draft
        .fields
        .iter()
        .map(|field| top(&field.path))
        .filter(|name| draft.declared.get(name).is_some() && live.body.get(name).is_none() && writable(name))
        .collect();
    dropped.dedup();
    let Some(first) = dropped.first().map(|name| child("", name)) else { return Ok(()) };
    let dropped: Vec<_> = dropped.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("the API does not keep {}: no reply has it", dropped.join(", "));
    let help = "it may be misspelt, or of another version of the API: take it out here and in the definition's `spec`";
    Err(refused(Code::DefinedNotKept, message).help(help).in_spec(first))
}

fn refused(code: Code, message: String) -> SpecDiagnostic {
    Diagnostic::new(code, message)
}

fn unfilled() -> SpecDiagnostic {
    refused(Code::DefinedPath, "its name or id cannot stand in a path".to_owned())
        .help("give it another name")
}
