//! How far the requests of one object have got, and what follows from each answer and each look. Pure: `send` asks here
//! what is next.

use crate::model::outcome::Outcome;
use crate::model::request::Symbol;
use crate::model::resource::RemoteId;
use crate::model::wire::{Attempt, Next, OpenWrite};

/// Why enact gives up on an open write.
const NOT_AGAIN: &str = "it was not done when enact looked, and is not sent again, because it could be done twice: plan again later";

/// How often enact looks again for a request that it cannot send right after the look.
const LOOKS: u32 = 5;
const NO_ROOM: &str = "requests had to wait for so long that none could be sent within a second of a look at it; if `requests_per_minute` is set, raise it";

/// How far the requests of one object have got. Each transition takes the state and returns the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) struct Progress {
    /// How many requests are done. Everything below is about the next one.
    done: usize,
    /// Whether it was sent and may have been done.
    open: bool,
    /// The next attempt, from 1.
    attempt: u32,
    /// What distinguishes a repeat of it from a new request.
    key: String,
    /// The version of the object to write to.
    etag: Option<String>,
    /// How often the request could not be sent right after a look.
    late: u32,
}

/// What a look at a half-written object shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::run) struct Seen {
    /// How many of the requests are done.
    pub(in crate::run) done: usize,
    /// The present version of the object.
    pub(in crate::run) etag: Option<String>,
    /// The id of the object, if the requests created it.
    pub(in crate::run) created: Option<(Symbol, RemoteId)>,
}

/// Why a look does not show how far the requests got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) enum Unclear {
    /// Nothing could be read.
    Unseen(String),
    /// The live object is neither in its old state nor as declared.
    Moved(String),
}

impl Progress {
    /// Before the first request, to an object of this version.
    pub(super) fn new(etag: Option<String>, key: String) -> Self {
        Self { done: 0, open: false, attempt: 1, key, etag, late: 0 }
    }

    /// How many requests are done, and so the index of the next one.
    pub(in crate::run) fn done(&self) -> usize {
        self.done
    }

    /// Whether the next request was sent before and may have been done.
    pub(in crate::run) fn is_open(&self) -> bool {
        self.open
    }

    /// Which attempt at the next request comes now, from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What the next attempt sends along.
    pub(super) fn with(&self) -> Attempt<'_> {
        Attempt { etag: self.etag.as_deref(), key: &self.key }
    }

    /// The request succeeded: on to the next one.
    pub(super) fn succeeded(self, key: String) -> Self {
        Self { done: self.done + 1, open: false, attempt: 1, key, late: 0, ..self }
    }

    /// The answer is final. It does not say what became of an earlier attempt without an answer.
    pub(super) fn ended(self, outcome: Outcome) -> Outcome {
        if self.open { outcome.after_open_write() } else { outcome }
    }

    /// No answer decides it.
    pub(super) fn unanswered(self, write: &OpenWrite) -> Self {
        Self { open: self.open || !write.undone, ..self }
    }

    /// Whether the request may be sent again, if a look finds that it was not done.
    pub(super) fn may_repeat(&self, write: &OpenWrite) -> bool {
        match write.next {
            Next::LookOnly => false,
            Next::LookOnce => self.attempt == 1,
            // A server that refuses twice means it.
            Next::Once | Next::Look => !write.undone || self.attempt == 1,
            Next::Again => true,
            // These decide a write, so an open write has none of them.
            Next::Done | Next::Moved | Next::Refused => false,
        }
    }

    /// What follows from a look: the request after those that are done, `again`, or the end. `key` makes a new one.
    pub(super) fn looked(
        self,
        look: Result<Seen, Unclear>,
        write: &OpenWrite,
        again: bool,
        key: impl FnOnce() -> String,
    ) -> Result<Self, Outcome> {
        match look {
            Err(Unclear::Moved(why)) if !self.open => Err(Outcome::conflict(why)),
            Err(Unclear::Moved(why) | Unclear::Unseen(why)) => Err(self.given_up(write, &why)),
            Ok(seen) if seen.done > self.done => Ok(self.advanced(seen, key())),
            Ok(_) if write.next == Next::LookOnly => Err(self.given_up(write, NOT_AGAIN)),
            Ok(_) if !again => Err(self.given_up(write, "it was not there at the last look")),
            Ok(seen) => Ok(self.repeated(seen)),
        }
    }

    /// What follows from a look after a wait, for a request that was held back since the look before.
    pub(super) fn late(
        self,
        look: Result<Seen, Unclear>,
        key: impl FnOnce() -> String,
    ) -> Result<Self, Outcome> {
        match look {
            Ok(_) if self.late >= LOOKS => Err(self.held_back(NO_ROOM.to_owned())),
            Ok(seen) if seen.done == self.done => Ok(Self { etag: seen.etag, late: self.late + 1, ..self }),
            Ok(seen) if self.open => Ok(self.advanced(seen, key())),
            Ok(_) => Err(Outcome::conflict("somebody else has made the same change")),
            Err(Unclear::Moved(why)) => Err(self.ended(Outcome::conflict(why))),
            Err(Unclear::Unseen(why)) => Err(self.held_back(why)),
        }
    }

    /// The request is not sent, for this reason.
    pub(super) fn held_back(self, why: String) -> Outcome {
        let nothing = self.done == 0;
        self.ended(if nothing { Outcome::not_attempted(why) } else { Outcome::failed(why) })
    }

    /// A look found that more is done than was answered.
    fn advanced(self, seen: Seen, key: String) -> Self {
        Self { done: seen.done, etag: seen.etag, ..Self::new(None, key) }
    }

    /// A look found that the request was not done: the same again, to the version that was seen.
    fn repeated(self, seen: Seen) -> Self {
        Self { attempt: self.attempt + 1, etag: seen.etag, ..self }
    }

    /// Gives up.
    fn given_up(&self, write: &OpenWrite, why: &str) -> Outcome {
        let reason = &write.reason;
        if self.open { Outcome::unknown(format!("{reason}; {why}")) } else { Outcome::failed(reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::WriteResult;

    fn lost(next: Next) -> OpenWrite {
        OpenWrite { reason: "the connection was lost".to_owned(), next, undone: false, asked: None }
    }

    fn busy(next: Next) -> OpenWrite {
        OpenWrite { reason: "409 Conflict".to_owned(), next, undone: true, asked: None }
    }

    fn start() -> Progress {
        Progress::new(Some("v1".to_owned()), "key 1".to_owned())
    }

    fn seen(done: usize) -> Result<Seen, Unclear> {
        Ok(Seen { done, etag: Some("v2".to_owned()), created: None })
    }

    fn after(
        progress: Progress,
        look: Result<Seen, Unclear>,
        write: &OpenWrite,
    ) -> Result<Progress, Outcome> {
        let progress = progress.unanswered(write);
        let again = progress.may_repeat(write);
        progress.looked(look, write, again, || "key 2".to_owned())
    }

    #[test]
    fn what_a_look_finds_done_is_not_sent_again() {
        let next = after(start(), seen(2), &lost(Next::LookOnly)).unwrap();
        assert_eq!((next.done, next.open, next.attempt), (2, false, 1));
        assert_eq!((next.etag.as_deref(), next.key.as_str()), (Some("v2"), "key 2"));
    }

    #[test]
    fn a_repeat_goes_to_the_version_that_was_seen_under_the_same_key() {
        let next = after(start(), seen(0), &lost(Next::Look)).unwrap();
        assert_eq!((next.done, next.open, next.attempt), (0, true, 2));
        assert_eq!((next.etag.as_deref(), next.key.as_str()), (Some("v2"), "key 1"));
    }

    #[test]
    fn no_duplicates_a_create_that_failed_is_repeated_once_under_its_key_and_then_unknown() {
        let repeat = after(start(), seen(0), &lost(Next::LookOnce)).unwrap();
        assert_eq!((repeat.attempt, repeat.key.as_str()), (2, "key 1"));
        let outcome = after(repeat, seen(0), &lost(Next::LookOnce)).unwrap_err();
        assert_eq!(outcome.result(), WriteResult::Unknown);
    }

    #[test]
    fn no_duplicates_a_blind_create_is_never_repeated() {
        let outcome = after(start(), seen(0), &lost(Next::LookOnly)).unwrap_err();
        assert_eq!(outcome.result(), WriteResult::Unknown);
    }

    #[test]
    fn stale_is_refused_also_if_it_moved_while_a_limit_held_the_request_back() {
        let late = |progress: Progress, look| progress.late(look, || "key 2".to_owned());
        let again = late(start(), seen(0)).unwrap();
        assert_eq!((again.etag.as_deref(), again.attempt, again.open), (Some("v2"), 1, false));
        let moved = late(again.clone(), Err(Unclear::Moved("it is gone".to_owned())));
        assert_eq!(moved, Err(Outcome::conflict("it is gone")));
        assert_eq!(late(again, seen(1)).unwrap_err().result(), WriteResult::Conflict, "somebody else did it");
        let repeat = after(start(), seen(0), &lost(Next::Look)).unwrap();
        assert_eq!(late(repeat, seen(1)).unwrap().done, 1, "the first try did it after all");
    }

    #[test]
    fn a_request_that_is_always_held_back_is_not_sent() {
        let held = |mut progress: Progress| loop {
            let done = progress.done;
            match progress.late(seen(done), || "key 2".to_owned()) {
                Ok(next) => progress = next,
                Err(outcome) => return outcome.result(),
            }
        };
        assert_eq!(held(start()), WriteResult::NotAttempted);
        assert_eq!(held(start().succeeded("key 2".to_owned())), WriteResult::Failed, "a part of it is done");
        let open = after(start(), seen(0), &lost(Next::Look)).unwrap();
        assert_eq!(held(open), WriteResult::Unknown);
    }

    #[test]
    fn a_server_that_says_no_twice_means_it() {
        for next in [Next::Once, Next::Look] {
            let second = after(start(), seen(0), &busy(next)).unwrap();
            assert_eq!(after(second, seen(0), &busy(next)), Err(Outcome::failed("409 Conflict")));
        }
    }

    #[test]
    fn what_somebody_else_did_is_a_conflict_unless_it_may_be_our_own_write() {
        let moved = || Err(Unclear::Moved("it is gone".to_owned()));
        assert_eq!(after(start(), moved(), &busy(Next::Look)), Err(Outcome::conflict("it is gone")));
        let open = after(start(), moved(), &lost(Next::Look)).unwrap_err();
        assert_eq!(open, Outcome::unknown("the connection was lost; it is gone"));
    }

    #[test]
    fn an_answer_to_a_repeat_says_nothing_of_the_first_attempt() {
        let repeat = after(start(), seen(0), &lost(Next::Look)).unwrap();
        assert_eq!(repeat.ended(Outcome::failed("409 Conflict")).result(), WriteResult::Unknown);
        assert_eq!(start().ended(Outcome::failed("409 Conflict")).result(), WriteResult::Failed);
    }
}
