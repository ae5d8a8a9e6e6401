//! The names of one target's objects and their ids, both ways.
//!
//! Not here: the words for a name that cannot be resolved, in `plan::diagnostics`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Suggestions;
use crate::manifest::name_problem;
use crate::model::kind::Kind;
use crate::model::request::{Id, Symbol};
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Declared, Desired, Index, LiveObject, Observed};

/// Why a name does not mean exactly one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Nothing has this name, and git does not create it.
    Missing,
    /// Several live objects could have this name.
    Ambiguous,
}

/// Names to ids and back, over one target's live objects and those that this run creates. A copy costs nothing but what was
/// learned since.
#[derive(Clone, Debug, Default)]
pub struct Names {
    tables: Arc<Tables>,
    /// What this run has created.
    learned: Tables,
    suggestions: Arc<Suggestions>,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    renamed: BTreeMap<(String, String), String>,
    ids: BTreeMap<(String, String), Result<Id, Unresolved>>,
    names: BTreeMap<(String, String), String>,
}

impl Tables {
    fn new(kinds: &[Kind], desired: &Desired, observed: &Observed, index: &Index<'_>) -> Self {
        let mut names = Self::default();
        for kind in kinds {
            for found in observed.found(&kind.name) {
                names.add_live(kind, found, index);
            }
        }
        for declared in desired.values().filter(|declared| !declared.absent()) {
            if let Some(kind) = kinds.iter().find(|kind| kind.name == declared.id.kind) {
                names.add_declared(declared, &index.meant(kind, declared));
            }
        }
        names
    }

    fn add_live(&mut self, kind: &Kind, found: &LiveObject, index: &Index<'_>) {
        let unique = index.named(kind, &found.name).len() == 1;
        let id = if unique { Ok(Id::Known(found.remote.clone())) } else { Err(Unresolved::Ambiguous) };
        self.ids.insert((kind.name.clone(), found.name.clone()), id);
        // A manifest can only refer by id to an object whose name it cannot have.
        if unique && name_problem(&found.name).is_none() {
            self.names.insert((kind.name.clone(), found.remote.to_string()), found.name.clone());
        }
    }

    /// A name that is not live yet belongs to an object that is to be renamed or created.
    fn add_declared(&mut self, declared: &Declared, meant: &[&LiveObject]) {
        let key = (declared.id.kind.clone(), declared.id.name.clone());
        if self.ids.contains_key(&key) {
            return;
        }
        let id = match meant {
            [] => Ok(Id::Later(Symbol::of(&declared.id))),
            [one] => Ok(Id::Known(one.remote.clone())),
            _ => Err(Unresolved::Ambiguous),
        };
        if let [one] = meant {
            self.names.insert((key.0.clone(), one.remote.to_string()), key.1.clone());
            self.renamed.insert((key.0.clone(), one.name.clone()), key.1.clone());
        }
        self.ids.insert(key, id);
    }
}

impl Names {
    /// Builds the tables from what is live, with its index, and what git declares.
    pub fn new(kinds: &[Kind], desired: &Desired, observed: &Observed, index: &Index<'_>) -> Self {
        Self { tables: Arc::new(Tables::new(kinds, desired, observed, index)), ..Self::default() }
    }

    /// Adds the id of an object that this run has created.
    pub fn learn(&mut self, resource: &ResourceId, remote: &RemoteId) {
        let key = (resource.kind.clone(), resource.name.clone());
        self.learned.names.insert((key.0.clone(), remote.to_string()), key.1.clone());
        self.learned.ids.insert(key, Ok(Id::Known(remote.clone())));
    }

    /// The id behind a name.
    pub fn id(&self, kind: &str, name: &str) -> Result<Id, Unresolved> {
        let key = (kind.to_owned(), name.to_owned());
        let known = self.learned.ids.get(&key).or_else(|| self.tables.ids.get(&key));
        known.cloned().unwrap_or(Err(Unresolved::Missing))
    }

    /// The new name that git gives to an object of this name.
    pub fn renamed(&self, kind: &str, name: &str) -> Option<&str> {
        self.tables.renamed.get(&(kind.to_owned(), name.to_owned())).map(String::as_str)
    }

    /// Whether git gives any object a new name.
    pub fn renames(&self) -> bool {
        !self.tables.renamed.is_empty()
    }

    /// The name of a live object, if no other object has that name and a manifest can have it.
    pub fn name(&self, kind: &str, id: &str) -> Option<&str> {
        let key = (kind.to_owned(), id.to_owned());
        self.learned.names.get(&key).or_else(|| self.tables.names.get(&key)).map(String::as_str)
    }

    /// The name of a kind that somebody may have meant by one that means nothing.
    pub fn near(&self, kind: &str, name: &str) -> Option<&str> {
        let ids = [&self.tables.ids, &self.learned.ids].into_iter().flat_map(BTreeMap::keys);
        let all = ids.filter(|(of, _)| of == kind).map(|(_, name)| name.as_str());
        self.suggestions.nearest(name, all)
    }
}
