//! The pages of a list, for every kind of paging that a definition can have. Not here: the checks against endless
//! lists, in `system::paging`.
//!
//! A list may change while it is read, by the writes of this very run, too. An object that comes twice counts once. A list
//! that contradicts its own count is read again, and is unreadable if it goes on to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::defined::compiled::{CompiledKind, List};
use crate::defined::definition::{PageSize, Paging, Pointer};
use crate::defined::template::scalar;
use crate::model::request::Path;
use crate::model::wire::{GetResult, ReadError, Reader, Reply, Statuses};
use crate::packed::Packed;
use crate::pointer::{child, put};
use crate::system::paging::{PageWalk, check_total};
use crate::words::count;

/// How often a list is read that contradicts its own count.
const READS: usize = 3;

/// How often in a row the same page may come that is not full: each object that comes in before it moves it by one.
const SAME: usize = 3;

/// The items of all pages.
pub(super) async fn items(
    list: &List,
    kind: &CompiledKind,
    (first, post): (&Path, Option<Value>),
    reader: &dyn Reader,
) -> Result<Vec<Packed>, ReadError> {
    let mut reads = 1;
    loop {
        match Pages::new(list, kind, (first, post.clone())).all(reader).await {
            Ok(items) => return Ok(items),
            Err(Unread::Shifted(_)) if reads < READS => reads += 1,
            Err(Unread::Shifted(error) | Unread::Wrong(error)) => return Err(error),
        }
    }
}

/// Why a list could not be read.
enum Unread {
    /// It contradicts itself, as a list does that changes while it is read.
    Shifted(ReadError),
    Wrong(ReadError),
}

impl From<ReadError> for Unread {
    fn from(error: ReadError) -> Self {
        Self::Wrong(error)
    }
}

struct Pages<'a> {
    list: &'a List,
    kind: &'a CompiledKind,
    first: &'a Path,
    /// The body, if the list is read with POST.
    post: Option<Value>,
    walk: PageWalk,
    items: Vec<Packed>,
    /// The identities of the items so far, so that one that comes twice counts once.
    known: BTreeSet<String>,
    /// How many items the longest page had.
    longest: usize,
    /// How often in a row the same page came.
    same: usize,
    /// Whether the list holds as many objects as the server counts, so that no page may be left.
    is_counted: bool,
}

/// A page, as far as it matters for finding the next one.
struct Page<'a> {
    path: &'a Path,
    reply: Reply,
    /// Its last item; `None` for an empty page.
    last: Option<Value>,
    /// Whether it may hold no more, so that there may be another one.
    is_full: bool,
}

impl<'a> Pages<'a> {
    fn new(list: &'a List, kind: &'a CompiledKind, (first, post): (&'a Path, Option<Value>)) -> Self {
        Self {
            list,
            kind,
            first,
            post,
            walk: PageWalk::default(),
            items: Vec::new(),
            known: BTreeSet::new(),
            longest: 0,
            same: 0,
            is_counted: false,
        }
    }

    async fn all(mut self, reader: &dyn Reader) -> Result<Vec<Packed>, Unread> {
        let mut next = Some(self.first_path());
        while let Some(path) = next {
            next = self.read(&path, reader).await?;
        }
        Ok(self.items)
    }

    fn first_path(&self) -> Path {
        let sized = self.sized();
        match &self.list.paging {
            Some(Paging::Page { parameter, first, .. }) => sized.query(parameter, first),
            _ => sized,
        }
    }

    fn sized(&self) -> Path {
        let path = self.first.clone();
        match self.list.paging.as_ref().and_then(Paging::size) {
            Some(PageSize { parameter, value }) => path.query(parameter, value),
            None => path,
        }
    }

    /// Reads a page, and returns the path of the next one.
    async fn read(&mut self, path: &Path, reader: &dyn Reader) -> Result<Option<Path>, Unread> {
        // Some servers have no page after the last one.
        let gone = if self.is_counted { vec![404] } else { Vec::new() };
        let (spent, post) = (self.walk.spent(), self.post.clone());
        let statuses = Statuses { spent, gone, post, ..self.list.statuses.clone() };
        let mut reply = match reader.read(path, &statuses).await? {
            GetResult::Reply(reply) => reply,
            GetResult::Gone(_) => return Ok(None),
        };
        self.walk.step(&reply);
        let items = self.items_of(&mut reply, path)?.into_iter();
        let items: Vec<_> = items.map(|item| self.kind.lifted(item)).collect();
        self.check_ids(&items, path)?;
        let is_full = self.is_full(items.len());
        let packed: Vec<_> = items.iter().map(Packed::of).collect();
        self.check_repeat(&packed, is_full, path)?;
        self.longest = self.longest.max(items.len());
        let page = Page { path, reply, last: items.last().cloned(), is_full };
        self.known.extend(items.iter().map(|item| identity(self.kind, item)));
        self.items.extend(packed);
        self.next(&page)
    }

    fn items_of(&self, reply: &mut Reply, path: &Path) -> Result<Vec<Value>, ReadError> {
        let (at, is_object) = (&self.list.items, reply.body.is_object());
        match reply.body.pointer_mut(at) {
            Some(Value::Array(items)) if self.list.by_name.is_none() => Ok(std::mem::take(items)),
            Some(Value::Object(items)) if let Some(place) = &self.list.by_name => {
                let items = std::mem::take(items).into_iter();
                Ok(items.map(|(name, item)| named(item, place, name)).collect())
            }
            // Some servers write an empty list as null, and some leave it out.
            Some(Value::Null) if !at.is_empty() => Ok(Vec::new()),
            None if self.list.empty_if_absent && is_object => Ok(Vec::new()),
            _ => Err(ReadError::unexpected(path, &format!("has no list at `{at}`"))),
        }
    }

    /// Whether a page of so many items may hold no more. A server may send less than it is asked for.
    fn is_full(&self, items: usize) -> bool {
        let asked = self.list.paging.as_ref().and_then(Paging::size).map_or(1, |size| size.value);
        let size = if self.longest == 0 { asked } else { self.longest };
        items > 0 && items >= size
    }

    /// Two objects of one answer that have one id cannot be told apart. On two pages it may be the same one, which moved.
    fn check_ids(&self, items: &[Value], path: &Path) -> Result<(), ReadError> {
        let Some(at) = &self.kind.id else { return Ok(()) };
        let mut known = BTreeMap::new();
        for (index, item) in items.iter().enumerate().filter(|(_, item)| self.list.is_object(item)) {
            let Some(id) = item.pointer(at).and_then(scalar) else { continue };
            let (first, other) = *known.entry(id.clone()).or_insert((index, item));
            if other != item {
                let (a, b) = (self.place(first, other), self.place(index, item));
                let what = format!("has two objects with the id `{id}`, at `{a}` and `{b}`");
                let help = "correct `id` in the definition: it must be different for each object";
                return Err(ReadError { help: Some(help.to_owned()), ..ReadError::unexpected(path, &what) });
            }
        }
        Ok(())
    }

    /// Where an item is in an answer.
    fn place(&self, index: usize, item: &Value) -> String {
        let name = self.list.by_name.as_ref().and_then(|at| item.pointer(at)).and_then(Value::as_str);
        child(&self.list.items, name.unwrap_or(&index.to_string()))
    }

    /// A server that ignores the parameter sends its first page again and again.
    fn check_repeat(&mut self, items: &[Packed], is_full: bool, path: &Path) -> Result<(), ReadError> {
        let by_number = matches!(self.list.paging, Some(Paging::Page { .. } | Paging::Offset { .. }));
        let is_same = by_number && !items.is_empty() && self.items.ends_with(items);
        self.same = if is_same { self.same + 1 } else { 0 };
        if !is_same || !(is_full || self.same > SAME) {
            return Ok(());
        }
        let what = "is the same page again, so the list cannot be read to its end";
        let help = "the API seems to ignore the parameter: correct `paging` in the definition, or remove it if one reply \
                    holds all objects";
        Err(ReadError { help: Some(help.to_owned()), ..ReadError::unexpected(path, what) })
    }

    fn next(&mut self, page: &Page<'_>) -> Result<Option<Path>, Unread> {
        let (parameter, token) = match &self.list.paging {
            None => return Ok(page.is_all().map(|()| None)?),
            Some(Paging::Link { .. }) => return Ok(self.linked(page)?),
            Some(Paging::Page { parameter, first, total, .. }) => {
                let number = first + self.walk.spent().pages;
                (parameter, (!self.is_last(page, total.as_ref())?).then(|| number.to_string()))
            }
            Some(Paging::Offset { parameter, total, .. }) => {
                let held = self.items.len();
                (parameter, (!self.is_last(page, total.as_ref())?).then(|| held.to_string()))
            }
            Some(Paging::Cursor { parameter, next, .. }) => (parameter, page.cursor(&next.0)?),
            Some(Paging::Marker { parameter, .. }) => (parameter, page.marker(self.kind)?),
        };
        let Some(token) = token else { return Ok(None) };
        self.walk.lead_on(page.path, &token)?;
        Ok(Some(self.sized().query(parameter, token)))
    }

    /// Whether the list is complete: by an empty page, or by the server's own count. That may be an estimate, so a full page
    /// is never the last one.
    fn is_last(&mut self, page: &Page<'_>, total: Option<&Pointer>) -> Result<bool, Unread> {
        let (empty, held) = (page.last.is_none(), self.known.len());
        let Some(Pointer(at)) = total else { return Ok(empty) };
        let total = page.reply.body.pointer(at).and_then(Value::as_u64);
        let what = || format!("has no count of objects at `{at}`");
        let total = total.ok_or_else(|| ReadError::unexpected(page.path, &what()))?;
        self.is_counted = held as u64 >= total;
        if held as u64 > total {
            return Err(Unread::Shifted(miscounted(page.path, held, total)));
        }
        if empty {
            check_total(page.path, held, total).map_err(Unread::Shifted)?;
        }
        Ok(empty || (self.is_counted && !page.is_full))
    }

    /// The next page by a link. Only its query is used, and only if it leads to the path of the list.
    fn linked(&mut self, page: &Page<'_>) -> Result<Option<Path>, ReadError> {
        let Some(link) = &page.reply.next else { return Ok(None) };
        self.walk.lead_on(page.path, link)?;
        let what = "links to another path, which is not followed";
        self.first.followed(link).map(Some).ok_or_else(|| ReadError::unexpected(page.path, what))
    }
}

/// An object with the name that it has in an object of all.
fn named(mut item: Value, place: &str, name: String) -> Value {
    put(&mut item, place, Value::from(name));
    item
}

fn miscounted(path: &Path, held: usize, total: u64) -> ReadError {
    let what = format!("counts {}, and the list has {held} by then", count(total as usize, "object"));
    let help = "the count is only an estimate: remove `total` from `paging` in the definition, so that the list ends with \
                an empty page";
    ReadError { help: Some(help.to_owned()), ..ReadError::unexpected(path, &what) }
}

impl Page<'_> {
    /// An error if the server itself says that there are more pages.
    fn is_all(&self) -> Result<(), ReadError> {
        let what = "says that there are more pages, but the definition has no `paging`";
        if self.reply.next.is_some() { Err(ReadError::unexpected(self.path, what)) } else { Ok(()) }
    }

    /// The token for the next page, if there is one.
    fn cursor(&self, at: &str) -> Result<Option<String>, ReadError> {
        match self.reply.body.pointer(at) {
            None | Some(Value::Null | Value::Bool(false)) => Ok(None),
            Some(value @ (Value::String(_) | Value::Number(_))) => {
                Ok(scalar(value).filter(|token| !token.is_empty()))
            }
            Some(_) => {
                let what = format!("has no token for the next page at `{at}`");
                Err(ReadError::unexpected(self.path, &what))
            }
        }
    }

    /// The id of the last object, or its key if it has no id; `None` for an empty page.
    fn marker(&self, kind: &CompiledKind) -> Result<Option<String>, ReadError> {
        let Some(last) = &self.last else { return Ok(None) };
        let at = kind.id.as_ref().or(kind.key.first().map(|field| &field.at));
        let marker = at.and_then(|at| last.pointer(at)).and_then(scalar);
        let what = "has a last object without an id, so the next page cannot be requested";
        marker.map(Some).ok_or_else(|| ReadError::unexpected(self.path, what))
    }
}

/// What identifies an item: its id, or its key if it has no id.
fn identity(kind: &CompiledKind, item: &Value) -> String {
    let key = kind.key.iter().map(|field| &field.at);
    let places = kind.id.iter().chain(key.filter(|_| kind.id.is_none()));
    let values = places.map(|at| item.pointer(at).unwrap_or(&Value::Null).to_string());
    values.collect::<Vec<_>>().join(" ")
}
