//! What rules allow if all of them decide together: a request is allowed if a rule allows it and none denies it.
//!
//! Where one side allows what the other does not, an allow of the first does it, or a deny of the other that the first
//! has not. A requester that is several principals at once needs no more than two: the one that is allowed something, and
//! the one that it was denied. Each answer is a request that a plain evaluation has confirmed. Not here: how one object differs, which
//! holds beside any others, in `impact`.

use std::collections::{BTreeSet, HashSet};

use super::budget::{Budget, Spent};
use super::cover::{Forms, meet, uncovered};
use super::evaluate::{applies, evaluate, is_formed};
use super::impact::Witness;
use super::near::NearRules;
use super::rule::{AccessRequest, Dimension, Effect, Rule, RuleSet};
use super::witness::{Known, readable};

/// One request of which the answer is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which rule makes the difference.
    pub by: By,
    /// Whether this depends on conditions that nobody can look into: it may be that no real request is meant.
    pub possible: bool,
    /// The request.
    pub witness: Witness,
}

/// A request, and whether its answer depends on conditions that nobody can look into.
pub type Answer = (Witness, bool);

/// Which rule makes a difference, by its place among the rules of its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A rule that is there before.
    Before(usize),
    /// A rule that is there after.
    After(usize),
}

impl Shown {
    fn new(by: By, (witness, possible): Answer) -> Self {
        Self { by, possible, witness }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It takes too much work.
    Spent,
    /// A request did not stand up to the second look.
    Disproved,
}

impl NoAnswer {
    /// The same for people.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Spent => "comparing all rules takes more work than enact does for one plan",
            Self::Disproved => "a witness did not stand up to the second look",
        }
    }
}

impl From<Spent> for NoAnswer {
    fn from(Spent: Spent) -> Self {
        Self::Spent
    }
}

/// What is allowed after and was not before, of what is `within` if that is given: a request for each rule that makes a
/// difference.
pub fn gained(
    before: &RuleSet,
    after: &RuleSet,
    within: Option<&Rule>,
    budget: &mut Budget,
) -> Result<Vec<Shown>, NoAnswer> {
    Question::new(before, after, |then, now| !then && now, budget).gained(within)
}

/// What was allowed before and is not after: the same, seen from the other side.
pub fn lost(
    before: &RuleSet,
    after: &RuleSet,
    within: Option<&Rule>,
    budget: &mut Budget,
) -> Result<Vec<Shown>, NoAnswer> {
    let mut lost = gained(after, before, within, budget)?;
    for Shown { by, possible: _, witness } in &mut lost {
        *by = match *by {
            By::Before(at) => By::After(at),
            By::After(at) => By::Before(at),
        };
        std::mem::swap(&mut witness.before, &mut witness.after);
    }
    Ok(lost)
}

/// A request `within` that is allowed after; one that is so whatever conditions hold, if there is one, and otherwise
/// `true` with it.
pub fn granted(
    before: &RuleSet,
    after: &RuleSet,
    within: &Rule,
    budget: &mut Budget,
) -> Result<Option<Answer>, NoAnswer> {
    Question::new(before, after, |_, now| now, budget).granted(within)
}

/// A request `within` that is not allowed after: the same.
pub fn refused(
    before: &RuleSet,
    after: &RuleSet,
    within: &Rule,
    budget: &mut Budget,
) -> Result<Option<Answer>, NoAnswer> {
    Question::new(before, after, |_, now| !now, budget).refused(within)
}

/// Whether all that is `within` is allowed: `Some(true)` if only as long as some conditions hold and others do not.
pub fn all_granted(set: &RuleSet, within: &Rule, budget: &mut Budget) -> Result<Option<bool>, NoAnswer> {
    let mut question = Question::new(set, set, |_, now| !now, budget);
    if question.refused(within)?.is_none() {
        return Ok(Some(false));
    }
    // At best no deny applies that has a condition, and every allow does.
    let rules = set.rules.iter().filter(|rule| !rule.denies || rule.conditions.is_empty());
    let rules = rules.map(|rule| Rule { conditions: BTreeSet::new(), ..rule.clone() }).collect();
    let best = RuleSet { rules, ..set.without_rules() };
    let mut question = Question::new(&best, &best, |_, now| !now, budget);
    Ok(question.refused(within)?.is_none().then_some(true))
}

/// Whether any deny applies to something that is `within`, if its conditions hold.
pub fn denies(set: &RuleSet, within: &Rule, budget: &mut Budget) -> Result<bool, NoAnswer> {
    for deny in set.denies() {
        if uncovered(&[deny, within], &[], &set.forms, budget)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rules that only one side has.
#[must_use]
pub fn differing<'r>(before: &'r RuleSet, after: &'r RuleSet) -> Vec<&'r Rule> {
    let meanings = |set: &'r RuleSet| set.rules.iter().map(Rule::meaning).collect::<HashSet<_>>();
    let (there, here) = (meanings(before), meanings(after));
    let gone = before.rules.iter().filter(|rule| !here.contains(&rule.meaning()));
    gone.chain(after.rules.iter().filter(|rule| !there.contains(&rule.meaning()))).collect()
}

/// The places of the rules on which a difference may depend: they may apply to a request to which a rule does that differs.
#[must_use]
pub fn concerned(set: &RuleSet, differing: &[&Rule], budget: &mut Budget) -> Vec<usize> {
    let differing = NearRules::new(set, differing.to_vec());
    let mut is_concerned =
        |rule: &Rule| differing.of(rule).any(|other| may_meet(set, rule, other, budget).unwrap_or(true));
    set.rules.iter().enumerate().filter(|(_, rule)| is_concerned(rule)).map(|(at, _)| at).collect()
}

/// Whether two rules may apply to one requester's request.
pub fn may_meet(like: &RuleSet, a: &Rule, b: &Rule, budget: &mut Budget) -> Result<bool, Spent> {
    let RuleSet { forms, company, .. } = like;
    if meet(a, b, forms, budget)? {
        return Ok(true);
    }
    // Of a requester who is two principals, each rule may name one, of which one is company.
    let Some(company) = company else { return Ok(false) };
    let company = Rule::new(false).on(Dimension::Principal, vec![company.clone()]);
    let is_company = meet(a, &company, forms, budget)? || meet(b, &company, forms, budget)?;
    Ok(is_company && meet(a, &b.of_company(), forms, budget)?)
}

/// What is asked about two sides.
struct Question<'a, 'b> {
    before: &'a RuleSet,
    after: &'a RuleSet,
    /// Whether a request that is allowed before or not, and after or not, is an answer.
    is_answer: fn(bool, bool) -> bool,
    forms: Forms,
    known: Known,
    /// Every condition of both sides.
    conditions: BTreeSet<String>,
    budget: &'b mut Budget,
}

impl<'a, 'b> Question<'a, 'b> {
    fn new(
        before: &'a RuleSet,
        after: &'a RuleSet,
        is_answer: fn(bool, bool) -> bool,
        budget: &'b mut Budget,
    ) -> Self {
        let rules = || before.rules.iter().chain(&after.rules);
        let forms = before.forms.iter().chain(&after.forms);
        Self {
            before,
            after,
            is_answer,
            forms: forms.map(|(of, form)| (of.clone(), form.clone())).collect(),
            known: Known::of(rules()),
            conditions: rules().flat_map(|rule| rule.conditions.clone()).collect(),
            budget,
        }
    }

    fn gained(&mut self, within: Option<&Rule>) -> Result<Vec<Shown>, NoAnswer> {
        let (before, after) = (self.before, self.after);
        let [there, here] =
            [before, after].map(|set| set.rules.iter().map(Rule::meaning).collect::<BTreeSet<_>>());
        let denies = NearRules::new(after, after.denies().collect());
        let settled = NearRules::new(after, before.allows().chain(after.denies()).collect());
        let allows = NearRules::new(after, after.allows().collect());
        let mut shown = Vec::new();
        for (at, rule) in after.rules.iter().enumerate() {
            if !rule.denies && !there.contains(&rule.meaning()) {
                let seeds: Vec<_> = [rule].into_iter().chain(within).collect();
                let answer = self.find(&seeds, &settled)?;
                shown.extend(answer.map(|answer| Shown::new(By::After(at), answer)));
            }
        }
        for (at, rule) in before.rules.iter().enumerate() {
            if rule.denies && !here.contains(&rule.meaning()) {
                let answer = self.freed(rule, within, &allows, &denies)?;
                shown.extend(answer.map(|answer| Shown::new(By::Before(at), answer)));
            }
        }
        Ok(shown)
    }

    /// A request that is allowed because a deny is gone. It may have denied it to another principal of the requester than
    /// the one that is allowed it.
    fn freed(
        &mut self,
        deny: &Rule,
        within: Option<&Rule>,
        allows: &NearRules<'_>,
        denies: &NearRules<'_>,
    ) -> Result<Option<Answer>, NoAnswer> {
        let mut possible = None;
        let alone = self.forms.clone();
        let (deny_beside, beside) = (deny.of_company(), within.map(Rule::of_company));
        let denies_beside: Vec<_> = denies.of(deny).map(Rule::of_company).collect();
        let both = NearRules::new(self.after, denies.of(deny).chain(&denies_beside).collect());
        // With a companion beside whoever is allowed it, or the other way round.
        let company = |of: Dimension| {
            let form = self.after.company.clone().map(|company| (of, company));
            form.map(|form| alone.clone().into_iter().chain([form]).collect::<Forms>())
        };
        let companies: Vec<_> =
            [Dimension::AlsoPrincipal, Dimension::Principal].into_iter().filter_map(company).collect();
        for allow in allows.of(deny) {
            if !meet(&deny_beside, allow, &self.forms, self.budget)? {
                continue;
            }
            let mut asked = vec![(alone.clone(), deny, within, denies)];
            for forms in &companies {
                asked.push((forms.clone(), &deny_beside, within, &both));
                asked.extend(beside.is_some().then_some((
                    forms.clone(),
                    &deny_beside,
                    beside.as_ref(),
                    &both,
                )));
            }
            for (forms, deny, within, covers) in asked {
                self.forms = forms;
                let seeds: Vec<_> = [allow, deny].into_iter().chain(within).collect();
                let answer = self.find(&seeds, covers);
                self.forms.clone_from(&alone);
                match answer? {
                    Some(answer) if !answer.1 => return Ok(Some(answer)),
                    answer => possible = possible.or(answer),
                }
            }
        }
        Ok(possible)
    }

    fn granted(&mut self, within: &Rule) -> Result<Option<Answer>, NoAnswer> {
        let after = self.after;
        let denies = NearRules::new(after, after.denies().collect());
        self.first(after.allows().map(|allow| (vec![allow, within], &denies)))
    }

    fn refused(&mut self, within: &Rule) -> Result<Option<Answer>, NoAnswer> {
        let after = self.after;
        let [none, allows] = [Vec::new(), after.allows().collect()].map(|rules| NearRules::new(after, rules));
        let denied = after.denies().map(|deny| (vec![deny, within], &none));
        self.first(denied.chain([(vec![within], &allows)]))
    }

    /// The first answer that depends on no condition, or else the first one.
    fn first<'r>(
        &mut self,
        asked: impl Iterator<Item = (Vec<&'r Rule>, &'r NearRules<'r>)>,
    ) -> Result<Option<Answer>, NoAnswer> {
        let mut possible = None;
        for (seeds, covers) in asked {
            match self.find(&seeds, covers)? {
                Some(answer) if !answer.1 => return Ok(Some(answer)),
                answer => possible = possible.or(answer),
            }
        }
        Ok(possible)
    }

    /// A request to which all of these apply and none of those.
    fn find(&mut self, seeds: &[&Rule], covers: &NearRules<'_>) -> Result<Option<Answer>, NoAnswer> {
        let holds: BTreeSet<_> = seeds.iter().flat_map(|seed| seed.conditions.clone()).collect();
        let mut touching = Vec::new();
        for cover in seeds.first().into_iter().flat_map(|seed| covers.of(seed)) {
            if self.all_meet(cover, seeds)? {
                touching.push(cover);
            }
        }
        // What is so although every other rule applies, whatever its conditions, is certain.
        let certain = match holds.is_empty() {
            true => uncovered(seeds, &touching, &self.forms, self.budget)?,
            false => None,
        };
        let possible = certain.is_none();
        let words = match certain {
            Some(words) => Some(words),
            None => {
                touching.retain(|cover| cover.conditions.is_subset(&holds));
                uncovered(seeds, &touching, &self.forms, self.budget)?
            }
        };
        let Some(words) = words else { return Ok(None) };
        let witness = self.witness(seeds, AccessRequest { words, holds }, possible)?;
        Ok(Some((witness, possible)))
    }

    fn all_meet(&mut self, rule: &Rule, seeds: &[&Rule]) -> Result<bool, Spent> {
        for seed in seeds {
            if !meet(rule, seed, &self.forms, self.budget)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn witness(&self, seeds: &[&Rule], request: AccessRequest, possible: bool) -> Result<Witness, NoAnswer> {
        let shows = |request: &AccessRequest| self.shows(seeds, request, possible);
        if !shows(&request) {
            return Err(NoAnswer::Disproved);
        }
        let request = readable(request, seeds, &self.known, shows);
        Ok(Witness::of(&request, self.before, self.after))
    }

    /// Whether a request is an answer, by plain evaluation; if it is not only possible, also if every condition holds.
    fn shows(&self, seeds: &[&Rule], request: &AccessRequest, possible: bool) -> bool {
        let allowed = |set, request| evaluate(set, request).0 == Effect::Allowed;
        let is_answer =
            |request| (self.is_answer)(allowed(self.before, request), allowed(self.after, request));
        let all = || AccessRequest { holds: self.conditions.clone(), ..request.clone() };
        seeds.iter().all(|seed| applies(self.after, seed, request))
            && is_formed(&self.forms, &request.words)
            && is_answer(request)
            && (possible || is_answer(&all()))
    }
}
