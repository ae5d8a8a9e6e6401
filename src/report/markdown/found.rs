//! Diagnostics in a comment. The same mistake in many places is one item with all of them.

use super::links::Links;
use super::room::{Item, Rank, rank};
use crate::diagnostic::{Diagnostic, Severity};
use crate::text::markdown::code;

/// How many places share a line.
const PLACES: usize = 20;

/// One item for each diagnostic, or for all that say the same, in their order.
pub(super) fn items(found: &[&Diagnostic], links: Links<'_>) -> Vec<Item> {
    let mut groups: Vec<Vec<&Diagnostic>> = Vec::new();
    for diagnostic in found {
        let is_same =
            |group: &&mut Vec<&Diagnostic>| group.first().is_some_and(|first| same(first, diagnostic));
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(diagnostic),
            None => groups.push(vec![diagnostic]),
        }
    }
    groups.iter().enumerate().flat_map(|(index, group)| group_items(rank(index), group, links)).collect()
}

/// Whether two say the same of different things.
fn same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let says = |diagnostic: &Diagnostic| {
        let Diagnostic { code, severity, message, help, place: _, subject: _, private: _ } = diagnostic;
        (*code, *severity, message.clone(), help.clone())
    };
    says(one) == says(other)
}

fn group_items(rank: Rank, group: &[&Diagnostic], links: Links<'_>) -> Vec<Item> {
    match group {
        [] => Vec::new(),
        [one] => vec![Item::new(rank, says(one, &about(one, links)))],
        [first, ..] => {
            let head = says(first, &format!(", {} times", group.len()));
            let places = group.chunks(PLACES).map(|part| {
                let places: Vec<_> = part.iter().map(|one| about(one, links)).collect();
                Item::new(rank, format!(" {}\n", places.join(","))).counts(part.len())
            });
            std::iter::once(Item::new(rank, head).counts(0)).chain(places).collect()
        }
    }
}

fn says(Diagnostic { severity, code: id, message, help, .. }: &Diagnostic, place: &str) -> String {
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help = help.as_ref().map(|help| format!("\n  Help: {}", code(help))).unwrap_or_default();
    format!("- **{severity}** {}{place}\n  {}{help}\n", code(id.text()), code(message))
}

/// Where it is, and what it is about.
fn about(diagnostic: &Diagnostic, links: Links<'_>) -> String {
    let Diagnostic { place, subject, .. } = diagnostic;
    let place = place.as_ref().map(|place| {
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        format!(" at {}", links.to(&at, Some(place)))
    });
    let subject = subject.as_ref().map(|subject| format!(" about {}", code(subject)));
    format!("{}{}", place.unwrap_or_default(), subject.unwrap_or_default())
}
