//! Changes to the text of a document that leave the rest of the text as it is: comments, order, quotes, blank lines.
//!
//! A change is made to the bytes of the values that it is about, found with the parser that reads manifests. The crates
//! for this were looked at first. `yaml-edit` brings a parser of its own, whose list of known failures in edits is part
//! of its tests, and `yamlpatch` one by tree-sitter, for workflow files. A text that two parsers can read differently is
//! no place to change who may do what.
//!
//! Whatever the edit did, its result is read again: every document has to mean exactly what it meant before, with the
//! change made to it. Otherwise there is no result. Not here: what is to change, which a [`Patch`] says.

mod block;
mod flow;
mod scalar;
mod written;

use std::ops::Range;

use serde_json::Value;

use super::patch::Patch;
use super::source::Source;
use super::{Document, parse};
use crate::diagnostic::{Diagnostic, Place};
use crate::pointer;
use written::{Content, Entry, Written};

/// Why a text was left as it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub place: Place,
    /// As the end of a sentence that begins with what was to be changed.
    pub reason: String,
}

/// Makes a change to what is at a JSON pointer in a document of a file, and returns the new text of the whole file.
/// `document` counts those that [`parse`] returns.
pub fn edit(text: &str, file: &str, document: usize, at: &str, patch: &Patch) -> Result<String, Refusal> {
    let before = read(text, file);
    let Some(edited) = before.get(document) else {
        let reason = "the document is not there any more".to_owned();
        return Err(Refusal { place: place(file, text, 0), reason });
    };
    let fail = |at: usize, reason: &str| Refusal { place: place(file, text, at), reason: reason.to_owned() };
    let wanted = wanted(edited, at, patch).ok_or_else(|| fail(0, "the value is of another type"))?;
    let roots = roots(text).ok_or_else(|| fail(0, "the layout of the file cannot be edited"))?;
    let root = roots.get(document).filter(|_| roots.len() == before.len());
    let root = root.ok_or_else(|| fail(0, "the layout of the file cannot be edited"))?;
    let mut editor = Editor { text, newline: newline(text), splices: Vec::new() };
    let new = editor
        .change_at(root, at, patch)
        .and_then(|()| editor.result())
        .map_err(|Stuck { at, reason }| fail(at, reason))?;
    if says_only(&before, &read(&new, file), document, &wanted) {
        Ok(new)
    } else {
        Err(Refusal { place: edited.place(at), reason: LAYOUT.to_owned() })
    }
}

/// Whether the documents mean what they did, but for the one that was edited, which means what was wanted.
fn says_only(before: &[Document], after: &[Document], edited: usize, wanted: &Value) -> bool {
    let means = |(index, (before, after)): (usize, (&Document, &Document))| {
        let is = after.to_json();
        if index == edited { is == *wanted } else { is == before.to_json() }
    };
    after.len() == before.len() && before.iter().zip(after).enumerate().all(means)
}

/// The documents of a text; none if one of them is not sound.
fn read(text: &str, file: &str) -> Vec<Document> {
    let mut diagnostics = Vec::new();
    let documents = parse(text, file, &mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) { Vec::new() } else { documents }
}

/// What a document is to mean.
fn wanted(document: &Document, at: &str, patch: &Patch) -> Option<Value> {
    let mut whole = document.to_json();
    let part = whole.pointer_mut(at)?;
    *part = patch.apply(part)?;
    Some(whole)
}

/// The values of all documents, as they are written.
fn roots(text: &str) -> Option<Vec<Written>> {
    let source = Source::new("", text);
    let mut start = text.len() - source.text(&(1..usize::MAX)).len();
    let mut roots = Vec::new();
    for piece in source.pieces() {
        let piece = source.text(&piece);
        roots.extend(written::documents(piece, start)?);
        start += piece.len();
    }
    Some(roots)
}

/// How the lines of a text end.
fn newline(text: &str) -> &'static str {
    let first = text.split_inclusive('\n').next();
    if first.is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" }
}

fn place(file: &str, text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or_default().trim_start_matches('\u{feff}');
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { file: file.to_owned(), line, column, width: 1, path: String::new() }
}

/// The edit cannot be made: the byte where, and why.
#[derive(Clone, Copy, Debug)]
struct Stuck {
    at: usize,
    reason: &'static str,
}

type Step<T = ()> = Result<T, Stuck>;

/// A part of the text, and what replaces it.
#[derive(Clone, Debug)]
struct Splice {
    range: Range<usize>,
    text: String,
}

/// Where a value is in the structure around it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// How many blanks are before the key, or before the `-` of an item.
    indent: usize,
    /// The byte after the `:` or the `-`.
    after: usize,
    /// Whether it is inside of brackets.
    flow: bool,
}

struct Editor<'a> {
    text: &'a str,
    newline: &'static str,
    splices: Vec<Splice>,
}

impl Editor<'_> {
    fn change_at(&mut self, root: &Written, at: &str, patch: &Patch) -> Step {
        let mut node = root;
        let mut slot = Slot { indent: 0, after: root.range.start, flow: false };
        for token in pointer::fields(at) {
            editable(node)?;
            let entry = node.entry(&token).ok_or(Stuck { at: node.range.start, reason: LAYOUT })?;
            slot = self.slot(node, entry)?;
            node = &entry.value;
        }
        self.change(node, slot, patch)
    }

    fn change(&mut self, node: &Written, slot: Slot, patch: &Patch) -> Step {
        let items = if let Content::Seq { items, .. } = &node.content { items.len() } else { 0 };
        if patch.is_empty(items) {
            return Ok(());
        }
        editable(node)?;
        if slot.flow && node.is_block() {
            return Err(Stuck { at: node.range.start, reason: LAYOUT });
        }
        match (patch, &node.content) {
            (Patch::Keep, _) => Ok(()),
            (Patch::Set(value), _) => self.set(node, slot, value),
            (Patch::Fields(fields), Content::Map { flow: true, entries }) => {
                self.flow_fields(node, entries, fields)
            }
            (Patch::Fields(fields), Content::Map { flow: false, entries }) => {
                self.block_fields(node, slot, entries, fields)
            }
            (Patch::Items(changed), Content::Seq { flow: true, items }) => {
                self.flow_items(node, items, changed)
            }
            (Patch::Items(changed), Content::Seq { flow: false, items }) => {
                self.block_items(node, slot, items, changed)
            }
            _ => Err(Stuck { at: node.range.start, reason: LAYOUT }),
        }
    }

    /// The slot of a field's value.
    fn slot(&self, map: &Written, entry: &Entry) -> Step<Slot> {
        let colon = self.skip(entry.key.range.end);
        let stuck = Stuck { at: entry.key.range.start, reason: LAYOUT };
        if !self.rest(colon).starts_with(':') {
            return Err(stuck);
        }
        let flow = matches!(map.content, Content::Map { flow: true, .. });
        Ok(Slot { indent: self.column(entry.key.range.start), after: colon + 1, flow })
    }

    /// Notes a replacement; `text` ends its lines as the file does.
    fn splice(&mut self, range: Range<usize>, text: String) {
        self.splices.push(Splice { range, text });
    }

    /// New text with the line ends of the file.
    fn native(&self, text: &str) -> String {
        text.replace('\n', self.newline)
    }

    /// The text from a byte on.
    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    fn part(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// Goes over blanks, line ends and comments.
    fn skip(&self, at: usize) -> usize {
        let mut at = at;
        loop {
            let rest = self.rest(at);
            let text = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            at += rest.len() - text.len();
            if !text.starts_with('#') {
                return at;
            }
            at += text.find('\n').unwrap_or(text.len());
        }
    }

    /// Where the line of a byte begins.
    fn line_start(&self, at: usize) -> usize {
        let before = self.part(0..at);
        before.rfind('\n').map_or(before.len() - before.trim_start_matches('\u{feff}').len(), |end| end + 1)
    }

    /// Where the line after that of a byte begins.
    fn line_end(&self, at: usize) -> usize {
        self.rest(at).find('\n').map_or(self.text.len(), |end| at + end + 1)
    }

    /// How many characters are before a byte in its line.
    fn column(&self, at: usize) -> usize {
        self.part(self.line_start(at)..at).chars().count()
    }

    /// A part of the text with changes inside of it.
    fn applied(&self, range: Range<usize>, mut splices: Vec<Splice>) -> Step<String> {
        splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        let mut text = String::new();
        let mut at = range.start;
        for splice in splices {
            if splice.range.start < at || splice.range.end > range.end {
                return Err(Stuck { at, reason: LAYOUT });
            }
            text.push_str(self.part(at..splice.range.start));
            text.push_str(&splice.text);
            at = splice.range.end;
        }
        text.push_str(self.part(at..range.end));
        Ok(text)
    }

    fn result(&mut self) -> Step<String> {
        let splices = std::mem::take(&mut self.splices);
        self.applied(0..self.text.len(), splices)
    }
}

const LAYOUT: &str = "its text has a layout in which it cannot be changed safely";

/// Refuses to change a value that another place of the file shares.
fn editable(node: &Written) -> Step {
    let at = node.range.start;
    match node.content {
        Content::Alias => {
            Err(Stuck { at, reason: "an alias stands here, and a change would be one of its anchor" })
        }
        _ if node.anchored => {
            Err(Stuck { at, reason: "it has an anchor, and a change would be one of its aliases" })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
