//! What a probe found out, and the words for it. The questions are in the other files.

use std::collections::BTreeSet;

use crate::defined::definition::Definition;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::probe::ProbeCheck;
use crate::run::probe::subject::Subject;

/// What a probe found out.
#[derive(Debug, Default)]
pub struct ProbeVerdict {
    /// In the order of the questions.
    pub checks: Vec<ProbeCheck>,
    /// What stopped the probe, and what it had to leave behind.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the target did, in words: as defined, or not.
pub(super) type Found = Result<String, String>;

impl ProbeVerdict {
    /// Adds the result for what the definition says at `at` in the kind.
    pub(super) fn check(
        &mut self,
        subject: &Subject<'_>,
        what: &str,
        at: &str,
        defined: impl Into<String>,
        found: Found,
    ) {
        let agrees = found.is_ok();
        let (Ok(found) | Err(found)) = found;
        self.checks.push(ProbeCheck {
            kind: subject.id.kind.clone(),
            what: what.to_owned(),
            defined: defined.into(),
            found,
            agrees,
            pointer: format!("{}{at}", subject.at),
        });
    }

    /// Adds that a scratch object still exists.
    pub(super) fn left_behind(&mut self, subject: &Subject<'_>, why: &str) {
        let message = format!("the {} `{}` stays on the target: {why}", subject.id.kind, subject.id.name);
        self.diagnostics
            .push(diagnostic(Code::ProbeLeftBehind, message, subject).help("delete it there by hand"));
    }
}

/// A diagnostic about what stops a probe or is left behind.
pub(super) fn diagnostic(code: Code, message: String, subject: &Subject<'_>) -> Diagnostic {
    Diagnostic::new(code, message).about(&subject.id.target)
}

/// Says which kinds are not tried. It is an error if none is.
pub(super) fn untried(definition: &Definition, kinds: &BTreeSet<&str>, target: &str) -> Option<Diagnostic> {
    let all = definition.kinds.iter().filter(|kind| kinds.contains(kind.name.as_str()));
    let (tried, untried): (Vec<_>, Vec<_>) = all.partition(|kind| kind.scratch.is_some());
    let names = quoted(untried.iter().map(|kind| &kind.name));
    let message = format!("without `scratch` in the definition, nothing is tried of {names}");
    let diagnostic = Diagnostic::new(Code::ProbeUntried, message).about(target);
    let diagnostic = diagnostic.help("add `scratch` to each kind: a spec, and a change of it");
    match (untried.is_empty(), tried.is_empty()) {
        (true, _) => None,
        (false, true) => Some(diagnostic.refused()),
        (false, false) => Some(diagnostic),
    }
}

/// Names, each in code.
pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The expected statuses in words.
pub(super) fn statuses(statuses: &[u16]) -> String {
    match statuses {
        [] => "any 2xx".to_owned(),
        some => some.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
    }
}
