//! Texts that an API shows in place of a secret. Not here: where they matter, in `loss`.

/// What is a mask in brackets; without them it may be a word like any other, except for `redacted`.
const BRACKETED: &[&str] =
    &["filtered", "hidden", "masked", "protected", "secret", "sensitive", "sensitive value"];

/// Whether a text stands for one that the API does not show: three or more equal mask characters, or a known word.
pub fn is_mask(text: &str) -> bool {
    let text = text.trim();
    let mut chars = text.chars();
    let of_one = chars.next().is_some_and(|first| {
        ['*', '•', '●', 'x', 'X'].contains(&first) && chars.clone().count() >= 2 && chars.all(|c| c == first)
    });
    let bare = text.trim_matches(|c| "<>[](){}*".contains(c)).trim().to_lowercase();
    let bracketed = text.starts_with(['<', '[', '(', '{', '*']) && text.ends_with(['>', ']', ')', '}', '*']);
    of_one || bare == "redacted" || (bracketed && BRACKETED.contains(&bare.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_one_character_again_and_again_or_a_known_word() {
        for text in [
            "***",
            "**********",
            "••••••••",
            "●●●",
            "xxxx",
            "XXX",
            "<redacted>",
            "REDACTED",
            "[REDACTED]",
            "**REDACTED**",
            "[hidden]",
            "<hidden>",
            "(sensitive value)",
            "[FILTERED]",
            "<masked>",
            " *** ",
        ] {
            assert!(is_mask(text), "{text}");
        }
        for text in [
            "",
            "*",
            "**",
            "xx",
            "***x",
            "a***",
            "s3:*",
            "* * *",
            "hidden",
            "secret",
            "masked",
            "xyx",
            "---",
            "000",
            "<b>hidden</b> text",
            "policies/**",
            "redacted by hand",
            "[secret]s",
        ] {
            assert!(!is_mask(text), "{text}");
        }
    }
}
