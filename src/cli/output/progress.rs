//! A line on the terminal for work that takes longer than a second; elsewhere a line every half minute, and for a long wait. All other output
//! is in `output`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::http::{Http, Waiting};
use crate::run::counts::{Done, Work};
use crate::run::project::Connected;
use crate::text::inert::Inert;
use crate::text::inline;
use crate::words::{count, grouped};

/// A wait of this length is worth a line where there is no terminal.
const LONG: Duration = Duration::from_secs(5);
/// As short a time may pass between two such lines for a target.
const APART: Duration = Duration::from_secs(30);

/// Shows how far a run has got and what it waits for, until it is dropped. Without a terminal, it
/// says so every half minute, and what long waits are for.
pub(in crate::cli) struct Progress {
    task: tokio::task::JoinHandle<()>,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn start<'a>(
        quiet: bool,
        work: Work,
        connected: impl IntoIterator<Item = &'a Connected<'a>>,
        say: fn(&Inert),
    ) -> Self {
        let https: Vec<Http> = connected.into_iter().map(|connected| connected.http.clone()).collect();
        // indicatif draws only where standard error is a terminal.
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target).with_style(ProgressStyle::default_spinner());
        let shown = bar.clone();
        let (mut said, lines) = (vec![None; https.len()], bar.is_hidden() && !quiet);
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut next = Instant::now() + APART;
            loop {
                let far = far(&work, https.iter().map(Http::requests).sum());
                let waits = https.iter().filter_map(|http| Some(words(http, http.waiting()?)));
                let waits: String = waits.map(|wait| format!("; {wait}")).collect();
                shown.set_message(format!("{far}{waits}"));
                shown.tick();
                if lines && Instant::now() >= next {
                    next += APART;
                    say(&Inert::text(&format!("{far}\n")));
                }
                if lines {
                    https.iter().zip(&mut said).for_each(|(http, said)| say_wait(http, said, say));
                }
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
        });
        Self { task, bar }
    }
}

/// How far a run has got: `cloud 412 of 1,000, about 6 min`.
fn far(work: &Work, requests: usize) -> String {
    let so_far = |what: &str| format!("{what}, {} so far", count(requests, "request"));
    match work {
        Work::Reading => so_far("reading"),
        Work::Writing(counts) => counts.now().map_or_else(|| so_far("verifying"), |done| of_target(&done)),
    }
}

fn of_target(Done { target, ended, changes, left }: &Done) -> String {
    let left = left.map(|left| format!(", about {}", rounded(left))).unwrap_or_default();
    format!("{} {} of {}{left}", inline(target), grouped(*ended), grouped(*changes))
}

/// A duration that nobody takes for exact.
fn rounded(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds.div_ceil(10) * 10, seconds.div_ceil(60), seconds.div_ceil(3600)) {
        (seconds @ ..60, ..) => format!("{seconds} s"),
        (_, minutes @ ..100, _) => format!("{minutes} min"),
        (.., hours) => format!("{hours} h"),
    }
}

/// Says that a target waits for long, unless that was said just now.
fn say_wait(http: &Http, said: &mut Option<Instant>, say: fn(&Inert)) {
    let now = Instant::now();
    let news = said.is_none_or(|said| said + APART <= now);
    if let Some(waiting) = http.waiting().filter(|waiting| news && waiting.until >= now + LONG) {
        *said = Some(now);
        say(&Inert::text(&format!("{}\n", words(http, waiting))));
    }
}

fn words(http: &Http, Waiting { until, why }: Waiting) -> String {
    let left = until.duration_since(Instant::now());
    let at = jiff::SignedDuration::try_from(left).ok();
    let at = at.and_then(|left| jiff::Timestamp::now().checked_add(left).ok());
    let at = at.map(|at| at.strftime("%H:%M:%S UTC").to_string()).unwrap_or_default();
    format!("waiting for {} until {at}: {why}", http.url())
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_job_says_how_much_is_left() {
        let done = |ended, left: Option<u64>| {
            let left = left.map(Duration::from_secs);
            of_target(&Done { target: "cloud\n".to_owned(), ended, changes: 1000, left })
        };
        assert_eq!(done(0, None), "cloud\\u{a} 0 of 1,000");
        assert_eq!(done(412, Some(325)), "cloud\\u{a} 412 of 1,000, about 6 min");
        let left = [1, 50, 51, 5_940, 5_941, 7_300].map(|left| rounded(Duration::from_secs(left)));
        assert_eq!(left, ["10 s", "50 s", "1 min", "99 min", "2 h", "3 h"]);
    }
}
