//! A person holds a target: takes its lock, on which no run waits out its end. So every writer keeps away, on any machine,
//! also one that knows no holds. The commit of the lock says who it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};

use crate::config::target::Config;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::update::Update;
use crate::http::transport::HEAD as REQUEST;
use crate::record::lock::LockJson;
use crate::run::file_lock::held;
use crate::run::history::History;
use crate::run::place::Place;
use crate::run::reads::Reads;
use crate::run::tips;
use crate::run::unlock;
use crate::run::whose::RunId;

/// A hold ends when it is released. This is when it would end by itself.
const LASTS: SignedDuration = SignedDuration::from_hours(24 * 36_500);

/// Who holds a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The person.
    pub who: String,
    /// Since when.
    pub since: Timestamp,
}

/// Where the locks of a configuration are. `stop` is set when their remote is not waited for any more, if that may be.
fn place(config: &Config, stop: Option<Arc<AtomicBool>>) -> Result<Place, Diagnostic> {
    let reads = Arc::new(Reads::within(&config.limits));
    let history = History::open(config.folder(), None, &reads)?.ok_or_else(|| {
        Diagnostic::new(Code::LockHold, "enact.yaml is in no git repository, so nobody can hold a target")
            .help("put it into a repository with `git init`")
    })?;
    history.place(config.record.remote.clone(), config.secret_variables(), stop)
}

/// Holds a target, in the name of a person. When it returns, every writer keeps away. Who already holds it keeps it.
pub fn hold(config: &Config, target: &str, who: &str) -> Result<Holder, Diagnostic> {
    let (place, name) = (place(config, None)?, tips::lock(target));
    let now = place.clock.now();
    let from = match unlock::find(target, &place)? {
        None => None,
        Some(found) => {
            let lock = found.lock.clone()?;
            if lock.hold {
                return Ok(Holder::from(&lock));
            }
            if lock.keeps_away(now, REQUEST).is_some() {
                return Err(held(target, &lock));
            }
            Some(found.at)
        }
    };
    let run = RunId { who: who.to_owned(), ..RunId::begin(None) };
    let ends = now.checked_add(LASTS).unwrap_or(Timestamp::MAX);
    let lock = LockJson { run_url: None, ends, hold: true, ..run.lock(now, place.terms.lasts) };
    let to = Some(place.write_lock(&lock)?);
    place.change(&[Update { name, from, to }])?;
    Ok(Holder::from(&lock))
}

/// Releases a target. The lock of a run stays.
pub fn release(config: &Config, target: &str) -> Result<(), Diagnostic> {
    let place = place(config, None)?;
    match unlock::find(target, &place)? {
        Some(found) if found.lock.as_ref().is_ok_and(|lock| lock.hold) => unlock::remove(&found, &place),
        Some(_) | None => Ok(()),
    }
}

/// Who holds which of the targets. What cannot be read before `stop` is set is left out: it is only shown.
pub fn holders(config: &Config, stop: Arc<AtomicBool>) -> BTreeMap<String, Holder> {
    let Ok(place) = place(config, Some(stop)) else { return BTreeMap::new() };
    let targets = config.targets.iter().map(|target| target.config.name.clone());
    let names: BTreeMap<_, _> = targets.map(|target| (tips::lock(&target), target)).collect();
    let there = place.look(&names.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let holder = |(name, at)| {
        let lock = place.read(&at).ok().filter(|lock| lock.hold)?;
        Some((names.get(&name)?.clone(), Holder::from(&lock)))
    };
    there.into_iter().filter_map(holder).collect()
}

impl From<&LockJson> for Holder {
    fn from(lock: &LockJson) -> Self {
        Self { who: lock.holder.clone(), since: lock.started }
    }
}
