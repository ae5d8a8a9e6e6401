//! Rules and the requests that they are about.
//!
//! A rule applies if each of its scopes has a pattern that matches, and all of its conditions hold. Of the rules of one
//! object, a deny wins over every allow, whatever their order.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::pattern::Pattern;

/// What a request says one word about. A request with several, such as a person and her teams, needs no more: if an
/// object treats it in another way than before, then it does so for one of them alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Who asks.
    Principal,
    /// What they want to do.
    Action,
    /// To what.
    Resource,
    /// In which tenant.
    Tenant,
    /// What else the request carries, by this key.
    Key(String),
}

/// What an object says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is denied, whatever other objects allow.
    Denied,
    /// Nothing: other objects decide.
    NotGranted,
    /// It is allowed, unless another object denies it.
    Allowed,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether it denies or allows.
    pub denies: bool,
    /// Its name for people, such as the id of a statement.
    pub name: Option<String>,
    /// What it applies to: any of the patterns in each dimension. One that is not here does not matter.
    pub scopes: BTreeMap<Dimension, Vec<Pattern>>,
    /// Conditions that nobody can look into. All must hold. The same text always holds for the same requests.
    pub conditions: BTreeSet<String>,
}

impl Rule {
    /// A rule that applies to everything.
    #[must_use]
    pub fn new(denies: bool) -> Self {
        Self { denies, name: None, scopes: BTreeMap::new(), conditions: BTreeSet::new() }
    }

    /// The same, with a scope.
    #[must_use]
    pub fn on(mut self, dimension: Dimension, patterns: Vec<Pattern>) -> Self {
        self.scopes.insert(dimension, patterns);
        self
    }

    pub(super) fn scope(&self, dimension: &Dimension) -> Option<&[Pattern]> {
        self.scopes.get(dimension).map(Vec::as_slice)
    }
}

/// The rules of one object, and how their patterns are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The dimensions in which upper and lower case are the same. Their patterns are [folded](Pattern::folded).
    pub folds: BTreeSet<Dimension>,
    /// The form of all words of a dimension, where there is one.
    pub forms: BTreeMap<Dimension, Pattern>,
}

impl RuleSet {
    pub(super) fn denies(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.denies)
    }

    pub(super) fn allows(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| !rule.denies)
    }
}

/// One request: a word in each dimension that any rule looks at, and the conditions that hold. All others do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessRequest {
    /// The words.
    pub words: BTreeMap<Dimension, String>,
    /// The conditions that hold.
    pub holds: BTreeSet<String>,
}
