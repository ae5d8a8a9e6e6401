//! Requests as data, with ids that may not exist yet. Not here: who may send them, in `wire`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::model::answer::{AnswerPlace, Sign};
use crate::model::resource::{RemoteId, ResourceId};

/// What a shown request has in place of an id that a create will reveal.
pub const KNOWN_AFTER_APPLY: &str = "(known after apply)";

/// An id that does not exist until its create is answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// The resource that the id belongs to.
    pub resource: ResourceId,
    /// Which object inside the resource, if it has several; `None` is the resource itself.
    pub part: Option<usize>,
}

impl Symbol {
    /// The id of the resource itself.
    pub fn of(resource: &ResourceId) -> Self {
        Self { resource: resource.clone(), part: None }
    }

    /// The id of the `part`-th object inside the resource.
    pub fn part(resource: &ResourceId, part: usize) -> Self {
        Self { resource: resource.clone(), part: Some(part) }
    }
}

/// An id that is known, or that a create in the same run reveals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// The API gave it.
    Known(RemoteId),
    /// A create will.
    Later(Symbol),
}

impl Id {
    /// An id that is text, such as a name; `None` if it cannot be a path segment.
    pub fn text(text: &str) -> Option<Self> {
        RemoteId::new(text).map(Self::Known)
    }

    /// The id as it is shown in a plan.
    pub fn shown(&self) -> &str {
        match self {
            Self::Known(id) => id.as_str(),
            Self::Later(_) => KNOWN_AFTER_APPLY,
        }
    }
}

/// One part of a path between slashes; percent-encoded when written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Text(String),
    Id(Id),
}

/// A path below the target's URL, with its query. A segment cannot lead to another path.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Path {
    segments: Vec<Segment>,
    query: Vec<(String, String)>,
}

impl Path {
    /// A fixed path such as `api/permissions/roles`, from our own code.
    pub fn fixed(path: &str) -> Self {
        Self {
            segments: path.split('/').map(|part| Segment::Text(part.to_owned())).collect(),
            query: Vec::new(),
        }
    }

    /// Adds one fixed segment.
    #[must_use]
    pub fn text(mut self, segment: &str) -> Self {
        self.segments.push(Segment::Text(segment.to_owned()));
        self
    }

    /// Adds an id as one segment.
    #[must_use]
    pub fn id(mut self, id: &Id) -> Self {
        self.segments.push(Segment::Id(id.clone()));
        self
    }

    /// Adds an id that is known.
    #[must_use]
    pub fn known(self, id: &RemoteId) -> Self {
        self.id(&Id::Known(id.clone()))
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// This path with the query of a server's link, if the link leads to this path. Nothing else of the link is used,
    /// so a server cannot send enact elsewhere.
    pub fn followed(&self, link: &str) -> Option<Self> {
        if url::Url::parse(link).is_ok() {
            // The link names an origin, so it is another one.
            return None;
        }
        // Only for parsing the link: no request ever goes there.
        let base = url::Url::parse("http://link.invalid").ok()?;
        let here =
            base.join(&Self { segments: self.segments.clone(), query: Vec::new() }.to_string()).ok()?;
        let there = here.join(link).ok()?;
        if there.host_str() != base.host_str() || there.path() != here.path() {
            return None;
        }
        let query =
            there.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Some(Self { segments: self.segments.clone(), query })
    }

    /// A path with its query as URLs have it, from its first `/`; `None` if it is not one of texts.
    pub fn written(path: &str) -> Option<Self> {
        // Only for parsing it: no request ever goes there.
        let url = url::Url::parse(&format!("http://link.invalid{path}")).ok()?;
        let text = |part: &str| percent_decode_str(part).decode_utf8().ok().map(|text| text.into_owned());
        let segments = url.path_segments()?.map(|part| Some(Segment::Text(text(part)?)));
        let query = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
        Some(Self { segments: segments.collect::<Option<_>>()?, query: query.collect() })
    }

    /// Whether it is the same but for its query.
    pub fn is_at(&self, other: &Self) -> bool {
        let place = |path: &Self| Self { segments: path.segments.clone(), query: Vec::new() }.to_string();
        place(self) == place(other)
    }

    /// The path with those ids filled in that are known.
    fn fill(&self, ids: &BTreeMap<Symbol, RemoteId>) -> Self {
        let fill = |segment: &Segment| match segment {
            Segment::Id(Id::Later(symbol)) => {
                Segment::Id(ids.get(symbol).cloned().map_or_else(|| Id::Later(symbol.clone()), Id::Known))
            }
            known => known.clone(),
        };
        Self { segments: self.segments.iter().map(fill).collect(), query: self.query.clone() }
    }

    /// The first id that is not known yet.
    fn unknown(&self) -> Option<&Symbol> {
        self.segments.iter().find_map(|segment| match segment {
            Segment::Id(Id::Later(symbol)) => Some(symbol),
            Segment::Id(Id::Known(_)) | Segment::Text(_) => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => write!(f, "/{}", encode(text))?,
                Segment::Id(Id::Known(id)) => write!(f, "/{}", encode(id.as_str()))?,
                Segment::Id(Id::Later(_)) => write!(f, "/{KNOWN_AFTER_APPLY}")?,
            }
        }
        for (index, (name, value)) in self.query.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            write!(f, "{mark}{}={}", encode(name), encode(value))?;
        }
        Ok(())
    }
}

/// Percent-encodes everything except the unreserved characters of RFC 3986 and `:`, which compiuta's `members:add`
/// needs.
fn encode(text: &str) -> String {
    use fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                out.push(char::from(byte))
            }
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
        out
    })
}

/// The writing methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Creates, or acts on a sub-resource.
    Post,
    /// Replaces the whole object.
    Put,
    /// Changes the fields that are sent.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What it means to send a request twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeatability {
    /// It changes nothing.
    Read,
    /// It says what the object should be, as PUT and merge PATCH do: twice is the same as once.
    Absolute,
    /// A create with a key: the server answers a repeat with the first answer, even if that was a failure.
    Keyed,
    /// A create that cannot make a second object: the server refuses a name that exists, or the client chooses the id.
    Named,
    /// A create that makes another object each time.
    Blind,
    /// A delete.
    Delete,
}

/// What a write replaces of the live object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// All of it: what the body leaves out goes.
    Object,
    /// Each top-level field of the body, as a whole; other fields stay.
    Fields,
    /// What the body has, at every depth; null takes a field away (RFC 7396).
    Differences,
    /// None of its fields: it creates or deletes, or is about a part that has its own path.
    Nothing,
}

/// A value that is sent but never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Hidden {
    /// A secret of the target, by its name in `enact.yaml`.
    Secret(String),
    /// A live value that has to be sent back, such as the hash of a password.
    Live(Value),
}

impl Hidden {
    /// What a shown request has instead.
    pub fn shown(&self) -> Value {
        match self {
            Self::Secret(name) => Value::from(format!("(secret {name})")),
            Self::Live(_) => Value::from("(kept, not shown)"),
        }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.shown())
    }
}

/// One write, complete except for the ids that earlier writes of the run reveal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Where to.
    pub path: Path,
    /// The JSON body, if it has one.
    pub body: Option<Value>,
    /// What the body replaces of the live object.
    pub replaces: Replaces,
    /// Where in the body the object is, as a JSON pointer.
    pub within: String,
    /// Places in the body (JSON pointers) that get the id of a symbol.
    pub fills: BTreeMap<String, Symbol>,
    /// Places in the body (JSON pointers) of values that no output may show; only the [`Writer`] fills them in.
    pub hidden: BTreeMap<String, Hidden>,
    /// What it means to send it twice.
    pub repeatability: Repeatability,
    /// The id that the answer reveals: whose, and where in the answer (a JSON pointer).
    pub reveals: Option<(Symbol, String)>,
    /// The statuses that mean success; empty if every 2xx does.
    pub success: Vec<u16>,
    /// The header for a key: the API answers a repeat with the same key, and does not execute it again.
    pub idempotency_header: Option<String>,
    /// Whether to send `If-Match` (RFC 9110, 13.1.1), so that it is only done if the object is still as it was read.
    pub if_match: bool,
    /// How to wait for it, if it is answered with 202 and done later.
    pub wait: Option<Wait>,
}

/// How to wait for a write that goes on after its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Where the answer says where to ask.
    pub at: AnswerPlace,
    /// What is there once it is done.
    pub until: Sign,
    /// What is there once it never will be.
    pub failed: Vec<Sign>,
    /// For how long to ask at most.
    pub most: Duration,
}

impl Request {
    /// Starts a request without a body.
    pub fn new(method: Method, path: Path) -> Self {
        Self {
            method,
            path,
            body: None,
            replaces: match method {
                Method::Put => Replaces::Object,
                Method::Patch => Replaces::Fields,
                Method::Post | Method::Delete => Replaces::Nothing,
            },
            within: String::new(),
            fills: BTreeMap::new(),
            hidden: BTreeMap::new(),
            repeatability: match method {
                Method::Post => Repeatability::Blind,
                Method::Put | Method::Patch => Repeatability::Absolute,
                Method::Delete => Repeatability::Delete,
            },
            reveals: None,
            success: Vec::new(),
            idempotency_header: None,
            if_match: false,
            wait: None,
        }
    }

    /// Adds the JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets what it means to send it twice, if the method alone does not say.
    #[must_use]
    pub fn repeatability(mut self, repeatability: Repeatability) -> Self {
        self.repeatability = repeatability;
        self
    }

    /// Whether it writes the same as `other`.
    pub fn is_same_write(&self, other: &Self) -> bool {
        let Self { method, path, body, fills, hidden, .. } = self;
        (method, path, body, fills, hidden)
            == (&other.method, &other.path, &other.body, &other.fills, &other.hidden)
    }

    /// Sets whose id the answer holds, and where.
    #[must_use]
    pub fn reveals(mut self, symbol: Symbol, pointer: &str) -> Self {
        self.reveals = Some((symbol, pointer.to_owned()));
        self
    }

    /// The request with those ids filled in that are known.
    #[must_use]
    pub fn fill(&self, ids: &BTreeMap<Symbol, RemoteId>) -> Self {
        let mut filled = Self { path: self.path.fill(ids), ..self.clone() };
        filled.fills.retain(|pointer, symbol| {
            let Some(id) = ids.get(symbol) else { return true };
            if let Some(place) = filled.body.as_mut().and_then(|body| body.pointer_mut(pointer)) {
                *place = id.to_json();
            }
            false
        });
        filled
    }

    /// The request with all ids filled in, or the symbol that is still unknown.
    pub fn resolve(&self, ids: &BTreeMap<Symbol, RemoteId>) -> Result<Self, Symbol> {
        let filled = self.fill(ids);
        match filled.fills.values().next().or_else(|| filled.path.unknown()) {
            Some(symbol) => Err(symbol.clone()),
            None => Ok(filled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_in_a_path_is_one_segment() {
        let id = RemoteId::new("a/../b?c#d %é").unwrap();
        assert_eq!(Path::fixed("x/y").known(&id).to_string(), "/x/y/a%2F..%2Fb%3Fc%23d%20%25%C3%A9");
    }

    #[test]
    fn an_unknown_id_is_shown_and_later_filled_in() {
        let role = Symbol::of(&ResourceId::new("t", "Role", "r"));
        let mut request = Request::new(Method::Put, Path::fixed("p").id(&Id::Later(role.clone())))
            .body(json!({"ids": [KNOWN_AFTER_APPLY]}));
        request.fills.insert("/ids/0".into(), role.clone());
        assert_eq!(request.path.to_string(), "/p/(known after apply)");
        assert_eq!(request.resolve(&BTreeMap::new()), Err(role.clone()));

        let ids = BTreeMap::from([(role, RemoteId::new("7").unwrap())]);
        let resolved = request.resolve(&ids).unwrap();
        assert_eq!((resolved.path.to_string(), resolved.body), ("/p/7".into(), Some(json!({"ids": ["7"]}))));
    }
}
