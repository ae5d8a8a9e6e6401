//! The pages of a list, for every kind of paging that a definition can have. Not here: the checks against endless
//! lists, in `system::paging`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::defined::compiled::{CompiledKind, List};
use crate::defined::definition::{PageSize, Paging, Pointer};
use crate::defined::template::scalar;
use crate::model::request::Path;
use crate::model::wire::{GetResult, ReadError, Reader, Reply, Statuses};
use crate::system::paging::{PageWalk, check_total};

/// The items of all pages.
pub(super) async fn items(
    list: &List,
    kind: &CompiledKind,
    first: &Path,
    reader: &dyn Reader,
) -> Result<Vec<Value>, ReadError> {
    let walk = PageWalk::default();
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
    walk: PageWalk,
    items: Vec<Value>,
    /// The identities of the items so far, so that one that comes twice counts once.
    known: BTreeSet<String>,
}

/// A page, as far as it matters for finding the next one.
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

    /// Reads a page, and returns the path of the next one.
    async fn read(&mut self, path: &Path, reader: &dyn Reader) -> Result<Option<Path>, ReadError> {
        let statuses = Statuses { spent: self.walk.spent(), ..self.list.statuses.clone() };
        let GetResult::Reply(mut reply) = reader.read(path, &statuses).await? else {
            return Err(ReadError::unexpected(path, "says that there is no list"));
        };
        self.walk.step(&reply);
        let items = match reply.body.pointer_mut(&self.list.items) {
            Some(Value::Array(items)) => std::mem::take(items),
            // Some servers write an empty list as null.
            Some(Value::Null) if !self.list.items.is_empty() => Vec::new(),
            _ => {
                let what = format!("has no list at `{}`", self.list.items);
                return Err(ReadError::unexpected(path, &what));
            }
        };
        let by_number = matches!(self.list.paging, Some(Paging::Page { .. } | Paging::Offset { .. }));
        if by_number && !items.is_empty() && self.items.ends_with(&items) {
            // A server that ignores the parameter sends the first page again and again.
            let what = "is the same page again, so the list cannot be read to its end";
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

    /// Whether the list is complete, by the server's own count or an empty page. A list that ends before its count is
    /// an error.
    fn is_last(&self, page: &Page<'_>, total: Option<&Pointer>) -> Result<bool, ReadError> {
        let (empty, held) = (page.last.is_none(), self.known.len());
        let Some(Pointer(at)) = total else { return Ok(empty) };
        let total = page.reply.body.pointer(at).and_then(Value::as_u64);
        let what = || format!("has no count of objects at `{at}`");
        let total = total.ok_or_else(|| ReadError::unexpected(page.path, &what()))?;
        if empty {
            check_total(page.path, held, total)?;
        }
        Ok(held as u64 >= total)
    }

    /// The next page by a link. Only its query is used, and only if it leads to the path of the list.
    fn linked(&mut self, page: &Page<'_>) -> Result<Option<Path>, ReadError> {
        let Some(link) = &page.reply.next else { return Ok(None) };
        self.walk.lead_on(page.path, link)?;
        let what = "links to another path, which is not followed";
        self.first.followed(link).map(Some).ok_or_else(|| ReadError::unexpected(page.path, what))
    }
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
