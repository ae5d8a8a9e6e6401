//! What a Polytomic policy says of requests, for every object that uses it: which roles may do which actions. Nothing is
//! denied, nothing is a pattern, and no bindings means that nobody may.
//!
//! A role says nothing by itself. What its policies grant it is in them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::spec::PolicyAction;
use crate::access::impact::Reading;
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Rule, RuleSet};
use crate::diagnostic::{Code, Diagnostic, SpecDiagnostic};
use crate::model::kind::Kind;
use crate::system::body::list;
use crate::system::semantics::{Meaning, Semantics, Side};

pub(super) struct Bindings;

impl Semantics for Bindings {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        if !self.speaks(side.kind) {
            return Meaning::Nothing;
        }
        let (Some(bindings), Some(_)) = (bindings(side.object), bindings(side.body)) else {
            return Meaning::Unknown("its actions hold something that enact does not know".to_owned());
        };
        let rules = bindings
            .iter()
            .enumerate()
            .map(|(index, binding)| Rule { at: format!("/policy_actions/{index}"), ..rule(binding) });
        let rules = rules.filter(|rule| !rule.scopes.values().any(Vec::is_empty));
        let rules = RuleSet { rules: rules.collect(), ..RuleSet::default() };
        Meaning::Rules { readings: vec![Reading { assumes: "", rules }], beside: BTreeMap::new() }
    }

    /// An identity, or an object, refers to the policies that it has.
    fn is_attached(&self) -> bool {
        true
    }

    fn fields(&self, kind: &Kind) -> Vec<String> {
        self.speaks(kind).then(|| "policy_actions".to_owned()).into_iter().collect()
    }

    fn traps(&self, _kind: &str, spec: &Value) -> Vec<SpecDiagnostic> {
        let bindings = list(spec, "policy_actions").iter().enumerate();
        let empty =
            |binding: &Value| ["roles", "role_ids"].iter().all(|field| list(binding, field).is_empty());
        let nobody = bindings.filter(|(_, binding)| empty(binding)).map(|(index, _)| {
            Diagnostic::new(Code::AccessNever, "no role is named, so this allows nothing")
                .in_spec(format!("/policy_actions/{index}"))
                .help("add roles, or remove it")
        });
        nobody.collect()
    }

    fn asks(&self) -> Vec<Dimension> {
        vec![Dimension::Principal, Dimension::Action, Dimension::Resource]
    }

    /// An object is governed by its policy.
    fn named_in(&self) -> Option<Dimension> {
        Some(Dimension::Resource)
    }
}

/// The bindings of a policy, if they hold nothing else.
fn bindings(policy: &Value) -> Option<Vec<PolicyAction>> {
    match policy.get("policy_actions") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(actions) => Vec::deserialize(actions).ok(),
    }
}

fn rule(binding: &PolicyAction) -> Rule {
    let PolicyAction { action, roles, role_ids } = binding;
    let roles = roles.iter().flatten().map(|role| Pattern::literal(role));
    let ids = role_ids.iter().flatten().map(|id| Pattern::literal(&format!("role {id}")));
    Rule::new(false)
        .on(Dimension::Principal, roles.chain(ids).collect())
        .on(Dimension::Action, vec![Pattern::literal(action)])
}
