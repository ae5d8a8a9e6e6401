//! compiuta: ids from clients, PUT that resets, strict bodies, members, cascades.

use serde_json::{Value, json};

use crate::support::{Target, has_no_order, sorted};

const POLICIES: &str = "/iam/policies";
const ADMINS: &str = "/iam/policies/administrator-access";
const OPERATORS: &str = "/iam/policies/line-operators";

fn viewer() -> Value {
    json!({"role": "viewer", "tenants": ["*"]})
}

fn policy(changes: Value) -> Value {
    let mut policy = json!({"id": "p", "name": "P", "statements": [viewer()]});
    for (name, value) in changes.as_object().unwrap() {
        policy[name] = value.clone();
    }
    policy
}

fn statement(changes: Value) -> Value {
    let mut statement = viewer();
    for (name, value) in changes.as_object().unwrap() {
        statement[name] = value.clone();
    }
    policy(json!({"statements": [statement]}))
}

async fn refused(body: Value, status: u16) {
    let target = Target::examples("compiuta").await;
    let reply = target.post(POLICIES, body.clone()).await;
    assert_eq!(reply.status, status, "{body} {:#}", reply.body);
    assert_eq!(target.get("/iam/policies/p").await.status, 404);
}

#[tokio::test]
async fn a_create_fills_in_what_is_left_out() {
    let target = Target::examples("compiuta").await;
    let created = target.post(POLICIES, policy(json!({}))).await;
    let statement =
        json!({"effect": "ALLOW", "role": "viewer", "actions": [], "resources": ["*"], "tenants": ["*"]});
    let expected = json!({"policy": {"id": "p", "name": "P", "type": "CUSTOM", "members": [],
                                     "statements": [statement], "tenants": []}});
    assert_eq!((created.status, &created.body), (200, &expected));
    assert_eq!(target.get("/iam/policies/p").await.body, expected);
}

#[tokio::test]
async fn create_and_update_echo_the_order_of_the_request() {
    let target = Target::examples("compiuta").await;
    let members: Vec<String> = (0..20).map(|n| format!("user:local:u{n}")).collect();
    let created = target.post(POLICIES, policy(json!({"members": members}))).await;
    assert_eq!(created.at("/policy/members"), &json!(members));
    let updated = target.put("/iam/policies/p", policy(json!({"members": members}))).await;
    assert_eq!(updated.at("/policy/members"), &json!(members));
}

#[tokio::test]
async fn lists_come_in_no_order() {
    let target = Target::examples("compiuta").await;
    assert!(has_no_order(&target, POLICIES, "/policies").await);
    assert!(has_no_order(&target, "/iam/roles", "/roles").await);
    assert!(has_no_order(&target, "/iam/tenants", "/tenants").await);
    assert!(has_no_order(&target, OPERATORS, "/policy/statements").await);
    assert!(has_no_order(&target, OPERATORS, "/policy/members").await);
    assert!(has_no_order(&target, "/iam/policies/line-operators/members", "/members").await);
    assert!(has_no_order(&target, "/iam/roles/thing-reader", "/role/actions").await);
}

#[tokio::test]
async fn an_id_that_is_taken_is_a_409() {
    let target = Target::examples("compiuta").await;
    let reply = target.post(POLICIES, policy(json!({"id": "line-operators"}))).await;
    assert_eq!((reply.status, reply.at("/code")), (409, &json!(6)));
    let role = json!({"id": "viewer", "name": "V", "actions": ["*"]});
    assert_eq!(target.post("/iam/roles", role).await.status, 409);
}

#[tokio::test]
async fn an_id_follows_its_pattern() {
    for id in [json!(""), json!("Upper"), json!("a b"), json!("x".repeat(65)), json!(1), json!(null)] {
        refused(policy(json!({"id": id})), 400).await;
    }
    let target = Target::examples("compiuta").await;
    let id = format!("a_b-9{}", "x".repeat(59));
    assert_eq!(target.post(POLICIES, policy(json!({"id": id}))).await.status, 200);
    assert_eq!(target.get(&format!("{POLICIES}/{id}")).await.status, 200);
}

#[tokio::test]
async fn malformed_bodies_are_a_400() {
    for changes in [
        json!({"type": "CUSTOM"}),
        json!({"colour": "red"}),
        json!({"name": "  "}),
        json!({"name": null}),
        json!({"statements": []}),
        json!({"statements": null}),
        json!({"members": "user:local:a"}),
        json!({"members": ["mara"]}),
        json!({"members": ["user:local:a", "user:local:a"]}),
        json!({"tenants": ["plant-1", "plant-1"]}),
        json!({"tenants": ["*"]}),
        json!({"tenants": ["(unassigned)"]}),
    ] {
        refused(policy(changes), 400).await;
    }
    for changes in [
        json!({"role": "", "actions": []}),
        json!({"role": null}),
        json!({"role": "nobody"}),
        json!({"tenants": []}),
        json!({"tenants": null}),
        json!({"tenants": ["nowhere"]}),
        json!({"tenants": ["*", "*"]}),
        json!({"actions": ["core:things"]}),
        json!({"actions": ["core:things:get", "core:things:get"]}),
        json!({"effect": "allow"}),
        json!({"resources": ["*"]}),
        json!({"resources": []}),
        json!({"colour": "red"}),
    ] {
        refused(statement(changes), 400).await;
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_a_404_for_the_policy_itself() {
    refused(policy(json!({"tenants": ["nowhere"]})), 404).await;
    let target = Target::examples("compiuta").await;
    let reply = target.put(OPERATORS, policy(json!({"id": "line-operators", "tenants": ["nowhere"]}))).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn null_and_the_unassigned_tenant_are_accepted_where_protobuf_does() {
    let target = Target::examples("compiuta").await;
    let mut body =
        statement(json!({"actions": null, "tenants": ["(unassigned)", "plant-1"], "effect": null}));
    body["members"] = Value::Null;
    assert_eq!(target.post(POLICIES, body).await.status, 200);
}

#[tokio::test]
async fn a_put_resets_what_it_leaves_out() {
    let target = Target::examples("compiuta").await;
    let updated = target.put(OPERATORS, json!({"name": "New", "statements": [viewer()]})).await;
    assert_eq!(updated.status, 200);
    let read = target.get(OPERATORS).await;
    assert_eq!((read.text("/policy/name"), read.at("/policy/members")), ("New", &json!([])));
    assert_eq!((read.text("/policy/type"), read.text("/policy/id")), ("CUSTOM", "line-operators"));
}

#[tokio::test]
async fn a_put_does_not_create_or_rename() {
    let target = Target::examples("compiuta").await;
    assert_eq!(target.put("/iam/policies/p", policy(json!({}))).await.status, 404);
    assert_eq!(target.put("/iam/roles/r", json!({"name": "R", "actions": ["*"]})).await.status, 404);
    assert_eq!(target.put(OPERATORS, policy(json!({"id": "other"}))).await.status, 400);
}

#[tokio::test]
async fn what_was_read_cannot_be_put_back_as_it_is() {
    let target = Target::examples("compiuta").await;
    let mut body = target.get(OPERATORS).await.at("/policy").clone();
    assert_eq!(target.put(OPERATORS, body.clone()).await.status, 400, "for its type");
    body.as_object_mut().unwrap().remove("type");
    assert_eq!(target.put(OPERATORS, body.clone()).await.status, 400, "for its resources");
    for statement in body["statements"].as_array_mut().unwrap() {
        statement.as_object_mut().unwrap().remove("resources");
    }
    assert_eq!(target.put(OPERATORS, body).await.status, 200);
}

#[tokio::test]
async fn managed_objects_only_change_their_members() {
    let target = Target::examples("compiuta").await;
    let managed =
        json!({"id": "ingest-access", "name": "Ingest", "members": [], "statements": [], "tenants": []});
    assert!(target.sandbox.insert_system("compiuta", "policies", managed));
    for path in [ADMINS, "/iam/policies/ingest-access"] {
        let put = target.put(path, policy(json!({"id": null}))).await;
        assert_eq!((put.status, put.at("/code")), (403, &json!(7)));
        assert_eq!(target.delete(path).await.status, 403);
        let added =
            target.post(&format!("{path}/members:add"), json!({"members": ["user:local:mara"]})).await;
        assert_eq!(added.status, 200);
    }
    let role = json!({"name": "V", "actions": ["*"]});
    assert_eq!(target.put("/iam/roles/viewer", role).await.status, 403);
    assert_eq!(target.delete("/iam/roles/viewer").await.status, 403);
}

#[tokio::test]
async fn members_are_added_removed_and_replaced() {
    let target = Target::examples("compiuta").await;
    let (a, b, c) = ("team:local:line-a", "user:local:mara", "token:t");
    let path = format!("{OPERATORS}/members");
    let added = target.post(&format!("{path}:add"), json!({"members": [c, b]})).await;
    assert_eq!(sorted(added.at("/members")), [a, c, b]);
    let removed = target.post(&format!("{path}:remove"), json!({"members": [a, "user:local:nobody"]})).await;
    assert_eq!(sorted(removed.at("/members")), [c, b]);
    let replaced = target.put(&path, json!({"members": [a]})).await;
    assert_eq!(replaced.body, json!({"members": [a]}));
    assert_eq!(target.put(&path, json!({})).await.body, json!({"members": []}));
    assert_eq!(target.get(&path).await.body, json!({"members": []}));
    assert_eq!(target.get("/iam/policies/p/members").await.status, 404);
}

#[tokio::test]
async fn bad_member_requests_are_a_400() {
    let target = Target::examples("compiuta").await;
    for body in [
        json!({}),
        json!({"members": []}),
        json!({"members": ["mara"]}),
        json!({"members": ["user:local:a", "user:local:a"]}),
        json!({"members": ["user:local:a"], "colour": "red"}),
    ] {
        for verb in ["add", "remove"] {
            let reply = target.post(&format!("{OPERATORS}/members:{verb}"), body.clone()).await;
            assert_eq!(reply.status, 400, "{verb} {body}");
        }
    }
    let reply = target
        .put(&format!("{OPERATORS}/members"), json!({"members": ["user:local:a", "user:local:a"]}))
        .await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn the_colon_of_a_member_verb_is_not_percent_encoded() {
    let target = Target::examples("compiuta").await;
    let body = json!({"members": ["user:local:a"]});
    assert_eq!(target.post(&format!("{OPERATORS}/members%3Aadd"), body).await.status, 404);
}

#[tokio::test]
async fn the_last_administrators_cannot_be_removed_but_replaced() {
    let target = Target::examples("compiuta").await;
    let body = json!({"members": ["team:local:admins"]});
    assert_eq!(target.post(&format!("{ADMINS}/members:remove"), body).await.status, 403);
    assert_eq!(target.put(&format!("{ADMINS}/members"), json!({"members": []})).await.status, 200);
}

#[tokio::test]
async fn a_role_needs_actions() {
    let target = Target::examples("compiuta").await;
    for actions in [json!([]), json!(null), json!(["core:things"]), json!(["*", "*"])] {
        let role = json!({"id": "r", "name": "R", "actions": actions});
        assert_eq!(target.post("/iam/roles", role).await.status, 400, "{actions}");
    }
    let created = target.post("/iam/roles", json!({"id": "r", "name": "R", "actions": ["core:*"]})).await;
    let expected =
        json!({"role": {"id": "r", "name": "R", "type": "CUSTOM", "actions": ["core:*"], "tenants": []}});
    assert_eq!((created.status, &created.body), (200, &expected));
    let reader = "/iam/roles/thing-reader";
    let updated =
        target.put(reader, json!({"name": "R", "actions": ["*:get"], "tenants": ["plant-1"]})).await;
    assert_eq!((updated.status, updated.at("/role/tenants")), (200, &json!(["plant-1"])));
    target.put(reader, json!({"name": "R", "actions": ["*:get"]})).await;
    assert_eq!(target.get(reader).await.at("/role/tenants"), &json!([]));
}

#[tokio::test]
async fn a_deleted_role_takes_statements_and_policies_with_it() {
    let target = Target::examples("compiuta").await;
    let statements = json!([
        {"role": "thing-reader", "actions": ["core:things:list"], "tenants": ["*"]},
        {"role": "thing-reader", "tenants": ["plant-1"]},
        viewer(),
    ]);
    assert_eq!(target.post(POLICIES, policy(json!({"statements": statements}))).await.status, 200);
    let deleted = target.delete("/iam/roles/thing-reader").await;
    assert_eq!((deleted.status, deleted.body), (200, json!({})));
    assert_eq!(target.get("/iam/policies/night-shift").await.status, 404);
    let left = target.get("/iam/policies/p").await;
    let roles =
        sorted(&left.list("/policy/statements").iter().map(|statement| statement["role"].clone()).collect());
    assert_eq!(roles, ["", "viewer"]);
    assert_eq!(target.get(OPERATORS).await.status, 200);
}

#[tokio::test]
async fn a_new_tenant_brings_three_policies_unless_the_request_says_no() {
    let target = Target::examples("compiuta").await;
    let created = target.post("/iam/tenants", json!({"id": "plant-3", "name": "Plant 3"})).await;
    assert_eq!(created.body, json!({"tenant": {"id": "plant-3", "name": "Plant 3", "type": "CUSTOM"}}));
    assert_eq!(target.get("/iam/tenants/plant-3").await.body, created.body);
    for id in ["plant-3-tenant-admins", "plant-3-tenant-editors", "plant-3-tenant-viewers"] {
        assert_eq!(target.get(&format!("{POLICIES}/{id}")).await.text("/policy/type"), "CUSTOM");
    }
    let before = target.sandbox.objects("compiuta", "policies").len();
    for (id, flag) in [("a", "skipPolicies"), ("b", "skip_policies")] {
        assert_eq!(target.post("/iam/tenants", json!({"id": id, "name": "T", flag: true})).await.status, 200);
    }
    assert_eq!(target.sandbox.objects("compiuta", "policies").len(), before);
    assert_eq!(target.post("/iam/tenants", json!({"id": "a", "name": "T"})).await.status, 409);
}

#[tokio::test]
async fn a_delete_answers_an_empty_object_once() {
    let target = Target::examples("compiuta").await;
    let deleted = target.delete(OPERATORS).await;
    assert_eq!((deleted.status, deleted.body), (200, json!({})));
    assert_eq!(target.delete(OPERATORS).await.status, 404);
}

#[tokio::test]
async fn a_field_of_a_newer_version_survives_a_put_only_in_its_body() {
    let target = Target::examples("compiuta").await;
    let put = async |body: Value| target.put(OPERATORS, body).await.status;
    let body = json!({"name": "P", "statements": [viewer()], "label": "a"});
    assert_eq!(put(body.clone()).await, 400, "nobody knows it yet");
    assert!(target.sandbox.set_field("compiuta", "policies", "line-operators", "label", json!("a")));
    assert_eq!(target.get(OPERATORS).await.text("/policy/label"), "a");
    assert_eq!(put(body).await, 200);
    assert_eq!(target.get(OPERATORS).await.text("/policy/label"), "a");
    assert_eq!(put(json!({"name": "P", "statements": [viewer()]})).await, 200);
    assert_eq!(target.get(OPERATORS).await.body["policy"].get("label"), None);
}

#[tokio::test]
async fn a_field_of_a_newer_version_may_be_in_a_statement() {
    let target = Target::examples("compiuta").await;
    let with_hours = |hours: Value| json!([{"role": "viewer", "tenants": ["*"], "hours": hours}]);
    let body = |hours: Value| json!({"name": "P", "statements": with_hours(hours)});
    assert_eq!(target.put(OPERATORS, body(json!("day"))).await.status, 400);
    assert!(target.sandbox.set_field(
        "compiuta",
        "policies",
        "line-operators",
        "statements",
        with_hours(json!("day"))
    ));
    assert_eq!(target.put(OPERATORS, body(json!("night"))).await.status, 200);
    assert_eq!(target.get(OPERATORS).await.text("/policy/statements/0/hours"), "night");
}
