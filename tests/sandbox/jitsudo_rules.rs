//! JITSudo's rules: Cedar, scopes, order.

use serde_json::{Value, json};

use crate::jitsudo::{POLICIES, examples, fresh, ids, policy};
use crate::support::NOBODY;

fn rules(id: &str) -> String {
    format!("{POLICIES}/{id}/rules")
}

fn anything(effect: &str) -> Value {
    json!({"effect": effect, "principal_scope_type": "any", "action_scope_type": "any", "resource_scope_type": "any"})
}

/// A rule with other fields; null removes one.
fn rule(changes: Value) -> Value {
    let mut rule = anything("permit");
    for (name, value) in changes.as_object().unwrap() {
        rule[name] = value.clone();
    }
    rule
}

#[tokio::test]
async fn rules_are_assembled_from_their_fields() {
    let (target, id) = examples().await;
    let policy = target.get(&policy(&id)).await;
    assert_eq!(policy.text("/rules/0/conditions"), "when { context.duration_seconds <= 14400 }");
    assert_eq!(policy.at("/rules/0/action_ids"), &json!(["request_access"]));
    assert!(policy.text("/rules/0/policy_text").contains("resource == AwsAccount::\"210987654321\""));
    assert_eq!(policy.text("/rules/1/effect"), "forbid");
    let texts = [policy.text("/rules/0/policy_text"), policy.text("/rules/1/policy_text")];
    assert_eq!(policy.text("/cedar_policy_set"), texts.join("\n\n"));
}

#[tokio::test]
async fn ordinals_have_gaps() {
    let (target, id) = examples().await;
    let created = target.post(&rules(&id), anything("forbid")).await;
    assert_eq!((created.status, created.at("/ordinal")), (201, &json!(30)));
    let first = target.post(&rules(&id), rule(json!({"ordinal": 5}))).await;
    let listed = target.get(&rules(&id)).await;
    assert_eq!(listed.at("/data/0/id"), first.at("/id"));
    assert_eq!(target.get(&policy(&id)).await.at("/rules"), listed.at("/data"));
}

#[tokio::test]
async fn the_rules_are_paged_too() {
    let (target, id) = examples().await;
    let page = target.get(&format!("{}?limit=1", rules(&id))).await;
    assert_eq!(page.at("/has_more"), true);
    let rest = target.get(&format!("{}?cursor={}", rules(&id), page.text("/next_cursor"))).await;
    assert_eq!((rest.list("/data").len(), rest.at("/has_more")), (1, &json!(false)));
}

#[tokio::test]
async fn the_text_wins_over_the_fields() {
    let (target, id) = fresh().await;
    let text = "forbid   (principal is User, action in [Action::\"a\",Action::\"b\"], resource is AwsS3Bucket in AwsAccount::\"1\") when {context.x} unless {1<2};";
    let created = target.post(&rules(&id), rule(json!({"policy_text": text, "notice": "why"}))).await;
    assert_eq!(created.status, 201);
    for (field, value) in [
        ("/effect", json!("forbid")),
        ("/principal_scope_type", json!("is")),
        ("/principal_entity_type", json!("User")),
        ("/principal_entity_id", json!(null)),
        ("/action_scope_type", json!("in")),
        ("/action_ids", json!(["a", "b"])),
        ("/resource_scope_type", json!("is_in")),
        ("/resource_entity_type", json!("AwsS3Bucket")),
        ("/resource_entity_id", json!("1")),
        ("/conditions", json!("when { context.x } unless { 1 < 2 }")),
        ("/notice", json!("why")),
    ] {
        assert_eq!(created.at(field), &value, "{field}");
    }
    assert_ne!(created.text("/policy_text"), text);
    assert!(created.text("/policy_text").contains("resource is AwsS3Bucket in AwsAccount::\"1\""));
}

#[tokio::test]
async fn bad_cedar_is_a_400_with_notices() {
    let (target, id) = fresh().await;
    for body in [
        json!({"policy_text": "permit(principal, action, resource) when { };"}),
        json!({"policy_text": "permit(principal == ?principal, action, resource);"}),
        json!({"policy_text": "@id(\"x\") permit(principal, action, resource);"}),
        json!({"policy_text": "permit(principal, action == Verb::\"a\", resource);"}),
        json!({"policy_text": "permit(principal, action, resource); forbid(principal, action, resource);"}),
        rule(json!({"conditions": "when {"})),
        rule(json!({"conditions": "when { true }; forbid(principal, action, resource)"})),
        rule(json!({"principal_scope_type": "is", "principal_entity_type": "not a type"})),
    ] {
        let reply = target.post(&rules(&id), body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert!(!reply.list("/notices").is_empty(), "{body}");
    }
}

#[tokio::test]
async fn a_bare_expression_is_a_when_clause() {
    let (target, id) = fresh().await;
    let created = target.post(&rules(&id), rule(json!({"conditions": "context.mfa == true"}))).await;
    assert_eq!(created.text("/conditions"), "when { context.mfa == true }");
}

#[tokio::test]
async fn scope_fields_must_fit_the_scope_type() {
    let (target, id) = fresh().await;
    for changes in [
        json!({"effect": "allow"}),
        json!({"principal_scope_type": "all"}),
        json!({"principal_entity_type": "User"}),
        json!({"principal_scope_type": "eq", "principal_entity_type": "User"}),
        json!({"principal_scope_type": "in", "principal_entity_id": "a"}),
        json!({"resource_scope_type": "is", "resource_entity_type": "AwsAccount", "resource_entity_id": "1"}),
        json!({"resource_scope_type": "is_in", "resource_entity_type": "AwsAccount"}),
        json!({"action_ids": ["a"]}),
        json!({"action_scope_type": "eq", "action_ids": ["a", "b"]}),
        json!({"action_scope_type": "in", "action_ids": []}),
        json!({"action_scope_type": "is", "action_ids": ["a"]}),
        json!({"effect": null}),
        json!({"action_ids": null}),
        json!({"audit_session": null}),
        json!({"colour": "red"}),
    ] {
        assert_eq!(target.post(&rules(&id), rule(changes.clone())).await.status, 400, "{changes}");
    }
    for missing in ["effect", "principal_scope_type", "action_scope_type", "resource_scope_type"] {
        let mut body = anything("permit");
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(target.post(&rules(&id), body).await.status, 400, "{missing}");
    }
    let is_in =
        json!({"resource_scope_type": "is_in", "resource_entity_type": "A::B", "resource_entity_id": "x\"y"});
    assert_eq!(target.post(&rules(&id), rule(is_in)).await.status, 201);
}

#[tokio::test]
async fn a_rule_is_patched_field_by_field() {
    let (target, id) = examples().await;
    let rule = target.get(&rules(&id)).await.text("/data/0/id").to_owned();
    let path = format!("{}/{rule}", rules(&id));
    let before = target.get(&path).await.body;
    let noted = target.patch(&path, json!({"notice": "be careful", "ordinal": null})).await;
    assert_eq!((noted.status, noted.text("/notice")), (200, "be careful"));
    assert_eq!(
        (noted.at("/policy_text"), noted.at("/ordinal")),
        (&before["policy_text"], &before["ordinal"])
    );
    let opened = target.patch(&path, json!({"conditions": null})).await;
    assert_eq!(opened.at("/conditions"), &Value::Null);
    assert!(!opened.text("/policy_text").contains("when"));
    assert_eq!(opened.text("/resource_entity_id"), "210987654321");
    assert_eq!(target.patch(&path, json!({"resource_scope_type": "any"})).await.status, 400);
    let any = json!({"resource_scope_type": "any", "resource_entity_type": null, "resource_entity_id": null});
    assert_eq!(target.patch(&path, any).await.status, 200);
    let replaced = target.patch(&path, json!({"policy_text": "forbid(principal,action,resource);"})).await;
    assert_eq!((replaced.text("/effect"), replaced.at("/action_ids")), ("forbid", &json!([])));
    assert_eq!(replaced.text("/notice"), "be careful");
}

#[tokio::test]
async fn a_deleted_rule_is_gone_and_so_are_the_rules_of_a_deleted_policy() {
    let (target, id) = examples().await;
    let found = ids(&target.get(&rules(&id)).await, "/data");
    let path = format!("{}/{}", rules(&id), found[0]);
    assert_eq!(target.delete(&path).await.status, 204);
    assert_eq!(target.get(&path).await.status, 404);
    assert_eq!(target.delete(&policy(&id)).await.status, 204);
    assert_eq!(target.get(&rules(&id)).await.status, 404);
    assert_eq!(target.sandbox.objects("jitsudo", "rules").len(), 1, "the other policy's");
}

#[tokio::test]
async fn a_rule_is_not_found_under_another_policy() {
    let (target, id) = examples().await;
    let rule = target.get(&rules(&id)).await.text("/data/0/id").to_owned();
    let other = target.id("jitsudo", "policies", "break-glass");
    assert_eq!(target.get(&format!("{}/{rule}", rules(&other))).await.status, 404);
}

#[tokio::test]
async fn a_reorder_needs_every_rule_exactly_once() {
    let (target, id) = examples().await;
    let mut order = ids(&target.get(&rules(&id)).await, "/data");
    order.reverse();
    let path = format!("{}/reorder", rules(&id));
    let reply = target.patch(&path, json!({"ids": order})).await;
    assert_eq!((reply.status, reply.body), (200, Value::Null));
    assert_eq!(ids(&target.get(&policy(&id)).await, "/rules"), order);
    let extra = [&order[..], &[NOBODY.to_owned()]].concat();
    for bad in [json!(order[..1]), json!([order[0], order[0]]), json!(extra), json!(["x", "y"]), json!(null)]
    {
        assert_eq!(target.patch(&path, json!({"ids": bad})).await.status, 400);
    }
}

#[tokio::test]
async fn a_field_of_a_newer_version_is_shown_kept_and_writable() {
    let (target, id) = examples().await;
    let rule = target.get(&rules(&id)).await.text("/data/0/id").to_owned();
    assert!(target.sandbox.set_field("jitsudo", "policies", &id, "risk", json!("low")));
    assert!(target.sandbox.set_field("jitsudo", "rules", &rule, "label", json!("a")));
    target.patch(&policy(&id), json!({"priority": 1})).await;
    let shown = target.get(&policy(&id)).await;
    assert_eq!((shown.text("/risk"), shown.text("/rules/0/label")), ("low", "a"));
    assert_eq!(target.patch(&policy(&id), json!({"risk": "high"})).await.text("/risk"), "high");
    let path = format!("{}/{rule}", rules(&id));
    assert_eq!(target.patch(&path, json!({"label": "b"})).await.text("/label"), "b");
}
