//! How much each pure part of the road costs, as a ratio to the work that cannot be avoided: scanning the YAML for
//! validate, and parsing the API's JSON for plan. Ratios of one run, because machines are noisy. Run with `cargo
//! bench`. Network and disk are not measured.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use enact::manifest::yaml;
use enact::plan::input::PlanOptions;
use serde_json::{Value, json};

mod world;

const OBJECTS: usize = 2_000;
const ROUNDS: usize = 5;

fn manifest(index: usize) -> String {
    format!(
        "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {{name: p{index}}}\nspec:\n  description: number {index}\n  \
         document:\n    statements:\n      - {{sid: A, effect: allow, actions: ['s3:Get'], resources: ['b{index}/*']}}\n"
    )
}

fn body(index: usize) -> Value {
    let statement =
        json!({"sid": "A", "effect": "allow", "actions": ["s3:Get"], "resources": [format!("b{index}/*")]});
    let document = json!({"version": "2024-01-01", "statements": [statement]});
    json!({"id": format!("id-{index}"), "name": format!("p{index}"), "description": format!("number {index}"), "document": document})
}

/// The best of some rounds: a disturbance only makes a run slower.
fn best<T>(mut run: impl FnMut() -> T) -> Duration {
    let round = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

fn report(what: &str, time: Duration, than: &str, base: Duration) {
    println!(
        "{what}: {:.1} times {than} ({time:.1?} for {OBJECTS} objects)",
        time.as_secs_f64() / base.as_secs_f64()
    );
}

fn main() {
    let files = world::files((0..OBJECTS).map(manifest));
    let bodies: Vec<_> = (0..OBJECTS).map(|index| body(index).to_string()).collect();
    let config = world::config("mycloud");

    let scan = best(|| {
        files.iter().map(|(file, text)| yaml::parse(text, file, &mut Vec::new()).len()).sum::<usize>()
    });
    report("validate", best(|| world::desired(&config, &files)), "reading its YAML", scan);

    let parse = || bodies.iter().map(|text| serde_json::from_str(text).unwrap()).collect::<Vec<Value>>();
    let named = |(index, body)| (format!("p{index}"), body);
    let observed = world::observed(parse().into_iter().enumerate().map(named));
    let desired = world::desired(&config, &files);
    let plan = || world::plan(&config, &desired, &observed, &PlanOptions::default());
    assert_eq!(plan().unchanged.len(), OBJECTS);
    report("plan", best(plan), "parsing the API's JSON", best(parse));
}
