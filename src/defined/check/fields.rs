//! The fields of a spec, at every depth: whose each is, and what it is when nobody gives it.

use serde_json::Value;

use super::{keywords, list_type};
use crate::defined::definition::{KindForm, Mode};
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
        field.default(problems);
    }
    check_required(kind, &root, problems);
}

fn check_required(kind: &KindForm, root: &str, problems: &mut Problems<'_>) {
    let required = list(&kind.spec, "required").iter().filter_map(Value::as_str).enumerate();
    for (index, name) in required {
        let message = match kind.field(name) {
            None => format!("there is no field `{name}` in `properties`"),
            Some(field) if is_true(field, "readOnly") => {
                format!("`{name}` is the server's own, so nobody can give it")
            }
            Some(_) => continue,
        };
        let place = format!("{root}/required/{index}");
        problems.tell(&place, Code::SystemRequired, message, "take it out of `required`, or describe it");
    }
}

/// A field of a spec, or the spec itself.
struct Field<'a> {
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

fn collect<'a>(schema: &'a Value, at: String, inside: Inside, fields: &mut Vec<Field<'a>>) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let at = child(&format!("{at}/properties"), name);
        collect(field, at, Inside { depth: inside.depth + 1, ..inside }, fields);
    }
    if let Some(items) = schema.get("items") {
        collect(items, format!("{at}/items"), Inside { in_list: true, ..inside }, fields);
    }
    fields.push(Field { at, schema, inside });
}

impl Field<'_> {
    /// Whose a field is: the server's, the user's, or a secret between them.
    fn sides(&self, merges: bool, problems: &mut Problems<'_>) {
        if !is_true(self.schema, "writeOnly") {
            return;
        }
        let at = format!("{}/writeOnly", self.at);
        if is_true(self.schema, "readOnly") {
            let message = "nobody could ever see or set this field";
            problems.tell(&at, Code::SystemField, message, "keep one of the two");
        } else if self.inside.in_list {
            let message = "a list with a field that cannot be read back would differ for ever";
            problems.tell(&at, Code::SystemField, message, "put it beside the list, or take it out");
        }
        if self.inside.depth > 1 && merges {
            let message = "a field that cannot be read back is lost when the object around it is sent";
            let help = "it has to be a field of `spec` itself where an update merges";
            problems.tell(&at, Code::SystemField, message, help);
        }
        if self.schema.get("type").is_some_and(|kind| kind == "object" || kind == "array") {
            let message =
                "an object or a list that cannot be read back may hold secrets that nobody would see as such";
            problems.tell(&at, Code::SystemField, message, "mark its texts as `writeOnly`, not the whole");
        }
    }

    fn replaces(&self, problems: &mut Problems<'_>) {
        if self.schema.get("x-replaces").is_none() {
            return;
        }
        let at = format!("{}/x-replaces", self.at);
        if self.inside.depth > 1 {
            problems.tell(
                &at,
                Code::SystemField,
                "only a field of `spec` itself replaces others",
                "take it out",
            );
        }
        if !is_true(self.schema, "writeOnly") {
            problems.tell(
                &at,
                Code::SystemField,
                "only a field with `writeOnly` replaces others",
                "take it out",
            );
        }
    }

    /// A default is a value of its field.
    fn default(&self, problems: &mut Problems<'_>) {
        let Some(default) = self.schema.get("default") else { return };
        // What a reference leads to is known to the whole schema only.
        if self.schema.to_string().contains("\"$ref\"") {
            return;
        }
        if let Ok(validator) = jsonschema::validator_for(self.schema)
            && let Err(error) = validator.validate(default)
        {
            let message = format!("the default is not what the field takes: {error}");
            problems.tell(
                &format!("{}/default", self.at),
                Code::SystemDefault,
                message,
                "write what the API takes",
            );
        }
    }
}
