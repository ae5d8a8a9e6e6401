//! A file as an editor sees it: its lines, the documents that could be read, and what is at a place in them.

use std::sync::Arc;

use lsp_types::Position;

use super::lines::Lines;
use crate::manifest::yaml::{self, Document, Key, Node, Span, Value};
use crate::pointer;

/// A file of the project.
#[derive(Debug)]
pub struct File {
    /// Its text.
    pub lines: Lines,
    /// Its documents without a mistake in their YAML.
    pub(super) documents: Vec<Document>,
}

/// A step from a value to one in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Item(usize),
}

/// The way from the top of a document to a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Step>);

impl Path {
    /// As a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        self.0.iter().fold(String::new(), |at, step| match step {
            Step::Field(name) => pointer::child(&at, name),
            Step::Item(index) => format!("{at}/{index}"),
        })
    }

    /// The names of the fields along it; items are passed over.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.0.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Item(_) => None,
        });
        names.collect()
    }

    /// Without its last step.
    pub(super) fn parent(&self) -> Self {
        Self(self.0.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default())
    }
}

/// Whether a path is where a pattern such as `/rules/*/role` leads.
pub(super) fn is_at(steps: &[Step], pattern: &str) -> bool {
    let mut parts = pattern.split('/').skip(1);
    let each = steps.iter().all(|step| match (step, parts.next()) {
        (Step::Item(_), Some("*")) => true,
        (Step::Field(name), Some(part)) => *name == pointer::unescaped(part),
        _ => false,
    });
    each && parts.next().is_none()
}

/// What is at a place in a document.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Key(&'a Key),
    Scalar(&'a Node),
}

impl Part<'_> {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Key(key) => key.span,
            Self::Scalar(node) => node.span,
        }
    }

    /// The text of a key, or of a value that is text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(&key.name),
            Self::Scalar(node) => node.as_str(),
        }
    }
}

/// A key or a scalar of a document, and the way there.
pub(super) struct Spot<'a> {
    pub(super) document: &'a Document,
    pub(super) path: Path,
    pub(super) part: Part<'a>,
}

impl File {
    /// Reads a text.
    #[must_use]
    pub fn read(path: &str, text: Arc<str>) -> Self {
        let documents = yaml::parse(&text, path, &mut Vec::new());
        Self { lines: Lines::of(text), documents }
    }

    /// What is at a position.
    pub(super) fn spot(&self, at: Position) -> Option<Spot<'_>> {
        let (line, column) = self.lines.line_and_column(self.lines.offset(at));
        let is_there = |part: Part<'_>| {
            let span = part.span();
            span.line == line && (span.column..=span.column + span.width).contains(&column)
        };
        self.documents.iter().find_map(|document| find(document, &is_there))
    }
}

/// The first part of a document that is wanted.
pub(super) fn find<'a>(document: &'a Document, is_wanted: &dyn Fn(Part<'a>) -> bool) -> Option<Spot<'a>> {
    let mut path = Vec::new();
    let part = below(&document.root, &mut path, is_wanted)?;
    Some(Spot { document, path: Path(path), part })
}

/// Depth is bounded where the document is read.
fn below<'a>(node: &'a Node, path: &mut Vec<Step>, is_wanted: &dyn Fn(Part<'a>) -> bool) -> Option<Part<'a>> {
    match &node.value {
        Value::Map(entries) => entries.iter().find_map(|(key, value)| {
            path.push(Step::Field(key.name.clone()));
            let own = Some(Part::Key(key)).filter(|part| is_wanted(*part));
            let found = own.or_else(|| below(value, path, is_wanted));
            found.or_else(|| path.pop().and(None))
        }),
        Value::Seq(items) => items.iter().enumerate().find_map(|(index, item)| {
            path.push(Step::Item(index));
            let found = below(item, path, is_wanted);
            found.or_else(|| path.pop().and(None))
        }),
        _ => Some(Part::Scalar(node)).filter(|part| is_wanted(*part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_with_the_way_there() {
        let text = "a: 1\n---\nkind: Policy\nspec:\n  rules:\n    - {role: \"x y\", 😀: z}\n";
        let file = File::read("a.yaml", text.into());
        let at = |line, character| {
            let spot = file.spot(Position { line, character })?;
            Some((spot.path.pointer(), spot.part.text()?.to_owned()))
        };
        assert_eq!(at(2, 0), Some(("/kind".to_owned(), "kind".to_owned())));
        assert_eq!(at(5, 14), Some(("/spec/rules/0/role".to_owned(), "x y".to_owned())));
        assert_eq!(at(5, 24), Some(("/spec/rules/0/😀".to_owned(), "z".to_owned())));
        assert_eq!(at(99, 0), None);
        let spot = file.spot(Position { line: 5, character: 14 }).unwrap();
        assert!(is_at(&spot.path.0, "/spec/rules/*/role") && !is_at(&spot.path.0, "/spec/rules/*"));
        assert_eq!(spot.path.names(), ["spec", "rules", "role"]);
    }
}
