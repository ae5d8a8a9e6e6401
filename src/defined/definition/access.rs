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

/// One rule of an object, or one for each item of a list or each value of a map. A part that is left out does not matter.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct GrantForm {
    /// A list or a map in the spec, as a JSON pointer: each of its items is a rule, and pointers below are pointers into an
    /// item.
    pub each: Option<Pointer>,
    /// Which of these rules count for a request.
    #[serde(default)]
    pub counts: Counts,
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

/// Which of several rules count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// All that apply.
    #[default]
    All,
    /// Of those whose resource matches, which is a `path`, only the most specific one, whichever object says it.
    MostSpecific,
}

/// Whether a rule allows or denies. A list denies if any of its items does, and then everything.
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
    /// The name that the rule has in the map of `each`.
    Name(NameTerm),
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

/// The name that a rule has in a map.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameTerm {
    /// Of what: the item that is the rule.
    pub name_of: NameOf,
    /// What the name says.
    #[serde(default)]
    pub pattern: PatternForm,
}

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameOf {
    /// The item of `each`.
    Each,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatternForm {
    /// It is the word.
    #[default]
    Exact,
    /// `*` in it is any run of characters.
    Glob,
    /// A word begins with it.
    Prefix,
    /// Sections between `/`, of which `+` is any one; `*` at its end is any run of characters.
    Path,
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
        let of_object = self.reads().filter(|(of_object, _)| *of_object).map(|(_, at)| at);
        self.each.iter().chain(of_object).filter_map(|at| crate::pointer::fields(&at.0).next())
    }

    /// What it reads, and whether that is a pointer into the spec and not into an item of `each`.
    pub fn reads(&self) -> impl Iterator<Item = (bool, &Pointer)> {
        let is_whole = self.each.is_none();
        let terms = self.terms().filter_map(move |(_, term)| match term {
            TermForm::At(ValueTerm { at, of_object, .. }) => Some((*of_object || is_whole, at)),
            TermForm::Word(_) | TermForm::Key(_) | TermForm::Name(_) => None,
        });
        let effect = self.effect.iter().map(|effect| &effect.at);
        terms.chain(effect.chain(&self.conditions).map(move |at| (is_whole, at)))
    }
}
