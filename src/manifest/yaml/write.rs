//! Values as YAML text, in block and in flow style. What reads as something else without quotes gets some, and what acts
//! on a terminal is escaped. Not here: changing a text that is there, in `edit`.

use serde_json::{Map, Value};

use super::plain::is_other_in_old_yaml;
use crate::text::inert::{self, Inert};
use crate::text::is_deceptive;

/// How a value that is there is written, so that a new one beside it can look the same.
pub trait Style: Copy {
    /// Whether it is in flow style: `[a, b]`, `{a: b}`.
    fn is_flow(self) -> bool;
    /// The quotes around it, if it is a text in quotes.
    fn quote(self) -> Option<Quote>;
    /// The style of a field's value.
    fn field(self, name: &str) -> Option<Self>;
    /// The style of the items.
    fn item(self) -> Option<Self>;
}

/// The quotes around a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `'`
    Single,
    /// `"`
    Double,
}

/// No style to follow: block style, and quotes where they are needed.
#[derive(Clone, Copy, Debug)]
pub enum NoStyle {}

impl Style for NoStyle {
    fn is_flow(self) -> bool {
        match self {}
    }

    fn quote(self) -> Option<Quote> {
        match self {}
    }

    fn field(self, _name: &str) -> Option<Self> {
        match self {}
    }

    fn item(self) -> Option<Self> {
        match self {}
    }
}

/// The fields of a mapping, each on a line of its own after this many blanks.
pub fn block(map: &Map<String, Value>, indent: usize) -> String {
    fields::<NoStyle>(map, indent, None)
}

/// A value in one line, as it can stand inside of brackets.
pub fn one_line(value: &Value) -> String {
    flow::<NoStyle>(value, None)
}

/// The fields of a mapping, each on a line of its own after this many blanks.
pub(super) fn fields<S: Style>(map: &Map<String, Value>, indent: usize, like: Option<S>) -> String {
    let field = |(name, value): (&String, &Value)| {
        let like = like.and_then(|like| like.field(name));
        format!("{}{}:{}", " ".repeat(indent), key(name), after(value, indent, like))
    };
    map.iter().map(field).collect()
}

/// A key of a mapping.
pub(super) fn key(name: &str) -> String {
    scalar(&Value::from(name))
}

/// A value after the `:` of a key that is after this many blanks, with the line's end.
pub(super) fn after<S: Style>(value: &Value, indent: usize, like: Option<S>) -> String {
    if let Some(flow) = flow_like(value, like) {
        return format!(" {flow}\n");
    }
    match value {
        Value::Object(map) if !map.is_empty() => format!("\n{}", fields(map, indent + 2, like)),
        Value::Array(items) if !items.is_empty() => {
            let like = like.and_then(Style::item);
            let pad = " ".repeat(indent + 2);
            let items = items.iter().map(|value| format!("{pad}{}", item(value, indent + 2, like)));
            format!("\n{}", items.collect::<String>())
        }
        Value::String(text) => match literal(text, indent + 2) {
            Some(Literal { chomp, lines }) => format!(" |{chomp}\n{lines}"),
            None => format!(" {}\n", quoted_like(text, like)),
        },
        other => format!(" {}\n", scalar(other)),
    }
}

/// An item from its `-` on, which is after this many blanks, with the line's end. A mapping begins on the same line.
pub(super) fn item<S: Style>(value: &Value, indent: usize, like: Option<S>) -> String {
    match value {
        Value::Object(map) if !map.is_empty() && flow_like(value, like).is_none() => {
            format!("- {}", fields(map, indent + 2, like).trim_start())
        }
        other => format!("-{}", after(other, indent, like)),
    }
}

/// A collection in flow style, if that is how those beside it are written.
fn flow_like<S: Style>(value: &Value, like: Option<S>) -> Option<String> {
    let is_collection = value.is_object() || value.is_array();
    (is_collection && like.is_some_and(Style::is_flow)).then(|| flow(value, like))
}

/// A value in one line, as it can stand inside of brackets.
pub(super) fn flow<S: Style>(value: &Value, like: Option<S>) -> String {
    match value {
        Value::Object(map) => {
            let field = |(name, value): (&String, &Value)| {
                let like = like.and_then(|like| like.field(name));
                format!("{}: {}", inside(key(name)), flow(value, like))
            };
            format!("{{{}}}", map.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let like = like.and_then(Style::item);
            format!("[{}]", items.iter().map(|item| flow(item, like)).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => inside(quoted_like(text, like)),
        other => scalar(other),
    }
}

/// A scalar that brackets and commas would cut short gets quotes.
fn inside(text: String) -> String {
    let is_plain = !text.starts_with(['"', '\'']);
    if is_plain && text.contains([',', '[', ']', '{', '}', ':']) { double(&text) } else { text }
}

/// A text in one line, in the quotes of another if it needs none of its own.
fn quoted_like<S: Style>(text: &str, like: Option<S>) -> String {
    quoted(text, like.and_then(Style::quote))
}

/// A text in one line, in these quotes if they can hold it.
pub(super) fn quoted(text: &str, quote: Option<Quote>) -> String {
    let acts = text.contains(is_deceptive) || *Inert::text(text) != *text || text.contains(['\n', '\t']);
    match quote {
        Some(Quote::Single) if !acts => format!("'{}'", text.replace('\'', "''")),
        None if !text.contains('\n') => scalar(&Value::from(text)),
        _ => double(text),
    }
}

/// A text in double quotes. JSON's quotes and escapes are YAML's.
fn double(text: &str) -> String {
    inert::yaml(text).unwrap_or_else(|| Value::from(text).to_string())
}

/// The lines of a text as a literal block.
pub(super) struct Literal {
    /// What comes after `|`: how the text ends.
    pub(super) chomp: &'static str,
    /// The lines, with their ends.
    pub(super) lines: String,
}

/// A text of several lines as a literal block after this many blanks, if that shows it exactly.
pub(super) fn literal(text: &str, indent: usize) -> Option<Literal> {
    if text.contains('\n') { lines(text, indent) } else { None }
}

/// A text as a literal block after this many blanks, even if it is only one line.
pub(super) fn lines(text: &str, indent: usize) -> Option<Literal> {
    let plain = |c: char| c == '\n' || !is_deceptive(c);
    let body = text.strip_suffix('\n');
    let chomp = if body.is_some() { "" } else { "-" };
    let body = body.unwrap_or(text);
    let is_shown = !body.is_empty()
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && body.chars().all(plain)
        && *Inert::text(body) == *body;
    let pad = " ".repeat(indent);
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") };
    is_shown.then(|| Literal { chomp, lines: body.split('\n').map(line).collect() })
}

/// One scalar or an empty collection in one line; the YAML library knows when quotes are needed for YAML 1.2.
pub fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let spelled = || {
        serde_yaml::to_string(text)
            .map_or_else(|_| value.to_string(), |text| text.trim_end_matches('\n').to_owned())
    };
    let quoted = || is_other_in_old_yaml(text).then(|| format!("'{text}'"));
    inert::yaml(text).or_else(quoted).unwrap_or_else(spelled)
}
