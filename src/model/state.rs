//! Desired and observed: what git declares and what the API holds.
//!
//! Not here: how either is obtained, in `resolve` and `run::observe`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Place, SpecDiagnostic, SpecPlace};
use crate::manifest::{Ensure, Manifest};
use crate::model::kind::{At, Kind, Named};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::wire::ReadError;

/// One object that git declares for one target.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Which object.
    pub id: ResourceId,
    /// The document it comes from.
    pub manifest: Arc<Manifest>,
    /// Whether only the base declared it: an object to be pruned.
    pub orphan: bool,
    /// Where git still has the object, if it is an orphan of this target only.
    pub elsewhere: Option<Elsewhere>,
}

/// Where git still has an object that it no longer declares for its target. Such an object is never pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Another target of the same API declares it, in this file.
    Declared(String),
    /// No target of that API takes it, but this file still holds its manifest.
    Held(String),
}

impl Declared {
    /// The spec as the user wrote it.
    pub fn spec(&self) -> &Value {
        &self.manifest.spec
    }

    /// Whether git wants the object gone.
    pub fn absent(&self) -> bool {
        self.orphan || self.manifest.ensure == Ensure::Absent
    }

    /// Whether git's declaration of the object differs from the one at the base.
    pub fn differs(&self, base: Option<&Self>) -> bool {
        let said = |declared: &Self| {
            let manifest = &declared.manifest;
            (manifest.spec.clone(), manifest.ensure, manifest.protect, manifest.previously.clone())
        };
        base.is_none_or(|base| said(base) != said(self))
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
            Some(offset) => self.manifest.document.place_within(&format!("/spec{pointer}"), offset),
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
    pub fn named<'a>(&'a self, kind: &'a Kind) -> Vec<Named<'a>> {
        kind.named_in(&self.id.name, self.spec())
    }

    /// The place of the object's name.
    pub fn name_place(&self) -> Place {
        self.manifest.place("/metadata/name")
    }
}

/// What git declares for one target, in the order of the ids.
pub type Desired = BTreeMap<ResourceId, Declared>;

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
    pub body: Value,
    /// Its version, if the API gives one.
    pub etag: Option<String>,
}

/// What one target holds, as far as it was read.
#[derive(Debug, Default)]
pub struct Observed {
    /// Per kind: all its objects, or why they could not be listed.
    pub kinds: BTreeMap<String, Result<Vec<LiveObject>, ReadError>>,
    /// Objects that were listed but could not be read in full, by kind and id. They never count as absent.
    pub unread: BTreeMap<(String, RemoteId), ReadError>,
}

impl Observed {
    /// The live objects of a kind; empty if the kind was not read or could not be.
    pub fn found(&self, kind: &str) -> &[LiveObject] {
        self.kinds.get(kind).and_then(|listing| listing.as_ref().ok()).map_or(&[], Vec::as_slice)
    }

    /// The live objects by the names that could mean them.
    pub fn index(&self, kinds: &[Kind]) -> Index<'_> {
        let mut index = Index::default();
        for kind in kinds {
            for found in self.found(&kind.name) {
                index.0.entry((kind.name.clone(), kind.folded(&found.name))).or_default().push(found);
            }
        }
        index
    }
}

/// Live objects by kind and name.
#[derive(Debug, Default)]
pub struct Index<'a>(BTreeMap<(String, String), Vec<&'a LiveObject>>);

impl<'a> Index<'a> {
    /// The live objects that a name could mean.
    pub fn named(&self, kind: &Kind, name: &str) -> &[&'a LiveObject] {
        self.0.get(&(kind.name.clone(), kind.folded(name))).map_or(&[], Vec::as_slice)
    }

    /// The live objects that a declaration could mean: those with its name, or else those with a former name.
    pub fn meant(&self, kind: &Kind, declared: &Declared) -> Vec<&'a LiveObject> {
        let now = self.named(kind, &declared.id.name);
        // A delete does not follow former names: an object that has one today belongs to somebody else.
        if !now.is_empty() || declared.absent() {
            return now.to_vec();
        }
        declared.manifest.previously.iter().flat_map(|name| self.named(kind, name)).copied().collect()
    }
}
