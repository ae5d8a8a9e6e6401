//! What a plan shows of an object that it deletes: enough to judge it, and to make it again.

use crate::world::{World, file};
use serde_json::{Value, json};

/// The only delete of a plan.
fn deleted(plan: &Value) -> &Value {
    let deletes: Vec<_> =
        plan["changes"].as_array().unwrap().iter().filter(|change| change["action"] == "delete").collect();
    assert_eq!(deletes.len(), 1, "{plan:#}");
    deletes[0]
}

#[test]
fn what_is_deleted_is_shown_in_every_format() {
    let world = World::new("polytomic");
    world.declare("Role", "ours", "{}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [ours]}]}");
    world.converge();
    assert_eq!(world.plan()["changes"], json!([]));
    world.declare_absent("Policy", "p");
    let plan = world.plan();
    let before = json!({"policy_actions": [{"action": "read", "roles": ["ours"]}]});
    assert_eq!(deleted(&plan)["before"], before);
    assert!(deleted(&plan)["seen"].as_str().unwrap().starts_with("sha256:"));
    let text = world.run(&["plan"]).out;
    let from = text.find("  - delete").unwrap();
    let to = text.find("\n\n").unwrap();
    let shown = "  - delete Policy \"p\"\n      - policy_actions:\n      -   - action: \"read\"\n      -     roles:\n      -       - \"ours\"\n      LESS PERMISSIVE  read for ours\n          for example read for ours: allowed -> not granted";
    assert_eq!(&text[from..to], shown);
    let markdown = world.run(&["plan", "--format", "markdown"]).out;
    assert!(markdown.contains("```diff\n- policy_actions:\n-   - action: \"read\"\n"), "{markdown}");
    // What was deleted can still be read afterwards.
    let (code, document) = world.apply();
    assert_eq!((code, &deleted(&document)["before"]), (0, &before), "{document:#}");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [ours]}]}");
    let created = world.plan()["changes"][0].clone();
    assert_eq!((&created["action"], &created["before"]), (&json!("create"), &Value::Null));
}

#[test]
fn what_was_deleted_can_be_made_again_from_the_plan() {
    for (system, kind, collection, spec) in [
        (
            "jitsudo",
            "Policy",
            "policies",
            "{description: old, priority: 5, max_duration_seconds: 600, rules: [{policy_text: 'permit(principal,action,resource) when { context.a && context.b };', notice: 'no'}]}",
        ),
        (
            "mycloud",
            "Policy",
            "policies",
            "{description: old, document: {statements: [{sid: A, effect: deny, actions: ['s3:X'], resources: [y, z]}]}}",
        ),
        ("compiuta", "Role", "roles", "{name: Reader, actions: ['core:things:get']}"),
    ] {
        let world = World::new(system);
        world.declare(kind, "p", spec);
        world.converge();
        let before = world.object(collection, "p");
        world.declare_absent(kind, "p");
        let plan = world.plan();
        let content = deleted(&plan)["before"].clone();
        world.converge();
        assert_eq!(world.objects(collection).iter().filter(|found| **found == before).count(), 0);
        std::fs::remove_file(world.dir.path().join(file(kind, "p"))).unwrap();
        world.declare(kind, "p", &content.to_string());
        world.converge();
        let again = world.object(collection, "p");
        let fields = |object: &Value| {
            let mut object = object.clone();
            let moved = ["id", "crn", "created_at", "updated_at", "etag", "version"];
            object.as_object_mut().unwrap().retain(|name, _| !moved.contains(&name.as_str()));
            object
        };
        assert_eq!(fields(&again), fields(&before), "{system}: {content:#}");
    }
}
