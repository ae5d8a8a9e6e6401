//! The tokens of a Cedar text, as far as they are needed without parsing it.
//!
//! Not here: what they mean, in `depth` and `effect`.

/// Words, strings, rows of operators and single signs; no blanks and no comments. Nothing is checked.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let is_comment = rest.starts_with("//");
            let length = match first {
                '"' => string(rest),
                '/' if is_comment => length(rest, |c| !matches!(c, '\n' | '\r')),
                c if is_operator(c) => length(rest, is_operator),
                c if is_word(c) => length(rest, is_word),
                c => c.len_utf8(),
            };
            let (token, after) = rest.split_at_checked(length)?;
            rest = after;
            if !is_comment && !first.is_whitespace() {
                return Some(token);
            }
        }
    })
}

/// Whether a token with this first letter is a row of operators.
pub(super) fn is_operator(c: char) -> bool {
    "!-+*<>=&|.".contains(c)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// The length of a string with its quotes; the length of the rest if the string does not end.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}
