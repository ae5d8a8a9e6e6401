//! YAML with positions: a tree in which every value and key knows where it was written.
//!
//! Values follow YAML 1.2's core schema, so `no` and `on` are text. What YAML has beyond plain data (tags, merge keys,
//! directives, keys that are not text) is refused, because a reviewer has to see what a manifest means.
//! Checks of the text are in `source`, the tree in `node`, building it in `tree`, how much all files may hold in `budget`, a patch of a document in `merge`, the usual form of a file in `format`, plain scalars in `scalar`, the
//! parser's messages in `syntax`. Not here: what a document means, in `manifest`.

mod budget;
mod document;
pub mod edit;
pub mod format;
mod merge;
mod node;
pub mod patch;
mod plain;
mod scalar;
mod source;
mod syntax;
mod tree;
pub mod write;

use crate::diagnostic::{Code, Diagnostic};

pub use budget::Budget;
pub use document::{Document, Part};
pub use merge::MergePatch;
pub use node::{Key, MAX_BYTES, MAX_DEPTH, MAX_DIAGNOSTICS, MAX_WEIGHT, Node, NodeStyle, Span, Value};
pub(crate) use source::lines;

/// Reads a file's documents. A document with an error is left out, and the documents after it are still read.
pub fn parse(text: &str, file: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Document> {
    weighed(text, file, diagnostics).0
}

/// [`parse`], and what the file takes of a [`Budget`]: what was read and then refused counts, too.
pub fn weighed(text: &str, file: &str, diagnostics: &mut Vec<Diagnostic>) -> (Vec<Document>, usize) {
    let source = source::Source::new(file, text);
    let problems = source.check();
    let readable = !problems.iter().any(Diagnostic::is_error);
    diagnostics.extend(problems);
    if !readable {
        return (Vec::new(), 0);
    }
    tree::documents(&source, diagnostics)
}

/// Reads a file that must hold exactly one document; `otherwise` makes the diagnostic for any other file.
pub fn only(
    text: &str,
    file: &str,
    diagnostics: &mut Vec<Diagnostic>,
    otherwise: impl FnOnce(&str) -> Diagnostic,
) -> Option<Document> {
    let mut own = Vec::new();
    let mut documents = parse(text, file, &mut own);
    // What an empty file should hold is known better here.
    own.retain(|diagnostic| diagnostic.code != Code::YamlEmpty);
    let only = documents.pop().filter(|_| documents.is_empty());
    if only.is_none() && !own.iter().any(Diagnostic::is_error) {
        own.push(otherwise(file));
    }
    diagnostics.extend(own);
    only
}

#[cfg(test)]
mod tests;
