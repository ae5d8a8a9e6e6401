//! The built-in systems under the same faults, with the sandbox as their server.
//!
//! The other worlds say what each request may do. Here the reference is the same world without faults: a run ends in
//! the same state, and no object exists twice on the way.

mod pool;
mod server;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use self::pool::{Shop, Words, shops};
use self::server::Server;
use crate::road::{Run, Site};
use crate::server::Fault;
use crate::world::{Chance, Crash};
use enact::model::change::Action;
use enact::model::outcome::{EndedChange, Outcome, WriteResult};
use serde_json::Value;
use tokio::time::Instant;

/// One of this many seeds is for these worlds, which take longer.
const SHARE: u64 = 20;

/// Everything that a seed decides before the first request.
struct World {
    seed: u64,
    shop: &'static Shop,
    /// What git declared when it was last applied, and what it declares now.
    base: Words,
    words: Words,
    /// How often a person sets a field in between.
    drifts: usize,
    knows_base: bool,
    faults: Vec<(Fault, usize)>,
    /// Whether faults hit reads, too.
    reads_fail: bool,
    foreign: usize,
    crash: Option<Crash>,
    stop: Option<usize>,
}

impl World {
    fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let shop = &shops()[chance.below(shops().len())];
        let base = shop.stock.words(&mut chance, 50);
        let words = shop.stock.changed(&base, &mut chance);
        let faults = Server::faults();
        let (most, some) = (*chance.one(&[10, 30, 60]), 1 + chance.below(4));
        let faults = (0..some).map(|_| (*chance.one(&faults), 1 + chance.below(most))).collect();
        Self {
            seed,
            shop,
            base,
            words,
            drifts: chance.below(3),
            knows_base: chance.percent(70),
            faults,
            reads_fail: chance.percent(40),
            foreign: if chance.percent(20) { 5 } else { 0 },
            crash: chance.percent(40).then(|| Crash { at: chance.below(40), done: chance.percent(50) }),
            stop: chance.percent(8).then(|| chance.below(25)),
        }
    }

    /// The same world, in which nothing goes wrong.
    fn calm(seed: u64) -> Self {
        Self { faults: Vec::new(), foreign: 0, crash: None, stop: None, ..Self::of(seed) }
    }
}

/// A world at its end.
struct Ended {
    server: Server,
    runs: Vec<Run>,
    /// Where the log of the tested runs begins, and what was live there.
    began: usize,
    before: Value,
}

fn drive(world: &World) -> Ended {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(world))
}

async fn live(world: &World) -> Ended {
    let (base, desired) = (world.shop.desired(&world.base), world.shop.desired(&world.words));
    let site = |server, desired, base| Site {
        target: world.shop.target(),
        desired,
        base,
        seed: world.seed,
        per_minute: None,
        crash: None,
        stop: None,
        server: Arc::new(Mutex::new(server)),
        start: Instant::now(),
        runs: Mutex::default(),
    };
    let server = Server::new(world.shop.stock, Chance::of(!world.seed));
    let applied = site(server, &base, None);
    applied.heal().await;
    let (mut server, _) = applied.end();
    (0..world.drifts).for_each(|_| server.drift());
    let (began, before) = (server.log.len(), server.state());
    (server.faults, server.foreign) = (world.faults.clone(), world.foreign);
    server.reads_fail = world.reads_fail;
    let known = Some(&base).filter(|_| world.knows_base);
    let tried = Site { crash: world.crash, stop: world.stop, ..site(server, &desired, known) };
    tried.run(0, false).await;
    {
        let mut server = tried.server.lock().unwrap();
        (server.faults, server.foreign) = (Vec::new(), 0);
    }
    tried.heal().await;
    let (server, runs) = tried.end();
    Ended { server, runs, began, before }
}

/// What is live without what the server chooses: ids become names, positions become ranks, and times are removed.
fn plain(state: &Value) -> BTreeMap<String, Vec<String>> {
    let collections = state.as_object().unwrap();
    let all = || collections.values().flat_map(|objects| objects.as_array().unwrap());
    let chosen = |id: &&str| uuid::Uuid::try_parse(id).is_ok();
    let named = all()
        .filter_map(|object| Some((object["id"].as_str().filter(chosen)?, object.get("name")?.as_str()?)));
    let names: BTreeMap<_, _> = named.collect();
    let plain = |object: &Value| {
        let mut object = object.as_object().unwrap().clone();
        if let (Some(owner), Some(place)) = (object.get("policy_id").cloned(), object.get("ordinal").cloned())
        {
            let before =
                |other: &&Value| other["policy_id"] == owner && other["ordinal"].as_i64() < place.as_i64();
            object.insert("ordinal".to_owned(), all().filter(before).count().into());
        }
        object.retain(|field, _| !["created_at", "updated_at"].contains(&field.as_str()));
        // A rule has no name.
        if object.get("id").and_then(Value::as_str).is_some_and(|id| chosen(&id) && !names.contains_key(id)) {
            object.insert("id".to_owned(), "-".into());
        }
        let text = Value::Object(object).to_string();
        names.iter().fold(text, |text, (id, name)| text.replace(id, name))
    };
    let kind = |(name, objects): (&String, &Value)| {
        let mut all: Vec<_> = objects.as_array().unwrap().iter().map(plain).collect();
        all.sort();
        (name.clone(), all)
    };
    collections.iter().map(kind).collect()
}

/// How often each name is there.
fn counts(state: &Value) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for (collection, objects) in state.as_object().unwrap() {
        for name in objects.as_array().unwrap().iter().filter_map(|object| object.get("name")) {
            *counts.entry((collection.clone(), name.to_string())).or_default() += 1;
        }
    }
    counts
}

/// How many rules were created for each policy: they have no names, so only their number shows that there is one too
/// many.
fn rules(ended: &Ended) -> BTreeMap<String, usize> {
    let mut made = BTreeMap::new();
    let mut before = ended.before.clone();
    let ids = |state: &Value| -> Vec<(String, String)> {
        let rules = state["rules"].as_array().into_iter().flatten();
        rules.map(|rule| (rule["policy_id"].to_string(), rule["id"].to_string())).collect()
    };
    for after in ended.server.log[ended.began..].iter().filter_map(|entry| entry.after.as_ref()) {
        let known = ids(&before);
        for (policy, _) in ids(after).into_iter().filter(|rule| !known.contains(rule)) {
            *made.entry(policy).or_default() += 1;
        }
        before = after.clone();
    }
    made
}

/// What is broken.
fn check(world: &World, ended: &Ended) -> Vec<String> {
    let mut broken = Vec::new();
    let (log, calm) = (&ended.server.log, drive(&World::calm(world.seed)));
    for entry in &log[ended.began..] {
        if entry.method != "GET" && entry.by.is_some_and(|by| !by.writing) {
            broken.push(format!("plan-reads-only: {}", entry.line()));
        }
    }
    // compiuta's display names may be equal; git names its ids.
    if world.shop.stock.system != "compiuta" {
        let (before, wanted) = (counts(&ended.before), counts(&calm.server.state()));
        for entry in &log[ended.began..] {
            for (key, count) in entry.after.as_ref().map(counts).unwrap_or_default() {
                let most = before.get(&key).max(wanted.get(&key)).copied().unwrap_or(1).max(1);
                if count > most {
                    broken.push(format!(
                        "no-duplicates: {key:?} is there {count} times after {}",
                        entry.line()
                    ));
                }
            }
        }
    }
    let needed: usize = rules(&calm).into_values().sum();
    let made: usize = rules(ended).into_values().sum();
    if made > needed {
        broken.push(format!("no-duplicates: {made} rules were made, and {needed} are enough"));
    }
    for (number, run) in ended.runs.iter().enumerate() {
        broken.extend(run.hangs.then(|| format!("hangs: run {number}")));
        broken.extend(outcomes(ended, number, run));
    }
    if !ended.runs.last().unwrap().is_idle() {
        broken.push("fixed-point: healed and run again, there still is something to do".to_owned());
    }
    let foreign = log[ended.began..].iter().any(|entry| entry.by.is_none());
    if !foreign && plain(&ended.server.state()) != plain(&calm.server.state()) {
        broken.push("crash-safe: it does not end where the uninterrupted run does".to_owned());
    }
    broken
}

/// What is wrong with the outcomes of a run.
fn outcomes(ended: &Ended, number: usize, run: &Run) -> Vec<String> {
    let mut broken = Vec::new();
    let (Some(plan), Some(report)) = (&run.plan, &run.report) else { return broken };
    let tried = plan.is_sound() && !plan.changes.is_empty();
    let changes = report.apply.as_ref().map_or(&[][..], |apply| &apply.changes);
    if !changes.iter().map(|ended| &ended.change).eq(plan.changes.iter().filter(|_| tried)) {
        broken.push(format!("one-outcome: run {number} ends other changes than it planned"));
    }
    let wrote = ended.server.log[run.planned..run.ended]
        .iter()
        .any(|entry| entry.by.is_some() && entry.after.is_some());
    // Of several requests, the first may have been done.
    let of_several = |outcome: &Outcome| outcome.reason().is_some_and(|why| why.starts_with("request "));
    let untouched = |ended: &EndedChange| match ended.outcome.result() {
        WriteResult::Applied | WriteResult::Unknown => false,
        WriteResult::Failed | WriteResult::Conflict | WriteResult::NotAttempted => {
            !of_several(&ended.outcome)
        }
    };
    if wrote && changes.iter().all(untouched) {
        broken.push(format!("one-outcome: run {number} wrote, and says that it did not"));
    }
    let all = !changes.is_empty() && changes.iter().all(|ended| ended.outcome.is_applied());
    let deletes_only = plan.changes.iter().all(|change| change.action == Action::Delete);
    if all && !wrote && !deletes_only && run.healed {
        broken.push(format!("one-outcome: run {number} says that it wrote, and did not"));
    }
    broken
}

fn story(world: &World, ended: &Ended, broken: &[String]) -> String {
    let mut out = format!("seed {} on {}\n", world.seed, world.shop.target().config.system);
    writeln!(
        out,
        "faults {:?}, somebody else in {} %, {:?}, stop: {:?}",
        world.faults, world.foreign, world.crash, world.stop
    )
    .unwrap();
    writeln!(out, "base {:?} (known: {})\ngit  {:?}", world.base, world.knows_base, world.words).unwrap();
    for (collection, objects) in plain(&ended.before) {
        objects.iter().for_each(|object| writeln!(out, "live {collection} {object}").unwrap());
    }
    for (index, entry) in ended.server.log.iter().enumerate().skip(ended.began) {
        for (number, run) in ended.runs.iter().enumerate().filter(|(_, run)| run.began == index) {
            writeln!(out, "-- run {number}, {}", if run.healed { "healed" } else { "as scheduled" }).unwrap();
        }
        writeln!(out, "{index:4} {}", entry.line()).unwrap();
    }
    for (number, run) in ended.runs.iter().enumerate() {
        write!(out, "run {number}\n{}", crate::story::outcomes(run)).unwrap();
    }
    for (collection, objects) in plain(&ended.server.state()) {
        objects.iter().for_each(|object| writeln!(out, "ends {collection} {object}").unwrap());
    }
    for promise in broken {
        writeln!(out, "BROKEN {promise}").unwrap();
    }
    out
}

/// Runs a seed. Returns what is broken, as a story.
pub(crate) fn broken(seed: u64) -> Option<String> {
    let world = World::of(seed);
    let ended = drive(&world);
    let broken = check(&world, &ended);
    for e in &ended.server.log[ended.began..] {
        if e.method == "POST" {}
    }
    (!broken.is_empty()).then(|| story(&world, &ended, &broken))
}

#[test]
fn the_built_in_systems_keep_every_promise() {
    let seeds = crate::number("ENACT_SEEDS").unwrap_or(crate::SEEDS) / SHARE;
    if let Some((seed, story)) = crate::first_broken(0..seeds, broken) {
        panic!(
            "{story}\nreproduce: ENACT_BUILT_IN_SEED={seed} cargo test --test simulation built_in -- --nocapture"
        );
    }
}

#[test]
fn a_built_in_seed_prints_its_story() {
    let seed = crate::number("ENACT_BUILT_IN_SEED");
    let world = World::of(seed.unwrap_or(0));
    let ended = drive(&world);
    let broken = check(&world, &ended);
    let story = story(&world, &ended, &broken);
    assert!(broken.is_empty(), "{story}");
    if seed.is_some() {
        println!("{story}");
    }
}
