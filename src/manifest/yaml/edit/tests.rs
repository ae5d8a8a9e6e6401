//! Edits of texts, and the promise that all of them keep.

mod random;

use serde_json::json;

use super::super::patch::{Item, Patch};
use super::*;

fn set(value: Value) -> Patch {
    Patch::Set(value)
}

fn field(name: &str, patch: Patch) -> Patch {
    Patch::Fields(vec![(name.to_owned(), Some(patch))])
}

fn old(at: usize) -> Item {
    Item::Old(at, Patch::Keep)
}

fn new(value: Value) -> Item {
    Item::New(value)
}

fn edited(text: &str, at: &str, patch: &Patch) -> String {
    edit(text, "p.yaml", 0, at, patch).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"))
}

/// The lines that differ, as in a diff without context.
fn diff(text: &str, at: &str, patch: &Patch) -> String {
    let new = edited(text, at, patch);
    let diff = similar::TextDiff::from_lines(text, &new);
    let lines = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    lines.map(|change| format!("{}{}", change.tag(), change.value())).collect()
}

const POLICY: &str = "\
# about the policy
apiVersion: x/v1
spec:
  description: Short   # as people say it
  limit: 60
  note: 'it''s'  # 'so'
  id: \"0042\"
  members: [a, b] # two
  # who may
  actions:
    # the readers
    - action: read
      roles: [Reader, Member] # Member is there already

    - {action: edit, roles: [Editor]}
    # the last
    - action: delete
      roles:
        - Owner # only

  # the rule
  rule: |
    permit (
      a
    );
  empty: {}
";

#[test]
fn a_scalar_is_replaced_in_its_own_style() {
    for (at, value, lines) in [
        (
            "/spec/description",
            json!("Long"),
            "-  description: Short   # as people say it\n+  description: Long   # as people say it\n",
        ),
        (
            "/spec/description",
            json!("yes"),
            "-  description: Short   # as people say it\n+  description: 'yes'   # as people say it\n",
        ),
        (
            "/spec/description",
            json!(null),
            "-  description: Short   # as people say it\n+  description: null   # as people say it\n",
        ),
        ("/spec/limit", json!(90), "-  limit: 60\n+  limit: 90\n"),
        ("/spec/limit", json!("90"), "-  limit: 60\n+  limit: '90'\n"),
        ("/spec/note", json!("that's"), "-  note: 'it''s'  # 'so'\n+  note: 'that''s'  # 'so'\n"),
        ("/spec/id", json!("0043 \"x\""), "-  id: \"0042\"\n+  id: \"0043 \\\"x\\\"\"\n"),
        ("/spec/members/0", json!("x, y"), "-  members: [a, b] # two\n+  members: [\"x, y\", b] # two\n"),
        ("/spec/empty", json!({"a": 1}), "-  empty: {}\n+  empty: {a: 1}\n"),
    ] {
        let (parent, name) = at.rsplit_once('/').unwrap();
        let patch = match name.parse() {
            Ok(index) => Patch::Items(vec![Item::Old(index, set(value)), old(1)]),
            Err(_) => field(name, set(value)),
        };
        assert_eq!(diff(POLICY, parent, &patch), lines);
    }
}

#[test]
fn a_block_of_text_stays_one() {
    let rule = |text: &str| diff(POLICY, "/spec/rule", &set(json!(text)));
    assert_eq!(rule("permit (\n  b\n);\n"), "-      a\n+      b\n");
    assert_eq!(rule("permit (\n  a\n);"), "-  rule: |\n+  rule: |-\n");
    assert_eq!(rule("x;\n"), "-    permit (\n-      a\n-    );\n+    x;\n");
    // What a block cannot show is quoted.
    assert_eq!(
        rule(" x\n\u{7}"),
        "-  rule: |\n-    permit (\n-      a\n-    );\n+  rule: \" x\\n\\u0007\"\n"
    );
    let several = diff(POLICY, "/spec/description", &set(json!("one\ntwo\n")));
    assert_eq!(
        several,
        "-  description: Short   # as people say it\n+  description: |   # as people say it\n+    one\n+    two\n"
    );
    let folded = "a: >-\n  one\n  two\n# end\nb: 1\n";
    assert_eq!(edited(folded, "/a", &set(json!("three"))), "a: three\n# end\nb: 1\n");
    let kept = "a: |+\n  one\n\n\nb: 1\n";
    assert_eq!(edited(kept, "/a", &set(json!("three\nfour"))), "a: |-\n  three\n  four\nb: 1\n");
    assert_eq!(edited("a: |\n  one", "/a", &set(json!("two\n"))), "a: |\n  two\n");
}

#[test]
fn items_of_a_block_list_come_go_and_move_with_their_comments() {
    let actions = |items: Vec<Item>| diff(POLICY, "/spec/actions", &Patch::Items(items));
    assert_eq!(actions(vec![old(0), old(2)]), "-\n-    - {action: edit, roles: [Editor]}\n");
    assert_eq!(
        actions(vec![old(0), old(1)]),
        "-    # the last\n-    - action: delete\n-      roles:\n-        - Owner # only\n"
    );
    assert_eq!(
        actions(vec![old(1), old(2)]),
        "-    # the readers\n-    - action: read\n-      roles: [Reader, Member] # Member is there already\n-\n"
    );
    assert_eq!(
        actions(vec![old(0), old(1), old(2), new(json!({"action": "x", "roles": ["Owner", "no"]}))]),
        "+    - action: x\n+      roles:\n+        - Owner\n+        - 'no'\n"
    );
    let none = actions(vec![]);
    assert!(none.starts_with("-  actions:\n") && none.ends_with("+  actions: []\n"), "{none}");
    assert_eq!(none.matches('+').count(), 1, "{none}");
    assert_eq!(
        actions(vec![old(0), old(2), old(1)]),
        "-\n-    - {action: edit, roles: [Editor]}\n+    - {action: edit, roles: [Editor]}\n+\n"
    );
    let inner = Item::Old(2, field("roles", Patch::Items(vec![old(0), new(json!("Admin"))])));
    assert_eq!(actions(vec![old(0), old(1), inner]), "+        - Admin\n");
}

#[test]
fn items_between_brackets_come_and_go() {
    let text = "a: [one, 'two', three] # c\nb: [\n  one, # first\n  two # second\n]\nc: [ x,y ]\nd: []\n";
    for (at, items, lines) in [
        ("/a", vec![old(0), old(2)], "-a: [one, 'two', three] # c\n+a: [one, three] # c\n"),
        ("/a", vec![old(1), old(2)], "-a: [one, 'two', three] # c\n+a: ['two', three] # c\n"),
        ("/a", vec![], "-a: [one, 'two', three] # c\n+a: [] # c\n"),
        ("/a", vec![new(json!("0")), old(0)], "-a: [one, 'two', three] # c\n+a: ['0', one] # c\n"),
        ("/b", vec![old(0)], "-  one, # first\n-  two # second\n+  one # first\n"),
        ("/b", vec![old(1)], "-  one, # first\n"),
        ("/b", vec![old(0), old(1), new(json!("x"))], "-  two # second\n+  two, # second\n+  x\n"),
        ("/c", vec![old(0), old(1), new(json!(true))], "-c: [ x,y ]\n+c: [ x,y,true ]\n"),
        ("/d", vec![new(json!("a")), new(json!({"k": [1]}))], "-d: []\n+d: [a, {k: [1]}]\n"),
    ] {
        assert_eq!(diff(text, at, &Patch::Items(items)), lines);
    }
}

#[test]
fn fields_are_added_below_the_last_one_and_removed_with_their_lines() {
    let text = "spec:\n  a: 1\n  # two\n  b: {x: 1, y: 2}\n\n---\nspec: {a: 1}\n";
    let add = field("c", set(json!({"k": [1]})));
    assert_eq!(diff(text, "/spec", &add), "+  c:\n+    k:\n+      - 1\n");
    let remove = |name: &str| Patch::Fields(vec![(name.to_owned(), None)]);
    assert_eq!(diff(text, "/spec", &remove("b")), "-  # two\n-  b: {x: 1, y: 2}\n");
    assert_eq!(diff(text, "/spec/b", &remove("x")), "-  b: {x: 1, y: 2}\n+  b: {y: 2}\n");
    assert_eq!(
        diff(text, "/spec/b", &field("z", set(json!("s:*")))),
        "-  b: {x: 1, y: 2}\n+  b: {x: 1, y: 2, z: \"s:*\"}\n"
    );
    let second = edit(text, "", 1, "/spec/a", &set(json!(2))).unwrap();
    assert_eq!(second, text.replace("{a: 1}", "{a: 2}"));
}

#[test]
fn the_first_key_of_an_item_stands_beside_its_dash() {
    let text = "l:\n- a: 1 # one\n  b: 2\n-   - x\n    - y\n";
    let first = |patch| Patch::Items(vec![Item::Old(0, patch), old(1)]);
    assert_eq!(diff(text, "/l", &first(field("a", set(json!(3))))), "-- a: 1 # one\n+- a: 3 # one\n");
    assert_eq!(diff(text, "/l", &first(field("c", set(json!(3))))), "+  c: 3\n");
    let removed = Patch::Fields(vec![("a".to_owned(), None)]);
    assert_eq!(diff(text, "/l", &first(removed)), "-- a: 1 # one\n-  b: 2\n+- b: 2\n");
    let nested = Patch::Items(vec![old(0), Item::Old(1, Patch::Items(vec![old(1)]))]);
    assert_eq!(diff(text, "/l", &nested), "--   - x\n-    - y\n+-   - y\n");
}

#[test]
fn lines_end_as_they_did_and_the_mark_at_the_beginning_stays() {
    let text = "\u{feff}spec:\r\n  a: [x] # c\r\n  t: |\r\n    one\r\n    two\r\n  l:\r\n  - 1\r\n";
    let text_of = |patch: &Patch| edited(text, "/spec", patch);
    let one = text_of(&field("t", set(json!("one\nthree\n"))));
    assert_eq!(one, text.replace("two", "three"));
    let two = text_of(&field("l", Patch::Items(vec![old(0), new(json!(2))])));
    assert_eq!(two, format!("{text}  - 2\r\n"));
    let three = text_of(&field("z", set(json!("a\nb"))));
    assert_eq!(three, format!("{text}  z: |-\r\n    a\r\n    b\r\n"));
}

#[test]
fn a_last_line_without_an_end_is_no_obstacle() {
    assert_eq!(edited("l:\n- 1", "/l", &Patch::Items(vec![old(0), new(json!(2))])), "l:\n- 1\n- 2\n");
    assert_eq!(edited("a: 1", "", &field("b", set(json!(2)))), "a: 1\nb: 2\n");
    assert_eq!(edited("a: 1", "/a", &set(json!(2))), "a: 2");
    assert_eq!(edited("a:", "/a", &set(json!(["x"]))), "a:\n  - x\n");
    assert_eq!(edited("a: # c\nb:", "/a", &set(json!(1))), "a: 1 # c\nb:");
}

#[test]
fn what_an_alias_shares_is_not_changed_and_the_place_is_named() {
    let text = "spec:\n  a: &all [x]\n  b: *all\n  c: {d: *all}\n";
    let refused = |at: &str, patch: &Patch| edit(text, "p.yaml", 0, at, patch).unwrap_err();
    let items = Patch::Items(vec![old(0), new(json!("y"))]);
    let b = refused("/spec/b", &items);
    assert_eq!((b.place.file.as_str(), b.place.line, b.place.column), ("p.yaml", 3, 6));
    assert!(b.reason.contains("alias"), "{}", b.reason);
    assert!(refused("/spec/a", &items).reason.contains("anchor"));
    assert_eq!(refused("/spec/c/d", &items).place.line, 4);
    let beside = field("c", set(json!(1)));
    assert_eq!(diff(text, "/spec", &beside), "-  c: {d: *all}\n+  c: 1\n");
}

#[test]
fn a_result_that_means_something_else_is_no_result() {
    let before = read("a: 1\nb: 2\n---\nc: 3\n", "");
    let wanted = json!({"a": 1, "b": 5});
    let is_result = |text: &str| says_only(&before, &read(text, ""), 0, &wanted);
    assert!(is_result("a: 1\nb: 5\n---\nc: 3\n"));
    for wrong in [
        "a: 1\nb: 2\n---\nc: 3\n",
        "a: 1\nb: '5'\n---\nc: 3\n",
        "a: 1\nb: 5\nd: 6\n---\nc: 3\n",
        "b: 5\n---\nc: 3\n",
        "a: 1\nb: 5\n---\nc: 4\n",
        "a: 1\nb: 5\n",
        "a: 1\nb: 5\n---\nc: 3\n---\nd: 1\n",
        "a: [\n",
    ] {
        assert!(!is_result(wrong), "{wrong}");
    }
}

#[test]
fn a_layout_that_cannot_be_changed_is_refused_and_not_guessed() {
    // Pairs without braces, a comment before its comma, an explicit key, blank lines that belong to a text.
    for (text, at, patch) in [
        ("a: [k: v]\n", "/a", Patch::Items(vec![Item::Old(0, field("k", set(json!(1))))])),
        ("a: [b # x\n , c]\n", "/a", Patch::Items(vec![old(0)])),
        ("? a\n: 1\n? b\n: 2\n", "", field("c", set(json!(1)))),
        ("l:\n  - |+\n    x\n\n\nb: 1\n", "/l", Patch::Items(vec![old(0), new(json!(1))])),
        ("a: 1\rb: 2\r", "", field("c", set(json!(1)))),
    ] {
        let refused = edit(text, "", 0, at, &patch).unwrap_err();
        assert_eq!(refused.reason, LAYOUT, "{text}");
    }
    let gone = edit("a: 1\n", "", 1, "/a", &set(json!(1))).unwrap_err();
    assert!(gone.reason.contains("not there"), "{gone:?}");
}
