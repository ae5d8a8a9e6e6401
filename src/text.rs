//! What users and servers wrote, made harmless for whatever reads it. Layout and colour are in `report`.
//!
//! Two steps, because only the renderer knows what is a piece and only the printer sees the whole. A renderer passes
//! each piece through [`inline`], [`safe`], [`markdown`] or [`html`], so that it cannot leave its place. Then [`Inert`](inert::Inert)
//! goes over the whole output: nothing is printed that is not one. It stops what a renderer forgot, and what only a
//! whole line can do: be a command to a CI runner.
//!
//! | read by | what acts there | where it is stopped |
//! |---|---|---|
//! | a terminal | control, bidirectional and invisible characters | [`inline`], [`safe`], and again [`inert`] |
//! | Markdown | everything outside of code | [`markdown`] |
//! | HTML | everything that is not a letter or a digit | [`html`] |
//! | the log of a CI runner | `::x::`, `##[x]`, `##vso[`, `section_start:` and their kind | [`inert`] |
//! | the same, where it is asked for annotations | `::error::` and its kind, once a line | [`annotation`], which makes the whole line |
//! | a JSON parser | nothing: it reads the very text | [`inert::json`], with JSON's own escapes |
//! | an XML or HTML parser | `<`, `&` and quotes | [`html`], and again [`inert`], with character references |
//! | a YAML parser | nothing: it reads the very text | [`inert::yaml`], with YAML's own escapes |

use std::borrow::Cow;

use crate::words::count;

pub mod annotation;
pub mod html;
pub mod inert;
pub mod markdown;
pub mod runner;
pub mod spelling;
pub mod wrap;

/// How many characters of a value a message shows.
const SHORT: usize = 60;

/// Shows control, bidirectional and invisible characters as escapes such as `\u{1b}`; keeps line feeds and tabs.
pub fn safe(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_deceptive(c) && !matches!(c, '\n' | '\t'))
}

/// Like [`safe`], and escapes line feeds and tabs too: for a name or a value inside a sentence or a table.
pub fn inline(text: &str) -> Cow<'_, str> {
    escape(text, is_deceptive)
}

/// Like [`inline`], and keeps tabs: for a line of somebody's text.
pub fn inline_with_tabs(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_deceptive(c) && c != '\t')
}

/// Like [`inline`], and cuts text that is too long for a message.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", inline(text.get(..end).unwrap_or_default())),
        None => inline(text).into_owned(),
    }
}

/// The first `limit` characters, and how many more there are.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit).and_then(|(end, _)| text.split_at_checked(end)) {
        Some((start, rest)) => format!("{start}… ({})", count(rest.chars().count(), "more character")).into(),
        None => text.into(),
    }
}

/// Two texts that a reader compares. If one is too long, both show the same window, which begins a little before they
/// first differ, and say how much is left out on each side, and whether that is equal.
pub fn shorten_both(before: &str, after: &str, limit: usize) -> (String, String) {
    let fits = |text: &str| text.chars().nth(limit).is_none();
    if fits(before) && fits(after) {
        return (before.to_owned(), after.to_owned());
    }
    let start = before.chars().zip(after.chars()).take_while(|(before, after)| before == after).count();
    let end = before.chars().rev().zip(after.chars().rev()).take_while(|(before, after)| before == after);
    let window = Window { from: start.saturating_sub(limit / 4), limit, equal_end: end.count() };
    (window.of(before), window.of(after))
}

/// What is shown of two texts.
struct Window {
    from: usize,
    limit: usize,
    /// How many characters at the end are the same in both.
    equal_end: usize,
}

impl Window {
    fn of(&self, text: &str) -> String {
        let shown: String = text.chars().skip(self.from).take(self.limit).collect();
        let rest = text.chars().skip(self.from).skip(self.limit).count();
        let before = match self.from {
            0 => String::new(),
            equal => format!("({}) …", count(equal, "equal character")),
        };
        let after = match rest {
            0 => String::new(),
            rest if rest <= self.equal_end => format!("… ({})", count(rest, "equal character")),
            rest => format!("… ({})", count(rest, "more character")),
        };
        format!("{before}{shown}{after}")
    }
}

/// Whether a character acts on the terminal, reorders text, or cannot be seen.
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' // soft hyphen, Arabic letter mark, Mongolian vowel separator
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
            | '\u{200b}'..='\u{200f}' // zero width, and direction marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // word joiner, isolates, deprecated format characters
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}') // tags
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_escaped(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_borrowed() {
        assert!(matches!(safe("Käse 🧀 \tund\nBrot"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_acts_on_a_terminal_is_shown() {
        assert_eq!(safe("\u{1b}[2J\r\u{9b}1m"), "\\u{1b}[2J\\u{d}\\u{9b}1m");
        assert_eq!(safe("a\u{202e}b\u{200b}c\u{2067}\u{feff}"), "a\\u{202e}b\\u{200b}c\\u{2067}\\u{feff}");
        assert_eq!(inline("a\nb\tc"), "a\\u{a}b\\u{9}c");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(short("abc"), "abc");
        assert_eq!(short(&"é".repeat(100)), format!("{}…", "é".repeat(60)));
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 2), "äö… (2 more characters)");
    }

    #[test]
    fn two_long_texts_are_cut_around_where_they_first_differ() {
        let text = |middle: &str| format!("{}{middle}{}", "é".repeat(50), "y".repeat(50));
        let (before, after) = shorten_both(&text("12"), &text("3"), 8);
        assert_eq!(before, "(48 equal characters) …éé12yyyy… (46 equal characters)");
        assert_eq!(after, "(48 equal characters) …éé3yyyyy… (45 equal characters)");
        let (before, _) = shorten_both(&(text("1") + "2"), &(text("3") + "4"), 8);
        assert_eq!(before, "(48 equal characters) …éé1yyyyy… (46 more characters)");
        assert_eq!(shorten_both("abc", "abd", 3), ("abc".to_owned(), "abd".to_owned()));
        let (short, long) = shorten_both("xxxx", "xxxxyyyyz", 4);
        assert_eq!(short, "(3 equal characters) …x");
        assert_eq!(long, "(3 equal characters) …xyyy… (2 more characters)");
    }
}
