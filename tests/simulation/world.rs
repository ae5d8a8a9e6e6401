//! A world, made from a seed: what is live, what git declares, what goes wrong. How it runs is in `road`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::fault::{Clock, Fault, Quirk, Weather};
use crate::profile::{NAMES, PLAIN, Profile, ROLES, Wish, profiles};
use crate::server::Objects;

/// A source of numbers that a seed determines (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.number() % end.max(1) as u64) as usize
    }

    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Where a run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    /// At which of its requests, from 0.
    pub(crate) at: usize,
    /// Whether the server still did it.
    pub(crate) done: bool,
}

/// Everything that a seed decides before the first request.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) profile: &'static Profile,
    pub(crate) live: Objects,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) base: Option<Vec<Wish>>,
    pub(crate) weather: Weather,
    pub(crate) crash: Option<Crash>,
    /// Whether another enact runs at the same time.
    pub(crate) two: bool,
    /// At which request of the run the operator interrupts it.
    pub(crate) stop: Option<usize>,
}

impl World {
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let profile = &profiles()[chance.below(profiles().len())];
        let wishes = wishes(&mut chance);
        let base = chance.percent(35).then(|| base(&mut chance, &wishes));
        let live = live(&mut chance, profile, &wishes, base.as_deref());
        Self {
            seed,
            profile,
            live,
            wishes,
            base,
            weather: weather(&mut chance, profile),
            crash: chance.percent(25).then(|| Crash { at: chance.below(40), done: chance.percent(50) }),
            two: chance.percent(15),
            stop: chance.percent(8).then(|| chance.below(25)),
        }
    }

    /// A world in which nothing goes wrong and nobody else writes.
    pub(crate) fn calm(seed: u64) -> Self {
        Self { weather: Weather::default(), crash: None, two: false, stop: None, ..Self::of(seed) }
    }

    /// Whether names of the declared objects may lead to several, so that enact has to give up.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let mut seen = BTreeSet::new();
        self.live.iter().any(|((kind, _), body)| !seen.insert((kind.clone(), body["name"].to_string())))
    }
}

fn wishes(chance: &mut Chance) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for name in NAMES {
        if chance.percent(60) {
            let spec = chance.percent(85).then(|| (chance.below(PLAIN), 0));
            wishes.push(Wish { kind: "Role", name, spec });
        }
    }
    let stay: Vec<_> = wishes.iter().filter(|wish| wish.spec.is_some()).map(|wish| wish.name).collect();
    for name in NAMES {
        if chance.percent(55) {
            let roles = chance.below(ROLES.len());
            let roles = if ROLES[roles].iter().all(|role| stay.contains(role)) { roles } else { 0 };
            let spec = chance.percent(80).then(|| (chance.below(PLAIN), roles));
            wishes.push(Wish { kind: "Policy", name, spec });
        }
    }
    if wishes.is_empty() {
        wishes.push(Wish { kind: "Role", name: "a", spec: Some((0, 0)) });
    }
    wishes
}

/// What git declared before: other fields, and objects that it no longer declares.
fn base(chance: &mut Chance, wishes: &[Wish]) -> Vec<Wish> {
    let mut base: Vec<_> = wishes.iter().filter(|wish| wish.spec.is_some()).cloned().collect();
    base.retain(|_| chance.percent(80));
    for wish in &mut base {
        wish.spec = wish.spec.map(|(plain, roles)| match chance.percent(50) {
            true => (chance.below(PLAIN), roles),
            false => (plain, roles),
        });
    }
    for (kind, name) in [("Role", "c"), ("Policy", "b"), ("Policy", "c")] {
        if chance.percent(50) && !wishes.iter().any(|wish| (wish.kind, wish.name) == (kind, name)) {
            base.push(Wish { kind, name, spec: Some((chance.below(PLAIN), 0)) });
        }
    }
    base
}

/// What the API holds for an object whose other fields have their defaults.
pub(crate) fn body(
    fields: Map<String, Value>,
    name: &str,
    id: Option<&str>,
    color: &str,
) -> Map<String, Value> {
    let mut body = defaults();
    body.insert("color".to_owned(), json!(color));
    body.extend(fields);
    body.insert("name".to_owned(), json!(name));
    body.extend(id.map(|id| ("id".to_owned(), json!(id))));
    body
}

/// The API's values for fields that were not given.
pub(crate) fn defaults() -> Map<String, Value> {
    let all = [
        ("text", json!("")),
        ("limit", json!(0)),
        ("tags", json!([])),
        ("roles", json!([])),
        ("color", json!("none")),
        ("stamp", json!(1)),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn live(chance: &mut Chance, profile: &Profile, wishes: &[Wish], base: Option<&[Wish]>) -> Objects {
    let mut objects = Objects::new();
    let mut ids = BTreeMap::new();
    let mut add = |chance: &mut Chance, kind: &str, name: &str, fields: Map<String, Value>| {
        let id = match profile.api.ids {
            true => format!("i{:04x}", chance.below(0x10000)),
            false => name.to_owned(),
        };
        ids.entry((kind.to_owned(), name.to_owned())).or_insert(id.clone());
        let mut fields = fields;
        fields.remove("pin");
        let roles = fields.get("roles").and_then(Value::as_array).cloned().unwrap_or_default();
        let known = roles.iter().filter_map(|role| {
            let key = ("Role".to_owned(), role.as_str()?.to_owned());
            ids.get(&key).map(|id| json!(id))
        });
        let known: Vec<_> = known.collect();
        fields.insert("roles".to_owned(), json!(known));
        // As the server returns them.
        if let Some(tags) = fields.get_mut("tags").and_then(Value::as_array_mut) {
            tags.sort_by_key(ToString::to_string);
        }
        let color = *chance.one(&["red", "none", "blue"]);
        let given = profile.api.ids.then_some(id.as_str());
        objects.insert((kind.to_owned(), id.clone()), body(fields, name, given, color));
    };
    let known = base.into_iter().flatten().chain(wishes.iter());
    let mut done = BTreeSet::new();
    for wish in known.filter(|wish| wish.kind == "Role").chain(wishes.iter().filter(|w| w.kind == "Policy")) {
        if !done.insert((wish.kind, wish.name)) || !chance.percent(50) {
            continue;
        }
        // A policy may still be as it was declared before.
        let before = base.into_iter().flatten().find(|base| (base.kind, base.name) == (wish.kind, wish.name));
        let mut fields = before.filter(|_| chance.percent(50)).unwrap_or(wish).fields();
        if chance.percent(50) {
            fields.insert("text".to_owned(), json!("old"));
        }
        add(chance, wish.kind, wish.name, fields);
    }
    for wish in base.into_iter().flatten().filter(|wish| wish.kind == "Policy") {
        if done.insert((wish.kind, wish.name)) && chance.percent(80) {
            add(chance, wish.kind, wish.name, wish.fields());
        }
    }
    for index in 0..chance.below(4) {
        add(chance, "Role", &format!("theirs-{index}"), Map::new());
    }
    for index in 0..chance.below(4) {
        add(chance, "Policy", &format!("theirs-{index}"), Map::new());
    }
    if !profile.api.unique && chance.percent(8) {
        let wish = &wishes[chance.below(wishes.len())];
        (0..2).for_each(|_| add(chance, wish.kind, wish.name, Map::new()));
    }
    objects
}

pub(crate) fn weather(chance: &mut Chance, profile: &Profile) -> Weather {
    let storm = chance.percent(40);
    let mut faults = if storm { open(chance) } else { Vec::new() };
    if chance.percent(75) {
        faults.extend(some_of_all(chance, profile));
    }
    let lists = chance.percent(12);
    if lists {
        faults.insert(0, (*chance.one(&Fault::of_lists(&profile.api)), 15 + chance.below(45)));
    }
    Weather {
        faults,
        // A run that also loses reads rarely gets as far as writing.
        calm_reads: !lists && chance.percent(if storm { 75 } else { 20 }),
        foreign: if chance.percent(40) { 2 + chance.below(25) } else { 0 },
        lag: if chance.percent(15) { 100 + chance.below(20_000) as u64 } else { 0 },
        clock: *chance.one(&[Clock::Seconds, Clock::Dates]),
        quirk: chance.percent(12).then(|| *chance.one(&Quirk::ALL)),
        per_minute: chance.percent(12).then(|| 10 + chance.below(20)),
        full: chance.percent(6).then(|| chance.below(4)),
    }
}

/// Faults that leave it open what became of a request.
fn open(chance: &mut Chance) -> Vec<(Fault, usize)> {
    let all = Fault::open();
    (0..1 + chance.below(3)).map(|_| (*chance.one(&all), 15 + chance.below(45))).collect()
}

/// A few of all faults, each at a rate of its own.
fn some_of_all(chance: &mut Chance, profile: &Profile) -> Vec<(Fault, usize)> {
    let most = *chance.one(&[5, 15, 40]);
    let some = *chance.one(&[5, 10, 20]);
    let mut all = Vec::new();
    for fault in Fault::all(&profile.api) {
        if chance.percent(some) {
            all.push((fault, 1 + chance.below(most)));
        }
    }
    all
}
