//! One Cedar rule: its scopes, and the conditions that nobody looks into.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::access::impact::Scope;
use crate::access::near::Beginnings;
use crate::access::rule::Dimension;
use crate::cedar::{Statement, entity_parts, expression};

/// An entity, such as `User::"ana"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    /// Its type, with the namespace.
    pub(super) kind: String,
    /// Its id.
    pub(super) id: String,
}

impl Entity {
    /// The entity of a text such as `User::"ana"`, if it is one.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (kind, id) = entity_parts(text)?;
        Some(Self { kind, id })
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::\"{}\"", self.kind, self.id.escape_debug())
    }
}

/// What a rule asks of one entity of a request. All of it must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityScope {
    /// It is this entity.
    pub(super) equals: Option<Entity>,
    /// It is of this type.
    pub(super) is: Option<String>,
    /// It is this entity, or somewhere below it.
    pub(super) within: Option<Entity>,
}

impl EntityScope {
    /// As Cedar writes it; `None` if it is met by every entity.
    pub(super) fn text(&self, variable: &str) -> Option<String> {
        let Self { equals, is, within } = self;
        let within = within.as_ref().map(|entity| format!(" in {entity}"));
        match (equals, is) {
            (Some(entity), _) => Some(entity.to_string()),
            (None, Some(kind)) => Some(format!("{variable} is {kind}{}", within.unwrap_or_default())),
            (None, None) => within.map(|within| format!("{variable}{within}")),
        }
    }
}

/// A condition as Cedar writes it, and whether it has to be true or false. An error is neither.
pub(super) type Needed = (String, bool);

/// Whether something has to be both true and false, so that nothing is as needed.
pub(super) fn contradict(conditions: &BTreeSet<Needed>) -> bool {
    conditions.iter().any(|(condition, wanted)| conditions.contains(&(condition.clone(), !wanted)))
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CedarRule {
    /// Whether it permits or forbids.
    pub(super) permits: bool,
    /// Its name for people.
    pub(super) name: String,
    /// Who asks.
    pub(super) principal: EntityScope,
    /// What they want to do: any of these.
    pub(super) action: BTreeSet<EntityScope>,
    /// To what.
    pub(super) resource: EntityScope,
    /// What must be true, and what must be false.
    pub(super) conditions: BTreeSet<Needed>,
    /// Whether what it permits is audited.
    pub(super) audited: bool,
}

impl CedarRule {
    /// Reads a statement, which is called by its `@id` if it has one. `None` if it says something that is not known.
    #[must_use]
    pub fn read(statement: &Statement, name: &str, audited: bool) -> Option<Self> {
        let json = statement.json();
        let field = |name: &str| json.get(name);
        let permits = match field("effect")?.as_str()? {
            "permit" => true,
            "forbid" => false,
            _ => return None,
        };
        let mut conditions = BTreeSet::new();
        for clause in field("conditions")?.as_array()? {
            let wanted = match clause.get("kind")?.as_str()? {
                "when" => true,
                "unless" => false,
                _ => return None,
            };
            needs(clause.get("body")?, wanted, &mut conditions)?;
        }
        let id = json.pointer("/annotations/id").and_then(Value::as_str).filter(|id| !id.is_empty());
        Some(Self {
            permits,
            name: id.unwrap_or(name).to_owned(),
            principal: scope(field("principal")?)?,
            action: actions(field("action")?)?,
            resource: scope(field("resource")?)?,
            conditions,
            audited,
        })
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A rule that permits everything.
    pub(super) fn anything() -> Self {
        Self {
            permits: true,
            name: String::new(),
            principal: EntityScope::default(),
            action: BTreeSet::from([EntityScope::default()]),
            resource: EntityScope::default(),
            conditions: BTreeSet::new(),
            audited: true,
        }
    }

    /// Which requests it is about, without its name. Equal ones mean the same.
    pub(super) fn meaning(&self) -> impl Ord {
        let Self { permits, name: _, principal, action, resource, conditions, audited: _ } = self;
        (*permits, principal, action, resource, conditions)
    }

    /// The rule for one of its actions alone.
    pub(super) fn parts(&self) -> impl Iterator<Item = Self> {
        self.action.iter().map(|action| Self { action: BTreeSet::from([action.clone()]), ..self.clone() })
    }

    /// Its scopes as Cedar writes them: principal, action, resource. One that every entity meets has no patterns.
    pub(super) fn scopes(&self) -> [Scope; 3] {
        let one = |scope: &EntityScope, variable| scope.text(variable).into_iter().collect();
        let actions: Option<Vec<_>> = self.action.iter().map(|action| action.text("action")).collect();
        [
            Scope { dimension: Dimension::Principal, patterns: one(&self.principal, "principal") },
            Scope { dimension: Dimension::Action, patterns: actions.unwrap_or_default() },
            Scope { dimension: Dimension::Resource, patterns: one(&self.resource, "resource") },
        ]
    }

    /// The entities that a request names to which it applies, where only one does.
    pub(super) fn beginnings(&self) -> Beginnings {
        let exact = |dimension: Dimension, scope: &EntityScope| {
            let entity = scope.equals.as_ref()?;
            Some((dimension, BTreeSet::from([entity.to_string()])))
        };
        let principal = exact(Dimension::Principal, &self.principal);
        principal.into_iter().chain(exact(Dimension::Resource, &self.resource)).collect()
    }

    /// Those that ask for something.
    pub(super) fn asks(&self) -> Vec<Scope> {
        self.scopes().into_iter().filter(|scope| !scope.patterns.is_empty()).collect()
    }
}

/// What must hold for an expression to have this value. What `&&` joins must all be true, in whatever order it is
/// written, and what `||` joins must all be false. For the other value it matters which side is an error, so such an
/// expression is taken as it is.
fn needs(expression_of: &Value, wanted: bool, into: &mut BTreeSet<Needed>) -> Option<()> {
    let joined = if wanted { "&&" } else { "||" };
    if let Some(sides) = expression_of.get(joined) {
        needs(sides.get("left")?, wanted, into)?;
        needs(sides.get("right")?, wanted, into)
    } else if let Some(not) = expression_of.get("!") {
        needs(not.get("arg")?, !wanted, into)
    } else if let Some(Value::Bool(value)) = expression_of.get("Value") {
        // A constant is no condition; a wrong one is never right, which is said as a contradiction.
        if *value != wanted {
            into.extend([true, false].map(|wanted| ("false".to_owned(), wanted)));
        }
        Some(())
    } else {
        into.insert((expression(expression_of)?, wanted));
        Some(())
    }
}

fn scope(json: &Value) -> Option<EntityScope> {
    let entity_of = |json: &Value| json.get("entity").and_then(entity);
    Some(match json.get("op")?.as_str()? {
        "All" => EntityScope::default(),
        "==" => EntityScope { equals: Some(entity_of(json)?), ..EntityScope::default() },
        "in" => EntityScope { within: Some(entity_of(json)?), ..EntityScope::default() },
        "is" => {
            let within = match json.get("in") {
                None => None,
                Some(within) => Some(entity_of(within)?),
            };
            EntityScope { is: Some(json.get("entity_type")?.as_str()?.to_owned()), within, equals: None }
        }
        _ => return None,
    })
}

fn actions(json: &Value) -> Option<BTreeSet<EntityScope>> {
    let Some(entities) = json.get("entities") else { return Some(BTreeSet::from([scope(json)?])) };
    let within = |json| Some(EntityScope { within: Some(entity(json)?), ..EntityScope::default() });
    (json.get("op")?.as_str()? == "in").then(|| entities.as_array()?.iter().map(within).collect())?
}

fn entity(json: &Value) -> Option<Entity> {
    let field = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Entity { kind: field("type")?, id: field("id")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(clauses: &str) -> Vec<Needed> {
        let text = format!("permit (principal, action, resource) {clauses};");
        let structure = Statement::parse(&text).unwrap().structure().unwrap();
        let rule = |text: &str| CedarRule::read(&Statement::parse(text).unwrap(), "r", true).unwrap();
        assert_eq!(rule(&text).conditions.is_empty(), rule(&structure).conditions.is_empty());
        rule(&structure).conditions.into_iter().collect()
    }

    #[test]
    fn a_condition_is_taken_apart_where_that_means_the_same_and_nowhere_else() {
        let is = |text: &str, wanted| (text.to_owned(), wanted);
        let [a, b] = ["context.a", "context.b"];
        assert_eq!(needed("when { context.b && context.a }"), [is(a, true), is(b, true)]);
        assert_eq!(needed("when { context.a } unless { context.b }"), [is(a, true), is(b, false)]);
        assert_eq!(needed("unless { context.a || !context.b }"), [is(a, false), is(b, true)]);
        assert_eq!(needed("when { true } unless { false }"), []);
        assert_eq!(needed("when { false }").len(), 2, "a contradiction");
        for [one, other] in [
            ["unless { context.a && context.b }", "unless { context.b && context.a }"],
            ["when { context.a || context.b }", "when { context.b || context.a }"],
        ] {
            assert_ne!(needed(one), needed(other));
            assert_eq!(needed(one).len(), 1);
        }
    }

    #[test]
    fn scopes_are_shown_as_cedar_writes_them() {
        let text = r#"permit (principal is User in Group::"g\"", action in [Action::"a", Action::"b"], resource == B::"1");"#;
        let rule = CedarRule::read(&Statement::parse(text).unwrap(), "r", true).unwrap();
        let [principal, action, resource] = rule.scopes().map(|scope| scope.patterns);
        assert_eq!(principal, [r#"principal is User in Group::"g\"""#]);
        assert_eq!(action, [r#"action in Action::"a""#, r#"action in Action::"b""#]);
        assert_eq!(resource, [r#"B::"1""#]);
    }
}
