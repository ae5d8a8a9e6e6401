//! One object: when it was not as declared, and why.

use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{self, Columns};
use crate::serve::store::read::Period;
use crate::words::count;

/// The page.
pub(in crate::serve) fn page(
    target: &str,
    kind: &str,
    name: &str,
    periods: &[Period],
    now: Timestamp,
) -> Markup {
    let columns = Columns::of(periods.iter().map(|period| &period.object));
    html! {
        p.crumbs { a href=(parts::target(target)) { (target) } }
        h1 { (kind) " " (name) }
        @if periods.is_empty() { p.none { "No pass saw it otherwise than declared." } }
        @else {
            table.periods {
                thead {
                    tr {
                        th scope="col" { "Seen" }
                        th scope="col" { "Until" }
                        (columns.head())
                    }
                }
                tbody { @for period in periods { (row(target, period, &columns, now)) } }
            }
        }
    }
}

fn row(target: &str, period: &Period, columns: &Columns, now: Timestamp) -> Markup {
    let Period { first, last, passes, run, object } = period;
    html! {
        tr {
            th scope="row" { a href=(parts::run(target, run)) { (parts::ago(*first, now)) } }
            td { @if *passes > 1 { (parts::ago(*last, now)) ", " (count(*passes, "pass")) } }
            (columns.cells(object))
        }
    }
}
