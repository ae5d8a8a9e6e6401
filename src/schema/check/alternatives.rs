//! `oneOf` and `anyOf`: the one violation that helps, instead of one per branch. Not here: other violations, in
//! `check`.

use crate::diagnostic::Code;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value as Json;

use super::Check;

/// The violations of one alternative.
type Branch = Vec<ValidationError<'static>>;

impl Check<'_> {
    /// Reports why no alternative fits.
    pub(super) fn alternatives(&mut self, pointer: &str, branches: &[Branch], rule: Option<&Json>) {
        // If an alternative has the right type, those of other types are not considered.
        let right_type = |branch: &&Branch| !branch.iter().any(|error| is_type_at(error, pointer));
        let candidates: Vec<&Branch> = branches.iter().filter(right_type).collect();
        match candidates.as_slice() {
            [] => self.no_type_fits(pointer, branches),
            [only] => only.iter().for_each(|error| self.explain(error)),
            several => self.several_fit_the_type(pointer, several, rule),
        }
    }

    fn several_fit_the_type(&mut self, pointer: &str, candidates: &[&Branch], rule: Option<&Json>) {
        if let Some((place, options)) = discriminator(candidates) {
            return self.not_in_enum(&place, &options);
        }
        if candidates.iter().all(|branch| lacks_field(branch, pointer) && !has_wrong_tag(branch)) {
            return self.no_field_fits(pointer, candidates, rule);
        }
        let nearest = candidates
            .iter()
            .min_by_key(|branch| (has_wrong_tag(branch), lacks_field(branch, pointer), branch.len()));
        nearest.into_iter().flat_map(|branch| branch.iter()).for_each(|error| self.explain(error));
    }

    fn no_type_fits(&mut self, pointer: &str, branches: &[Branch]) {
        let mut kinds: Vec<&str> = branches.iter().flatten().flat_map(types).collect();
        kinds.sort_unstable();
        kinds.dedup();
        // Whoever wrote a value did not mean none.
        if kinds.len() > 1 {
            kinds.retain(|kind| *kind != "null");
        }
        self.wrong_type(pointer, &kinds);
    }

    /// For alternatives that are distinguished by the name of a field, if none of the names is there.
    fn no_field_fits(&mut self, pointer: &str, candidates: &[&Branch], rule: Option<&Json>) {
        let unknown = |branch: &&&Branch| -> Vec<String> {
            branch.iter().flat_map(|error| unexpected(error, pointer)).cloned().collect()
        };
        let mut names = candidates.first().map(|branch| unknown(&branch)).unwrap_or_default();
        names.retain(|name| candidates.iter().all(|branch| unknown(&branch).contains(name)));
        if !names.is_empty() {
            return self.unknown_fields(pointer, &names, rule);
        }
        let required =
            candidates.iter().flat_map(|branch| branch.iter()).filter_map(|error| match error.kind() {
                Kind::Required { property } => property.as_str(),
                _ => None,
            });
        let mut required: Vec<&str> = required.collect();
        required.sort_unstable();
        required.dedup();
        let help = format!("add one of: {}", super::list(&required));
        let place = self.document.key_place(pointer);
        self.report(Code::SchemaMissingField, place, "a field is missing".to_owned(), help);
    }
}

/// The value that distinguishes all alternatives: where it is, and what it may be.
fn discriminator(candidates: &[&Branch]) -> Option<(String, Vec<Json>)> {
    let fixed = candidates.iter().map(|branch| branch.iter().find_map(literals));
    let all: Vec<(&str, Vec<Json>)> = fixed.collect::<Option<_>>()?;
    let (place, _) = all.first()?;
    let same = all.iter().all(|(other, _)| other == place);
    same.then(|| ((*place).to_owned(), all.iter().flat_map(|(_, options)| options.clone()).collect()))
}

/// The values that a violated `const` or `enum` allows.
fn literals<'a>(error: &'a ValidationError<'static>) -> Option<(&'a str, Vec<Json>)> {
    let options = match error.kind() {
        Kind::Constant { expected_value } => vec![(**expected_value).clone()],
        Kind::Enum { options } => options.as_array().cloned()?,
        _ => return None,
    };
    Some((error.instance_path().as_str(), options))
}

/// Whether the tag of an alternative is wrong. A tag is a `const`; an `enum` is an ordinary field.
fn has_wrong_tag(branch: &Branch) -> bool {
    branch.iter().any(|error| matches!(error.kind(), Kind::Constant { .. }))
}

fn lacks_field(branch: &Branch, pointer: &str) -> bool {
    let at = |error: &ValidationError<'_>| error.instance_path().as_str() == pointer;
    branch.iter().any(|error| at(error) && matches!(error.kind(), Kind::Required { .. }))
}

fn unexpected<'a>(error: &'a ValidationError<'static>, pointer: &str) -> &'a [String] {
    match error.kind() {
        Kind::AdditionalProperties { unexpected } if error.instance_path().as_str() == pointer => unexpected,
        _ => &[],
    }
}

/// Whether the type is wrong; of alternatives inside of one, that of each.
fn is_type_at(error: &ValidationError<'_>, pointer: &str) -> bool {
    let is_at = error.instance_path().as_str() == pointer;
    match error.kind() {
        Kind::Type { .. } => is_at,
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            is_at && context.iter().all(|branch| branch.iter().any(|error| is_type_at(error, pointer)))
        }
        _ => false,
    }
}

fn types(error: &ValidationError<'static>) -> Vec<&'static str> {
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            context.iter().flatten().flat_map(types).collect()
        }
        Kind::Type { kind: TypeKind::Single(kind) } => vec![kind.as_str()],
        Kind::Type { kind: TypeKind::Multiple(kinds) } => kinds.iter().map(|kind| kind.as_str()).collect(),
        _ => Vec::new(),
    }
}
