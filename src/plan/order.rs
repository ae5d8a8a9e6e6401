//! The order in which the writes of a plan are safe: a reference always finds its object, and at no moment is more
//! allowed, or less, than both before and after the plan.
//!
//! Not here: which writes need to come before others, which the rules of their objects say (`access::order`), and what
//! runs side by side (`run::write`).

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::access::allowed::NoAnswer;
use crate::access::budget::Budget;
use crate::access::cedar::rule::CedarRule;
use crate::access::cedar::search::CedarSearch;
use crate::access::order::need::{Moment, Need, Writes, Wrong};
use crate::access::order::search::{Example, RuleSearch, Search};
use crate::access::order::stay::Part;
use crate::access::order::turn::{Turn, Write, places, turns};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Desired, LiveObject};
use crate::plan::estate::{ChangeMeaning, Sides};
use crate::plan::guardrail::request;
use crate::plan::tree;
use crate::system::semantics::{Meaning, Other, Semantics, Side};
use crate::words::list;

/// How many steps the search may take, in all ways to read the rules: a second or two.
const STEPS: u64 = 12_000_000;
/// How many moments at which something is wrong are told.
const MOST: usize = 3;

/// Sorts creates and updates kind by kind, then deletes by kind backwards, so that a reference always finds its object;
/// ties by id, so that the order never depends on the server.
pub(super) fn sort(changes: &mut [Change], kinds: &[Kind], desired: &Desired) {
    let ids = changes.iter().map(|change| change.id.clone());
    let levels: BTreeMap<_, _> = ids.zip(levels(changes, kinds, desired)).collect();
    changes.sort_by(|a, b| {
        let key = |change: &Change| (levels.get(&change.id), change.action == Action::Delete);
        (key(a), &a.id).cmp(&(key(b), &b.id))
    });
}

/// Where each change stands: by its kind, and within a kind whose objects name each other by how many it comes after.
fn levels(changes: &[Change], kinds: &[Kind], desired: &Desired) -> Vec<(usize, usize)> {
    let depths = tree::depths(changes, kinds, desired);
    changes.iter().zip(depths).map(|(change, depth)| (level(change, kinds), depth)).collect()
}

/// Where a change stands because of its kind. Deletes of the last kind are among its other changes, unless its objects name
/// each other: access says where.
fn level(change: &Change, kinds: &[Kind]) -> usize {
    let last = kinds.len().saturating_sub(1);
    let kind = kinds.iter().position(|kind| kind.name == change.id.kind).unwrap_or(last);
    let is_tree = kinds.get(last).is_some_and(|last| last.refers_to(&last.name));
    if change.action == Action::Delete { 2 * last + usize::from(is_tree) - kind } else { kind }
}

/// The turn of each change, and what is wrong between them where no order is safe.
pub(super) fn turns_of(sides: &Sides<'_>) -> (Vec<Turn>, Vec<Diagnostic>) {
    let changes = sides.changes;
    let kinds = sides.input.system.kinds();
    let levels = levels(changes, kinds, sides.input.desired);
    let distinct: BTreeSet<_> = levels.iter().collect();
    let write = |(change, level): (&Change, &(usize, usize))| Write {
        level: distinct.iter().position(|of| *of == level).unwrap_or_default(),
        is_last: change.action == Action::Delete,
    };
    let writes: Vec<_> = changes.iter().zip(&levels).map(write).collect();
    let unordered = || turns(&writes, &[]);
    let Some(semantics) = sides.input.system.semantics().filter(|_| changes.len() > 1) else {
        return (unordered(), Vec::new());
    };
    let target = sides.input.target;
    match (Meant { sides, semantics }).order(&writes) {
        Ok(Order { turns, moments }) => {
            let told = moments.iter().map(|moment| told(target, changes, &turns, moment)).collect();
            (turns, told)
        }
        Err(why) => {
            let message = format!("nobody knows in which order these changes are safe: {}", why.reason());
            let unknown = Diagnostic::new(Code::PlanMixed, message).about(target);
            (unordered(), vec![unknown.help("if that matters, apply them in several steps")])
        }
    }
}

fn told(target: &str, changes: &[Change], turns: &[Turn], moment: &Moment) -> Diagnostic {
    let Moment { wrong, written, until, example: Example { words, conditions } } = moment;
    let last = places(turns).into_iter().position(|place| place + 1 == *written);
    let [after, until] = [last, Some(*until)].map(|write| {
        let change = write.and_then(|write| changes.get(write));
        change.map(|change| format!("{} `{}`", change.id.kind, change.id.name)).unwrap_or_default()
    });
    let (what, first) = match wrong {
        Wrong::Opens => ("allowed that is allowed neither before nor after the plan", "denies or takes away"),
        Wrong::Refuses => ("refused that is allowed before and after the plan", "gives"),
    };
    let conditions = match conditions.as_slice() {
        [] => String::new(),
        conditions => format!(" if {}", list(conditions, 3)),
    };
    let request = request(words);
    let message =
        format!("between the writes of {after} and {until} something is {what}: {request}{conditions}");
    let help = format!("if that matters, apply in two steps: first what {first}, then the rest");
    Diagnostic::new(Code::PlanMixed, message).about(target).help(help)
}

/// When each write is safe, and the moments at which something is wrong all the same.
struct Order {
    turns: Vec<Turn>,
    moments: Vec<Moment>,
}

/// What one write does to what one object says.
struct Said<'a> {
    write: usize,
    id: ResourceId,
    /// Which of the live objects with that name it is.
    remote: Option<&'a RemoteId>,
    sides: [Cow<'a, Meaning>; 2],
}

/// What the objects of a plan say.
struct Meant<'s, 'a> {
    sides: &'s Sides<'a>,
    semantics: &'a dyn Semantics,
}

type View<'v> = &'v dyn Fn(&str, &str) -> Other;

impl<'s> Meant<'s, '_> {
    /// The turns, and what is still wrong.
    fn order(&self, writes: &[Write]) -> Result<Order, NoAnswer> {
        let changes = self.sides.changes.iter().enumerate();
        let said: Vec<_> = changes.flat_map(|(write, change)| self.said(write, change)).collect();
        let sides = || said.iter().flat_map(|said| &said.sides).map(Cow::as_ref);
        let together = self.semantics.decides_together();
        let others = LazyCell::new(|| self.others(&said));
        if sides().any(|side| matches!(side, Meaning::Cedar(_))) {
            let parts = parts(&said, cedar);
            let search = CedarSearch::new(all_rules(&parts), Budget::new(STEPS, STEPS));
            let needed = needed(search, parts, together, || of_others(&others, cedar))?;
            return ordered(writes, needed.into_iter().collect());
        }
        let most = sides().map(|side| side.readings().len()).max().unwrap_or_default();
        let (mut all, mut seen) = (Vec::new(), Vec::new());
        for reading in 0..most {
            let Some(like) = sides().find_map(|side| side.readings().get(reading)) else { continue };
            let rules = |side: &Meaning| match side {
                Meaning::Rules { readings, .. } => Some(readings.get(reading)?.rules.rules.clone()),
                Meaning::Nothing => Some(Vec::new()),
                Meaning::Cedar(_) | Meaning::Unknown(_) => None,
            };
            let parts = parts(&said, rules);
            // Where no pattern is read in another way, the order is the same.
            if seen.contains(&parts) {
                continue;
            }
            seen.push(parts.clone());
            let search = RuleSearch::new(&like.rules, all_rules(&parts), Budget::new(STEPS, STEPS));
            all.extend(needed(search, parts, together, || of_others(&others, rules))?);
        }
        ordered(writes, all)
    }

    /// What a write does, if all of the levels before it are done and none of those after it.
    fn said(&self, write: usize, change: &'s Change) -> Vec<Said<'s>> {
        let Some(kind) = self.sides.input.system.kind(&change.id.kind) else { return Vec::new() };
        if self.semantics.lends(kind) {
            return self.said_by_others(write, change);
        }
        // Nobody has yet what is new.
        if change.action == Action::Create && self.semantics.is_attached() {
            return Vec::new();
        }
        let Some(meant) = self.sides.meanings(self.semantics).get(write) else { return Vec::new() };
        let sides = self.between(kind, change, meant);
        let remote = change.seen.as_ref().map(|live| &live.remote);
        vec![Said { write, id: change.id.clone(), remote, sides }]
    }

    /// What an object says on both sides, with those that lend it something as they are between the levels.
    fn between(&self, kind: &Kind, change: &Change, meant: &'s ChangeMeaning) -> [Cow<'s, Meaning>; 2] {
        let null = Value::Null;
        let body = change.seen.as_ref().map_or(Value::Null, LiveObject::body);
        let after = self.sides.after().get(&change.id).unwrap_or(&null);
        let others = &|kind: &str, name: &str| self.sides.meanwhile(kind, name);
        let name = change.id.name.as_str();
        let side = |object, is_other, said: &'s Option<Meaning>| match said {
            None => Cow::Owned(Meaning::Nothing),
            Some(_) if is_other => {
                Cow::Owned(self.semantics.meaning(&Side { kind, name, object, body: &body, others }))
            }
            Some(said) => Cow::Borrowed(said),
        };
        let ChangeMeaning { sides: [said_before, said_after], is_other_between: [before, later] } = meant;
        [side(&change.observed, *before, said_before), side(after, *later, said_after)]
    }

    /// The same of a kind of which others say what it lends them.
    fn said_by_others(&self, write: usize, change: &'s Change) -> Vec<Said<'s>> {
        let is_delete = change.action == Action::Delete;
        let other = |kind: &str, name: &str| self.sides.other(kind, name);
        let meanwhile = |kind: &str, name: &str| self.sides.meanwhile(kind, name);
        // What names it and changes is written after its update and before its delete.
        let then: View<'_> = if is_delete { &meanwhile } else { &other };
        let now = |kind: &str, name: &str| match (kind, name) == (&change.id.kind, &change.id.name) {
            true if is_delete => Other::Gone,
            true => meanwhile(kind, name),
            false => then(kind, name),
        };
        let mut said = Vec::new();
        for &(kind, live) in self.sides.naming(&change.id) {
            let own = self.sides.change_of(kind, live);
            if is_delete && own.is_some() {
                continue;
            }
            let object = self.sides.comparison.observed(kind, live);
            let (name, body) = (live.name.as_str(), live.body());
            let meaning = |others: View<'_>| {
                Cow::Owned(self.semantics.meaning(&Side { kind, name, object: &object, body: &body, others }))
            };
            let id = ResourceId::new(self.sides.input.target, &kind.name, &live.name);
            let id = own.map_or(id, |own| own.id.clone());
            said.push(Said { write, id, remote: Some(&live.remote), sides: [meaning(then), meaning(&now)] });
        }
        said
    }

    /// What all other objects say. Also where they do not decide together, somebody may have one of them.
    fn others(&self, said: &[Said<'_>]) -> Vec<Meaning> {
        let changing: BTreeSet<_> = said.iter().map(|said| &said.id).collect();
        let other = |kind: &str, name: &str| self.sides.other(kind, name);
        let all = self.sides.all_live(self.semantics).into_iter();
        let meaning = |(kind, live, _): (&Kind, &LiveObject, ResourceId)| {
            let object = self.sides.comparison.observed(kind, live);
            let (name, body) = (live.name.as_str(), live.body());
            self.semantics.meaning(&Side { kind, name, object: &object, body: &body, others: &other })
        };
        all.filter(|(_, _, id)| !changing.contains(id)).map(meaning).collect()
    }
}

fn cedar(side: &Meaning) -> Option<Vec<CedarRule>> {
    match side {
        Meaning::Cedar(policy) => Some(policy.rules.clone()),
        Meaning::Nothing => Some(Vec::new()),
        Meaning::Rules { .. } | Meaning::Unknown(_) => None,
    }
}

/// The rules of objects that do not change, each with a number that no object has that does.
fn of_others<R>(others: &[Meaning], rules: impl Fn(&Meaning) -> Option<Vec<R>>) -> Vec<(usize, R)> {
    let numbered = |(at, other): (usize, &Meaning)| {
        rules(other).into_iter().flatten().map(move |rule| (usize::MAX - at, rule)).collect::<Vec<_>>()
    };
    others.iter().enumerate().flat_map(numbered).collect()
}

fn all_rules<R>(parts: &[Part<R>]) -> impl Iterator<Item = &R> + Clone {
    parts.iter().flat_map(|part| part.before.iter().chain(&part.after))
}

/// Writes, and what they need of each other.
type Needed<S> = (Writes<S>, Vec<Need>);

/// What writes need of each other; `None` if that is nothing. The rules of objects that do not change are only looked at
/// if there may be something: then two of those that do meet.
fn needed<S: Search>(
    search: S,
    parts: Vec<Part<S::Rule>>,
    together: bool,
    others: impl FnOnce() -> Vec<(usize, S::Rule)>,
) -> Result<Option<Needed<S>>, NoAnswer> {
    if is_plain::<S>(&parts) {
        return Ok(None);
    }
    let mut writes = Writes::new(search, parts, together)?;
    let possible = writes.possible()?;
    if possible.is_empty() {
        return Ok(None);
    }
    writes.add(others());
    let needs = writes.needs(possible)?;
    Ok(Some((writes, needs)))
}

/// Whether rules of one sort only come, or only go. Then every order is safe.
fn is_plain<S: Search>(parts: &[Part<S::Rule>]) -> bool {
    let mut sorts = BTreeSet::new();
    for Part { before, after, .. } in parts {
        for (rules, others, comes) in [(after, before, true), (before, after, false)] {
            let same: BTreeSet<_> = others.iter().map(S::meaning).collect();
            let moving = rules.iter().filter(|rule| !same.contains(&S::meaning(rule)));
            sorts.extend(moving.map(|rule| (S::denies(rule), comes)));
        }
    }
    sorts.len() < 2
}

/// What the writes do to the rules of objects, of those of which that is known.
fn parts<R>(said: &[Said<'_>], rules: impl Fn(&Meaning) -> Option<Vec<R>>) -> Vec<Part<R>> {
    let mut objects = BTreeMap::new();
    for Said { id, remote, .. } in said {
        let next = objects.len();
        objects.entry((id, remote)).or_insert(next);
    }
    let part = |Said { write, id, remote, sides: [before, after] }: &Said<'_>| {
        let (before, after) = rules(before).zip(rules(after))?;
        let object = objects.get(&(id, remote)).copied().unwrap_or_default();
        Some(Part { write: *write, object, before, after })
    };
    said.iter().filter_map(part).collect()
}

/// The turns of writes by their rules, in each way to read them, and the first moments at which something is wrong.
fn ordered<S: Search>(writes: &[Write], all: Vec<Needed<S>>) -> Result<Order, NoAnswer> {
    let needs: Vec<_> = all.iter().flat_map(|(_, needs)| needs.iter().copied()).collect();
    let turns = turns(writes, &needs);
    let places = places(&turns);
    let mut moments: Vec<Moment> = Vec::new();
    for (mut writes, needs) in all {
        for need in needs {
            if moments.len() < MOST
                && let Some(moment) = writes.moment(&need, &places)?
                && moments.iter().all(|other| other.example != moment.example)
            {
                moments.push(moment);
            }
        }
    }
    Ok(Order { turns, moments })
}
