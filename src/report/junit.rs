//! JUnit XML, which most CI systems show as tests: the run itself, each diagnostic, and each object of each target. A test
//! fails if what it is about keeps the exit code from being 0.

use std::collections::BTreeSet;

use super::content::Content;
use super::value::quoted;
use super::{Ending, Exit, Report, TargetReport, decide, labels, summary};
use crate::decide::AskedSide;
use crate::decide::suite::{TestOutcome, TestResult as PolicyTest};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::model::change::Change;
use crate::model::outcome::Outcome;
use crate::model::plan::{Held, OnlyObserved, Skipped};
use crate::model::resource::ResourceId;
use crate::text::html::{Markup, Tag};
use crate::text::inert::Inert;

/// The report as a document.
pub fn render(report: &Report) -> Inert {
    let suites: Vec<_> = std::iter::once(of_run(report))
        .chain(report.targets.iter().map(|target| of_target(report, target)))
        .chain(of_tests(report))
        .collect();
    let mut page = Markup::default();
    let all = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>().to_string();
    let (tests, failures, skipped) =
        (all(|suite| suite.tests.len()), all(Suite::failures), all(Suite::skipped));
    let root = Tag::new("testsuites").with("name", "enact").with("tests", &tests).with("failures", &failures);
    page.block(root.with("skipped", &skipped).with("errors", "0"), |page| {
        suites.iter().for_each(|suite| suite.render(page));
    });
    Inert::markup(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", page.text()))
}

/// Tests that belong together.
struct Suite {
    name: String,
    tests: Vec<Test>,
}

struct Test {
    /// Where it is written, if that is known.
    place: Option<(String, usize)>,
    class: String,
    name: String,
    result: TestResult,
}

enum TestResult {
    /// What is to be said of it all the same; empty if nothing is.
    Passed(String),
    /// Its sort, and what is wrong.
    Failed(&'static str, String),
    /// Why.
    Skipped(String),
}

impl Suite {
    fn failures(&self) -> usize {
        self.tests.iter().filter(|test| matches!(test.result, TestResult::Failed(..))).count()
    }

    fn skipped(&self) -> usize {
        self.tests.iter().filter(|test| matches!(test.result, TestResult::Skipped(_))).count()
    }

    fn render(&self, page: &mut Markup) {
        let [tests, failures, skipped] =
            [self.tests.len(), self.failures(), self.skipped()].map(|number| number.to_string());
        let suite = Tag::new("testsuite").with("name", &self.name).with("tests", &tests);
        page.block(suite.with("failures", &failures).with("skipped", &skipped).with("errors", "0"), |page| {
            self.tests.iter().for_each(|test| test.render(page));
        });
    }
}

impl Test {
    fn render(&self, page: &mut Markup) {
        let Self { place, class, name, result } = self;
        let tag = Tag::new("testcase").with("classname", class).with("name", name);
        let tag = place
            .iter()
            .fold(tag, |tag, (file, line)| tag.with("file", file).with("line", &line.to_string()));
        page.block(tag, |page| match result {
            TestResult::Passed(note) if note.is_empty() => {}
            TestResult::Passed(note) => page.line(Tag::new("system-out"), note),
            TestResult::Failed(sort, why) => {
                page.line(Tag::new("failure").with("type", sort).with("message", why), why);
            }
            TestResult::Skipped(why) => page.line(Tag::new("skipped").with("message", why), ""),
        });
    }
}

/// The run as a whole, and what is wrong with it.
fn of_run(report: &Report) -> Suite {
    let name = format!("enact {}", report.command).trim_end().to_owned();
    let sentence = summary::sentence(report);
    let result = match report.exit() {
        Exit::Done => TestResult::Passed(sentence),
        Exit::Pending => TestResult::Failed("pending", sentence),
        _ => TestResult::Failed("run", sentence),
    };
    let run = Test { place: None, class: name.clone(), name: summary::headline(report), result };
    // A policy test is a test of its own.
    let is_other =
        |diagnostic: &&Diagnostic| !matches!(diagnostic.code, Code::TestFailed | Code::TestUnknown);
    let diagnostics = summary::diagnostics(report).into_iter().filter(is_other).map(of_diagnostic);
    Suite { name, tests: std::iter::once(run).chain(diagnostics).collect() }
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Test {
    let Diagnostic { severity, code, message, place, subject, help, private: _, cause: _ } = diagnostic;
    let at = place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
    let help = help.as_ref().map(|help| format!("; help: {help}")).unwrap_or_default();
    let text = format!("{message}{help}");
    let result = match severity {
        Severity::Error => TestResult::Failed(code.text(), text),
        Severity::Warning => TestResult::Passed(text),
    };
    let name = at.as_ref().or(subject.as_ref()).map_or("", String::as_str).to_owned();
    Test { place: place.as_ref().map(line_of), class: code.text().to_owned(), name, result }
}

fn of_target(report: &Report, target: &TargetReport) -> Suite {
    let ended = summary::was_attempted(report);
    let changes = target.changes().map(|(change, outcome)| {
        let outcome = ended.then(|| labels::ended(target, outcome));
        let test = of_object(&change.id, of_change(report.ending, change, outcome.as_deref()));
        Test { place: target.plan.places.get(&change.id).map(line_of), ..test }
    });
    let plan = &target.plan;
    let unchanged = plan.unchanged.iter().map(|id| of_object(id, TestResult::Passed(String::new())));
    let skipped = plan
        .skipped
        .iter()
        .map(|skipped @ Skipped { id, .. }| of_object(id, TestResult::Skipped(labels::reason(skipped))));
    let held = plan.held.iter().map(|Held { id, until, reason, change: _ }| {
        of_object(id, TestResult::Skipped(format!("held until {until}: {reason}")))
    });
    let observed = plan.observed.iter().map(|OnlyObserved { lifecycle, change }| {
        let why = format!("it differs; lifecycle: {}", labels::lifecycle(*lifecycle));
        of_object(&change.id, TestResult::Skipped(why))
    });
    let remaining = target.verified().into_iter().flat_map(|plan| &plan.changes).map(|change| {
        of_object(&change.id, TestResult::Failed("remaining", "still not as declared after apply".to_owned()))
    });
    let tests =
        changes.chain(unchanged).chain(skipped).chain(held).chain(observed).chain(remaining).collect();
    Suite { name: plan.target.clone(), tests }
}

/// The policy tests of a run, target by target.
fn of_tests(report: &Report) -> Vec<Suite> {
    let Content::Test(content) = &report.content else { return Vec::new() };
    let targets: BTreeSet<_> = content.tests.iter().map(|test| &test.target).collect();
    let suite = |target: &String| {
        let tests = content.tests.iter().filter(|test| test.target == *target).map(of_test);
        Suite { name: format!("{target} policy tests"), tests: tests.collect() }
    };
    targets.into_iter().map(suite).collect()
}

fn of_test(test: &PolicyTest) -> Test {
    let mut lines = decide::test_lines(test).into_iter();
    let head = lines.next().unwrap_or_default();
    let why = lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("; ");
    let result = match test.outcome {
        TestOutcome::Passed => TestResult::Passed(head),
        TestOutcome::Failed => TestResult::Failed("policy", why),
        TestOutcome::Unknown => TestResult::Failed("unknown", why),
    };
    let class = match test.against {
        AskedSide::Declared => format!("{}.declared", test.target),
        AskedSide::Live => format!("{}.live", test.target),
    };
    Test { place: Some((test.file.clone(), test.line)), class, name: test.name.clone(), result }
}

fn of_object(id: &ResourceId, result: TestResult) -> Test {
    Test { place: None, class: format!("{}.{}", id.target, id.kind), name: id.name.clone(), result }
}

fn line_of(place: &Place) -> (String, usize) {
    (place.file.clone(), place.line)
}

fn of_change(ending: Ending, change: &Change, outcome: Option<&Outcome>) -> TestResult {
    let cause = labels::cause(change.cause).map(|cause| format!(" ({cause})")).unwrap_or_default();
    let what = format!("{} {}{cause}", labels::action(change.action), quoted(&change.id.name));
    match (outcome, ending) {
        (Some(outcome), _) if outcome.is_applied() => TestResult::Passed(format!("{what}: applied")),
        (Some(outcome), _) => {
            let reason = outcome.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
            TestResult::Failed(outcome.result().as_str(), format!("{what}{reason}"))
        }
        (None, Ending::Done) => TestResult::Passed(what),
        (None, Ending::Pending | Ending::Declined | Ending::No) => TestResult::Failed("pending", what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn failures(text: &str) -> Vec<(String, String)> {
        let page = roxmltree::Document::parse(text).unwrap();
        let failed = page.descendants().filter(|node| node.has_tag_name("failure"));
        let of = |node: roxmltree::Node<'_, '_>| {
            let name = node.parent().and_then(|test| test.attribute("name")).unwrap();
            (name.to_owned(), node.attribute("type").unwrap().to_owned())
        };
        failed.map(of).collect()
    }

    #[test]
    fn what_is_wrong_is_a_test_that_fails() {
        assert_eq!(failures(&render(&fixture::three_changes("plan"))), []);
        let of = |name: &str, sort: &str| (name.to_owned(), sort.to_owned());
        let invalid = [of("invalid, 1 error", "run"), of("policies/a.yaml:7:11", "schema/type")];
        assert_eq!(failures(&render(&fixture::invalid())), invalid);
        let failed: Vec<_> = failures(&render(&fixture::every_outcome())).into_iter().skip(1).collect();
        let expected = [("b", "conflict"), ("c", "failed"), ("d", "unknown"), ("e", "not attempted")];
        let expected: Vec<_> = expected.into_iter().chain([("c", "remaining")]).collect();
        assert_eq!(failed, expected.into_iter().map(|(name, sort)| of(name, sort)).collect::<Vec<_>>());
        let pending = Report { ending: Ending::Pending, ..fixture::three_changes("plan") };
        assert_eq!(failures(&render(&pending)).len(), 4, "the run and its three changes");
    }

    #[test]
    fn the_counts_are_those_of_the_tests_and_any_text_is_xml() {
        let hostile = "</testcase>\"'&]]>\u{0}\u{fffe}\u{ffff}\n\t<!--";
        let reports = [fixture::hostile(hostile), fixture::three_changes("plan"), fixture::every_outcome()];
        for report in reports.into_iter().chain(fixture::hostile_contents(hostile)) {
            let text = render(&report);
            let page = roxmltree::Document::parse(&text).unwrap();
            let all =
                |name: &str| page.descendants().filter(|node| node.has_tag_name(name)).count().to_string();
            let said = |name| page.root_element().attribute(name).unwrap().to_owned();
            assert_eq!((said("tests"), said("failures")), (all("testcase"), all("failure")), "{}", &*text);
            assert_eq!(said("skipped"), all("skipped"));
            let fails = all("failure") != "0";
            assert_eq!(fails, report.exit() != Exit::Done, "{}", &*text);
        }
    }
}
