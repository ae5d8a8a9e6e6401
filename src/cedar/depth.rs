//! An upper bound for the depth of a Cedar text, found without parsing it.
//!
//! Not here: parsing, in `cedar`.

use super::lex;

/// The deepest text that is accepted: rows of a hundred comparisons, or more brackets than people read.
pub(super) const MAX_DEPTH: usize = 200;
/// A bracket takes as much stack as this many operators.
const BRACKET: usize = 3;

/// At least the depth of a text's syntax: each bracket is a step down, and so is each operator in a row. What is inside
/// brackets counts as one link of the row. The items of a list are not nested in each other.
pub(super) fn of(text: &str) -> usize {
    let (mut outside, mut depth, mut deepest) = (Vec::new(), 0, 0);
    for token in lex::tokens(text) {
        match token {
            "(" | "[" | "{" => {
                outside.push(depth);
                depth += BRACKET;
            }
            ")" | "]" | "}" => depth = outside.pop().unwrap_or_default() + 1,
            "," => depth = outside.last().map_or(0, |outer| outer + BRACKET),
            "if" | "else" => depth += 1,
            _ if token.starts_with(lex::is_operator) => depth += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
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
