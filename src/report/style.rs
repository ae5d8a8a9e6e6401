//! How text for people looks. Who chooses it is in `cli/output.rs`.

/// What a terminal can show, and how much a person wants to see.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// How many columns there are.
    pub width: usize,
    /// Whether a line that is wider is broken at words. A file and a pipe have room for any line.
    pub wraps: bool,
    /// Whether to show requests, long values of new objects, and after apply the fields once more.
    pub verbose: bool,
    /// Whether to leave out lines that only say that all went well.
    pub quiet: bool,
    /// Whether a line for each target is enough, with the counts and without each change.
    pub summary: bool,
}

impl Style {
    /// How wide a line may be, if that matters.
    pub(super) fn columns(&self) -> Option<usize> {
        self.wraps.then_some(self.width)
    }
}
