//! The digest of a plan's writes. Not here: the plan file that holds it, in `report::plan_file`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::change::{Action, Change};
use crate::model::plan::TargetPlan;
use crate::model::request::Request;

/// The digest of all writes, each plan with the URL of its target. It changes if and only if a write changes, or the
/// state of an object that would be deleted.
pub fn of_writes<'a>(plans: impl IntoIterator<Item = (&'a str, &'a TargetPlan)>) -> String {
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
