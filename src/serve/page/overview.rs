//! All targets.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{self, Condition};
use crate::serve::board::Shown;
use crate::serve::store::read::Day;
use crate::words::count;

/// How many targets are on a page.
const ROWS: usize = 100;

/// Which targets are to be shown, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::serve) struct View {
    /// Only those whose names hold this.
    search: String,
    /// Only those of this condition.
    condition: Option<Condition>,
    order: Order,
    /// From 0.
    page: usize,
}

/// In which order targets are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// The most urgent first.
    #[default]
    Urgency,
    Name,
    /// Those that were not as declared for the longest time first.
    Clean,
    /// Those with the most to write first.
    Left,
}

impl Order {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Urgency, "urgency", "Most urgent first"),
        (Self::Name, "name", "By name"),
        (Self::Clean, "clean", "Longest not as declared"),
        (Self::Left, "left", "Most to write"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(order, ..)| *order == self).map_or("", |(_, name, _)| name)
    }
}

impl View {
    /// What the address asks for. What nobody knows is left out.
    pub(in crate::serve) fn of(query: &BTreeMap<String, String>) -> Self {
        let said = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let order = Order::ALL.into_iter().find(|(_, name, _)| *name == said("sort"));
        Self {
            search: said("q").trim().to_owned(),
            condition: Condition::ALL.into_iter().find(|condition| condition.words() == said("state")),
            order: order.map(|(order, ..)| order).unwrap_or_default(),
            page: said("page").parse().unwrap_or_default(),
        }
    }

    fn link(&self) -> String {
        let page = self.page.to_string();
        let all = [
            ("q", self.search.as_str()),
            ("state", self.condition.map(Condition::words).unwrap_or_default()),
            ("sort", if self.order == Order::default() { "" } else { self.order.name() }),
            ("page", if self.page == 0 { "" } else { &page }),
        ];
        parts::link("/", all.into_iter().filter(|(_, value)| !value.is_empty()))
    }
}

/// Targets in the order of a view.
pub(in crate::serve) struct Listed<'a> {
    /// Those of the page.
    pub(in crate::serve) rows: Vec<(&'a str, &'a Shown)>,
    /// How many there are on all pages.
    found: usize,
}

/// The targets that a view shows.
pub(in crate::serve) fn listed<'a>(view: &View, targets: &'a BTreeMap<String, Shown>) -> Listed<'a> {
    let is_it = |(name, shown): &(&String, &Shown)| {
        name.contains(&view.search.to_lowercase())
            && view.condition.is_none_or(|condition| Condition::of(shown) == condition)
    };
    let mut rows: Vec<_> = targets.iter().filter(is_it).map(|(name, shown)| (name.as_str(), shown)).collect();
    let left = |shown: &Shown| {
        let left = shown.last.as_ref().map(|row| row.left).unwrap_or_default();
        Reverse((left.more_permissive, left.unknown, left.drifted, left.changes))
    };
    match view.order {
        Order::Urgency => rows.sort_by_key(|(_, shown)| (Condition::of(shown), left(shown))),
        Order::Name => {}
        Order::Clean => rows.sort_by_key(|(_, shown)| shown.clean),
        Order::Left => rows.sort_by_key(|(_, shown)| {
            Reverse(shown.last.as_ref().map(|row| row.left.changes).unwrap_or_default())
        }),
    }
    let found = rows.len();
    let rows = rows.into_iter().skip(view.page.saturating_mul(ROWS)).take(ROWS).collect();
    Listed { rows, found }
}

/// The page.
pub(in crate::serve) fn page(
    view: &View,
    targets: &BTreeMap<String, Shown>,
    listed: &Listed<'_>,
    days: &BTreeMap<String, Vec<Day>>,
    now: Timestamp,
) -> Markup {
    html! {
        h1 { "Targets" }
        (conditions(view, targets))
        (search(view))
        @if listed.rows.is_empty() { p.none { "No target is like that." } }
        @else {
            table.targets {
                thead {
                    tr {
                        th scope="col" { "Target" }
                        th scope="col" { "State" }
                        th scope="col" { "Left" }
                        th scope="col" { "Last as declared" }
                        th scope="col" { "30 days" }
                    }
                }
                tbody {
                    @for (name, shown) in &listed.rows {
                        (row(name, shown, days.get(*name).map(Vec::as_slice).unwrap_or_default(), now))
                    }
                }
            }
            (pages(view, listed))
        }
    }
}

/// How many targets are in which condition; each is a filter.
fn conditions(view: &View, targets: &BTreeMap<String, Shown>) -> Markup {
    let mut counts: BTreeMap<Condition, usize> = BTreeMap::new();
    targets.values().for_each(|shown| *counts.entry(Condition::of(shown)).or_default() += 1);
    let link = |condition| View { condition, page: 0, ..view.clone() }.link();
    let current = |condition| (view.condition == condition).then_some("page");
    html! {
        nav.conditions aria-label="States" {
            a href=(link(None)) aria-current=[current(None)] { b { (targets.len()) } span { "all" } }
            @for (condition, number) in counts {
                a class=(condition.tone()) href=(link(Some(condition))) aria-current=[current(Some(condition))] {
                    b { (number) } span { (condition.words()) }
                }
            }
        }
    }
}

fn search(view: &View) -> Markup {
    html! {
        form.search role="search" method="get" action="/" {
            @if let Some(condition) = view.condition {
                input type="hidden" name="state" value=(condition.words());
            }
            input type="search" name="q" value=(view.search) placeholder="Search targets" aria-label="Search targets";
            select name="sort" aria-label="Order" {
                @for (order, name, words) in Order::ALL {
                    option value=(name) selected[order == view.order] { (words) }
                }
            }
            button { "Show" }
        }
    }
}

fn row(name: &str, shown: &Shown, days: &[Day], now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" { a href=(parts::target(name)) { (name) } }
            td.state {
                (parts::badge(Condition::of(shown)))
                @if shown.is_running { span.running { "pass goes on" } }
            }
            td.left { @if let Some(last) = &shown.last { (parts::left(&last.left)) } }
            td.clean { @if let Some(clean) = shown.clean { (parts::ago(clean, now)) } @else { span.more { "never" } } }
            td.drawn { (parts::days(days)) }
        }
    }
}

fn pages(view: &View, listed: &Listed<'_>) -> Markup {
    let first = view.page.saturating_mul(ROWS);
    let last = first.saturating_add(listed.rows.len());
    html! {
        nav.pages aria-label="Pages" {
            span { (first.saturating_add(1)) "–" (last) " of " (count(listed.found, "target")) }
            @if let Some(page) = view.page.checked_sub(1) {
                a rel="prev" href=(View { page, ..view.clone() }.link()) { "Previous" }
            }
            @if last < listed.found {
                a rel="next" href=(View { page: view.page.saturating_add(1), ..view.clone() }.link()) { "Next" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::pass::{LeftChanges, PassRow, PassState};

    fn shown(state: PassState, left: LeftChanges) -> Shown {
        Shown { last: Some(PassRow { state, left, ..PassRow::example("x") }), ..Shown::default() }
    }

    fn view(query: &[(&str, &str)]) -> View {
        View::of(&query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn names<'a>(query: &[(&str, &str)], targets: &'a BTreeMap<String, Shown>) -> Vec<&'a str> {
        listed(&view(query), targets).rows.into_iter().map(|(name, _)| name).collect()
    }

    fn left(changes: usize, drifted: usize, more_permissive: usize) -> LeftChanges {
        LeftChanges { changes, drifted, more_permissive, ..LeftChanges::default() }
    }

    #[test]
    fn the_most_urgent_comes_first_and_of_equals_what_gives_more() {
        let targets: BTreeMap<_, _> = [
            ("a", shown(PassState::Converged, left(0, 0, 0))),
            ("b", shown(PassState::Pending, left(9, 9, 0))),
            ("c", shown(PassState::Pending, left(1, 1, 1))),
            ("d", shown(PassState::Failed, left(0, 0, 0))),
            ("e", Shown::default()),
            ("f", shown(PassState::Pending, left(20, 0, 0))),
        ]
        .map(|(name, shown)| (name.to_owned(), shown))
        .into();
        assert_eq!(names(&[], &targets), ["d", "c", "b", "f", "e", "a"]);
        assert_eq!(names(&[("sort", "left")], &targets), ["f", "b", "c", "a", "d", "e"]);
        assert_eq!(names(&[("state", "drifted"), ("sort", "name")], &targets), ["b", "c"]);
        assert_eq!(names(&[("q", "D"), ("sort", "nonsense")], &targets), ["d"]);
        assert_eq!(names(&[("q", "zz")], &targets), Vec::<&str>::new());
    }

    #[test]
    fn a_page_holds_a_hundred_targets_and_leads_to_the_next() {
        let targets: BTreeMap<_, _> =
            (0..250).map(|number| (format!("t{number:03}"), Shown::default())).collect();
        let of = |page: &str| {
            let view = view(&[("q", "t"), ("page", page)]);
            let listed = listed(&view, &targets);
            (listed.rows.len(), pages(&view, &listed).into_string())
        };
        assert!(of("0").1.contains("/?q=t&amp;page=1") && !of("0").1.contains("Previous"));
        let (rows, links) = of("2");
        assert!(rows == 50 && links.contains("201–250 of 250 targets") && !links.contains("Next"), "{links}");
        assert_eq!(of("99999999999999999999").0, 100, "what is no number is the first page");
    }
}
