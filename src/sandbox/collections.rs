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

/// An object that was stored or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Touched {
    collection: String,
    id: String,
    is_gone: bool,
}

/// The collections of one target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collections {
    collections: BTreeMap<String, Collection>,
    changed: bool,
    /// What was stored and removed since the state was last saved.
    touched: Vec<Touched>,
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
        self.touch(collection, id_of(&object), false);
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
        if removed.is_some() {
            self.changed = true;
            self.touch(collection, id, true);
        }
        removed
    }

    fn touch(&mut self, collection: &str, id: &str, is_gone: bool) {
        let touched = Touched { collection: collection.to_owned(), id: id.to_owned(), is_gone };
        // What an API notes again and again for itself is saved once.
        if self.touched.last() != Some(&touched) {
            self.touched.push(touched);
        }
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
        self.touched.clear();
    }

    /// What was stored and removed since the state was last saved, in that order; `None` is an object that is gone.
    pub(crate) fn touched(&self) -> impl Iterator<Item = (&str, &str, Option<&Object>)> {
        self.touched.iter().filter_map(|Touched { collection, id, is_gone }| {
            let object = self.get(collection, id).filter(|_| !is_gone);
            // What is gone by now is said to be that further on.
            (*is_gone || object.is_some()).then_some((collection.as_str(), id.as_str(), object))
        })
    }

    /// Every object with its collection; in each collection in order of creation.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&str, &Object)> {
        self.collections.keys().flat_map(|name| self.all(name).map(move |object| (name.as_str(), object)))
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.collections.values().map(|found| found.objects.len()).sum()
    }

    /// The state as JSON: each collection a list in order of creation.
    pub(crate) fn to_json(&self) -> Value {
        let list = |name: &String| self.all(name).cloned().map(Value::Object).collect::<Value>();
        self.collections.keys().map(|name| (name.clone(), list(name))).collect()
    }
}
