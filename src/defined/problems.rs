//! Collects what is wrong with a definition, each problem at its place. Not here: the checks, in `check` and `compile`.

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::yaml::Document;
use crate::schema::check::Checker;

/// Collects diagnostics about one file.
pub(super) struct Problems<'a> {
    document: &'a Document,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// How many diagnostics there were before this file.
    before: usize,
}

impl<'a> Problems<'a> {
    pub(super) fn new(document: &'a Document, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        let before = diagnostics.len();
        Self { document, diagnostics, before }
    }

    /// How many problems this file has.
    pub(super) fn count(&self) -> usize {
        self.diagnostics.len() - self.before
    }

    /// Adds a problem at a JSON pointer.
    pub(super) fn report(
        &mut self,
        at: &str,
        code: Code,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.document.place(at);
        self.diagnostics.push(Diagnostic::new(code, message).at(place).help(help));
    }

    /// Checks the part of the document at a place against a JSON Schema.
    pub(super) fn check(&mut self, at: &str, checker: &Checker) {
        checker.check(&self.document.part(at), self.diagnostics);
    }
}
