//! What a pass saw of its target, as the pages of the service show it later: drawn once, when the pass ends. Passes that
//! saw the same have the same picture, so that a store has to keep it only once.

use super::{Report, TargetReport, html, labels, summary};
use crate::access::impact::Verdict;
use crate::digest::digest;
use crate::model::change::Change;
use crate::model::outcome::Outcome;

/// What a pass saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The part of a page that shows it. Everything untrusted in it is escaped.
    pub page: String,
    /// The digest of the plan.
    pub plan: String,
    /// The objects that were not as declared.
    pub objects: Vec<SeenObject>,
}

/// An object that was not as declared. Its kind and its name are untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenObject {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What a write would do, or did.
    pub action: String,
    /// Why it was not as declared, if that is known.
    pub cause: Option<String>,
    /// What the change would do to what is allowed, if it is known of this system.
    pub access: Option<String>,
    /// How the write ended, if there was one.
    pub outcome: Option<String>,
}

impl Picture {
    /// What a run over one target saw.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let ended = summary::was_attempted(report);
        let object = |target: &TargetReport, (change, outcome): (&Change, Option<&Outcome>)| SeenObject {
            kind: change.id.kind.clone(),
            name: change.id.name.clone(),
            action: labels::action(change.action).to_owned(),
            cause: labels::cause(change.cause).map(short),
            access: target.plan.impact(change).map(|impact| access(impact.verdict()).to_owned()),
            outcome: ended.then(|| labels::ended(target, outcome).result().as_str().to_owned()),
        };
        let objects = report.targets.iter().flat_map(|target| target.changes().map(|of| object(target, of)));
        Self { page: html::seen(report), plan: report.digest(), objects: objects.collect() }
    }

    /// What is equal only for equal pictures.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.page)
    }
}

/// The first words of a cause: a column has no room for more.
fn short(cause: &str) -> String {
    cause.split(':').next().unwrap_or(cause).to_owned()
}

fn access(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MorePermissive => "more permissive",
        Verdict::LessPermissive => "less permissive",
        Verdict::Incomparable => "more and less",
        Verdict::Equivalent => "equivalent",
        Verdict::Unknown => "unknown",
    }
}
