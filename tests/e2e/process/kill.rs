//! crash-safe and no-duplicates: the process is killed at every request of an apply, and at random times; the next run
//! ends like an undisturbed one.
//!
//! ```sh
//! ENACT_KILL_SEED=123 cargo test --test e2e killed_at_a_random_time -- --nocapture
//! ```

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::between::Between;
use crate::conformance::subject::{Subject, subject};
use crate::world::{World, enact, file};

/// Everything stored in a system that enact could change.
const COLLECTIONS: [&str; 3] = ["roles", "policies", "rules"];
const EVENTS: &str = "events.jsonl";
const APPLY: [&str; 5] = ["apply", "--yes", "--quiet", "--events", EVENTS];
const APPLIED: &str = ".git/refs/enact/applied/live";
const RECORD: &str = ".git/refs/enact/record/live";
const LOCK: &str = ".git/refs/enact/lock/live";
const SEEN: &str = ".git/refs/enact/seen/live";
/// What the change is about, and whether it exists afterwards.
const CHANGED: [(&str, bool); 5] = [
    ("Policy alpha", true),
    ("Policy beta", false),
    ("Policy gamma", true),
    ("Policy delta", true),
    ("Policy epsilon", false),
];
/// How often each system's run is killed at a random time.
const RANDOM: usize = 5;

/// Where the process is killed: at a request, before or after the server does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Before(usize),
    After(usize),
    Time(Duration),
}

/// Counts requests, and kills the process at one of them.
#[derive(Default)]
struct Trap {
    requests: AtomicUsize,
    at: Mutex<Option<At>>,
    child: Mutex<Option<Child>>,
    began: Mutex<Option<Instant>>,
}

impl Trap {
    /// Whether this is the moment, and the process is dead now.
    fn strikes(&self, now: At) -> bool {
        let strikes = *self.at.lock().unwrap() == Some(now);
        if strikes {
            self.kill();
        }
        strikes
    }

    fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        let child = child.as_mut().unwrap();
        child.kill().and_then(|()| child.wait()).unwrap();
    }

    fn is_over(&self) -> bool {
        self.child.lock().unwrap().as_mut().unwrap().try_wait().unwrap().is_some()
    }
}

/// A change with creates, an update and two kinds of deletes, and where it begins and ends.
struct Story {
    world: World,
    trap: Arc<Trap>,
    start: Vec<(&'static str, Value)>,
    /// A person's object.
    omega: Value,
    base: String,
    record: String,
    commit: String,
    undisturbed: Undisturbed,
    /// How many writes may have ended without a line.
    at_once: usize,
}

/// A run that is not killed.
#[derive(Default)]
struct Undisturbed {
    end: State,
    writes: usize,
    /// Before each request from the last one before the first write on, and after each write: at every other moment the
    /// server and the journal are as at one of these.
    moments: Vec<At>,
    took: Duration,
}

/// What is live, by name, without what only the server chooses.
type State = BTreeMap<String, Value>;

impl Story {
    fn new(subject: &Subject, limits: &str, at_once: usize) -> Self {
        let trap = Arc::<Trap>::default();
        let at = Arc::clone(&trap);
        let between = Between::new(subject.system, move |asked, out| {
            let number = at.requests.fetch_add(1, Ordering::SeqCst);
            at.began.lock().unwrap().get_or_insert_with(Instant::now);
            if at.strikes(At::Before(number)) {
                return Ok(());
            }
            let answer = asked.honest();
            at.strikes(At::After(number));
            out.write_all(&answer)
        });
        let more = format!("  prune: tracked\n{limits}");
        let world = World::on(Box::new(between), subject.system, subject.settings, &more);
        for (kind, name, spec) in subject.others {
            world.declare(kind, name, spec);
        }
        for name in ["alpha", "beta", "epsilon"] {
            world.declare("Policy", name, subject.spec);
        }
        world.git(&["init", "-q", "-b", "main"]);
        let base = world.commit();
        assert_eq!(world.apply().0, 0);
        let record = world.git(&["rev-parse", "refs/enact/record/live"]);
        // A person's object, and a person's field in an object that git changes.
        let mut omega = world.object("policies", "alpha");
        let id = if subject.system == "compiuta" { "omega" } else { "00000000-0000-4000-8000-00000000000a" };
        (omega["id"], omega["name"]) = (json!(id), json!("omega"));
        assert!(world.live.insert("policies", omega.clone()));
        world.drift("policies", "alpha", "from_the_future", json!({"x": [1, 2]}));

        world.declare("Policy", "alpha", subject.changed);
        std::fs::remove_file(world.dir.path().join(file("Policy", "beta"))).unwrap();
        world.declare_absent("Policy", "epsilon");
        world.declare("Policy", "gamma", subject.spec);
        world.declare("Policy", "delta", subject.spec);
        let commit = world.commit();
        let all = |collection| world.objects(collection).into_iter().map(move |object| (collection, object));
        let start = COLLECTIONS.into_iter().flat_map(all).collect();
        let undisturbed = Undisturbed::default();
        let mut story = Self { world, trap, start, omega, base, record, commit, undisturbed, at_once };
        story.undisturbed = story.go_through();
        assert_eq!(story.check_events(&story.undisturbed.end), CHANGED.len());
        story
    }

    fn go_through(&self) -> Undisturbed {
        assert_eq!(self.run(None), Some(0));
        let took = self.trap.began.lock().unwrap().unwrap().elapsed();
        let end = self.state();
        for (name, there) in CHANGED {
            assert_eq!(end.contains_key(name), there, "{name}: {end:#?}");
        }
        let requests = self.world.live.requests();
        let writes: Vec<_> = (0..requests.len()).filter(|at| requests[*at].method != "GET").collect();
        let (first, last) = (writes[0] - 1, writes[writes.len() - 1] + 1);
        let moments = (first..=last).map(At::Before).chain(writes.into_iter().map(At::After)).collect();
        Undisturbed { end, writes: self.committed(), moments, took }
    }

    /// Puts everything back, and runs the process until it ends or is killed. Returns the exit code, if there is one.
    fn run(&self, at: Option<At>) -> Option<i32> {
        self.reset();
        *self.trap.at.lock().unwrap() = at;
        *self.trap.began.lock().unwrap() = None;
        self.trap.requests.store(0, Ordering::SeqCst);
        {
            let mut child = self.trap.child.lock().unwrap();
            let mut command = enact(self.world.dir.path());
            command.args(APPLY).stdout(Stdio::null()).stderr(Stdio::null());
            *child = Some(command.spawn().unwrap());
        }
        while !self.trap.is_over() {
            let began = *self.trap.began.lock().unwrap();
            if let (Some(At::Time(time)), Some(began)) = (at, began)
                && began.elapsed() >= time
            {
                self.trap.kill();
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        *self.trap.at.lock().unwrap() = None;
        let status = self.trap.child.lock().unwrap().as_mut().unwrap().wait().unwrap();
        status.code()
    }

    fn reset(&self) {
        self.world.live.clear_requests();
        for collection in COLLECTIONS {
            for object in self.world.objects(collection) {
                assert!(self.world.live.remove(collection, &self.world.live.id(&object)));
            }
        }
        for (collection, object) in &self.start {
            assert!(self.world.live.insert(collection, object.clone()));
        }
        self.world.write(APPLIED, &format!("{}\n", self.base));
        self.world.write(RECORD, &format!("{}\n", self.record));
        let _none_yet = std::fs::remove_file(self.world.dir.path().join(EVENTS));
    }

    /// Kills a run, and compares the next one with the undisturbed run. Returns whether it was killed in time.
    fn killed(&self, at: At) -> bool {
        let Undisturbed { end, writes, .. } = &self.undisturbed;
        let code = self.run(Some(at));
        let asked = self.world.live.requests().len();
        let half = self.state();
        let lines = self.check_events(&half);
        let done = CHANGED.iter().filter(|(name, _)| half.get(*name) == end.get(*name)).count();
        assert!(done <= lines + self.at_once, "{at:?}: {done} changes are done, {lines} are in the journal");

        // It is impossible to know whether the owner of git's own lock is dead, so a person is asked to remove it.
        for reference in [APPLIED, RECORD, LOCK, SEEN] {
            let lock = self.world.dir.path().join(format!("{reference}.lock"));
            if lock.exists() {
                let refused = self.world.run(&APPLY);
                let is_done = refused.code == 0 && self.state() == *end;
                let says = refused.code == 1 && refused.err.contains("`.lock`");
                assert!(is_done || says, "{at:?}: {}", refused.err);
                std::fs::remove_file(lock).unwrap();
            }
        }
        let again = self.world.run(&APPLY);
        assert_eq!(again.code, 0, "crash-safe, {at:?}: {}{}", again.out, again.err);
        assert!(self.world.live.requests().len() > asked);
        assert_eq!(self.state(), *end, "crash-safe and no-duplicates, {at:?}");
        assert_eq!(self.committed(), *writes, "each write is done once, {at:?}");
        assert!(self.world.objects("policies").contains(&self.omega), "unmanaged-survives, {at:?}");
        let applied = std::fs::read_to_string(self.world.dir.path().join(APPLIED)).unwrap();
        assert_eq!(applied.trim(), self.commit, "{at:?}");
        self.check_events(end);
        code.is_none()
    }

    /// Checks the journal: each line is whole, except perhaps the last of a run, and each is true. Returns the number
    /// of lines.
    fn check_events(&self, now: &State) -> usize {
        let text = std::fs::read(self.world.dir.path().join(EVENTS)).unwrap_or_default();
        let text = String::from_utf8(text).unwrap();
        let mut lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert!(text.lines().count() <= lines.len() + 1, "one line at most is cut: {text}");
        lines.retain(|line| line["event"] == "write_ended");
        for line in &lines {
            assert_eq!(line["result"], "applied", "{line}");
            let name = format!("{} {}", line["kind"].as_str().unwrap(), line["name"].as_str().unwrap());
            assert_eq!(now.get(&name), self.undisturbed.end.get(&name), "{line}");
        }
        lines.len()
    }

    /// How many writes the server carried out.
    fn committed(&self) -> usize {
        let requests = self.world.live.requests();
        requests.iter().filter(|seen| seen.method != "GET" && seen.status < 300).count()
    }

    fn state(&self) -> State {
        let mut state = State::new();
        for (collection, kind) in [("roles", "Role"), ("policies", "Policy")] {
            for object in self.world.objects(collection) {
                let id = self.world.live.id(&object);
                let key = if self.world.system == "compiuta" { "id" } else { "name" };
                let name = format!("{kind} {}", object[key].as_str().unwrap());
                let rules = self.world.objects("rules");
                let own = rules.into_iter().filter(|rule| rule["policy_id"] == *id).map(settled);
                let whole = json!({"object": settled(object), "rules": own.collect::<Vec<_>>()});
                assert_eq!(state.insert(name.clone(), whole), None, "no-duplicates: {name}");
            }
        }
        state
    }
}

/// An object without the parts that the server creates again each time.
fn settled(object: Value) -> Value {
    let own = ["id", "crn", "policy_id", "created_at", "updated_at"];
    let fields = object.as_object().unwrap().clone().into_iter();
    Value::Object(fields.filter(|(name, _)| !own.contains(&name.as_str())).collect::<Map<_, _>>())
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Another number for each seed and place (splitmix64).
fn random(seed: u64, place: usize) -> u64 {
    let z = seed.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One write after the other, so that each request has the same number in every run.
fn crash_safe_killed_at_every_request(system: &str) {
    let story = Story::new(subject(system), "  limits: {concurrency: 1}\n", 1);
    for at in &story.undisturbed.moments {
        assert!(story.killed(*at), "{at:?} is a moment of the run");
    }
    println!("{system}: {} kills", story.undisturbed.moments.len());
}

fn crash_safe_killed_at_a_random_time(system: &str) {
    let clock = || u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos());
    let seed = number("ENACT_KILL_SEED").unwrap_or_else(clock);
    println!("{system}: ENACT_KILL_SEED={seed}");
    let story = Story::new(subject(system), "", 4);
    let whole = story.undisturbed.took.as_micros() as u64;
    let kill = |place| story.killed(At::Time(Duration::from_micros(random(seed, place) % whole)));
    let killed = (0..RANDOM).filter(|place| kill(*place)).count();
    println!("{system}: {killed} of {RANDOM} were killed in time");
}

/// The tests of each story, on each system.
macro_rules! tests {
    ($($story:ident)*) => {$(
        mod $story {
            #[test]
            fn polytomic() {
                super::$story("polytomic");
            }

            #[test]
            fn jitsudo() {
                super::$story("jitsudo");
            }

            #[test]
            fn compiuta() {
                super::$story("compiuta");
            }

            #[test]
            fn mycloud() {
                super::$story("mycloud");
            }
        }
    )*};
}

tests! {
    crash_safe_killed_at_every_request
    crash_safe_killed_at_a_random_time
}
