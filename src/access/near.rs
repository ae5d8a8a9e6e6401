//! Which of many rules may apply to a request to which a given one does: those that begin alike.
//!
//! A plan of a thousand changes has a million pairs of rules, and nearly all of them are about something else. Not here:
//! whether two of them really meet.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::pattern::Pattern;
use super::rule::{Dimension, Rule, RuleSet};

/// What the words of every request to which a rule applies begin with, by their dimensions.
pub type Beginnings = BTreeMap<Dimension, BTreeSet<String>>;

/// What a rule says of the beginnings of words. Of a requester who is two principals each rule may name another one.
pub(super) fn beginnings(like: &RuleSet, rule: &Rule) -> Beginnings {
    let of = |dimension: &Dimension| Some((dimension.clone(), of_dimension(like, rule, dimension)?));
    rule.scopes.keys().filter_map(of).collect()
}

fn of_dimension(like: &RuleSet, rule: &Rule, dimension: &Dimension) -> Option<BTreeSet<String>> {
    let names_one = matches!(dimension, Dimension::Principal | Dimension::AlsoPrincipal);
    let patterns = rule.scope(dimension).filter(|_| like.company.is_none() || !names_one)?;
    Some(patterns.iter().map(Pattern::beginning).collect())
}

/// Rules, and which of them are near to another one.
pub struct NearRules<'r> {
    like: &'r RuleSet,
    rules: Vec<&'r Rule>,
    near: Near,
}

impl<'r> NearRules<'r> {
    /// These rules, read like those of this set.
    #[must_use]
    pub fn new(like: &'r RuleSet, rules: Vec<&'r Rule>) -> Self {
        let all: Vec<_> = rules.iter().map(|rule| beginnings(like, rule)).collect();
        Self { like, rules, near: Near::new(&all) }
    }

    /// The rules that may apply to a request to which this one does.
    pub(super) fn of(&self, rule: &Rule) -> impl Iterator<Item = &'r Rule> {
        self.places(rule).into_iter().filter_map(|place| self.rules.get(place)).copied()
    }

    /// Their places among all rules. A rule is not near to one that applies to nothing.
    #[must_use]
    pub fn places(&self, rule: &Rule) -> BTreeSet<usize> {
        self.near.at(|dimension| of_dimension(self.like, rule, dimension))
    }
}

/// Rules, found by the beginnings of the dimension in which they differ most.
pub(super) struct Near {
    dimension: Option<Dimension>,
    /// The places of rules, by what they begin with.
    begin: BTreeMap<String, Vec<usize>>,
    /// Those that say nothing in that dimension.
    rest: Vec<usize>,
}

impl Near {
    /// Of these rules, by their places.
    pub(super) fn new(rules: &[Beginnings]) -> Self {
        let mut distinct: BTreeMap<&Dimension, BTreeSet<&String>> = BTreeMap::new();
        for (dimension, texts) in rules.iter().flatten() {
            distinct.entry(dimension).or_default().extend(texts);
        }
        let dimension = distinct.iter().max_by_key(|(_, texts)| texts.len()).map(|(of, _)| (*of).clone());
        let (mut begin, mut rest) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for (place, rule) in rules.iter().enumerate() {
            match dimension.as_ref().and_then(|dimension| rule.get(dimension)) {
                None => rest.push(place),
                Some(texts) => {
                    texts.iter().for_each(|text| begin.entry(text.clone()).or_default().push(place))
                }
            }
        }
        Self { dimension, begin, rest }
    }

    /// The same of some of the rules alone, by their places.
    pub(super) fn only(&self, is_one: impl Fn(usize) -> bool) -> Self {
        let only =
            |places: &[usize]| places.iter().copied().filter(|place| is_one(*place)).collect::<Vec<_>>();
        let begin = self.begin.iter().map(|(text, places)| (text.clone(), only(places)));
        let begin = begin.filter(|(_, places)| !places.is_empty()).collect();
        Self { dimension: self.dimension.clone(), begin, rest: only(&self.rest) }
    }

    /// The places of the rules that may apply to a request to which a rule of these beginnings does. One that applies to
    /// nothing is near to none.
    pub(super) fn of(&self, rule: &Beginnings) -> BTreeSet<usize> {
        self.at(|dimension| rule.get(dimension).cloned())
    }

    fn at(&self, rule: impl Fn(&Dimension) -> Option<BTreeSet<String>>) -> BTreeSet<usize> {
        let mut found: BTreeSet<_> = self.rest.iter().copied().collect();
        match self.dimension.as_ref().and_then(rule) {
            None => found.extend(self.begin.values().flatten()),
            Some(texts) => texts.iter().for_each(|text| found.extend(self.alike(text))),
        }
        found
    }

    /// Those that begin with a text, and those with a beginning of it.
    fn alike<'n>(&'n self, text: &'n str) -> impl Iterator<Item = usize> + 'n {
        let from = (Bound::Included(text), Bound::Unbounded);
        let longer = self.begin.range::<str, _>(from).take_while(move |(other, _)| other.starts_with(text));
        let shorter = text.char_indices().filter_map(|(end, _)| self.begin.get(text.get(..end)?));
        longer.map(|(_, places)| places).chain(shorter).flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::allowed::may_meet;
    use crate::access::budget::Budget;
    use crate::access::question::plainly_covers;

    fn pattern() -> impl Strategy<Value = Pattern> {
        prop_oneof![
            "[abé]{0,3}".prop_map(|text| Pattern::literal(&text)),
            "[abé*?]{0,3}".prop_map(|text| Pattern::glob_with_one(&text)),
        ]
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let scope = || prop::option::weighted(0.8, prop::collection::vec(pattern(), 1..3));
        (scope(), scope()).prop_map(|scopes| {
            let of = [Dimension::Principal, Dimension::Resource].into_iter().zip([scopes.0, scopes.1]);
            let scopes = of.filter_map(|(of, scope)| Some((of, scope?))).collect();
            Rule { scopes, ..Rule::new(false) }
        })
    }

    proptest! {
        #[test]
        fn sound_meaning_rules_that_may_meet_are_near(
            rules in prop::collection::vec(rule(), 0..6),
            one in rule(),
            company in any::<bool>(),
        ) {
            let company = company.then(|| Pattern::glob("b*"));
            let like = RuleSet { company, ..RuleSet::default() };
            let all: Vec<_> = rules.iter().map(|rule| beginnings(&like, rule)).collect();
            let near = Near::new(&all);
            let even = near.only(|place| place % 2 == 0).of(&beginnings(&like, &one));
            let near = near.of(&beginnings(&like, &one));
            prop_assert_eq!(even, near.iter().copied().filter(|place| place % 2 == 0).collect());
            for (place, rule) in rules.iter().enumerate() {
                let is_near = near.contains(&place);
                let may_meet = may_meet(&like, rule, &one, &mut Budget::default()) == Ok(true);
                prop_assert!(!may_meet || is_near, "{rule:?} {one:?}");
                prop_assert!(!plainly_covers(rule, &one) || is_near, "{rule:?} {one:?}");
            }
        }
    }

    /// What a rule is near to does not grow with the rules that are about something else.
    #[test]
    fn of_a_thousand_rules_about_something_else_none_is_near() {
        let rule = |at: usize| {
            Rule::new(false)
                .on(Dimension::Action, vec![Pattern::glob("get*")])
                .on(Dimension::Resource, vec![Pattern::glob(&format!("bucket-{at}/*"))])
        };
        let like = RuleSet::default();
        let all: Vec<_> = (0..1_000).map(|at| beginnings(&like, &rule(at))).collect();
        let near = Near::new(&all);
        assert_eq!(near.of(&beginnings(&like, &rule(70))), BTreeSet::from([70]));
        let all = Rule::new(true).on(Dimension::Resource, vec![Pattern::glob("bucket-7*")]);
        assert_eq!(near.of(&beginnings(&like, &all)).len(), 111);
    }
}
