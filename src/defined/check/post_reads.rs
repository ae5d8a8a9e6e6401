//! Checks which reads of a definition are a POST: only those at paths that it lists, so that whoever reviews it sees them in one
//! place.

use crate::defined::definition::{Definition, KindForm, PathTemplate, ReadMethod};
use crate::defined::problems::Problems;
use crate::defined::settings::Settings;
use crate::defined::template::{Placeholder, Route, may_be_one_path};
use crate::diagnostic::Code;
use crate::model::request::Method;

pub(super) fn check(definition: &Definition, settings: &Settings, problems: &mut Problems<'_>) {
    for (index, PathTemplate(path)) in definition.post_reads.iter().enumerate() {
        let problem = match Route::new(path) {
            Err(problem) => Some((format!("`{path}` {problem}"), "begin the path with `/`".to_owned())),
            Ok(route) => route.placeholders().find_map(|placeholder| match placeholder {
                Placeholder::Setting(name) => settings.problem(name),
                Placeholder::Id | Placeholder::NamePart(_) => {
                    let message = format!("`{path}` is another path for every object");
                    Some((message, "only paths of which all is known can be read with POST".to_owned()))
                }
            }),
        };
        if let Some((message, help)) = problem {
            problems.report(&format!("/post_reads/{index}"), Code::SystemPostRead, message, help);
        }
    }
    let is_listed = |path: &PathTemplate| definition.post_reads.iter().any(|listed| listed.0 == path.0);
    for (index, kind) in definition.kinds.iter().enumerate() {
        let at = format!("/kinds/{index}");
        check_reads(kind, &at, &is_listed, problems);
        check_writes(kind, &at, &definition.post_reads, problems);
    }
}

fn check_reads(
    kind: &KindForm,
    at: &str,
    is_listed: &impl Fn(&PathTemplate) -> bool,
    problems: &mut Problems<'_>,
) {
    let list = kind.list.as_ref().map(|list| ("list", list.method, &list.path, list.body.is_some()));
    let get = kind.get.as_ref().map(|get| ("get", get.method, &get.path, get.body.is_some()));
    for (name, method, path, has_body) in list.into_iter().chain(get) {
        let is_post = method == ReadMethod::Post;
        if is_post && !is_listed(path) {
            let message = format!("nothing says that a POST to `{}` only reads", path.0);
            let help = format!("add `post_reads: [{}]` to the definition, if it is so", path.0);
            problems.report(&format!("{at}/{name}/method"), Code::SystemPostRead, message, help);
        } else if is_post != has_body {
            let message = "a POST that reads has a body, and a GET has none";
            let help = "write both `method: POST` and `body`, or none of them";
            problems.report(&format!("{at}/{name}"), Code::SystemPostRead, message, help);
        }
    }
    if kind.list.as_ref().is_some_and(|list| list.method == ReadMethod::Post && list.paging.is_some()) {
        let message = "pages of a list that is read with POST are not asked for";
        let help = "remove `paging`, and ask for all objects in the body";
        problems.report(&format!("{at}/list/paging"), Code::SystemPostRead, message, help);
    }
}

fn check_writes(kind: &KindForm, at: &str, listed: &[PathTemplate], problems: &mut Problems<'_>) {
    for (name, method, path) in kind.writes() {
        let is_same = |read: &&PathTemplate| {
            read.0 == path.0 || method == Method::Post && may_be_one_path(&read.0, &path.0)
        };
        if let Some(read) = listed.iter().find(is_same) {
            let message = format!("`{}` is written here, and may be `{}` of `post_reads`", path.0, read.0);
            let help = "only a path at which nothing is ever written can be read with POST";
            problems.report(&format!("{at}/{name}/path"), Code::SystemPostRead, message, help);
        }
    }
}
