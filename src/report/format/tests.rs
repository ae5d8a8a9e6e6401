//! No output of any format acts on what reads it.

use proptest::prelude::*;
use serde_json::Value;

use super::super::{diagnostics, fixture};
use super::runner::{live, live_beside_annotations};
use super::*;

/// Commands of CI runners in pieces, so that also what a renderer puts between them is tried.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "::",
        ":",
        "set-output name=a",
        "##[",
        "##",
        "#",
        "[",
        "]",
        "vso",
        "VSO[",
        "teamcity[",
        "section_",
        "start:",
        "end",
        "travis_fold:",
        "\n",
        "\r",
        " ",
        "\t",
        "\u{3000}",
        "\u{fe0f}",
        "\u{200b}",
        "\u{ad}",
        "\u{1b}[",
        "31m",
        "8m",
        "\u{202e}",
        "\u{9b}",
        "x",
        "\\",
        "\"",
        "`",
    ]);
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn reports(text: &str) -> Vec<Report> {
    std::iter::once(fixture::hostile(text)).chain(fixture::hostile_contents(text)).collect()
}

/// Every text in a JSON value, also the names of fields.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            found.push(name.clone());
            texts(value, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inert_output_in_every_format(text in hostile(), color: bool, wraps: bool, verbose: bool, summary: bool) {
        let style = Style { color, width: 80, wraps, verbose, quiet: false, summary };
        for (format, report) in FORMATS.iter().flat_map(|format| reports(&text).into_iter().map(move |r| (format, r))) {
            let shown = format.render(&report, &style);
            let found = match format.name {
                "github" => live_beside_annotations(&shown),
                _ => live(&shown, color && format.interactive),
            };
            prop_assert_eq!(found, None, "{}", format.name);
        }
    }

    #[test]
    fn inert_output_of_diagnostics_with_their_source(text in hostile(), color: bool) {
        let found: Vec<_> = fixture::hostile(&text).diagnostics;
        let shown = Inert::styled(&diagnostics::render(&found, &|_| Some(text.clone()), None, color), color);
        prop_assert_eq!(live(&shown, color), None);
    }

    #[test]
    fn json_says_the_very_text(text in hostile()) {
        let report = fixture::hostile(&text);
        let document: Value = serde_json::from_str(&json::render(&report)).unwrap();
        let mut found = Vec::new();
        texts(&document, &mut found);
        prop_assert!(found.contains(&text) && found.contains(&format!("{text}!")), "{:?}", found);
    }
}

#[test]
fn a_command_is_still_read_as_it_was_written() {
    let action = "##[set-output name=code;]0$(id) #";
    let shown = |format: &str| {
        let style =
            Style { color: false, width: 80, wraps: false, verbose: false, quiet: false, summary: false };
        named(format).unwrap().render(&fixture::hostile(action), &style)
    };
    for format in ["text", "markdown"] {
        assert!(shown(format).contains("##\\u{5b}set-output name=code;]0$(id) #"), "{}", &*shown(format));
    }
    for format in ["json", "sarif"] {
        assert!(shown(format).contains("##\\u005bset-output name=code;"), "{}", &*shown(format));
    }
    assert!(shown("github").contains("##\\u{5b}set-output name=code;]0$(id) #"), "{}", &*shown("github"));
}

#[test]
fn live_lines_are_found() {
    let live_ones = [
        "::set-output name=a::b",
        " \u{3000}\t::x::",
        "a ##[set-output name=code;]0$(id)",
        "##vso[task.setvariable variable=a]b",
        "##TeamCity[x]",
        "section_start:1:a",
        "a\rb",
        "#\u{fe0f}#[x]",
        "\u{202e}",
        "\u{1b}[32m::x::",
        "\u{1b}]0;title",
    ];
    for line in live_ones {
        assert!(live(line, false).is_some() && live(&format!("a\n{line}\nb"), true).is_some(), "{line:?}");
    }
    for line in [
        "::error title=a::b%0A::stop::",
        "::error name=a::b",
        "::debug::a",
        "::error title=a::##[b]",
        " ::error title=a::b",
    ] {
        assert!(live_beside_annotations(line).is_some(), "{line:?}");
    }
    assert_eq!(live_beside_annotations("::error file=a,line=1,title=b::c ::d%0Ae\nf"), None);
    for line in ["a::b", "## A [link](x)", "# [x]", "section_start", "a: [b]"] {
        assert_eq!(live(line, false), None);
    }
    assert!(live("\u{1b}[32mx\u{1b}[0m", false).is_some() && live("\u{1b}[32mx\u{1b}[0m", true).is_none());
}
