//! What the steps of drafting a kind share.

use serde_json::{Map, Value, json};

use super::document::{Document, Schema, pointer};
use super::place::Collection;

/// What is known about the objects of a collection while its kind is drafted.
pub(super) struct Drafter<'a, 'd> {
    pub(super) document: &'d mut Document<'a>,
    pub(super) collection: &'d Collection<'a>,
    /// What stands before each path.
    pub(super) base: &'d str,
    pub(super) object: Schema<'a>,
    pub(super) questions: Vec<String>,
}

/// What identifies an object.
pub(super) struct Identity<'a> {
    /// The property with the id that the server gave, if it gives any.
    pub(super) id: Option<&'a str>,
    /// The property with its name.
    pub(super) name: &'a str,
    /// What paths have of it.
    pub(super) in_path: &'static str,
}

impl<'a> Drafter<'a, '_> {
    pub(super) fn ask(&mut self, question: impl Into<String>) {
        self.questions.push(question.into());
    }

    /// Where an answer has the object, if it is inside of something.
    pub(super) fn inside(&self, answer: &Schema<'a>, identity: &Identity<'a>) -> Option<String> {
        let known = identity.id.unwrap_or(identity.name);
        if answer.property(known).is_some() {
            return None;
        }
        let holds = |schema| self.document.schema(schema).property(known).is_some();
        let mut inside = answer.properties().into_iter().filter(|(_, schema)| holds(schema));
        inside.next().map(|(name, _)| pointer(&[name]))
    }

    /// Says where in a body the object goes, if it is inside of something.
    pub(super) fn within(&self, operation: &'a Value, written: &mut Map<String, Value>) {
        let Some(body) = self.document.request(operation) else { return };
        let properties = body.properties();
        let [(name, schema)] = properties.as_slice() else { return };
        let inside = self.document.schema(schema);
        let is_object = inside.properties().iter().any(|(name, _)| self.object.property(name).is_some());
        if is_object && self.object.property(name).is_none() {
            written.insert("within".to_owned(), json!(pointer(&[name])));
        }
    }
}
