//! What is special about one system, beyond the story that all share in `conformance`.

use crate::world::{World, codes, fault, outcomes};
use enact::sandbox::Fault;
use serde_json::json;

#[test]
fn polytomic_shows_a_new_role_as_known_after_apply_and_fills_in_its_id() {
    let world = World::new("polytomic");
    world.declare("Role", "Zebra", "{}");
    world.declare("Policy", "Access", "{policy_actions: [{action: read, roles: [Zebra, Admin]}]}");
    let plan = world.plan();
    let names: Vec<_> =
        plan["changes"].as_array().unwrap().iter().map(|change| change["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Zebra", "Access"], "roles before the policies that name them");
    let ids = &plan["changes"][1]["requests"][0]["body"]["policy_actions"][0]["role_ids"];
    assert_eq!(ids[1], "(known after apply)", "{plan:#}");

    world.converge();
    let role = world.object("roles", "Zebra")["id"].clone();
    let policy = world.object("policies", "Access");
    let bound = policy["policy_actions"][0]["role_ids"].as_array().unwrap().clone();
    assert!(bound.contains(&role), "{policy:#}");
}

#[test]
fn polytomic_roles_that_differ_only_in_case_are_ambiguous() {
    let world = World::new("polytomic");
    for (id, name) in [("1", "ops"), ("2", "Ops")] {
        world.live.insert(
            "roles",
            json!({"id": format!("00000000-0000-4000-8000-00000000000{id}"), "name": name, "system": false}),
        );
    }
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [Ops]}]}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (3, vec!["reference/ambiguous"]), "{document:#}");
    world.declare("Policy", "p", "{}");
    world.declare("Role", "Ops", "{}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (1, vec!["live/ambiguous"]), "{document:#}");
    assert_eq!(world.objects("policies").iter().filter(|policy| policy["name"] == "p").count(), 0);
}

#[test]
fn polytomic_raw_role_ids_and_names_of_the_same_role_are_one_thing() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    let id = world.object("roles", "R")["id"].as_str().unwrap().to_owned();
    world.declare("Policy", "p", &format!("{{policy_actions: [{{action: read, role_ids: [{id}]}}]}}"));
    world.assert_converged();
}

#[test]
fn polytomic_a_role_that_is_gone_stays_visible_as_its_id_and_is_drift() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    let id = world.object("roles", "R")["id"].as_str().unwrap().to_owned();
    assert!(world.live.remove("roles", &id));
    let plan = world.plan();
    assert!(plan.to_string().contains(&id), "{plan:#}");
    world.converge();
}

#[test]
fn polytomic_system_objects_are_skipped_with_a_reason() {
    let world = World::new("polytomic");
    world.declare("Role", "Admin", "{}");
    let plan = world.plan();
    assert_eq!(
        plan["skipped"],
        json!([{"target": "live", "kind": "Role", "name": "Admin", "reason": "system"}])
    );
    world.assert_converged();
}

#[test]
fn polytomic_null_bindings_are_managed_and_empty() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    world.declare("Policy", "p", "{policy_actions: null}");
    world.converge();
    assert_eq!(world.plan()["changes"], json!([]));
}

#[test]
fn polytomic_creates_carry_an_idempotency_key_and_a_lost_answer_adopts() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.live.inject(Fault {
        times: 1,

        headers: vec![("retry-after".into(), "0".into())],
        ..fault("POST", 429)
    });
    world.converge();
    let keys = world.objects("idempotency_keys");
    assert_eq!(keys.len(), 1, "one key for all attempts: {keys:?}");
}

#[test]
fn a_failed_role_stops_the_policies_that_need_it_and_nothing_else() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "needs", "{policy_actions: [{action: read, roles: [R]}]}");
    world.declare("Policy", "free", "{policy_actions: [{action: read, roles: [Admin]}]}");
    world.live.inject(Fault { path_contains: "roles".into(), times: 1, ..fault("POST", 403) });
    let (code, document) = world.apply();
    assert_eq!(code, 1);
    assert_eq!(outcomes(&document), ["R failed", "free applied", "needs not_attempted"]);
    world.converge();
}

#[test]
fn deletes_come_last_and_backwards() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.declare("Policy", "q", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    world.declare_absent("Role", "R");
    world.declare_absent("Policy", "p");
    world.declare("Policy", "q", "{policy_actions: []}");
    let plan = world.plan();
    let order: Vec<_> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| format!("{} {}", change["action"].as_str().unwrap(), change["name"].as_str().unwrap()))
        .collect();
    assert_eq!(order, ["update q", "delete p", "delete R"]);
    world.converge();
}

const STATEMENTS: &str = "statements: [{role: viewer, tenants: ['*']}]";

#[test]
fn compiuta_uses_the_member_endpoints_when_only_members_differ() {
    let world = World::new("compiuta");
    world.declare(
        "Policy",
        "p",
        &format!("{{name: P, members: ['user:local:a', 'user:local:b'], {STATEMENTS}}}"),
    );
    world.converge();
    world.declare(
        "Policy",
        "p",
        &format!("{{name: P, members: ['user:local:b', 'user:local:c'], {STATEMENTS}}}"),
    );
    assert_eq!(world.apply().0, 0);
    assert_eq!(world.writes(), ["POST /iam/policies/p/members:add", "POST /iam/policies/p/members:remove"]);
    world.assert_converged();
}

#[test]
fn compiuta_put_carries_members_that_are_managed_elsewhere() {
    let world = World::new("compiuta");
    world.declare("Policy", "p", &format!("{{name: P, {STATEMENTS}}}"));
    world.converge();
    world.drift("policies", "p", "members", json!(["user:local:elsewhere"]));
    world.declare("Policy", "p", &format!("{{name: Q, {STATEMENTS}}}"));
    assert_eq!(world.apply().0, 0);
    let body = &world.bodies()[0];
    assert_eq!(body["members"], json!(["user:local:elsewhere"]));
    assert_eq!((body.get("type"), body.get("id")), (None, None), "{body:#}");
    assert_eq!(
        body["statements"],
        json!([{"effect": "ALLOW", "role": "viewer", "tenants": ["*"]}]),
        "no `resources`, which every read returns"
    );
}

#[test]
fn compiuta_managed_policies_take_members_and_nothing_else() {
    let world = World::new("compiuta");
    world.declare(
        "Policy",
        "administrator-access",
        "{members: ['team:local:admins', 'team:local:platform']}",
    );
    let document = world.converge();
    assert_eq!(
        document["changes"][0]["requests"][0]["path"],
        "/iam/policies/administrator-access/members:add"
    );
    world.declare("Policy", "administrator-access", "{name: Mine, members: ['team:local:admins']}");
    let (code, document) = world.apply();
    assert_eq!(
        (code, codes(&document), world.writes()),
        (1, vec!["compiuta/managed"], vec![]),
        "{document:#}"
    );
}

#[test]
fn compiuta_never_takes_the_admins_team_out_of_the_administrator_policy() {
    let world = World::new("compiuta");
    world.declare("Policy", "administrator-access", "{members: ['user:local:mallory']}");
    let (code, document) = world.apply();
    assert_eq!(
        (code, codes(&document), world.writes()),
        (4, vec!["guard/last-administrator"], vec![]),
        "{document:#}"
    );
}

#[test]
fn compiuta_a_role_whose_delete_would_cascade_is_not_deleted() {
    let world = World::new("compiuta");
    world.declare("Role", "doomed", "{name: Doomed, actions: ['core:things:get']}");
    world.declare("Policy", "p", "{name: P, statements: [{role: doomed, tenants: ['*']}]}");
    world.converge();
    std::fs::remove_file(world.dir.path().join("policies/Policy-p.yaml")).unwrap();
    world.declare_absent("Role", "doomed");
    let (code, document) = world.apply();
    assert_eq!(
        (code, codes(&document), world.writes()),
        (4, vec!["compiuta/cascade"], vec![]),
        "{document:#}"
    );
    assert_eq!(world.object("policies", "p")["statements"].as_array().unwrap().len(), 1);

    world.declare("Policy", "p", "{statements: [{role: viewer, tenants: ['*']}]}");
    world.converge();
    assert!(world.objects("roles").iter().all(|role| role["id"] != "doomed"));
}

#[test]
fn mycloud_sends_only_what_differs_and_the_document_whole() {
    let world = World::new("mycloud");
    let document = |resource: &str| {
        format!(
            "{{description: d, document: {{statements: [{{sid: A, effect: allow, actions: ['s3:Get'], resources: [{resource}]}}, {{effect: deny, actions: ['*'], resources: ['x']}}]}}}}"
        )
    };
    world.declare("Policy", "p", &document("a"));
    world.converge();
    world.declare("Policy", "p", &document("b"));
    let plan = world.plan();
    assert_eq!(plan["changes"][0]["fields"][0]["path"], "/document/statements/A/resources");
    assert_eq!(world.apply().0, 0);
    let body = &world.bodies()[0];
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["document"]);
    assert_eq!(body["document"]["statements"].as_array().unwrap().len(), 2);
    assert!(!body.to_string().contains("null"), "never null");
}

#[test]
fn mycloud_pages_by_marker_and_asks_for_large_pages() {
    let world = World::new("mycloud");
    for index in 0..250 {
        let id = format!("00000000-0000-4000-8000-{index:012}");
        let document = json!({"version": "2024-01-01", "statements": [{"effect": "allow", "actions": ["s3:Get"], "resources": ["r"]}]});
        world.live.insert("policies", json!({"id": id, "crn": format!("crn::iam:policy:{id}"), "name": format!("p{index}"), "document": document}));
    }
    world.declare(
        "Policy",
        "p249",
        "{document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
    );
    assert_eq!(world.plan()["changes"], json!([]));
    let paths: Vec<_> = world.live.requests().iter().map(|seen| seen.path.clone()).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    assert!(paths.iter().all(|path| path.starts_with("/v1/iam/policies?limit=100")), "{paths:?}");
}

#[test]
fn mycloud_a_marker_that_does_not_advance_ends_the_list_as_incomplete() {
    let world = World::new("mycloud");
    world.declare(
        "Policy",
        "p",
        "{document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
    );
    let page =
        json!({"policies": [], "meta": {"has_more": true, "marker": "00000000-0000-4000-8000-000000000001"}});
    world.live.inject(Fault { times: 100, body: Some(page), ..fault("GET", 200) });
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (6, vec!["live/unreadable"]), "{document:#}");
    assert!(world.live.requests().len() < 5, "it does not go on for ever");
}

#[test]
fn mycloud_takes_both_credentials() {
    let world = World::new("mycloud");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let config = config.replace(
        "{bearer: {env: ENACT_TEST_KEY}}",
        "{header: {name: X-Api-Key, value: {env: ENACT_TEST_PAIR}}}",
    );
    world.write("enact.yaml", &config);
    world.declare(
        "Policy",
        "p",
        "{document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
    );
    let pair = format!("id:{}", crate::world::CANARY);
    let output =
        crate::world::enact(world.dir.path()).env("ENACT_TEST_PAIR", pair).args(["plan"]).output().unwrap();
    assert_eq!(crate::world::Run::from(&output).code, 0);
}

#[test]
fn polytomic_ids_in_capitals_are_the_same_ids() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    let id = world.object("roles", "R")["id"].as_str().unwrap().to_uppercase();
    world.declare("Policy", "p", &format!("{{policy_actions: [{{action: read, role_ids: [{id}]}}]}}"));
    world.assert_converged();
}

#[test]
fn polytomic_a_role_that_policies_still_name_is_deleted_with_a_warning() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    std::fs::remove_file(world.dir.path().join("policies/Policy-p.yaml")).unwrap();
    world.declare_absent("Role", "R");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (0, vec!["polytomic/left-behind"]), "{document:#}");
}

#[test]
fn polytomic_a_role_stays_where_a_policy_that_may_name_it_cannot_be_read() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
    world.converge();
    std::fs::remove_file(world.dir.path().join("policies/Policy-p.yaml")).unwrap();
    world.declare_absent("Role", "R");
    let policy = world.object("policies", "p")["id"].as_str().unwrap().to_owned();
    world.live.inject(Fault { path_contains: policy, ..fault("GET", 403) });
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (6, vec!["live/unreadable"]), "{document:#}");
    assert_eq!(world.writes(), Vec::<String>::new(), "{document:#}");
}

#[test]
fn compiuta_put_keeps_unmanaged_lists_in_any_order_of_the_server() {
    let world = World::new("compiuta");
    let policy = |name: &str| format!("{{name: {name}, {STATEMENTS}}}");
    world.declare("Policy", "p", &policy("A"));
    world.converge();
    let members: Vec<_> = (0..6).map(|index| format!("user:local:u{index}")).collect();
    world.drift("policies", "p", "members", json!(members));
    for name in ["B", "C", "D"] {
        world.declare("Policy", "p", &policy(name));
        let plans: std::collections::BTreeSet<_> =
            (0..4).map(|_| world.run(&["plan", "--format", "json"]).out).collect();
        assert_eq!(plans.len(), 1, "deterministic");
        world.converge();
    }
    let live = world.object("policies", "p");
    assert_eq!(live["members"].as_array().unwrap().len(), 6, "{live:#}");
}

#[test]
fn compiuta_a_role_that_somebody_takes_up_after_the_plan_is_not_deleted() {
    let world = World::new("compiuta");
    world.declare("Role", "old", "{name: Old, actions: ['core:things:get']}");
    world.converge();
    world.declare_absent("Role", "old");
    // Each of the two plans lists the policies once; from the third list on, one uses the role.
    let policy = json!({"id": "new", "name": "New", "type": "CUSTOM", "members": [], "tenants": [], "statements": [{"effect": "DENY", "role": "old", "actions": [], "resources": ["*"], "tenants": ["*"]}]});
    world.live.inject(Fault {
        target: "live".into(),
        method: "GET".into(),
        path_contains: "policies".into(),
        skip: 2,
        times: 1,
        status: 200,
        body: Some(json!({"policies": [policy]})),
        ..Fault::default()
    });
    let (code, document) = world.apply();
    assert_eq!(
        (code, world.writes(), outcomes(&document)),
        (5, vec![], vec!["old conflict".to_owned()]),
        "{document:#}"
    );
}

#[test]
fn compiuta_twin_statements_keep_their_unknown_fields() {
    let world = World::new("compiuta");
    let twins = "statements: [{role: viewer, tenants: ['*']}, {role: viewer, tenants: ['*']}]";
    world.declare("Policy", "p", &format!("{{name: A, {twins}}}"));
    world.converge();
    let statement = |condition: &str| json!({"effect": "ALLOW", "role": "viewer", "actions": [], "resources": ["*"], "tenants": ["*"], "condition": condition});
    world.drift("policies", "p", "statements", json!([statement("one"), statement("two")]));
    world.declare("Policy", "p", &format!("{{name: B, {twins}}}"));
    let plan = world.plan();
    let body = plan["changes"][0]["requests"][0]["body"].to_string();
    assert!(body.contains("one") && body.contains("two"), "{body}");
}

#[test]
fn a_role_that_is_not_created_stops_its_policies_also_where_names_are_ids() {
    let world = World::new("compiuta");
    world.declare("Role", "r", "{name: R, actions: ['core:things:get']}");
    world.declare("Policy", "needs", "{name: N, statements: [{role: r, tenants: ['*']}]}");
    world.live.inject(Fault { path_contains: "roles".into(), times: 1, ..fault("POST", 403) });
    let (code, document) = world.apply();
    assert_eq!(
        (code, outcomes(&document)),
        (1, vec!["r failed".to_owned(), "needs not_attempted".to_owned()])
    );
    world.converge();
}

#[test]
fn a_list_that_is_shorter_than_it_says_is_not_all() {
    for (system, body) in [
        ("mycloud", json!({"policies": [], "meta": {"total": 5, "has_more": false}})),
        ("mycloud", json!({"policies": [], "meta": {"has_more": "true"}})),
        ("jitsudo", json!({"data": [], "has_more": true})),
        ("jitsudo", json!({"data": [], "has_more": true, "next_cursor": null})),
        ("polytomic", json!({"data": null, "error": "boom"})),
        ("polytomic", json!({"data": [{"id": "00000000-0000-4000-8000-000000000001", "name": null}]})),
    ] {
        let world = World::new(system);
        let spec = if system == "jitsudo" { "{max_duration_seconds: 60}" } else { "{}" };
        world.declare(
            "Policy",
            "p",
            if system == "mycloud" {
                "{document: {statements: [{effect: allow, actions: ['*'], resources: [r]}]}}"
            } else {
                spec
            },
        );
        world.live.inject(Fault { times: 100, body: Some(body.clone()), ..fault("GET", 200) });
        let (code, document) = world.apply();
        assert_eq!((code, world.writes()), (6, vec![]), "{body}: {document:#}");
    }
}

/// The requests of a converged plan of 100 policies: only lists if the list is whole, otherwise one more for each
/// policy.
#[test]
fn a_converged_plan_of_a_hundred_objects_sends_few_requests() {
    let mycloud = "{document: {statements: [{effect: allow, actions: ['*'], resources: [r]}]}}";
    for (system, spec, expected) in [
        ("polytomic", "{policy_actions: [{action: read, roles: [Admin]}]}", 102),
        ("jitsudo", "{max_duration_seconds: 60}", 101),
        ("compiuta", "{name: P, statements: [{role: viewer, tenants: ['*']}]}", 2),
        ("mycloud", mycloud, 1),
    ] {
        let world = World::new(system);
        let policies: String = (0..100)
            .map(|index| {
                crate::world::manifest(system, "Policy", &format!("p{index:02}"), "", spec) + "---\n"
            })
            .collect();
        world.write("policies/all.yaml", policies.trim_end_matches("---\n"));
        assert_eq!(world.apply().0, 0);
        assert_eq!(world.plan()["changes"], json!([]));
        assert_eq!(world.live.requests().len(), expected, "{system}");
    }
}

/// A mycloud policy whose one statement, without a `sid`, holds more than enact knows: its own field and one in a
/// condition.
fn newer_statement(world: &World) -> serde_json::Value {
    let condition = json!({"operator": "equals", "key": "s3:prefix", "values": ["a"], "if_exists": true});
    let statement = json!({"effect": "allow", "actions": ["s3:GetObject"], "resources": ["b/*"],
        "not_resources": ["b/secret"], "conditions": [condition]});
    let document = json!({"version": "2024-01-01", "statements": [statement]});
    world.drift("policies", "p", "document", document.clone());
    document
}

#[test]
fn unmanaged_survives_in_a_mycloud_statement_that_gains_an_action_or_the_write_is_refused() {
    let world = World::new("mycloud");
    let statement = |actions: &str, values: &str| {
        let condition = format!("{{operator: equals, key: 's3:prefix', values: {values}}}");
        format!("{{effect: allow, actions: {actions}, resources: ['b/*'], conditions: [{condition}]}}")
    };
    let same = statement("['s3:GetObject']", "[a]");
    world.declare("Policy", "p", &format!("{{document: {{statements: [{same}]}}}}"));
    world.converge();
    let document = newer_statement(&world);
    world.assert_converged();
    for changed in
        [statement("['s3:GetObject', 's3:PutObject']", "[a]"), statement("['s3:GetObject']", "[a, b]")]
    {
        world.declare("Policy", "p", &format!("{{document: {{statements: [{changed}]}}}}"));
        let (code, refused) = world.apply();
        assert_eq!((code, codes(&refused)), (1, vec!["plan/loses"]), "{refused:#}");
        let message = refused["diagnostics"][0]["message"].as_str().unwrap();
        assert!(message.contains("`/document/statements/0/not_resources`"), "{message}");
        assert!(message.contains("`/document/statements/0/conditions/0/if_exists`"), "{message}");
        assert_eq!((world.writes(), &world.object("policies", "p")["document"]), (Vec::new(), &document));
    }
    // Another statement may come and go.
    let other = "{sid: New, effect: deny, actions: ['*'], resources: [c]}";
    world.declare("Policy", "p", &format!("{{document: {{statements: [{same}, {other}]}}}}"));
    world.converge();
    let live = world.object("policies", "p");
    let statements = live["document"]["statements"].as_array().unwrap();
    let kept = statements.iter().find(|statement| statement.get("sid").is_none()).unwrap();
    assert_eq!(
        (&kept["not_resources"], &kept["conditions"][0]["if_exists"]),
        (&json!(["b/secret"]), &json!(true))
    );
}

#[test]
fn unmanaged_survives_in_a_mycloud_statement_with_a_sid_that_changes() {
    let world = World::new("mycloud");
    let declare = |actions: &str| {
        let statement = format!("{{sid: S, effect: allow, actions: {actions}, resources: ['b/*']}}");
        world.declare("Policy", "p", &format!("{{document: {{statements: [{statement}]}}}}"));
    };
    declare("['s3:GetObject']");
    world.converge();
    let mut document = newer_statement(&world);
    document["statements"][0]["sid"] = json!("S");
    document["statements"][0]["conditions"] = json!([]);
    world.drift("policies", "p", "document", document);
    declare("['s3:GetObject', 's3:PutObject']");
    world.converge();
    let live = world.object("policies", "p");
    assert_eq!(live["document"]["statements"][0]["not_resources"], json!(["b/secret"]));
}

#[test]
fn unmanaged_survives_in_the_actions_of_a_polytomic_policy_that_is_renamed_or_changed() {
    for settings in ["{}", "{version: '2022-12-12'}"] {
        let world = World::with("polytomic", settings, "");
        world.declare("Role", "R", "{}");
        world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [R]}]}");
        world.converge();
        let roles: Vec<_> = world.objects("roles").iter().map(|role| role["id"].clone()).collect();
        let rows = json!([
            {"action": "read", "role_ids": roles, "until": "noon"},
            {"action": "delete", "role_ids": [], "requires_approval": true},
        ]);
        world.drift("policies", "p", "policy_actions", rows);
        let more = |name: &str| {
            let live = world.object("policies", name);
            let rows = live["policy_actions"].as_array().unwrap().clone();
            let of =
                |action: &str| rows.iter().find(|row| row["action"] == action).cloned().unwrap_or_default();
            (of("read")["until"].clone(), of("delete")["requires_approval"].clone())
        };
        std::fs::remove_file(world.dir.path().join(crate::world::file("Policy", "p"))).unwrap();
        let renamed = |spec: &str| {
            let text = crate::world::manifest("polytomic", "Policy", "q", "  previously: [p]\n", spec);
            world.write(&crate::world::file("Policy", "q"), &text);
        };
        renamed("{}");
        world.converge();
        assert_eq!(more("q"), (json!("noon"), json!(true)), "renamed, {settings}");
        renamed("{policy_actions: [{action: read, roles: [R]}, {action: edit, roles: [R]}]}");
        world.converge();
        assert_eq!(more("q"), (json!("noon"), json!(true)), "changed, {settings}");
        renamed("{policy_actions: []}");
        world.converge();
        assert_eq!(
            more("q"),
            (json!("noon"), json!(true)),
            "an action without roles is still there, {settings}"
        );
    }
}
