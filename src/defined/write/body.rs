//! The body of a request: what git declares in the API's terms, and the live fields that must be kept. Not here: which
//! request a change needs, in `write`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::compare::diff::merge;
use crate::compare::patch;
use crate::defined::compiled::{CompiledKind, Frame};
use crate::defined::document;
use crate::defined::template::{Route, Values};
use crate::model::kind::{matches, strip};
use crate::model::request::{Hidden, Id, KNOWN_AFTER_APPLY, Method, Path, Request, Symbol};
use crate::model::state::LiveObject;
use crate::pointer::{child, fields, put, take};
use crate::system::Draft;

/// A body under construction, and what is filled in later.
#[derive(Default)]
pub(super) struct Body {
    value: Value,
    /// Places for ids that earlier writes of the run reveal.
    fills: BTreeMap<String, Symbol>,
    /// Places of values that no output shows.
    hidden: BTreeMap<String, Hidden>,
}

impl Body {
    /// What git declares, in the API's terms: ids for names, and places for secrets.
    pub(super) fn wired(kind: &CompiledKind, draft: &Draft<'_>) -> Self {
        Self::of(kind, draft, draft.declared.clone())
    }

    /// The whole object: what is live, overwritten by what git declares. That is also what cannot be read back and nothing
    /// else would keep, although git has not changed it.
    pub(super) fn whole(kind: &CompiledKind, draft: &Draft<'_>, live: &LiveObject) -> Self {
        let mut declared = draft.declared.clone();
        for at in kind.spec.replaces.iter().filter(|(_, replaced)| replaced.is_none()).map(|(at, _)| at) {
            if let (None, Some(written)) = (declared.pointer(at), draft.written.pointer(at)) {
                put(&mut declared, at, written.clone());
            }
        }
        let mut body = Self::of(kind, draft, declared);
        body.lay_over(kind, draft, live);
        body
    }

    /// Only the top-level fields that differ, and those that are always sent.
    pub(super) fn changed(
        kind: &CompiledKind,
        draft: &Draft<'_>,
        live: &LiveObject,
        always: &[String],
    ) -> Self {
        let mut body = Self::wired(kind, draft);
        body.keep_changed(kind, draft, live, always);
        let live = live.body();
        for at in always {
            if let (None, Some(value)) = (body.value.pointer(at), live.pointer(at)) {
                put(&mut body.value, at, value.clone());
            }
        }
        body
    }

    fn of(kind: &CompiledKind, draft: &Draft<'_>, declared: Value) -> Self {
        let mut body = Self { value: declared.clone(), ..Self::default() };
        for reference in &kind.by_id {
            for (at, name) in matches(&declared, &reference.pattern) {
                if let Some(Ok(id)) = name.as_str().map(|name| draft.names.id(&reference.kind, name)) {
                    body.put_id(&at, &id);
                }
            }
        }
        for at in &kind.spec.secrets {
            let name = declared.pointer(at).and_then(|given| given.get("secret")).and_then(Value::as_str);
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

    /// Keeps only the top-level fields that differ, each as a whole, with the live parts that git does not know.
    fn keep_changed(&mut self, kind: &CompiledKind, draft: &Draft<'_>, live: &LiveObject, always: &[String]) {
        let declared = std::mem::take(&mut self.value);
        let mut before = kind.with_documents(Cow::Owned(live.body())).into_owned();
        // A server may show a placeholder for a secret; that is not its value.
        kind.spec.replaces.keys().for_each(|at| drop(take(&mut before, at)));
        let mut kept = Map::new();
        for (name, value) in declared.as_object().into_iter().flatten() {
            let is_always = || always.iter().any(|at| fields(at).next().as_ref() == Some(name));
            if draft.differs(name) || is_always() {
                let before = before.get(name).unwrap_or(&Value::Null);
                kept.insert(name.clone(), merge(draft.kind.shape.field(name), before, value));
            }
        }
        let sent = |at: &str| fields(at).next().is_some_and(|name| kept.contains_key(&name));
        self.fills.retain(|at, _| sent(at));
        self.hidden.retain(|at, _| sent(at));
        self.value = Value::Object(kept);
        strip(&mut self.value, &kind.spec.read_only);
    }

    /// Leaves out what is live already, at every depth, and has null for what goes.
    pub(super) fn keep_differences(&mut self, live: &LiveObject, always: &[String]) {
        let mut differing = patch::between(&live.body(), &self.value);
        for at in always {
            if let (None, Some(value)) = (differing.pointer(at), self.value.pointer(at)) {
                put(&mut differing, at, value.clone());
            }
        }
        self.value = differing;
    }

    /// Makes it the whole object: what is live, without fields that only the server sets, overwritten by what git
    /// declares.
    fn lay_over(&mut self, kind: &CompiledKind, draft: &Draft<'_>, live: &LiveObject) {
        let declared = std::mem::take(&mut self.value);
        let carried = kind.with_documents(Cow::Owned(live.body())).into_owned();
        let carried = Some(carried).filter(Value::is_object);
        let mut carried = carried.unwrap_or_else(|| Value::Object(Map::new()));
        let key = kind.key.iter().map(|field| &field.at);
        // A server may show a placeholder for what cannot be read back; that is not its value.
        let shown = kind.spec.replaces.keys();
        for at in kind.id.iter().chain(key).chain(shown) {
            take(&mut carried, at);
        }
        strip(&mut carried, &kind.spec.read_only);
        let stored = take_stored(kind, &mut carried, &declared);
        self.value = merge(&draft.kind.shape, &carried, &declared);
        for (name, value) in stored {
            self.hide(&child("", name), Hidden::Live(value));
        }
    }

    /// Keeps the live neighbours of a nested part of the key, because its top-level field is sent as a whole.
    pub(super) fn keep_beside(&mut self, kind: &CompiledKind, live: &LiveObject) {
        let live = live.body();
        for field in kind.key.iter().filter(|field| fields(&field.at).count() > 1) {
            let top = fields(&field.at).next().map(|name| child("", &name)).unwrap_or_default();
            if let (None, Some(value)) = (self.value.pointer(&top), live.pointer(&top)) {
                put(&mut self.value, &top, value.clone());
            }
        }
    }

    /// The parts of the key that are not in the path.
    pub(super) fn add_key(&mut self, kind: &CompiledKind, values: &Values<'_>, route: &Route) {
        let own = kind.key.iter().filter(|field| !field.only_in_paths);
        for field in own.filter(|field| !route.has_part(&field.label)) {
            if let Some((_, id)) = values.parts.iter().find(|(label, _)| *label == field.label) {
                self.put_id(&field.at, id);
            }
        }
    }

    /// Leaves out what is null and which the API takes only by leaving it out.
    pub(super) fn omit_null(&mut self, kind: &CompiledKind) {
        for at in &kind.spec.omit_null {
            if self.value.pointer(at).is_some_and(Value::is_null) {
                take(&mut self.value, at);
            }
        }
    }

    /// Writes documents as the texts that the API takes. One that does not change stays as it is live.
    pub(super) fn write_texts(&mut self, kind: &CompiledKind, draft: &Draft<'_>) {
        for at in kind.spec.texts.keys() {
            let live = draft
                .live
                .filter(|_| !draft.differs_at(at))
                .and_then(|live| live.body().pointer(at).cloned());
            if let Some(value) =
                self.value.pointer_mut(at).filter(|value| !value.is_null() && !value.is_string())
            {
                *value = live.unwrap_or_else(|| Value::from(document::write(value)));
            }
        }
    }

    /// The request, with the object where the API wants it; `None` if a value beside it is not known.
    pub(super) fn request(
        self,
        method: Method,
        path: Path,
        frame: &Frame,
        values: &Values<'_>,
    ) -> Option<Request> {
        let Frame { body, within } = frame;
        let (mut whole, mut fills) = match body {
            Some(body) => body.fill(values)?,
            None => (Value::Null, BTreeMap::new()),
        };
        lay_on(&mut whole, nested(within, self.value));
        let mut request = Request::new(method, path).body(whole);
        within.clone_into(&mut request.within);
        let inside = |at: String| format!("{within}{at}");
        fills.extend(self.fills.into_iter().map(|(at, symbol)| (inside(at), symbol)));
        request.fills = fills;
        request.hidden = self.hidden.into_iter().map(|(at, hidden)| (inside(at), hidden)).collect();
        Some(request)
    }
}

/// A value at a place, in the objects and lists of one on the way there.
fn nested(within: &str, value: Value) -> Value {
    let steps: Vec<_> = fields(within).collect();
    steps.into_iter().rev().fold(value, |value, step| match step.as_str() {
        "0" => Value::from(vec![value]),
        _ => Value::Object(Map::from_iter([(step, value)])),
    })
}

/// Lays a value on another one: the fields of objects and the items of lists side by side, everything else instead.
fn lay_on(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                lay_on(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(below), Value::Array(above)) => {
            for (index, value) in above.into_iter().enumerate() {
                match below.get_mut(index) {
                    Some(place) => lay_on(place, value),
                    None => below.push(value),
                }
            }
        }
        (below, above) => *below = above,
    }
}

/// Removes the live values that secrets became on the server, such as hashes: they are secret too. Returns those that
/// must be sent back, because git does not declare the secret.
fn take_stored<'k>(
    kind: &'k CompiledKind,
    carried: &mut Value,
    declared: &Value,
) -> Vec<(&'k String, Value)> {
    let mut stored = Vec::new();
    for (at, replaced) in
        kind.spec.replaces.iter().filter_map(|(at, replaced)| Some((at, replaced.as_ref()?)))
    {
        let taken = replaced.iter().filter_map(|name| Some((name, take(carried, &child("", name))?)));
        let taken: Vec<_> = taken.collect();
        if declared.pointer(at).is_none() {
            stored.extend(taken);
        }
    }
    stored
}
