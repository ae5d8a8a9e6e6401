//! What the changes of a plan do to what the whole target allows.
//!
//! Where all objects decide together, the rules of the target are compared with those that it will have, and a change
//! may be masked: by itself it is wider, but another object still denies it, or allowed it already. Elsewhere each object
//! is attached to identities that nobody knows, any two may meet or not, and the whole does what each change does. Not
//! here: the verdict on one object, in `impact`, and the rules of a target, in `estate`.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::allowed::{By, NoAnswer, Shown, concerned, differing, gained, lost};
use crate::access::budget::Budget;
use crate::access::impact::{AccessChange, AttributeChange, Difference, Impact, Verdict};
use crate::access::rule::Effect;
use crate::model::plan::{
    AccessVerdicts, Masked, TargetAccess, TargetAccessChange, TargetAttributeChange, TargetDifference,
};
use crate::model::resource::ResourceId;
use crate::plan::estate::{EstateReading, Origin, Sides, paired};

/// How many differences are kept for each side.
const MOST: usize = 40;
/// How many steps the comparison may take: some seconds.
const STEPS: u64 = 40_000_000;

/// The verdict on the target, from those on its changes.
pub(super) fn verdict(sides: &Sides<'_>, verdicts: &AccessVerdicts) -> TargetAccess {
    let AccessVerdicts::Known(impacts) = verdicts else { return TargetAccess::LeftOut };
    let Some(semantics) = sides.input.system.semantics().filter(|_| !impacts.is_empty()) else {
        return TargetAccess::LeftOut;
    };
    if sides.input.options.only_declared {
        return TargetAccess::OnlyDeclared;
    }
    let mut known = BTreeMap::new();
    for (id, impact) in impacts {
        match impact {
            Impact::Known(difference) => drop(known.insert(id, difference)),
            Impact::Unknown(reason) => {
                return TargetAccess::Unknown(format!("of {} `{}`: {reason}", id.kind, id.name));
            }
        }
    }
    // What no change does, all of them together do not.
    if !semantics.decides_together() || impacts.values().all(|impact| impact.verdict() == Verdict::Equivalent)
    {
        return TargetAccess::Known(apart(&known));
    }
    together(sides, &known).unwrap_or_else(TargetAccess::Unknown)
}

/// The differences of the changes, one of each.
fn apart(known: &BTreeMap<&ResourceId, &Difference>) -> TargetDifference {
    let one = |id: &ResourceId, changes: &[AccessChange]| {
        let certain = changes.iter().find(|change| !change.possible);
        let AccessChange { possible, witness, .. } = certain.or(changes.first())?;
        let mut witness = witness.clone();
        for decision in [&mut witness.before, &mut witness.after] {
            let origin =
                Origin { id: id.clone(), rule: decision.rule.take(), at: String::new(), place: None };
            decision.rule = (decision.effect != Effect::NotGranted).then(|| origin.label());
        }
        Some(TargetAccessChange { id: id.clone(), possible: *possible, witness })
    };
    let gained = known.iter().filter_map(|(id, difference)| one(id, &difference.gained)).collect();
    let lost = known.iter().filter_map(|(id, difference)| one(id, &difference.lost)).collect();
    let attributes = known.iter().flat_map(|(id, difference)| {
        let of_object =
            |change: &AttributeChange| TargetAttributeChange { id: (*id).clone(), change: change.clone() };
        difference.attributes.iter().map(of_object)
    });
    TargetDifference { attributes: attributes.collect(), ..cut(gained, lost, BTreeMap::new()) }
}

fn together(sides: &Sides<'_>, known: &BTreeMap<&ResourceId, &Difference>) -> Result<TargetAccess, String> {
    let Some((live, planned)) = sides.estates() else { return Ok(TargetAccess::LeftOut) };
    if let Some(gap) = live.gaps.iter().chain(&planned.gaps).next() {
        return Err(gap.reason());
    }
    let mut budget = Budget::new(STEPS, STEPS);
    let mut all: Option<TargetDifference> = None;
    for [before, after] in paired(live, planned) {
        let [before, after] = narrowed([&before, &after]);
        let one =
            compared(sides, [&before, &after], known, &mut budget).map_err(|why| why.reason().to_owned())?;
        let Some(first) = &mut all else {
            all = Some(one);
            continue;
        };
        if (first.gained.is_empty(), first.lost.is_empty()) != (one.gained.is_empty(), one.lost.is_empty()) {
            return Err(format!("it depends on whether {}", after.assumes));
        }
        first.masked.retain(|id, masked| {
            let other = one.masked.get(id).copied().unwrap_or_default();
            *masked = Masked { gained: masked.gained && other.gained, lost: masked.lost && other.lost };
            *masked != Masked::default()
        });
    }
    Ok(TargetAccess::Known(all.unwrap_or_default()))
}

/// Two sides without the rules that have to do with no difference between them.
fn narrowed(sides: [&EstateReading; 2]) -> [EstateReading; 2] {
    let differing = differing(&sides[0].rules, &sides[1].rules);
    let mut budget = Budget::new(STEPS, STEPS);
    sides.map(|side| {
        let EstateReading { assumes, rules: all, origins } = side;
        let mut kept = EstateReading::without_rules(assumes, all);
        for at in concerned(all, &differing, &mut budget) {
            kept.rules.rules.extend(all.rules.get(at).cloned());
            kept.origins.extend(origins.get(at).cloned());
        }
        kept
    })
}

/// How a target differs in one reading.
fn compared(
    sides: &Sides<'_>,
    [before, after]: [&EstateReading; 2],
    known: &BTreeMap<&ResourceId, &Difference>,
    budget: &mut Budget,
) -> Result<TargetDifference, NoAnswer> {
    let shown = |shown: Shown| {
        let Shown { by, possible, mut witness } = shown;
        for (is_after, side, decision) in
            [(false, before, &mut witness.before), (true, after, &mut witness.after)]
        {
            let origin = decision.at.and_then(|at| side.origins.get(at));
            decision.put(origin.and_then(|Origin { id, at, .. }| sides.place(id, is_after, at)));
        }
        let origin = match by {
            By::Before(at) => before.origins.get(at),
            By::After(at) => after.origins.get(at),
        };
        Some(TargetAccessChange { id: origin?.id.clone(), possible, witness })
    };
    let gained = gained(&before.rules, &after.rules, None, budget)?;
    let gained: Vec<_> = gained.into_iter().filter_map(shown).collect();
    let lost = lost(&before.rules, &after.rules, None, budget)?;
    let lost: Vec<_> = lost.into_iter().filter_map(shown).collect();
    let masked = known.iter().filter_map(|(id, difference)| {
        let masked = Masked {
            gained: is_masked(id, &difference.gained, &gained),
            lost: is_masked(id, &difference.lost, &lost),
        };
        (masked != Masked::default()).then(|| ((*id).clone(), masked))
    });
    let masked = masked.collect();
    Ok(cut(gained, lost, masked))
}

/// Whether nothing of what an object does by its change is done by the target.
fn is_masked(id: &ResourceId, own: &[AccessChange], of_target: &[TargetAccessChange]) -> bool {
    let name = |id: &ResourceId| format!("{} `{}`", id.kind, id.name);
    let mut through: BTreeSet<_> = own.iter().filter_map(|change| change.through.clone()).collect();
    through.insert(name(id));
    !own.is_empty() && !of_target.iter().any(|change| through.contains(&name(&change.id)))
}

/// Keeps as much as people want to see, first what is certain.
fn cut(
    mut gained: Vec<TargetAccessChange>,
    mut lost: Vec<TargetAccessChange>,
    masked: BTreeMap<ResourceId, Masked>,
) -> TargetDifference {
    let more = gained.len() > MOST || lost.len() > MOST;
    for changes in [&mut gained, &mut lost] {
        changes.sort_by_key(|change| change.possible);
        changes.truncate(MOST);
    }
    TargetDifference { gained, lost, more, masked, attributes: Vec::new() }
}
