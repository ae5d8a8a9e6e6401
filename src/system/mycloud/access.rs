//! What a mycloud policy says of requests, for every identity that it is attached to.
//!
//! The API documents none of this, so it is taken to be as AWS does it: a deny wins; `*` is any run of characters, also
//! across `/` and `:`; all conditions of a statement must hold, and one of the values of each. Whether the case of an
//! action matters, and what `?` is, is tried both ways. Only the operator `equals` is known; any other condition is
//! taken as a text that holds or does not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::spec::{Condition, Document, Effect, LANGUAGE, Statement};
use crate::access::impact::Reading;
use crate::access::pattern::Pattern;
use crate::access::rule::{Dimension, Rule, RuleSet};
use crate::model::kind::Kind;
use crate::system::body::list;
use crate::system::semantics::{Meaning, Semantics, Side};

pub(super) struct Statements;

/// More statements than this are not compared by their texts.
const MANY: usize = 1_000;

impl Semantics for Statements {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        meaning(side, &READINGS)
    }

    fn outline(&self, side: &Side<'_>) -> Meaning {
        let statements = side.object.get("document").map_or(&[][..], |document| list(document, "statements"));
        match may_be_odd(statements) {
            true => meaning(side, READINGS.get(..1).unwrap_or_default()),
            false => Meaning::Nothing,
        }
    }

    /// An identity, or an object, refers to the policies that it has.
    fn is_attached(&self) -> bool {
        true
    }

    fn fields(&self, _kind: &Kind) -> Vec<String> {
        vec!["document".to_owned()]
    }

    fn asks(&self) -> Vec<Dimension> {
        vec![Dimension::Principal, Dimension::Action, Dimension::Resource]
    }

    /// Whoever asks is known by the policies that are attached.
    fn named_in(&self) -> Option<Dimension> {
        Some(Dimension::Principal)
    }

    fn pattern(&self, reading: usize, dimension: &Dimension, text: &str) -> Result<Pattern, String> {
        let way = READINGS.get(reading).unwrap_or(&READINGS[0]);
        match dimension {
            Dimension::Action if text != "*" && !text.contains(':') => {
                Err("is no action: write it like `s3:GetObject`".to_owned())
            }
            Dimension::Action => Ok(way.action(text)),
            Dimension::Resource => Ok(way.glob(text)),
            _ => Ok(Pattern::literal(text)),
        }
    }
}

/// Whether a statement may cover another one, or everything, told by where their patterns begin. To read the patterns of
/// all that git declares takes longer than all other checks.
fn may_be_odd(statements: &[Value]) -> bool {
    let says = |statement: &Value, field: &str| {
        list(statement, field).iter().filter_map(Value::as_str).any(|text| matches!(text, "*" | "*:*"))
    };
    let may_cover = |cover: &Value, statement: &Value| {
        ["resources", "actions"].iter().all(|field| {
            let texts = |of| list(of, field).iter().filter_map(Value::as_str);
            texts(statement).all(|text| texts(cover).any(|cover| may_match(cover, text)))
        })
    };
    let is_odd = |(at, statement): (usize, &Value)| {
        let mut others = statements.iter().enumerate().filter(|(other, _)| *other != at);
        says(statement, "actions") && says(statement, "resources")
            || others.any(|(_, other)| may_cover(other, statement))
    };
    statements.len() > MANY || statements.iter().enumerate().any(is_odd)
}

/// Whether a pattern may apply to all that another one does.
fn may_match(cover: &str, text: &str) -> bool {
    if !cover.is_ascii() || !text.is_ascii() {
        return true;
    }
    let begins = cover.split(['*', '?']).next().unwrap_or_default();
    let is_whole = begins.len() == cover.len();
    let start = text.get(..begins.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(begins)) && (!is_whole || text.len() == begins.len())
}

fn meaning(side: &Side<'_>, ways: &[Way]) -> Meaning {
    let null = Value::Null;
    let live = side.body.get("document").unwrap_or(&null);
    // Where the live document says something that the schema does not know, that is kept.
    let strange = !live.is_null() && Document::deserialize(live).is_err();
    let document = side.object.get("document").filter(|_| !strange).map(Document::deserialize);
    let Some(Ok(document)) = document else {
        return Meaning::Unknown("its document holds something that enact does not know".to_owned());
    };
    let is_known = |version: &str| version == LANGUAGE;
    let versions = [document.version.as_deref(), live.get("version").and_then(Value::as_str)];
    if let Some(version) = versions.into_iter().flatten().find(|version| !is_known(version)) {
        return Meaning::Unknown(format!("enact does not know the policy language `{version}`"));
    }
    let is_empty = |statement: &Statement| statement.actions.is_empty() || statement.resources.is_empty();
    if document.statements.iter().any(is_empty) {
        return Meaning::Unknown("a statement without actions or resources could mean anything".to_owned());
    }
    let readings = ways.iter().map(|way| way.read(&document.statements)).collect();
    Meaning::Rules { readings, beside: BTreeMap::new() }
}

/// How to read what is not documented.
#[derive(Clone, Copy)]
struct Way {
    assumes: &'static str,
    folds: bool,
    question_mark: bool,
}

const READINGS: [Way; 4] = [
    Way { assumes: "", folds: true, question_mark: true },
    Way { assumes: "the case of an action matters", folds: false, question_mark: true },
    Way { assumes: "`?` means itself", folds: true, question_mark: false },
    Way { assumes: "the case of an action matters and `?` means itself", folds: false, question_mark: false },
];

impl Way {
    fn read(self, statements: &[Statement]) -> Reading {
        let folds = if self.folds { BTreeSet::from([Dimension::Action]) } else { BTreeSet::new() };
        let rule =
            |(index, statement)| Rule { at: format!("/document/statements/{index}"), ..self.rule(statement) };
        let rules = statements.iter().enumerate().map(rule).collect();
        Reading { assumes: self.assumes, rules: RuleSet { rules, folds, ..RuleSet::default() } }
    }

    fn glob(self, text: &str) -> Pattern {
        if self.question_mark { Pattern::glob_with_one(text) } else { Pattern::glob(text) }
    }

    fn action(self, text: &str) -> Pattern {
        if self.folds { self.glob(text).folded() } else { self.glob(text) }
    }

    fn rule(self, statement: &Statement) -> Rule {
        let Statement { sid, effect, actions, resources, conditions } = statement;
        let mut rule = Rule::new(matches!(effect, Effect::Deny))
            .on(Dimension::Action, actions.iter().map(|action| self.action(action)).collect())
            .on(Dimension::Resource, resources.iter().map(|resource| self.glob(resource)).collect());
        rule.name.clone_from(sid);
        let conditions = conditions.as_deref().unwrap_or_default();
        for condition in conditions {
            let Condition { operator, key, values } = condition;
            // A key may have several values in one request, so two conditions on it are not one with what both name.
            let is_alone = conditions.iter().filter(|other| other.key == *key).count() == 1;
            let is_plain = !values.is_empty() && !values.iter().any(|value| value.contains(['*', '?', '$']));
            if operator == "equals" && is_alone && is_plain {
                let values = values.iter().map(|value| Pattern::literal(value)).collect();
                rule = rule.on(Dimension::Key(key.clone()), values);
            } else {
                rule.conditions.insert(text_of(condition));
            }
        }
        rule
    }
}

/// The condition as a text that is the same for equal ones.
fn text_of(condition: &Condition) -> String {
    let Condition { operator, key, values } = condition;
    let values: BTreeSet<_> = values.iter().collect();
    serde_json::json!([key, operator, values]).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::access::budget::Budget;
    use crate::access::impact::{Impact, Verdict, compare};
    use crate::access::question::plainly_covers;
    use crate::system::semantics::Other;

    proptest! {
        /// What is passed over has nothing that covers anything.
        #[test]
        fn what_cannot_be_odd_by_its_texts_is_not_odd(
            texts in prop::collection::vec(("s3:[ABa]{0,2}[*?]?[AB]?|\\*", "[abA]{1,2}[*?]?[ab]?|\\*"), 1..4),
        ) {
            let statement = |(action, resource)| json!({"effect": "allow", "actions": [action], "resources": [resource]});
            let statements: Value = texts.into_iter().map(statement).collect();
            // Half of them: too many for `prop_assume` in a long run.
            if may_be_odd(statements.as_array().unwrap()) {
                return Ok(());
            }
            let Meaning::Rules { readings, .. } = meaning(&statements, &Value::Null) else { panic!("{statements}") };
            for reading in &readings {
                let rules = &reading.rules.rules;
                let mut pairs = rules.iter().flat_map(|one| rules.iter().map(move |other| (one, other)));
                let covers = pairs.find(|(one, other)| one.at != other.at && plainly_covers(one, other));
                prop_assert!(covers.is_none(), "{statements} {covers:?}");
            }
        }
    }

    fn meaning(statements: &Value, body: &Value) -> Meaning {
        let kinds = crate::system::registry::Registry::built_in();
        let kinds = kinds.kinds();
        let kind = kinds[&("mycloud/v1".to_owned(), "Policy".to_owned())];
        let object = json!({"document": {"statements": statements}});
        let others = |_: &str, _: &str| Other::Gone;
        Statements.meaning(&Side { kind, name: "p", object: &object, body, others: &others })
    }

    fn impact(before: &Value, after: &Value) -> Impact {
        match (meaning(before, &Value::Null), meaning(after, &Value::Null)) {
            (Meaning::Rules { readings: before, .. }, Meaning::Rules { readings: after, .. }) => {
                compare(&before, &after, &mut Budget::default())
            }
            sides => panic!("{sides:?}"),
        }
    }

    fn read(conditions: Value) -> Value {
        json!({"effect": "allow", "actions": ["s3:Get*"], "resources": ["b/*"], "conditions": conditions})
    }

    fn equals(values: &[&str]) -> Value {
        json!({"operator": "equals", "key": "k", "values": values})
    }

    #[test]
    fn sound_meaning_conditions_may_be_split_by_their_values_and_not_by_their_operators() {
        let both = json!([read(json!([equals(&["x", "y"])]))]);
        let split = json!([read(json!([equals(&["x"])])), read(json!([equals(&["y"])]))]);
        assert_eq!(impact(&both, &split).verdict(), Verdict::Equivalent);
        let unlike = |values: &[&str]| json!({"operator": "not_equals", "key": "k", "values": values});
        let both = json!([read(json!([unlike(&["x", "y"])]))]);
        let split = json!([read(json!([unlike(&["x"])])), read(json!([unlike(&["y"])]))]);
        let impact = impact(&both, &split);
        assert_eq!((impact.verdict(), impact.is_only_possible()), (Verdict::Incomparable, true));
    }

    #[test]
    fn sound_meaning_a_key_may_have_several_values() {
        let twice = json!([read(json!([equals(&["x", "y"]), equals(&["y", "z"])]))]);
        assert!(impact(&twice, &json!([read(json!([equals(&["y"])]))])).is_only_possible());
        assert_eq!(impact(&twice, &twice).verdict(), Verdict::Equivalent);
        let wild = json!([read(json!([equals(&["x*"])]))]);
        assert!(impact(&wild, &json!([read(json!([equals(&["x*"]), equals(&["xy"])]))])).is_only_possible());
    }

    #[test]
    fn sound_meaning_a_statement_that_could_mean_anything_is_unknown() {
        let live = |statement: Value| json!({"document": {"version": LANGUAGE, "statements": [statement]}});
        let statement = json!({"effect": "allow", "actions": ["*"], "resources": ["*"]});
        let with = |field: &str, value: Value| {
            let mut statement = statement.clone();
            statement[field] = value;
            statement
        };
        let statements = json!([statement]);
        assert!(matches!(meaning(&statements, &live(statement.clone())), Meaning::Rules { .. }));
        for strange in
            [with("principals", json!([])), with("effect", json!("audit")), with("actions", json!("*"))]
        {
            assert!(matches!(meaning(&statements, &live(strange)), Meaning::Unknown(_)));
        }
        assert!(matches!(meaning(&json!([with("actions", json!([]))]), &Value::Null), Meaning::Unknown(_)));
        let newer = json!({"document": {"version": "2030-01-01", "statements": [statement]}});
        assert!(matches!(meaning(&statements, &newer), Meaning::Unknown(_)));
    }
}
