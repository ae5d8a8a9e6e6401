//! Desired and observed: what git declares and what the API holds.
//!
//! Not here: how either is obtained, in `resolve` and `run::observe`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Place, SpecDiagnostic, SpecPlace, nearest};
use crate::manifest::{Ensure, Manifest};
use crate::model::kind::{At, Kind, Named};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::survivor::Kept;
use crate::model::wire::ReadError;
use crate::packed::Packed;
use crate::text::inline;

/// One object that git declares for one target.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Which object.
    pub id: ResourceId,
    /// The document it comes from.
    pub manifest: Arc<Manifest>,
    /// Whether only the base declared it: an object to be pruned.
    pub orphan: bool,
    /// Whether the day on which it is to go has come. Never true of a base: there it was still alive.
    pub expired: bool,
    /// Where git still has the object, if it is an orphan of this target only.
    pub elsewhere: Option<Elsewhere>,
    /// What the record holds of it, if this is what a record says that git declared.
    pub recorded: Option<Arc<Recorded>>,
}

/// What a record holds of an object beside its declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The commit whose declaration it is, in hex; `None` if the object was never verified.
    pub commit: Option<String>,
    /// The API's id.
    pub remote: Option<RemoteId>,
    /// Whether enact created the object.
    pub created: bool,
}

/// An object that git no longer declares, and that this run does not delete.
#[derive(Clone, Debug)]
pub struct GivenUp {
    /// What git declared.
    pub declared: Declared,
    /// Why it is not deleted.
    pub kept: Kept,
}

/// What git set in objects and may have reached them without being verified: the specs of attempts, by object.
pub type Attempted = BTreeMap<ResourceId, Vec<Value>>;

/// Where git still has an object that it no longer declares for its target. Such an object is never pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Another target of the same API declares it, in this file.
    Declared(String),
    /// No target of that API takes it, but this file still holds its manifest.
    Held(String),
}

impl Declared {
    /// What a manifest declares for a target.
    pub fn new(id: ResourceId, manifest: Arc<Manifest>) -> Self {
        Self { id, manifest, orphan: false, expired: false, elsewhere: None, recorded: None }
    }

    /// The API's id, if this is what a record says and it was recorded.
    pub fn recorded_id(&self) -> Option<&RemoteId> {
        self.recorded.as_ref()?.remote.as_ref()
    }

    /// Where git declares its name, unless it no longer does or a record says it.
    pub fn source(&self) -> Option<Place> {
        self.manifest.name_place().filter(|_| !self.orphan && self.recorded.is_none())
    }

    /// The spec as the user wrote it. It is unpacked for each call.
    pub fn spec(&self) -> Value {
        self.manifest.spec.value()
    }

    /// Whether git wants the object gone.
    pub fn absent(&self) -> bool {
        self.orphan || self.expired || self.manifest.ensure == Ensure::Absent
    }

    /// Whether git's declaration of the object differs from the one at the base.
    pub fn differs(&self, base: Option<&Self>) -> bool {
        base.is_none_or(|base| base.manifest.said() != self.manifest.said())
    }

    /// The place of a part of the spec, by JSON pointer; an empty one is the spec itself.
    pub fn place(&self, pointer: &str) -> Place {
        self.manifest.place(&format!("/spec{pointer}"))
    }

    /// Gives a diagnostic about the spec its place in the manifest: at the name, if it is not about a part of the spec.
    pub fn placed(&self, diagnostic: SpecDiagnostic) -> Diagnostic {
        diagnostic.placed(|place| match place {
            Some(SpecPlace { pointer, offset }) => self.place_within(&pointer, offset),
            None => self.name_place(),
        })
    }

    /// The place of a byte inside a text of the spec, or of the whole text if that is not known.
    fn place_within(&self, pointer: &str, offset: Option<usize>) -> Place {
        match offset {
            Some(offset) => self.manifest.source.place_within(&format!("/spec{pointer}"), offset),
            None => self.place(pointer),
        }
    }

    /// The place of a part of the declaration.
    pub fn place_at(&self, at: &At) -> Place {
        match at {
            At::Name => self.name_place(),
            At::Spec(pointer) => self.place(pointer),
        }
    }

    /// The names of other objects in it.
    pub fn named<'a>(&self, kind: &'a Kind) -> Vec<Named<'a>> {
        // Most kinds refer to nothing.
        let spec = if kind.references.is_empty() { Value::Null } else { self.spec() };
        kind.named_in(&self.id.name, &spec)
    }

    /// Its name and its former names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.id.name].into_iter().chain(&self.manifest.previously).map(String::as_str)
    }

    /// The place of what says whether the object should exist.
    pub fn place_of_ensure(&self) -> Place {
        self.manifest.place("/metadata/ensure")
    }

    /// The place of the object's name.
    pub fn name_place(&self) -> Place {
        self.manifest.place("/metadata/name")
    }
}

/// What git declares for one target, in the order of the ids.
pub type Desired = BTreeMap<ResourceId, Declared>;

/// What to do about a name that git does not declare, if one is near.
pub fn near(desired: &Desired, kind: &str, name: &str) -> Option<String> {
    let names = desired.keys().filter(|id| id.kind == kind).map(|id| id.name.as_str());
    nearest(name, names).map(|near| format!("did you mean `{kind}/{}`?", inline(near)))
}

/// One live object.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveObject {
    /// The API's id for it.
    pub remote: RemoteId,
    /// The natural key that git knows it by.
    pub name: String,
    /// Whether the system manages it itself, so that not everything in it may be written.
    pub system: bool,
    /// The object as the API returned it.
    pub body: Packed,
    /// Its version, if the API gives one.
    pub etag: Option<String>,
}

/// A live object that no request can reach, because its id cannot be part of a path. It never counts as absent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreachable {
    /// Its name; empty if it has none.
    pub name: String,
}

/// One object of a list.
pub type Listed = Result<LiveObject, Unreachable>;

/// The objects of a list. One that enact cannot use does not hide the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Those that can be reached.
    pub objects: Vec<LiveObject>,
    /// The others.
    pub unreachable: Vec<Unreachable>,
}

impl LiveObject {
    /// The object as the API returned it. It is unpacked for each call.
    #[must_use]
    pub fn body(&self) -> Value {
        self.body.value()
    }
}

impl FromIterator<Listed> for Listing {
    fn from_iter<T: IntoIterator<Item = Listed>>(found: T) -> Self {
        let mut listing = Self::default();
        listing.extend(found);
        listing
    }
}

impl Extend<Listed> for Listing {
    fn extend<T: IntoIterator<Item = Listed>>(&mut self, found: T) {
        for found in found {
            match found {
                Ok(found) => self.objects.push(found),
                Err(found) => self.unreachable.push(found),
            }
        }
    }
}

impl Listing {
    /// The objects that a name means: those with this very name, or else those with one that looks the same, so that
    /// nothing is created beside them. An error if one of them cannot be reached.
    pub fn named(self, kind: &Kind, name: &str) -> Result<Vec<LiveObject>, ReadError> {
        let look = kind.look(name);
        if let Some(found) = self.unreachable.into_iter().find(|found| kind.look(&found.name) == look) {
            return Err(ReadError::unreachable(&kind.name, &found.name));
        }
        let (exact, others): (Vec<_>, Vec<_>) =
            self.objects.into_iter().partition(|found| kind.folded(&found.name) == kind.folded(name));
        let alike = || others.into_iter().filter(|found| kind.look(&found.name) == look).collect();
        Ok(if exact.is_empty() { alike() } else { exact })
    }
}

/// What one target holds, as far as it was read.
#[derive(Debug, Default)]
pub struct Observed {
    /// Per kind: all its objects, or why they could not be listed.
    pub kinds: BTreeMap<String, Result<Vec<LiveObject>, ReadError>>,
    /// Objects that no request can reach, by kind.
    pub unreachable: BTreeMap<String, Vec<Unreachable>>,
    /// Objects that were listed but could not be read in full, by kind and id. They never count as absent.
    pub unread: BTreeMap<(String, RemoteId), ReadError>,
    /// Objects of which only what their list shows was read, by kind and id.
    pub only_listed: BTreeSet<(String, RemoteId)>,
    /// Objects that were renamed on the live side, by the kind and the name that git declares, with their recorded ids.
    pub renamed: BTreeMap<(String, String), RemoteId>,
    /// Kinds that can be listed and were not: only the objects that were asked for by name are here.
    pub by_name: BTreeSet<String>,
}

impl Observed {
    /// The live objects of a kind; empty if the kind was not read or could not be.
    pub fn found(&self, kind: &str) -> &[LiveObject] {
        self.kinds.get(kind).and_then(|listing| listing.as_ref().ok()).map_or(&[], Vec::as_slice)
    }

    /// Whether a live object was read in full.
    pub fn is_read(&self, kind: &Kind, live: &LiveObject) -> bool {
        let key = (kind.name.clone(), live.remote.clone());
        !self.unread.contains_key(&key) && !self.only_listed.contains(&key)
    }

    /// Records what a kind holds.
    pub fn record(&mut self, kind: &Kind, listing: Result<Listing, ReadError>) {
        let listing = listing.map(|Listing { objects, mut unreachable }| {
            unreachable.sort();
            unreachable.dedup();
            self.unreachable.insert(kind.name.clone(), unreachable);
            objects
        });
        self.kinds.insert(kind.name.clone(), listing);
    }

    /// The objects of a kind that no request can reach.
    pub fn unreachable(&self, kind: &str) -> &[Unreachable] {
        self.unreachable.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The live objects by the names that could mean them.
    pub fn index(&self, kinds: &[Kind]) -> Index<'_> {
        let mut index = Index::default();
        for kind in kinds {
            let found = self.found(&kind.name).iter();
            let by_id = found.clone().rev().map(|found| (&found.remote, found)).collect();
            index.by_id.insert(kind.name.clone(), by_id);
            found.for_each(|found| index.add(kind, found));
        }
        for ((kind, name), remote) in &self.renamed {
            let found = index.by_id.get(kind).and_then(|by_id| by_id.get(remote)).copied();
            index.renamed.extend(found.map(|found| ((kind.clone(), name.clone()), found)));
        }
        index
    }
}

/// Live objects by kind and name, and by kind and id.
#[derive(Debug, Default)]
pub struct Index<'a> {
    /// Of two with one id, the first.
    by_id: BTreeMap<String, BTreeMap<&'a RemoteId, &'a LiveObject>>,
    named: BTreeMap<(String, String), Vec<&'a LiveObject>>,
    /// Those whose name is not the one spelling of what it shows, by what it shows.
    alike: BTreeMap<(String, String), Vec<&'a LiveObject>>,
    /// Those that were renamed on the live side, by the name that git declares.
    renamed: BTreeMap<(String, String), &'a LiveObject>,
}

impl<'a> Index<'a> {
    fn add(&mut self, kind: &Kind, found: &'a LiveObject) {
        let (name, look) = (kind.folded(&found.name), kind.look(&found.name));
        if name != look {
            self.alike.entry((kind.name.clone(), look)).or_default().push(found);
        }
        self.named.entry((kind.name.clone(), name)).or_default().push(found);
    }

    /// The live object with an id.
    pub fn with_id(&self, kind: &Kind, id: &RemoteId) -> Option<&'a LiveObject> {
        self.by_id.get(&kind.name)?.get(id).copied()
    }

    /// The live objects that a name could mean.
    pub fn named(&self, kind: &Kind, name: &str) -> &[&'a LiveObject] {
        self.named.get(&(kind.name.clone(), kind.folded(name))).map_or(&[], Vec::as_slice)
    }

    /// The live objects whose names look like this one and are others: no manifest means them.
    pub fn alike(&self, kind: &Kind, name: &str) -> &[&'a LiveObject] {
        self.alike.get(&(kind.name.clone(), kind.look(name))).map_or(&[], Vec::as_slice)
    }

    /// The live object that a declaration means by its recorded id, if it has another name now.
    pub fn renamed(&self, declared: &Declared) -> Option<&'a LiveObject> {
        self.renamed.get(&(declared.id.kind.clone(), declared.id.name.clone())).copied()
    }

    /// The live objects that a declaration could mean: those with its name, or else those with a former name.
    pub fn meant(&self, kind: &Kind, declared: &Declared) -> Vec<&'a LiveObject> {
        let now = self.named(kind, &declared.id.name);
        // A delete does not follow former names: an object that has one today belongs to somebody else.
        if !now.is_empty() || declared.absent() {
            return now.to_vec();
        }
        let former: Vec<_> =
            declared.manifest.previously.iter().flat_map(|name| self.named(kind, name)).copied().collect();
        if former.is_empty() { self.renamed(declared).into_iter().collect() } else { former }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// An id finds what a look at every object finds, also where two have one id.
        #[test]
        fn an_id_finds_the_first_object_that_has_it(ids in prop::collection::vec("[a-e]", 0..8), id in "[a-e]") {
            let kind = Kind::new("Policy", "", Value::Null);
            let remote = |id: &str| RemoteId::new(id).unwrap();
            let live = |(at, id): (usize, &String)| {
                let (remote, name) = (remote(id), at.to_string());
                LiveObject { remote, name, system: false, body: Packed::default(), etag: None }
            };
            let listing = ids.iter().enumerate().map(live).collect();
            let renamed = BTreeMap::from([(("Policy".to_owned(), "as declared".to_owned()), remote(&id))]);
            let kinds = BTreeMap::from([("Policy".to_owned(), Ok(listing))]);
            let observed = Observed { kinds, renamed, ..Observed::default() };
            let first = observed.found("Policy").iter().find(|found| found.remote == remote(&id));
            let index = observed.index(std::slice::from_ref(&kind));
            prop_assert_eq!(index.with_id(&kind, &remote(&id)), first);
            prop_assert_eq!(index.renamed.values().next().copied(), first);
        }
    }
}
