//! Checks the fields of a spec, at every depth: who sets each, and its default. Not here: the schema as a whole, in
//! `schemas`.

use serde::Deserialize as _;
use serde_json::Value;

use super::{keywords, list_type};
use crate::defined::definition::{KindForm, Mode};
use crate::defined::document::Language;
use crate::defined::problems::Problems;
use crate::diagnostic::Code;
use crate::pointer::child;
use crate::schema::is_true;
use crate::system::body::list;

pub(super) fn check(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let root = format!("{at}/spec");
    let merges = kind.update.as_ref().is_some_and(|update| update.mode() == Mode::Merge);
    let mut fields = Vec::new();
    collect(&kind.spec, root.clone(), Inside { depth: 0, in_list: false }, &mut fields);
    for field in &fields {
        keywords::check(field.schema, &field.at, problems);
        list_type::check(field.schema, &field.at, problems);
        field.sides(merges, problems);
        field.replaces(problems);
        field.null(problems);
        field.text(problems);
        field.default(problems);
    }
    check_required(kind, &root, problems);
}

/// Warns of fields that are allowed to be as they are, but make work.
pub(super) fn advise(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let mut fields = Vec::new();
    collect(&kind.spec, format!("{at}/spec"), Inside { depth: 0, in_list: false }, &mut fields);
    let replaces = kind.update.as_ref().is_some_and(|update| update.mode() == Mode::Replace);
    for field in &fields {
        if replaces && is_true(field.schema, "writeOnly") && field.schema.get("x-replaces").is_none() {
            field.advise_replaces(problems);
        }
        field.advise_read_only(problems);
    }
}

fn check_required(kind: &KindForm, root: &str, problems: &mut Problems<'_>) {
    let required = list(&kind.spec, "required").iter().filter_map(Value::as_str).enumerate();
    for (index, name) in required {
        let message = match kind.field(name) {
            None => format!("there is no field `{name}` in `properties`"),
            Some(field) if is_true(field, "readOnly") => {
                format!("only the server sets `{name}`, so nobody can declare it")
            }
            Some(_) => continue,
        };
        let place = format!("{root}/required/{index}");
        problems.report(&place, Code::SystemRequired, message, "remove it from `required`, or describe it");
    }
}

/// A field of a spec, or the spec itself.
struct SpecField<'a> {
    /// Where its schema is in the definition.
    at: String,
    schema: &'a Value,
    inside: Inside,
}

#[derive(Clone, Copy)]
struct Inside {
    /// How many fields lead to it: 1 for a field of `spec` itself.
    depth: usize,
    in_list: bool,
}

fn collect<'a>(schema: &'a Value, at: String, inside: Inside, fields: &mut Vec<SpecField<'a>>) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let at = child(&format!("{at}/properties"), name);
        collect(field, at, Inside { depth: inside.depth + 1, ..inside }, fields);
    }
    if let Some(items) = schema.get("items") {
        collect(items, format!("{at}/items"), Inside { in_list: true, ..inside }, fields);
    }
    fields.push(SpecField { at, schema, inside });
}

impl SpecField<'_> {
    /// Checks who sets a field, and whether it can be read back.
    fn sides(&self, merges: bool, problems: &mut Problems<'_>) {
        if !is_true(self.schema, "writeOnly") {
            return;
        }
        let at = format!("{}/writeOnly", self.at);
        if is_true(self.schema, "readOnly") {
            let message = "nobody can see or set a field with `readOnly` and `writeOnly`";
            problems.report(&at, Code::SystemField, message, "keep one of them");
        } else if self.inside.in_list {
            let message = "a list with a field that cannot be read back would always differ";
            problems.report(&at, Code::SystemField, message, "put it next to the list, or remove it");
        }
        if self.inside.depth > 1 && merges {
            let message = "a field that cannot be read back is lost when the object around it is sent";
            let help = "put it directly in `spec`, if an update merges";
            problems.report(&at, Code::SystemField, message, help);
        }
        if self.schema.get("type").is_some_and(|kind| kind == "object" || kind == "array") {
            let message =
                "an object or a list that cannot be read back may hold secrets that are not marked as such";
            problems.report(
                &at,
                Code::SystemField,
                message,
                "mark its texts as `writeOnly`, not the whole value",
            );
        }
    }

    fn replaces(&self, problems: &mut Problems<'_>) {
        let Some(replaced) = self.schema.get("x-replaces") else { return };
        let at = format!("{}/x-replaces", self.at);
        if self.inside.depth > 1 && *replaced != Value::Array(Vec::new()) {
            problems.report(
                &at,
                Code::SystemField,
                "only a field directly in `spec` can replace others",
                "remove it",
            );
        }
        if !is_true(self.schema, "writeOnly") {
            problems.report(
                &at,
                Code::SystemField,
                "only a field with `writeOnly` can replace others",
                "remove it",
            );
        }
    }

    /// Warns of a field that an update of something else would remove, so that each manifest has to declare it.
    fn advise_replaces(&self, problems: &mut Problems<'_>) {
        let message = "an update replaces the whole object, and nothing says what keeps this field";
        let help = "add `x-replaces` with the fields of a reply that it becomes, such as a hash, or `[]` if the API keeps \
                    it when an update leaves it out; without it, every manifest has to declare the field";
        problems.report(&format!("{}/writeOnly", self.at), Code::SystemNotKept, message, help);
    }

    /// Warns of what the server sets in an object that compares as a whole.
    fn advise_read_only(&self, problems: &mut Problems<'_>) {
        let is_open = self.schema.get("additionalProperties").is_some_and(|others| *others != false);
        let properties = self.schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        for (name, _) in properties.filter(|(_, field)| is_open && is_true(field, "readOnly")) {
            let at = child(&format!("{}/properties", self.at), name);
            let message = "`readOnly` has no effect in an object with `additionalProperties`, which compares as a whole";
            let help = "remove `additionalProperties`, or this field";
            problems.report(&format!("{at}/readOnly"), Code::SystemNoEffect, message, help);
        }
    }

    /// Checks what is said of null.
    fn null(&self, problems: &mut Problems<'_>) {
        let Some(null) = self.schema.get("x-null") else { return };
        let at = format!("{}/x-null", self.at);
        let is_default = self.schema.get("default").is_some_and(Value::is_null);
        if null != "omit" || !is_default || self.inside.in_list {
            let message = "`x-null` says that a field, outside of lists, whose `default` is null is left out";
            problems.report(&at, Code::SystemField, message, "write `default: null` and `x-null: omit`");
        }
    }

    /// Checks what is said of a field that the API has as a text.
    fn text(&self, problems: &mut Problems<'_>) {
        let Some(language) = self.schema.get("x-text") else { return };
        let of = self.schema.get("type");
        let is_whole = of.is_some_and(|of| of == "object" || of == "array");
        let has_secret = self.schema.to_string().contains("\"writeOnly\":true");
        if Language::deserialize(language).is_err() || !is_whole || self.inside.in_list || has_secret {
            let message =
                "`x-text` says that an object or a list, outside of lists and without secrets, is one text";
            let help =
                "write `x-text: json` or `x-text: hcl`, and below it the schema of what the text holds";
            problems.report(&format!("{}/x-text", self.at), Code::SystemField, message, help);
        }
    }

    /// Checks that a default is valid for its field.
    fn default(&self, problems: &mut Problems<'_>) {
        let Some(default) = self.schema.get("default") else { return };
        // References can only be followed in the whole schema.
        if self.schema.to_string().contains("\"$ref\"") {
            return;
        }
        if let Ok(validator) = jsonschema::validator_for(self.schema)
            && let Err(error) = validator.validate(default)
        {
            let message = format!("the default is not valid for the field: {error}");
            problems.report(
                &format!("{}/default", self.at),
                Code::SystemDefault,
                message,
                "write a value that the API accepts",
            );
        }
    }
}
