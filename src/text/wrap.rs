//! Lines that are broken at words where a terminal would break them anywhere, and would lose their indent.

use std::borrow::Cow;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// All lines of a text, each as [`line`] has it.
pub fn lines(text: &str, width: Option<usize>) -> String {
    text.split_inclusive('\n').map(|part| line(part, width)).collect()
}

/// The line, broken if it is wider than the terminal. What follows is indented a little more, or, after a sign such as
/// `+`, as far as the text; it keeps its colour. Where there is no terminal, there is no width, and no line is broken.
pub fn line(line: &str, width: Option<usize>) -> Cow<'_, str> {
    let text = line.strip_suffix('\n').unwrap_or(line);
    let Some(width) = width.filter(|width| text.len() > *width) else { return line.into() };
    let (blank, hanging) = indents(text, width);
    let options = options(width).initial_indent(blank).subsequent_indent(&hanging);
    let pieces = textwrap::wrap(text.trim_start_matches(' '), options);
    let end = line.get(text.len()..).unwrap_or_default();
    (colored(&pieces, hanging.len()) + end).into()
}

/// A text in lines of this width, each behind the indent.
pub fn fill(text: &str, width: usize, indent: &str) -> String {
    textwrap::fill(text, options(width).initial_indent(indent).subsequent_indent(indent))
}

fn options<'a>(width: usize) -> Options<'a> {
    Options::new(width)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
}

/// The blanks that a line begins with, and those of what follows it.
fn indents(text: &str, width: usize) -> (&str, String) {
    let rest = text.trim_start_matches(' ');
    let blank = text.get(..text.len() - rest.len()).unwrap_or_default();
    let plain = without_color(rest);
    let after_sign = ["+ ", "- ", "~ ", "! "].into_iter().find_map(|sign| plain.strip_prefix(sign));
    let sign = after_sign.map_or(0, |text| plain.len() - text.trim_start_matches(' ').len());
    let hanging = blank.len() + if sign == 0 { 2 } else { sign };
    // An indent must not take the room of the text.
    (blank, " ".repeat(hanging.min(width / 2)))
}

fn without_color(text: &str) -> Cow<'_, str> {
    match text.contains('\u{1b}') {
        true => pieces(text).map(|(_, plain)| plain).collect::<String>().into(),
        false => text.into(),
    }
}

/// A text as colours, each with what follows it; the first has none.
fn pieces(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('\u{1b}').enumerate().map(|(index, part)| match part.split_once('m') {
        Some((color, plain)) if index > 0 => (color, plain),
        _ => ("", part),
    })
}

/// Joins lines. A pager ends each colour with its line, so the next line begins it again.
fn colored(lines: &[Cow<'_, str>], indent: usize) -> String {
    let (mut text, mut open) = (String::new(), String::new());
    for (index, line) in lines.iter().enumerate() {
        match line.split_at_checked(indent).filter(|_| index > 0) {
            Some((blank, line)) => text.push_str(&format!("{blank}{open}{line}")),
            None => text.push_str(line),
        }
        for (color, _) in pieces(line).skip(1) {
            match color {
                "[0" => open.clear(),
                color => open.push_str(&format!("\u{1b}{color}m")),
            }
        }
        if index + 1 < lines.len() {
            text.push_str(if open.is_empty() { "\n" } else { "\u{1b}[0m\n" });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    const NARROW: Option<usize> = Some(24);

    fn broken(text: &str) -> Vec<String> {
        lines(text, NARROW).lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_follows_keeps_the_indent_of_its_line() {
        assert_eq!(broken("  one two three four five six"), ["  one two three four", "    five six"]);
        assert_eq!(broken("  + one two three four five six"), ["  + one two three four", "    five six"]);
        assert_eq!(broken("    -   \"one two three four\""), ["    -   \"one two three", "        four\""]);
        assert_eq!(broken("    --one two three four five"), ["    --one two three four", "      five"]);
    }

    #[test]
    fn a_word_that_has_no_room_is_broken_and_never_begins_a_line() {
        let word = "x".repeat(30);
        assert_eq!(
            broken(&format!("  ~ a: {word}")),
            ["  ~ a:", &format!("    {}", "x".repeat(20)), "    xxxxxxxxxx"]
        );
    }

    #[test]
    fn a_colour_begins_again_on_each_line() {
        let green = "  \u{1b}[32m+ one two three four five\u{1b}[0m six";
        assert_eq!(
            broken(green),
            ["  \u{1b}[32m+ one two three four\u{1b}[0m", "    \u{1b}[32mfive\u{1b}[0m six"]
        );
    }

    #[test]
    fn only_a_terminal_breaks_lines() {
        let text = "  one two three four five six\n";
        assert_eq!(lines(text, None), text);
    }

    proptest! {
        #[test]
        fn wrapping_fits_and_loses_nothing_but_blanks(text in "[ ]{0,6}([-+~] )?[a-zß漢 ]{0,80}", color: bool) {
            let text = if color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text };
            let shown = lines(&text, NARROW);
            let solid = |text: &str| without_color(text).split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&shown), solid(&text));
            for line in shown.lines() {
                prop_assert!(without_color(line).trim_end().width() <= 24, "{line:?}");
            }
        }
    }
}
