//! A kind of a definition, compiled: templates read, statuses known, the key in the order of the name.
//!
//! Compiling is checking: what cannot be compiled is reported where it stands, and all of it at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::defined::definition::{
    By, CreateForm, CreateMethod, DeleteForm, GetForm, KeyPart, KindForm, ListForm, Mark, Mode, Paging,
    ReferenceForm, UpdateForm,
};
use crate::defined::problems::Problems;
use crate::defined::spec::Spec;
use crate::defined::template::{Placeholder, Route, Template};
use crate::diagnostic::Code;
use crate::model::kind::Reference;
use crate::model::name_form::NameForm;
use crate::model::request::{Method, Repeatability};
use crate::model::wire::Statuses;
use crate::pointer::child;

/// A kind, ready for use.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) name: String,
    /// Where an object has the server's id, if it has one.
    pub(super) id: Option<String>,
    /// In the order of the name.
    pub(super) key: Vec<KeyField>,
    pub(super) named: NameForm,
    pub(super) spec: Spec,
    pub(super) references: Vec<Reference>,
    /// Those of the references where the API has an id.
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
    /// Where an object has it, as a JSON pointer.
    pub(super) at: String,
    /// The kind that it names by the server's id.
    pub(super) id_of: Option<String>,
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) route: Route,
    /// The same for the objects with one key only.
    pub(super) find: Option<Route>,
    pub(super) statuses: Statuses,
    pub(super) items: String,
    pub(super) whole: bool,
    pub(super) paging: Option<Paging>,
}

#[derive(Debug)]
pub(super) struct Get {
    /// Whether a name says where its object is.
    pub(super) by_name: bool,
    pub(super) route: Route,
    pub(super) statuses: Statuses,
    pub(super) object: String,
}

#[derive(Debug)]
pub(super) struct Create {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) success: Vec<u16>,
    pub(super) within: String,
    /// Where the reply has the new id.
    pub(super) id: Option<String>,
    pub(super) idempotency_header: Option<String>,
    pub(super) repeatability: Repeatability,
}

#[derive(Debug)]
pub(super) struct Update {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) mode: Mode,
    pub(super) success: Vec<u16>,
    pub(super) within: String,
    pub(super) if_match: bool,
    pub(super) renames: bool,
}

#[derive(Debug)]
pub(super) struct Delete {
    pub(super) route: Route,
    pub(super) success: Vec<u16>,
}

/// What is known of the other kinds and the settings when a kind is compiled.
pub(super) struct Context<'a> {
    /// The kinds before this one, by name, with whether they have ids of the server.
    pub(super) earlier: &'a BTreeMap<String, bool>,
    /// The names of all kinds.
    pub(super) all: &'a BTreeSet<String>,
    /// Settings that every target has, and those that only some have.
    pub(super) settings: &'a BTreeMap<String, bool>,
}

/// What may stand in a template, and what has to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Only settings.
    Settings,
    /// The key as well, as far as a name tells it.
    Key,
    /// A new object: its key, but no id yet.
    New,
    /// An object that was read: all of its key, and its id.
    Live,
}

/// Compiles one kind. `at` is where it stands.
pub(super) fn compile(
    kind: &KindForm,
    at: &str,
    context: &Context<'_>,
    problems: &mut Problems<'_>,
) -> Option<Form> {
    let before = problems.count();
    let mut compiler = Compiler { kind, at, context, problems };
    let key = compiler.key();
    let named = compiler.named(&key)?;
    let ordered =
        |part: &crate::model::name_form::Part| key.iter().find(|field| field.label == part.label).cloned();
    let key: Vec<_> = named.parts().iter().filter_map(ordered).collect();
    let (references, by_id) = compiler.references();
    let list = kind.list.as_ref().and_then(|list| compiler.list(list, &key));
    let get = kind.get.as_ref().and_then(|get| compiler.get(get, &key));
    let create = kind.create.as_ref().and_then(|create| compiler.create(create, &key));
    let update = kind.update.as_ref().and_then(|update| compiler.update(update, &key));
    let delete = kind.delete.as_ref().and_then(|delete| compiler.delete(delete, &key));
    compiler.reads();
    if compiler.problems.count() > before {
        return None;
    }
    Some(Form {
        name: kind.name.clone(),
        id: kind.id.as_ref().map(|id| id.0.clone()),
        key,
        named,
        spec: Spec::new(&kind.spec),
        references,
        by_id,
        list,
        get,
        create,
        update,
        delete,
        marks: kind.system.clone(),
        returns_every_field: kind.returns_every_field,
    })
}

struct Compiler<'a, 'p> {
    kind: &'a KindForm,
    at: &'a str,
    context: &'a Context<'a>,
    problems: &'a mut Problems<'p>,
}

impl Compiler<'_, '_> {
    fn key(&mut self) -> Vec<KeyField> {
        let mut fields: Vec<KeyField> = Vec::new();
        for (label, part) in &self.kind.key {
            let place = format!("{}/key/{label}", self.at);
            let (at, kind) = match part {
                KeyPart::At(at) => (at, None),
                KeyPart::Names { at, kind } => (at, Some(kind)),
            };
            let plain = label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !plain || label == "id" || label.is_empty() {
                let message = format!("`{label}` cannot be the name of a part of the key");
                self.problems.tell(
                    &place,
                    Code::SystemKey,
                    message,
                    "use lower-case letters, digits and `_`, and not `id`",
                );
            }
            if fields.iter().any(|field| field.at == at.0) {
                let message = "two parts of the key are at one place";
                self.problems.tell(
                    &place,
                    Code::SystemKey,
                    message,
                    "give each its own JSON pointer, or leave one out",
                );
            }
            let field = at.0.strip_prefix('/').filter(|name| !name.contains('/'));
            if field.is_some_and(|name| {
                self.kind.spec.pointer("/properties").is_some_and(|all| all.get(name).is_some())
            }) {
                let message = format!("`{}` is a part of the key and a field of `spec`", at.0);
                self.problems.tell(
                    &place,
                    Code::SystemKey,
                    message,
                    "take it out of `spec`: it stands in `metadata.name`",
                );
            }
            let id_of =
                kind.filter(|kind| self.refers(kind, &place)).filter(|kind| self.has_ids(kind)).cloned();
            fields.push(KeyField { label: label.clone(), at: at.0.clone(), id_of });
        }
        fields
    }

    /// Whether a kind may be referred to from here.
    fn refers(&mut self, kind: &str, place: &str) -> bool {
        let help = if self.context.earlier.contains_key(kind) {
            return true;
        } else if kind == self.kind.name {
            "enact cannot order objects of one kind: leave the reference out, or declare raw ids"
        } else if self.context.all.contains(kind) {
            "objects are created in the order of the kinds: move that kind up, before this one"
        } else {
            "name a kind of this file"
        };
        self.problems.tell(
            place,
            Code::SystemReference,
            format!("`{kind}` cannot be referred to from here"),
            help,
        );
        false
    }

    fn has_ids(&self, kind: &str) -> bool {
        self.context.earlier.get(kind).copied().unwrap_or(false)
    }

    fn named(&mut self, key: &[KeyField]) -> Option<NameForm> {
        let place = format!("{}/named", self.at);
        let template = match (&self.kind.named, key) {
            (Some(template), _) => template.clone(),
            (None, [only]) => format!("{{{}}}", only.label),
            (None, _) => {
                let labels: Vec<_> = key.iter().map(|field| format!("{{{}}}", field.label)).collect();
                let help = format!("say how a name is made of them, as in `named: \"{}\"`", labels.join("@"));
                self.problems.tell(self.at, Code::SystemNamed, "a key of several parts needs `named`", help);
                return None;
            }
        };
        let kind = |label: &str| match self.kind.key.get(label)? {
            KeyPart::At(_) => None,
            KeyPart::Names { kind, .. } => Some(kind.clone()),
        };
        let form = match NameForm::new(&template, kind) {
            Ok(form) => form,
            Err(problem) => {
                let message = format!("`{template}` {problem}");
                let help = "write parts with something between them, such as `{name}@{vhost}`";
                self.problems.tell(&place, Code::SystemNamed, message, help);
                return None;
            }
        };
        let labels: Vec<_> = form.parts().iter().map(|part| part.label.as_str()).collect();
        let unknown = labels.iter().find(|label| !self.kind.key.contains_key(**label)).copied();
        let left_out = self.kind.key.keys().find(|label| !labels.contains(&label.as_str()));
        let twice = labels.len() > labels.iter().collect::<BTreeSet<_>>().len();
        let message = match (unknown, left_out) {
            (Some(label), _) => format!("`{label}` is no part of the key"),
            (None, Some(label)) => format!("`{label}` is a part of the key and not of the name"),
            (None, None) if twice => "a part of the key stands in the name twice".to_owned(),
            (None, None) => return Some(form),
        };
        self.problems.tell(&place, Code::SystemNamed, message, "a name has every part of the key once");
        None
    }

    fn references(&mut self) -> (Vec<Reference>, Vec<Reference>) {
        let (mut all, mut by_id) = (Vec::new(), Vec::new());
        for (pattern, form) in &self.kind.references {
            let place = child(&format!("{}/references", self.at), pattern);
            let (kind, by) = match form {
                ReferenceForm::Kind(kind) => (kind, None),
                ReferenceForm::By { kind, by } => (kind, Some(*by)),
            };
            if !self.refers(kind, &place) {
                continue;
            }
            if !leads_to_text(&self.kind.spec, pattern) {
                let message = format!("`{pattern}` is no text in `spec`");
                let help = "write a JSON pointer to a field of the spec, with `*` for every item of a list";
                self.problems.tell(&place, Code::SystemReference, message, help);
            }
            if by == Some(By::Id) && !self.has_ids(kind) {
                let message = format!("a {kind} has no id of the server");
                self.problems.tell(
                    &place,
                    Code::SystemReference,
                    message,
                    "write `by: name`, or give that kind an `id`",
                );
            }
            let reference = Reference::new(pattern, kind);
            if by.unwrap_or(By::Id) == By::Id && self.has_ids(kind) {
                by_id.push(reference.clone());
            }
            all.push(reference);
        }
        (all, by_id)
    }

    fn list(&mut self, list: &ListForm, key: &[KeyField]) -> Option<List> {
        let place = format!("{}/list", self.at);
        let route = self.route(&list.path.0, &list.query, &place, Scope::Settings, key)?;
        let find = match &list.find {
            None => None,
            Some(query) => {
                let mut find = route.clone();
                self.query(&mut find, query, &format!("{place}/find"), Scope::Key, key)?;
                Some(find)
            }
        };
        self.statuses(&list.success, &format!("{place}/success"), 200..300, "a success is 200 to 299");
        Some(List {
            route,
            find,
            statuses: Statuses { success: list.success.clone(), gone: Vec::new() },
            items: list.items.0.clone(),
            whole: list.whole,
            paging: list.paging.clone(),
        })
    }

    fn get(&mut self, get: &GetForm, key: &[KeyField]) -> Option<Get> {
        let place = format!("{}/get", self.at);
        let scope = if self.kind.list.is_some() { Scope::Live } else { Scope::Key };
        let route = self.route(&get.path.0, &get.query, &place, scope, key)?;
        self.one_object(&route, &place, key);
        self.statuses(&get.success, &format!("{place}/success"), 200..300, "a success is 200 to 299");
        self.statuses(
            &get.gone,
            &format!("{place}/gone"),
            400..500,
            "a status for what is gone is 400 to 499",
        );
        let statuses = Statuses { success: get.success.clone(), gone: get.gone.clone() };
        let told = |placeholder: &Placeholder| match placeholder {
            Placeholder::Id => false,
            Placeholder::Setting(_) => true,
            Placeholder::Part(label) => {
                key.iter().any(|field| field.label == *label && field.id_of.is_none())
            }
        };
        let by_name = route.placeholders().all(told);
        Some(Get { by_name, route, statuses, object: get.object.0.clone() })
    }

    fn create(&mut self, create: &CreateForm, key: &[KeyField]) -> Option<Create> {
        let place = format!("{}/create", self.at);
        let route = self.route(&create.path.0, &BTreeMap::new(), &place, Scope::New, key)?;
        self.statuses(&create.success, &format!("{place}/success"), 200..300, "a success is 200 to 299");
        if let Some(header) = &create.idempotency_header {
            self.problems.header(&format!("{place}/idempotency_header"), header);
        }
        let object = self.kind.get.as_ref().map_or("", |get| &get.object.0);
        let usual = self.kind.id.as_ref().map(|id| format!("{object}{}", id.0));
        let id = match &create.id {
            Some(_) if self.kind.id.is_none() => {
                let message = "objects of this kind have no id of the server";
                self.problems.tell(
                    &format!("{place}/id"),
                    Code::SystemId,
                    message,
                    "take it out, or add `id` to the kind",
                );
                None
            }
            Some(given) => given.as_ref().map(|pointer| pointer.0.clone()),
            None => usual,
        };
        Some(Create {
            method: create.method.into(),
            route,
            success: create.success.clone(),
            within: create.within.0.clone(),
            id,
            idempotency_header: create.idempotency_header.clone(),
            repeatability: match () {
                () if create.idempotency_header.is_some() => Repeatability::Keyed,
                () if self.kind.unique || self.kind.id.is_none() => Repeatability::Named,
                () => Repeatability::Blind,
            },
        })
    }

    fn update(&mut self, update: &UpdateForm, key: &[KeyField]) -> Option<Update> {
        let place = format!("{}/update", self.at);
        let route = self.route(&update.path.0, &BTreeMap::new(), &place, Scope::Live, key)?;
        self.one_object(&route, &place, key);
        self.statuses(&update.success, &format!("{place}/success"), 200..300, "a success is 200 to 299");
        if update.if_match && self.kind.get.is_none() {
            let message = "`if_match` needs the `ETag` of `get`, and there is no `get`";
            self.problems.tell(
                &format!("{place}/if_match"),
                Code::SystemIfMatch,
                message,
                "add `get`, or take it out",
            );
        }
        let named_in_path = key.iter().any(|field| route.has_part(&field.label));
        if update.renames && (named_in_path || self.kind.id.is_none()) {
            let message = "an object whose key is its path cannot be renamed";
            self.problems.tell(
                &format!("{place}/renames"),
                Code::SystemRenames,
                message,
                "take `renames` out",
            );
        }
        Some(Update {
            method: update.method.into(),
            route,
            mode: update.mode(),
            success: update.success.clone(),
            within: update.within.0.clone(),
            if_match: update.if_match,
            renames: update.renames,
        })
    }

    fn delete(&mut self, delete: &DeleteForm, key: &[KeyField]) -> Option<Delete> {
        let place = format!("{}/delete", self.at);
        let route = self.route(&delete.path.0, &delete.query, &place, Scope::Live, key)?;
        self.one_object(&route, &place, key);
        self.statuses(&delete.success, &format!("{place}/success"), 200..300, "a success is 200 to 299");
        Some(Delete { route, success: delete.success.clone() })
    }

    /// What is needed to know what is live.
    fn reads(&mut self) {
        let (kind, at) = (self.kind, self.at);
        match (&kind.list, &kind.get) {
            (None, None) => {
                let message = format!("nothing says how a {} is read", kind.name);
                self.problems.tell(
                    at,
                    Code::SystemList,
                    message,
                    "add `list`, or `get` with the key in its path",
                );
            }
            (None, Some(_)) if kind.id.is_some() => {
                let message = "without `list`, nothing tells the ids of objects";
                self.problems.tell(
                    at,
                    Code::SystemList,
                    message,
                    "add `list`, or take `id` out and use the key in paths",
                );
            }
            (None, Some(get)) => {
                let writes = [
                    kind.create
                        .as_ref()
                        .filter(|create| create.method == CreateMethod::Put)
                        .map(|create| &create.path),
                    kind.update.as_ref().map(|update| &update.path),
                    kind.delete.as_ref().map(|delete| &delete.path),
                ];
                if writes.into_iter().flatten().any(|path| path.0 != get.path.0) {
                    let message = "without `list`, an object has to be read where it is written, or one that is there would be overwritten unseen";
                    self.problems.tell(
                        &format!("{at}/get/path"),
                        Code::SystemGet,
                        message,
                        "add `list`, or use one path",
                    );
                }
            }
            (Some(list), None) if !list.whole => {
                let message = "the list does not show objects in full, and there is no `get`";
                self.problems.tell(
                    &format!("{at}/list/whole"),
                    Code::SystemGet,
                    message,
                    "add `get`, or take `whole` out",
                );
            }
            _ => {}
        }
    }

    /// A path of `get`, `update` or `delete` has to say which object is meant.
    fn one_object(&mut self, route: &Route, place: &str, key: &[KeyField]) {
        let by_id = route.placeholders().any(|placeholder| *placeholder == Placeholder::Id);
        let by_key = key.iter().all(|field| route.has_part(&field.label));
        if !by_id && !by_key {
            let ways: Vec<_> = key.iter().map(|field| format!("{{{}}}", field.label)).collect();
            let id = if self.kind.id.is_some() { "`{id}`, or " } else { "" };
            let help = format!("put {id}`{}` into it", ways.join("` and `"));
            self.problems.tell(
                &format!("{place}/path"),
                Code::SystemTemplate,
                "the path does not say which object",
                help,
            );
        }
    }

    fn route(
        &mut self,
        path: &str,
        query: &BTreeMap<String, String>,
        place: &str,
        scope: Scope,
        key: &[KeyField],
    ) -> Option<Route> {
        let at = format!("{place}/path");
        let mut route = match Route::new(path) {
            Ok(route) => route,
            Err(problem) => {
                let help = "a path begins with `/`, and each part between slashes says something";
                self.problems.tell(&at, Code::SystemTemplate, format!("`{path}` {problem}"), help);
                return None;
            }
        };
        let sound = self.placeholders(route.placeholders(), &at, scope, key);
        let query = self.query(&mut route, query, &format!("{place}/query"), scope, key);
        (sound && query.is_some()).then_some(route)
    }

    fn query(
        &mut self,
        route: &mut Route,
        query: &BTreeMap<String, String>,
        place: &str,
        scope: Scope,
        key: &[KeyField],
    ) -> Option<()> {
        let mut sound = true;
        for (name, text) in query {
            let at = child(place, name);
            match Template::new(text) {
                Ok(template) => {
                    sound &= self.placeholders(template.placeholders(), &at, scope, key);
                    route.query(name, template);
                }
                Err(problem) => {
                    sound = false;
                    self.problems.tell(
                        &at,
                        Code::SystemTemplate,
                        format!("`{text}` {problem}"),
                        "write `{PART}`",
                    );
                }
            }
        }
        sound.then_some(())
    }

    fn placeholders<'t>(
        &mut self,
        placeholders: impl Iterator<Item = &'t Placeholder>,
        at: &str,
        scope: Scope,
        key: &[KeyField],
    ) -> bool {
        let mut sound = true;
        for placeholder in placeholders {
            let problem = match placeholder {
                Placeholder::Setting(name) => setting_problem(self.context.settings, name),
                Placeholder::Id if scope == Scope::Live && self.kind.id.is_some() => None,
                Placeholder::Id if self.kind.id.is_none() => Some((
                    "objects of this kind have no `{id}`".to_owned(),
                    "say where an object has it, with `id`".to_owned(),
                )),
                Placeholder::Id => Some(("`{id}` is not known here".to_owned(), "use the key".to_owned())),
                Placeholder::Part(label) => part_problem(label, scope, key),
            };
            if let Some((message, help)) = problem {
                sound = false;
                self.problems.tell(at, Code::SystemTemplate, message, help);
            }
        }
        sound
    }

    fn statuses(&mut self, statuses: &[u16], at: &str, range: std::ops::Range<u16>, help: &str) {
        for (index, status) in statuses.iter().enumerate().filter(|(_, status)| !range.contains(*status)) {
            let message = format!("the status {status} cannot mean this");
            self.problems.tell(&format!("{at}/{index}"), Code::SystemStatus, message, help);
        }
    }
}

/// What is wrong with a setting in a template, and what to do.
pub(super) fn setting_problem(settings: &BTreeMap<String, bool>, name: &str) -> Option<(String, String)> {
    match settings.get(name) {
        Some(true) => None,
        Some(false) => Some((
            format!("the setting `{name}` may be left out, and then this cannot be filled in"),
            format!("put `{name}` into `required` of `settings`, or give it a `default`"),
        )),
        None => Some((
            format!("there is no setting `{name}`"),
            format!(
                "describe it in `settings: {{properties: {{{name}: {{type: string}}}}, required: [{name}]}}`"
            ),
        )),
    }
}

fn part_problem(label: &str, scope: Scope, key: &[KeyField]) -> Option<(String, String)> {
    let known: Vec<_> = key.iter().map(|field| format!("`{{{}}}`", field.label)).collect();
    let Some(field) = key.iter().find(|field| field.label == label) else {
        let message = format!("`{{{label}}}` is no part of the key");
        return Some((message, format!("parts are {}; a setting is `{{settings.NAME}}`", known.join(", "))));
    };
    match (scope, &field.id_of) {
        (Scope::Settings, _) => Some((
            format!("`{{{label}}}` is not known here: this reads all objects"),
            "only settings can stand here".to_owned(),
        )),
        (Scope::Key, Some(kind)) => Some((
            format!("`{{{label}}}` is the id of a {kind}, which a name does not tell"),
            "leave it out: what is found is compared with the whole key".to_owned(),
        )),
        _ => None,
    }
}

/// Whether a pattern leads to a text in a schema, or to what may be one.
fn leads_to_text(root: &Value, pattern: &str) -> bool {
    let Some(path) = pattern.strip_prefix('/') else { return false };
    let referred = |schema: &'_ Value| match schema.get("$ref").and_then(Value::as_str) {
        Some(target) => target.strip_prefix('#').and_then(|at| root.pointer(at)).cloned(),
        None => Some(schema.clone()),
    };
    let step = |schema: Value, part: &str| {
        let schema = referred(&schema)?;
        let inside = if part == "*" { schema.get("items") } else { schema.get("properties")?.get(part) };
        inside.and_then(referred)
    };
    let end = path.split('/').try_fold(root.clone(), step);
    let is_text = |kind: &Value| kind == "string" || kind == "integer" || kind.is_array();
    end.is_some_and(|end| end.get("type").is_none_or(is_text))
}
