//! The formats of `--format`: a table with one row for each. A new format is one file that renders a report, and one
//! row here.

use super::style::Style;
use super::{Report, json, markdown, text};
use crate::text::inert::Inert;

/// One way to write a report.
#[derive(Debug)]
pub struct Format {
    /// Its name in `--format`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Whether a person reads it while the command runs and can be asked.
    pub interactive: bool,
    /// Renders everything that a report prints on standard output, so that it acts on nothing that reads it.
    pub render: fn(&Report, &Style) -> Inert,
}

/// The default format.
pub const DEFAULT: &str = "text";

/// All formats.
pub const FORMATS: &[Format] = &[
    Format { name: DEFAULT, about: "For people", interactive: true, render: text::inert },
    Format {
        name: "json",
        about: "One JSON document",
        interactive: false,
        render: |report, _| json::render(report),
    },
    Format {
        name: "markdown",
        about: "A comment for a pull request",
        interactive: false,
        render: |report, _| Inert::text(&markdown::render(report)),
    },
];

/// The format of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

#[cfg(test)]
mod runner;

#[cfg(test)]
mod tests;
