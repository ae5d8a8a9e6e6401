//! What is known of a project: its texts, its kinds, and which target takes which file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::file::File;
use crate::catalog;
use crate::manifest::Files;
use crate::manifest::yaml::{Document, Node};
use crate::model::kind::{Kind, api_version};
use crate::system::registry::Registry;

/// A target, as far as names depend on it.
pub struct TargetFiles {
    /// Its name.
    pub name: String,
    /// The `apiVersion` of its manifests.
    pub api_version: String,
    /// The files that it takes.
    pub files: BTreeSet<String>,
}

/// A project.
pub struct Workspace {
    pub(super) registry: Arc<Registry>,
    /// The schema of each kind of document, by `apiVersion` and `kind`.
    pub(super) schemas: BTreeMap<(String, String), Value>,
    pub(super) targets: Vec<TargetFiles>,
    pub(super) files: BTreeMap<String, Arc<File>>,
}

impl Workspace {
    /// The texts of a project, by path. What was read of the same text before is taken over.
    #[must_use]
    pub fn new(
        registry: Arc<Registry>,
        targets: Vec<TargetFiles>,
        texts: &Files,
        known: &BTreeMap<String, Arc<File>>,
    ) -> Self {
        let read = |(path, text): (&String, &Arc<str>)| {
            let known = known.get(path).filter(|file| file.lines.text() == text).cloned();
            let file = known.unwrap_or_else(|| Arc::new(File::read(path, text.clone())));
            (path.clone(), file)
        };
        let of_kinds = catalog::kinds(&registry)
            .map(|(system, kind, schema)| ((api_version(system), kind.to_owned()), schema));
        let of_files = catalog::files(&registry).into_iter().map(|(name, schema)| {
            ((FILE_VERSION.to_owned(), catalog::file_kind(name, &schema).to_owned()), schema)
        });
        let schemas = of_kinds.chain(of_files).collect();
        Self { schemas, targets, files: texts.iter().map(read).collect(), registry }
    }

    /// Puts a text in place of the one of this path.
    pub fn edit(&mut self, path: &str, text: Arc<str>) {
        self.files.insert(path.to_owned(), Arc::new(File::read(path, text)));
    }

    /// Forgets a file.
    pub fn forget(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Every file, by its path.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, Arc<File>> {
        &self.files
    }

    /// A file, if it is one of the project.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path).map(AsRef::as_ref)
    }

    /// The kinds of a system.
    pub(super) fn kinds(&self, version: &str) -> &[Kind] {
        let row = self.registry.rows().find(|row| api_version(&row.name) == version);
        row.map_or(&[], |row| row.kinds.as_slice())
    }

    /// What a manifest says it is, if there is such a kind.
    pub(super) fn kind_of<'a>(&'a self, document: &'a Document) -> Option<(&'a str, &'a Kind)> {
        let (version, kind) = header(document);
        Some((version?, self.kinds(version?).iter().find(|of| Some(of.name.as_str()) == kind)?))
    }

    /// The schema of a document. One of a manifest that does not say yet what it is, is that of any kind, without a spec.
    pub(super) fn schema(&self, document: &Document) -> Option<&Value> {
        let (version, kind) = header(document);
        let key = (version.unwrap_or_default().to_owned(), kind.unwrap_or_default().to_owned());
        self.schemas.get(&key)
    }

    /// Whether names in these two files may mean the same objects: one target takes both, as far as its files are known.
    pub(super) fn share_target(&self, one: &str, other: &str, version: &str) -> bool {
        let takers = |path: &str| {
            let own = self.targets.iter().filter(|target| target.api_version == version);
            own.filter(|target| target.files.contains(path)).map(|target| &target.name).collect::<Vec<_>>()
        };
        let (one, other) = (takers(one), takers(other));
        // A file that is new is not known to any target yet.
        one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
    }
}

/// The `apiVersion` of enact's own files.
pub(super) const FILE_VERSION: &str = "enact/v1";

/// What a document says it is, as far as it says so.
pub(super) fn header(document: &Document) -> (Option<&str>, Option<&str>) {
    let text = |field: &str| document.get(field).and_then(Node::as_str);
    (text("apiVersion"), text("kind"))
}
