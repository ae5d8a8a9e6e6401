//! What one round of the service costs: 1,000 targets of 100 objects each, all as declared. The real program follows a real
//! repository; the sandbox answers it from the process of the benchmark, so that its work is not counted.
//!
//! ```text
//! cargo bench --features serve --bench serve
//! ENACT_TARGETS=100 cargo bench --features serve --bench serve
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use enact::sandbox::{Sandbox, Seed, Served, Store, start};
use serde_json::json;
use uuid::Uuid;

const TARGETS: usize = 1000;
const OBJECTS: usize = 100;
/// How often the memory of the program is looked at.
const LOOKS: Duration = Duration::from_millis(20);

fn git(at: &Path, args: &[&str]) {
    let who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
    assert!(Command::new("git").args(who).args(args).current_dir(at).status().unwrap().success(), "{args:?}");
}

/// A sandbox that holds what git declares.
async fn sandbox(targets: usize) -> Sandbox {
    let served = |target| Served { name: format!("t{target}"), system: "mycloud".to_owned() };
    let served = (0..targets).map(served).collect();
    let sandbox = start(([127, 0, 0, 1], 0).into(), served, Store::Memory, Seed::Empty).await.unwrap();
    for target in 0..targets {
        for object in 0..OBJECTS {
            let id = Uuid::from_u128((target * OBJECTS + object) as u128).to_string();
            let statement = json!({"sid": "S", "effect": "allow", "actions": ["s3:GetObject"], "resources": [format!("b{object}/*")]});
            let policy = json!({
                "id": id, "crn": format!("crn:mycloud:iam::policy/{id}"), "name": format!("p{object}"), "description": "bench",
                "document": {"version": "2024-01-01", "statements": [statement]},
                "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z",
            });
            assert!(sandbox.insert(&format!("t{target}"), "policies", policy));
        }
    }
    sandbox
}

/// The repository: a file for each target.
fn repository(at: &Path, sandbox: &Sandbox, targets: usize, mode: &str) {
    fs::create_dir_all(at.join("p")).unwrap();
    let mut config = format!(
        "apiVersion: enact/v1\nkind: Config\nmanifests: [p]\nserve: {{passes: {{mode: {mode}}}}}\ntargets:\n"
    );
    for target in 0..targets {
        let url = sandbox.url(&format!("t{target}"));
        writeln!(
            config,
            "- {{name: t{target}, system: mycloud, url: '{url}', auth: {{bearer: {{env: KEY}}}}, include: [p/t{target}.yaml]}}"
        )
        .unwrap();
        let policy = |object| {
            format!(
                "---\napiVersion: mycloud/v1\nkind: Policy\nmetadata: {{name: p{object}}}\nspec:\n  description: bench\n  document:\n    \
                 statements: [{{sid: S, effect: allow, actions: ['s3:GetObject'], resources: ['b{object}/*']}}]\n"
            )
        };
        let text: String = (0..OBJECTS).map(policy).collect();
        fs::write(at.join(format!("p/t{target}.yaml")), text).unwrap();
    }
    fs::write(at.join("enact.yaml"), config).unwrap();
    if !at.join(".git").exists() {
        git(at, &["init", "-q", "-b", "main"]);
    }
    git(at, &["add", "-A"]);
    git(at, &["commit", "-q", "-m", mode]);
}

/// What a process has taken of all cores until now, and its most memory, as Linux counts them.
fn taken(child: &Child) -> Option<(f64, u64)> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok();
    let (stat, status) = (read("stat")?, read("status")?);
    let fields: Vec<_> = stat.rsplit(')').next()?.split_whitespace().collect();
    // Fields 14 to 17 of proc(5), in hundredths of a second: its own and those of the git that it waited for.
    let ticks = fields.iter().skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())?;
    Some((ticks / 100.0, peak.parse().ok()?))
}

/// One round over all targets.
fn round(repository: &Path, clone: &Path) -> (Duration, f64, u64) {
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_enact"));
    command.args(["serve", "--once", "--repository"]).arg(repository).arg("--directory").arg(clone);
    let mut child = command.env("KEY", "k").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut last = (0.0, 0);
    loop {
        last = taken(&child).unwrap_or(last);
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return (began.elapsed(), last.0, last.1);
        }
        std::thread::sleep(LOOKS);
    }
}

#[tokio::main]
async fn main() {
    let targets = std::env::var("ENACT_TARGETS").map_or(TARGETS, |targets| targets.parse().unwrap());
    let sandbox = sandbox(targets).await;
    let folder = tempfile::TempDir::new().unwrap();
    let (at, clone) = (folder.path().join("repository"), folder.path().join("clone"));
    fs::create_dir(&at).unwrap();
    println!(
        "| {targets} targets, {OBJECTS} objects each | wall | cpu | memory | requests |\n|---|---|---|---|---|"
    );
    for (mode, name) in
        [("report", "`report`"), ("apply", "`apply`, the first time"), ("apply", "`apply`, with the record")]
    {
        if !(mode == "apply" && name.ends_with("record")) {
            repository(&at, &sandbox, targets, mode);
        }
        sandbox.clear_requests();
        let at = at.clone();
        let clone = clone.clone();
        let (wall, cpu, kib) = tokio::task::spawn_blocking(move || round(&at, &clone)).await.unwrap();
        let requests = sandbox.requests().len();
        println!("| {name} | {:.1} s | {cpu:.1} s | {} MB | {requests} |", wall.as_secs_f64(), kib / 1024);
    }
    sandbox.stop().await;
}
