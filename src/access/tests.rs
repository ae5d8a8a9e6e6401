//! The engine against brute force, over every short word. `PROPTEST_CASES` makes a longer run of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::allowed::{self, Shown};
use super::budget::Budget;
use super::evaluate::{applies, evaluate, matches};
use super::impact::{Difference, Impact, Reading, Verdict, compare};
use super::pattern::Pattern;
use super::rule::{AccessRequest, Dimension, Effect, Rule, RuleSet};

mod second;

const CONDITIONS: [&str; 2] = ["c", "d"];

fn dimensions() -> [Dimension; 3] {
    [Dimension::Principal, Dimension::Action, Dimension::Key("k".to_owned())]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        2 => "[ab]{1,2}".prop_map(|text| Pattern::literal(&text)),
        3 => "[ab*]{1,3}".prop_map(|text| Pattern::glob(&text)),
        1 => "[ab*?]{1,3}".prop_map(|text| Pattern::glob_with_one(&text)),
        1 => Just(Pattern::sections(2, 'a')),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let scope = || proptest::option::weighted(0.6, proptest::collection::vec(pattern(), 0..3));
    let conditions = proptest::collection::btree_set(select(CONDITIONS.map(str::to_owned).to_vec()), 0..2);
    let except = || proptest::option::weighted(0.15, proptest::collection::vec(pattern(), 0..3));
    let parts =
        (proptest::bool::weighted(0.35), [scope(), scope(), scope()], [except(), except()], conditions);
    parts.prop_map(|(denies, scopes, except, conditions)| {
        let [who, what, key] = dimensions();
        let all = |of: Vec<(Dimension, Option<Vec<Pattern>>)>| {
            of.into_iter().filter_map(|(dimension, scope)| Some((dimension, scope?))).collect()
        };
        let except = all([what.clone(), key.clone()].into_iter().zip(except).collect());
        let scopes = all([who, what, key].into_iter().zip(scopes).collect());
        Rule { scopes, except, conditions, ..Rule::new(denies) }
    })
}

fn rules() -> impl Strategy<Value = RuleSet> {
    proptest::collection::vec(rule(), 0..5).prop_map(|rules| RuleSet { rules, ..RuleSet::default() })
}

/// A set that is like another one but for one thing.
fn mutant(set: &RuleSet, kind: u8, at: Index, other: Rule, pattern: Pattern) -> RuleSet {
    let mut set = set.clone();
    if set.rules.is_empty() {
        set.rules.push(other);
        return set;
    }
    let at = at.index(set.rules.len());
    match kind {
        0 => drop(set.rules.remove(at)),
        1 => set.rules[at].denies = !set.rules[at].denies,
        2 => set.rules[at].conditions.clear(),
        3 => drop(set.rules[at].scopes.pop_first().or(set.rules[at].except.pop_first())),
        4 => drop(set.rules[at].scopes.insert(Dimension::Action, vec![pattern])),
        5 => set.rules.push(other),
        // These change nothing.
        6 => set.rules.rotate_left(at),
        _ => set.rules.push(set.rules[at].clone()),
    }
    set
}

fn pair() -> impl Strategy<Value = (RuleSet, RuleSet)> {
    let mutated = (rules(), 0_u8..8, any::<Index>(), rule(), pattern())
        .prop_map(|(set, kind, at, other, pattern)| (set.clone(), mutant(&set, kind, at, other, pattern)));
    prop_oneof![(rules(), rules()), mutated]
}

/// Every word of up to three letters; `c` is in no pattern.
fn words() -> Vec<String> {
    let longer = |words: &[String]| -> Vec<String> {
        words.iter().flat_map(|word| ["a", "b", "c"].map(|letter| format!("{word}{letter}"))).collect()
    };
    let one = longer(&[String::new()]);
    let two = longer(&one);
    let three = longer(&two);
    [vec![String::new()], one, two, three].concat()
}

/// The words that matter: one for each way in which the patterns of both sides match.
fn classes(sets: [&RuleSet; 2], dimension: &Dimension) -> Vec<String> {
    let patterns: Vec<_> = sets
        .iter()
        .flat_map(|set| &set.rules)
        .flat_map(|rule| [rule.scopes.get(dimension), rule.except.get(dimension)])
        .flatten()
        .flatten()
        .collect();
    let mut classes = BTreeMap::new();
    for word in words() {
        let class: Vec<_> = patterns.iter().map(|pattern| matches(pattern, &word)).collect();
        classes.entry(class).or_insert(word);
    }
    classes.into_values().collect()
}

fn requests(sets: [&RuleSet; 2]) -> Vec<AccessRequest> {
    let mut requests = vec![AccessRequest::default()];
    for dimension in dimensions() {
        let words = classes(sets, &dimension);
        let with = |request: &AccessRequest| {
            let request = request.clone();
            let dimension = dimension.clone();
            words.clone().into_iter().map(move |word| {
                let mut request = request.clone();
                request.words.insert(dimension.clone(), word);
                request
            })
        };
        requests = requests.iter().flat_map(with).collect();
    }
    for condition in CONDITIONS {
        let held = requests.clone().into_iter().map(|mut request| {
            request.holds.insert(condition.to_owned());
            request
        });
        requests = requests.clone().into_iter().chain(held).collect();
    }
    requests
}

fn reading(rules: &RuleSet) -> Vec<Reading> {
    vec![Reading { assumes: "", rules: rules.clone() }]
}

fn found(before: &RuleSet, after: &RuleSet) -> Difference {
    match compare(&reading(before), &reading(after), &mut Budget::default()) {
        Impact::Known(difference) => difference,
        Impact::Unknown(reason) => panic!("{reason}\n{before:#?}\n{after:#?}"),
    }
}

/// What rules say of a requester that is several principals at once: a rule applies if it applies to one of them.
fn of_several(set: &RuleSet, request: &AccessRequest, principals: &[&String]) -> Effect {
    let one = |principal: &&String| {
        let mut request = request.clone();
        request.words.insert(Dimension::Principal, (*principal).clone());
        evaluate(set, &request).0
    };
    let effects: BTreeSet<_> = principals.iter().map(one).collect();
    match (effects.contains(&Effect::Denied), effects.contains(&Effect::Allowed)) {
        (true, _) => Effect::Denied,
        (false, true) => Effect::Allowed,
        (false, false) => Effect::NotGranted,
    }
}

/// A matcher that is so plain that it needs no test.
fn plainly(pattern: &[char], word: &[char]) -> bool {
    match (pattern, word) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            plainly(rest, word) || word.split_first().is_some_and(|(_, word)| plainly(pattern, word))
        }
        (['?', rest @ ..], [_, word @ ..]) => plainly(rest, word),
        ([c, rest @ ..], [d, word @ ..]) => c == d && plainly(rest, word),
        _ => false,
    }
}

/// Each case is thousands of requests.
fn fewer() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases.div_ceil(4), ..all }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn a_pattern_matches_what_it_says(text in "[ab*?]{0,5}", word in "[abc]{0,5}") {
        let [chars, of_word] = [&text, &word].map(|text| text.chars().collect::<Vec<_>>());
        prop_assert_eq!(matches(&Pattern::glob_with_one(&text), &word), plainly(&chars, &of_word));
        prop_assert!(matches(&Pattern::literal(&text), &text));
        prop_assert_eq!(matches(&Pattern::sections(2, 'a'), &word), word.split('a').filter(|part| !part.is_empty()).count() == 2 && word.split('a').count() == 2);
    }

    #[test]
    fn what_a_pattern_plainly_covers_it_matches(wide in pattern(), narrow in pattern()) {
        if wide.plainly_covers(&narrow) {
            for word in words() {
                prop_assert!(!matches(&narrow, &word) || matches(&wide, &word), "{word} {wide:?} {narrow:?}");
            }
        }
    }

    #[test]
    fn no_word_matches_two_patterns_that_are_plainly_apart(one in pattern(), other in pattern()) {
        if one.is_plainly_apart(&other) {
            for word in words() {
                prop_assert!(!matches(&one, &word) || !matches(&other, &word), "{word} {one:?} {other:?}");
            }
        }
    }

    /// Whatever a request over short words shows, the engine finds; and what it finds is shown by its witness, which
    /// only the plain evaluator has judged.
    #[test]
    fn the_engine_agrees_with_brute_force((before, after) in pair()) {
        let found = found(&before, &after);
        let mut verdicts = BTreeSet::new();
        for request in requests([&before, &after]) {
            let (then, now) = (evaluate(&before, &request).0, evaluate(&after, &request).0);
            verdicts.insert(now.cmp(&then));
            prop_assert!(now <= then || !found.gained.is_empty(), "gained {request:?}\n{before:#?}\n{after:#?}");
            prop_assert!(now >= then || !found.lost.is_empty(), "lost {request:?}\n{before:#?}\n{after:#?}");
        }
        for (changes, gains) in [(&found.gained, true), (&found.lost, false)] {
            for change in changes {
                let words = change.witness.request.iter().map(|word| (word.dimension.clone(), word.word.clone()));
                let request = AccessRequest { words: words.collect(), holds: change.conditions.iter().cloned().collect() };
                let all = AccessRequest { holds: CONDITIONS.map(str::to_owned).into(), ..request.clone() };
                for request in [Some(request), (!change.possible).then_some(all)].into_iter().flatten() {
                    let (then, now) = (evaluate(&before, &request).0, evaluate(&after, &request).0);
                    prop_assert!(if gains { then < now } else { now < then }, "{change:#?}\n{before:#?}\n{after:#?}");
                }
            }
        }
    }

    /// A person has teams: what is gained or lost for all of them at once is so for one of them alone.
    #[test]
    fn one_principal_shows_what_several_do((before, after) in pair()) {
        let found = found(&before, &after);
        let principals = classes([&before, &after], &Dimension::Principal);
        for request in requests([&before, &after]) {
            for team in principals.iter().flat_map(|one| principals.iter().map(move |other| [one, other])) {
                let (then, now) = (of_several(&before, &request, &team), of_several(&after, &request, &team));
                prop_assert!(now <= then || !found.gained.is_empty());
                prop_assert!(now >= then || !found.lost.is_empty());
            }
        }
    }

    /// The other way round, gains are losses.
    #[test]
    fn back_is_the_opposite((before, after) in pair()) {
        let (there, back) = (found(&before, &after), found(&after, &before));
        prop_assert_eq!(there.gained.is_empty(), back.lost.is_empty());
        prop_assert_eq!(there.lost.is_empty(), back.gained.is_empty());
    }

    /// Every request that a difference names, but for its exceptions, differs if it is not only possible.
    #[test]
    fn a_difference_means_all_that_it_names((before, after) in pair()) {
        let strip = |set: &RuleSet| {
            let mut set = set.clone();
            set.rules.iter_mut().for_each(|rule| rule.conditions.clear());
            set
        };
        let (before, after) = (strip(&before), strip(&after));
        for change in found(&before, &after).gained.iter().filter(|change| change.more_exceptions == 0) {
            // The texts of the patterns are those of globs, except for sections, which are left out.
            let of = |scopes: &[super::impact::Scope], request: &AccessRequest| {
                scopes.iter().all(|scope| {
                    let word = &request.words[&scope.dimension];
                    let chars: Vec<_> = word.chars().collect();
                    scope.patterns.iter().any(|text| plainly(&text.chars().collect::<Vec<_>>(), &chars))
                })
            };
            let scopes = change.access.iter().chain(change.except.iter().flatten());
            if scopes.flat_map(|scope| &scope.patterns).any(|text| text.contains("*a*")) {
                continue;
            }
            for request in requests([&before, &after]) {
                let meant = of(&change.access, &request) && !change.except.iter().any(|except| of(except, &request));
                let (then, now) = (evaluate(&before, &request).0, evaluate(&after, &request).0);
                prop_assert!(!meant || then < now, "{request:?}\n{change:#?}\n{before:#?}\n{after:#?}");
            }
        }
    }

    /// Where all rules decide together: whatever a request shows the engine finds, and it finds nothing else.
    #[test]
    fn rules_that_decide_together_agree_with_brute_force((before, after) in pair(), within in rule()) {
        let within = Rule { conditions: BTreeSet::new(), ..within };
        let mut budget = Budget::default();
        let [all_gained, gained, lost] = [
            allowed::gained(&before, &after, None, &mut budget),
            allowed::gained(&before, &after, Some(&within), &mut budget),
            allowed::lost(&before, &after, None, &mut budget),
        ]
        .map(Result::unwrap);
        let granted = allowed::granted(&before, &after, &within, &mut budget).unwrap();
        let refused = allowed::refused(&before, &after, &within, &mut budget).unwrap();
        let whole = allowed::all_granted(&after, &within, &mut budget).unwrap();
        let [mut more, mut more_within, mut less, mut some, mut none] = [false; 5];
        for request in requests([&before, &after]) {
            let [then, now] = [&before, &after].map(|set| evaluate(set, &request).0 == Effect::Allowed);
            let is_within = applies(&after, &within, &request);
            more |= now && !then;
            more_within |= is_within && now && !then;
            less |= then && !now;
            some |= is_within && now;
            none |= is_within && !now;
        }
        // Short words show less than there is, so the engine may find more, which is confirmed by its witnesses.
        prop_assert!(!more || !all_gained.is_empty(), "{before:#?}\n{after:#?}");
        prop_assert!(!more_within || !gained.is_empty(), "{within:?}\n{before:#?}\n{after:#?}");
        prop_assert!(!less || !lost.is_empty(), "{before:#?}\n{after:#?}");
        prop_assert!(!some || granted.is_some(), "{within:?}\n{after:#?}");
        prop_assert!(!none || refused.is_some(), "{within:?}\n{after:#?}");
        prop_assert_eq!(refused.is_none(), whole == Some(false));
        for (shown, is) in [(&all_gained, Effect::Allowed), (&gained, Effect::Allowed)] {
            prop_assert!(shown.iter().all(|shown| shown.witness.after.effect == is && shown.witness.before.effect != is));
        }
        prop_assert!(lost.iter().all(|shown| shown.witness.before.effect == Effect::Allowed && shown.witness.after.effect != Effect::Allowed));
    }

    /// A requester may be two principals at once, if one of them is of the sort that comes beside others.
    #[test]
    fn two_principals_show_what_changes_for_a_requester_that_is_both((before, after) in pair()) {
        let with = |set: RuleSet| RuleSet { company: Some(Pattern::glob("b*")), ..set };
        let (before, after) = (with(before), with(after));
        let mut budget = Budget::default();
        let gained = allowed::gained(&before, &after, None, &mut budget).unwrap();
        let lost = allowed::lost(&before, &after, None, &mut budget).unwrap();
        // Rules that meet none that differs have no say.
        let differing = allowed::differing(&before, &after);
        let [then, now] = [&before, &after].map(|set| {
            let kept = allowed::concerned(set, &differing, &mut Budget::default());
            RuleSet { rules: kept.into_iter().map(|at| set.rules[at].clone()).collect(), ..set.clone() }
        });
        let possible = |shown: &[Shown]| shown.iter().map(|shown| shown.possible).collect::<Vec<_>>();
        prop_assert_eq!(possible(&allowed::gained(&then, &now, None, &mut budget).unwrap()), possible(&gained));
        prop_assert_eq!(possible(&allowed::lost(&then, &now, None, &mut budget).unwrap()), possible(&lost));
        let principals = classes([&before, &after], &Dimension::Principal);
        let companions: Vec<_> = words().into_iter().filter(|word| word.starts_with('b') && word.len() < 3).collect();
        for request in requests([&before, &after]) {
            for pair in principals.iter().flat_map(|one| companions.iter().map(move |other| [one, other])) {
                let [then, now] = [&before, &after].map(|set| of_several(set, &request, &pair) == Effect::Allowed);
                prop_assert!(then || !now || !gained.is_empty(), "{request:?} {pair:?}\n{before:#?}\n{after:#?}");
                prop_assert!(now || !then || !lost.is_empty(), "{request:?} {pair:?}\n{before:#?}\n{after:#?}");
            }
        }
        for shown in &gained {
            let words: BTreeMap<_, _> = shown.witness.request.iter().map(|word| (&word.dimension, &word.word)).collect();
            let both = [Dimension::Principal, Dimension::AlsoPrincipal].map(|dimension| words.get(&dimension).copied());
            if let [Some(one), Some(other)] = both {
                prop_assert!(one.starts_with('b') || other.starts_with('b'), "{shown:?}");
            }
        }
    }

    /// An object that is equivalent by itself changes nothing, whatever else there is.
    #[test]
    fn what_is_equivalent_alone_is_so_in_any_company((before, after) in pair(), others in rules()) {
        let with = |set: &RuleSet| RuleSet { rules: [set.rules.clone(), others.rules.clone()].concat(), ..RuleSet::default() };
        let alone = found(&before, &after);
        let (before, after) = (with(&before), with(&after));
        let mut budget = Budget::default();
        if alone.gained.is_empty() {
            prop_assert_eq!(allowed::gained(&before, &after, None, &mut budget), Ok(Vec::new()));
        }
        if alone.lost.is_empty() {
            prop_assert_eq!(allowed::lost(&before, &after, None, &mut budget), Ok(Vec::new()));
        }
    }

    #[test]
    fn a_budget_ends_in_unknown_and_never_in_another_verdict((before, after) in pair(), steps in 0_u64..300) {
        let whole = found(&before, &after);
        match compare(&reading(&before), &reading(&after), &mut Budget::new(steps, steps)) {
            Impact::Known(difference) => prop_assert_eq!(difference, whole),
            unknown => prop_assert_eq!(unknown.verdict(), Verdict::Unknown),
        }
    }
}

fn allow(action: &str, resource: &str) -> Rule {
    Rule::new(false)
        .on(Dimension::Action, vec![Pattern::glob(action)])
        .on(Dimension::Resource, vec![Pattern::glob(resource)])
}

fn set(rules: &[Rule]) -> RuleSet {
    RuleSet { rules: rules.to_vec(), ..RuleSet::default() }
}

fn texts(scopes: &[super::impact::Scope]) -> Vec<String> {
    scopes.iter().flat_map(|scope| scope.patterns.clone()).collect()
}

#[test]
fn a_wildcard_plainly_covers_what_is_narrower() {
    let covers = |wide: &str, narrow: &str| {
        Pattern::glob_with_one(wide).plainly_covers(&Pattern::glob_with_one(narrow))
    };
    for (wide, narrow) in
        [("s3:*", "s3:GetObject"), ("s3:*", "s3:Get*"), ("*", ""), ("a*", "a"), ("a?c", "abc")]
    {
        assert!(covers(wide, narrow) && !covers(narrow, wide), "{wide} {narrow}");
    }
    assert!(!covers("a?", "a*") && !covers("a?", "a"));
    assert!(Pattern::sections(2, ':').plainly_covers(&Pattern::literal("a:b")));
}

#[test]
fn a_witness_is_none_of_what_its_line_leaves_out_even_if_a_deny_goes_there() {
    let deny = Rule {
        denies: true,
        ..allow("Get", "b/audit").on(Dimension::Resource, vec![Pattern::literal("b/audit")])
    };
    let found = found(&set(&[deny]), &set(&[allow("Get", "b/*")]));
    let told: Vec<_> = found.gained.iter().map(|gained| &gained.witness).collect();
    let words = |effect| {
        let of = told.iter().filter(move |witness| witness.before.effect == effect);
        of.map(|witness| witness.request[1].word.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        (words(Effect::Denied), words(Effect::NotGranted)),
        (vec!["b/audit"], vec!["b/x"]),
        "{found:#?}"
    );
}

#[test]
fn a_path_has_sections_and_a_rank() {
    let is = |path: &str, word: &str| matches(&Pattern::path(path).unwrap(), word);
    assert!(is("a/+/c", "a/b/c") && is("/a/*", "a/b/c") && is("a/*", "a/") && is("a*b/+b", "a*b/+b"));
    assert!(!is("a/+/c", "a//c") && !is("a/+/c", "a/b/b/c") && !is("a/+", "a/b/") && !is("a*b", "axb"));
    assert!(is("+", "a") && !is("+", "a/b") && is("*", "") && is("+/b*", "a/bc/d"));
    assert_eq!([Pattern::path("a/{{identity.entity.id}}"), Pattern::path("a/+*")], [None, None]);
    // From the least to the most specific one, by the five rules of Vault's documentation.
    let ranked =
        ["*", "+/b", "a/+/c/*", "a/*", "a/+/+/d", "a/+/c/d", "a/+/c/dd", "a/+/c/ee", "a/b*", "a/b", "a/b/c"];
    let ranks: Vec<_> = ranked.iter().map(|path| Pattern::path(path).unwrap().specificity()).collect();
    assert!(ranks.is_sorted(), "{:?}", ranks.windows(2).position(|pair| pair[0] > pair[1]));
}

#[test]
fn what_is_excepted_from_a_rule_is_left_to_others() {
    let one = |but: &[&str]| {
        let but: Vec<_> = but.iter().map(|text| Pattern::glob(text)).collect();
        let except = [(Dimension::Resource, but)].into_iter().filter(|(_, but)| !but.is_empty()).collect();
        Rule { except, ..allow("Get*", "b/*") }
    };
    let lost = found(&set(&[one(&[])]), &set(&[one(&["b/audit/*"])])).lost;
    assert_eq!(lost[0].witness.request[1].word, "b/audit/");
    assert_eq!(
        found(&set(&[one(&[])]), &set(&[one(&["b/audit/*"]), allow("Get*", "b/audit/*")])),
        Difference::default()
    );
    let gained = found(&set(&[]), &set(&[one(&["b/audit/*"])])).gained;
    assert_eq!(gained[0].except.iter().map(|except| texts(except)).collect::<Vec<_>>(), [["b/audit/*"]]);
}

#[test]
fn a_rule_may_be_split_and_merged() {
    let split = set(&[allow("Get*", "b/*"), allow("Put*", "b/*")]);
    let both = allow("Get*", "b/*").on(Dimension::Action, vec![Pattern::glob("Put*"), Pattern::glob("Get*")]);
    assert_eq!(found(&split, &set(&[both])), Difference::default());
}

#[test]
fn what_is_gained_is_told_in_the_patterns_of_its_author_with_what_is_left_out() {
    let before = set(&[allow("Get*", "b/home/*")]);
    let deny = Rule { denies: true, ..allow("*", "b/audit/*") };
    let found = found(&before, &set(&[allow("Get*", "b/*"), deny]));
    let [gained] = found.gained.as_slice() else { panic!("{found:#?}") };
    assert_eq!(texts(&gained.access), ["Get*", "b/*"]);
    assert_eq!(
        gained.except.iter().map(|except| texts(except)).collect::<Vec<_>>(),
        [["b/home/*"], ["b/audit/*"]]
    );
    assert_eq!(
        gained.witness.request.iter().map(|word| word.word.as_str()).collect::<Vec<_>>(),
        ["Getx", "b/x"]
    );
    // The deny is one beside any other policy, too.
    let [lost] = found.lost.as_slice() else { panic!("{found:#?}") };
    assert_eq!(
        (texts(&lost.access), lost.witness.after.effect),
        (vec!["*".into(), "b/audit/*".into()], Effect::Denied)
    );
}

#[test]
fn a_deny_that_goes_gives_more_even_if_nothing_is_allowed_here() {
    let deny = Rule { denies: true, ..allow("Delete*", "b/*") };
    let found = found(&set(&[deny]), &set(&[]));
    assert_eq!((found.gained.len(), found.lost.len()), (1, 0));
    assert_eq!(found.gained[0].witness.after.effect, Effect::NotGranted);
}

#[test]
fn a_condition_that_goes_is_only_possibly_more() {
    let conditional = Rule { conditions: BTreeSet::from(["c".to_owned()]), ..allow("Get*", "b/*") };
    let found = found(&set(&[conditional]), &set(&[allow("Get*", "b/*")]));
    assert!(found.gained[0].possible && found.lost.is_empty());
}

#[test]
fn readings_that_disagree_are_unknown() {
    let read = |folds: bool, action: &str| {
        let pattern = Pattern::glob(action);
        let pattern = if folds { pattern.folded() } else { pattern };
        let folds = if folds { BTreeSet::from([Dimension::Action]) } else { BTreeSet::new() };
        RuleSet {
            rules: vec![Rule::new(false).on(Dimension::Action, vec![pattern])],
            folds,
            ..RuleSet::default()
        }
    };
    let readings = |action: &str| {
        vec![
            Reading { assumes: "", rules: read(true, action) },
            Reading { assumes: "case matters", rules: read(false, action) },
        ]
    };
    let impact = |after: &str| compare(&readings("s3:Get*"), &readings(after), &mut Budget::default());
    assert_eq!(impact("s3:get*"), Impact::Unknown("it depends on whether case matters".to_owned()));
    assert_eq!(impact("s3:*").verdict(), Verdict::MorePermissive);
}

#[test]
fn patterns_that_have_many_classes_end_within_the_budget() {
    let wild = |letter: char| allow("*", &format!("*{letter}*"));
    let rules: Vec<_> = ('a'..='z').map(wild).collect();
    let other = set(&[allow("*", "*")]);
    let impact = compare(&reading(&set(&rules)), &reading(&other), &mut Budget::default());
    assert_eq!(impact.verdict(), Verdict::MorePermissive, "a word without any of them is short");
    // Nothing that begins with `a` is new, but each set of the other letters is a class of its own.
    let letters = ('b'..='z').map(|letter| format!("*{letter}*"));
    let before: Vec<_> = ["a".to_owned(), "a?*".to_owned()]
        .into_iter()
        .chain(letters)
        .map(|on| allow("Get*", "*").on(Dimension::Resource, vec![Pattern::glob_with_one(&on)]))
        .collect();
    let after = [before.clone(), vec![allow("Get*", "a*")]].concat();
    let impact = compare(&reading(&set(&before)), &reading(&set(&after)), &mut Budget::new(500_000, 500_000));
    assert_eq!(impact.verdict(), Verdict::Unknown);
}

#[test]
fn one_change_among_a_thousand_rules_is_exact() {
    let action = |number: usize| ["Get*", "Put*", "List*", "*"][number % 4];
    let rule = |number: usize| {
        let deny = number % 8 == 7;
        Rule {
            denies: deny,
            ..allow(&format!("s{}:{}", number % 20, action(number)), &format!("bucket-{number}/home/*"))
        }
    };
    let before: Vec<_> = (0..1_000).map(rule).collect();
    let mut after: Vec<_> = before.iter().rev().cloned().collect();
    assert_eq!(found(&set(&before), &set(&after)), Difference::default());
    after[10] = allow("s9:*", "bucket-989/*");
    let found = found(&set(&before), &set(&after));
    assert_eq!((found.gained.len(), found.more), (1, false), "{found:#?}");
}
