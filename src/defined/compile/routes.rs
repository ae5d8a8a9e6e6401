//! The routes of operations: paths and queries, and which placeholders each may use. Not here: filling them in, in
//! `template`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::context::Context;
use crate::defined::compiled::KeyField;
use crate::defined::problems::Problems;
use crate::defined::template::{BodyTemplate, Placeholder, Route, Template};
use crate::diagnostic::Code;
use crate::pointer::child;

/// Which values a template can use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TemplateScope {
    /// The path or the query of a list: settings, and a part of the key that names the object above.
    List,
    /// The key too, as far as it is known from the name.
    Key,
    /// The key too; ids in it are looked up.
    Find,
    /// A new object: its key, but no id yet.
    New,
    /// An object that was read: its whole key, and its id.
    Live,
}

/// Compiles the operations of a kind whose key is known.
pub(super) struct Compiler<'a, 'p> {
    pub(super) context: &'a Context<'a>,
    pub(super) key: &'a [KeyField],
    pub(super) problems: &'a mut Problems<'p>,
}

impl Compiler<'_, '_> {
    /// The route of the operation at `place`.
    pub(super) fn route(
        &mut self,
        path: &str,
        query: &BTreeMap<String, String>,
        place: &str,
        scope: TemplateScope,
    ) -> Option<Route> {
        let at = format!("{place}/path");
        let mut route = match Route::new(path) {
            Ok(route) => route,
            Err(problem) => {
                let help = "begin the path with `/`, and leave no part between slashes empty";
                self.problems.report(&at, Code::SystemTemplate, format!("`{path}` {problem}"), help);
                return None;
            }
        };
        let sound = self.placeholders(route.placeholders(), &at, scope);
        let query = self.query(&mut route, query, &format!("{place}/query"), scope);
        (sound && query.is_some()).then_some(route)
    }

    /// Adds the parameters at `place` to a route; `None` if one cannot be used.
    pub(super) fn query(
        &mut self,
        route: &mut Route,
        query: &BTreeMap<String, String>,
        place: &str,
        scope: TemplateScope,
    ) -> Option<()> {
        let mut sound = true;
        for (name, text) in query {
            let at = child(place, name);
            match Template::new(text) {
                Ok(template) => {
                    sound &= self.placeholders(template.placeholders(), &at, scope);
                    route.query(name, template);
                }
                Err(problem) => {
                    sound = false;
                    let message = format!("`{text}` {problem}");
                    self.problems.report(&at, Code::SystemTemplate, message, "write `{PART}`");
                }
            }
        }
        sound.then_some(())
    }

    /// The body at `place`, whose texts are templates; `None` if one cannot be used.
    pub(super) fn body(
        &mut self,
        body: &Option<Value>,
        place: &str,
        scope: TemplateScope,
    ) -> Option<Option<BodyTemplate>> {
        let Some(body) = body else { return Some(None) };
        let place = format!("{place}/body");
        match BodyTemplate::new(body) {
            Ok(body) => {
                let mut sound = true;
                for (at, text) in body.texts() {
                    sound &= self.placeholders(text.placeholders(), &format!("{place}{at}"), scope);
                }
                sound.then_some(Some(body))
            }
            Err((at, message)) => {
                let help = "write `{PART}` for a part of the key, and `{{` for a brace";
                self.problems.report(&format!("{place}{at}"), Code::SystemTemplate, message, help);
                None
            }
        }
    }

    fn placeholders<'t>(
        &mut self,
        placeholders: impl Iterator<Item = &'t Placeholder>,
        at: &str,
        scope: TemplateScope,
    ) -> bool {
        let before = self.problems.count();
        for placeholder in placeholders {
            if let Some((message, help)) = self.placeholder_problem(placeholder, scope) {
                self.problems.report(at, Code::SystemTemplate, message, help);
            }
        }
        self.problems.count() == before
    }

    /// What is wrong with a placeholder, and what to do.
    fn placeholder_problem(
        &self,
        placeholder: &Placeholder,
        scope: TemplateScope,
    ) -> Option<(String, String)> {
        let has_id = self.context.kind.id.is_some();
        match placeholder {
            Placeholder::Setting(name) => self.context.settings.problem(name),
            Placeholder::Id if scope == TemplateScope::Live && has_id => None,
            Placeholder::Id if has_id => {
                Some(("`{id}` is not known here".to_owned(), "use the key instead".to_owned()))
            }
            Placeholder::Id => Some((
                "objects of this kind have no `{id}`".to_owned(),
                "say with `id` where an object has it".to_owned(),
            )),
            Placeholder::NamePart(label) => part_problem(label, scope, self.key),
        }
    }
}

fn part_problem(label: &str, scope: TemplateScope, key: &[KeyField]) -> Option<(String, String)> {
    let Some(field) = key.iter().find(|field| field.label == label) else {
        let known: Vec<_> = key.iter().map(|field| format!("`{{{}}}`", field.label)).collect();
        let message = format!("`{{{label}}}` is not a part of the key");
        return Some((message, format!("parts are {}; a setting is `{{settings.NAME}}`", known.join(", "))));
    };
    match (scope, &field.id_of) {
        (TemplateScope::List, _) if field.kind.is_some() => None,
        (TemplateScope::List, _) => Some((
            format!("`{{{label}}}` is not known here, because this reads all objects"),
            "use settings, or a part of the key that names another kind: then each of its objects has a list"
                .to_owned(),
        )),
        (TemplateScope::Key, Some(kind)) => Some((
            format!("`{{{label}}}` is the id of a {kind}, which is not known from a name"),
            "remove it: the objects that are found are compared with the whole key".to_owned(),
        )),
        _ => None,
    }
}
