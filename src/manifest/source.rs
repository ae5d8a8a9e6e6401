//! Where a manifest was written. Its tree is not kept: a place is asked for where something is wrong, and then the text
//! is read once more.

use std::sync::{Arc, OnceLock};

use super::yaml::{self, Document, Span};
use crate::diagnostic::Place;

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
}

impl Source {
    /// The documents of a file, in the order in which [`yaml::parse`] returns them.
    pub fn all(name: &str, text: &Arc<str>) -> impl Iterator<Item = Self> {
        let (name, text) = (name.to_owned(), text.clone());
        let file = Arc::new(SourceFile { name, text, documents: OnceLock::new() });
        (0..).map(move |index| Self { file: file.clone(), index })
    }

    /// A document that is in no file, or whose text is not at hand: every place in it is the beginning of the file.
    pub fn unread(name: &str) -> Self {
        let (name, text) = (name.to_owned(), Arc::from(""));
        Self { file: Arc::new(SourceFile { name, text, documents: OnceLock::from(Vec::new()) }), index: 0 }
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
        self.document().map_or_else(|| self.beginning(), |document| document.place(pointer))
    }

    /// The place of a byte inside the text at a JSON pointer, or of the whole text if that is not known.
    pub fn place_within(&self, pointer: &str, offset: usize) -> Place {
        self.document().map_or_else(|| self.beginning(), |document| document.place_within(pointer, offset))
    }

    fn document(&self) -> Option<&Document> {
        let SourceFile { name, text, documents } = self.file.as_ref();
        documents.get_or_init(|| yaml::parse(text, name, &mut Vec::new())).get(self.index)
    }

    fn beginning(&self) -> Place {
        Span { line: 1, column: 1, width: 1 }.place(&self.file.name, "")
    }
}
