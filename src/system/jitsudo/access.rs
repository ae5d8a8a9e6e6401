//! What a JITSudo policy says of requests, as far as that is known: its rules are Cedar, which enact compares by
//! structure only. So a policy is equivalent if nothing changes that could matter, and otherwise its meaning is unknown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::kind::Kind;
use crate::system::body::{list, text};
use crate::system::jitsudo::rules::STRUCTURED;
use crate::system::semantics::{Meaning, Semantics, Side};

pub(super) struct CedarRules;

/// What a live rule may hold beside its structured fields.
const BESIDE: [&str; 6] = ["id", "ordinal", "created_at", "policy_text", "notice", "audit_session"];

impl Semantics for CedarRules {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        let is_known =
            |field: &String| BESIDE.contains(&field.as_str()) || STRUCTURED.contains(&field.as_str());
        let is_known = |rule: &Value| rule.as_object().is_some_and(|rule| rule.keys().all(is_known));
        if !list(side.body, "rules").iter().all(is_known) {
            return Meaning::Unknown("its rules hold something that enact does not know".to_owned());
        }
        // Within a policy the order of rules does not matter to Cedar, nor does a rule that is there twice.
        let rules = list(side.object, "rules").iter();
        let rules: BTreeSet<_> = rules
            .map(|rule| json!([text(rule, "policy_text"), rule.get("audit_session")]).to_string())
            .collect();
        let own = ["enabled", "priority", "max_duration_seconds", "default_duration_seconds"];
        let own = own.map(|field| (field, side.object.get(field).cloned().unwrap_or_default()));
        Meaning::Fields(BTreeMap::from_iter(own.into_iter().chain([("rules", json!(rules))])))
    }

    fn fields(&self, _kind: &Kind) -> &'static [&'static str] {
        &["rules"]
    }
}
