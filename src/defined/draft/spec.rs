//! The fields of a kind, by what an OpenAPI document says of answers and of the bodies of writes.

use serde_json::{Map, Value, json};

use super::document::Schema;
use super::drafter::{Drafter, Identity};
use crate::words::count;

/// Parts of the names of fields that hold secrets.
const SECRETS: [&str; 4] = ["password", "secret", "token", "private"];

impl<'a> Drafter<'a, '_> {
    /// The schema of a manifest's spec.
    pub(super) fn spec(&mut self, identity: &Identity<'a>, one: &'a Map<String, Value>) -> Value {
        let bodies = self.bodies(one);
        let is_key = |name: &str| name == identity.name || Some(name) == identity.id;
        let mut properties = Map::new();
        for (name, schema) in self.object.properties().into_iter().filter(|(name, _)| !is_key(name)) {
            properties.insert(name.to_owned(), self.shown(name, schema, &bodies));
        }
        for (name, schema) in bodies.iter().flat_map(Schema::properties).filter(|(name, _)| !is_key(name)) {
            if !properties.contains_key(name) {
                properties.insert(name.to_owned(), self.unseen(name, schema));
            }
        }
        match self.object.left_out() {
            0 => {}
            some => self.ask(format!(
                "is one of {} of use that the draft leaves out, because of odd names or because there are so many?",
                count(some, "field")
            )),
        }
        if properties.values().any(|of| of.get("type").is_some_and(|kind| kind == "array")) {
            self.ask(
                "does the order of a list matter? If not, say `x-list-type: set`, or `map` with its keys",
            );
        }
        let mut spec = Map::from_iter([("type".to_owned(), json!("object"))]);
        let required = self.required(&properties);
        if !required.is_empty() {
            spec.insert("required".to_owned(), json!(required));
        }
        spec.insert("properties".to_owned(), Value::Object(properties));
        Value::Object(spec)
    }

    /// The bodies of writes, as far as the document describes them.
    fn bodies(&self, one: &'a Map<String, Value>) -> Vec<Schema<'a>> {
        let writes = ["patch", "put", "post"].into_iter().filter_map(|method| one.get(method));
        let bodies = self.collection.list.get("post").into_iter().chain(writes);
        let bodies = bodies.filter_map(|operation| self.document.request(operation));
        let inner = |body: Schema<'a>| match body.properties().as_slice() {
            [(name, schema)] if self.object.property(name).is_none() => self.document.schema(schema),
            _ => body,
        };
        bodies.map(inner).filter(|body| !body.properties().is_empty()).collect()
    }

    /// A field that answers show. One that no body has is the server's.
    fn shown(&mut self, name: &str, schema: &'a Value, bodies: &[Schema<'a>]) -> Value {
        let own = self.document.schema(schema);
        let says = |keyword| own.get(keyword) == Some(&Value::Bool(true));
        let is_written = bodies.is_empty() || bodies.iter().any(|body| body.property(name).is_some());
        if says("readOnly") || !is_written {
            return json!({"readOnly": true});
        }
        let mut written = self.document.written(schema);
        if says("writeOnly") {
            written.insert("writeOnly".to_owned(), json!(true));
        }
        Value::Object(written)
    }

    /// A field that bodies have, and no answer.
    fn unseen(&mut self, name: &str, schema: &'a Value) -> Value {
        self.ask(format!("no answer has `{name}`, which writes may have: is it never shown?"));
        let mut written = self.document.written(schema);
        written.insert("writeOnly".to_owned(), json!(true));
        let is_text = written.get("type").is_some_and(|kind| kind == "string");
        if is_text && !SECRETS.iter().any(|secret| name.to_lowercase().contains(secret)) {
            written.insert("x-secret".to_owned(), json!(false));
        }
        Value::Object(written)
    }

    /// The fields without which no object is created.
    fn required(&self, properties: &Map<String, Value>) -> Vec<String> {
        let body = self.collection.list.get("post").and_then(|post| self.document.request(post));
        let is_required = |name: &str| body.as_ref().is_some_and(|body| body.requires(name));
        let open = properties.iter().filter(|(_, of)| of.get("readOnly").is_none());
        open.map(|(name, _)| name).filter(|name| is_required(name)).cloned().collect()
    }
}
