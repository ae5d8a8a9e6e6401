//! The paths of an OpenAPI document: which hold objects, and which are one of them. Not here: what the objects are.

use serde_json::{Map, Value};

use super::document::{Document, is_plain};

/// How many paths of a document are looked at.
const MOST: usize = 5_000;

/// A path that lists objects, and the path of each of them.
pub(super) struct Collection<'a> {
    /// As the document has it.
    pub(super) path: &'a str,
    /// Its parts; one in braces is a parameter.
    pub(super) parts: Vec<&'a str>,
    pub(super) list: &'a Map<String, Value>,
    pub(super) one: Option<One<'a>>,
}

/// The path of one object.
#[derive(Clone, Copy)]
pub(super) struct One<'a> {
    /// As the document has it.
    pub(super) path: &'a str,
    /// The parameter that says which object.
    pub(super) parameter: &'a str,
    /// What can be done to it.
    pub(super) item: &'a Map<String, Value>,
}

impl Collection<'_> {
    /// Whether it looks like one of objects that somebody writes, and not of the state of a server.
    pub(super) fn is_written(&self) -> bool {
        self.one.is_some() || self.list.contains_key("post")
    }

    /// The parameters in its path.
    pub(super) fn parameters(&self) -> Vec<&str> {
        self.parts.iter().filter_map(|part| parameter(part)).collect()
    }
}

/// The collections of a document, those of the shortest paths first.
pub(super) fn collections<'a>(document: &Document<'a>) -> Vec<Collection<'a>> {
    let paths = document.at("/paths").and_then(Value::as_object).into_iter().flatten().take(MOST);
    let split = |(path, item): (&'a String, &'a Value)| {
        let (parts, item) = (parts(path)?, document.resolved(item).as_object()?);
        Some((path.as_str(), parts, item))
    };
    let mut paths: Vec<_> = paths.filter_map(split).collect();
    paths.sort_by_key(|(path, parts, _)| (parts.len(), *path));
    let mut found: Vec<Collection<'a>> = Vec::new();
    for (path, parts, item) in paths {
        let (last, above) = parts.split_last().unwrap_or((&"", &[]));
        if let Some(of) = parameter(last) {
            let known = found.iter_mut().find(|known| known.parts == above && known.one.is_none());
            known.into_iter().for_each(|known| known.one = Some(One { path, parameter: of, item }));
        } else if item.contains_key("get") && !found.iter().any(|known| known.parts == parts) {
            found.push(Collection { path, parts, list: item, one: None });
        }
    }
    found
}

/// What a path ends with: many APIs have a `/` there.
pub(super) fn end(path: &str) -> &'static str {
    if path.ends_with('/') { "/" } else { "" }
}

/// How many paths of a document are not looked at: with names that no definition can have, or too many.
pub(super) fn passed_over(document: &Document<'_>) -> usize {
    let paths = document.at("/paths").and_then(Value::as_object);
    let read = paths.into_iter().flatten().take(MOST).filter(|(path, _)| parts(path).is_some()).count();
    paths.map_or(0, |paths| paths.len()) - read
}

/// The parts of a path, if each is a plain text or one parameter.
fn parts(path: &str) -> Option<Vec<&str>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_part = |part: &str| is_plain(parameter(part).unwrap_or(part)) && ![".", ".."].contains(&part);
    let parts: Vec<_> = path.split('/').collect();
    parts.iter().all(|part| is_part(part)).then_some(parts)
}

/// The name of a parameter, if a part of a path is one.
pub(super) fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}
