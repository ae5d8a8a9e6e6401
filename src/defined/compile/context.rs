//! What is known when a kind is compiled. Not here: the compiling, in the modules next to this one.

use std::collections::{BTreeMap, BTreeSet};

use crate::defined::definition::KindForm;
use crate::defined::settings::Settings;

/// A kind as written, and what is known about the other kinds and the settings.
pub(super) struct Context<'a> {
    pub(super) kind: &'a KindForm,
    /// Where the kind is, as a JSON pointer.
    pub(super) at: &'a str,
    /// The kinds before this one, by name, and whether the server gives ids to their objects.
    pub(super) earlier: &'a BTreeMap<&'a str, bool>,
    /// The names of all kinds.
    pub(super) all: &'a BTreeSet<&'a str>,
    pub(super) settings: &'a Settings,
}

impl Context<'_> {
    /// Whether the server gives ids to the objects of this kind, or of one before it.
    pub(super) fn has_ids(&self, kind: &str) -> bool {
        let is_own = kind == self.kind.name;
        if is_own { self.kind.id.is_some() } else { self.earlier.get(kind).copied().unwrap_or(false) }
    }
}
