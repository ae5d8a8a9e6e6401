//! How the work grows with the number of objects, for every system and action: the real program, and the embedded sandbox in
//! it. Linear is an exponent of 1. What is measured is the time of all cores.
//!
//! ```text
//! cargo bench --bench growth
//! ENACT_OBJECTS=1600 cargo bench --bench growth     from another number of objects to four times as many; default 400
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::path::Path;
use std::process::Command;

const OBJECTS: usize = 400;

/// A system, the settings of its target, and a manifest of its: number, version, and what comes after the name.
type Written = (&'static str, &'static str, fn(usize, usize) -> String);

const SYSTEMS: [Written; 4] = [
    ("polytomic", "", |_, version| {
        format!("{{policy_actions: [{{action: {}, roles: [Member]}}]}}", ["read", "edit"][version])
    }),
    ("compiuta", "", |n, version| {
        format!(
            "{{name: v{version}, members: ['user:local:u{n}'], statements: [{{effect: ALLOW, actions: ['iam:policies:get'], tenants: ['*']}}]}}"
        )
    }),
    ("mycloud", "", |n, version| {
        format!(
            "{{description: v{version}, document: {{statements: [{{sid: S, effect: allow, actions: ['s3:GetObject'], resources: ['b{n}/*']}}]}}}}"
        )
    }),
    ("jitsudo", ", settings: {tenant: 2489E9AD-2EE2-8E00-8EC9-32D5F69181C0}", |n, version| {
        format!(
            "{{description: v{version}, max_duration_seconds: 60, rules: [{{policy_text: 'permit (principal, action, resource == Box::\"{n}\");'}}]}}"
        )
    }),
];

const ACTIONS: [&str; 5] = ["validate", "create", "plan of nothing", "update", "delete"];

fn write(at: &Path, (system, settings, spec): Written, objects: usize, version: usize, gone: bool) {
    let folder = at.join("p");
    std::fs::create_dir_all(&folder).unwrap();
    let auth =
        if system == "jitsudo" { "header: {name: X-API-Key, value: {env: X}}" } else { "bearer: {env: X}" };
    let config = format!(
        "{{apiVersion: enact/v1, kind: Config, manifests: [p], targets: [{{name: t, system: {system}, url: 'https://example.com', \
         auth: {{{auth}}}, limits: {{max_deletes: 1000000}}{settings}}}]}}"
    );
    std::fs::write(at.join("enact.yaml"), config).unwrap();
    for n in 0..objects {
        let ensure = if gone { "absent" } else { "present" };
        let spec = spec(n, version);
        let text = format!(
            "{{apiVersion: {system}/v1, kind: Policy, metadata: {{name: p{n}, ensure: {ensure}}}, spec: {spec}}}"
        );
        std::fs::write(folder.join(format!("{n}.yaml")), text).unwrap();
    }
}

/// The time of all cores that the children of this process took until now, as Linux counts it, in seconds.
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // Fields 16 and 17 of proc(5), in hundredths of a second.
    fields.iter().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn run(at: &Path, args: &[&str]) -> f64 {
    let before = spent();
    let output = Command::new(env!("CARGO_BIN_EXE_enact")).args(args).current_dir(at).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&said));
    spent() - before
}

/// What each action takes with so many objects.
fn costs(system: Written, objects: usize) -> Vec<f64> {
    let folder = tempfile::TempDir::new().unwrap();
    let at = folder.path();
    let apply = ["apply", "--sandbox", "--yes", "--allow-dirty", "--no-access", "--allow", "deleted-share"];
    write(at, system, objects, 0, false);
    let mut costs =
        vec![run(at, &["validate"]), run(at, &apply), run(at, &["plan", "--sandbox", "--no-access"])];
    write(at, system, objects, 1, false);
    costs.push(run(at, &apply));
    write(at, system, objects, 1, true);
    costs.push(run(at, &apply));
    costs
}

fn main() {
    let objects = std::env::var("ENACT_OBJECTS").map_or(OBJECTS, |objects| objects.parse().unwrap());
    println!(
        "| system | action | {objects} objects | {} objects | exponent |\n|---|---|---|---|---|",
        4 * objects
    );
    for system in SYSTEMS {
        let (few, many) = (costs(system, objects), costs(system, 4 * objects));
        for (action, (few, many)) in ACTIONS.iter().zip(few.iter().zip(&many)) {
            let exponent = (many / few).log(4.0);
            println!("| {} | {action} | {few:.2} s | {many:.2} s | {exponent:.2} |", system.0);
        }
    }
}
