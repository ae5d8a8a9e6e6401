//! The usual form of a file with manifests. Little is chosen: `apiVersion`, `kind`, `metadata` and `spec` come first and in
//! this order, no line ends in blanks, and the file ends with one line break. Comments stay with what they are above, and
//! nothing that the file says changes: what would change it is left as it is.

use super::document::Document;
use super::{lines, parse};
use crate::diagnostic::Diagnostic;

/// The first fields of a document.
const ORDER: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// After this many passes over a text nothing should change any more.
const PASSES: usize = 5;

/// Each gives the text another form.
const RULES: [fn(&str, &str) -> String; 2] = [trimmed, ordered];

/// A text in its usual form. `None` if it is not sound, which is reported.
pub fn formatted(text: &str, file: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
    let mut own = Vec::new();
    let said = said(text, file, &mut own);
    let is_sound = !own.iter().any(Diagnostic::is_error);
    diagnostics.extend(own);
    if !is_sound {
        return None;
    }
    let mut form = text.to_owned();
    // What one rule does may let another one do more.
    for _ in 0..PASSES {
        let next =
            RULES.into_iter().fold(form.clone(), |text, rule| kept(rule(&text, file), text, &said, file));
        if next == form {
            return Some(form);
        }
        form = next;
    }
    // A form that is not final is none.
    Some(text.to_owned())
}

/// A text in its next form, if that still says the same.
fn kept(next: String, text: String, said: &[serde_json::Value], file: &str) -> String {
    let mut wrong = Vec::new();
    let is_same = self::said(&next, file, &mut wrong) == said && !wrong.iter().any(Diagnostic::is_error);
    if is_same { next } else { text }
}

/// What the documents of a text say.
fn said(text: &str, file: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<serde_json::Value> {
    parse(text, file, diagnostics).iter().map(Document::to_json).collect()
}

/// Without blanks at the ends of lines, and with one line break at the end of the file.
fn trimmed(text: &str, _: &str) -> String {
    let lines: Vec<_> = lines(text).map(|line| line.trim_end_matches([' ', '\t'])).collect();
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.iter().take(last).map(|line| format!("{line}\n")).collect()
}

/// With the fields of each document in their order.
fn ordered(text: &str, file: &str) -> String {
    let mut all: Vec<_> = lines(text).map(str::to_owned).collect();
    // From the last one, so that the lines of the others stay where they are.
    for document in parse(text, file, &mut Vec::new()).iter().rev() {
        reorder(document, &mut all);
    }
    all.into_iter().map(|line| line + "\n").collect()
}

/// Moves the fields of a document, if each begins a line.
fn reorder(document: &Document, all: &mut [String]) {
    let keys = document.root.as_map().unwrap_or_default().iter().map(|(key, _)| key);
    let keys: Vec<_> = keys.map(|key| (key.name.as_str(), key.span)).collect();
    let is_block = keys.iter().all(|(_, span)| span.column == 1)
        && keys.windows(2).all(|pair| matches!(pair, [(_, one), (_, other)] if one.line < other.line));
    let Some((_, first)) = keys.first().filter(|_| is_block) else { return };
    let begins = |(name, span): &(&str, super::Span)| {
        let mut line = span.line - 1;
        // The comments above the first field are about the whole document.
        while *span != *first && line > 0 && all.get(line - 1).is_some_and(|above| above.starts_with('#')) {
            line -= 1;
        }
        (ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()), line)
    };
    let begins: Vec<_> = keys.iter().map(begins).collect();
    let Some(start) = begins.first().map(|(_, line)| *line) else { return };
    let is_end = |line: &String| line.starts_with("---") || line.starts_with("...");
    let end = all.iter().skip(start).position(is_end).map_or(all.len(), |length| start + length);
    let ends = begins.iter().skip(1).map(|(_, line)| *line).chain([end]);
    let mut blocks: Vec<_> = begins
        .iter()
        .zip(ends)
        .filter_map(|((order, line), end)| Some((*order, all.get(*line..end)?.to_vec())))
        .collect();
    blocks.sort_by_key(|(order, _)| *order);
    let moved = blocks.into_iter().flat_map(|(_, lines)| lines);
    all.iter_mut().skip(start).zip(moved).for_each(|(line, new)| *line = new);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> String {
        formatted(text, "m.yaml", &mut Vec::new()).unwrap()
    }

    #[test]
    fn fields_are_put_in_order_with_the_comments_above_them() {
        let text = "# the file\nkind: Role\nspec: # s\n  b: 1  \n\n  # in the spec\n  a: 2\n# about the version\napiVersion: x/v1\nmetadata: {name: x}\n";
        let expected = "# the file\n# about the version\napiVersion: x/v1\nkind: Role\nmetadata: {name: x}\nspec: # s\n  b: 1\n\n  # in the spec\n  a: 2\n";
        let formatted = of(text);
        assert_eq!(formatted.replace("# the file\n", ""), expected.replace("# the file\n", ""));
        assert!(formatted.starts_with("# the file\n"), "{formatted}");
        assert_eq!(of(&formatted), formatted);
    }

    #[test]
    fn each_document_is_put_in_order_and_what_would_change_stays() {
        let two = "spec: {}\nkind: A\n---\n# second\nspec: {}\napiVersion: b\n...\n\n\n";
        assert_eq!(of(two), "kind: A\nspec: {}\n---\n# second\napiVersion: b\nspec: {}\n...\n");
        let anchor = "spec: &a {x: 1}\nmetadata: *a\n";
        assert_eq!(of(anchor), anchor, "an alias cannot come before its anchor");
        let literal = "spec:\n  text: |\n    blank at the end \n    next\n";
        assert_eq!(of(literal), literal, "the blank is part of the text");
        assert_eq!(of("a: 1\r\nb: 2"), "a: 1\nb: 2\n");
        assert_eq!(of("{kind: A, apiVersion: b}\n"), "{kind: A, apiVersion: b}\n");
    }

    fn field() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["apiVersion", "kind", "metadata", "spec", "other"]);
        let value = prop::sample::select(vec![
            " x",
            " |\n  a \n  b",
            " >-\n  a\n\n  # no comment\n",
            " &a {b: 1}",
            " *a",
            "\n  - 1\n  # c\n  - 2",
            " \"a\n  b \"",
            " # comment",
            "\n  x: 1   ",
            " [1,\n2]",
            "\n# comment\n\n  x: *a",
        ]);
        let above = prop::sample::select(vec!["", "# above\n", "\n", "---\n", "# a\n\n# b\n", "...\n---\n"]);
        (above, name, value).prop_map(|(above, name, value)| format!("{above}{name}:{value}\n"))
    }

    proptest! {
        #[test]
        fn what_a_file_says_stays_and_its_form_is_final(fields in prop::collection::vec(field(), 0..8), end in "[ \n]{0,3}") {
            let text = fields.concat() + &end;
            let mut diagnostics = Vec::new();
            if let Some(once) = formatted(&text, "m.yaml", &mut diagnostics) {
                prop_assert_eq!(said(&once, "m.yaml", &mut Vec::new()), said(&text, "m.yaml", &mut Vec::new()));
                prop_assert_eq!(of(&once), once.clone());
                let comments = |text: &str| text.matches('#').count();
                prop_assert_eq!(comments(&once), comments(&text));
            } else {
                prop_assert!(diagnostics.iter().any(Diagnostic::is_error));
            }
        }
    }
}
