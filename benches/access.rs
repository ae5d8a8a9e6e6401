//! What it costs to say what a change means, over rules like those of mycloud. Each row is a process of its own, so that
//! its memory is its own. Then what it costs in whole plans, as a share of the same plan that says nothing of access, and
//! what its warnings cost in `validate`.
//!
//! ```text
//! cargo bench --bench access
//! cargo bench --bench access plans
//! cargo bench --bench access lints
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
use enact::decide::lint;
use enact::plan::input::PlanOptions;
use serde_json::{Value, json};

mod world;

const ROUNDS: usize = 5;
/// How many files `validate` is asked about.
const FILES: usize = 10_000;
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
    let is_asked = |for_what: &str| std::env::args().any(|argument| argument == for_what);
    match (is_asked("plans"), is_asked("lints")) {
        (true, _) => return plans(),
        (_, true) => return lints(),
        (false, false) => {}
    }
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
    plans();
    lints();
}

/// What `validate` of so many files takes, without its warnings about access and with them.
fn lints() {
    println!("\n| system | files | without lints | with them | more |\n|---|---|---|---|---|");
    for (system, policy) in SYSTEMS.into_iter().chain([("jitsudo", of_jitsudo as Policy)]) {
        let config = world::config(system);
        let files = world::files((0..FILES).map(|index| manifest(system, policy, index, Edit::No)));
        let target = config.targets.first().unwrap();
        let desired = world::desired(&config, &files);
        let best = |what: &dyn Fn()| {
            let round = |_| {
                let began = Instant::now();
                what();
                began.elapsed()
            };
            (0..ROUNDS).map(round).min().unwrap().as_secs_f64() * 1e3
        };
        let without = best(&|| assert_eq!(world::desired(&config, &files).len(), FILES));
        let lint = best(&|| assert!(lint::lint("t", target.system.as_ref(), &desired).is_empty()));
        let (with, more) = (without + lint, lint / without * 100.0);
        println!("| {system} | {FILES} | {without:.1} ms | {with:.1} ms | {more:.1} % |");
    }
}

fn of_jitsudo(index: usize, _: Edit) -> Value {
    let rule = |effect: &str, until: usize| {
        let resource = format!("resource == AwsPermissionSet::\"p{index}\"");
        let text = format!(
            "{effect} (principal, action == Action::\"ask\", {resource}) when {{ context.seconds > {until} }};"
        );
        json!({"policy_text": text})
    };
    json!({"enabled": true, "priority": 50, "max_duration_seconds": 3600, "rules": [rule("permit", 60), rule("forbid", 3600)]})
}

fn manifest(system: &str, policy: Policy, index: usize, edit: Edit) -> String {
    let spec = policy(index, edit);
    format!("apiVersion: {system}/v1\nkind: Policy\nmetadata: {{name: p{index}}}\nspec: {spec}\n")
}

/// The rows of whole plans.
fn plans() {
    println!("\n| system | objects | changes | without access | with it | more |\n|---|---|---|---|---|---|");
    for (system, policy) in SYSTEMS {
        for (objects, changes) in PLANS {
            planned(system, policy, objects, changes);
        }
    }
}

/// A manifest's spec by a number, and whether it changes what is allowed, only a text, or nothing.
type Policy = fn(usize, Edit) -> Value;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    No,
    Text,
    Access,
}

const SYSTEMS: [(&str, Policy); 2] = [("mycloud", of_mycloud), ("compiuta", of_compiuta)];
/// So many objects, of which so many change.
const PLANS: [(usize, usize); 5] = [(10_000, 0), (10_000, 1), (10_000, 10), (1_000, 300), (1_000, 1_000)];

/// An allow and a deny; what changes takes some away and gives some.
fn statements(index: usize, edit: Edit) -> [(&'static str, &'static str, String); 2] {
    let to = if edit == Edit::Access { "put" } else { "get" };
    let (allow, deny) = (format!("things:{to}"), format!("audits:{to}"));
    match index % 2 {
        0 => [("allow", "a", allow), ("deny", "b", "audits:*".to_owned())],
        _ => [("allow", "a", "things:list".to_owned()), ("deny", "b", deny)],
    }
}

fn of_mycloud(index: usize, edit: Edit) -> Value {
    let statement = |(effect, sid, action): (&str, &str, String)| json!({"sid": sid, "effect": effect, "actions": [format!("core:{action}")], "resources": [format!("bucket-{index}/*")]});
    let description = if edit == Edit::Text { "another one" } else { "" };
    json!({"description": description, "document": {"version": "2024-01-01", "statements": statements(index, edit).map(statement)}})
}

fn of_compiuta(index: usize, edit: Edit) -> Value {
    let statement = |(effect, _, action): (&str, &str, String)| json!({"effect": effect.to_uppercase(), "actions": [format!("core:{action}")], "resources": [format!("things:t{index}:*")], "tenants": ["*"]});
    let name = if edit == Edit::Text { "another one" } else { "a name" };
    json!({"name": name, "members": [format!("team:local:{index}")], "statements": statements(index, edit).map(statement)})
}

fn planned(system: &str, policy: Policy, objects: usize, changes: usize) {
    let config = world::config(system);
    let manifest =
        |index: usize, edit| manifest(system, policy, index, if index < changes { edit } else { Edit::No });
    let observed = world::observed((0..objects).map(|index| {
        let mut body = policy(index, Edit::No);
        let fields = body.as_object_mut().unwrap();
        fields.insert("id".to_owned(), format!("p{index}").into());
        if system == "mycloud" {
            fields.insert("name".to_owned(), format!("p{index}").into());
        }
        (format!("p{index}"), body)
    }));
    let time = |edit, without_access| {
        let files = world::files((0..objects).map(|index| manifest(index, edit)));
        let desired = world::desired(&config, &files);
        let options = PlanOptions { without_access, ..PlanOptions::default() };
        let round = |_| {
            let began = Instant::now();
            let plan = world::plan(&config, &desired, &observed, &options);
            assert_eq!(plan.changes.len(), changes);
            began.elapsed()
        };
        (0..ROUNDS).map(round).min().unwrap().as_secs_f64() * 1e3
    };
    let (without, with) = (time(Edit::Text, true), time(Edit::Access, false));
    let more = (with / without - 1.0) * 100.0;
    println!("| {system} | {objects} | {changes} | {without:.1} ms | {with:.1} ms | {more:.1} % |");
}
