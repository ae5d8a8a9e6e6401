//! The record through many commits: git moves, runs fail and are killed at every point, and what git gave up is never
//! forgotten. Here the repository, its record and its lock are real; the API and the clock are simulated.
//!
//! ```text
//! ENACT_BOOKS=1000 cargo test --release --test simulation books
//! ENACT_BOOK=12 cargo test --test simulation one_book -- --nocapture
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enact::model::change::Action;
use enact::model::plan::TargetPlan;
use enact::plan::input::PlanOptions;
use enact::report::{Report, TargetReport};
use enact::run;
use enact::run::apply::Means;
use enact::run::history::{BaseSource, History};
use enact::run::journal::Nowhere;
use enact::run::ledger::Ledger;
use enact::run::load::{ConfigText, Load, load};
use enact::run::lock::{Lock, Place};
use enact::run::options::{Empty, RunOptions};
use enact::run::plan::Planned;
use enact::run::project::{Connected, Project};
use enact::run::recorder::RunFacts;
use enact::run::tips::{self, Tips};
use enact::run::whose::RunId;
use futures::future::{Either, select};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::fault::Weather;
use crate::history::Body;
use crate::profile::{NAMES, PLAIN, PROTECTED, Profile, ROLES, Wish, definition, profiles};
use crate::road::{ALLOWED, Wire, connection, lock};
use crate::server::{Objects, Server};
use crate::world::{Chance, Crash, body, weather};

/// What `cargo test` runs.
const BOOKS: u64 = if cfg!(debug_assertions) { 60 } else { 1_000 };
/// How many runs without faults may pass before nothing is left to do.
const HEALS: usize = 3;
const BETWEEN_RUNS: Duration = Duration::from_secs(600);
/// The fields that both sides show in the same words.
const FIELDS: [&str; 3] = ["text", "limit", "tags"];

/// Where a run is killed, beside its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    /// It holds the lock, and has recorded nothing.
    Locked,
    /// It has recorded what it is about to write.
    Begun,
    /// It goes on after its lock ran out, as after a long sleep: it must not write.
    Outlasted,
    /// It has written, and recorded nothing of that; its last push may as well have been lost.
    Written,
}

/// One commit of git, and the run that applies it.
#[derive(Clone, Debug)]
struct Chapter {
    wishes: BTreeMap<(&'static str, &'static str), Wish>,
    weather: Weather,
    crash: Option<Crash>,
    killed: Option<Killed>,
    /// Whether somebody changes, removes or renames something by hand before the run.
    by_hand: bool,
}

fn chapters(chance: &mut Chance, profile: &Profile) -> Vec<Chapter> {
    let mut wishes = BTreeMap::new();
    (0..3 + chance.below(4))
        .map(|_| {
            edit(chance, &mut wishes);
            let calm = Weather::default();
            let faults = if chance.percent(60) { weather(chance, profile).faults } else { Vec::new() };
            Chapter {
                wishes: wishes.clone(),
                weather: Weather { faults, calm_reads: true, ..calm },
                crash: chance.percent(25).then(|| Crash { at: chance.below(30), done: chance.percent(50) }),
                killed: chance.percent(25).then(|| {
                    *chance.one(&[Killed::Locked, Killed::Begun, Killed::Outlasted, Killed::Written])
                }),
                by_hand: chance.percent(25),
            }
        })
        .collect()
}

/// Git declares, changes and gives up some objects. A policy refers only to roles that are declared.
fn edit(chance: &mut Chance, wishes: &mut BTreeMap<(&'static str, &'static str), Wish>) {
    for (kind, name) in
        ["Role", "Policy"].iter().flat_map(|kind| NAMES.iter().map(move |name| (*kind, *name)))
    {
        match chance.below(10) {
            0..3 => {
                wishes.remove(&(kind, name));
            }
            3..6 => {
                // Not the ways that hold an object or only observe it.
                let plain = *chance.one(&[0, 1, 2, 3, 4, 6]);
                let roles = if kind == "Policy" { chance.below(ROLES.len()) } else { 0 };
                wishes.insert((kind, name), Wish { kind, name, spec: Some((plain % PLAIN, roles)) });
            }
            6 if (kind, name) != PROTECTED => {
                wishes.insert((kind, name), Wish { kind, name, spec: None });
            }
            _ => {}
        }
    }
    let stays = |wishes: &BTreeMap<_, Wish>, role: &'static str| {
        wishes.get(&("Role", role)).is_some_and(|wish: &Wish| wish.spec.is_some())
    };
    let known: Vec<_> = NAMES.into_iter().filter(|name| stays(wishes, name)).collect();
    for wish in wishes.values_mut().filter(|wish| wish.kind == "Policy") {
        if let Some((plain, roles)) = wish.spec
            && !ROLES[roles].iter().all(|role| known.contains(role))
        {
            wish.spec = Some((plain, 0));
        }
    }
}

/// What the test knows by itself of an object: nothing of it is read from a record.
#[derive(Default)]
struct Known {
    /// Objects that a run created or was seen to take over, by kind and id, with their names.
    ours: BTreeMap<(String, String), String>,
    /// What git declared of them when a run that ended found them so.
    verified: BTreeMap<(String, String), Body>,
    /// Every spec that git ever declared, by kind and name.
    declared: BTreeMap<(String, String), Vec<Body>>,
    /// Objects that somebody else made, or a request after its run had ended.
    strangers: BTreeSet<(String, String)>,
    /// Objects that somebody changed by hand since.
    touched: BTreeSet<(String, String)>,
}

struct Book {
    folder: TempDir,
    git: git2::Repository,
    text: String,
    profile: &'static Profile,
    server: Arc<Mutex<Server>>,
    start: Instant,
    seed: u64,
    known: Known,
    story: Vec<String>,
    broken: Vec<String>,
}

/// How far a run got.
#[derive(Default)]
struct Passed {
    plan: Option<TargetPlan>,
    /// What was live when it was planned.
    live: Objects,
    /// The log's length then.
    planned: usize,
    report: Option<TargetReport>,
    /// Whether it has recorded its end.
    ended: bool,
}

impl Book {
    fn open(seed: u64) -> (Self, Vec<Chapter>) {
        let mut chance = Chance::of(seed);
        let profile = chance.one(profiles());
        let chapters = chapters(&mut chance, profile);
        let mut live = Objects::new();
        for name in ["theirs", "a"] {
            if chance.percent(40) {
                let id = if profile.api.ids { format!("i{}", chance.below(1000)) } else { name.to_owned() };
                let fields = body(Body::new(), name, profile.api.ids.then_some(&id), "red");
                live.insert(("Role".to_owned(), id), fields);
            }
        }
        let folder = TempDir::new().unwrap();
        let git = git2::Repository::init(folder.path()).unwrap();
        fs::write(folder.path().join("system.yaml"), definition(&profile.api)).unwrap();
        let text = format!(
            "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\nsystems: [system.yaml]\ntargets:\n- name: t\n  \
             system: {}\n  url: https://example.com\n  auth: {{bearer: {{env: X}}}}\n  prune: tracked\n  \
             limits: {{concurrency: 3}}\n",
            profile.api.name
        );
        fs::write(folder.path().join("enact.yaml"), &text).unwrap();
        let server = Server::new(profile.api, live, Weather::default(), Chance::of(!seed));
        let book = Self {
            folder,
            git,
            text,
            profile,
            server: Arc::new(Mutex::new(server)),
            start: Instant::now(),
            seed,
            known: Known::default(),
            story: Vec::new(),
            broken: Vec::new(),
        };
        (book, chapters)
    }

    fn commit(&self, chapter: &Chapter) {
        let policies = self.folder.path().join("policies");
        drop(fs::remove_dir_all(&policies));
        fs::create_dir(&policies).unwrap();
        // Git keeps no empty folder.
        fs::write(policies.join(".keep"), "").unwrap();
        for wish in chapter.wishes.values() {
            let file = policies.join(format!("{}-{}.yaml", wish.kind, wish.name));
            fs::write(file, wish.text(self.profile.api.name)).unwrap();
        }
        let mut index = self.git.index().unwrap();
        index.clear().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = self.git.find_tree(index.write_tree().unwrap()).unwrap();
        let who = git2::Signature::new("git", "git@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap();
        let parent = self.git.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        self.git.commit(Some("HEAD"), &who, &who, "chapter", &tree, &parents).unwrap();
    }

    fn project(&self) -> Project {
        let origin = ConfigText {
            file: "enact.yaml".to_owned(),
            folder: self.folder.path().to_owned(),
            text: self.text.clone(),
        };
        let plan = PlanOptions { allowed: ALLOWED.to_vec(), ..PlanOptions::default() };
        let (base, empty) = (BaseSource::Applied, Empty::Allowed);
        let options =
            RunOptions { base, empty, remembers: true, writes: true, plan, ..RunOptions::default() };
        let Load { project, diagnostics, .. } = load(&origin, &options);
        project.unwrap_or_else(|| panic!("book {}: {diagnostics:#?}\n{}", self.seed, self.story.join("\n")))
    }

    /// One run of apply, as far as it gets.
    async fn apply(&mut self, number: usize, chapter: &Chapter) -> Passed {
        lock(&self.server).weather = chapter.weather.clone();
        let project = self.project();
        let wire = Wire::new(self.server.clone(), self.start, number, chapter.crash);
        let passed = Mutex::new(Passed::default());
        let walk = Box::pin(walk(&project, &wire, chapter.killed, self.seed, &passed));
        if let Either::Right(((), walk)) = select(walk, Box::pin(wire.dead.notified())).await {
            drop(walk);
        }
        passed.into_inner().unwrap()
    }

    async fn run(&mut self, number: usize, chapter: &Chapter) -> bool {
        let began = lock(&self.server).log.len();
        let passed = self.apply(number, chapter).await;
        let desired = self.profile.desired(&chapter.wishes.values().cloned().collect::<Vec<_>>());
        for declared in desired.values().filter(|declared| !declared.absent()) {
            let key = (declared.id.kind.clone(), declared.id.name.clone());
            let spec = declared.spec().as_object().cloned().unwrap_or_default();
            self.known.declared.entry(key).or_default().push(spec);
        }
        let declared: BTreeSet<_> = desired.keys().map(|id| (id.kind.clone(), id.name.clone())).collect();
        self.story.push(format!("-- run {number}, {:?}, {:?}", chapter.killed, chapter.crash));
        self.tell(&passed, &chapter.wishes, began);
        self.writes(number, began, &declared, chapter.killed);
        if let Some(plan) = passed.plan.as_ref().filter(|plan| plan.is_sound()) {
            self.no_orphan_forgotten(plan, &passed, began, &declared);
        }
        let last = passed.report.as_ref().map(|report| report.verified().unwrap_or(&report.plan));
        for id in
            last.filter(|last| passed.ended && last.is_sound()).into_iter().flat_map(|last| &last.unchanged)
        {
            let (Some(declared), Some(remote)) = (desired.get(id), last.and_then(|last| last.live.get(id)))
            else {
                continue;
            };
            let key = (id.kind.clone(), remote.as_str().to_owned());
            self.known.ours.insert(key.clone(), id.name.clone());
            self.known.touched.remove(&key);
            self.known.verified.insert(key, declared.spec().as_object().cloned().unwrap_or_default());
        }
        passed.plan.is_some_and(|plan| plan.is_sound() && plan.changes.is_empty()) && passed.ended
    }

    /// *No orphan is ever forgotten*: what enact made or took over, and git does not declare, is in every plan.
    fn no_orphan_forgotten(
        &mut self,
        plan: &TargetPlan,
        passed: &Passed,
        began: usize,
        declared: &BTreeSet<(String, String)>,
    ) {
        // What changed while it was read is not in it, and need not be.
        if lock(&self.server).log[began..passed.planned].iter().any(|entry| entry.commit.is_some()) {
            return;
        }
        for ((kind, remote), object) in &passed.live {
            let Some(name) = self.known.ours.get(&(kind.clone(), remote.clone())) else { continue };
            if declared.contains(&(kind.clone(), name.clone())) || object["name"] != json!(name) {
                continue;
            }
            let is_deleted = plan.changes.iter().any(|change| {
                change.action == Action::Delete && (&change.id.kind, &change.id.name) == (kind, name)
            });
            let survivor = plan.survivors.iter().find(|one| (&one.id.kind, &one.id.name) == (kind, name));
            // One that took the place of another under its name is told by its id: it is not in git.
            let mut unmanaged = plan.coverage.unmanaged().iter().filter_map(|one| one.remote.as_ref());
            let is_strange = self.known.strangers.contains(&(kind.clone(), remote.clone()));
            if is_strange && unmanaged.any(|other| other.as_str() == remote) {
                continue;
            }
            match survivor {
                None if !is_deleted => self.broken.push(format!(
                    "nothing-forgotten: {kind} {name} ({remote}) is alive, and no plan says so"
                )),
                Some(survivor) if self.is_evident(kind, remote, object) => {
                    let reason = survivor.reason;
                    self.broken.push(format!("pruned: {kind} {name} ({remote}) stays: {reason:?}"));
                }
                _ => {}
            }
        }
    }

    /// Whether everything that a delete needs is known of an object, and it still is as git declared it.
    fn is_evident(&self, kind: &str, remote: &str, object: &Body) -> bool {
        let key = (kind.to_owned(), remote.to_owned());
        let protected = (json!(kind), &object["name"]) == (json!(PROTECTED.0), &json!(PROTECTED.1));
        let is_verified = |spec: &Body| !spec.is_empty() && is_as(object, spec);
        let verified = self.known.verified.get(&key).is_some_and(is_verified);
        verified && !protected && !self.known.touched.contains(&key)
    }

    /// Whether an object is as git declared it at some time: it may have been attempted, and never verified.
    fn was_declared(&self, kind: &str, name: &str, object: &Body) -> bool {
        let specs = self.known.declared.get(&(kind.to_owned(), name.to_owned()));
        specs.into_iter().flatten().any(|spec| is_as(object, spec))
    }

    /// *One writer*: no write begins without a lock. *No delete without an entry*: what git does not name is deleted only if it was seen to be as git declared it, and
    /// still is.
    fn writes(
        &mut self,
        number: usize,
        began: usize,
        declared: &BTreeSet<(String, String)>,
        killed: Option<Killed>,
    ) {
        let log = lock(&self.server).log[began..].to_vec();
        let mut own = log.iter().filter(|entry| entry.is_of(number) && entry.asked.method != "GET");
        if let (Some(Killed::Outlasted), Some(entry)) = (killed, own.next()) {
            let what = format!("{} {}", entry.asked.method, entry.asked.path);
            self.broken.push(format!("one-writer: run {number} sends {what} after its lock ran out"));
        }
        for entry in log.iter().filter(|entry| entry.by.is_some()) {
            let Some(commit) = &entry.commit else { continue };
            let (kind, name) = (commit.kind.clone(), commit.name().to_owned());
            let key = (kind.clone(), commit.id.clone());
            match (&commit.before, &commit.after) {
                // The server did it after its run had ended: nobody can know whose it is. It is not in git, and a plan
                // says so.
                (None, _) if !entry.is_of(number) => drop(self.known.strangers.insert(key)),
                (None, _) => drop(self.known.ours.insert(key, name)),
                (Some(before), None) if !declared.contains(&(kind.clone(), name.clone())) => {
                    let what = format!("run {number} deletes {kind} {name} ({})", commit.id);
                    let why = match self.known.verified.get(&key) {
                        None => Some("which was never seen to be as declared"),
                        Some(_) if (kind.as_str(), name.as_str()) == PROTECTED => Some("which was protected"),
                        Some(_) if !self.was_declared(&kind, &name, before) => {
                            Some("which is not as git ever declared it")
                        }
                        Some(_) => None,
                    };
                    self.broken.extend(why.map(|why| format!("delete-needs-evidence: {what}, {why}")));
                }
                _ => {}
            }
        }
    }

    /// Somebody changes a field of an object, removes one, or puts another one in its place.
    fn by_hand(&mut self, chance: &mut Chance) {
        let mut server = lock(&self.server);
        let keys: Vec<_> = server.objects.keys().cloned().collect();
        if keys.is_empty() {
            return;
        }
        let key = chance.one(&keys).clone();
        if chance.percent(50) {
            let gone = server.objects.remove(&key);
            // Somebody may make another one of its name.
            if let Some(mut another) = gone.filter(|_| self.profile.api.ids && chance.percent(50)) {
                let id = format!("another-{}", chance.below(0x10000));
                another.insert("id".to_owned(), json!(id));
                self.known.strangers.insert((key.0.clone(), id.clone()));
                server.insert((key.0.clone(), id), another);
            }
            // What refers to it is no longer as git declared it.
            let refers =
                |object: &Body| object["roles"].as_array().is_some_and(|roles| roles.contains(&json!(key.1)));
            let others = server.objects.iter().filter(|(_, object)| refers(object));
            self.known.touched.extend(others.map(|(key, _)| key.clone()));
        } else if let Some(object) = server.objects.get_mut(&key) {
            object.insert("text".to_owned(), json!("by hand"));
        }
        self.story.push(format!("somebody changes {} {}", key.0, key.1));
        self.known.touched.insert(key);
    }

    fn tell(&mut self, passed: &Passed, wishes: &BTreeMap<(&str, &str), Wish>, began: usize) {
        let wished = wishes.values().map(|wish| format!("{} {} {:?}", wish.kind, wish.name, wish.spec));
        self.story.push(format!("declared: {}", wished.collect::<Vec<_>>().join(", ")));
        for entry in &lock(&self.server).log[began..] {
            if entry.asked.method != "GET" {
                let body = entry.asked.body.as_ref().map(Value::to_string).unwrap_or_default();
                let done = if entry.commit.is_some() { "done" } else { "not done" };
                let (method, path, fault) = (&entry.asked.method, &entry.asked.path, &entry.fault);
                self.story.push(format!("  {method} {path} {body} {fault:?}: {}, {done}", entry.status));
            }
        }
        if let Some(plan) = &passed.plan {
            let changes = plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id));
            let survivors = plan.survivors.iter().map(|one| format!("{} {:?}", one.id, one.reason));
            let wrong = plan.diagnostics.iter().map(|one| format!("{}: {}", one.code, one.message));
            let all: Vec<_> = changes.chain(survivors).chain(wrong).collect();
            self.story.push(format!("  plan: {}; recorded its end: {}", all.join(", "), passed.ended));
        }
    }

    /// Every field that git gave up of an object that it still declares went back to its default.
    fn given_up_fields(&mut self, chapters: &[Chapter]) {
        let last = &chapters[chapters.len() - 1].wishes;
        let live = lock(&self.server).objects.clone();
        for ((kind, remote), object) in &live {
            let key = (kind.clone(), remote.clone());
            let wish = last.values().find(|wish| wish.kind == kind && object["name"] == json!(wish.name));
            let is_strange = self.known.touched.contains(&key) || self.known.strangers.contains(&key);
            let (Some(wish), false) = (wish, is_strange) else { continue };
            let defaults = crate::world::defaults();
            for field in FIELDS.iter().filter(|_| wish.spec.is_some()) {
                let set = chapters.iter().filter_map(|chapter| chapter.wishes.get(&(wish.kind, wish.name)));
                let was_set = set.into_iter().any(|wish| wish.fields().get(*field) == Some(&object[*field]));
                let declared = wish.fields().contains_key(*field);
                if was_set && !declared && object[*field] != defaults[*field] {
                    let value = &object[*field];
                    self.broken.push(format!("given-up: {kind} {} keeps {field} {value}", wish.name));
                }
            }
        }
    }
}

/// The way of `enact apply`: plan, lock, record what is about to be written, write, record how it ended.
async fn walk(
    project: &Project,
    wire: &Arc<Wire<Server>>,
    killed: Option<Killed>,
    seed: u64,
    passed: &Mutex<Passed>,
) {
    let history = project.history.as_ref().unwrap();
    let planned = run::plan::plan(connected(project, wire, seed)).await;
    let reports: Vec<_> = planned.iter().map(Planned::report).collect();
    {
        let (mut passed, server) = (lock(passed), lock(&wire.server));
        (passed.plan, passed.planned) = (Some(reports[0].plan.clone()), server.log.len());
        passed.live = server.objects.clone();
    }
    let targets: Vec<_> = project.targets().collect();
    let run = RunId::begin(Some(history.repository()));
    let digest = Report::default().digest();
    let facts = RunFacts::of(&run, history.commit.unwrap(), digest, None, Vec::new());
    if reports[0].plan.changes.is_empty() || !reports[0].plan.is_sound() {
        let tips = Tips::of_pass(&targets, &place(history)).unwrap();
        Ledger::open(project, history, facts, false, tips).pass(&reports, &place(history)).unwrap();
        let mut passed = lock(passed);
        (passed.ended, passed.report) = (true, reports.into_iter().next());
        return;
    }
    let mut place = place(history);
    if killed == Some(Killed::Outlasted) {
        place.terms.lasts = Duration::ZERO;
    }
    let mut held = Lock::take(place, vec![tips::lock("t")], run, Duration::ZERO).await.unwrap();
    if killed == Some(Killed::Locked) {
        return;
    }
    let tips = Tips::find(&targets, history, held.place()).unwrap();
    let mut ledger = Ledger::open(project, history, facts, false, tips);
    let keys = ledger.begin(&reports, &held).unwrap();
    if killed == Some(Killed::Begun) {
        return;
    }
    wire.begin_to_write();
    let means = Means { journal: &Nowhere, permit: &held, keys: &keys, stop: &wire.stopped };
    let reports = run::apply::apply(planned, &means).await;
    if killed == Some(Killed::Written) {
        return;
    }
    ledger.end(&reports, &mut held).unwrap();
    let mut passed = lock(passed);
    (passed.ended, passed.report) = (true, reports.into_iter().next());
}

fn place(history: &History) -> Place {
    history.place(None, Vec::new()).unwrap()
}

fn connected<'a>(project: &'a Project, wire: &Arc<Wire<Server>>, seed: u64) -> Vec<Connected<'a>> {
    let of = |intent: run::project::Intent<'a>| Connected {
        intent,
        http: connection(intent.target, wire, seed, None),
        url: &intent.target.config.url,
    };
    project.intents().map(of).collect()
}

/// Whether a live object holds what was declared, as far as both say it in the same words.
fn is_as(object: &Body, spec: &Body) -> bool {
    let texts = |value: &Value| {
        let mut all: Vec<_> = value.as_array().into_iter().flatten().map(ToString::to_string).collect();
        all.sort();
        all
    };
    let same = |field: &&str| match spec.get(*field) {
        Some(Value::Array(_)) => texts(&object[*field]) == texts(&spec[*field]),
        Some(wanted) => object[*field] == *wanted,
        None => true,
    };
    FIELDS.iter().all(same)
}

/// Writes a book to its end. Returns what is broken, as a story.
fn broken(seed: u64) -> Option<String> {
    let (story, is_broken) = write(seed);
    is_broken.then_some(story)
}

/// The story of a book, and whether it breaks a promise.
fn write(seed: u64) -> (String, bool) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (mut book, chapters) = Book::open(seed);
        let mut chance = Chance::of(seed ^ 1);
        for (number, chapter) in chapters.iter().enumerate() {
            book.commit(chapter);
            if chapter.by_hand {
                book.by_hand(&mut chance);
            }
            book.run(number, chapter).await;
            tokio::time::sleep(BETWEEN_RUNS).await;
        }
        let last = Chapter {
            weather: Weather::default(),
            crash: None,
            killed: None,
            by_hand: false,
            ..chapters[chapters.len() - 1].clone()
        };
        let mut is_idle = false;
        for heal in 0..=HEALS {
            is_idle = book.run(chapters.len() + heal, &last).await;
            tokio::time::sleep(BETWEEN_RUNS).await;
            if is_idle {
                break;
            }
        }
        if !is_idle {
            book.broken.push("fixed-point: something is left to do".to_owned());
        }
        book.given_up_fields(&chapters);
        let Book { story, broken, profile, .. } = book;
        let head = format!("book {seed} on the API `{}`\n", profile.api.name);
        let told: String = broken.iter().map(|broken| format!("BROKEN {broken}\n")).collect();
        (head + &story.join("\n") + "\n" + &told, !broken.is_empty())
    })
}

#[test]
fn nothing_forgotten_in_many_books() {
    let seeds = crate::number("ENACT_BOOKS").unwrap_or(BOOKS);
    let from = crate::number("ENACT_FROM").unwrap_or(0);
    if let Some((seed, story)) = crate::first_broken(from..from + seeds, broken) {
        panic!("{story}\nreproduce: ENACT_BOOK={seed} cargo test --test simulation one_book -- --nocapture");
    }
}

#[test]
fn one_book() {
    if let Some(seed) = crate::number("ENACT_BOOK") {
        println!("{}", write(seed).0);
    }
}
