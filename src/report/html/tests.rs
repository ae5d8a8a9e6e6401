//! What is on the page, also of hostile text. The page is well-formed XML, so that a parser sees what a browser does.

use proptest::prelude::*;
use roxmltree::{Document, Node, ParsingOptions};

use super::super::fixture;
use super::*;
use crate::model::plan::AccessVerdicts;

fn parsed(page: &str) -> Document<'_> {
    Document::parse_with_options(page, ParsingOptions { allow_dtd: true, ..Default::default() }).unwrap()
}

fn all<'a>(page: &'a Document<'_>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    page.root().descendants().filter(move |node| node.has_tag_name(name))
}

fn said(node: Node<'_, '_>) -> String {
    node.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect()
}

#[test]
fn before_and_after_stand_side_by_side_and_the_words_that_differ_are_marked() {
    let text = render(&fixture::three_changes("plan"));
    let page = parsed(&text);
    let changes: Vec<_> = all(&page, "summary").map(said).collect();
    let expected = [
        "create Role \"Warehouse operators\"",
        "1 request",
        "update Policy \"Warehouse syncs\"",
        "1 request",
        "delete Policy \"Old syncs\"",
    ];
    assert_eq!(changes, expected);
    let rows: Vec<Vec<_>> = all(&page, "tr").map(|row| row.children().map(said).collect()).collect();
    assert!(rows.contains(&vec!["100".to_owned(), "200".to_owned()]), "{rows:#?}");
    let marked: Vec<_> = all(&page, "del").chain(all(&page, "ins")).map(said).collect();
    assert_eq!(marked, ["Admin", "100", "b", "Warehouse operators", "200", "c"]);
    let pre: Vec<_> = all(&page, "pre").map(said).collect();
    assert!(pre[0].starts_with("POST /api/permissions/roles\n{\n"), "{pre:#?}");
}

#[test]
fn each_outcome_and_each_diagnostic_is_on_the_page() {
    let text = render(&fixture::every_outcome());
    let page = parsed(&text);
    let outcomes: Vec<_> = all(&page, "span").map(said).collect();
    let expected = [
        "applied",
        "conflict: it is gone",
        "failed: 409 Conflict",
        "unknown: the connection was lost",
        "not attempted: deletes wait",
    ];
    assert_eq!(outcomes, expected);
    let text = render(&fixture::invalid());
    let page = parsed(&text);
    let lines: Vec<_> = all(&page, "p").map(said).collect();
    assert_eq!(
        lines[1..4],
        ["error schema/type: `high` is not a number", "at: policies/a.yaml:7:11", "help: write a number"]
    );
}

#[test]
fn the_only_script_is_the_one_that_may_run() {
    let text = render(&fixture::three_changes("plan"));
    let page = parsed(&text);
    let scripts: Vec<_> = all(&page, "script").map(said).collect();
    assert_eq!(scripts, [SCRIPT]);
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = all(&page, "meta")
        .find_map(|meta| meta.attribute("content").filter(|said| said.contains("script-src")));
    assert!(
        policy.unwrap().starts_with("default-src 'none';") && policy.unwrap().contains(&hash),
        "{policy:?}"
    );
    // What the printer does to a whole page leaves these two as they are.
    assert!(text.contains(STYLE) && text.contains(SCRIPT));
}

/// The names in a page: of elements, and of their attributes.
fn names(page: &str) -> BTreeSet<String> {
    let page = parsed(page);
    let of = |node: Node<'_, '_>| {
        let name = node.tag_name().name().to_owned();
        let attributes: Vec<_> = node.attributes().map(|of| format!("{name} {}", of.name())).collect();
        attributes.into_iter().chain([name])
    };
    page.root().descendants().filter(Node::is_element).flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_hostile_becomes_markup(pieces in prop::collection::vec(prop::sample::select(vec![
        "<", ">", "\"", "'", "&", "&lt;", "&#60;", "</style>", "</script>", "<script>alert(1)</script>", "]]>", "<!--", "-->",
        " onclick=x", "javascript:x", "\0", "\n", "\t", "\u{ffff}", "`", "a", "ä",
    ]), 0..8)) {
        let text = pieces.concat();
        let mut reports = vec![fixture::hostile(&text)];
        reports.extend(fixture::hostile_contents(&text));
        let harmless = std::iter::once(fixture::hostile("x")).chain(fixture::hostile_contents("x"));
        for (report, harmless) in reports.into_iter().zip(harmless) {
            let shown = render(&report);
            let known = names(&render(&harmless));
            let extra: Vec<_> = names(&shown).into_iter().filter(|name| !known.contains(name)).collect();
            // A longer text has more to compare, and an empty one has none.
            prop_assert!(extra.iter().all(|name| ["ins", "del", "td class", "td", "tr"].contains(&name.as_str())), "{:?}", extra);
        }
    }
}

#[test]
fn what_a_change_does_to_what_is_allowed_is_above_its_fields_with_a_witness() {
    let mut report = fixture::three_changes("plan");
    let id = report.targets[0].plan.changes[0].id.clone();
    let impact = fixture::impact("s3:*");
    report.targets[0].plan.access = AccessVerdicts::Known([(id, impact)].into());
    let text = render(&report);
    let page = parsed(&text);
    let lines: Vec<_> = all(&page, "p")
        .filter(|line| line.attribute("class").is_some_and(|class| class.starts_with("access")))
        .map(said)
        .collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(
        lines[0].contains("MORE PERMISSIVE s3:*") && lines[0].contains("denied by s3:* (s3:*:7) ->"),
        "{lines:#?}"
    );
    assert!(said(page.root_element()).contains("access: 1 both wider and narrower"));
}
