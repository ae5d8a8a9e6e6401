//! What it costs to say what a change means, over rules like those of mycloud. Each row is a process of its own, so that
//! its memory is its own.
//!
//! ```text
//! cargo bench --bench access
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use enact::access::budget::Budget;
use enact::access::impact::{Impact, Reading, Verdict, compare};
use enact::access::pattern::Pattern;
use enact::access::rule::{Dimension, Rule, RuleSet};

const ROUNDS: usize = 5;
const NUMBERS: [usize; 3] = [100, 1_000, 3_000];
/// The variable that makes a process one row, such as `1000 one statement is wider`.
const ROW: &str = "ENACT_BENCH_ROW";

/// A row: what changes, the change, and whether it means nothing.
type Row = (&'static str, fn(&[Rule]) -> Vec<Rule>, bool);

const ROWS: [Row; 5] = [
    ("all are in another order", |rules| rules.iter().rev().cloned().collect(), true),
    ("one statement is wider", |rules| with(rules, 1), false),
    ("five statements are others", |rules| with(rules, 5), false),
    ("a deny is gone", without_deny, false),
    ("every statement is split", |rules| rules.iter().flat_map(split).collect(), true),
];

/// From 1 to 4 actions on 1 to 3 resources, one in eight with a condition, and one in eight a deny.
fn rules(number: usize) -> Vec<Rule> {
    const VERBS: [&str; 7] = ["Get*", "Put*", "List*", "Delete*", "GetObject", "PutObject", "*"];
    let rule = |at: usize| {
        let action = |n: usize| {
            let verb = VERBS.get((at * 31 + n) % VERBS.len()).unwrap();
            Pattern::glob_with_one(&format!("s{}:{verb}", (at + n) % 20))
        };
        let resource = |n: usize| match (at + n) % 3 {
            0 => Pattern::glob_with_one(&format!("bucket-{}/home/{n}/*", at / 2)),
            1 => Pattern::glob_with_one(&format!("bucket-{at}/*")),
            _ => Pattern::glob_with_one(&format!("bucket-{at}/data-{n}.csv")),
        };
        let mut rule = Rule::new(at % 8 == 7)
            .on(Dimension::Action, (0..1 + at % 4).map(action).collect())
            .on(Dimension::Resource, (0..1 + at % 3).map(resource).collect());
        if at % 8 == 3 {
            rule =
                rule.on(Dimension::Key("prefix".to_owned()), vec![Pattern::literal(&format!("p{}", at % 5))]);
        }
        rule
    };
    (0..number).map(rule).collect()
}

/// So many statements in the middle get all of the buckets that begin alike.
fn with(rules: &[Rule], number: usize) -> Vec<Rule> {
    let mut rules = rules.to_vec();
    let middle = rules.len() / 2;
    for (at, rule) in rules.iter_mut().enumerate().skip(middle).filter(|(_, rule)| !rule.denies).take(number)
    {
        *rule = rule.clone().on(Dimension::Resource, vec![Pattern::glob_with_one(&format!("bucket-{at}*"))]);
    }
    rules
}

fn without_deny(rules: &[Rule]) -> Vec<Rule> {
    let middle = rules.len() / 2;
    let at = rules.iter().enumerate().skip(middle).find(|(_, rule)| rule.denies).map(|(at, _)| at);
    rules.iter().enumerate().filter(|(other, _)| Some(*other) != at).map(|(_, rule)| rule.clone()).collect()
}

/// A statement as one for each of its actions, the first of them also one for each resource.
fn split(rule: &Rule) -> Vec<Rule> {
    let of = |dimension| rule.scopes.get(&dimension).cloned().unwrap_or_default();
    let mut rules = Vec::new();
    for (at, action) in of(Dimension::Action).into_iter().enumerate() {
        let one = rule.clone().on(Dimension::Action, vec![action]);
        if at == 0 {
            let resources = of(Dimension::Resource).into_iter();
            rules.extend(resources.map(|on| one.clone().on(Dimension::Resource, vec![on])));
        } else {
            rules.push(one);
        }
    }
    rules
}

fn reading(rules: Vec<Rule>) -> Vec<Reading> {
    vec![Reading { assumes: "", rules: RuleSet { rules, ..RuleSet::default() } }]
}

/// The best time of some rounds, the most memory in MB, and the verdict.
fn measured(number: usize, change: fn(&[Rule]) -> Vec<Rule>) -> (Duration, u64, Verdict) {
    let before = rules(number);
    let after = change(&before);
    let (before, after) = (reading(before), reading(after));
    let round = |_| {
        let began = Instant::now();
        let impact: Impact = compare(&before, &after, &mut Budget::default());
        (began.elapsed(), impact.verdict())
    };
    let (time, verdict) = (0..ROUNDS).map(round).min().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    let kib = peak.and_then(|peak| peak.parse::<u64>().ok()).unwrap_or_default();
    (time, kib / 1024, verdict)
}

fn main() {
    if let Ok(row) = std::env::var(ROW) {
        let (number, row) = row.split_once(' ').unwrap();
        let number = number.parse().unwrap();
        let (_, change, is_same) = ROWS.iter().find(|(name, ..)| *name == row).unwrap();
        let (time, mib, verdict) = measured(number, *change);
        let is_right = verdict == Verdict::Unknown || (verdict == Verdict::Equivalent) == *is_same;
        assert!(is_right, "{row}: {verdict:?}");
        let time = time.as_secs_f64() * 1e3;
        return println!("| {number} | {row} | {time:.1} ms | {mib} MB | {verdict:?} |");
    }
    println!("| statements | change | time | memory | verdict |\n|---|---|---|---|---|");
    for (number, (row, ..)) in NUMBERS.iter().flat_map(|number| ROWS.iter().map(move |row| (number, row))) {
        let program = std::env::current_exe().unwrap();
        let output = Command::new(program).env(ROW, format!("{number} {row}")).output().unwrap();
        assert!(output.status.success(), "{row}: {}", String::from_utf8_lossy(&output.stderr));
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
}
