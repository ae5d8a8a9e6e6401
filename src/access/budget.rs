//! How much work comparisons may do. It counts steps and not time, so that the same input has the same end.

/// The steps that are left. A plan has one, and each of its comparisons takes from it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    left: u64,
    /// The most that one comparison may take.
    each: u64,
}

/// There was more to do than the budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent;

impl Budget {
    /// So many steps in all, and so many for each comparison.
    #[must_use]
    pub fn new(all: u64, each: u64) -> Self {
        Self { left: all, each }
    }

    /// The part of it that one comparison may take.
    pub(super) fn share(&self) -> Self {
        Self { left: self.left.min(self.each), each: self.each }
    }

    /// Takes what a comparison has used of its share.
    pub(super) fn settle(&mut self, share: &Self) {
        let used = self.left.min(self.each).saturating_sub(share.left);
        self.left = self.left.saturating_sub(used);
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(steps);
        if self.left == 0 { Err(Spent) } else { Ok(()) }
    }
}

/// Some seconds for a plan, and a part of one for a comparison. A change among a thousand rules takes a hundredth of it.
impl Default for Budget {
    fn default() -> Self {
        Self::new(40_000_000, 4_000_000)
    }
}
