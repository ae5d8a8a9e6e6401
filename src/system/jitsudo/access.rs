//! What a JITSudo policy says of requests: what its Cedar says if it is enabled, for how long, and whether sessions are
//! audited.
//!
//! The API says that policies of a higher priority are evaluated first, and not what that decides. So each policy is
//! compared with itself, and a change of its priority is named.

use serde_json::{Map, Value};

use super::rules::{self, STRUCTURED};
use super::{FIELDS, Jitsudo, SERVER_FIELDS};
use crate::access::attribute::Attribute;
use crate::access::cedar::rule::CedarRule;
use crate::access::cedar::{CedarPolicy, question};
use crate::access::pattern::Pattern;
use crate::access::rule::Dimension;
use crate::cedar::{Statement, entity_id};
use crate::model::kind::Kind;
use crate::pointer::child;
use crate::system::body::{list, text};
use crate::system::semantics::{Meaning, Semantics, Side};
use crate::text::short;

/// What a live rule may hold beside its structured fields.
const BESIDE: [&str; 6] = ["id", "ordinal", "created_at", "policy_text", "notice", "audit_session"];

/// The values that matter beside the rules, and whether more of them is wider.
const ATTRIBUTES: [(&str, bool); 3] =
    [("max_duration_seconds", true), ("default_duration_seconds", true), ("priority", false)];

impl Semantics for Jitsudo {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        self.policy(side).map_or_else(Meaning::Unknown, Meaning::Cedar)
    }

    fn asks(&self) -> Vec<Dimension> {
        vec![Dimension::Principal, Dimension::Action, Dimension::Resource]
    }

    fn itself(&self) -> Option<Dimension> {
        Some(question::itself())
    }

    fn pattern(&self, _reading: usize, _dimension: &Dimension, text: &str) -> Result<Pattern, String> {
        match entity_id(text) {
            Some(entity) if entity == text => Ok(Pattern::literal(text)),
            Some(entity) => Err(format!("has to be written `{}`", short(&entity))),
            None => Err("is no Cedar entity: write it like `User::\"ana\"`".to_owned()),
        }
    }

    fn fields(&self, _kind: &Kind) -> Vec<String> {
        vec!["rules".to_owned()]
    }
}

impl Jitsudo {
    /// What a policy says, or why that is not known.
    fn policy(&self, side: &Side<'_>) -> Result<CedarPolicy, String> {
        if let Some(field) = strange(side.body) {
            return Err(format!("it has a field that enact does not know: `{field}`"));
        }
        if rules::too_much(&self.known, side.body).is_some() {
            return Err("its rules are more Cedar than one run reads".to_owned());
        }
        match side.object.get("enabled") {
            Some(Value::Bool(false)) => return Ok(CedarPolicy::default()),
            Some(Value::Bool(true)) | None => {}
            Some(_) => return Err("nobody knows whether it is enabled".to_owned()),
        }
        let rules = list(side.object, "rules").iter().enumerate();
        let rules = rules.map(|(index, rule)| read(rule, &format!("rule {}", index + 1)));
        let attribute = |(name, more_is_wider)| Attribute {
            name,
            value: side.object.get(name).cloned().unwrap_or_default(),
            more_is_wider,
        };
        Ok(CedarPolicy {
            rules: rules.collect::<Result<_, _>>()?,
            attributes: ATTRIBUTES.map(attribute).into(),
        })
    }
}

fn read(rule: &Value, name: &str) -> Result<CedarRule, String> {
    let audited = match rule.get("audit_session") {
        None => true,
        Some(Value::Bool(audited)) => *audited,
        Some(_) => return Err(format!("nobody knows whether {name} is audited")),
    };
    let statement = Statement::parse(text(rule, "policy_text")).ok();
    let read = statement.and_then(|statement| CedarRule::read(&statement, name, audited));
    read.ok_or_else(|| format!("{name} is Cedar that enact does not understand"))
}

/// A field of a live policy, or of one of its rules, that enact does not know.
fn strange(body: &Value) -> Option<&str> {
    let is_own = |field: &&String| {
        FIELDS.contains(&field.as_str())
            || *field == "rules"
            || SERVER_FIELDS.contains(&child("", field).as_str())
    };
    let of_rule = |field: &&String| BESIDE.contains(&field.as_str()) || STRUCTURED.contains(&field.as_str());
    let rules = list(body, "rules").iter().flat_map(fields);
    fields(body)
        .filter(|field| !is_own(field))
        .chain(rules.filter(|field| !of_rule(field)))
        .next()
        .map(String::as_str)
}

fn fields(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(Map::keys)
}
