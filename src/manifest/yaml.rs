//! YAML with positions: a tree in which every value and key knows where it was written.
//!
//! Values follow YAML 1.2's core schema, so `no` and `on` are text. What YAML has beyond plain data (tags, merge keys,
//! directives, keys that are not text) is refused, because a reviewer has to see what a manifest means.
//! Checks of the text are in `source`, the tree in `node`, building it in `tree`, plain scalars in `scalar`, the
//! parser's messages in `syntax`. Not here: what a document means, in `manifest`.

mod document;
mod node;
mod scalar;
mod source;
mod syntax;
mod tree;

use crate::diagnostic::Diagnostic;

pub use document::{Document, Part};
pub use node::{Key, MAX_BYTES, MAX_DEPTH, MAX_DIAGNOSTICS, MAX_WEIGHT, Node, NodeStyle, Span, Value};
pub(crate) use source::lines;

/// Reads a file's documents. A document with an error is left out, and the documents after it are still read.
pub fn parse(text: &str, file: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Document> {
    let source = source::Source::new(file, text);
    let problems = source.check();
    let readable = !problems.iter().any(Diagnostic::is_error);
    diagnostics.extend(problems);
    if readable { tree::documents(&source, diagnostics) } else { Vec::new() }
}

/// Reads a file that must hold exactly one document; `otherwise` makes the diagnostic for any other file.
pub fn only(
    text: &str,
    file: &str,
    diagnostics: &mut Vec<Diagnostic>,
    otherwise: impl FnOnce(&str) -> Diagnostic,
) -> Option<Document> {
    let before = diagnostics.len();
    let mut documents = parse(text, file, diagnostics);
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => Some(document),
        _ => {
            if !diagnostics.iter().skip(before).any(Diagnostic::is_error) {
                diagnostics.push(otherwise(file));
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
