//! A type of object in a system: its schema, its names, and where it names other objects.
//!
//! Not here: how its objects are read and written, in `system`.

use serde_json::{Map, Value, json};

use crate::compare::shape::Shape;
use crate::diagnostic::nearest;
use crate::manifest;
use crate::model::name_form::NameForm;
use crate::pointer::{take, unescaped};
use crate::text::spelling;

/// The `apiVersion` of a system's manifests.
pub fn api_version(system: &str) -> String {
    format!("{system}/v1")
}

/// A type of object in a system.
#[derive(Clone, Debug)]
pub struct Kind {
    /// As written after `kind:`.
    pub name: String,
    /// One sentence about it, for the JSON Schema.
    pub about: String,
    /// The JSON Schema of its spec.
    pub schema: Value,
    /// How its specs compare, compiled from the schema.
    pub shape: Shape,
    /// Top-level fields that are needed to create it.
    pub required: Vec<String>,
    /// Where its spec names other objects.
    pub references: Vec<Reference>,
    /// Names that exist on every target even if git does not declare them.
    pub built_in: Vec<String>,
    /// Whether the system may take two names that differ only in case for one.
    pub folds_case: bool,
    /// What its names look like, if the system does not accept every name.
    pub name_rules: Vec<NameRule>,
    /// How its names are made.
    pub name_form: NameForm,
    /// Where a live object has what no spec says: its id, its name and what only the server sets, as JSON pointers in which
    /// `*` means every item. No write has to keep it.
    pub read_only: Vec<String>,
    /// Fields that import leaves out: every reply holds them, and a manifest rarely needs them.
    pub not_imported: Vec<String>,
    /// Whether an update can change the name.
    pub renames: bool,
    /// Whether the list returns whole objects, so that they need not be read one by one.
    pub list_is_whole: bool,
    /// Whether one can be read alone, so that what the list shows of it is not all that a write has to go by.
    pub read_alone: bool,
    /// Where a spec may name a secret, as JSON pointers.
    pub secrets: Vec<String>,
    /// Whether the API can list them. If not, enact only looks for the objects that git names.
    pub listed: bool,
    /// Whether a change of one is judged beside all others, so that a plan needs every one of them.
    pub judged_together: bool,
}

/// What a kind's names look like.
#[derive(Clone, Debug)]
pub struct NameRule {
    /// As a regular expression.
    pub pattern: String,
    /// In words.
    pub hint: String,
}

impl Kind {
    /// A kind with the usual properties.
    pub(crate) fn new(name: &str, about: &str, schema: Value) -> Self {
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            shape: Shape::from_schema(&schema),
            schema,
            required: Vec::new(),
            references: Vec::new(),
            built_in: Vec::new(),
            folds_case: false,
            name_rules: Vec::new(),
            name_form: NameForm::default(),
            renames: true,
            read_only: Vec::new(),
            not_imported: Vec::new(),
            list_is_whole: true,
            read_alone: false,
            secrets: Vec::new(),
            listed: true,
            judged_together: false,
        }
    }
}

impl Kind {
    /// The names of other objects that a declaration holds.
    pub fn named_in<'a>(&'a self, name: &str, spec: &Value) -> Vec<Named<'a>> {
        let of = |reference: &'a Reference| {
            let named = move |(at, value): (String, &Value)| {
                Some(Named { at: At::Spec(at), kind: &reference.kind, name: value.as_str()?.to_owned() })
            };
            matches(spec, &reference.pattern).into_iter().filter_map(named)
        };
        let parts =
            self.name_form.named(name).into_iter().map(|(kind, name)| Named { at: At::Name, kind, name });
        let named = self.references.iter().flat_map(of).chain(parts);
        named.filter(|named| !named.name.is_empty()).collect()
    }

    /// A live object, or a body for it, without what no spec says.
    #[must_use]
    pub fn writable(&self, mut body: Value) -> Value {
        strip(&mut body, &self.read_only);
        body
    }

    /// Whether a declaration of this kind can name an object of another.
    pub fn refers_to(&self, kind: &str) -> bool {
        let parts = self.name_form.parts().iter().filter_map(|part| part.kind.as_ref());
        self.references.iter().map(|reference| &reference.kind).chain(parts).any(|of| of == kind)
    }

    /// The form in which two names are equal if they could mean the same object.
    pub fn folded(&self, name: &str) -> String {
        if self.folds_case { name.to_lowercase() } else { name.to_owned() }
    }

    /// The form in which two names are equal if nobody can tell them apart.
    pub fn look(&self, name: &str) -> String {
        self.folded(&spelling::look(name))
    }
}

/// The name of another object, as a declaration holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// Where it is.
    pub at: At,
    /// The kind of that object.
    pub kind: &'a str,
    /// Its name, never empty.
    pub name: String,
}

/// A part of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The object's own name.
    Name,
    /// A place in the spec, as a JSON pointer.
    Spec(String),
}

/// A place in a spec that holds the name of another object.
#[derive(Clone, Debug)]
pub struct Reference {
    /// A JSON pointer in which `*` means every item.
    pub pattern: String,
    /// The kind that the name belongs to.
    pub kind: String,
}

impl Reference {
    /// Names of this kind are at this pattern.
    pub fn new(pattern: &str, kind: &str) -> Self {
        Self { pattern: pattern.to_owned(), kind: kind.to_owned() }
    }
}

/// Removes the fields at these patterns, including those inside lists.
pub(crate) fn strip(value: &mut Value, patterns: &[String]) {
    for pattern in patterns {
        let found: Vec<_> = matches(value, pattern).into_iter().map(|(at, _)| at).collect();
        for at in found {
            take(value, &at);
        }
    }
}

/// What to do about a name that none of these kinds has; `None` if one has it.
pub fn unknown<'a>(name: &str, kinds: impl IntoIterator<Item = &'a Kind>) -> Option<String> {
    let names: Vec<_> = kinds.into_iter().map(|kind| kind.name.as_str()).collect();
    let help = || match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its kinds are {}", names.join(", ")),
    };
    (!names.contains(&name)).then(help)
}

/// The values at a pattern, each with its JSON pointer.
pub(crate) fn matches<'a>(value: &'a Value, pattern: &str) -> Vec<(String, &'a Value)> {
    let step = |found: Vec<(String, &'a Value)>, part: &str| {
        found.into_iter().flat_map(|(at, value)| descend(at, value, part)).collect()
    };
    pattern.split('/').skip(1).fold(vec![(String::new(), value)], step)
}

fn descend<'a>(at: String, value: &'a Value, part: &str) -> Vec<(String, &'a Value)> {
    match (value, part) {
        (Value::Array(items), "*") => {
            items.iter().enumerate().map(|(index, item)| (format!("{at}/{index}"), item)).collect()
        }
        (Value::Object(map), part) => {
            map.get(&unescaped(part)).map(|value| (format!("{at}/{part}"), value)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The schema of a whole manifest of a kind.
pub fn document_schema(api_version: &str, kind: &Kind) -> Value {
    let mut schema = manifest::document_schema(kind.schema.clone(), api_version, &kind.name, &kind.about);
    let name = schema.pointer_mut("/$defs/Metadata/properties/name").and_then(Value::as_object_mut);
    if let Some(name) = name {
        add_rules(name, &kind.name_rules);
        if !kind.name_rules.is_empty() {
            // The example that suits any kind may break them.
            name.remove("examples");
        }
    }
    schema
}

fn add_rules(name: &mut Map<String, Value>, rules: &[NameRule]) {
    let rule = |rule: &NameRule| json!({"pattern": rule.pattern, "x-pattern-hint": rule.hint});
    match rules {
        [] => {}
        [only] => name.extend(rule(only).as_object().cloned().unwrap_or_default()),
        several => drop(name.insert("allOf".to_owned(), several.iter().map(rule).collect())),
    }
}

/// The file of a kind's schema, such as `polytomic-policy.schema.json`.
pub fn schema_file_name(system: &str, kind: &str) -> String {
    format!("{system}-{}.schema.json", kind.to_lowercase())
}
