//! Names of objects: where they are declared, and where other objects refer to them.

use lsp_types::{Position, Range};

use super::file::{File, Spot};
use super::known::Workspace;
use crate::manifest::yaml::{Document, Node, Span};
use crate::model::kind::{At, Kind};

/// A document that declares an object.
pub(super) struct Declaration<'a> {
    /// The path of its file.
    pub(super) path: &'a str,
    pub(super) file: &'a File,
    pub(super) document: &'a Document,
    pub(super) api_version: &'a str,
    pub(super) kind: &'a Kind,
    pub(super) name: &'a str,
    /// Where the name is.
    pub(super) span: Span,
}

/// An object, as a place in a file names it.
pub(super) struct Object<'a> {
    pub(super) path: &'a str,
    pub(super) api_version: &'a str,
    pub(super) kind: &'a Kind,
    pub(super) name: String,
}

/// A place that names an object.
pub type Location = (String, Range);

impl Workspace {
    /// Where the object is declared that is named at a position.
    #[must_use]
    pub fn definition(&self, path: &str, at: Position) -> Vec<Location> {
        let object = self.object_at(path, at);
        object
            .map(|object| self.declared(&object).map(|found| found.location()).collect())
            .unwrap_or_default()
    }

    /// Where the object is referred to that is named at a position; and, if asked for, where it is declared.
    #[must_use]
    pub fn references(&self, path: &str, at: Position, with_declaration: bool) -> Vec<Location> {
        let Some(object) = self.object_at(path, at) else { return Vec::new() };
        let declared = self.declared(&object).filter(|_| with_declaration).map(|found| found.location());
        let from =
            self.declarations().filter(|from| self.share_target(object.path, from.path, object.api_version));
        let from = from
            .filter(|from| from.api_version == object.api_version && from.kind.refers_to(&object.kind.name));
        let references = from.flat_map(|from| {
            let named = from.names().into_iter().filter(|(kind, name, _)| object.is(kind, name));
            let places = named.map(|(.., span)| (from.path.to_owned(), from.file.lines.range(span)));
            places.collect::<Vec<_>>()
        });
        declared.chain(references).collect()
    }

    /// Every object that is declared.
    pub(super) fn declarations(&self) -> impl Iterator<Item = Declaration<'_>> {
        self.files.iter().flat_map(|(path, file)| self.declarations_in(path, file))
    }

    /// Every object that a file declares.
    pub(super) fn declarations_in<'a>(
        &'a self,
        path: &'a str,
        file: &'a File,
    ) -> impl Iterator<Item = Declaration<'a>> {
        file.documents.iter().filter_map(move |document| {
            let (api_version, kind) = self.kind_of(document)?;
            let node = document.at("/metadata/name")?;
            let (name, span) = (node.as_str()?, node.span);
            Some(Declaration { path, file, document, api_version, kind, name, span })
        })
    }

    /// The declarations of an object.
    pub(super) fn declared<'a>(&'a self, object: &Object<'_>) -> impl Iterator<Item = Declaration<'a>> {
        let all = self.declarations().filter(|found| found.api_version == object.api_version);
        let named = all.filter(|found| object.is(&found.kind.name, found.name));
        named.filter(|found| self.share_target(object.path, found.path, object.api_version))
    }

    /// The object that is named at a position: by a reference, or where it is declared.
    pub(super) fn object_at<'a>(&'a self, path: &'a str, at: Position) -> Option<Object<'a>> {
        let file = self.files.get(path)?;
        self.object(path, file, &file.spot(at)?)
    }

    /// The object that a spot names.
    pub(super) fn object<'a>(&'a self, path: &'a str, file: &'a File, spot: &Spot<'_>) -> Option<Object<'a>> {
        let is_here = |found: &Declaration<'_>| std::ptr::eq(found.document, spot.document);
        let from = self.declarations_in(path, file).find(is_here)?;
        let (kind, name) = match from.names().into_iter().find(|(.., span)| *span == spot.part.span()) {
            Some((kind, name, _)) => (from.kinds(self).find(|of| of.name == kind)?, name),
            None if from.span == spot.part.span() => (from.kind, from.name.to_owned()),
            None => return None,
        };
        Some(Object { path, api_version: from.api_version, kind, name })
    }
}

impl Object<'_> {
    fn is(&self, kind: &str, name: &str) -> bool {
        self.kind.name == kind && self.kind.look(&self.name) == self.kind.look(name)
    }
}

impl<'a> Declaration<'a> {
    fn location(&self) -> Location {
        (self.path.to_owned(), self.file.lines.range(self.span))
    }

    fn kinds(&self, workspace: &'a Workspace) -> impl Iterator<Item = &'a Kind> {
        workspace.kinds(self.api_version).iter()
    }

    /// The other objects that it names: their kind, their name, and where it is.
    fn names(&self) -> Vec<(&'a str, String, Span)> {
        let spec = self.document.get("spec").map(Node::to_json).unwrap_or_default();
        let named = self.kind.named_in(self.name, &spec).into_iter();
        let place = |at: &At| match at {
            At::Name => Some(self.span),
            At::Spec(pointer) => Some(self.document.at(&format!("/spec{pointer}"))?.span),
        };
        named
            .filter_map(|named| Some((named.kind, place(&named.at)?, named.name)))
            .map(|(kind, span, name)| (kind, name, span))
            .collect()
    }
}
