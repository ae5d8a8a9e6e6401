//! Compares a planned change with the live object: what moved since the plan, and how much of it is done. Pure; reading
//! is in `object`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::compare::diff::{MOVES_BY_ITSELF, diff, places};
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::request::{Request, Symbol};
use crate::model::resource::RemoteId;
use crate::model::state::{Declared, LiveObject};
use crate::plan::compare::Comparison;
use crate::run::write::progress::{Seen, Unclear};

type KnownIds = BTreeMap<Symbol, RemoteId>;

/// One planned change, and what it was made from.
pub(super) struct PlannedChange<'a> {
    pub(super) change: &'a Change,
    pub(super) kind: &'a Kind,
    pub(super) declared: &'a Declared,
    /// The comparison of the plan.
    pub(super) comparison: &'a Comparison<'a>,
}

impl PlannedChange<'_> {
    /// The name of the object when it was planned, if it was another.
    pub(super) fn former_name(&self) -> Option<&str> {
        let seen = self.change.seen.as_ref().map(|seen| seen.name.as_str());
        seen.filter(|name| *name != self.change.id.name)
    }

    /// Whether one of these is another object. Where case makes no difference, an object is also found under its new
    /// name.
    pub(super) fn is_taken_by(&self, found: &[LiveObject]) -> bool {
        let seen = self.change.seen.as_ref();
        found.iter().any(|found| seen.is_none_or(|seen| seen.remote != found.remote))
    }

    /// What moved since the plan, or `None` if a fresh plan of this object is the planned change.
    pub(super) fn moved(&self, found: &[LiveObject]) -> Option<String> {
        let live = match only(found) {
            Ok(live) => live,
            Err(several) => return Some(several),
        };
        if let Some(another) = self.another(live) {
            return Some(another);
        }
        match self.comparison.change(self.kind, self.declared, live) {
            Ok(Some(fresh))
                if fresh.fields == self.change.fields && fresh.requests == self.change.requests =>
            {
                // The request of a delete holds no fields, so they are compared here.
                (self.change.action == Action::Delete).then(|| self.moved_fields(live)).flatten()
            }
            Ok(fresh) => {
                let carried = || carried(&self.change.requests, &fresh?.requests);
                let moved = self.moved_fields(live).or_else(carried);
                Some(moved.unwrap_or_else(|| "it changed since the plan".to_owned()))
            }
            Err(diagnostic) => Some(diagnostic.message),
        }
    }

    /// Whether it is another object than the one in the plan.
    fn another(&self, live: Option<&LiveObject>) -> Option<String> {
        match (&self.change.seen, live) {
            (None, Some(live)) => Some(format!("it exists now ({})", live.remote)),
            (Some(_), None) => Some("it is gone".to_owned()),
            (Some(seen), Some(live)) if seen.remote != live.remote => {
                Some(format!("it is another object now ({}, was {})", live.remote, seen.remote))
            }
            _ => None,
        }
    }

    /// The fields in which the object differs from what the plan saw.
    fn moved_fields(&self, live: Option<&LiveObject>) -> Option<String> {
        let canonical = |found: Option<&LiveObject>| {
            found.map_or(Value::Null, |found| self.comparison.observed(self.kind, found))
        };
        let seen = canonical(self.change.seen.as_ref());
        let fields = diff(&self.kind.shape, &seen, &canonical(live));
        let paths: Vec<_> = fields.iter().map(|field| format!("`{}`", field.path)).collect();
        (!paths.is_empty()).then(|| format!("changed since the plan: {}", paths.join(", ")))
    }

    /// How far the change got, judged by these objects, which have its name now or had it before. At least `sent`
    /// requests are known to be done; `ids` are those of what this run created.
    pub(super) fn seen(&self, found: &[LiveObject], sent: usize, ids: &KnownIds) -> Result<Seen, Unclear> {
        let live = only(found).map_err(Unclear::Moved)?;
        let created = live.filter(|_| self.change.seen.is_none());
        let created = created.map(|live| (Symbol::of(&self.change.id), live.remote.clone()));
        let mut ids = ids.clone();
        ids.extend(created.clone());
        let left = self.left(live, &ids)?;
        let done = done(&self.change.requests, sent, &left, &ids);
        let done = done.ok_or_else(|| Unclear::Moved("the live object is not what was sent".to_owned()))?;
        match self.moved(found).filter(|_| done == 0) {
            Some(why) => Err(Unclear::Moved(why)),
            None => Ok(Seen { done, etag: live.and_then(|live| live.etag.clone()), created }),
        }
    }

    /// What a fresh plan would still send.
    fn left(&self, live: Option<&LiveObject>, ids: &KnownIds) -> Result<Vec<Request>, Unclear> {
        match (live, self.change.action) {
            (None, Action::Delete) => Ok(Vec::new()),
            (None, Action::Update) => Err(Unclear::Moved("it is gone".to_owned())),
            _ => match self.comparison_now(ids).change(self.kind, self.declared, live) {
                Ok(fresh) => Ok(fresh.map(|fresh| fresh.requests).unwrap_or_default()),
                Err(diagnostic) => Err(Unclear::Moved(diagnostic.message)),
            },
        }
    }

    /// The comparison, with the names of what this run has created.
    fn comparison_now(&self, ids: &KnownIds) -> Comparison<'_> {
        let mut names = self.comparison.names.clone();
        for (symbol, id) in ids.iter().filter(|(symbol, _)| symbol.part.is_none()) {
            names.learn(&symbol.resource, id);
        }
        Comparison { names, ..*self.comparison }
    }
}

/// What differs in requests although nothing that git manages does: they send back what was live.
fn carried(planned: &[Request], fresh: &[Request]) -> Option<String> {
    let bodies = planned.iter().zip(fresh).filter_map(|(a, b)| Some((a.body.as_ref()?, b.body.as_ref()?)));
    let moved: BTreeSet<_> = bodies.flat_map(|(planned, fresh)| places(planned, fresh)).collect();
    let moved: Vec<_> = moved.iter().map(|path| format!("`{path}`")).collect();
    (!moved.is_empty()).then(|| format!("changed since the plan: {}, {MOVES_BY_ITSELF}", moved.join(", ")))
}

/// The one object that was found, if any; `Err` if there are several.
fn only(found: &[LiveObject]) -> Result<Option<&LiveObject>, String> {
    match found {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(format!("there are {} objects with this name now", several.len())),
    }
}

/// How many requests are done if exactly these are left. They must be the end of the planned ones.
fn done(planned: &[Request], sent: usize, left: &[Request], ids: &KnownIds) -> Option<usize> {
    let done = planned.len().checked_sub(left.len()).filter(|done| *done >= sent)?;
    let mut rest = planned.iter().skip(done).zip(left);
    rest.all(|(planned, left)| planned.fill(ids).is_same_write(&left.fill(ids))).then_some(done)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request::{Id, Method, Path};
    use crate::model::resource::ResourceId;

    fn put(path: &'static str) -> Request {
        Request::new(Method::Put, Path::fixed(path)).body(json!({}))
    }

    #[test]
    fn what_is_left_has_to_be_the_end_of_what_was_planned() {
        let planned = [put("a"), put("b"), put("c")];
        let done = |sent, left: &[Request]| done(&planned, sent, left, &KnownIds::new());
        assert_eq!(done(0, &planned), Some(0));
        assert_eq!(done(1, &[put("c")]), Some(2));
        assert_eq!(done(0, &[]), Some(3));
        assert_eq!(done(0, &[put("b")]), None, "another request than the last one");
        assert_eq!(done(2, &[put("b"), put("c")]), None, "less than was answered");
        assert_eq!(done(0, &[put("x"), put("a"), put("b"), put("c")]), None, "more than was planned");
    }

    #[test]
    fn a_request_is_the_same_once_its_id_is_known() {
        let role = Symbol::of(&ResourceId::new("t", "Role", "r"));
        let id = RemoteId::new("7").unwrap();
        let later = Request::new(Method::Put, Path::fixed("roles").id(&Id::Later(role.clone())));
        let now = Request::new(Method::Put, Path::fixed("roles").known(&id));
        let done = |ids| done(std::slice::from_ref(&later), 0, std::slice::from_ref(&now), &ids);
        assert_eq!(done(KnownIds::new()), None);
        assert_eq!(done(KnownIds::from([(role.clone(), id.clone())])), Some(0));
    }
}
