//! A change's fields as marked lines, for every format that shows a difference to people. Single values are in `value`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use similar::{Algorithm, ChangeTag, capture_diff_slices, group_diff_ops};
use unicode_width::UnicodeWidthStr as _;

use super::labels;
use super::value;
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::model::change::{Action, Change};
use crate::pointer::child;
use crate::text::{shorten, shorten_both};
use crate::words::count;

/// How many lines around a difference are shown.
const CONTEXT: usize = 2;

/// What a line says about the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineMark {
    /// It will be there.
    Added,
    /// It will be gone.
    Removed,
    /// It, or something below it, changes.
    Changed,
    /// It stays, and is shown as context.
    Same,
}

/// A line below a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What it says.
    pub(super) mark: LineMark,
    /// Safe to print, without a line break.
    pub(super) text: String,
}

impl Line {
    fn new(mark: LineMark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into() }
    }
}

/// How much room there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Up to this width, before and after share a line; 0 means never.
    pub(super) width: usize,
    /// How many characters of a line are shown. Of a value that changes it is those around the difference: somebody is
    /// about to agree to it.
    pub(super) longest: usize,
    /// How much of a field of a new object is shown: lines, and characters in each.
    pub(super) create: Option<(usize, usize)>,
    /// The same of an object that is there, and of which everything is shown.
    pub(super) held: Option<(usize, usize)>,
}

/// The lines of a change; for a delete, what is lost.
pub(super) fn lines(change: &Change, layout: &Layout) -> Vec<Line> {
    if let Some(before) = change.deleted() {
        return held(before, LineMark::Removed, layout);
    }
    let limits = layout.create.filter(|_| change.action == Action::Create);
    change.fields.iter().flat_map(|field| cut(with_cause(change, field, of(field, layout)), limits)).collect()
}

/// What differs between two specs, field by field; `None` is no object.
pub(super) fn between(before: Option<&Value>, after: Option<&Value>, layout: &Layout) -> Vec<Line> {
    let names = |side: Option<&Value>| -> BTreeSet<String> {
        side.and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect()
    };
    let at = |side: Option<&Value>, name: &str| side.and_then(|side| side.get(name)).cloned();
    let field = |name: String| {
        let (before, after) = (at(before, &name), at(after, &name));
        let (path, cause) = (child("", &name), Cause::Unknown);
        let differs = before != after;
        let [before, after] = [before, after].map(Option::unwrap_or_default);
        differs.then_some(Field { path, before, after, cause })
    };
    let names: BTreeSet<_> = names(before).union(&names(after)).cloned().collect();
    names.into_iter().filter_map(field).flat_map(|field| cut(of(&field, layout), layout.held)).collect()
}

/// What an object holds, as fields that would be gone.
pub(super) fn taken(content: &Value) -> impl Iterator<Item = Field> {
    let field = |(name, value): (&String, &Value)| Field {
        path: child("", name),
        before: value.clone(),
        after: Value::Null,
        cause: Cause::Unknown,
    };
    content.as_object().into_iter().flatten().map(field)
}

/// What an object holds, field by field.
pub(super) fn held(content: &Value, mark: LineMark, layout: &Layout) -> Vec<Line> {
    let lines = taken(content).flat_map(|field| cut(of(&field, layout), layout.held));
    lines.map(|line| Line { mark, ..line }).collect()
}

/// If the fields of an object changed for different reasons, each shows its own.
fn with_cause(change: &Change, field: &Field, mut lines: Vec<Line>) -> Vec<Line> {
    let cause = labels::cause(field.cause).filter(|_| change.cause == Cause::Both);
    if let (Some(cause), Some(first)) = (cause, lines.first_mut()) {
        first.text = format!("{} ({cause})", first.text);
    }
    lines
}

fn of(field: &Field, layout: &Layout) -> Vec<Line> {
    match (value::one_line(&field.before), value::one_line(&field.after)) {
        (Some(before), Some(after)) => scalar(field, &before, &after, layout),
        _ => block(field, layout),
    }
}

fn scalar(field: &Field, before: &str, after: &str, layout: &Layout) -> Vec<Line> {
    let path = path(field, layout);
    let both = format!("{path}: {before} -> {after}");
    let (before, after) = shorten_both(before, after, layout.longest);
    let removed = Line::new(LineMark::Removed, format!("{path}: {before}"));
    let added = Line::new(LineMark::Added, format!("{path}: {after}"));
    match mark(field) {
        LineMark::Added => vec![added],
        LineMark::Removed => vec![removed],
        _ if both.width() <= layout.width => vec![Line::new(LineMark::Changed, both)],
        _ => vec![removed, added],
    }
}

fn path(field: &Field, layout: &Layout) -> String {
    shorten(&value::path(&field.path), layout.longest).into_owned()
}

fn block(field: &Field, layout: &Layout) -> Vec<Line> {
    let sides = [&field.before, &field.after];
    // Without the sign, a text of quoted words would look like a list.
    let sign = if sides.into_iter().any(Value::is_string) { " |" } else { "" };
    let head = Line::new(mark(field), format!("{}:{sign}", path(field, layout)));
    let context = if sides.into_iter().any(value::is_plain_list) { 0 } else { CONTEXT };
    let mut body = difference(&value::block(&field.before), &value::block(&field.after), context);
    shorten_lines(&mut body, layout.longest);
    std::iter::once(head).chain(body).collect()
}

fn mark(field: &Field) -> LineMark {
    match (&field.before, &field.after) {
        (Value::Null, _) => LineMark::Added,
        (_, Value::Null) => LineMark::Removed,
        _ => LineMark::Changed,
    }
}

fn difference(before: &[String], after: &[String], context: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let groups = group_diff_ops(capture_diff_slices(Algorithm::Myers, before, after), context);
    for (index, group) in groups.iter().enumerate() {
        if index > 0 && context > 0 {
            lines.push(Line::new(LineMark::Same, "  ..."));
        }
        let changes = group.iter().flat_map(|op| op.iter_changes(before, after));
        lines.extend(changes.map(|change| Line::new(mark_of(change.tag()), format!("  {}", change.value()))));
    }
    lines
}

/// Cuts long lines. A removed line and the added one in its place are cut alike, so that their difference shows.
fn shorten_lines(lines: &mut [Line], longest: usize) {
    let mut removed: &mut [Line] = &mut [];
    for run in lines.chunk_by_mut(|line, next| line.mark == next.mark) {
        let is = |mark| run.first().is_some_and(|line| line.mark == mark);
        let (is_added, is_removed) = (is(LineMark::Added), is(LineMark::Removed));
        let paired = if is_added { removed.len().min(run.len()) } else { 0 };
        for (before, after) in removed.iter_mut().zip(run.iter_mut()).take(paired) {
            (before.text, after.text) = shorten_both(&before.text, &after.text, longest);
        }
        shorten_each(removed.iter_mut().skip(paired), longest);
        removed = if is_removed {
            run
        } else {
            shorten_each(run.iter_mut().skip(paired), longest);
            &mut []
        };
    }
    shorten_each(removed.iter_mut(), longest);
}

fn shorten_each<'a>(lines: impl Iterator<Item = &'a mut Line>, longest: usize) {
    for line in lines {
        line.text = shorten(&line.text, longest).into_owned();
    }
}

fn mark_of(tag: ChangeTag) -> LineMark {
    match tag {
        ChangeTag::Equal => LineMark::Same,
        ChangeTag::Delete => LineMark::Removed,
        ChangeTag::Insert => LineMark::Added,
    }
}

fn cut(mut lines: Vec<Line>, limits: Option<(usize, usize)>) -> Vec<Line> {
    let Some((most, width)) = limits else { return lines };
    shorten_each(lines.iter_mut(), width);
    let hidden = lines.len().saturating_sub(most);
    // Replacing a single line would save nothing.
    if hidden > 1 {
        lines.truncate(most);
        lines.push(Line::new(LineMark::Added, format!("  ... {}", count(hidden, "more line"))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use serde_json::json;

    const WIDE: Layout = Layout { width: 80, longest: usize::MAX, create: None, held: None };

    fn shown(before: Value, after: Value, layout: &Layout) -> Vec<String> {
        let sign = |mark| match mark {
            LineMark::Added => '+',
            LineMark::Removed => '-',
            LineMark::Changed => '~',
            LineMark::Same => ' ',
        };
        let field = fixture::field("/f", before, after);
        of(&field, layout).into_iter().map(|line| format!("{} {}", sign(line.mark), line.text)).collect()
    }

    #[test]
    fn two_scalars_share_a_line_if_they_fit() {
        assert_eq!(shown(json!(100), json!("200"), &WIDE), ["~ f: 100 -> \"200\""]);
        assert_eq!(shown(json!(1), json!(2), &Layout { width: 0, ..WIDE }), ["- f: 1", "+ f: 2"]);
        assert_eq!(shown(json!(null), json!([]), &WIDE), ["+ f: []"]);
        assert_eq!(shown(json!("x"), json!(null), &WIDE), ["- f: \"x\""]);
    }

    #[test]
    fn of_a_set_only_what_differs_is_shown() {
        let lines = shown(json!(["a", "b", "c", "d"]), json!(["a", "c", "d", "e"]), &WIDE);
        assert_eq!(lines, ["~ f:", "-   \"b\"", "+   \"e\""]);
        assert_eq!(shown(json!(["a"]), json!([]), &WIDE), ["~ f:", "-   \"a\""]);
        assert_eq!(shown(json!(null), json!(["a"]), &WIDE), ["+ f:", "+   \"a\""]);
    }

    #[test]
    fn a_text_keeps_a_little_context_around_what_differs() {
        let text = |three: &str, nine: &str| json!(format!("1\n2\n{three}\n4\n5\n6\n7\n8\n{nine}"));
        let lines = shown(text("3", "9"), text("three", "nine"), &WIDE);
        let expected = [
            "~ f: |",
            "    1",
            "    2",
            "-   3",
            "+   three",
            "    4",
            "    5",
            "    ...",
            "    7",
            "    8",
            "-   9",
            "+   nine",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_list_of_objects_is_a_line_diff() {
        let lines = shown(json!([{"a": 2, "b": 1}]), json!([{"a": 2, "b": 3}]), &WIDE);
        assert_eq!(lines, ["~ f:", "    - a: 2", "-     b: 1", "+     b: 3"]);
    }

    #[test]
    fn a_field_of_a_new_object_is_cut_with_a_count() {
        let field = fixture::field("/f", Value::Null, json!("a\nbbbbbbbbbb\nc\nd"));
        let lines: Vec<_> = cut(of(&field, &WIDE), Some((3, 8))).into_iter().map(|line| line.text).collect();
        assert_eq!(lines, ["f: |", "  a", "  bbbbbb… (4 more characters)", "  ... 2 more lines"]);
    }
}
