//! What each kind of bad input leads to, as one line per diagnostic.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::*;
use crate::diagnostic::Place;

/// Parses, and shows each diagnostic as `line:column+width code: message; help`.
fn read(text: &str) -> (Vec<Json>, String) {
    let mut diagnostics = Vec::new();
    let documents = parse(text, "a.yaml", &mut diagnostics);
    let messages: Vec<String> = diagnostics.iter().map(shown).collect();
    (documents.iter().map(Document::to_json).collect(), messages.join("\n"))
}

fn shown(diagnostic: &Diagnostic) -> String {
    let Place { line, column, width, .. } = diagnostic.place.as_ref().expect("every diagnostic has a place");
    let help = diagnostic.help.as_deref().unwrap_or("no help");
    format!("{line}:{column}+{width} {}: {}; {help}", diagnostic.code, diagnostic.message)
}

#[track_caller]
fn finds(text: &str, expected: &str) {
    assert_eq!(read(text).1, expected);
}

#[track_caller]
fn document(text: &str) -> Document {
    let mut diagnostics = Vec::new();
    let mut documents = parse(text, "a.yaml", &mut diagnostics);
    assert_eq!((documents.len(), diagnostics), (1, vec![]));
    documents.remove(0)
}

#[track_caller]
fn node(text: &str) -> Node {
    document(text).root
}

#[track_caller]
fn within_a_second(text: &str, expected: &str) {
    assert_eq!(soon(text), expected);
}

/// Reads hostile text; a debug build has more time.
#[track_caller]
fn soon(text: &str) -> String {
    let start = Instant::now();
    let messages = read(text).1;
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });
    assert!(start.elapsed() < limit, "took {:?}", start.elapsed());
    messages
}

#[test]
fn documents_become_json() {
    let (documents, messages) =
        read("a: 1 # c\nb: [x, {y: ~}]\nc: |\n  one\n  two\nd: no\n---\n- &p {q: 'r'}\n- *p\n");
    assert_eq!(messages, "");
    assert_eq!(
        documents,
        [
            json!({"a": 1, "b": ["x", {"y": null}], "c": "one\ntwo\n", "d": "no"}),
            json!([{"q": "r"}, {"q": "r"}]),
        ]
    );
}

#[test]
fn line_ends_and_a_byte_order_mark_make_no_difference() {
    let expected = vec![json!({"a": "b", "c": ["d"]})];
    for text in ["a: b\nc:\n- d\n", "a: b\r\nc:\r\n- d\r\n", "a: b\rc:\r- d\r", "\u{feff}a: b\nc:\n- d"] {
        assert_eq!(read(text), (expected.clone(), String::new()), "{text:?}");
    }
    assert_eq!(lines("\u{feff}a\r\nb\rc\n\nd").collect::<Vec<_>>(), ["a", "b", "c", "", "d"]);
}

#[test]
fn every_part_knows_its_place() {
    let document = document(
        "spec:\n  rules:\n    - {effect: permit, \"a.b\": 1}\n    - effect: 007 # c\n      'é': |\n        x\n",
    );
    let place = |pointer: &str| {
        let place = document.place(pointer);
        format!("{}:{}+{} {}", place.line, place.column, place.width, place.path)
    };
    assert_eq!(place(""), "1:1+4 ");
    assert_eq!(place("/spec/rules"), "3:5+28 spec.rules");
    assert_eq!(place("/spec/rules/0"), "3:7+26 spec.rules[0]");
    assert_eq!(place("/spec/rules/0/a.b"), "3:31+1 spec.rules[0][\"a.b\"]");
    assert_eq!(place("/spec/rules/1"), "4:7+6 spec.rules[1]");
    assert_eq!(place("/spec/rules/1/effect"), "4:15+3 spec.rules[1].effect");
    assert_eq!(place("/spec/rules/1/é"), "6:9+1 spec.rules[1].é");
    assert_eq!(place("/spec/rules/1/missing/deeper"), "4:7+6 spec.rules[1]");
    assert_eq!(document.key_place("/spec/rules/1/é").line, 5);
    assert_eq!(document.key_place("/spec/rules/1").line, 4);
    assert_eq!(document.part("/spec/rules").place("/0"), document.place("/spec/rules/0"));
    assert_eq!(document.at("/spec/rules/1/effect").and_then(Node::raw), Some("007"));
    assert_eq!(document.root.key_at("/spec/rules/0/a.b").map(|key| key.span.column), Some(24));
}

#[test]
fn pointers_are_unescaped() {
    let node = node("a/b: {c~d: 1}\n~1: 2\n");
    assert_eq!(node.at("/a~1b/c~0d").map(Node::to_json), Some(json!(1)));
    assert_eq!(node.at("/~01").map(Node::to_json), Some(json!(2)));
}

#[test]
fn a_place_inside_a_text_is_found() {
    let node = node("a: |\n\n\n  one\n    two\nb: plain text\nc: \"quo\\nted\"\n");
    let at = |key: &str, offset| {
        let Span { line, column, .. } = node.get(key).expect("a key").span_within(offset);
        (line, column)
    };
    assert_eq!(at("a", 2), (4, 3));
    assert_eq!(at("a", 4), (4, 5));
    assert_eq!(at("a", 8), (5, 5));
    assert_eq!(at("b", 6), (6, 10));
    assert_eq!(at("c", 5), (7, 4));
    assert_eq!(at("a", 999), (4, 3)); // after its end: the whole value
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let (documents, messages) = read("a: 1\n---\nb: [\n---\nc: 3\n---\nd: 4\nd: 5\n---\ne: \"\n---\nf: 6\n");
    assert_eq!(documents, [json!({"a": 1}), json!({"c": 3}), json!({"f": 6})]);
    assert_eq!(
        messages,
        "\
3:5+1 yaml/syntax: a value is missing here; is a `]` or `}` missing above?
8:1+1 yaml/duplicate-key: the key `d` is on line 7 and again on line 8; keep one of them
10:4+1 yaml/syntax: a quoted text is not closed; add the closing quote"
    );
}

#[test]
fn all_diagnostics_of_a_document_are_reported() {
    finds(
        "1: a\n? [b]\n: c\n<<: {d: e}\nf: !include g\nh: .inf\nf: 2\nnull: x\n\"1\": ok\ni: !!binary aGk=\n",
        "\
1:1+1 yaml/key-type: a key must be text; quote it: `\"1\"`
2:3+3 yaml/key-type: a key must be text; write the name of a field
4:1+2 yaml/merge-key: the merge key `<<` is not allowed; write the fields out, or repeat a whole value with an alias
5:4+10 yaml/tag: the tag `!include` is not allowed; remove the tag; quote a value that is meant as text
6:4+4 yaml/number: `.inf` is not a number that JSON can carry; quote it if text is meant
8:1+4 yaml/key-type: a key must be text; quote it: `\"null\"`
10:4+13 yaml/tag: the tag `!!binary` is not allowed; remove the tag; quote a value that is meant as text
7:1+1 yaml/duplicate-key: the key `f` is on line 5 and again on line 7; keep one of them",
    );
}

#[test]
fn text_may_be_tagged_as_text() {
    assert_eq!(read("a: !!str 12\nb: !!str\n").0, [json!({"a": "12", "b": ""})]);
}

#[test]
fn a_file_that_declares_nothing_is_an_error() {
    let messages = "1:1+1 yaml/empty: the file declares nothing; write a manifest, or delete the file";
    for text in ["", "\n", "# only a comment\n", "\u{feff}"] {
        finds(text, messages);
    }
    finds("---\n", "1:1+3 yaml/empty: the file declares nothing; write a manifest, or delete the file");
    finds("~", messages);
    assert_eq!(
        read("---\n# none\n---\na: 1\n---\n"),
        (
            vec![json!({"a": 1})],
            "1:1+3 yaml/empty-document: this document is empty; remove its `---`\n\
         5:1+3 yaml/empty-document: this document is empty; remove its `---`"
                .to_owned()
        )
    );
}

#[test]
fn text_that_is_no_yaml_is_refused_before_parsing() {
    finds(
        "a: \u{0}\nb: \u{1b}[2J\u{7f}\nc: \u{feff}x\n",
        "\
1:4+1 yaml/encoding: the character `\\u{0}` is not allowed in YAML; save the file as UTF-8; inside double quotes the character can be written as an escape
2:4+1 yaml/encoding: the character `\\u{1b}` is not allowed in YAML; save the file as UTF-8; inside double quotes the character can be written as an escape
2:8+1 yaml/encoding: the character `\\u{7f}` is not allowed in YAML; save the file as UTF-8; inside double quotes the character can be written as an escape
3:4+1 yaml/encoding: there is a byte order mark inside the file; remove it: it is only allowed as the first character",
    );
    finds(
        "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> topic\n",
        "\
2:1+7 yaml/conflict-markers: a merge conflict was left in the file; settle the conflict and remove its markers
6:1+7 yaml/conflict-markers: a merge conflict was left in the file; settle the conflict and remove its markers",
    );
    finds(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "1:1+42 yaml/lfs-pointer: the file is a git LFS pointer, not the manifest itself; fetch it with `git lfs pull`, or keep manifests out of git LFS",
    );
    finds(
        "# c\n%YAML 1.1\n---\na: 1\n",
        "2:1+9 yaml/directive: YAML directives are not allowed; remove the line: manifests are YAML 1.2 without declared tags",
    );
}

#[test]
fn reordering_characters_are_a_warning() {
    let (documents, messages) = read("a: \u{202e}b\n");
    assert_eq!(documents, [json!({"a": "\u{202e}b"})]);
    assert!(
        messages.starts_with("1:4+1 yaml/bidi: the invisible character `\\u{202e}` reorders"),
        "{messages}"
    );
}

#[test]
fn aliases_have_an_anchor_above_them() {
    finds(
        "a: *b, c\n",
        "1:4+2 yaml/unknown-alias: the alias `*b` has no anchor above it in this document; quote a value that starts with `*`",
    );
    finds(
        "a: &x [1, *x]\n",
        "1:11+2 yaml/alias-cycle: the alias is inside the value that it repeats; write the value out",
    );
    finds(
        "a: &x 1\n---\nb: *x\n",
        "3:4+2 yaml/unknown-alias: the alias `*x` has no anchor above it in this document; quote a value that starts with `*`",
    );
    finds(
        "a: &x 1\n...\nb: *x\n",
        "3:4+2 yaml/unknown-alias: the alias refers to an anchor of another document; write the value out",
    );
}

#[test]
fn syntax_errors_say_what_to_do() {
    for (text, messages) in [
        (
            "a: b: c\n",
            "1:5+1 yaml/syntax: a `key: value` pair is not allowed here; check the indentation, and quote a value that contains `: `",
        ),
        ("a:\n\tb: 1\n", "2:1+1 yaml/tab: a tab is used as indentation; indent with spaces"),
        ("a:\n  b: 1\n\tc: 1\n", "3:1+1 yaml/tab: a tab is used as indentation; indent with spaces"),
        (
            "a: [1, 2\n",
            "1:9+1 yaml/syntax: a list in brackets is not closed, or lacks a comma; close it with `]` before this place",
        ),
        ("a: @b\n", "1:4+1 yaml/syntax: a plain value cannot start with this character; quote the value"),
        (
            "a: \"b\" c\n",
            "1:8+1 yaml/syntax: text follows the closing quote; quote the whole value; inside single quotes a quote is written twice: `''`",
        ),
        (
            "a: \"\\d\"\n",
            "1:4+1 yaml/syntax: a double-quoted text has an unknown escape; write a backslash as `\\\\`, or use single quotes",
        ),
        (
            "a: {b: 1\nc: 2\n",
            "2:2+1 yaml/syntax: a mapping in braces is not closed, or lacks a comma; close it with `}` before this place",
        ),
        ("a: 1\nb\nc: 2\n", "3:1+1 yaml/syntax: a key before this place lacks its `: `; write `key: value`"),
        (
            "- a\nb: 1\n",
            "2:1+1 yaml/syntax: expected an item of the list, starting with `- `; check the indentation",
        ),
        ("a: !e!b c\n", "1:4+1 yaml/tag: a tag with an undeclared prefix is not allowed; remove the tag"),
        ("a: 'b\n", "1:4+1 yaml/syntax: a quoted text is not closed; add the closing quote"),
    ] {
        finds(text, messages);
    }
}

#[test]
fn aliases_cannot_expand_without_end() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    within_a_second(
        &bomb,
        "6:15+3 yaml/budget: the file holds more than 250000 values once its aliases are expanded; split the file, and use fewer aliases",
    );
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a,".repeat(100_000));
    within_a_second(
        &long,
        "2:92+2 yaml/budget: the file holds more than 250000 values once its aliases are expanded; split the file, and use fewer aliases",
    );
}

#[test]
fn depth_is_limited_in_every_style() {
    let messages = |line, column, width| {
        format!(
            "{line}:{column}+{width} yaml/budget: lists and mappings are nested more than 64 levels deep; flatten the structure"
        )
    };
    within_a_second(&"[".repeat(100_000), &messages(1, 256, 1));
    within_a_second(&"{a: ".repeat(100_000), &messages(1, 1021, 1));
    within_a_second(&"- ".repeat(500_000), &messages(1, 129, 1));
    within_a_second(&"? ".repeat(500_000), &messages(1, 129, 1));
    let block: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    within_a_second(&block, &messages(65, 65, 1));
    let halves =
        format!("a: &a {}{}\nb: {}*a{}\n", "[".repeat(40), "]".repeat(40), "[".repeat(40), "]".repeat(40));
    within_a_second(&halves, &messages(2, 44, 2));
    assert_eq!(read(&format!("{}{}", "[".repeat(64), "]".repeat(64))).1, "");
}

#[test]
fn large_files_end_soon() {
    let budget = "yaml/budget: the file holds more than 250000 values once its aliases are expanded; split the file, and use fewer aliases";
    within_a_second(&format!("a: \"{}\"\n", "x".repeat(1_000_000)), "");
    within_a_second(&format!("a: |\n  {}\n", "x\n  ".repeat(200_000)), "");
    within_a_second(&format!("[{}]", "1,".repeat(500_000)), &format!("1:500000+1 {budget}"));
    within_a_second(&"- 1\n".repeat(260_000), &format!("250000:3+1 {budget}"));
    within_a_second(
        &" ".repeat(MAX_BYTES + 1),
        "1:1+1 yaml/budget: the file has 1048577 bytes, more than the 1048576 allowed; split it into several files",
    );
    let nested = format!("{}{}", "---\n[\n".repeat(90), "---\n[\n---\n]\n".repeat(50_000));
    assert_eq!(soon(&nested).lines().count(), MAX_DIAGNOSTICS);
    assert_eq!(soon(&"---\n[\n".repeat(100_000)).lines().count(), MAX_DIAGNOSTICS);
    assert_eq!(soon(&"a: 1\n".repeat(100_000)).lines().count(), MAX_DIAGNOSTICS);
    assert_eq!(soon(&"a: \u{0}\n".repeat(100_000)).lines().count(), MAX_DIAGNOSTICS);
}

#[test]
fn no_number_of_warnings_hides_an_error() {
    let warnings = "# \u{202e}\n".repeat(2 * MAX_DIAGNOSTICS);
    for wrong in ["a: \u{1}\n", "---\n%TAG ! x\n---\na: 1\n", "...\n%YAML 1.1\n---\na: 1\n", "a: [\n"] {
        let mut diagnostics = Vec::new();
        parse(&format!("{warnings}{wrong}"), "x.yaml", &mut diagnostics);
        assert!(diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error), "{wrong:?}");
    }
}

#[test]
fn a_hash_after_a_blank_that_may_belong_to_the_value_is_reported() {
    let help = "quote the value if the `#` belongs to it; a comment has a blank after its `#`";
    for (text, at, value) in [
        ("channel: #ops\n", "1:10+4", "is null"),
        ("channel:   #ops 1\nb: c\n", "1:12+6", "is null"),
        ("- #ops\n- a\n", "1:3+4", "is null"),
        ("a:\n- b\n- - #ops", "3:5+4", "is null"),
        ("team: ops #1\n", "1:11+2", "ends here"),
        ("a: {b: c #1\n}\n", "1:10+2", "ends here"),
        ("a: Team\n  lead #1 of 2\n", "2:8+7", "ends here"),
        ("---\na: 1\n---\nname: ärger\t#1\n", "4:13+2", "ends here"),
    ] {
        let said =
            format!("{at} yaml/comment: this `#` begins a comment, so the value before it {value}; {help}");
        assert_eq!(read(text).1, said, "{text}");
    }
}

#[test]
fn a_comment_that_looks_like_one_is_not_reported() {
    for text in [
        "a: b # c\n",
        "a: # c\n",
        "a: ## c\n",
        "a: #\n",
        "#a\na: b\n",
        "a:\n  #x\n  b: c\n",
        "a: #x\n  b: c\n",
        "a: 5 #five\n",
        "a: 'b #c'\n",
        "a: \"b\" #c\n",
        "a: b#c\n",
        "a: |\n  b #c\n",
        "a: true #x\n",
        "a: ~ #x\n",
        "a:\n- #x\n  b: c\n",
    ] {
        assert_eq!(read(text).1, "", "{text}");
    }
    let many = "a #b ".repeat(100_000);
    within_a_second(&format!("a: '{many}'\nb: [{}]\n", "x,".repeat(50_000)), "");
}
