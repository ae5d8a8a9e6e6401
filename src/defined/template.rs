//! Texts with placeholders: `{name}` is a part of the key, `{id}` the server's id, `{settings.org}` a setting; `{{` and `}}`
//! are braces. Not here: which placeholders are allowed where, in `compile::routes`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::request::{Id, KNOWN_AFTER_APPLY, Path, Symbol};
use crate::pointer::child;

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// The id that the server gave.
    Id,
    /// A setting of the target.
    Setting(String),
    /// A part of the key.
    NamePart(String),
}

/// The values for an object and its target.
pub(super) struct Values<'a> {
    pub(super) settings: &'a Value,
    pub(super) id: Option<Id>,
    pub(super) parts: Vec<(&'a str, Id)>,
}

impl Values<'_> {
    fn get(&self, placeholder: &Placeholder) -> Option<Id> {
        match placeholder {
            Placeholder::Id => self.id.clone(),
            Placeholder::NamePart(label) => {
                self.parts.iter().find(|(known, _)| known == label).map(|(_, value)| value.clone())
            }
            Placeholder::Setting(name) => Id::text(&scalar(self.settings.get(name)?)?),
        }
    }
}

/// The text of a scalar, for a path or a name.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

impl Template {
    /// Reads a template, or says what is wrong with it.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(start);
            let doubled = [("{{", "{"), ("}}", "}")].into_iter();
            let literal = doubled.filter_map(|(twice, once)| Some((once, after.strip_prefix(twice)?))).next();
            if let Some((once, after)) = literal {
                pieces.push(Piece::Text(format!("{before}{once}")));
                rest = after;
                continue;
            }
            let inner = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let (label, after) = inner.ok_or("has an unmatched `{` or `}`")?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Placeholder(placeholder(label)));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Self(pieces))
    }

    /// Its placeholders.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Placeholder(placeholder) => Some(placeholder),
        })
    }

    /// Whether both may be one text. What a placeholder may stand for is not looked into.
    fn may_be(&self, other: &Self) -> bool {
        let texts = self.fixed().zip(other.fixed());
        texts.is_none_or(|(one, other)| one.eq_ignore_ascii_case(&other))
    }

    /// The text of a template without placeholders.
    fn fixed(&self) -> Option<String> {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Placeholder(_) => None,
        };
        self.0.iter().map(text).collect()
    }

    /// The text with everything filled in; `None` if a value is not known.
    pub(super) fn fill(&self, values: &Values<'_>) -> Option<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Placeholder(placeholder) => match values.get(placeholder)? {
                Id::Known(id) => Some(id.as_str().to_owned()),
                Id::Later(_) => None,
            },
        };
        self.0.iter().map(piece).collect()
    }

    /// The same as one part of a path, which may be an id that does not exist yet.
    fn segment(&self, path: Path, values: &Values<'_>) -> Option<Path> {
        if let [Piece::Placeholder(placeholder)] = self.0.as_slice() {
            return Some(path.id(&values.get(placeholder)?));
        }
        let text = self.fill(values)?;
        // These segments would lead to another path.
        (!["", ".", ".."].contains(&text.as_str())).then(|| path.text(&text))
    }
}

/// A JSON value whose texts are templates.
#[derive(Clone, Debug)]
pub(super) struct BodyTemplate {
    value: Value,
    /// The texts with placeholders, each with its JSON pointer.
    texts: Vec<(String, Template)>,
}

impl BodyTemplate {
    /// Reads the templates of a value. An error is about the text at the returned JSON pointer.
    pub(super) fn new(value: &Value) -> Result<Self, (String, String)> {
        let mut body = Self { value: value.clone(), texts: Vec::new() };
        body.read("", value)?;
        Ok(body)
    }

    fn read(&mut self, at: &str, value: &Value) -> Result<(), (String, String)> {
        match value {
            Value::String(text) => {
                let wrong = |problem| (at.to_owned(), format!("`{text}` {problem}"));
                self.texts.push((at.to_owned(), Template::new(text).map_err(wrong)?));
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.read(&format!("{at}/{index}"), item)?;
                }
            }
            Value::Object(map) => {
                for (name, value) in map {
                    self.read(&child(at, name), value)?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    /// Its texts, each with its JSON pointer.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.texts.iter().map(|(at, template)| (at.as_str(), template))
    }

    /// Whether a text is made of a part of the key.
    pub(super) fn has_part(&self, label: &str) -> bool {
        let is =
            |placeholder: &Placeholder| matches!(placeholder, Placeholder::NamePart(part) if part == label);
        self.texts.iter().flat_map(|(_, template)| template.placeholders()).any(is)
    }

    /// Whether a text is made of the id.
    pub(super) fn has_id(&self) -> bool {
        self.texts.iter().flat_map(|(_, template)| template.placeholders()).any(|of| *of == Placeholder::Id)
    }

    /// The value, and the places in it of ids that do not exist yet; `None` if a value is not known.
    pub(super) fn fill(&self, values: &Values<'_>) -> Option<(Value, BTreeMap<String, Symbol>)> {
        let (mut filled, mut later) = (self.value.clone(), BTreeMap::new());
        for (at, template) in &self.texts {
            let value = match template.0.as_slice() {
                [Piece::Placeholder(only)] => match values.get(only)? {
                    Id::Known(id) => id.to_json(),
                    Id::Later(symbol) => {
                        later.insert(at.clone(), symbol);
                        Value::from(KNOWN_AFTER_APPLY)
                    }
                },
                _ => Value::from(template.fill(values)?),
            };
            filled.pointer_mut(at).into_iter().for_each(|place| *place = value.clone());
        }
        Some((filled, later))
    }
}

fn placeholder(label: &str) -> Placeholder {
    match (label, label.strip_prefix("settings.")) {
        ("id", _) => Placeholder::Id,
        (_, Some(name)) => Placeholder::Setting(name.to_owned()),
        (label, None) => Placeholder::NamePart(label.to_owned()),
    }
}

/// A path with placeholders, and its query.
#[derive(Clone, Debug)]
pub(super) struct Route {
    segments: Vec<Template>,
    /// Whether it ends with `/`, which to many servers is another path.
    slash: bool,
    query: Vec<(String, Template)>,
}

impl Route {
    /// Reads the template of a path, which begins with `/`, or says what is wrong with it.
    pub(super) fn new(path: &str) -> Result<Self, String> {
        let whole = path.strip_prefix('/').ok_or("does not begin with `/`")?;
        let parts = whole.strip_suffix('/').unwrap_or(whole);
        let segments: Vec<_> = parts.split('/').map(Template::new).collect::<Result<_, _>>()?;
        if parts.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return Err("has an empty part, `.` or `..`".to_owned());
        }
        Ok(Self { segments, slash: parts != whole, query: Vec::new() })
    }

    /// Adds a query parameter.
    pub(super) fn query(&mut self, name: &str, value: Template) {
        self.query.push((name.to_owned(), value));
    }

    /// Its placeholders.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.segments.iter().chain(self.query.iter().map(|(_, value)| value)).flat_map(Template::placeholders)
    }

    /// Whether both may be one path, whatever the values are. Upper and lower case are the same, as they are for some
    /// servers, and so is a `/` at the end.
    fn may_be(&self, other: &Self) -> bool {
        let mut segments = self.segments.iter().zip(&other.segments);
        self.segments.len() == other.segments.len() && segments.all(|(one, other)| one.may_be(other))
    }

    /// Whether a part of the key is in the path or its query.
    pub(super) fn has_part(&self, label: &str) -> bool {
        let is =
            |placeholder: &Placeholder| matches!(placeholder, Placeholder::NamePart(part) if part == label);
        self.placeholders().any(is)
    }

    /// The path; `None` if a value is not known or would lead to another path.
    pub(super) fn fill(&self, values: &Values<'_>) -> Option<Path> {
        let mut path = Path::default();
        for segment in &self.segments {
            path = segment.segment(path, values)?;
        }
        if self.slash {
            path = path.text("");
        }
        for (name, value) in &self.query {
            path = path.query(name, value.fill(values)?);
        }
        Some(path)
    }
}

/// Whether the paths of two templates may be the same; false if one is no path.
pub(super) fn may_be_one_path(one: &str, other: &str) -> bool {
    let routes = Route::new(one).ok().zip(Route::new(other).ok());
    routes.is_some_and(|(one, other)| one.may_be(&other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(template: &str, name: &str) -> Option<String> {
        let settings = json!({"org": "acme", "page": 7});
        let values =
            Values { settings: &settings, id: Id::text("a/b"), parts: vec![("name", Id::text(name)?)] };
        Route::new(template).unwrap().fill(&values).map(|path| path.to_string())
    }

    #[test]
    fn what_is_filled_in_is_percent_encoded_and_stays_in_its_part() {
        assert_eq!(path("/o/{settings.org}/{id}/x-{name}", "é /").unwrap(), "/o/acme/a%2Fb/x-%C3%A9%20%2F");
        assert_eq!(path("/v{settings.page}", "x").unwrap(), "/v7");
        assert_eq!(path("/v/{name}/", "x").unwrap(), "/v/x/");
    }

    #[test]
    fn nothing_that_is_filled_in_leads_to_another_path() {
        for (template, name) in [("/a/{name}", ".."), ("/a/{name}.", "."), ("/a/.{name}", ".")] {
            assert_eq!(path(template, name), None, "{template} {name}");
        }
    }

    #[test]
    fn what_is_not_known_gives_no_path() {
        assert_eq!(path("/a/{settings.other}", "x"), None);
        assert_eq!(path("/a/{vhost}", "x"), None);
    }

    #[test]
    fn doubled_braces_are_braces() {
        let settings = json!({});
        let values = Values { settings: &settings, id: None, parts: vec![("name", Id::text("a").unwrap())] };
        let filled = |text| Template::new(text).unwrap().fill(&values).unwrap();
        assert_eq!(filled(r#"{{"name":"{name}"}}"#), r#"{"name":"a"}"#);
        assert_eq!(filled("{{name}}{name}"), "{name}a");
        assert!(Template::new("{{name}").is_err());
    }

    #[test]
    fn a_template_that_is_none_is_refused() {
        for template in ["a", "/a//b", "/a//", "/a/../b", "/a/../", "/a/{b", "/a/b}", "/", "//"] {
            assert!(Route::new(template).is_err(), "{template}");
        }
    }
}
