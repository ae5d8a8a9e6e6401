//! In which order a plan writes: at no moment is more allowed, or less, than both before and after. The search is tested
//! beside its code.

use enact::sandbox::Fault;
use serde_json::Value;

use crate::world::{World, fault};

/// A compiuta policy of what its members may do.
fn declare(world: &World, name: &str, members: &str, statements: &[&str]) {
    let statements: Vec<_> = statements
        .iter()
        .map(|statement| format!("{{{statement}, resources: ['*'], tenants: ['*']}}"))
        .collect();
    let spec = format!("{{name: {name}, members: [{members}], statements: [{}]}}", statements.join(", "));
    world.declare("Policy", name, &spec);
}

const GET: &str = "effect: ALLOW, actions: ['core:things:get']";
const LIST: &str = "effect: ALLOW, actions: ['core:things:list']";
const NEVER_LIST: &str = "effect: DENY, actions: ['core:things:list']";
const KIM: &str = "'user:local:kim'";

fn names(plan: &Value) -> Vec<&str> {
    plan["changes"].as_array().unwrap().iter().map(|change| change["name"].as_str().unwrap()).collect()
}

fn warnings(plan: &Value) -> Vec<&str> {
    let diagnostics = plan["diagnostics"].as_array().unwrap().iter();
    diagnostics
        .filter(|diagnostic| diagnostic["code"] == "plan/mixed")
        .map(|diagnostic| diagnostic["message"].as_str().unwrap())
        .collect()
}

#[test]
fn sound_order_what_takes_the_place_of_something_comes_before_it_goes() {
    let world = World::new("compiuta");
    declare(&world, "a", KIM, &[GET, LIST]);
    declare(&world, "b", KIM, &[LIST]);
    world.converge();
    // By their names `a` would go first.
    declare(&world, "a", KIM, &[LIST]);
    declare(&world, "b", "'team:local:ops', 'user:local:kim'", &[GET, LIST]);
    let plan = world.plan();
    assert_eq!((names(&plan), warnings(&plan)), (vec!["b", "a"], vec![]), "{plan:#}");
    world.converge();
    // Of one that goes, too.
    world.declare_absent("Policy", "b");
    declare(&world, "c", KIM, &[GET]);
    let plan = world.plan();
    assert_eq!((names(&plan), warnings(&plan)), (vec!["c", "b"], vec![]), "{plan:#}");
    world.converge();
}

#[test]
fn sound_order_a_deny_comes_before_the_allow_that_it_limits_and_goes_after_it() {
    let world = World::new("compiuta");
    declare(&world, "a", KIM, &[GET]);
    declare(&world, "b", KIM, &[GET]);
    world.converge();
    declare(&world, "a", KIM, &[GET, "effect: ALLOW, actions: ['core:things:*']"]);
    declare(&world, "b", "'user:*'", &[GET, NEVER_LIST]);
    assert_eq!(names(&world.plan()), ["b", "a"]);
    world.converge();
    declare(&world, "a", KIM, &[GET]);
    declare(&world, "b", KIM, &[GET]);
    assert_eq!(names(&world.plan()), ["a", "b"]);
}

#[test]
fn sound_order_where_none_is_safe_the_plan_shows_what_is_refused_and_between_which_writes() {
    let world = World::new("compiuta");
    declare(&world, "day", KIM, &[GET]);
    declare(&world, "night", KIM, &[LIST]);
    world.converge();
    declare(&world, "day", KIM, &[LIST]);
    declare(&world, "night", KIM, &[GET]);
    let plan = world.plan();
    let told = warnings(&plan);
    assert_eq!(told.len(), 1, "{plan:#}");
    let message = "between the writes of Policy `day` and Policy `night` something is refused that is allowed before and after the plan: principal `user:local:kim`, action `core:things:get`, resource `x`, tenant `x`";
    assert_eq!(told, [message]);
    world.converge();
}

#[test]
fn sound_order_a_role_that_comes_before_the_deny_that_limits_it_opens_something_and_the_plan_says_what() {
    let world = World::new("compiuta");
    let role = "role: reader, effect: ALLOW";
    world.declare("Role", "reader", "{name: Reader, actions: ['core:things:get']}");
    declare(&world, "a", KIM, &[role]);
    world.converge();
    world.declare("Role", "reader", "{name: Reader, actions: ['core:things:get', 'core:things:list']}");
    declare(&world, "a", KIM, &[role, NEVER_LIST]);
    let plan = world.plan();
    assert_eq!(names(&plan), ["reader", "a"]);
    let message = "between the writes of Role `reader` and Policy `a` something is allowed that is allowed neither before nor after the plan: principal `user:local:kim`, action `core:things:list`, resource `x`, tenant `x`";
    assert_eq!(warnings(&plan), [message]);
    world.converge();
    // What goes again goes in the other order.
    declare(&world, "a", KIM, &[role]);
    world.declare("Role", "reader", "{name: Reader, actions: ['core:things:get']}");
    assert_eq!(warnings(&world.plan()), Vec::<&str>::new());
}

#[test]
fn sound_order_changes_that_meet_in_no_request_are_not_warned_of() {
    let world = World::new("mycloud");
    let policy = |name: &str, action: &str| {
        let allow = format!("{{effect: allow, actions: ['s3:{action}Object'], resources: ['{name}/*']}}");
        let deny = format!("{{effect: deny, actions: ['s3:Delete{action}'], resources: ['{name}/*']}}");
        world.declare("Policy", name, &format!("{{document: {{statements: [{allow}, {deny}]}}}}"));
    };
    ["a", "b", "c"].iter().for_each(|name| policy(name, "Get"));
    // New policies are attached to nobody yet.
    assert_eq!(warnings(&world.plan()), Vec::<&str>::new());
    world.converge();
    ["a", "b", "c"].iter().for_each(|name| policy(name, "Put"));
    let plan = world.plan();
    assert_eq!((names(&plan), warnings(&plan)), (vec!["a", "b", "c"], vec![]), "{plan:#}");
}

#[test]
fn sound_order_what_somebody_with_two_policies_may_do_is_not_refused_in_between() {
    let world = World::new("mycloud");
    let policy = |name: &str, action: &str| {
        let allow = format!("{{effect: allow, actions: ['s3:{action}Object'], resources: ['b/*']}}");
        world.declare("Policy", name, &format!("{{document: {{statements: [{allow}]}}}}"));
    };
    policy("a", "Get");
    policy("b", "List");
    world.converge();
    policy("a", "Put");
    policy("b", "Get");
    let plan = world.plan();
    assert_eq!((names(&plan), warnings(&plan)), (vec!["b", "a"], vec![]), "{plan:#}");
}

#[test]
fn sound_order_of_cedar_too() {
    let world = World::new("jitsudo");
    let policy = |name: &str, action: &str, more: &str| {
        let permit =
            format!(r#"{{policy_text: 'permit (principal, action == Action::"{action}", resource);'}}"#);
        let spec = format!("{{max_duration_seconds: 60, rules: [{permit}{more}]}}");
        world.declare("Policy", name, &spec);
    };
    policy("a", "ask", "");
    policy("b", "look", "");
    world.converge();
    policy("a", "open", "");
    policy(
        "b",
        "ask",
        r#", {policy_text: 'forbid (principal, action == Action::"open", resource == Box::"1");'}"#,
    );
    let plan = world.plan();
    assert_eq!((names(&plan), warnings(&plan)), (vec!["b", "a"], vec![]), "{plan:#}");
    world.converge();
}

#[test]
fn sound_order_what_is_not_safe_without_a_write_that_failed_waits_and_nothing_else() {
    let world = World::new("compiuta");
    declare(&world, "a", KIM, &[GET, LIST]);
    declare(&world, "b", KIM, &[LIST]);
    declare(&world, "c", "'user:local:lee'", &[LIST]);
    world.converge();
    declare(&world, "a", KIM, &[LIST]);
    declare(&world, "b", KIM, &[GET, LIST]);
    declare(&world, "c", "'user:local:lee'", &[GET]);
    world.live.inject(Fault { path_contains: "policies/b".into(), ..fault("PUT", 403) });
    let (code, report) = world.apply();
    let outcomes: Vec<_> = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            (change["name"].as_str().unwrap(), change["outcome"]["result"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(code, 1);
    assert_eq!(outcomes, [("b", "failed"), ("c", "applied"), ("a", "not_attempted")], "{report:#}");
}
