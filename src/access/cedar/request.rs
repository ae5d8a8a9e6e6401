//! The request that has the least of all to which some rules apply.

use std::collections::{BTreeMap, BTreeSet};

use super::rule::{CedarRule, Entity, EntityScope, Needed, contradict};

/// What entities are directly below.
pub(super) type Hierarchy = BTreeMap<Entity, BTreeSet<Entity>>;

/// A request, with the part of the hierarchy that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CedarRequest {
    /// Who asks.
    pub(super) principal: Entity,
    /// What they want to do.
    pub(super) action: Entity,
    /// To what.
    pub(super) resource: Entity,
    /// What these entities are below.
    pub(super) parents: Hierarchy,
    /// The conditions that are true or false. All others are errors.
    pub(super) conditions: BTreeSet<Needed>,
}

/// A request, with all that its entities are below.
pub(super) struct Least {
    pub(super) request: CedarRequest,
    principal: BTreeSet<Entity>,
    action: BTreeSet<Entity>,
    resource: BTreeSet<Entity>,
}

impl Least {
    /// The least request to which all of these rules apply, each with one action; `None` if there is none. Entities that
    /// are `named` somewhere are only used where a rule asks for them.
    pub(super) fn of(rules: &[&CedarRule], named: &Named) -> Option<Self> {
        let conditions: BTreeSet<_> = rules.iter().flat_map(|rule| rule.conditions.clone()).collect();
        if contradict(&conditions) {
            return None;
        }
        let principal = Asked::of(rules.iter().map(|rule| &rule.principal))?;
        let action = Asked::of(rules.iter().flat_map(|rule| &rule.action))?;
        let resource = Asked::of(rules.iter().map(|rule| &rule.resource))?;
        let mut used = BTreeSet::new();
        let mut parents = Hierarchy::new();
        let [principal, action, resource] =
            [(principal, false), (action, true), (resource, false)].map(|(asked, is_action)| {
                let entity = asked.entity(is_action, named, &used);
                used.insert(entity.clone());
                let above = asked.within.into_iter().filter(|above| *above != entity);
                parents.entry(entity.clone()).or_default().extend(above);
                entity
            });
        let request = CedarRequest { principal, action, resource, parents, conditions };
        let above = |entity: &Entity| {
            let above = above(&request.parents, entity);
            (!above.contains(entity)).then_some(above)
        };
        let (principal, action) = (above(&request.principal)?, above(&request.action)?);
        let resource = above(&request.resource)?;
        Some(Self { request, principal, action, resource })
    }

    /// Which scopes of a rule are met: principal, action, resource.
    pub(super) fn meets(&self, rule: &CedarRule) -> [bool; 3] {
        let Self { request, principal, action, resource } = self;
        [
            is_met(&rule.principal, &request.principal, principal),
            rule.action.iter().any(|scope| is_met(scope, &request.action, action)),
            is_met(&rule.resource, &request.resource, resource),
        ]
    }

    /// Whether a rule applies, whatever its conditions say.
    pub(super) fn is_in_scope(&self, rule: &CedarRule) -> bool {
        self.meets(rule) == [true; 3]
    }

    /// Whether a rule applies.
    pub(super) fn is_met_by(&self, rule: &CedarRule) -> bool {
        rule.conditions.is_subset(&self.request.conditions) && self.is_in_scope(rule)
    }
}

fn is_met(scope: &EntityScope, entity: &Entity, above: &BTreeSet<Entity>) -> bool {
    let EntityScope { equals, is, within } = scope;
    equals.as_ref().is_none_or(|equals| equals == entity)
        && is.as_ref().is_none_or(|kind| *kind == entity.kind)
        && within.as_ref().is_none_or(|within| within == entity || above.contains(within))
}

/// Everything above an entity; with itself, if the hierarchy is none.
fn above(parents: &Hierarchy, entity: &Entity) -> BTreeSet<Entity> {
    let mut all = BTreeSet::new();
    let mut open: Vec<_> = parents.get(entity).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if all.insert(next.clone()) {
            open.extend(parents.get(next).into_iter().flatten());
        }
    }
    all
}

/// What several scopes ask of one entity.
#[derive(Default)]
struct Asked {
    equals: Option<Entity>,
    is: Option<String>,
    within: BTreeSet<Entity>,
}

impl Asked {
    /// `None` if no entity can meet all of it.
    fn of<'a>(scopes: impl Iterator<Item = &'a EntityScope>) -> Option<Self> {
        let mut asked = Self::default();
        for EntityScope { equals, is, within } in scopes {
            asked.equals = agreed(asked.equals, equals.as_ref())?;
            asked.is = agreed(asked.is, is.as_ref())?;
            asked.within.extend(within.clone());
        }
        let fits = |entity: &Entity| asked.is.as_ref().is_none_or(|kind| *kind == entity.kind);
        asked.equals.as_ref().is_none_or(fits).then_some(asked)
    }

    /// The entity that is asked for, or one that nobody knows.
    fn entity(&self, is_action: bool, named: &Named, used: &BTreeSet<Entity>) -> Entity {
        let kind = || match &self.is {
            Some(kind) => kind.clone(),
            // What is above an action is one too.
            None if is_action => self.within.first().map_or("Action", |above| above.kind.as_str()).to_owned(),
            None => named.other_kind(),
        };
        self.equals.clone().unwrap_or_else(|| named.fresh(&kind(), used))
    }
}

/// The one of two demands that says something; `None` if they contradict each other.
fn agreed<T: Clone + PartialEq>(one: Option<T>, other: Option<&T>) -> Option<Option<T>> {
    match (one, other) {
        (Some(one), Some(other)) => (one == *other).then_some(Some(one)),
        (one, other) => Some(one.or_else(|| other.cloned())),
    }
}

/// What the rules of both sides name.
pub(super) struct Named {
    entities: BTreeSet<Entity>,
    kinds: BTreeSet<String>,
    /// The types that principals and resources are said to have.
    pub(super) principals: BTreeSet<String>,
    pub(super) resources: BTreeSet<String>,
}

impl Named {
    pub(super) fn by<'a>(rules: impl Iterator<Item = &'a CedarRule> + Clone) -> Self {
        let all = |rule: &'a CedarRule| rule.action.iter().chain([&rule.principal, &rule.resource]);
        let entities = |scope: &EntityScope| scope.equals.clone().into_iter().chain(scope.within.clone());
        let entities: BTreeSet<_> = rules.clone().flat_map(all).flat_map(entities).collect();
        let own = |scope: &EntityScope| {
            scope.is.clone().into_iter().chain(scope.equals.as_ref().map(|entity| entity.kind.clone()))
        };
        let principals: BTreeSet<_> = rules.clone().flat_map(|rule| own(&rule.principal)).collect();
        let resources: BTreeSet<_> = rules.flat_map(|rule| own(&rule.resource)).collect();
        let kinds = entities.iter().map(|entity| entity.kind.clone());
        let kinds = kinds.chain(principals.clone()).chain(resources.clone()).collect();
        Self { entities, kinds, principals, resources }
    }

    /// Adds what other rules name.
    pub(super) fn join(&mut self, other: Self) {
        let Self { entities, kinds, principals, resources } = other;
        self.entities.extend(entities);
        self.kinds.extend(kinds);
        self.principals.extend(principals);
        self.resources.extend(resources);
    }

    /// A type that no rule names.
    fn other_kind(&self) -> String {
        first_free("Other", |kind| !self.kinds.contains(kind))
    }

    /// An entity of a type that no rule names, and that is not used.
    pub(super) fn fresh(&self, kind: &str, used: &BTreeSet<Entity>) -> Entity {
        let entity = |id: &str| Entity { kind: kind.to_owned(), id: id.to_owned() };
        let is_free = |id: &str| !self.entities.contains(&entity(id)) && !used.contains(&entity(id));
        entity(&first_free("x", is_free))
    }
}

/// The name itself, or the first one with a number that is free.
fn first_free(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let mut free = name.to_owned();
    let mut number = 2_u64;
    while !is_free(&free) {
        free = format!("{name}{number}");
        number += 1;
    }
    free
}
