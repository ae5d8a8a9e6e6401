//! A kind of a definition, compiled: what reading and writing need, with nothing left to check. Not here: the checks,
//! in `compile`.

use std::borrow::Cow;

use serde_json::Value;

use crate::defined::definition::{Mark, Mode, Paging};
use crate::defined::document;
use crate::defined::spec::Spec;
use crate::defined::template::{BodyTemplate, Route};
use crate::model::answer::Sign;
use crate::model::kind::Reference;
use crate::model::login::TokenAnswer;
use crate::model::name_form::NameForm;
use crate::model::request::{Id, Method, Repeatability, Wait};
use crate::model::wire::Statuses;
use crate::pointer::{child, put, take};

/// A kind, ready for use.
#[derive(Debug)]
pub(super) struct CompiledKind {
    pub(super) name: String,
    /// Where an object has the server's id, if it has one.
    pub(super) id: Option<String>,
    /// The name of the only object, if there is no other.
    pub(super) only: Option<String>,
    /// Where in what the API shows its fields are.
    pub(super) fields: String,
    /// In the order of the name.
    pub(super) key: Vec<KeyField>,
    pub(super) name_form: NameForm,
    pub(super) spec: Spec,
    pub(super) references: Vec<Reference>,
    /// The references for which the API holds an id.
    pub(super) by_id: Vec<Reference>,
    pub(super) list: Option<List>,
    pub(super) get: Option<Get>,
    pub(super) create: Option<Create>,
    pub(super) update: Option<Update>,
    pub(super) delete: Option<Delete>,
    pub(super) marks: Vec<Mark>,
    pub(super) returns_every_field: bool,
}

/// A part of the key.
#[derive(Clone, Debug)]
pub(super) struct KeyField {
    pub(super) label: String,
    /// Where an object has it, as a JSON pointer. What only paths have is put there when the object is read.
    pub(super) at: String,
    /// Whether only paths have it, so that no body does.
    pub(super) only_in_paths: bool,
    /// The kind that it names.
    pub(super) kind: Option<String>,
    /// The same, if the API has the server's id of that object.
    pub(super) id_of: Option<String>,
}

impl KeyField {
    /// The place in an object for a part that only paths have. No API has a field of this name.
    pub(super) fn place_of(label: &str) -> String {
        child("", &format!("{{{label}}}"))
    }
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) route: Route,
    /// The body, if it is read with POST.
    pub(super) post: Option<BodyTemplate>,
    /// The part of the key that names the objects below each of which there is a list.
    pub(super) below: Option<KeyField>,
    /// The same for only the objects with one key.
    pub(super) find: Option<Route>,
    pub(super) statuses: Statuses,
    pub(super) items: String,
    /// Where in each object its name goes, if the objects are in an object by their names.
    pub(super) by_name: Option<String>,
    pub(super) empty_if_absent: bool,
    /// Where an item of the list has something if it is an object of this kind.
    pub(super) skip_unless: Vec<String>,
    /// What an item has that is not there.
    pub(super) skip_if: Vec<Sign>,
    pub(super) whole: bool,
    pub(super) paging: Option<Paging>,
}

#[derive(Debug)]
pub(super) struct Get {
    /// Whether the path of an object is known from its name.
    pub(super) by_name: bool,
    pub(super) route: Route,
    /// The body, if it is read with POST.
    pub(super) post: Option<BodyTemplate>,
    pub(super) statuses: Statuses,
    pub(super) gone_if: Vec<Sign>,
    pub(super) object: String,
}

#[derive(Debug)]
pub(super) struct Create {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) success: Vec<u16>,
    pub(super) frame: Frame,
    /// Where the reply has the new id.
    pub(super) id: Option<String>,
    pub(super) idempotency_header: Option<String>,
    pub(super) repeatability: Repeatability,
    pub(super) wait: Option<Wait>,
}

#[derive(Debug)]
pub(super) struct Update {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) mode: Mode,
    pub(super) success: Vec<u16>,
    pub(super) frame: Frame,
    pub(super) always: Vec<String>,
    pub(super) if_match: bool,
    pub(super) renames: bool,
    pub(super) wait: Option<Wait>,
}

/// What the body of a create or an update has around the object.
#[derive(Debug)]
pub(super) struct Frame {
    /// What is the same for every object.
    pub(super) body: Option<BodyTemplate>,
    /// Where the object goes, as a JSON pointer.
    pub(super) within: String,
}

#[derive(Debug)]
pub(super) struct Delete {
    /// What has to be done before, and what an object has to which it was done.
    pub(super) first: Option<(Step, Sign)>,
    pub(super) last: Step,
}

/// A request that is the same for every object, except for its key and id.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) body: Option<BodyTemplate>,
    pub(super) success: Vec<u16>,
    pub(super) wait: Option<Wait>,
}

/// The request that gives a token.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) method: Method,
    pub(super) route: Route,
    /// The body without its secret.
    pub(super) body: Option<BodyTemplate>,
    /// Where in the body the secret goes.
    pub(super) secret: Vec<String>,
    pub(super) form: bool,
    pub(super) answer: TokenAnswer,
}

impl List {
    /// Whether an item of the list is an object of this kind that is there.
    pub(super) fn is_object(&self, item: &Value) -> bool {
        let has = |at: &String| item.pointer(at).is_some_and(|value| !value.is_null());
        self.skip_unless.iter().all(has) && !self.skip_if.iter().any(|sign| sign.is_in(item))
    }
}

impl CompiledKind {
    /// A live body with documents in place of the texts that hold them, as far as they can be read.
    pub(super) fn with_documents<'a>(&self, mut body: Cow<'a, Value>) -> Cow<'a, Value> {
        for (at, language) in &self.spec.texts {
            let read = body.pointer(at).and_then(Value::as_str).map(|text| document::read(*language, text));
            if let Some(Ok(value)) = read {
                put(body.to_mut(), at, value);
            }
        }
        body
    }

    /// The parts of a name that go into paths as they are: all except the ids of other objects.
    pub(super) fn parts(&self, name: &str) -> Vec<(&str, Id)> {
        let values = self.name_form.split(name).unwrap_or_default();
        let fields = self.key.iter().zip(values).filter(|(field, _)| field.id_of.is_none());
        fields.filter_map(|(field, value)| Some((field.label.as_str(), Id::text(&value)?))).collect()
    }

    /// What the API shows of an object, with its fields at the top.
    pub(super) fn lifted(&self, mut shown: Value) -> Value {
        if !self.fields.is_empty()
            && let Some(Value::Object(inside)) = take(&mut shown, &self.fields)
            && let Some(shown) = shown.as_object_mut()
        {
            shown.extend(inside);
        }
        shown
    }

    /// One part of a name.
    pub(super) fn part(&self, name: &str, field: &KeyField) -> Option<String> {
        let values = self.name_form.split(name)?;
        self.key.iter().zip(values).find(|(of, _)| of.label == field.label).map(|(_, value)| value)
    }

    /// Whether a value of an object says that it belongs to the system.
    pub(super) fn is_marked_by_value(&self, body: &Value) -> bool {
        let by = |mark: &Mark| matches!(mark, Mark::Value { at, is } if body.pointer(&at.0) == Some(is));
        self.marks.iter().any(by)
    }

    /// Whether the name of an object says that it belongs to the system.
    pub(super) fn is_marked_by_name(&self, name: &str) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Name { name: of } if of == name))
    }
}
