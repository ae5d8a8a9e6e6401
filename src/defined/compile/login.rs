//! The login of a definition: which templates it may use, and where its secret goes.

use serde_json::Value;

use super::headers;
use crate::defined::compiled::Login;
use crate::defined::definition::{Definition, KindForm, LoginForm, TokenLifeForm};
use crate::defined::problems::Problems;
use crate::defined::settings::Settings;
use crate::defined::template::{BodyTemplate, Placeholder, Route, may_be_one_path};
use crate::diagnostic::Code;
use crate::model::login::{TokenAnswer, TokenLife};
use crate::model::request::Method;
use crate::pointer::child;
use crate::system::Scheme;

/// The text of a body that stands for the secret.
const SECRET: &str = "{secret}";
const HELP: &str = "write `{username}`, `{settings.NAME}`, or `{secret}` alone as a text of the body";

/// The login, if there is one; `None` also if it cannot be compiled.
pub(super) fn compile(
    definition: &Definition,
    settings: &Settings,
    problems: &mut Problems<'_>,
) -> Option<Login> {
    let form = definition.login.as_ref()?;
    let mut login = Compiler { is_basic: definition.auth == [Scheme::Basic], settings, problems };
    if !login.is_basic && definition.auth != [Scheme::Bearer] {
        let message = "a login needs to know what it is made with";
        let help = "write `auth: [basic]` if it takes a name and a password, or `auth: [bearer]` if it takes a secret alone";
        login.problems.report("/auth", Code::SystemLogin, message, help);
    }
    login.is_no_write(definition, form);
    let route = login.route(&form.path.0);
    let mut body = form.body.clone();
    let mut secret = Vec::new();
    body.iter_mut().for_each(|body| take_secret(body, "", &mut secret));
    login.is_form(form);
    let body = body.map(|body| login.body(&body));
    let body = match body {
        Some(None) => return None,
        body => body.flatten(),
    };
    let answer = login.answer(form);
    Some(Login { method: form.method.into(), route: route?, body, secret, form: form.form, answer })
}

/// Takes the secret out of a body, and notes where it was.
fn take_secret(value: &mut Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::String(text) if text == SECRET => {
            places.push(at.to_owned());
            *value = Value::Null;
        }
        Value::Array(items) => {
            let items = items.iter_mut().enumerate();
            items.for_each(|(index, item)| take_secret(item, &format!("{at}/{index}"), places));
        }
        Value::Object(map) => {
            map.iter_mut().for_each(|(name, value)| take_secret(value, &child(at, name), places));
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

struct Compiler<'a, 'p> {
    is_basic: bool,
    settings: &'a Settings,
    problems: &'a mut Problems<'p>,
}

impl Compiler<'_, '_> {
    /// Reports a login that may be a write of an object: plan sends it, too.
    fn is_no_write(&mut self, definition: &Definition, form: &LoginForm) {
        let method = Method::from(form.method);
        let writes = definition.kinds.iter().flat_map(KindForm::writes);
        let mut same = writes.filter(|(_, of, path)| *of == method && may_be_one_path(&path.0, &form.path.0));
        if let Some((_, _, path)) = same.next() {
            let message = format!("the login may be a write: objects are written at `{}`", path.0);
            let help =
                "a login is sent before anything is read, so it has to be a path at which nothing is written";
            self.problems.report("/login/path", Code::SystemLogin, message, help);
        }
    }

    fn route(&mut self, path: &str) -> Option<Route> {
        match Route::new(path) {
            Ok(route) => {
                self.placeholders(route.placeholders(), "/login/path");
                Some(route)
            }
            Err(problem) => {
                let message = format!("`{path}` {problem}");
                self.problems.report("/login/path", Code::SystemTemplate, message, HELP);
                None
            }
        }
    }

    fn body(&mut self, body: &Value) -> Option<BodyTemplate> {
        match BodyTemplate::new(body) {
            Ok(body) => {
                for (at, text) in body.texts() {
                    self.placeholders(text.placeholders(), &format!("/login/body{at}"));
                }
                Some(body)
            }
            Err((at, message)) => {
                self.problems.report(&format!("/login/body{at}"), Code::SystemTemplate, message, HELP);
                None
            }
        }
    }

    fn placeholders<'t>(&mut self, placeholders: impl Iterator<Item = &'t Placeholder>, at: &str) {
        for placeholder in placeholders {
            let problem = match placeholder {
                Placeholder::Setting(name) => self.settings.problem(name),
                Placeholder::NamePart(name) if name == "username" && self.is_basic => None,
                Placeholder::NamePart(name) if name == "username" => {
                    let help = "write `auth: [basic]`, or remove it".to_owned();
                    Some(("only `auth: [basic]` has a `{username}`".to_owned(), help))
                }
                Placeholder::NamePart(name) => {
                    Some((format!("`{{{name}}}` is not known in this place"), HELP.to_owned()))
                }
                Placeholder::Id => Some(("`{id}` is not known in this place".to_owned(), HELP.to_owned())),
            };
            if let Some((message, help)) = problem {
                self.problems.report(at, Code::SystemTemplate, message, help);
            }
        }
    }

    /// Checks that a form is flat.
    fn is_form(&mut self, form: &LoginForm) {
        let is_flat = |body: &Value| {
            let fields = body.as_object();
            fields.is_some_and(|fields| !fields.values().any(|of| of.is_object() || of.is_array()))
        };
        if form.form && !form.body.as_ref().is_some_and(is_flat) {
            let message = "a form has names, each with a text";
            let help = "write `body: {NAME: TEXT}`, or remove `form`";
            self.problems.report("/login/form", Code::SystemLogin, message, help);
        }
    }

    fn answer(&mut self, form: &LoginForm) -> TokenAnswer {
        let header = form.header.clone().unwrap_or_else(|| "Authorization".to_owned());
        let is_authorization = header.eq_ignore_ascii_case("authorization");
        let usual = if is_authorization { "Bearer " } else { "" };
        let prefix = form.prefix.clone().unwrap_or_else(|| usual.to_owned());
        if !prefix.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            let message = "`prefix` cannot be sent in a header";
            let help = "write printable ASCII characters";
            self.problems.report("/login/prefix", Code::SystemLogin, message, help);
        }
        if !is_authorization && !header.eq_ignore_ascii_case("cookie") {
            headers::check_name(&header, "/login/header", self.problems);
        }
        let token = headers::answer_place(&form.token, "/login/token", Code::SystemLogin, self.problems);
        let life = form.life.as_ref().map(|life| match life {
            TokenLifeForm::Seconds(seconds) => TokenLife::Seconds(*seconds),
            TokenLifeForm::At(at) => TokenLife::At(at.0.clone()),
        });
        TokenAnswer { token, life, header, prefix }
    }
}
