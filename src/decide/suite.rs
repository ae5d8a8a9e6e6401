//! Runs policy tests over the rules of one side of a target. Not here: what is wrong with a file of tests, in `check`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::file::{By, Expectation, ForAll, PolicyTests, Row, TestCase};
use super::{Answer, Asked, AskedSide, Context, RuleName, Verdict, text_of};
use crate::access::impact::Word;
use crate::access::pattern::Pattern;
use crate::access::question::{Question, Within};
use crate::access::rule::{Dimension, Effect};
use crate::diagnostic::Place;

/// How a test ended on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TestResult {
    /// The target, as enact.yaml names it.
    pub target: String,
    /// The side that was asked.
    pub against: AskedSide,
    /// The name of the test.
    pub name: String,
    /// The file that it is in.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// What should be so.
    pub expect: Expectation,
    /// How it ended.
    pub outcome: TestOutcome,
    /// How many requests were asked; null if it is about all of a sort.
    pub requests: Option<usize>,
    /// The requests that were not as expected; of all of a sort, one of them.
    pub failures: Vec<TestFailure>,
    /// The place of its name.
    #[serde(skip)]
    pub place: Place,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// Everything is as expected.
    Passed,
    /// Something is not.
    Failed,
    /// Of something nobody knows, and nothing is known to be wrong. It does not pass.
    Unknown,
}

/// A request that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TestFailure {
    /// Who asked, by the name in the file; null if the file does not name her.
    pub principal: Option<String>,
    /// What the request says: the subjects first. Empty if the search found none.
    pub request: Vec<Word>,
    /// What the target says of it.
    pub answer: Answer,
}

/// What a side said.
#[derive(Debug, Default)]
pub struct SideResults {
    /// How the tests ended, in the order of the file.
    pub results: Vec<TestResult>,
    /// The rules that decided a request.
    pub decided: BTreeSet<RuleName>,
}

/// Runs the tests of a file that has no mistakes.
#[must_use]
pub fn run(tests: &PolicyTests, asked: &Asked<'_>, against: AskedSide) -> SideResults {
    let mut side = SideResults::default();
    let result = |name: &str, at: String, expect, requests, failures: Vec<TestFailure>| {
        let place = tests.place(&format!("{at}/name"));
        let (file, line) = (place.file.clone(), place.line);
        let outcome = match failures.iter().map(|failure| failure.answer.effect).max() {
            None => TestOutcome::Passed,
            Some(None) => TestOutcome::Unknown,
            Some(Some(_)) => TestOutcome::Failed,
        };
        let (target, name) = (tests.tests.target.clone(), name.to_owned());
        TestResult { target, against, name, file, line, expect, outcome, requests, failures, place }
    };
    for (index, case) in tests.tests.tests.iter().enumerate() {
        let (requests, failures) = run_case(tests, case, asked, &mut side.decided);
        let at = format!("/tests/{index}");
        side.results.push(result(&case.name, at, case.expect, Some(requests), failures));
    }
    for (index, all) in tests.tests.for_all.iter().enumerate() {
        let failures = run_all(tests, all, asked).into_iter().collect();
        side.results.push(result(&all.name, format!("/for_all/{index}"), all.expect, None, failures));
    }
    side
}

fn run_case(
    tests: &PolicyTests,
    case: &TestCase,
    asked: &Asked<'_>,
    decided: &mut BTreeSet<RuleName>,
) -> (usize, Vec<TestFailure>) {
    let (mut requests, mut failures) = (0, Vec::new());
    for principal in &case.principals {
        let subjects = tests.tests.principals.get(principal).cloned().unwrap_or_default();
        for action in &case.actions {
            for resource in &case.resources {
                requests += 1;
                let question = question(&subjects, action, resource, case.tenant.as_deref(), &case.context);
                let answer = asked.answer(&question);
                decided.extend(answer.by.clone());
                if !is_expected(case, &answer) {
                    let principal = Some(principal.clone());
                    failures.push(TestFailure { principal, request: question.said(), answer });
                }
            }
        }
    }
    (requests, failures)
}

/// A request in the terms of the engine.
#[must_use]
pub fn question(
    subjects: &[String],
    action: &str,
    resource: &str,
    tenant: Option<&str>,
    context: &Context,
) -> Question {
    let mut words =
        BTreeMap::from([(Dimension::Action, action.to_owned()), (Dimension::Resource, resource.to_owned())]);
    words.extend(tenant.map(|tenant| (Dimension::Tenant, tenant.to_owned())));
    words.extend(keys(context));
    Question { subjects: subjects.to_vec(), words }
}

fn keys(context: &Context) -> impl Iterator<Item = (Dimension, String)> {
    context.iter().filter_map(|(key, value)| Some((Dimension::Key(key.clone()), text_of(value)?)))
}

fn is_expected(case: &TestCase, answer: &Answer) -> bool {
    let is_by = |By { object, rule }: &By| {
        answer.by.as_ref().is_some_and(|by| {
            *object == format!("{}/{}", by.kind, by.name) && (rule.is_none() || *rule == by.rule)
        })
    };
    match (answer.effect, case.expect) {
        (None, _) => false,
        (Some(effect), expect) => {
            (effect == Effect::Allowed) == (expect == Expectation::Allow) && case.by.iter().all(is_by)
        }
    }
}

fn run_all(tests: &PolicyTests, all: &ForAll, asked: &Asked<'_>) -> Option<TestFailure> {
    let (request, answer) = match asked.all(&boxes(tests, all, asked), all.expect == Expectation::Allow) {
        Verdict::Holds => return None,
        Verdict::Fails(request, answer) => (request, answer),
        Verdict::Unknown(request, reason) => (request, Answer::unknown(reason)),
    };
    Some(TestFailure { principal: all.principal.clone(), request, answer })
}

/// The requests that a test means, in each way to read the rules. What the system does not know as a pattern is left out:
/// the checks have reported it.
pub(super) fn boxes(tests: &PolicyTests, all: &ForAll, asked: &Asked<'_>) -> Vec<Within> {
    let named = all.principal.as_ref().and_then(|principal| tests.tests.principals.get(principal));
    let of = |reading: usize| {
        let scope = |(dimension, _, patterns): Row<'_>| {
            let pattern = |text: &String| asked.semantics().pattern(reading, &dimension, text).ok();
            let patterns = patterns.as_ref()?.iter().filter_map(pattern).collect();
            Some((dimension, patterns))
        };
        let mut scopes: BTreeMap<_, _> = all.rows().into_iter().filter_map(scope).collect();
        scopes.extend(keys(&all.context).map(|(key, value)| (key, vec![Pattern::literal(&value)])));
        Within {
            subjects: named.cloned(),
            scopes,
            except: all.except.rows().into_iter().filter_map(scope).collect(),
        }
    };
    (0..asked.readings()).map(of).collect()
}
