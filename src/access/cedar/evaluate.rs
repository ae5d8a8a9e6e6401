//! What Cedar rules say of one request, the plain way. It shares nothing with the search, so that it can check it.

use super::request::CedarRequest;
use super::rule::{CedarRule, Entity, EntityScope};
use crate::access::rule::Effect;

/// What rules say of a request, and the one that decides it, by its place.
pub(super) fn evaluate(rules: &[CedarRule], request: &CedarRequest) -> (Effect, Option<usize>) {
    let deciding =
        |permits: bool| rules.iter().position(|rule| rule.permits == permits && applies(rule, request));
    match (deciding(false), deciding(true)) {
        (Some(forbid), _) => (Effect::Denied, Some(forbid)),
        (None, Some(permit)) => (Effect::Allowed, Some(permit)),
        (None, None) => (Effect::NotGranted, None),
    }
}

/// Whether a rule applies: it is in scope, and nothing that it needs is otherwise or an error.
pub(super) fn applies(rule: &CedarRule, request: &CedarRequest) -> bool {
    rule.conditions.iter().all(|needed| request.conditions.contains(needed)) && is_in_scope(rule, request)
}

/// Whether a rule applies, whatever its conditions say.
pub(super) fn is_in_scope(rule: &CedarRule, request: &CedarRequest) -> bool {
    meets(&rule.principal, &request.principal, request)
        && meets(&rule.resource, &request.resource, request)
        && rule.action.iter().any(|scope| meets(scope, &request.action, request))
}

fn meets(scope: &EntityScope, entity: &Entity, request: &CedarRequest) -> bool {
    if scope.equals.as_ref().is_some_and(|equals| equals != entity) {
        return false;
    }
    if scope.is.as_ref().is_some_and(|kind| *kind != entity.kind) {
        return false;
    }
    scope.within.as_ref().is_none_or(|above| is_below(entity, above, request, request.parents.len()))
}

/// Whether an entity is another one or below it, in so many steps and one. A path without circles has no more steps
/// than there are entities with parents.
fn is_below(entity: &Entity, above: &Entity, request: &CedarRequest, steps: usize) -> bool {
    entity == above
        || request.parents.get(entity).is_some_and(|parents| {
            parents.iter().any(|parent| {
                parent == above || steps > 0 && is_below(parent, above, request, steps.saturating_sub(1))
            })
        })
}
