//! Guards: what a plan may do only if a person lets it through once.

use crate::world::{World, codes, file, manifest};
use serde_json::{Value, json};

const ROLE: &str = "{name: R, actions: ['core:things:get']}";

/// A world whose repository is a git repository.
fn repository(system: &'static str, more: &str) -> World {
    let world = World::with(system, crate::world::default_settings(system), more);
    world.git(&["init", "-q", "-b", "main"]);
    world
}

/// Commits, and applies with these flags: the exit code and the codes of the diagnostics.
fn apply(world: &World, flags: &[&str]) -> (i32, Vec<String>) {
    world.commit();
    world.live.clear_requests();
    let run = world.run(&[&["apply", "--yes", "--format", "json"], flags].concat());
    (run.code, codes(&run.json()).into_iter().map(str::to_owned).collect())
}

fn refused(guard: &str) -> (i32, Vec<String>) {
    (4, vec![format!("guard/{guard}")])
}

const DONE: (i32, Vec<String>) = (0, Vec::new());

/// Removes live roles behind enact's back.
fn lose(world: &World, names: impl Iterator<Item = String>) {
    for name in names {
        let id = world.live.id(&world.object("roles", &name));
        assert!(world.live.remove("roles", &id));
    }
}

#[test]
fn no_duplicates_a_live_list_that_is_suddenly_much_shorter_is_not_believed() {
    for (declared, gone, trips) in [(10, 9, true), (10, 3, true), (10, 2, false), (3, 2, true), (4, 2, false)]
    {
        let world = repository("polytomic", "");
        (0..declared).for_each(|index| world.declare("Role", &format!("r{index}"), "{}"));
        assert_eq!(apply(&world, &[]), DONE);
        lose(&world, (0..gone).map(|index| format!("r{index}")));
        let expected = if trips { refused("vanished") } else { DONE };
        assert_eq!(apply(&world, &[]), expected, "{gone} of {declared}");
        assert_eq!(world.writes().is_empty(), trips);
        if declared == 10 && trips {
            assert_eq!(apply(&world, &["--allow", "vanished"]).0, 0);
        }
    }
}

#[test]
fn no_duplicates_new_names_do_not_hide_that_the_old_ones_are_gone() {
    let world = repository("polytomic", "");
    (0..10).for_each(|index| world.declare("Role", &format!("r{index}"), "{}"));
    assert_eq!(apply(&world, &[]), DONE);
    lose(&world, (0..9).map(|index| format!("r{index}")));
    for index in 0..9 {
        std::fs::remove_file(world.dir.path().join(format!("policies/Role-r{index}.yaml"))).unwrap();
        let former = format!("  previously: [r{index}]\n");
        let text = crate::world::manifest("polytomic", "Role", &format!("n{index}"), &former, "{}");
        world.write(&format!("policies/Role-n{index}.yaml"), &text);
    }
    assert_eq!(apply(&world, &[]), refused("vanished"));
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn creates_do_not_hide_deletes() {
    let world = repository("compiuta", "  prune: tracked\n");
    (0..10).for_each(|index| world.declare("Role", &format!("r{index}"), ROLE));
    assert_eq!(apply(&world, &[]).0, 0);
    (0..3).for_each(|index| world.declare_absent("Role", &format!("r{index}")));
    (3..6).for_each(|index| {
        std::fs::remove_file(world.dir.path().join(file("Role", &format!("r{index}")))).unwrap()
    });
    (0..26).for_each(|index| world.declare("Role", &format!("n{index}"), ROLE));
    assert_eq!(apply(&world, &[]), refused("deleted-share"));
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!(apply(&world, &["--allow", "deleted-share"]).0, 0);
    // What is gone already is no part of what is there.
    assert_eq!(apply(&world, &[]), DONE);
}

#[test]
fn protection_and_the_object_do_not_go_in_one_apply() {
    let world = repository("compiuta", "  prune: tracked\n");
    world.declare("Role", "other", ROLE);
    let protected = manifest("compiuta", "Role", "r", "  protect: true\n", ROLE);
    world.write(&file("Role", "r"), &protected);
    assert_eq!(apply(&world, &[]).0, 0);
    world.declare_absent("Role", "r");
    assert_eq!(apply(&world, &[]), refused("protected"));
    // In two applies it is fine.
    world.declare("Role", "r", ROLE);
    assert_eq!(apply(&world, &[]), DONE);
    world.declare_absent("Role", "r");
    assert_eq!(apply(&world, &[]), DONE);
    assert_eq!(world.objects("roles").iter().filter(|role| role["id"] == "r").count(), 0);
}

/// A statement for flow YAML.
fn statement(effect: &str, what: &str) -> String {
    format!("{{effect: {effect}, {what}, tenants: ['*']}}")
}

fn policy(members: &str, statement: &str) -> String {
    format!("{{name: P, members: [{members}], statements: [{statement}]}}")
}

/// What the plan says of this policy.
fn guarded(name: &str, spec: &str) -> Vec<String> {
    let world = World::new("compiuta");
    world.declare("Policy", name, spec);
    codes(&world.plan()).into_iter().map(str::to_owned).collect()
}

#[test]
fn the_last_administrators_keep_their_power_whatever_would_take_it() {
    let all = "actions: ['*']";
    for (members, statement) in [
        ("'team:local:admins'", statement("DENY", all)),
        ("'team:local:*'", statement("DENY", all)),
        ("'*'", statement("DENY", "role: owner")),
        ("'team:*'", statement("DENY", "actions: ['iam:*']")),
        ("'team:local:admins'", statement("DENY", "actions: ['iam:policies:*']")),
    ] {
        assert_eq!(
            guarded("deny", &policy(members, &statement)),
            ["guard/last-administrator"],
            "{members} {statement}"
        );
    }
    for (members, statement) in [
        ("'team:local:admins'", statement("DENY", "actions: ['core:*']")),
        ("'team:local:admins'", statement("ALLOW", all)),
        ("'user:local:mara'", statement("DENY", all)),
        ("'team:local:admins'", "{effect: DENY, actions: ['*'], tenants: [plant-1]}".to_owned()),
    ] {
        let found = guarded("deny", &policy(members, &statement));
        assert!(!found.contains(&"guard/last-administrator".to_owned()), "{members} {statement}: {found:?}");
    }
}

#[test]
fn the_last_administrators_are_not_emptied() {
    let world = World::new("compiuta");
    let members = |members: Value| world.drift("policies", "administrator-access", "members", members);
    for (live, declared, trips) in [
        (json!(["user:local:*"]), "[]", true),
        (json!(["user:local:ada", "user:local:bo"]), "['user:local:bo']", false),
        (json!(["team:local:admins", "user:local:bo"]), "['user:local:bo']", true),
    ] {
        members(live.clone());
        world.declare("Policy", "administrator-access", &format!("{{members: {declared}}}"));
        let plan = world.plan();
        let expected: &[&str] = if trips { &["guard/last-administrator"] } else { &[] };
        assert_eq!(codes(&plan), expected, "{live} -> {declared}: {plan:#}");
    }
}

#[test]
fn the_last_administrators_may_depend_on_a_policy_and_a_role_of_their_own() {
    let world = World::new("compiuta");
    world.drift("policies", "administrator-access", "members", json!([]));
    let statement = |action: &str| json!({"effect": "ALLOW", "role": action, "actions": [], "resources": ["*"], "tenants": ["*"]});
    world.live.insert(
        "roles",
        json!({"id": "keeper", "name": "K", "type": "CUSTOM", "actions": ["iam:*"], "tenants": []}),
    );
    world.live.insert(
        "policies",
        json!({"id": "keepers", "name": "K", "type": "CUSTOM", "members": ["user:local:ada"], "tenants": [],
               "statements": [statement("keeper")]}),
    );
    let guard = ["guard/last-administrator"];
    world.declare("Policy", "keepers", "{members: []}");
    assert_eq!(codes(&world.plan()), guard, "its members");
    world.declare("Policy", "keepers", "{statements: [{effect: ALLOW, role: viewer, tenants: ['*']}]}");
    assert_eq!(codes(&world.plan()), guard, "its statements");
    world.declare("Policy", "keepers", "{name: Keepers}");
    world.declare("Role", "keeper", "{actions: ['core:*']}");
    assert_eq!(codes(&world.plan()), guard, "its role");
    std::fs::remove_file(world.dir.path().join(file("Role", "keeper"))).unwrap();
    world.declare_absent("Policy", "keepers");
    assert_eq!(codes(&world.plan()), guard, "all of it");
}
