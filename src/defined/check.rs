//! Mistakes in a definition that do not keep it from being compiled. All checks run, so that all mistakes are reported
//! at once. Not here: mistakes that do, in `compile`.

use std::collections::BTreeSet;

use serde_json::Map;

use crate::defined::definition::{Definition, KeyPart, KindForm, Mark};
use crate::defined::problems::Problems;
use crate::defined::settings::Settings;
use crate::defined::spec::Spec;
use crate::diagnostic::Code;
use crate::manifest::name_problem;
use crate::schema::check::Checker;

mod access;
mod fields;
mod keywords;
mod list_type;
mod pointers;
mod post_reads;
mod reads;
mod schemas;

/// The checks of one kind, with its JSON pointer.
const CHECKS: &[fn(&KindForm, &str, &mut Problems<'_>)] = &[
    reads::check,
    pointers::check,
    schemas::check_spec,
    schemas::check_references,
    fields::check,
    access::check,
    check_key_pattern,
    check_marks,
    check_scratch,
];

/// Checks a definition that passed its JSON Schema.
pub(super) fn check(definition: &Definition, settings: &Settings, problems: &mut Problems<'_>) {
    schemas::check_settings(&settings.schema, problems);
    check_kinds_once(definition, problems);
    check_renames(definition, problems);
    post_reads::check(definition, settings, problems);
    for (index, kind) in definition.kinds.iter().enumerate() {
        CHECKS.iter().for_each(|check| check(kind, &format!("/kinds/{index}"), problems));
    }
}

/// Warns of what is allowed but makes work. Only somebody who is writing the definition wants to know it.
pub(super) fn advise(definition: &Definition, problems: &mut Problems<'_>) {
    for (index, kind) in definition.kinds.iter().enumerate() {
        fields::advise(kind, &format!("/kinds/{index}"), problems);
    }
}

fn check_kinds_once(definition: &Definition, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for (index, kind) in definition.kinds.iter().enumerate() {
        // The names of schema files are in lower case.
        if !seen.insert(kind.name.to_lowercase()) {
            let place = format!("/kinds/{index}/name");
            let message = format!("the kind {} is defined twice", kind.name);
            problems.report(&place, Code::SystemKindTwice, message, "give each kind its own name");
        }
    }
}

/// Reports renames of an object whose name is part of other keys: they would change with it.
fn check_renames(definition: &Definition, problems: &mut Problems<'_>) {
    for (index, kind) in definition.kinds.iter().enumerate() {
        let renames = kind.update.as_ref().is_some_and(|update| update.renames);
        let names = |other: &&KindForm| other.key.values().any(|part| part.kind() == Some(&kind.name));
        if let Some(other) = definition.kinds.iter().find(names).filter(|_| renames) {
            let message =
                format!("a {} cannot be renamed: its name is part of the key of {}", kind.name, other.name);
            let at = format!("/kinds/{index}/update/renames");
            problems.report(&at, Code::SystemRenames, message, "remove `renames`");
        }
    }
}

fn check_key_pattern(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    if kind.key_pattern.is_some() && kind.key.len() > 1 {
        let message = "a pattern is only for a key with one part";
        problems.report(&format!("{at}/key_pattern"), Code::SystemKey, message, "remove it");
    }
}

fn check_marks(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    for (index, mark) in kind.system.iter().enumerate() {
        if let Mark::Name { name } = mark
            && let Some(problem) = name_problem(name)
        {
            let place = format!("{at}/system/{index}/name");
            let message = format!("the name `{name}` {problem}");
            problems.report(&place, Code::SystemMark, message, "write it exactly as the API does");
        }
    }
}

/// Checks that a manifest could declare the scratch object.
fn check_scratch(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let Some(scratch) = &kind.scratch else { return };
    let Ok(checker) = Checker::new(Spec::new(&kind.spec).schema) else { return };
    for label in scratch.key.keys() {
        if !matches!(kind.key.get(label), Some(KeyPart::At(_))) {
            let message = format!("`{label}` is no part of the key with a name of its own");
            let help = "name parts of `key` that refer to no other kind";
            problems.report(&format!("{at}/scratch/key/{label}"), Code::SystemScratch, message, help);
        }
    }
    problems.check(&format!("{at}/scratch/spec"), &checker);
    problems.check(&format!("{at}/scratch/change"), &checker);
    if kind.update.is_some() && scratch.change.as_object().is_none_or(Map::is_empty) {
        let help = "add fields of `spec` with other values";
        problems.report(&format!("{at}/scratch"), Code::SystemScratch, "its `change` changes nothing", help);
    }
}
