//! What an object allows and denies, and what a change does to that.

use std::collections::BTreeSet;

/// What an object grants and denies, as texts of which equal ones mean the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// What it allows.
    pub allows: BTreeSet<String>,
    /// What it refuses, whatever allows it.
    pub denies: BTreeSet<String>,
}

/// What a change does to what is allowed, in the order in which changes are safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessShift {
    /// Nothing, or nothing that enact knows of.
    #[default]
    None,
    /// More is denied.
    WidensDenies,
    /// More is granted.
    WidensGrants,
    /// Some is granted and some no more, in one write.
    MovesGrants,
    /// Less is granted.
    NarrowsGrants,
    /// Less is denied.
    NarrowsDenies,
    /// Several of these at once: safe alone, and in no place of an order.
    Mixed,
}

impl AccessShift {
    /// What a change from one to another does, with so many writes.
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
