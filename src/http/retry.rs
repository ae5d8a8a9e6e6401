//! What to do when a request did not succeed: one table over what happened and what the request was. Pure; sending and
//! waiting is in `http`.
//!
//! Nothing here repeats a create blindly: if an answer was lost, the object is looked for first.

use std::time::Duration;

use crate::model::request::Repeatability;
use crate::model::wire::Next;

/// How often a request is tried in all.
pub const ATTEMPTS: u32 = 5;
/// The longest wait that a server gets. If one asks for more, the user is told, and nothing waits.
pub const MAX_WAIT: Duration = Duration::from_secs(300);
/// The longest wait that enact chooses itself.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
const FIRST_BACKOFF: Duration = Duration::from_millis(250);

/// How an attempt ended without a usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Nothing was sent: no address, no connection, no TLS.
    NotSent,
    /// Nothing was sent: the server could not prove who it is.
    Untrusted,
    /// Nothing was sent: the request would not be the one that is meant.
    Unsendable,
    /// It was sent, and the connection ended without an answer.
    Lost,
    /// It was sent, and no answer came in time.
    Timeout,
    /// An answer that is too large, whatever its status.
    TooLarge,
    /// A success whose body cannot be used.
    Unreadable,
    /// A success that the API's description does not name.
    Unexpected,
    /// A status that is not a success.
    Status(u16),
}

/// Why there is no answer.
#[derive(Clone)]
pub(super) struct Unanswered {
    pub(super) event: Event,
    pub(super) words: String,
    /// What to do, if that is known.
    pub(super) help: Option<String>,
}

/// A row: what happened, and what follows for each [`Repeatability`] in its order.
type RetryRow = (fn(Event) -> bool, [Next; 6]);

/// The first row that fits counts. The columns: read, absolute, keyed, named, blind, delete.
#[rustfmt::skip]
const TABLE: &[RetryRow] = {
    use Next::{Again, Done, Look, LookOnce, LookOnly, Moved, Once, Refused};
    &[
        (|e| e == Event::NotSent,            [Again,   Again,   Again,   Again,   Again,    Again]),
        (|e| e == Event::Untrusted,          [Refused, Refused, Refused, Refused, Refused,  Refused]),
        (|e| e == Event::Unsendable,         [Refused, Refused, Refused, Refused, Refused,  Refused]),
        (|e| e == Event::Lost,               [Again,   Look,    Look,    Look,    LookOnly, Look]),
        (|e| e == Event::Timeout,            [Again,   Look,    Look,    Look,    LookOnly, Look]),
        (|e| e == Event::TooLarge,           [Refused, Look,    Look,    Look,    LookOnly, Look]),
        (|e| e == Event::Unreadable,         [Again,   Done,    Look,    Look,    LookOnly, Done]),
        (|e| e == Event::Unexpected,         [Refused, LookOnly, LookOnly, LookOnly, LookOnly, LookOnly]),
        // RFC 9110 §15.4: the result is at another address, and no redirect is followed.
        (|e| matches!(e, Event::Status(302 | 303)),
                                             [Refused, LookOnly, LookOnly, LookOnly, LookOnly, LookOnly]),
        (|e| e == Event::Status(401),        [Once,    Once,    Once,    Once,    Once,     Once]),
        (|e| e == Event::Status(408),        [Again,   Look,    Look,    Look,    LookOnly, Look]),
        (|e| e == Event::Status(409),        [Refused, Look,    Look,    Look,    LookOnly, Look]),
        (|e| e == Event::Status(412),        [Refused, Moved,   Moved,   Moved,   Moved,    Moved]),
        // RFC 8470: too early. RFC 6585: too many requests.
        (|e| e == Event::Status(425),        [Again,   Again,   Again,   Again,   Again,    Again]),
        (|e| e == Event::Status(429),        [Again,   Again,   Again,   Again,   Again,    Again]),
        // A gateway's answer says nothing of the application behind it, which may have done the write, or may still do
        // it. Nor does a 500. So the answer counts as lost, and a create keeps its key: under another one, the API would
        // make a second object. It is sent again once, as an API may answer every repeat of a key with its first failure.
        (|e| passing(e),                     [Again,   Look,    LookOnce, Look,   LookOnly, Look]),
        // Any other failure of the server does not pass by itself, and does not say what was done.
        (|e| status(e, 500..600),            [Refused, Look,    LookOnly, LookOnly, LookOnly, Look]),
        (|_| true,                           [Refused, Refused, Refused, Refused, Refused,  Refused]),
    ]
};

/// Failures that may pass: of the server, of a gateway before it, and of Cloudflare, which has 520 to 530 for the same.
const fn passing(event: Event) -> bool {
    matches!(event, Event::Status(500 | 502 | 503 | 504 | 520..=530))
}

fn status(event: Event, range: std::ops::Range<u16>) -> bool {
    matches!(event, Event::Status(status) if range.contains(&status))
}

/// What follows for a request of this repeatability.
pub(super) fn next(event: Event, repeatability: Repeatability) -> Next {
    let row = TABLE.iter().find(|(fits, _)| fits(event));
    row.and_then(|(_, next)| next.get(repeatability as usize)).copied().unwrap_or(Next::Refused)
}

/// The wait before the next attempt: what the server asks for and a little more, so that clients do not all come at
/// once; otherwise doubling with full jitter. `None` if the server asks for too long a wait. `random` is any number.
pub(super) fn wait(attempt: u32, asked: Option<Duration>, random: u64) -> Option<Duration> {
    let share = |of: Duration| of.mul_f64((random % 1024) as f64 / 1024.0);
    match asked {
        Some(asked) if asked > MAX_WAIT => None,
        Some(asked) => Some(asked + share(FIRST_BACKOFF)),
        None => Some(share((FIRST_BACKOFF * 2_u32.pow(attempt.min(8))).min(MAX_BACKOFF))),
    }
}

/// How many repeats an origin may still get: each request earns a tenth of one, so that a server in trouble gets at
/// most a tenth more requests than in good times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(u32);

impl Budget {
    const FULL: u32 = 100;
    const REPEAT: u32 = 10;

    /// A request was sent.
    pub(super) fn earn(&mut self) {
        self.0 = (self.0 + 1).min(Self::FULL);
    }

    /// Takes one repeat from the budget, if there is one.
    pub(super) fn spend(&mut self) -> bool {
        let rest = self.0.checked_sub(Self::REPEAT);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(Self::FULL)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WRITES: [Repeatability; 5] = [
        Repeatability::Absolute,
        Repeatability::Keyed,
        Repeatability::Named,
        Repeatability::Blind,
        Repeatability::Delete,
    ];

    fn events() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::NotSent),
            Just(Event::Untrusted),
            Just(Event::Unsendable),
            Just(Event::Lost),
            Just(Event::Timeout),
            Just(Event::TooLarge),
            Just(Event::Unreadable),
            Just(Event::Unexpected),
            (300_u16..600).prop_map(Event::Status),
        ]
    }

    proptest! {
        #[test]
        fn no_duplicates_a_create_without_safety_is_only_repeated_if_nothing_was_done(event in events()) {
            let again = matches!(next(event, Repeatability::Blind), Next::Again | Next::Once);
            let undone = matches!(event, Event::NotSent | Event::Status(401 | 425 | 429));
            prop_assert_eq!(again, undone);
            prop_assert!(!matches!(next(event, Repeatability::Blind), Next::Look | Next::LookOnce));
        }

        #[test]
        fn no_duplicates_a_failure_of_the_server_or_of_a_gateway_is_a_lost_answer(status in 500_u16..600) {
            for repeatability in WRITES {
                let next = next(Event::Status(status), repeatability);
                prop_assert!(matches!(next, Next::Look | Next::LookOnce | Next::LookOnly), "{next:?}");
            }
            // An API may answer each repeat of a key with its first failure.
            prop_assert!(next(Event::Status(status), Repeatability::Keyed) != Next::Look);
        }

        #[test]
        fn no_wait_is_shorter_than_the_server_asks_or_endless(
            attempt in 1_u32..100, asked in proptest::option::of(0_u64..1 << 40), random: u64,
        ) {
            let asked = asked.map(Duration::from_secs);
            match (wait(attempt, asked, random), asked) {
                (None, asked) => prop_assert!(asked > Some(MAX_WAIT)),
                (Some(wait), Some(asked)) => prop_assert!(wait >= asked && wait <= MAX_WAIT + FIRST_BACKOFF),
                (Some(wait), None) => prop_assert!(wait <= MAX_BACKOFF),
            }
        }

        #[test]
        fn repeats_cost_a_server_at_most_a_tenth_more(wishes in proptest::collection::vec(any::<bool>(), 0..500)) {
            let (mut budget, mut requests, mut repeats) = (Budget::default(), 0, 0);
            for wish in wishes {
                budget.earn();
                requests += 1;
                repeats += u32::from(wish && budget.spend());
            }
            prop_assert!(repeats <= requests / 10 + 10);
        }
    }

    #[test]
    fn a_refusal_is_final() {
        for status in [400, 403, 404, 405, 422] {
            for repeatability in WRITES.into_iter().chain([Repeatability::Read]) {
                assert_eq!(
                    next(Event::Status(status), repeatability),
                    Next::Refused,
                    "{status} {repeatability:?}"
                );
            }
        }
    }
}
