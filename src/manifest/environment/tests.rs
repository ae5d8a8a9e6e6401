use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::manifest::Source;
use crate::manifest::yaml;

fn document(file: &str, text: &str) -> Document {
    let mut diagnostics = Vec::new();
    let document = yaml::parse(text, file, &mut diagnostics).pop();
    document.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// What a target with this row makes of the object `Policy` `a`.
fn overlay(row: &str) -> Overlay {
    let config = document("enact.yaml", row);
    let patch = config.at("/patch").map(|root| {
        Arc::new(MergePatch { file: config.file.clone(), path: "patch".to_owned(), root: root.clone() })
    });
    let variables = Arc::new(Variables::of("prod", &config.whole()));
    let patches = patch.into_iter().map(|patch| (("Policy".to_owned(), "a".to_owned()), patch)).collect();
    Environment { variables, patches, values: 1000 }.overlay("Policy", "a")
}

fn expand(row: &str, text: &str) -> Result<Json, String> {
    let mut diagnostics = Vec::new();
    let expanded = overlay(row).expand(&document("m.yaml", text), &mut diagnostics);
    let shown = |diagnostic: Diagnostic| {
        let place = diagnostic.place.unwrap();
        let help = diagnostic.help.unwrap_or_default();
        format!("{}:{}:{} {} ({help})", place.file, place.line, place.column, diagnostic.message)
    };
    match expanded {
        Some((document, _)) => Ok(document.to_json()),
        None => Err(diagnostics.into_iter().map(shown).collect::<Vec<_>>().join("\n")),
    }
}

const ROW: &str = "variables: {team: ops, days: 30, ratio: 1.50, on: true, roles: [a, b], map: {x: 1}}\n";

#[test]
fn a_reference_alone_has_the_type_of_its_variable_and_inside_of_a_text_it_is_text() {
    let text = "a: ${{ vars.days }}\nb: in ${{ vars.days }} days\nc: ${{vars.roles}}\nd: '${{ vars.on }}'\n\
                e: ${{ vars.map }}\nf: ${{ vars.ratio }}x\ng: ${{ vars.team }}-${{ vars.team }}\nh: $${{ vars.team }}\n";
    let expected = json!({
        "a": 30, "b": "in 30 days", "c": ["a", "b"], "d": true, "e": {"x": 1}, "f": "1.50x", "g": "ops-ops",
        "h": "${{ vars.team }}",
    });
    assert_eq!(expand(ROW, text), Ok(expected));
}

#[test]
fn what_is_wrong_with_a_reference_is_at_its_line_and_names_the_line_of_the_variable() {
    let wrong = |text: &str| expand(ROW, text).unwrap_err();
    assert_eq!(
        wrong("a: 1\nb: ${{ vars.taem }}\n"),
        "m.yaml:2:4 the target `prod` has no variable `taem` (did you mean `team`?)"
    );
    assert!(wrong("b: ${{ vars.other }}\n").ends_with("(set it in enact.yaml, in `variables` of `prod`)"));
    let list = wrong("b: x${{ vars.roles }}\n");
    assert!(list.contains("cannot be inside of a text") && list.contains("set at enact.yaml:1:64"), "{list}");
    assert!(wrong("b: ${{ team }}\n").contains("`${{ team }}` is not a reference to a variable"));
    assert!(wrong("'${{ vars.team }}': 1\n").contains("keys are not expanded"));
}

#[test]
fn a_patch_merges_mappings_replaces_lists_and_removes_with_null() {
    let patch = "variables: {n: 2}\npatch: {spec: {list: [3], map: {b: null, c: '${{ vars.n }}'}, new: {d: 1, e: null}}}\n";
    let text = "spec: {list: [1, 2], map: {a: 1, b: 2}, other: 0}\n";
    let expected = json!({"spec": {"list": [3], "map": {"a": 1, "c": 2}, "other": 0, "new": {"d": 1}}});
    assert_eq!(expand(patch, text), Ok(expected));
}

#[test]
fn places_are_where_somebody_wrote_the_value() {
    let row = "variables: {long: a text of some length}\npatch:\n  spec:\n    x: 1\n    m: {y: [2]}\n";
    let text = "spec:\n  a: 0\n  x: 0\n  t: |\n    one ${{ vars.long }} two\n    three\n";
    let [source] = Source::all("m.yaml", &text.into()).take(1).collect::<Vec<_>>().try_into().unwrap();
    let source = source.with(overlay(row));
    let at = |pointer: &str| {
        let place = source.place(pointer);
        format!("{}:{}:{} {}", place.file, place.line, place.column, place.path)
    };
    assert_eq!(at("/spec/a"), "m.yaml:2:6 spec.a");
    assert_eq!(at("/spec/x"), "enact.yaml:4:8 patch.spec.x");
    assert_eq!(at("/spec/m/y/0"), "enact.yaml:5:13 patch.spec.m.y[0]");
    assert_eq!(at("/spec/gone"), "m.yaml:2:3 spec");
    let expanded = "one a text of some length two\nthree\n";
    let within = |word: &str| {
        let place = source.place_within("/spec/t", expanded.find(word).unwrap());
        (place.line, place.column)
    };
    assert_eq!(
        [within("one"), within("some"), within("two"), within("three")],
        [(5, 5), (5, 9), (5, 26), (6, 5)]
    );
}

#[test]
fn what_comes_out_is_bounded() {
    let row = format!(
        "variables: {{long: {}, deep: {}1{}}}\n",
        "x".repeat(900_000),
        "[".repeat(60),
        "]".repeat(60)
    );
    let many = expand(&row, &format!("a: [{}]\n", "'${{ vars.long }}', ".repeat(2000))).unwrap_err();
    assert!(many.contains("holds more than 250000 values"), "{many}");
    let inside = expand(&row, &format!("a: '{}'\n", "${{ vars.long }} ".repeat(2000))).unwrap_err();
    assert!(inside.contains("holds more than"), "{inside}");
    let deep = expand(&row, &format!("a: {}'${{{{ vars.deep }}}}'{}\n", "[".repeat(30), "]".repeat(30)))
        .unwrap_err();
    assert!(deep.contains("nested deeper than 64 levels"), "{deep}");
}

/// RFC 7386 as it is written there.
fn merge_patch(target: Json, patch: &Json) -> Json {
    let Json::Object(fields) = patch else { return patch.clone() };
    let mut map = if let Json::Object(map) = target { map } else { serde_json::Map::new() };
    for (name, value) in fields {
        if value.is_null() {
            map.shift_remove(name);
        } else {
            let old = map.get(name).cloned().unwrap_or_default();
            map.insert(name.clone(), merge_patch(old, value));
        }
    }
    Json::Object(map)
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![Just(Json::Null), (0..3).prop_map(Json::from), "[ab]".prop_map(Json::from)];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn mapping() -> impl Strategy<Value = yaml::Node> {
    let fields = prop::collection::btree_map("[abc]", value(), 0..4);
    fields.prop_map(|fields| document("x", &json!({"root": fields}).to_string()).get("root").unwrap().clone())
}

proptest! {
    #[test]
    fn a_patch_is_made_as_the_rfc_says(target in mapping(), patch in mapping()) {
        let merge = Arc::new(MergePatch { file: "p".to_owned(), path: String::new(), root: patch.clone() });
        let document = Document { file: "x".to_owned(), root: target.clone(), patch: None };
        prop_assert_eq!(document.with(&merge).to_json(), merge_patch(target.to_json(), &patch.to_json()));
    }
}

#[test]
fn a_reference_is_found_however_it_is_written() {
    for value in [
        "${{ vars.A }}",
        "'${{ vars.A }}'",
        "\"${{ vars.A }}\"",
        "\"\\x24{{ vars.A }}\"",
        "\"\\u0024{{ vars.A }}\"",
        "\"$\\\n  {{ vars.A }}\"",
        "|\n  a ${{ vars.A }}",
        ">-\n  a\n  ${{ vars.A }}",
        "[b, {\"${{\": c}]",
        "plain",
        "\"a \\\" quote\"",
        "$ {{ vars.A }}",
    ] {
        let text = format!("a: {value}\n");
        let document = document("a.yaml", &text);
        assert_eq!(has_references(&document, &text), document.root.mentions(reference::OPEN), "{text}");
    }
}
