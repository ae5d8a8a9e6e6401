//! What was live when, read from the log, and what git wants of it.

use std::collections::BTreeMap;

use enact::manifest::Lifecycle;
use enact::model::state::Declared;
use serde_json::{Map, Value, json};

use crate::road::Ended;
use crate::server::{Entry, Objects};
use crate::world::defaults;

pub(crate) type Body = Map<String, Value>;
/// The live objects of one name, by id.
pub(crate) type Named = BTreeMap<String, Body>;

/// The objects of one name at the beginning of a part of the log, and after each entry that wrote one.
pub(crate) fn moments(ended: &Ended<'_>, kind: &str, name: &str, from: usize, to: usize) -> Vec<Named> {
    let here = |((of, _), body): &(&(String, String), &Body)| of == kind && body["name"] == json!(name);
    let initial = ended.world.live.iter().filter(here);
    let mut now: Named = initial.map(|((_, id), body)| (id.clone(), body.clone())).collect();
    let mut all = Vec::new();
    for (index, entry) in ended.server.log.iter().enumerate().take(to) {
        if index == from {
            all.push(now.clone());
        }
        let Some(commit) = entry.commit.as_ref().filter(|c| c.kind == kind && c.name() == name) else {
            continue;
        };
        match &commit.after {
            Some(body) => drop(now.insert(commit.id.clone(), body.clone())),
            None => drop(now.remove(&commit.id)),
        }
        if index >= from {
            all.push(now.clone());
        }
    }
    if all.is_empty() {
        all.push(now);
    }
    all
}

/// What git wants of an object.
pub(crate) struct Want {
    pub(crate) absent: bool,
    /// The fields that it manages.
    pub(crate) fields: Body,
}

/// Whether enact may not write an object for now, or at all.
pub(crate) fn is_left(declared: &Declared) -> bool {
    declared.manifest.hold.is_some() || declared.manifest.lifecycle == Lifecycle::Observe
}

/// What git wants of a name; `None` if it does not declare it, or if it is left as it is.
pub(crate) fn want(ended: &Ended<'_>, kind: &str, name: &str) -> Option<Want> {
    let id = enact::model::resource::ResourceId::new("t", kind, name);
    let declared = ended.desired.get(&id).filter(|declared| !is_left(declared))?;
    let spec = |declared: &Declared| declared.spec().as_object().cloned().unwrap_or_default();
    let mut fields = Body::new();
    let set = |base: &&Declared| base.manifest.lifecycle != Lifecycle::Observe;
    if let Some(base) = ended.base.as_ref().and_then(|base| base.get(&id)).filter(set) {
        let is_given_up =
            |field: &String| !declared.absent() && !declared.manifest.ignore.contains(&format!("/{field}"));
        let dropped = spec(base).into_iter().filter(|(field, _)| is_given_up(field));
        fields
            .extend(dropped.map(|(field, _)| (field.clone(), defaults().remove(&field).unwrap_or_default())));
    }
    fields.extend(spec(declared));
    // The API never returns it, so nobody can compare it.
    fields.remove("pin");
    Some(Want { absent: declared.absent(), fields })
}

/// Whether a field of a live object is as declared.
pub(crate) fn same(ended: &Ended<'_>, roles: &Objects, field: &str, live: &Value, wanted: &Value) -> bool {
    let name = |id: &str| {
        let known = ended.world.profile.api.ids.then(|| roles.get(&("Role".to_owned(), id.to_owned())));
        Some(known??["name"].as_str().unwrap().to_owned())
    };
    is_as_declared(field, live, wanted, name)
}

/// The same; `name` says what the role of an id was called.
pub(crate) fn is_as_declared(
    field: &str,
    live: &Value,
    wanted: &Value,
    name: impl Fn(&str) -> Option<String>,
) -> bool {
    let texts = |value: &Value| {
        let all = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut all: Vec<_> = all.map(str::to_owned).collect();
        all.sort();
        all.dedup();
        all
    };
    match field {
        "tags" => texts(live) == texts(wanted),
        "roles" => {
            let named = texts(live).into_iter().map(|id| name(&id).unwrap_or(id));
            let mut named: Vec<_> = named.collect();
            named.sort();
            named == texts(wanted)
        }
        _ => live == wanted,
    }
}

/// Every role that was ever live, by id: what an id meant.
pub(crate) fn roles(ended: &Ended<'_>) -> Objects {
    let mut roles = ended.world.live.clone();
    for commit in ended.server.log.iter().filter_map(|entry| entry.commit.as_ref()) {
        if let Some(after) = &commit.after {
            roles.insert((commit.kind.clone(), commit.id.clone()), after.clone());
        }
    }
    roles.retain(|(kind, _), _| kind == "Role");
    roles
}

/// Whether a live object holds all that is declared.
pub(crate) fn holds(ended: &Ended<'_>, roles: &Objects, body: &Body, fields: &Body) -> bool {
    fields.iter().all(|(field, wanted)| same(ended, roles, field, &body[field], wanted))
}

/// The index of the last reading of an object by a run before an entry.
pub(crate) fn last_read(log: &[Entry], run: usize, before: usize, kind: &str, id: &str) -> Option<usize> {
    let sees =
        |entry: &Entry| entry.is_of(run) && entry.saw.iter().any(|(of, other, _)| of == kind && other == id);
    (0..before).rev().find(|index| sees(&log[*index]))
}
