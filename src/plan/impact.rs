//! What the changes of a plan do to what is allowed, object by object.
//!
//! An object is compared with what it will be, each side with the others that it names as they are on that side. Where
//! another kind lends what it says, such as a role, its change is judged by the objects that name it and do not change
//! themselves. Objects that do not change cost nothing. Not here: the verdict (`access`), and what an object of a
//! system says (`system::semantics`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::access::budget::Budget;
use crate::access::cedar::{self, CedarPolicy};
use crate::access::impact::{AccessChange, Decision, Difference, Impact, Reading, compare};
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::plan::AccessVerdicts;
use crate::model::resource::ResourceId;
use crate::plan::estate::Sides;
use crate::system::semantics::{Meaning, Semantics};
use crate::words::list;

/// The verdict on each change.
pub(super) fn verdicts(sides: &Sides<'_>, changes: &[Change]) -> AccessVerdicts {
    let input = sides.input;
    // A limit that looks at it is not to be left out.
    let is_left_out = input.options.without_access && !input.refuses_new_access;
    if is_left_out || changes.is_empty() {
        return AccessVerdicts::LeftOut;
    }
    let Some(semantics) = input.system.semantics() else { return AccessVerdicts::NoSemantics };
    let mut impacts = Impacts { sides, semantics, budget: Budget::default() };
    let judged = changes.iter().enumerate();
    let judged = judged.filter_map(|(at, change)| Some((change.id.clone(), impacts.impact(at, change)?)));
    AccessVerdicts::Known(judged.collect())
}

struct Impacts<'s, 'a> {
    sides: &'s Sides<'a>,
    semantics: &'a dyn Semantics,
    budget: Budget,
}

impl<'a> Impacts<'_, 'a> {
    fn impact(&mut self, at: usize, change: &Change) -> Option<Impact> {
        let sides = self.sides;
        let kind = sides.input.system.kind(&change.id.kind)?;
        let own = self.judge(&change.id, &sides.meanings(self.semantics).get(at)?.sides);
        match own {
            Some(Impact::Known(_)) | None if self.semantics.lends(kind) => self.through(kind, change),
            own => own,
        }
    }

    /// What an object does by its change, or by the change of others that it names. `None` if it says nothing itself.
    fn judge(&mut self, id: &ResourceId, [before, after]: &[Option<Meaning>; 2]) -> Option<Impact> {
        let mut impact = self.compared(before.as_ref(), after.as_ref())?;
        let Impact::Known(difference) = &mut impact else { return Some(impact) };
        for AccessChange { witness, .. } in difference.changes_mut() {
            let place = |is_after: bool, meaning: &Option<Meaning>, decision: &mut Decision| {
                let at = meaning.as_ref().zip(decision.at).and_then(|(meaning, at)| meaning.at(at));
                decision.put(at.and_then(|at| self.sides.place(id, is_after, &at)));
            };
            place(false, before, &mut witness.before);
            place(true, after, &mut witness.after);
        }
        Some(impact)
    }

    /// The verdict on two sides. `None` if none of them says anything.
    fn compared(&mut self, before: Option<&Meaning>, after: Option<&Meaning>) -> Option<Impact> {
        match (before, after) {
            (Some(Meaning::Unknown(reason)), _) | (_, Some(Meaning::Unknown(reason))) => {
                Some(Impact::Unknown(reason.clone()))
            }
            (Some(Meaning::Nothing), _) | (_, Some(Meaning::Nothing)) | (None, None) => None,
            (
                Some(Meaning::Rules { readings: before, beside: then }),
                Some(Meaning::Rules { readings: after, beside: now }),
            ) => Some(match fields(then, now) {
                Impact::Known(_) => compare(before, after, &mut self.budget),
                unknown @ Impact::Unknown(_) => unknown,
            }),
            (None, Some(Meaning::Rules { readings: after, .. })) => {
                Some(compare(&none(after), after, &mut self.budget))
            }
            (Some(Meaning::Rules { readings: before, .. }), None) => {
                Some(compare(before, &none(before), &mut self.budget))
            }
            (Some(Meaning::Cedar(before)), Some(Meaning::Cedar(after))) => {
                Some(cedar::compare(before, after, &mut self.budget))
            }
            (None, Some(Meaning::Cedar(after))) => {
                Some(cedar::compare(&CedarPolicy::default(), after, &mut self.budget))
            }
            (Some(Meaning::Cedar(before)), None) => {
                Some(cedar::compare(before, &CedarPolicy::default(), &mut self.budget))
            }
            (Some(_), Some(_)) => Some(Impact::Unknown("its two sides are of two sorts".to_owned())),
        }
    }

    /// What a change does through the objects that name what changes. `None` if there are none.
    fn through(&mut self, kind: &Kind, change: &Change) -> Option<Impact> {
        let users = self.sides.naming(&change.id).iter().copied();
        let users: Vec<_> = users.filter(|(kind, live)| self.sides.change_of(kind, live).is_none()).collect();
        if change.action == Action::Create && users.is_empty() {
            return None;
        }
        if let Some(unread) = self.unread(kind) {
            return Some(Impact::Unknown(format!("not every {unread} was read, and any could name it")));
        }
        let mut all = (!users.is_empty()).then(Difference::default)?;
        for (kind, live) in users {
            let through = format!("{} `{}`", kind.name, live.name);
            let id = ResourceId::new(self.sides.input.target, &kind.name, &live.name);
            match self.judge(&id, &self.sides.meanings_of_same(self.semantics, kind, live)) {
                None => {}
                Some(Impact::Unknown(reason)) => {
                    return Some(Impact::Unknown(format!("of the {through}, which names it: {reason}")));
                }
                Some(Impact::Known(mut difference)) => {
                    difference.changes_mut().for_each(|change| change.through = Some(through.clone()));
                    all.gained.append(&mut difference.gained);
                    all.lost.append(&mut difference.lost);
                    all.attributes.append(&mut difference.attributes);
                    all.more = all.more || difference.more;
                }
            }
        }
        Some(Impact::Known(all))
    }

    /// A kind that can name this one, and of which not every object is known.
    fn unread(&self, kind: &Kind) -> Option<&'a str> {
        let observed = self.sides.input.observed;
        let is_whole = |other: &&Kind| {
            observed.kinds.get(&other.name).is_some_and(Result::is_ok)
                && observed.unreachable(&other.name).is_empty()
                && !observed.unread.keys().any(|(of, _)| *of == other.name)
        };
        let mut naming = self.sides.input.system.kinds().iter().filter(|other| other.refers_to(&kind.name));
        let unread = naming.find(|other| self.sides.input.options.only_declared || !is_whole(other));
        unread.map(|other| other.name.as_str())
    }
}

/// The readings of no object, as those of another one.
fn none(readings: &[Reading]) -> Vec<Reading> {
    let none = |reading: &Reading| Reading { assumes: reading.assumes, rules: reading.rules.without_rules() };
    readings.iter().map(none).collect()
}

/// The verdict on fields of which it is only known whether they are the same.
fn fields(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Impact {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    match differing.map(|name| format!("`{name}`")).collect::<Vec<_>>().as_slice() {
        [] => Impact::Known(Difference::default()),
        names => Impact::Unknown(format!("enact does not weigh a change of {}", list(names, 5))),
    }
}
