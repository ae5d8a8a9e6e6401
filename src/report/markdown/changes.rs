//! Changes in a comment: one, or all of a target as items, where those that say the very same are one with all names.

use std::collections::BTreeMap;

use super::lines::{IN_FULL, LAYOUT, marked};
use super::links::Links;
use super::room::{Item, Rank};
use crate::access::impact::Impact;
use crate::model::change::{Action, Change};
use crate::model::outcome::Outcome;
use crate::report::access::{self, AccessLine};
use crate::report::{TargetReport, labels, line};
use crate::text::markdown::{code, fence, html_code};

/// How many bytes the fields of one change take, as long as others have to be shown.
pub(super) const CHANGE_ROOM: usize = 12_000;
/// How many names share a paragraph.
const NAMES: usize = 20;

/// A change, and how it ended if apply wrote.
pub(super) type Ended<'a> = (&'a Change, Option<Outcome>);

/// One item for each change, or for all that say the same.
pub(super) fn items(target: &TargetReport, changes: &[Ended<'_>], links: Links<'_>) -> Vec<Item> {
    let mut groups: Vec<(Same, Vec<&Ended<'_>>)> = Vec::new();
    let mut known = BTreeMap::new();
    for ended in changes {
        let same = Same::of(target, ended);
        let index = *known.entry(same.clone()).or_insert(groups.len());
        match groups.get_mut(index) {
            Some((_, group)) => group.push(ended),
            None => groups.push((same, vec![ended])),
        }
    }
    groups.iter().flat_map(|(same, group)| group_items(target, same, group, links)).collect()
}

/// What changes have in common that differ in nothing but their names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Same {
    kind: String,
    action: &'static str,
    cause: Option<&'static str>,
    ending: String,
    lines: Vec<String>,
    /// What it does to what is allowed.
    access: String,
}

impl Same {
    fn of(target: &TargetReport, (change, outcome): &Ended<'_>) -> Self {
        Self {
            kind: change.id.kind.clone(),
            action: labels::action(change.action),
            cause: labels::cause(change.cause),
            ending: outcome.as_ref().map(ending).unwrap_or_default(),
            lines: line::lines(change, &IN_FULL).into_iter().map(marked).collect(),
            access: access(target, change),
        }
    }
}

fn group_items(target: &TargetReport, same: &Same, group: &[&Ended<'_>], links: Links<'_>) -> Vec<Item> {
    let Some((first, _)) = group.first() else { return Vec::new() };
    let name = |change: &Change| links.to(&change.id.name, target.plan.places.get(&change.id));
    let rank = rank(target, first);
    let Same { kind, action, cause, ending, lines, access } = same;
    let cut: Vec<_> = line::lines(first, &LAYOUT).into_iter().map(marked).collect();
    let shown = |head: &str, lines: &[String], room| {
        let fields =
            if lines.is_empty() { String::new() } else { format!("{}\n", fence("diff", lines, room)) };
        format!("{head}{fields}{access}")
    };
    if group.len() == 1 {
        let head = format!("{}{ending}\n\n", named(first, &name(first)));
        let longer = (shown(&head, &cut, CHANGE_ROOM), shown(&head, lines, usize::MAX));
        let meaning = format!("{head}{access}");
        return vec![Item::new(rank, head).or(meaning).or(longer.0).or(longer.1)];
    }
    let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
    let head =
        format!("**{action}** {} {}{cause}, the same change in each{ending}:\n\n", group.len(), code(kind));
    let longer = (shown(&head, &cut, CHANGE_ROOM), shown(&head, lines, usize::MAX));
    let names = group.chunks(NAMES).map(|part| {
        let all = |name: &dyn Fn(&Change) -> String| {
            let names: Vec<_> = part.iter().map(|(change, _)| name(change)).collect();
            format!("{}\n\n", names.join(", "))
        };
        let names = all(&|change| code(&change.id.name));
        Item::new(rank, names).counts(part.len()).or(all(&name))
    });
    let meaning = format!("{head}{access}");
    std::iter::once(Item::new(rank, head).counts(0).or(meaning).or(longer.0).or(longer.1))
        .chain(names)
        .collect()
}

fn rank(target: &TargetReport, change: &Change) -> Rank {
    let gives = match target.plan.impact(change) {
        Some(Impact::Known(difference)) => difference.gives_more(),
        Some(Impact::Unknown(_)) => true,
        None => false,
    };
    if gives || change.action == Action::Delete { Rank::Risky } else { Rank::Change }
}

/// What happens to which object.
pub(super) fn head(change: &Change) -> String {
    named(change, &code(&change.id.name))
}

fn named(change: &Change, name: &str) -> String {
    let Change { id, action, cause, before: _, fields: _, requests: _, turn: _, seen: _, observed: _ } =
        change;
    let cause = labels::cause(*cause).map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("**{}** {} {}{cause}", labels::action(*action), code(&id.kind), name)
}

/// The fields of a change in a block of their own, if it has any.
pub(super) fn fields(change: &Change) -> String {
    let lines: Vec<_> = line::lines(change, &LAYOUT).into_iter().map(marked).collect();
    if lines.is_empty() { String::new() } else { fence("diff", &lines, CHANGE_ROOM) + "\n" }
}

/// What a change does to what is allowed, each with a folded request that shows it.
fn access(target: &TargetReport, change: &Change) -> String {
    let item = |line: AccessLine| {
        let AccessLine { label, gains: _, what, witness } = line;
        match witness {
            None => format!("**{label}** {}\n\n", code(&what)),
            Some(witness) => format!(
                "<details><summary><b>{label}</b> {}</summary>\n\nFor example {}\n\n</details>\n\n",
                html_code(&what),
                code(&witness)
            ),
        }
    };
    access::lines(target, change, false).into_iter().map(item).collect()
}

fn ending(outcome: &Outcome) -> String {
    let reason = outcome.reason().map(|reason| format!(": {}", code(reason))).unwrap_or_default();
    let at = outcome.at().map(|at| format!(" at {}", code(at))).unwrap_or_default();
    format!(", **{}**{reason}{at}", outcome.result().as_str())
}
