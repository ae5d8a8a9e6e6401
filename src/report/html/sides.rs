//! Two values side by side: which lines stand beside each other, and which words in them differ.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::report::value::{block, one_line};

/// How many equal lines around a difference are shown.
const CONTEXT: usize = 3;
/// In longer lines no words are marked, because that takes a time that grows with the square of the length.
const LONGEST: usize = 4_000;

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A line of each side; a side without a line has none there.
    Lines(Option<Vec<Piece>>, Option<Vec<Piece>>),
    /// So many lines are equal and not shown.
    Equal(usize),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether it is not in the line beside it.
    pub(super) differs: bool,
}

/// The rows of two values. Two that are equal are shown in full.
pub(super) fn rows(before: &Value, after: &Value) -> Vec<Row> {
    let (before_lines, after_lines) = (lines(before), lines(after));
    let context = if before == after { usize::MAX } else { CONTEXT };
    let ops = capture_diff_slices(Algorithm::Myers, &before_lines, &after_lines);
    let last = ops.len().saturating_sub(1);
    let of_op = |(index, op): (usize, DiffOp)| {
        let before = before_lines.get(op.old_range()).unwrap_or_default();
        let after = after_lines.get(op.new_range()).unwrap_or_default();
        match op {
            DiffOp::Equal { .. } => equal(before, context, index == 0, index == last),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => beside(before, after),
        }
    };
    ops.into_iter().enumerate().flat_map(of_op).collect()
}

fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        value => one_line(value).map_or_else(|| block(value), |line| vec![line]),
    }
}

/// Equal lines, of which only those around a difference are shown.
fn equal(lines: &[String], context: usize, is_first: bool, is_last: bool) -> Vec<Row> {
    let (head, tail) = (if is_first { 0 } else { context }, if is_last { 0 } else { context });
    let hidden = lines.len().saturating_sub(head.saturating_add(tail));
    // To say that one line is not shown would take as much room.
    if hidden < 2 || context == usize::MAX {
        return lines.iter().map(|line| same(line)).collect();
    }
    let shown = |lines: &[String]| lines.iter().map(|line| same(line)).collect::<Vec<_>>();
    let (before, after) = (lines.get(..head), lines.get(lines.len() - tail..));
    let mut rows = shown(before.unwrap_or_default());
    rows.push(Row::Equal(hidden));
    rows.extend(shown(after.unwrap_or_default()));
    rows
}

fn same(line: &str) -> Row {
    let pieces = vec![Piece { text: line.to_owned(), differs: false }];
    Row::Lines(Some(pieces.clone()), Some(pieces))
}

/// Lines that differ: each beside the one in its place, as far as there is one.
fn beside(before: &[String], after: &[String]) -> Vec<Row> {
    let row = |index: usize| match (before.get(index), after.get(index)) {
        (Some(before), Some(after)) => {
            let (before, after) = words(before, after);
            Row::Lines(Some(before), Some(after))
        }
        (before, after) => Row::Lines(before.map(|line| whole(line)), after.map(|line| whole(line))),
    };
    (0..before.len().max(after.len())).map(row).collect()
}

fn whole(line: &str) -> Vec<Piece> {
    vec![Piece { text: line.to_owned(), differs: false }]
}

fn words(before: &str, after: &str) -> (Vec<Piece>, Vec<Piece>) {
    if before.len().max(after.len()) > LONGEST {
        return (whole(before), whole(after));
    }
    let (old, new) = (split(before), split(after));
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let pieces = |words: &[&str], range: fn(&DiffOp) -> std::ops::Range<usize>| {
        let piece = |op: &DiffOp| {
            let text = words.get(range(op)).unwrap_or_default().concat();
            Piece { text, differs: !matches!(op, DiffOp::Equal { .. }) }
        };
        ops.iter().map(piece).filter(|piece| !piece.text.is_empty()).collect()
    };
    (pieces(&old, DiffOp::old_range), pieces(&new, DiffOp::new_range))
}

/// Words, and each other character by itself.
fn split(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|c| !is_word(c)) } else { Some(first.len_utf8()) };
        let (word, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(before: Value, after: Value) -> Vec<String> {
        let side = |pieces: Option<Vec<Piece>>| match pieces {
            None => "-".to_owned(),
            Some(pieces) => {
                let piece = |Piece { text, differs }| if differs { format!("[{text}]") } else { text };
                pieces.into_iter().map(piece).collect()
            }
        };
        let row = |row| match row {
            Row::Lines(before, after) => format!("{} | {}", side(before), side(after)),
            Row::Equal(lines) => format!("= {lines}"),
        };
        rows(&before, &after).into_iter().map(row).collect()
    }

    #[test]
    fn words_that_differ_are_marked() {
        assert_eq!(
            shown(json!("read, write"), json!("read, delete")),
            [r#""read, [write]" | "read, [delete]""#]
        );
        assert_eq!(shown(json!(100), json!(200)), ["[100] | [200]"]);
        assert_eq!(shown(json!(null), json!(["a"])), [r#"- | "a""#]);
    }

    #[test]
    fn long_runs_of_equal_lines_are_counted() {
        let text = |first: &str, last: &str| {
            json!(format!("{first}\n1\n2\n3\n4\n5\n6\n7\n8\n{last}\n9\n10\n11\n12\n13"))
        };
        let rows = shown(text("a", "x y"), text("b", "x z"));
        let expected =
            ["[a] | [b]", "1 | 1", "2 | 2", "3 | 3", "= 2", "6 | 6", "7 | 7", "8 | 8", "x [y] | x [z]"];
        assert_eq!(rows, [&expected[..], &["9 | 9", "10 | 10", "11 | 11", "= 2"]].concat());
    }

    #[test]
    fn equal_values_are_shown_in_full() {
        let text = json!("1\n2\n3\n4\n5\n6\n7\n8\n9");
        assert_eq!(shown(text.clone(), text).len(), 9);
    }
}
