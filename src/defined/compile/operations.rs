//! Compiles the operations of a kind: list, get, create, update and delete. Not here: their paths and queries, in
//! `routes`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

use super::headers;
use super::routes::{Compiler, TemplateScope};
use crate::defined::compiled::{Create, Delete, Frame, Get, KeyField, List, Step, Update};
use crate::defined::definition::{
    CreateForm, DeleteForm, FirstForm, GetForm, ListForm, Mode, ReadMethod, UpdateForm, WaitForm,
};
use crate::defined::template::{BodyTemplate, Placeholder, Route};
use crate::diagnostic::Code;
use crate::model::answer::Sign;
use crate::model::request::{Method, Repeatability, Wait};
use crate::model::wire::Statuses;

impl Compiler<'_, '_> {
    pub(super) fn list(&mut self, list: &ListForm) -> Option<List> {
        let place = format!("{}/list", self.context.at);
        let route = self.route(&list.path.0, &list.query, &place, TemplateScope::List)?;
        let below = self.below(&route, &place)?;
        let post = self.post(list.method, &list.body, &place, TemplateScope::List)?;
        let find = match &list.find {
            None => None,
            Some(query) => {
                let mut find = route.clone();
                self.query(&mut find, query, &format!("{place}/find"), TemplateScope::Find)?;
                Some(find)
            }
        };
        self.success(&list.success, &place);
        Some(List {
            route,
            post,
            below,
            find,
            statuses: Statuses { success: list.success.clone(), gone: Vec::new(), ..Statuses::default() },
            items: list.items.0.clone(),
            by_name: list.by_name.as_ref().map(|at| at.0.clone()),
            empty_if_absent: list.empty_if_absent,
            skip_if: list.skip_if.iter().map(Sign::from).collect(),
            skip_unless: list.skip_unless.iter().map(|at| at.0.clone()).collect(),
            whole: list.whole,
            paging: list.paging.clone(),
        })
    }

    /// The body of a read that is a POST; `None` inside if it is a GET.
    fn post(
        &mut self,
        method: ReadMethod,
        body: &Option<Value>,
        place: &str,
        scope: TemplateScope,
    ) -> Option<Option<BodyTemplate>> {
        match method {
            ReadMethod::Get => Some(None),
            ReadMethod::Post => self.body(body, place, scope),
        }
    }

    /// The part of the key that says below what a list is; `None` inside if it is the only list.
    fn below(&mut self, route: &Route, place: &str) -> Option<Option<KeyField>> {
        let mut parts = self.key.iter().filter(|field| route.has_part(&field.label)).cloned();
        let first = parts.next();
        if let Some(second) = parts.next() {
            let message = format!(
                "the path names two objects, and every {{{}}} would be read for every other",
                second.label
            );
            let help = "name one part of the key: the objects of that kind are read, and below each its list";
            self.problems.report(&format!("{place}/path"), Code::SystemTemplate, message, help);
            return None;
        }
        Some(first)
    }

    pub(super) fn get(&mut self, get: &GetForm) -> Option<Get> {
        let place = format!("{}/get", self.context.at);
        let scope = if self.context.kind.list.is_some() { TemplateScope::Live } else { TemplateScope::Key };
        let route = self.route(&get.path.0, &get.query, &place, scope)?;
        let post = self.post(get.method, &get.body, &place, scope)?;
        self.one_object(&route, post.as_ref(), |_| false, &place);
        self.success(&get.success, &place);
        let help = "write a status from 400 to 499";
        self.statuses(&get.gone, &format!("{place}/gone"), 400..500, help);
        let statuses =
            Statuses { success: get.success.clone(), gone: get.gone.clone(), ..Statuses::default() };
        let in_body = post.iter().flat_map(BodyTemplate::texts).flat_map(|(_, text)| text.placeholders());
        let by_name = route.placeholders().chain(in_body).all(|placeholder| self.is_in_name(placeholder));
        let gone_if = get.gone_if.iter().map(Sign::from).collect();
        Some(Get { by_name, route, post, statuses, gone_if, object: get.object.0.clone() })
    }

    pub(super) fn create(&mut self, create: &CreateForm) -> Option<Create> {
        let place = format!("{}/create", self.context.at);
        let route = self.route(&create.path.0, &create.query, &place, TemplateScope::New)?;
        let frame = self.frame(&create.body, &create.within.0, &place, TemplateScope::New)?;
        self.success(&create.success, &place);
        if let Some(header) = &create.idempotency_header {
            headers::check_name(header, &format!("{place}/idempotency_header"), self.problems);
        }
        Some(Create {
            method: create.method.into(),
            route,
            success: create.success.clone(),
            frame,
            id: self.new_id(create, &place),
            idempotency_header: create.idempotency_header.clone(),
            repeatability: self.repeatability(create),
            wait: self.wait(create.wait.as_ref(), &place),
        })
    }

    pub(super) fn update(&mut self, update: &UpdateForm) -> Option<Update> {
        let place = format!("{}/update", self.context.at);
        let route = self.route(&update.path.0, &update.query, &place, TemplateScope::Live)?;
        let frame = self.frame(&update.body, &update.within.0, &place, TemplateScope::Live)?;
        let is_in_object = |field: &KeyField| {
            let is_whole = update.mode() == Mode::Replace && !field.only_in_paths;
            is_whole || update.always.iter().any(|always| always.0 == field.at)
        };
        self.one_object(&route, frame.body.as_ref(), is_in_object, &place);
        self.success(&update.success, &place);
        if update.if_match && self.context.kind.get.is_none() {
            let message = "`if_match` needs the `ETag` of `get`, but there is no `get`";
            let help = "add `get`, or remove `if_match`";
            self.problems.report(&format!("{place}/if_match"), Code::SystemIfMatch, message, help);
        }
        let named_in_path = self.key.iter().any(|field| route.has_part(&field.label));
        if update.renames && (named_in_path || self.context.kind.id.is_none()) {
            let message = "an object whose path is its key cannot be renamed";
            self.problems.report(
                &format!("{place}/renames"),
                Code::SystemRenames,
                message,
                "remove `renames`",
            );
        }
        Some(Update {
            method: update.method.into(),
            route,
            mode: update.mode(),
            success: update.success.clone(),
            frame,
            always: update.always.iter().map(|at| at.0.clone()).collect(),
            if_match: update.if_match,
            renames: update.renames,
            wait: self.wait(update.wait.as_ref(), &place),
        })
    }

    pub(super) fn delete(&mut self, delete: &DeleteForm) -> Option<Delete> {
        let place = format!("{}/delete", self.context.at);
        let DeleteForm { method, path, query, body, success, first, wait } = delete;
        let first = match first {
            None => None,
            Some(FirstForm { method, path, body, success, unless }) => {
                let place = format!("{place}/first");
                let step = self.step((*method).into(), &path.0, (&BTreeMap::new(), body, success), &place)?;
                Some((step, Sign::from(unless)))
            }
        };
        let last = self.step((*method).into(), &path.0, (query, body, success), &place)?;
        let wait = self.wait(wait.as_ref(), &place);
        Some(Delete { first, last: Step { wait, ..last } })
    }

    /// A request about one live object.
    fn step(
        &mut self,
        method: Method,
        path: &str,
        (query, body, success): (&BTreeMap<String, String>, &Option<Value>, &[u16]),
        place: &str,
    ) -> Option<Step> {
        let route = self.route(path, query, place, TemplateScope::Live)?;
        let body = self.body(body, place, TemplateScope::Live)?;
        self.one_object(&route, body.as_ref(), |_| false, place);
        self.success(success, place);
        Some(Step { method, route, body, success: success.to_vec(), wait: None })
    }

    fn wait(&mut self, wait: Option<&WaitForm>, place: &str) -> Option<Wait> {
        let WaitForm { at, until, failed, seconds } = wait?;
        let at = headers::answer_place(at, &format!("{place}/wait/at"), Code::SystemHeader, self.problems);
        let failed = failed.iter().map(Sign::from).collect();
        Some(Wait { at, until: until.into(), failed, most: Duration::from_secs(u64::from(*seconds)) })
    }

    fn frame(
        &mut self,
        body: &Option<Value>,
        within: &str,
        place: &str,
        scope: TemplateScope,
    ) -> Option<Frame> {
        Some(Frame { body: self.body(body, place, scope)?, within: within.to_owned() })
    }

    /// Whether a name and the settings are enough to fill in a placeholder.
    fn is_in_name(&self, placeholder: &Placeholder) -> bool {
        match placeholder {
            Placeholder::Id => false,
            Placeholder::Setting(_) => true,
            Placeholder::NamePart(label) => self.key.iter().any(|field| field.label == *label),
        }
    }

    /// Where the reply to a create has the new id.
    fn new_id(&mut self, create: &CreateForm, place: &str) -> Option<String> {
        let kind = self.context.kind;
        let Some(id) = &kind.id else {
            if create.id.is_some() {
                let message = "the server gives no ids to objects of this kind";
                let help = "remove it, or add `id` to the kind";
                self.problems.report(&format!("{place}/id"), Code::SystemId, message, help);
            }
            return None;
        };
        let object = kind.get.as_ref().map_or("", |get| &get.object.0);
        match &create.id {
            Some(given) => given.as_ref().map(|pointer| pointer.0.clone()),
            // What answers at once has no object to show yet.
            None if create.wait.is_some() => None,
            None => Some(format!("{object}{}", id.0)),
        }
    }

    fn repeatability(&self, create: &CreateForm) -> Repeatability {
        let kind = self.context.kind;
        if create.idempotency_header.is_some() {
            Repeatability::Keyed
        } else if kind.unique || kind.id.is_none() {
            Repeatability::Named
        } else {
            Repeatability::Blind
        }
    }

    /// Checks that a request says which object is meant: in its path, its query, or its body.
    fn one_object(
        &mut self,
        route: &Route,
        body: Option<&BodyTemplate>,
        is_in_object: impl Fn(&KeyField) -> bool,
        place: &str,
    ) {
        let in_body = |field: &KeyField| body.is_some_and(|body| body.has_part(&field.label));
        let by_id = route.placeholders().any(|placeholder| *placeholder == Placeholder::Id)
            || body.is_some_and(BodyTemplate::has_id);
        let is_said =
            |field: &KeyField| route.has_part(&field.label) || in_body(field) || is_in_object(field);
        let is_only = self.context.kind.only.is_some();
        if !is_only && !by_id && !self.key.iter().all(is_said) {
            let ways: Vec<_> = self.key.iter().map(|field| format!("{{{}}}", field.label)).collect();
            let id = if self.context.kind.id.is_some() { "`{id}`, or " } else { "" };
            let message = "the path does not say which object";
            let help = format!("add {id}`{}` to it", ways.join("` and `"));
            self.problems.report(&format!("{place}/path"), Code::SystemTemplate, message, help);
        }
    }

    fn success(&mut self, statuses: &[u16], place: &str) {
        self.statuses(statuses, &format!("{place}/success"), 200..300, "write a status from 200 to 299");
    }

    fn statuses(&mut self, statuses: &[u16], at: &str, range: Range<u16>, help: &str) {
        for (index, status) in statuses.iter().enumerate().filter(|(_, status)| !range.contains(*status)) {
            let message = format!("the status {status} cannot mean this");
            self.problems.report(&format!("{at}/{index}"), Code::SystemStatus, message, help);
        }
    }
}
