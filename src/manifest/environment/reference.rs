//! References to variables inside of a text: `${{ vars.NAME }}`; `$${{` is the text `${{`.

use serde_json::Value;

/// What a reference begins with.
pub const OPEN: &str = "${{";
const ESCAPED: &str = "$${{";
const CLOSE: &str = "}}";

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text, as it is meant.
    Text(&'a str),
    /// A reference to the variable of this name.
    Variable(&'a str),
    /// It begins like a reference and is none.
    Wrong,
}

/// A text as it has to be written so that nothing in it is a reference.
pub fn escaped(text: &str) -> String {
    text.replace(OPEN, ESCAPED)
}

/// A value as it has to be written.
pub fn escaped_value(value: &Value) -> Value {
    match value {
        Value::String(text) => escaped(text).into(),
        Value::Array(items) => items.iter().map(escaped_value).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (escaped(name), escaped_value(value))).collect()
        }
        other => other.clone(),
    }
}

/// The names of the variables in a text.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|(_, piece)| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) | Piece::Wrong => None,
    })
}

/// The pieces of a text, each as it is written and as it is meant.
pub fn pieces(text: &str) -> impl Iterator<Item = (&str, Piece<'_>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (length, piece) = first(rest);
        let (raw, left) = rest.split_at_checked(length)?;
        rest = left;
        Some((raw, piece))
    })
}

/// The first piece of a text, and the length of it as it is written.
fn first(text: &str) -> (usize, Piece<'_>) {
    if text.starts_with(ESCAPED) {
        return (ESCAPED.len(), Piece::Text(OPEN));
    }
    if let Some(inside) = text.strip_prefix(OPEN) {
        let line = inside.split('\n').next().unwrap_or_default();
        let Some((inside, _)) = line.split_once(CLOSE) else { return (OPEN.len(), Piece::Wrong) };
        let name = inside.trim().strip_prefix("vars.").filter(|name| is_name(name));
        return (OPEN.len() + inside.len() + CLOSE.len(), name.map_or(Piece::Wrong, Piece::Variable));
    }
    // A dollar sign before a reference that is escaped belongs to the text before it.
    let end = text.find(OPEN).map_or(text.len(), |open| {
        if text.get(..open).is_some_and(|before| before.ends_with('$') && open > 1) { open - 1 } else { open }
    });
    (end, Piece::Text(text.get(..end).unwrap_or_default()))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn meant(text: &str) -> Vec<Piece<'_>> {
        pieces(text).map(|(_, piece)| piece).collect()
    }

    #[test]
    fn a_reference_names_a_variable_and_two_dollar_signs_write_the_text_itself() {
        use Piece::{Text, Variable, Wrong};
        assert_eq!(meant("${{ vars.team }}"), [Variable("team")]);
        assert_eq!(
            meant("${{vars.a_1}}-${{  vars.b  }} "),
            [Variable("a_1"), Text("-"), Variable("b"), Text(" ")]
        );
        assert_eq!(meant("a $${{ vars.team }}"), [Text("a "), Text("${{"), Text(" vars.team }}")]);
        assert_eq!(meant("$$${{ vars.a }}"), [Text("$"), Text("${{"), Text(" vars.a }}")]);
        assert_eq!(meant("${aws:user} $5 {{ x }}"), [Text("${aws:user} $5 {{ x }}")]);
        for wrong in ["${{ team }}", "${{ vars. }}", "${{ vars.1a }}", "${{ vars.a-b }}", "${{}}"] {
            assert_eq!(meant(wrong), [Wrong], "{wrong}");
        }
        assert_eq!(meant("${{ vars.a\n}}"), [Wrong, Text(" vars.a\n}}")], "it ends on its line");
    }

    proptest! {
        #[test]
        fn what_is_escaped_means_what_it_was(text in "[${}a vrs.\n]{0,20}") {
            let meant: String = pieces(&escaped(&text)).map(|(_, piece)| match piece {
                Piece::Text(text) => text,
                other => panic!("{other:?}"),
            }).collect();
            prop_assert_eq!(meant, text.clone());
            let raw: String = pieces(&text).map(|(raw, _)| raw).collect();
            prop_assert_eq!(raw, text);
        }
    }
}
