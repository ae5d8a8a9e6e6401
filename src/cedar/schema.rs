//! The schema of a system: which entities and actions there are. With one, a rule can be checked for more than its form.

use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, PolicySet, ValidationMode, Validator};
use serde_json::Value;

use super::error::CedarError;
use super::lex;
use super::room::with_room;

/// The deepest schema that is accepted. Types are rarely more than some levels deep.
const MAX_DEPTH: usize = 64;
/// How many mistakes of one rule are told.
const MOST: usize = 10;

/// A schema. Copies share it.
#[derive(Clone)]
pub struct Schema(Arc<Validator>);

impl Schema {
    /// Reads a schema: Cedar's own form, or that in JSON, which begins with a brace.
    pub fn parse(text: &str) -> Result<Self, CedarError> {
        if depth(text) > MAX_DEPTH {
            return Err(CedarError::new("the schema is nested too deeply"));
        }
        let schema = with_room(|| {
            if text.trim_start().starts_with('{') {
                cedar_policy::Schema::from_json_str(text).map_err(|error| CedarError::placed(&error))
            } else {
                let parsed = cedar_policy::Schema::from_cedarschema_str(text);
                parsed.map(|(schema, _)| schema).map_err(|error| CedarError::placed(&error))
            }
        });
        schema.map(|schema| Self(Arc::new(Validator::new(schema))))
    }

    /// What is wrong with the text of a rule, each with its place in the text.
    #[must_use]
    pub fn check_text(&self, text: &str) -> Vec<CedarError> {
        with_room(|| match Policy::parse(Some(PolicyId::new(RULE)), text) {
            Ok(policy) => self.check(policy),
            Err(errors) => vec![CedarError::explained("", text, &errors)],
        })
    }

    /// What is wrong with a rule in Cedar's JSON form.
    #[must_use]
    pub fn check_json(&self, json: &Value) -> Vec<CedarError> {
        with_room(|| match Policy::from_json(Some(PolicyId::new(RULE)), json.clone()) {
            Ok(policy) => {
                self.check(policy).into_iter().map(|error| CedarError { offset: None, ..error }).collect()
            }
            Err(error) => vec![CedarError::new(error)],
        })
    }

    fn check(&self, policy: Policy) -> Vec<CedarError> {
        let policies = match PolicySet::from_policies([policy]) {
            Ok(policies) => policies,
            Err(error) => return vec![CedarError::new(error)],
        };
        let result = self.0.validate(&policies, ValidationMode::Strict);
        let own = format!("for policy `{RULE}`, ");
        let said = |error| {
            let CedarError { message, offset } = CedarError::placed(error);
            CedarError { message: message.replacen(&own, "", 1), offset }
        };
        result.validation_errors().take(MOST).map(|error| said(error)).collect()
    }
}

/// The id under which a rule is checked.
const RULE: &str = "rule";

/// At least how deep the types of a schema are.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in lex::tokens(text) {
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            // Brackets of types are rows of operators here.
            _ if token.starts_with(lex::is_operator) => {
                for sign in token.chars() {
                    match sign {
                        '<' => depth += 1,
                        '>' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        entity Team;
        entity User in [Team] { level: Long };
        entity Box;
        action "ask" appliesTo { principal: User, resource: Box, context: { mfa: Bool } };
    "#;

    fn messages(rule: &str) -> Vec<(String, Option<usize>)> {
        let schema = Schema::parse(TEXT).unwrap();
        schema.check_text(rule).into_iter().map(|error| (error.message, error.offset)).collect()
    }

    #[test]
    fn a_rule_that_the_schema_knows_is_right() {
        let right =
            r#"permit (principal in Team::"a", action == Action::"ask", resource) when { context.mfa };"#;
        assert_eq!(messages(right), []);
    }

    #[test]
    fn what_the_schema_does_not_know_is_named_with_its_place() {
        for (rule, part, word) in [
            (r#"permit (principal == Usr::"a", action, resource);"#, "Usr", "`Usr`"),
            (r#"permit (principal, action == Action::"aks", resource);"#, r#"Action::"aks""#, "aks"),
            (
                r#"permit (principal, action == Action::"ask", resource) when { principal.age > 3 };"#,
                "principal.age",
                "`age`",
            ),
            (
                r#"permit (principal, action == Action::"ask", resource) when { principal.level };"#,
                "principal.level",
                "type",
            ),
        ] {
            let found = messages(rule);
            let [(message, offset), ..] = found.as_slice() else { panic!("{rule}") };
            assert!(message.contains(word) && !message.contains("policy"), "{message}");
            assert_eq!(*offset, rule.find(part), "{message}");
        }
    }

    #[test]
    fn a_schema_may_be_json_and_a_wrong_one_has_a_place() {
        assert!(Schema::parse(r#"{"": {"entityTypes": {}, "actions": {}}}"#).is_ok());
        let text = "entity User;\nentity User {";
        let error = Schema::parse(text).err().unwrap();
        assert!(error.offset.is_some_and(|offset| offset > text.find('\n').unwrap()), "{error:?}");
        let unknown = Schema::parse("entity User in [Team];").err().unwrap();
        assert!(unknown.message.contains("Team"), "{unknown:?}");
    }

    #[test]
    fn bounded_a_deep_schema_is_refused_before_it_is_parsed() {
        let deep = format!("type A = {}Long{};", "Set<".repeat(50_000), ">".repeat(50_000));
        assert_eq!(Schema::parse(&deep).err().unwrap().message, "the schema is nested too deeply");
        let flat = "entity A;\n".to_owned()
            + &(0..200).map(|at| format!("type T{at} = Set<Long>;\n")).collect::<String>();
        assert!(Schema::parse(&flat).is_ok());
    }
}
