//! What the order of writes asks of rules, in whatever language they are.

use std::collections::BTreeSet;

use crate::access::allowed::may_meet;
use crate::access::budget::{Budget, Spent};
use crate::access::cover::{Forms, uncovered};
use crate::access::evaluate::{applies, is_formed};
use crate::access::impact::Word;
use crate::access::near::{Beginnings, beginnings};
use crate::access::rule::{AccessRequest, Dimension, Rule, RuleSet};
use crate::access::witness::{Known, readable};

/// A request for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it says.
    pub words: Vec<Word>,
    /// The conditions that must hold; nobody can look into them.
    pub conditions: Vec<String>,
}

/// Rules of one language, and the search for requests.
pub trait Search {
    /// A rule.
    type Rule: Clone;

    /// Whether it denies.
    fn denies(rule: &Self::Rule) -> bool;

    /// What it says, without its name.
    fn meaning(rule: &Self::Rule) -> impl Ord;

    /// Takes in more rules that it may be asked about.
    fn learn<'r>(&mut self, rules: impl Iterator<Item = &'r Self::Rule> + Clone)
    where
        Self::Rule: 'r;

    /// What the words of every request begin with to which a rule applies, also beside another one.
    fn beginnings(&self, rule: &Self::Rule) -> Beginnings;

    /// Whether two rules may apply to one requester's request. True if that takes long to tell.
    fn may_meet(&mut self, a: &Self::Rule, b: &Self::Rule) -> Result<bool, Spent>;

    /// A request to which all of `seeds` apply and none of `covers` does, by plain evaluation too.
    fn find(&mut self, seeds: &[&Self::Rule], covers: &[&Self::Rule]) -> Result<Option<Example>, Spent>;
}

/// The search in rules over dimensions.
pub struct RuleSearch {
    /// No rules, read as all are.
    like: RuleSet,
    known: Known,
    budget: Budget,
}

impl RuleSearch {
    /// A search in these rules and others that are read like them.
    #[must_use]
    pub fn new<'r>(like: &RuleSet, rules: impl Iterator<Item = &'r Rule>, budget: Budget) -> Self {
        Self { like: like.without_rules(), known: Known::of(rules), budget }
    }

    fn find_as(
        &mut self,
        seeds: &[&Rule],
        covers: &[&Rule],
        forms: &Forms,
    ) -> Result<Option<Example>, Spent> {
        let holds: BTreeSet<_> = seeds.iter().flat_map(|seed| seed.conditions.clone()).collect();
        let applying = covers.iter().filter(|cover| cover.conditions.is_subset(&holds));
        let covers: Vec<_> = applying.copied().collect();
        let Some(words) = uncovered(seeds, &covers, forms, &mut self.budget)? else { return Ok(None) };
        let shows = |request: &AccessRequest| {
            let applies = |rule: &&Rule| applies(&self.like, rule, request);
            is_formed(forms, &request.words) && seeds.iter().all(applies) && !covers.iter().any(applies)
        };
        let request = AccessRequest { words, holds };
        if !shows(&request) {
            return Ok(None);
        }
        let AccessRequest { words, holds } = readable(request, seeds, &self.known, shows);
        let words = words.into_iter().map(|(dimension, word)| Word { dimension, word }).collect();
        Ok(Some(Example { words, conditions: holds.into_iter().collect() }))
    }
}

impl Search for RuleSearch {
    type Rule = Rule;

    fn denies(rule: &Rule) -> bool {
        rule.denies
    }

    fn meaning(rule: &Rule) -> impl Ord {
        rule.meaning()
    }

    fn learn<'r>(&mut self, rules: impl Iterator<Item = &'r Rule> + Clone) {
        self.known.learn(rules);
    }

    fn beginnings(&self, rule: &Rule) -> Beginnings {
        beginnings(&self.like, rule)
    }

    fn may_meet(&mut self, a: &Rule, b: &Rule) -> Result<bool, Spent> {
        may_meet(&self.like, a, b, &mut self.budget)
    }

    fn find(&mut self, seeds: &[&Rule], covers: &[&Rule]) -> Result<Option<Example>, Spent> {
        let forms = self.like.forms.clone();
        if let Some(example) = self.find_as(seeds, covers, &forms)? {
            return Ok(Some(example));
        }
        let Some(company) = self.like.company.clone().filter(|_| seeds.len() > 1) else { return Ok(None) };
        let forms: Forms = forms.into_iter().chain([(Dimension::AlsoPrincipal, company)]).collect();
        let beside: Vec<_> = covers.iter().map(|cover| cover.of_company()).collect();
        let covers: Vec<_> = covers.iter().copied().chain(&beside).collect();
        // Each of the rules may name either of the two.
        for moved in 1..(1_u32 << seeds.len()) - 1 {
            let seeds = seeds.iter().enumerate().map(|(at, seed)| match moved & (1 << at) {
                0 => (*seed).clone(),
                _ => seed.of_company(),
            });
            let seeds: Vec<_> = seeds.collect();
            if let Some(example) = self.find_as(&seeds.iter().collect::<Vec<_>>(), &covers, &forms)? {
                return Ok(Some(example));
            }
        }
        Ok(None)
    }
}
