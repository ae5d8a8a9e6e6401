//! What is the same for all four APIs: paths, log, bad requests.

use crate::support::{NOBODY, TENANT, Target, client, reply, sandbox};
use enact::sandbox::{Seed, Served, Store, start};
use reqwest::Method;
use serde_json::{Value, json};

/// A collection and an object's path of each system.
const PATHS: [(&str, &str); 4] = [
    ("polytomic", "/api/permissions/policies"),
    ("jitsudo", "/v1/policies"),
    ("compiuta", "/iam/policies"),
    ("mycloud", "/v1/iam/policies"),
];

/// Whether a body has the error shape of its API.
fn is_error_of(system: &str, status: u16, body: &Value) -> bool {
    match system {
        "polytomic" => body["status"] == status && body["key"].is_string() && body["message"].is_string(),
        "jitsudo" => body["code"].is_string() && body["message"].is_string() && body["notices"].is_array(),
        "compiuta" => body["code"].is_u64() && body["message"].is_string() && body["details"].is_array(),
        _ => body["error"]["code"] == status && body["error"]["request_id"].is_string(),
    }
}

#[tokio::test]
async fn a_missing_credential_is_a_401_in_the_words_of_the_api() {
    for (system, path) in PATHS {
        let target = Target::examples(system).await.with("authorization", "").with("x-api-key", "");
        let reply = target.get(path).await;
        assert_eq!(reply.status, 401, "{system}");
        assert!(is_error_of(system, 401, &reply.body), "{:#}", reply.body);
    }
}

#[tokio::test]
async fn a_blank_credential_or_one_of_another_scheme_is_refused() {
    for (system, path) in PATHS {
        for value in ["Bearer", "Digest abc"] {
            let target = Target::examples(system).await.with("authorization", value).with("x-api-key", "");
            assert_eq!(target.get(path).await.status, 401, "{system} {value}");
        }
    }
}

#[tokio::test]
async fn every_bad_request_is_a_clean_error_in_the_words_of_the_api() {
    for (system, path) in PATHS {
        let target = Target::examples(system).await;
        let raw = |body: &str| {
            let request = target.request(Method::POST, path).header("content-type", "application/json");
            reply(request.body(body.to_owned()))
        };
        let too_large = format!("{{\"name\": \"{}\"}}", "x".repeat(2 << 20));
        let mut bad = vec![(400, raw("{\"name\": ").await), (400, raw("[]").await), (400, raw("").await)];
        bad.push((400, raw(&format!("{}1{}", "[".repeat(5000), "]".repeat(5000))).await));
        bad.push((413, raw(&too_large).await));
        bad.push((400, reply(target.request(Method::POST, path).body("name=x")).await));
        bad.push((405, target.delete(path).await));
        bad.push((404, target.get(&format!("{path}/{NOBODY}")).await));
        bad.push((404, target.get(&format!("{path}/{NOBODY}/what/is/this")).await));
        bad.push((404, target.get("/nothing/here").await));
        for (status, reply) in bad {
            assert_eq!(reply.status, status, "{system} {:#}", reply.body);
            assert!(is_error_of(system, status, &reply.body), "{:#}", reply.body);
        }
    }
}

#[tokio::test]
async fn an_id_that_is_not_a_uuid_is_a_400_where_ids_are_uuids() {
    for (system, path) in PATHS {
        let reply = Target::examples(system).await.get(&format!("{path}/not-a-uuid")).await;
        assert_eq!(reply.status, if system == "compiuta" { 404 } else { 400 }, "{system}");
    }
}

#[tokio::test]
async fn an_upper_case_uuid_is_the_same_id() {
    let target = Target::examples("mycloud").await;
    let id = target.id("mycloud", "policies", "backup-writers").to_uppercase();
    assert_eq!(target.get(&format!("/v1/iam/policies/{id}")).await.status, 200);
}

#[tokio::test]
async fn the_first_target_of_each_system_is_also_at_the_root() {
    let sandbox = sandbox(Store::Memory, Seed::Examples).await;
    for (system, path) in PATHS {
        let url = format!("http://{}{path}", sandbox.address());
        let request = client().get(url).header("authorization", "Bearer x").header("x-tenant-id", TENANT);
        assert_eq!(reply(request).await.status, 200, "{system}");
        assert_eq!(sandbox.requests().last().unwrap().target, system);
    }
}

#[tokio::test]
async fn a_target_that_is_called_like_a_path_is_still_found() {
    let served = |name: &str| Served { name: name.into(), system: "compiuta".into() };
    let targets = vec![served("first"), served("iam"), served("a b/c")];
    let sandbox = start(([127, 0, 0, 1], 0).into(), targets, Store::Memory, Seed::Empty).await.unwrap();
    let get = async |url: String| {
        let reply = reply(client().get(url).header("authorization", "Bearer x")).await;
        assert_eq!(reply.status, 200);
        sandbox.requests().last().unwrap().target.clone()
    };
    assert_eq!(get(format!("http://{}/iam/policies", sandbox.address())).await, "first");
    assert_eq!(get(format!("{}/iam/policies", sandbox.url("iam"))).await, "iam");
    assert_eq!(get(format!("{}/iam/policies", sandbox.url("a b/c"))).await, "a b/c");
}

#[tokio::test]
async fn a_path_of_no_target_is_a_404() {
    let sandbox = sandbox(Store::Memory, Seed::Empty).await;
    let reply = reply(client().get(format!("http://{}/elsewhere", sandbox.address()))).await;
    assert_eq!((reply.status, sandbox.requests()[0].target.as_str()), (404, ""));
}

#[tokio::test]
async fn the_log_has_every_request_in_order() {
    let target = Target::empty("compiuta").await;
    target.get("/iam/roles?x=1").await;
    target.post("/iam/roles", json!({"id": "r"})).await;
    let seen: Vec<_> =
        target.sandbox.requests().into_iter().map(|s| (s.method, s.path, s.body, s.status)).collect();
    let expected = [
        ("GET".to_owned(), "/iam/roles?x=1".to_owned(), None, 200),
        ("POST".to_owned(), "/iam/roles".to_owned(), Some(json!({"id": "r"})), 400),
    ];
    assert_eq!(seen, expected);
    target.sandbox.clear_requests();
    assert_eq!(target.sandbox.requests(), []);
}

#[tokio::test]
async fn only_loopback_known_systems_and_distinct_names_are_served() {
    let served = |name: &str, system: &str| Served { name: name.into(), system: system.into() };
    for (listen, targets) in [
        ("0.0.0.0:0", vec![served("a", "mycloud")]),
        ("127.0.0.1:0", vec![served("a", "other")]),
        ("127.0.0.1:0", vec![served("a", "mycloud"), served("a", "jitsudo")]),
        ("127.0.0.1:0", vec![served("", "mycloud")]),
        ("127.0.0.1:0", vec![served("..", "mycloud")]),
    ] {
        let error = start(listen.parse().unwrap(), targets, Store::Memory, Seed::Empty).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
}

#[tokio::test]
async fn the_seed_is_the_same_on_every_machine() {
    let (one, two) =
        (sandbox(Store::Memory, Seed::Examples).await, sandbox(Store::Memory, Seed::Examples).await);
    for (system, _) in PATHS {
        for collection in ["roles", "policies", "rules", "tenants"] {
            assert_eq!(one.objects(system, collection), two.objects(system, collection));
        }
    }
    let admin = &one.objects("polytomic", "roles")[0];
    assert_eq!(
        (&admin["name"], &admin["id"]),
        (&json!("Admin"), &json!("7c295c55-f531-5b64-bfcb-094d570373e4"))
    );
}

#[tokio::test]
async fn a_stopped_or_dropped_sandbox_answers_no_more() {
    let stopped = sandbox(Store::Memory, Seed::Empty).await;
    let url = stopped.url("compiuta");
    let client = client();
    assert!(client.get(&url).send().await.is_ok());
    stopped.stop().await;
    assert!(client.get(&url).send().await.is_err());

    let dropped = sandbox(Store::Memory, Seed::Empty).await;
    let url = dropped.url("compiuta");
    assert!(client.get(&url).send().await.is_ok());
    drop(dropped);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(client.get(&url).send().await.is_err());
}
