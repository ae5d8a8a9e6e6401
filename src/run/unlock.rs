//! Removes a lock that a run left behind. A run that still goes on then sends no further write, because it finds its lock
//! gone when it renews it; what it has under way is not stopped.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::git::Commit;
use crate::git::update::Update;
use crate::record::lock::LockJson;
use crate::run::place::Place;
use crate::run::tips;

/// A lock as it was found.
pub struct Found {
    name: String,
    /// Its commit.
    pub(super) at: Commit,
    /// What it says; an error if it cannot be read.
    pub lock: Result<LockJson, Diagnostic>,
}

/// The lock of a target, if there is one.
pub fn find(target: &str, place: &Place) -> Result<Option<Found>, Diagnostic> {
    let name = tips::lock(target);
    let there: BTreeMap<_, _> = place.look(std::slice::from_ref(&name))?;
    let found = there.get(&name).copied();
    Ok(found.map(|at| Found { lock: place.read(&at), name, at }))
}

/// Removes it, if it still is the one that was found.
pub fn remove(found: &Found, place: &Place) -> Result<(), Diagnostic> {
    place.change(&[Update { name: found.name.clone(), from: Some(found.at), to: None }])
}
