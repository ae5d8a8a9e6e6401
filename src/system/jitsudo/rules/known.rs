//! The structures of the rules that a run has seen: each text is read once, and all of them within the work that one
//! run may do.
//!
//! Not here: reading one rule, in `form`.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::cedar::{CedarError, Statement};
use crate::sync::lock;
use crate::system::jitsudo::rules::form::{Key, Source};

/// What the rules of all targets of a run share.
pub(in crate::system::jitsudo) struct Known {
    /// How much Cedar one run may read, in bytes.
    limit: usize,
    state: Mutex<State>,
}

struct State {
    /// How much work is left for comparing, and for showing.
    left: usize,
    shown_left: usize,
    structures: HashMap<Key, Result<String, CedarError>>,
}

/// Why a rule has no structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not Cedar.
    Wrong(CedarError),
    /// The run has read as much Cedar as it may; how much that is, in bytes.
    TooMuch(usize),
}

impl Known {
    pub(in crate::system::jitsudo) fn within(limit: usize) -> Self {
        let state = State { left: limit, shown_left: limit, structures: HashMap::new() };
        Self { limit, state: Mutex::new(state) }
    }

    /// The structure of a rule: two rules say the same if and only if this is equal.
    pub(super) fn structure(&self, source: Source<'_>) -> Result<String, Unread> {
        let mut state = lock(&self.state);
        let key = source.key();
        if let Some(known) = state.structures.get(&key) {
            return known.clone().map_err(Unread::Wrong);
        }
        if !spend(&mut state.left, source.work()) {
            return Err(Unread::TooMuch(self.limit));
        }
        let structure = source.statement().and_then(Statement::structure);
        state.structures.insert(key, structure.clone());
        structure.map_err(Unread::Wrong)
    }

    /// A rule for people; `None` if it cannot be shown better than it is, or if so much was shown already that nobody
    /// reads the rest.
    pub(super) fn pretty(&self, source: Source<'_>) -> Option<String> {
        if !spend(&mut lock(&self.state).shown_left, source.work()) {
            return None;
        }
        source.statement().and_then(Statement::pretty).ok()
    }
}

/// Takes work from what is left. Once there is too little, there is none: what is read must not depend on which of the
/// rest is short enough.
fn spend(left: &mut usize, work: usize) -> bool {
    let after = left.checked_sub(work);
    *left = after.unwrap_or_default();
    after.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounded_a_text_counts_once_and_after_the_limit_nothing_is_read() {
        let rule =
            |n: u32| json!({"policy_text": format!("permit (principal, action, resource == A::\"{n}\");")});
        let work = Source::of(&rule(1)).work();
        let known = Known::within(2 * work);
        for _ in 0..5 {
            assert!(
                known.structure(Source::of(&rule(1))).is_ok()
                    && known.structure(Source::of(&rule(2))).is_ok()
            );
        }
        assert_eq!(known.structure(Source::of(&rule(3))), Err(Unread::TooMuch(2 * work)));
        let short = json!({"policy_text": "x"});
        assert_eq!(known.structure(Source::of(&short)), Err(Unread::TooMuch(2 * work)));
        assert!(known.structure(Source::of(&rule(1))).is_ok(), "what is known stays known");
    }

    #[test]
    fn rules_of_fields_are_told_apart_by_every_field() {
        let rule = json!({"effect": "permit", "principal_scope_type": "any", "action_scope_type": "any",
                          "resource_scope_type": "eq", "resource_entity_type": "A", "resource_entity_id": "1"});
        let key = Source::of(&rule).key();
        for field in crate::system::jitsudo::rules::form::STRUCTURED {
            let mut other = rule.clone();
            other[field] = json!("other");
            assert_ne!(Source::of(&other).key(), key, "{field}");
        }
    }

    #[test]
    fn deep_text_is_more_work_than_flat_text_of_its_length() {
        let deep = format!(
            "permit (principal, action, resource) when {{ {}true{} }};",
            "!(".repeat(40),
            ")".repeat(40)
        );
        let flat = format!("permit (principal, action, resource) when {{ \"{}\" == 1 }};", "x".repeat(120));
        let work = |text: &str| Source::of(&json!({"policy_text": text})).work();
        assert!(work(&deep) > 4 * work(&flat), "{} {}", work(&deep), work(&flat));
    }
}
