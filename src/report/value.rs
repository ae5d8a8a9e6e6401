//! JSON values as people read them: on one line if they fit, otherwise as lines that look like YAML.
//!
//! Everything here is safe to print. Differences between values are in `line`.

use serde_json::Value;

use crate::text::{inline, safe};

/// A string in quotes, as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    inline(&Value::from(text).to_string()).into_owned()
}

/// A key, in quotes only where it would be misread without.
pub(super) fn key(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-:/@*".contains(c);
    if !name.is_empty() && name.chars().all(is_plain) { name.to_owned() } else { quoted(name) }
}

/// A JSON pointer as a path with dots, such as `policy_actions.read.roles`.
pub(super) fn path(pointer: &str) -> String {
    let parts: Vec<_> =
        pointer.split('/').skip(1).map(|part| key(&part.replace("~1", "/").replace("~0", "~"))).collect();
    if parts.is_empty() { "spec".to_owned() } else { parts.join(".") }
}

/// A value that needs no second line: a scalar, or an empty list or object.
pub(super) fn one_line(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) => (!text.contains('\n')).then(|| quoted(text)),
        Value::Array(items) => items.is_empty().then(|| "[]".to_owned()),
        Value::Object(map) => map.is_empty().then(|| "{}".to_owned()),
    }
}

/// Whether every item of a list fits on its line.
pub(super) fn is_plain_list(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(|item| one_line(item).is_some()))
}

/// A value as the lines below its path. Null and an empty object have none.
pub(super) fn block(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Object(map) if map.is_empty() => Vec::new(),
        Value::Array(items) if is_plain_list(value) => items.iter().filter_map(one_line).collect(),
        other => lines(other),
    }
}

fn lines(value: &Value) -> Vec<String> {
    match (one_line(value), value) {
        (Some(line), _) => vec![line],
        (None, Value::String(text)) => text.split('\n').map(|line| safe(line).into_owned()).collect(),
        (None, Value::Array(items)) => items.iter().flat_map(item).collect(),
        (None, other) => {
            other.as_object().into_iter().flatten().flat_map(|(name, value)| entry(name, value)).collect()
        }
    }
}

fn item(value: &Value) -> Vec<String> {
    let mut lines = lines(value);
    if value.is_string() && lines.len() > 1 {
        lines.insert(0, "|".to_owned());
    }
    let marked = |(index, line)| if index == 0 { format!("- {line}") } else { format!("  {line}") };
    lines.into_iter().enumerate().map(marked).collect()
}

fn entry(name: &str, value: &Value) -> Vec<String> {
    let name = key(name);
    match one_line(value) {
        Some(line) => vec![format!("{name}: {line}")],
        None => {
            let head = if value.is_string() { format!("{name}: |") } else { format!("{name}:") };
            std::iter::once(head).chain(lines(value).into_iter().map(|line| format!("  {line}"))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_quotes_only_what_would_be_misread() {
        assert_eq!(path("/policy_actions/read/roles"), "policy_actions.read.roles");
        assert_eq!(path("/statements/a.b~1c~0d/x y"), r#"statements."a.b/c~d"."x y""#);
        assert_eq!(path(""), "spec");
    }

    #[test]
    fn an_object_reads_like_yaml() {
        let value = json!({"a": {}, "b": [{"x": "true", "y": 1}, ["n"], "two\nlines"], "c": "if\n  so\n"});
        let expected = [
            "a: {}",
            "b:",
            "  - x: \"true\"",
            "    y: 1",
            "  - - \"n\"",
            "  - |",
            "    two",
            "    lines",
            "c: |",
            "  if",
            "    so",
            "  ",
        ];
        assert_eq!(block(&value), expected);
    }

    #[test]
    fn nothing_that_drives_a_terminal_comes_through() {
        let hostile = "\u{1b}[2J\u{202e}\n\r\u{9b}";
        let value = json!({hostile: [hostile, {"k": hostile}]});
        let shown = block(&value).join("\n") + &path(&format!("/{hostile}")) + &quoted(hostile);
        assert!(!shown.chars().any(|c| c != '\n' && crate::text::is_deceptive(c)), "{shown}");
    }
}
