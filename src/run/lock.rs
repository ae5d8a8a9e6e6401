//! The lock of the targets of a run, so that two runs never write one target at once. It is a reference that only one run
//! can create: on the remote of the record, or without a remote in this repository. What the lock holds and how long it
//! keeps others away is in `record::lock`.
//!
//! A lock is renewed while the run goes on, and ends by itself if the run is gone. No write begins unless the lock lasts
//! longer than a request may take. What is left is a process that is stopped between that check and its request, and
//! goes on after the lock ran out: the look at each object right before its write catches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::diagnostic::{Code, Diagnostic};
use crate::git::Commit;
use crate::git::update::Update;
use crate::git::write::NewCommit;
use crate::http::transport::HEAD as REQUEST;
use crate::model::wire::Permit;
use crate::record::lock::{LOCK, LockJson};
use crate::run::file_lock::{FileLock, held};
use crate::run::place::Place;
use crate::run::whose::RunId;
use crate::sync;
use crate::text::inline;

/// How often a run looks again after a lost race, although it does not wait.
const RACES: u32 = 3;
/// How often a waiting run looks.
const LOOKS: Duration = Duration::from_secs(2);
/// A request may wait for this long between the check of the lock and its sending.
const SLACK: Duration = Duration::from_secs(2);

/// The locks that a run holds.
pub struct Lock {
    held: Arc<Held>,
    /// Kept as long as the process lives, so that another one sees when it is gone.
    _here: Vec<FileLock>,
    renewing: Option<JoinHandle<()>>,
}

struct Held {
    place: Place,
    run: RunId,
    /// Each reference, and where it is. Kept while one is pushed.
    at: Mutex<BTreeMap<String, Commit>>,
    /// When the locks end, by the clock that goes on while the machine sleeps.
    ends: Mutex<Duration>,
    /// Whether somebody else has taken one.
    lost: AtomicBool,
}

impl Place {
    /// What a lock says.
    pub(super) fn read(&self, at: &Commit) -> Result<LockJson, Diagnostic> {
        let repository = sync::lock(&self.repository);
        let file = repository.file_at(at, LOCK).map_err(|why| unreadable(at, &why.message))?;
        let Some(file) = file else { return Err(unreadable(at, "it holds no lock")) };
        let text = repository.blob(file).map_err(|why| unreadable(at, &why.message))?;
        LockJson::parse(&text).map_err(|why| unreadable(at, &why))
    }

    fn write(&self, run: &RunId) -> Result<Commit, Diagnostic> {
        self.write_lock(&run.lock(self.clock.now(), self.terms.lasts))
    }

    pub(super) fn write_lock(&self, lock: &LockJson) -> Result<Commit, Diagnostic> {
        let files = BTreeMap::from([(LOCK.to_owned(), Some(lock.file()))]);
        let what = if lock.hold { "held" } else { "locked" };
        let message = format!("{what} by {}\n\nrun {}\n", lock.holder, lock.run);
        let new = NewCommit {
            parents: &[],
            author: &lock.holder,
            time: self.clock.now().as_second(),
            message: &message,
            // A lock is no evidence of anything.
            signer: None,
        };
        sync::lock(&self.repository).write_commit(None, &files, &new)
    }
}

impl Lock {
    /// Takes the locks of these references, all or none. If somebody holds one, waits for at most `patience`.
    pub async fn take(
        place: Place,
        names: Vec<String>,
        run: RunId,
        patience: Duration,
    ) -> Result<Self, Diagnostic> {
        let began = place.clock.awake_or_not();
        let mut here = Vec::new();
        for name in &names {
            let left = patience.saturating_sub(place.clock.awake_or_not().saturating_sub(began));
            let file = place.folder.join("enact").join(format!("{}.lock", target_of(name)));
            match FileLock::take(&file, target_of(name), &run, left).await {
                Ok(taken) => here.push(taken),
                Err(why) => {
                    here.iter_mut().for_each(FileLock::leave);
                    return Err(why);
                }
            }
        }
        let mut races = 0;
        loop {
            let ends = place.clock.awake_or_not() + place.terms.lasts;
            match attempt(&place, &names, &run, &here) {
                Ok(at) => {
                    here.iter_mut().for_each(FileLock::settle);
                    let (at, ends) = (Mutex::new(at), Mutex::new(ends));
                    let held = Arc::new(Held { place, run, at, ends, lost: AtomicBool::new(false) });
                    let renewing = Some(tokio::spawn(renew(held.clone())));
                    return Ok(Self { held, _here: here, renewing });
                }
                Err(Refused { again: true, .. })
                    if place.clock.awake_or_not().saturating_sub(began) < patience =>
                {
                    tokio::time::sleep(LOOKS.min(patience)).await;
                }
                // Who has won the race can be said only after another look.
                Err(Refused { again: true, why, .. })
                    if why.code == Code::GitAppliedMoved && races < RACES =>
                {
                    races += 1;
                    tokio::time::sleep(LOOKS / 4).await;
                }
                Err(refused) => {
                    // By its line this clone takes over what is left of it.
                    if !refused.may_be_ours {
                        here.iter_mut().for_each(FileLock::leave);
                    }
                    return Err(refused.why);
                }
            }
        }
    }

    /// Where the locks are, and the records beside them.
    pub fn place(&self) -> &Place {
        &self.held.place
    }

    /// Moves references as long as the locks are this run's, and renews them with the same push.
    pub fn change(&self, updates: &[Update]) -> Result<(), Diagnostic> {
        self.held.renew(updates)
    }

    /// Moves references, and gives the locks up with the same push. After an error they are still held, until they end.
    pub fn release(&mut self, updates: &[Update]) -> Result<(), Diagnostic> {
        if let Some(renewing) = self.renewing.take() {
            renewing.abort();
        }
        let mut at = sync::lock(&self.held.at);
        self.held.move_to(&mut at, None, updates)?;
        at.clear();
        Ok(())
    }
}

impl Drop for Lock {
    /// A run that ends on an error still gives its locks up, if it can.
    fn drop(&mut self) {
        if let Some(renewing) = &self.renewing {
            renewing.abort();
        }
        if !sync::lock(&self.held.at).is_empty() {
            drop(self.release(&[]));
        }
    }
}

impl Permit for Lock {
    fn lost(&self) -> Option<String> {
        if self.held.lost.load(Ordering::Relaxed) {
            return Some("somebody else has taken the lock of this target".to_owned());
        }
        let ends = sync::lock(&self.held.ends);
        (self.held.place.clock.awake_or_not() + REQUEST + SLACK > *ends)
            .then(|| "the lock of this target runs out, and could not be renewed".to_owned())
    }
}

impl Held {
    fn renew(&self, updates: &[Update]) -> Result<(), Diagnostic> {
        let mut at = sync::lock(&self.at);
        if at.is_empty() {
            return Ok(());
        }
        let ends = self.place.clock.awake_or_not() + self.place.terms.lasts;
        let to = self.place.write(&self.run)?;
        self.move_to(&mut at, Some(to), updates)?;
        at.values_mut().for_each(|at| *at = to);
        *sync::lock(&self.ends) = ends;
        Ok(())
    }

    /// Moves the locks, and other references with them. A renewal of this run that nobody told it of is no other run's.
    fn move_to(
        &self,
        at: &mut BTreeMap<String, Commit>,
        to: Option<Commit>,
        updates: &[Update],
    ) -> Result<(), Diagnostic> {
        let all = |at: &BTreeMap<String, Commit>| -> Vec<_> {
            let own = at.iter().map(|(name, from)| Update { name: name.clone(), from: Some(*from), to });
            updates.iter().cloned().chain(own).collect()
        };
        match self.place.change(&all(at)) {
            Err(why) if why.code == Code::GitAppliedMoved && self.is_still_held(at) => {
                self.place.change(&all(at))
            }
            moved => moved,
        }
    }

    /// Whether all locks still are this run's, and one is elsewhere than it knew: the answer to a renewal was lost, and so was
    /// the look after it. Notes where they are.
    fn is_still_held(&self, at: &mut BTreeMap<String, Commit>) -> bool {
        let names: Vec<_> = at.keys().cloned().collect();
        let Ok(there) = self.place.look(&names) else { return false };
        let is_own = |at: &Commit| self.place.read(at).is_ok_and(|lock| lock.run == self.run.id);
        let is_held = there.len() == names.len() && there.values().all(is_own) && there != *at;
        if is_held {
            *at = there;
        }
        is_held
    }
}

/// Renews the locks while the run goes on. If the remote cannot be reached, it is tried again until the locks end.
async fn renew(held: Arc<Held>) {
    loop {
        tokio::time::sleep(held.place.terms.renewed).await;
        let renewed = {
            let held = held.clone();
            tokio::task::spawn_blocking(move || held.renew(&[])).await
        };
        if let Ok(Err(diagnostic)) = renewed
            && diagnostic.code == Code::GitAppliedMoved
        {
            return held.lost.store(true, Ordering::Relaxed);
        }
    }
}

/// Why the locks were not taken.
struct Refused {
    why: Diagnostic,
    /// Whether it may be otherwise soon.
    again: bool,
    /// Whether they may have been taken all the same: the answer was lost.
    may_be_ours: bool,
}

impl From<Diagnostic> for Refused {
    fn from(why: Diagnostic) -> Self {
        Self { why, again: false, may_be_ours: false }
    }
}

/// Takes all locks, or says who holds one.
fn attempt(
    place: &Place,
    names: &[String],
    run: &RunId,
    here: &[FileLock],
) -> Result<BTreeMap<String, Commit>, Refused> {
    let there = place.look(names)?;
    for (name, at) in &there {
        let lock = place.read(at)?;
        // Of a run of this clone that did not give it up: its process is gone, or its file would still be locked.
        // Or of this run, whose answer was lost.
        let is_left = lock.run == run.id || here.iter().any(|here| here.left.contains(&lock.run));
        if !is_left && lock.keeps_away(place.clock.now(), REQUEST).is_some() {
            let why = held(target_of(name), &lock);
            return Err(Refused { why, again: true, may_be_ours: false });
        }
    }
    let to = place.write(run)?;
    let take = |name: &String| Update { name: name.clone(), from: there.get(name).copied(), to: Some(to) };
    match place.change(&names.iter().map(take).collect::<Vec<_>>()) {
        Ok(()) => {}
        Err(why) => {
            let is_lost = why.code == Code::GitAppliedMoved;
            return Err(Refused { why, again: is_lost, may_be_ours: !is_lost });
        }
    }
    // What a remote says that it took is read back: only then it is this run's.
    let unseen = |why| Refused { why, again: false, may_be_ours: true };
    let there = place.look(names).map_err(unseen)?;
    match names.iter().find(|name| there.get(*name) != Some(&to)) {
        None => Ok(there),
        Some(name) => Err(Refused { why: not_there(name), again: true, may_be_ours: true }),
    }
}

fn target_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn not_there(name: &str) -> Diagnostic {
    let message = format!("`{name}` is not where it was just written");
    Diagnostic::new(Code::LockHeld, message).help("nothing was written; run apply again")
}

pub(super) fn unreadable(at: &Commit, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::LockHeld,
        format!("the target is locked by {at}, which cannot be read: {}", inline(why)),
    )
    .help("nothing was written; if no run holds it, remove it with `enact unlock`")
}
