//! What is live and not in git, in words and lines for every format that people read.

use super::TargetReport;
use super::line::{self, Layout, Line, LineMark};
use crate::model::unmanaged::{Counted, Coverage, Unmanaged};
use crate::text::{inline, shorten};
use crate::words::{count, list, verb};

/// How many objects a line names, and how much of each name.
const NAMED: usize = 5;
const LONGEST_NAME: usize = 60;

/// Why nothing is said of a target.
pub(super) const ONLY_DECLARED: &str =
    "live objects that are not in git are not counted with --only-declared";

/// What the last look at a target found: after apply, that is the second plan.
pub(super) fn coverage(target: &TargetReport) -> &Coverage {
    &target.verified().unwrap_or(&target.plan).coverage
}

/// How many objects are not in git.
pub(super) fn head(unmanaged: &[Unmanaged]) -> String {
    let number = unmanaged.len();
    format!("{} {} not in git", count(number, "live object"), verb(number, "is", "are"))
}

/// Some of the objects, new ones first; `show` makes kind and name harmless.
pub(super) fn names(unmanaged: &[Unmanaged], show: impl Fn(&str, &str) -> String) -> String {
    let (new, known): (Vec<_>, Vec<_>) = unmanaged.iter().partition(|found| found.new == Some(true));
    // What is not shown needs no words.
    let shown: Vec<_> = new.into_iter().chain(known).map(|found| name(found, &show)).take(NAMED).collect();
    let rest = vec![String::new(); unmanaged.len() - shown.len()];
    list(&[shown, rest].concat(), NAMED)
}

/// One object in a line.
pub(super) fn name(found: &Unmanaged, show: impl Fn(&str, &str) -> String) -> String {
    let mark = if found.new == Some(true) { " (new)" } else { "" };
    format!("{}{mark}", show(&found.id.kind, &shorten(&found.id.name, LONGEST_NAME)))
}

/// The objects whose content is to be shown; empty if nobody asked for it.
pub(super) fn in_full(unmanaged: &[Unmanaged]) -> &[Unmanaged] {
    if unmanaged.iter().any(|found| found.content.is_some()) { unmanaged } else { &[] }
}

/// What an object holds.
pub(super) fn content(found: &Unmanaged, layout: &Layout) -> Vec<Line> {
    found.content.as_ref().map(|content| line::held(content, LineMark::Same, layout)).unwrap_or_default()
}

/// What was counted, in a sentence without names.
pub(super) fn counts(counted: &Counted) -> String {
    let Counted { kinds, not_counted, managed, given_up, unmanaged, excepted, system } = counted;
    let percent = counted.percent().map(|percent| format!("{percent} % in git: ")).unwrap_or_default();
    let parts = [
        (*managed, "declared"),
        (*given_up, "no longer declared"),
        (unmanaged.len(), "never declared"),
        (*excepted, "left out by enact.yaml"),
        (*system, "of the system itself"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let of = |word: &str, kinds: &[String]| {
        let kinds: Vec<_> = kinds.iter().map(|kind| inline(kind)).collect();
        (!kinds.is_empty()).then(|| format!("{word}: {}", list(&kinds, NAMED)))
    };
    let of: Vec<_> = [of("counted", kinds), of("not counted", not_counted)].into_iter().flatten().collect();
    format!("{percent}{} ({})", parts.join(", "), of.join("; "))
}
