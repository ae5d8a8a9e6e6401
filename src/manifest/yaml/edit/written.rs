//! A document as it is written: where each value, key and item stands in the text, in bytes. `Node` has no such places:
//! it repeats what an alias stands for, and knows lines and columns only.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::super::write::{Quote, Style};

/// A value of the text.
#[derive(Debug)]
pub(super) struct Written {
    /// Where it is. A block collection reaches from its first item (after the `-`) or key to the end of its last
    /// value.
    pub(super) range: Range<usize>,
    pub(super) content: Content,
    /// Whether it has an anchor, which an alias may repeat elsewhere.
    pub(super) anchored: bool,
}

/// What a value of the text is.
#[derive(Debug)]
pub(super) enum Content {
    Scalar(ScalarStyle),
    Alias,
    Seq { flow: bool, items: Vec<Written> },
    Map { flow: bool, entries: Vec<Entry> },
}

/// A field of a mapping of the text.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Written,
    pub(super) name: String,
    pub(super) value: Written,
}

impl Written {
    /// The value of a mapping's key.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.entry(name).map(|entry| &entry.value)
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        match &self.content {
            Content::Map { entries, .. } => entries.iter().find(|entry| entry.name == name),
            _ => None,
        }
    }

    /// Whether it is a collection in block style.
    pub(super) fn is_block(&self) -> bool {
        matches!(self.content, Content::Seq { flow: false, .. } | Content::Map { flow: false, .. })
    }

    /// Whether it is a text after `|` or `>`.
    pub(super) fn is_block_scalar(&self) -> bool {
        matches!(self.content, Content::Scalar(ScalarStyle::Literal | ScalarStyle::Folded))
    }
}

impl Style for &Written {
    fn is_flow(self) -> bool {
        matches!(self.content, Content::Seq { flow: true, .. } | Content::Map { flow: true, .. })
    }

    fn quote(self) -> Option<Quote> {
        match self.content {
            Content::Scalar(ScalarStyle::SingleQuoted) => Some(Quote::Single),
            Content::Scalar(ScalarStyle::DoubleQuoted) => Some(Quote::Double),
            _ => None,
        }
    }

    fn field(self, name: &str) -> Option<Self> {
        self.get(name)
    }

    fn item(self) -> Option<Self> {
        match &self.content {
            Content::Seq { items, .. } => items.last(),
            _ => None,
        }
    }
}

/// The documents of a piece of the text that begins at this byte; those without a value are left out, as in `tree`.
/// `None` if it cannot be read, which was reported before.
pub(super) fn documents(piece: &str, start: usize) -> Option<Vec<Written>> {
    // The parser counts characters.
    let bytes: Vec<_> = piece.char_indices().map(|(at, _)| start + at).chain([start + piece.len()]).collect();
    let byte = |character: usize| bytes.get(character).copied();
    let mut builder = Builder { text: piece, start, open: Vec::new(), documents: Vec::new() };
    for event in Parser::new_from_str(piece) {
        let (event, span) = event.ok()?;
        let range = byte(span.start.index())?..byte(span.end.index())?;
        builder.take(event, range)?;
    }
    Some(builder.documents)
}

struct Builder<'a> {
    text: &'a str,
    start: usize,
    /// Collections that are not closed yet, with a key that waits for its value.
    open: Vec<(Written, Option<(Written, String)>)>,
    documents: Vec<Written>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) -> Option<()> {
        let none = |content, anchor| Written { range: range.clone(), content, anchored: anchor != 0 };
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let mut scalar = none(Content::Scalar(style), anchor);
                if scalar.is_block_scalar() {
                    scalar.range.end = self.trimmed(&scalar.range);
                }
                if let Some(end) = self.closing_quote(&scalar) {
                    scalar.range.end = end;
                }
                self.add(scalar, text.into_owned())
            }
            Event::Alias(_) => self.add(none(Content::Alias, 0), String::new()),
            Event::SequenceStart(anchor, _) => {
                self.open.push((none(Content::Seq { flow: false, items: Vec::new() }, anchor), None));
                Some(())
            }
            Event::MappingStart(anchor, _) => {
                self.open.push((none(Content::Map { flow: false, entries: Vec::new() }, anchor), None));
                Some(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (mut done, _) = self.open.pop()?;
                self.close(&mut done, range.start);
                self.add(done, String::new())
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Some(()),
        }
    }

    /// The end of a text in quotes. The parser also counts the blanks and the comment after it.
    fn closing_quote(&self, scalar: &Written) -> Option<usize> {
        let quote = match scalar.quote()? {
            Quote::Single => '\'',
            Quote::Double => '"',
        };
        let start = scalar.range.start - self.start;
        let open = start + self.text.get(start..)?.find(quote)?;
        let mut rest = self.text.get(open + 1..)?.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let next = rest.peek().map(|(_, next)| *next);
            let is_escaped =
                (quote == '"' && c == '\\') || (quote == '\'' && c == quote && next == Some(quote));
            if is_escaped {
                rest.next();
            } else if c == quote {
                return Some(self.start + open + 1 + at + 1);
            }
        }
        None
    }

    /// The end of a block scalar without the blank lines after it, which the parser counts to it.
    fn trimmed(&self, range: &Range<usize>) -> usize {
        let text = self.text.get(range.start - self.start..range.end - self.start).unwrap_or_default();
        // The blanks before the next key are no text; those at the end of a line of the scalar are.
        let whole = text.rfind('\n').map_or(text, |end| {
            let (lines, rest) = text.split_at(end);
            if rest.trim().is_empty() { lines } else { text }
        });
        let blank = |line: &str| line.trim_matches([' ', '\t', '\r']).is_empty();
        let mut end = whole.len();
        while let Some(line) = whole.get(..end).and_then(|text| text.rfind('\n')) {
            if !whole.get(line + 1..end).is_some_and(blank) {
                break;
            }
            end = line;
        }
        range.start + whole.get(..end).unwrap_or_default().trim_end_matches('\r').len()
    }

    /// Learns from its end whether a collection is in flow style, and where it ends.
    fn close(&self, done: &mut Written, end: usize) {
        let bracket = self.text.get(end - self.start..).and_then(|rest| rest.chars().next());
        let last = match &mut done.content {
            Content::Seq { flow, items } => {
                let begins = self.text.get(done.range.clone().start - self.start..);
                *flow = bracket == Some(']') && begins.is_some_and(|text| opens(text, '['));
                (*flow, items.first().map(|first| first.range.start), items.last().map(|last| last.range.end))
            }
            Content::Map { flow, entries } => {
                let begins = self.text.get(done.range.clone().start - self.start..);
                *flow = bracket == Some('}') && begins.is_some_and(|text| opens(text, '{'));
                let first = entries.first().map(|first| first.key.range.start);
                (*flow, first, entries.last().map(|last| last.value.range.end))
            }
            Content::Scalar(_) | Content::Alias => return,
        };
        match last {
            (true, _, _) => done.range.end = end + 1,
            (false, first, last) => {
                done.range = first.unwrap_or(done.range.start)..last.unwrap_or(done.range.end);
            }
        }
    }

    fn add(&mut self, node: Written, text: String) -> Option<()> {
        let Some((parent, key)) = self.open.last_mut() else {
            let is_nothing = matches!(node.content, Content::Scalar(ScalarStyle::Plain))
                && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
            self.documents.extend((!is_nothing).then_some(node));
            return Some(());
        };
        match &mut parent.content {
            Content::Seq { items, .. } => items.push(node),
            Content::Map { entries, .. } => match key.take() {
                None => *key = Some((node, text)),
                Some((key, name)) => entries.push(Entry { key, name, value: node }),
            },
            Content::Scalar(_) | Content::Alias => return None,
        }
        Some(())
    }
}

/// Whether a text begins with a bracket, or has it after an anchor or a tag.
fn opens(text: &str, bracket: char) -> bool {
    let mut rest = text;
    while rest.starts_with(['&', '!']) {
        rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
    }
    rest.starts_with(bracket)
}
