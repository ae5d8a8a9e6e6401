//! The plan: what would be written and why, as data. A pure function of what git declares and what was read.
//!
//! Here: the verdict on each object. Not here: reading (`run::observe`), and the requests of a change (`system`).

use std::collections::BTreeMap;

use crate::compare::cause::Cause;
use crate::diagnostic::{self, Code, Diagnostic, Place};
use crate::manifest::name_problem;
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::plan::{Held, OnlyObserved, SkipReason, Skipped, TargetPlan};
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Index, LiveObject};
use crate::model::survivor::Survivor;
use crate::model::wire::ReadError;
use crate::parallel;
use crate::plan::compare::Comparison;
use crate::plan::estate::Sides;
use crate::plan::input::PlanInput;

mod by_hand;
pub mod compare;
mod diagnostics;
pub mod digest;
pub mod estate;
mod grants;
pub mod guard;
mod guardrail;
mod impact;
pub mod input;
pub mod kept;
pub mod lifecycle;
pub mod listed;
mod loss;
mod order;
mod orphan;
mod tree;
mod unmanaged;
mod whole;
mod withheld;

/// Plans one target.
pub fn plan(input: &PlanInput<'_>) -> TargetPlan {
    let index = input.observed.index(input.system.kinds());
    let planner = Planner {
        input,
        index: &index,
        comparison: &Comparison::of(input, &index),
        plan: TargetPlan { target: input.target.to_owned(), ..TargetPlan::default() },
    };
    planner.run()
}

struct Planner<'a> {
    input: &'a PlanInput<'a>,
    index: &'a Index<'a>,
    comparison: &'a Comparison<'a>,
    plan: TargetPlan,
}

/// What became of one declared object.
enum Verdict {
    Change(Box<Change>),
    /// The change would be made, but a guard stops it.
    Guarded(Box<Change>, Diagnostic),
    Unchanged,
    /// It does not exist, and git does not declare it either.
    Gone,
    Skipped(SkipReason),
    Held(Box<Held>),
    Observed(Box<OnlyObserved>),
    /// Another target declares it, in this file.
    Moved(String),
    /// Git gave it up, and it stays.
    Survives(Box<Survivor>),
    Wrong(Vec<Diagnostic>),
    Unread(Diagnostic),
}

impl From<Diagnostic> for Verdict {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Wrong(vec![diagnostic])
    }
}

impl Planner<'_> {
    fn run(mut self) -> TargetPlan {
        for kind in self.input.system.kinds() {
            if self.is_readable(kind) {
                self.plan_kind(kind);
            }
        }
        self.plan.diagnostics.extend(grants::undeclared(self.input, self.index, &self.comparison.names));
        self.given_up();
        self.unread_others();
        self.unreachable_others();
        self.pass_over();
        let (desired, day) = (self.input.desired, self.input.options.day);
        self.plan.expiring = lifecycle::expiring(desired, day);
        self.plan.diagnostics.extend(lifecycle::over(desired, day));
        self.plan.places = self.places();
        self.finish()
    }

    /// Plans every object of a kind, on all cores.
    fn plan_kind(&mut self, kind: &Kind) {
        let of_kind = |declared: &&Declared| declared.id.kind == kind.name;
        let all: Vec<_> = self.input.desired.values().filter(of_kind).collect();
        let consider = |declared: &&Declared| {
            let stays = self.comparison.without_default(kind, declared);
            let stays = stays.iter().map(|field| diagnostics::no_default(declared, field));
            (self.consider(kind, declared), stays.collect::<Vec<_>>())
        };
        let considered = parallel::in_order(&all, consider, |_| false);
        for (declared, (verdict, stays)) in all.into_iter().zip(considered) {
            if let ([live], false) = (self.index.meant(kind, declared).as_slice(), declared.absent()) {
                self.plan.live.insert(declared.id.clone(), live.remote.clone());
            }
            self.record(declared, verdict);
            self.plan.diagnostics.extend(stays);
        }
    }

    /// Where git declares what changes.
    fn places(&self) -> BTreeMap<ResourceId, Place> {
        let place =
            |change: &Change| Some((change.id.clone(), self.input.desired.get(&change.id)?.source()?));
        self.plan.changes.iter().filter_map(place).collect()
    }

    /// Reports objects that git does not name and that could not be read. They only matter if they may refer to
    /// something that is deleted.
    fn unread_others(&mut self) {
        for ((kind, remote), error) in &self.input.observed.unread {
            let reported = self.plan.diagnostics.iter().any(|diagnostic| diagnostic.message == error.message);
            if !reported {
                let found = self.input.observed.found(kind).iter().find(|found| found.remote == *remote);
                let name = found.map_or(remote.as_str(), |found| &found.name);
                let id = ResourceId::new(self.input.target, kind, name);
                self.plan.diagnostics.push(diagnostics::unread_other(&id, error));
                self.plan.incomplete = true;
            }
        }
    }

    /// Reports objects that cannot be reached, if they may refer to something that is deleted.
    fn unreachable_others(&mut self) {
        let deleted: Vec<_> = self.input.desired.values().filter(|declared| declared.absent()).collect();
        for kind in self.input.system.kinds() {
            let refers = deleted.iter().any(|deleted| kind.refers_to(&deleted.id.kind));
            if let [found, ..] = self.input.observed.unreachable(&kind.name)
                && refers
            {
                let id = ResourceId::new(self.input.target, &kind.name, &found.name);
                let error = ReadError::unreachable(&kind.name, &found.name);
                self.plan.diagnostics.push(diagnostics::unread_other(&id, &error));
                self.plan.incomplete = true;
            }
        }
    }

    /// Names the live objects that no manifest can mean.
    fn pass_over(&mut self) {
        let mut passed_over = BTreeMap::new();
        for kind in self.input.system.kinds() {
            let id = |name: &str| ResourceId::new(self.input.target, &kind.name, name);
            let found = self.input.observed.found(&kind.name).iter().filter(|found| !found.system);
            let nameless = found.filter(|found| name_problem(&found.name).is_some());
            passed_over.extend(nameless.map(|found| (id(&found.name), SkipReason::Name)));
            let unreachable = self.input.observed.unreachable(&kind.name).iter();
            passed_over.extend(unreachable.map(|found| (id(&found.name), SkipReason::Unreachable)));
        }
        // A declared one has its own verdict.
        passed_over.retain(|id, _| !self.input.desired.contains_key(id));
        self.plan.skipped.extend(passed_over.into_iter().map(|(id, reason)| Skipped {
            id,
            reason,
            file: None,
        }));
    }

    /// Whether a kind can be planned: only with its own list and the lists of the kinds that it refers to.
    fn is_readable(&mut self, kind: &Kind) -> bool {
        let listing = |name: &str| self.input.observed.kinds.get(name);
        if let Some(Err(error)) = listing(&kind.name) {
            self.plan.diagnostics.push(diagnostics::unlisted(self.input.target, kind, error));
            self.plan.incomplete = true;
            return false;
        }
        let mut others = self.input.system.kinds().iter().filter(|other| kind.refers_to(&other.name));
        others.all(|other| !matches!(listing(&other.name), Some(Err(_))))
    }

    fn consider(&self, kind: &Kind, declared: &Declared) -> Verdict {
        if declared.orphan {
            return self.orphan(kind, declared);
        }
        let dangling = diagnostics::dangling(kind, declared, &self.comparison.names);
        if !dangling.is_empty() {
            return Verdict::Wrong(dangling);
        }
        if let Some(diagnostic) = self.unreachable(kind, declared) {
            return Verdict::Unread(diagnostic);
        }
        if let Some(diagnostic) = self.lookalike(kind, declared) {
            return diagnostic.into();
        }
        let live = match *self.index.meant(kind, declared).as_slice() {
            [] => None,
            [one] if one.name == declared.id.name || declared.manifest.previously.contains(&one.name) => {
                Some(one)
            }
            [one] if self.index.renamed(declared) == Some(one) => Some(one),
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
        if let Some(error) = unread_as.and_then(|key| self.input.observed.unread.get(&key)) {
            return Verdict::Unread(diagnostics::unread(declared, error));
        }
        match (live, lifecycle::hold(declared, self.input.options.day)) {
            (Some(live), _) if !self.input.system.writable(kind, live) => {
                Verdict::Skipped(SkipReason::System)
            }
            (live, Some(hold)) => self.held(kind, declared, live, hold),
            (None, None) if declared.absent() => Verdict::Unchanged,
            (live, None) if self.only_observes(declared, live) => self.observed(kind, declared, live),
            (Some(live), None) if live.name != declared.id.name && !kind.renames => {
                diagnostics::no_rename(kind, declared, live).into()
            }
            (live, None) => self.propose(kind, declared, live),
        }
    }

    /// An object that cannot be reached is not absent, so nothing is created in its place.
    fn unreachable(&self, kind: &Kind, declared: &Declared) -> Option<Diagnostic> {
        let unreachable = self.input.observed.unreachable(&kind.name);
        if unreachable.is_empty() {
            return None;
        }
        let names = declared.names().map(|name| kind.look(name)).collect::<Vec<_>>();
        let found = unreachable.iter().find(|found| names.contains(&kind.look(&found.name)))?;
        Some(diagnostics::unread(declared, &ReadError::unreachable(&kind.name, &found.name)))
    }

    /// A live object that looks like the one that would be created, or like the one that would be renamed.
    fn lookalike(&self, kind: &Kind, declared: &Declared) -> Option<Diagnostic> {
        if declared.absent() || !self.index.named(kind, &declared.id.name).is_empty() {
            return None;
        }
        let mut alike = declared.names().flat_map(|name| self.index.alike(kind, name));
        alike.next().map(|found| diagnostics::lookalike(kind, declared, found))
    }

    fn propose(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>) -> Verdict {
        if !declared.absent() {
            let kept = self.kept_from_existing(kind, declared);
            if !kept.is_empty() {
                return Verdict::Wrong(kept);
            }
        }
        if live.is_none() {
            let missing = diagnostics::missing(kind, declared);
            if !missing.is_empty() {
                return Verdict::Wrong(missing);
            }
        }
        match self.comparison.change(kind, declared, live) {
            Ok(Some(change)) if self.input.options.only_declared && change.cause == Cause::Drift => {
                Verdict::Skipped(SkipReason::Drift)
            }
            Ok(Some(change)) => {
                match self.protected(declared, live).filter(|_| change.action == Action::Delete) {
                    Some(diagnostic) => Verdict::Guarded(Box::new(change), diagnostic),
                    None => Verdict::Change(Box::new(change)),
                }
            }
            Ok(None) => Verdict::Unchanged,
            Err(diagnostic) => declared.placed(diagnostic).about(&declared.id).into(),
        }
    }

    fn protected(&self, declared: &Declared, live: Option<&LiveObject>) -> Option<Diagnostic> {
        guard::protect(declared, self.comparison.at_base(declared, live))
    }

    fn record(&mut self, declared: &Declared, verdict: Verdict) {
        let id = declared.id.clone();
        match verdict {
            Verdict::Change(change) => {
                self.plan.diagnostics.extend(kept::other_spellings(declared, &change));
                self.plan.changes.push(*change);
            }
            Verdict::Guarded(change, diagnostic) => {
                self.plan.changes.push(*change);
                self.plan.diagnostics.push(diagnostic);
            }
            Verdict::Gone => self.plan.gone.push(id),
            Verdict::Unchanged => self.plan.unchanged.push(id),
            Verdict::Held(held) => self.plan.held.push(*held),
            Verdict::Observed(observed) => self.plan.observed.push(*observed),
            Verdict::Skipped(reason) => self.plan.skipped.push(Skipped { id, reason, file: None }),
            Verdict::Moved(file) => {
                self.plan.skipped.push(Skipped { id, reason: SkipReason::Moved, file: Some(file) });
            }
            Verdict::Survives(survivor) => self.plan.survivors.push(*survivor),
            Verdict::Wrong(diagnostics) => self.plan.diagnostics.extend(diagnostics),
            Verdict::Unread(diagnostic) => {
                self.plan.diagnostics.push(diagnostic);
                self.plan.incomplete = true;
            }
        }
    }

    fn finish(mut self) -> TargetPlan {
        order::sort(&mut self.plan.changes, self.input.system.kinds(), self.input.desired);
        self.plan.diagnostics.extend(self.still_named());
        let hazards = self.input.system.hazards(&self.plan.changes, self.input.observed);
        self.plan.diagnostics.extend(hazards);
        let sides = Sides::new(self.input, self.index, self.comparison, &self.plan.changes);
        self.plan.access = impact::verdicts(&sides, &self.plan.changes);
        self.plan.target_access = whole::verdict(&sides, &self.plan.access);
        self.plan.diagnostics.extend(by_hand::check(&self.plan));
        let mut kept = guardrail::check(&sides, &self.plan.changes, &self.plan.access);
        // Nothing is written to what could not be read, and why is said already.
        kept.retain(|finding| !self.plan.incomplete || finding.code != Code::GuardrailUnknown);
        self.plan.diagnostics.extend(kept);
        let (turns, wrong) = order::turns_of(&sides);
        self.plan.diagnostics.extend(wrong);
        for (change, turn) in self.plan.changes.iter_mut().zip(turns) {
            change.turn = turn;
        }
        self.plan.changes.sort_by_key(|change| change.turn.step);
        self.plan.coverage = unmanaged::coverage(self.input, self.index, self.comparison);
        guard::check(&mut self.plan, self.input);
        diagnostic::sort(&mut self.plan.diagnostics);
        self.plan
    }
}
