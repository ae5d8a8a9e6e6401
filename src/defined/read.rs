//! Reading: lists and their pages, one object, and what tells objects apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::defined::Defined;
use crate::defined::definition::{Mark, PageSize, Paging};
use crate::defined::form::{Form, List};
use crate::defined::template::{Values, scalar};
use crate::model::request::{Id, Path};
use crate::model::resource::RemoteId;
use crate::model::state::LiveObject;
use crate::model::wire::{GetResult, ReadError, Reader, Reply, Statuses};

/// More pages than this are a server that never ends.
const MAX_PAGES: usize = 10_000;

/// The names of the objects of other kinds by their ids, as far as a key names them.
type NamesOf = BTreeMap<String, BTreeMap<String, String>>;

impl Defined {
    /// All objects of a kind, or those with one key where the API can tell them.
    pub(super) async fn all(
        &self,
        form: &Form,
        name: Option<&str>,
        reader: &dyn Reader,
    ) -> Result<Vec<LiveObject>, ReadError> {
        let Some(list) = &form.list else { return Ok(Vec::new()) };
        let values = Values {
            settings: &self.settings,
            id: None,
            parts: name.map(|name| parts(form, name)).unwrap_or_default(),
        };
        let narrowed = list.find.as_ref().filter(|_| name.is_some()).and_then(|find| find.fill(&values));
        let path = narrowed.or_else(|| list.route.fill(&values)).ok_or_else(unfilled)?;
        let names = Box::pin(self.names_of(form, reader)).await?;
        let mut all: BTreeMap<RemoteId, Vec<LiveObject>> = BTreeMap::new();
        for item in items(list, form, &path, reader).await? {
            if let Some(found) = object(form, &item, &names, &path)? {
                join(form, all.entry(found.remote.clone()).or_default(), found, &path)?;
            }
        }
        Ok(all.into_values().flatten().collect())
    }

    /// The names that a key has instead of ids.
    async fn names_of(&self, form: &Form, reader: &dyn Reader) -> Result<NamesOf, ReadError> {
        let mut names = NamesOf::new();
        for kind in form.key.iter().filter_map(|field| field.id_of.as_ref()) {
            if let Some(other) = self.api.form(kind) {
                let found = self.all(other, None, reader).await?;
                let of_kind = found.into_iter().map(|found| (found.remote.to_string(), found.name)).collect();
                names.insert(kind.clone(), of_kind);
            }
        }
        Ok(names)
    }

    /// An object that was listed, in full.
    pub(super) async fn one(
        &self,
        form: &Form,
        listed: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let Some(get) = &form.get else { return Ok(Some(listed.clone())) };
        let values = self.values(form, listed);
        let path = get.route.fill(&values).ok_or_else(unfilled)?;
        match reader.read(&path, &get.statuses).await? {
            GetResult::Gone(status) => self.gone(form, listed, status, &path, reader).await,
            GetResult::Reply(reply) => in_full(form, listed, &get.object, reply, &path).map(Some),
        }
    }

    /// An object by its name, where the name says where it is.
    pub(super) async fn named(
        &self,
        form: &Form,
        name: &str,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let Some(remote) = RemoteId::new(name) else { return Ok(None) };
        let sought =
            LiveObject { remote, name: name.to_owned(), system: false, body: Value::Null, etag: None };
        self.one(form, &sought, reader).await
    }

    /// A status that may as well mean that enact may not see the object is not believed alone.
    async fn gone(
        &self,
        form: &Form,
        listed: &LiveObject,
        status: u16,
        path: &Path,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        if matches!(status, 404 | 410) {
            return Ok(None);
        }
        let unsure = || {
            let what = format!("is {status}, which may mean that it is gone or that it may not be seen");
            ReadError::unexpected(path, &what)
        };
        if form.list.is_none() {
            return Err(unsure());
        }
        let all = self.all(form, None, reader).await?;
        if all.iter().any(|found| found.remote == listed.remote) { Err(unsure()) } else { Ok(None) }
    }

    /// What is known of a live object.
    pub(super) fn values<'a>(&'a self, form: &'a Form, found: &LiveObject) -> Values<'a> {
        let from_name = parts(form, &found.name);
        let part = |field: &'a super::form::KeyField| {
            let live = found.body.pointer(&field.at).and_then(RemoteId::from_json).map(Id::Known);
            let named =
                || from_name.iter().find(|(label, _)| *label == field.label).map(|(_, id)| id.clone());
            Some((field.label.as_str(), live.or_else(named)?))
        };
        Values {
            settings: &self.settings,
            id: form.id.as_ref().map(|_| Id::Known(found.remote.clone())),
            parts: form.key.iter().filter_map(part).collect(),
        }
    }
}

/// Adds an object to those of its id. A page that shifts while it is read may repeat an object; two that differ in more
/// than that are two, and the planner has to know.
fn join(form: &Form, same: &mut Vec<LiveObject>, found: LiveObject, path: &Path) -> Result<(), ReadError> {
    match same.first() {
        Some(other) if form.id.is_some() && other.name != found.name => {
            let what = format!(
                "has two objects, `{}` and `{}`, with the id `{}`",
                other.name, found.name, found.remote
            );
            let help = Some("correct `id` in the definition: it has to tell objects apart".to_owned());
            Err(ReadError { help, ..ReadError::unexpected(path, &what) })
        }
        Some(_) if form.id.is_some() => {
            *same = vec![found];
            Ok(())
        }
        _ => {
            if !same.contains(&found) {
                same.push(found);
            }
            Ok(())
        }
    }
}

/// The parts of a name that stand in paths as they are: all but the ids of other objects.
pub(super) fn parts<'a>(form: &'a Form, name: &str) -> Vec<(&'a str, Id)> {
    let values = form.named.split(name).unwrap_or_default();
    let fields = form.key.iter().zip(values).filter(|(field, _)| field.id_of.is_none());
    fields.filter_map(|(field, value)| Some((field.label.as_str(), Id::text(&value)?))).collect()
}

/// Settings and keys were checked before, so this is a name that must not stand in a path.
fn unfilled() -> ReadError {
    ReadError {
        message: "the object's name or id cannot stand in a path".to_owned(),
        help: Some("rename it on the target".to_owned()),
    }
}

/// An object of a list; `None` for one that no manifest can mean.
fn object(form: &Form, item: &Value, names: &NamesOf, path: &Path) -> Result<Option<LiveObject>, ReadError> {
    let system_value =
        |mark: &Mark| matches!(mark, Mark::Value { at, is } if item.pointer(&at.0) == Some(is));
    let system = form.marks.iter().any(system_value);
    let mut values = Vec::new();
    for field in &form.key {
        let value = match item.pointer(&field.at) {
            Some(Value::Null) => return Ok(None),
            Some(value) => scalar(value),
            None if system => return Ok(None),
            None => None,
        };
        let value = value.ok_or_else(|| {
            ReadError::unexpected(
                path,
                &format!("has an object without text at `{}`, a part of its key", field.at),
            )
        })?;
        let name = field.id_of.as_ref().and_then(|kind| names.get(kind)?.get(&value).cloned());
        values.push(name.unwrap_or(value));
    }
    if values.iter().any(String::is_empty) {
        return Ok(None);
    }
    let name = form.named.join(values.iter().map(String::as_str));
    let remote = match &form.id {
        None => RemoteId::new(&name),
        // What the system makes by itself may have no id.
        Some(at) if system && item.pointer(at).is_none_or(Value::is_null) => return Ok(None),
        Some(at) => item.pointer(at).and_then(RemoteId::from_json),
    };
    let remote = remote.ok_or_else(|| ReadError::unexpected(path, "has an object without a usable id"))?;
    let system =
        system || form.marks.iter().any(|mark| matches!(mark, Mark::Name { name: of } if *of == name));
    Ok(Some(LiveObject { remote, name, system, body: item.clone(), etag: None }))
}

/// The reply about an object that was listed, or looked for by its name.
fn in_full(
    form: &Form,
    listed: &LiveObject,
    object_at: &str,
    reply: Reply,
    path: &Path,
) -> Result<LiveObject, ReadError> {
    let body = reply.body.pointer(object_at).filter(|body| body.is_object());
    let body = body.ok_or_else(|| ReadError::unexpected(path, &format!("has no object at `{object_at}`")))?;
    let other = || ReadError {
        message: format!("the answer to GET {path} is another object"),
        help: Some("somebody may be writing at this moment; run again".to_owned()),
    };
    if let Some(at) = &form.id
        && body.pointer(at).and_then(RemoteId::from_json).as_ref() != Some(&listed.remote)
    {
        return Err(other());
    }
    let named = form.named.split(&listed.name).unwrap_or_default();
    for (index, field) in form.key.iter().enumerate() {
        let Some(now) = body.pointer(&field.at).and_then(scalar) else { continue };
        let before = listed.body.pointer(&field.at).and_then(scalar).or_else(|| named.get(index).cloned());
        if before.is_some_and(|before| before != now) {
            return Err(other());
        }
    }
    let marked = |mark: &Mark| match mark {
        Mark::Value { at, is } => body.pointer(&at.0) == Some(is),
        Mark::Name { name } => *name == listed.name,
    };
    let system = listed.system || form.marks.iter().any(marked);
    Ok(LiveObject {
        remote: listed.remote.clone(),
        name: listed.name.clone(),
        system,
        body: body.clone(),
        etag: reply.etag,
    })
}

/// The items of all pages.
async fn items(list: &List, form: &Form, first: &Path, reader: &dyn Reader) -> Result<Vec<Value>, ReadError> {
    let mut pages = Pages {
        list,
        form,
        first,
        seen: BTreeSet::new(),
        items: Vec::new(),
        known: BTreeSet::new(),
        count: 0,
    };
    let mut next = Some(pages.first_path());
    while let Some(path) = next {
        if pages.count == MAX_PAGES {
            return Err(ReadError::unexpected(first, "has too many pages"));
        }
        next = pages.read(&path, reader).await?;
    }
    Ok(pages.items)
}

struct Pages<'a> {
    list: &'a List,
    form: &'a Form,
    first: &'a Path,
    /// What led to the pages so far: what comes again would never end.
    seen: BTreeSet<String>,
    items: Vec<Value>,
    /// What tells the items apart, so that one that comes twice counts once.
    known: BTreeSet<String>,
    count: usize,
}

impl Pages<'_> {
    fn first_path(&self) -> Path {
        let sized = self.sized();
        match &self.list.paging {
            Some(Paging::Page { parameter, first, .. }) => sized.query(parameter, first),
            _ => sized,
        }
    }

    fn sized(&self) -> Path {
        let size = self.list.paging.as_ref().and_then(|paging| match paging {
            Paging::Page { size, .. }
            | Paging::Offset { size, .. }
            | Paging::Cursor { size, .. }
            | Paging::Marker { size, .. }
            | Paging::Link { size } => size.as_ref(),
        });
        let path = self.first.clone();
        match size {
            Some(PageSize { parameter, value }) => path.query(parameter, value),
            None => path,
        }
    }

    /// Reads a page, and says where the next one is.
    async fn read(&mut self, path: &Path, reader: &dyn Reader) -> Result<Option<Path>, ReadError> {
        let statuses: &Statuses = &self.list.statuses;
        let GetResult::Reply(reply) = reader.read(path, statuses).await? else {
            return Err(ReadError::unexpected(path, "says that there is no list"));
        };
        let page = match reply.body.pointer(&self.list.items) {
            Some(Value::Array(items)) => items.clone(),
            // Some servers write an empty list so.
            Some(Value::Null) if !self.list.items.is_empty() => Vec::new(),
            _ => {
                let what = format!("has no list at `{}`", self.list.items);
                return Err(ReadError::unexpected(path, &what));
            }
        };
        self.count += 1;
        let by_number = matches!(self.list.paging, Some(Paging::Page { .. } | Paging::Offset { .. }));
        if by_number && !page.is_empty() && self.items.ends_with(&page) {
            // A server that does not know the parameter gives the first page for ever.
            return Err(ReadError::unexpected(
                path,
                "is the page before once more, so the list does not go on",
            ));
        }
        let (empty, last) = (page.is_empty(), page.last().cloned());
        self.known.extend(page.iter().map(|item| identity(self.form, item)));
        self.items.extend(page);
        self.next(path, &reply, empty, last.as_ref())
    }

    fn next(
        &mut self,
        path: &Path,
        reply: &Reply,
        empty: bool,
        last: Option<&Value>,
    ) -> Result<Option<Path>, ReadError> {
        let (list, held) = (self.list, self.items.len());
        let Some(paging) = &list.paging else {
            // The server itself says that this is not all.
            return match &reply.next {
                Some(_) => Err(ReadError::unexpected(
                    path,
                    "says that the list goes on, and the definition has no `paging`",
                )),
                None => Ok(None),
            };
        };
        let (parameter, token) = match paging {
            Paging::Page { parameter, first, total, .. } => {
                if self.is_last(path, reply, total.as_ref().map(|total| total.0.as_str()), empty)? {
                    return Ok(None);
                }
                (parameter, (first + self.count).to_string())
            }
            Paging::Offset { parameter, total, .. } => {
                if self.is_last(path, reply, total.as_ref().map(|total| total.0.as_str()), empty)? {
                    return Ok(None);
                }
                (parameter, held.to_string())
            }
            Paging::Cursor { parameter, next, .. } => match cursor(path, reply, &next.0)? {
                None => return Ok(None),
                Some(token) => (parameter, token),
            },
            Paging::Marker { .. } if empty => return Ok(None),
            Paging::Marker { parameter, .. } => {
                let at = self.form.id.as_ref().or(self.form.key.first().map(|field| &field.at));
                let marker = at.and_then(|at| last?.pointer(at)).and_then(scalar);
                let what = "has a last object without an id, so the list cannot go on";
                (parameter, marker.ok_or_else(|| ReadError::unexpected(path, what))?)
            }
            Paging::Link { .. } => match &reply.next {
                None => return Ok(None),
                Some(link) => return self.linked(path, link).map(Some),
            },
        };
        self.once(path, &token)?;
        let sized = self.sized();
        Ok(Some(sized.query(parameter, token)))
    }

    /// Whether all is read, by the server's own count or an empty page. A list that ends before its count is not whole.
    fn is_last(
        &self,
        path: &Path,
        reply: &Reply,
        total: Option<&str>,
        empty: bool,
    ) -> Result<bool, ReadError> {
        let held = self.known.len() as u64;
        let Some(at) = total else { return Ok(empty) };
        let total = reply.body.pointer(at).and_then(Value::as_u64);
        let total = total
            .ok_or_else(|| ReadError::unexpected(path, &format!("has no number of objects at `{at}`")))?;
        if empty && held < total {
            return Err(ReadError::unexpected(
                path,
                &format!("ends the list with {held} of {total} objects"),
            ));
        }
        Ok(held >= total)
    }

    /// A token that comes again would never end.
    fn once(&mut self, path: &Path, token: &str) -> Result<(), ReadError> {
        if token.is_empty() || !self.seen.insert(token.to_owned()) {
            let what = "says there is more but does not lead on, so the list would never end";
            return Err(ReadError::unexpected(path, what));
        }
        Ok(())
    }

    /// Only the query of a link is used, and only if it leads to the path of the list.
    fn linked(&mut self, path: &Path, link: &str) -> Result<Path, ReadError> {
        self.once(path, link)?;
        self.first
            .followed(link)
            .ok_or_else(|| ReadError::unexpected(path, "links to another path, which is not followed"))
    }
}

/// What tells an item apart: its id, or else its key.
fn identity(form: &Form, item: &Value) -> String {
    let key = form.key.iter().map(|field| &field.at);
    let places: Vec<_> = form.id.iter().chain(key.filter(|_| form.id.is_none())).collect();
    places
        .into_iter()
        .map(|at| item.pointer(at).unwrap_or(&Value::Null).to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The token for the next page, if there is one.
fn cursor(path: &Path, reply: &Reply, at: &str) -> Result<Option<String>, ReadError> {
    match reply.body.pointer(at) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(value @ (Value::String(_) | Value::Number(_))) => {
            Ok(scalar(value).filter(|token| !token.is_empty()))
        }
        Some(_) => Err(ReadError::unexpected(path, &format!("has no token for the next page at `{at}`"))),
    }
}
