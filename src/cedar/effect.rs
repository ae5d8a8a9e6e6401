//! What a statement does, found without parsing it: a live one may be too long or too deep for that.
//!
//! Not here: anything else that it says, in `cedar`.

use super::lex;

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Permit,
    /// It forbids, whatever else is allowed.
    Forbid,
}

impl Effect {
    /// The effect by its word.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "permit" => Some(Self::Permit),
            "forbid" => Some(Self::Forbid),
            _ => None,
        }
    }

    /// The effect of a statement: its first word after its annotations. `None` for text that is no statement.
    pub fn of(text: &str) -> Option<Self> {
        let mut tokens = lex::tokens(text).peekable();
        while tokens.next_if_eq(&"@").is_some() {
            tokens.next();
            if tokens.peek() == Some(&"(") {
                // The value is one string.
                tokens.by_ref().find(|token| *token == ")");
            }
        }
        tokens.next().and_then(Self::named)
    }
}

#[cfg(test)]
mod tests {
    use super::Effect;

    #[test]
    fn the_effect_is_the_first_word_of_the_statement_itself() {
        for (text, effect) in [
            ("permit(principal, action, resource);", Some(Effect::Permit)),
            ("\u{feff}", None),
            ("// permit\n forbid (principal, action, resource);", Some(Effect::Forbid)),
            ("@forbid(\"permit ) (\") @id forbid(principal, action, resource);", Some(Effect::Forbid)),
            ("@id(\"forbid\")\npermit (principal, action, resource);", Some(Effect::Permit)),
            ("permits(principal, action, resource);", None),
            ("", None),
            ("@", None),
            ("@id(", None),
        ] {
            assert_eq!(Effect::of(text), effect, "{text}");
        }
        let deep = format!("forbid (principal, action, resource) when {{ {}", "!(".repeat(50_000));
        assert_eq!(Effect::of(&deep), Some(Effect::Forbid), "also where no parser goes");
    }
}
