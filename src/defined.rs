//! A system that a user defines in YAML: one more system behind the same trait, told by data what the others know in code.
//!
//! `definition` is the file as types, `form` a kind of it compiled, `check` what else can be wrong with it; `read`
//! and `write` speak with the API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::manifest::yaml::{self, Node};
use crate::model::kind::{Kind, NameRule, matches};
use crate::model::names::Names;
use crate::model::request::Request;
use crate::model::state::LiveObject;
use crate::model::wire::{Errors, ReadError, Reader};
use crate::schema::check::Checker;
use crate::system::body::list;
use crate::system::{Draft, Judge, Observe, Registered, Translate};

mod check;
pub mod definition;
mod form;
mod problems;
mod read;
mod spec;
mod template;
mod write;

use definition::{Definition, ErrorForm, KindForm, Mark, Pointer};
use form::Form;
use problems::Problems;
use template::{Template, Values};

/// Reads the text of a definition, and makes the row of the registry for it; what is wrong with it is reported, all of
/// it.
pub fn define(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<(Registered, Definition)> {
    let definition = parse(file, text, diagnostics)?;
    let Parsed { definition, document } = definition;
    let mut problems = Problems::new(file, &document, diagnostics);
    let before = problems.count();
    let api = check::compile(definition, &mut problems);
    let api = Arc::new(api.filter(|_| problems.count() == before)?);
    let definition = api.definition.clone();
    let row = Registered {
        name: api.definition.name.clone(),
        settings: api.settings.clone(),
        auth: api.definition.auth.clone(),
        kinds: api.kinds.clone(),
        open: {
            let api = api.clone();
            Box::new(move |settings| Ok(Box::new(Defined::new(api.clone(), settings))))
        },
        // Its types are all of JSON.
        definition: serde_json::to_value(&definition).ok(),
    };
    Some((row, definition))
}

struct Parsed {
    definition: Definition,
    document: Node,
}

/// The definition as it is written, if its JSON Schema takes it.
fn parse(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Parsed> {
    let before = diagnostics.len();
    let mut documents = yaml::parse(text, file, diagnostics);
    let (Some(document), true) = (documents.pop(), documents.is_empty()) else {
        if !diagnostics.iter().skip(before).any(Diagnostic::is_error) {
            let message = format!("`{file}` must hold exactly one document");
            diagnostics
                .push(Diagnostic::new(Code::SystemDocuments, message).help("one file defines one system"));
        }
        return None;
    };
    match Checker::new(crate::defined::definition::schema()) {
        Ok(checker) => checker.check(file, &document, diagnostics),
        Err(error) => diagnostics.push(Diagnostic::new(Code::SchemaInvalid, error.to_string())),
    }
    if diagnostics.iter().skip(before).any(Diagnostic::is_error) {
        return None;
    }
    match serde_json::from_value(document.to_json()) {
        Ok(definition) => Some(Parsed { definition, document }),
        Err(error) => {
            diagnostics
                .push(Diagnostic::new(Code::SystemType, error.to_string()).at(document.place(file, "")));
            None
        }
    }
}

/// A definition, compiled.
struct Api {
    definition: Definition,
    kinds: Vec<Kind>,
    forms: Vec<Form>,
    headers: Vec<(String, Template)>,
    /// The JSON Schema of a target's settings.
    settings: Value,
}

impl Api {
    fn form(&self, kind: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.name == kind)
    }
}

/// A defined system with the settings of one target.
struct Defined {
    api: Arc<Api>,
    settings: Value,
}

impl Defined {
    fn new(api: Arc<Api>, settings: &Value) -> Self {
        let mut settings = settings.clone();
        let properties = api.settings.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if let (Some(map), Some(default)) = (settings.as_object_mut(), property.get("default")) {
                map.entry(name.clone()).or_insert_with(|| default.clone());
            }
        }
        Self { api, settings }
    }

    fn form(&self, kind: &Kind) -> Result<&Form, ReadError> {
        let unknown = || ReadError { message: format!("the kind {} is not defined", kind.name), help: None };
        self.api.form(&kind.name).ok_or_else(unknown)
    }
}

impl Translate for Defined {
    fn kinds(&self) -> &[Kind] {
        &self.api.kinds
    }

    /// Names where the API has ids.
    fn observed(&self, kind: &Kind, body: &Value, names: &Names) -> Value {
        let mut spec = body.clone();
        let references = self.api.form(&kind.name).map_or(&[][..], |form| &form.by_id);
        for reference in references {
            for (at, id) in matches(body, &reference.pattern) {
                let name =
                    template::scalar(id).and_then(|id| names.name(&reference.kind, &id).map(str::to_owned));
                if let (Some(name), Some(place)) = (name, spec.pointer_mut(&at)) {
                    *place = Value::from(name);
                }
            }
        }
        spec
    }

    fn requests(&self, draft: &Draft<'_>) -> Result<Vec<Request>, SpecDiagnostic> {
        let undefined = || Diagnostic::new(Code::DefinedKind, "the kind is not defined");
        let form = self.api.form(&draft.kind.name).ok_or_else(undefined)?;
        self.request(form, draft).map(|request| vec![request])
    }
}

#[async_trait]
impl Observe for Defined {
    fn headers(&self) -> Vec<(String, String)> {
        let values = Values { settings: &self.settings, id: None, parts: Vec::new() };
        let fill = |(name, value): &(String, Template)| Some((name.clone(), value.fill(&values)?));
        self.api.headers.iter().filter_map(fill).collect()
    }

    fn errors(&self) -> Errors {
        let ErrorForm { code, message, in_success, help } = &self.api.definition.errors;
        let first = |given: &Option<Pointer>, usual: Vec<String>| {
            given.iter().map(|pointer| pointer.0.clone()).chain(usual).collect()
        };
        let usual = Errors::default();
        let in_success = in_success.as_ref().map(|all| all.iter().map(|pointer| pointer.0.clone()).collect());
        Errors {
            code: first(code, usual.code),
            message: first(message, usual.message),
            detail: usual.detail,
            in_success: in_success.unwrap_or(usual.in_success),
            help: help.clone(),
        }
    }

    async fn list(&self, kind: &Kind, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        self.all(self.form(kind)?, None, reader).await
    }

    async fn get(
        &self,
        kind: &Kind,
        found: &LiveObject,
        reader: &dyn Reader,
    ) -> Result<Option<LiveObject>, ReadError> {
        self.one(self.form(kind)?, found, reader).await
    }

    async fn find(&self, kind: &Kind, name: &str, reader: &dyn Reader) -> Result<Vec<LiveObject>, ReadError> {
        let form = self.form(kind)?;
        let by_name = form.get.as_ref().is_some_and(|get| get.by_name);
        if form.id.is_none() && by_name && !kind.folds_case {
            return Ok(self.named(form, name, reader).await?.into_iter().collect());
        }
        let mut found = self.all(form, Some(name), reader).await?;
        found.retain(|found| kind.folded(&found.name) == kind.folded(name));
        match found.as_slice() {
            [one] if !kind.list_is_whole => Ok(self.get(kind, one, reader).await?.into_iter().collect()),
            _ => Ok(found),
        }
    }
}

impl Judge for Defined {}

/// The kind as the rest of enact knows it.
fn kind(given: &KindForm, form: &Form) -> Kind {
    let about = given.about.as_deref().unwrap_or(&given.name);
    let in_path =
        form.get.as_ref().is_some_and(|get| form.key.iter().any(|field| get.route.has_part(&field.label)));
    let renames = form.update.as_ref().is_some_and(|update| update.renames);
    Kind {
        required: form.spec.required.clone(),
        references: form.references.clone(),
        built_in: given.system.iter().filter_map(system_name).collect(),
        folds_case: given.ignores_case,
        name_rules: name_rules(given, form, in_path || form.id.is_none()),
        name_form: form.named.clone(),
        renames,
        list_is_whole: form.list.as_ref().is_none_or(|list| list.whole)
            && !form.update.as_ref().is_some_and(|update| update.if_match),
        listed: form.list.is_some(),
        secrets: form.spec.secrets.clone(),
        ..Kind::new(&given.name, about, form.spec.schema.clone())
    }
}

fn system_name(mark: &Mark) -> Option<String> {
    match mark {
        Mark::Name { name } => Some(name.clone()),
        Mark::Value { .. } => None,
    }
}

fn name_rules(given: &KindForm, form: &Form, in_path: bool) -> Vec<NameRule> {
    let parts: Vec<_> = form.key.iter().map(|field| field.label.as_str()).collect();
    let template = given.named.clone().unwrap_or_default();
    let composite = form.named.pattern().map(|pattern| NameRule {
        pattern,
        hint: format!("{} as `{template}`; what would tear it apart is percent-encoded", parts.join(" and ")),
    });
    let plain = (in_path && composite.is_none()).then(|| NameRule {
        pattern: "^(?!\\.{1,2}$)".to_owned(),
        hint: "anything but `.` and `..`, which would lead to another path".to_owned(),
    });
    let own = given.key_pattern.as_ref();
    let own = own.map(|own| NameRule { pattern: own.pattern.clone(), hint: own.hint.clone() });
    composite.into_iter().chain(plain).chain(own).collect()
}

/// Settings that every target has (`true`), and that only some have.
fn settings_of(schema: &Value) -> BTreeMap<String, bool> {
    let required: BTreeSet<_> = list(schema, "required").iter().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let sure = |(name, property): (&String, &Value)| {
        (name.clone(), required.contains(name.as_str()) || property.get("default").is_some())
    };
    properties.into_iter().flatten().map(sure).collect()
}

/// The schema of settings: a target says nothing that the definition does not know.
fn settings_schema(given: Option<&Value>) -> Value {
    let mut schema = given.cloned().unwrap_or_else(|| json!({"type": "object", "properties": {}}));
    if let Some(schema) = schema.as_object_mut() {
        schema.entry("type").or_insert_with(|| Value::from("object"));
        schema.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    schema
}
