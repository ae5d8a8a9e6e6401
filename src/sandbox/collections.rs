//! The state of one target: named collections of JSON objects, in order of creation.
//!
//! What the objects mean is up to the APIs; where the state is kept is in `file`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::ids::Ids;
use super::problem::Problem;

/// A stored object, or the object of a request body.
pub(crate) type Object = Map<String, Value>;

/// The `id` of an object.
pub(crate) fn id_of(object: &Object) -> &str {
    object.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// A JSON value as an object; empty if it is none.
pub(crate) fn object_of(value: Value) -> Object {
    if let Value::Object(object) = value { object } else { Object::new() }
}

/// The text fields by which objects are looked for.
const LOOKED_FOR: [&str; 2] = ["name", "policy_id"];

/// Objects by id, listed in order of creation.
#[derive(Clone, Debug, Default)]
struct Collection {
    objects: BTreeMap<String, (u64, Object)>,
    order: BTreeMap<u64, String>,
    /// The places of the objects with a text in a field.
    places: BTreeMap<(&'static str, String), BTreeSet<u64>>,
}

impl Collection {
    /// Stores an object under its id; a known one keeps its place in the list.
    fn put(&mut self, object: Object) {
        let id = id_of(&object).to_owned();
        let known = self.objects.get(&id).map(|(place, _)| *place);
        let place = known.unwrap_or_else(|| self.order.last_key_value().map_or(1, |(last, _)| last + 1));
        self.remove(&id);
        for key in keys(&object) {
            self.places.entry(key).or_default().insert(place);
        }
        self.order.insert(place, id.clone());
        self.objects.insert(id, (place, object));
    }

    fn remove(&mut self, id: &str) -> Option<Object> {
        let (place, object) = self.objects.remove(id)?;
        self.order.remove(&place);
        for key in keys(&object) {
            if let Entry::Occupied(mut places) = self.places.entry(key) {
                places.get_mut().remove(&place);
                if places.get().is_empty() {
                    places.remove();
                }
            }
        }
        Some(object)
    }

    fn with(&self, field: &'static str, text: &str) -> impl Iterator<Item = &Object> {
        let places = self.places.get(&(field, text.to_owned())).into_iter().flatten();
        places.filter_map(|place| Some(&self.objects.get(self.order.get(place)?)?.1))
    }

    fn after(&self, place: u64) -> impl Iterator<Item = (u64, &Object)> {
        let places = self.order.range(place.saturating_add(1)..);
        places.filter_map(|(place, id)| self.objects.get(id).map(|(_, object)| (*place, object)))
    }
}

/// What an object is looked for by.
fn keys(object: &Object) -> impl Iterator<Item = (&'static str, String)> {
    LOOKED_FOR.into_iter().filter_map(|field| Some((field, object.get(field)?.as_str()?.to_owned())))
}

/// The collections of one target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collections {
    collections: BTreeMap<String, Collection>,
    changed: bool,
    pub(crate) ids: Ids,
}

impl Collections {
    /// An id for a new object.
    pub(crate) fn new_id(&mut self) -> String {
        self.ids.next().to_string()
    }

    pub(crate) fn get(&self, collection: &str, id: &str) -> Option<&Object> {
        self.collections.get(collection)?.objects.get(id).map(|(_, object)| object)
    }

    /// A copy of an object that a request is about; `kind` is what the problem calls it.
    pub(crate) fn find(&self, collection: &str, kind: &str, id: &str) -> Result<Object, Problem> {
        self.get(collection, id).cloned().ok_or_else(|| Problem::not_found(kind))
    }

    pub(crate) fn has(&self, collection: &str, id: &str) -> bool {
        self.get(collection, id).is_some()
    }

    /// How many objects a collection holds.
    pub(crate) fn count(&self, collection: &str) -> usize {
        self.collections.get(collection).map_or(0, |found| found.objects.len())
    }

    /// All objects of a collection, oldest first.
    pub(crate) fn all(&self, collection: &str) -> impl Iterator<Item = &Object> {
        self.after(collection, 0).map(|(_, object)| object)
    }

    /// The objects of a collection with this text in a field, oldest first. Only fields that are looked for can be asked for.
    pub(crate) fn with(
        &self,
        collection: &str,
        field: &'static str,
        text: &str,
    ) -> impl Iterator<Item = &Object> {
        self.collections.get(collection).into_iter().flat_map(move |found| found.with(field, text))
    }

    /// The objects after a place in the list, each with its place. Places stay when objects go, so a cursor that
    /// holds one survives the deletion of what it points at.
    pub(crate) fn after(&self, collection: &str, place: u64) -> impl Iterator<Item = (u64, &Object)> {
        self.collections.get(collection).into_iter().flat_map(move |found| found.after(place))
    }

    /// The place of an object in the list.
    pub(crate) fn place(&self, collection: &str, id: &str) -> Option<u64> {
        self.collections.get(collection)?.objects.get(id).map(|(place, _)| *place)
    }

    /// Stores an object under its `id`.
    pub(crate) fn put(&mut self, collection: &str, object: Object) {
        self.changed = true;
        self.collections.entry(collection.to_owned()).or_default().put(object);
    }

    /// Stores a JSON value if it is an object.
    pub(crate) fn put_value(&mut self, collection: &str, value: Value) {
        if let Value::Object(object) = value {
            self.put(collection, object);
        }
    }

    pub(crate) fn remove(&mut self, collection: &str, id: &str) -> Option<Object> {
        let removed = self.collections.get_mut(collection)?.remove(id);
        self.changed |= removed.is_some();
        removed
    }

    /// Stores what the API notes for itself. It alone does not make the file be written; the next change saves it, too.
    pub(crate) fn put_aside(&mut self, collection: &str, value: Value) {
        let changed = self.changed;
        self.put_value(collection, value);
        self.changed = changed;
    }

    /// Whether anything changed since the state was last saved.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Marks the state as saved.
    pub(crate) fn mark_saved(&mut self) {
        self.changed = false;
    }

    /// The state as JSON: each collection a list in order of creation.
    pub(crate) fn to_json(&self) -> Value {
        let list = |name: &String| self.all(name).cloned().map(Value::Object).collect::<Value>();
        self.collections.keys().map(|name| (name.clone(), list(name))).collect()
    }

    /// The state from JSON, or `None` if it is not what [`Collections::to_json`] writes.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let mut state = Self::default();
        for (name, objects) in json.as_object()? {
            for object in objects.as_array()? {
                let object = object.as_object().filter(|object| !id_of(object).is_empty())?;
                state.put(name, object.clone());
            }
        }
        Some(state)
    }
}
