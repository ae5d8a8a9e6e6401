//! Names that look alike: which of them may be written, and how any of them looks.
//!
//! Two names that nobody can tell apart must never mean two objects. So a name may be spelled in one way only: composed
//! (Unicode's NFC), without characters that cannot be seen, and with the plain space as its only blank. Letters of
//! several scripts that share a shape, such as Latin and Cyrillic `a`, are different names: both are in honest use.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use super::{inline, is_deceptive};

/// Why a text is not the one spelling of what it shows, as the end of a sentence that starts with the text.
pub fn problem(text: &str) -> Option<String> {
    if is_blank_at_end(text) {
        return Some("starts or ends with a blank".to_owned());
    }
    if let Some(character) = text.chars().find(|c| is_unseen(*c)) {
        return Some(format!("contains the control or invisible character `{}`", character.escape_unicode()));
    }
    if let Some(blank) = text.chars().find(|c| *c != ' ' && is_blank(*c)) {
        return Some(format!(
            "contains the blank `{}`, which looks like a plain space",
            blank.escape_unicode()
        ));
    }
    decomposed(text).map(|part| {
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(part);
        format!("contains `{}`, which looks like `{}`", part.escape_unicode(), inline(&composed))
    })
}

/// How a text looks: equal for texts that nobody can tell apart. It has no [problem], unless it is empty.
pub fn look(text: &str) -> String {
    // All that can be typed on any keyboard looks like itself.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.trim_matches(' ').to_owned();
    }
    look_of_any(text)
}

fn look_of_any(text: &str) -> String {
    let seen = text.chars().filter(|c| !is_unseen(*c)).map(|c| if is_blank(c) { ' ' } else { c });
    let seen: String = seen.collect();
    ComposingNormalizerBorrowed::new_nfc().normalize(seen.trim()).into_owned()
}

fn is_blank_at_end(text: &str) -> bool {
    text.starts_with(is_blank) || text.ends_with(is_blank)
}

/// The Braille pattern without dots is a letter to Unicode, and a blank to everybody else.
fn is_blank(character: char) -> bool {
    character == '\u{2800}' || (character.is_whitespace() && !character.is_control())
}

/// Whether a character cannot be seen. A line separator is a blank to Unicode, and does more than a blank.
fn is_unseen(character: char) -> bool {
    is_deceptive(character) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// The first letter, with its marks, that has another spelling.
fn decomposed(text: &str) -> Option<&str> {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let (head, tail) = nfc.split_normalized(text);
    let end = tail.char_indices().skip(1).map(|(at, _)| at).find(|at| {
        let (first, rest) = tail.split_at(*at);
        !nfc.is_normalized(first)
            && format!("{}{}", nfc.normalize(first), nfc.normalize(rest)) == nfc.normalize(tail)
    });
    (head.len() < text.len()).then(|| end.and_then(|end| tail.get(..end)).unwrap_or(tail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_usual_name_has_one_spelling() {
        for name in
            ["Warehouse syncs", "Käse", "データ", "Ελλάδα", "한국", "№ 1", "a  b", "🧀", "²", "ﬁ", "a/b:c"]
        {
            assert_eq!(problem(name), None, "{name}");
            assert_eq!(look(name), name);
        }
    }

    #[test]
    fn a_name_that_looks_like_another_is_refused_and_looks_like_it() {
        for (name, like, what) in [
            ("Cafe\u{301}", "Café", "`\\u{65}\\u{301}`, which looks like `é`"),
            ("\u{212b}ngström", "Ångström", "`\\u{212b}`"),
            ("\u{1112}\u{1161}\u{11ab}국", "한국", "which looks like `한`"),
            ("Ops\u{fe0f}", "Ops", "\\u{fe0f}"),
            ("O\u{200b}ps", "Ops", "\\u{200b}"),
            ("O\u{34f}ps", "Ops", "\\u{34f}"),
            ("Ops\u{3164}", "Ops", "\\u{3164}"),
            ("\u{202e}Ops", "Ops", "\\u{202e}"),
            ("Data\u{a0}team", "Data team", "the blank `\\u{a0}`"),
            ("Data\u{2800}team", "Data team", "the blank `\\u{2800}`"),
            ("Data\u{3000}team", "Data team", "the blank `\\u{3000}`"),
            (" Ops", "Ops", "starts or ends with a blank"),
            ("Ops\u{a0}", "Ops", "starts or ends with a blank"),
        ] {
            let problem = problem(name).unwrap_or_default();
            assert!(problem.contains(what), "{name:?}: {problem}");
            assert_eq!(look(name), like);
        }
    }

    proptest! {
        #[test]
        fn a_plain_text_looks_as_it_does_to_whoever_looks_at_each_character(text in "[ -~]{0,8}") {
            prop_assert_eq!(look(&text), look_of_any(&text));
        }

        #[test]
        fn a_look_has_one_spelling_and_looks_like_itself(name in "\\PC{0,12}|[ e\u{301}\u{327}\u{200b}\u{fe0f}\u{a0}\u{1100}\u{1161}]{0,8}") {
            let look = super::look(&name);
            prop_assert_eq!(problem(&look), None);
            prop_assert_eq!(super::look(&look), look.clone());
            prop_assert_eq!(problem(&name).is_none(), look == name);
        }
    }
}
