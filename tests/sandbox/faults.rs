//! Injected faults: what goes wrong, and when.

use crate::support::Target;
use enact::sandbox::Fault;
use serde_json::{Value, json};

fn role(id: &str) -> Value {
    json!({"id": id, "name": id, "actions": ["core:things:get"]})
}

fn fault(method: &str, status: u16) -> Fault {
    let fault =
        Fault { target: "compiuta".into(), path_contains: "/roles".into(), times: 1, ..Fault::default() };
    Fault { method: method.into(), status, ..fault }
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says_after_those_it_skips() {
    let target = Target::empty("compiuta").await;
    target.sandbox.inject(Fault { skip: 1, times: 2, ..fault("GET", 503) });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(target.get("/iam/roles").await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200, 200]);
    assert_eq!(target.get("/iam/policies").await.status, 200);
}

#[tokio::test]
async fn a_fault_before_the_commit_changes_nothing() {
    let target = Target::empty("compiuta").await;
    target.sandbox.inject(fault("POST", 500));
    let reply = target.post("/iam/roles", role("r")).await;
    assert_eq!((reply.status, reply.at("/code")), (500, &json!(13)));
    assert_eq!(target.get("/iam/roles/r").await.status, 404);
}

#[tokio::test]
async fn a_fault_after_the_commit_only_loses_the_answer() {
    let target = Target::empty("compiuta").await;
    target.sandbox.inject(Fault { after_commit: true, ..fault("POST", 502) });
    assert_eq!(target.post("/iam/roles", role("r")).await.status, 502);
    assert_eq!(target.get("/iam/roles/r").await.status, 200);
}

#[tokio::test]
async fn status_0_closes_the_connection_without_an_answer() {
    for after_commit in [false, true] {
        let target = Target::empty("compiuta").await;
        target.sandbox.inject(Fault { after_commit, ..fault("POST", 0) });
        let request = target.request(reqwest::Method::POST, "/iam/roles").json(&role("r"));
        let error = request.send().await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        assert_eq!(target.sandbox.requests().last().unwrap().status, 0);
        let expected = if after_commit { 200 } else { 404 };
        assert_eq!(target.get("/iam/roles/r").await.status, expected);
    }
}

#[tokio::test]
async fn a_fault_may_bring_its_own_headers_and_body() {
    let target = Target::empty("mycloud").await;
    let headers = vec![("Retry-After".into(), "7".into()), ("X-RateLimit-Remaining".into(), "0".into())];
    let body = Some(json!({"error": {"code": 429, "message": "slow down"}}));
    let fault = Fault { target: "mycloud".into(), status: 429, times: 1, headers, body, ..Fault::default() };
    target.sandbox.inject(fault);
    let reply = target.get("/v1/iam/policies").await;
    assert_eq!(
        (reply.status, reply.header("retry-after"), reply.header("x-ratelimit-remaining")),
        (429, "7", "0")
    );
    assert_eq!(reply.header("x-ratelimit-limit"), "300");
    assert_eq!(reply.text("/error/message"), "slow down");
}

#[tokio::test]
async fn a_text_body_goes_out_as_a_proxy_sends_it() {
    let target = Target::empty("compiuta").await;
    target.sandbox.inject(Fault { body: Some(json!("<h1>Bad gateway</h1>")), ..fault("GET", 502) });
    let reply = target.get("/iam/roles").await;
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(reply.body, json!("<h1>Bad gateway</h1>"));
}

#[tokio::test]
async fn a_successful_fault_may_lie_about_the_state() {
    let target = Target::empty("compiuta").await;
    target.sandbox.inject(Fault { body: Some(json!({"roles": []})), ..fault("GET", 200) });
    assert_eq!(target.get("/iam/roles").await.body, json!({"roles": []}));
    assert_eq!(target.get("/iam/roles").await.list("/roles").len(), 4);
}
