//! A second engine, on the automata of `regex-automata`: it sorts the words of a dimension by the patterns that match
//! them, and tries one word of each sort with every other. It is too slow for use, and shares nothing with the first.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::{Anchored, Input, MatchKind};

use super::{CONDITIONS, dimensions, fewer, found, pair, pattern};
use crate::access::automaton::groups;
use crate::access::budget::Budget;
use crate::access::evaluate::matches;
use crate::access::pattern::{Pattern, Token};
use crate::access::rule::{Dimension, Effect, Rule, RuleSet};

fn regex(pattern: &Pattern) -> String {
    let token = |token: &Token| match token {
        Token::Is(c) => c.to_string(),
        Token::One(None) => "(?s:.)".to_owned(),
        Token::One(Some(but)) => format!("[^{but}]"),
        Token::Run(None) => "(?s:.)*".to_owned(),
        Token::Run(Some(but)) => format!("[^{but}]*"),
    };
    format!(r"{}\z", pattern.tokens().iter().map(token).collect::<String>())
}

/// For each sort of words, the patterns that match them, by their places. Patterns name `a` and `b`; `c` is any other.
fn sorts(patterns: &[&Pattern]) -> BTreeSet<BTreeSet<usize>> {
    if patterns.is_empty() {
        return BTreeSet::from([BTreeSet::new()]);
    }
    let texts: Vec<_> = patterns.iter().map(|pattern| regex(pattern)).collect();
    let config = dense::Config::new().match_kind(MatchKind::All).start_kind(StartKind::Anchored);
    let dfa = dense::Builder::new().configure(config).build_many(&texts).unwrap();
    let start = dfa.start_state_forward(&Input::new("").anchored(Anchored::Yes)).unwrap();
    let (mut seen, mut open, mut sorts) = (BTreeSet::from([start]), vec![start], BTreeSet::new());
    while let Some(state) = open.pop() {
        let end = dfa.next_eoi_state(state);
        let matched = if dfa.is_match_state(end) { dfa.match_len(end) } else { 0 };
        sorts.insert((0..matched).map(|at| dfa.match_pattern(end, at).as_usize()).collect());
        let next = b"abc".iter().map(|byte| dfa.next_state(state, *byte));
        open.extend(next.filter(|next| seen.insert(*next)));
    }
    sorts
}

/// What rules say of requests of one sort in each dimension.
fn decided(rules: &[Rule], all: &Patterns<'_>, sort: &Sort, holds: &BTreeSet<String>) -> Effect {
    let applies = |rule: &&Rule| {
        let is_in = |(dimension, patterns): (&Dimension, &Vec<Pattern>)| {
            let places = all.get(dimension).into_iter().flatten().enumerate();
            let matched = places.filter(|(place, _)| sort[dimension].contains(place));
            matched.into_iter().any(|(_, pattern)| patterns.contains(pattern))
        };
        rule.conditions.is_subset(holds) && rule.scopes.iter().all(is_in) && !rule.except.iter().any(is_in)
    };
    let effects: BTreeSet<_> = rules.iter().filter(applies).map(|rule| rule.denies).collect();
    match (effects.contains(&true), effects.contains(&false)) {
        (true, _) => Effect::Denied,
        (false, true) => Effect::Allowed,
        (false, false) => Effect::NotGranted,
    }
}

type Patterns<'a> = BTreeMap<Dimension, Vec<&'a Pattern>>;
type Sort = BTreeMap<Dimension, BTreeSet<usize>>;

/// Whether a change gives anything, and whether it takes anything away.
fn verdict(before: &RuleSet, after: &RuleSet) -> (bool, bool) {
    let mut patterns = Patterns::new();
    for (dimension, list) in
        before.rules.iter().chain(&after.rules).flat_map(|rule| rule.scopes.iter().chain(&rule.except))
    {
        patterns.entry(dimension.clone()).or_default().extend(list);
    }
    let mut all = vec![Sort::new()];
    for dimension in dimensions() {
        let sorts = sorts(patterns.get(&dimension).map(Vec::as_slice).unwrap_or_default());
        let with = |sort: &Sort| {
            let (sort, dimension) = (sort.clone(), dimension.clone());
            sorts.clone().into_iter().map(move |matched| {
                let mut sort = sort.clone();
                sort.insert(dimension.clone(), matched);
                sort
            })
        };
        all = all.iter().flat_map(with).collect();
    }
    let [c, d] = CONDITIONS.map(str::to_owned);
    let holds = [vec![], vec![c.clone()], vec![d.clone()], vec![c, d]].map(BTreeSet::from_iter);
    let (mut gains, mut loses) = (false, false);
    for (sort, holds) in all.iter().flat_map(|sort| holds.iter().map(move |holds| (sort, holds))) {
        let [then, now] = [before, after].map(|set| decided(&set.rules, &patterns, sort, holds));
        gains = gains || then < now;
        loses = loses || now < then;
    }
    (gains, loses)
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn two_engines_agree_on_verdicts((before, after) in pair()) {
        let found = found(&before, &after);
        let ours = (!found.gained.is_empty(), !found.lost.is_empty());
        prop_assert_eq!(ours, verdict(&before, &after), "{:#?}\n{:#?}", before, after);
    }

    /// The groups of words are those that are matched by no more than any other of them, each with a word.
    #[test]
    fn two_engines_agree_on_words(
        required in proptest::collection::vec(pattern(), 1..3),
        tested in proptest::collection::vec(proptest::collection::vec(pattern(), 0..3), 0..4),
    ) {
        let lists: Vec<_> = tested.iter().map(Vec::as_slice).collect();
        let ours = groups(&[&required], &lists, &[], &mut Budget::default()).unwrap();
        let all: Vec<_> = required.iter().chain(tested.iter().flatten()).collect();
        let of_list = |place: usize| {
            let mut ends = tested.iter().scan(required.len(), |end, list| { *end += list.len(); Some(*end) });
            ends.position(|end| place < end).unwrap()
        };
        let theirs = sorts(&all).into_iter().filter(|sort| sort.iter().any(|place| *place < required.len()));
        let theirs: BTreeSet<BTreeSet<_>> =
            theirs.map(|sort| sort.into_iter().filter(|place| *place >= required.len()).map(of_list).collect()).collect();
        let is_least = |sort: &&BTreeSet<usize>| !theirs.iter().any(|other| other != *sort && other.is_subset(sort));
        let least: BTreeSet<_> = theirs.iter().filter(is_least).cloned().collect();
        prop_assert_eq!(ours.iter().map(|group| group.matched.clone()).collect::<BTreeSet<_>>(), least);
        for group in ours {
            let is_in = |list: &[Pattern]| list.iter().any(|pattern| matches(pattern, &group.word));
            prop_assert!(is_in(&required), "{:?}", group);
            let matched = tested.iter().enumerate().filter(|(_, list)| is_in(list)).map(|(place, _)| place);
            prop_assert_eq!(matched.collect::<BTreeSet<_>>(), group.matched);
        }
    }

    #[test]
    fn two_engines_agree_on_inclusion(wide in pattern(), narrow in pattern()) {
        let includes = groups(&[std::slice::from_ref(&narrow)], &[std::slice::from_ref(&wide)], &[], &mut Budget::default());
        let includes = includes.unwrap().iter().all(|group| !group.matched.is_empty());
        let theirs = sorts(&[&wide, &narrow]).iter().all(|sort| !sort.contains(&1) || sort.contains(&0));
        prop_assert_eq!(includes, theirs);
    }
}
