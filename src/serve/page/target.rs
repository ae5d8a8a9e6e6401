//! One target: how it is, what the last pass saw, and the passes before.

use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

use super::parts::{self, Columns, Condition};
use crate::config::file::Role;
use crate::report::pass::{PassProblem, PassRow};
use crate::report::picture::SeenObject;
use crate::schedule::Mode;
use crate::serve::board::Shown;
use crate::serve::door::Visitor;
use crate::serve::store::read::{Day, StoredPass, StoredPicture};
use crate::words::count;

/// What the page shows.
pub(in crate::serve) struct TargetPage<'a> {
    pub(in crate::serve) name: &'a str,
    pub(in crate::serve) shown: &'a Shown,
    pub(in crate::serve) visitor: &'a Visitor,
    pub(in crate::serve) days: &'a [Day],
    /// What the last pass saw.
    pub(in crate::serve) picture: &'a StoredPicture,
    /// Passes, newest first.
    pub(in crate::serve) passes: &'a [StoredPass],
    /// Whether there are older ones.
    pub(in crate::serve) has_older: bool,
    pub(in crate::serve) now: Timestamp,
}

/// The page.
pub(in crate::serve) fn page(of: &TargetPage<'_>) -> Markup {
    let TargetPage { name, shown, visitor, days, picture, passes, has_older, now } = of;
    html! {
        div.head {
            h1 { (name) " " (parts::badge(Condition::of(shown))) }
            (parts::days(days))
        }
        (happens(shown, *now))
        (facts(shown, *now))
        @if visitor.role == Role::Operator { (buttons(name, shown, picture, visitor)) }
        (seen(name, shown.last.as_ref().map(|last| last.problems.as_slice()).unwrap_or_default(), picture))
        @if !passes.is_empty() {
            section {
                h2 { "Passes" }
                (table(name, passes, *now))
                @if let Some(oldest) = passes.last().filter(|_| *has_older) {
                    @let before = oldest.id.to_string();
                    nav.pages aria-label="Passes" {
                        a rel="next" href=(parts::link(&parts::target(name), [("before", before.as_str())])) { "Older" }
                    }
                }
            }
        }
    }
}

/// What goes on right now.
fn happens(shown: &Shown, now: Timestamp) -> Markup {
    html! {
        div aria-live="polite" {
            @if let Some(holder) = &shown.holder {
                p.note { "Held by " b { (holder.who) } ", " (parts::ago(holder.since, now)) ". Nothing is written to it." }
            }
            @match (&shown.asked_by, shown.is_running) {
                (Some(who), true) => p.note { "A pass that " b { (who) } " asked for goes on." },
                (Some(who), false) => p.note { b { (who) } " asked for a pass. It begins in a moment." },
                (None, true) => p.note { "A pass goes on." },
                (None, false) => {}
            }
        }
    }
}

fn facts(shown: &Shown, now: Timestamp) -> Markup {
    html! {
        dl.facts {
            div { dt { "Mode" } dd { (shown.mode.name()) } }
            @if let Some(last) = &shown.last {
                div { dt { "Last pass" } dd { (parts::ago(last.ended, now)) } }
                @if let Some(commit) = &last.commit { div { dt { "Commit" } dd { code { (format!("{commit:.10}")) } } } }
                @if last.left.changes > 0 { div { dt { "Left" } dd { (parts::left(&last.left)) } } }
            }
            div {
                dt { "Last as declared" }
                dd { @if let Some(clean) = shown.clean { (parts::ago(clean, now)) } @else { "never" } }
            }
            @if let Some(next) = shown.next.filter(|_| !shown.is_running) {
                div { dt { "Next pass" } dd { @if next <= now { "is due" } @else { (parts::ago(next, now)) } } }
            }
        }
    }
}

/// What an operator can do.
fn buttons(name: &str, shown: &Shown, picture: &StoredPicture, visitor: &Visitor) -> Markup {
    let action = |action: &str| format!("{}/{action}", parts::target(name));
    let is_busy = shown.is_running || shown.asked_by.is_some();
    let left = shown.last.as_ref().map(|last| last.left.changes).unwrap_or_default();
    let can_write =
        left > 0 && shown.holder.is_none() && shown.mode != Mode::Hold && !picture.plan.is_empty();
    let seal = html! { input type="hidden" name="seal" value=(visitor.seal); };
    html! {
        div.actions {
            form method="post" action=(action("plan")) { (seal) button disabled[is_busy] { "Plan now" } }
            @if can_write {
                form method="post" action=(action("apply")) {
                    (seal)
                    input type="hidden" name="plan" value=(picture.plan);
                    button.main disabled[is_busy] { "Apply " (count(left, "change")) }
                }
            }
            @if shown.holder.is_some() {
                form method="post" action=(action("release")) { (seal) button { "Release" } }
            } @else {
                form method="post" action=(action("hold")) { (seal) button { "Hold" } }
            }
        }
    }
}

/// What a pass saw. Its problems are in the picture, if there is one.
pub(in crate::serve) fn seen(target: &str, problems: &[PassProblem], picture: &StoredPicture) -> Markup {
    let StoredPicture { page, plan: _, objects } = picture;
    let columns = Columns::of(objects);
    html! {
        @if page.is_empty() { (parts::problems(problems)) }
        @if !objects.is_empty() {
            section {
                h2 { (count(objects.len(), "object")) " not as declared" }
                table.objects {
                    thead {
                        tr {
                            th scope="col" { "Object" }
                            (columns.head())
                        }
                    }
                    tbody {
                        @for object in objects {
                            @let SeenObject { kind, name, .. } = object;
                            tr {
                                th scope="row" { a href=(parts::object(target, kind, name)) { (kind) " " b { (name) } } }
                                (columns.cells(object))
                            }
                        }
                    }
                }
            }
        }
        @if !page.is_empty() {
            section.picture {
                h2 { "What the pass saw" }
                (PreEscaped(page))
            }
        }
    }
}

fn table(target: &str, passes: &[StoredPass], now: Timestamp) -> Markup {
    html! {
        table.passes {
            thead {
                tr {
                    th scope="col" { "Ended" }
                    th scope="col" { "State" }
                    th scope="col" { "Mode" }
                    th.number scope="col" { "Written" }
                    th.number scope="col" { "Left" }
                    th.number scope="col" { "Requests" }
                    th.number scope="col" { "Seconds" }
                    th scope="col" { "Asked by" }
                }
            }
            tbody {
                @for StoredPass { row, .. } in passes {
                    @let PassRow { run, ended, seconds, mode, written, left, requests, asked_by, .. } = row;
                    tr {
                        th scope="row" { a href=(parts::run(target, run)) { (parts::ago(*ended, now)) } }
                        td { (parts::badge(Condition::of_pass(row))) }
                        td { (mode.name()) }
                        td.number { (written) }
                        td.number { (left.changes) }
                        td.number { (requests) }
                        td.number { (format!("{seconds:.1}")) }
                        td { (asked_by.clone().unwrap_or_default()) }
                    }
                }
            }
        }
    }
}
