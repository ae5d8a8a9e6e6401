//! Whether Cedar rules decide every request of a sort in one way.
//!
//! Whoever asks is somebody of whom all that she is in is said, or anybody. Of an action or a resource that is named nobody
//! knows what it is in: a rule about all that is in something applies to it on that condition. What is not named may be
//! anything that a request can have, and then the least request to which a rule applies tells of all of them.

use std::collections::BTreeSet;

use super::compare::{condition, words};
use super::evaluate::{applies, is_in_scope};
use super::request::{CedarRequest, Least, Named};
use super::rule::{CedarRule, Entity, EntityScope, Needed};
use crate::access::budget::{Budget, Spent};
use crate::access::impact::Word;
use crate::access::rule::Dimension;

/// Requests that belong together.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// Who asks, first herself and then all that she is in; `None` is anybody.
    pub subjects: Option<Vec<Entity>>,
    /// What they want to do; `None` is anything.
    pub action: Option<Entity>,
    /// To what; `None` is anything.
    pub resource: Option<Entity>,
    /// Who is not meant: whoever is one of these, or in one.
    pub except_subjects: Vec<Entity>,
    /// Which actions are not meant.
    pub except_actions: Vec<Entity>,
    /// Which resources are not meant.
    pub except_resources: Vec<Entity>,
}

/// A request that is not decided as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What it says.
    pub request: Vec<Word>,
    /// The rule that decides it, by its place; `None` if it is only that none permits it.
    pub by: Option<usize>,
    /// On what it depends whether it is one; if on nothing, it is certain.
    pub depends: Vec<String>,
}

/// Looks for a request that is not permitted although all should be, or is although none should be. One that depends on
/// nothing if there is one.
pub fn counterexample(
    rules: &[CedarRule],
    requests: &Requests,
    allows: bool,
    budget: &mut Budget,
) -> Result<Option<Counterexample>, Spent> {
    if requests.is_empty() {
        return Ok(None);
    }
    let narrowed = rules.iter().enumerate();
    let narrowed: Vec<_> = narrowed
        .flat_map(|(at, rule)| requests.narrowed(rule).into_iter().map(move |rule| (at, rule)))
        .collect();
    let except = requests.exceptions();
    let named = Named::by(narrowed.iter().map(|(_, rule)| rule).chain(&except));
    let search = Search { rules: &narrowed, except: &except, named: &named, requests };
    search.run(allows, budget)
}

struct Search<'a> {
    /// What is left of the rules, with their places.
    rules: &'a [(usize, CedarRule)],
    except: &'a [CedarRule],
    named: &'a Named,
    requests: &'a Requests,
}

impl Search<'_> {
    fn run(&self, allows: bool, budget: &mut Budget) -> Result<Option<Counterexample>, Spent> {
        let of = |permits: bool| self.rules.iter().filter(move |(_, rule)| rule.permits == permits);
        let anything = CedarRule::anything();
        // Each is a rule that applies, and what must not apply beside it.
        let mut looks = Vec::new();
        if allows {
            looks.extend(of(false).map(|(at, rule)| (Some(*at), rule, Vec::new())));
            looks.push((None, &anything, of(true).map(|(_, rule)| rule).collect()));
        } else {
            let forbids: Vec<_> = of(false).map(|(_, rule)| rule).collect();
            looks.extend(of(true).map(|(at, rule)| (Some(*at), rule, forbids.clone())));
        }
        let mut possible = None;
        for (by, rule, covers) in looks {
            for part in rule.parts() {
                budget.spend(covers.len() + 1)?;
                match self.shown(by, &part, &covers) {
                    Some(found) if found.depends.is_empty() => return Ok(Some(found)),
                    found => possible = possible.or(found),
                }
            }
        }
        Ok(possible)
    }

    /// The least request to which a rule applies, if it is meant and nothing of the others applies to it.
    fn shown(&self, by: Option<usize>, part: &CedarRule, covers: &[&CedarRule]) -> Option<Counterexample> {
        let least = Least::of(&[part], self.named)?;
        if self.except.iter().chain(covers.iter().copied()).any(|cover| least.is_met_by(cover)) {
            return None;
        }
        let request = least.request;
        // The plain evaluation has the last word.
        let is_shown = applies(part, &request)
            && !self.except.iter().chain(covers.iter().copied()).any(|cover| applies(cover, &request));
        let others = covers.iter().filter(|cover| is_in_scope(cover, &request));
        let others = others.flat_map(|cover| &cover.conditions);
        let depends: BTreeSet<_> = part.conditions.iter().chain(others).map(condition).collect();
        is_shown.then(|| Counterexample {
            request: self.requests.words(&request),
            by,
            depends: depends.into_iter().collect(),
        })
    }
}

impl Requests {
    /// Whether no request is meant.
    fn is_empty(&self) -> bool {
        let is_out = |entity: &Option<Entity>, except: &[Entity]| {
            entity.as_ref().is_some_and(|entity| except.contains(entity))
        };
        let mut subjects = self.subjects.iter().flatten();
        subjects.any(|subject| self.except_subjects.contains(subject))
            || is_out(&self.action, &self.except_actions)
            || is_out(&self.resource, &self.except_resources)
    }

    /// What a rule says of these requests: of what is named, it asks no more than that nobody knows.
    fn narrowed(&self, rule: &CedarRule) -> Vec<CedarRule> {
        let principal = match &self.subjects {
            None => rule.principal.clone(),
            Some(subjects) if is_met_by_all(&rule.principal, subjects) => EntityScope::default(),
            Some(_) => return Vec::new(),
        };
        let resources = match &self.resource {
            None => vec![(rule.resource.clone(), None)],
            Some(resource) => ways(&rule.resource, resource, "resource").into_iter().collect(),
        };
        let actions: Vec<_> = match &self.action {
            None => vec![(rule.action.clone(), None)],
            Some(action) => {
                let ways = rule.action.iter().filter_map(|scope| ways(scope, action, "action"));
                ways.map(|(scope, needed)| (BTreeSet::from([scope]), needed)).collect()
            }
        };
        let mut narrowed = Vec::new();
        for (resource, if_resource) in &resources {
            for (action, if_action) in &actions {
                let conditions = rule.conditions.iter().chain(if_resource).chain(if_action).cloned();
                narrowed.push(CedarRule {
                    principal: principal.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    conditions: conditions.collect(),
                    ..rule.clone()
                });
            }
        }
        narrowed
    }

    fn exceptions(&self) -> Vec<CedarRule> {
        let scope = |equals: &Entity| EntityScope { equals: Some(equals.clone()), ..EntityScope::default() };
        let within = |within: &Entity| EntityScope { within: Some(within.clone()), ..EntityScope::default() };
        let any = CedarRule::anything;
        let subjects = self.except_subjects.iter().filter(|_| self.subjects.is_none());
        let subjects = subjects.map(|entity| CedarRule { principal: within(entity), ..any() });
        let actions = self.except_actions.iter().filter(|_| self.action.is_none());
        let actions = actions.map(|entity| CedarRule { action: [scope(entity)].into(), ..any() });
        let resources = self.except_resources.iter().filter(|_| self.resource.is_none());
        let resources = resources.map(|entity| CedarRule { resource: scope(entity), ..any() });
        subjects.chain(actions).chain(resources).collect()
    }

    /// A request in words, with what is named.
    fn words(&self, request: &CedarRequest) -> Vec<Word> {
        let word = |dimension: Dimension, entity: &Entity| Word { dimension, word: entity.to_string() };
        let subjects = self.subjects.iter().flatten().map(|subject| word(Dimension::Principal, subject));
        let named = |dimension: &Dimension| match dimension {
            Dimension::Action => self.action.as_ref(),
            Dimension::Resource => self.resource.as_ref(),
            _ => None,
        };
        let others = words(request)
            .into_iter()
            .filter(|of| self.subjects.is_none() || of.dimension != Dimension::Principal);
        let others = others.map(|of| match named(&of.dimension) {
            Some(entity) => word(of.dimension, entity),
            None => of,
        });
        subjects.chain(others).collect()
    }
}

/// Whether somebody who is in all of these, and herself the first one, meets a scope.
fn is_met_by_all(EntityScope { equals, is, within }: &EntityScope, subjects: &[Entity]) -> bool {
    let itself = subjects.first();
    equals.as_ref().is_none_or(|equals| itself == Some(equals))
        && is.as_ref().is_none_or(|kind| itself.is_some_and(|entity| entity.kind == *kind))
        && within.as_ref().is_none_or(|within| subjects.contains(within))
}

/// What is left of a scope for an entity that is named, and on which condition; `None` if it does not meet it.
fn ways(scope: &EntityScope, entity: &Entity, variable: &str) -> Option<(EntityScope, Option<Needed>)> {
    let EntityScope { equals, is, within } = scope;
    let is_it = equals.as_ref().is_none_or(|equals| equals == entity)
        && is.as_ref().is_none_or(|kind| *kind == entity.kind);
    let within = within.as_ref().filter(|within| *within != entity);
    let needed = within.map(|within| (format!("the {variable} is in {within}"), true));
    is_it.then(|| (EntityScope::default(), needed))
}
