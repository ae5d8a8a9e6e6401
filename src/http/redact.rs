//! Takes secrets out of what comes from outside, before anything else sees it.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// What stands in a text where a credential was.
pub(super) const REDACTED: &str = "[redacted by enact]";
/// A shorter secret would tear every text apart, and could not be hidden anyway.
const SHORTEST: usize = 6;

/// The texts that never leave.
pub(super) struct Redactor(Vec<SecretString>);

impl Redactor {
    pub(super) fn new(secrets: Vec<SecretString>) -> Self {
        let long = |secret: &SecretString| secret.expose_secret().len() >= SHORTEST;
        Self(secrets.into_iter().filter(long).collect())
    }

    /// The text without secrets.
    pub(super) fn text(&self, text: String) -> String {
        let in_it: Vec<_> = self
            .0
            .iter()
            .map(|secret| secret.expose_secret())
            .filter(|secret| text.contains(secret))
            .collect();
        in_it.into_iter().fold(text, |text, secret| text.replace(secret, REDACTED))
    }

    /// The value with no secret in any of its texts.
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
