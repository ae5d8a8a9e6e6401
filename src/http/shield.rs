//! What a server wrote, secrets and all. A server may echo a credential anywhere: in a header, a link, a body, or the
//! words of an error. So these types have no way out but through a [`Redactor`], and no call site can forget it.

use std::fmt;

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::measure::measure;
use super::redact::Redactor;
use crate::model::spent::{Exceeded, ListLimits, Spent};

/// Something that came over the wire, which nobody sees before its secrets are removed.
#[derive(Clone, Default)]
pub struct Shielded<T>(T);

impl<T> From<T> for Shielded<T> {
    fn from(raw: T) -> Self {
        Self(raw)
    }
}

impl<T> fmt::Debug for Shielded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(shielded)")
    }
}

impl<T> Shielded<T> {
    /// A part of it, still shielded. What must be found whatever it holds, such as a link, is found in the raw value.
    pub(super) fn part<U>(&self, of: impl FnOnce(&T) -> U) -> Shielded<U> {
        Shielded(of(&self.0))
    }
}

impl Shielded<Option<String>> {
    /// The text without secrets, if there is one.
    pub(super) fn text(self, redactor: &Redactor) -> Option<String> {
        self.0.map(|text| redactor.text(text))
    }
}

impl Shielded<String> {
    /// The text without secrets.
    pub(super) fn text(self, redactor: &Redactor) -> String {
        redactor.text(self.0)
    }
}

impl Shielded<HeaderMap> {
    /// The headers without secrets, as far as they are text.
    pub(super) fn clean(&self, redactor: &Redactor) -> HeaderMap {
        let mut clean = HeaderMap::new();
        for (name, value) in &self.0 {
            let text = value.to_str().map(|text| redactor.text(text.to_owned()));
            if let Some(value) = text.ok().and_then(|text| HeaderValue::from_str(&text).ok()) {
                clean.append(name, value);
            }
        }
        clean
    }
}

impl Shielded<Vec<u8>> {
    /// The JSON of a body without secrets, and what of it adds up: its text, as it is kept. Its tree is only held while
    /// the answer is read, and is measured by itself. `None` if it is no JSON.
    pub(super) fn json(
        &self,
        redactor: &Redactor,
        limits: &ListLimits,
    ) -> Result<Option<(Value, Spent)>, Exceeded> {
        let Some(spent) = measure(&self.0, limits)? else { return Ok(None) };
        let Ok(mut value) = serde_json::from_slice::<Value>(&self.0) else { return Ok(None) };
        // The order of a server's fields means nothing, and must not reach a plan.
        value.sort_all_objects();
        Ok(Some((redactor.value(value), Spent { bytes: self.0.len(), ..spent })))
    }

    /// The body as text without secrets.
    pub(super) fn text(&self, redactor: &Redactor) -> String {
        redactor.text(String::from_utf8_lossy(&self.0).into_owned())
    }
}
