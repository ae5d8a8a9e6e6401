//! How text for people looks. Who chooses it is in `cli/output.rs`.

/// What a terminal can show, and how much a person wants to see.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// How many columns there are.
    pub width: usize,
    /// Whether to show requests, long values of new objects, and after apply the fields once more.
    pub verbose: bool,
    /// Whether to leave out lines that only say that all went well.
    pub quiet: bool,
}
