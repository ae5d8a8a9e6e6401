//! What a reply says about an object: its identity, its name, and whether the system owns it. Not here: requests, in
//! `read`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::defined::compiled::{CompiledKind, KeyField};
use crate::defined::template::scalar;
use crate::model::request::{Id, Path};
use crate::model::resource::RemoteId;
use crate::model::state::{Listed, LiveObject, Unreachable};
use crate::model::wire::{ReadError, Reply};
use crate::packed::Packed;
use crate::pointer::put;

/// The names of objects of other kinds by their ids, as far as keys refer to them.
pub(super) type NamesOf = BTreeMap<String, BTreeMap<String, String>>;

/// The parts of a key that a request for one object can have: those of its name, and the ids for them as far as they are
/// known.
pub(super) fn parts<'a>(kind: &'a CompiledKind, name: &str, names: &NamesOf) -> Vec<(&'a str, Id)> {
    let id = |field: &'a KeyField| {
        let part = kind.part(name, field)?;
        let mut ids = names.get(field.id_of.as_ref()?)?.iter();
        let (id, _) = ids.find(|(_, name)| **name == part)?;
        Some((field.label.as_str(), Id::text(id)?))
    };
    kind.parts(name).into_iter().chain(kind.key.iter().filter_map(id)).collect()
}

/// An object of a list; `None` for one of the system's own that has no name or no id.
pub(super) fn listed(kind: &CompiledKind, body: Packed, names: &NamesOf) -> Option<Listed> {
    let item = body.value();
    let system = kind.is_marked_by_value(&item);
    let mut values = Vec::new();
    let mut usable = true;
    for field in &kind.key {
        // Many APIs leave out what is null.
        let given = item.pointer(&field.at).unwrap_or(&Value::Null);
        usable &= scalar(given).is_some_and(|value| !value.is_empty());
        values.push(scalar(given).map_or_else(|| spelled(given), |value| name_for(field, value, names)));
    }
    let name = kind.name_form.join(values.iter().map(String::as_str));
    let remote = match &kind.id {
        None => RemoteId::new(&name),
        Some(at) => item.pointer(at).and_then(RemoteId::from_json),
    };
    let system = system || kind.is_marked_by_name(&name);
    match remote.filter(|_| usable) {
        Some(remote) => Some(Ok(LiveObject { remote, name, system, body, etag: None })),
        None if system => None,
        None => Some(Err(Unreachable { name })),
    }
}

/// An error if no item of a list has a part of the key: then the definition is wrong, and each could be any object.
pub(super) fn check_key(kind: &CompiledKind, items: &[Packed], path: &Path) -> Result<(), ReadError> {
    let mut own = items.iter().map(Packed::value).filter(|item| !kind.is_marked_by_value(item)).peekable();
    let is_any = own.peek().is_some();
    let mut lacking: Vec<&KeyField> = kind.key.iter().collect();
    while let Some(item) = own.next().filter(|_| !lacking.is_empty()) {
        lacking.retain(|field| item.pointer(&field.at).is_none());
    }
    match lacking.first().filter(|_| is_any) {
        None => Ok(()),
        Some(field) => {
            let what = format!("has only objects without text at `{}`, a part of their key", field.at);
            Err(ReadError::unexpected(path, &what))
        }
    }
}

/// How a manifest could write a part of a key that is no usable text; empty if no manifest can.
fn spelled(value: &Value) -> String {
    if value.is_number() { value.to_string() } else { String::new() }
}

/// The name for a part of a key, which may be the id of another object.
fn name_for(field: &KeyField, value: String, names: &NamesOf) -> String {
    let name = field.id_of.as_ref().and_then(|kind| names.get(kind)?.get(&value).cloned());
    name.unwrap_or(value)
}

/// Adds an object to those with its id or name. If objects change while pages are read, one may be on two pages. Two
/// names with one id are an error; without ids, different objects all stay, because the planner must see them.
pub(super) fn join(
    kind: &CompiledKind,
    same: &mut Vec<LiveObject>,
    found: LiveObject,
    path: &Path,
) -> Result<(), ReadError> {
    match same.first() {
        Some(other) if kind.id.is_some() && other.name != found.name => {
            let (a, b, id) = (&other.name, &found.name, &found.remote);
            let what = format!("has two objects, `{a}` and `{b}`, with the id `{id}`");
            let help =
                Some("correct `id` in the definition: it must be different for each object".to_owned());
            return Err(ReadError { help, ..ReadError::unexpected(path, &what) });
        }
        Some(_) if kind.id.is_some() => *same = vec![found],
        _ if same.contains(&found) => {}
        _ => same.push(found),
    }
    Ok(())
}

/// The reply for an object that was listed or looked up by its name.
pub(super) fn in_full(
    kind: &CompiledKind,
    listed: &LiveObject,
    object_at: &str,
    reply: Reply,
    path: &Path,
) -> Result<LiveObject, ReadError> {
    let body = reply.body.pointer(object_at).filter(|body| body.is_object());
    let body = body.ok_or_else(|| ReadError::unexpected(path, &format!("has no object at `{object_at}`")))?;
    let mut body = kind.lifted(body.clone());
    if !is_same(kind, listed, &body) {
        let help = Some("somebody may be changing objects right now; run again".to_owned());
        return Err(ReadError { help, ..ReadError::unexpected(path, "is another object") });
    }
    let listed_body = listed.body();
    for field in kind.key.iter().filter(|field| field.only_in_paths) {
        if let Some(known) = listed_body.pointer(&field.at) {
            put(&mut body, &field.at, known.clone());
        }
    }
    let marked = kind.is_marked_by_value(&body) || kind.is_marked_by_name(&listed.name);
    Ok(LiveObject {
        remote: listed.remote.clone(),
        name: listed.name.clone(),
        system: listed.system || marked,
        body: body.into(),
        etag: reply.etag,
    })
}

/// Whether a body belongs to the object that was asked for: by its id, and by its key if both have one.
fn is_same(kind: &CompiledKind, listed: &LiveObject, body: &Value) -> bool {
    let id = |at: &String| body.pointer(at).and_then(RemoteId::from_json);
    if kind.id.as_ref().is_some_and(|at| id(at).as_ref() != Some(&listed.remote)) {
        return false;
    }
    let (named, listed) = (kind.name_form.split(&listed.name).unwrap_or_default(), listed.body());
    kind.key.iter().enumerate().all(|(index, field)| {
        let before = listed.pointer(&field.at).and_then(scalar).or_else(|| named.get(index).cloned());
        let now = body.pointer(&field.at).and_then(scalar);
        before.is_none() || now.is_none() || before == now
    })
}
