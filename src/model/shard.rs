//! A share of the targets, for jobs that run side by side. Which target belongs to which share depends only on its name
//! and on how many shares there are; with one more share, targets only move to that one.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Each target is weighed for each of them.
const MOST: u32 = 10_000;

/// The share of one of several jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// From 1.
    number: u32,
    of: u32,
}

impl Shard {
    /// The share with this number, from 1, of so many; `None` if there is no such share.
    #[must_use]
    pub fn new(number: u32, of: u32) -> Option<Self> {
        (of <= MOST && (1..=of).contains(&number)).then_some(Self { number, of })
    }

    /// How many shares there are.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// All shares of which it is one.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.of).map(move |number| Self { number, ..self })
    }

    /// Whether a target belongs to it: of all shares, it is the one with the greatest weight for that name.
    #[must_use]
    pub fn holds(&self, target: &str) -> bool {
        let weight = |number: &u32| (Sha256::digest(format!("{number} {target}")), *number);
        (1..=self.of).max_by_key(weight) == Some(self.number)
    }
}

/// Reads `3/10`.
impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let shard = numbers.and_then(|(number, of)| Self::new(number, of));
        shard.ok_or("write which share of how many, such as `3/10`; there may be 10,000")
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holder(of: u32, target: &str) -> Vec<u32> {
        (1..=of).filter(|number| Shard::new(*number, of).unwrap().holds(target)).collect()
    }

    proptest! {
        #[test]
        fn every_target_has_one_share_and_moves_only_to_a_new_one(of in 1_u32..20, target in "[a-z0-9-]{1,20}") {
            let (before, after) = (holder(of, &target), holder(of + 1, &target));
            prop_assert_eq!((before.len(), after.len()), (1, 1));
            prop_assert!(before == after || after == [of + 1]);
        }
    }

    #[test]
    fn shares_are_about_as_large_as_each_other() {
        let mut sizes = [0; 4];
        for number in 0..1000 {
            let share = holder(4, &format!("target-{number}"));
            sizes[share[0] as usize - 1] += 1;
        }
        assert!(sizes.iter().all(|size| (200..300).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_share_that_does_not_exist_is_refused() {
        for text in ["0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/3/5", "1/10001", ""] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("3/10".parse::<Shard>().unwrap().to_string(), "3/10");
    }
}
