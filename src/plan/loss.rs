//! Refuses a change that would take from a live object what git does not declare. Every body that a system makes goes
//! through here, so that no system can forget it.
//!
//! Not here: how a loss is found, in `compare::loss`.

use serde_json::{Map, Value};

use crate::compare::ignore::Ignored;
use crate::compare::loss::{self, Loss, Why};
use crate::compare::patch;
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::request::{Hidden, Replaces, Request};
use crate::pointer::put;
use crate::system::Draft;
use crate::words::list;

/// Whether the requests of a change keep what git does not declare.
pub(super) fn check(
    draft: &Draft<'_>,
    ignored: &Ignored,
    requests: &[Request],
) -> Result<(), SpecDiagnostic> {
    let losses: Vec<_> = requests.iter().flat_map(|request| of(draft, ignored, request)).collect();
    let of = |wanted: fn(Why) -> bool| losses.iter().filter(|loss| wanted(loss.why)).collect::<Vec<_>>();
    let all = [
        (of(|why| matches!(why, Why::LeftOut | Why::Unpaired | Why::WriteOnly)), lost as fn(&[&Loss]) -> _),
        (of(|why| why == Why::Mask), masked),
        (of(|why| why == Why::Number), inexact),
    ];
    match all.into_iter().find(|(losses, _)| !losses.is_empty()) {
        Some((losses, refuse)) => Err(refuse(&losses)),
        None => Ok(()),
    }
}

fn of(draft: &Draft<'_>, ignored: &Ignored, request: &Request) -> Vec<Loss> {
    let (Some(live), Some(body)) = (draft.live, &request.body) else { return Vec::new() };
    let (kind, declared) = (draft.kind, draft.declared);
    let live = kind.writable(live.body());
    let sent = kind.writable(object_in(request, body));
    let shape = &kind.shape;
    let left_to_others = |ignored: &Ignored| loss::of_ignored(shape, ignored, &live, &sent);
    match request.replaces {
        Replaces::Object => {
            [loss::of_object(shape, &live, declared, &sent), left_to_others(ignored)].concat()
        }
        // What is not sent stays.
        Replaces::Fields => {
            [loss::of_fields(shape, &live, declared, &sent), left_to_others(&ignored.within(&sent))].concat()
        }
        Replaces::Differences => {
            let after = patch::applied(&live, &sent);
            [loss::of_object(shape, &live, declared, &after), loss::of_ignored(shape, ignored, &live, &after)]
                .concat()
        }
        Replaces::Nothing => Vec::new(),
    }
}

/// The object in a body, with the live values that no output shows.
fn object_in(request: &Request, body: &Value) -> Value {
    let mut body = body.clone();
    for (at, hidden) in &request.hidden {
        if let Hidden::Live(value) = hidden {
            put(&mut body, at, value.clone());
        }
    }
    body.pointer(&request.within).cloned().unwrap_or(Value::Object(Map::new()))
}

fn lost(losses: &[&Loss]) -> SpecDiagnostic {
    let because = |why: Why| losses.iter().any(|loss| loss.why == why);
    let help = if because(Why::WriteOnly) {
        "the API never shows it, and this write replaces the whole object: declare it, or say with `x-replaces` in the \
         definition what keeps it"
    } else if because(Why::Unpaired) {
        "nothing says whether its item was changed or is another one now: give the item its key on the target, remove the \
         field there, or take the item out here, apply, and add the new one afterwards"
    } else {
        "git does not declare it, and the API would forget it: remove it on the target first if it is meant to go"
    };
    let message = format!("this write would remove what git does not declare: {}", places(losses));
    Diagnostic::new(Code::PlanLoses, message).help(help)
}

fn masked(losses: &[&Loss]) -> SpecDiagnostic {
    let message = format!("the API shows a mask, and this write would make it the value: {}", places(losses));
    let help = "the definition must say `writeOnly` of it, with `x-replaces`; for a built-in system, change the object on \
                the target";
    Diagnostic::new(Code::PlanMask, message).help(help)
}

fn inexact(losses: &[&Loss]) -> SpecDiagnostic {
    let message = format!("this write would round a number that git does not declare: {}", places(losses));
    let help = "it has more digits than enact keeps: change the object on the target";
    Diagnostic::new(Code::PlanNumber, message).help(help)
}

fn places(losses: &[&Loss]) -> String {
    let mut places: Vec<_> = losses.iter().map(|loss| format!("`{}`", loss.at)).collect();
    places.sort();
    places.dedup();
    list(&places, 8)
}
