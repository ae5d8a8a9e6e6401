//! The simulated server: an API in memory, what goes wrong on the way to it, and the log of all that happened.

use std::collections::BTreeMap;

use enact::http::transport::{Failure, FailureKind};
use serde_json::{Map, Value, json};

use crate::profile::{Api, Paging};
use crate::world::{Chance, body, defaults};

/// What is live, by kind and id.
pub(crate) type Objects = BTreeMap<(String, String), Map<String, Value>>;

/// What goes wrong with a request. `done` is whether the server did it nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotSent,
    Lost {
        done: bool,
    },
    Timeout {
        done: bool,
    },
    TooLarge,
    Status {
        status: u16,
        done: bool,
        retry_after: Option<u64>,
    },
    /// A success whose body is cut off.
    Cut,
    /// A success that is a page for people.
    Html,
    /// A success with an error in its body.
    ErrorInside,
    /// A success that the definition does not name.
    Odd,
    /// A list that ends before its end.
    Short,
    /// A list that does not lead on.
    Loops,
}

impl Fault {
    /// Every row of the retry table, before and after the server committed.
    pub(crate) fn all(api: &Api) -> Vec<Self> {
        let status = |status, done, retry_after| Self::Status { status, done, retry_after };
        let mut all =
            vec![Self::NotSent, Self::TooLarge, Self::Cut, Self::Html, Self::ErrorInside, Self::Odd];
        for done in [false, true] {
            all.extend([Self::Lost { done }, Self::Timeout { done }]);
            all.extend([408, 500, 502, 504, 507].map(|code| status(code, done, None)));
            all.extend([None, Some(3)].map(|wait| status(503, done, wait)));
        }
        all.extend([400, 401, 403, 425].map(|code| status(code, false, None)));
        all.extend([None, Some(2), Some(40), Some(4000)].map(|wait| status(429, false, wait)));
        match api.paging {
            Paging::Page | Paging::Offset => all.push(Self::Short),
            Paging::Cursor | Paging::Link => all.push(Self::Loops),
            Paging::Marker => {}
        }
        all
    }

    /// Whether it can happen to such a request.
    fn fits(self, asked: &Asked) -> bool {
        let read = asked.method == "GET";
        let is_list = read && asked.id.is_none();
        match self {
            Self::ErrorInside => read,
            Self::Odd => !read,
            Self::Short | Self::Loops => is_list && !asked.query.contains_key("name"),
            _ => true,
        }
    }

    /// Whether the server did what was asked.
    fn done(self) -> bool {
        match self {
            Self::Lost { done } | Self::Timeout { done } | Self::Status { done, .. } => done,
            Self::NotSent => false,
            Self::TooLarge | Self::Cut | Self::Html | Self::Odd => true,
            Self::ErrorInside | Self::Short | Self::Loops => true,
        }
    }
}

/// A write that the server did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Commit {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) before: Option<Map<String, Value>>,
    pub(crate) after: Option<Map<String, Value>>,
}

impl Commit {
    /// The object's name.
    pub(crate) fn name(&self) -> &str {
        let body = self.after.as_ref().or(self.before.as_ref()).unwrap();
        body["name"].as_str().unwrap()
    }
}

/// One line of the log: a request and what came of it, or a write of somebody else.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// When, in virtual milliseconds.
    pub(crate) at: u64,
    /// Who; `None` is somebody else.
    pub(crate) by: Option<By>,
    pub(crate) asked: Asked,
    pub(crate) fault: Option<Fault>,
    /// The status of the answer; 0 where none came.
    pub(crate) status: u16,
    /// Objects that a good answer showed, with their versions if it said them.
    pub(crate) saw: Vec<(String, String, u64)>,
    pub(crate) commit: Option<Commit>,
    pub(crate) retry_after: Option<u64>,
}

/// A run of enact, and whether it had begun to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) run: usize,
    pub(crate) writing: bool,
}

/// A request, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) id: Option<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Option<Value>,
    pub(crate) key: Option<String>,
    pub(crate) if_match: Option<String>,
    pub(crate) at: u64,
}

/// What the server says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
    saw: Vec<(String, String, u64)>,
    commit: Option<Commit>,
}

impl Said {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes(), ..Self::default() }
    }

    fn no(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"message": message}))
    }
}

/// The server.
pub(crate) struct Server {
    api: Api,
    pub(crate) objects: Objects,
    /// The version of each object, and since when it is there.
    versions: BTreeMap<(String, String), (u64, u64)>,
    keys: BTreeMap<String, (Value, Said)>,
    clock: u64,
    pub(crate) chance: Chance,
    pub(crate) faults: Vec<(Fault, usize)>,
    pub(crate) foreign: usize,
    pub(crate) lag: u64,
    pub(crate) log: Vec<Entry>,
}

impl Server {
    pub(crate) fn new(api: Api, objects: Objects, chance: Chance) -> Self {
        let versions = objects.keys().map(|key| (key.clone(), (1, 0))).collect();
        Self {
            api,
            objects,
            versions,
            keys: BTreeMap::new(),
            clock: 1,
            chance,
            faults: Vec::new(),
            foreign: 0,
            lag: 0,
            log: Vec::new(),
        }
    }

    /// A fault for a request, if this one has bad luck.
    fn draw(&mut self, asked: &Asked) -> Option<Fault> {
        let Self { faults, chance, .. } = self;
        let mut fits = faults.iter().filter(|(fault, _)| fault.fits(asked));
        fits.find(|(_, percent)| chance.percent(*percent)).map(|(fault, _)| *fault)
    }

    /// Answers a request, or loses it; the log knows which. `unheard` is a caller that dies before the answer, and
    /// whether the server still does what it asked.
    pub(crate) fn exchange(&mut self, asked: &Asked, by: By, unheard: Option<bool>) -> Result<Said, Failure> {
        let fault = match unheard {
            Some(done) => Some(Fault::Lost { done }),
            None => self.draw(asked),
        };
        let acted = match fault.is_none_or(Fault::done) {
            true => self.handle(asked, fault),
            false => Said::default(),
        };
        let ended = spoil(&acted, fault);
        self.remember(asked, &acted, ended.as_ref().ok());
        let said = ended.as_ref().ok();
        let good = said.filter(|said| said.status < 300 && !matches!(fault, Some(Fault::Cut | Fault::Html)));
        self.log.push(Entry {
            at: asked.at,
            by: Some(by),
            asked: asked.clone(),
            fault,
            status: said.map_or(0, |said| said.status),
            saw: good.map(|said| said.saw.clone()).unwrap_or_default(),
            commit: acted.commit,
            retry_after: match fault {
                Some(Fault::Status { retry_after, .. }) => retry_after,
                _ => None,
            },
        });
        ended
    }

    /// A server that knows keys answers a repeat with what it said at first, also if that was a failure of its own.
    fn remember(&mut self, asked: &Asked, acted: &Said, said: Option<&Said>) {
        let (Some(key), Some(body)) = (&asked.key, &asked.body) else { return };
        let said = said.filter(|said| said.status >= 500 || acted.commit.is_some());
        let answer = said.or_else(|| acted.commit.as_ref().map(|_| acted));
        if let Some(answer) = answer {
            let told = Said { commit: None, ..answer.clone() };
            self.keys.entry(key.clone()).or_insert((body.clone(), told));
        }
    }

    fn handle(&mut self, asked: &Asked, fault: Option<Fault>) -> Said {
        match (asked.method.as_str(), &asked.id) {
            ("GET", None) => self.list(asked, fault),
            ("GET", Some(id)) => self.get(&asked.kind, id),
            ("POST", None) => self.create(asked),
            ("PUT", Some(id)) if !self.api.ids => self.put(asked, id),
            ("PUT" | "PATCH", Some(id)) => self.update(asked, id),
            ("DELETE", Some(id)) => self.delete(&asked.kind, id),
            _ => Said::no(405, "no such route"),
        }
    }

    fn get(&self, kind: &str, id: &str) -> Said {
        let key = (kind.to_owned(), id.to_owned());
        let Some(body) = self.objects.get(&key) else {
            return Said::no(if self.api.gone { 403 } else { 404 }, "there is none");
        };
        let version = self.versions[&key].0;
        let mut said = Said::json(200, &Value::Object(body.clone()));
        said.headers.push(("etag", format!("\"{version}\"")));
        said.saw.push((key.0, key.1, version));
        said
    }

    fn list(&self, asked: &Asked, fault: Option<Fault>) -> Said {
        let shown = |(kind, id): &(String, String)| {
            let since = self.versions[&(kind.clone(), id.clone())].1;
            *kind == asked.kind && (since == 0 || since + self.lag <= asked.at)
        };
        let of_kind = self.objects.iter().filter(|(key, _)| shown(key));
        let name = asked.query.get("name");
        let named = of_kind.filter(|(_, body)| name.is_none_or(|name| body["name"] == json!(name)));
        let all: Vec<_> = named.collect();
        let size = asked.query.get("size").map_or(usize::MAX, |size| size.parse().unwrap());
        let number = |name: &str| asked.query.get(name).and_then(|number| number.parse::<usize>().ok());
        let after = asked.query.get("after");
        let skip = match self.api.paging {
            Paging::Page => (number("page").unwrap_or(1) - 1) * size.min(all.len() + 1),
            Paging::Offset => number("offset").unwrap_or(0),
            _ => all.iter().take_while(|((_, id), _)| after.is_some_and(|after| id <= after)).count(),
        };
        let rest = all.get(skip..).unwrap_or_default();
        let page = if fault == Some(Fault::Short) { &[] } else { &rest[..size.min(rest.len())] };
        let more = rest.len() > page.len();
        let last = page.last().map(|((_, id), _)| id.clone());
        let next = match fault {
            Some(Fault::Loops) => after.cloned().or(last),
            _ => last.filter(|_| more),
        };
        let items: Vec<_> = page.iter().map(|(_, body)| self.listed(body)).collect();
        let mut said = Said::json(200, &json!({"items": items, "total": all.len(), "next": next}));
        if let (Paging::Link, Some(next)) = (self.api.paging, next) {
            let path = asked.kind.to_lowercase();
            said.headers.push(("link", format!("</{path}?size=2&after={next}>; rel=\"next\"")));
        }
        said.saw = page.iter().map(|((kind, id), _)| (kind.clone(), id.clone(), 0)).collect();
        said
    }

    /// An object in a list: in full, or a summary.
    fn listed(&self, body: &Map<String, Value>) -> Value {
        let kept = |name: &str| self.api.whole || ["id", "name"].contains(&name);
        let fields = body.iter().filter(|(name, _)| kept(name));
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn create(&mut self, asked: &Asked) -> Said {
        let Some(body) = &asked.body else { return Said::no(400, "no body") };
        if let Some((known, said)) = asked.key.as_ref().and_then(|key| self.keys.get(key)) {
            return if known == body { said.clone() } else { Said::no(422, "the key is of another request") };
        }
        let name = &body["name"];
        let mut others = self.objects.iter().filter(|((kind, _), _)| *kind == asked.kind);
        if self.api.unique && others.any(|(_, other)| other["name"] == *name) {
            return Said::no(409, "the name is taken");
        }
        let id = loop {
            let id = format!("i{:04x}", self.chance.below(0x10000));
            if !self.objects.contains_key(&(asked.kind.clone(), id.clone())) {
                break id;
            }
        };
        let mut object = defaults();
        object.extend(stored(body));
        object.insert("id".to_owned(), json!(id));
        self.set(&asked.kind, &id, Some(object), asked.at, 201)
    }

    /// Creates or replaces at a path that the client chooses.
    fn put(&mut self, asked: &Asked, name: &str) -> Said {
        let Some(body) = &asked.body else { return Said::no(400, "no body") };
        let key = (asked.kind.clone(), name.to_owned());
        let status = if self.objects.contains_key(&key) { 200 } else { 201 };
        let mut object = defaults();
        object.extend(stored(body));
        object.insert("name".to_owned(), json!(name));
        self.set(&asked.kind, name, Some(object), asked.at, status)
    }

    fn update(&mut self, asked: &Asked, id: &str) -> Said {
        let key = (asked.kind.clone(), id.to_owned());
        let (Some(body), Some(live)) = (&asked.body, self.objects.get(&key)) else {
            return Said::no(404, "there is none");
        };
        let version = format!("\"{}\"", self.versions[&key].0);
        if asked.if_match.as_ref().is_some_and(|wanted| *wanted != version) {
            return Said::no(412, "it changed");
        }
        let mut object = if self.api.replaces { defaults() } else { live.clone() };
        let kept = ["id", "name"].map(|field| (field.to_owned(), live[field].clone()));
        object.extend(kept.into_iter().chain(stored(body)));
        self.set(&asked.kind, id, Some(object), asked.at, 200)
    }

    fn delete(&mut self, kind: &str, id: &str) -> Said {
        match self.objects.contains_key(&(kind.to_owned(), id.to_owned())) {
            true => self.set(kind, id, None, 0, 204),
            false => Said::no(404, "there is none"),
        }
    }

    /// Stores an object, or takes it away.
    fn set(
        &mut self,
        kind: &str,
        id: &str,
        object: Option<Map<String, Value>>,
        at: u64,
        status: u16,
    ) -> Said {
        let key = (kind.to_owned(), id.to_owned());
        self.clock += 1;
        let since =
            self.versions.get(&key).filter(|_| self.objects.contains_key(&key)).map_or(at, |old| old.1);
        let mut object = object;
        if let Some(object) = &mut object {
            object.insert("stamp".to_owned(), json!(self.clock));
            // Servers give sets back in an order of their own.
            if let Some(tags) = object.get_mut("tags").and_then(Value::as_array_mut) {
                tags.sort_by_key(ToString::to_string);
            }
        }
        let before = match &object {
            Some(object) => self.objects.insert(key.clone(), object.clone()),
            None => self.objects.remove(&key),
        };
        self.versions.insert(key.clone(), (self.clock, since));
        let mut said = match &object {
            Some(object) => Said::json(status, &Value::Object(object.clone())),
            None => Said { status, ..Said::default() },
        };
        said.commit = Some(Commit { kind: key.0, id: key.1, before, after: object });
        said
    }

    /// Somebody else writes, perhaps.
    pub(crate) fn disturb(&mut self, at: u64) {
        if self.foreign == 0 || !self.chance.percent(self.foreign) {
            return;
        }
        let all: Vec<_> = self.objects.keys().cloned().collect();
        let what = self.chance.below(10);
        if all.is_empty() || what == 0 {
            return self.appear(at);
        }
        let (kind, id) = self.chance.one(&all).clone();
        let mut object = self.objects[&(kind.clone(), id.clone())].clone();
        let number = self.chance.below(4);
        let (field, value) = match what {
            1 => return self.witness(at, |server| server.delete(&kind, &id)),
            2..5 => ("color", json!(format!("c{number}"))),
            5..7 => ("text", json!(["", "x", "y", "z"][number])),
            7 => ("limit", json!(number)),
            _ => ("tags", json!(["p", "q"][..number % 3])),
        };
        if object.insert(field.to_owned(), value.clone()) != Some(value) {
            self.witness(at, |server| server.set(&kind, &id, Some(object), at, 200));
        }
    }

    fn appear(&mut self, at: u64) {
        let kind = *self.chance.one(&crate::profile::KINDS);
        // Where names are not unique, a second object of a declared name would only end in an ambiguity.
        let declared = self.api.unique && self.chance.percent(50);
        let name = match declared {
            true => (*self.chance.one(&crate::profile::NAMES)).to_owned(),
            false => format!("theirs-{}", self.chance.below(1000)),
        };
        let taken = |((of, _), body): (&(String, String), &Map<String, Value>)| {
            of == kind && body["name"] == json!(name)
        };
        if self.objects.iter().any(taken) {
            return;
        }
        let id = if self.api.ids { format!("i{:04x}", self.chance.below(0x10000)) } else { name.clone() };
        if self.objects.contains_key(&(kind.to_owned(), id.clone())) {
            return;
        }
        let given = self.api.ids.then_some(id.as_str());
        let object = body(Map::new(), &name, given, "theirs");
        self.witness(at, |server| server.set(kind, &id, Some(object), at, 201));
    }

    /// Writes down what somebody else did.
    fn witness(&mut self, at: u64, act: impl FnOnce(&mut Self) -> Said) {
        let said = act(self);
        let asked = Asked { method: "somebody".to_owned(), at, ..Asked::default() };
        let (fault, saw, retry_after) = (None, Vec::new(), None);
        let (status, commit) = (said.status, said.commit);
        self.log.push(Entry { at, by: None, asked, fault, status, saw, commit, retry_after });
    }
}

/// What is kept of a body: nothing that only the server says, nor what it never gives back.
fn stored(body: &Value) -> Map<String, Value> {
    let fields = body.as_object().cloned().unwrap_or_default();
    let hidden = ["id", "stamp", "pin"];
    fields.into_iter().filter(|(name, _)| !hidden.contains(&name.as_str())).collect()
}

/// What becomes of an answer on its way.
fn spoil(said: &Said, fault: Option<Fault>) -> Result<Said, Failure> {
    let failed = |kind| Err(Failure { kind, words: "simulated".to_owned() });
    let good = said.status < 300;
    let Some(fault) = fault else { return Ok(said.clone()) };
    match fault {
        Fault::NotSent => failed(FailureKind::NotSent),
        Fault::Lost { .. } => failed(FailureKind::Lost),
        Fault::Timeout { .. } => failed(FailureKind::Timeout),
        Fault::TooLarge if good => failed(FailureKind::TooLarge),
        Fault::Status { status, retry_after, .. } => {
            let headers = retry_after.map(|wait| ("retry-after", wait.to_string()));
            Ok(Said { headers: headers.into_iter().collect(), ..Said::no(status, "simulated") })
        }
        Fault::Cut if good => {
            Ok(Said { status: said.status, body: b"{\"items\": [".to_vec(), ..Said::default() })
        }
        Fault::Html if good => Ok(Said { status: said.status, body: b"<html>".to_vec(), ..Said::default() }),
        Fault::ErrorInside if good => Ok(Said::json(200, &json!({"error": "simulated"}))),
        Fault::Odd if good => Ok(Said { status: 206, ..said.clone() }),
        _ => Ok(said.clone()),
    }
}
