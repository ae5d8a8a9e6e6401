//! One run: how the pass ended, and what it saw and did.

use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{self, Condition};
use super::target::seen;
use crate::report::pass::PassRow;
use crate::serve::store::read::StoredPicture;

/// The page.
pub(in crate::serve) fn page(row: &PassRow, picture: &StoredPicture, now: Timestamp) -> Markup {
    let PassRow { target, run, ended, seconds, commit, mode, state: _, .. } = row;
    let PassRow { written, left, requests, asked_by, problems, .. } = row;
    html! {
        p.crumbs { a href=(parts::target(target)) { (target) } }
        h1 { "Run " code { (format!("{run:.8}")) } " " (parts::badge(Condition::of_pass(row))) }
        dl.facts {
            div { dt { "Ended" } dd { (parts::ago(*ended, now)) } }
            div { dt { "Took" } dd { (format!("{seconds:.1} s")) } }
            div { dt { "Mode" } dd { (mode.name()) } }
            @if let Some(who) = asked_by { div { dt { "Asked by" } dd { (who) } } }
            @if let Some(commit) = commit { div { dt { "Commit" } dd { code { (format!("{commit:.10}")) } } } }
            div { dt { "Written" } dd { (written) } }
            @if left.changes > 0 { div { dt { "Left" } dd { (parts::left(left)) } } }
            div { dt { "Requests" } dd { (requests) } }
            div { dt { "Id" } dd { code { (run) } } }
        }
        (seen(target, problems, picture))
    }
}
