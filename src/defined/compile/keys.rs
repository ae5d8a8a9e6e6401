//! The key of a kind: its parts, and how a name is made of them. Not here: making and splitting names, in
//! `model::name_form`.

use std::collections::BTreeSet;

use super::context::Context;
use super::references::can_refer;
use crate::defined::compiled::KeyField;
use crate::defined::definition::KindForm;
use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::model::name_form::{NameForm, NamePart};

/// The parts of the key in the order of the name, and the form of the name.
pub(super) fn compile(
    context: &Context<'_>,
    problems: &mut Problems<'_>,
) -> Option<(Vec<KeyField>, NameForm)> {
    let fields = match &context.kind.only {
        Some(_) => vec![only(context, problems)],
        None => fields(context, problems),
    };
    let form = name_form(context, &fields, problems)?;
    let of = |part: &NamePart| fields.iter().find(|field| field.label == part.label).cloned();
    let key = form.parts().iter().filter_map(of).collect();
    Some((key, form))
}

/// The key of the only object, which no body and no path has.
fn only(context: &Context<'_>, problems: &mut Problems<'_>) -> KeyField {
    let KindForm { id, key, list, named, .. } = context.kind;
    let others = [
        ("id", id.is_some()),
        ("key", !key.is_empty()),
        ("list", list.is_some()),
        ("named", named.is_some()),
    ];
    for (other, _) in others.into_iter().filter(|(_, is_given)| *is_given) {
        let message = format!("`{other}` tells objects apart, and there is only one");
        let place = format!("{}/{other}", context.at);
        problems.report(&place, Code::SystemKey, message, format!("remove `{other}`, or `only`"));
    }
    let (label, at) = ("name".to_owned(), KeyField::place_of("name"));
    KeyField { label, at, only_in_paths: true, kind: None, id_of: None }
}

fn fields(context: &Context<'_>, problems: &mut Problems<'_>) -> Vec<KeyField> {
    let mut fields: Vec<KeyField> = Vec::new();
    for (label, part) in &context.kind.key {
        let place = format!("{}/key/{label}", context.at);
        let only_in_paths = part.at().is_none();
        let at = part.at().map_or_else(|| KeyField::place_of(label), |at| at.0.clone());
        check_label(label, &place, problems);
        if only_in_paths {
            check_in_path(context, label, &place, problems);
        }
        if fields.iter().any(|field| field.at == at) {
            let message = "two parts of the key are at the same place";
            let help = "give each its own JSON pointer, or remove one";
            problems.report(&place, Code::SystemKey, message, help);
        }
        check_not_in_spec(context, &at, &place, problems);
        let known = part.kind().filter(|kind| can_refer(context, kind, &place, problems));
        let id_of = known.filter(|kind| context.has_ids(kind)).map(str::to_owned);
        let kind = known.map(str::to_owned);
        fields.push(KeyField { label: label.clone(), at, only_in_paths, kind, id_of });
    }
    fields
}

/// Checks that what no object has is known from the path at which objects are read.
fn check_in_path(context: &Context<'_>, label: &str, place: &str, problems: &mut Problems<'_>) {
    let KindForm { list, get, .. } = context.kind;
    let list = list.as_ref().map(|list| &list.path.0);
    let read = list.or(get.as_ref().map(|get| &get.path.0));
    if !read.is_some_and(|path| path.contains(&format!("{{{label}}}"))) {
        let message = format!("nothing says of which `{label}` an object is");
        let help = format!("add `at`, where an object has it, or `{{{label}}}` to the path of `list`");
        problems.report(place, Code::SystemKey, message, help);
    }
}

fn check_label(label: &str, place: &str, problems: &mut Problems<'_>) {
    let plain = label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !plain || label == "id" || label.is_empty() {
        let message = format!("`{label}` cannot be the name of a part of the key");
        let help = "use lower-case letters, digits and `_`, and not `id`";
        problems.report(place, Code::SystemKey, message, help);
    }
}

fn check_not_in_spec(context: &Context<'_>, at: &str, place: &str, problems: &mut Problems<'_>) {
    let field = at.strip_prefix('/').filter(|name| !name.contains('/'));
    if field.is_some_and(|name| context.kind.field(name).is_some()) {
        let message = format!("`{at}` is both a part of the key and a field of `spec`");
        let help = "remove it from `spec`, because it is part of `metadata.name`";
        problems.report(place, Code::SystemKey, message, help);
    }
}

fn name_form(context: &Context<'_>, key: &[KeyField], problems: &mut Problems<'_>) -> Option<NameForm> {
    let place = format!("{}/named", context.at);
    let template = template(context, key, problems)?;
    let kind = |label: &str| context.kind.key.get(label)?.kind().map(str::to_owned);
    let form = match NameForm::new(&template, kind) {
        Ok(form) => form,
        Err(problem) => {
            let message = format!("`{template}` {problem}");
            let help = "write parts with text between them, such as `{name}@{vhost}`";
            problems.report(&place, Code::SystemNamed, message, help);
            return None;
        }
    };
    let Some(message) = parts_problem(context, &form) else { return Some(form) };
    problems.report(&place, Code::SystemNamed, message, "a name must contain every part of the key once");
    None
}

/// The template of names. A key of one part does not need `named`.
fn template(context: &Context<'_>, key: &[KeyField], problems: &mut Problems<'_>) -> Option<String> {
    match (&context.kind.named, key) {
        (Some(template), _) => Some(template.clone()),
        (None, [only]) => Some(format!("{{{}}}", only.label)),
        (None, []) => {
            let help = "say with `key` what tells them apart, or with `only` that there is one";
            problems.report(context.at, Code::SystemKey, "nothing tells objects of this kind apart", help);
            None
        }
        (None, _) => {
            let labels: Vec<_> = key.iter().map(|field| format!("{{{}}}", field.label)).collect();
            let help = format!("say how a name is made of them, such as `named: \"{}\"`", labels.join("@"));
            problems.report(context.at, Code::SystemNamed, "a key of several parts needs `named`", help);
            None
        }
    }
}

fn parts_problem(context: &Context<'_>, form: &NameForm) -> Option<String> {
    let key = &context.kind.key;
    if context.kind.only.is_some() {
        return None;
    }
    let labels: Vec<_> = form.parts().iter().map(|part| part.label.as_str()).collect();
    let unknown = labels.iter().find(|label| !key.contains_key(**label));
    let left_out = key.keys().find(|label| !labels.contains(&label.as_str()));
    let twice = labels.len() > labels.iter().collect::<BTreeSet<_>>().len();
    match (unknown, left_out) {
        (Some(label), _) => Some(format!("`{label}` is not a part of the key")),
        (None, Some(label)) => Some(format!("`{label}` is a part of the key but not of the name")),
        (None, None) => twice.then(|| "a part of the key is in the name twice".to_owned()),
    }
}
