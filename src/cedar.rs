//! Cedar, as far as enact needs it: one form for all spellings of a policy, and errors with their place.
//!
//! Not here: which fields of a manifest hold Cedar. That is in `system::jitsudo`.

mod depth;
mod effect;
mod error;
mod lex;
mod room;
mod schema;

use cedar_policy::Policy;
use cedar_policy_formatter::{Config, policies_str_to_pretty};
use serde_json::{Value, json};

use depth::MAX_DEPTH;
pub use effect::Effect;
pub use error::CedarError;
use room::with_room;
pub use schema::Schema;

/// The longest policy that is accepted, in bytes.
const MAX_BYTES: usize = 64 << 10;
/// A longer text is not formatted: nobody reads it, and the formatter takes the square of its length.
const MAX_PRETTY: usize = 8 << 10;
/// A text of this depth takes twice the work of one without depth.
const FLAT: usize = 16;
/// The scope of a principal or a resource, or of the action, as Cedar's JSON form has it.
pub type Scope = Value;

/// One statement of Cedar, with its sets sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement(Value);

impl Statement {
    /// Parses the text of one statement.
    pub fn parse(text: &str) -> Result<Self, CedarError> {
        with_room(|| Ok(Self::sorted(parse(text)?.to_json().map_err(CedarError::new)?)))
    }

    /// A statement from its parts. `conditions` is the text of its `when` and `unless` clauses, or a bare expression,
    /// which counts as one `when`.
    pub fn assemble(
        effect: &str,
        principal: Scope,
        action: Scope,
        resource: Scope,
        conditions: &str,
    ) -> Result<Self, CedarError> {
        let est = |conditions| {
            Self::sorted(json!({
                "effect": effect,
                "principal": principal,
                "action": action,
                "resource": resource,
                "conditions": conditions,
            }))
        };
        clauses(conditions).map(est)
    }

    fn sorted(mut est: Value) -> Self {
        sort_sets(&mut est);
        one_action(&mut est);
        Self(est)
    }

    /// For comparing: the abstract syntax, where `a != b` is `!(a == b)` and `unless` is a negated `when`. Two texts are
    /// the same policy if and only if this is equal.
    pub fn structure(self) -> Result<String, CedarError> {
        with_room(|| {
            let structure = structure(self.policy()?)?;
            // The canonical text must be accepted again, so it has to stay within the bounds too.
            bounded(&structure).map(|()| structure)
        })
    }

    /// For people: formatted, with the author's operators and clauses.
    pub fn pretty(self) -> Result<String, CedarError> {
        with_room(|| {
            let text = self.policy()?.to_string();
            if text.len() > MAX_PRETTY {
                return Ok(text);
            }
            let config = Config { line_width: 100, indent_width: 2 };
            let text = policies_str_to_pretty(&text, &config).map_err(CedarError::new)?;
            bounded(&text).map(|()| text.trim_end().to_owned())
        })
    }

    /// In Cedar's JSON form.
    pub fn json(&self) -> &Value {
        &self.0
    }

    fn policy(self) -> Result<Policy, CedarError> {
        Policy::from_json(None, self.0).map_err(CedarError::new)
    }
}

/// How much work it is to read a text: its length, more for a deep one, because what Cedar does for every part of a
/// text also grows with the depth of the part.
pub fn work(text: &str) -> usize {
    text.len().saturating_mul(FLAT + depth::of(text)) / FLAT
}

/// The text of an expression in Cedar's JSON form; `None` if it is none.
pub fn expression(json: &Value) -> Option<String> {
    let clause = json!([{"kind": "when", "body": json}]);
    let statement = json!({"effect": "permit", "principal": any(), "action": any(), "resource": any(), "conditions": clause});
    let text = with_room(|| Some(Statement(statement).policy().ok()?.to_string()))?;
    let (_, clause) = text.split_once('{')?;
    let (body, _) = clause.rsplit_once('}')?;
    Some(body.trim().to_owned())
}

fn parse(text: &str) -> Result<Policy, CedarError> {
    parse_within("", text, "")
}

/// Parses a user's text with our own text before and after it.
fn parse_within(before: &str, text: &str, after: &str) -> Result<Policy, CedarError> {
    let whole = format!("{before}{text}{after}");
    bounded(&whole)?;
    Policy::parse(None, whole).map_err(|errors| CedarError::explained(before, text, &errors))
}

/// Refuses what is too long or too deep. Cedar has no limits of its own: its stack grows with the depth of a policy,
/// its time with the square of that. Servers and pull requests can send anything.
fn bounded(text: &str) -> Result<(), CedarError> {
    if text.len() > MAX_BYTES {
        return Err(CedarError::new(format!("the policy has more than {MAX_BYTES} bytes")));
    }
    if depth::of(text) > MAX_DEPTH {
        return Err(CedarError::new("the policy is nested too deeply, or has too many operators in a row"));
    }
    Ok(())
}

/// Whether a text is the name of an entity type.
pub fn is_type(text: &str) -> bool {
    text.parse::<cedar_policy::EntityTypeName>().is_ok()
}

/// An entity as enact writes it, if a text is one.
pub fn entity_id(text: &str) -> Option<String> {
    let (kind, id) = entity_parts(text)?;
    Some(format!("{kind}::\"{}\"", id.escape_debug()))
}

/// The type and the id of an entity, if a text is one.
pub fn entity_parts(text: &str) -> Option<(String, String)> {
    let uid: cedar_policy::EntityUid = text.parse().ok()?;
    Some((uid.type_name().to_string(), uid.id().unescaped().to_owned()))
}

/// The scope that matches everything.
pub fn any() -> Scope {
    json!({"op": "All"})
}

/// `== Type::"id"` and `in Type::"id"`, by `op`.
pub fn entity(op: &str, kind: &str, id: &str) -> Scope {
    json!({"op": op, "entity": {"type": kind, "id": id}})
}

/// `is Type`, and `is Type in Type::"id"` with an id.
pub fn is(kind: &str, id: Option<&str>) -> Scope {
    match id {
        None => json!({"op": "is", "entity_type": kind}),
        Some(id) => json!({"op": "is", "entity_type": kind, "in": {"entity": {"type": kind, "id": id}}}),
    }
}

/// `in [Action::"id", ...]`.
pub fn actions(ids: &[&str]) -> Scope {
    let entities: Vec<_> = ids.iter().map(|id| json!({"type": "Action", "id": id})).collect();
    json!({"op": "in", "entities": entities})
}

/// The clauses in Cedar's JSON form. The text is parsed inside a whole policy, so it cannot close the policy and begin
/// another one.
pub fn clauses(text: &str) -> Result<Value, CedarError> {
    let trimmed = text.trim();
    let bare = !(trimmed.is_empty() || starts_clause(trimmed));
    // Our own text follows on the user's last line. A comment there is an error: on a server it would swallow what the
    // server appends.
    let (before, after) = if bare { ("when { ", " }") } else { ("", "") };
    let before = format!("permit (principal, action, resource)\n{before}");
    let parsed = || parse_within(&before, text, &format!("{after};"))?.to_json().map_err(CedarError::new);
    let est = with_room(parsed)?;
    let conditions = est.get("conditions").cloned().unwrap_or_else(|| json!([]));
    if bare && conditions.as_array().is_none_or(|clauses| clauses.len() != 1) {
        return Err(CedarError::new("the expression closes the clause around it"));
    }
    Ok(conditions)
}

fn starts_clause(text: &str) -> bool {
    ["when", "unless"]
        .iter()
        .any(|word| text.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('{')))
}

/// Sets are sorted by what their items mean, not by how they are written: of two spellings of one item, one is left.
fn structure(policy: Policy) -> Result<String, CedarError> {
    let meant =
        |policy: Policy| policy.to_cedar().ok_or_else(|| CedarError::new("a linked template has no text"));
    let plain = meant(policy)?;
    if !plain.contains('[') {
        return Ok(plain);
    }
    let est = parse(&plain)?.to_json().map_err(CedarError::new)?;
    meant(Statement::sorted(est).policy()?)
}

/// Sorts set literals and lists of actions, where order means nothing.
fn sort_sets(est: &mut Value) {
    match est {
        Value::Object(map) => {
            map.values_mut().for_each(sort_sets);
            for name in ["Set", "entities"] {
                if let Some(Value::Array(items)) = map.get_mut(name) {
                    items.sort_by_cached_key(Value::to_string);
                    items.dedup();
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort_sets),
        _ => {}
    }
}

/// `in [x]` means `in x`.
fn one_action(est: &mut Value) {
    let Some(action) = est.get_mut("action").and_then(Value::as_object_mut) else { return };
    if let Some([only]) = action.get("entities").and_then(Value::as_array).map(Vec::as_slice) {
        let only = only.clone();
        action.remove("entities");
        action.insert("entity".to_owned(), only);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What people see, and what is compared.
    fn canonical(text: &str) -> Result<(String, String), CedarError> {
        let statement = Statement::parse(text)?;
        Ok((statement.clone().pretty()?, statement.structure()?))
    }

    #[test]
    fn spelling_is_no_difference() {
        let one = r#"permit(principal==User::"a",action in [Action::"y",Action::"x"],resource)
                     when{context.mfa&&[2,1].contains(1)};"#;
        let other = r#"// a comment
            permit ( principal == User::"a", action in [Action::"x", Action::"y"], resource )
            when { context.mfa && [1, 2].contains(1) } ;"#;
        assert_eq!(canonical(one).unwrap(), canonical(other).unwrap());
        let once = canonical(one).unwrap();
        assert_eq!(canonical(&once.0).unwrap(), once, "a fixed point");
    }

    #[test]
    fn sugar_is_shown_as_written_and_compared_as_meant() {
        let sugar = canonical("permit (principal, action, resource) unless { context.a != 1 };").unwrap();
        let plain = canonical("permit (principal, action, resource) when { !(!(context.a == 1)) };").unwrap();
        assert_eq!(sugar.1, plain.1);
        assert_eq!(sugar.0, "permit (principal, action, resource)\nunless { context.a != 1 };");
    }

    #[test]
    fn two_spellings_of_one_item_are_one_item_and_sorted_as_one() {
        let policy =
            |set: &str| format!("permit (principal, action, resource) when {{ [{set}].contains(true) }};");
        let sets = [
            "context.a != 1, !(context.a == 1), principal is User in Group::\"g\"",
            "principal is User && principal in Group::\"g\", !(context.a == 1)",
        ];
        let [one, other] = sets.map(|set| canonical(&policy(set)).unwrap().1);
        assert_eq!(one, other);
        assert_eq!(canonical(&one).unwrap().1, one, "a server may send back what it made of the text");
    }

    #[test]
    fn parts_and_text_meet() {
        let text = r#"forbid(principal is User in User::"g", action in Action::"x", resource == AwsAccount::"1")
                      when { context.a } unless { context.b };"#;
        let parts = Statement::assemble(
            "forbid",
            is("User", Some("g")),
            actions(&["x"]),
            entity("==", "AwsAccount", "1"),
            "when { context.a } unless { context.b }",
        );
        assert_eq!(parts, Statement::parse(text));
    }

    #[test]
    fn a_policy_is_bounded_before_it_is_parsed() {
        let policy =
            |condition: String| format!("permit (principal, action, resource) when {{ {condition} }};");
        let nested = |levels: usize| policy(format!("{}true{}", "(".repeat(levels), ")".repeat(levels)));
        let row = |links: usize| policy(vec!["context.a"; links].join(" && "));
        let list = |items: usize| policy(format!("resource in [{}]", vec!["A::\"a-b\""; items].join(", ")));
        for taken in [nested(40), row(60), list(3_000)] {
            let once = canonical(&taken).unwrap();
            assert_eq!(canonical(&once.0).as_ref(), Ok(&once));
        }
        for refused in
            [nested(20_000), row(20_000), list(20_000), policy(format!("context{}", ".a".repeat(20_000)))]
        {
            assert!(canonical(&refused).unwrap_err().message.starts_with("the policy "));
        }
        assert!(clauses(&"!(".repeat(20_000)).is_err());
    }

    #[test]
    fn a_bare_expression_is_a_when() {
        assert_eq!(clauses("context.a"), clauses("when { context.a }"));
        assert_eq!(clauses("  "), Ok(json!([])));
        assert!(clauses("whenever == 1").is_err(), "a word that only begins like a clause");
    }

    #[test]
    fn a_condition_cannot_begin_another_policy() {
        for text in [
            "when { true }; permit (principal, action, resource)",
            "true }; permit (principal, action, resource) when { true",
            "true } when { false",
            "context.a // why",
            "when { context.a } // why",
        ] {
            assert!(clauses(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_is_placed_in_the_users_text() {
        let text = "permit (principal, action, resource)\nwhen { context. };";
        let error = canonical(text).unwrap_err();
        assert_eq!(error.offset, text.find('}'), "{error}");
        assert_eq!(clauses("context. ]").unwrap_err().offset, Some(9));
        assert_eq!(clauses("context.a &&\n").unwrap_err().offset, Some(12), "not behind it");
    }
}
