//! The plan: what would be written and why, as data. A pure function of what git declares and what was read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::DeclaredCounts;
use crate::compare::cause::Cause;
use crate::compare::diff::Field;
use crate::diagnostic::{self, Diagnostic};
use crate::request::Request;
use crate::resource::ResourceId;
use crate::state::{Declared, Desired, Index, LiveObject, Names, Observed};
use crate::system::{Kind, System};

mod compare;
mod diagnostics;
pub mod guard;
mod shift;

pub use compare::{Comparison, WriteOnly};
use guard::Guard;
pub use shift::{AccessShift, Grants};

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It does not exist yet.
    Create,
    /// It exists and differs.
    Update,
    /// Git says `ensure: absent`.
    Delete,
}

/// One object that apply would write. Nothing is left to decide: only ids that a create reveals are open.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which object.
    pub id: ResourceId,
    /// What happens to it.
    pub action: Action,
    /// Which side moved.
    pub cause: Cause,
    /// What it does to what is allowed.
    pub shift: AccessShift,
    /// The fields that differ; for a delete, none.
    pub fields: Vec<Field>,
    /// The writes, in order.
    pub requests: Vec<Request>,
    /// The live object as the plan saw it; `None` for a create.
    pub seen: Option<LiveObject>,
    /// The same in canonical form; null for a create.
    pub observed: Value,
}

/// An object that is left alone although it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Which object.
    #[serde(flatten)]
    pub id: ResourceId,
    /// Why, in a word: `system` for an object that the system manages itself.
    pub reason: String,
}

/// Why an orphan stays: it is not what git declared any more.
const CHANGED: &str = "changed";
/// Why an object stays that git did not change: only what git changed was asked for.
const DRIFT: &str = "drift";
/// Why an orphan stays: git protected it.
const PROTECTED: &str = "protected";

/// The plan for one target.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TargetPlan {
    /// The target's name.
    pub target: String,
    /// In the order of apply: creates and updates by kind, then deletes backwards.
    pub changes: Vec<Change>,
    /// Declared objects that are as declared.
    pub unchanged: Vec<ResourceId>,
    /// Declared objects that are left alone.
    pub skipped: Vec<Skipped>,
    /// What is wrong. An error keeps this target from being applied.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something that matters could not be read.
    pub incomplete: bool,
}

impl TargetPlan {
    /// Whether objects that git gave up stay where they are. As long as they do, the base that knows of them is kept.
    pub fn leaves_orphans(&self) -> bool {
        self.skipped.iter().any(|skipped| [CHANGED, PROTECTED].contains(&skipped.reason.as_str()))
    }

    /// Whether apply may write to this target.
    pub fn is_sound(&self) -> bool {
        !self.incomplete && !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// What the planner is told about a target.
pub struct Target<'a> {
    /// Its name in `enact.yaml`.
    pub name: &'a str,
    /// Its API.
    pub system: &'a dyn System,
    /// How many deletes a plan may hold.
    pub max_deletes: usize,
    /// Guards that a person lets this run through.
    pub allowed: &'a [Guard],
    /// How much git declares for it in all.
    pub counts: &'a DeclaredCounts,
    /// Whether only what git changed since the base is to be changed.
    pub only_declared: bool,
    /// When fields are sent that cannot be read back.
    pub write_only: WriteOnly,
}

/// Plans one target. Without a base nothing is known of what git declared before: every cause is unknown, and no field
/// goes back to its default.
pub fn plan(
    target: &Target<'_>,
    desired: &Desired,
    base: Option<&Desired>,
    observed: &Observed,
) -> TargetPlan {
    let index = observed.index(target.system.kinds());
    let planner = Planner {
        target,
        observed,
        index: &index,
        sides: &Comparison {
            system: target.system,
            base,
            names: Names::new(target.system.kinds(), desired, observed),
            write_only: target.write_only,
        },
        plan: TargetPlan { target: target.name.to_owned(), ..TargetPlan::default() },
    };
    planner.run(desired)
}

struct Planner<'a> {
    target: &'a Target<'a>,
    observed: &'a Observed,
    index: &'a Index<'a>,
    sides: &'a Comparison<'a>,
    plan: TargetPlan,
}

/// What became of one declared object.
enum Verdict {
    Change(Box<Change>),
    /// The change would be made but for a guard.
    Guarded(Box<Change>, Diagnostic),
    Unchanged,
    /// It is gone, and git does not speak of it either.
    Gone,
    Skipped(&'static str),
    Wrong(Vec<Diagnostic>),
    Unread(Diagnostic),
}

impl From<Diagnostic> for Verdict {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Wrong(vec![diagnostic])
    }
}

impl Planner<'_> {
    fn run(mut self, desired: &Desired) -> TargetPlan {
        for kind in self.target.system.kinds() {
            if self.is_readable(kind) {
                for declared in desired.values().filter(|declared| declared.id.kind == kind.name) {
                    let verdict = self.consider(kind, declared);
                    self.record(declared, verdict);
                    let stays = self.sides.without_default(kind, declared);
                    self.plan
                        .diagnostics
                        .extend(stays.iter().map(|field| diagnostics::no_default(declared, field)));
                }
            }
        }
        self.unread_others();
        self.finish()
    }

    /// Only what matters was read. What git does not name matters where it may refer to something that is deleted.
    fn unread_others(&mut self) {
        for ((kind, remote), error) in &self.observed.unread {
            let told = self.plan.diagnostics.iter().any(|diagnostic| diagnostic.message == error.message);
            if !told {
                let found = self.observed.found(kind).iter().find(|found| found.remote == *remote);
                let name = found.map_or(remote.as_str(), |found| &found.name);
                let id = ResourceId::new(self.target.name, kind, name);
                self.plan.diagnostics.push(diagnostics::unread_other(&id, error));
                self.plan.incomplete = true;
            }
        }
    }

    /// Without its list, or the list of a kind that it refers to, nothing about a kind is certain.
    fn is_readable(&mut self, kind: &Kind) -> bool {
        let listing = |name: &str| self.observed.kinds.get(name);
        if let Some(Err(error)) = listing(&kind.name) {
            self.plan.diagnostics.push(diagnostics::unlisted(self.target.name, kind, error));
            self.plan.incomplete = true;
            return false;
        }
        let mut others = self.target.system.kinds().iter().filter(|other| kind.refers_to(&other.name));
        others.all(|other| !matches!(listing(&other.name), Some(Err(_))))
    }

    fn consider(&self, kind: &Kind, declared: &Declared) -> Verdict {
        let dangling = diagnostics::dangling(kind, declared, &self.sides.names);
        if !dangling.is_empty() {
            return Verdict::Wrong(dangling);
        }
        let live = match *self.index.meant(kind, declared).as_slice() {
            [] => None,
            [one] if one.name == declared.id.name || declared.manifest.previously.contains(&one.name) => {
                Some(one)
            }
            ref several => return diagnostics::ambiguous(kind, declared, several).into(),
        };
        let former =
            declared.manifest.previously.iter().flat_map(|name| self.index.named(kind, name)).copied();
        let others: Vec<_> =
            former.filter(|other| live.is_some_and(|live| live.remote != other.remote)).collect();
        if let Some(live) = live.filter(|_| !others.is_empty() && !declared.absent()) {
            return diagnostics::ambiguous(kind, declared, &[&[live], others.as_slice()].concat()).into();
        }
        let unread_as = live.map(|live| (kind.name.clone(), live.remote.clone()));
        if let Some(error) = unread_as.and_then(|key| self.observed.unread.get(&key)) {
            return Verdict::Unread(diagnostics::unread(declared, error));
        }
        match live {
            None if declared.orphan => Verdict::Gone,
            None if declared.absent() => Verdict::Unchanged,
            Some(live) if !self.target.system.writable(kind, live) => Verdict::Skipped("system"),
            Some(live) if live.name != declared.id.name && !kind.renames => {
                diagnostics::no_rename(kind, declared, live).into()
            }
            Some(live) if declared.orphan => self.prune(kind, declared, live),
            _ => self.propose(kind, declared, live),
        }
    }

    /// An object that git no longer declares goes only if it still is what git declared.
    fn prune(&self, kind: &Kind, orphan: &Declared, live: &LiveObject) -> Verdict {
        if orphan.manifest.protect {
            Verdict::Skipped(PROTECTED)
        } else if self.sides.moved(kind, orphan, live) {
            Verdict::Skipped(CHANGED)
        } else {
            self.propose(kind, orphan, Some(live))
        }
    }

    fn propose(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>) -> Verdict {
        if live.is_none() {
            let missing = diagnostics::missing(kind, declared);
            if !missing.is_empty() {
                return Verdict::Wrong(missing);
            }
        }
        match self.sides.change(kind, declared, live) {
            Ok(Some(change)) if self.target.only_declared && change.cause == Cause::Drift => {
                Verdict::Skipped(DRIFT)
            }
            Ok(Some(change)) => match guard::protect(declared).filter(|_| change.action == Action::Delete) {
                Some(diagnostic) => Verdict::Guarded(Box::new(change), diagnostic),
                None => Verdict::Change(Box::new(change)),
            },
            Ok(None) => Verdict::Unchanged,
            Err(diagnostic) if diagnostic.place.is_some() => diagnostic.about(&declared.id).into(),
            Err(diagnostic) => {
                let place = diagnostic.within.as_ref().map(|pointer| declared.place(pointer));
                diagnostic.at(place.unwrap_or_else(|| declared.name_place())).about(&declared.id).into()
            }
        }
    }

    fn record(&mut self, declared: &Declared, verdict: Verdict) {
        let id = declared.id.clone();
        match verdict {
            Verdict::Change(change) => self.plan.changes.push(*change),
            Verdict::Guarded(change, diagnostic) => {
                self.plan.changes.push(*change);
                self.plan.diagnostics.push(diagnostic);
            }
            Verdict::Gone => {}
            Verdict::Unchanged => self.plan.unchanged.push(id),
            Verdict::Skipped(reason) => self.plan.skipped.push(Skipped { id, reason: reason.to_owned() }),
            Verdict::Wrong(diagnostics) => self.plan.diagnostics.extend(diagnostics),
            Verdict::Unread(diagnostic) => {
                self.plan.diagnostics.push(diagnostic);
                self.plan.incomplete = true;
            }
        }
    }

    fn finish(mut self) -> TargetPlan {
        order(&mut self.plan.changes, self.target.system.kinds());
        self.plan.diagnostics.extend(shift::check(self.target.name, &self.plan.changes));
        let hazards = self.target.system.hazards(&self.plan.changes, self.observed);
        self.plan.diagnostics.extend(hazards);
        guard::check(&mut self.plan, self.target, self.sides.base, self.observed);
        diagnostic::sort(&mut self.plan.diagnostics);
        self.plan
    }
}

/// Creates and updates kind by kind, then deletes with the kinds backwards, so that a reference always finds its
/// object; inside of that by what they do to what is allowed; ties by id, so that the order never depends on the server.
fn order(changes: &mut [Change], kinds: &[Kind]) {
    let last = kinds.len().saturating_sub(1);
    let level = |change: &Change| {
        let kind = kinds.iter().position(|kind| kind.name == change.id.kind).unwrap_or(last);
        let backwards = 2 * last - kind;
        // Deletes of the last kind come right behind its updates: where they shift, they are in one order with them.
        let shifts = change.shift != AccessShift::None && kind == last;
        let deletes = change.action == Action::Delete;
        let step = if deletes { backwards } else { kind };
        (step, deletes && !shifts, change.shift, deletes)
    };
    changes.sort_by(|a, b| (level(a), &a.id).cmp(&(level(b), &b.id)));
}

/// The digest of all writes: it changes if and only if some write does, or what would be deleted. Each plan comes with
/// the URL of its target.
pub fn digest<'a>(plans: impl IntoIterator<Item = (&'a str, &'a TargetPlan)>) -> String {
    let writes = |(url, plan): (&str, &TargetPlan)| {
        serde_json::json!([url, plan.changes.iter().map(write_of).collect::<Vec<_>>()])
    };
    let writes: Vec<_> = plans.into_iter().map(writes).collect();
    crate::digest::digest(&Value::Array(writes).to_string())
}

fn write_of(change: &Change) -> Value {
    let request = |request: &Request| {
        let fills: BTreeMap<_, _> = request
            .fills
            .iter()
            .map(|(at, symbol)| (at, (symbol.resource.to_string(), symbol.part)))
            .collect();
        serde_json::json!([request.method.as_str(), request.path.to_string(), request.body, fills])
    };
    let requests: Vec<_> = change.requests.iter().map(request).collect();
    let deleted = (change.action == Action::Delete).then_some(&change.observed);
    serde_json::json!([change.id, change.action, requests, deleted])
}
