//! The pages of a list, in every way that a definition can say how a list goes on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::defined::compiled::{CompiledKind, List};
use crate::defined::definition::{PageSize, Paging, Pointer};
use crate::defined::template::scalar;
use crate::model::request::Path;
use crate::model::wire::{GetResult, ReadError, Reader, Reply};
use crate::system::paging::{PageWalk, check_total};

/// The items of all pages.
pub(super) async fn items(
    list: &List,
    kind: &CompiledKind,
    first: &Path,
    reader: &dyn Reader,
) -> Result<Vec<Value>, ReadError> {
    let walk = PageWalk::new(first);
    let mut pages = Pages { list, kind, first, walk, items: Vec::new(), known: BTreeSet::new() };
    let mut next = Some(pages.first_path());
    while let Some(path) = next {
        next = pages.read(&path, reader).await?;
    }
    Ok(pages.items)
}

struct Pages<'a> {
    list: &'a List,
    kind: &'a CompiledKind,
    first: &'a Path,
    walk: PageWalk<'a>,
    items: Vec<Value>,
    /// What tells the items apart, so that one that comes twice counts once.
    known: BTreeSet<String>,
}

/// A page, as far as it says how the list goes on.
struct Page<'a> {
    path: &'a Path,
    reply: Reply,
    /// Its last item; `None` for an empty page.
    last: Option<Value>,
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
        let path = self.first.clone();
        match self.list.paging.as_ref().and_then(Paging::size) {
            Some(PageSize { parameter, value }) => path.query(parameter, value),
            None => path,
        }
    }

    /// Reads a page, and says where the next one is.
    async fn read(&mut self, path: &Path, reader: &dyn Reader) -> Result<Option<Path>, ReadError> {
        self.walk.step()?;
        let GetResult::Reply(reply) = reader.read(path, &self.list.statuses).await? else {
            return Err(ReadError::unexpected(path, "says that there is no list"));
        };
        let items = match reply.body.pointer(&self.list.items) {
            Some(Value::Array(items)) => items.clone(),
            // Some servers write an empty list so.
            Some(Value::Null) if !self.list.items.is_empty() => Vec::new(),
            _ => {
                let what = format!("has no list at `{}`", self.list.items);
                return Err(ReadError::unexpected(path, &what));
            }
        };
        let by_number = matches!(self.list.paging, Some(Paging::Page { .. } | Paging::Offset { .. }));
        if by_number && !items.is_empty() && self.items.ends_with(&items) {
            // A server that does not know the parameter gives the first page again and again.
            let what = "is the page before once more, so the list does not go on";
            return Err(ReadError::unexpected(path, what));
        }
        let page = Page { path, reply, last: items.last().cloned() };
        self.known.extend(items.iter().map(|item| identity(self.kind, item)));
        self.items.extend(items);
        self.next(&page)
    }

    fn next(&mut self, page: &Page<'_>) -> Result<Option<Path>, ReadError> {
        let (parameter, token) = match &self.list.paging {
            None => return page.is_all().map(|()| None),
            Some(Paging::Link { .. }) => return self.linked(page),
            Some(Paging::Page { parameter, first, total, .. }) => {
                let number = first + self.walk.pages();
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

    /// Whether all is read, by the server's own count or an empty page. A list that ends before its count is not whole.
    fn is_last(&self, page: &Page<'_>, total: Option<&Pointer>) -> Result<bool, ReadError> {
        let (empty, held) = (page.last.is_none(), self.known.len());
        let Some(Pointer(at)) = total else { return Ok(empty) };
        let total = page.reply.body.pointer(at).and_then(Value::as_u64);
        let what = || format!("has no number of objects at `{at}`");
        let total = total.ok_or_else(|| ReadError::unexpected(page.path, &what()))?;
        if empty {
            check_total(page.path, held, total)?;
        }
        Ok(held as u64 >= total)
    }

    /// Only the query of a link is used, and only if it leads to the path of the list.
    fn linked(&mut self, page: &Page<'_>) -> Result<Option<Path>, ReadError> {
        let Some(link) = &page.reply.next else { return Ok(None) };
        self.walk.lead_on(page.path, link)?;
        let what = "links to another path, which is not followed";
        self.first.followed(link).map(Some).ok_or_else(|| ReadError::unexpected(page.path, what))
    }
}

impl Page<'_> {
    /// Refuses a page of which the server itself says that it is not all.
    fn is_all(&self) -> Result<(), ReadError> {
        let what = "says that the list goes on, and the definition has no `paging`";
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

    /// The id, or else the key, of the last object, unless the page is empty.
    fn marker(&self, kind: &CompiledKind) -> Result<Option<String>, ReadError> {
        let Some(last) = &self.last else { return Ok(None) };
        let at = kind.id.as_ref().or(kind.key.first().map(|field| &field.at));
        let marker = at.and_then(|at| last.pointer(at)).and_then(scalar);
        let what = "has a last object without an id, so the list cannot go on";
        marker.map(Some).ok_or_else(|| ReadError::unexpected(self.path, what))
    }
}

/// What tells an item apart: its id, or else its key.
fn identity(kind: &CompiledKind, item: &Value) -> String {
    let key = kind.key.iter().map(|field| &field.at);
    let places = kind.id.iter().chain(key.filter(|_| kind.id.is_none()));
    let values = places.map(|at| item.pointer(at).unwrap_or(&Value::Null).to_string());
    values.collect::<Vec<_>>().join(" ")
}
