//! Two policies, as lines before and after a line `---`: `allow ACTION RESOURCE` or `deny ACTION RESOURCE`, and after it
//! maybe resources that it is not about, each after a `!`, and conditions; other lines are rules in Cedar.
//!
//! The law: a verdict comes within its budget, and every witness stands up. A policy is equivalent to itself in any order,
//! and what is gained there is lost on the way back.
#![no_main]

use enact::access::budget::Budget;
use enact::access::cedar::rule::CedarRule;
use enact::access::cedar::{self, CedarPolicy};
use enact::access::impact::{Impact, Reading, Verdict, compare};
use enact::access::pattern::Pattern;
use enact::access::rule::{Dimension, Rule, RuleSet};
use enact::cedar::Statement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (before, after) = text.split_once("\n---\n").unwrap_or((text, ""));
    let sides = [before, after].map(statements);
    lawful(
        &sides,
        |rules| rules.iter().rev().cloned().collect(),
        |before, after| {
            let [before, after] = [before, after].map(|rules| reading(rules.clone()));
            compare(&before, &after, &mut budget())
        },
    );
    let sides = [before, after].map(rules);
    lawful(
        &sides,
        |rules| rules.iter().rev().cloned().collect(),
        |before, after| {
            let [before, after] =
                [before, after].map(|rules| CedarPolicy { rules: rules.clone(), ..CedarPolicy::default() });
            cedar::compare(&before, &after, &mut budget())
        },
    );
});

fn lawful<T>([before, after]: &[T; 2], turned: impl Fn(&T) -> T, judge: impl Fn(&T, &T) -> Impact) {
    let (there, back) = (judge(before, after), judge(after, before));
    for impact in [&there, &back] {
        if let Impact::Unknown(reason) = impact {
            assert!(!reason.contains("witness"), "{reason}");
        }
    }
    if let (Impact::Known(there), Impact::Known(back)) = (&there, &back) {
        assert_eq!(there.gained.is_empty(), back.lost.is_empty(), "{there:#?}\n{back:#?}");
        assert_eq!(there.lost.is_empty(), back.gained.is_empty(), "{there:#?}\n{back:#?}");
    }
    let same = judge(before, &turned(before)).verdict();
    assert!([Verdict::Equivalent, Verdict::Unknown].contains(&same), "{same:?}");
}

/// A part of what a plan may do, so that an input is judged in well under a second.
fn budget() -> Budget {
    Budget::new(400_000, 400_000)
}

fn statements(text: &str) -> Vec<Rule> {
    let rule = |line: &str| {
        let mut words = line.split(' ');
        let denies = match words.next()? {
            "allow" => false,
            "deny" => true,
            _ => return None,
        };
        let mut list = || Some(words.next()?.split(',').map(Pattern::glob_with_one).collect::<Vec<_>>());
        let (actions, resources) = (list()?, list()?);
        let mut rule = Rule::new(denies).on(Dimension::Action, actions).on(Dimension::Resource, resources);
        let (except, conditions): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with('!'));
        let except: Vec<_> =
            except.iter().map(|word| Pattern::glob_with_one(word.trim_start_matches('!'))).collect();
        rule.except = (!except.is_empty()).then_some((Dimension::Resource, except)).into_iter().collect();
        rule.conditions = conditions.into_iter().map(str::to_owned).collect();
        Some(rule)
    };
    text.lines().filter_map(rule).collect()
}

fn reading(rules: Vec<Rule>) -> Vec<Reading> {
    vec![Reading { assumes: "", rules: RuleSet { rules, ..RuleSet::default() } }]
}

fn rules(text: &str) -> Vec<CedarRule> {
    // Where a rule that is audited is beside one that is not, it matters by which a request is permitted.
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(at, line)| CedarRule::read(&Statement::parse(line).ok()?, "rule", at % 3 != 0))
        .collect()
}
