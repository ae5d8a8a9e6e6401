//! Checks a document against a JSON Schema: every violation at its place and in our words.
//!
//! Here: which diagnostic a violation becomes, and where it points. The words for values and types are in `words`,
//! alternatives (`oneOf`, `anyOf`) in `alternatives`, valid scalars that may not be what was meant in `spelling`.

mod alternatives;
mod spelling;
pub(super) mod words;

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use crate::diagnostic::{self, Code, Diagnostic, Place, nearest};
use crate::manifest::yaml::{Document, MAX_DIAGNOSTICS, Node, Part};
use crate::pointer;
use crate::schema::is_true;
use crate::text::short;
use words::{expected, found, list, shown};

/// A JSON Schema, compiled once for many documents. It never loads anything over the network.
#[derive(Debug)]
pub struct Checker {
    validator: Validator,
    schema: Json,
}

/// A JSON Schema that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the JSON Schema is not valid at `{pointer}`: {problem}")]
pub struct InvalidSchema {
    pointer: String,
    problem: String,
}

impl InvalidSchema {
    /// Where in the schema, as a JSON pointer.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong there.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl Checker {
    /// Compiles a schema; its formats, such as `uuid`, are checked too.
    pub fn new(schema: Json) -> Result<Self, InvalidSchema> {
        let validator =
            jsonschema::options().should_validate_formats(true).build(&schema).map_err(|error| {
                InvalidSchema {
                    pointer: error.instance_path().as_str().to_owned(),
                    problem: error.to_string(),
                }
            })?;
        Ok(Self { validator, schema })
    }

    /// Compiles a schema for one check.
    pub fn checked(schema: Json, document: &Part<'_>, diagnostics: &mut Vec<Diagnostic>) {
        match Self::new(schema) {
            Ok(checker) => checker.check(document, diagnostics),
            Err(error) => diagnostics.push(Diagnostic::new(Code::SchemaInvalid, error.to_string())),
        }
    }

    /// Reports all violations in a part of a document, at most [`MAX_DIAGNOSTICS`], in the order of the file.
    pub fn check(&self, document: &Part<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let Some(root) = document.node() else { return };
        self.check_value(document, root, &root.to_json(), diagnostics);
    }

    /// The same of a whole document whose data are at hand.
    pub fn check_document(&self, document: &Document, data: &Json, diagnostics: &mut Vec<Diagnostic>) {
        self.check_value(&document.whole(), &document.root, data, diagnostics);
    }

    fn check_value(
        &self,
        document: &Part<'_>,
        root: &Node,
        instance: &Json,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Self { validator, schema } = self;
        let mut check = Check { validator, schema, document, diagnostics: Vec::new() };
        for error in self.validator.iter_errors(instance).take(MAX_DIAGNOSTICS) {
            if self.is_secret(&error) {
                check.secret(error.instance_path().as_str());
            } else {
                check.explain(&error);
            }
        }
        check.spellings(root, instance);
        check.diagnostics.truncate(MAX_DIAGNOSTICS);
        diagnostic::sort(&mut check.diagnostics);
        diagnostics.extend(check.diagnostics);
    }
}

impl Checker {
    /// Whether an error is about a secret, which somebody may have written there by mistake.
    fn is_secret(&self, error: &ValidationError<'_>) -> bool {
        let path = error.schema_path().as_str();
        let ancestors = path.match_indices('/').filter_map(|(end, _)| self.schema.pointer(path.get(..end)?));
        ancestors.into_iter().any(|schema| is_true(schema, "x-secret"))
    }
}

/// One document's check.
struct Check<'a> {
    validator: &'a Validator,
    schema: &'a Json,
    document: &'a Part<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                self.unknown_fields(pointer, unexpected, self.rule(error));
            }
            // What `additionalProperties: false` becomes if no property is named.
            Kind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
                let entries = self.document.at(pointer).and_then(Node::as_map).unwrap_or_default();
                let names: Vec<String> = entries.iter().map(|(key, _)| key.name.clone()).collect();
                self.unknown_fields(pointer, &names, self.rule(error));
            }
            Kind::Required { property } => {
                self.missing_field(pointer, property.as_str().unwrap_or_default(), self.rule(error));
            }
            Kind::Type { kind: TypeKind::Single(kind) } => self.wrong_type(pointer, &[kind.as_str()]),
            Kind::Type { kind: TypeKind::Multiple(kinds) } => {
                self.wrong_type(pointer, &kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
            }
            Kind::Enum { options } => {
                self.not_in_enum(pointer, options.as_array().map_or(&[], Vec::as_slice));
            }
            Kind::Constant { expected_value } => self.not_constant(pointer, expected_value),
            Kind::Pattern { pattern } => self.wrong_form(pointer, pattern, self.rule(error)),
            Kind::UniqueItems => self.repeated_item(pointer),
            Kind::PropertyNames { error: inner } => {
                let name = inner.instance().as_str().unwrap_or_default();
                let place = self.document.key_place(&pointer::child(pointer, name));
                let message = format!("`{}` is not allowed as the name of a field", short(name));
                self.report(Code::SchemaRule, place, message, "rename or remove it");
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                self.alternatives(pointer, context, self.rule(error));
            }
            kind => {
                let (code, message, help) = words::plain_rule(kind, self.document.at(pointer));
                self.report(code, self.value_place(pointer), message, help);
            }
        }
    }

    /// Reports a wrong secret without showing the value.
    fn secret(&mut self, pointer: &str) {
        let place = self.value_place(pointer);
        let help = "write `{secret: NAME}`, and say in `secrets` of enact.yaml where that secret is";
        let diagnostic =
            Diagnostic::new(Code::SchemaSecret, "a manifest only names a secret and never contains it");
        self.diagnostics.push(diagnostic.at(place).help(help).private());
    }

    fn unknown_fields(&mut self, pointer: &str, names: &[String], rule: Option<&Json>) {
        let known = rule.map(|rule| words::known_fields(rule, self.schema)).unwrap_or_default();
        let read_only = rule.and_then(|rule| rule.get("x-read-only")).and_then(Json::as_array);
        for name in names.iter().take(MAX_DIAGNOSTICS) {
            let place = self.document.key_place(&pointer::child(pointer, name));
            if read_only.is_some_and(|names| names.contains(&Json::from(name.as_str()))) {
                let message = format!("`{}` is set by the server and cannot be declared", short(name));
                self.report(Code::SchemaReadOnly, place, message, "remove it");
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "remove it".to_owned(),
                None => format!("allowed here: {}", list(&known)),
            };
            self.report(Code::SchemaUnknownField, place, format!("unknown field `{}`", short(name)), help);
        }
    }

    fn missing_field(&mut self, pointer: &str, name: &str, rule: Option<&Json>) {
        let about = rule.and_then(|rule| words::description(rule.get("properties")?.get(name)?, self.schema));
        let help = match about {
            Some(about) => format!("add `{name}`: {about}"),
            None => format!("add `{name}`"),
        };
        let place = self.document.key_place(pointer);
        self.report(Code::SchemaMissingField, place, format!("the field `{}` is missing", short(name)), help);
    }

    fn wrong_type(&mut self, pointer: &str, kinds: &[&str]) {
        let Some(node) = self.document.at(pointer) else { return };
        let message = format!("expected {}, found {}", expected(kinds), found(node));
        self.report(Code::SchemaType, self.value_place(pointer), message, words::type_help(kinds, node));
    }

    fn not_in_enum(&mut self, pointer: &str, options: &[Json]) {
        let Some(node) = self.document.at(pointer) else { return };
        let options: Vec<String> = options.iter().map(words::json).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let allowed = format!("allowed: {}", list(&options));
        let help = match node.as_str().and_then(|text| nearest(text, options.iter().copied())) {
            Some(meant) => format!("did you mean `{meant}`? {allowed}"),
            None => allowed,
        };
        let message = format!("{} is not one of the allowed values", found(node));
        self.report(Code::SchemaEnum, self.value_place(pointer), message, help);
    }

    fn not_constant(&mut self, pointer: &str, wanted: &Json) {
        let Some(node) = self.document.at(pointer) else { return };
        let wanted = words::json(wanted);
        let message = format!("expected `{wanted}`, found {}", found(node));
        self.report(Code::SchemaConst, self.value_place(pointer), message, format!("write `{wanted}`"));
    }

    fn wrong_form(&mut self, pointer: &str, pattern: &str, rule: Option<&Json>) {
        let Some(node) = self.document.at(pointer) else { return };
        let hint = rule.and_then(|rule| rule.get("x-pattern-hint")).and_then(Json::as_str).map(str::to_owned);
        let help = hint
            .or_else(|| rule.and_then(|rule| words::description(rule, self.schema)))
            .unwrap_or_else(|| format!("it must match `{pattern}`"));
        let message = format!("`{}` does not have the expected form", shown(node));
        self.report(Code::SchemaPattern, self.value_place(pointer), message, help);
    }

    fn repeated_item(&mut self, pointer: &str) {
        let Some(items) = self.document.at(pointer).and_then(Node::as_seq) else { return };
        let mut seen = BTreeSet::new();
        let Some(index) = items.iter().position(|item| !seen.insert(item.to_json().to_string())) else {
            return;
        };
        let message = format!("{} is in the list twice", items.get(index).map(found).unwrap_or_default());
        self.report(
            Code::SchemaItems,
            self.value_place(&format!("{pointer}/{index}")),
            message,
            "remove one of them",
        );
    }

    /// The part of the schema with the violated keyword.
    fn rule(&self, error: &ValidationError<'_>) -> Option<&'a Json> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(parent)
    }

    fn value_place(&self, pointer: &str) -> Place {
        self.document.place(pointer)
    }

    fn report(&mut self, code: Code, place: Place, message: String, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(code, message).at(place).help(help));
    }
}

#[cfg(test)]
mod tests;
