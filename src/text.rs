//! Text that cannot drive a terminal: what users and servers wrote is printed only through here. Layout and colour are
//! in `report`.

use std::borrow::Cow;

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

/// Like [`inline`], and cuts text that is too long for a message.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", inline(text.get(..end).unwrap_or_default())),
        None => inline(text).into_owned(),
    }
}

/// Like [`safe`], for JSON: with JSON's own escapes, so that a program reads the same text.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) && character != '\n' {
            shown.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(character);
        }
    }
    shown
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
    fn json_says_the_same_with_escapes() {
        let text = serde_json::json!({"a\u{9b}": "\u{202e}\u{e0041}\u{7f}\n\t\u{1b}é🧀"});
        let shown = json(&format!("{text:#}\n"));
        assert_eq!(shown, "{\n  \"a\\u009b\": \"\\u202e\\udb40\\udc41\\u007f\\n\\t\\u001bé🧀\"\n}\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), text);
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(short("abc"), "abc");
        assert_eq!(short(&"é".repeat(100)), format!("{}…", "é".repeat(60)));
    }
}
