//! The lines of a difference in a comment.

use crate::report::line::{Layout, Line, LineMark};

/// How many characters of a line of a difference are shown.
const LONGEST_LINE: usize = 1_000;
/// How much of a field of a new object is shown: the pull request holds the file with all of it.
const CREATE: (usize, usize) = (16, 200);
pub(super) const LAYOUT: Layout =
    Layout { width: 0, longest: LONGEST_LINE, create: Some(CREATE), held: None };

/// The same where there is room for all of it.
pub(super) const IN_FULL: Layout = Layout { create: None, ..LAYOUT };

pub(super) fn marked(line: Line) -> String {
    match line.mark {
        LineMark::Added => format!("+ {}", line.text),
        LineMark::Removed => format!("- {}", line.text),
        LineMark::Changed | LineMark::Same => format!("  {}", line.text),
    }
}
