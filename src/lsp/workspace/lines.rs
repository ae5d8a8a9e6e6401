//! Places in a text as the language server protocol counts them: lines from 0, and UTF-16 code units in a line. enact counts
//! both from 1, and characters. Any place is taken: one behind the end of a line or of the text is that end.

use std::ops::{Deref, Range};
use std::sync::Arc;

use lsp_types::Position;

use crate::manifest::yaml::Span;

/// A text with the beginnings of its lines.
#[derive(Clone, Debug)]
pub struct Lines<T = Arc<str>> {
    text: T,
    /// The byte at which each line begins.
    starts: Vec<usize>,
    /// What is counted before some places, so that a long line is not gone through for each of its places.
    marks: Vec<Mark>,
}

/// A place between two characters, and what is before it in the text.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    byte: usize,
    characters: usize,
    /// Of UTF-16.
    units: usize,
}

/// The bytes between two marks, or a few more. Tests have short texts.
const APART: usize = if cfg!(test) { 4 } else { 512 };

impl Mark {
    fn after(self, character: char) -> Self {
        let Self { byte, characters, units } = self;
        Self {
            byte: byte + character.len_utf8(),
            characters: characters + 1,
            units: units + character.len_utf16(),
        }
    }

    /// The marks in a text that follows one.
    fn behind(self, text: &str) -> impl Iterator<Item = Self> {
        let mut last = self;
        let places = text.chars().scan(self, |mark, character| {
            *mark = mark.after(character);
            Some(*mark)
        });
        places.filter(move |mark| {
            let is_apart = last.byte + APART <= mark.byte;
            if is_apart {
                last = *mark;
            }
            is_apart
        })
    }

    /// Where this is after a text before it, up to `from`, has become one up to `to`.
    fn moved(self, from: Self, to: Self) -> Self {
        Self {
            byte: self.byte - from.byte + to.byte,
            characters: self.characters - from.characters + to.characters,
            units: self.units - from.units + to.units,
        }
    }
}

/// Whether a line begins at a byte. Lines end as in YAML: at a line feed, a carriage return, or both.
fn begins_line(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    match before {
        Some(b'\r') => bytes.get(at) != Some(&b'\n'),
        Some(before) => *before == b'\n',
        None => true,
    }
}

/// Editors count it like any other character, and enact does not.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl<T: Deref<Target = str>> Lines<T> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn of(text: T) -> Self {
        let bytes = text.as_bytes();
        let starts = (0..=bytes.len()).filter(|at| begins_line(bytes, *at)).collect();
        let first = Mark::default();
        let marks = std::iter::once(first).chain(first.behind(&text)).collect();
        Self { text, starts, marks }
    }

    /// The last place that is still before something.
    fn last(&self, is_before: impl Fn(Mark) -> bool) -> Mark {
        let marked = self.marks.partition_point(|mark| is_before(*mark));
        let mut mark = marked.checked_sub(1).and_then(|at| self.marks.get(at)).copied().unwrap_or_default();
        for character in self.text.get(mark.byte..).unwrap_or_default().chars() {
            let next = mark.after(character);
            if !is_before(next) {
                break;
            }
            mark = next;
        }
        mark
    }

    /// The last place that is not behind a byte.
    fn at(&self, byte: usize) -> Mark {
        self.last(|mark| mark.byte <= byte)
    }

    /// The text.
    pub fn text(&self) -> &T {
        &self.text
    }

    /// The bytes of a line without its end. Lines are counted from 0.
    pub(super) fn line(&self, line: usize) -> Range<usize> {
        let Some(start) = self.starts.get(line).copied() else { return self.text.len()..self.text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.trim_end_matches(['\r', '\n']).len()
    }

    /// The byte at a position. In the middle of a character it is that character's first one.
    #[must_use]
    pub fn offset(&self, at: Position) -> usize {
        let line = self.line(at.line as usize);
        let wanted = self.at(line.start).units.saturating_add(at.character as usize);
        self.last(|mark| mark.units <= wanted && mark.byte <= line.end).byte.max(line.start)
    }
}

impl Lines {
    /// The same text, to be edited.
    #[must_use]
    pub fn draft(&self) -> Draft {
        Lines { text: self.text.to_string(), starts: self.starts.clone(), marks: self.marks.clone() }
    }

    /// The text of a line without its end.
    pub(super) fn line_text(&self, line: usize) -> &str {
        self.text.get(self.line(line)).unwrap_or_default()
    }

    /// How many lines there are: one more than there are ends of lines.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The position of a byte; of the character that it is in.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let Range { start, end } = self.line(line);
        let units = self.at(offset.clamp(start, end)).units - self.at(start).units;
        // A file has at most 1 MiB, and what an editor holds beyond is not read.
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            character: u32::try_from(units).unwrap_or(u32::MAX),
        }
    }

    /// The bytes of a place as enact names it.
    pub(super) fn bytes(&self, span: Span) -> Range<usize> {
        let line = self.line(span.line.saturating_sub(1));
        let text = self.text.get(line.clone()).unwrap_or_default();
        let mark = if line.start == 0 && text.starts_with(BYTE_ORDER_MARK) { 1 } else { 0 };
        let before = self.at(line.start).characters + mark;
        let at = |characters: usize| {
            let wanted = before.saturating_add(characters);
            self.last(|mark| mark.characters <= wanted && mark.byte <= line.end).byte
        };
        let start = span.column.saturating_sub(1);
        at(start)..at(start.saturating_add(span.width))
    }

    /// The place of a byte as enact names it: its line and its column, both from 1.
    pub(super) fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.line(line).start;
        let before = self.at(offset).characters - self.at(start).characters;
        let mark = usize::from(start == 0 && before > 0 && self.text.starts_with(BYTE_ORDER_MARK));
        (line + 1, before + 1 - mark)
    }

    /// The range of a place as enact names it.
    #[must_use]
    pub fn range(&self, span: Span) -> lsp_types::Range {
        self.range_of(self.bytes(span))
    }

    /// The range of the whole text.
    #[must_use]
    pub fn whole(&self) -> lsp_types::Range {
        self.range_of(0..self.text.len())
    }

    /// The range of some bytes.
    pub(super) fn range_of(&self, bytes: Range<usize>) -> lsp_types::Range {
        lsp_types::Range { start: self.position(bytes.start), end: self.position(bytes.end) }
    }
}

/// A text that is being edited.
pub type Draft = Lines<String>;

impl Draft {
    /// Puts a text in place of a range. One that ends before it begins is taken the other way round. An editor may send
    /// thousands at once, so only what is new is gone through, and what is behind it moves.
    pub fn edit(&mut self, range: lsp_types::Range, new: &str) {
        let (one, other) = (self.offset(range.start), self.offset(range.end));
        let (start, end) = (self.at(one.min(other)), self.at(one.max(other)));
        self.text.replace_range(start.byte..end.byte, new);
        let new_end = new.chars().fold(start, Mark::after);
        // What is before the edit stays. At its two ends a line may begin that did not, or no longer.
        let kept = self.starts.partition_point(|line| *line < start.byte);
        let behind = self.starts.partition_point(|line| *line <= end.byte);
        for line in self.starts.iter_mut().skip(behind) {
            *line = *line - end.byte + new_end.byte;
        }
        let bytes = self.text.as_bytes();
        let lines = (start.byte..=new_end.byte).filter(|at| begins_line(bytes, *at));
        drop(self.starts.splice(kept..behind, lines));
        let kept = self.marks.partition_point(|mark| mark.byte <= start.byte);
        let behind = self.marks.partition_point(|mark| mark.byte <= end.byte);
        for mark in self.marks.iter_mut().skip(behind) {
            *mark = mark.moved(end, new_end);
        }
        let last = kept.checked_sub(1).and_then(|at| self.marks.get(at)).copied().unwrap_or_default();
        let next = self.marks.get(behind).map_or(self.text.len(), |mark| mark.byte);
        let between = self.text.get(last.byte..next).unwrap_or_default();
        drop(self.marks.splice(kept..behind, last.behind(between)));
    }

    /// The text as it is now.
    #[must_use]
    pub fn done(self) -> Lines {
        Lines::of(self.text.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Lines {
        Lines::of(text.into())
    }

    #[test]
    fn characters_outside_of_the_basic_plane_count_twice() {
        let lines = lines("a𝄞b\r\né😀: x\n");
        let place = Span { line: 2, column: 3, width: 3 };
        let range = lines.range(place);
        assert_eq!(
            (range.start, range.end),
            (Position { line: 1, character: 3 }, Position { line: 1, character: 6 })
        );
        assert_eq!(lines.text.get(lines.bytes(place)), Some(": x"));
        // Half of a pair is the whole character.
        assert_eq!(lines.offset(Position { line: 0, character: 2 }), 1);
    }

    /// It would take minutes if each place went through the line.
    #[test]
    fn a_line_of_a_megabyte_has_a_place_for_each_of_its_words() {
        let text = "a: é, ".repeat(150_000);
        let lines = lines(&text);
        for column in (0..900_000).step_by(6) {
            let start = lines.range(Span { line: 1, column: column + 1, width: 1 }).start;
            assert_eq!(start.character, column as u32);
        }
    }

    /// It would take minutes if each edit went through the text, or through its line.
    #[test]
    fn thousands_of_edits_of_a_megabyte_each_cost_their_own_text_only() {
        let text = "x".repeat(1 << 20);
        let mut draft = lines(&text).draft();
        for edit in 0..20_000 {
            let end = Position { line: 0, character: text.len() as u32 + edit };
            draft.edit(lsp_types::Range { start: end, end }, "a");
        }
        assert_eq!(draft.done().line(0), 0..text.len() + 20_000);
    }

    #[test]
    fn a_byte_order_mark_counts_for_an_editor_only() {
        let lines = lines("\u{feff}kind: x\nb");
        assert_eq!(
            lines.range(Span { line: 1, column: 1, width: 4 }).start,
            Position { line: 0, character: 1 }
        );
        assert_eq!(lines.line_and_column(3), (1, 1));
    }

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("\n".to_owned()),
            Just("\r\n".to_owned()),
            Just("\r".to_owned()),
            Just("😀".to_owned()),
            Just("é".to_owned()),
            Just("\u{feff}".to_owned()),
            "[a-z: ]{0,5}",
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_place_in_a_line_is_found_again(text in texts()) {
            let lines = lines(&text);
            for line in 0..lines.count() {
                let bytes = lines.line(line);
                for (at, _) in text[bytes.clone()].char_indices().chain([(bytes.len(), ' ')]) {
                    let offset = bytes.start + at;
                    let position = lines.position(offset);
                    let units: usize = text[bytes.start..offset].chars().map(char::len_utf16).sum();
                    prop_assert_eq!((position.line as usize, position.character as usize), (line, units));
                    prop_assert_eq!(lines.offset(position), offset);
                    let (line, column) = lines.line_and_column(offset);
                    let span = Span { line, column, width: 1 };
                    // Only a mark at the beginning has no place of its own.
                    if !(offset == 0 && text.starts_with(BYTE_ORDER_MARK)) {
                        prop_assert_eq!(lines.bytes(span).start, offset);
                    }
                }
            }
        }

        /// After each of several edits, lines and places are those of the text that it left.
        #[test]
        fn any_edits_leave_a_text_with_its_lines(
            text in texts(),
            edits in prop::collection::vec(
                (texts(), prop::array::uniform4(prop_oneof![4 => 0..12_u32, 1 => any::<u32>()])),
                1..6,
            ),
        ) {
            let mut draft = lines(&text).draft();
            for (new, [line, character, to_line, to]) in edits {
                let range = lsp_types::Range {
                    start: Position { line, character },
                    end: Position { line: to_line, character: to },
                };
                let (one, other) = (draft.offset(range.start), draft.offset(range.end));
                let (start, end) = (one.min(other), one.max(other));
                let expected = format!("{}{new}{}", &draft.text[..start], &draft.text[end..]);
                draft.edit(range, &new);
                prop_assert_eq!(&draft.text, &expected);
                prop_assert_eq!(&draft.starts, &lines(&expected).starts);
                for mark in &draft.marks {
                    let before = &expected[..mark.byte];
                    let counted = (before.chars().count(), before.encode_utf16().count());
                    prop_assert_eq!((mark.characters, mark.units), counted);
                }
                let ends = draft.marks.iter().skip(1).map(|mark| mark.byte).chain([expected.len()]);
                let far = draft.marks.iter().zip(ends).find(|(mark, end)| end - mark.byte > APART + 4);
                prop_assert!(far.is_none(), "{far:?}");
            }
        }
    }
}
