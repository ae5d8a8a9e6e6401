//! Whose turn it is: pure, with the time as an input. A target has one pass at a time, and whatever asks for another one
//! meanwhile asks for the same one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::schedule::{Mode, Passes};

/// The targets, and when each has its next pass.
#[derive(Debug, Default)]
pub struct Roster(BTreeMap<String, Place>);

#[derive(Debug)]
struct Place {
    passes: Passes,
    next: Timestamp,
    running: bool,
    /// Whether something asked for a pass while one went on.
    again: bool,
    /// How many passes failed in a row.
    failures: u32,
    /// Whether it had a pass.
    had_one: bool,
    /// Whether it is not declared any more.
    gone: bool,
}

impl Place {
    fn trigger(&mut self, now: Timestamp) {
        self.again = self.running;
        self.next = self.next.min(now);
    }
}

/// A target whose turn it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Turn {
    /// The target.
    pub target: String,
    /// What the pass may do.
    pub mode: Mode,
}

impl Roster {
    /// Goes on with these targets. A new one is due at once; one that is gone has no further pass.
    pub fn follow(&mut self, targets: &BTreeMap<String, Passes>, now: Timestamp) {
        self.0.retain(|target, place| {
            place.gone = !targets.contains_key(target);
            place.running || !place.gone
        });
        for (target, passes) in targets {
            let new = || Place {
                passes: passes.clone(),
                next: now,
                running: false,
                again: false,
                failures: 0,
                had_one: false,
                gone: false,
            };
            let place = self.0.entry(target.clone()).or_insert_with(new);
            place.passes = passes.clone();
            place.next = place.next.min(passes.next(target, 0, now));
        }
    }

    /// All targets are due: there is a new commit.
    pub fn trigger(&mut self, now: Timestamp) {
        for place in self.0.values_mut() {
            place.trigger(now);
        }
    }

    /// A target is due: somebody asked for a pass.
    pub fn ask(&mut self, target: &str, now: Timestamp) {
        if let Some(place) = self.0.get_mut(target) {
            place.trigger(now);
        }
    }

    /// When the next pass of a target begins.
    #[must_use]
    pub fn next(&self, target: &str) -> Option<Timestamp> {
        self.0.get(target).filter(|place| place.next < Timestamp::MAX).map(|place| place.next)
    }

    /// Takes the target that is due longest.
    pub fn take(&mut self, now: Timestamp) -> Option<Turn> {
        let is_due = |place: &Place| !place.running && !place.gone && place.next <= now;
        let due = self.0.iter_mut().filter(|(_, place)| is_due(place));
        let (target, place) = due.min_by_key(|(_, place)| place.next)?;
        place.running = true;
        Some(Turn { target: target.clone(), mode: place.passes.mode_at(now) })
    }

    /// A pass has ended. One that is worth repeating is repeated sooner than the schedule says.
    pub fn ended(&mut self, target: &str, is_worth_repeating: bool, now: Timestamp) {
        if self.0.get(target).is_some_and(|place| place.gone) {
            self.0.remove(target);
        }
        let Some(place) = self.0.get_mut(target) else { return };
        place.failures = if is_worth_repeating { place.failures.saturating_add(1) } else { 0 };
        place.next = if place.again { now } else { place.passes.next(target, place.failures, now) };
        (place.running, place.again, place.had_one) = (false, false, true);
    }

    /// A target has no further pass.
    pub fn rest(&mut self, target: &str) {
        if let Some(place) = self.0.get_mut(target) {
            place.next = Timestamp::MAX;
        }
    }

    /// Whether every target had a pass.
    #[must_use]
    pub fn is_once_through(&self) -> bool {
        self.0.values().all(|place| place.had_one)
    }

    /// How many targets are due and wait.
    #[must_use]
    pub fn waiting(&self, now: Timestamp) -> usize {
        self.0.values().filter(|place| !place.running && place.next <= now).count()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::Schedule;

    fn targets(names: &[&str]) -> BTreeMap<String, Passes> {
        let schedule = || Schedule::parse("every 10m").unwrap();
        let passes = || Passes { schedule: schedule(), mode: Mode::Apply, windows: Vec::new() };
        names.iter().map(|name| ((*name).to_owned(), passes())).collect()
    }

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn roster(names: &[&str]) -> Roster {
        let mut roster = Roster::default();
        roster.follow(&targets(names), now());
        roster
    }

    #[test]
    fn triggers_during_a_pass_are_one_pass_after_it() {
        let mut roster = roster(&["a"]);
        assert!(roster.take(now()).is_some());
        for _ in 0..3 {
            roster.trigger(now());
            assert_eq!(roster.take(now()), None, "one pass at a time");
        }
        roster.ended("a", false, now());
        assert!(roster.take(now()).is_some());
        roster.ended("a", false, now());
        assert_eq!(roster.take(now()), None);
    }

    #[test]
    fn a_target_that_is_gone_has_no_further_pass_and_one_that_comes_back_has() {
        let mut roster = roster(&["a", "b"]);
        assert_eq!(roster.take(now()).map(|turn| turn.target).as_deref(), Some("a"));
        roster.follow(&targets(&["b"]), now());
        roster.trigger(now());
        roster.ended("a", true, now());
        assert_eq!(roster.take(now()).map(|turn| turn.target).as_deref(), Some("b"));
        roster.ended("b", false, now());
        assert!(roster.is_once_through() && roster.take(now()).is_none());
        roster.follow(&targets(&["a", "b"]), now());
        assert_eq!(roster.take(now()).map(|turn| turn.target).as_deref(), Some("a"));
    }

    #[test]
    fn a_shorter_schedule_counts_at_once() {
        let mut roster = roster(&["a"]);
        roster.take(now());
        roster.ended("a", false, now());
        let mut often = targets(&["a"]);
        often.get_mut("a").unwrap().schedule = Schedule::parse("every 1s").unwrap();
        roster.follow(&often, now());
        assert!(roster.take(now() + SignedDuration::from_secs(2)).is_some());
    }

    proptest! {
        /// Whatever happens, no target has two passes at a time, and each is served within two periods.
        #[test]
        fn nobody_is_left_out(events in prop::collection::vec((0_u8..4, 0_i64..400), 1..200)) {
            let names = ["a", "b", "c"];
            let (mut roster, mut now) = (roster(&names), now());
            let mut since: BTreeMap<&str, Timestamp> = names.map(|name| (name, now)).into();
            let mut running = std::collections::BTreeSet::new();
            for (event, seconds) in events {
                now += SignedDuration::from_secs(seconds);
                if event == 3 {
                    roster.trigger(now);
                }
                while let Some(turn) = roster.take(now) {
                    prop_assert!(running.insert(turn.target.clone()), "{} has two", turn.target);
                    let name = names.into_iter().find(|name| *name == turn.target).unwrap();
                    since.insert(name, now);
                }
                for target in std::mem::take(&mut running) {
                    roster.ended(&target, event == 1, now);
                }
                for (name, then) in &since {
                    prop_assert!(now.duration_since(*then).as_secs() <= 1200, "{name} waits");
                }
            }
        }
    }
}
