//! What the API stores, and how it answers: collections of objects, each with its own habits. The server is in `api`.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use serde_json::{Map, Value, json};

use crate::api::{Reply, Seen};

/// No page holds more, whatever size is asked for.
pub(crate) const PAGE: usize = 10;

/// How the objects of a collection are identified.
#[derive(Clone, Copy)]
pub(crate) enum Ids {
    /// By a text that the server chooses.
    Text,
    /// By a number that the server chooses.
    Number,
    /// By these fields, in the order of the path.
    Key(&'static [&'static str]),
}

/// How a list goes on.
#[derive(Clone, Copy)]
pub(crate) enum Paging {
    Whole,
    Page { first: usize },
    Offset,
    Cursor,
    Marker,
    Link,
}

/// How a collection behaves.
#[derive(Clone)]
pub(crate) struct Habits {
    pub(crate) ids: Ids,
    pub(crate) paging: Paging,
    /// Whether a list is in an envelope that says how many objects there are in all.
    pub(crate) total: bool,
    /// Fields that identify objects; a second object with the same ones is refused.
    pub(crate) unique: &'static [&'static str],
    /// The values of fields that were not given, also in a PUT or POST to an object.
    pub(crate) defaults: Value,
}

/// The collections and what they hold.
pub(crate) struct Store {
    collections: BTreeMap<String, (Habits, Vec<Value>)>,
    last_id: u64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { ids: Ids::Text, paging: Paging::Whole, total: false, unique: &["name"], defaults: json!({}) }
    }
}

impl Habits {
    pub(crate) fn key(fields: &'static [&'static str]) -> Self {
        Self { ids: Ids::Key(fields), unique: fields, ..Self::default() }
    }

    pub(crate) fn numbers() -> Self {
        Self { ids: Ids::Number, ..Self::default() }
    }
}

impl Store {
    pub(crate) fn new(collections: &[(&str, Habits)]) -> Self {
        let empty = |(name, habits): &(&str, Habits)| ((*name).to_owned(), (habits.clone(), Vec::new()));
        Self { collections: collections.iter().map(empty).collect(), last_id: 100 }
    }

    pub(crate) fn objects(&mut self, collection: &str) -> &mut Vec<Value> {
        &mut self.collections.get_mut(collection).unwrap().1
    }

    pub(crate) fn insert(&mut self, collection: &str, mut object: Value) -> Value {
        self.last_id += 1;
        let (habits, objects) = self.collections.get_mut(collection).unwrap();
        let id = match habits.ids {
            Ids::Text => json!(format!("{:08x}-0000-4000-8000-000000000000", self.last_id)),
            Ids::Number => json!(self.last_id),
            Ids::Key(_) => Value::Null,
        };
        if !id.is_null() && object.get("id").is_none() {
            object["id"] = id;
        }
        objects.push(object.clone());
        object
    }

    /// The answer of an API without surprises.
    pub(crate) fn answer(&mut self, seen: &Seen) -> Reply {
        // A collection may be at any depth below the URL of a target.
        let parts = seen.place().split('/').map(decoded);
        let parts: Vec<_> = parts.skip_while(|part| !self.collections.contains_key(part)).collect();
        let Some((collection, address)) = parts.split_first() else { return Reply::new(404, Value::Null) };
        let habits = self.collections[collection].0.clone();
        if address.is_empty() {
            return match seen.method.as_str() {
                "GET" => habits.list(seen, self.objects(collection)),
                "POST" => self.create(collection, habits.complete(&seen.body, &json!({}))),
                _ => Reply::new(405, Value::Null),
            };
        }
        let at = self.objects(collection).iter().position(|object| habits.address(object) == address);
        match (at, seen.method.as_str(), habits.ids) {
            (Some(at), ..) => self.with_object(seen, collection, at),
            (None, "PUT", Ids::Key(fields)) => {
                let key: Map<_, _> =
                    fields.iter().map(|&field| field.to_owned()).zip(texts(address)).collect();
                self.create(collection, habits.complete(&seen.body, &key.into()))
            }
            (None, ..) => Reply::new(404, json!({"message": "there is no such object"})),
        }
    }

    fn create(&mut self, collection: &str, object: Value) -> Reply {
        let unique = self.collections[collection].0.unique;
        let same = |other: &Value| !unique.is_empty() && unique.iter().all(|at| other[at] == object[at]);
        if self.objects(collection).iter().any(same) {
            return Reply::new(409, json!({"message": "there is one already"}));
        }
        Reply::new(201, self.insert(collection, object))
    }

    fn with_object(&mut self, seen: &Seen, collection: &str, at: usize) -> Reply {
        let (habits, objects) = self.collections.get_mut(collection).unwrap();
        if seen.headers.get("if-match").is_some_and(|expected| *expected != etag(&objects[at])) {
            return Reply::new(412, json!({"message": "somebody was faster"}));
        }
        match seen.method.as_str() {
            "GET" => {}
            "PATCH" => objects[at] = laid_over(&objects[at], &seen.body),
            "PUT" | "POST" => objects[at] = habits.complete(&seen.body, &habits.identity(&objects[at])),
            _ => {
                objects.remove(at);
                return Reply::new(204, Value::Null);
            }
        }
        let headers = vec![("etag", etag(&objects[at]))];
        Reply { headers, ..Reply::new(200, objects[at].clone()) }
    }
}

impl Habits {
    fn fields(&self) -> &'static [&'static str] {
        match self.ids {
            Ids::Text | Ids::Number => &["id"],
            Ids::Key(fields) => fields,
        }
    }

    fn address(&self, object: &Value) -> Vec<String> {
        self.fields().iter().map(|&field| text(&object[field])).collect()
    }

    fn identity(&self, object: &Value) -> Value {
        self.fields().iter().map(|&field| (field.to_owned(), object[field].clone())).collect()
    }

    /// Completes an object that was sent.
    fn complete(&self, sent: &Value, identity: &Value) -> Value {
        laid_over(&laid_over(&self.defaults, sent), identity)
    }

    fn list(&self, seen: &Seen, objects: &[Value]) -> Reply {
        let found: Vec<_> = objects.iter().filter(|object| is_looked_for(seen, object)).cloned().collect();
        let number = |name: &str| seen.query(name).and_then(|value| value.parse::<usize>().ok());
        let size = number("limit").unwrap_or(PAGE).min(PAGE);
        let after =
            |marker: String| found.iter().position(|object| self.address(object) == [marker.as_str()]);
        let start = match self.paging {
            Paging::Whole => 0,
            Paging::Page { first } => number("page").unwrap_or(first).saturating_sub(first) * size,
            Paging::Link => number("page").unwrap_or(0) * size,
            Paging::Offset => number("offset").unwrap_or(0),
            Paging::Cursor => seen.query("cursor").map_or(0, |token| index(&token)),
            Paging::Marker => seen.query("after").and_then(after).map_or(0, |at| at + 1),
        };
        let end = if matches!(self.paging, Paging::Whole) { found.len() } else { start + size };
        let items: Vec<_> = found.iter().take(end).skip(start).cloned().collect();
        let more = end < found.len();
        let mut reply = Reply::new(200, Value::from(items));
        if self.total || matches!(self.paging, Paging::Cursor) {
            reply.body = json!({"data": {"items": reply.body}, "total": found.len()});
        }
        match self.paging {
            Paging::Cursor if more => reply.body["next"] = json!(token(end)),
            Paging::Link if more => {
                let next = format!("<{}?limit={size}&page={}>; rel=\"next\"", seen.place(), end / size);
                reply.headers.push(("link", next));
            }
            _ => {}
        }
        reply
    }
}

/// Any query parameter that is named like a field searches it, as loosely as a search box.
fn is_looked_for(seen: &Seen, object: &Value) -> bool {
    let fields = object.as_object().unwrap().iter();
    fields.filter_map(|(name, value)| Some(text(value).contains(&seen.query(name)?))).all(|found| found)
}

fn laid_over(below: &Value, above: &Value) -> Value {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    fields(below).into_iter().chain(fields(above)).collect()
}

fn etag(object: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    object.to_string().hash(&mut hasher);
    format!("\"{:x}\"", hasher.finish())
}

/// A token that has to be encoded in a query.
fn token(index: usize) -> String {
    format!("a+b/c&d={index}")
}

fn index(token: &str) -> usize {
    token.strip_prefix("a+b/c&d=").unwrap_or(token).parse().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(parts: &[String]) -> impl Iterator<Item = Value> {
    parts.iter().map(|part| Value::from(part.as_str()))
}

fn decoded(part: &str) -> String {
    // The URL crate decodes queries, where `+` and `&` mean something else.
    let pair = format!("x={}", part.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}
