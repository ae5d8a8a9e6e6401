//! Whole outputs that act on nothing that reads them: not on a terminal, not on the runner of a CI job.

use std::fmt::Write as _;
use std::ops::Deref;

use super::is_deceptive;
use super::runner::RunnerLine;

/// A whole output that can be printed: it holds no command for a CI runner but the annotations that enact makes, and no
/// character that acts on a terminal but colours. The printer takes nothing else. What is escaped can still be read: `##[group]` as `##\u{5b}group]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Inert(String);

impl Inert {
    /// Text for people, on a terminal, in a log or as Markdown, without colours.
    pub fn text(text: &str) -> Self {
        let mut out = Escaper::new(|c| matches!(c, '\n' | '\t'), unicode);
        out.push(text);
        Self(out.text)
    }

    /// The same, and colours stay if there are some.
    pub fn styled(text: &str, color: bool) -> Self {
        if !color {
            return Self::text(text);
        }
        let mut out = Escaper::new(|c| matches!(c, '\n' | '\t'), unicode);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            out.push(before);
            match style(after) {
                Some((style, after)) => {
                    out.text.push_str(&format!("\u{1b}{style}"));
                    rest = after;
                }
                None => {
                    out.push("\u{1b}");
                    rest = after;
                }
            }
        }
        out.push(rest);
        Self(out.text)
    }

    /// A JSON document, which keeps its meaning.
    pub fn json(text: &str) -> Self {
        Self(json(text))
    }

    /// An HTML or XML document, which keeps its meaning.
    pub fn markup(text: &str) -> Self {
        let reference = |c: char, shown: &mut String| {
            // Writing to a string cannot fail.
            let _ = write!(shown, "&#{};", u32::from(c));
        };
        let mut out = Escaper::new(|c| c == '\n', reference);
        out.push(text);
        Self(out.text)
    }

    /// Text of which a neighbour knows that nothing in it acts but what may.
    pub(super) const fn vouched(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Inert {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// JSON text as an inert one, with JSON's own escapes: a program reads the same.
pub fn json(text: &str) -> String {
    let mut out = Escaper::new(
        |c| c == '\n',
        |c, shown| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        },
    );
    out.push(text);
    out.text
}

/// A string as an inert YAML scalar, in double quotes with YAML's own escapes. `None` if it needs no escape.
pub fn yaml(text: &str) -> Option<String> {
    let mut out = Escaper::new(
        |_| false,
        |c, shown| {
            let _ = write!(shown, "\\U{:08X}", u32::from(c));
        },
    );
    // JSON's quotes and escapes are YAML's.
    let quoted = serde_json::Value::from(text).to_string();
    out.push(&quoted);
    let acts = text.contains(is_deceptive) || out.text != quoted;
    acts.then_some(out.text)
}

fn unicode(character: char, shown: &mut String) {
    shown.extend(character.escape_unicode());
}

/// Copies text, and escapes what acts.
struct Escaper {
    keeps: fn(char) -> bool,
    escape: fn(char, &mut String),
    line: RunnerLine,
    text: String,
}

impl Escaper {
    fn new(keeps: fn(char) -> bool, escape: fn(char, &mut String)) -> Self {
        Self { keeps, escape, line: RunnerLine::default(), text: String::new() }
    }

    fn push(&mut self, text: &str) {
        self.text.reserve(text.len());
        for character in text.chars() {
            let is_command = self.line.push(character);
            if is_command || (is_deceptive(character) && !(self.keeps)(character)) {
                (self.escape)(character, &mut self.text);
            } else {
                self.text.push(character);
            }
        }
    }
}

/// The rest of an escape sequence that only colours text or makes it bold, and what follows. Others can hide text.
fn style(after_escape: &str) -> Option<(&str, &str)> {
    let parameters = after_escape.strip_prefix('[')?.split_once('m')?.0;
    let is_harmless = |number: &str| {
        matches!(number.parse(), Ok(0..=4 | 22..=24 | 30..=37 | 39 | 90..=97)) || number.is_empty()
    };
    parameters.split(';').all(is_harmless).then(|| after_escape.split_at(parameters.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_broken_at_their_last_character() {
        let shown = |text| Inert::text(text).to_string();
        assert_eq!(shown("  ::a::b\nc ::d::"), "  :\\u{3a}a::b\nc ::d::");
        assert_eq!(shown("x ##[a]###vso[b]"), "x ##\\u{5b}a]###vso\\u{5b}b]");
        assert_eq!(shown("#\u{fe0f}#[a] section_start:1"), "#\u{fe0f}#\\u{5b}a] section_start\\u{3a}1");
        assert_eq!(shown("## [a](b) a::b Käse\n\t# [x]"), "## [a](b) a::b Käse\n\t# [x]");
    }

    #[test]
    fn only_colours_stay() {
        let shown = |text| Inert::styled(text, true).to_string();
        let colored = "\u{1b}[1m\u{1b}[94ma\u{1b}[0;32mb\u{1b}[0m";
        assert_eq!(shown(colored), colored);
        assert_eq!(shown("\u{1b}[8ma\u{1b}[2J\u{1b}]0;b\u{1b}"), "\\u{1b}[8ma\\u{1b}[2J\\u{1b}]0;b\\u{1b}");
        assert_eq!(&*Inert::styled("\u{1b}[1ma", false), "\\u{1b}[1ma");
    }

    #[test]
    fn json_says_the_same_with_escapes() {
        let text = serde_json::json!({"a\u{9b}": "\u{202e}\u{e0041}\u{7f}\n\t\u{1b}é🧀##[x]"});
        let shown = json(&format!("{text:#}\n"));
        assert_eq!(
            shown,
            "{\n  \"a\\u009b\": \"\\u202e\\udb40\\udc41\\u007f\\n\\t\\u001bé🧀##\\u005bx]\"\n}\n"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), text);
    }

    #[test]
    fn yaml_says_the_same_with_escapes() {
        assert_eq!(yaml("plain: [text] # 1"), None);
        for text in ["##[a]\n\"b\\", "\u{1b}", "section_end:1", "\u{e0041}"] {
            let shown = yaml(text).unwrap();
            assert_eq!(serde_yaml::from_str::<String>(&shown).unwrap(), text, "{shown}");
            assert_eq!(*Inert::text(&shown), shown);
        }
    }
}
