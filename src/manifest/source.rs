//! Where a manifest was written. Its tree is not kept: a place is asked for where something is wrong, and then the text
//! is read once more.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::environment::{Overlay, has_variables};
use super::yaml::{self, Document, Span};
use crate::diagnostic::{Diagnostic, Place};

/// A file with manifests.
#[derive(Debug)]
struct SourceFile {
    /// As the user would type it.
    name: String,
    text: Arc<str>,
    /// What it holds, once somebody asked for a place in it.
    documents: OnceLock<Vec<Document>>,
}

/// A document of a file.
#[derive(Clone, Debug)]
pub struct Source {
    file: Arc<SourceFile>,
    index: usize,
    /// What a target made of it.
    overlay: Option<Overlay>,
}

impl Source {
    /// The documents of a file, in the order in which [`yaml::parse`] returns them.
    pub fn all(name: &str, text: &Arc<str>) -> impl Iterator<Item = Self> {
        let (name, text) = (name.to_owned(), text.clone());
        let file = Arc::new(SourceFile { name, text, documents: OnceLock::new() });
        (0..).map(move |index| Self { file: file.clone(), index, overlay: None })
    }

    /// A document that is in no file, or whose text is not at hand: every place in it is the beginning of the file.
    pub fn unread(name: &str) -> Self {
        let (name, text) = (name.to_owned(), Arc::from(""));
        let file = Arc::new(SourceFile { name, text, documents: OnceLock::from(Vec::new()) });
        Self { file, index: 0, overlay: None }
    }

    /// The same document as a target has it.
    #[must_use]
    pub fn with(&self, overlay: Overlay) -> Self {
        Self { overlay: Some(overlay), ..self.clone() }
    }

    /// Whether a target has values in it that another one may not have.
    pub fn differs_by_target(&self) -> bool {
        match (&self.overlay, self.document()) {
            (Some(overlay), Some(document)) => overlay.patch.is_some() || has_variables(document),
            _ => false,
        }
    }

    /// Whether both are the same document, whatever targets make of it.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.index == other.index
    }

    /// The file, as the user would type it.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// Which of the file's documents it is, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The place of a JSON pointer, or of its nearest ancestor that exists.
    pub fn place(&self, pointer: &str) -> Place {
        self.patched().map_or_else(|| self.beginning(), |document| document.place(pointer))
    }

    /// The place of a byte inside the text at a JSON pointer, or of the whole text if that is not known.
    pub fn place_within(&self, pointer: &str, offset: usize) -> Place {
        let Some(document) = self.patched() else { return self.beginning() };
        let overlay = self.overlay.as_ref();
        let offset = overlay.map_or(offset, |overlay| overlay.written_offset(&document, pointer, offset));
        document.place_within(pointer, offset)
    }

    /// Adds to a diagnostic about it which variables are behind.
    pub fn explain(&self, diagnostic: Diagnostic) -> Diagnostic {
        match (&self.overlay, self.document()) {
            (Some(overlay), Some(document)) => overlay.explain(document, diagnostic),
            _ => diagnostic,
        }
    }

    /// The document as it is written.
    pub fn document(&self) -> Option<&Document> {
        let SourceFile { name, text, documents } = self.file.as_ref();
        documents.get_or_init(|| yaml::parse(text, name, &mut Vec::new())).get(self.index)
    }

    fn patched(&self) -> Option<Cow<'_, Document>> {
        let document = self.document()?;
        let overlay = self.overlay.as_ref();
        Some(overlay.map_or(Cow::Borrowed(document), |overlay| Cow::Owned(overlay.patched(document))))
    }

    fn beginning(&self) -> Place {
        Span { line: 1, column: 1, width: 1 }.place(&self.file.name, "")
    }
}
