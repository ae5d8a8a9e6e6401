//! The record through many commits: git moves, runs fail and are killed at every point, and what git gave up is never
//! forgotten. Here the repositories, their records and locks are real; the API, the remote and the clock are simulated.
//! Half of the books have a remote, and two machines whose clones know only what was pushed.
//!
//! ```text
//! ENACT_BOOKS=1000 cargo test --release --test simulation books
//! ENACT_BOOK=12 cargo test --test simulation one_book -- --nocapture
//! ENACT_SCENES=100 cargo test --release --test simulation every_point_of_a_book
//! ```

mod far;
mod known;

use std::collections::BTreeMap;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enact::diagnostic::Diagnostic;
use enact::model::plan::TargetPlan;
use enact::model::resource::ResourceId;
use enact::plan::input::PlanOptions;
use enact::plan::lifecycle;
use enact::report::{Report, TargetReport};
use enact::run;
use enact::run::apply::Means;
use enact::run::checkout::ConfigText;
use enact::run::clock::Clock;
use enact::run::history::{BaseSource, History};
use enact::run::journal::Nowhere;
use enact::run::ledger::Ledger;
use enact::run::load::{Load, Shared, load};
use enact::run::lock::Lock;
use enact::run::options::{Empty, RunOptions};
use enact::run::place::{Place, Remote};
use enact::run::plan::Planned;
use enact::run::project::{Connected, Project};
use enact::run::recorder::RunFacts;
use enact::run::tips::Tips;
use enact::run::whose::RunId;
use futures::FutureExt as _;
use futures::future::{Either, join, select};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::fault::Weather;
use crate::history::Body;
use crate::profile::{HELD, OBSERVED};
use crate::profile::{NAMES, PLAIN, PROTECTED, Profile, ROLES, TODAY, Wish, definition, profiles};
use crate::road::{ALLOWED, Wire, connection, lock};
use crate::server::{Objects, Server};
use crate::world::{Chance, Crash, body, weather};
use far::{Far, Unheard, Way};
use known::{Git, Known, STAKES};

/// What `cargo test` runs.
const BOOKS: u64 = if cfg!(debug_assertions) { 60 } else { 1_000 };
/// How many books are killed at every point of one of their chapters.
const SCENES: usize = if cfg!(debug_assertions) { 2 } else { 20 };
/// How many runs without faults may pass before nothing is left to do.
const HEALS: usize = 3;
/// Longer than a lock keeps others away.
const BETWEEN_RUNS: Duration = Duration::from_secs(600);
/// As long.
const ASLEEP: Duration = Duration::from_secs(300);
/// The reference of the lock.
const LOCK: &str = "refs/enact/lock/t";

/// Where a run is killed, beside its requests and its calls to the remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    /// It holds the lock, and has recorded nothing.
    Locked,
    /// It has recorded what it is about to write.
    Begun,
    /// It goes on after its lock ran out, as after a long sleep: it must not write.
    Outlasted,
    /// It has written, and recorded nothing of that.
    Written,
}

/// One commit of git, and the run that applies it.
#[derive(Clone, Debug)]
struct Chapter {
    wishes: BTreeMap<(&'static str, &'static str), Wish>,
    weather: Weather,
    /// At which of its requests the run is killed.
    crash: Option<Crash>,
    /// At which of its calls to the remote.
    cut_off: Option<Crash>,
    killed: Option<Killed>,
    /// What the run does not hear of from the remote.
    unheard: Vec<Unheard>,
    /// Which machine runs it, where there are several.
    machine: usize,
    /// Whether another machine applies the same commit at the same time.
    two: bool,
    /// Whether somebody changes or removes something by hand before the run, or puts another object in its place.
    by_hand: bool,
}

impl Chapter {
    /// The same commit, on this machine, and nothing goes wrong.
    fn calm(&self, machine: usize) -> Self {
        Self {
            wishes: self.wishes.clone(),
            weather: Weather { calm_reads: true, ..Weather::default() },
            crash: None,
            cut_off: None,
            killed: None,
            unheard: Vec::new(),
            machine,
            two: false,
            by_hand: false,
        }
    }
}

fn chapters(chance: &mut Chance, profile: &Profile) -> Vec<Chapter> {
    let mut wishes = BTreeMap::new();
    let crash = |chance: &mut Chance, percent, below| {
        chance.percent(percent).then(|| Crash { at: chance.below(below), done: chance.percent(50) })
    };
    (0..3 + chance.below(4))
        .map(|_| {
            edit(chance, &mut wishes);
            let faults = if chance.percent(60) { weather(chance, profile).faults } else { Vec::new() };
            let few = if chance.percent(40) { chance.below(4) } else { 0 };
            Chapter {
                wishes: wishes.clone(),
                weather: Weather { faults, calm_reads: true, ..Weather::default() },
                crash: crash(chance, 25, 30),
                cut_off: crash(chance, 20, 14),
                killed: chance.percent(25).then(|| {
                    *chance.one(&[Killed::Locked, Killed::Begun, Killed::Outlasted, Killed::Written])
                }),
                unheard: (0..few)
                    .map(|_| Unheard { at: chance.below(14), done: chance.percent(50) })
                    .collect(),
                machine: chance.below(2),
                two: chance.percent(25),
                by_hand: chance.percent(25),
            }
        })
        .collect()
}

/// Git declares, changes and gives up some objects; none that it holds or only observes. A policy refers only to roles that are declared.
fn edit(chance: &mut Chance, wishes: &mut BTreeMap<(&'static str, &'static str), Wish>) {
    let ways: Vec<_> = (0..PLAIN).filter(|way| ![HELD, OBSERVED].contains(way)).collect();
    for (kind, name) in
        ["Role", "Policy"].iter().flat_map(|kind| NAMES.iter().map(move |name| (*kind, *name)))
    {
        match chance.below(10) {
            0..3 => {
                wishes.remove(&(kind, name));
            }
            3..6 => {
                let plain = *chance.one(&ways);
                let roles = if kind == "Policy" { chance.below(ROLES.len()) } else { 0 };
                wishes.insert((kind, name), Wish { kind, name, spec: Some((plain, roles)) });
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

/// A folder in memory, where there is such a place: a book writes thousands of small files.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// A machine with a clone of the repository.
struct Machine {
    folder: TempDir,
    git: git2::Repository,
}

impl Machine {
    /// Its objects are in this folder, as those of every clone of a book.
    fn new(objects: &Path, text: &str, definition: &str) -> Self {
        let folder = folder();
        let git = git2::Repository::init(folder.path()).unwrap();
        let own = git.path().join("objects");
        fs::remove_dir_all(&own).unwrap();
        std::os::unix::fs::symlink(objects, &own).unwrap();
        fs::write(folder.path().join("system.yaml"), definition).unwrap();
        fs::write(folder.path().join("enact.yaml"), text).unwrap();
        Self { folder, git }
    }

    /// Writes what git declares, commits it on top of this commit if it is something else, and checks it out.
    fn check_out(&self, wishes: &[&Wish], system: &str, head: Option<git2::Oid>) -> git2::Oid {
        let policies = self.folder.path().join("policies");
        drop(fs::remove_dir_all(&policies));
        fs::create_dir(&policies).unwrap();
        // Git keeps no empty folder.
        fs::write(policies.join(".keep"), "").unwrap();
        for wish in wishes {
            let file = policies.join(format!("{}-{}.yaml", wish.kind, wish.name));
            fs::write(file, wish.text(system)).unwrap();
        }
        let mut index = self.git.index().unwrap();
        index.clear().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = self.git.find_tree(index.write_tree().unwrap()).unwrap();
        let parent = head.map(|head| self.git.find_commit(head).unwrap());
        let commit = match &parent {
            Some(parent) if parent.tree_id() == tree.id() => parent.id(),
            _ => {
                let time = git2::Time::new(1_700_000_000, 0);
                let who = git2::Signature::new("git", "git@example.com", &time).unwrap();
                let parents: Vec<_> = parent.iter().collect();
                self.git.commit(None, &who, &who, "chapter", &tree, &parents).unwrap()
            }
        };
        self.git.set_head_detached(commit).unwrap();
        commit
    }
}

/// The clock of the simulation, as a lock sees it.
struct Simulated(Instant);

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.0.elapsed()).unwrap();
        Timestamp::from_second(1_767_312_000).unwrap() + passed
    }

    fn awake_or_not(&self) -> Duration {
        self.0.elapsed()
    }
}

struct Book {
    machines: Vec<Machine>,
    /// What every clone has objects in.
    _objects: TempDir,
    far: Option<Arc<Mutex<Far>>>,
    head: Option<git2::Oid>,
    text: String,
    profile: &'static Profile,
    server: Arc<Mutex<Server>>,
    start: Instant,
    seed: u64,
    runs: usize,
    known: Known,
    story: Vec<String>,
}

/// One run, as far as it got.
#[derive(Default)]
struct Passed {
    number: usize,
    machine: usize,
    plan: Option<TargetPlan>,
    /// What was live when it was planned.
    live: Objects,
    /// The log's length when it began to plan, and when it had planned.
    planned: (usize, usize),
    /// What it found as declared at its end, with the ids; none if it did not get that far.
    found: Option<Vec<(ResourceId, String)>>,
    /// Whether it has recorded its end.
    ended: bool,
    /// Whether it may have, and did not hear of it, or keeps its record for the next run of its machine.
    may_have_ended: bool,
    /// Why it went no further.
    refused: Option<Diagnostic>,
    /// How many requests it sent, and how often it called the remote.
    points: (usize, usize),
}

/// What one run has to work with.
struct Hands<'a> {
    machine: &'a Machine,
    wire: Arc<Wire<Server>>,
    way: Option<Way>,
    chapter: &'a Chapter,
    passed: Mutex<Passed>,
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
        let text = format!(
            "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\nsystems: [system.yaml]\ntargets:\n- name: t\n  \
             system: {}\n  url: https://example.com\n  auth: {{bearer: {{env: X}}}}\n  prune: tracked\n  \
             limits: {{concurrency: 3}}\n",
            profile.api.name
        );
        let objects = folder();
        let machine = || Machine::new(objects.path(), &text, &definition(&profile.api));
        let far = chance.percent(50).then(Arc::<Mutex<Far>>::default);
        let machines = if far.is_some() { vec![machine(), machine()] } else { vec![machine()] };
        let server = Server::new(profile.api, live, Weather::default(), Chance::of(!seed));
        let book = Self {
            machines,
            _objects: objects,
            far,
            head: None,
            text,
            profile,
            server: Arc::new(Mutex::new(server)),
            start: Instant::now(),
            seed,
            runs: 0,
            known: Known::default(),
            story: Vec::new(),
        };
        (book, chapters)
    }

    /// What git declares is committed, and on the remote.
    fn commit(&mut self, chapter: &Chapter) {
        let wishes: Vec<_> = chapter.wishes.values().collect();
        for machine in &self.machines {
            self.head = Some(machine.check_out(&wishes, self.profile.api.name, self.head));
        }
    }

    fn project(&self, machine: &Machine) -> Project {
        let origin = ConfigText {
            file: "enact.yaml".to_owned(),
            folder: machine.folder.path().to_owned(),
            text: self.text.clone(),
            unsaved: Arc::default(),
        };
        let plan = PlanOptions { allowed: ALLOWED.to_vec(), day: TODAY, ..PlanOptions::default() };
        let (base, empty) = (BaseSource::Applied, Empty::Allowed);
        let options =
            RunOptions { base, empty, remembers: true, writes: true, plan, ..RunOptions::default() };
        // Half of the books are written by a service, which reads a commit once for all of its passes.
        let Load { project, diagnostics, .. } = match self.seed / 2 % 2 {
            0 => load(&origin, &options),
            _ => Shared::read(origin, &options).load(&options),
        };
        project.unwrap_or_else(|| panic!("{diagnostics:#?}\n{}", self.story.join("\n")))
    }

    /// One run of apply, as far as it gets.
    async fn apply(&self, number: usize, machine: usize, chapter: &Chapter) -> Passed {
        let wire = Wire::new(self.server.clone(), self.start, number, chapter.crash);
        let way = self
            .far
            .as_ref()
            .map(|far| Way::new(far.clone(), wire.clone(), chapter.unheard.clone(), chapter.cut_off));
        let passed = Mutex::new(Passed { number, machine, ..Passed::default() });
        let hands =
            Hands { machine: &self.machines[machine], wire: wire.clone(), way: way.clone(), chapter, passed };
        let walk = Box::pin(AssertUnwindSafe(self.walk(&hands)).catch_unwind());
        match select(walk, Box::pin(wire.dead.notified())).await {
            Either::Left((Ok(ended), _)) => lock(&hands.passed).refused = ended.err(),
            Either::Left((Err(panic), _)) if !panic.is::<far::Killed>() => std::panic::resume_unwind(panic),
            Either::Left(_) => {}
            Either::Right(((), walk)) => {
                way.iter().for_each(Way::die);
                // Nobody gives up the lock of a run that is gone.
                let git = &self.machines[machine].git;
                let left = git.refname_to_id(LOCK).ok();
                drop(walk);
                left.map(|left| git.reference(LOCK, left, true, "").unwrap());
            }
        }
        let mut passed = hands.passed.into_inner().unwrap();
        let is_kept = passed.found.is_some() && passed.refused.is_some();
        passed.may_have_ended = passed.ended || is_kept || way.as_ref().is_some_and(Way::ended);
        passed.points = (wire.sent(), way.as_ref().map_or(0, Way::calls));
        passed
    }

    /// The way of `enact apply`: a plan on what is recorded, the lock, a plan on what is recorded by now, what is about to
    /// be written, the writes, and how they ended.
    async fn walk(&self, hands: &Hands<'_>) -> Result<(), Diagnostic> {
        let seen = self.brought(hands)?;
        let history = seen.history.as_ref().unwrap();
        let planned = self.plan(&seen, hands).await;
        let run = RunId::begin(Some(history.repository()));
        if !would_write(&planned) {
            let place = self.place(history, hands);
            let tips = Tips::of_pass(&seen.targets().collect::<Vec<_>>(), &place)?;
            let reports: Vec<_> = planned.iter().map(Planned::report).collect();
            hands.ends(&reports);
            self.ledger(&seen, &run, tips).pass(&reports, &place)?;
            return hands.ended();
        }
        drop(planned);
        let patience = if hands.chapter.two { BETWEEN_RUNS } else { Duration::ZERO };
        let place = self.place(history, hands);
        let mut held = Lock::take(place, vec![LOCK.to_owned()], run.clone(), patience).await?;
        hands.killed(Killed::Locked).await;
        let tips = Tips::find(&seen.targets().collect::<Vec<_>>(), history, held.place())?;
        let again = tips.moved.then(|| self.project(hands.machine));
        let project = again.as_ref().unwrap_or(&seen);
        let planned = self.plan(project, hands).await;
        if !would_write(&planned) {
            return Ok(());
        }
        let reports: Vec<_> = planned.iter().map(Planned::report).collect();
        let mut ledger = self.ledger(project, &run, tips);
        let keys = ledger.begin(&reports, &held)?;
        hands.killed(Killed::Begun).await;
        if hands.chapter.killed == Some(Killed::Outlasted) {
            tokio::time::sleep(ASLEEP).await;
        }
        hands.wire.begin_to_write();
        let means = Means { journal: &Nowhere, permit: &held, keys: &keys, stop: &hands.wire.stopped };
        let reports = run::apply::apply(planned, &means).await;
        hands.killed(Killed::Written).await;
        hands.ends(&reports);
        ledger.end(&reports, &mut held)?;
        hands.ended()
    }

    /// What is to be applied, on the record of the remote.
    fn brought(&self, hands: &Hands<'_>) -> Result<Project, Diagnostic> {
        let project = self.project(hands.machine);
        let history = project.history.as_ref().unwrap();
        let place = self.place(history, hands);
        let targets: Vec<_> = project.targets().collect();
        let moved = self.far.is_some() && Tips::find(&targets, history, &place)?.moved;
        Ok(if moved { self.project(hands.machine) } else { project })
    }

    async fn plan<'a>(&self, project: &'a Project, hands: &Hands<'_>) -> Vec<Planned<'a>> {
        let began = lock(&self.server).log.len();
        let connected = |intent: run::project::Intent<'a>| Connected {
            intent,
            http: connection(intent.target, &hands.wire, self.seed, None),
            url: &intent.target.config.url,
        };
        let planned = run::plan::plan(project.intents().map(connected).collect()).await;
        let (mut passed, server) = (lock(&hands.passed), lock(&self.server));
        (passed.plan, passed.planned) = (Some(planned[0].plan.clone()), (began, server.log.len()));
        passed.live = server.objects.clone();
        planned
    }

    fn ledger<'a>(&self, project: &'a Project, run: &RunId, tips: Tips) -> Ledger<'a> {
        let history = project.history.as_ref().unwrap();
        let digest = Report::default().digest();
        let facts = RunFacts::of(run, history.commit.unwrap(), digest, None, Vec::new());
        Ledger::open(project, history, facts, false, tips)
    }

    fn place(&self, history: &History, hands: &Hands<'_>) -> Place {
        let mut place = history.place(None, Vec::new(), None).unwrap();
        place.remote = hands.way.clone().map(|way| -> Box<dyn Remote> { Box::new(way) });
        place.clock = Arc::new(Simulated(self.start));
        if hands.chapter.killed == Some(Killed::Outlasted) {
            // A process that is asleep renews nothing.
            place.terms.renewed = BETWEEN_RUNS;
        }
        place
    }

    /// Applies a chapter, and holds the run to the promises. Returns it.
    async fn run(&mut self, chapter: &Chapter) -> Passed {
        lock(&self.server).weather = chapter.weather.clone();
        let began = lock(&self.server).log.len();
        self.known.see(&lock(&self.server).objects.clone());
        self.known.declares(&Git(&chapter.wishes));
        let (number, machine) = (self.runs, chapter.machine % self.machines.len());
        self.runs += 2;
        let passed = if chapter.two && self.far.is_some() {
            let other = Chapter { killed: None, ..chapter.clone() };
            let (one, other) = join(
                self.apply(number, machine, chapter),
                self.apply(number + 1, (machine + 1) % self.machines.len(), &other),
            )
            .await;
            vec![one, other]
        } else {
            vec![self.apply(number, machine, chapter).await]
        };
        self.judge(began, &passed, chapter);
        passed.into_iter().next().unwrap()
    }

    fn judge(&mut self, began: usize, runs: &[Passed], chapter: &Chapter) {
        let git = Git(&chapter.wishes);
        self.tell(began, runs, chapter);
        let log = lock(&self.server).log.clone();
        let numbers: Vec<_> = runs.iter().map(|run| run.number).collect();
        self.known.one_writer(&numbers, &log[began..]);
        if chapter.killed == Some(Killed::Outlasted) {
            let is_write = |entry: &&crate::server::Entry| {
                entry.is_of(numbers[0]) && entry.asked.method != "GET" && !entry.late
            };
            let what =
                log[began..].iter().find(is_write).map(|e| format!("{} {}", e.asked.method, e.asked.path));
            let said = |what| format!("one-writer: run {} sends {what} after its lock ran out", numbers[0]);
            self.known.broken.extend(what.map(said));
        }
        self.known.writes(&numbers, &log[began..], &git);
        for run in runs {
            // What changed while it was read is not in a plan, and need not be.
            let is_still = log[run.planned.0..run.planned.1].iter().all(|entry| entry.commit.is_none());
            if let Some(plan) = run.plan.as_ref().filter(|plan| plan.is_sound() && is_still) {
                self.known.no_orphan_forgotten(plan, &run.live, &git);
            }
        }
        let mut desired = self.profile.desired(&chapter.wishes.values().cloned().collect::<Vec<_>>());
        lifecycle::expire(&mut desired, TODAY);
        for run in runs.iter().filter(|run| run.may_have_ended) {
            for (id, remote) in run.found.iter().flatten() {
                let Some(declared) = desired.get(id) else { continue };
                let spec = declared.spec().as_object().cloned().unwrap_or_default();
                self.known.verified((&id.kind, &id.name, remote), &spec, run.ended);
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

    fn tell(&mut self, began: usize, runs: &[Passed], chapter: &Chapter) {
        let Chapter { wishes, killed, crash, cut_off, unheard, .. } = chapter;
        let machines: Vec<_> = runs.iter().map(|run| format!("{} on {}", run.number, run.machine)).collect();
        self.story.push(format!(
            "-- run {}, {killed:?}, killed at request {crash:?}, at call {cut_off:?}, {unheard:?}",
            machines.join(" and ")
        ));
        let wished = wishes.values().map(|wish| format!("{} {} {:?}", wish.kind, wish.name, wish.spec));
        self.story.push(format!("declared: {}", wished.collect::<Vec<_>>().join(", ")));
        for entry in &lock(&self.server).log[began..] {
            if entry.asked.method != "GET" {
                let body = entry.asked.body.as_ref().map(Value::to_string).unwrap_or_default();
                let done = if entry.commit.is_some() { "done" } else { "not done" };
                let run = entry.by.map(|by| by.run);
                let (method, path, fault) = (&entry.asked.method, &entry.asked.path, &entry.fault);
                let said = format!("{method} {path} {body} {fault:?}: {}, {done}", entry.status);
                self.story.push(format!("  {run:?} {said}"));
            }
        }
        for run in runs {
            let Some(plan) = &run.plan else { continue };
            let changes = plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id));
            let survivors = plan.survivors.iter().map(|one| format!("{} {:?}", one.id, one.reason));
            let wrong = plan.diagnostics.iter().chain(&run.refused);
            let wrong = wrong.map(|one| format!("{}: {}", one.code, one.message));
            let all: Vec<_> = changes.chain(survivors).chain(wrong).collect();
            let (number, ended) = (run.number, run.ended);
            self.story.push(format!("  plan of {number}: {}; recorded its end: {ended}", all.join(", ")));
        }
    }
}

impl Hands<'_> {
    /// The run is killed here, if this is where.
    async fn killed(&self, here: Killed) {
        if self.chapter.killed == Some(here) {
            self.wire.dead.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// The run is about to record its end.
    fn ends(&self, reports: &[TargetReport]) {
        let last = reports[0].verified().unwrap_or(&reports[0].plan);
        let unchanged = last.unchanged.iter().filter(|_| last.is_sound());
        let found = unchanged.filter_map(|id| Some((id.clone(), last.live.get(id)?.to_string())));
        lock(&self.passed).found = Some(found.collect());
    }

    /// It has.
    fn ended(&self) -> Result<(), Diagnostic> {
        lock(&self.passed).ended = true;
        Ok(())
    }
}

fn would_write(planned: &[Planned<'_>]) -> bool {
    planned.iter().all(|planned| planned.plan.is_sound() && !planned.plan.changes.is_empty())
}

/// A book at its end.
struct Written {
    story: String,
    is_broken: bool,
    /// The points of each chapter at which its run could have been killed.
    points: Vec<(usize, usize)>,
}

/// Writes a book to its end, after its chapters were edited.
fn write(seed: u64, edit: impl FnOnce(&mut Vec<Chapter>)) -> Written {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (mut book, mut chapters) = Book::open(seed);
        edit(&mut chapters);
        let mut chance = Chance::of(seed ^ 1);
        let mut points = Vec::new();
        for chapter in &chapters {
            book.commit(chapter);
            if chapter.by_hand {
                book.by_hand(&mut chance);
            }
            points.push(book.run(chapter).await.points);
            tokio::time::sleep(BETWEEN_RUNS).await;
        }
        let mut is_idle = false;
        for heal in 0..=HEALS {
            let calm = chapters[chapters.len() - 1].calm(heal);
            let run = book.run(&calm).await;
            is_idle = run.ended && run.plan.is_some_and(|plan| plan.is_sound() && plan.changes.is_empty());
            tokio::time::sleep(BETWEEN_RUNS).await;
            if is_idle {
                break;
            }
        }
        if !is_idle {
            book.known.broken.push("fixed-point: something is left to do".to_owned());
        }
        let live = lock(&book.server).objects.clone();
        book.known.given_up_fields(&chapters, &live);
        let Book { story, known, profile, far, .. } = book;
        let place = if far.is_some() { "with a remote and two machines" } else { "on one machine" };
        let head = format!("book {seed} on the API `{}`, {place}\n", profile.api.name);
        let told: String = known.broken.iter().map(|broken| format!("BROKEN {broken}\n")).collect();
        let is_broken = !known.broken.is_empty();
        Written { story: head + &story.join("\n") + "\n" + &told, is_broken, points }
    })
}

/// Writes a book to its end. Returns what is broken, as a story.
fn broken(seed: u64) -> Option<String> {
    let panics = |_| Some(format!("book {seed}\nBROKEN ends: it panics"));
    let written = || Some(write(seed, |_| {})).filter(|book| book.is_broken).map(|book| book.story);
    std::panic::catch_unwind(written).unwrap_or_else(panics)
}

#[test]
fn nothing_forgotten_in_many_books() {
    let seeds = crate::number("ENACT_BOOKS").unwrap_or(BOOKS);
    let from = crate::number("ENACT_FROM").unwrap_or(0);
    if let Some((seed, story)) = crate::first_broken(from..from + seeds, broken) {
        panic!("{story}\nreproduce: ENACT_BOOK={seed} cargo test --test simulation one_book -- --nocapture");
    }
    for (what, count) in [
        ("orphans", &STAKES.orphans),
        ("evident", &STAKES.evident),
        ("deletes", &STAKES.deletes),
        ("expired", &STAKES.expired),
        ("turns", &STAKES.turns),
    ] {
        let count = count.load(Ordering::Relaxed);
        println!("{what}: {count}");
        assert!(seeds < BOOKS || count > 0, "no book puts {what} at stake");
    }
}

/// Every chapter of a book without faults is killed at each request and each call to the remote, before and after it was
/// done.
fn every_point_of(seed: u64) -> Result<usize, String> {
    let calm = |chapters: &mut Vec<Chapter>| {
        for chapter in chapters {
            let by_hand = chapter.by_hand;
            *chapter = Chapter { by_hand, ..chapter.calm(chapter.machine) };
        }
    };
    let whole = write(seed, calm);
    if whole.is_broken {
        return Err(whole.story);
    }
    let longest = (0..whole.points.len()).max_by_key(|index| whole.points[*index].0).unwrap();
    let (requests, calls) = whole.points[longest];
    let at = |count: usize| (0..count).flat_map(|at| [false, true].map(|done| Crash { at, done }));
    let points = at(requests).map(|crash| (Some(crash), None));
    let points: Vec<_> = points.chain(at(calls).map(|crash| (None, Some(crash)))).collect();
    for (crash, cut_off) in &points {
        let killed = write(seed, |chapters| {
            calm(chapters);
            (chapters[longest].crash, chapters[longest].cut_off) = (*crash, *cut_off);
        });
        if killed.is_broken {
            return Err(killed.story);
        }
    }
    Ok(points.len())
}

#[test]
fn nothing_forgotten_killed_at_every_point_of_a_book() {
    let scenes = crate::number("ENACT_SCENES").map_or(SCENES, |scenes| usize::try_from(scenes).unwrap());
    let (next, points) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |cores| cores.get()) {
            scope.spawn(|| {
                loop {
                    let scene = next.fetch_add(1, Ordering::Relaxed);
                    if scene >= scenes {
                        return;
                    }
                    let count = every_point_of(scene as u64).unwrap_or_else(|story| panic!("{story}"));
                    points.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} crash points of {scenes} books", points.into_inner());
}

#[test]
fn one_book() {
    if let Some(seed) = crate::number("ENACT_BOOK") {
        println!("{}", write(seed, |_| {}).story);
    }
}
