//! mycloud: markers, misleading links, unique names, documents as a whole.

use serde_json::{Value, json};

use crate::support::{NOBODY, Reply, Target, has_no_order};

const POLICIES: &str = "/v1/iam/policies";

fn policy(id: &str) -> String {
    format!("{POLICIES}/{id}")
}

fn statement() -> Value {
    json!({"effect": "allow", "actions": ["s3:GetObject"], "resources": ["*"]})
}

fn document(statements: Value) -> Value {
    json!({"version": "2024-01-01", "statements": statements})
}

fn body(name: &str) -> Value {
    json!({"name": name, "document": document(json!([statement()]))})
}

/// A sandbox and the id of its policy "backup-writers".
async fn examples() -> (Target, String) {
    let target = Target::examples("mycloud").await;
    let id = target.id("mycloud", "policies", "backup-writers");
    (target, id)
}

fn names(reply: &Reply) -> Vec<&str> {
    reply.list("/policies").iter().map(|policy| policy["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_service_account_key_has_two_parts() {
    let mut target = Target::examples("mycloud").await.with("authorization", "");
    for (key, status) in [("id:secret", 200), ("id", 401), ("id:", 401), (":secret", 401)] {
        target.set("x-api-key", key);
        assert_eq!(target.get(POLICIES).await.status, status, "{key}");
    }
}

#[tokio::test]
async fn every_response_has_the_rate_limit_and_none_says_that_it_is_used_up() {
    let target = Target::examples("mycloud").await;
    for _ in 0..310 {
        let reply = target.get(&policy(NOBODY)).await;
        assert_eq!(reply.header("x-ratelimit-limit"), "300");
        assert!((1..=300).contains(&reply.header("x-ratelimit-remaining").parse().unwrap()));
        assert!(reply.header("x-ratelimit-reset").parse::<u64>().unwrap() > 1_700_000_000);
    }
}

#[tokio::test]
async fn a_list_is_paged_by_the_marker_and_its_links_mislead() {
    let target = Target::empty("mycloud").await;
    for n in 0..41 {
        assert_eq!(target.post(POLICIES, body(&format!("p{n:02}"))).await.status, 201);
    }
    let mut path = POLICIES.to_owned();
    let (mut sizes, mut all) = (Vec::new(), Vec::new());
    loop {
        let page = target.get(&path).await;
        sizes.push(page.list("/policies").len());
        all.extend(names(&page).into_iter().map(str::to_owned));
        assert_eq!((page.at("/meta/total"), page.at("/meta/limit")), (&json!(41), &json!(20)));
        assert!(page.text("/links/next").starts_with("/v1/instances"));
        if page.at("/meta/has_more") == false {
            break;
        }
        path = format!("{POLICIES}?marker={}", page.text("/meta/marker"));
    }
    assert_eq!(sizes, [20, 20, 1]);
    assert_eq!(all, (0..41).map(|n| format!("p{n:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_page_size_has_a_cap_and_bad_parameters_are_a_400() {
    let target = Target::empty("mycloud").await;
    for n in 0..102 {
        target.post(POLICIES, body(&format!("p{n}"))).await;
    }
    let page = target.get("/v1/iam/policies?limit=1000").await;
    assert_eq!((page.list("/policies").len(), page.at("/meta/limit")), (100, &json!(100)));
    for bad in ["limit=0", "limit=many", "marker=x", &format!("marker={NOBODY}")] {
        assert_eq!(target.get(&format!("{POLICIES}?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_name_is_looked_up_exactly_or_by_its_start() {
    let target = Target::empty("mycloud").await;
    for name in ["a", "ab", "a b&c", "a*"] {
        target.post(POLICIES, body(name)).await;
    }
    for (query, found) in [
        ("a", vec!["a"]),
        ("A", vec![]),
        ("a%20b%26c", vec!["a b&c"]),
        ("a*", vec!["a", "ab", "a b&c", "a*"]),
        ("ab*", vec!["ab"]),
    ] {
        let reply = target.get(&format!("{POLICIES}?name={query}")).await;
        assert_eq!(names(&reply), found, "{query}");
        assert_eq!(reply.at("/meta/total"), found.len());
    }
}

#[tokio::test]
async fn a_new_policy_has_a_crn_and_no_description_unless_it_was_sent() {
    let target = Target::empty("mycloud").await;
    let created = target.post(POLICIES, body("p")).await;
    assert_eq!(created.status, 201);
    let id = created.text("/policy/id");
    assert_eq!(created.text("/policy/crn"), format!("crn::iam:policy:{id}"));
    assert_eq!(created.at("/policy/created_at"), created.at("/policy/updated_at"));
    assert_eq!(created.at("/policy").get("description"), None);
    assert_eq!(target.get(&policy(id)).await.body, created.body);
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_409() {
    let (target, id) = examples().await;
    assert_eq!(target.post(POLICIES, body("console-readonly")).await.status, 409);
    let renamed = target.patch(&policy(&id), json!({"name": "console-readonly"})).await;
    assert_eq!((renamed.status, renamed.at("/error/code")), (409, &json!(409)));
    assert_eq!(target.patch(&policy(&id), json!({"name": "backup-writers"})).await.status, 200);
}

#[tokio::test]
async fn a_patch_keeps_what_it_leaves_out_and_moves_the_time() {
    let (target, id) = examples().await;
    let before = target.get(&policy(&id)).await.body;
    let after = target.patch(&policy(&id), json!({"description": ""})).await;
    assert_eq!((after.status, after.text("/policy/description")), (200, ""));
    assert_eq!(after.at("/policy/document"), &before["policy"]["document"]);
    let mut times = vec![after.text("/policy/updated_at").to_owned()];
    for _ in 0..5 {
        times.push(target.patch(&policy(&id), json!({})).await.text("/policy/updated_at").to_owned());
    }
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert_eq!(target.get(&policy(&id)).await.at("/policy/created_at"), &before["policy"]["created_at"]);
}

#[tokio::test]
async fn a_patched_document_replaces_the_whole_one() {
    let (target, id) = examples().await;
    let new = document(json!([statement()]));
    let reply = target.patch(&policy(&id), json!({"document": new})).await;
    assert_eq!((reply.status, reply.at("/policy/document")), (200, &new));
}

#[tokio::test]
async fn null_is_a_400_everywhere() {
    let (target, id) = examples().await;
    for field in ["name", "description", "document"] {
        assert_eq!(target.patch(&policy(&id), json!({field: null})).await.status, 400, "{field}");
        let mut body = body("p");
        body[field] = Value::Null;
        assert_eq!(target.post(POLICIES, body).await.status, 400, "{field}");
    }
}

#[tokio::test]
async fn an_unknown_field_is_a_422() {
    let (target, id) = examples().await;
    for body in [json!({"crn": "x"}), json!({"id": id}), json!({"updated_at": "x"}), json!({"colour": "red"})]
    {
        assert_eq!(target.patch(&policy(&id), body.clone()).await.status, 422, "{body}");
    }
    let mut nested = statement();
    nested["colour"] = json!("red");
    let body = json!({"document": document(json!([nested]))});
    assert_eq!(target.patch(&policy(&id), body).await.status, 422);
}

#[tokio::test]
async fn a_document_is_checked_to_its_leaves() {
    let (target, id) = examples().await;
    let with = |changes: Value| {
        let mut statement = statement();
        for (name, value) in changes.as_object().unwrap() {
            statement[name] = value.clone();
        }
        document(json!([statement]))
    };
    let condition = |condition: Value| with(json!({"conditions": [condition]}));
    let named = json!({"sid": "A", "effect": "deny", "actions": ["*"], "resources": ["*"]});
    for document in [
        json!({"statements": [statement()]}),
        json!({"version": "2012-10-17", "statements": [statement()]}),
        document(json!([])),
        document(json!([named, named])),
        with(json!({"effect": "Allow"})),
        with(json!({"effect": null})),
        with(json!({"sid": null})),
        with(json!({"actions": []})),
        with(json!({"actions": ["GetObject"]})),
        with(json!({"actions": "s3:GetObject"})),
        with(json!({"resources": []})),
        with(json!({"resources": [""]})),
        condition(json!({"operator": "equals", "key": "k"})),
        condition(json!({"operator": "equals", "key": "k", "values": []})),
        condition(json!({"operator": "", "key": "k", "values": ["v"]})),
        condition(json!({"operator": "equals", "values": ["v"]})),
    ] {
        let reply = target.patch(&policy(&id), json!({"document": document})).await;
        assert_eq!(reply.status, 400, "{document}");
    }
    let open = condition(json!({"operator": "startsWith", "key": "k", "values": ["v"]}));
    assert_eq!(target.patch(&policy(&id), json!({"document": open})).await.status, 200);
}

#[tokio::test]
async fn actions_and_resources_come_in_no_order() {
    let target = Target::empty("mycloud").await;
    let statement = json!({"effect": "deny", "actions": ["a:A", "b:B", "c:C"], "resources": ["x", "y", "z"]});
    let created = target.post(POLICIES, json!({"name": "p", "document": document(json!([statement]))})).await;
    let path = policy(created.text("/policy/id"));
    assert!(has_no_order(&target, &path, "/policy/document/statements/0/actions").await);
    assert!(has_no_order(&target, &path, "/policy/document/statements/0/resources").await);
}

#[tokio::test]
async fn an_attached_policy_cannot_be_deleted() {
    let (target, id) = examples().await;
    assert!(target.sandbox.insert("mycloud", "attached", json!({"id": "backup-writers"})));
    assert_eq!(target.delete(&policy(&id)).await.status, 409);
    assert!(target.sandbox.remove("mycloud", "attached", "backup-writers"));
    let deleted = target.delete(&policy(&id)).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    assert_eq!(target.delete(&policy(&id)).await.status, 404);
}

#[tokio::test]
async fn a_field_of_a_newer_version_is_shown_kept_and_writable() {
    let (target, id) = examples().await;
    assert!(target.sandbox.set_field("mycloud", "policies", &id, "label", json!("a")));
    let kept = target.patch(&policy(&id), json!({"description": "d"})).await;
    assert_eq!(kept.text("/policy/label"), "a");
    assert_eq!(target.patch(&policy(&id), json!({"label": "b"})).await.text("/policy/label"), "b");

    let mut newer = statement();
    newer["hours"] = json!("day");
    let newer = document(json!([newer]));
    assert_eq!(target.patch(&policy(&id), json!({"document": newer})).await.status, 422);
    assert!(target.sandbox.set_field("mycloud", "policies", &id, "document", newer.clone()));
    assert_eq!(target.patch(&policy(&id), json!({"document": newer})).await.status, 200);
}
