//! What monitoring asks for, in the text of OpenMetrics that Prometheus reads: for each target its state and what is
//! left to write. The service keeps one for as long as it goes on; a single run writes its own.

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::Report;
use super::content::Content;
use super::pass::{LeftChanges, PassRow, PassState};
use super::passed::rows;
use crate::text::inert::Inert;

/// How long a pass takes, in seconds: from a target that has nothing to say to one that makes everybody wait.
const SECONDS: [f64; 9] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTarget {
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    target: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Left {
    target: String,
    what: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    state: &'static str,
}

/// What there is to measure.
pub struct Metrics {
    registry: Registry,
    state: Family<OfState, Gauge>,
    left: Family<Left, Gauge>,
    written: Family<OfTarget, Counter>,
    requests: Family<OfTarget, Counter>,
}

/// What only a service knows: when, how long, how often.
pub struct ServiceMetrics {
    metrics: Metrics,
    passes: Family<Ended, Counter>,
    seconds: Histogram,
    ended: Family<OfTarget, Gauge<f64, AtomicU64>>,
    clean: Family<OfTarget, Gauge<f64, AtomicU64>>,
    waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("enact");
        let (state, left) = (Family::default(), Family::default());
        let (written, requests) = (Family::default(), Family::default());
        registry.register("target_state", "1 for the state that a target is in", Family::clone(&state));
        registry.register("changes_left", "Changes that are left to write", Family::clone(&left));
        registry.register("objects_written", "Objects that were written", Family::clone(&written));
        registry.register("requests", "Requests that were sent", Family::clone(&requests));
        Self { registry, state, left, written, requests }
    }
}

impl Metrics {
    /// Takes how a pass ended.
    fn note(&self, row: &PassRow) {
        let PassRow { target, state, written, left, requests, .. } = row;
        let target = || target.clone();
        for possible in PassState::ALL {
            let labels = OfState { target: target(), state: possible.name() };
            self.state.get_or_create(&labels).set(i64::from(possible == *state));
        }
        let LeftChanges { changes, drifted, more_permissive, less_permissive, unknown } = left;
        for (what, number) in [
            ("all", changes),
            ("drifted", drifted),
            ("more_permissive", more_permissive),
            ("less_permissive", less_permissive),
            ("unknown", unknown),
        ] {
            let labels = Left { target: target(), what };
            self.left.get_or_create(&labels).set(i64::try_from(*number).unwrap_or(i64::MAX));
        }
        self.written.get_or_create(&OfTarget { target: target() }).inc_by(*written as u64);
        self.requests.get_or_create(&OfTarget { target: target() }).inc_by(*requests as u64);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        sorted(&text)
    }
}

impl Default for ServiceMetrics {
    fn default() -> Self {
        let mut metrics = Metrics::default();
        let (passes, ended, clean) = (Family::default(), Family::default(), Family::default());
        let (seconds, waiting) = (Histogram::new(SECONDS), Gauge::default());
        let registry = &mut metrics.registry;
        registry.register("passes", "Passes, by how they left their target", Family::clone(&passes));
        registry.register_with_unit("pass", "How long passes took", Unit::Seconds, seconds.clone());
        let about = "When the last pass over a target ended";
        registry.register_with_unit("last_pass", about, Unit::Seconds, Family::clone(&ended));
        let about = "When a target was last seen to be as declared";
        registry.register_with_unit("last_clean_pass", about, Unit::Seconds, Family::clone(&clean));
        registry.register("targets_waiting", "Targets that are due and wait for their turn", waiting.clone());
        Self { metrics, passes, seconds, ended, clean, waiting }
    }
}

impl ServiceMetrics {
    /// Takes how a pass ended.
    pub fn note(&self, row: &PassRow) {
        self.metrics.note(row);
        let of_target = OfTarget { target: row.target.clone() };
        self.passes.get_or_create(&Ended { state: row.state.name() }).inc();
        self.seconds.observe(row.seconds);
        let ended = row.ended.as_second() as f64;
        self.ended.get_or_create(&of_target).set(ended);
        if row.state == PassState::Converged {
            self.clean.get_or_create(&of_target).set(ended);
        }
    }

    /// Forgets a target that is not declared any more.
    pub fn forget(&self, target: &str) {
        let of_target = OfTarget { target: target.to_owned() };
        let Metrics { registry: _, state, left, written, requests } = &self.metrics;
        for possible in PassState::ALL {
            state.remove(&OfState { target: target.to_owned(), state: possible.name() });
        }
        for what in ["all", "drifted", "more_permissive", "less_permissive", "unknown"] {
            left.remove(&Left { target: target.to_owned(), what });
        }
        written.remove(&of_target);
        requests.remove(&of_target);
        self.ended.remove(&of_target);
        self.clean.remove(&of_target);
    }

    /// How many targets are due and wait.
    pub fn waiting(&self, targets: usize) {
        self.waiting.set(i64::try_from(targets).unwrap_or(i64::MAX));
    }

    /// All of it, as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.metrics.text()
    }
}

impl fmt::Debug for ServiceMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceMetrics")
    }
}

/// The same text with the samples of each family in order: the registry knows none. The buckets of a histogram have one.
fn sorted(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().collect();
    for family in lines.chunk_by_mut(|a, b| !a.starts_with('#') && !b.starts_with('#')) {
        if !family.iter().any(|line| line.contains("_bucket{")) {
            family.sort_unstable();
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The targets of one run and how it ended, for a file that a collector reads.
pub(super) fn render(report: &Report) -> Inert {
    let mut metrics = Metrics::default();
    match &report.content {
        Content::Serve(serve) => serve.passes.iter().for_each(|row| metrics.note(row)),
        _ => rows(report).iter().for_each(|row| metrics.note(row)),
    }
    let exit = Gauge::<i64>::default();
    exit.set(report.exit() as i64);
    metrics.registry.register("exit_code", "How the run ended, as the exit code of the process", exit);
    Inert::text(&metrics.text())
}
