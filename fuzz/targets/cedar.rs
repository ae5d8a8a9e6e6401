//! A policy of Cedar, and its canonical form.
//!
//! The law: the canonical text is Cedar, is its own canonical form, and decides every request as the text does. The
//! same holds for a text that is used as the conditions of a policy. An error lies in the text.
#![no_main]

use std::sync::OnceLock;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicySet, Request};
use enact::cedar::{self, CedarError, Effect, Statement};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    if let Some(one) = of_text(text, Statement::parse(text)) {
        assert_eq!(Effect::of(text), Effect::of(&one.text), "{}", one.text);
        assert_eq!(decided(text), decided(&one.text), "{}", one.text);
        assert_eq!(decided(text), decided(&one.structure), "{}", one.structure);
    }
    let action = cedar::actions(&["edit", "view"]);
    let permit = Statement::assemble("permit", cedar::any(), action, cedar::entity("==", "Box", text), text);
    let clauses = cedar::clauses(text);
    if let Some(one) = of_text(text, permit) {
        assert!(clauses.is_ok() && Effect::of(&one.text) == Some(Effect::Permit), "{}", one.text);
    }
});

/// What people see of a statement, and what is compared.
#[derive(Debug, PartialEq)]
struct Canonical {
    text: String,
    structure: String,
}

fn canonical(statement: Statement) -> Result<Canonical, CedarError> {
    Ok(Canonical { text: statement.clone().pretty()?, structure: statement.structure()? })
}

/// The canonical form, which is a fixed point.
fn of_text(text: &str, statement: Result<Statement, CedarError>) -> Option<Canonical> {
    match statement.and_then(canonical) {
        Ok(one) => {
            assert_eq!(Statement::parse(&one.text).and_then(canonical).as_ref(), Ok(&one));
            let again = Statement::parse(&one.structure).and_then(Statement::structure);
            assert_eq!(again.as_ref(), Ok(&one.structure), "{}", one.structure);
            Some(one)
        }
        Err(error) => {
            assert!(error.offset.is_none_or(|offset| offset <= text.len()), "{error:?}");
            None
        }
    }
}

/// What a policy decides for some requests, and how many errors each decision has.
fn decided(text: &str) -> Vec<(Decision, usize)> {
    static ASKED: OnceLock<(Vec<Request>, Entities)> = OnceLock::new();
    let (requests, entities) = ASKED.get_or_init(asked);
    let policy = Policy::parse(None, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let policies = PolicySet::from_policies([policy]).unwrap_or_else(|error| panic!("{error}"));
    let authorizer = Authorizer::new();
    let decide = |request| {
        let response = authorizer.is_authorized(request, &policies, entities);
        (response.decision(), response.diagnostics().errors().count())
    };
    requests.iter().map(decide).collect()
}

fn asked() -> (Vec<Request>, Entities) {
    let uid = |text: &str| text.parse::<EntityUid>().unwrap_or_else(|error| panic!("{error}"));
    let entities = json!([
        {"uid": {"type": "User", "id": "a"}, "attrs": {"n": 1, "s": ["x", "y"]}, "parents": [{"type": "User", "id": "g"}]},
        {"uid": {"type": "User", "id": "g"}, "attrs": {}, "parents": []},
        {"uid": {"type": "Box", "id": "b"}, "attrs": {"open": true, "name": "box"}, "parents": []},
    ]);
    let entities = Entities::from_json_value(entities, None).unwrap_or_else(|error| panic!("{error}"));
    let request = |principal, action, resource, context| {
        let context = Context::from_json_value(context, None).unwrap_or_else(|error| panic!("{error}"));
        let request = Request::new(uid(principal), uid(action), uid(resource), context, None);
        request.unwrap_or_else(|error| panic!("{error}"))
    };
    let full = json!({"a": true, "b": false, "n": 5, "s": "text", "r": {"a": [1, 2]}});
    let requests = vec![
        request(r#"User::"a""#, r#"Action::"view""#, r#"Box::"b""#, full.clone()),
        request(r#"User::"b""#, r#"Action::"edit""#, r#"Box::"c""#, json!({"a": false, "n": -1})),
        request(r#"User::"g""#, r#"Action::"x""#, r#"User::"a""#, json!({})),
        request(r#"Box::"b""#, r#"Action::"view""#, r#"Box::"b""#, full),
    ];
    (requests, entities)
}
