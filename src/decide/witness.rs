//! The witnesses of a plan as policy tests: each pins what is so before the change. Not here: the file that they go to.

use serde_json::{Map, Value, json};

use crate::access::impact::{AccessChange, Difference, Impact, Language};
use crate::access::rule::{Dimension, Effect};
use crate::manifest::yaml::write::block;
use crate::model::plan::{AccessVerdicts, TargetPlan};
use crate::model::resource::ResourceId;
use crate::system::semantics::Semantics;

/// What a request says where no rule cares.
const ANYTHING: &str = "x";

/// The tests as one document, or `None` if the plan has no witness. What is only possible has none.
#[must_use]
pub fn document(plan: &TargetPlan, semantics: &dyn Semantics) -> Option<String> {
    let AccessVerdicts::Known(impacts) = &plan.access else { return None };
    let mut principals = Map::new();
    let mut tests = Vec::new();
    for change in &plan.changes {
        let Some(Impact::Known(Difference { gained, lost, more: _, attributes: _ })) =
            impacts.get(&change.id)
        else {
            continue;
        };
        for witness in gained.iter().chain(lost).filter(|witness| is_request(witness)) {
            tests.push(test(&change.id, witness, semantics, &mut principals));
        }
    }
    if tests.is_empty() {
        return None;
    }
    let document = json!({
        "apiVersion": "enact/v1",
        "kind": "Test",
        "target": plan.target,
        "principals": principals,
        "tests": tests,
    });
    let about = "# From a plan: each test pins what was so before its change. If a change is wanted, turn its `expect`.\n";
    Some(format!("{about}{}", block(document.as_object()?, 0)))
}

/// Whether it is a request that a file of tests can ask: a certain one, whose words are all it says.
fn is_request(change: &AccessChange) -> bool {
    !change.possible && change.witness.language == Language::Own
}

fn test(
    id: &ResourceId,
    change: &AccessChange,
    semantics: &dyn Semantics,
    principals: &mut Map<String, Value>,
) -> Value {
    let named = semantics.named_in();
    let said =
        |dimension: &Dimension| change.witness.request.iter().find(|word| word.dimension == *dimension);
    let word = |dimension: Dimension| match said(&dimension) {
        _ if named.as_ref() == Some(&dimension) => id.name.clone(),
        Some(word) => word.word.clone(),
        None => ANYTHING.to_owned(),
    };
    let principal = word(Dimension::Principal);
    principals.insert(principal.clone(), json!([principal]));
    let (action, resource) = (word(Dimension::Action), word(Dimension::Resource));
    let before = change.witness.before.effect;
    let (expect, is) = match before {
        Effect::Allowed => ("allow", "is allowed"),
        Effect::Denied => ("deny", "is denied"),
        Effect::NotGranted => ("deny", "is not allowed"),
    };
    let name = format!(
        "{action} on {resource} for {principal} {is}, as before the change of {} {}",
        id.kind, id.name
    );
    let mut test = json!({
        "name": name,
        "principals": [principal],
        "actions": [action],
        "resources": [resource],
        "expect": expect,
    });
    let mut set = |field: &str, value: Value| {
        if let Some(test) = test.as_object_mut() {
            test.insert(field.to_owned(), value);
        }
    };
    if let Some(tenant) = said(&Dimension::Tenant) {
        set("tenant", json!(tenant.word));
    }
    let key = |word: &crate::access::impact::Word| match &word.dimension {
        Dimension::Key(key) => Some((key.clone(), json!(word.word))),
        _ => None,
    };
    let context: Map<_, _> = change.witness.request.iter().filter_map(key).collect();
    if !context.is_empty() {
        set("context", Value::Object(context));
    }
    test
}
