//! Where the records of a run's targets are, in this clone and on their remote: brings the remote's here, and refuses one
//! that does not continue what this clone has seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::target::Target;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::update::Update;
use crate::git::{Commit, Repository};
use crate::run::history::History;
use crate::run::log;
use crate::run::place::Place;
use crate::run::record::Record;

/// Where the records are that a run continues.
pub struct Tips {
    /// By reference, where its record is kept: on the remote, or without one in this clone.
    there: BTreeMap<String, Commit>,
    /// Whether what this clone had is not what the run has to continue.
    pub moved: bool,
}

impl Tips {
    /// Finds the records of these targets, and brings those of a remote into this clone.
    pub fn find(targets: &[&Target], history: &History, place: &Place) -> Result<Self, Diagnostic> {
        let there = place.look(&names(targets))?;
        let mut moved = false;
        if place.remote.is_some() {
            for target in targets {
                let name = &target.config.name;
                moved |= adopt(target, history, &there).map_err(|refused| refused.about(name))?;
            }
        }
        Ok(Self { there, moved })
    }

    /// Where the records of these targets are. Nothing is brought here.
    pub fn of_pass(targets: &[&Target], place: &Place) -> Result<Self, Diagnostic> {
        Ok(Self { there: place.look(&names(targets))?, moved: false })
    }

    /// Where a record is.
    pub fn get(&self, name: &str) -> Option<Commit> {
        self.there.get(name).copied()
    }

    /// Notes where records were moved.
    pub fn note(&mut self, updates: &[Update]) {
        for update in updates {
            match update.to {
                Some(to) => drop(self.there.insert(update.name.clone(), to)),
                None => drop(self.there.remove(&update.name)),
            }
        }
    }
}

/// What an older enact reads.
pub(super) fn applied(target: &str) -> String {
    format!("refs/enact/applied/{target}")
}

/// The lock of a target.
pub fn lock(target: &str) -> String {
    format!("refs/enact/lock/{target}")
}

/// The references of a target that a run moves.
pub fn moved_by_a_run(target: &Target) -> [String; 4] {
    let name = &target.config.name;
    [target.record.name.clone(), applied(name), lock(name), seen(name)]
}

/// The references that a run follows.
fn names(targets: &[&Target]) -> Vec<String> {
    let of_target = |target: &&Target| {
        let former = target.record.former.clone();
        [target.record.name.clone(), applied(&target.config.name)].into_iter().chain(former)
    };
    targets.iter().flat_map(of_target).collect()
}

/// The last record of a target that this clone has seen on its remote.
fn seen(target: &str) -> String {
    format!("refs/enact/seen/{target}")
}

/// Brings the record of a target here. Whether that changed what this clone had.
fn adopt(target: &Target, history: &History, there: &BTreeMap<String, Commit>) -> Result<bool, Diagnostic> {
    let (repository, name) = (&history.repository, &target.record.name);
    let seen = seen(&target.config.name);
    let (last, here) = (repository.reference(&seen)?, repository.reference(name)?);
    let Some(tip) = there.get(name) else {
        return match last {
            Some(last) => Err(gone(name, &last)),
            None => Ok(false),
        };
    };
    history.trust.check(repository, tip).map_err(Diagnostic::refused)?;
    if let Some(last) = &last
        && !continues(repository, tip, last)?
    {
        return Err(rewound(name, tip, last));
    }
    repository.move_reference(&seen, last.as_ref(), Some(tip))?;
    // What was only written here is in the record of the remote as attempted, if it was sent at all; what this clone
    // could not send the last time goes there with the next push.
    let is_ahead = match &here {
        Some(here) => here == tip || repository.is_first_parent(tip, here)?,
        None => false,
    };
    if is_ahead {
        return Ok(false);
    }
    repository.move_reference(name, here.as_ref(), Some(tip))?;
    Ok(true)
}

/// Whether a record goes on from another one: as its later runs, or as the same runs without the older ones. A record says
/// itself what it was shortened from, so this clone has to have that, and it has to go on from what was seen.
fn continues(repository: &Repository, tip: &Commit, last: &Commit) -> Result<bool, Diagnostic> {
    let mut at = Some(*tip);
    // What was seen already is not gone through again, whatever a record says.
    let mut seen = BTreeSet::new();
    while let Some(commit) = at.filter(|commit| seen.insert(*commit)) {
        if commit == *last {
            return Ok(true);
        }
        let run = Record::run_of(repository, &commit)?;
        let replaced = || run.replaces.as_ref().and_then(|replaced| repository.held(replaced));
        at = log::before(repository, &commit, &run)?.or_else(replaced);
    }
    Ok(false)
}

/// Follows in this clone what was moved on the remote.
pub(super) fn follow(repository: &Repository, updates: &[Update]) -> Result<(), Diagnostic> {
    updates.iter().try_for_each(|Update { name, to, .. }| {
        repository.move_reference(name, repository.reference(name)?.as_ref(), to.as_ref())
    })
}

/// Notes what this clone has just written to the remote.
pub(super) fn saw(target: &str, repository: &Repository, tip: &Commit) -> Result<(), Diagnostic> {
    let seen = seen(target);
    repository.move_reference(&seen, repository.reference(&seen)?.as_ref(), Some(tip))
}

fn gone(name: &str, last: &Commit) -> Diagnostic {
    let message = format!("the remote has no `{name}` any more, and this clone has seen it at {last}");
    Diagnostic::new(Code::RecordRewound, message).help(format!(
        "nothing was written; find out who removed it, and put it back with `git push REMOTE {}:{name}`",
        last.hex()
    ))
}

fn rewound(name: &str, tip: &Commit, last: &Commit) -> Diagnostic {
    let message = format!(
        "`{name}` of the remote is at {tip}, which does not continue {last}, the last that this clone saw"
    );
    Diagnostic::new(Code::RecordRewound, message)
        .help("nothing was written; find out who moved it back, and put it right as docs/record.md says; if it was shortened on purpose, docs/record.md says how to accept that")
}
