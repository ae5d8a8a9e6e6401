//! What is wrong with a definition, where it stands.

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::yaml::Node;

/// Collects diagnostics about one file.
pub(super) struct Problems<'a> {
    file: &'a str,
    document: &'a Node,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(file: &'a str, document: &'a Node, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, document, diagnostics }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.diagnostics.len()
    }

    /// Adds one. `at` is a JSON pointer.
    pub(super) fn tell(&mut self, at: &str, code: Code, message: impl Into<String>, help: impl Into<String>) {
        let place = self.document.place(self.file, at);
        self.diagnostics.push(Diagnostic::new(code, message).at(place).help(help));
    }

    /// Refuses a header that is not a definition's to set.
    pub(super) fn header(&mut self, at: &str, name: &str) {
        let wrong = match reqwest::header::HeaderName::from_bytes(name.as_bytes()) {
            Err(_) => "is not the name of a header",
            Ok(name) if RESERVED.contains(&name.as_str()) => "is set by enact",
            Ok(_) => return,
        };
        let help = "a credential is given in enact.yaml, with `auth`; take this header out";
        self.tell(at, Code::SystemHeader, format!("`{name}` {wrong}"), help);
    }

    /// The part of the document at a place, checked against a JSON Schema.
    pub(super) fn check(&mut self, at: &str, checker: &crate::schema::check::Checker) {
        if let Some(node) = self.document.at(at) {
            checker.check(self.file, node, self.diagnostics);
        }
    }
}

/// Headers that say who enact is, where a request goes, or how it is sent.
const RESERVED: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-match",
    "if-none-match",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];
