//! The formats of `--format` and `--report`: a table with one row for each. A new format is one file that renders a
//! report, and one row here.

use super::content::Content;
use super::style::Style;
use super::{Report, github, html, json, junit, markdown, metrics, sarif, text};
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
    render: fn(&Report, &Style) -> Inert,
}

impl Format {
    /// The report in this format. A schema that was asked for is a document already, and the same in all of them.
    pub fn render(&self, report: &Report, style: &Style) -> Inert {
        match &report.content {
            Content::Schema(schema) => Inert::json(schema),
            _ => (self.render)(report, style),
        }
    }
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
    Format {
        name: "html",
        about: "A page for a browser",
        interactive: false,
        render: |report, _| html::render(report),
    },
    Format {
        name: "sarif",
        about: "SARIF 2.1.0, for code scanning",
        interactive: false,
        render: |report, _| sarif::render(report),
    },
    Format {
        name: "junit",
        about: "JUnit XML, for the tests of a CI job",
        interactive: false,
        render: |report, _| junit::render(report),
    },
    Format {
        name: "metrics",
        about: "OpenMetrics, for monitoring: each target's state, and what is left to write",
        interactive: false,
        render: |report, _| metrics::render(report),
    },
    Format {
        name: "github",
        about: "Annotations for a GitHub workflow",
        interactive: false,
        render: |report, _| github::render(report),
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
