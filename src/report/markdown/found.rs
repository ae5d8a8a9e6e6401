//! Diagnostics in a comment. The same mistake in many places is one item with all of them.

use super::links::Links;
use super::room::{Item, Rank, rank};
use crate::diagnostic::Diagnostic;
use crate::report::alike;
use crate::text::markdown::code;

/// How many places share a line.
const PLACES: usize = 20;

/// One item for each diagnostic, or for all that say the same, in their order.
pub(super) fn items(found: &[&Diagnostic], links: Links<'_>) -> Vec<Item> {
    let groups = alike::diagnostics(found.to_vec(), |_| true);
    groups.iter().enumerate().flat_map(|(index, group)| group_items(rank(index), group, links)).collect()
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
    let help = help.as_ref().map(|help| format!("\n  Help: {}", code(help))).unwrap_or_default();
    format!("- **{}** {}{place}\n  {}{help}\n", severity.as_str(), code(id.text()), code(message))
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
