//! Reading: the objects of a kind, one whole object, and whether an object is gone.
//!
//! Not here: the pages of a list (`pages`), and what a reply says about an object (`object`).

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::defined::api::Defined;
use crate::defined::compiled::{self, CompiledKind, KeyField, List};
use crate::defined::definition::{ErrorForm, Places, Pointer};
use crate::defined::template::{BodyTemplate, Route, Values};
use crate::model::answer::Sign;
use crate::model::kind::Kind;
use crate::model::login::Login;
use crate::model::request::{Id, Path};
use crate::model::resource::RemoteId;
use crate::model::state::{Listing, LiveObject};
use crate::model::wire::{Errors, GetResult, ReadError, Reader, Statuses};
use crate::packed::Packed;
use crate::pointer::put;
use crate::system::{Observe, Translate as _};

mod object;
mod pages;

use object::NamesOf;

/// How many lists are read at once, each below another object.
const SIDE_BY_SIDE: usize = 8;

/// Which objects of a kind are looked for.
#[derive(Clone, Copy)]
enum Sought<'a> {
    /// Every one.
    All,
    /// Those with these names.
    Among(&'a BTreeSet<String>),
    /// Those with one name, by a narrower request if the API can select them.
    Named(&'a str),
}

/// One list of a kind: the only one, or that below an object.
#[derive(Clone, Copy)]
struct ListOf<'a> {
    kind: &'a CompiledKind,
    list: &'a List,
    above: Option<&'a Above>,
    sought: Sought<'a>,
}

/// An object below which there is a list.
struct Above {
    /// What the path of the list has: its id, or its name if it has none.
    in_path: RemoteId,
    name: String,
}

impl Above {
    fn named(name: &str) -> Option<Self> {
        Some(Self { in_path: RemoteId::new(name)?, name: name.to_owned() })
    }
}

#[async_trait]
impl Observe for Defined {
    fn headers(&self) -> Vec<(String, String)> {
        let values = Values { settings: &self.settings, id: None, parts: Vec::new() };
        let headers = self.api.headers.iter();
        headers.filter_map(|(name, value)| Some((name.clone(), value.fill(&values)?))).collect()
    }

    fn login(&self, username: Option<&str>) -> Result<Option<Login>, String> {
        let Some(login) = &self.api.login else { return Ok(None) };
        let username = username.and_then(Id::text).map(|name| ("username", name));
        let values = Values { settings: &self.settings, id: None, parts: username.into_iter().collect() };
        let filled = || {
            let body = match &login.body {
                Some(body) => Some(body.fill(&values)?.0),
                None => None,
            };
            let compiled::Login { method, secret, form, answer, .. } = login;
            let path = login.route.fill(&values)?;
            let (secret, answer) = (secret.clone(), answer.clone());
            Some(Login { method: *method, path, body, secret, form: *form, answer })
        };
        filled().map(Some).ok_or_else(|| "the name and the settings make no request for a token".to_owned())
    }

    fn post_reads(&self) -> Vec<Path> {
        let values = Values { settings: &self.settings, id: None, parts: Vec::new() };
        let paths = self.api.definition.post_reads.iter();
        paths.filter_map(|path| Route::new(&path.0).ok()?.fill(&values)).collect()
    }

    fn errors(&self) -> Errors {
        let ErrorForm { code, message, in_success, help } = &self.api.definition.errors;
        let first = |given: &Option<Pointer>, usual: Vec<String>| {
            given.iter().map(|pointer| pointer.0.clone()).chain(usual).collect()
        };
        let usual = Errors::default();
        let in_success = in_success.as_ref().map(|all| all.iter().map(Sign::from).collect());
        let message = message.iter().flat_map(Places::all);
        Errors {
            code: first(code, usual.code),
            message: message.map(|pointer| pointer.0.clone()).collect(),
            in_success: in_success.unwrap_or(usual.in_success),
            help: help.clone(),
        }
    }

    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Listing, ReadError> {
        self.all(self.compiled(kind)?, Sought::All, reader).await
    }

    async fn list_among(
        &self,
        kind: &Kind,
        names: &BTreeSet<String>,
        reader: &dyn Reader,
    ) -> Result<Listing, ReadError> {
        self.all(self.compiled(kind)?, Sought::Among(names), reader).await
    }

    async fn get(
        &self,
        kind: &Kind,
        found: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let compiled = self.compiled(kind)?;
        // What is known only by its name is not in the list, and without `get` there is nowhere else to ask.
        let is_only_named = found.body().is_null();
        if compiled.get.is_none() && is_only_named {
            return Ok(None);
        }
        self.one(compiled, found, reader).await
    }

    fn lists_to_find(&self, kind: &Kind) -> bool {
        self.compiled(kind).is_ok_and(|compiled| {
            let narrows = compiled.list.as_ref().is_some_and(|list| list.find.is_some());
            compiled.get.is_some() && !narrows && !is_found_by_get(compiled, kind)
        })
    }

    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        let compiled = self.compiled(kind)?;
        if is_found_by_get(compiled, kind) {
            return Ok(self.named(compiled, name, reader).await?.into_iter().collect());
        }
        let found = self.all(compiled, Sought::Named(name), reader).await?.named(kind, name)?;
        match found.as_slice() {
            [one] if compiled.get.is_some() => {
                Ok(self.one(compiled, one, reader).await?.into_iter().collect())
            }
            _ => Ok(found),
        }
    }
}

/// Whether the path of an object is known from its name.
fn is_found_by_get(compiled: &CompiledKind, kind: &Kind) -> bool {
    let by_name = compiled.get.as_ref().is_some_and(|get| get.by_name);
    compiled.id.is_none() && by_name && !kind.folds_case
}

impl Defined {
    fn compiled(&self, kind: &Kind) -> Result<&CompiledKind, ReadError> {
        let unknown = || ReadError::new(format!("the kind {} is not defined", kind.name), None);
        self.api.compiled(&kind.name).ok_or_else(unknown)
    }

    /// The objects of a kind that are looked for, and others of the lists that hold them.
    async fn all(
        &self,
        kind: &CompiledKind,
        sought: Sought<'_>,
        reader: &dyn Reader,
    ) -> Result<Listing, ReadError> {
        let Some(list) = &kind.list else {
            let only = match &kind.only {
                Some(only) => Box::pin(self.named(kind, only, reader)).await?,
                None => None,
            };
            return Ok(only.into_iter().map(Ok).collect());
        };
        let mut names = Box::pin(self.names_of(ListOf { kind, list, above: None, sought }, reader)).await?;
        let above = Box::pin(self.above(kind, list, sought, &mut names, reader)).await?;
        let mut reads = Vec::new();
        for above in &above {
            reads.push(self.items(ListOf { kind, list, above: above.as_ref(), sought }, &names, reader));
        }
        let read = stream::iter(reads).buffered(SIDE_BY_SIDE);
        let mut all: BTreeMap<RemoteId, Vec<LiveObject>> = BTreeMap::new();
        let mut unreachable = Vec::new();
        for (path, items) in read.try_collect::<Vec<_>>().await? {
            for item in items {
                match object::listed(kind, item, &names) {
                    Some(Ok(found)) => {
                        object::join(kind, all.entry(found.remote.clone()).or_default(), found, &path)?
                    }
                    Some(Err(found)) => unreachable.push(found),
                    None => {}
                }
            }
        }
        Ok(Listing { objects: all.into_values().flatten().collect(), unreachable })
    }

    /// The items of one list, each with the part of its key that only the path has.
    async fn items(
        &self,
        of: ListOf<'_>,
        names: &NamesOf,
        reader: &dyn Reader,
    ) -> Result<(Path, Vec<Packed>), ReadError> {
        let ListOf { kind, list, above, sought } = of;
        let mut parts = match sought {
            Sought::Named(name) => object::parts(kind, name, names),
            Sought::All | Sought::Among(_) => Vec::new(),
        };
        if let (Some(field), Some(above)) = (&list.below, above) {
            parts.retain(|(label, _)| *label != field.label);
            parts.push((&field.label, Id::Known(above.in_path.clone())));
        }
        let values = Values { settings: &self.settings, id: None, parts };
        let is_named = matches!(sought, Sought::Named(_));
        let narrowed = list.find.as_ref().filter(|_| is_named).and_then(|find| find.fill(&values));
        let path = narrowed.or_else(|| list.route.fill(&values)).ok_or_else(unfilled)?;
        let post = posted(list.post.as_ref(), &values)?;
        let mut items = match pages::items(list, kind, (&path, post), reader).await {
            Err(_) if self.is_below_nothing(of, reader).await? => Vec::new(),
            items => items?,
        };
        items.retain(|item| list.is_object(&item.value()));
        if let (Some(field), Some(above)) = (list.below.as_ref().filter(|field| field.only_in_paths), above) {
            for item in &mut items {
                let mut value = item.value();
                put(&mut value, &field.at, above.in_path.to_json());
                *item = value.into();
            }
        }
        object::check_key(kind, &items, &path)?;
        Ok((path, items))
    }

    /// Whether a list is below an object that is not there: one that nobody has looked for yet, or that is deleted by now.
    async fn is_below_nothing(&self, of: ListOf<'_>, reader: &dyn Reader) -> Result<bool, ReadError> {
        let (Some(field), Some(above)) = (&of.list.below, of.above) else { return Ok(false) };
        let Some(kind) = field.kind.as_ref().and_then(|kind| self.kind(kind)) else { return Ok(false) };
        let is_it = |found: &LiveObject| match field.id_of {
            Some(_) => found.remote == above.in_path,
            None => kind.folded(&found.name) == kind.folded(&above.name),
        };
        Ok(!self.find(kind, &above.name, reader).await?.iter().any(is_it))
    }

    /// The objects below which there is a list to read, as its path has them; one `None` for a list that is below none.
    /// Objects of the kind above that nobody looks below are not asked for theirs.
    async fn above(
        &self,
        kind: &CompiledKind,
        list: &List,
        sought: Sought<'_>,
        names: &mut NamesOf,
        reader: &dyn Reader,
    ) -> Result<Vec<Option<Above>>, ReadError> {
        let Some(field) = &list.below else { return Ok(vec![None]) };
        let Some(above) = field.kind.as_ref().and_then(|kind| self.api.compiled(kind)) else {
            return Ok(Vec::new());
        };
        let wanted: Option<BTreeSet<String>> = match sought {
            Sought::All => None,
            Sought::Among(names) => Some(names.iter().filter_map(|name| kind.part(name, field)).collect()),
            Sought::Named(name) => Some(kind.part(name, field).into_iter().collect()),
        };
        if let (Sought::Named(_), Some(wanted), None) = (sought, &wanted, &field.id_of) {
            return wanted.iter().map(|name| Above::named(name).ok_or_else(unfilled).map(Some)).collect();
        }
        let among = wanted.as_ref().map_or(Sought::All, Sought::Among);
        let mut found = self.all(above, among, reader).await?.objects;
        found.retain(|above| wanted.as_ref().is_none_or(|wanted| wanted.contains(&above.name)));
        if let Some(of) = &field.id_of {
            let named = found.iter().map(|above| (above.remote.to_string(), above.name.clone()));
            names.entry(of.clone()).or_default().extend(named);
        }
        let in_path = |above: LiveObject| match field.id_of {
            Some(_) => Some(Above { in_path: above.remote, name: above.name }),
            None => Above::named(&above.name),
        };
        Ok(found.into_iter().filter_map(in_path).map(Some).collect())
    }

    /// The names for the ids that a key contains, except of the object above, which is known anyway. For a narrower request
    /// those of one key are enough.
    async fn names_of(&self, of: ListOf<'_>, reader: &dyn Reader) -> Result<NamesOf, ReadError> {
        let ListOf { kind, list, sought, .. } = of;
        let mut names = NamesOf::new();
        let is_above = |field: &KeyField| list.below.as_ref().is_some_and(|below| below.label == field.label);
        for field in kind.key.iter().filter(|field| !is_above(field)) {
            let Some(id_of) = &field.id_of else { continue };
            let one = match sought {
                Sought::Named(name) if list.find.is_some() => kind.part(name, field).zip(self.kind(id_of)),
                Sought::All | Sought::Among(_) | Sought::Named(_) => None,
            };
            let found = match (one, self.api.compiled(id_of)) {
                (Some((name, other)), _) => self.find(other, &name, reader).await?,
                (None, Some(_)) if names.contains_key(id_of) => continue,
                (None, Some(other)) => self.all(other, Sought::All, reader).await?.objects,
                (None, None) => continue,
            };
            let of_kind = found.into_iter().map(|found| (found.remote.to_string(), found.name));
            names.entry(id_of.clone()).or_default().extend(of_kind);
        }
        Ok(names)
    }

    /// The whole object for one that was listed.
    async fn one(
        &self,
        kind: &CompiledKind,
        listed: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let Some(get) = &kind.get else { return Ok(Some(listed.clone())) };
        let Some(listed) = &self.identified(kind, &get.route, listed, reader).await? else { return Ok(None) };
        let values = self.values(kind, listed);
        let path = get.route.fill(&values).ok_or_else(unfilled)?;
        let post = posted(get.post.as_ref(), &values)?;
        let statuses = Statuses { own: self.own(kind, listed), post, ..get.statuses.clone() };
        match reader.read(&path, &statuses).await? {
            GetResult::Gone(status) => self.gone(kind, listed, status, &path, reader).await,
            GetResult::Reply(reply) if get.gone_if.iter().any(|sign| sign.is_in(&reply.body)) => Ok(None),
            GetResult::Reply(reply) => object::in_full(kind, listed, &get.object, reply, &path).map(Some),
        }
    }

    /// The object with the ids of others that its path has, if only their names are known so far; `None` if one of them is
    /// not there.
    async fn identified(
        &self,
        kind: &CompiledKind,
        route: &Route,
        known: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let mut body = known.body();
        let named = kind.name_form.split(&known.name).unwrap_or_default();
        for (field, name) in kind.key.iter().zip(named).filter(|(field, _)| route.has_part(&field.label)) {
            let Some(of) = field.id_of.as_ref().filter(|_| body.pointer(&field.at).is_none()) else {
                continue;
            };
            let Some(kind) = self.kind(of) else { continue };
            let mut found = self.find(kind, &name, reader).await?;
            found.retain(|found| kind.folded(&found.name) == kind.folded(&name));
            match found.as_slice() {
                [] => return Ok(None),
                [one] => put(&mut body, &field.at, one.remote.to_json()),
                _ => return Err(ambiguous(of, &name)),
            }
        }
        Ok(Some(LiveObject { body: body.into(), ..known.clone() }))
    }

    /// What identifies an object in a reply that is the object itself, unless the definition says where errors are.
    fn own(&self, kind: &CompiledKind, listed: &LiveObject) -> Option<(String, String)> {
        let is_bare = kind.get.as_ref().is_some_and(|get| get.object.is_empty());
        if !is_bare || self.api.definition.errors.in_success.is_some() {
            return None;
        }
        match (&kind.id, kind.key.first()) {
            (Some(at), _) => Some((at.clone(), listed.remote.to_string())),
            (None, Some(field)) => {
                let part = kind.name_form.split(&listed.name)?.into_iter().next()?;
                Some((field.at.clone(), part))
            }
            (None, None) => None,
        }
    }

    /// An object by its name, if its path is known from the name.
    async fn named(
        &self,
        kind: &CompiledKind,
        name: &str,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        let remote = RemoteId::new(name).ok_or_else(unfilled)?;
        let sought =
            LiveObject { remote, name: name.to_owned(), system: false, body: Packed::default(), etag: None };
        self.one(kind, &sought, reader).await
    }

    /// Checks in the list whether an object is gone, if the status may also mean that enact may not see it.
    async fn gone(
        &self,
        kind: &CompiledKind,
        listed: &LiveObject,
        status: u16,
        path: &Path,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        if matches!(status, 404 | 410) {
            return Ok(None);
        }
        let unsure = || {
            let what = format!(
                "is {status}, which may mean that the object is gone or that the credential may not see it"
            );
            ReadError::unexpected(path, &what)
        };
        if kind.list.is_none() {
            return Err(unsure());
        }
        let names = BTreeSet::from([listed.name.clone()]);
        let all = self.all(kind, Sought::Among(&names), reader).await?;
        if all.objects.iter().any(|found| found.remote == listed.remote) { Err(unsure()) } else { Ok(None) }
    }
}

/// The body of a read, if it is a POST.
fn posted(body: Option<&BodyTemplate>, values: &Values<'_>) -> Result<Option<Value>, ReadError> {
    body.map(|body| body.fill(values).map(|(body, _)| body).ok_or_else(unfilled)).transpose()
}

fn ambiguous(kind: &str, name: &str) -> ReadError {
    let message = format!("several objects could be the {kind} `{name}`");
    ReadError::new(message, Some("rename or remove all except one on the target".to_owned()))
}

/// The error for a name that cannot be in a path. Settings and keys were checked before, so it is nothing else.
fn unfilled() -> ReadError {
    let message = "the object's name or id cannot be part of a path".to_owned();
    ReadError::new(message, Some("rename it on the target".to_owned()))
}
