//! The variables of a target.

use std::collections::BTreeMap;

use super::reference::{Piece, names, pieces};
use crate::manifest::yaml::{Node, Part};

/// The variables of a target, with their places.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// The target.
    pub target: String,
    /// The file that sets them.
    file: String,
    values: BTreeMap<String, Node>,
}

impl Variables {
    /// Those that the row of a target in the configuration sets.
    pub fn of(target: &str, row: &Part<'_>) -> Self {
        let entries = row.at("/variables").and_then(Node::as_map).unwrap_or_default();
        let values = entries.iter().map(|(key, node)| (key.name.clone(), node.clone())).collect();
        Self { target: target.to_owned(), file: row.place("").file, values }
    }

    /// The value of one.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.values.get(name)
    }

    /// The names of all.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Where the variables of a text are set, as the end of a help.
    pub(super) fn set_at(&self, text: &str) -> String {
        let one = |name: &str| {
            let span = self.values.get(name)?.span;
            Some(format!("`vars.{name}` is set at {}:{}:{}", self.file, span.line, span.column))
        };
        names(text).filter_map(one).collect::<Vec<_>>().join("; ")
    }

    /// A text with the values of its references. What is wrong in it stays as it is written.
    pub fn text(&self, text: &str) -> String {
        let piece = |(raw, piece)| match piece {
            Piece::Text(text) => text,
            Piece::Variable(name) => self.get(name).and_then(spelled).unwrap_or(raw),
            Piece::Wrong => raw,
        };
        pieces(text).map(piece).collect()
    }

    /// The byte of a text as it is written that became this byte of the expanded one.
    pub(super) fn written_offset(&self, text: &str, offset: usize) -> usize {
        let (mut written, mut expanded) = (0, 0);
        for (raw, piece) in pieces(text) {
            let end = expanded + self.text(raw).len();
            if offset < end {
                return if piece == Piece::Text(raw) { written + offset - expanded } else { written };
            }
            written += raw.len();
            expanded = end;
        }
        written
    }
}

/// What a variable is inside of another text.
pub(super) fn spelled(value: &Node) -> Option<&str> {
    value.as_str().or_else(|| value.raw())
}
