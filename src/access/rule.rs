//! Rules and the requests that they are about.
//!
//! A rule applies if each of its scopes has a pattern that matches, and all of its conditions hold. Of the rules of one
//! object, a deny wins over every allow, whatever their order.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::pattern::Pattern;

/// What a request says one word about. For one object a request with several principals, such as a person and her teams,
/// needs no more: if an object treats it in another way than before, then it does so for one of them alone. Of several
/// objects one may allow something to one principal, and another one deny it to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Who asks.
    Principal,
    /// Who asks as well: the same requester is also this principal, such as a team of a person.
    AlsoPrincipal,
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

/// Patterns, by what they are about.
pub type Scopes = BTreeMap<Dimension, Vec<Pattern>>;

/// What a rule says, without its name.
pub(super) type RuleMeaning<'r> = (bool, &'r Scopes, &'r Scopes, &'r BTreeSet<String>);

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether it denies or allows.
    pub denies: bool,
    /// Its name for people, such as the id of a statement.
    pub name: Option<String>,
    /// Where its object says it, as a JSON pointer; empty if that is no single place.
    pub at: String,
    /// What it applies to: any of the patterns in each dimension. One that is not here does not matter.
    pub scopes: Scopes,
    /// What it does not apply to, although its scopes say so: any of these patterns in any of these dimensions, of which
    /// none says who asks.
    pub except: Scopes,
    /// Conditions that nobody can look into. All must hold. The same text always holds for the same requests.
    pub conditions: BTreeSet<String>,
}

impl Rule {
    /// A rule that applies to everything.
    #[must_use]
    pub fn new(denies: bool) -> Self {
        let (scopes, except) = (BTreeMap::new(), BTreeMap::new());
        Self { denies, name: None, at: String::new(), scopes, except, conditions: BTreeSet::new() }
    }

    /// The same, with a scope.
    #[must_use]
    pub fn on(mut self, dimension: Dimension, patterns: Vec<Pattern>) -> Self {
        self.scopes.insert(dimension, patterns);
        self
    }

    /// A rule without its name. What both sides have makes no difference.
    pub(super) fn meaning(&self) -> RuleMeaning<'_> {
        let Self { denies, name: _, at: _, scopes, except, conditions } = self;
        (*denies, scopes, except, conditions)
    }

    /// The same rule about the other principal of a requester.
    pub(super) fn of_company(&self) -> Self {
        let mut rule = self.clone();
        let scope = rule.scopes.remove(&Dimension::Principal);
        rule.scopes.extend(scope.map(|scope| (Dimension::AlsoPrincipal, scope)));
        rule
    }

    /// What it does not apply to, as rules that do.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = Self> {
        let except = self.except.iter();
        except.map(|(dimension, patterns)| Self::new(false).on(dimension.clone(), patterns.clone()))
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
    /// The principals that a requester may be beside another one, such as teams; `None` if it is only ever one.
    pub company: Option<Pattern>,
    /// Whether a rule only counts where no more specific one of another object does. Then other words for the same may
    /// be another thing beside other objects.
    pub is_ranked: bool,
}

impl RuleSet {
    /// No rules, read in the same way.
    #[must_use]
    pub fn without_rules(&self) -> Self {
        let Self { rules: _, folds, forms, company, is_ranked } = self;
        let (folds, forms, company) = (folds.clone(), forms.clone(), company.clone());
        Self { rules: Vec::new(), folds, forms, company, is_ranked: *is_ranked }
    }

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
