//! The objects of a file and of the project, as an editor lists them.

use lsp_types::{DocumentSymbol, Position, Range, SymbolKind};

use super::file::File;
use super::known::{Workspace, header};
use super::names::{Declaration, Location};
use crate::manifest::yaml::{Document, Node, Span};
use crate::text::short;

/// More symbols are not sent.
const MOST: usize = 1000;

/// An object of the project.
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is declared.
    pub location: Location,
}

impl Workspace {
    /// What a file declares, in its order.
    #[must_use]
    pub fn document_symbols(&self, path: &str) -> Vec<DocumentSymbol> {
        let Some(file) = self.file(path) else { return Vec::new() };
        let ends = file.documents.iter().skip(1).map(|document| document.root.span.line);
        let ends = ends.map(Some).chain([None]);
        file.documents.iter().zip(ends).flat_map(|(document, end)| symbols(file, document, end)).collect()
    }

    /// The objects whose name or kind holds a text, in upper or lower case.
    #[must_use]
    pub fn symbols(&self, query: &str) -> Vec<Symbol> {
        let query = query.to_lowercase();
        let is_meant = |found: &Declaration<'_>| {
            found.name.to_lowercase().contains(&query) || found.kind.name.to_lowercase().contains(&query)
        };
        let symbol = |found: Declaration<'_>| Symbol {
            name: short(found.name),
            kind: found.kind.name.clone(),
            location: (found.path.to_owned(), found.file.lines.range(found.span)),
        };
        self.declarations().filter(is_meant).map(symbol).take(MOST).collect()
    }
}

/// The object of a manifest, or the targets of a configuration.
fn symbols(file: &File, document: &Document, end: Option<usize>) -> Vec<DocumentSymbol> {
    let (_, kind) = header(document);
    let kind = kind.unwrap_or_default();
    if let Some(name) = document.at("/metadata/name") {
        return symbol(file, (name, kind), (document.root.span, end)).into_iter().collect();
    }
    let rows = document.get("targets").and_then(Node::as_seq).unwrap_or_default();
    let row = |row: &Node| symbol(file, (row.get("name")?, "target"), (row.span, Some(row.span.line + 1)));
    rows.iter().filter_map(row).collect()
}

/// A symbol from the beginning of a value to the line where the next one begins.
#[expect(deprecated, reason = "the type has a field that is")]
fn symbol(
    file: &File,
    (name, kind): (&Node, &str),
    (from, end): (Span, Option<usize>),
) -> Option<DocumentSymbol> {
    let selection_range = file.lines.range(name.span);
    let end = end.map_or(file.lines.count(), |line| line - 1);
    let end = Position { line: u32::try_from(end).unwrap_or(u32::MAX), character: 0 };
    let range = Range { start: file.lines.range(from).start, end: end.max(selection_range.end) };
    Some(DocumentSymbol {
        name: short(name.as_str().filter(|name| !name.is_empty())?),
        detail: Some(short(kind)),
        kind: SymbolKind::Object,
        tags: None,
        deprecated: None,
        range: Range { start: range.start.min(selection_range.start), ..range },
        selection_range,
        children: None,
    })
}
