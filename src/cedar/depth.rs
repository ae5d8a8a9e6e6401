//! An upper bound for the depth of a Cedar text, found without parsing it.
//!
//! Not here: parsing, in `cedar`.

/// The deepest text that is accepted: rows of a hundred comparisons, or more brackets than people read.
pub(super) const MAX_DEPTH: usize = 200;
/// A bracket takes as much stack as this many operators.
const BRACKET: usize = 3;

/// At least the depth of a text's syntax: each bracket is a step down, and so is each operator in a row. What is inside
/// brackets counts as one link of the row. The items of a list are not nested in each other.
pub(super) fn of(text: &str) -> usize {
    let (mut outside, mut depth, mut deepest) = (Vec::new(), 0, 0);
    for token in tokens(text) {
        match token {
            Token::Open => {
                outside.push(depth);
                depth += BRACKET;
            }
            Token::Close => depth = outside.pop().unwrap_or_default() + 1,
            Token::Comma => depth = outside.last().map_or(0, |outer| outer + BRACKET),
            Token::Operator => depth += 1,
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What adds to the depth of a text.
enum Token {
    Open,
    Close,
    Comma,
    Operator,
}

fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let length = match first {
                '"' => string(rest),
                '/' if rest.starts_with("//") => length(rest, |c| !matches!(c, '\n' | '\r')),
                c if is_operator(c) => length(rest, is_operator),
                c if is_word(c) => length(rest, is_word),
                c => c.len_utf8(),
            };
            let (token, after) = rest.split_at_checked(length)?;
            rest = after;
            match token {
                "(" | "[" | "{" => return Some(Token::Open),
                ")" | "]" | "}" => return Some(Token::Close),
                "," => return Some(Token::Comma),
                "if" | "else" => return Some(Token::Operator),
                _ if is_operator(first) => return Some(Token::Operator),
                _ => {}
            }
        }
    })
}

fn is_operator(c: char) -> bool {
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

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn brackets_and_rows_are_deep_and_lists_are_not() {
        assert_eq!((of("a"), of("((a))"), of("a && b && c")), (0, 6, 2));
        assert_eq!(of("[a, b, c]"), of("[a]"));
        assert_eq!(of(r#"a["b"]["b"]["b"]"#), 5, "each adds to those before it");
        assert_eq!(of("if a then b else if c then d else e"), 4);
    }

    #[test]
    fn strings_and_comments_hide_nothing_and_add_nothing() {
        assert_eq!((of(r#""((\"((""#), of("// ((\na")), (0, 0));
        assert_eq!(of(r#"("\")" == ("\\" == (a"#), 11, "a bracket in a string closes nothing");
        assert_eq!(of("// \r(a"), 3, "a comment ends with its line");
    }
}
