//! What an API says went wrong, in its own words. APIs have many shapes for this, so what is looked for are the names
//! that they give to a text, to the field that it is about, and to what has more of them. Pure.

use serde_json::{Map, Value};

/// The names of a text for people, the best first.
const TEXTS: &[&str] = &[
    "message",
    "Message",
    "msg",
    "error_description",
    "errorSummary",
    "errorMessage",
    "error_message",
    "detail",
    "description",
    "reason",
    "title",
    "Title",
    "error",
    "faultstring",
];
/// The names of what may hold more texts, or objects with them.
const NESTED: &[&str] = &[
    "error",
    "Error",
    "errors",
    "Errors",
    "message",
    "detail",
    "details",
    "errorCauses",
    "causes",
    "fieldViolations",
    "invalid-params",
    "invalidParams",
    "innererror",
    "error_chain",
    "errorMessages",
    "violations",
    "issues",
    "messages",
    "response_metadata",
    "fault",
    "_errors",
];
/// The names of a word for programs, which people can look up.
const CODES: &[&str] =
    &["code", "Code", "errorCode", "error_code", "__type", "scimType", "key", "error", "reason", "status"];
/// The names of the field that a text is about.
const FIELDS: &[&str] = &[
    "loc",
    "pointer",
    "field",
    "fieldPath",
    "param",
    "parameter",
    "property",
    "propertyPath",
    "instancePath",
    "target",
    "attribute",
    "fields",
];
/// What APIs write instead of a field if the whole object is meant.
const WHOLE: &[&str] = &["non_field_errors", "_errors", "base", "__all__"];
/// An API that says more than this does not help.
const MOST: usize = 8;
const DEEPEST: usize = 6;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The field that it is about, as the API writes the steps to it; empty for none.
    pub(super) field: Vec<String>,
    /// In words.
    pub(super) text: String,
}

/// What the JSON of an error says; empty if no shape fits.
pub(super) fn problems(body: &Value) -> Vec<Problem> {
    let mut all = Vec::new();
    collect(body, &[], 0, &mut all);
    if let (true, Value::Object(map)) = (all.is_empty(), body)
        && !map.is_empty()
        && map.values().all(|value| value.is_array() || value.is_object())
    {
        by_field(map, &[], 0, &mut all);
    }
    all
}

/// The field as people write it, such as `rules.0.name`.
pub(super) fn dotted(field: &[String]) -> String {
    field.join(".")
}

fn collect(value: &Value, about: &[String], depth: usize, all: &mut Vec<Problem>) {
    match value {
        _ if depth > DEEPEST || all.len() >= MOST => {}
        Value::String(text) => add(text.clone(), about.to_vec(), all),
        Value::Array(items) => items.iter().for_each(|item| collect(item, about, depth + 1, all)),
        Value::Object(map) => object(map, about, depth, all),
        _ => {}
    }
}

fn object(map: &Map<String, Value>, about: &[String], depth: usize, all: &mut Vec<Problem>) {
    let field = field(map);
    let about = if field.is_empty() { about } else { field.as_slice() };
    if let Some(text) = text(map) {
        add(text, about.to_vec(), all);
    }
    for (name, value) in NESTED.iter().filter_map(|name| Some((*name, map.get(*name)?))) {
        match value {
            Value::Object(inner) if is_by_field(name, inner) => by_field(inner, about, depth + 1, all),
            Value::Object(_) | Value::Array(_) => collect(value, about, depth + 1, all),
            _ => {}
        }
    }
}

/// The text of one problem with its code; the code alone if it has no other text.
fn text(map: &Map<String, Value>) -> Option<String> {
    let texts = || TEXTS.iter().filter_map(|name| Some((*name, words(map.get(*name)?)?)));
    // In a map of its own, as OData has it: `{"lang": "en", "value": "..."}`.
    let odata = || words(map.get("message")?.get("value")?);
    let code = CODES.iter().find_map(|name| code(map.get(*name)?));
    let Some((name, mut text)) = texts().next().or_else(|| Some(("message", odata()?))) else {
        let kind = || map.get("type").and_then(code_of_type);
        // A status alone is known already.
        let bare = code.filter(|code| code.contains(char::is_alphabetic)).or_else(kind);
        return bare.filter(|_| map.len() > 1 || !map.contains_key("status"));
    };
    if name == "detail"
        && let Some(title) = map.get("title").and_then(words).filter(|title| !text.contains(title.as_str()))
    {
        text = format!("{title}: {text}");
    }
    Some(match code.filter(|code| adds_to(code, &text)) {
        Some(code) => format!("{text} ({code})"),
        None => text,
    })
}

fn words(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A code is short and has no blanks; AWS puts a namespace before it.
fn code(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.rsplit('#').next().unwrap_or_default().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_status = text.parse().is_ok_and(|status: u16| (100..600).contains(&status));
    (!text.is_empty() && text.len() <= 60 && !text.contains(char::is_whitespace) && !is_status)
        .then_some(text)
}

/// A type says something unless it is a URL, as in RFC 9457.
fn code_of_type(value: &Value) -> Option<String> {
    code(value).filter(|text| !text.contains(':'))
}

/// Whether a code is more than the words again.
fn adds_to(code: &str, text: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    !plain(text).contains(&plain(code)) && !matches!(plain(code).as_str(), "failure" | "fail" | "error")
}

fn field(map: &Map<String, Value>) -> Vec<String> {
    let source = map.get("source").and_then(Value::as_object);
    let own = FIELDS.iter().find_map(|name| map.get(*name).map(steps).filter(|field| !field.is_empty()));
    let source = source.and_then(|source| Some(steps(source.get("pointer").or(source.get("parameter"))?)));
    // `name` and `path` mean a field only beside the text of a check.
    let named = || map.get("name").filter(|_| map.contains_key("reason")).map(steps);
    let path = || map.get("path").filter(|path| path.is_array() && !map.contains_key("locations")).map(steps);
    own.or(source).or_else(named).or_else(path).unwrap_or_default()
}

/// The steps to a field, however they are written: `["body", "rules", 0]`, `/rules/0`, `rules[0].name`.
fn steps(value: &Value) -> Vec<String> {
    let texts: Vec<String> = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(step).collect(),
        _ => Vec::new(),
    };
    let split = |text: &String| {
        let parts = text.split(['/', '.', '[', ']', '#']).map(|part| part.trim_matches(['\'', '"', '$']));
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    texts.iter().flat_map(split).collect()
}

fn step(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // Zod and GraphQL servers write the steps as objects.
        Value::Object(map) => map.get("key").or(map.get("name")).and_then(step),
        _ => None,
    }
}

/// Whether the keys of the object below this name are fields, and not the names of this file. Below `errors` a text
/// will do for a field; elsewhere it may be anything, such as the name of what was not found.
fn is_by_field(name: &str, map: &Map<String, Value>) -> bool {
    let of_errors = matches!(name, "errors" | "Errors");
    let named = |names: &[&str]| names.iter().any(|name| map.contains_key(*name));
    let known = if of_errors { named(&["message", "code"]) } else { text(map).is_some() || named(NESTED) };
    !known
        && map.values().all(|value| value.is_array() || value.is_object() || of_errors && value.is_string())
}

/// `{"name": ["is too long"]}`, also nested.
fn by_field(map: &Map<String, Value>, about: &[String], depth: usize, all: &mut Vec<Problem>) {
    for (name, value) in map {
        let own = Some(name.clone()).filter(|name| !WHOLE.contains(&name.as_str()));
        let about: Vec<_> = about.iter().cloned().chain(own).collect();
        match value {
            Value::Object(inner) if depth < DEEPEST && is_by_field(name, inner) => {
                by_field(inner, &about, depth + 1, all);
            }
            value => collect(value, &about, depth + 1, all),
        }
    }
}

fn add(text: String, field: Vec<String>, all: &mut Vec<Problem>) {
    let text = one_line(&text);
    if !text.is_empty()
        && !all.iter().any(|known| known.text == text && (field.is_empty() || known.field == field))
    {
        all.push(Problem { field, text });
    }
}

/// The same on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What an answer that is no JSON says: the title of a web page, the message of XML, or how it starts.
pub(super) fn of_text(text: &str) -> String {
    if is_html(text) {
        let title = element(text, "title").or_else(|| element(text, "h1")).unwrap_or_default();
        return if title.is_empty() { "a web page".to_owned() } else { format!("a web page, `{title}`") };
    }
    let is_xml = text.trim_start().starts_with('<');
    match element(text, "message").filter(|text| is_xml && !text.is_empty()) {
        Some(message) => match element(text, "code").filter(|code| adds_to(code, &message)) {
            Some(code) => format!("{message} ({code})"),
            None => message,
        },
        None => one_line(text),
    }
}

/// Whether a text is a web page.
pub(super) fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(1000).collect::<String>().to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with('<') && start.contains("<html")
}

/// The text of the first element of this name.
fn element(text: &str, name: &str) -> Option<String> {
    // Only the case of ASCII changes, so places in both are the same.
    let lower = text.to_ascii_lowercase();
    let tag = lower.find(&format!("<{name}>")).or_else(|| lower.find(&format!("<{name} ")))?;
    let start = tag + lower.get(tag..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find('<')?;
    text.get(start..end).map(one_line)
}

#[cfg(test)]
mod tests;
