//! Every JSON Schema that users see, collected. The schema of a format is made in the module of that format.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::config::file;
use crate::decide::file as policy_tests;
use crate::defined::definition;
use crate::digest;
use crate::model::guardrail;
use crate::model::kind::{Kind, api_version, document_schema, schema_file_name};
use crate::pointer;
use crate::report::json as documents;
use crate::schema::explain;
use crate::system::registry::Registry;
use crate::text::inert;

/// The end of every schema file's name.
const EXTENSION: &str = ".schema.json";

/// Every schema as text with a line break at its end, by file name.
pub fn all(registry: &Registry) -> BTreeMap<String, String> {
    let manifest = (format!("manifest{EXTENSION}"), manifest(registry));
    let kinds = kinds(registry).map(|(system, kind, schema)| (schema_file_name(system, kind), schema));
    let kinds = kinds.chain([manifest]);
    let others = files(registry).into_iter().chain(documents::schemas());
    let others = others.map(|(name, schema)| (format!("{name}{EXTENSION}"), schema));
    // A description in a definition may hold any character.
    kinds.chain(others).map(|(file, schema)| (file, inert::json(&format!("{schema:#}\n")))).collect()
}

/// The schemas of all kinds, with the names of their system and their kind.
pub fn kinds(registry: &Registry) -> impl Iterator<Item = (&str, &str, Value)> {
    registry.rows().flat_map(|row| {
        let schema = |kind: &Kind| document_schema(&api_version(&row.name), kind);
        row.kinds.iter().map(move |kind| (row.name.as_str(), kind.name.as_str(), schema(kind)))
    })
}

/// One schema for the manifests of all kinds, so that a file may hold several.
fn manifest(registry: &Registry) -> Value {
    let (mut versions, mut names) = (BTreeSet::new(), BTreeSet::new());
    let (mut definitions, mut rules) = (Map::new(), Vec::new());
    for (system, kind, mut schema) in kinds(registry) {
        let (version, name) = (api_version(system), format!("{system}-{}", kind.to_lowercase()));
        let is_meant = json!({
            "properties": {"apiVersion": {"const": version}, "kind": {"const": kind}},
            "required": ["apiVersion", "kind"],
        });
        rules.push(json!({"if": is_meant, "then": {"$ref": format!("#/$defs/{name}")}}));
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("$schema");
        }
        move_references(&mut schema, &format!("#/$defs/{name}/"));
        definitions.insert(name, schema);
        versions.insert(version);
        names.insert(kind.to_owned());
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest",
        "description": "A manifest of any kind; a file may hold several, between lines with `---`.",
        "type": "object",
        "properties": {
            "apiVersion": {"enum": versions, "description": "The system and the version of its manifests."},
            "kind": {"enum": names, "description": "The kind of object."},
        },
        "required": ["apiVersion", "kind"],
        "allOf": rules,
        "$defs": definitions,
    })
}

/// The schema of enact.yaml, with the systems that there are and their settings.
fn config(registry: &Registry) -> Value {
    let mut schema = file::schema();
    let mut rules = Vec::new();
    for row in registry.rows() {
        let (name, mut settings) = (format!("{}-settings", row.name), row.settings.clone());
        move_references(&mut settings, &format!("#/$defs/{name}/"));
        let settings_of = json!({"properties": {"settings": {"$ref": format!("#/$defs/{name}")}}});
        let is_meant = json!({"properties": {"system": {"const": row.name}}, "required": ["system"]});
        rules.push(json!({"if": is_meant, "then": settings_of}));
        pointer::put(&mut schema, &format!("/$defs/{name}"), settings);
    }
    pointer::put(&mut schema, "/$defs/TargetConfig/allOf", rules.into());
    let names: Vec<_> = registry.names().collect();
    pointer::put(&mut schema, "/$defs/TargetConfig/properties/system/examples", names.into());
    schema
}

/// Makes the references of a schema lead to its new place.
fn move_references(schema: &mut Value, to: &str) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref") {
                *reference = reference.replacen("#/", to, 1);
            }
            fields.values_mut().for_each(|field| move_references(field, to));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_references(item, to)),
        _ => {}
    }
}

/// The schemas of the other files that users write.
pub fn files(registry: &Registry) -> [(&'static str, Value); 4] {
    [
        ("config", config(registry)),
        ("guardrails", guardrail::schema()),
        ("system", definition::schema()),
        ("tests", policy_tests::schema()),
    ]
}

/// What a user calls a file of this schema: its `kind`, or its name.
pub fn file_kind<'a>(name: &'a str, schema: &'a Value) -> &'a str {
    schema.pointer("/properties/kind/const").and_then(Value::as_str).unwrap_or(name)
}

/// Every kind and every file as a page in Markdown: each field, what it may be, and what it means.
pub fn reference(registry: &Registry) -> String {
    let mut parts = Vec::new();
    let kinds: Vec<_> = kinds(registry).collect();
    let metadata = kinds.first().and_then(|(.., schema)| explain::table(schema, "metadata"));
    parts.extend(metadata.map(|table| format!("## What every manifest says in `metadata`\n\n{table}")));
    for row in registry.rows() {
        let settings = explain::table(&row.settings, "").unwrap_or_else(|| "There are none.\n".to_owned());
        parts.push(format!("## {}: settings of a target\n\n{settings}", row.name));
        let own = kinds.iter().filter(|(system, ..)| *system == row.name);
        parts.extend(own.map(|(system, kind, schema)| kind_part(system, kind, schema)));
    }
    let files = files(registry);
    parts.extend(files.iter().map(|(name, schema)| {
        part(&format!("The file `{}`", file_kind(name, schema)), schema, explain::table(schema, ""))
    }));
    format!("{REFERENCE}\n{}", parts.join("\n"))
}

/// The head of the page.
const REFERENCE: &str = "# Reference

Every field of every manifest and file. `enact explain --all` prints this page, with the systems that you have described, too;
`enact explain KIND.FIELD` explains one field.
";

fn kind_part(system: &str, kind: &str, schema: &Value) -> String {
    let name = schema.pointer("/$defs/Metadata/properties/name/x-pattern-hint").and_then(Value::as_str);
    let name = name.map(|hint| format!("\n`metadata.name` is {hint}.\n")).unwrap_or_default();
    part(&format!("{system}: {kind}"), schema, explain::table(schema, "spec")) + &name
}

fn part(heading: &str, schema: &Value, table: Option<String>) -> String {
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    format!("## {heading}\n\n{about}\n\n{}", table.unwrap_or_default())
}

/// The name of a schema: its file name without the extension.
pub fn name(file: &str) -> &str {
    file.strip_suffix(EXTENSION).unwrap_or(file)
}

/// The digest of the schemas of the built-in systems and of enact's own files. Another digest means another enact.
pub fn digest() -> String {
    digest::digest(&all(&Registry::built_in()).into_values().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::explain::Field;

    /// Every field of the specs in a schema that has examples, with the schema that they have to keep to.
    fn with_examples(root: &Value, schema: &Value, found: &mut Vec<Value>) {
        match schema {
            Value::Object(fields) => {
                if fields.get("examples").is_some_and(Value::is_array) {
                    let mut own = schema.clone();
                    pointer::put(&mut own, "/$defs", root["$defs"].clone());
                    found.push(own);
                }
                fields.values().for_each(|field| with_examples(root, field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| with_examples(root, item, found)),
            _ => {}
        }
    }

    /// Every field below one that has neither an example nor values that are listed.
    fn without_examples(
        root: &Value,
        field: &Field<'_>,
        path: &str,
        levels: usize,
        found: &mut BTreeSet<String>,
    ) {
        for child in field.children(root) {
            let path = format!("{path}.{}", child.name);
            let is_shown = child.about(root, "").contains("For example:");
            let is_listed = child.is_flag(root) || !child.values(root).is_empty();
            let has_hint = child.schema.get("x-pattern-hint").is_some();
            // The halves of a manifest, and the forms of a credential, are shown field by field.
            let is_whole = matches!(path.as_str(), ".metadata" | ".spec")
                || path.starts_with(".targets.auth.") && !child.children(root).is_empty();
            if !(is_shown || is_listed || has_hint || is_whole) {
                found.insert(path.clone());
            }
            if levels > 0 {
                without_examples(root, &child, &path, levels - 1, found);
            }
        }
    }

    #[test]
    fn every_field_of_manifests_and_of_enact_yaml_has_an_example() {
        let registry = Registry::built_in();
        let mut found = BTreeSet::new();
        let schemas = kinds(&registry).map(|(.., schema)| schema).chain([config(&registry)]);
        for schema in schemas {
            without_examples(&schema, &Field::at("", &schema, &[]).unwrap(), "", 5, &mut found);
        }
        assert_eq!(found, BTreeSet::new());
    }

    #[test]
    fn an_example_is_what_its_field_takes() {
        let registry = Registry::built_in();
        let mut found = Vec::new();
        kinds(&registry).for_each(|(.., schema)| with_examples(&schema, &schema, &mut found));
        files(&registry).iter().for_each(|(_, schema)| with_examples(schema, schema, &mut found));
        assert!(found.len() > 100, "{}", found.len());
        for field in found {
            let validator = jsonschema::validator_for(&field).unwrap();
            let mut wrong =
                field["examples"].as_array().unwrap().iter().filter(|one| !validator.is_valid(one));
            assert_eq!(wrong.next(), None, "{field:#}");
        }
    }
}
