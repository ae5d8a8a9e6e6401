//! Diagnostics: what is wrong, where, and what to do about it. Data only; `report` turns them into text.
//!
//! Here: one diagnostic. Not here: the table of all codes, in `code`.
//!
//! Messages quote what users and servers wrote, so they are turned into one line without invisible characters here.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::text::inline;

mod class;
mod code;

pub use class::{Class, Severity};
pub use code::Code;

/// A place in a file that a user wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user would type it: relative to the repository, `/` between parts.
    pub file: String,
    /// The first line is 1.
    pub line: usize,
    /// The first column is 1, counted in characters.
    pub column: usize,
    /// How many characters of that line the diagnostic is about, at least 1.
    pub width: usize,
    /// Where in the document it is, such as `spec.rules[0].effect`; empty for the document itself.
    pub path: String,
}

impl Place {
    /// Where a file begins.
    pub fn start(file: &str) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1, width: 1, path: String::new() }
    }
}

/// A place in a spec, before its place in a file is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecPlace {
    /// The JSON pointer below the spec.
    pub pointer: String,
    /// The byte of the text at that place, for a mistake inside a text.
    pub offset: Option<usize>,
}

/// A diagnostic about a spec, before its place in a file is known.
pub type SpecDiagnostic = Diagnostic<SpecPlace>;

/// One problem for the user, never a Rust error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic<P = Place> {
    /// The severity of its code, unless [`allowed`](Self::allowed) or [`refused`](Self::refused) changed it.
    pub severity: Severity,
    /// Which one it is, and what it means for the run.
    pub code: Code,
    /// What is wrong: one sentence, lower case, no full stop, user input in backticks.
    pub message: String,
    /// Where it is.
    pub place: Option<P>,
    /// Which live or declared object, such as `analytics Policy "Warehouse syncs"`.
    pub subject: Option<String>,
    /// What to do next.
    pub help: Option<String>,
    /// Whether its line may hold a secret that was written by mistake, and is not shown.
    pub private: bool,
    /// What others have in common with it that are only about other objects: people are shown those as one.
    pub cause: Option<String>,
}

impl<P> Diagnostic<P> {
    /// A diagnostic with the severity of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: inline(&message.into()).into_owned(),
            place: None,
            subject: None,
            help: None,
            private: false,
            cause: None,
        }
    }

    /// Makes it a warning, because the user allowed it.
    pub fn allowed(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Makes it an error, because this run cannot go on with it.
    pub fn refused(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// Sets where it is.
    pub fn at(mut self, place: P) -> Self {
        self.place = Some(place);
        self
    }

    /// Turns its place into another kind of place. `place` gets `None` if it has none, and must choose one.
    pub fn placed<Q>(self, place: impl FnOnce(Option<P>) -> Q) -> Diagnostic<Q> {
        let Self { severity, code, message, place: of, subject, help, private, cause } = self;
        Diagnostic { severity, code, message, place: Some(place(of)), subject, help, private, cause }
    }

    /// Sets which object it is about.
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(inline(&subject.to_string()).into_owned());
        self
    }

    /// Sets what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(inline(&help.into()).into_owned());
        self
    }

    /// Sets what it has in common with others.
    pub fn because(mut self, cause: Option<String>) -> Self {
        self.cause = cause;
        self
    }

    /// Hides its line, which may hold a secret.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Whether it stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl SpecDiagnostic {
    /// Sets where in the spec it is, as a JSON pointer.
    pub fn in_spec(self, pointer: impl Into<String>) -> Self {
        self.at(SpecPlace { pointer: pointer.into(), offset: None })
    }
}

/// Runs a piece of work. Its result is kept only if it reported no error; warnings do not matter.
pub fn sound<T>(
    diagnostics: &mut Vec<Diagnostic>,
    work: impl FnOnce(&mut Vec<Diagnostic>) -> Option<T>,
) -> Option<T> {
    let before = diagnostics.len();
    let result = work(diagnostics);
    let failed = diagnostics.iter().skip(before).any(Diagnostic::is_error);
    result.filter(|_| !failed)
}

/// Sorts diagnostics by file and position, so that the same input prints the same bytes.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        (&a.place, a.severity, a.code, &a.subject, &a.message)
            .cmp(&(&b.place, b.severity, b.code, &b.subject, &b.message))
    });
}

/// The candidate nearest to a misspelt word, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        // No edit changes the length by more than one.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Suggestions for many misspelt words over many candidates. After a bounded number of comparisons there are no more:
/// nobody reads thousands of them, and each would cost as much as there are candidates.
#[derive(Debug, Default)]
pub struct Suggestions {
    compared: AtomicUsize,
}

impl Suggestions {
    /// How many candidates are looked at.
    const MOST: usize = 1_000_000;

    /// What [`nearest`] says; nothing once too much was compared.
    pub fn nearest<'a>(&self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        if self.compared.load(Ordering::Relaxed) >= Self::MOST {
            return None;
        }
        let mut compared = 0;
        let found = nearest(word, candidates.into_iter().inspect(|_| compared += 1));
        self.compared.fetch_add(compared, Ordering::Relaxed);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sentence_quotes_neither_begins_a_line_nor_hides() {
        let diagnostic: Diagnostic = Diagnostic::new(Code::SchemaType, "`x\u{202e}`")
            .about("y\u{85}")
            .help("z\nerror[a/b]: all is well");
        let messages =
            (diagnostic.message.as_str(), diagnostic.subject.as_deref(), diagnostic.help.as_deref());
        assert_eq!(messages, ("`x\\u{202e}`", Some("y\\u{85}"), Some("z\\u{a}error[a/b]: all is well")));
    }
}
