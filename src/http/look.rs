//! How old a look at an object is when the write after it could be sent. A limit of the API, or of the user, may hold
//! back either; whatever somebody else did meanwhile would be overwritten.

use std::sync::Mutex;
use std::time::Duration;

use super::pace::Places;
use crate::sync::lock;

/// The longest wait between what a look saw and the write after it. After a longer one, it has to look again.
const FRESH: Duration = Duration::from_secs(1);

/// A look, and the places that are kept for it and the write after it.
#[derive(Debug, Default)]
pub(super) struct Look(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    places: Option<Places>,
    /// How many reads were answered.
    reads: usize,
    /// How long it waited since the first of them.
    waited: Duration,
}

impl Look {
    /// How many places the next look and its write need: as many as this one had, and at least two.
    pub(super) fn needs(&self) -> usize {
        (lock(&self.0).reads + 1).max(2)
    }

    /// Gives back what was kept.
    pub(super) fn end(&self) {
        *lock(&self.0) = State::default();
    }

    /// Begins with these places.
    pub(super) fn begin(&self, places: Places) {
        *lock(&self.0) = State { places: Some(places), ..State::default() };
    }

    /// A place for a read. The last one is for the write; a read that needs more gives it back, because it may wait for
    /// long, and places that are kept meanwhile could make others wait for ever.
    pub(super) fn place_to_read(&self) -> Option<Places> {
        let mut state = lock(&self.0);
        let more = state.places.as_ref().is_some_and(|places| places.left() > 1);
        if !more {
            state.places = None;
        }
        state.places.as_mut().and_then(Places::split)
    }

    /// The place for the write.
    pub(super) fn place_to_write(&self) -> Option<Places> {
        lock(&self.0).places.as_mut().and_then(Places::split)
    }

    /// A read was answered, after this wait.
    pub(super) fn read(&self, waited: Duration) {
        let mut state = lock(&self.0);
        if state.reads > 0 {
            state.waited += waited;
        }
        state.reads += 1;
    }

    /// Whether what was read is too old for a write that waited for so long. Without a look, nothing is.
    pub(super) fn is_old(&self, waited: Duration) -> bool {
        let state = lock(&self.0);
        state.reads > 0 && state.waited + waited > FRESH
    }
}
