//! What objects let whom do, as a definition writes it. Not here: what rules come of it, in `defined::access`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::Pointer;

/// How the objects of a system decide on a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decides {
    /// All together: what one denies, no other one can allow.
    Together,
    /// Each for the identities or objects that it is attached to, elsewhere; a new one is attached to none.
    Attached,
    /// Each by itself, or nobody knows how.
    #[default]
    Apart,
}

/// What an object of a kind lets whom do, so that a plan can say what a change means.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct AccessForm {
    /// What it allows or denies.
    #[schemars(length(min = 1))]
    pub grants: Vec<GrantForm>,
    /// Fields of its spec that have nothing to do with that, such as a description. If any other field changes that no
    /// grant reads, nobody knows what the change means.
    #[serde(default)]
    pub ignored: Vec<String>,
}

/// One rule of an object, or one for each item of a list. A part that is left out does not matter.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct GrantForm {
    /// A list in the spec, as a JSON pointer: each of its items is a rule, and pointers below are pointers into an item.
    pub each: Option<Pointer>,
    /// What makes it a rule that denies. Default: it allows.
    pub effect: Option<EffectForm>,
    /// Who asks.
    pub principal: Option<TermForm>,
    /// What they want to do.
    pub action: Option<TermForm>,
    /// To what.
    pub resource: Option<TermForm>,
    /// In which tenant.
    pub tenant: Option<TermForm>,
    /// Values that only let the rule apply sometimes, if they are there. enact does not look into them: what depends on one
    /// is possible.
    #[serde(default)]
    pub conditions: Vec<Pointer>,
}

/// Whether a rule allows or denies.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct EffectForm {
    /// Where it says so, as a JSON pointer.
    pub at: Pointer,
    /// The values with which it allows. `null` is a value that is not there.
    pub allow: Vec<Value>,
    /// The values with which it denies.
    #[serde(default)]
    pub deny: Vec<Value>,
    /// The values with which there is no rule.
    #[serde(default)]
    pub none: Vec<Value>,
}

/// A part of what a rule is about.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TermForm {
    /// Always this word.
    Word(String),
    /// A part of the object's key.
    Key(KeyTerm),
    /// A value of the spec, or each of a list.
    At(ValueTerm),
}

/// A part of the object's key.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyTerm {
    /// The part.
    pub key: String,
}

/// A value of the spec, or each of a list of them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct ValueTerm {
    /// Where, as a JSON pointer.
    pub at: Pointer,
    /// Whether `at` is a pointer into the spec and not into an item of `each`.
    #[serde(default)]
    pub of_object: bool,
    /// What the value says.
    #[serde(default)]
    pub pattern: PatternForm,
    /// What it means that there is no value, or an empty one. Left out: nobody knows.
    pub if_absent: Option<IfAbsent>,
}

/// How a text stands for words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatternForm {
    /// It is the word.
    #[default]
    Exact,
    /// `*` in it is any run of characters.
    Glob,
    /// A word begins with it.
    Prefix,
    /// A regular expression that is found somewhere in a word.
    Regex,
}

/// What an absent value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfAbsent {
    /// Everything.
    All,
    /// Nothing: the rule does not apply.
    None,
}

impl GrantForm {
    /// Its parts that are there, with the names that a definition has for them.
    pub fn terms(&self) -> impl Iterator<Item = (&'static str, &TermForm)> {
        let terms = [
            ("principal", &self.principal),
            ("action", &self.action),
            ("resource", &self.resource),
            ("tenant", &self.tenant),
        ];
        terms.into_iter().filter_map(|(name, term)| Some((name, term.as_ref()?)))
    }

    /// The fields of the spec that it reads.
    pub fn fields(&self) -> impl Iterator<Item = String> {
        let whole = self.each.iter().chain(self.terms().filter_map(|(_, term)| match term {
            TermForm::At(ValueTerm { at, of_object, .. }) if *of_object || self.each.is_none() => Some(at),
            TermForm::At(_) | TermForm::Word(_) | TermForm::Key(_) => None,
        }));
        let effect = self.effect.iter().map(|effect| &effect.at);
        let own = effect.chain(&self.conditions).filter(|_| self.each.is_none());
        whole.chain(own).filter_map(|at| crate::pointer::fields(&at.0).next())
    }
}
