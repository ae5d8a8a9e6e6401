//! The order of writes against brute force: every prefix of it, and every short word.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::need::{Moment, Writes, Wrong};
use super::search::{Example, RuleSearch, Search};
use super::stay::Part;
use super::turn::{Turn, Write, turns};
use crate::access::budget::{Budget, Spent};
use crate::access::evaluate::{applies, matches};
use crate::access::near::Beginnings;
use crate::access::pattern::Pattern;
use crate::access::rule::{AccessRequest, Dimension, Rule, RuleSet};

/// What objects say, by their numbers.
type Objects = BTreeMap<usize, Vec<Rule>>;

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        3 => "[ab]{1,2}".prop_map(|text| Pattern::literal(&text)),
        1 => "[ab*]{1,2}".prop_map(|text| Pattern::glob(&text)),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let scope = proptest::collection::vec(pattern(), 1..3);
    (proptest::bool::weighted(0.4), scope, proptest::bool::weighted(0.1)).prop_map(|(denies, scope, has)| {
        let conditions = has.then(|| "c".to_owned()).into_iter().collect();
        Rule { conditions, ..Rule::new(denies).on(Dimension::Principal, scope) }
    })
}

fn objects() -> impl Strategy<Value = Objects> {
    proptest::collection::btree_map(0_usize..4, proptest::collection::vec(rule(), 0..3), 0..5)
}

/// Before and after; often an object is the same.
fn sides() -> impl Strategy<Value = [Objects; 2]> {
    (objects(), objects(), proptest::collection::btree_set(0_usize..4, 0..3)).prop_map(
        |(before, after, same)| {
            let same: Objects = before
                .iter()
                .filter(|(at, _)| same.contains(at))
                .map(|(at, rules)| (*at, rules.clone()))
                .collect();
            let after = after.into_iter().chain(same).collect();
            [before, after]
        },
    )
}

fn like(company: bool) -> RuleSet {
    RuleSet { company: company.then(|| Pattern::glob("b*")), ..RuleSet::default() }
}

fn words() -> Vec<String> {
    let letters = ["", "a", "b", "c"];
    let words = letters.iter().flat_map(|one| letters.iter().map(move |other| format!("{one}{other}")));
    words.collect::<BTreeSet<_>>().into_iter().collect()
}

fn requests(company: bool) -> Vec<AccessRequest> {
    let also = words().into_iter().filter(|word| company && matches(&Pattern::glob("b*"), word)).map(Some);
    let also: Vec<_> = std::iter::once(None).chain(also).collect();
    let mut requests = Vec::new();
    for (word, also) in words().iter().flat_map(|word| also.iter().map(move |also| (word, also))) {
        for holds in [BTreeSet::new(), BTreeSet::from(["c".to_owned()])] {
            let mut words = BTreeMap::from([(Dimension::Principal, word.clone())]);
            words.extend(also.clone().map(|also| (Dimension::AlsoPrincipal, also)));
            requests.push(AccessRequest { words, holds });
        }
    }
    requests
}

/// Whether some objects allow a request, if all of them decide on it.
fn allows(objects: &Objects, of: &BTreeSet<usize>, request: &AccessRequest) -> bool {
    let set = RuleSet::default();
    let rules = || objects.iter().filter(|(at, _)| of.contains(at)).flat_map(|(_, rules)| rules);
    let any = |denies: bool| rules().any(|rule| rule.denies == denies && applies(&set, rule, request));
    any(false) && !any(true)
}

/// Which objects may decide on a request together.
fn companies(together: bool) -> Vec<BTreeSet<usize>> {
    let all = (0_u32..16).map(|bits| (0..4).filter(|at| bits & (1 << at) != 0).collect());
    all.filter(|of: &BTreeSet<usize>| !together || of.len() == 4).collect()
}

/// What is wrong with a request at a moment.
fn wrong(
    sides: &[Objects; 2],
    now: &Objects,
    of: &BTreeSet<usize>,
    request: &AccessRequest,
) -> Option<Wrong> {
    let [before, after] = [&sides[0], &sides[1]].map(|side| allows(side, of, request));
    match (before, allows(now, of, request), after) {
        (false, true, false) => Some(Wrong::Opens),
        (true, false, true) => Some(Wrong::Refuses),
        _ => None,
    }
}

struct Ordered {
    /// The objects that change, by the numbers of their writes.
    changed: Vec<usize>,
    turns: Vec<Turn>,
    moments: Vec<Moment>,
}

fn ordered(sides: &[Objects; 2], together: bool, company: bool) -> Ordered {
    let none = Vec::new();
    let rules = |side: &Objects, at: &usize| side.get(at).unwrap_or(&none).clone();
    let all: BTreeSet<_> = sides.iter().flat_map(|side| side.keys().copied()).collect();
    let (changed, same): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|at| rules(&sides[0], at) != rules(&sides[1], at));
    let part = |(write, object): (usize, &usize)| {
        let [before, after] = [&sides[0], &sides[1]].map(|side| rules(side, object));
        Part { write, object: *object, before, after }
    };
    let parts = changed.iter().enumerate().map(part).collect();
    let others = same.iter().flat_map(|at| rules(&sides[0], at).into_iter().map(|rule| (*at, rule)));
    let others = others.collect();
    let search = RuleSearch::new(&like(company), std::iter::empty(), Budget::new(u64::MAX, u64::MAX));
    let mut writes = Writes::new(search, parts, together).unwrap_or_else(|why| panic!("{why:?}"));
    let possible = writes.possible().unwrap_or_else(|why| panic!("{why:?}"));
    writes.add(others);
    let needs = writes.needs(possible).unwrap_or_else(|why| panic!("{why:?}"));
    let of_level = |at: &usize| Write { level: 0, is_last: !sides[1].contains_key(at) };
    let turns = turns(&changed.iter().map(of_level).collect::<Vec<_>>(), &needs);
    let places = super::turn::places(&turns);
    let mut moments = Vec::new();
    for need in needs {
        let moment = writes.moment(&need, &places).unwrap_or_else(|why| panic!("{why:?}"));
        moments.extend(moment);
    }
    Ordered { changed, turns, moments }
}

/// The objects after so many writes in this order.
fn after(sides: &[Objects; 2], changed: &[usize], order: &[usize], written: usize) -> Objects {
    let mut now = sides[0].clone();
    for object in order.iter().take(written).map(|write| changed[*write]) {
        match sides[1].get(&object) {
            Some(rules) => drop(now.insert(object, rules.clone())),
            None => drop(now.remove(&object)),
        }
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 4, ..ProptestConfig::default() })]

    /// Every prefix of the writes, in any order within a step, unless a moment is told; and each that is told is one.
    #[test]
    fn no_moment_allows_more_than_both_sides_nor_refuses_what_both_allow(
        sides in sides(),
        together in any::<bool>(),
        company in any::<bool>(),
        shuffle in proptest::collection::vec(any::<u8>(), 4),
    ) {
        let company = company && together;
        let Ordered { changed, turns, moments } = ordered(&sides, together, company);
        let mut order: Vec<_> = (0..changed.len()).collect();
        order.sort_by_key(|write| (turns[*write].step, *write));
        for Moment { wrong: told, written, until: _, example } in &moments {
            let words = example.words.iter().map(|word| (word.dimension.clone(), word.word.clone())).collect();
            let request = AccessRequest { words, holds: example.conditions.iter().cloned().collect() };
            let now = after(&sides, &changed, &order, *written);
            let shown = companies(together).iter().any(|of| wrong(&sides, &now, of, &request) == Some(*told));
            prop_assert!(shown, "{request:?} after {written} of {order:?}");
        }
        if moments.is_empty() {
            order.sort_by_key(|write| (turns[*write].step, shuffle[*write]));
            for written in 0..=order.len() {
                let now = after(&sides, &changed, &order, written);
                for (of, request) in companies(together).iter().flat_map(|of| requests(company).into_iter().map(move |request| (of, request))) {
                    prop_assert_eq!(wrong(&sides, &now, of, &request), None, "{:?} of {:?} after {} of {:?}", request, of, written, order);
                }
            }
        }
    }
}

#[test]
fn what_an_object_allows_that_does_not_change_is_opened_if_one_deny_goes_before_another_one_comes() {
    let rule = |denies| Rule::new(denies).on(Dimension::Principal, vec![Pattern::literal("a")]);
    let before = Objects::from([(0, vec![rule(true)]), (2, vec![rule(false)])]);
    let after = Objects::from([(1, vec![rule(true)]), (2, vec![rule(false)])]);
    for together in [true, false] {
        let Ordered { changed, turns, moments } = ordered(&[before.clone(), after.clone()], together, false);
        assert_eq!(changed, [0, 1]);
        assert!(turns[1].step < turns[0].step, "{turns:?}");
        assert_eq!(moments, []);
    }
}

/// Two of the rules name the companion of whoever the third one names.
#[test]
fn sound_order_of_several_rules_about_a_companion_each_may_name_either_of_the_two() {
    let rule = |denies, name| Rule::new(denies).on(Dimension::Principal, vec![Pattern::literal(name)]);
    let before = Objects::from([(0, vec![rule(false, "bb")]), (1, vec![rule(true, "a")])]);
    let after = Objects::from([(0, vec![rule(false, "bb"), rule(true, "bb")]), (1, Vec::new())]);
    let Ordered { turns, moments, .. } = ordered(&[before, after], true, true);
    assert!(turns[0].step < turns[1].step, "{turns:?}");
    assert_eq!(moments, []);
}

/// Counts the rules that the search is asked about.
struct Counted<'c> {
    search: RuleSearch,
    asked: &'c Cell<usize>,
}

impl Counted<'_> {
    fn count(&self, rules: usize) {
        self.asked.set(self.asked.get() + rules);
    }
}

impl Search for Counted<'_> {
    type Rule = Rule;

    fn denies(rule: &Rule) -> bool {
        RuleSearch::denies(rule)
    }

    fn meaning(rule: &Rule) -> impl Ord {
        RuleSearch::meaning(rule)
    }

    fn learn<'r>(&mut self, rules: impl Iterator<Item = &'r Rule> + Clone) {
        self.search.learn(rules);
    }

    fn beginnings(&self, rule: &Rule) -> Beginnings {
        self.search.beginnings(rule)
    }

    fn may_meet(&mut self, a: &Rule, b: &Rule) -> Result<bool, Spent> {
        self.count(2);
        self.search.may_meet(a, b)
    }

    fn find(&mut self, seeds: &[&Rule], covers: &[&Rule]) -> Result<Option<Example>, Spent> {
        self.count(seeds.len() + covers.len());
        self.search.find(seeds, covers)
    }
}

/// Every pair of objects has a bucket of its own, and gives and takes all at once.
#[test]
fn what_is_asked_grows_with_the_changes_and_not_with_their_pairs() {
    let asked = |number: usize| {
        let rule = |denies: bool, action: &str, at: usize| {
            let resource = Pattern::glob(&format!("bucket-{}/*", at / 2));
            let action = Pattern::literal(action);
            Rule::new(denies).on(Dimension::Action, vec![action]).on(Dimension::Resource, vec![resource])
        };
        let side = |at, [given, taken]: [&str; 2]| vec![rule(false, given, at), rule(true, taken, at)];
        let part = |at: usize| {
            let [before, after] = [["get", "put"], ["put", "get"]].map(|of| side(at, of));
            Part { write: at, object: at, before, after }
        };
        let asked = Cell::new(0);
        let search =
            RuleSearch::new(&RuleSet::default(), std::iter::empty(), Budget::new(u64::MAX, u64::MAX));
        let parts = (0..number).map(part).collect();
        let mut writes = Writes::new(Counted { search, asked: &asked }, parts, true)
            .unwrap_or_else(|why| panic!("{why:?}"));
        let possible = writes.possible().unwrap_or_else(|why| panic!("{why:?}"));
        let places: Vec<_> = (0..number).collect();
        for need in writes.needs(possible).unwrap_or_else(|why| panic!("{why:?}")) {
            writes.moment(&need, &places).unwrap_or_else(|why| panic!("{why:?}"));
        }
        asked.get()
    };
    let of_hundred = asked(100);
    assert!(of_hundred > 1_000, "{of_hundred}");
    assert_eq!(asked(400), 4 * of_hundred);
}
