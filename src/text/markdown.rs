//! Untrusted text in Markdown. It is only shown inside code, where GitHub makes no link, mention, image or heading of
//! it, and always on one line, so that nothing in it can end the code or start a block.

use super::inert::Inert;
use super::{html, inline, inline_with_tabs, shorten, shorten_both};
use crate::words::count;

/// How many characters of a name or a message are shown.
const LONGEST: usize = 500;

/// A code span.
pub fn code(text: &str) -> String {
    span(&shorten(text, LONGEST))
}

fn span(text: &str) -> String {
    let text = inline(text).into_owned();
    let ticks = "`".repeat(longest_run(&text) + 1);
    // Markdown removes a space from each end, unless there is nothing else; and a span cannot be empty.
    let pad = match text.trim_matches(' ') {
        "" => "",
        _ if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) => " ",
        _ => "",
    };
    let text = if text.is_empty() { " " } else { &text };
    // Here and not only at the end, because escapes lengthen the text and a comment has its limit.
    Inert::text(&format!("{ticks}{pad}{text}{pad}{ticks}")).to_string()
}

/// Two code spans that a reader compares.
pub fn code_both(before: &str, after: &str) -> (String, String) {
    let (before, after) = shorten_both(before, after, LONGEST);
    (span(&before), span(&after))
}

/// Code for a line of HTML.
pub fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html::escaped(&shorten(text, LONGEST)))
}

/// A fenced block of lines in a language, of about `room` bytes; lines that do not fit are counted.
pub fn fence(language: &str, lines: &[String], room: usize) -> String {
    let lines: Vec<_> =
        lines.iter().map(|line| format!("{}\n", &*Inert::text(&inline_with_tabs(line)))).collect();
    let mut used = 0;
    let fits = |line: &&String| {
        used += line.len();
        used <= room
    };
    let shown: Vec<_> = lines.iter().take_while(fits).map(String::as_str).collect();
    let hidden = lines.len() - shown.len();
    let mark = if hidden > 0 { format!("... {}\n", count(hidden, "more line")) } else { String::new() };
    let body = shown.concat();
    let ticks = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{ticks}{language}\n{body}{mark}{ticks}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_is_longer_than_what_it_holds() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(" x"), "`  x `");
        assert_eq!(code(""), "` `");
        assert_eq!(code("a\n# b\r"), "`a\\u{a}# b\\u{d}`");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds_and_is_always_closed() {
        assert_eq!(fence("diff", &["+ ````".into()], 100), "`````diff\n+ ````\n`````\n");
        let lines = ["+ aaaa", "+ bbbb", "+ cccc"].map(str::to_owned);
        assert_eq!(fence("diff", &lines, 10), "```diff\n+ aaaa\n... 2 more lines\n```\n");
    }
}
