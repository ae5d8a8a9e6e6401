//! The plan of the house: which floor each module of `src` is on, and that it uses only what is below.
//!
//! To add a module, give it a line in [`FLOORS`]. If a test fails, move what is needed down to a floor that both may
//! use, or pass it in as a value. Change a floor only if the plan itself is wrong.
//!
//! Only names are read, and only outside test code. Not found: methods and fields of a value whose type is not named;
//! `now` behind a type alias or in `<T>::now`; names after a `use` inside a macro call; names that a macro builds;
//! `include!`. Test code inside a macro call counts as production code.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test a wrong assumption should end it"
)]

mod floors;
mod graph;
mod pages;
mod paths;
mod tokens;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use floors::{House, Part, World, edge, pure};
use tree::Tree;

/// From the roof down to the ground. A module may use what is on the floors below its own. Modules on one floor must
/// not use each other; if one has to, it gets its own floor.
///
/// `pure` modules use only pure ones, and nothing that [`WORLD`] lists. A module includes those below it, unless they
/// have their own line (`config::file`). `lib` and `main` are the two roots.
const FLOORS: &[&[Part]] = &[
    &[edge("lib", "the list of modules, nothing else"), edge("main", "calls `cli`, nothing else")],
    &[edge("cli", "one file a command; only `cli::output` prints")],
    &[
        edge("serve", "gives each target its passes; a pass is a run"),
        pure("serve::roster", "whose turn it is; it is handed the time"),
        edge("lsp", "reads a project as an editor has it, and answers the editor"),
        pure("lsp::workspace", "what there is to say about texts; it is handed them"),
    ],
    &[edge("run", "the road: load, observe, plan, apply, write, verify")],
    &[pure("catalog", "collects the JSON Schemas that users see; each format makes its own")],
    &[pure("resolve", "manifests become what is desired")],
    &[pure("report", "one renderer a format")],
    &[
        edge("config", "reads credentials and what defines systems"),
        pure("config::file", "`enact.yaml` as it is written"),
    ],
    &[pure("import", ""), pure("decide", "what the policies of a target say of requests")],
    &[pure("defined", "systems from YAML; reads through `&dyn Reader` only")],
    &[pure("plan", "compares and orders; it is handed no way to read")],
    &[pure("system", "built-in systems; reads through `&dyn Reader` only")],
    &[
        edge("http", "the only client of live APIs"),
        pure("record", "what enact did, as the files of a commit"),
    ],
    &[pure("model", "the values that all steps share, and the traits `Reader` and `Writer`")],
    &[pure("schema", ""), edge("source", "reads manifests")],
    &[pure("manifest", ""), edge("git", "the only user of git")],
    &[pure("compare", ""), pure("access", "what a change does to what is allowed")],
    &[pure("diagnostic", "knows no module that reports one")],
    &[
        pure("parallel", "work on all cores, with the result of one"),
        pure("schedule", "when passes begin; it is handed the time"),
    ],
    &[
        pure("cedar", ""),
        pure("digest", ""),
        pure("packed", ""),
        pure("pointer", ""),
        pure("sync", ""),
        pure("text", "text that cannot harm what reads it"),
    ],
    &[pure("words", "counts and lists in words")],
    &[edge("sandbox", "plays the live APIs, so it knows no code of the client")],
    &[edge("file", "reads a file that a user names, within bounds")],
];

/// What only an edge module may name. `name!` is a macro, `.name` a method.
const WORLD: &[World] = &[
    World {
        what: "touches files",
        paths: &[
            "std::fs",
            ".canonicalize",
            ".exists",
            ".is_dir",
            ".is_file",
            ".is_symlink",
            ".read_dir",
            ".read_link",
            ".symlink_metadata",
            ".try_exists",
        ],
        but: None,
        instead: "Take what the file holds as a value",
    },
    World {
        what: "touches a repository",
        paths: &["git2"],
        but: None,
        instead: "Take what was read as a value",
    },
    World {
        what: "touches the network",
        paths: &["std::net", "axum", "hyper", "hyper_util", "reqwest", "rustls"],
        but: None,
        instead: "Return the request, or read through `&dyn Reader`",
    },
    World {
        what: "touches the runtime",
        paths: &["std::thread", "tokio"],
        but: Some("parallel"),
        instead: "Let the caller wait and run things at once",
    },
    World {
        what: "touches the environment",
        paths: &["std::env"],
        but: None,
        instead: "Take the setting as a value",
    },
    World {
        what: "touches processes",
        paths: &["std::process"],
        but: None,
        instead: "Return what the caller should do",
    },
    World {
        what: "reads the clock",
        paths: &[
            "std::time::Instant",
            "std::time::SystemTime",
            "jiff::Timestamp::now",
            "jiff::Zoned::now",
            "jiff::tz::TimeZone::system",
        ],
        but: None,
        instead: "Take the time as a value",
    },
    World {
        what: "is random",
        paths: &[
            "fastrand",
            "getrandom",
            "rand",
            "std::collections::hash_map::RandomState",
            "std::hash::RandomState",
            "uuid::Uuid::new_v4",
            "uuid::Uuid::now_v7",
        ],
        but: None,
        instead: "Take the random value as a value, so that the same input gives the same bytes",
    },
    World {
        what: "prints",
        paths: &[
            "dbg!",
            "eprint!",
            "eprintln!",
            "print!",
            "println!",
            "indicatif",
            "std::io::stderr",
            "std::io::stdin",
            "std::io::stdout",
            "tracing",
        ],
        but: None,
        instead: "Return what is to be shown",
    },
];

/// The one module that prints, with those below it.
const PRINTER: &str = "cli::output";

/// What only the printer may name. Whoever sends requests names `tracing`; the printer decides what becomes of that.
const PRINTS: &[&str] = &[
    "dbg!",
    "eprint!",
    "eprintln!",
    "print!",
    "println!",
    ".print",
    "indicatif",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "tracing_subscriber",
];

static TREE: LazyLock<Tree> =
    LazyLock::new(|| Tree::new(&sources(Path::new(env!("CARGO_MANIFEST_DIR")), "src")));
static HOUSE: LazyLock<House> = LazyLock::new(|| House { floors: FLOORS, world: WORLD, tree: &TREE });

#[test]
fn every_module_has_a_floor_and_every_floor_its_modules() {
    none(HOUSE.unplanned());
}

#[test]
fn no_path_climbs() {
    none(HOUSE.climbing());
}

#[test]
fn no_pure_module_uses_an_edge_module() {
    none(HOUSE.pure_on_edge());
}

#[test]
fn no_pure_module_touches_the_world() {
    none(HOUSE.touching_the_world());
}

#[test]
fn only_the_printer_prints() {
    none(HOUSE.printing(PRINTER, PRINTS));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    none(HOUSE.circles());
}

/// A reader that sees no source would find no mistake.
#[test]
fn the_source_is_seen() {
    let uses = TREE.uses();
    assert!(uses.iter().any(|used| used.from.file == "src/main.rs" && used.to.name() == "cli"));
    assert!(uses.len() > TREE.modules.len(), "{} uses in {} modules", uses.len(), TREE.modules.len());
}

#[track_caller]
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n\n{}\n", findings.len(), findings.join("\n"));
}

/// The text of every Rust file below a folder, by its path from the package.
fn sources(package: &Path, folder: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(package.join(folder)).expect("a folder of sources");
    let names =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"));
    let mut files = BTreeMap::new();
    for path in names.map(|name| format!("{folder}/{name}")) {
        if package.join(&path).is_dir() {
            files.extend(sources(package, &path));
        } else if path.ends_with(".rs") {
            let text = std::fs::read_to_string(package.join(&path)).expect("a file of sources");
            files.insert(path, text);
        }
    }
    files
}
