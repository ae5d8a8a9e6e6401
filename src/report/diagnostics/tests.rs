//! What a terminal shows of diagnostics.

use super::*;
use crate::diagnostic::Code;

fn place(line: usize, column: usize, width: usize, path: &str) -> Place {
    Place { file: "policies/a.yaml".to_owned(), line, column, width, path: path.to_owned() }
}

fn type_error() -> Diagnostic {
    Diagnostic::new(Code::SchemaType, "expected a string, found the number `007`")
        .at(place(3, 13, 3, "spec.rules[0].effect"))
        .help("quote it: `\"007\"`")
}

fn shown(diagnostic: Diagnostic, source: &str) -> String {
    render(&[diagnostic], &|_| Some(source.to_owned()), None, false)
}

#[test]
fn a_diagnostic_shows_its_line() {
    insta::assert_snapshot!(shown(type_error(), "spec:\n  rules:\n  - effect: 007 # c\n"), @r#"
    error[schema/type]: expected a string, found the number `007`
     --> policies/a.yaml:3:13
      |
    3 |   - effect: 007 # c
      |             ^^^
      |
      = in: spec.rules[0].effect
      = help: quote it: `"007"`
    "#);
}

#[test]
fn a_diagnostic_without_source_shows_its_place() {
    insta::assert_snapshot!(render(&[type_error().about("analytics Policy \"a\"")], &|_| None, None, false), @r#"
    error[schema/type]: expected a string, found the number `007`
    --> policies/a.yaml:3:13
     = in: spec.rules[0].effect
     = about: analytics Policy "a"
     = help: quote it: `"007"`
    "#);
}

#[test]
fn a_diagnostic_without_place_shows_its_subject() {
    let diagnostic =
        Diagnostic::new(Code::PlanMixed, "the object is not ours").about("analytics Policy \"Sy\u{1b}ncs\"");
    insta::assert_snapshot!(shown(diagnostic.clone(), ""), @r#"
    warning[plan/mixed]: the object is not ours
    --> analytics Policy "Sy\u{1b}ncs"
    "#);
    let bare = Diagnostic::new(Code::ConfigUnclaimed, "no target uses it");
    insta::assert_snapshot!(shown(bare, ""), @r#"
    warning[config/unclaimed]: no target uses it
    "#);
}

#[test]
fn hostile_text_is_escaped_and_underlined_in_the_right_column() {
    let diagnostic = Diagnostic::new(Code::YamlSyntax, "the value `\u{1b}[31m` is odd\u{202e}")
        .at(place(1, 8, 3, "a\u{7}"));
    insta::assert_snapshot!(shown(diagnostic, "\u{feff}\u{1b}a\tb\u{202e}: xyz\r\n"), @r#"
    error[yaml/syntax]: the value `\u{1b}[31m` is odd\u{202e}
     --> policies/a.yaml:1:8
      |
    1 | ␛a    b�: xyz
      |           ^^^
      |
      = in: a\u{7}
    "#);
}

#[test]
fn what_a_ci_runner_would_obey_is_hidden_and_the_underline_stays_below_its_place() {
    let diagnostic = Diagnostic::new(Code::YamlSyntax, "m").at(place(1, 14, 3, ""));
    insta::assert_snapshot!(shown(diagnostic, "a: ##[group] xyz\n"), @r#"
    error[yaml/syntax]: m
     --> policies/a.yaml:1:14
      |
    1 | a: ##�group] xyz
      |              ^^^
    "#);
}

#[test]
fn wide_characters_are_underlined_in_the_right_column() {
    insta::assert_snapshot!(shown(Diagnostic::new(Code::YamlSyntax, "m").at(place(1, 6, 2, "")), "日本: é😀\n"), @r#"
    error[yaml/syntax]: m
     --> policies/a.yaml:1:6
      |
    1 | 日本: é😀
      |        ^^
    "#);
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let line = format!("a: [{}here{}]\n", "x, ".repeat(1000), ", y".repeat(1000));
    insta::assert_snapshot!(shown(Diagnostic::new(Code::YamlSyntax, "m").at(place(1, 3005, 4, "")), &line), @r#"
    error[yaml/syntax]: m
     --> policies/a.yaml:1:3005
      |
    1 | ... x, x, x, x, x, x, x, x, x, x, x, x, x, x, here, y, y, y, y, y, y, y, y, y, y, y, y, y, y,...
      |                                               ^^^^
    "#);
    let wide = shown(Diagnostic::new(Code::YamlSyntax, "m").at(place(1, 1, 5000, "")), &line);
    assert!(wide.lines().all(|line| line.chars().count() <= WIDTH + 4), "{wide}");
}

#[test]
fn places_at_the_end_of_the_file_are_shown() {
    insta::assert_snapshot!(shown(Diagnostic::new(Code::YamlSyntax, "m").at(place(2, 3, 1, "")), "a:\n- \n"), @r#"
    error[yaml/syntax]: m
     --> policies/a.yaml:2:3
      |
    2 | - 
      |   ^
    "#);
    insta::assert_snapshot!(shown(Diagnostic::new(Code::YamlSyntax, "m").at(place(1, 1, 1, "")), ""), @r#"
    error[yaml/syntax]: m
    --> policies/a.yaml:1:1
    "#);
}

#[test]
fn colour_is_optional() {
    assert!(!shown(type_error(), "").contains('\u{1b}'));
    assert!(render(&[type_error()], &|_| None, None, true).contains('\u{1b}'));
}

#[test]
fn at_most_a_hundred_diagnostics_are_shown() {
    let diagnostics = vec![type_error(); 103];
    let text = render(&diagnostics, &|_| None, None, false);
    assert_eq!(text.matches("error[").count(), 100);
    assert!(text.ends_with("\n\nand 3 more diagnostics\n"), "{text}");
    assert_eq!(render(&[], &|_| None, None, false), "");
}
