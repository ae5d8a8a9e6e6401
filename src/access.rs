//! What an object allows and denies, and what a change does to that.
//!
//! [`impact::compare`] decides it over rules, and finds a request whose answer changes. Not here: what a system's
//! objects grant (`system`), which objects a plan compares (`plan::impact`), and the order of changes (`plan::order`).

use std::collections::BTreeSet;

pub mod allowed;
pub mod attribute;
mod automaton;
pub mod budget;
pub mod cedar;
mod cover;
mod evaluate;
pub mod impact;
pub mod pattern;
pub mod question;
pub mod rule;
#[cfg(test)]
mod tests;
mod witness;

/// What an object grants and denies. Equal texts mean the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// What it allows.
    pub allows: BTreeSet<String>,
    /// What it denies, even if another object allows it.
    pub denies: BTreeSet<String>,
}

/// How a change shifts access. The variants are in the order in which such changes are safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessShift {
    /// Not at all, as far as enact knows.
    #[default]
    None,
    /// More is denied.
    WidensDenies,
    /// More is granted.
    WidensGrants,
    /// One write both grants and takes away.
    MovesGrants,
    /// Less is granted.
    NarrowsGrants,
    /// Less is denied.
    NarrowsDenies,
    /// Several of these at once. It is safe as the only change, and has no safe place among others.
    Mixed,
}

impl AccessShift {
    /// The shift of a change from `before` to `after` that takes this many writes.
    pub fn of(before: &Grants, after: &Grants, writes: usize) -> Self {
        let more = |a: &BTreeSet<String>, b: &BTreeSet<String>| !b.is_subset(a);
        let grants = (more(&before.allows, &after.allows), more(&after.allows, &before.allows));
        let denies = (more(&before.denies, &after.denies), more(&after.denies, &before.denies));
        match (denies, grants) {
            ((false, false), (false, false)) => Self::None,
            ((true, false), (false, false)) => Self::WidensDenies,
            ((false, false), (true, false)) => Self::WidensGrants,
            ((false, false), (true, true)) if writes == 1 => Self::MovesGrants,
            ((false, false), (false, true)) => Self::NarrowsGrants,
            ((false, true), (false, false)) => Self::NarrowsDenies,
            _ => Self::Mixed,
        }
    }
}
