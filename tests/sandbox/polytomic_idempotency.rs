//! Polytomic's `Idempotency-Key`.

use crate::support::{Reply, Target, reply};
use enact::sandbox::Fault;
use reqwest::Method;
use serde_json::json;

const ROLES: &str = "/api/permissions/roles";

async fn create_role(target: &Target, key: &str, name: &str) -> Reply {
    let request = target.request(Method::POST, ROLES).header("idempotency-key", key);
    reply(request.json(&json!({"name": name}))).await
}

#[tokio::test]
async fn a_repeated_idempotency_key_replays_the_first_outcome() {
    let target = Target::empty("polytomic").await;
    let first = create_role(&target, "key-00001", "R").await;
    let second = create_role(&target, "key-00001", "R").await;
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(target.sandbox.objects("polytomic", "roles").len(), 3);
    assert_eq!(create_role(&target, "key-00001", "Other").await.status, 400);
    assert_ne!(create_role(&target, "key-00002", "R").await.body, first.body);
}

#[tokio::test]
async fn an_idempotency_key_keeps_a_500_too() {
    let target = Target::empty("polytomic").await;
    let fault = Fault {
        target: "polytomic".into(),
        method: "POST".into(),
        times: 1,
        status: 500,
        ..Fault::default()
    };
    for after_commit in [false, true] {
        let key = format!("key-after-commit-{after_commit}");
        target.sandbox.inject(Fault { after_commit, ..fault.clone() });
        assert_eq!(create_role(&target, &key, "R").await.status, 500);
        assert_eq!(create_role(&target, &key, "R").await.status, 500);
    }
    let written =
        target.sandbox.objects("polytomic", "roles").iter().filter(|role| role["name"] == "R").count();
    assert_eq!(written, 1, "only the one after the commit");
}

#[tokio::test]
async fn an_idempotency_key_brings_a_lost_answer_back() {
    let target = Target::empty("polytomic").await;
    let fault =
        Fault { target: "polytomic".into(), times: 1, status: 0, after_commit: true, ..Fault::default() };
    target.sandbox.inject(fault);
    let lost = target
        .request(Method::POST, ROLES)
        .header("idempotency-key", "key-00001")
        .json(&json!({"name": "R"}));
    assert!(lost.send().await.is_err());
    let again = create_role(&target, "key-00001", "R").await;
    assert_eq!((again.status, again.text("/data/id")), (200, target.id("polytomic", "roles", "R").as_str()));
}

#[tokio::test]
async fn a_refusal_before_the_api_is_not_kept_for_a_key() {
    let target = Target::empty("polytomic").await;
    target.sandbox.inject(Fault { target: "polytomic".into(), times: 1, status: 503, ..Fault::default() });
    assert_eq!(create_role(&target, "key-00001", "R").await.status, 503);
    assert_eq!(create_role(&target, "key-00001", "R").await.status, 200);
}

#[tokio::test]
async fn an_idempotency_key_follows_its_grammar() {
    let target = Target::empty("polytomic").await;
    for (key, status) in [
        ("short-7", 400),
        ("has a blank", 400),
        ("dots.are.bad", 400),
        (&"x".repeat(256), 400),
        (&"x".repeat(255), 200),
        ("aZ09-_--", 200),
    ] {
        assert_eq!(create_role(&target, key, "R").await.status, status, "{key}");
    }
}
