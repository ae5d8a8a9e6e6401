//! Schemas and documents, and what is reported about them.

use schemars::JsonSchema;
use serde_json::json;

use super::*;
use crate::manifest::yaml;

/// Checks a document, and shows each diagnostic as `line:column+width code: message; help [path]`.
#[track_caller]
fn messages(schema: Json, text: &str) -> String {
    let mut diagnostics = Vec::new();
    let documents = yaml::parse(text, "a.yaml", &mut diagnostics);
    assert_eq!(diagnostics, vec![]);
    Checker::new(schema).expect("a schema").check(&documents[0].whole(), &mut diagnostics);
    diagnostics.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn shown(diagnostic: &Diagnostic) -> String {
    let Place { line, column, width, path, .. } = diagnostic.place.as_ref().expect("a place");
    let help = diagnostic.help.as_deref().expect("a help");
    format!("{line}:{column}+{width} {}: {}; {help} [{path}]", diagnostic.code, diagnostic.message)
}

/// A field `a` with a schema.
fn field(schema: Json) -> Json {
    json!({"properties": {"a": schema}})
}

#[test]
fn a_document_that_fits_has_no_diagnostics() {
    assert_eq!(messages(field(json!({"type": "string"})), "a: no\n"), "");
}

#[test]
fn unknown_and_missing_fields_point_at_keys() {
    let rule = json!({
        "type": "object", "additionalProperties": false, "required": ["effect", "name"],
        "properties": {"effect": {"description": "What the rule does.\n\nMore."}, "name": {}, "note": {}}
    });
    let schema = json!({"properties": {"rules": {"items": {"$ref": "#/$defs/Rule"}}, "one": {"$ref": "#/$defs/Rule"}},
        "$defs": {"Rule": rule}});
    assert_eq!(
        messages(schema, "rules:\n  - name: x\n    efect: y\n    zzz: 1\none: {}\n"),
        "\
2:5+4 schema/missing-field: the field `effect` is missing; add `effect`: What the rule does [rules[0]]
3:5+5 schema/unknown-field: unknown field `efect`; did you mean `effect`? [rules[0].efect]
4:5+3 schema/unknown-field: unknown field `zzz`; allowed here: `effect`, `name`, `note` [rules[0].zzz]
5:1+3 schema/missing-field: the field `effect` is missing; add `effect`: What the rule does [one]
5:1+3 schema/missing-field: the field `name` is missing; add `name` [one]"
    );
}

#[test]
fn a_missing_field_of_the_document_points_at_its_start() {
    assert_eq!(
        messages(json!({"required": ["kind"]}), "\n\nspec: 1\n"),
        "3:1+4 schema/missing-field: the field `kind` is missing; add `kind` []"
    );
    assert_eq!(
        messages(json!({"additionalProperties": false}), "\"\\e[1m\": 1\n"),
        "1:1+7 schema/unknown-field: unknown field `\\u{1b}[1m`; remove it [[\"\\u{1b}[1m\"]]"
    );
}

#[test]
fn types_are_reported_with_what_to_write() {
    for (kinds, text, expected) in [
        (
            json!("string"),
            "a: 0123456789012",
            "1:4+13 schema/type: expected a string, found the number `0123456789012`; quote it: `\"0123456789012\"` [a]",
        ),
        (
            json!("string"),
            "a: true",
            "1:4+4 schema/type: expected a string, found the boolean `true`; quote it: `\"true\"` [a]",
        ),
        (
            json!("string"),
            "a:",
            "1:2+1 schema/type: expected a string, found nothing; write a value, or remove the key to leave the field unmanaged [a]",
        ),
        (
            json!("string"),
            "a: ~",
            "1:4+1 schema/type: expected a string, found null; write a value, or remove the key to leave the field unmanaged [a]",
        ),
        (
            json!("string"),
            "a: {b: c}",
            "1:4+6 schema/type: expected a string, found a mapping; write a string [a]",
        ),
        (
            json!("boolean"),
            "a: Yes",
            "1:4+3 schema/type: expected `true` or `false`, found the string `Yes`; write `true`, without quotes [a]",
        ),
        (
            json!("boolean"),
            "a: off",
            "1:4+3 schema/type: expected `true` or `false`, found the string `off`; write `false`, without quotes [a]",
        ),
        (
            json!("boolean"),
            "a: maybe",
            "1:4+5 schema/type: expected `true` or `false`, found the string `maybe`; write `true` or `false`, without quotes [a]",
        ),
        (
            json!("integer"),
            "a: '5'",
            "1:4+3 schema/type: expected a whole number, found the string `5`; remove the quotes: `5` [a]",
        ),
        (
            json!("integer"),
            "a: 1.5",
            "1:4+3 schema/type: expected a whole number, found the number `1.5`; write a whole number [a]",
        ),
        (
            json!("array"),
            "a: b",
            "1:4+1 schema/type: expected a list, found the string `b`; put it in a list: `[b]` [a]",
        ),
        (
            json!("object"),
            "a:\n- b\n- c",
            "2:3+1 schema/type: expected a mapping, found a list; write a mapping [a]",
        ),
        (
            json!(["string", "array", "null"]),
            "a: 1",
            "1:4+1 schema/type: expected null, a string or a list, found the number `1`; quote it: `\"1\"` [a]",
        ),
    ] {
        assert_eq!(messages(field(json!({"type": kinds})), text), expected);
    }
}

#[test]
fn values_are_compared_with_what_is_allowed() {
    for (schema, text, expected) in [
        (
            json!({"enum": ["permit", "forbid", 1]}),
            "a: permitt",
            "1:4+7 schema/enum: the string `permitt` is not one of the allowed values; did you mean `permit`? allowed: `permit`, `forbid`, `1` [a]",
        ),
        (
            json!({"enum": ["permit"]}),
            "a: 7",
            "1:4+1 schema/enum: the number `7` is not one of the allowed values; allowed: `permit` [a]",
        ),
        (
            json!({"const": "polytomic/v1"}),
            "a: polytomic/v2",
            "1:4+12 schema/const: expected `polytomic/v1`, found the string `polytomic/v2`; write `polytomic/v1` [a]",
        ),
        (
            json!({"pattern": "^[a-z]+$"}),
            "a: B",
            "1:4+1 schema/pattern: `B` does not have the expected form; it must match `^[a-z]+$` [a]",
        ),
        (
            json!({"pattern": "^[a-z]+$", "description": "Lower case letters.\nOnly them."}),
            "a: B",
            "1:4+1 schema/pattern: `B` does not have the expected form; Lower case letters. Only them [a]",
        ),
        (
            json!({"pattern": "^[a-z]+$", "description": "x", "x-pattern-hint": "use lower case letters"}),
            "a: B",
            "1:4+1 schema/pattern: `B` does not have the expected form; use lower case letters [a]",
        ),
        (json!({"maximum": 10}), "a: 12", "1:4+2 schema/range: `12` is out of range; use at most 10 [a]"),
        (
            json!({"exclusiveMinimum": 0}),
            "a: 0",
            "1:4+1 schema/range: `0` is out of range; use more than 0 [a]",
        ),
        (
            json!({"minLength": 1}),
            "a: ''",
            "1:4+2 schema/length: `` is too short; use at least 1 characters [a]",
        ),
        (
            json!({"minItems": 1}),
            "a: []",
            "1:4+2 schema/items: the list has too few items; use at least 1 [a]",
        ),
        (
            json!({"uniqueItems": true}),
            "a: [b, c, b]",
            "1:11+1 schema/items: the string `b` is in the list twice; remove one of them [a[2]]",
        ),
        (json!({"format": "uuid"}), "a: b", "1:4+1 schema/format: `b` is not a valid uuid; write a uuid [a]"),
        (
            json!({"multipleOf": 5}),
            "a: 7",
            "1:4+1 schema/rule: `7` is not a multiple of 5; use a multiple of it [a]",
        ),
        (
            json!({"not": {"const": 1}}),
            "a: 1",
            "1:4+1 schema/rule: the value breaks the rule `not`; see the schema of this field [a]",
        ),
        (
            json!({"propertyNames": {"pattern": "^x"}}),
            "a: {b: 1}",
            "1:5+1 schema/rule: `b` is not allowed as the name of a field; rename or remove it [a.b]",
        ),
        (json!(false), "a: 1", "1:4+1 schema/rule: nothing is allowed here; remove it [a]"),
    ] {
        assert_eq!(messages(field(schema), text), expected);
    }
}

#[test]
fn long_and_hostile_values_are_cut_and_escaped() {
    let text = format!("a: \"\\e[2J{}\"\n", "x".repeat(100));
    assert_eq!(
        messages(field(json!({"enum": ["b"]})), &text),
        format!(
            "1:4+107 schema/enum: the string `\\u{{1b}}[2J{}…` is not one of the allowed values; allowed: `b` [a]",
            "x".repeat(56)
        )
    );
}

#[test]
fn a_value_that_is_read_as_another_is_reported_if_the_schema_takes_text_too() {
    for (raw, read) in [
        ("007", "7"),
        ("72225e2", "7222500"),
        ("1.10", "1.1"),
        ("0x1F", "31"),
        ("0o755", "493"),
        ("+49", "49"),
        (".5", "0.5"),
        ("1.", "1"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("-0", "0"),
        ("True", "true"),
        ("FALSE", "false"),
        ("NULL", "null"),
    ] {
        let said = messages(json!({"properties": {"a": {"type": "array"}}}), &format!("a: [{raw}]\n"));
        let (at, help) =
            (raw.len(), format!("quote it if text is meant: `\"{raw}\"`; otherwise write `{read}`"));
        assert!(said.starts_with(&format!("1:5+{at} schema/spelling: ")), "{raw}: {said}");
        assert!(said.contains(&format!("is read as `{read}`; {help}")), "{raw}: {said}");
    }
}

#[test]
fn a_value_that_is_read_as_written_or_can_be_nothing_else_is_no_surprise() {
    let text =
        "a: [0.7, '007', 0, 7, 1.5, -3, 1e+20, true, null, ~, 1.2.3, 2024-01-01, 1_000, 1:30, yes, '0x1F']\n";
    assert_eq!(messages(json!({}), text), "");
    let numbers = json!({"properties": {"a": {"type": ["number", "null"]}}});
    for raw in ["1e3", "0x1F", "+49", "1.10", "NULL"] {
        assert_eq!(messages(numbers.clone(), &format!("a: {raw}\n")), "", "{raw}");
    }
    assert!(messages(numbers, "a: 0755\n").contains("is read as `755`"), "octal in older YAML");
}

/// What schemars makes of Rust's enums.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "its schema is read")]
enum Effect {
    /// Allows.
    Permit,
    /// Refuses.
    Forbid,
}

#[derive(JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is read")]
enum Tagged {
    User { email: String },
    Group { id: u32 },
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "its schema is read")]
enum External {
    Bearer(String),
    Basic(String),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "its schema is read")]
enum Untagged {
    Name(String),
    Names(Vec<String>),
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is read")]
struct Shapes {
    effect: Option<Effect>,
    member: Option<Tagged>,
    auth: Option<External>,
    roles: Option<Untagged>,
    inner: Option<Inner>,
    rule: Option<Rule>,
}

/// A word with alternatives of its own, or a mapping.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "its schema is read")]
enum Rule {
    Word(Effect),
    Long(Inner),
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is read")]
struct Inner {
    effect: Option<Effect>,
    count: u32,
}

#[test]
fn of_alternatives_the_nearest_is_reported() {
    let schema = schemars::schema_for!(Shapes).to_value();
    for (text, expected) in [
        (
            "effect: permitt",
            "1:9+7 schema/enum: the string `permitt` is not one of the allowed values; did you mean `permit`? allowed: `permit`, `forbid` [effect]",
        ),
        (
            "member: {type: usr, email: x}",
            "1:16+3 schema/enum: the string `usr` is not one of the allowed values; did you mean `user`? allowed: `user`, `group` [member.type]",
        ),
        (
            "member: {type: user, mail: x}",
            "\
1:1+6 schema/missing-field: the field `email` is missing; add `email` [member]
1:22+4 schema/unknown-field: unknown field `mail`; did you mean `email`? [member.mail]",
        ),
        (
            "member: {type: group, id: x}",
            "1:27+1 schema/type: expected a whole number, found the string `x`; write a whole number [member.id]",
        ),
        (
            "member: x",
            "1:9+1 schema/type: expected a mapping, found the string `x`; write a mapping [member]",
        ),
        (
            "auth: {barer: x}",
            "1:8+5 schema/unknown-field: unknown field `barer`; did you mean `bearer`? [auth.barer]",
        ),
        ("auth: {}", "1:1+4 schema/missing-field: a field is missing; add one of: `basic`, `bearer` [auth]"),
        (
            "auth: {basic: 1}",
            "1:15+1 schema/type: expected a string, found the number `1`; quote it: `\"1\"` [auth.basic]",
        ),
        (
            "roles: 1",
            "1:8+1 schema/type: expected a list or a string, found the number `1`; quote it: `\"1\"` [roles]",
        ),
        (
            "roles: [1]",
            "1:9+1 schema/type: expected a string, found the number `1`; quote it: `\"1\"` [roles[0]]",
        ),
        (
            "rule: forbit",
            "1:7+6 schema/enum: the string `forbit` is not one of the allowed values; did you mean `forbid`? allowed: `permit`, `forbid` [rule]",
        ),
        (
            "rule: {count: x}",
            "1:15+1 schema/type: expected a whole number, found the string `x`; write a whole number [rule.count]",
        ),
        (
            "rule: [x]",
            "1:7+3 schema/type: expected a mapping or a string, found a list; write a mapping or a string [rule]",
        ),
    ] {
        assert_eq!(messages(schema.clone(), text), expected);
    }
}

#[test]
fn diagnostics_are_limited() {
    let text = format!("a: [{}]\n", "1, ".repeat(1000));
    assert_eq!(messages(field(json!({"items": {"type": "string"}})), &text).lines().count(), MAX_DIAGNOSTICS);
    let text: String = (0..1000).map(|index| format!("k{index}: 1\n")).collect();
    assert_eq!(messages(json!({"additionalProperties": false}), &text).lines().count(), MAX_DIAGNOSTICS);
}

#[test]
fn a_schema_that_cannot_be_used_says_so() {
    let problem = |schema| Checker::new(schema).expect_err("an error").to_string();
    assert_eq!(
        problem(json!({"type": "strin"})),
        "the JSON Schema is not valid at `/type`: \"strin\" is not valid under any of the schemas listed in the 'anyOf' keyword"
    );
    assert!(problem(json!({"$ref": "https://example.com/x.json"})).contains("example.com"));
}
