//! How much each pure part of the road costs, as a ratio to the work that cannot be avoided: scanning the YAML for
//! validate, and parsing the API's JSON for plan. Ratios of one run, because machines are noisy. Run with `cargo
//! bench`. Network and disk are not measured.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use enact::config::{self, Systems};
use enact::manifest::{Files, yaml};
use enact::model::resource::RemoteId;
use enact::model::state::{Attempted, LiveObject, Observed};
use enact::model::unmanaged::UnmanagedRule;
use enact::plan;
use enact::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use enact::resolve::{self, Reading};
use enact::system::registry::Registry;
use serde_json::{Value, json};

const OBJECTS: usize = 2_000;
const ROUNDS: usize = 5;
const CONFIG: &str = "{apiVersion: enact/v1, kind: Config, manifests: [p], targets: [{name: t, system: mycloud, \
                      url: 'https://example.com', auth: {bearer: {env: X}}}]}";

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
    let files: Files =
        (0..OBJECTS).map(|index| (format!("p/{index}.yaml"), manifest(index).into())).collect();
    let bodies: Vec<_> = (0..OBJECTS).map(|index| body(index).to_string()).collect();
    let systems = Systems::Known(Arc::new(Registry::built_in()));
    let config = config::load("enact.yaml", Path::new("."), CONFIG, systems, &mut Vec::new()).unwrap();
    let target = config.targets.first().unwrap();

    let scan = best(|| {
        files.iter().map(|(file, text)| yaml::parse(text, file, &mut Vec::new()).len()).sum::<usize>()
    });
    let load = || {
        resolve::for_target(
            &target.claim(),
            &resolve::manifests(&config.registry, &files, &mut Reading::within(usize::MAX), &mut Vec::new()),
            &mut Vec::new(),
        )
    };
    report("validate", best(load), "reading its YAML", scan);

    let parse = || bodies.iter().map(|text| serde_json::from_str(text).unwrap()).collect::<Vec<Value>>();
    let found = |body: Value| {
        let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        LiveObject {
            remote: RemoteId::new(&text("id")).unwrap(),
            name: text("name"),
            system: false,
            body: body.clone().into(),
            etag: None,
        }
    };
    let live: Vec<_> = parse().into_iter().map(found).collect();
    let observed =
        Observed { kinds: BTreeMap::from([("Policy".to_owned(), Ok(live))]), ..Observed::default() };
    let desired = load();
    let counts = DeclaredCounts::of(&desired);
    let input = PlanInput {
        target: "t",
        system: target.system.as_ref(),
        desired: &desired,
        base: Some(&desired),
        attempted: &Attempted::new(),
        given_up: &[],
        observed: &observed,
        counts: &counts,
        max_deletes: 0,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged: &UnmanagedRule::default(),
        last_seen: None,
        options: &PlanOptions::default(),
    };
    let plan = || plan::plan(&input);
    assert_eq!(plan().unchanged.len(), OBJECTS);
    report("plan", best(plan), "parsing the API's JSON", best(parse));
}
