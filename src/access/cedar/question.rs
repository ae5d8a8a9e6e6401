//! Cedar rules as rules over words, for single requests of somebody of whom it is said what she is in.
//!
//! Nothing says what a resource or an action is in. A rule about all that is in something applies to that itself, and to
//! anything else on the condition that it is in there.

use super::compare::condition;
use super::rule::{CedarRule, Entity, EntityScope, contradict};
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Rule};

/// The dimension of who asks herself, apart from what she is in.
#[must_use]
pub fn itself() -> Dimension {
    Dimension::Key("principal".to_owned())
}

/// The rules that a Cedar rule is.
#[must_use]
pub fn rules(cedar: &CedarRule) -> Vec<Rule> {
    let CedarRule { permits, name, principal, action, resource, conditions, audited: _ } = cedar;
    if contradict(conditions) {
        return Vec::new();
    }
    let mut rule = Rule { name: Some(name.clone()), ..Rule::new(!permits) };
    rule.conditions = conditions.iter().map(condition).collect();
    let mut rules = Vec::new();
    for action in action {
        for action in ways(action, "action") {
            for resource in ways(resource, "resource") {
                let way = on(rule.clone(), Dimension::Action, &action);
                rules.push(of(on(way, Dimension::Resource, &resource), principal));
            }
        }
    }
    rules
}

/// A way in which an entity meets a scope.
struct Way {
    pattern: Option<Pattern>,
    condition: Option<String>,
}

fn certain(pattern: Option<Pattern>) -> Way {
    Way { pattern, condition: None }
}

fn ways(scope: &EntityScope, variable: &str) -> Vec<Way> {
    let EntityScope { equals, is, within } = scope;
    match (equals, is, within) {
        (Some(entity), ..) => vec![certain(Some(literal(entity)))],
        (None, is, Some(within)) => {
            let itself = Some(within).filter(|within| is.as_ref().is_none_or(|kind| *kind == within.kind));
            let itself = itself.map(|within| certain(Some(literal(within))));
            let condition = Some(format!("the {variable} is in {within}"));
            let inside = Way { pattern: is.as_deref().map(of_type), condition };
            itself.into_iter().chain([inside]).collect()
        }
        (None, Some(kind), None) => vec![certain(Some(of_type(kind)))],
        (None, None, None) => vec![certain(None)],
    }
}

fn on(mut rule: Rule, dimension: Dimension, Way { pattern, condition }: &Way) -> Rule {
    rule.conditions.extend(condition.clone());
    match pattern {
        Some(pattern) => rule.on(dimension, vec![pattern.clone()]),
        None => rule,
    }
}

/// The rule for whoever meets the scope of its principal: she herself, or by one of those that she is in.
fn of(rule: Rule, EntityScope { equals, is, within }: &EntityScope) -> Rule {
    let of_type = is.as_deref().map(of_type);
    let any = equals.as_ref().or(within.as_ref()).map(literal).or(of_type.clone());
    let own = equals.as_ref().map(literal).or(of_type);
    on(on(rule, Dimension::Principal, &certain(any)), itself(), &certain(own))
}

/// The pattern of this entity.
fn literal(entity: &Entity) -> Pattern {
    Pattern::literal(&entity.to_string())
}

/// The pattern of all entities of a type.
fn of_type(kind: &str) -> Pattern {
    Pattern::glob(&format!("{kind}::\"*\""))
}
