//! Compiles a whole definition, and tells what is wrong with it beyond its JSON Schema. One table of checks; all of them
//! run, so that all mistakes are told at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::defined::definition::{Definition, KindForm, Mark, Mode};
use crate::defined::form::{self, Context, Form};
use crate::defined::problems::Problems;
use crate::defined::template::{Placeholder, Template};
use crate::defined::{Api, kind, settings_of, settings_schema};
use crate::diagnostic::{Code, nearest};
use crate::pointer::child;
use crate::schema::check::Checker;
use crate::text::short;

/// The checks of one kind that do not belong to a template or a route.
const CHECKS: &[fn(&KindForm, &str, &mut Problems<'_>)] =
    &[check_spec, check_references, check_fields, check_key_pattern, check_marks, check_scratch];

/// Compiles a definition whose JSON Schema has been checked.
pub(super) fn compile(definition: Definition, problems: &mut Problems<'_>) -> Option<Api> {
    let before = problems.count();
    let settings = settings_schema(definition.settings.as_ref());
    check_settings(&settings, problems);
    let known = settings_of(&settings);
    let headers = headers(&definition, &known, problems);
    check_kinds_once(&definition, problems);
    let forms = forms(&definition, &known, problems);
    check_renames(&definition, problems);
    for (index, given) in definition.kinds.iter().enumerate() {
        CHECKS.iter().for_each(|check| check(given, &format!("/kinds/{index}"), problems));
    }
    if problems.count() > before || forms.len() < definition.kinds.len() {
        return None;
    }
    let kinds = definition.kinds.iter().zip(&forms).map(|(given, form)| kind(given, form)).collect();
    Some(Api { definition, kinds, forms, headers, settings })
}

fn forms(
    definition: &Definition,
    settings: &BTreeMap<String, bool>,
    problems: &mut Problems<'_>,
) -> Vec<Form> {
    let all: BTreeSet<_> = definition.kinds.iter().map(|kind| kind.name.clone()).collect();
    let mut earlier = BTreeMap::new();
    let mut forms = Vec::new();
    for (index, kind) in definition.kinds.iter().enumerate() {
        let context = Context { earlier: &earlier, all: &all, settings };
        forms.extend(form::compile(kind, &format!("/kinds/{index}"), &context, problems));
        earlier.insert(kind.name.clone(), kind.id.is_some());
    }
    forms
}

fn check_kinds_once(definition: &Definition, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for (index, kind) in definition.kinds.iter().enumerate() {
        // Schema files go by the lower case.
        if !seen.insert(kind.name.to_lowercase()) {
            let message = format!("the kind {} is defined twice", kind.name);
            problems.tell(
                &format!("/kinds/{index}/name"),
                Code::SystemKindTwice,
                message,
                "give each kind its own name",
            );
        }
    }
}

fn check_settings(settings: &Value, problems: &mut Problems<'_>) {
    if settings.get("type") != Some(&json!("object")) {
        let help = "write `type: object` with `properties`";
        problems.tell("/settings/type", Code::SystemSettings, "settings are an object", help);
    }
    check_schema(settings, "/settings", problems);
}

/// A JSON Schema that can be used.
fn check_schema(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let Err(error) = Checker::new(schema.clone()) else { return };
    let place = format!("{at}{}", error.pointer());
    let message = format!("this is not a JSON Schema: {}", error.problem());
    problems.tell(&place, Code::SystemSchema, message, "see json-schema.org, draft 2020-12");
}

fn headers(
    definition: &Definition,
    settings: &BTreeMap<String, bool>,
    problems: &mut Problems<'_>,
) -> Vec<(String, Template)> {
    let mut headers = Vec::new();
    for (name, text) in &definition.headers {
        let at = format!("/headers/{name}");
        problems.header(&at, name);
        if headers.iter().any(|(known, _): &(String, Template)| *known == name.to_lowercase()) {
            let message = format!("the header `{name}` is given twice: case makes no difference");
            problems.tell(&at, Code::SystemHeader, message, "keep one of them");
        }
        let template = match Template::new(text) {
            Ok(template) => template,
            Err(problem) => {
                let help = "write a setting as `{settings.NAME}`";
                problems.tell(&at, Code::SystemTemplate, format!("`{text}` {problem}"), help);
                continue;
            }
        };
        for placeholder in template.placeholders() {
            let problem = match placeholder {
                Placeholder::Setting(name) => form::setting_problem(settings, name),
                Placeholder::Id | Placeholder::Part(_) => Some((
                    "only settings can stand in a header".to_owned(),
                    "write `{settings.NAME}`".to_owned(),
                )),
            };
            if let Some((message, help)) = problem {
                problems.tell(&at, Code::SystemTemplate, message, help);
            }
        }
        headers.push((name.to_lowercase(), template));
    }
    headers
}

/// An object whose name is a part of others' keys would take them along.
fn check_renames(definition: &Definition, problems: &mut Problems<'_>) {
    for (index, kind) in definition.kinds.iter().enumerate() {
        let renames = kind.update.as_ref().is_some_and(|update| update.renames);
        let names = |other: &&KindForm| {
            let mut parts = other.key.values();
            parts.any(
                |part| matches!(part, super::definition::KeyPart::Names { kind: of, .. } if *of == kind.name),
            )
        };
        if let Some(other) = definition.kinds.iter().find(names).filter(|_| renames) {
            let message =
                format!("a {} cannot be renamed: its name is a part of the key of {}", kind.name, other.name);
            let at = format!("/kinds/{index}/update/renames");
            problems.tell(&at, Code::SystemRenames, message, "take `renames` out");
        }
    }
}

fn check_spec(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let at = format!("{at}/spec");
    let object = kind.spec.get("type").is_none_or(|of| *of == "object");
    if !object || !kind.spec.get("properties").is_some_and(Value::is_object) {
        let help = "write `type: object` with `properties`; `properties: {}` where an object is only its key";
        problems.tell(&at, Code::SystemSpec, "a spec is an object with known fields", help);
        return;
    }
    check_schema(&kind.spec, &at, problems);
}

/// In a manifest the spec is not the root any more, and its `$defs` stand beside those of the envelope.
fn check_references(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let at = format!("{at}/spec");
    let own = kind.spec.get("$defs").and_then(Value::as_object);
    for name in
        own.into_iter().flat_map(Map::keys).filter(|name| ["Ensure", "Metadata"].contains(&name.as_str()))
    {
        let message = format!("`{name}` is a part of every manifest");
        problems.tell(&format!("{at}/$defs/{name}"), Code::SystemSchema, message, "give it another name");
    }
    check_references_in(&kind.spec, &at, problems);
}

fn check_references_in(schema: &Value, at: &str, problems: &mut Problems<'_>) {
    let elsewhere = |to: &str| to.starts_with('#') && !to.starts_with("#/$defs/");
    if let Some(to) = schema.get("$ref").and_then(Value::as_str).filter(|to| elsewhere(to)) {
        let message = format!("`{}` does not lead to `$defs`", short(to));
        let help = "put what is used in several places below `$defs` of `spec`, and write `#/$defs/NAME`";
        problems.tell(&format!("{at}/$ref"), Code::SystemSchema, message, help);
    }
    match schema {
        Value::Object(map) => {
            map.iter().for_each(|(name, inner)| check_references_in(inner, &child(at, name), problems))
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| check_references_in(item, &format!("{at}/{index}"), problems));
        }
        _ => {}
    }
}

/// What the keywords of the fields say, at every depth.
fn check_fields(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let merges = kind.update.as_ref().is_some_and(|update| update.mode() == Mode::Merge);
    let mut walk = Walk { problems, root: format!("{at}/spec"), merges };
    let mut fields = Vec::new();
    collect(&kind.spec, String::new(), false, &mut fields);
    fields.iter().for_each(|field| walk.field(field));
    let properties = kind.spec.get("properties");
    for (index, name) in
        crate::system::body::list(&kind.spec, "required").iter().filter_map(Value::as_str).enumerate()
    {
        let field = properties.and_then(|properties| properties.get(name));
        let message = match field {
            None => format!("there is no field `{name}` in `properties`"),
            Some(field) if field.get("readOnly") == Some(&json!(true)) => {
                format!("`{name}` is the server's own, so nobody can give it")
            }
            Some(_) => continue,
        };
        let place = format!("/required/{index}");
        walk.tell(&place, Code::SystemRequired, message, "take it out of `required`, or describe it");
    }
}

/// The keywords that mean something here and may be misspelt.
const KEYWORDS: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    "x-list-map-keys",
    "x-list-type",
    "x-map-type",
    "x-pattern-hint",
    "x-replaces",
    "$ref",
    "$defs",
    "if",
    "then",
    "else",
    "not",
    "deprecated",
    "contains",
    "$comment",
    "prefixItems",
    "minContains",
    "maxContains",
    "propertyNames",
    "unevaluatedProperties",
    "dependentRequired",
    "dependentSchemas",
    "$schema",
    "$id",
    "$anchor",
    "contentEncoding",
    "contentMediaType",
    "unevaluatedItems",
];

/// A field of a schema.
struct Field<'a> {
    at: String,
    schema: &'a Value,
    /// Whether it is inside of a list.
    in_list: bool,
}

fn collect<'a>(schema: &'a Value, at: String, in_list: bool, fields: &mut Vec<Field<'a>>) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let at = child(&format!("{at}/properties"), name);
        collect(field, at, in_list, fields);
    }
    if let Some(items) = schema.get("items") {
        collect(items, format!("{at}/items"), true, fields);
    }
    fields.push(Field { at, schema, in_list });
}

struct Walk<'a, 'p> {
    problems: &'a mut Problems<'p>,
    root: String,
    /// Whether an update sends single fields.
    merges: bool,
}

impl Walk<'_, '_> {
    fn tell(&mut self, at: &str, code: Code, message: impl Into<String>, help: impl Into<String>) {
        self.problems.tell(&format!("{}{at}", self.root), code, message, help);
    }

    fn field(&mut self, field: &Field<'_>) {
        self.keywords(field);
        self.list_type(field);
        self.sides(field);
        self.default(field);
    }

    /// A keyword that is almost one that means something: JSON Schema itself would pass over it in silence.
    fn keywords(&mut self, Field { at, schema, .. }: &Field<'_>) {
        for name in schema.as_object().into_iter().flatten().map(|(name, _)| name) {
            let known = KEYWORDS.contains(&name.as_str());
            let same = KEYWORDS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
            let meant = same.or_else(|| nearest(name, KEYWORDS.iter().copied()));
            if let Some(meant) = meant.filter(|_| !known) {
                let message = format!("`{name}` means nothing in a JSON Schema");
                self.tell(&child(at, name), Code::SystemKeyword, message, format!("did you mean `{meant}`?"));
            }
        }
    }

    fn list_type(&mut self, Field { at, schema, .. }: &Field<'_>) {
        let Some(list_type) = schema.get("x-list-type") else {
            if schema.get("x-list-map-keys").is_some() {
                let place = format!("{at}/x-list-map-keys");
                self.tell(
                    &place,
                    Code::SystemListType,
                    "keys are for a list of type `map`",
                    "add `x-list-type: map`",
                );
            }
            return;
        };
        let place = format!("{at}/x-list-type");
        let known = ["set", "map", "multiset", "atomic"];
        if !list_type.as_str().is_some_and(|name| known.contains(&name)) {
            self.tell(
                &place,
                Code::SystemListType,
                "this is no type of list",
                format!("one of {}", known.join(", ")),
            );
        }
        if schema.get("items").is_none() {
            let message = "only a list with `items` has a type of list";
            self.tell(&place, Code::SystemListType, message, "describe the items, or take it out");
        }
        if *list_type == "map" {
            self.map_keys(at, schema);
        }
    }

    fn map_keys(&mut self, at: &str, schema: &Value) {
        let keys: Vec<_> =
            crate::system::body::list(schema, "x-list-map-keys").iter().filter_map(Value::as_str).collect();
        if keys.is_empty() {
            let help = "add `x-list-map-keys: [FIELD]`, the fields that tell items apart";
            self.tell(
                &format!("{at}/x-list-type"),
                Code::SystemListType,
                "a list of type `map` needs its keys",
                help,
            );
        }
        let properties = schema.pointer("/items/properties");
        for (index, key) in keys.iter().enumerate() {
            let field = properties.and_then(|properties| properties.get(*key));
            if properties.is_some()
                && field.is_none_or(|field| field.get("type").is_some_and(|of| *of != "string"))
            {
                let place = format!("{at}/x-list-map-keys/{index}");
                let message = format!("items have no text `{key}`");
                self.tell(&place, Code::SystemListType, message, "name fields of the items that are texts");
            }
        }
    }

    /// Whose a field is: the server's, the user's, or a secret between them.
    fn sides(&mut self, Field { at, schema, in_list }: &Field<'_>) {
        let is = |keyword: &str| schema.get(keyword) == Some(&json!(true));
        let write_only = format!("{at}/writeOnly");
        if is("writeOnly") && is("readOnly") {
            self.tell(
                &write_only,
                Code::SystemField,
                "nobody could ever see or set this field",
                "keep one of the two",
            );
        } else if is("writeOnly") && *in_list {
            let message = "a list with a field that cannot be read back would differ for ever";
            self.tell(&write_only, Code::SystemField, message, "put it beside the list, or take it out");
        }
        let deep = at.matches("/properties/").count() > 1;
        if is("writeOnly") && deep && self.merges {
            let message = "a field that cannot be read back is lost when the object around it is sent";
            self.tell(
                &write_only,
                Code::SystemField,
                message,
                "it has to be a field of `spec` itself where an update merges",
            );
        }
        if is("writeOnly") && schema.get("type").is_some_and(|kind| kind == "object" || kind == "array") {
            let message =
                "an object or a list that cannot be read back may hold secrets that nobody would see as such";
            self.tell(
                &write_only,
                Code::SystemField,
                message,
                "mark its texts as `writeOnly`, not the whole",
            );
        }
        if schema.get("x-replaces").is_some() && deep {
            let place = format!("{at}/x-replaces");
            self.tell(
                &place,
                Code::SystemField,
                "only a field of `spec` itself replaces others",
                "take it out",
            );
        }
        if schema.get("x-replaces").is_some() && !is("writeOnly") {
            let place = format!("{at}/x-replaces");
            self.tell(
                &place,
                Code::SystemField,
                "only a field with `writeOnly` replaces others",
                "take it out",
            );
        }
    }

    /// A default is a value of its field.
    fn default(&mut self, Field { at, schema, .. }: &Field<'_>) {
        let Some(default) = schema.get("default") else { return };
        // Where the field leans on the rest of the schema, only the whole can tell.
        if schema.get("$ref").is_some() || schema.to_string().contains("\"$ref\"") {
            return;
        }
        if let Ok(validator) = jsonschema::validator_for(schema)
            && let Err(error) = validator.validate(default)
        {
            let message = format!("the default is not what the field takes: {error}");
            self.tell(&format!("{at}/default"), Code::SystemDefault, message, "write what the API takes");
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
            && let Some(problem) = crate::manifest::name_problem(name)
        {
            let place = format!("{at}/system/{index}/name");
            problems.tell(
                &place,
                Code::SystemMark,
                format!("the name `{name}` {problem}"),
                "write it as the API does",
            );
        }
    }
}

/// An object to try with is one that a manifest could declare.
fn check_scratch(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let Some(scratch) = &kind.scratch else { return };
    let Ok(checker) = Checker::new(super::spec::Spec::new(&kind.spec).schema) else { return };
    problems.check(&format!("{at}/scratch/spec"), &checker);
    problems.check(&format!("{at}/scratch/change"), &checker);
    if kind.update.is_some() && scratch.change.as_object().is_none_or(Map::is_empty) {
        let help = "write fields of `spec` with other values";
        problems.tell(&format!("{at}/scratch"), Code::SystemScratch, "its `change` changes nothing", help);
    }
}
