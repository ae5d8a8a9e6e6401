//! Properties of reading manifests: for any bytes, an answer that points into the file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use enact::diagnostic::{Code, Diagnostic, Place};
use enact::manifest::yaml::{self, Document};
use enact::report::diagnostics;
use enact::text;
use proptest::prelude::*;
use serde_json::Value;

fn parse(text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let documents = yaml::parse(text, "a.yaml", &mut diagnostics);
    (documents, diagnostics)
}

/// The lines that an editor shows, found in another way than in the tested code.
fn lines(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(str::to_owned).collect()
}

fn points_into(text: &str, diagnostics: &[Diagnostic]) -> Result<(), TestCaseError> {
    let lines = lines(text);
    for diagnostic in diagnostics {
        let place = diagnostic.place.as_ref().ok_or_else(|| TestCaseError::fail("no place"))?;
        let line = lines.get(place.line - 1).map(|line| line.chars().count());
        prop_assert!(
            line.is_some_and(|length| (1..=length + 1).contains(&place.column)
                && place.width >= 1
                && place.column + place.width <= length.max(place.column) + 1),
            "{text:?} {diagnostic:?}"
        );
    }
    Ok(())
}

/// Pieces that together are almost YAML.
fn nearly_yaml() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a: ",
        "- ",
        "? ",
        ": ",
        "b",
        "é",
        "1",
        "007",
        "\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "\r",
        "\t",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "|\n",
        "|2-\n",
        ">+\n",
        "&x ",
        "*x",
        "!!str ",
        "!t ",
        "! ",
        "<<: ",
        "---\n",
        "---",
        "...\n",
        "%YAML 1.2\n",
        "# c",
        "\\u0041",
        "~",
        "null",
        "true",
        ".inf",
        "1e999",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\u{0}",
        "@",
        "`",
        "%",
        "=",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    // Without `<`: `serde_yaml` writes the key `<<` without quotes, which is refused.
    let text = "[ -;=-~äß€😀\n\t\u{202e}]{0,12}".prop_map(String::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        text.clone().prop_map(Value::from),
        "(0|-|\\+|\\.|1|e|0x|0o|_|:|~|yes|no|on|null|true|y|<<|2024-01-01){1,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..6)
                .prop_map(|map: BTreeMap<String, Value>| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        points_into(&text, &parse(&text).1)?;
    }

    #[test]
    fn nearly_yaml_gets_an_answer(text in nearly_yaml()) {
        let (nodes, diagnostics) = parse(&text);
        points_into(&text, &diagnostics)?;
        prop_assert!(!nodes.is_empty() || diagnostics.iter().any(Diagnostic::is_error), "{text:?}");
    }

    #[test]
    fn diagnostics_can_always_be_shown(text in prop_oneof![any::<String>(), nearly_yaml()], line in 0..9_usize, column in 0..50_usize) {
        let mut diagnostics = parse(&text).1;
        let place = Place { file: text.clone(), line, column, width: column, path: text.clone() };
        diagnostics.push(Diagnostic::new(Code::YamlBidi, text.clone()).at(place).about(&text).help(text.clone()));
        let shown = diagnostics::render(&diagnostics, &|_| Some(text.clone()), None, false);
        prop_assert!(!shown.chars().any(|c| !matches!(c, '\n' | '\t') && text::is_deceptive(c)), "{shown:?}");
    }

    #[test]
    fn mutated_yaml_gets_an_answer(value in json(), at in any::<prop::sample::Index>(), junk in nearly_yaml()) {
        let mut text = serde_yaml::to_string(&value).expect("YAML");
        let ends: Vec<usize> = text.char_indices().map(|(index, _)| index).collect();
        text.insert_str(*at.get(&ends), &junk);
        points_into(&text, &parse(&text).1)?;
    }

    #[test]
    fn what_serde_yaml_writes_is_read_back(value in json()) {
        let text = serde_yaml::to_string(&BTreeMap::from([("root", &value)])).expect("YAML");
        let (nodes, diagnostics) = parse(&text);
        prop_assert!(!diagnostics.iter().any(Diagnostic::is_error), "{text}\n{diagnostics:?}");
        prop_assert_eq!(nodes[0].to_json()["root"].clone(), value, "{}", text);
    }

    #[test]
    fn what_is_json_reads_the_same(value in json()) {
        let text = serde_json::to_string_pretty(&value).expect("JSON");
        prop_assume!(!value.is_null());
        let (nodes, diagnostics) = parse(&text);
        prop_assert!(!diagnostics.iter().any(Diagnostic::is_error), "{text}\n{diagnostics:?}");
        prop_assert_eq!(nodes[0].to_json(), value);
    }
}

#[test]
fn diagnostics_in_long_lines_are_shown_soon() {
    let text = format!("a: [{}]\n", "007, ".repeat(200_000));
    let diagnostics: Vec<Diagnostic> = (0..100)
        .map(|index| {
            let place = Place {
                file: "a".into(),
                line: 1,
                column: 5 + 10_000 * index,
                width: 3,
                path: String::new(),
            };
            Diagnostic::new(Code::YamlSyntax, "m").at(place)
        })
        .collect();
    let start = Instant::now();
    assert!(diagnostics::render(&diagnostics, &|_| Some(text.clone()), None, true).len() < 100_000);
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });
    assert!(start.elapsed() < limit, "took {:?}", start.elapsed());
}
