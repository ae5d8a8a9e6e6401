//! When a target gets its next pass, and what a pass may do at a time: pure functions of a schedule, of how the passes
//! before ended, and of the time. Not here: who waits for it, in `serve`.

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A shorter period would be a loop.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
/// A longer one is better written in words of cron.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Passes that are due in one minute of cron begin within that minute.
const SPREAD: u64 = 60;
/// How long after a pass that failed the next one begins; twice as long after each further one.
const FIRST_REPEAT: SignedDuration = SignedDuration::from_secs(15);
/// A pass that goes on failing is repeated this often.
const LAST_REPEAT: SignedDuration = SignedDuration::from_mins(15);

/// What a pass may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It shows what is not as declared.
    #[default]
    Report,
    /// It makes the target agree with git.
    Apply,
    /// The same, but a change that allows more than before, or of which nobody knows, is held back.
    Narrow,
    /// It only shows, and nobody is asked to do anything about it.
    Hold,
}

impl Mode {
    /// Its name, as in enact.yaml.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Apply => "apply",
            Self::Narrow => "narrow",
            Self::Hold => "hold",
        }
    }

    /// Whether a pass may write.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Apply | Self::Narrow)
    }
}

/// When a target gets passes, and what they may do.
#[derive(Clone, Debug)]
pub struct Passes {
    /// When.
    pub schedule: Schedule,
    /// What.
    pub mode: Mode,
    /// When passes may write; none is always.
    pub windows: Vec<Window>,
}

impl Passes {
    /// What a pass that begins now may do: outside of all windows it only shows.
    #[must_use]
    pub fn mode_at(&self, now: Timestamp) -> Mode {
        let is_open = self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(now));
        match self.mode {
            Mode::Apply | Mode::Narrow if !is_open => Mode::Report,
            mode => mode,
        }
    }

    /// What a pass may do that a person begins now to have the plan written: all, but nothing outside of all windows, and
    /// nothing if the target is held.
    #[must_use]
    pub fn mode_asked(&self, now: Timestamp) -> Mode {
        match self.mode {
            Mode::Hold => Mode::Hold,
            Mode::Report | Mode::Apply | Mode::Narrow => {
                Self { mode: Mode::Apply, ..self.clone() }.mode_at(now)
            }
        }
    }

    /// When the next pass of a target begins. `failures` is how many passes before failed in a row; one that failed is
    /// repeated sooner, and never later than the schedule says.
    #[must_use]
    pub fn next(&self, target: &str, failures: u32, now: Timestamp) -> Timestamp {
        let slot = self.schedule.after(target, now);
        match failures {
            0 => slot,
            failures => slot.min(later(now, repeat(target, failures))),
        }
    }
}

/// When passes begin.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Once in each period.
    Every(SignedDuration),
    /// By the clock.
    Cron(Box<Crontab>),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Every(SignedDuration::from_mins(15))
    }
}

impl Schedule {
    /// Reads `every 15m`, or the five fields of cron with a time zone at the end, in UTC without one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(period) = text.trim().strip_prefix("every ") else {
            return cron(text).map(|cron| Self::Cron(Box::new(cron)));
        };
        let period = duration(period)?;
        match (SHORTEST..=LONGEST).contains(&period) {
            true => Ok(Self::Every(period)),
            false => Err("a period is between a second and 31 days".to_owned()),
        }
    }

    /// The first pass of a target after this moment. Each target has its own moment within a period, or within the
    /// minute of cron, so that not all of them begin at once.
    #[must_use]
    pub fn after(&self, target: &str, now: Timestamp) -> Timestamp {
        match self {
            Self::Every(period) => {
                let period = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
                let own = i64::try_from(spread(target) % period.unsigned_abs()).unwrap_or_default();
                let since = (now.as_millisecond() - own).rem_euclid(period);
                later(now, SignedDuration::from_millis(period - since))
            }
            Self::Cron(cron) => {
                let own = SignedDuration::from_secs((spread(target) % SPREAD).cast_signed());
                let minute = cron.find_next(MakeTimestamp(later(now, -own)));
                // It was found once, when the schedule was read.
                minute.map_or_else(|_| later(now, LONGEST), |minute| later(minute.timestamp(), own))
            }
        }
    }
}

/// A time in which passes may write.
#[derive(Clone, Debug)]
pub struct Window {
    opens: Crontab,
    lasts: SignedDuration,
}

impl Window {
    /// One that opens by these words of cron, and lasts for so long.
    pub fn parse(opens: &str, lasts: &str) -> Result<Self, String> {
        let lasts = duration(lasts)?;
        if !(SignedDuration::from_mins(1)..=LONGEST).contains(&lasts) {
            return Err("a window lasts between a minute and 31 days".to_owned());
        }
        Ok(Self { opens: cron(opens)?, lasts })
    }

    /// Whether the last time that it opened is not longer ago than it lasts.
    fn is_open(&self, now: Timestamp) -> bool {
        let opened = self.opens.find_next(MakeTimestamp(later(now, -self.lasts)));
        opened.is_ok_and(|opened| opened.timestamp() <= now)
    }
}

fn cron(text: &str) -> Result<Crontab, String> {
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    let says = |error: cronexpr::Error| {
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim_start_matches([' ', '^']).trim().to_owned()
    };
    let cron = cronexpr::parse_crontab_with(text, options).map_err(says)?;
    match cron.find_next(MakeTimestamp(Timestamp::UNIX_EPOCH)) {
        Ok(_) => Ok(cron),
        Err(_) => Err("no day is like that, so it would never be time".to_owned()),
    }
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    let wrong = |_| format!("`{text}` is no duration, such as `15m` or `1h30m`");
    text.trim().parse::<SignedDuration>().map_err(wrong)
}

/// How long to wait after so many failures in a row.
fn repeat(target: &str, failures: u32) -> SignedDuration {
    let doubled = FIRST_REPEAT.as_secs() << failures.saturating_sub(1).min(16);
    let wait = doubled.min(LAST_REPEAT.as_secs());
    // Targets that failed for one reason do not come back as one.
    let own = spread(&format!("{failures} {target}")) % (wait.unsigned_abs() / 4 + 1);
    SignedDuration::from_secs(wait.saturating_add_unsigned(own))
}

/// A number that belongs to a text, and looks like any other.
fn spread(text: &str) -> u64 {
    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A moment so much later; the last one of all if there is none.
fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passes(schedule: &str) -> Passes {
        Passes { schedule: Schedule::parse(schedule).unwrap(), mode: Mode::Apply, windows: Vec::new() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn the_next_pass_is_later_and_comes_within_a_period(
            period in 1_i64..2_000_000,
            now in 0_i64..4_000_000_000_000,
            failures in 0_u32..100,
            target in "[a-z]{1,8}",
        ) {
            let (passes, now) = (passes(&format!("every {period}s")), Timestamp::from_millisecond(now).unwrap());
            let next = passes.next(&target, failures, now);
            prop_assert!(next > now);
            prop_assert!(next.duration_since(now).as_secs() <= period);
            prop_assert_eq!(next, passes.next(&target, failures, now), "it is decided by its arguments");
            if failures > 0 {
                prop_assert!(next <= passes.next(&target, 0, now), "a failure puts nothing off");
                prop_assert!(next.duration_since(now) <= LAST_REPEAT * 2);
            } else if next.duration_since(now).as_millis() > 1 {
                let shortly_before = Timestamp::from_millisecond(next.as_millisecond() - 1).unwrap();
                prop_assert_eq!(passes.next(&target, 0, shortly_before), next, "waking early changes nothing");
            }
        }

        #[test]
        fn by_the_clock_a_pass_begins_within_its_minute(now in 0_i64..4_000_000_000, target in "[a-z]{1,8}") {
            let now = Timestamp::from_second(now).unwrap();
            let next = passes("*/10 * * * *").next(&target, 0, now);
            prop_assert!(next > now && next.duration_since(now).as_secs() <= 660);
            prop_assert_eq!(next.as_second() / 60 % 10, 0);
        }
    }

    #[test]
    fn targets_of_one_schedule_are_spread_over_its_period() {
        let (passes, now) = (passes("every 10m"), at("2026-01-01T00:00:00Z"));
        let mut thirds = [0; 3];
        for number in 0..300 {
            let wait = passes.next(&format!("target-{number}"), 0, now).duration_since(now).as_secs();
            thirds[usize::try_from(wait / 201).unwrap()] += 1;
        }
        assert!(thirds.iter().all(|targets| *targets > 60), "{thirds:?}");
    }

    #[test]
    fn each_further_failure_is_waited_for_longer() {
        let (passes, now) = (passes("every 31h"), at("2026-01-01T00:00:00Z"));
        let waits: Vec<_> =
            (1..12).map(|failures| passes.next("t", failures, now).duration_since(now).as_secs()).collect();
        assert!(waits[0] >= 15 && waits[0] <= 19 && waits[1] >= 30, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 900 + 225) && waits[10] >= 900, "{waits:?}");
    }

    #[test]
    fn outside_of_its_windows_a_target_is_only_looked_at() {
        let windows = vec![Window::parse("0 22 * * FRI Europe/Berlin", "4h").unwrap()];
        let passes = Passes { windows, ..passes("every 1h") };
        for (moment, mode) in [
            ("2026-07-03T19:59:59Z", Mode::Report),
            ("2026-07-03T20:00:00Z", Mode::Apply),
            ("2026-07-03T23:59:59Z", Mode::Apply),
            ("2026-07-04T00:00:00Z", Mode::Report),
        ] {
            assert_eq!(passes.mode_at(at(moment)), mode, "{moment}");
        }
        let held = Passes { mode: Mode::Hold, ..passes };
        assert_eq!(held.mode_at(at("2026-07-03T19:59:59Z")), Mode::Hold);
    }

    #[test]
    fn a_schedule_that_never_comes_or_says_nothing_is_refused() {
        for (text, why) in [
            ("0 0 30 2 *", "never be time"),
            ("every 0s", "between a second"),
            ("every 5000h", "between a second"),
            ("every now", "no duration"),
            ("every -5m", "between a second"),
            ("61 * * * *", ""),
            ("* * * * * Mars/Base", ""),
            ("", ""),
        ] {
            let refused = Schedule::parse(text).map(|_| ()).unwrap_err();
            assert!(
                !refused.is_empty() && refused.contains(why) && !refused.contains('\n'),
                "{text}: {refused}"
            );
        }
        assert!(Window::parse("0 22 * * *", "0s").is_err() && Window::parse("0 22 30 2 *", "1h").is_err());
    }
}
