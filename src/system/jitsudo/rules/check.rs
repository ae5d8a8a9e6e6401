//! Mistakes in one rule that its JSON Schema cannot express. Not here: mistakes in the rest of a policy, in `jitsudo`.

use serde_json::Value;

use crate::cedar::{self, CedarError, Schema};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic, SpecPlace};
use crate::system::body::{list, text};
use crate::system::jitsudo::rules::form::{STRUCTURED, Source};
use crate::system::jitsudo::rules::known::{Known, Unread};

/// Checks what a rule's JSON Schema cannot express.
pub(in crate::system::jitsudo) fn check(
    known: &Known,
    schema: Option<&Schema>,
    rule: &Value,
    at: &str,
) -> Vec<SpecDiagnostic> {
    let mut diagnostics =
        if rule.get("policy_text").is_some() { check_text(rule, at) } else { check_fields(rule, at) };
    if diagnostics.is_empty() {
        diagnostics.extend(match known.structure(Source::of(rule)) {
            Ok(_) => schema.map(|schema| not_of_schema(schema, rule, at)).unwrap_or_default(),
            Err(Unread::Wrong(error)) => vec![not_cedar(rule, at, &error)],
            Err(Unread::TooMuch(limit)) => {
                vec![too_much("rules up to this one", limit).in_spec(cedar(rule, at).1)]
            }
        });
    }
    diagnostics
}

/// Says that a run may not read all of its Cedar.
pub(in crate::system::jitsudo) fn too_much(what: &str, limit: usize) -> SpecDiagnostic {
    let mib = limit as f64 / f64::from(1 << 20);
    let message =
        format!("the {what} are more Cedar than one run reads: {mib} MiB, and deep text counts for more");
    Diagnostic::new(Code::JitsudoTooMuch, message)
        .help("raise `limits: {cedar_mib: ..}` at the top of enact.yaml if all of it is meant, or correct `manifests`")
}

/// The field that holds a rule's Cedar, and its place.
fn cedar(rule: &Value, at: &str) -> (Option<&'static str>, String) {
    let field = ["policy_text", "conditions"].into_iter().find(|field| rule.get(*field).is_some());
    (field, field.map_or_else(|| at.to_owned(), |field| format!("{at}/{field}")))
}

fn not_cedar(rule: &Value, at: &str, error: &CedarError) -> SpecDiagnostic {
    let (field, at) = cedar(rule, at);
    let help = if field == Some("conditions") {
        "write `when { .. }` and `unless { .. }` clauses, without comments"
    } else {
        "write one Cedar statement: `permit (principal, action, resource) when { .. };`"
    };
    let place = SpecPlace { pointer: at, offset: error.offset };
    Diagnostic::new(Code::JitsudoCedar, format!("this is not valid Cedar: {error}")).at(place).help(help)
}

/// What a rule names or does that the schema of its target does not have.
fn not_of_schema(schema: &Schema, rule: &Value, at: &str) -> Vec<SpecDiagnostic> {
    let (pointer, errors) = match Source::of(rule) {
        Source::Text(text) => (format!("{at}/policy_text"), schema.check_text(text)),
        source @ Source::Fields(_) => {
            let json = source.statement().map(|statement| statement.json().clone());
            (at.to_owned(), json.map(|json| schema.check_json(&json)).unwrap_or_default())
        }
    };
    let diagnostic = |CedarError { message, offset }| {
        let message = format!("the Cedar schema of the target does not allow this: {message}");
        Diagnostic::new(Code::JitsudoSchema, message)
            .at(SpecPlace { pointer: pointer.clone(), offset })
            .help("correct the rule, or the file that `cedar_schema` of the target names")
    };
    errors.into_iter().map(diagnostic).collect()
}

fn check_text(rule: &Value, at: &str) -> Vec<SpecDiagnostic> {
    let unused = STRUCTURED.iter().filter(|field| rule.get(*field).is_some());
    unused
        .map(|field| {
            let message = format!("`{field}` has no effect together with `policy_text`");
            Diagnostic::new(Code::JitsudoTextAndFields, message)
                .in_spec(format!("{at}/{field}"))
                .help("keep either `policy_text` or the fields")
        })
        .collect()
}

fn check_fields(rule: &Value, at: &str) -> Vec<SpecDiagnostic> {
    let needed = ["effect", "principal_scope_type", "action_scope_type", "resource_scope_type"];
    let missing = needed.iter().filter(|field| rule.get(**field).is_none());
    let mut diagnostics: Vec<_> = missing
        .map(|field| {
            let message = format!("a rule without `policy_text` needs `{field}`");
            Diagnostic::new(Code::JitsudoMissingField, message)
                .in_spec(at)
                .help(format!("add `{field}`, or write the rule as `policy_text`"))
        })
        .collect();
    diagnostics.extend(["principal", "resource"].iter().flat_map(|variable| check_scope(rule, variable, at)));
    diagnostics.extend(check_actions(rule, at));
    diagnostics
}

/// Checks that a scope has a type and an id if its scope type needs them, and only then.
fn check_scope(rule: &Value, variable: &str, at: &str) -> Vec<SpecDiagnostic> {
    let scope = text(rule, &format!("{variable}_scope_type"));
    let wants = match scope {
        "any" => [("entity_type", false), ("entity_id", false)],
        "is" => [("entity_type", true), ("entity_id", false)],
        "eq" | "in" | "is_in" => [("entity_type", true), ("entity_id", true)],
        _ => return Vec::new(),
    };
    let wrong = wants.into_iter().filter_map(|(suffix, wanted)| {
        let field = format!("{variable}_{suffix}");
        let has = !text(rule, &field).is_empty();
        if suffix == "entity_type" && has && !cedar::is_type(text(rule, &field)) {
            let message = format!("`{}` is not the name of a Cedar type", text(rule, &field));
            let help = "write a type such as `User` or `Company::User`";
            return Some(
                Diagnostic::new(Code::JitsudoEntityType, message).in_spec(format!("{at}/{field}")).help(help),
            );
        }
        let place = if rule.get(&field).is_some() {
            format!("{at}/{field}")
        } else {
            format!("{at}/{variable}_scope_type")
        };
        match (wanted, has) {
            (true, false) => Some(
                Diagnostic::new(Code::JitsudoScope, format!("the scope `{scope}` needs `{field}`"))
                    .in_spec(place)
                    .help(format!("add `{field}`, or use another `{variable}_scope_type`")),
            ),
            (false, true) => Some(
                Diagnostic::new(Code::JitsudoScope, format!("the scope `{scope}` does not take `{field}`"))
                    .in_spec(place)
                    .help(format!("remove `{field}`, or use another `{variable}_scope_type`")),
            ),
            _ => None,
        }
    });
    wrong.collect()
}

fn check_actions(rule: &Value, at: &str) -> Option<SpecDiagnostic> {
    let count = list(rule, "action_ids").len();
    let wrong = match text(rule, "action_scope_type") {
        "any" if count > 0 => "the scope `any` does not take `action_ids`",
        "eq" if count != 1 => "the scope `eq` needs exactly one id in `action_ids`",
        "in" if count == 0 => "the scope `in` needs at least one id in `action_ids`",
        _ => return None,
    };
    let place = if rule.get("action_ids").is_some() { "action_ids" } else { "action_scope_type" };
    Some(
        Diagnostic::new(Code::JitsudoScope, wrong)
            .in_spec(format!("{at}/{place}"))
            .help("change `action_ids` or `action_scope_type`"),
    )
}
