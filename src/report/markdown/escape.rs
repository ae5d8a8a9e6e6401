//! Untrusted text in Markdown and HTML. It is only shown inside code, where GitHub makes no link, mention, image or
//! heading of it, and always on one line, so that nothing in it can end the code or start a block.

use crate::report::value::shorten;
use crate::text::inline;
use crate::words::count;

/// How many characters of a name or a message are shown.
const LONGEST: usize = 500;
/// How many characters of a line in a fence are shown.
const LONGEST_LINE: usize = 2_000;

/// A code span.
pub(super) fn code(text: &str) -> String {
    let text = inline(&shorten(text, LONGEST)).into_owned();
    let ticks = "`".repeat(longest_run(&text) + 1);
    // Markdown removes a space from each end, unless there is nothing else; and a span cannot be empty.
    let pad = match text.trim_matches(' ') {
        "" => "",
        _ if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) => " ",
        _ => "",
    };
    let text = if text.is_empty() { " " } else { &text };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Code for a line of HTML. Every character that is not plain is written as a number, so that neither HTML nor Markdown
/// sees it.
pub(super) fn html_code(text: &str) -> String {
    let mut html = String::from("<code>");
    for character in inline(&shorten(text, LONGEST)).chars() {
        if character.is_ascii_alphanumeric() || " -.".contains(character) {
            html.push(character);
        } else {
            html.push_str(&format!("&#{};", u32::from(character)));
        }
    }
    html + "</code>"
}

/// A fenced block of lines in a language, of about `room` bytes; lines that do not fit are counted. The lines must be
/// safe to print, so that none holds a line break.
pub(super) fn fence(language: &str, lines: &[String], room: usize) -> String {
    let lines: Vec<_> = lines.iter().map(|line| format!("{}\n", shorten(line, LONGEST_LINE))).collect();
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
    fn html_sees_only_numbers() {
        assert_eq!(html_code("a</code>@b"), "<code>a&#60;&#47;code&#62;&#64;b</code>");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds_and_is_always_closed() {
        assert_eq!(fence("diff", &["+ ````".into()], 100), "`````diff\n+ ````\n`````\n");
        let lines = ["+ aaaa", "+ bbbb", "+ cccc"].map(str::to_owned);
        assert_eq!(fence("diff", &lines, 10), "```diff\n+ aaaa\n... 2 more lines\n```\n");
    }
}
