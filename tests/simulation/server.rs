//! The simulated server: an API in memory, what goes wrong on the way to it, and the log of everything. Other writers
//! are in `others`.

mod others;

use std::collections::BTreeMap;

use crate::fault::{Weather, spoil};
use crate::profile::{Api, Paging};
use crate::world::{Chance, defaults};
use enact::http::transport::Failure;
use serde_json::{Map, Value, json};

pub(crate) use crate::fault::Fault;

/// How long a run waits for an answer, in milliseconds.
pub(crate) const PATIENCE: u64 = 30_000;

/// What is live, by kind and id.
pub(crate) type Objects = BTreeMap<(String, String), Map<String, Value>>;

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

/// One line of the log: a request and its result, or a write by somebody else.
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
    /// Objects in a good answer, with their versions if it had them.
    pub(crate) saw: Vec<(String, String, u64)>,
    pub(crate) commit: Option<Commit>,
    pub(crate) retry_after: Option<u64>,
    /// Whether it carries out an earlier entry, after nobody waited for that any more.
    pub(crate) late: bool,
}

impl Entry {
    /// Whether a run asked for it.
    pub(crate) fn is_of(&self, run: usize) -> bool {
        self.by.is_some_and(|by| by.run == run)
    }

    /// Whether the answer leaves open what became of it.
    pub(crate) fn is_open(&self) -> bool {
        if self.status >= 500 {
            return true;
        }
        let unreadable = matches!(self.fault, Some(Fault::Cut | Fault::Html | Fault::TooLarge));
        (self.status == 0 && self.fault != Some(Fault::NotSent)) || (self.status < 300 && unreadable)
    }
}

/// A run of enact, and whether it had begun to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) run: usize,
    pub(crate) writing: bool,
}

/// A parsed request.
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
    /// How many seconds it asks for.
    pub(crate) asks: Option<u64>,
    pub(crate) saw: Vec<(String, String, u64)>,
    pub(crate) commit: Option<Commit>,
}

impl Said {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes(), ..Self::default() }
    }

    pub(crate) fn no(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"message": message}))
    }
}

/// The server.
pub(crate) struct Server {
    api: Api,
    pub(crate) objects: Objects,
    /// The version of each object, and how long it has existed.
    versions: BTreeMap<(String, String), (u64, u64)>,
    keys: BTreeMap<String, (Value, Said)>,
    clock: u64,
    pub(crate) chance: Chance,
    pub(crate) weather: Weather,
    /// What will be done later, and when.
    pending: Vec<(u64, Asked, By)>,
    pub(crate) log: Vec<Entry>,
}

impl Server {
    pub(crate) fn new(api: Api, objects: Objects, weather: Weather, chance: Chance) -> Self {
        let versions = objects.keys().map(|key| (key.clone(), (1, 0))).collect();
        Self {
            api,
            objects,
            versions,
            keys: BTreeMap::new(),
            clock: 1,
            chance,
            weather,
            pending: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Somebody makes an object by hand.
    pub(crate) fn insert(&mut self, key: (String, String), body: Map<String, Value>) {
        self.versions.insert(key.clone(), (1, 0));
        self.objects.insert(key, body);
    }

    /// A fault for a request, if the dice say so.
    fn draw(&mut self, asked: &Asked) -> Option<Fault> {
        let Self { weather, chance, .. } = self;
        if weather.calm_reads && asked.method == "GET" {
            return None;
        }
        let mut fits = weather.faults.iter().filter(|(fault, _)| fault.fits(asked));
        fits.find(|(_, percent)| chance.percent(*percent)).map(|(fault, _)| *fault)
    }

    /// Answers a request, or loses it; the log knows which. `unheard` is for a caller that dies before the answer:
    /// whether the server still does what it asked.
    pub(crate) fn exchange(&mut self, asked: &Asked, by: By, unheard: Option<bool>) -> Result<Said, Failure> {
        self.interfere(asked);
        let fault = match unheard {
            Some(done) => Some(Fault::Lost { done }),
            None => self.draw(asked),
        };
        let acted = match fault.is_none_or(Fault::done) {
            true => self.handle(asked, fault),
            false => Said::default(),
        };
        match fault {
            Some(Fault::Late { after }) => {
                self.pending.push((asked.at + PATIENCE + after, asked.clone(), by));
            }
            Some(Fault::Overdue { after }) => self.pending.push((asked.at + after, asked.clone(), by)),
            _ => {}
        }
        let ended = spoil(&acted, fault, asked.at, self.weather.clock);
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
            retry_after: said.and_then(|said| said.asks),
            late: false,
        });
        ended
    }

    /// Does what nobody waits for any more.
    fn catch_up(&mut self, now: u64) {
        while let Some(first) = self.pending.iter().map(|(due, ..)| *due).min().filter(|due| *due <= now) {
            let index = self.pending.iter().position(|(due, ..)| *due == first).unwrap();
            let (at, asked, by) = self.pending.remove(index);
            let asked = Asked { at, ..asked };
            let acted = self.handle(&asked, None);
            self.remember(&asked, &acted, None);
            let (status, commit) = (acted.status, acted.commit);
            let (by, late) = (Some(by), true);
            let (fault, saw, retry_after) = (None, Vec::new(), None);
            self.log.push(Entry { at, by, asked, fault, status, saw, commit, retry_after, late });
        }
    }

    /// A server that knows keys answers a repeat with its first answer, even if that was a failure of its own. Of what a
    /// gateway before it answered, it knows nothing.
    fn remember(&mut self, asked: &Asked, acted: &Said, said: Option<&Said>) {
        let (Some(key), Some(body)) = (&asked.key, &asked.body) else { return };
        let said = said.filter(|said| match said.status {
            502..=504 | 522 => false,
            status => status >= 500 || acted.commit.is_some(),
        });
        let answer = said.or_else(|| acted.commit.as_ref().map(|_| acted));
        if let Some(answer) = answer {
            let repeat = Said { commit: None, ..answer.clone() };
            self.keys.entry(key.clone()).or_insert((body.clone(), repeat));
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
            *kind == asked.kind && (since == 0 || since + self.weather.lag <= asked.at)
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
        let skip = skip - usize::from(fault == Some(Fault::Shifted)).min(skip);
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
        object.extend(self.stored(body));
        object.insert("id".to_owned(), json!(id));
        self.set(&asked.kind, &id, Some(object), asked.at, 201)
    }

    /// Creates or replaces an object at a path that the client chooses.
    fn put(&mut self, asked: &Asked, name: &str) -> Said {
        let Some(body) = &asked.body else { return Said::no(400, "no body") };
        let key = (asked.kind.clone(), name.to_owned());
        let status = if self.objects.contains_key(&key) { 200 } else { 201 };
        let mut object = defaults();
        object.extend(self.stored(body));
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
        object.extend(kept.into_iter().chain(self.stored(body)));
        self.set(&asked.kind, id, Some(object), asked.at, 200)
    }

    fn delete(&mut self, kind: &str, id: &str) -> Said {
        match self.objects.contains_key(&(kind.to_owned(), id.to_owned())) {
            true => self.set(kind, id, None, 0, 204),
            false => Said::no(404, "there is none"),
        }
    }

    /// Stores an object, or removes it.
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
            // Servers return sets in their own order.
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

    /// What is stored of a body: nothing that only the server sets, and nothing that it never returns.
    fn stored(&self, body: &Value) -> Map<String, Value> {
        let mut fields = body.as_object().cloned().unwrap_or_default();
        fields.retain(|name, _| !["id", "stamp", "pin"].contains(&name.as_str()));
        if let Some(quirk) = self.weather.quirk {
            quirk.apply(&mut fields);
        }
        fields
    }
}
