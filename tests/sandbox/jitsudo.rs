//! JITSudo: tenants, summaries, null, rules and their Cedar.

use serde_json::{Value, json};

use crate::support::{NOBODY, Reply, TENANT, Target};

pub(crate) const POLICIES: &str = "/v1/policies";

pub(crate) fn policy(id: &str) -> String {
    format!("{POLICIES}/{id}")
}

/// A sandbox and the id of its policy "dev-accounts".
pub(crate) async fn examples() -> (Target, String) {
    let target = Target::examples("jitsudo").await;
    let id = target.id("jitsudo", "policies", "dev-accounts");
    (target, id)
}

/// A sandbox and the id of a new policy without rules.
pub(crate) async fn fresh() -> (Target, String) {
    let target = Target::empty("jitsudo").await;
    let created = target.post(POLICIES, json!({"name": "p", "max_duration_seconds": 60})).await;
    let id = created.text("/id").to_owned();
    (target, id)
}

pub(crate) fn ids(reply: &Reply, list: &str) -> Vec<String> {
    reply.list(list).iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_or_a_token_is_a_credential() {
    let target = Target::examples("jitsudo").await.with("x-api-key", "").with("authorization", "Bearer jwt");
    assert_eq!(target.get(POLICIES).await.status, 200);
}

#[tokio::test]
async fn the_health_check_needs_nothing() {
    let target = Target::examples("jitsudo").await.with("x-api-key", "").with("x-tenant-id", "");
    assert_eq!(target.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_missing_or_invalid_tenant_is_a_400() {
    for tenant in ["", "acme"] {
        let target = Target::examples("jitsudo").await.with("x-tenant-id", tenant);
        assert_eq!(target.get(POLICIES).await.status, 400);
    }
}

#[tokio::test]
async fn the_first_tenant_is_the_only_one() {
    let mut target = Target::examples("jitsudo").await;
    assert_eq!(target.get(POLICIES).await.status, 200);
    target.set("x-tenant-id", NOBODY);
    let reply = target.get(POLICIES).await;
    assert_eq!((reply.status, reply.text("/code")), (403, "tenant_mismatch"));
    target.set("x-tenant-id", &TENANT.to_uppercase());
    assert_eq!(target.get(POLICIES).await.status, 200);
}

#[tokio::test]
async fn the_list_is_pages_of_summaries() {
    let target = Target::empty("jitsudo").await;
    for n in 0..120 {
        target.post(POLICIES, json!({"name": format!("p{n}"), "max_duration_seconds": 60})).await;
    }
    let mut path = POLICIES.to_owned();
    let (mut sizes, mut names) = (Vec::new(), Vec::new());
    loop {
        let page = target.get(&path).await;
        sizes.push(page.list("/data").len());
        names.extend(page.list("/data").iter().map(|policy| policy["name"].as_str().unwrap().to_owned()));
        assert_eq!(page.at("/data/0/rule_count"), 0);
        assert!(
            page.body["data"][0].get("rules").is_none()
                && page.body["data"][0].get("cedar_policy_set").is_none()
        );
        if page.body["has_more"] == json!(false) {
            break;
        }
        path = format!("{POLICIES}?cursor={}", page.text("/next_cursor"));
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(names, (0..120).map(|n| format!("p{n}")).collect::<Vec<_>>());
    assert_eq!(target.get("/v1/policies?limit=1000").await.list("/data").len(), 100);
    assert_eq!(target.get("/v1/policies?limit=2").await.list("/data").len(), 2);
    for bad in ["limit=0", "limit=x", "limit=-1", "cursor=nonsense"] {
        assert_eq!(target.get(&format!("{POLICIES}?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_cursor_survives_the_deletion_of_what_it_points_at() {
    let target = Target::examples("jitsudo").await;
    let page = target.get("/v1/policies?limit=1").await;
    let next = format!("{POLICIES}?cursor={}", page.text("/next_cursor"));
    target.delete(&policy(page.text("/data/0/id"))).await;
    assert_eq!(target.get(&next).await.text("/data/0/name"), "break-glass");
}

#[tokio::test]
async fn a_new_policy_gets_defaults() {
    let (target, id) = fresh().await;
    let policy = target.get(&policy(&id)).await;
    for (field, value) in [
        ("/description", json!(null)),
        ("/enabled", json!(true)),
        ("/priority", json!(0)),
        ("/default_duration_seconds", json!(null)),
        ("/notification_channel", json!(null)),
        ("/rules", json!([])),
        ("/cedar_policy_set", json!("")),
    ] {
        assert_eq!(policy.at(field), &value, "{field}");
    }
    assert_eq!(policy.at("/created_at"), policy.at("/updated_at"));
}

#[tokio::test]
async fn names_are_not_unique() {
    let (target, _) = fresh().await;
    let body = json!({"name": "p", "max_duration_seconds": 60});
    assert_eq!(target.post(POLICIES, body).await.status, 201);
    assert_eq!(target.sandbox.objects("jitsudo", "policies").len(), 2);
}

#[tokio::test]
async fn a_create_may_bring_its_rules_as_cedar() {
    let target = Target::empty("jitsudo").await;
    let cedar = "forbid(principal,action,resource)unless{context.mfa};\npermit(principal in User::\"a b\",action,resource);";
    let body = json!({"name": "p", "max_duration_seconds": 60, "cedar_policy_set": cedar});
    let created = target.post(POLICIES, body).await;
    assert_eq!(created.status, 201);
    assert_eq!(
        created.list("/rules").iter().map(|rule| &rule["effect"]).collect::<Vec<_>>(),
        ["forbid", "permit"]
    );
    assert_eq!(created.text("/rules/0/conditions"), "unless { context.mfa }");
    assert_eq!(created.text("/rules/1/principal_entity_id"), "a b");
    assert_eq!(created.at("/rules/1/audit_session"), true);
    assert_ne!(created.text("/cedar_policy_set"), cedar);
}

#[tokio::test]
async fn cedar_in_a_create_may_be_null_but_not_wrong() {
    let target = Target::empty("jitsudo").await;
    let body = |cedar: Value| json!({"name": "p", "max_duration_seconds": 60, "cedar_policy_set": cedar});
    assert_eq!(target.post(POLICIES, body(Value::Null)).await.status, 201);
    for bad in
        [json!("permit(principal);"), json!("permit(principal == ?principal, action, resource);"), json!(1)]
    {
        assert_eq!(target.post(POLICIES, body(bad)).await.status, 400);
    }
    assert_eq!(target.sandbox.objects("jitsudo", "policies").len(), 1);
}

#[tokio::test]
async fn a_patch_changes_only_what_it_carries() {
    let (target, id) = examples().await;
    let before = target.get(&policy(&id)).await.body;
    let after = target.patch(&policy(&id), json!({"max_duration_seconds": 28800, "description": null})).await;
    assert_eq!(after.status, 200);
    for (field, value) in after.body.as_object().unwrap() {
        match field.as_str() {
            "max_duration_seconds" => assert_eq!(value, 28800),
            "description" => assert_eq!(value, &Value::Null),
            "updated_at" => assert_ne!(value, &before["updated_at"]),
            _ => assert_eq!(value, &before[field], "{field}"),
        }
    }
}

#[tokio::test]
async fn null_only_clears_what_may_be_null() {
    let (target, id) = examples().await;
    for (field, status) in [
        ("description", 200),
        ("default_duration_seconds", 200),
        ("notification_channel", 200),
        ("name", 400),
        ("enabled", 400),
        ("priority", 400),
        ("max_duration_seconds", 400),
    ] {
        assert_eq!(target.patch(&policy(&id), json!({field: null})).await.status, status, "{field}");
    }
}

#[tokio::test]
async fn fields_that_are_not_accepted_are_refused() {
    let (target, id) = examples().await;
    for body in [
        json!({"rules": []}),
        json!({"cedar_policy_set": ""}),
        json!({"id": NOBODY}),
        json!({"created_at": "2026-01-01T00:00:00Z"}),
        json!({"colour": "red"}),
        json!({"enabled": "yes"}),
        json!({"priority": 1.5}),
        json!({"name": ""}),
    ] {
        assert_eq!(target.patch(&policy(&id), body.clone()).await.status, 400, "{body}");
    }
    let body = json!({"name": "p", "max_duration_seconds": 60, "rules": []});
    assert_eq!(target.post(POLICIES, body).await.status, 400);
}

#[tokio::test]
async fn durations_fit_together() {
    let (target, id) = examples().await;
    for body in [
        json!({"max_duration_seconds": 0}),
        json!({"max_duration_seconds": -1}),
        json!({"max_duration_seconds": 3599}),
        json!({"default_duration_seconds": 14401}),
        json!({"default_duration_seconds": 0}),
    ] {
        assert_eq!(target.patch(&policy(&id), body.clone()).await.status, 400, "{body}");
    }
    for body in [
        json!({"name": "p"}),
        json!({"max_duration_seconds": 1}),
        json!({"name": "p", "max_duration_seconds": 0}),
    ] {
        assert_eq!(target.post(POLICIES, body.clone()).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn a_reorder_of_policies_gives_them_priorities() {
    let target = Target::examples("jitsudo").await;
    let mut order = ids(&target.get(POLICIES).await, "/data");
    order.reverse();
    assert_eq!(target.patch("/v1/policies/reorder", json!({"ids": order})).await.status, 200);
    assert_eq!(target.get(&policy(&order[0])).await.at("/priority"), 20);
    assert_eq!(target.get(&policy(&order[1])).await.at("/priority"), 10);
}
