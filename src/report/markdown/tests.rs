//! What a pull request comment shows, also of hostile text.

use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::json;

use super::super::content::{CheckSystemContent, Content};
use super::super::forge::Forge;
use super::super::{fixture, summary};
use super::*;
use crate::diagnostic::{Code, Place};
use crate::model::change::{Action, Change};
use crate::model::probe::ProbeCheck;
use crate::text::inert::Inert;
use crate::text::inline;

#[test]
fn a_plan_names_its_deletes_and_folds_the_rest() {
    insta::assert_snapshot!(render(&fixture::three_changes("plan")), @r###"
    <!-- enact -->
    ### enact plan: 3 changes

    Plan: 1 to create, 1 to update, 1 to delete, 12 unchanged, 1 skipped (31 requests).

    > [!CAUTION]
    > **1 delete**
    >
    > - `Policy` `Old syncs` on `analytics`

    <details open>
    <summary><code>analytics</code> (<code>polytomic</code>, <code>https&#58;&#47;&#47;app.polytomic.com&#47;</code>): 1 to create, 1 to update, 1 to delete, 2 unchanged, 1 skipped</summary>

    **create** `Role` `Warehouse operators`

    ```diff
    + name: "Warehouse operators"
    ```

    **update** `Policy` `Warehouse syncs`

    ```diff
      policy_actions.read.roles:
    -   "Admin"
    +   "Warehouse operators"
    - priority: 100
    + priority: 200
      text: |
        permit(
          a,
    -     b
    +     c
        );
    ```

    **delete** `Policy` `Old syncs`

    ```diff
    - policy_actions:
    -   - action: "read"
    -     roles:
    -       - "Admin"
    - priority: 7
    ```

    **skipped** `Role` `Admin`: `the system manages it itself`

    </details>

    `access` (`polytomic`): no changes, 10 unchanged

    ---

    Digest `sha256:296b0a62f3589df6d2fe58681ce8d74a4bd4d03c9f2234b5f4ad343076a0b03a`.
    "###);
}

#[test]
fn what_is_not_in_git_is_named_below_its_target() {
    let mut plan = fixture::plan("access", vec![], 14);
    plan.coverage = fixture::unmanaged("access", &[("a", None), ("`b`", Some(true))]);
    if let Coverage::Counted(counted) = &mut plan.coverage {
        counted.unmanaged[0].content = Some(json!({"priority": 7, "roles": ["x", "y"]}));
    }
    let comment = render(&fixture::report("plan", vec![fixture::target(plan, 31)]));
    let from = comment.find("`access`").unwrap();
    insta::assert_snapshot!(&comment[from..], @r###"
    `access` (`polytomic`): no changes, 14 unchanged

    **2 live objects are not in git**: `Role` `` `b` `` (new), `Role` `a`

    `60 % in git: 3 declared, 2 never declared, 1 of the system itself (counted: Role; not counted: Policy)`

    **not in git** `Role` `a`

    ```yaml
    priority: 7
    roles:
      "x"
      "y"
    ```

    **not in git** `Role` `` `b` `` (new)

    ---

    Digest `sha256:c1d7b078c94a6b995cc8a67b2650124a03d6068e96ab2d79f25d9647b985e063`.
    "###);
}

#[test]
fn what_is_invalid_is_listed_with_its_place_and_a_way_out() {
    insta::assert_snapshot!(render(&fixture::invalid()), @r###"
    <!-- enact -->
    ### enact plan: invalid, 1 error

    Invalid, 1 error in 3 manifests; nothing was sent.

    #### 1 diagnostic

    - **error** `schema/type` at `policies/a.yaml:7:11`
      `` `high` is not a number ``
      Help: `write a number`
    "###);
}

#[test]
fn what_a_definition_says_is_shown_with_what_was_found() {
    let report = fixture::hostile_contents("x").remove(6);
    insta::assert_snapshot!(render(&report), @r###"
    <!-- enact -->
    ### enact check-system: the target agrees

    The target agrees in 1 of 2 checks.

    #### 1 diagnostic

    - **warning** `plan/no-default` about `x`
      `x`
      Help: `x`

    - ok: `x` `x`: `x` (defined: `x`)
    - **no**: `x` `x`: `x` (defined: `x`)
    "###);
}

#[test]
fn a_dry_import_shows_its_manifests() {
    let report = fixture::hostile_contents("x").remove(0);
    insta::assert_snapshot!(render(&report), @r###"
    <!-- enact -->
    ### enact import: 1 file and 2 manifests

    An import would update 1 file and write 2 manifests; nothing was written.

    #### 1 diagnostic

    - **warning** `plan/no-default` about `x`
      `x`
      Help: `x`

    - `x`
      - `x`: `x` `x`: `x`

    ```diff
    x
    ```

    `x`

    ```yaml
    x
    ```

    `x`

    ```yaml
    x
    ```
    "###);
}

#[test]
fn an_incomplete_plan_says_that_nothing_is_written() {
    insta::assert_snapshot!(render(&fixture::incomplete()), @r###"
    <!-- enact -->
    ### enact plan: incomplete, not everything could be read

    Incomplete, not everything could be read; nothing is written. Plan: 1 to delete, 1 unchanged (3 requests).

    > [!CAUTION]
    > **1 delete**
    >
    > - `Policy` `Old syncs` on `analytics`

    #### 1 diagnostic

    - **error** `live/unreadable` about `analytics: every Role`
      ``GET `/api/permissions/roles` was answered with 503``
      Help: `run again`

    <details open>
    <summary><code>analytics</code> (<code>polytomic</code>, <code>https&#58;&#47;&#47;app.polytomic.com&#47;</code>): 1 to delete, 1 unchanged</summary>

    **Nothing is written to this target**: it could not be read in full

    **delete** `Policy` `Old syncs`

    ```diff
    - policy_actions:
    -   - action: "read"
    -     roles:
    -       - "Admin"
    - priority: 7
    ```

    </details>

    ---

    Digest `sha256:f6d6220d841d2a3d904985896c9b670d1cdd941a3dd16de62f76e4e2540262b4`.
    "###);
}

#[test]
fn after_apply_each_change_says_how_it_ended() {
    insta::assert_snapshot!(render(&fixture::every_outcome()), @r###"
    <!-- enact -->
    ### enact apply: conflict, live state moved since the plan

    Applied 1 of 5 changes, 1 conflict, 1 failed, 1 unknown, 1 not attempted; 1 change remains (40 requests).

    <details open>
    <summary><code>analytics</code> (<code>polytomic</code>, <code>https&#58;&#47;&#47;app.polytomic.com&#47;</code>): 5 to update</summary>

    **update** `Policy` `a`, **applied**

    **update** `Policy` `b`, **conflict**: `it is gone`

    **update** `Policy` `c`, **failed**: `409 Conflict`

    **update** `Policy` `d`, **unknown**: `the connection was lost`

    **update** `Policy` `e`, **not attempted**: `deletes wait`

    Still not as declared after apply:

    **update** `Policy` `c`

    </details>

    ---

    Digest `sha256:c839d8f7deb212eb3da602dc723821076bbd0e99d184dcca30d9260b856a6b4f`.
    "###);
}

/// The structure that Markdown sees in a text, without what is in code.
fn structure(markdown: &str) -> Vec<String> {
    let mut in_fence = false;
    let events = Parser::new_ext(markdown, Options::all());
    let shown = |event: Event<'_>| {
        match &event {
            Event::Start(Tag::CodeBlock(_)) => in_fence = true,
            Event::End(TagEnd::CodeBlock) => in_fence = false,
            _ => {}
        }
        match event {
            Event::Text(_) if in_fence => None,
            Event::Code(_) => Some("code".to_owned()),
            Event::Html(html) => Some(without_code(&html)),
            other => Some(format!("{other:?}")),
        }
    };
    events.filter_map(shown).collect()
}

fn without_code(html: &str) -> String {
    let mut parts = html.split("<code>");
    let before = parts.next().unwrap().to_owned();
    parts.fold(before, |text, part| {
        let (code, after) = part.split_once("</code>").unwrap();
        assert!(code.chars().all(|c| c.is_ascii_alphanumeric() || " -.&#;".contains(c)), "{code}");
        text + after
    })
}

fn code_spans(markdown: &str) -> Vec<String> {
    let code = |event| if let Event::Code(code) = event { Some(code.to_string()) } else { None };
    Parser::new_ext(markdown, Options::all()).filter_map(code).collect()
}

fn untrusted() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "`",
        "``",
        "```",
        "\n",
        "\n\n",
        "\r",
        "|",
        "</details>",
        "</code>",
        "-->",
        "<!-- enact -->",
        "<script>",
        "@user",
        "#1",
        "# ",
        "- ",
        "> ",
        "![a](http://x)",
        "[a]: http://x",
        "http://x.org",
        "$",
        "~~~",
        "&lt;",
        "\\",
        "*",
        "_",
        "    ",
        "\t",
        " ",
        "\u{2028}",
        "\u{202e}",
        "---\n",
        "+ ",
        "diff",
    ]);
    let piece = prop_oneof![3 => nasty.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// The structure of the comment when no text is hostile.
static BENIGN: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| structures("x"));

fn structures(text: &str) -> Vec<Vec<String>> {
    let contents = fixture::hostile_contents(text);
    std::iter::once(fixture::hostile(text))
        .chain(contents)
        .map(|report| structure(&render(&report)))
        .collect()
}

proptest! {
    #[test]
    fn untrusted_text_stays_in_code(text in untrusted()) {
        let comment = render(&fixture::hostile(&text));
        prop_assert_eq!(&structures(&text), &*BENIGN);
        if (1..500).contains(&text.chars().count()) {
            prop_assert!(code_spans(&comment).contains(&inline(&text).into_owned()), "{}", comment);
        }
    }
}

#[test]
fn of_a_long_line_that_changes_the_difference_is_shown() {
    let long = |middle: &str| format!("{}{middle}{}", "x".repeat(5000), "y".repeat(5000));
    let lines = |middle: &str| json!(format!("first\n{}\nlast", long(middle)));
    let fields = vec![
        fixture::field("/scalar", json!(long("old")), json!(long("new"))),
        fixture::field("/list", json!([long("old"), "same"]), json!([long("new"), "same"])),
        fixture::field("/text", lines("old"), lines("new")),
    ];
    let change = fixture::change(Action::Update, ResourceId::new("t", "Policy", "p"), fields);
    let report = fixture::report("plan", vec![fixture::target(fixture::plan("t", vec![change], 0), 1)]);
    let comment = render(&report);
    let shows = |sign: &str, value: &str| {
        comment.lines().filter(|line| line.starts_with(sign) && line.contains(value)).count()
    };
    assert_eq!((shows("- ", "xoldy"), shows("+ ", "xnewy")), (3, 3), "{comment}");
    assert!(comment.contains("- scalar: (4751 equal characters) …xxx"), "{comment}");
    assert!(comment.contains("(4253 equal characters)\n"), "{comment}");
    let checks = ProbeCheck {
        kind: "k".into(),
        what: "w".into(),
        defined: long("old"),
        found: long("new"),
        agrees: false,
        pointer: String::new(),
    };
    let content = CheckSystemContent { checks: Some(vec![checks]), ..CheckSystemContent::default() };
    let comment = render(&Report { content: Content::CheckSystem(content), ..Report::of("check-system") });
    assert!(comment.contains("xoldy") && comment.contains("xnewy"), "{comment}");
}

#[test]
fn a_comment_names_what_it_was_made_from() {
    let report = Report {
        commit: Some("c0ffee".to_owned()),
        base_commit: Some("0ddba11".to_owned()),
        ..fixture::three_changes("plan")
    };
    let how = "Exactly this is written by `enact plan --rev c0ffee --base 0ddba11 --out plan.json` and `enact apply plan.json`, or after the merge with `--after-merge`.";
    let made = format!("\n---\n\nCommit `c0ffee`, base `0ddba11`, digest `{}`. {how}\n", report.digest());
    assert!(render(&report).ends_with(&made), "{}", render(&report));
    let applied = render(&Report { command: "apply", ..report });
    assert!(!applied.contains("Exactly this"), "{applied}");
    assert!(!render(&fixture::invalid()).contains("igest"), "nothing was planned");
}

#[test]
fn a_comment_is_bounded_closes_what_it_opens_and_keeps_the_sums() {
    let long = "`é@\u{202e}##[".repeat(300);
    let place = Place { file: long.clone(), line: 1, column: 1, width: 1, path: String::new() };
    let diagnostic = Diagnostic::new(Code::SchemaSpelling, long.clone()).at(place).help(long.clone());
    let value = json!(vec![long.as_str(); 50].join("\n"));
    let id = |index| ResourceId::new("t", "Policy", format!("{index}{long}"));
    let change = |index| {
        let action = if index % 2 == 0 { Action::Delete } else { Action::Update };
        let change = fixture::change(action, id(index), vec![fixture::field("/f", json!([]), value.clone())]);
        Change { before: json!({"f": value}), ..change }
    };
    let target = |index| {
        fixture::target(fixture::plan(&format!("{index}{long}"), (0..12).map(change).collect(), 0), 1)
    };
    let mut report = fixture::report("plan", (0..40).map(target).collect());
    report.diagnostics = (0..200).map(|index| diagnostic.clone().about(index)).collect();

    let comment = render(&report);
    assert!((60_000..65_536).contains(&comment.len()), "{}", comment.len());
    assert_eq!(*Inert::text(&comment), comment, "what is printed is not longer");
    assert!(comment.contains(&summary::sentence(&report)));
    let structure = structure(&comment).concat();
    assert_eq!(structure.matches("<details>").count(), structure.matches("</details>").count());
    assert!(structure.contains("left out"), "{structure}");
}

/// Updates with these names that all say the same.
fn updates(names: std::ops::Range<usize>, after: &str) -> Vec<Change> {
    let fields = || vec![fixture::field("/note", json!("before"), json!(after))];
    names
        .map(|n| {
            fixture::change(Action::Update, ResourceId::new("t", "Policy", format!("policy {n}")), fields())
        })
        .collect()
}

#[test]
fn the_one_change_among_a_thousand_equal_ones_is_seen_and_all_are_named() {
    let mut changes = updates(0..700, "after");
    changes.extend(updates(700..701, "*"));
    changes.extend(updates(701..1000, "after"));
    let comment = render(&fixture::report("plan", vec![fixture::target(fixture::plan("t", changes, 0), 1)]));
    let spans = code_spans(&comment);
    assert!((0..1000).all(|n| spans.contains(&format!("policy {n}"))), "{comment}");
    assert!(comment.contains("**update** 999 `Policy`, the same change in each:\n\n```diff\n- note: \"before\"\n+ note: \"after\"\n```\n"), "{comment}");
    assert!(
        comment.contains("**update** `Policy` `policy 700`\n\n```diff\n- note: \"before\"\n+ note: \"*\"\n"),
        "{comment}"
    );
    assert!(!comment.contains("left out") && comment.len() < 65_536);
}

#[test]
fn a_long_text_is_cut_only_where_there_is_no_room() {
    let rules = |from: usize| {
        (from..from + 60)
            .map(|n| format!("permit (principal == User::\"u{n}\", action, resource);"))
            .collect::<Vec<_>>()
    };
    let create = |n: usize| {
        let fields = vec![fixture::field("/rules", json!(null), json!(rules(60 * n).join("\n")))];
        fixture::change(Action::Create, ResourceId::new("t", "Policy", format!("p{n}")), fields)
    };
    let of = |number| {
        render(&fixture::report(
            "plan",
            vec![fixture::target(fixture::plan("t", (0..number).map(create).collect(), 0), 1)],
        ))
    };
    assert!(rules(0).iter().all(|rule| of(1).contains(rule)) && !of(1).contains("more lines"), "{}", of(1));
    let many = of(100);
    assert!(many.contains("more lines") && (60_000..65_536).contains(&many.len()), "{}", many.len());
    assert!((0..100).all(|n| many.contains(&format!("`p{n}`"))), "{many}");
}

#[test]
fn the_headline_says_what_is_of_the_pull_request_and_what_only_drifted() {
    let mut changes = updates(0..3, "after");
    for (change, cause) in changes.iter_mut().zip([Cause::Declared, Cause::Both, Cause::Drift]) {
        change.cause = cause;
    }
    let of =
        |changes| render(&fixture::report("plan", vec![fixture::target(fixture::plan("t", changes, 0), 1)]));
    assert!(of(changes.clone()).contains("\n### enact plan: 2 changes from this pull request, 1 drifted\n"));
    assert!(of(changes.split_off(2)).contains("\n### enact plan: 1 drifted\n"));
}

#[test]
fn what_a_guard_refused_is_a_caution() {
    let mut report = fixture::three_changes("plan");
    report
        .diagnostics
        .push(Diagnostic::new(Code::GuardMaxDeletes, "2 deletes are more than `max_deletes: 1`").help("x"));
    let comment = render(&report);
    let caution = "> [!CAUTION]\n> **1 refusal**\n>\n> - **error** `guard/max-deletes`\n>   `` 2 deletes are more than `max_deletes: 1` ``\n>   Help: `x`\n\n> [!CAUTION]\n> **1 delete**";
    assert!(comment.contains(caution), "{comment}");
}

/// What a runner of GitHub says of itself.
fn forge() -> Option<Forge> {
    let variable = |name: &str| {
        let value = match name {
            "GITHUB_SERVER_URL" => "https://github.com",
            "GITHUB_REPOSITORY" => "acme/policy",
            "GITHUB_RUN_ID" => "7",
            _ => return None,
        };
        Some(value.to_owned())
    };
    Forge::of(&variable)
}

/// A report of a commit on a forge.
fn on_forge(report: Report) -> Report {
    Report {
        commit: Some("c0ffee".to_owned()),
        base_commit: Some("0ddba11".to_owned()),
        forge: forge(),
        ..report
    }
}

/// The twelve situations in which a comment has to be good, by name.
fn situations() -> Vec<(&'static str, Report)> {
    let of = |changes| fixture::report("plan", vec![fixture::target(fixture::plan("t", changes, 3), 5)]);
    let with_cause = |mut changes: Vec<Change>, causes: &[Cause]| {
        changes.iter_mut().zip(causes).for_each(|(change, cause)| change.cause = *cause);
        changes
    };
    let rule = |n: usize| {
        format!(
            "permit (\n  principal == User::\"u{n}\",\n  action in [Action::\"ask\", Action::\"approve\"],\n  resource\n) when {{ context.minutes < {n} }};"
        )
    };
    let create = |n: usize| {
        let fields = vec![fixture::field("/rules", json!(null), json!(rule(n)))];
        fixture::change(Action::Create, ResourceId::new("t", "Policy", format!("rule {n}")), fields)
    };
    let text = |word: &str| (0..400).map(|n| format!("{word} {n}")).collect::<Vec<_>>().join("\n");
    let huge = vec![fixture::field("/text", json!(text("before")), json!(text("after")))];
    let wide = vec![fixture::field("/note", json!("x".repeat(400)), json!("y".repeat(400)))];
    let named =
        |name: &str, fields| fixture::change(Action::Update, ResourceId::new("t", "Policy", name), fields);
    let note = || vec![fixture::field("/note", json!("before"), json!("after"))];
    let mut thousand = updates(0..700, "after");
    thousand.extend(updates(700..701, "*"));
    thousand.extend(updates(701..1000, "after"));
    let mut refused = fixture::three_changes("plan");
    let refusal = Diagnostic::new(Code::GuardMaxDeletes, "1 delete is more than `max_deletes: 0`");
    refused.diagnostics.push(refusal.help("look at the plan; `--allow max-deletes` lets it through once"));
    vec![
        ("small", fixture::three_changes("plan")),
        ("drift", of(with_cause(updates(0..3, "after"), &[Cause::Declared, Cause::Drift, Cause::Drift]))),
        ("sixty", of((0..60).map(create).collect())),
        ("thousand", of(thousand)),
        (
            "delete",
            of(vec![Change {
                action: Action::Delete,
                before: json!({"priority": 7}),
                ..named("old", Vec::new())
            }]),
        ),
        ("errors", mistakes()),
        ("refusal", refused),
        ("conflict", fixture::every_outcome()),
        ("huge", of(vec![named("long", huge)])),
        ("wide", of(vec![named("wide", wide)])),
        (
            "names",
            of(vec![
                named("🧀 Käse", note()),
                named("שלום \u{202e}evil", note()),
                named("[x](y) <b> `c`", note()),
            ]),
        ),
        ("nothing", of(Vec::new())),
    ]
}

/// The same mistake in three files, and another one.
fn mistakes() -> Report {
    let at = |file: &str, line| Place { line, column: 11, width: 4, ..Place::start(file) };
    let same = |n| {
        let diagnostic = Diagnostic::new(Code::SchemaType, "`high` is not a number").help("write a number");
        diagnostic.at(at(&format!("policies/{n}.yaml"), 7))
    };
    let other =
        Diagnostic::new(Code::SchemaMissingField, "`name` is missing").at(at("policies/a)](x).yaml", 3));
    Report { diagnostics: vec![same(1), same(2), other, same(3)], ..fixture::report("plan", Vec::new()) }
}

/// `ENACT_WRITE_COMMENTS=FOLDER` keeps them, to be looked at in a browser.
#[test]
fn a_comment_is_whole_in_every_situation() {
    for (name, report) in situations() {
        let comment = render(&on_forge(report));
        if let Some(folder) = std::env::var_os("ENACT_WRITE_COMMENTS") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.md")), &comment).unwrap();
        }
        let structure = structure(&comment).concat();
        let count = |tag: &str| structure.matches(tag).count();
        assert_eq!(count("<details"), count("</details>"), "{name}: {comment}");
        assert!(
            comment.len() < 65_536 && comment.contains("\n---\n\nCommit [`c0ffee`]"),
            "{name}: {comment}"
        );
        assert!(comment.contains("base [`0ddba11`]"), "{name}: {comment}");
    }
}

#[test]
fn the_same_mistake_is_said_once_with_all_its_places() {
    let comment = render(&on_forge(mistakes()));
    let from = comment.find("####").unwrap();
    insta::assert_snapshot!(&comment[from..], @r###"
    #### 4 diagnostics

    - **error** `schema/type`, 3 times
      `` `high` is not a number ``
      Help: `write a number`
      at [`policies/1.yaml:7:11`](https://github.com/acme/policy/blob/c0ffee/policies/1.yaml#L7), at [`policies/2.yaml:7:11`](https://github.com/acme/policy/blob/c0ffee/policies/2.yaml#L7), at [`policies/3.yaml:7:11`](https://github.com/acme/policy/blob/c0ffee/policies/3.yaml#L7)
    - **error** `schema/missing-field` at [`policies/a)](x).yaml:3:11`](https://github.com/acme/policy/blob/c0ffee/policies/a%29%5D%28x%29.yaml#L3)
      `` `name` is missing ``

    ---

    Commit [`c0ffee`](https://github.com/acme/policy/commit/c0ffee), base [`0ddba11`](https://github.com/acme/policy/commit/0ddba11), [this run](https://github.com/acme/policy/actions/runs/7).
    "###);
}

#[test]
fn a_name_leads_to_the_line_that_declares_it() {
    let comment = render(&on_forge(fixture::three_changes("plan")));
    let old = "`Policy` [`Old syncs`](https://github.com/acme/policy/blob/c0ffee/policies/old.yaml#L5)";
    assert!(comment.contains(&format!("> - {old} on `analytics`")), "{comment}");
    assert!(comment.contains(&format!("**delete** {old}\n")), "{comment}");
    assert!(comment.contains("[this run](https://github.com/acme/policy/actions/runs/7)"), "{comment}");
}
