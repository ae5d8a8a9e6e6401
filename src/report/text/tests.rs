//! What a terminal shows of a run.

use serde_json::{Value, json};

use super::super::{TargetReport, fixture};
use super::*;
use crate::access::impact::{Difference, Impact};
use crate::model::plan::{TargetAccess, TargetDifference};
use crate::text::is_deceptive;

const PLAIN: Style =
    Style { color: false, width: 80, wraps: false, verbose: false, quiet: false, summary: false };

fn shown(report: &Report) -> String {
    render(report, &PLAIN)
}

fn last_line(report: &Report) -> String {
    shown(report).lines().last().unwrap().to_owned()
}

#[test]
fn what_is_not_in_git_is_a_line_also_of_a_target_with_nothing_to_do() {
    let mut plan = fixture::plan("access", vec![], 14);
    let names = [("a", None), ("b", Some(false)), ("c\n", Some(true)), ("d", None), ("e", None), ("f", None)];
    plan.coverage = fixture::unmanaged("access", &names);
    insta::assert_snapshot!(shown(&fixture::report("plan", vec![fixture::target(plan, 31)])), @r#"
    access (polytomic, https://app.polytomic.com/): no changes, 14 unchanged
      6 live objects are not in git: Role "c\n" (new), Role "a", Role "b", Role "d", Role "e" and 1 more

    No changes. 14 objects are as declared (31 requests).
    "#);
}

#[test]
fn what_is_not_in_git_is_shown_whole_on_demand() {
    let mut plan = fixture::plan("access", vec![], 14);
    plan.coverage = fixture::unmanaged("access", &[("a", None)]);
    if let Coverage::Counted(counted) = &mut plan.coverage {
        counted.unmanaged[0].content = Some(json!({"priority": 7, "roles": ["x", "y"]}));
    }
    insta::assert_snapshot!(shown(&fixture::report("plan", vec![fixture::target(plan, 31)])), @r#"
    access (polytomic, https://app.polytomic.com/): no changes, 14 unchanged
      75 % in git: 3 declared, 1 never declared, 1 of the system itself (counted: Role; not counted: Policy)
      1 live object is not in git:
        Role "a"
            priority: 7
            roles:
              "x"
              "y"

    No changes. 14 objects are as declared (31 requests).
    "#);
}

/// An apply that went well, with what its second plan finds.
fn all_applied(verified: TargetPlan) -> Report {
    let mut report = fixture::three_changes("apply");
    let target = report.targets.remove(0);
    report.targets.insert(0, fixture::ended(target, vec![Outcome::applied(); 3], verified));
    report
}

#[test]
fn nothing_to_do_is_one_quiet_line_and_a_sum() {
    let report = fixture::report("plan", vec![fixture::target(fixture::plan("access", vec![], 14), 31)]);
    insta::assert_snapshot!(shown(&report), @r#"
    access (polytomic, https://app.polytomic.com/): no changes, 14 unchanged

    No changes. 14 objects are as declared (31 requests).
    "#);
}

#[test]
fn a_plan_shows_each_field_that_differs() {
    insta::assert_snapshot!(shown(&fixture::three_changes("plan")), @r#"
    analytics (polytomic, https://app.polytomic.com/)
      + create Role "Warehouse operators"
          + name: "Warehouse operators"
      ~ update Policy "Warehouse syncs"
          ~ policy_actions.read.roles:
          -   "Admin"
          +   "Warehouse operators"
          ~ priority: 100 -> 200
          ~ text: |
              permit(
                a,
          -     b
          +     c
              );
      - delete Policy "Old syncs"
          - policy_actions:
          -   - action: "read"
          -     roles:
          -       - "Admin"
          - priority: 7
        skipped Role "Admin": the system manages it itself

    access (polytomic, https://app.polytomic.com/): no changes, 10 unchanged

    Plan: 1 to create, 1 to update, 1 to delete, 12 unchanged, 1 skipped (31 requests).
    "#);
}

#[test]
fn with_verbose_the_requests_are_shown() {
    let text = render(&fixture::three_changes("plan"), &Style { verbose: true, ..PLAIN });
    let from = text.find("      PUT").unwrap();
    let to = text.find("  - delete").unwrap();
    insta::assert_snapshot!(&text[from..to], @r#"
    PUT /api/permissions/policies/(known after apply)
      {
        "name": "Warehouse syncs",
        "policy_actions": [
          {
            "action": "read",
            "role_ids": [
              "(known after apply)"
            ]
          }
        ]
      }
    "#);
}

#[test]
fn before_apply_asks_it_shows_the_plan() {
    assert_eq!(shown(&fixture::three_changes("apply")), shown(&fixture::three_changes("plan")));
}

#[test]
fn after_apply_each_change_says_how_it_ended() {
    insta::assert_snapshot!(shown(&fixture::every_outcome()), @r#"
    analytics (polytomic, https://app.polytomic.com/)
      ~ update Policy "a": applied
      ~ update Policy "b": conflict: it is gone
      ~ update Policy "c": failed: 409 Conflict
      ~ update Policy "d": unknown: the connection was lost
      ~ update Policy "e": not attempted: deletes wait
      still not as declared after apply:
      ~ update Policy "c"

    Applied 1 of 5 changes, 1 conflict, 1 failed, 1 unknown, 1 not attempted; 1 change remains (40 requests).
    "#);
}

#[test]
fn an_apply_that_converged_says_so() {
    let report = all_applied(fixture::plan("analytics", vec![], 5));
    insta::assert_snapshot!(shown(&report), @r#"
    analytics (polytomic, https://app.polytomic.com/)
      + create Role "Warehouse operators": applied
      ~ update Policy "Warehouse syncs": applied
      - delete Policy "Old syncs": applied
        skipped Role "Admin": the system manages it itself

    access (polytomic, https://app.polytomic.com/): no changes, 10 unchanged

    Applied 3 of 3 changes; live state is as declared (31 requests).
    "#);
}

#[test]
fn an_apply_that_could_not_be_verified_says_so() {
    let incomplete = TargetPlan { incomplete: true, ..fixture::plan("analytics", vec![], 5) };
    assert_eq!(
        last_line(&all_applied(incomplete)),
        "Applied 3 of 3 changes; it is not known whether live state is as declared (31 requests)."
    );
}

#[test]
fn a_target_that_apply_did_not_get_to_is_never_shown_as_done() {
    let mut report = all_applied(fixture::plan("analytics", vec![], 5));
    let TargetReport { plan, requests, .. } = fixture::incomplete().targets.remove(0);
    report.targets.push(fixture::target(plan, requests));
    let text = shown(&report);
    assert!(text.contains("nothing is written to this target: it could not be read in full\n"), "{text}");
    assert!(text.contains("\"Old syncs\": not attempted: it could not be read in full\n"), "{text}");
    assert_eq!(
        last_line(&report),
        "Applied 3 of 4 changes, 1 not attempted; it is not known whether live state is as declared (34 requests)."
    );
}

#[test]
fn an_incomplete_plan_is_never_no_changes() {
    let mut report = fixture::incomplete();
    report.targets[0].plan.changes.clear();
    insta::assert_snapshot!(shown(&report), @r#"
    analytics (polytomic, https://app.polytomic.com/)
      nothing is written to this target: it could not be read in full

    Incomplete, not everything could be read; nothing is written. Plan: 1 unchanged (3 requests).
    "#);
}

#[test]
fn a_run_that_ended_before_its_targets_says_no_more_than_that_all_is_valid() {
    assert_eq!(shown(&fixture::invalid()), "");
    let valid = fixture::report("validate", vec![]);
    assert_eq!(shown(&valid), "3 manifests are valid.\n");
    assert_eq!(render(&valid, &Style { quiet: true, ..PLAIN }), "");
}

#[test]
fn who_said_no_is_not_shown_the_plan_again() {
    let report = Report { ending: Ending::Declined, ..fixture::three_changes("apply") };
    assert_eq!((shown(&report).as_str(), report.exit()), ("Nothing was written.\n", Exit::Failure));
}

#[test]
fn a_new_object_is_cut_with_counts_unless_all_is_asked_for() {
    let id = crate::model::resource::ResourceId::new("t", "Rule", "r");
    let text = (0..30).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
    let fields = vec![
        fixture::field("/a", Value::Null, json!(text)),
        fixture::field("/b", Value::Null, json!("x".repeat(500))),
    ];
    let change = fixture::change(Action::Create, id, fields);
    let report = fixture::report("plan", vec![fixture::target(fixture::plan("t", vec![change], 0), 1)]);
    let brief = render(&report, &Style { wraps: true, ..PLAIN });
    assert!(brief.contains("      +   ... 15 more lines\n"), "{brief}");
    assert!(brief.contains("(433 more characters)\n"), "{brief}");
    let piped = shown(&report);
    assert!(piped.contains("... 15 more lines\n") && piped.contains(&"x".repeat(500)), "{piped}");
    let whole = render(&report, &Style { verbose: true, ..PLAIN });
    assert!(whole.contains("+   line 29\n") && whole.contains(&"x".repeat(500)), "{whole}");
}

#[test]
fn colours_are_used_only_on_request() {
    let report = fixture::three_changes("plan");
    let colored = render(&report, &Style { color: true, ..PLAIN });
    assert!(colored.contains("\u{1b}[32m+ create\u{1b}[0m Role"), "{colored:?}");
    assert!(!shown(&report).contains('\u{1b}'));
}

#[test]
fn hostile_text_cannot_drive_the_terminal_or_start_a_line() {
    let text = shown(&fixture::hostile("\u{1b}[2J\rPlan: all is well\n\u{202e}"));
    assert!(!text.chars().any(|c| c != '\n' && is_deceptive(c)), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("Plan:")), "{text}");
    for report in fixture::hostile_contents("\u{1b}[2J\rPlan: all is well\u{202e}") {
        let text = shown(&report);
        assert!(!text.chars().any(|c| c != '\n' && is_deceptive(c)), "{text}");
    }
}

#[test]
fn what_a_definition_says_is_shown_with_what_was_found() {
    let checks = fixture::hostile_contents("x").remove(6);
    assert_eq!(shown(&checks), "x\n  ok x: x (defined: x)\n  NO x: x (defined: x)\n");
    let sound = fixture::hostile_contents("a.yaml").remove(5);
    assert_eq!(shown(&sound), "`a.yaml` is sound.\n");
}

#[test]
fn what_changes_mean_is_said_below_each_and_summed_up() {
    let mut report = fixture::three_changes("plan");
    let plan = &mut report.targets[0].plan;
    let ids: Vec<_> = plan.changes.iter().map(|change| change.id.clone()).collect();
    let impacts =
        [Impact::Known(Difference::default()), fixture::impact("a b"), Impact::Unknown("why".to_owned())];
    plan.access = AccessVerdicts::Known(ids.into_iter().zip(impacts).collect());
    let text = shown(&report);
    let said =
        |label: &str| text.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap_or_default();
    assert_eq!(said("EQUIVALENT"), "  no request is treated in another way");
    assert_eq!(
        said("MORE PERMISSIVE"),
        "  \"a b\" on \"a b\" with \"a b\" \"a b\" if a b, except \"a b\" on \"a b\" with \"a b\" \"a b\" and 1 more, no longer denied, through a b"
    );
    assert!(said("POSSIBLY LESS PERMISSIVE").contains("now denied"), "{text}");
    assert!(said("DEPENDS").starts_with("  a b: \"a b\" -> null, "), "{text}");
    assert_eq!(said("MORE  "), "differences like these");
    assert_eq!(said("UNKNOWN"), "  why");
    assert_eq!(last_line(&report), "access: 1 both wider and narrower, 1 equivalent, 1 unknown");
}

#[test]
fn what_a_plan_means_for_a_whole_target_is_one_line() {
    let mut report = fixture::three_changes("plan");
    let mut said = |access| {
        report.targets[0].plan.target_access = access;
        let text = shown(&report);
        text.lines().filter_map(|line| line.strip_prefix("  access of analytics: ")).collect::<String>()
    };
    assert_eq!(
        said(fixture::target_access("a b")),
        "MORE PERMISSIVE  for example \"a b\" on \"a b\" with \"a b\" \"a b\": denied by \"a b\" (a b:7) -> not granted"
    );
    assert_eq!(said(TargetAccess::Unknown("why".to_owned())), "UNKNOWN  why");
    assert_eq!(
        said(TargetAccess::Known(TargetDifference::default())),
        "EQUIVALENT  no request is treated in another way"
    );
    assert!(said(TargetAccess::OnlyDeclared).starts_with("LEFT OUT  "));
    assert_eq!(said(TargetAccess::LeftOut), "");
}

#[test]
fn a_target_whose_objects_nobody_can_read_says_so_once() {
    let mut report = fixture::three_changes("plan");
    report.targets[0].plan.access = AccessVerdicts::NoSemantics;
    let said = shown(&report).matches(access::NO_SEMANTICS).count();
    assert_eq!((said, shown(&report).contains("\naccess:")), (1, false));
}
