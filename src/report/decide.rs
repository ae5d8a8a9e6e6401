//! What the policies of a target decide, in words. What names and patterns say is untrusted, and each format makes it safe.

use super::access::scopes;
use super::content::{AnswerContent, TestContent, WhoContent};
use super::value::quoted;
use crate::access::impact::{Language, Scope, Word};
use crate::access::rule::{Dimension, Effect};
use crate::decide::file::Expectation;
use crate::decide::suite::{TestFailure, TestOutcome, TestResult};
use crate::decide::{Answer, AskedSide, NearRule, RuleName, Who};
use crate::words::{count, verb};

/// How many requests of one test, and how many rules, are shown.
const SHOWN: usize = 10;

/// What a test expects.
#[must_use]
pub fn expectation(expect: Expectation) -> &'static str {
    match expect {
        Expectation::Allow => "allow",
        Expectation::Deny => "deny",
    }
}

/// Where a test looked, if that is not what git declares.
#[must_use]
pub fn side(against: AskedSide) -> &'static str {
    match against {
        AskedSide::Declared => "",
        AskedSide::Live => " of what is live",
    }
}

/// A request that was not as expected, and what is said of it.
#[must_use]
pub fn failure(failure: &TestFailure) -> String {
    let TestFailure { principal, request, answer } = failure;
    if request.is_empty() {
        return answered(answer);
    }
    let who = principal.as_ref().map(|principal| format!(" ({principal})")).unwrap_or_default();
    format!("{}{who}: {}", self::request(request), answered(answer))
}

/// What a request says.
pub(super) fn request(words: &[Word]) -> String {
    let mut all: Vec<Scope> = Vec::new();
    for Word { dimension, word } in words {
        match all.iter_mut().find(|scope| scope.dimension == *dimension) {
            Some(scope) => scope.patterns.push(word.clone()),
            None => all.push(Scope { dimension: dimension.clone(), patterns: vec![word.clone()] }),
        }
    }
    scopes(&all, Language::Own)
}

/// What is said of a request, and by which rule.
pub(super) fn answered(answer: &Answer) -> String {
    let by = answer.by.as_ref().map(|by| format!(" by {}", rule(by))).unwrap_or_default();
    match answer.effect {
        Some(Effect::Allowed) => format!("allowed{by}"),
        Some(Effect::Denied) => format!("denied{by}"),
        Some(Effect::NotGranted) => "not allowed by any rule".to_owned(),
        None => format!("not known: {}", answer.reason.as_deref().unwrap_or("nothing is known of it")),
    }
}

/// A rule with its place.
pub(super) fn rule(rule: &RuleName) -> String {
    let RuleName { target: _, kind, name, rule, at: _, file, line } = rule;
    let own = rule.as_ref().map(|rule| format!(", {rule}")).unwrap_or_default();
    let place = match (file, line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ => " (not in git)".to_owned(),
    };
    format!("{kind} {}{own}{place}", quoted(name))
}

fn near(near: &NearRule) -> String {
    let NearRule { rule, denies, needs } = near;
    let would = match (denies, needs) {
        (true, _) => "would deny it",
        (false, Some(_)) => "would allow it",
        (false, None) => "allows it, and the deny wins",
    };
    let needs = needs.as_ref().map(|Scope { dimension, patterns }| {
        let what = match dimension {
            Dimension::Principal | Dimension::AlsoPrincipal => "who asks".to_owned(),
            Dimension::Action => "the action".to_owned(),
            Dimension::Resource => "the resource".to_owned(),
            Dimension::Tenant => "the tenant".to_owned(),
            Dimension::Key(key) => quoted(key),
        };
        format!(" if {what} were {}", super::access::any_of(patterns))
    });
    format!("{} {would}{}", self::rule(rule), needs.unwrap_or_default())
}

/// The answer to a question, and what almost decided it.
pub(super) fn answer_lines(content: &AnswerContent) -> Vec<String> {
    let AnswerContent { target: _, against: _, request, answer } = content;
    let Some(answer) = answer else { return Vec::new() };
    let word = match answer.effect {
        Some(Effect::Allowed) => "yes: ",
        Some(Effect::Denied | Effect::NotGranted) => "no: ",
        None => "",
    };
    let head = format!("{word}{}: {}", self::request(request), answered(answer));
    [head].into_iter().chain(answer.near.iter().map(|of| format!("  {}", near(of)))).collect()
}

/// Who is allowed something, one line each. Nothing if nobody was asked.
pub(super) fn who_lines(content: &WhoContent) -> Vec<String> {
    let WhoContent { target, against: _, request, who } = content;
    if who.is_empty() && target.is_some() {
        return vec![format!("nobody: no rule is about {}", self::request(request))];
    }
    let line = |Who { subject, answer }: &Who| {
        let subject = subject.as_deref().map_or_else(|| "everybody".to_owned(), super::access::term);
        format!("{subject}: {}", answered(answer))
    };
    who.iter().map(line).collect()
}

/// How a test ended, and below it each request that was not as expected.
pub(super) fn test_lines(result: &TestResult) -> Vec<String> {
    let TestResult { name, against, expect, outcome, requests, failures, .. } = result;
    let word = match outcome {
        TestOutcome::Passed => "ok",
        TestOutcome::Failed => "FAILED",
        TestOutcome::Unknown => "UNKNOWN",
    };
    let asked = match requests {
        Some(requests) => count(*requests, "request"),
        None => "all requests".to_owned(),
    };
    let head = format!("{word} {name} ({asked}{})", side(*against));
    let failed =
        |failure: &TestFailure| format!("  expected {}: {}", expectation(*expect), self::failure(failure));
    let shown = failures.iter().take(SHOWN).map(failed);
    let more = failures.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("  and {}", count(more, "more request")));
    [head].into_iter().chain(shown).chain(more).collect()
}

/// The rules that no test decided.
pub(super) fn undecided_lines(content: &TestContent) -> Vec<String> {
    let rules = content.undecided.len();
    if rules == 0 {
        return Vec::new();
    }
    let head =
        format!("{} {} decided no request of a test:", count(rules, "rule"), verb(rules, "has", "have"));
    let shown = content.undecided.iter().take(SHOWN).map(|of| format!("  {}: {}", of.target, rule(of)));
    let more = rules.saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("  and {more} more: JSON has them"));
    [head].into_iter().chain(shown).chain(more).collect()
}

/// How the tests ended, in a few words of our own.
pub(super) fn totals(content: &TestContent) -> String {
    let with = |outcome| content.tests.iter().filter(|test| test.outcome == outcome).count();
    let counts = [(with(TestOutcome::Failed), "failed"), (with(TestOutcome::Unknown), "unknown")];
    let others = counts.into_iter().filter(|(number, _)| *number > 0);
    let others: String = others.map(|(number, word)| format!(", {number} {word}")).collect();
    format!("{}: {} passed{others}", count(content.tests.len(), "test"), with(TestOutcome::Passed))
}
