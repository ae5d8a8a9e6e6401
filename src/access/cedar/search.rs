//! The search in Cedar rules that the order of writes asks for.

use super::compare::{condition, words};
use super::evaluate::applies;
use super::request::{Least, Named};
use super::rule::CedarRule;
use crate::access::budget::{Budget, Spent};
use crate::access::near::Beginnings;
use crate::access::order::search::{Example, Search};

/// The search in Cedar rules.
pub struct CedarSearch {
    named: Named,
    budget: Budget,
}

impl CedarSearch {
    /// A search in these rules.
    #[must_use]
    pub fn new<'r>(rules: impl Iterator<Item = &'r CedarRule> + Clone, budget: Budget) -> Self {
        Self { named: Named::by(rules), budget }
    }
}

impl Search for CedarSearch {
    type Rule = CedarRule;

    fn denies(rule: &CedarRule) -> bool {
        !rule.permits
    }

    fn meaning(rule: &CedarRule) -> impl Ord {
        rule.meaning()
    }

    /// No request is to be of an entity that one of them names by chance.
    fn learn<'r>(&mut self, rules: impl Iterator<Item = &'r CedarRule> + Clone) {
        self.named.join(Named::by(rules));
    }

    fn beginnings(&self, rule: &CedarRule) -> Beginnings {
        rule.beginnings()
    }

    fn may_meet(&mut self, a: &CedarRule, b: &CedarRule) -> Result<bool, Spent> {
        Ok(self.first(&mut Vec::new(), &[a, b], 1, &|_, _| Some(()))?.is_some())
    }

    /// Whatever applies to the least request of the seeds applies to all of theirs, so one look is enough.
    fn find(&mut self, seeds: &[&CedarRule], covers: &[&CedarRule]) -> Result<Option<Example>, Spent> {
        let uncovered = |parts: &[CedarRule], least: Least| {
            if covers.iter().any(|cover| least.is_met_by(cover)) {
                return None;
            }
            let request = least.request;
            let is_shown = parts.iter().all(|part| applies(part, &request))
                && !covers.iter().any(|cover| applies(cover, &request));
            let conditions = request.conditions.iter().map(condition).collect();
            is_shown.then(|| Example { words: words(&request), conditions })
        };
        self.first(&mut Vec::new(), seeds, covers.len() + 1, &uncovered)
    }
}

impl CedarSearch {
    /// The first answer about the least request of rules with one action each: those that are chosen, and the rest in all
    /// ways. A look takes so many steps.
    fn first<T>(
        &mut self,
        chosen: &mut Vec<CedarRule>,
        rest: &[&CedarRule],
        steps: usize,
        look: &dyn Fn(&[CedarRule], Least) -> Option<T>,
    ) -> Result<Option<T>, Spent> {
        self.budget.spend(if rest.is_empty() { steps } else { 1 })?;
        let Some(least) = Least::of(&chosen.iter().collect::<Vec<_>>(), &self.named) else { return Ok(None) };
        let Some((rule, rest)) = rest.split_first() else { return Ok(look(chosen, least)) };
        for part in rule.parts() {
            chosen.push(part);
            let answer = self.first(chosen, rest, steps, look)?;
            chosen.pop();
            if answer.is_some() {
                return Ok(answer);
            }
        }
        Ok(None)
    }
}
