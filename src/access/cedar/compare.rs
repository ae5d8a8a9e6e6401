//! What a change of Cedar rules does to what is allowed.
//!
//! A difference is a rule of one side that no rule of the other side covers: a forbid that was and no longer is; a permit
//! that is, where nothing was permitted or forbidden and nothing is forbidden. One rule covers another if it applies to
//! the least request of it, so no two rules together cover what none of them covers alone.

use std::collections::BTreeSet;

use super::audit;
use super::evaluate::{applies, evaluate, is_in_scope};
use super::request::{CedarRequest, Hierarchy, Least, Named};
use super::rule::{CedarRule, Entity, EntityScope, Needed};
use crate::access::attribute::{self, Attribute};
use crate::access::budget::{Budget, Spent};
use crate::access::impact::{
    AccessChange, AttributeChange, Decision, Difference, EXCEPTIONS, Impact, Language, MOST, Scope, Witness,
    Word,
};
use crate::access::rule::Dimension;

/// What one object says in Cedar, and beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CedarPolicy {
    /// Its rules; none if it is not in force.
    pub rules: Vec<CedarRule>,
    /// The values beside them.
    pub attributes: Vec<Attribute>,
}

/// Compares what one object said with what it will say.
#[must_use]
pub fn compare(before: &CedarPolicy, after: &CedarPolicy, budget: &mut Budget) -> Impact {
    let mut share = budget.share();
    let difference = difference(before, after, &mut share);
    budget.settle(&share);
    match difference {
        Err(Spent) => Impact::too_much(),
        Ok(None) => Impact::refuted(),
        Ok(Some(Sides { gained, lost, more, attributes })) => {
            let change = |found: Found| found.change(&before.rules, &after.rules);
            let changes = |found: Vec<Found>| found.into_iter().map(change).collect();
            Impact::Known(Difference { gained: changes(gained), lost: changes(lost), more, attributes })
        }
    }
}

/// What was found, with the requests that show it.
pub(super) struct Sides {
    pub(super) gained: Vec<Found>,
    pub(super) lost: Vec<Found>,
    more: bool,
    pub(super) attributes: Vec<AttributeChange>,
}

/// What no rule of the other side covers of a rule.
pub(super) struct Found {
    rule: CedarRule,
    /// The request that shows it.
    pub(super) request: CedarRequest,
    /// Whether it depends on conditions.
    pub(super) possible: bool,
    /// What is left out, by the scopes in which it is narrower than the rule.
    exceptions: Vec<Vec<Scope>>,
}

/// How two objects differ; `None` if what was found is not true.
pub(super) fn difference(
    before: &CedarPolicy,
    after: &CedarPolicy,
    budget: &mut Budget,
) -> Result<Option<Sides>, Spent> {
    let named = Named::by(before.rules.iter().chain(&after.rules));
    let mut sides = [true, false].map(|gains| Side {
        before: &before.rules,
        after: &after.rules,
        gains,
        named: &named,
        found: Vec::new(),
        more: false,
    });
    for side in &mut sides {
        if !side.look(budget)? {
            return Ok(None);
        }
    }
    let Some(audited) = audit::changes(&before.rules, &after.rules, &named, budget)? else { return Ok(None) };
    let [gained, lost] = sides;
    // How long something is allowed matters if something is.
    let permits = |policy: &CedarPolicy| policy.rules.iter().any(|rule| rule.permits);
    let mut attributes = Vec::new();
    if permits(before) && permits(after) {
        attributes = attribute::changes(&before.attributes, &after.attributes);
    }
    attributes.extend(audited);
    Ok(Some(Sides { gained: gained.found, lost: lost.found, more: gained.more || lost.more, attributes }))
}

/// The search for what is gained, or for what is lost.
struct Side<'a> {
    before: &'a [CedarRule],
    after: &'a [CedarRule],
    gains: bool,
    named: &'a Named,
    found: Vec<Found>,
    more: bool,
}

impl<'a> Side<'a> {
    /// Finds everything. False if a witness is none.
    fn look(&mut self, budget: &mut Budget) -> Result<bool, Spent> {
        let (less, more) = if self.gains { (self.before, self.after) } else { (self.after, self.before) };
        let forbids: Vec<_> = more.iter().filter(|rule| !rule.permits).collect();
        let decided: Vec<_> = less.iter().chain(forbids.iter().copied()).collect();
        let [here, there] =
            [less, more].map(|rules| rules.iter().map(CedarRule::meaning).collect::<BTreeSet<_>>());
        let forbidden = less.iter().filter(|rule| !rule.permits && !there.contains(&rule.meaning()));
        let permitted = more.iter().filter(|rule| rule.permits && !here.contains(&rule.meaning()));
        let seeds = forbidden.map(|seed| (seed, &forbids)).chain(permitted.map(|seed| (seed, &decided)));
        for (seed, covers) in seeds {
            let first = self.found.len();
            for part in seed.parts() {
                let Some(piece) = self.piece(part, covers, budget)? else { continue };
                // The parts of a rule that differ in their action alone are told as one.
                let is_alike = |other: &&mut Found| {
                    other.possible == piece.possible && other.exceptions == piece.exceptions
                };
                if let Some(like) = self.found.iter_mut().skip(first).find(is_alike) {
                    like.rule.action.extend(piece.rule.action);
                } else if self.found.len() < MOST {
                    let Some(request) = self.witness(&piece) else { return Ok(false) };
                    self.found.push(Found { request, ..piece });
                } else {
                    self.more = true;
                }
            }
        }
        Ok(true)
    }

    /// What no other rule covers of a rule with one action; `None` if one does, or if it never applies.
    fn piece(
        &self,
        part: CedarRule,
        covers: &[&CedarRule],
        budget: &mut Budget,
    ) -> Result<Option<Found>, Spent> {
        budget.spend(covers.len() + 1)?;
        let Some(least) = Least::of(&[&part], self.named) else { return Ok(None) };
        if covers.iter().any(|cover| least.is_met_by(cover)) {
            return Ok(None);
        }
        let possible = !part.conditions.is_empty() || covers.iter().any(|cover| least.is_in_scope(cover));
        let mut exceptions = Vec::new();
        let applying = covers.iter().filter(|cover| cover.conditions.is_subset(&part.conditions));
        for cover in applying {
            budget.spend(1)?;
            if let Some(exception) = self.exception(&part, cover, &least)
                && !exceptions.contains(&exception)
            {
                exceptions.push(exception);
            }
        }
        Ok(Some(Found { rule: part, request: least.request, possible, exceptions }))
    }

    /// The scopes by which another rule that can apply to the same requests is narrower.
    fn exception(&self, part: &CedarRule, cover: &CedarRule, least: &Least) -> Option<Vec<Scope>> {
        let can_meet = |cover: &CedarRule| Least::of(&[part, cover], self.named).is_some();
        let action: BTreeSet<_> = cover.parts().filter(can_meet).flat_map(|cover| cover.action).collect();
        let meeting = (!action.is_empty()).then(|| CedarRule { action, ..cover.clone() })?;
        let scopes = meeting.scopes().into_iter().zip(least.meets(&meeting));
        Some(scopes.filter(|(_, is_met)| !is_met).map(|(scope, _)| scope).collect())
    }

    /// The request that shows it, with entities that people know where that does, too; `None` if it shows nothing.
    fn witness(&self, found: &Found) -> Option<CedarRequest> {
        let shows = |request: &CedarRequest| self.shows(&found.rule, request, found.possible);
        let mut request = Some(found.request.clone()).filter(shows)?;
        for better in [Self::known_action, Self::known_resource, Self::known_principal] {
            if let Some(better) = better(self, &found.rule, &request).into_iter().find(shows) {
                request = better;
            }
        }
        Some(request)
    }

    /// Whether a request shows the difference; if it is not only possible, whatever conditions say.
    fn shows(&self, part: &CedarRule, request: &CedarRequest, possible: bool) -> bool {
        let (before, after) = (evaluate(self.before, request).0, evaluate(self.after, request).0);
        let differs = if self.gains { before < after } else { after < before };
        let (less, more) = if self.gains { (self.before, self.after) } else { (self.after, self.before) };
        let mut against =
            less.iter().filter(|_| part.permits).chain(more.iter().filter(|rule| !rule.permits));
        applies(part, request) && differs && (possible || !against.any(|rule| is_in_scope(rule, request)))
    }

    /// The same request for the action that a group of actions is.
    fn known_action(&self, part: &CedarRule, request: &CedarRequest) -> Vec<CedarRequest> {
        let groups = part.action.iter().filter_map(|action| action.within.clone());
        let of = |group: Entity| CedarRequest { action: group, ..request.clone() };
        groups.map(of).collect()
    }

    /// The same request for resources of types that rules name.
    fn known_resource(&self, part: &CedarRule, request: &CedarRequest) -> Vec<CedarRequest> {
        let known = self.known(&part.resource, &request.resource, request, &self.named.resources);
        let of = |(resource, parents)| CedarRequest { resource, parents, ..request.clone() };
        known.into_iter().map(of).collect()
    }

    /// The same request of principals of types that rules name.
    fn known_principal(&self, part: &CedarRule, request: &CedarRequest) -> Vec<CedarRequest> {
        let known = self.known(&part.principal, &request.principal, request, &self.named.principals);
        let of = |(principal, parents)| CedarRequest { principal, parents, ..request.clone() };
        known.into_iter().map(of).collect()
    }

    /// Entities of these types in the place of one that has none, each with what is then below what.
    fn known(
        &self,
        scope: &EntityScope,
        entity: &Entity,
        request: &CedarRequest,
        kinds: &BTreeSet<String>,
    ) -> Vec<(Entity, Hierarchy)> {
        if scope.equals.is_some() || scope.is.is_some() {
            return Vec::new();
        }
        let used =
            BTreeSet::from([&request.principal, &request.action, &request.resource].map(Entity::clone));
        let of = |kind: &String| {
            let known = self.named.fresh(kind, &used);
            let mut parents = request.parents.clone();
            let above = parents.remove(entity).unwrap_or_default();
            parents.insert(known.clone(), above);
            (known, parents)
        };
        kinds.iter().map(of).collect()
    }
}

impl Found {
    fn change(self, before: &[CedarRule], after: &[CedarRule]) -> AccessChange {
        let Self { rule, request, possible, exceptions } = self;
        let decision = |rules: &[CedarRule]| {
            let (effect, at) = evaluate(rules, &request);
            Decision::by(effect, at, at.and_then(|at| rules.get(at)).map(|rule| rule.name.clone()))
        };
        let witness = Witness {
            language: Language::Cedar,
            request: words(&request),
            before: decision(before),
            after: decision(after),
        };
        AccessChange {
            access: rule.asks(),
            except: exceptions.iter().take(EXCEPTIONS).cloned().collect(),
            more_exceptions: exceptions.len().saturating_sub(EXCEPTIONS),
            conditions: rule.conditions.iter().map(condition).collect(),
            possible,
            through: None,
            witness,
        }
    }
}

/// The request in words: each entity, and what it is below.
pub(super) fn words(request: &CedarRequest) -> Vec<Word> {
    let CedarRequest { principal, action, resource, parents, conditions: _ } = request;
    let word = |(dimension, entity): (Dimension, &Entity)| {
        let above = parents.get(entity).into_iter().flatten();
        let word = match above.map(Entity::to_string).collect::<Vec<_>>().as_slice() {
            [] => entity.to_string(),
            [above] => format!("{entity} in {above}"),
            all => format!("{entity} in [{}]", all.join(", ")),
        };
        Word { dimension, word }
    };
    let entities =
        [(Dimension::Principal, principal), (Dimension::Action, action), (Dimension::Resource, resource)];
    entities.into_iter().map(word).collect()
}

/// What must be true.
pub(super) fn condition((text, wanted): &Needed) -> String {
    if *wanted { text.clone() } else { format!("!({text})") }
}
