//! Documents inside texts: APIs that take and show a policy as one text of JSON or HCL.
//!
//! HCL here is that of HashiCorp Vault, which is version 1, without heredocs and `${}`; JSON is a part of it. The
//! libraries for Rust read version 2, where the same text may say something else, and they call themselves as often as a
//! hostile text likes. Whatever is not plain is refused: what is read in another way than by the API would be worse.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// How deep objects and lists may be.
const DEEP: usize = 60;

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Language {
    /// JSON.
    Json,
    /// HCL 1, or JSON. It is written as JSON.
    Hcl,
}

/// The value that a text holds; or why it cannot be read, as the end of a sentence.
pub(super) fn read(language: Language, text: &str) -> Result<Value, String> {
    let is_json = language == Language::Json || text.trim_start().starts_with('{');
    let language = if is_json { Language::Json } else { language };
    let mut reader = Reader { language, text, at: 0, depth: 0 };
    if !is_json {
        return reader.fields(None).map(Value::Object);
    }
    // What this knows and the reader does not are the commas; what the reader knows are names that are there twice.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        format!("no JSON at line {}, column {} of the text", error.line(), error.column())
    })?;
    reader.value()
}

/// The text of a value, for people to read where the API shows it.
pub(super) fn write(value: &Value) -> String {
    format!("{value:#}")
}

struct Reader<'t> {
    language: Language,
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += if is_there { wanted.len_utf8() } else { 0 };
        is_there
    }

    fn wrong(&self, what: &str) -> String {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{what} at line {line}, column {column} of the text")
    }

    /// Goes past white space and comments.
    fn skip(&mut self) -> Result<(), String> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - trimmed.len();
            let is_line = trimmed.starts_with('#') || trimmed.starts_with("//");
            if self.language == Language::Json || !(is_line || trimmed.starts_with("/*")) {
                return Ok(());
            }
            let end = if is_line { trimmed.find('\n') } else { trimmed.find("*/").map(|end| end + 2) };
            self.at += match end {
                Some(end) => end,
                None if is_line => trimmed.len(),
                None => return Err(self.wrong("a comment without an end")),
            };
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        self.skip()?;
        self.depth += 1;
        if self.depth > DEEP {
            return Err(self.wrong("more than 60 levels"));
        }
        let value = match self.peek() {
            Some('{') => {
                self.take('{');
                Value::Object(self.fields(Some('}'))?)
            }
            Some('[') => {
                self.take('[');
                Value::Array(self.items()?)
            }
            Some('"') => Value::String(self.quoted()?),
            _ => self.plain()?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn items(&mut self) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        loop {
            self.skip()?;
            if self.take(']') {
                return Ok(items);
            }
            items.push(self.value()?);
            self.skip()?;
            if !self.take(',') && self.peek() != Some(']') {
                return Err(self.wrong("no `,` and no `]`"));
            }
        }
    }

    /// The fields up to the end.
    fn fields(&mut self, end: Option<char>) -> Result<Map<String, Value>, String> {
        let mut fields = Map::new();
        loop {
            self.skip()?;
            if end.is_some_and(|end| self.take(end)) || end.is_none() && self.peek().is_none() {
                return Ok(fields);
            }
            self.field(&mut fields)?;
            self.skip()?;
            self.take(',');
        }
    }

    /// A field, or in HCL a block, whose labels are the names of objects in objects.
    fn field(&mut self, fields: &mut Map<String, Value>) -> Result<(), String> {
        let mut fields = fields;
        let mut name = self.name()?;
        loop {
            self.skip()?;
            let is_value = self.take(':') || self.language == Language::Hcl && self.take('=');
            if is_value || self.language == Language::Hcl && self.peek() == Some('{') {
                if fields.contains_key(&name) {
                    return Err(self.wrong("a second value of the same name"));
                }
                let value = self.value()?;
                fields.insert(name, value);
                return Ok(());
            }
            let label = self.name()?;
            let inner = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else {
                return Err(self.wrong("a second value of the same name"));
            };
            (fields, name) = (inner, label);
        }
    }

    fn name(&mut self) -> Result<String, String> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let is_in = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let rest = self.rest();
        let name = rest.split(|c| !is_in(c)).next().unwrap_or_default();
        if self.language == Language::Json || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(self.wrong("no name where there should be one"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    /// A text in quotes, which has the escapes that JSON has.
    fn quoted(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let mut is_escaped = false;
        let is_end = |&(at, c): &(usize, char)| {
            let ends = at > 0 && c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        };
        let end = rest.char_indices().find(is_end);
        let text = end.and_then(|(end, _)| rest.get(..=end)).unwrap_or_default();
        let is_plain = self.language == Language::Json || !text.contains("${");
        match serde_json::from_str(text) {
            Ok(value) if is_plain => {
                self.at += text.len();
                Ok(value)
            }
            _ => Err(self.wrong("a text that enact does not read")),
        }
    }

    /// A number, a truth, or null.
    fn plain(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        let is_in = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let word = rest.split(|c| !is_in(c)).next().unwrap_or_default();
        let value = serde_json::from_str(word).map_err(|_| self.wrong("a value that enact does not read"))?;
        self.at += word.len();
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn hcl_and_json_of_the_same_policy_are_one_document() {
        let hcl = r#"
            # Reads the secrets of deployments.
            path "secret/data/deploy/*" { capabilities = ["read", "list",] /* a comment */ }
            path "auth/token/renew-self" {
              capabilities = ["update"] // and no more
              "min_wrapping_ttl" = 60
            }
            name = "ci""#;
        let json = json!({"name": "ci", "path": {
            "secret/data/deploy/*": {"capabilities": ["read", "list"]},
            "auth/token/renew-self": {"capabilities": ["update"], "min_wrapping_ttl": 60},
        }});
        assert_eq!(read(Language::Hcl, hcl), Ok(json.clone()));
        assert_eq!(read(Language::Hcl, &write(&json)), Ok(json.clone()));
        assert_eq!(read(Language::Json, &write(&json)), Ok(json));
        assert_eq!(read(Language::Hcl, " # nothing\n"), Ok(json!({})));
    }

    /// Whatever could be read in two ways is not read.
    #[test]
    fn sound_meaning_a_text_that_is_not_plain_is_refused_with_its_place() {
        let refused = |language, text: &str| read(language, text).unwrap_err();
        for text in [
            "path \"a\" { }\npath \"a\" { }",
            "{\"a\": 1, \"a\": 2}",
            "a = 1\na \"b\" { }",
            "a = \"${b}\"",
            "a = <<EOT\nx\nEOT",
            "a = b",
            "a = 1 + 2",
            "a {",
            "a = [1 2]",
            "a = \"b",
            "a = \"\\x41\"",
            "/* a",
            "a = 01",
            "} a",
        ] {
            assert!(refused(Language::Hcl, text).contains(" at line "), "{text}");
        }
        for text in ["a = 1", "{a: 1}", "{\"a\" = 1}", "# a\n{}", "", "{} {}"] {
            assert!(refused(Language::Json, text).contains(" at line "), "{text}");
        }
        assert_eq!(
            refused(Language::Hcl, "a = 1\nb = c"),
            "a value that enact does not read at line 2, column 5 of the text"
        );
        for deep in [format!("a = {}", "[".repeat(100_000)), "a {".repeat(100_000)] {
            assert!(refused(Language::Hcl, &deep).starts_with("more than 60 levels"));
        }
        assert!(refused(Language::Json, &"[".repeat(100_000)).starts_with("no JSON"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[\\PC\n\"\\\\{}\\[\\]=:,#/*a1-]{0,60}") {
            for language in [Language::Json, Language::Hcl] {
                if let Ok(value) = read(language, &text) {
                    prop_assert_eq!(read(language, &write(&value)), Ok(value));
                }
            }
        }

        #[test]
        fn json_is_read_as_every_reader_of_json_does(text in "[ \"a:1{}\\[\\],.e-]{0,12}") {
            let theirs = serde_json::from_str::<Value>(&text).ok();
            let ours = read(Language::Json, &text).ok();
            prop_assert!(ours.is_none() || theirs.is_some(), "{}", text);
            prop_assert!(ours.is_none() || ours == theirs);
        }
    }
}
