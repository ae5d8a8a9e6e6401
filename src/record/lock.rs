//! The lock of a target: one file in a commit of its own, on a reference that only one run can create.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::file;

/// The file in the commit.
pub const LOCK: &str = "lock.json";

/// How far the clocks of two machines may be apart.
pub const SKEW: Duration = Duration::from_secs(60);

/// Who holds the lock of a target, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LockJson {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The id of the run. It is random, so that no two locks are equal: git takes two pushes of one commit for one.
    pub run: String,
    /// Who began the run.
    pub holder: String,
    /// The machine that it runs on.
    pub host: String,
    /// Where it can be looked at, in CI.
    pub run_url: Option<String>,
    /// When the run began.
    pub started: Timestamp,
    /// When the lock ends, unless it is renewed.
    pub ends: Timestamp,
    /// Whether no run holds it, but a person, until it is released.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
}

impl LockJson {
    /// The file's bytes.
    pub fn file(&self) -> Vec<u8> {
        file(self)
    }

    /// The same in one line, for a file that several runs write to.
    pub fn line(&self) -> String {
        // This could fail only for keys that are not strings, and there are none.
        serde_json::to_string(self).map(|line| line + "\n").unwrap_or_default()
    }

    /// Reads the file. An error is the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        super::parse(bytes)
    }

    /// How long it still keeps another run away at this time: until it ends, and until the last request that its holder
    /// began before that is over. `timeout` is how long a request may take. `None` if it may be taken over.
    pub fn keeps_away(&self, now: Timestamp, timeout: Duration) -> Option<Duration> {
        let after = SignedDuration::try_from(timeout.saturating_add(SKEW)).ok()?;
        let free = self.ends.checked_add(after).ok()?;
        Duration::try_from(free.duration_since(now)).ok().filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FORMAT_VERSION;

    fn lock(ends: &str) -> LockJson {
        LockJson {
            format_version: FORMAT_VERSION,
            run: "r".to_owned(),
            holder: "a".to_owned(),
            host: "h".to_owned(),
            run_url: None,
            started: "2026-01-01T00:00:00Z".parse().unwrap(),
            ends: ends.parse().unwrap(),
            hold: false,
        }
    }

    #[test]
    fn one_writer_a_lock_keeps_away_until_its_last_request_is_over_on_the_slowest_clock() {
        let lock = lock("2026-01-01T00:03:00Z");
        let left = |now: &str| lock.keeps_away(now.parse().unwrap(), Duration::from_secs(30));
        assert_eq!(left("2026-01-01T00:03:00Z"), Some(Duration::from_secs(90)));
        assert_eq!(left("2026-01-01T00:04:29Z"), Some(Duration::from_secs(1)));
        assert_eq!(left("2026-01-01T00:04:30Z"), None);
    }

    #[test]
    fn a_lock_comes_back_as_it_was_written() {
        let lock = lock("2026-01-01T00:03:00Z");
        assert_eq!(LockJson::parse(&lock.file()), Ok(lock));
        assert!(LockJson::parse(b"{\"format_version\": 9}").unwrap_err().contains("newer"));
    }
}
