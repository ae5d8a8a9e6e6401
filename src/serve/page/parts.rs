//! What several pages show: how a target is, how long ago something was, and its last 30 days.

use jiff::Timestamp;
use maud::{Markup, html};
use url::form_urlencoded::Serializer;

use crate::report::pass::{LeftChanges, PassProblem, PassRow, PassState};
use crate::report::picture::SeenObject;
use crate::serve::board::Shown;
use crate::serve::store::read::Day;
use crate::words::count;

/// How many days are drawn.
pub(in crate::serve) const DAYS: i64 = 30;
/// How wide the bar of a day is, with the gap after it, and how high the drawing is.
const STEP: i64 = 5;
const HEIGHT: i64 = 28;

/// How a target is, in the words of the pages. The most urgent comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::serve) enum Condition {
    Failed,
    Invalid,
    Refused,
    Unreadable,
    Drifted,
    Pending,
    Locked,
    Held,
    Waiting,
    AsDeclared,
}

impl Condition {
    pub(in crate::serve) const ALL: [Self; 10] = [
        Self::Failed,
        Self::Invalid,
        Self::Refused,
        Self::Unreadable,
        Self::Drifted,
        Self::Pending,
        Self::Locked,
        Self::Held,
        Self::Waiting,
        Self::AsDeclared,
    ];

    pub(in crate::serve) fn of(shown: &Shown) -> Self {
        match &shown.last {
            Some(row) if shown.holder.is_some() && !row.state.is_trouble() => Self::Held,
            Some(row) => Self::of_pass(row),
            None => Self::Waiting,
        }
    }

    pub(in crate::serve) fn of_pass(row: &PassRow) -> Self {
        match row.state {
            PassState::Converged => Self::AsDeclared,
            PassState::Held => Self::Held,
            PassState::Pending if row.left.drifted > 0 => Self::Drifted,
            PassState::Pending => Self::Pending,
            PassState::Locked => Self::Locked,
            PassState::Refused => Self::Refused,
            PassState::Incomplete => Self::Unreadable,
            PassState::Invalid => Self::Invalid,
            PassState::Failed => Self::Failed,
        }
    }

    pub(in crate::serve) fn words(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Drifted => "drifted",
            Self::Pending => "pending",
            Self::Locked => "locked",
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::AsDeclared => "as declared",
        }
    }

    /// How urgent it looks.
    pub(in crate::serve) fn tone(self) -> &'static str {
        match self {
            Self::Failed | Self::Invalid | Self::Refused | Self::Unreadable => "bad",
            Self::Drifted | Self::Pending => "drift",
            Self::Locked | Self::Held | Self::Waiting => "calm",
            Self::AsDeclared => "good",
        }
    }
}

/// The condition as a word with a mark.
pub(in crate::serve) fn badge(condition: Condition) -> Markup {
    html! { span class={ "badge " (condition.tone()) } { (condition.words()) } }
}

/// What is left to write, the most urgent first.
pub(in crate::serve) fn left(left: &LeftChanges) -> Markup {
    let LeftChanges { changes, drifted, more_permissive, less_permissive, unknown } = left;
    let parts = [
        (more_permissive, "more permissive", Some("wider")),
        (unknown, "unknown access", None),
        (less_permissive, "less permissive", None),
        (drifted, "drifted", None),
        (changes, "to write", None),
    ];
    html! {
        @for (number, words, class) in parts.into_iter().filter(|(number, ..)| **number > 0) {
            span.amount { b class=[class] { (number) } " " (words) }
        }
    }
}

/// How long ago it was, with the moment itself for those who ask.
pub(in crate::serve) fn ago(then: Timestamp, now: Timestamp) -> Markup {
    let exact = then.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    html! { time datetime=(then.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(exact) { (distance(then, now)) } }
}

fn distance(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    let size = seconds.unsigned_abs();
    let size = match size {
        0..60 => format!("{size} s"),
        60..3600 => format!("{} min", size / 60),
        3600..172_800 => format!("{} h", size / 3600),
        _ => format!("{} days", size / 86_400),
    };
    if seconds < 0 { format!("in {size}") } else { format!("{size} ago") }
}

/// The last 30 days as a row of bars: low for a day that was as declared, higher for more changes, and full for trouble.
pub(in crate::serve) fn days(days: &[Day]) -> Markup {
    let (mut good, mut drift, mut bad) = (String::new(), String::new(), String::new());
    for day in days.iter().filter(|day| (0..DAYS).contains(&day.ago)) {
        let (path, height) = match day {
            Day { failed: true, .. } => (&mut bad, HEIGHT),
            Day { changes: 0, .. } => (&mut good, 5),
            Day { changes, .. } => (&mut drift, (8 + 3 * i64::from(changes.ilog2())).min(HEIGHT - 4)),
        };
        let (x, y) = ((DAYS - 1 - day.ago) * STEP, HEIGHT - height);
        path.push_str(&format!("M{x} {y}h{}v{height}h-{0}z", STEP - 1));
    }
    let of = |is: fn(&Day) -> bool| days.iter().filter(|day| is(day)).count();
    let (changed, failed) = (of(|day| !day.failed && day.changes > 0), of(|day| day.failed));
    let says = format!(
        "Last {DAYS} days: {} with changes left, {} with trouble, {} seen",
        count(changed, "day"),
        count(failed, "day"),
        count(days.len(), "day"),
    );
    let ground = format!("M0 {}h{}", HEIGHT, DAYS * STEP - 1);
    html! {
        svg.days preserveAspectRatio="none" viewBox=(format!("0 0 {} {}", DAYS * STEP - 1, HEIGHT + 1)) role="img" aria-label=(says) {
            title { (says) }
            path.ground d=(ground) {}
            @for (tone, path) in [("good", good), ("drift", drift), ("bad", bad)] {
                @if !path.is_empty() { path class=(tone) d=(path) {} }
            }
        }
    }
}

/// What keeps a target from being as declared.
pub(in crate::serve) fn problems(problems: &[PassProblem]) -> Markup {
    html! {
        @for PassProblem { code, message, file, line } in problems {
            div.note.error {
                p { (message) " " code { (code) } }
                @if let (Some(file), Some(line)) = (file, line) { p.more { (file) ":" (line) } }
            }
        }
    }
}

/// What is said of objects in columns, of which those are left out that would be empty.
pub(in crate::serve) struct Columns {
    cause: bool,
    access: bool,
    outcome: bool,
}

impl Columns {
    pub(in crate::serve) fn of<'a>(objects: impl IntoIterator<Item = &'a SeenObject>) -> Self {
        let none = Self { cause: false, access: false, outcome: false };
        objects.into_iter().fold(none, |columns, object| Self {
            cause: columns.cause || object.cause.is_some(),
            access: columns.access || object.access.is_some(),
            outcome: columns.outcome || object.outcome.is_some(),
        })
    }

    pub(in crate::serve) fn head(&self) -> Markup {
        html! {
            th scope="col" { "Change" }
            @if self.cause { th scope="col" { "Cause" } }
            @if self.access { th scope="col" { "Access" } }
            @if self.outcome { th scope="col" { "Outcome" } }
        }
    }

    pub(in crate::serve) fn cells(&self, object: &SeenObject) -> Markup {
        let SeenObject { kind: _, name: _, action, cause, access, outcome } = object;
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        let gives_more = access.as_ref().is_some_and(|access| access.starts_with("more"));
        html! {
            td { (action) }
            @if self.cause { td { (said(cause)) } }
            @if self.access { td class=[gives_more.then_some("wider")] { (said(access)) } }
            @if self.outcome { td { (said(outcome)) } }
        }
    }
}

/// A link within the service.
pub(in crate::serve) fn link<'a>(path: &str, query: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = Serializer::new(String::new()).extend_pairs(query).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The page of a target.
pub(in crate::serve) fn target(target: &str) -> String {
    format!("/targets/{target}")
}

/// The page of a run over a target.
pub(in crate::serve) fn run(of: &str, run: &str) -> String {
    link(&format!("{}/run", target(of)), [("id", run)])
}

/// The page of an object.
pub(in crate::serve) fn object(of: &str, kind: &str, name: &str) -> String {
    link(&format!("{}/object", target(of)), [("kind", kind), ("name", name)])
}

/// What earlier passes found is not all there.
pub(in crate::serve) fn store_down(why: &str) -> Markup {
    html! {
        p.note.error role="status" {
            "The store cannot be used: " (why) ". Targets are looked after all the same; of what happened before, not all is shown."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_it_was_is_said_in_one_unit() {
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let said = |then: &str| distance(then.parse().unwrap(), now);
        assert_eq!(said("2026-01-09T23:59:30Z"), "30 s ago");
        assert_eq!(said("2026-01-09T23:00:01Z"), "59 min ago");
        assert_eq!(said("2026-01-08T01:00:00Z"), "47 h ago");
        assert_eq!(said("2026-01-01T00:00:00Z"), "9 days ago");
        assert_eq!(said("2026-01-10T00:02:00Z"), "in 2 min");
    }

    #[test]
    fn each_day_is_a_bar_in_its_place_and_the_drawing_says_what_it_shows() {
        let day = |ago, changes, failed| Day { ago, changes, failed };
        let drawn =
            days(&[day(29, 0, false), day(1, 4, false), day(0, 0, true), day(99, 1, true)]).into_string();
        for part in ["M0 23h4v5", "M140 14h4v14", "M145 0h4v28", "1 day with changes left"] {
            assert!(drawn.contains(part), "{part} {drawn}");
        }
    }

    #[test]
    fn a_name_in_a_link_stays_one_value() {
        assert_eq!(
            object("a", "K", "x&name=y/../ #"),
            "/targets/a/object?kind=K&name=x%26name%3Dy%2F..%2F+%23"
        );
    }
}
