//! How the objects of a kind are read and written one by one, by what an OpenAPI document says of their paths.

use serde_json::{Map, Value, json};

use super::document::pointer;
use super::drafter::{Drafter, Identity};

/// The paths of a kind as a definition has them.
#[derive(Clone, Copy)]
pub(super) struct Paths<'d> {
    pub(super) list: &'d str,
    pub(super) one: &'d str,
}

/// An operation at a path.
fn at(path: &str) -> Map<String, Value> {
    Map::from_iter([("path".to_owned(), json!(path))])
}

/// An operation at a path with a method that is not the usual one.
fn by(method: &str, path: &str) -> Map<String, Value> {
    Map::from_iter([("method".to_owned(), json!(method)), ("path".to_owned(), json!(path))])
}

impl<'a> Drafter<'a, '_> {
    /// The operations of a kind besides its list, by their names in a definition. What the document does not say is asked.
    pub(super) fn operations(
        &mut self,
        identity: &Identity<'a>,
        one: &'a Map<String, Value>,
        paths: Paths<'_>,
    ) -> Vec<(&'static str, Value)> {
        let get = one.get("get").map(|get| self.get(get, identity, paths.one));
        let create = self.create(one, identity, paths);
        let update = self.update(one, paths.one);
        let delete = one.contains_key("delete").then(|| at(paths.one));
        if delete.is_none() {
            self.ask("how is an object deleted? The document does not say");
        }
        let all = [("get", get), ("create", create), ("update", update), ("delete", delete)];
        all.into_iter().filter_map(|(name, of)| Some((name, Value::Object(of?)))).collect()
    }

    fn get(&self, get: &'a Value, identity: &Identity<'a>, path: &str) -> Map<String, Value> {
        let mut written = at(path);
        let inside = self.document.answer(get).and_then(|answer| self.inside(&answer, identity));
        written.extend(inside.map(|inside| ("object".to_owned(), json!(inside))));
        written
    }

    fn create(
        &mut self,
        one: &'a Map<String, Value>,
        identity: &Identity<'a>,
        paths: Paths<'_>,
    ) -> Option<Map<String, Value>> {
        let put = one.get("put").filter(|_| identity.id.is_none());
        let (operation, mut written) = match (self.collection.list.get("post"), put) {
            (Some(post), _) => (post, at(paths.list)),
            (None, Some(put)) => (put, by("PUT", paths.one)),
            (None, None) => {
                self.ask("how is an object created? The document does not say");
                return None;
            }
        };
        self.within(operation, &mut written);
        if let Some(id) = identity.id {
            written.insert("id".to_owned(), self.new_id(operation, identity, id));
        }
        Some(written)
    }

    fn update(&mut self, one: &'a Map<String, Value>, path: &str) -> Option<Map<String, Value>> {
        let update = ["patch", "put", "post"].into_iter().find_map(|method| Some((method, one.get(method)?)));
        let Some((method, operation)) = update else {
            self.ask("how is an object changed? The document does not say");
            return None;
        };
        let method = method.to_uppercase();
        let mut written = by(&method, path);
        self.within(operation, &mut written);
        if method != "PATCH" {
            self.ask(format!(
                "does {method} take back what it leaves out? If not, say `mode: merge` in `update`"
            ));
        }
        Some(written)
    }

    /// Where the answer to a create has the new id.
    fn new_id(&mut self, create: &'a Value, identity: &Identity<'a>, id: &str) -> Value {
        let answer = self.document.answer(create);
        let at_top = answer.as_ref().is_some_and(|answer| answer.property(id).is_some());
        match answer.and_then(|answer| self.inside(&answer, identity)) {
            _ if at_top => json!(pointer(&[id])),
            Some(inside) => json!(inside + &pointer(&[id])),
            None => {
                self.ask("does the answer to a create hold the id? Then say where, in `id` of `create`");
                Value::Null
            }
        }
    }
}
