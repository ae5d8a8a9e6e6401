//! How the objects of a system become rules, so that what a change means can be decided.
//!
//! Each system has a file of its own, with what is assumed there; docs/access.md lists it for people. Whatever is not
//! sure to be understood is unknown: a verdict that is wrong is worse than none. Not here: the verdict (`access`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::access::cedar::CedarPolicy;
use crate::access::impact::Reading;
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Rule};
use crate::diagnostic::SpecDiagnostic;
use crate::model::kind::Kind;

/// One side of an object whose change is judged.
pub struct Side<'a> {
    /// Its kind.
    pub kind: &'a Kind,
    /// Its name.
    pub name: &'a str,
    /// The object in canonical form. It is never null.
    pub object: &'a Value,
    /// The live body that it was made from, or is written over; null for a new object. What the schema does not know is
    /// only here.
    pub body: &'a Value,
    /// Other objects, as they are on this side, in canonical form.
    pub others: &'a dyn Fn(&str, &str) -> Other,
}

/// An object that another one names.
#[derive(Clone, Debug, PartialEq)]
pub enum Other {
    /// It is this, in canonical form.
    Is(Value),
    /// It is deleted.
    Gone,
    /// It is not looked at, for this reason: what it holds may be anything, and is the same wherever the reason is.
    Elsewhere(String),
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// What an object says of requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// Nothing by itself.
    Nothing,
    /// What rules say.
    Rules {
        /// The rules, in each way to read them, which are always the same ones.
        readings: Vec<Reading>,
        /// Fields that matter too if they change, in a way that no rule says.
        beside: BTreeMap<String, Value>,
    },
    /// What rules in Cedar say.
    Cedar(CedarPolicy),
    /// Nobody knows, for this reason.
    Unknown(String),
}

impl Meaning {
    /// Where the object says a rule, by the rule's place among those of the first way to read it, as a JSON pointer.
    #[must_use]
    pub fn at(&self, rule: usize) -> Option<String> {
        match self {
            Self::Rules { readings, beside: _ } => {
                readings.first()?.rules.rules.get(rule).map(|rule| rule.at.clone())
            }
            Self::Cedar(_) => Some(cedar_at(rule)),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }

    /// The rules in each way to read them; none if it has no such rules.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        match self {
            Self::Rules { readings, beside: _ } => readings,
            Self::Nothing | Self::Cedar(_) | Self::Unknown(_) => &[],
        }
    }
}

/// Where an object says a Cedar rule, by the rule's place.
#[must_use]
pub fn cedar_at(rule: usize) -> String {
    format!("/rules/{rule}")
}

/// What the objects of a system say of requests. Pure.
pub trait Semantics: Send + Sync {
    /// What an object says by itself, if a deny of any object wins over every grant.
    fn meaning(&self, side: &Side<'_>) -> Meaning;

    /// The same in fewer ways to read it, for looking at many objects: what is not so in one of these is not so in all.
    /// Nothing, if no rule of the object can cover another one or everything.
    fn outline(&self, side: &Side<'_>) -> Meaning {
        self.meaning(side)
    }

    /// Whether an object of this kind says anything by itself.
    fn speaks(&self, kind: &Kind) -> bool {
        kind.name == "Policy"
    }

    /// Whether all objects decide on a request together, so that a deny of one takes what another grants. If not, each
    /// is attached to what it is about, nobody knows which of them meet, and nothing that one says hides another.
    fn decides_together(&self) -> bool {
        false
    }

    /// Whether an object decides only on requests of the identities or objects that it is attached to, so that a new one
    /// decides on none yet.
    fn is_attached(&self) -> bool {
        false
    }

    /// The fields of a spec that say what an object of this kind allows, or lends. What git leaves out of them is as it is
    /// live, so that the declaration alone does not say it.
    fn fields(&self, kind: &Kind) -> Vec<String>;

    /// What in a spec its author may not have meant, as warnings.
    fn traps(&self, _kind: &str, _spec: &Value) -> Vec<SpecDiagnostic> {
        Vec::new()
    }

    /// To which requests an object applies at most, whatever else it says.
    fn bounds(&self, _side: &Side<'_>) -> Rule {
        Rule::new(false)
    }

    /// What a request to the system says, beside the keys of its context, so that people can ask about it. Nothing if they
    /// cannot.
    fn asks(&self) -> Vec<Dimension> {
        Vec::new()
    }

    /// Where rules say who asks herself, apart from what she is in; then only single requests can be asked about, of
    /// somebody of whom all that she is in is said.
    fn itself(&self) -> Option<Dimension> {
        None
    }

    /// Where a request names the objects that are asked, if not all of them are.
    fn named_in(&self) -> Option<Dimension> {
        None
    }

    /// A pattern as the authors of policies write it, in one of the ways to read the rules; or why the system knows no such
    /// pattern, as the end of a sentence.
    fn pattern(&self, _reading: usize, _dimension: &Dimension, text: &str) -> Result<Pattern, String> {
        Ok(Pattern::literal(text))
    }

    /// Whether what an object of this kind says is said by the objects that name it.
    fn lends(&self, _kind: &Kind) -> bool {
        false
    }
}
