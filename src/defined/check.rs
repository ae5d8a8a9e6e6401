//! What else can be wrong with a definition than what cannot be compiled. All checks run, so that all mistakes are
//! reported at once.

use std::collections::BTreeSet;

use serde_json::Map;

use crate::defined::definition::{Definition, KindForm, Mark};
use crate::defined::problems::Problems;
use crate::defined::settings::Settings;
use crate::defined::spec::Spec;
use crate::diagnostic::Code;
use crate::manifest::name_problem;
use crate::schema::check::Checker;

mod fields;
mod keywords;
mod list_type;
mod reads;
mod schemas;

/// The checks of one kind, which is at a JSON pointer.
const CHECKS: &[fn(&KindForm, &str, &mut Problems<'_>)] = &[
    reads::check,
    schemas::check_spec,
    schemas::check_references,
    fields::check,
    check_key_pattern,
    check_marks,
    check_scratch,
];

/// Checks a definition that its JSON Schema takes.
pub(super) fn check(definition: &Definition, settings: &Settings, problems: &mut Problems<'_>) {
    schemas::check_settings(&settings.schema, problems);
    check_kinds_once(definition, problems);
    check_renames(definition, problems);
    for (index, kind) in definition.kinds.iter().enumerate() {
        CHECKS.iter().for_each(|check| check(kind, &format!("/kinds/{index}"), problems));
    }
}

fn check_kinds_once(definition: &Definition, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for (index, kind) in definition.kinds.iter().enumerate() {
        // Schema files go by the lower case.
        if !seen.insert(kind.name.to_lowercase()) {
            let place = format!("/kinds/{index}/name");
            let message = format!("the kind {} is defined twice", kind.name);
            problems.tell(&place, Code::SystemKindTwice, message, "give each kind its own name");
        }
    }
}

/// An object whose name is a part of others' keys would take them along.
fn check_renames(definition: &Definition, problems: &mut Problems<'_>) {
    for (index, kind) in definition.kinds.iter().enumerate() {
        let renames = kind.update.as_ref().is_some_and(|update| update.renames);
        let names = |other: &&KindForm| other.key.values().any(|part| part.kind() == Some(&kind.name));
        if let Some(other) = definition.kinds.iter().find(names).filter(|_| renames) {
            let message =
                format!("a {} cannot be renamed: its name is a part of the key of {}", kind.name, other.name);
            let at = format!("/kinds/{index}/update/renames");
            problems.tell(&at, Code::SystemRenames, message, "take `renames` out");
        }
    }
}

fn check_key_pattern(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    if kind.key_pattern.is_some() && kind.key.len() > 1 {
        let message = "a pattern is for a key of one part";
        problems.tell(&format!("{at}/key_pattern"), Code::SystemKey, message, "take it out");
    }
}

fn check_marks(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    for (index, mark) in kind.system.iter().enumerate() {
        if let Mark::Name { name } = mark
            && let Some(problem) = name_problem(name)
        {
            let place = format!("{at}/system/{index}/name");
            let message = format!("the name `{name}` {problem}");
            problems.tell(&place, Code::SystemMark, message, "write it as the API does");
        }
    }
}

/// An object to try with is one that a manifest could declare.
fn check_scratch(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let Some(scratch) = &kind.scratch else { return };
    let Ok(checker) = Checker::new(Spec::new(&kind.spec).schema) else { return };
    problems.check(&format!("{at}/scratch/spec"), &checker);
    problems.check(&format!("{at}/scratch/change"), &checker);
    if kind.update.is_some() && scratch.change.as_object().is_none_or(Map::is_empty) {
        let help = "write fields of `spec` with other values";
        problems.tell(&format!("{at}/scratch"), Code::SystemScratch, "its `change` changes nothing", help);
    }
}
