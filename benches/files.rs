//! What validate and plan cost for 10,000 files in a repository, beside the work that cannot be avoided: reading them,
//! parsing them, checking them against a JSON Schema, and parsing what the API returns. Each row is a process of its own,
//! so that its memory is its own, and the rows take turns, because machines are noisy. Nothing is sent. Validators that
//! are installed are rows, too: `ajv` reads the same YAML, `jsonschema-cli` the same as JSON; neither checks more than the
//! schema.
//!
//! ```text
//! cargo bench --bench files
//! ENACT_FILES=100000 cargo bench --bench files
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use enact::manifest::Files;
use enact::model::resource::RemoteId;
use enact::model::state::{LiveObject, Observed};
use enact::plan;
use enact::plan::input::PlanInput;
use enact::run::checkout::ConfigText;
use enact::run::history::BaseSource;
use enact::run::lint;
use enact::run::load::{Load, load};
use enact::run::options::RunOptions;
use enact::run::project::Project;
use mimalloc::MiMalloc;
use serde_json::{Value, json};

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const FILES: usize = 10_000;
const ROUNDS: usize = 5;
/// The variable that makes a process one row, and where the files are.
const ROW: &str = "ENACT_BENCH_ROW";
const FOLDER: &str = "ENACT_BENCH_FOLDER";
const CONFIG: &str = "{apiVersion: enact/v1, kind: Config, manifests: [p], targets: [{name: t, system: mycloud, \
                      url: 'https://example.com', auth: {bearer: {env: X}}}]}";

/// A row: its name, what it is compared with, and what it does. A floor is compared with nothing.
type Row = (&'static str, Option<&'static str>, fn(&Path));

const ROWS: [Row; 11] = [
    ("read", None, |at| drop(texts(at))),
    ("read, parse, check", None, |at| checked(&texts(at))),
    ("the same on two threads", None, |at| {
        let texts = texts(at);
        let (one, other) = texts.split_at(texts.len() / 2);
        std::thread::scope(|scope| {
            scope.spawn(|| checked(one));
            checked(other);
        });
    }),
    ("the API's answer", None, |at| answer(at).for_each(drop)),
    ("ajv", None, |at| {
        peer(
            at,
            "ajv",
            &["validate", "--spec=draft2020", "--strict=false", "-s", "schema.json", "-d", "p/*.yaml"],
        )
    }),
    ("jsonschema-cli", None, |at| {
        let json = (0..files()).flat_map(|index| ["-i".to_owned(), format!("json/{index}.json")]);
        let arguments: Vec<_> =
            ["validate".to_owned(), "schema.json".to_owned()].into_iter().chain(json).collect();
        peer(at, "jsonschema-cli", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }),
    ("validate one file", None, |at| validated(&at.join("one"))),
    ("validate", Some("the same on two threads"), validated),
    ("plan", Some("the same on two threads"), |at| planned(at, BaseSource::Nowhere)),
    ("plan, base = HEAD", Some("plan"), |at| planned(at, BaseSource::Revision("HEAD".to_owned()))),
    ("plan, base = HEAD~1", Some("plan"), |at| planned(at, BaseSource::Revision("HEAD~1".to_owned()))),
];

fn files() -> usize {
    std::env::var("ENACT_FILES").map_or(FILES, |files| files.parse().unwrap())
}

/// A manifest of 1.6 KB.
fn manifest(index: usize, version: usize) -> String {
    let statement = |number: usize| {
        format!(
            "      - sid: S{number}\n        effect: allow\n        actions: ['s3:GetObject', 's3:PutObject', \
             's3:ListBucket']\n        resources:\n          - my-bucket-{index}/data/{number}/*\n          - \
             my-bucket-{index}/more/{number}/*\n"
        )
    };
    let statements: String = (0..9).map(statement).collect();
    format!(
        "# Who may read and write the data of service {index}.\napiVersion: mycloud/v1\nkind: Policy\nmetadata:\n  name: \
         p{index}\nspec:\n  description: version {version}\n  document:\n    statements:\n{statements}"
    )
}

fn body(index: usize) -> Value {
    let statement = |number: usize| {
        json!({
            "sid": format!("S{number}"),
            "effect": "allow",
            "actions": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
            "resources": [format!("my-bucket-{index}/data/{number}/*"), format!("my-bucket-{index}/more/{number}/*")],
        })
    };
    let statements: Vec<_> = (0..9).map(statement).collect();
    json!({
        "id": format!("id-{index}"),
        "name": format!("p{index}"),
        "description": "version 0",
        "document": {"version": "2024-01-01", "statements": statements},
    })
}

fn texts(at: &Path) -> Vec<String> {
    let files = std::fs::read_dir(at.join("p")).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

fn schema() -> Value {
    let registry = enact::system::registry::Registry::built_in();
    let kind = registry.kinds()[&("mycloud/v1".to_owned(), "Policy".to_owned())];
    enact::model::kind::document_schema("mycloud/v1", kind)
}

fn checked(texts: &[String]) {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for text in texts {
        let value: Value = serde_yaml::from_str(text).unwrap();
        assert!(schema.is_valid(&value));
    }
}

/// What the API returns, in pages of 100, one after the other.
fn answer(at: &Path) -> impl Iterator<Item = Value> {
    let pages = std::fs::read_dir(at.join("pages")).unwrap();
    let pages = pages.map(|page| std::fs::read_to_string(page.unwrap().path()).unwrap());
    pages.flat_map(|page| serde_json::from_str::<Vec<Value>>(&page).unwrap())
}

fn validated(at: &Path) {
    let (project, files) = loaded(at, BaseSource::Nowhere);
    assert_eq!(lint::warnings(project, &files), Vec::new());
}

/// Another program does it.
fn peer(at: &Path, program: &str, arguments: &[&str]) {
    let status =
        Command::new(program).args(arguments).current_dir(at).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{program}");
}

fn is_peer(row: &str) -> bool {
    ["ajv", "jsonschema-cli"].contains(&row)
}

fn is_installed(row: &str) -> bool {
    !is_peer(row)
        || Command::new(row).arg("help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn project(at: &Path, base: BaseSource) -> &'static Project {
    loaded(at, base).0
}

/// Like the commands, which end with their report, a row gives nothing back.
fn loaded(at: &Path, base: BaseSource) -> (&'static Project, Files) {
    let origin = ConfigText {
        file: "enact.yaml".to_owned(),
        folder: at.to_owned(),
        text: CONFIG.to_owned(),
        unsaved: Default::default(),
    };
    let Load { project, diagnostics, files, .. } =
        load(&origin, &RunOptions { base, ..RunOptions::default() });
    (project.unwrap_or_else(|| panic!("{diagnostics:#?}")).kept(), files)
}

fn planned(at: &Path, base: BaseSource) {
    let project = project(at, base);
    let text = |body: &Value, field: &str| body[field].as_str().unwrap().to_owned();
    let live = |body: Value| LiveObject {
        remote: RemoteId::new(&text(&body, "id")).unwrap(),
        name: text(&body, "name"),
        system: false,
        body: body.into(),
        etag: None,
    };
    let live = answer(at).map(live).collect();
    let observed =
        Observed { kinds: BTreeMap::from([("Policy".to_owned(), Ok(live))]), ..Observed::default() };
    let intent = project.intents().next().unwrap();
    let plan = plan::plan(&PlanInput {
        target: "t",
        system: intent.target.system.as_ref(),
        desired: intent.desired,
        base: intent.base,
        attempted: intent.attempted,
        given_up: intent.given_up,
        observed: &observed,
        counts: intent.counts,
        max_deletes: usize::MAX,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged: &intent.target.unmanaged,
        last_seen: None,
        options: intent.options,
    });
    assert!(plan.changes.is_empty() && !plan.unchanged.is_empty(), "{:?}", plan.diagnostics);
    std::mem::forget(observed);
}

fn git(at: &Path, args: &[&str]) {
    let who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"];
    assert!(Command::new("git").args(who).args(args).current_dir(at).status().unwrap().success(), "{args:?}");
}

/// A repository in which the last commit changes one file, and what the API holds.
fn repository(files: usize) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    let at = folder.path();
    for name in ["p", "pages", "json", "one/p"] {
        std::fs::create_dir_all(at.join(name)).unwrap();
    }
    std::fs::write(at.join("enact.yaml"), CONFIG).unwrap();
    std::fs::write(at.join("schema.json"), schema().to_string()).unwrap();
    std::fs::write(at.join("one/p/0.yaml"), manifest(0, 0)).unwrap();
    for index in 0..files {
        let version = usize::from(index == 0);
        let text = manifest(index, version);
        let json: Value = serde_yaml::from_str(&text).unwrap();
        std::fs::write(at.join(format!("json/{index}.json")), json.to_string()).unwrap();
        std::fs::write(at.join(format!("p/{index}.yaml")), text).unwrap();
    }
    for (number, page) in (0..files).collect::<Vec<_>>().chunks(100).enumerate() {
        let page: Vec<_> = page.iter().map(|index| body(*index)).collect();
        std::fs::write(at.join(format!("pages/{number}.json")), Value::Array(page).to_string()).unwrap();
    }
    git(at, &["init", "-q", "-b", "main"]);
    git(at, &["add", "p", "enact.yaml"]);
    git(at, &["commit", "-q", "-m", "before"]);
    std::fs::write(at.join("p/0.yaml"), manifest(0, 0)).unwrap();
    git(at, &["commit", "-q", "-a", "-m", "now"]);
    folder
}

/// What a row took: on the clock, of all cores, and the most memory that it held.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    kib: u64,
}

/// The costs of this process, as Linux counts them. Elsewhere only the clock is known.
fn cost(began: Instant) -> Cost {
    let wall = began.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 to 17 of proc(5), in hundredths of a second: its own, and those of programs that it ran.
    let ticks = fields.iter().skip(11).take(4).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
    let kib = peak.and_then(|peak| peak.parse().ok()).unwrap_or_default();
    Cost { wall, cpu: Duration::from_millis(ticks * 10), kib }
}

fn measured(row: &str, at: &Path) -> Cost {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).env(ROW, row).env(FOLDER, at).output().unwrap();
    assert!(output.status.success(), "{row}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [wall, cpu, kib] = numbers[..] else { panic!("{text}") };
    Cost { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), kib }
}

fn main() {
    if let (Ok(row), Ok(folder)) = (std::env::var(ROW), std::env::var(FOLDER)) {
        let began = Instant::now();
        let (_, _, run) = ROWS.iter().find(|(name, ..)| *name == row).unwrap();
        run(&PathBuf::from(folder));
        let Cost { wall, cpu, kib } = cost(began);
        return println!("{} {} {kib}", wall.as_micros(), cpu.as_micros());
    }
    let (files, mut costs) = (files(), BTreeMap::<&str, Vec<Cost>>::new());
    let folder = repository(files);
    let rows: Vec<_> = ROWS.into_iter().filter(|(name, ..)| is_installed(name)).collect();
    for _ in 0..ROUNDS {
        for (name, ..) in &rows {
            costs.entry(name).or_default().push(measured(name, folder.path()));
        }
    }
    // The median: a disturbance touches few rounds.
    let median = |name: &str| {
        let mut all = costs[name].clone();
        all.sort_by_key(|cost| cost.wall);
        all[all.len() / 2]
    };
    println!("| {files} files | wall | cpu | memory | |\n|---|---|---|---|---|");
    for (name, than, _) in rows {
        let Cost { wall, cpu, kib } = median(name);
        let ratio = than.map(|than| {
            format!("{:.2} times *{than}*", wall.as_secs_f64() / median(than).wall.as_secs_f64())
        });
        let (wall, cpu, ratio) = (wall.as_secs_f64(), cpu.as_secs_f64(), ratio.unwrap_or_default());
        // What a child held is not known here.
        let memory = if is_peer(name) { String::new() } else { format!("{} MB", kib / 1024) };
        println!("| {name} | {wall:.3} s | {cpu:.2} s | {memory} | {ratio} |");
    }
}
