//! A document of a file, and parts of it: nodes with their file. Not here: the tree itself, in `node`.

use std::sync::Arc;

use super::merge::MergePatch;
use super::node::{Key, Node, Span};
use crate::diagnostic::Place;

/// One document, with its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file as the user would type it.
    pub file: String,
    /// What it holds.
    pub root: Node,
    /// The patch from another file that is made to it already.
    pub patch: Option<Arc<MergePatch>>,
}

impl Document {
    /// The node at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        self.root.at(pointer)
    }

    /// The value of a key, if the document is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.root.get(key)
    }

    /// The same data without positions.
    pub fn to_json(&self) -> serde_json::Value {
        self.root.to_json()
    }

    /// The document with a patch. Values of the patch have their places in its file.
    #[must_use]
    pub fn with(&self, patch: &Arc<MergePatch>) -> Self {
        Self { file: self.file.clone(), root: patch.merged(&self.root), patch: Some(patch.clone()) }
    }

    /// The place of a JSON pointer, or of its nearest ancestor that exists.
    pub fn place(&self, pointer: &str) -> Place {
        if let Some(place) = self.patch.as_ref().and_then(|patch| patch.place(pointer)) {
            return place;
        }
        let (node, path) = self.root.walk(pointer);
        self.span_place(node.span, &path)
    }

    /// The place of the key at a JSON pointer; of the value where there is no key, as in lists.
    pub fn key_place(&self, pointer: &str) -> Place {
        if let Some(place) = self.patch.as_ref().and_then(|patch| patch.place(pointer)) {
            return place;
        }
        match self.root.key_at(pointer) {
            Some(Key { span, .. }) => self.span_place(*span, &self.root.walk(pointer).1),
            None => self.place(pointer),
        }
    }

    /// The place of a byte inside the text at a JSON pointer, or of the whole text if that is not known.
    pub fn place_within(&self, pointer: &str, offset: usize) -> Place {
        if let Some(place) = self.patch.as_ref().and_then(|patch| patch.place_within(pointer, offset)) {
            return place;
        }
        let (node, path) = self.root.walk(pointer);
        self.span_place(node.span_within(offset), &path)
    }

    /// All of it.
    pub fn whole(&self) -> Part<'_> {
        self.part("")
    }

    /// What is at a JSON pointer and below.
    pub fn part(&self, at: impl Into<String>) -> Part<'_> {
        Part { document: self, at: at.into() }
    }

    fn span_place(&self, span: Span, path: &str) -> Place {
        span.place(&self.file, path)
    }
}

/// A part of a document. Pointers are relative to it.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    document: &'a Document,
    at: String,
}

impl<'a> Part<'a> {
    /// The node of the part itself, if there is one.
    pub fn node(&self) -> Option<&'a Node> {
        self.document.at(&self.at)
    }

    /// The node at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&'a Node> {
        self.document.at(&self.pointer(pointer))
    }

    /// What is at a JSON pointer and below.
    pub fn part(&self, pointer: &str) -> Self {
        self.document.part(self.pointer(pointer))
    }

    /// The pointer from the top of the document.
    pub fn pointer(&self, pointer: &str) -> String {
        format!("{}{pointer}", self.at)
    }

    /// The place of a JSON pointer, or of its nearest ancestor that exists.
    pub fn place(&self, pointer: &str) -> Place {
        self.document.place(&self.pointer(pointer))
    }

    /// The place of the key at a JSON pointer; of the value where there is no key, as in lists.
    pub fn key_place(&self, pointer: &str) -> Place {
        self.document.key_place(&self.pointer(pointer))
    }
}
