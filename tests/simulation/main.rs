//! The whole road against a simulated server and clock, under a seeded schedule of faults.
//!
//! A seed makes a world: an API, its content, what git declares, which faults, who else writes, a crash. The road
//! (`run::plan` and `run::apply` over the real `Http`, retries included) runs in it until the faults stop and nothing
//! is left to do, and `checks` reads the server's log for the promises. The same seed makes the same world and the same
//! log.
//!
//! ```text
//! cargo test --test simulation                          300 seeds (10,000 with --release), all crash points of 50 scenarios
//! ENACT_SEEDS=1000000 cargo test --release --test simulation many           ENACT_FROM=10000 begins later
//! ENACT_SEED=123 cargo test --test simulation one -- --nocapture
//! ENACT_BUILT_IN_SEED=123 cargo test --test simulation built_in -- --nocapture
//! cargo test --test simulation planted -- --ignored --nocapture          plants bugs, to see that each is found
//! ENACT_BUG=deletes-first,stop-ignored cargo test --test simulation planted -- --ignored --nocapture
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "in a test a wrong assumption should end it"
)]

mod book;
mod builtin;
mod checks;
mod crashes;
mod fault;
mod history;
mod journal;
mod planted;
mod profile;
mod road;
mod server;
mod story;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What `cargo test` runs. A debug build is too slow for all of them.
const SEEDS: u64 = if cfg!(debug_assertions) { 300 } else { 10_000 };
/// One of this many seeds runs twice, to see that both runs are the same.
const TWICE: u64 = 100;

fn number(variable: &str) -> Option<u64> {
    Some(std::env::var(variable).ok()?.parse().unwrap())
}

/// Runs a seed. Returns what is broken, as a story.
fn broken(seed: u64) -> Option<String> {
    let panics = |_| Some(format!("seed {seed}\nBROKEN ends: it panics"));
    std::panic::catch_unwind(|| broken_promises(seed)).unwrap_or_else(panics)
}

fn broken_promises(seed: u64) -> Option<String> {
    let world = world::World::of(seed);
    let ended = road::drive(&world);
    let mut broken = checks::check(&ended);
    if seed.is_multiple_of(TWICE) && story::log(&ended) != story::log(&road::drive(&world)) {
        broken.push("deterministic: the same seed went another way".to_owned());
    }
    (!broken.is_empty()).then(|| story::of(&ended, &broken))
}

/// Runs seeds on all cores, and stops at the first that breaks a promise.
fn first_broken(seeds: std::ops::Range<u64>, broken: fn(u64) -> Option<String>) -> Option<(u64, String)> {
    let (next, end) = (AtomicU64::new(seeds.start), seeds.end);
    let found = std::sync::Mutex::new(None::<(u64, String)>);
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    if let Some(story) = broken(seed) {
                        next.store(end, Ordering::Relaxed);
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|(other, _)| seed < *other) {
                            *found = Some((seed, story));
                        }
                        return;
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn many_seeds_keep_every_promise() {
    let (seeds, started) = (number("ENACT_SEEDS").unwrap_or(SEEDS), Instant::now());
    let from = number("ENACT_FROM").unwrap_or(0);
    if let Some((seed, story)) = first_broken(from..from + seeds, broken) {
        panic!("{story}\nreproduce: ENACT_SEED={seed} cargo test --test simulation one -- --nocapture");
    }
    let took = started.elapsed().as_secs_f64();
    println!("{seeds} schedules in {took:.1} s, {:.0} per second", seeds as f64 / took);
}

/// Counts what is broken over the seeds, to try out a new checker.
#[test]
#[ignore = "for people"]
fn survey() {
    let mut all = std::collections::BTreeMap::<String, Vec<u64>>::new();
    let from = number("ENACT_FROM").unwrap_or(0);
    for seed in from..from + number("ENACT_SEEDS").unwrap_or(1000) {
        let world = world::World::of(seed);
        for broken in checks::check(&road::drive(&world)) {
            all.entry(broken.split(':').next().unwrap_or_default().to_owned()).or_default().push(seed);
        }
    }
    for (promise, seeds) in all {
        println!("{promise}: {} {:?}", seeds.len(), &seeds[..seeds.len().min(8)]);
    }
}

#[test]
fn one_seed_prints_its_story() {
    let seed = number("ENACT_SEED").unwrap_or(0);
    let world = world::World::of(seed);
    let ended = road::drive(&world);
    let broken = checks::check(&ended);
    let story = story::of(&ended, &broken);
    assert!(broken.is_empty(), "{story}");
    if number("ENACT_SEED").is_some() {
        println!("{story}");
    }
}
