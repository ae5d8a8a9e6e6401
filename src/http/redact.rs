//! Removes secrets from what comes from outside, before anything else sees it. Which texts are secret is up to the
//! caller.

use std::sync::{Arc, Mutex};

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::encoding::layers;
use crate::sync::lock;

/// What replaces a credential in a text.
pub(super) const REDACTED: &str = "[redacted by enact]";
/// The same in a URL.
pub(super) const REDACTED_IN_URL: &str = "%5Bredacted%20by%20enact%5D";
/// A shorter secret would cut every text to pieces, and could not be hidden anyway.
pub(super) const SHORTEST: usize = 6;

/// The texts that no output may hold, in all their spellings.
pub(super) struct Redactor(AhoCorasick);

impl Redactor {
    /// Fails if the secrets are too long to search for.
    pub(super) fn new(secrets: &[SecretString]) -> Result<Self, BuildError> {
        let spellings = secrets.iter().flat_map(|secret| spellings(secret.expose_secret()));
        let long = spellings.filter(|spelling| spelling.len() >= SHORTEST);
        Ok(Self(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(long)?))
    }

    /// The text without secrets. If one is in it in a spelling that is not known, such as one that encodes only some
    /// characters, nothing of the text is left.
    pub(super) fn text(&self, text: String) -> String {
        let clean = if self.0.is_match(&text) { self.replaced(&text) } else { text };
        if layers(&clean).any(|plain| self.0.is_match(&plain)) { REDACTED.to_owned() } else { clean }
    }

    fn replaced(&self, text: &str) -> String {
        let mut clean = String::new();
        self.0.replace_all_with(text, &mut clean, |_, _, clean| {
            clean.push_str(REDACTED);
            true
        });
        clean
    }

    /// The value without secrets in its texts.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => {
                map.into_iter().map(|(name, value)| (self.text(name), self.value(value))).collect()
            }
            scalar => scalar,
        }
    }
}

/// A redactor that learns of more secrets, such as a token that an API gives. None is forgotten: what is over today may
/// still be quoted.
pub(super) struct GrowingRedactor(Mutex<Known>);

struct Known {
    secrets: Vec<SecretString>,
    redactor: Arc<Redactor>,
}

impl GrowingRedactor {
    /// Fails if the secrets are too long to search for.
    pub(super) fn new(secrets: Vec<SecretString>) -> Result<Self, BuildError> {
        let redactor = Arc::new(Redactor::new(&secrets)?);
        Ok(Self(Mutex::new(Known { secrets, redactor })))
    }

    /// What removes the secrets that are known by now.
    pub(super) fn now(&self) -> Arc<Redactor> {
        lock(&self.0).redactor.clone()
    }

    /// Fails, and learns nothing, if the secrets would be too long to search for.
    pub(super) fn learn(&self, secret: SecretString) -> Result<(), BuildError> {
        let mut known = lock(&self.0);
        if known.secrets.iter().any(|other| other.expose_secret() == secret.expose_secret()) {
            return Ok(());
        }
        let secrets: Vec<_> = known.secrets.iter().cloned().chain([secret]).collect();
        let redactor = Arc::new(Redactor::new(&secrets)?);
        *known = Known { secrets, redactor };
        Ok(())
    }
}

/// How a secret may be written: plain, inside JSON text or HTML, percent-encoded, in hexadecimal, in base64; and some
/// of these twice, because a server that quotes a text encodes it again.
fn spellings(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let escaped = in_json(secret);
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let twice = percent.replace('%', "%25");
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let every: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut all = vec![secret.to_owned(), in_json(&escaped), escaped.replace('/', "\\/"), escaped];
    all.extend(["&#39;", "&#x27;", "&apos;", "'"].map(|quote| in_html(secret, quote)));
    all.extend(
        [form, percent, twice, every].into_iter().flat_map(|text| [lower(&text), text.clone(), upper(&text)]),
    );
    all.extend([hex.to_uppercase(), hex]);
    all.extend((0..3).flat_map(|before| in_base64(secret, before)));
    all
}

/// The text as it is between the quotes of JSON.
fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// The text in HTML, whose writers agree on all but the single quote.
fn in_html(text: &str, quote: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', quote)
}

/// Percent-encoding with its digits in lower case.
fn lower(text: &str) -> String {
    with_digits(text, char::to_ascii_lowercase)
}

/// Percent-encoding with its digits in upper case.
fn upper(text: &str) -> String {
    with_digits(text, char::to_ascii_uppercase)
}

fn with_digits(text: &str, to: impl Fn(&char) -> char) -> String {
    let mut left = 0_u8;
    text.chars()
        .map(|c| {
            let digit = left > 0;
            left = if c == '%' { 2 } else { left.saturating_sub(1) };
            if digit { to(&c) } else { c }
        })
        .collect()
}

/// The base64 of a secret after so many other bytes, without the characters that depend on its neighbours.
fn in_base64(secret: &str, before: usize) -> Vec<String> {
    let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.bytes()).collect();
    let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    let own = |text: String| text.get(first..last).unwrap_or_default().to_owned();
    vec![own(STANDARD_NO_PAD.encode(&bytes)), own(URL_SAFE_NO_PAD.encode(&bytes))]
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn redactor(secret: &str) -> Redactor {
        Redactor::new(&[SecretString::from(secret.to_owned())]).unwrap()
    }

    #[test]
    fn no_secret_out_in_any_of_the_usual_spellings() {
        let secret = r#"pa"ss\w/or+d =é"#;
        let redactor = redactor(secret);
        let percent = "pa%22ss%5Cw%2For%2Bd%20%3D%C3%A9";
        let spellings = [
            secret,
            r#"{"token": "pa\"ss\\w/or+d =é"}"#,
            r#"{"token": "pa\"ss\\w\/or+d =é"}"#,
            percent,
            &percent.to_lowercase(),
            "pa%22ss%5Cw%2For%2Bd+%3D%C3%A9",
            "pa%2522ss%255Cw%252For%252Bd%2520%253D%25C3%25A9",
            "pa&quot;ss\\w/or+d =é",
            "70612273735c772f6f722b64203dc3a9",
            "70612273735C772F6F722B64203DC3A9",
            "%70%61%22%73%73%5c%77%2f%6f%72%2b%64%20%3d%c3%a9",
        ];
        for spelling in spellings {
            let text = redactor.text(format!("a {spelling} b"));
            assert!(text.contains(REDACTED) && text.starts_with("a "), "{spelling}: {text}");
        }
    }

    #[test]
    fn no_secret_out_in_spellings_that_encode_only_some_characters() {
        let redactor = redactor("tok/en+1=='&");
        let spellings = [
            "https://h/?t=tok/en%2B1==%27&amp;x",
            "tok\\u002fen+1\\u003d\\u003d'&",
            "tok%252fen%2b1%3D='%26",
            "tok&#47;en+1=&#x3d;&#39;&amp;",
            "%74ok/en+1=='&",
        ];
        for spelling in spellings {
            assert_eq!(redactor.text(format!("<{spelling}>")), REDACTED, "{spelling}");
        }
    }

    #[test]
    fn a_short_secret_tears_no_text_apart() {
        assert_eq!(redactor("abc").text("abcabc".to_owned()), "abcabc");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn no_secret_out_in_base64_between_any_neighbours(
            secret in "[ -~]{8,40}", before in proptest::collection::vec(any::<u8>(), 0..7),
            after in proptest::collection::vec(any::<u8>(), 0..7),
        ) {
            let bytes = [before.as_slice(), secret.as_bytes(), after.as_slice()].concat();
            for text in [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)] {
                prop_assert!(redactor(&secret).text(text.clone()).contains(REDACTED), "{text}");
            }
        }

        #[test]
        fn what_holds_no_secret_stays(text in "[a-z ]{0,80}") {
            prop_assert_eq!(redactor("SECRET-1234").text(text.clone()), text);
        }
    }
}
