//! What a run has read a moment ago for another write: a whole list tells the same of many objects, and to read it again
//! for each would take the square of their number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::change::Change;
use crate::model::kind::Kind;
use crate::model::resource::ResourceId;
use crate::model::state::Listing;
use crate::model::wire::ReadError;
use crate::sync::lock;

/// How old a look may be before the write that it is for. The look itself takes about as long.
const FRESH: Duration = Duration::from_millis(500);

/// What was read lately. What this run writes itself meanwhile makes nothing of it wrong: a name that it takes is no
/// other object's, and a delete takes away what stood in the way of another one.
#[derive(Default)]
pub(super) struct Lately {
    names: Mutex<BTreeMap<String, (Instant, Names)>>,
    hazard: Mutex<Option<(Instant, ResourceId, Option<String>)>>,
}

/// What the names of a kind show.
type Names = Arc<BTreeSet<String>>;

impl Lately {
    /// What all names of a kind show, those of objects that cannot be reached included.
    pub(super) async fn names<F: Future<Output = Result<Listing, ReadError>>>(
        &self,
        kind: &Kind,
        list: impl FnOnce() -> F,
    ) -> Result<Names, ReadError> {
        let known = lock(&self.names).get(&kind.name).filter(|(at, _)| at.elapsed() < FRESH).cloned();
        if let Some((_, names)) = known {
            return Ok(names);
        }
        let asked = Instant::now();
        let Listing { objects, unreachable } = list().await?;
        let names = objects.iter().map(|found| &found.name);
        let names = names.chain(unreachable.iter().map(|found| &found.name));
        let names: Names = Arc::new(names.map(|name| kind.look(name)).collect());
        lock(&self.names).insert(kind.name.clone(), (asked, names.clone()));
        Ok(names)
    }

    /// What a phase of deletes would do beyond its objects.
    pub(super) async fn hazard<F: Future<Output = Result<Option<String>, ReadError>>>(
        &self,
        phase: &[Change],
        look: impl FnOnce() -> F,
    ) -> Result<Option<String>, ReadError> {
        let Some(first) = phase.first() else { return Ok(None) };
        let known = lock(&self.hazard).clone().filter(|(at, of, _)| at.elapsed() < FRESH && *of == first.id);
        if let Some((_, _, hazard)) = known {
            return Ok(hazard);
        }
        let asked = Instant::now();
        let hazard = look().await?;
        *lock(&self.hazard) = Some((asked, first.id.clone(), hazard.clone()));
        Ok(hazard)
    }
}
