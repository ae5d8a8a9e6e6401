//! How much all files of a run may hold. What one file may hold is in `node`.

use crate::diagnostic::{Code, Diagnostic};

/// How many values the files of a run may still hold, weighed as for [`MAX_WEIGHT`](super::MAX_WEIGHT). A value takes
/// far more memory than its text, so a budget of text does not bound what manifests cost.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    left: usize,
}

impl Budget {
    /// A budget of this many values.
    #[must_use]
    pub const fn of(most: usize) -> Self {
        Self { most, left: most }
    }

    /// How many values it still allows.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    /// Takes the values of a file. More than is left is refused, and then nothing is.
    pub fn spend(&mut self, weight: usize) -> Result<(), Diagnostic> {
        let left = self.left.checked_sub(weight);
        self.left = left.unwrap_or_default();
        left.map(drop).ok_or_else(|| {
            let message = format!("the manifests hold more than {} values", self.most);
            Diagnostic::new(Code::LimitValues, message)
                .help("correct `manifests` in enact.yaml, or raise `limits.values` there")
        })
    }
}
