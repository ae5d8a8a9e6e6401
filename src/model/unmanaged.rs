//! What a target holds beside what git declares, and what its owners want to know of that.
//!
//! Not here: how it is found, in `plan::unmanaged`.

use std::collections::{BTreeMap, BTreeSet};

use globset::{Glob, GlobBuilder, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::resource::{RemoteId, ResourceId};

/// What to do about live objects that git does not declare, from the mildest to the strictest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnmanagedMode {
    /// They are not counted.
    Ignore,
    /// Each plan names them.
    #[default]
    Report,
    /// A plan is refused as long as there are some.
    Refuse,
}

/// Which live objects a target may hold beside what git declares.
#[derive(Clone, Debug, Default)]
pub struct UnmanagedRule {
    /// What to do about the others.
    pub mode: UnmanagedMode,
    /// Those that nobody wants to hear of.
    pub except: Except,
}

impl UnmanagedRule {
    /// The stricter of both in every point: an object is only left out if both leave it out.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let Except(mut lists) = self.except;
        lists.extend(other.except.0);
        Self { mode: self.mode.max(other.mode), except: Except(lists) }
    }
}

/// Lists of patterns. An object is left out if each list has a pattern that matches it; without a list none is.
#[derive(Clone, Debug, Default)]
pub struct Except(Vec<Vec<ObjectPattern>>);

impl Except {
    /// One list.
    #[must_use]
    pub fn list(patterns: Vec<ObjectPattern>) -> Self {
        Self(vec![patterns])
    }

    /// Whether an object is left out.
    #[must_use]
    pub fn matches(&self, kind: &str, name: &str) -> bool {
        let any = |list: &Vec<ObjectPattern>| list.iter().any(|pattern| pattern.matches(kind, name));
        !self.0.is_empty() && self.0.iter().all(any)
    }
}

/// A glob over the kind of an object, and one over its name, which may hold any character.
#[derive(Clone, Debug)]
pub struct ObjectPattern {
    kind: GlobMatcher,
    name: GlobMatcher,
}

impl ObjectPattern {
    /// Takes a pattern such as `Policy/legacy-*` apart; an error says in words why it is none.
    pub fn new(text: &str) -> Result<Self, String> {
        let (kind, name) = text.split_once('/').ok_or("it has no `/` between kind and name")?;
        Ok(Self { kind: glob(kind)?, name: glob(name)? })
    }

    /// Whether it can match an object of this kind at all.
    #[must_use]
    pub fn names_kind(&self, kind: &str) -> bool {
        self.kind.is_match(kind)
    }

    /// Whether it matches an object.
    #[must_use]
    pub fn matches(&self, kind: &str, name: &str) -> bool {
        self.kind.is_match(kind) && self.name.is_match(name)
    }
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    let glob: Result<Glob, _> = GlobBuilder::new(text).backslash_escape(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

/// The live objects that git did not declare when a run looked last, by the kinds whose lists it read whole.
pub type Known = BTreeMap<String, BTreeSet<RemoteId>>;

/// Which part of what a target holds git declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Not counted: the target says `unmanaged: ignore`.
    #[default]
    Ignored,
    /// Not counted: the run looks only at what git changed.
    OnlyDeclared,
    /// Counted.
    Counted(Counted),
}

impl Coverage {
    /// The live objects that git does not declare, as far as they were counted.
    #[must_use]
    pub fn unmanaged(&self) -> &[Unmanaged] {
        match self {
            Self::Counted(counted) => &counted.unmanaged,
            Self::Ignored | Self::OnlyDeclared => &[],
        }
    }
}

/// The live objects of the kinds that were listed completely. Each is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The kinds that were listed completely, in order.
    pub kinds: Vec<String>,
    /// The other kinds, of which nothing is known: no manifest needed their lists, or they could not be read.
    pub not_counted: Vec<String>,
    /// Those that git declares, for this target or for another one of the same API.
    pub managed: usize,
    /// Those that git only declared before.
    pub given_up: usize,
    /// Those that git never declared, in order.
    pub unmanaged: Vec<Unmanaged>,
    /// Those that enact.yaml leaves out.
    pub excepted: usize,
    /// Those that the system manages itself.
    pub system: usize,
}

impl Counted {
    /// How much of what people made git declares, in percent, rounded down, so that 100 means all; `None` if there is
    /// nothing. It is the same with and without a base.
    #[must_use]
    pub fn percent(&self) -> Option<usize> {
        let all = self.managed + self.given_up + self.unmanaged.len();
        (self.managed * 100).checked_div(all)
    }
}

/// A live object that git does not declare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unmanaged {
    /// Which object, by its live name.
    #[serde(flatten)]
    pub id: ResourceId,
    /// The API's id; null if no request can reach the object.
    #[schemars(with = "Option<String>")]
    pub remote: Option<RemoteId>,
    /// Whether it was not there at the last run; null if that is not known.
    pub new: Option<bool>,
    /// What a manifest would say of it, without secrets; null unless it was asked for with `--unmanaged`.
    pub content: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn except(patterns: &[&str]) -> Except {
        Except::list(patterns.iter().map(|text| ObjectPattern::new(text).unwrap()).collect())
    }

    #[test]
    fn a_pattern_is_over_the_kind_and_the_whole_name() {
        let some = except(&["Policy/legacy-*", "Role/a/b", "*/tmp"]);
        for (kind, name) in [("Policy", "legacy-"), ("Policy", "legacy-a/b"), ("Role", "a/b"), ("Any", "tmp")]
        {
            assert!(some.matches(kind, name), "{kind}/{name}");
        }
        for (kind, name) in [("Role", "legacy-a"), ("Policy", "my-legacy-a"), ("Role", "a"), ("Any", "x/tmp")]
        {
            assert!(!some.matches(kind, name), "{kind}/{name}");
        }
        assert!(
            except(&[r"Policy/a\*"]).matches("Policy", "a*")
                && !except(&[r"Policy/a\*"]).matches("Policy", "ab")
        );
        assert!(!Except::default().matches("Policy", "a") && !except(&[]).matches("Policy", "a"));
        for wrong in ["Policy", "Policy/[a", "{Policy/x"] {
            assert!(ObjectPattern::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_two_rules_the_stricter_counts() {
        let rule = |mode, patterns: &[&str]| UnmanagedRule { mode, except: except(patterns) };
        let both = rule(UnmanagedMode::Refuse, &["Role/*"]).and(rule(UnmanagedMode::Ignore, &["*/a"]));
        assert_eq!(both.mode, UnmanagedMode::Refuse);
        assert!(both.except.matches("Role", "a"));
        assert!(!both.except.matches("Role", "b") && !both.except.matches("Policy", "a"));
    }

    #[test]
    fn a_hundred_percent_means_all() {
        let counted = |managed, given_up| Counted { managed, given_up, ..Counted::default() };
        assert_eq!(counted(199, 1).percent(), Some(99));
        assert_eq!(counted(2, 0).percent(), Some(100));
        assert_eq!(counted(0, 0).percent(), None);
    }
}
