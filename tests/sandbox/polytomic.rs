//! Polytomic: versions, replacement, names that repeat.

use serde_json::{Value, json};

use crate::support::{NOBODY, Reply, Target, has_no_order, sorted};

const POLICIES: &str = "/api/permissions/policies";
const ROLES: &str = "/api/permissions/roles";
const ACTIONS: [&str; 7] = ["apply_policy", "create", "delete", "edit", "read", "sync_to", "trigger"];

fn policy(id: &str) -> String {
    format!("{POLICIES}/{id}")
}

/// A sandbox and the id of its policy "Warehouse syncs".
async fn examples() -> (Target, String) {
    let target = Target::examples("polytomic").await;
    let id = target.id("polytomic", "policies", "Warehouse syncs");
    (target, id)
}

fn role(target: &Target, name: &str) -> String {
    target.id("polytomic", "roles", name)
}

/// The actions of a policy that have roles, with those roles.
fn bindings(reply: &Reply) -> Vec<(String, Vec<Value>)> {
    let actions = reply.list("/data/policy_actions").iter();
    let with_roles = actions.filter(|action| action["role_ids"] != json!([]));
    let mut found: Vec<_> = with_roles
        .map(|action| (action["action"].as_str().unwrap().into(), sorted(&action["role_ids"])))
        .collect();
    found.sort_by_key(|(action, _): &(String, _)| action.clone());
    found
}

#[tokio::test]
async fn me_shows_the_organization() {
    let (target, id) = examples().await;
    let me = target.get("/api/me").await;
    let policy = target.get(&policy(&id)).await;
    assert_eq!(me.at("/data/organization_id"), policy.at("/data/organization_id"));
}

#[tokio::test]
async fn basic_credentials_are_accepted() {
    let target = Target::examples("polytomic").await.with("authorization", "Basic b3JnOmtleQ==");
    assert_eq!(target.get(ROLES).await.status, 200);
}

#[tokio::test]
async fn every_response_repeats_the_version() {
    let mut target = Target::examples("polytomic").await;
    for version in ["2021-05-23", "2022-12-12", "2023-04-25", "2024-02-08", "2025-09-18"] {
        target.set("x-polytomic-version", version);
        assert_eq!(target.get(ROLES).await.header("x-polytomic-version"), version);
        assert_eq!(target.get("/api/nothing").await.header("x-polytomic-version"), version);
    }
    target.set("x-polytomic-version", "");
    assert_eq!(target.get(ROLES).await.header("x-polytomic-version"), "2025-09-18");
}

#[tokio::test]
async fn an_unsupported_version_is_a_400() {
    let target = Target::examples("polytomic").await.with("x-polytomic-version", "2020-01-01");
    assert_eq!(target.get(ROLES).await.status, 400);
}

#[tokio::test]
async fn a_401_of_an_older_version_has_another_shape() {
    let target = Target::examples("polytomic").await.with("authorization", "");
    let target = target.with("x-polytomic-version", "2024-02-08");
    let reply = target.get(ROLES).await;
    assert_eq!((reply.status, reply.at("/code"), reply.at("/status").is_string()), (401, &json!(401), true));
}

#[tokio::test]
async fn the_update_verb_depends_on_the_version() {
    let (mut target, id) = examples().await;
    let body = json!({"name": "Warehouse syncs", "policy_actions": []});
    for (version, patch, put) in
        [("2022-12-12", 200, 405), ("2023-04-25", 200, 405), ("2024-02-08", 405, 200)]
    {
        target.set("x-polytomic-version", version);
        assert_eq!(target.patch(&policy(&id), body.clone()).await.status, patch, "{version}");
        assert_eq!(target.put(&policy(&id), body.clone()).await.status, put, "{version}");
    }
}

#[tokio::test]
async fn an_update_replaces_all_bindings() {
    let (target, id) = examples().await;
    let operators = role(&target, "Warehouse operators");
    let body = json!({"name": "Renamed", "policy_actions": [{"action": "edit", "role_ids": [operators]}]});
    let written = target.put(&policy(&id), body).await;
    assert_eq!((written.status, written.text("/data/name")), (200, "Renamed"));
    assert_eq!(bindings(&target.get(&policy(&id)).await), [("edit".into(), vec![json!(operators)])]);
    for actions in [json!({"name": "Renamed"}), json!({"name": "Renamed", "policy_actions": null})] {
        target.put(&policy(&id), actions).await;
        assert_eq!(bindings(&target.get(&policy(&id)).await), []);
    }
}

#[tokio::test]
async fn a_policy_shows_every_action_there_is_and_unknown_ones_that_were_sent() {
    let target = Target::examples("polytomic").await;
    let actions = json!([{"action": "teleport", "role_ids": [role(&target, "Admin")]}, {"action": "read"}]);
    let created = target.post(POLICIES, json!({"name": "P", "policy_actions": actions})).await;
    let shown = sorted(&created.list("/data/policy_actions").iter().map(|a| a["action"].clone()).collect());
    let expected: Vec<Value> = sorted(&ACTIONS.iter().chain(&["teleport"]).copied().collect());
    assert_eq!((created.status, shown), (200, expected));
}

#[tokio::test]
async fn actions_and_roles_come_in_no_order() {
    let (target, id) = examples().await;
    assert!(has_no_order(&target, &policy(&id), "/data/policy_actions").await);
}

#[tokio::test]
async fn a_body_needs_a_name_and_well_formed_actions() {
    let (target, id) = examples().await;
    for body in [
        json!({}),
        json!({"name": null}),
        json!({"name": " "}),
        json!({"name": "P", "policy_actions": {}}),
        json!({"name": "P", "policy_actions": [{"role_ids": []}]}),
        json!({"name": "P", "policy_actions": [{"action": "read", "role_ids": ["x"]}]}),
        json!({"name": "P", "organization_id": 1}),
    ] {
        assert_eq!(target.post(POLICIES, body.clone()).await.status, 400, "{body}");
        assert_eq!(target.put(&policy(&id), body.clone()).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn an_unknown_role_or_organization_is_a_404_and_nothing_is_written() {
    let (target, id) = examples().await;
    let before = target.sandbox.objects("polytomic", "policies");
    for body in [
        json!({"name": "P", "policy_actions": [{"action": "read", "role_ids": [NOBODY]}]}),
        json!({"name": "P", "organization_id": NOBODY}),
    ] {
        assert_eq!(target.post(POLICIES, body.clone()).await.status, 404);
        assert_eq!(target.put(&policy(&id), body).await.status, 404);
    }
    assert_eq!(target.sandbox.objects("polytomic", "policies"), before);
}

#[tokio::test]
async fn the_list_of_policies_is_only_an_index() {
    let target = Target::examples("polytomic").await;
    let list = target.get(POLICIES).await;
    assert_eq!(list.list("/data").len(), 3);
    assert!(list.list("/data").iter().all(|policy| policy.get("policy_actions").is_none()));
}

#[tokio::test]
async fn an_empty_list_is_null() {
    let target = Target::empty("polytomic").await;
    let models = target.id("polytomic", "policies", "Models");
    assert!(target.sandbox.remove("polytomic", "policies", &models));
    assert_eq!(target.get(POLICIES).await.body, json!({"data": null}));
}

#[tokio::test]
async fn system_objects_are_listed_but_cannot_be_changed() {
    let target = Target::empty("polytomic").await;
    let system = json!({"name": "Billing", "policy_actions": []});
    assert!(target.sandbox.insert_system("polytomic", "policies", system));
    for (collection, path, names) in
        [("roles", ROLES, ["Admin", "Member"]), ("policies", POLICIES, ["Models", "Billing"])]
    {
        let listed = target.get(path).await;
        for name in names {
            let id = target.id("polytomic", collection, name);
            let path = format!("{path}/{id}");
            let found = listed.list("/data").iter().find(|object| object["name"] == name).unwrap();
            assert_eq!(found["system"], true);
            assert_eq!(target.put(&path, json!({"name": "x"})).await.status, 403);
            assert_eq!(target.delete(&path).await.status, 403);
            assert_eq!(target.get(&path).await.text("/data/name"), name);
        }
    }
}

#[tokio::test]
async fn a_deleted_role_stays_in_policies() {
    let (target, id) = examples().await;
    let contractors = role(&target, "Contractors");
    assert_eq!(target.delete(&format!("{ROLES}/{contractors}")).await.status, 204);
    assert_eq!(target.get(&format!("{ROLES}/{contractors}")).await.status, 404);
    let policy = target.get(&policy(&id)).await;
    assert!(bindings(&policy).contains(&("delete".into(), vec![json!(contractors)])));
}

#[tokio::test]
async fn names_are_not_unique() {
    let target = Target::empty("polytomic").await;
    let (one, two) =
        (target.post(ROLES, json!({"name": "R"})).await, target.post(ROLES, json!({"name": "R"})).await);
    assert_eq!((one.status, two.status), (200, 200));
    assert_ne!(one.at("/data/id"), two.at("/data/id"));
}

#[tokio::test]
async fn a_field_of_a_newer_version_is_shown_kept_by_patch_and_replaced_by_put() {
    let (mut target, id) = examples().await;
    assert!(target.sandbox.set_field("polytomic", "policies", &id, "color", json!("red")));
    let read = async |target: &Target| target.get(&policy(&id)).await.body["data"]["color"].clone();
    assert_eq!(read(&target).await, "red");
    target.set("x-polytomic-version", "2023-04-25");
    target.patch(&policy(&id), json!({"name": "P"})).await;
    assert_eq!(read(&target).await, "red");
    target.set("x-polytomic-version", "2025-09-18");
    target.put(&policy(&id), json!({"name": "P", "color": "blue", "shape": "round"})).await;
    assert_eq!(read(&target).await, "blue");
    target.put(&policy(&id), json!({"name": "P"})).await;
    assert_eq!(target.get(&policy(&id)).await.body["data"].get("color"), None);
}

#[tokio::test]
async fn an_object_is_gone_after_its_deletion() {
    let (target, id) = examples().await;
    let deleted = target.delete(&policy(&id)).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    let again = target.delete(&policy(&id)).await;
    assert_eq!((again.status, again.text("/key")), (404, "not_found"));
}
