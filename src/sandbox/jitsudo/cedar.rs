//! Converts between Cedar text and the structured fields of a rule, with the real parser and its syntax tree.
//!
//! Where a rule is kept, and in which order, is in `rule`.

use std::str::FromStr;

use cedar_policy::{ParseErrors, Policy, PolicySet};
use serde_json::{Value, json};

use super::common::without_allowed_nulls;
use crate::sandbox::collections::Object;
use crate::sandbox::fields;
use crate::sandbox::problem::Problem;

/// The fields that together say what the Cedar text says.
pub(super) const STRUCTURE: [&str; 10] = [
    "effect",
    "principal_scope_type",
    "principal_entity_type",
    "principal_entity_id",
    "action_scope_type",
    "action_ids",
    "resource_scope_type",
    "resource_entity_type",
    "resource_entity_id",
    "conditions",
];

const NULLABLE: [&str; 5] = [
    "principal_entity_type",
    "principal_entity_id",
    "resource_entity_type",
    "resource_entity_id",
    "conditions",
];

/// The head of a statement about everything; its conditions follow.
const ABOUT_ALL: &str = "permit(principal, action, resource)";

fn bad_cedar(notices: Vec<String>) -> Problem {
    Problem { notices, ..Problem::new(400, "invalid_cedar", "the Cedar text is not valid") }
}

fn syntax(errors: &ParseErrors) -> Problem {
    bad_cedar(errors.iter().map(ToString::to_string).collect())
}

fn unsupported(notice: &str) -> Problem {
    bad_cedar(vec![notice.to_owned()])
}

fn parse(statement: &str) -> Result<Policy, Problem> {
    Policy::parse(None, statement).map_err(|errors| syntax(&errors))
}

/// The fields of one statement, `policy_text` in our own spelling included.
pub(super) fn rule_of(text: &str) -> Result<Object, Problem> {
    fields_of(&tree(&parse(text)?)?)
}

/// The fields of each statement of a text, in order.
pub(super) fn rules_of(text: &str) -> Result<Vec<Object>, Problem> {
    let set = PolicySet::from_str(text).map_err(|errors| syntax(&errors))?;
    if set.templates().next().is_some() {
        return Err(unsupported("templates with slots cannot be rules"));
    }
    // The parser calls them policy0, policy1 and so on, in the order of the text.
    let number =
        |policy: &&Policy| policy.id().to_string().trim_start_matches("policy").parse::<usize>().ok();
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(number);
    policies.into_iter().map(|policy| fields_of(&tree(policy)?)).collect()
}

/// A whole rule from its structured fields: checked, completed, and with `policy_text`.
pub(super) fn assemble(mut structure: Object) -> Result<Object, Problem> {
    let given = without_allowed_nulls(&structure, &NULLABLE);
    let conditions = conditions(&given)?;
    let tree = json!({
        "effect": effect(&given)?,
        "principal": scope_tree(&given, "principal")?,
        "action": action_tree(&given)?,
        "resource": scope_tree(&given, "resource")?,
        "conditions": conditions.tree,
    });
    let policy_text = spell(&tree)?;
    for name in NULLABLE {
        structure.entry(name).or_insert(Value::Null);
    }
    structure.entry("action_ids").or_insert(json!([]));
    structure.insert("conditions".into(), json!(conditions.text));
    structure.insert("policy_text".into(), json!(policy_text));
    Ok(structure)
}

fn tree(policy: &Policy) -> Result<Value, Problem> {
    policy.to_json().map_err(|error| unsupported(&error.to_string()))
}

/// A syntax tree as text.
fn spell(tree: &Value) -> Result<String, Problem> {
    let policy = Policy::from_json(None, tree.clone()).map_err(|error| unsupported(&error.to_string()))?;
    Ok(policy.to_string())
}

fn fields_of(tree: &Value) -> Result<Object, Problem> {
    if tree.get("annotations").and_then(Value::as_object).is_some_and(|found| !found.is_empty()) {
        return Err(unsupported("a rule cannot have annotations"));
    }
    let mut fields = Object::new();
    let mut put = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
    put("effect", at(tree, "/effect"));
    put("policy_text", json!(spell(tree)?));
    for part in ["principal", "resource"] {
        let (scope, kind, id) = scope(&at(tree, &format!("/{part}")))?;
        put(&format!("{part}_scope_type"), json!(scope));
        put(&format!("{part}_entity_type"), kind);
        put(&format!("{part}_entity_id"), id);
    }
    let (scope, ids) = actions(&at(tree, "/action"))?;
    put("action_scope_type", json!(scope));
    put("action_ids", json!(ids));
    put("conditions", conditions_text(&at(tree, "/conditions"))?);
    Ok(fields)
}

fn at(tree: &Value, pointer: &str) -> Value {
    tree.pointer(pointer).cloned().unwrap_or_default()
}

/// Scope type, entity type and entity id of a principal or resource. For `is A in B::"x"` the fields only hold `A` and
/// `x`; the text holds everything.
fn scope(tree: &Value) -> Result<(&'static str, Value, Value), Problem> {
    let entity = |pointer: &str| (at(tree, &format!("{pointer}/type")), at(tree, &format!("{pointer}/id")));
    let ((kind, id), scope) = match (tree.get("op").and_then(Value::as_str), tree.get("in")) {
        (Some("All"), _) => ((Value::Null, Value::Null), "any"),
        (Some("=="), _) => (entity("/entity"), "eq"),
        (Some("in"), _) => (entity("/entity"), "in"),
        (Some("is"), None) => ((at(tree, "/entity_type"), Value::Null), "is"),
        (Some("is"), Some(_)) => ((at(tree, "/entity_type"), at(tree, "/in/entity/id")), "is_in"),
        _ => return Err(unsupported("this scope is not supported")),
    };
    Ok((scope, kind, id))
}

/// Scope type and bare names of the actions.
fn actions(tree: &Value) -> Result<(&'static str, Vec<Value>), Problem> {
    let scope = match tree.get("op").and_then(Value::as_str) {
        Some("All") => return Ok(("any", Vec::new())),
        Some("==") => "eq",
        _ => "in",
    };
    let one = tree.get("entity").cloned().map(|entity| vec![entity]);
    let entities = one.or_else(|| tree.get("entities")?.as_array().cloned()).unwrap_or_default();
    if entities.is_empty() || entities.iter().any(|entity| entity.get("type") != Some(&json!("Action"))) {
        return Err(unsupported("actions must be entities of the type `Action`, at least one"));
    }
    Ok((scope, entities.iter().map(|entity| at(entity, "/id")).collect()))
}

/// The `when` and `unless` clauses of a tree as text.
fn conditions_text(clauses: &Value) -> Result<Value, Problem> {
    if clauses.as_array().is_none_or(Vec::is_empty) {
        return Ok(Value::Null);
    }
    let all = json!({"op": "All"});
    let about_all =
        json!({"effect": "permit", "principal": all, "action": all, "resource": all, "conditions": clauses});
    let text = spell(&about_all)?;
    let clauses = text.strip_prefix(ABOUT_ALL).and_then(|rest| rest.strip_suffix(';'));
    clauses.map(|text| json!(text.trim())).ok_or_else(|| unsupported("these conditions cannot be printed"))
}

struct Conditions {
    text: Option<String>,
    tree: Value,
}

/// The conditions of a request: clauses, or only the expression of a `when` clause.
fn conditions(structure: &Object) -> Result<Conditions, Problem> {
    let text = fields::text(structure, "conditions")?.map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = text else { return Ok(Conditions { text: None, tree: json!([]) }) };
    let parse = |clauses: &str| parse(&format!("{ABOUT_ALL} {clauses};"));
    let expression = format!("when {{ {text} }}");
    let (text, policy) = match parse(text) {
        Ok(policy) => (text.to_owned(), policy),
        Err(problem) => {
            let policy = parse(&expression).map_err(|_| problem)?;
            (expression, policy)
        }
    };
    Ok(Conditions { text: Some(text), tree: at(&tree(&policy)?, "/conditions") })
}

fn effect(structure: &Object) -> Result<&str, Problem> {
    match fields::required(fields::text(structure, "effect")?, "effect")? {
        effect @ ("permit" | "forbid") => Ok(effect),
        _ => Err(Problem::invalid("`effect` must be permit or forbid")),
    }
}

fn scope_tree(structure: &Object, part: &str) -> Result<Value, Problem> {
    let read = |name: &str| fields::text(structure, &format!("{part}_{name}"));
    let scope = fields::required(read("scope_type")?, &format!("{part}_scope_type"))?;
    match (scope, read("entity_type")?, read("entity_id")?) {
        ("any", None, None) => Ok(json!({"op": "All"})),
        ("eq", Some(kind), Some(id)) => Ok(json!({"op": "==", "entity": {"type": kind, "id": id}})),
        ("in", Some(kind), Some(id)) => Ok(json!({"op": "in", "entity": {"type": kind, "id": id}})),
        ("is", Some(kind), None) => Ok(json!({"op": "is", "entity_type": kind})),
        ("is_in", Some(kind), Some(id)) => {
            Ok(json!({"op": "is", "entity_type": kind, "in": {"entity": {"type": kind, "id": id}}}))
        }
        ("any" | "eq" | "in" | "is" | "is_in", ..) => {
            Err(Problem::invalid(format!("the {part} scope `{scope}` does not go with these entity fields")))
        }
        _ => Err(Problem::invalid(format!("`{part}_scope_type` must be any, eq, in, is or is_in"))),
    }
}

fn action_tree(structure: &Object) -> Result<Value, Problem> {
    let scope = fields::required(fields::text(structure, "action_scope_type")?, "action_scope_type")?;
    let ids = fields::texts(structure, "action_ids")?.unwrap_or_default();
    let action = |id: &&str| json!({"type": "Action", "id": id});
    match (scope, ids.as_slice()) {
        ("any", []) => Ok(json!({"op": "All"})),
        ("eq", [id]) => Ok(json!({"op": "==", "entity": action(id)})),
        ("in", [_, ..]) => Ok(json!({"op": "in", "entities": ids.iter().map(action).collect::<Value>()})),
        ("any" | "eq" | "in", _) => Err(Problem::invalid(format!(
            "the action scope `{scope}` does not go with this number of `action_ids`"
        ))),
        _ => Err(Problem::invalid("`action_scope_type` must be any, eq or in")),
    }
}
