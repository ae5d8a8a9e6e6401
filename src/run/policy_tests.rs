//! Policy tests on the road: their files are checked with the manifests, and run over what git declares or what is live.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::target::Config;
use crate::decide::file::{PolicyTests, is_test};
use crate::decide::suite::{self, SideResults, TestFailure, TestOutcome, TestResult};
use crate::decide::{self, Asked, AskedSide, check};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Files;
use crate::model::state::Desired;
use crate::report::content::TestContent;
use crate::report::decide as words;
use crate::run::asked;
use crate::run::project::{Connected, Project};
use crate::words::count;

/// Reads the files of tests. Whether their words mean anything is checked only where the manifests are sound.
pub(super) fn read(files: &Files, diagnostics: &mut Vec<Diagnostic>) -> Vec<PolicyTests> {
    let tests = files.iter().filter(|(file, _)| is_test(file));
    tests.flat_map(|(file, text)| PolicyTests::read(file, text, diagnostics)).collect()
}

/// What is wrong with tests.
pub(super) fn check<'d>(
    tests: &[PolicyTests],
    config: &Config,
    desired: impl Fn(&str) -> Option<&'d Desired>,
) -> Vec<Diagnostic> {
    let names = config.targets.iter().map(|target| target.config.name.as_str());
    // The rules of a target are the same for all of its files.
    let mut known = BTreeMap::new();
    let wrong = |tests: &PolicyTests| {
        let name = match check::target(tests, names.clone()) {
            Ok(name) => name,
            Err(diagnostic) => return vec![diagnostic],
        };
        let target = config.targets.iter().find(|target| target.config.name == name);
        let Some((target, desired)) = target.zip(desired(name)) else { return Vec::new() };
        let asked =
            known.entry(name).or_insert_with(|| decide::declared(name, target.system.as_ref(), desired));
        match asked {
            Some(asked) => check::check(tests, asked, desired),
            None => vec![check::unanswerable(tests, &target.config.system)],
        }
    };
    tests.iter().flat_map(wrong).collect()
}

/// Runs the tests of the targets of this run over what git declares.
pub fn declared(project: &Project, content: &mut TestContent) {
    for intent in project.intents() {
        if let Some(asked) = asked::declared(&intent) {
            run(project, &intent.target.config.name, &asked, AskedSide::Declared, content);
        }
    }
}

/// Runs the tests of a target over what it holds; or says what could not be read. Only reads are sent.
pub async fn live(project: &Project, at: &Connected<'_>, content: &mut TestContent) -> Vec<Diagnostic> {
    match asked::live(at, "its tests were not run; run again").await {
        Err(unread) => return unread,
        Ok(Some(asked)) => run(project, &at.intent.target.config.name, &asked, AskedSide::Live, content),
        Ok(None) => {}
    }
    Vec::new()
}

fn run(project: &Project, target: &str, asked: &Asked<'_>, against: AskedSide, content: &mut TestContent) {
    let mut decided = BTreeSet::new();
    let own: Vec<_> = project.tests.iter().filter(|tests| tests.tests.target == target).collect();
    for tests in &own {
        let SideResults { results, decided: by } = suite::run(tests, asked, against);
        content.tests.extend(results);
        decided.extend(by);
    }
    // Both sides have nearly the same rules.
    let is_told = content.tests.iter().any(|test| test.target == target && test.against != against);
    if !own.is_empty() && !is_told {
        content.undecided.extend(asked.rules().difference(&decided).cloned());
    }
}

/// The tests that did not pass, each at its place.
#[must_use]
pub fn diagnostics(content: &TestContent) -> Vec<Diagnostic> {
    content.tests.iter().filter_map(diagnostic).collect()
}

fn diagnostic(result: &TestResult) -> Option<Diagnostic> {
    let code = match result.outcome {
        TestOutcome::Passed => return None,
        TestOutcome::Failed => Code::TestFailed,
        TestOutcome::Unknown => Code::TestUnknown,
    };
    let is_known = |failure: &&TestFailure| failure.answer.effect.is_some();
    let failure = result.failures.iter().find(is_known).or_else(|| result.failures.first())?;
    let more = match result.failures.len() - 1 {
        0 => String::new(),
        more => format!(" ({})", count(more, "more request")),
    };
    let message = format!(
        "expected {}{}: {}{more}",
        words::expectation(result.expect),
        words::side(result.against),
        words::failure(failure)
    );
    let help = match result.outcome {
        TestOutcome::Unknown => {
            "ask the live side with `--against live`, declare what is missing, or ask more narrowly"
        }
        TestOutcome::Passed | TestOutcome::Failed => "correct the policy, or the test if it is wrong",
    };
    Some(Diagnostic::new(code, message).at(result.place.clone()).about(&result.name).help(help))
}
