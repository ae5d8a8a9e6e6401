//! The second plan of a target, after writes: whether it is as declared now, and what an API made of what it was sent.
//!
//! The lists of an API may lag behind its writes. What this run has written is then read by its id, so that nobody takes
//! it for missing. What is said about a difference is in `plan::kept`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::change::{Action, Change};
use crate::model::outcome::EndedChange;
use crate::model::plan::TargetPlan;
use crate::model::request::Symbol;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{LiveObject, Observed};
use crate::model::wire::{ReadError, Reader};
use crate::packed::Packed;
use crate::plan::kept;
use crate::run::plan::{confirmed, observe_lists_and_plan, plan_of};
use crate::run::project::Intent;

/// How long a list gets to show what was created, in seconds: a quarter of a minute in all.
const WAITS: [u64; 4] = [1, 2, 4, 8];

/// Plans a target again after these writes. `ids` are those of what they created.
pub(super) async fn verify(
    intent: &Intent<'_>,
    reader: &dyn Reader,
    ended: &[EndedChange],
    ids: &BTreeMap<Symbol, RemoteId>,
) -> TargetPlan {
    let written: Vec<_> =
        ended.iter().filter(|ended| ended.outcome.is_applied()).map(|ended| &ended.change).collect();
    let (mut observed, mut plan) = observe_lists_and_plan(intent, reader).await;
    for wait in WAITS {
        if !is_any_missing(&written, &plan) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(wait)).await;
        (observed, plan) = observe_lists_and_plan(intent, reader).await;
    }
    let by_run: BTreeSet<_> = written.iter().map(|change| &change.id).collect();
    (observed, plan) = confirmed(intent, reader, (observed, plan), |id| !by_run.contains(id)).await;
    let left = left_of(&plan);
    let again: Vec<_> = written.iter().filter(|change| left.contains_key(&change.id)).collect();
    let mut late = BTreeSet::new();
    for change in again {
        match read(intent, reader, change, ids).await {
            Ok(live) if correct(&mut observed, change, live.as_ref()) => drop(late.insert(&change.id)),
            // It is as it was listed, or nobody can say more.
            Ok(_) | Err(_) => {}
        }
    }
    if !late.is_empty() {
        plan = plan_of(intent, &observed);
    }
    let left = left_of(&plan);
    let lagging = written.iter().filter_map(|change| match left.get(&change.id) {
        None if late.contains(&change.id) => Some(lags(change)),
        Some(Action::Create) => Some(not_shown(change, ids)),
        _ => None,
    });
    let lagging: Vec<_> = lagging.collect();
    plan.diagnostics.extend(lagging);
    // What was written is no longer guessed at, and what was held back was said.
    plan.diagnostics
        .retain(|diagnostic| !matches!(diagnostic.code, Code::LiveOtherSpelling | Code::GuardNewAccess));
    let kept = kept::after_writes(intent.desired, ended, &plan);
    plan.diagnostics.extend(kept);
    crate::diagnostic::sort(&mut plan.diagnostics);
    plan
}

/// Whether the list does not show something that was created.
fn is_any_missing(written: &[&Change], plan: &TargetPlan) -> bool {
    let left = left_of(plan);
    let is_missing = |change: &&Change| left.get(&change.id) == Some(&Action::Create);
    written.iter().filter(|change| change.action == Action::Create).any(is_missing)
}

/// What a plan would still do, by object.
fn left_of(plan: &TargetPlan) -> BTreeMap<&ResourceId, Action> {
    plan.changes.iter().map(|left| (&left.id, left.action)).collect()
}

/// Reads what was written by its id, or by its name if the API gave none.
async fn read(
    intent: &Intent<'_>,
    reader: &dyn Reader,
    change: &Change,
    ids: &BTreeMap<Symbol, RemoteId>,
) -> Result<Option<LiveObject>, ReadError> {
    let ResourceId { kind, name, .. } = &change.id;
    let system = intent.target.system.as_ref();
    let Some(kind) = system.kind(kind) else { return Ok(None) };
    let known = change.seen.as_ref().map(|seen| &seen.remote).or_else(|| ids.get(&Symbol::of(&change.id)));
    match known {
        Some(remote) => {
            let (remote, name) = (remote.clone(), name.clone());
            let known = LiveObject { remote, name, system: false, body: Packed::default(), etag: None };
            system.get(kind, &known, reader).await
        }
        None => Ok(system.find(kind, name, reader).await?.pop()),
    }
}

/// Puts an object as it was read in the place of the listed one. Whether the list was behind.
fn correct(observed: &mut Observed, change: &Change, live: Option<&LiveObject>) -> bool {
    let Some(Ok(listed)) = observed.kinds.get_mut(&change.id.kind) else { return false };
    let at = |remote: &RemoteId| listed.iter().position(|found| found.remote == *remote);
    match (live, live.map(|live| &live.remote).or(change.seen.as_ref().map(|seen| &seen.remote)).and_then(at))
    {
        (Some(live), Some(at)) => {
            let place = listed.get_mut(at);
            place.is_some_and(|place| std::mem::replace(place, live.clone()).body != live.body)
        }
        (Some(live), None) => {
            listed.push(live.clone());
            true
        }
        (None, Some(at)) if change.action == Action::Delete => {
            listed.remove(at);
            true
        }
        (None, _) => false,
    }
}

fn lags(change: &Change) -> Diagnostic {
    let message = match change.action {
        Action::Create => "it was created, and is there by its id; the API's list does not show it yet",
        Action::Update => "it was updated, and is so by its id; the API's list still shows it as it was",
        Action::Delete => "it was deleted, and is gone by its id; the API's list still shows it",
    };
    Diagnostic::new(Code::LiveLagging, message)
        .about(&change.id)
        .help("plan again before the next apply: until the list is up to date, a run takes it for true")
}

fn not_shown(change: &Change, ids: &BTreeMap<Symbol, RemoteId>) -> Diagnostic {
    let id = ids.get(&Symbol::of(&change.id)).map(|id| format!(" as `{id}`")).unwrap_or_default();
    let message = format!("the API says that it was created{id}, and does not show it");
    Diagnostic::new(Code::LiveLagging, message)
        .about(&change.id)
        .help("do not apply again before the API shows it: that could make a second one")
}
