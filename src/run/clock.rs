//! The time of day, for what a run writes down. No decision is made by it but that of a day.

use std::time::Duration;

use jiff::Timestamp;

/// What tells the time to a lock.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Time that goes on while the machine sleeps, since any point.
    fn awake_or_not(&self) -> Duration;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn awake_or_not(&self) -> Duration {
        awake_or_not()
    }
}

/// Now, in RFC 3339.
pub(super) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Now, in seconds since 1970.
pub(super) fn seconds() -> i64 {
    Timestamp::now().as_second()
}

/// Time that goes on while the machine sleeps, since any point.
#[cfg(target_os = "linux")]
pub(super) fn awake_or_not() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

/// Time that goes on while the machine sleeps, since the program first asked. Elsewhere no clock is known to do so: of a clock
/// that only goes forward and the time of day, which somebody may set, the one that is further counts. So a lock ends early
/// rather than late.
#[cfg(not(target_os = "linux"))]
pub(super) fn awake_or_not() -> Duration {
    use std::sync::OnceLock;
    use std::time::{Instant, SystemTime};
    static FIRST: OnceLock<(Instant, SystemTime)> = OnceLock::new();
    let (instant, day) = *FIRST.get_or_init(|| (Instant::now(), SystemTime::now()));
    instant.elapsed().max(day.elapsed().unwrap_or_default())
}
