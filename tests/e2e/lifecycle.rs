//! What a manifest says about the life of its object: until when it exists, and until when nobody writes it.
//!
//! `plan --now` looks from any day; apply has only the clock, so days here are long past or far away.

use crate::world::{Run, World, actions, codes, default_settings, file, manifest};
use serde_json::{Value, json};

const ROLE: &str = "Temporary";

/// A repository that declares a role with these lines of metadata.
fn world(metadata: &str) -> World {
    let world = World::new("polytomic");
    declare(&world, metadata);
    world
}

fn declare(world: &World, metadata: &str) {
    world.write(&file("Role", ROLE), &manifest("polytomic", "Role", ROLE, metadata, "{}"));
}

/// The plan of a day.
fn plan_on(world: &World, now: &str) -> Run {
    world.live.clear_requests();
    let run = world.run(&["plan", "--format", "json", "--exit-code", "--now", now]);
    assert_eq!(world.writes(), Vec::<String>::new(), "plan-reads-only");
    run
}

fn changes_on(world: &World, now: &str) -> (i32, Vec<String>) {
    let run = plan_on(world, now);
    (run.code, actions(&run.json()))
}

fn names(objects: &Value) -> Vec<&str> {
    objects.as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap()).collect()
}

#[test]
fn an_object_expires_at_the_start_of_its_day_in_utc() {
    let world = world("  expires: 2999-06-15\n");
    world.converge();
    let (nothing, delete) = ((0, Vec::new()), (2, vec!["delete Role Temporary".to_owned()]));
    assert_eq!(changes_on(&world, "2999-06-14"), nothing);
    assert_eq!(changes_on(&world, "2999-06-14T23:59:59Z"), nothing);
    assert_eq!(changes_on(&world, "2999-06-15"), delete);
    assert_eq!(changes_on(&world, "2999-06-15T00:30:00+01:00"), nothing, "it is still the day before in UTC");
    assert_eq!(changes_on(&world, "2999-06-14T23:30:00-01:00"), delete);
}

#[test]
fn delete_needs_evidence_a_day_that_has_passed_is_some() {
    let world = world("");
    world.converge();
    declare(&world, "  expires: 2001-01-01\n");
    let document = world.converge();
    assert_eq!(actions(&document), ["delete Role Temporary"]);
    assert!(!names(&world.objects("roles").into()).contains(&ROLE), "it is gone");
}

#[test]
fn each_plan_of_the_fortnight_before_names_the_object_the_line_and_the_day() {
    let world = world("  expires: 2999-06-15\n");
    world.converge();
    let before = plan_on(&world, "2999-05-31").json();
    assert_eq!((&before["expiring"], &before["summary"]["expiring"]), (&json!([]), &json!(0)));
    let run = plan_on(&world, "2999-06-01");
    assert_eq!(run.code, 0, "a note is no pending change");
    let note = json!([{"target": "live", "kind": "Role", "name": ROLE, "expires": "2999-06-15",
                       "file": file("Role", ROLE), "line": 5}]);
    assert_eq!(run.json()["expiring"], note);
    assert_eq!(run.json()["digest"], before["digest"], "notes are no part of the digest");
    for format in ["text", "markdown"] {
        let text = world.run(&["plan", "--format", format, "--now", "2999-06-01"]).out;
        assert!(text.contains("deleted from 2999-06-15 on: policies/Role-Temporary.yaml:5"), "{text}");
    }
}

#[test]
fn a_reviewed_plan_holds_although_a_note_came_up_and_not_if_a_delete_did() {
    let world = world("  expires: 2999-06-15\n");
    world.converge();
    world.declare("Role", "Other", "{}");
    let plan = |now| world.run(&["plan", "--now", now, "--out", "plan.json"]);
    assert_eq!(plan("2999-06-15").code, 0);
    let refused = world.run(&["apply", "plan.json", "--yes", "--format", "json"]);
    assert_eq!((refused.code, codes(&refused.json())), (5, vec!["review/moved"]));
    let noted = plan("2999-06-10");
    assert!(noted.out.contains("expires Role \"Temporary\""), "{}", noted.out);
    assert_eq!(world.run(&["apply", "plan.json", "--yes"]).code, 0);
}

#[test]
fn deterministic_all_plans_of_a_day_are_the_same() {
    let world = world("  expires: 2999-06-15\n");
    let [early, late] = ["2999-06-10", "2999-06-10T23:59:59Z"].map(|now| plan_on(&world, now).out);
    assert_eq!(early, late);
}

#[test]
fn validated_first_what_is_protected_does_not_expire() {
    let world = world("  protect: true\n  expires: 2999-06-15\n");
    let run = world.run(&["plan", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (3, vec!["manifest/expires"]));
    assert_eq!(world.live.requests().len(), 0);
}

#[test]
fn an_expiry_must_be_a_day() {
    for wrong in ["tomorrow", "2027-02-30", "2027-03-31T10:00:00Z", "20270331", ""] {
        let world = world(&format!("  expires: {wrong}\n"));
        let run = world.run(&["validate", "--format", "json"]);
        assert_eq!(run.code, 3, "{wrong}: {}", run.out);
    }
}

#[test]
fn what_stays_may_not_refer_to_what_has_expired() {
    let world = world("  expires: 2999-06-15\n");
    world.declare("Policy", "P", "{policy_actions: [{action: read, roles: [Temporary]}]}");
    world.converge();
    let codes_on = |now| {
        let run = plan_on(&world, now);
        (run.code, codes(&run.json()).into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(codes_on("2999-05-31"), (0, vec![]));
    assert_eq!(codes_on("2999-06-01"), (0, vec!["reference/expiring".to_owned()]));
    assert_eq!(codes_on("2999-06-15"), (3, vec!["reference/deleted".to_owned()]));
    let spec = "{policy_actions: [{action: read, roles: [Temporary]}]}";
    let text = manifest("polytomic", "Policy", "P", "  expires: 2999-06-15\n", spec);
    world.write(&file("Policy", "P"), &text);
    assert_eq!(codes_on("2999-06-14"), (0, vec![]), "both go together");
    assert_eq!(codes_on("2999-06-15").0, 2);
}

#[test]
fn deletes_of_expired_objects_are_counted_by_the_guards() {
    let world = World::with("polytomic", default_settings("polytomic"), "  limits: {max_deletes: 1}\n");
    for name in ["a", "b"] {
        let text = manifest("polytomic", "Role", name, "  expires: 2999-06-15\n", "{}");
        world.write(&file("Role", name), &text);
    }
    world.converge();
    let run = plan_on(&world, "2999-06-15");
    assert_eq!((run.code, codes(&run.json())), (4, vec!["guard/max-deletes"]));
}

#[test]
fn taking_the_protection_off_and_letting_it_expire_are_two_applies() {
    let world = world("  protect: true\n");
    world.git(&["init", "-q", "-b", "main"]);
    world.commit();
    world.converge();
    declare(&world, "  expires: 2001-01-01\n");
    world.commit();
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (4, vec!["guard/protected"]));
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn only_plan_takes_another_time() {
    let world = world("  expires: 2999-06-15\n");
    assert_eq!(world.run(&["apply", "--yes", "--now", "2999-06-15"]).code, 64);
    for wrong in ["2999-06-15T10:00", "now", "2999-06-15T10:00:00", "2999-6-15"] {
        assert_eq!(plan_on(&world, wrong).code, 64, "{wrong}");
    }
}

const HOLD: &str = "  hold: {until: 2999-06-15, reason: 'incident 42'}\n";
const POLICY: &str = "{policy_actions: [{action: read, roles: [Admin]}]}";

/// Declares a policy with these lines of metadata.
fn policy(world: &World, metadata: &str, spec: &str) {
    world.write(&file("Policy", "P"), &manifest("polytomic", "Policy", "P", metadata, spec));
}

#[test]
fn what_is_held_is_shown_in_every_plan_and_not_written_until_its_day() {
    let world = World::new("polytomic");
    policy(&world, "", POLICY);
    world.converge();
    policy(&world, HOLD, "{policy_actions: [{action: edit, roles: [Admin]}]}");
    let run = plan_on(&world, "2999-06-14T23:59:59Z");
    let document = run.json();
    assert_eq!((run.code, &document["changes"], &document["summary"]["held"]), (0, &json!([]), &json!(1)));
    let field = |action: &str, before: Value, after: Value| json!({"path": format!("/policy_actions/{action}/roles"), "before": before, "after": after, "cause": "unknown"});
    let held = json!([{"target": "live", "kind": "Policy", "name": "P", "until": "2999-06-15",
                       "reason": "incident 42", "action": "update", "cause": "unknown", "before": null,
                       "fields": [field("edit", json!([]), json!(["Admin"])), field("read", json!(["Admin"]), json!([]))]}]);
    assert_eq!(document["held"], held);
    for format in ["text", "markdown"] {
        let text = world.run(&["plan", "--format", format]).out;
        for part in ["until 2999-06-15", "incident 42", "policy_actions.edit.roles", "1 held"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    let (code, document) = world.apply();
    assert_eq!((code, &document["remaining"], world.writes()), (0, &Value::Null, vec![]), "{document:#}");
    assert_eq!(changes_on(&world, "2999-06-15"), (2, vec!["update Policy P".to_owned()]));
}

#[test]
fn what_is_held_and_as_declared_is_named_as_well() {
    let world = World::new("polytomic");
    policy(&world, HOLD, POLICY);
    let create = world.plan();
    assert_eq!((&create["held"][0]["action"], &create["changes"]), (&json!("create"), &json!([])));
    policy(&world, "", POLICY);
    world.converge();
    policy(&world, HOLD, POLICY);
    let plan = world.plan();
    assert_eq!((&plan["held"][0]["action"], &plan["held"][0]["fields"]), (&Value::Null, &json!([])));
    assert_eq!(plan["summary"]["unchanged"], json!(0));
}

#[test]
fn a_hold_keeps_a_create_and_a_delete_back() {
    let world = World::new("polytomic");
    world.declare("Role", "Old", "{}");
    world.converge();
    for metadata in ["  ensure: absent\n", "  expires: 2001-01-01\n"] {
        let old = manifest("polytomic", "Role", "Old", &(metadata.to_owned() + HOLD), "{}");
        world.write(&file("Role", "Old"), &old);
        world.write(&file("Role", "New"), &manifest("polytomic", "Role", "New", HOLD, "{}"));
        let (code, document) = world.apply();
        let held: Vec<_> = document["held"].as_array().unwrap().iter().map(|held| &held["action"]).collect();
        assert_eq!((code, held, world.writes()), (0, vec![&json!("create"), &json!("delete")], vec![]));
    }
    let names: Vec<_> = world.objects("roles").iter().map(|role| role["name"].clone()).collect();
    assert!(names.contains(&json!("Old")) && !names.contains(&json!("New")), "{names:?}");
}

#[test]
fn a_hold_that_is_over_no_longer_holds_and_is_reported() {
    let world = world("  hold: {until: 2001-01-01, reason: 'incident 7'}\n");
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document)), (0, vec!["create Role Temporary".to_owned()]));
    assert_eq!(codes(&document), ["plan/hold-over"]);
    let place = &document["diagnostics"][0];
    assert_eq!((&place["file"], &place["line"]), (&json!(file("Role", ROLE)), &json!(5)));
}

#[test]
fn what_would_need_a_held_object_that_does_not_exist_yet_is_refused_before_any_write() {
    let world = world(HOLD);
    let spec = "{policy_actions: [{action: read, roles: [Temporary]}]}";
    policy(&world, "", spec);
    world.declare("Role", "Other", "{}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document), world.writes()), (3, vec!["reference/withheld"], vec![]));
    let message = document["diagnostics"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("Role `Temporary` does not exist yet") && message.contains("2999-06-15"),
        "{message}"
    );
    policy(&world, HOLD, spec);
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document)), (0, vec!["create Role Other".to_owned()]), "both are held");
}

#[test]
fn a_held_object_that_exists_can_be_named() {
    let world = world("");
    world.converge();
    declare(&world, HOLD);
    policy(&world, "", "{policy_actions: [{action: read, roles: [Temporary]}]}");
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document)), (0, vec!["create Policy P".to_owned()]));
}

#[test]
fn what_git_gave_up_during_a_hold_goes_back_to_its_default_after_it() {
    let world = World::new("jitsudo");
    world.git(&["init", "-q", "-b", "main"]);
    let declare = |metadata: &str, spec: &str| {
        world.write(&file("Policy", "p"), &manifest("jitsudo", "Policy", "p", metadata, spec));
        world.commit();
    };
    declare("", "{max_duration_seconds: 60, description: about}");
    world.converge();
    declare(HOLD, "{max_duration_seconds: 60}");
    assert_eq!(world.apply().0, 0, "done, as far as it may be");
    declare("", "{max_duration_seconds: 60}");
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document)), (0, vec!["update Policy p".to_owned()]), "{document:#}");
    assert_eq!(document["changes"][0]["cause"], "declared");
}

#[test]
fn a_hold_says_until_when_and_why() {
    for wrong in [
        "{until: 2999-06-15}",
        "{reason: x}",
        "{until: soon, reason: x}",
        "{until: 2999-06-15, reason: ''}",
        "",
    ] {
        let world = world(&format!("  hold: {wrong}\n"));
        let run = world.run(&["validate", "--format", "json"]);
        assert_eq!(run.code, 3, "{wrong}: {}", run.out);
    }
}

#[test]
fn inert_output_a_reason_cannot_act_on_its_reader() {
    let reason = r#""::error::x\n# <!-- enact -->\u001b[2J``` @all""#;
    let world = world(&format!("  hold: {{until: 2999-06-15, reason: {reason}}}\n"));
    for format in ["text", "markdown", "json"] {
        assert_eq!(world.run(&["plan", "--format", format]).code, 0);
    }
}

/// The differences that are only observed, as `update P`.
fn observed(document: &Value) -> Vec<String> {
    let observed = document["observed"].as_array().unwrap().iter();
    let words = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    observed.map(|one| format!("{} {}", words(one, "action"), words(one, "name"))).collect()
}

#[test]
fn what_is_observed_is_never_created_updated_or_deleted() {
    let world = World::new("polytomic");
    world.declare("Role", "Old", "{}");
    policy(&world, "", POLICY);
    world.converge();
    let observe = "  lifecycle: observe\n";
    for (name, metadata) in [("Old", "  ensure: absent\n"), ("New", "")] {
        let text = manifest("polytomic", "Role", name, &(metadata.to_owned() + observe), "{}");
        world.write(&file("Role", name), &text);
    }
    policy(&world, observe, "{policy_actions: [{action: edit, roles: [Admin]}]}");
    let run = plan_on(&world, "2027-01-01");
    let all = ["create New", "delete Old", "update P"];
    assert_eq!((run.code, observed(&run.json())), (0, all.map(str::to_owned).to_vec()));
    let update = &run.json()["observed"][2];
    assert_eq!(
        (&update["lifecycle"], &update["fields"][0]["path"]),
        (&json!("observe"), &json!("/policy_actions/edit/roles"))
    );
    for format in ["text", "markdown"] {
        let text = world.run(&["plan", "--format", format]).out;
        for part in ["observed", "policy_actions.edit.roles", "3 observed"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    let (code, document) = world.apply();
    assert_eq!((code, observed(&document).len(), world.writes()), (0, 3, vec![]));
}

#[test]
fn what_is_observed_and_as_declared_is_unchanged() {
    let world = World::new("polytomic");
    policy(&world, "", POLICY);
    world.converge();
    policy(&world, "  lifecycle: observe\n", POLICY);
    world.assert_converged();
    assert_eq!(world.plan()["summary"]["unchanged"], json!(1));
}

#[test]
fn create_only_creates_what_is_missing_and_leaves_it_to_others() {
    let world = World::new("polytomic");
    policy(&world, "  lifecycle: create-only\n", POLICY);
    let document = world.converge();
    assert_eq!(actions(&document), ["create Policy P"]);
    let id = world.object("policies", "P")["id"].clone();
    policy(&world, "  lifecycle: create-only\n", "{policy_actions: [{action: edit, roles: [Admin]}]}");
    let (code, document) = world.apply();
    assert_eq!((code, observed(&document), world.writes()), (0, vec!["update P".to_owned()], vec![]));
    let other = |name: &str| {
        manifest("polytomic", "Policy", name, "  lifecycle: create-only\n  ensure: absent\n", "{}")
    };
    world.write(&file("Policy", "P"), &other("P"));
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document)), (0, vec!["delete Policy P".to_owned()]), "{id}");
}

#[test]
fn delete_needs_evidence_an_object_that_was_only_observed_is_not_pruned() {
    let world = World::with("polytomic", "{}", "  prune: tracked\n");
    world.git(&["init", "-q", "-b", "main"]);
    for name in ["Watched", "Owned"] {
        world.declare("Role", name, "{}");
    }
    world.commit();
    world.converge();
    let watched = manifest("polytomic", "Role", "Watched", "  lifecycle: observe\n", "{}");
    world.write(&file("Role", "Watched"), &watched);
    world.commit();
    world.converge();
    std::fs::remove_file(world.dir.path().join(file("Role", "Watched"))).unwrap();
    world.commit();
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document), world.writes()), (0, vec![], vec![]), "{document:#}");
    std::fs::remove_file(world.dir.path().join(file("Role", "Owned"))).unwrap();
    world.declare("Role", "Another", "{}");
    world.commit();
    let (_, document) = world.apply();
    assert_eq!(actions(&document), ["create Role Another", "delete Role Owned"], "as a proof that it prunes");
}

#[test]
fn a_field_that_was_only_observed_is_not_set_back_to_its_default() {
    let world = World::new("jitsudo");
    world.git(&["init", "-q", "-b", "main"]);
    let declare = |metadata: &str, spec: &str| {
        world.write(&file("Policy", "p"), &manifest("jitsudo", "Policy", "p", metadata, spec));
        world.commit();
    };
    declare("", "{max_duration_seconds: 60}");
    world.converge();
    world.drift("policies", "p", "description", json!("by hand"));
    declare("  lifecycle: observe\n", "{max_duration_seconds: 60, description: by hand}");
    world.converge();
    declare("", "{max_duration_seconds: 60}");
    world.converge();
    assert_eq!(world.object("policies", "p")["description"], "by hand");
}

#[test]
fn no_duplicates_a_rename_that_is_only_observed_is_not_forgotten() {
    let world = World::new("polytomic");
    world.git(&["init", "-q", "-b", "main"]);
    world.declare("Role", "Old", "{}");
    world.commit();
    world.converge();
    std::fs::remove_file(world.dir.path().join(file("Role", "Old"))).unwrap();
    let metadata = "  previously: [Old]\n  lifecycle: observe\n";
    world.write(&file("Role", "New"), &manifest("polytomic", "Role", "New", metadata, "{}"));
    for _ in 0..2 {
        world.commit();
        let (code, document) = world.apply();
        assert_eq!((code, observed(&document)), (0, vec!["update New".to_owned()]), "{document:#}");
    }
}

#[test]
fn what_would_need_an_object_that_is_only_observed_and_missing_is_refused() {
    let world = world("  lifecycle: observe\n");
    policy(&world, "", "{policy_actions: [{action: read, roles: [Temporary]}]}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document), world.writes()), (3, vec!["reference/withheld"], vec![]));
}

#[test]
fn what_cannot_be_written_can_still_be_observed() {
    let world = World::new("polytomic");
    world.write(&file("Policy", "P"), &manifest("polytomic", "Policy", "P", "  lifecycle: observe\n", "{}"));
    let plan = world.plan();
    assert_eq!((observed(&plan), codes(&plan)), (vec!["create P".to_owned()], vec![]), "a field is missing");
}

/// The roles that an action of the policy gives, by id.
fn bound(world: &World, action: &str) -> Value {
    let policy = world.object("policies", "P");
    let actions = policy["policy_actions"].as_array().unwrap();
    let found = actions.iter().find(|found| found["action"] == action);
    found.map(|found| found["role_ids"].clone()).unwrap_or_default()
}

#[test]
fn unmanaged_survives_an_action_that_is_left_to_others_also_where_a_put_sends_all_of_them() {
    let world = World::new("polytomic");
    let ignore = "  ignore: [/policy_actions/edit]\n";
    policy(&world, ignore, POLICY);
    world.converge();
    let (admin, member) =
        (world.object("roles", "Admin")["id"].clone(), world.object("roles", "Member")["id"].clone());
    let by_hand =
        json!([{"action": "read", "role_ids": [admin]}, {"action": "edit", "role_ids": [member, admin]}]);
    world.drift("policies", "P", "policy_actions", by_hand);
    world.assert_converged();
    policy(&world, ignore, "{policy_actions: [{action: read, roles: [Member]}]}");
    let document = world.converge();
    let fields = document["changes"][0]["fields"].as_array().unwrap();
    assert_eq!((fields.len(), &fields[0]["path"]), (1, &json!("/policy_actions/read/roles")));
    assert_eq!(bound(&world, "read"), json!([member]));
    let edit = bound(&world, "edit");
    assert_eq!(edit.as_array().unwrap().len(), 2, "{edit}");
    policy(&world, "", "{policy_actions: [{action: read, roles: [Member]}]}");
    world.converge();
    let edit = bound(&world, "edit");
    assert!(edit.is_null() || edit == json!([]), "without `ignore` the list is all that there is: {edit}");
}

#[test]
fn unmanaged_survives_a_field_inside_of_declared_items_that_is_left_to_others() {
    let world = World::new("mycloud");
    let statement =
        |effect: &str| format!("{{sid: A, effect: {effect}, actions: ['vm:read'], resources: ['*']}}");
    let declare = |metadata: &str, statements: &str| {
        let spec = format!("{{document: {{statements: [{statements}]}}}}");
        world.write(&file("Policy", "p"), &manifest("mycloud", "Policy", "p", metadata, &spec));
    };
    declare("", &statement("allow"));
    world.converge();
    let mut document = world.object("policies", "p")["document"].clone();
    let condition = json!([{"key": "ip", "operator": "equals", "values": ["10.0.0.1"]}]);
    document["statements"][0]["conditions"] = condition.clone();
    world.drift("policies", "p", "document", document);
    declare("  ignore: ['/document/statements/*/conditions']\n", &statement("allow"));
    world.assert_converged();
    declare("  ignore: ['/document/statements/*/conditions']\n", &statement("deny"));
    world.converge();
    let statements = world.object("policies", "p")["document"]["statements"].clone();
    assert_eq!((&statements[0]["effect"], &statements[0]["conditions"]), (&json!("deny"), &condition));
}

#[test]
fn a_field_that_git_gives_up_and_ignores_stays_as_it_is() {
    let world = World::new("jitsudo");
    world.git(&["init", "-q", "-b", "main"]);
    let declare = |metadata: &str, spec: &str| {
        world.write(&file("Policy", "p"), &manifest("jitsudo", "Policy", "p", metadata, spec));
        world.commit();
    };
    declare("", "{max_duration_seconds: 60, description: about}");
    world.converge();
    declare("  ignore: [/description, /max_duration_seconds]\n", "{enabled: false}");
    world.converge();
    assert_eq!(world.object("policies", "p")["description"], "about");
}

#[test]
fn what_is_declared_cannot_be_ignored() {
    let spec = "{policy_actions: [{action: read, roles: [Admin]}]}";
    for pointer in [
        "/policy_actions",
        "/policy_actions/read",
        "/policy_actions/read/roles",
        "/policy_actions/*",
        "/policy_actions/0",
        "/policy_actions/*/roles",
        "/policy_actions/read/roles/0",
    ] {
        let world = World::new("polytomic");
        policy(&world, &format!("  ignore: ['{pointer}']\n"), spec);
        let run = world.run(&["validate", "--format", "json"]);
        assert_eq!((run.code, codes(&run.json())), (3, vec!["manifest/ignore"]), "{pointer}");
        let place = &run.json()["diagnostics"][0];
        assert_eq!((&place["line"], &place["path"]), (&json!(5), &json!("metadata.ignore[0]")));
    }
}

#[test]
fn a_pointer_that_hides_nothing_is_reported() {
    let spec = "{policy_actions: [{action: read, roles: [Admin]}]}";
    for (pointer, codes_of) in [
        ("/descripton", vec!["manifest/ignores-nothing"]),
        ("/policy_actions/edit/rolls", vec!["manifest/ignores-nothing"]),
        ("/organization_id", vec![]),
        ("/policy_actions/edit", vec![]),
        ("/policy_actions/edit/roles", vec![]),
    ] {
        let world = World::new("polytomic");
        policy(&world, &format!("  ignore: ['{pointer}']\n"), spec);
        let run = world.run(&["validate", "--format", "json"]);
        assert_eq!((run.code, codes(&run.json())), (0, codes_of), "{pointer}");
    }
    for wrong in ["[name]", "['']", "['/a~']", "/a", "[/organization_id, /organization_id]"] {
        let world = World::new("polytomic");
        policy(&world, &format!("  ignore: {wrong}\n"), spec);
        assert_eq!(world.run(&["validate"]).code, 3, "{wrong}");
    }
}

#[test]
fn what_a_held_object_still_names_on_the_target_is_not_deleted() {
    let world = world("");
    policy(&world, "", "{policy_actions: [{action: read, roles: [Temporary]}]}");
    world.converge();
    declare(&world, "  ensure: absent\n");
    for metadata in [HOLD, "  lifecycle: observe\n"] {
        policy(&world, metadata, POLICY);
        let (code, document) = world.apply();
        let codes = codes(&document);
        assert_eq!(
            (code, codes.contains(&"reference/withheld"), world.writes()),
            (3, true, vec![]),
            "{document:#}"
        );
    }
    policy(&world, "", POLICY);
    let (code, document) = world.apply();
    assert_eq!(
        (code, actions(&document)),
        (0, vec!["update Policy P".to_owned(), "delete Role Temporary".to_owned()])
    );
}

#[test]
fn delete_needs_evidence_a_hold_does_not_end_with_its_manifest() {
    let world = World::with("polytomic", "{}", "  prune: tracked\n");
    world.git(&["init", "-q", "-b", "main"]);
    declare(&world, HOLD);
    world.declare("Role", "Other", "{}");
    world.commit();
    world.converge();
    declare(&world, "");
    world.commit();
    world.converge();
    declare(&world, HOLD);
    world.commit();
    assert_eq!(world.apply().0, 0);
    std::fs::remove_file(world.dir.path().join(file("Role", ROLE))).unwrap();
    world.commit();
    let (code, document) = world.apply();
    assert_eq!((code, actions(&document), world.writes()), (0, vec![], vec![]), "{document:#}");
}

#[test]
fn delete_needs_evidence_what_is_withheld_and_differs_is_not_pruned_either() {
    for metadata in [HOLD, "  lifecycle: observe\n"] {
        let world = World::with("jitsudo", crate::world::default_settings("jitsudo"), "  prune: tracked\n");
        world.git(&["init", "-q", "-b", "main"]);
        let declare = |metadata: &str, seconds: u32| {
            let spec = format!("{{max_duration_seconds: {seconds}}}");
            world.write(&file("Policy", "p"), &manifest("jitsudo", "Policy", "p", metadata, &spec));
            world.commit();
        };
        world.declare("Policy", "other", "{max_duration_seconds: 60}");
        declare("", 60);
        world.converge();
        declare(metadata, 90);
        assert_eq!(world.apply().0, 0);
        std::fs::remove_file(world.dir.path().join(file("Policy", "p"))).unwrap();
        world.commit();
        let (code, document) = world.apply();
        assert_eq!((code, actions(&document), world.writes()), (0, vec![], vec![]), "{document:#}");
        assert_eq!(names(&document["survivors"]), ["p"], "nothing-forgotten");
    }
}
