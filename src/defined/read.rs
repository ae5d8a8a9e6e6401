//! Reading: the objects of a kind, one whole object, and whether an object is gone.
//!
//! Not here: the pages of a list (`pages`), and what a reply says about an object (`object`).

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::defined::api::Defined;
use crate::defined::compiled::CompiledKind;
use crate::defined::definition::{ErrorForm, Places, Pointer};
use crate::defined::template::Values;
use crate::model::kind::Kind;
use crate::model::request::Path;
use crate::model::resource::RemoteId;
use crate::model::state::{Listing, LiveObject};
use crate::model::wire::{Errors, GetResult, ReadError, Reader, Sign, Statuses};
use crate::packed::Packed;
use crate::system::Observe;

mod object;
mod pages;

use object::NamesOf;

#[async_trait]
impl Observe for Defined {
    fn headers(&self) -> Vec<(String, String)> {
        let values = Values { settings: &self.settings, id: None, parts: Vec::new() };
        let headers = self.api.headers.iter();
        headers.filter_map(|(name, value)| Some((name.clone(), value.fill(&values)?))).collect()
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
        self.all(self.compiled(kind)?, None, reader).await
    }

    async fn get(
        &self,
        kind: &Kind,
        found: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        self.one(self.compiled(kind)?, found, reader).await
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
        let found = self.all(compiled, Some(name), reader).await?.named(kind, name)?;
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
        let unknown = || ReadError { message: format!("the kind {} is not defined", kind.name), help: None };
        self.api.compiled(&kind.name).ok_or_else(unknown)
    }

    /// All objects of a kind, or only those with one key if the API can select them.
    async fn all(
        &self,
        kind: &CompiledKind,
        name: Option<&str>,
        reader: &dyn Reader,
    ) -> Result<Listing, ReadError> {
        let Some(list) = &kind.list else { return Ok(Listing::default()) };
        let parts = name.map(|name| kind.parts(name)).unwrap_or_default();
        let values = Values { settings: &self.settings, id: None, parts };
        let narrowed = list.find.as_ref().filter(|_| name.is_some()).and_then(|find| find.fill(&values));
        let path = narrowed.or_else(|| list.route.fill(&values)).ok_or_else(unfilled)?;
        let names = Box::pin(self.names_of(kind, reader)).await?;
        let mut all: BTreeMap<RemoteId, Vec<LiveObject>> = BTreeMap::new();
        let mut unreachable = Vec::new();
        let mut items = pages::items(list, kind, &path, reader).await?;
        items.retain(|item| list.is_object(&item.value()));
        object::check_key(kind, &items, &path)?;
        for item in items {
            match object::listed(kind, &item.value(), &names) {
                Some(Ok(found)) => {
                    object::join(kind, all.entry(found.remote.clone()).or_default(), found, &path)?
                }
                Some(Err(found)) => unreachable.push(found),
                None => {}
            }
        }
        Ok(Listing { objects: all.into_values().flatten().collect(), unreachable })
    }

    /// The names for the ids that a key contains.
    async fn names_of(&self, kind: &CompiledKind, reader: &dyn Reader) -> Result<NamesOf, ReadError> {
        let mut names = NamesOf::new();
        for id_of in kind.key.iter().filter_map(|field| field.id_of.as_ref()) {
            if let Some(other) = self.api.compiled(id_of) {
                let found = self.all(other, None, reader).await?.objects;
                let of_kind = found.into_iter().map(|found| (found.remote.to_string(), found.name)).collect();
                names.insert(id_of.clone(), of_kind);
            }
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
        let path = get.route.fill(&self.values(kind, listed)).ok_or_else(unfilled)?;
        let statuses = Statuses { own: self.own(kind, listed), ..get.statuses.clone() };
        match reader.read(&path, &statuses).await? {
            GetResult::Gone(status) => self.gone(kind, listed, status, &path, reader).await,
            GetResult::Reply(reply) if get.gone_if.iter().any(|sign| sign.is_in(&reply.body)) => Ok(None),
            GetResult::Reply(reply) => object::in_full(kind, listed, &get.object, reply, &path).map(Some),
        }
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
        let all = self.all(kind, None, reader).await?;
        if all.objects.iter().any(|found| found.remote == listed.remote) { Err(unsure()) } else { Ok(None) }
    }
}

/// The error for a name that cannot be in a path. Settings and keys were checked before, so it is nothing else.
fn unfilled() -> ReadError {
    ReadError {
        message: "the object's name or id cannot be part of a path".to_owned(),
        help: Some("rename it on the target".to_owned()),
    }
}
