//! A compiled kind as the rest of enact knows it. Not here: what reading and writing need of it, in `compiled`.

use crate::defined::compiled::CompiledKind;
use crate::defined::definition::{KindForm, Mark};
use crate::model::kind::{Kind, NameRule};

/// The kind that planning works with.
pub(super) fn kind(given: &KindForm, compiled: &CompiledKind) -> Kind {
    let about = given.about.as_deref().unwrap_or(&given.name);
    let (get, update) = (compiled.get.as_ref(), compiled.update.as_ref());
    let in_path = get.is_some_and(|get| compiled.key.iter().any(|field| get.route.has_part(&field.label)));
    Kind {
        required: compiled.spec.required.clone(),
        references: compiled.references.clone(),
        built_in: given.system.iter().filter_map(system_name).collect(),
        folds_case: given.ignores_case,
        name_rules: name_rules(given, compiled, in_path || compiled.id.is_none()),
        name_form: compiled.name_form.clone(),
        renames: update.is_some_and(|update| update.renames),
        list_is_whole: compiled.list.as_ref().is_none_or(|list| list.whole)
            && !update.is_some_and(|update| update.if_match),
        listed: compiled.list.is_some() || compiled.only.is_some(),
        read_alone: get.is_some(),
        secrets: compiled.spec.secrets.clone(),
        read_only: read_only(compiled),
        ..Kind::new(&given.name, about, compiled.spec.schema.clone())
    }
}

/// What the server sets: its id, the key, and the fields that the spec marks.
fn read_only(compiled: &CompiledKind) -> Vec<String> {
    let key = compiled.key.iter().map(|field| &field.at);
    compiled.id.iter().chain(key).chain(&compiled.spec.read_only).cloned().collect()
}

fn system_name(mark: &Mark) -> Option<String> {
    match mark {
        Mark::Name { name } => Some(name.clone()),
        Mark::Value { .. } => None,
    }
}

fn name_rules(given: &KindForm, compiled: &CompiledKind, in_path: bool) -> Vec<NameRule> {
    let parts: Vec<_> = compiled.key.iter().map(|field| field.label.as_str()).collect();
    let template = given.named.clone().unwrap_or_default();
    let composite = compiled.name_form.pattern().map(|pattern| NameRule {
        pattern,
        hint: format!(
            "{} as `{template}`; the first character of each separator is percent-encoded in a part",
            parts.join(" and ")
        ),
    });
    let plain = (in_path && composite.is_none()).then(|| NameRule {
        pattern: "^(?!\\.{1,2}$)".to_owned(),
        hint: "anything except `.` and `..`, which would lead to another path".to_owned(),
    });
    let own = given.key_pattern.as_ref();
    let own = own.map(|own| NameRule { pattern: own.pattern.clone(), hint: own.hint.clone() });
    let only = given.only.as_ref();
    let only = only
        .map(|only| NameRule { pattern: format!("^{only}$"), hint: format!("`{only}`: there is no other") });
    composite.into_iter().chain(plain).chain(own).chain(only).collect()
}
