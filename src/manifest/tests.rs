//! The envelope: what is read from it, and what is reported when it is wrong.

use schemars::JsonSchema;
use serde_json::json;

use super::*;
use crate::schema::check::Checker;

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is read")]
struct Policy {
    /// Who may do what.
    actions: Vec<String>,
    /// A policy below this one.
    child: Option<Box<Policy>>,
}

fn schema() -> Json {
    document_schema(crate::schema::of::<Policy>(), "polytomic/v1", "Policy", "Rules for a resource.")
}

/// The manifest of a text, and the diagnostics as `line:column code: message`.
fn load(text: &str) -> (Option<Manifest>, Vec<String>) {
    let mut diagnostics = Vec::new();
    let manifest = read(text, &mut diagnostics);
    (manifest, diagnostics.iter().map(shown).collect())
}

fn read(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Manifest> {
    let documents = yaml::parse(text, "a.yaml", diagnostics);
    let (document, source) = documents.iter().zip(Source::all("a.yaml", &text.into())).last()?;
    header(document, diagnostics)?;
    Checker::new(schema()).expect("a schema").check(&document.whole(), diagnostics);
    if diagnostics.is_empty() { Manifest::new(document, source, diagnostics) } else { None }
}

fn shown(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.place.as_ref().expect("a place");
    format!("{}:{} {}: {}", place.line, place.column, diagnostic.code, diagnostic.message)
}

fn with_name(name: &str) -> String {
    format!("apiVersion: polytomic/v1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {{actions: []}}\n")
}

#[test]
fn a_manifest_is_read() {
    let (manifest, messages) = load(
        "apiVersion: polytomic/v1\nkind: Policy\nmetadata:\n  name: Syncs\n  protect: true\nspec:\n  actions: [read]\n",
    );
    assert_eq!(messages, Vec::<String>::new());
    let manifest = manifest.expect("a manifest");
    assert_eq!(
        (manifest.header.api_version.as_str(), manifest.header.kind.as_str()),
        ("polytomic/v1", "Policy")
    );
    assert_eq!((manifest.name.as_str(), manifest.ensure, manifest.protect), ("Syncs", Ensure::Present, true));
    assert_eq!(manifest.spec.value(), json!({"actions": ["read"]}));
    let place = manifest.place("/spec/actions/0");
    assert_eq!((place.line, place.column, place.path.as_str()), (7, 13, "spec.actions[0]"));
}

#[test]
fn a_spec_may_be_left_out_only_when_the_object_goes() {
    let text = |ensure| {
        format!("apiVersion: polytomic/v1\nkind: Policy\nmetadata:\n  name: a\n  ensure: {ensure}\n")
    };
    let (manifest, messages) = load(&text("absent"));
    assert_eq!(messages, Vec::<String>::new());
    let manifest = manifest.expect("a manifest");
    assert_eq!((manifest.ensure, manifest.spec.value()), (Ensure::Absent, json!({})));
    assert_eq!(load(&text("present")).1, ["1:1 schema/missing-field: the field `spec` is missing"]);
    assert_eq!(
        load(&text("abscent")).1,
        [
            "1:1 schema/missing-field: the field `spec` is missing",
            "5:11 schema/enum: the string `abscent` is not one of the allowed values"
        ]
    );
}

#[test]
fn a_document_has_to_say_what_it_is() {
    assert_eq!(load("- a\n").1, ["1:1 manifest/not-a-mapping: a manifest must be a mapping"]);
    assert_eq!(
        load("kind: 7\nspec: {}\n").1,
        [
            "1:1 manifest/missing-header: `apiVersion` is missing",
            "1:7 manifest/header-type: `kind` must be text"
        ]
    );
}

#[test]
fn the_schema_pins_the_envelope() {
    assert_eq!(
        load("apiVersion: polytomic/v2\nkind: Policy\nmetadata: {nam: a}\nspec: ~\nstatus: 1\n").1,
        [
            "1:13 schema/const: expected `polytomic/v1`, found the string `polytomic/v2`",
            "3:1 schema/missing-field: the field `name` is missing",
            "3:12 schema/unknown-field: unknown field `nam`",
            "4:7 schema/type: expected a mapping, found null",
            "5:1 schema/unknown-field: unknown field `status`",
        ]
    );
}

#[test]
fn names_are_plain_to_see() {
    for (name, problem) in [
        ("''", "schema/length: `` is too short"),
        ("' a'", "manifest/name: the name ` a` starts or ends with a blank"),
        ("\"a\\u00a0\"", "manifest/name: the name `a\u{a0}` starts or ends with a blank"),
        (
            "\"a\\u200bb\"",
            "manifest/name: the name `a\\u{200b}b` contains the control or invisible character `\\u{200b}`",
        ),
        (
            "\"a\\nb\"",
            "manifest/name: the name `a\\u{a}b` contains the control or invisible character `\\u{a}`",
        ),
        (
            "\"a\\u202eb\"",
            "manifest/name: the name `a\\u{202e}b` contains the control or invisible character `\\u{202e}`",
        ),
    ] {
        assert_eq!(load(&with_name(name)).1, [format!("3:18 {problem}")]);
    }
    for name in ["Zoë 🧀", "__proto__", "a/../b?c#d%2f", "'..'", "CON"] {
        assert_eq!(load(&with_name(name)).1, Vec::<String>::new(), "{name}");
    }
    assert!(name_problem(&"x".repeat(256)).is_some());
}

#[test]
fn editors_get_a_schema_that_explains_itself() {
    let schema = schema();
    let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/title"), json!("polytomic/v1 Policy"));
    assert_eq!(at("/description"), json!("Rules for a resource."));
    assert_eq!(at("/properties/apiVersion/const"), json!("polytomic/v1"));
    assert_eq!(at("/required"), json!(["apiVersion", "kind", "metadata"]));
    assert_eq!(at("/properties/spec/title"), json!("Policy"));
    assert_eq!(at("/additionalProperties"), json!(false));
    assert_eq!(at("/$defs/Metadata/properties/ensure/default"), json!("present"));
}

#[test]
fn a_schema_from_elsewhere_fits_into_the_envelope() {
    let spec = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "string"}}
    });
    let checker = Checker::new(document_schema(spec, "x/v1", "Y", "Z")).expect("a schema");
    let mut diagnostics = Vec::new();
    let documents = yaml::parse(
        "apiVersion: x/v1\nkind: Y\nmetadata: {name: n}\nspec: {a: 1}\n",
        "a.yaml",
        &mut diagnostics,
    );
    checker.check(&documents[0].whole(), &mut diagnostics);
    assert_eq!(
        diagnostics.iter().map(shown).collect::<Vec<_>>(),
        ["4:11 schema/type: expected a string, found the number `1`"]
    );
}
