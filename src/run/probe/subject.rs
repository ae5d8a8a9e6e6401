//! What a definition says of the probed kinds and their scratch objects. Pure; the objects themselves are in `objects`.

use serde_json::{Map, Value};

use crate::compare::diff::overlaid;
use crate::config::target::Target;
use crate::defined::definition::{Definition, KeyPart, KindForm, Scratch};
use crate::model::kind::{Kind, matches};
use crate::model::resource::ResourceId;
use crate::model::state::LiveObject;
use crate::schema::is_true;
use crate::system::Translate;

/// One probed kind.
pub(super) struct Subject<'a> {
    pub(super) form: &'a KindForm,
    pub(super) kind: &'a Kind,
    pub(super) scratch: &'a Scratch,
    /// The scratch object.
    pub(super) id: ResourceId,
    /// Where the kind is defined, as a JSON pointer.
    pub(super) at: String,
    /// Where a spec names other objects, and the names of their scratch objects.
    names: Vec<(&'a str, String)>,
}

/// The kinds that have a scratch object, in order of creation.
pub(super) fn all<'a>(definition: &'a Definition, target: &'a Target, name: &str) -> Vec<Subject<'a>> {
    let names = ScratchNames { definition, system: target.system.as_ref(), name };
    let subject = |(index, form): (usize, &'a KindForm)| {
        Some(Subject {
            form,
            kind: target.system.kind(&form.name)?,
            scratch: form.scratch.as_ref()?,
            id: ResourceId::new(&target.config.name, &form.name, names.of(form)),
            at: format!("/kinds/{index}"),
            names: form.references.iter().map(|(at, of)| (at.as_str(), names.of_kind(of.kind()))).collect(),
        })
    };
    definition.kinds.iter().enumerate().filter_map(subject).collect()
}

/// What stands for the name of a scratch object.
const SCRATCH: &str = "{scratch}";

fn filled(spec: &Value, name: &str) -> Value {
    match spec {
        Value::String(text) if text == SCRATCH => Value::from(name),
        Value::Array(items) => items.iter().map(|item| filled(item, name)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), filled(value, name))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

struct ScratchNames<'a> {
    definition: &'a Definition,
    system: &'a dyn Translate,
    name: &'a str,
}

impl ScratchNames<'_> {
    /// The name of a kind's scratch object, which refers to the scratch objects of other kinds.
    fn of(&self, form: &KindForm) -> String {
        let Some(kind) = self.system.kind(&form.name) else { return self.name.to_owned() };
        let given = |label: &str| form.scratch.as_ref()?.key.get(label);
        let value = |label: &str| match (form.key.get(label), given(label)) {
            (Some(KeyPart::Names { kind, .. }), _) => self.of_kind(kind),
            (_, Some(template)) => template.replace(SCRATCH, self.name),
            (_, None) => self.name.to_owned(),
        };
        let values: Vec<_> = kind.name_form.parts().iter().map(|part| value(&part.label)).collect();
        kind.name_form.join(values.iter().map(String::as_str))
    }

    fn of_kind(&self, kind: &str) -> String {
        let form = self.definition.kinds.iter().find(|form| form.name == kind);
        form.map_or_else(|| self.name.to_owned(), |form| self.of(form))
    }
}

impl Subject<'_> {
    /// A spec in which `{scratch}` is the scratch object of the kind that is referred to, and elsewhere its name.
    pub(super) fn filled(&self, spec: &Value, name: &str) -> Value {
        let mut spec = spec.clone();
        for (pattern, other) in &self.names {
            let places = matches(&spec, pattern).into_iter().filter(|(_, value)| *value == SCRATCH);
            let places: Vec<_> = places.map(|(at, _)| at).collect();
            for at in places {
                spec.pointer_mut(&at).into_iter().for_each(|value| *value = Value::from(other.as_str()));
            }
        }
        filled(&spec, name)
    }

    /// The spec of the scratch object after its change.
    pub(super) fn changed_spec(&self) -> Value {
        overlaid(&self.scratch.spec, &self.scratch.change)
    }

    /// The defaults of the fields that the scratch object has, as far as they can be compared.
    pub(super) fn defaults(&self) -> Map<String, Value> {
        let sent = self.scratch.spec.as_object().into_iter().flat_map(Map::keys);
        let is_compared = |name: &&String| {
            !self.is("writeOnly", name) && !self.is("x-create-only", name) && !self.requires(name)
        };
        let default = |name: &String| Some((name.clone(), self.form.field(name)?.get("default")?.clone()));
        sent.filter(is_compared).filter_map(default).collect()
    }

    /// Whether the schema of a field has a keyword, such as `readOnly`.
    pub(super) fn is(&self, keyword: &str, name: &str) -> bool {
        self.form.field(name).is_some_and(|field| is_true(field, keyword))
    }

    /// Whether an object of this kind cannot be written without a field.
    pub(super) fn requires(&self, name: &str) -> bool {
        crate::system::body::list(&self.form.spec, "required").iter().any(|required| required == name)
    }

    /// Whether a field of a reply is in the spec, or is its key or its id.
    pub(super) fn describes(&self, name: &str) -> bool {
        let key = self.form.key.values().filter_map(KeyPart::at);
        let is_only_in_paths = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let pointer = format!("/{name}");
        self.form.field(name).is_some()
            || key.chain(&self.form.id).any(|at| at.0 == pointer)
            || is_only_in_paths.is_some_and(|label| self.form.key.contains_key(label))
    }

    /// A live object without the fields that can be declared.
    pub(super) fn emptied(&self, live: &LiveObject) -> LiveObject {
        let mut body = live.body();
        for (name, value) in body.as_object_mut().into_iter().flat_map(Map::iter_mut) {
            if self.form.field(name).is_some() && !self.is("readOnly", name) {
                *value = Value::Null;
            }
        }
        LiveObject { body: body.into(), ..live.clone() }
    }
}
