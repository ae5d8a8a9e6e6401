//! Every crash point: each scenario is killed at each of its requests, before and after the server did it, and run
//! again.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::history::Body;
use crate::road::{self, Ended};
use crate::world::{Crash, World};
use crate::{checks, story};

const SCENARIOS: usize = 50;

/// What is live at the end, without what the server chooses.
fn state(ended: &Ended<'_>) -> BTreeMap<(String, String), Body> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let role = |id: &Value| {
        let found = ended.live.get(&("Role".to_owned(), text(id)));
        found.map_or(id.clone(), |role| role["name"].clone())
    };
    let plain = |((kind, _), body): (&(String, String), &Body)| {
        let mut body = body.clone();
        body.remove("id");
        body.remove("stamp");
        if let Some(roles) = body.get_mut("roles").and_then(Value::as_array_mut) {
            roles.iter_mut().for_each(|id| *id = role(id));
            roles.sort_by_key(ToString::to_string);
        }
        ((kind.clone(), text(&body["name"])), body)
    };
    ended.live.iter().map(plain).collect()
}

/// The first worlds without faults in which there is something to write.
fn scenarios() -> Vec<u64> {
    let writes = |seed: &u64| {
        let world = World::calm(*seed);
        let ended = road::drive(&world);
        !world.is_ambiguous() && ended.server.log.iter().filter(|entry| entry.commit.is_some()).count() > 2
    };
    (0..).filter(writes).take(SCENARIOS).collect()
}

fn every_crash_of(seed: u64) -> usize {
    let calm = World::calm(seed);
    let whole = road::drive(&calm);
    let broken = checks::check(&whole);
    assert!(broken.is_empty(), "{}", story::of(&whole, &broken));
    for (at, done) in (0..whole.first).flat_map(|at| [(at, false), (at, true)]) {
        let world = World { crash: Some(Crash { at, done }), ..World::calm(seed) };
        let ended = road::drive(&world);
        let mut broken = checks::check(&ended);
        if state(&ended) != state(&whole) {
            broken.push("crash-safe: it does not end where the uninterrupted run does".to_owned());
        }
        assert!(broken.is_empty(), "{}", story::of(&ended, &broken));
    }
    2 * whole.first
}

#[test]
fn crash_safe_killed_at_any_request_it_ends_where_the_uninterrupted_run_does() {
    let seeds = scenarios();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let points = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |cores| cores.get()) {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    points.fetch_add(every_crash_of(*seed), std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} crash points of {SCENARIOS} scenarios", points.into_inner());
}
