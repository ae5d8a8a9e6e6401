//! Tests the test: bugs that a maintainer could make are planted into a copy of enact, one at a time, and the
//! simulation has to find each. Production code knows nothing of them: a bug is a function, a piece of its code, and
//! what replaces it. Files and line breaks are not part of it, so that code can be moved.

mod place;
mod planning;
mod reading;
mod remembering;
mod reporting;
mod sending;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use place::Code;

/// A mistake.
pub(crate) struct Bug {
    pub(crate) name: &'static str,
    /// The function that it is in, or the constant: `send_all`, or `HttpWriter::send` if others have the same name.
    pub(crate) item: &'static str,
    /// The original code: no more of it than is needed to be unique.
    pub(crate) old: &'static str,
    /// The code with the mistake.
    pub(crate) new: &'static str,
}

/// Fewer bugs would prove little.
const LEAST: usize = 30;
/// How many seeds a bug may hide from, unless `ENACT_SEEDS` says otherwise.
const SEEDS: u64 = 10_000;
/// The same of books, which take longer.
const BOOKS: u64 = 500;
/// How long a run may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(1200);
/// Parts of a checkout that do not belong to the crate.
const NOT_COPIED: [&str; 3] = [".git", ".enact", "target"];

fn bugs() -> Vec<&'static Bug> {
    [sending::BUGS, reporting::BUGS, reading::BUGS, planning::BUGS, remembering::BUGS]
        .into_iter()
        .flatten()
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_planted_bug_has_its_place() {
    let (bugs, code) = (bugs(), Code::read(&root().join("src")));
    assert!(bugs.len() >= LEAST, "{} bugs", bugs.len());
    let names: BTreeSet<_> = bugs.iter().map(|bug| bug.name).collect();
    assert_eq!(names.len(), bugs.len(), "two bugs have the same name");
    let wrong = bugs.iter().filter_map(|bug| Some(format!("`{}` {}\n", bug.name, bug.check(&code).err()?)));
    let wrong: Vec<_> = wrong.collect();
    assert!(
        wrong.is_empty(),
        "{} of {} bugs cannot be planted:\n{}",
        wrong.len(),
        bugs.len(),
        wrong.concat()
    );
}

impl Bug {
    /// Whether it can be planted; otherwise why not.
    fn check(&self, code: &Code) -> Result<(), String> {
        let place = code.place(self.item, self.old)?;
        let planted = place.with(self.new);
        if planted == place.text {
            return Err("changes nothing".to_owned());
        }
        let not_rust = |error| format!("makes of src/{} what is no Rust: {error}", place.file);
        syn::parse_file(&planted).map(drop).map_err(not_rust)
    }
}

#[test]
#[ignore = "builds enact once for each bug"]
fn planted_bugs_are_all_found() {
    let checkout = Checkout::new();
    let only = std::env::var("ENACT_BUG").ok();
    let chosen: Vec<_> = bugs()
        .into_iter()
        .filter(|bug| only.as_ref().is_none_or(|only| only.split(',').any(|name| name == bug.name)))
        .collect();
    assert!(!chosen.is_empty(), "there is no bug of this name");
    println!("| bug | seeds | broken promise |\n|---|---|---|");
    let mut hidden = Vec::new();
    for bug in chosen {
        let end = checkout.plant(bug);
        println!("| {} | {end} |", bug.name);
        let _shown_as_it_goes = std::io::stdout().flush();
        if matches!(end, End::Hides | End::Broken(_)) {
            hidden.push(bug.name);
        }
    }
    assert!(hidden.is_empty(), "not found: {hidden:?}");
}

/// The result for a bug.
enum End {
    Found {
        seeds: u64,
        promise: String,
    },
    Hangs,
    Panics(String),
    Hides,
    /// It does not compile.
    Broken(String),
}

impl End {
    /// Reads the output of a run that failed.
    fn of(text: &str) -> Self {
        let after = |mark: &str| text.lines().find_map(|line| line.strip_prefix(mark));
        let reproduced = after("reproduce: ENACT_SEED=").or_else(|| after("reproduce: ENACT_BOOK="));
        let seed: Option<u64> = reproduced.and_then(|rest| rest.split(' ').next()?.parse().ok());
        match (seed, after("BROKEN ")) {
            (Some(seed), Some(promise)) => {
                let from = crate::number("ENACT_FROM").unwrap_or(0);
                Self::Found { seeds: seed + 1 - from, promise: promise.to_owned() }
            }
            _ => {
                let words = text.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
                Self::Panics(words.unwrap_or(text).to_owned())
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { seeds, promise } => write!(f, "{seeds} | {promise}"),
            Self::Hangs => write!(f, "- | hangs"),
            Self::Panics(words) => write!(f, "- | panics: {words}"),
            Self::Hides => write!(f, "NOT FOUND |"),
            Self::Broken(error) => write!(f, "DOES NOT COMPILE | {error}"),
        }
    }
}

/// A copy of the crate, to plant bugs in.
struct Checkout {
    folder: PathBuf,
    code: Code,
}

impl Checkout {
    fn new() -> Self {
        let folder = root().join("target").join("planted");
        copy(root(), &folder);
        // The program itself would be built for every test, and this one does not need it.
        fs::write(folder.join("src/main.rs"), "//! Nothing.\nfn main() {}\n").unwrap();
        let code = Code::read(&folder.join("src"));
        Self { folder, code }
    }

    /// Puts a bug into the copy, runs the simulation, and removes it again.
    fn plant(&self, bug: &Bug) -> End {
        let place = self.code.place(bug.item, bug.old).unwrap_or_else(|why| panic!("`{}` {why}", bug.name));
        let file = self.folder.join("src").join(place.file);
        fs::write(&file, place.with(bug.new)).unwrap();
        let end = match self.build() {
            Ok(simulation) => self.simulate(&simulation, bug),
            Err(error) => End::Broken(error),
        };
        fs::write(&file, place.text).unwrap();
        end
    }

    /// Builds the simulation of the copy. Returns where it is, or the first error.
    fn build(&self) -> Result<PathBuf, String> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--locked", "--test", "simulation", "--no-run", "--message-format", "json"]);
        cargo.current_dir(&self.folder).env("CARGO_TARGET_DIR", self.folder.join("target"));
        // Nobody debugs it, and it links faster.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
        let output = cargo.stderr(Stdio::inherit()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let messages: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let error = messages.iter().find(|message| message["message"]["level"] == "error");
        let is_it = |message: &&Value| message["target"]["name"] == "simulation";
        let built = messages.iter().filter(is_it).find_map(|message| message["executable"].as_str());
        match (error, built) {
            (None, Some(built)) => Ok(built.into()),
            (error, _) => Err(error
                .map_or("cargo failed", |error| error["message"]["message"].as_str().unwrap())
                .to_owned()),
        }
    }

    fn simulate(&self, simulation: &Path, bug: &Bug) -> End {
        let output = self.folder.join("output");
        let file = fs::File::create(&output).unwrap();
        let (test, variable, seeds) = match remembering::BUGS.iter().any(|other| other.name == bug.name) {
            true => ("book::nothing_forgotten_in_many_books", "ENACT_BOOKS", BOOKS),
            false => ("many_seeds_keep_every_promise", "ENACT_SEEDS", SEEDS),
        };
        let seeds = crate::number(variable).unwrap_or(seeds);
        let mut command = Command::new(simulation);
        command.args(["--exact", test]).current_dir(&self.folder);
        command.env(variable, seeds.to_string()).env("RUST_BACKTRACE", "0");
        let mut child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let started = Instant::now();
        loop {
            match child.try_wait().unwrap() {
                Some(status) if status.success() => return End::Hides,
                Some(_) => return End::of(&fs::read_to_string(&output).unwrap()),
                None if started.elapsed() > PATIENCE => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    return End::Hangs;
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

/// Copies files that differ, so that the earlier build can be reused, and removes files that no longer exist.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap().map(Result::unwrap) {
        if !from.join(entry.file_name()).exists() && !NOT_COPIED.iter().any(|name| entry.file_name() == *name)
        {
            let gone = if entry.path().is_dir() { fs::remove_dir_all } else { fs::remove_file };
            gone(entry.path()).unwrap();
        }
    }
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (source, copied) = (entry.path(), to.join(entry.file_name()));
        if NOT_COPIED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if source.is_dir() {
            copy(&source, &copied);
        } else if fs::read(&copied).ok() != Some(fs::read(&source).unwrap()) {
            fs::write(&copied, fs::read(&source).unwrap()).unwrap();
        }
    }
}
