//! Whether what is permitted, before and after a change, is audited.
//!
//! A request that several rules permit may be audited by the one and not by the other, and nobody has written down which
//! counts. So what differs is by which sorts of rules a request is permitted. If they differ, a rule of one side permits
//! it that no rule of its sort on the other side does, and a rule of the other sort does there: the least request of
//! both rules shows it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::evaluate::{applies, is_in_scope};
use super::request::{CedarRequest, Least, Named};
use super::rule::CedarRule;
use crate::access::budget::{Budget, Spent};
use crate::access::impact::{AttributeChange, Verdict};

/// What is audited and was not, and the other way round; `None` if what was found is not true.
pub(super) fn changes(
    before: &[CedarRule],
    after: &[CedarRule],
    named: &Named,
    budget: &mut Budget,
) -> Result<Option<Vec<AttributeChange>>, Spent> {
    let mut changes = Vec::new();
    for (is_now, audited) in [(true, false), (false, true), (true, true), (false, false)] {
        let (here, there) = if is_now { (after, before) } else { (before, after) };
        let same: BTreeSet<_> =
            there.iter().filter(|rule| rule.audited == audited).map(CedarRule::meaning).collect();
        let seeds = here.iter().filter(|rule| rule.permits && rule.audited == audited);
        let others: Vec<_> = there.iter().filter(|rule| rule.permits && rule.audited != audited).collect();
        for seed in seeds.filter(|seed| !others.is_empty() && !same.contains(&seed.meaning())) {
            for part in seed.parts() {
                let Some(request) = request(&part, &others, [here, there], named, budget)? else { continue };
                let change = change(&part, is_now == audited, before, after, &request);
                match change {
                    Some(change) if changes.contains(&change) => {}
                    Some(change) => changes.push(change),
                    None => return Ok(None),
                }
            }
        }
    }
    Ok(Some(changes))
}

/// A request that a rule permits and that only rules of the other sort permit on the other side.
fn request(
    part: &CedarRule,
    others: &[&CedarRule],
    [here, there]: [&[CedarRule]; 2],
    named: &Named,
    budget: &mut Budget,
) -> Result<Option<CedarRequest>, Spent> {
    // Most often it is the same rule.
    let twins = others.iter().filter(|other| other.meaning() == part.meaning());
    for other in twins.chain(others) {
        for other in other.parts() {
            budget.spend(here.len() + there.len() + 1)?;
            let Some(least) = Least::of(&[part, &other], named) else { continue };
            let is_hidden = |rule: &CedarRule| !rule.permits && least.is_met_by(rule);
            let is_same =
                |rule: &CedarRule| rule.permits && rule.audited == part.audited && least.is_met_by(rule);
            if !here.iter().chain(there).any(is_hidden) && !there.iter().any(is_same) {
                return Ok(Some(least.request));
            }
        }
    }
    Ok(None)
}

/// The change that a request shows; `None` if it shows none.
fn change(
    part: &CedarRule,
    more_audit: bool,
    before: &[CedarRule],
    after: &[CedarRule],
    request: &CedarRequest,
) -> Option<AttributeChange> {
    let sorts = |rules: &[CedarRule]| -> BTreeSet<bool> {
        let permitting = rules.iter().filter(|rule| rule.permits && applies(rule, request));
        permitting.map(|rule| rule.audited).collect()
    };
    let (then, now) = (sorts(before), sorts(after));
    if then == now || then.is_empty() || now.is_empty() {
        return None;
    }
    let depends = |rule: &CedarRule| !rule.conditions.is_empty() && is_in_scope(rule, request);
    let possible = then.len() > 1 || now.len() > 1 || before.iter().chain(after).any(depends);
    Some(AttributeChange {
        attribute: "audit_session".to_owned(),
        before: value(&then),
        after: value(&now),
        verdict: if more_audit { Verdict::LessPermissive } else { Verdict::MorePermissive },
        possible,
        access: part.asks(),
    })
}

/// Whether it is audited; null if one rule says so and another does not.
fn value(sorts: &BTreeSet<bool>) -> Value {
    match sorts.iter().collect::<Vec<_>>().as_slice() {
        [one] => Value::Bool(**one),
        _ => Value::Null,
    }
}
