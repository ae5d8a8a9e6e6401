//! `enact test`, `can` and `who-can`: what policies allow, asked through the real binary. What rules say of requests is tested
//! beside its code. Promise 19, sound-meaning; promise 1, plan-reads-only.

use serde_json::{Value, json};

use crate::world::{Run, World, codes};

const OPERATORS: &str = "{name: Operators, members: ['team:local:line-a'], statements: [{actions: ['core:things:*'], resources: ['*'], tenants: [plant-1]}, {effect: DENY, actions: ['core:things:delete'], tenants: ['*']}]}";

/// A plant where a team may do anything with things but delete them.
fn plant() -> World {
    let world = World::new("compiuta");
    world.declare("Policy", "operators", OPERATORS);
    world
}

/// The same in all tenants, and applied.
fn live_plant() -> World {
    let world = World::new("compiuta");
    world.declare("Policy", "operators", &everywhere());
    world.converge();
    world
}

fn everywhere() -> String {
    OPERATORS.replace("[plant-1]", "['*']")
}

/// Writes a file of tests for the target, with a principal of the team.
fn tests(world: &World, tests: &str) {
    let head = "apiVersion: enact/v1\nkind: Test\ntarget: live\nprincipals:\n  ana: ['user:local:ana', 'team:local:line-a']\n  zoe: ['user:local:zoe']\n";
    world.write("policies/plant_test.yaml", &format!("{head}{tests}"));
}

fn case(name: &str, principal: &str, action: &str, expect: &str) -> String {
    format!(
        "- {{name: {name}, principals: [{principal}], actions: ['{action}'], resources: ['plant:pump'], tenant: plant-1, {expect}}}\n"
    )
}

/// How each test ended, by its name.
fn outcomes(document: &Value) -> Vec<(&str, &str)> {
    let tests = document["tests"].as_array().unwrap();
    tests.iter().map(|test| (test["name"].as_str().unwrap(), test["outcome"].as_str().unwrap())).collect()
}

fn json_of(world: &World, args: &[&str]) -> (i32, Value) {
    world.live.clear_requests();
    let run = world.run(&[args, &["--format", "json"]].concat());
    assert_eq!(world.writes(), Vec::<String>::new(), "plan-reads-only: {args:?}");
    (run.code, run.json())
}

#[test]
fn tests_pass_fail_and_name_the_rule_that_decides() {
    let world = plant();
    tests(
        &world,
        &[
            "tests:\n",
            &case("reads", "ana", "core:things:get", "expect: allow, by: {object: Policy/operators}"),
            &case(
                "never deletes",
                "ana",
                "core:things:delete",
                "expect: deny, by: {object: Policy/operators}",
            ),
            &case("a stranger reads", "zoe", "core:things:get", "expect: allow"),
            // Nothing allows it: no rule denies it, either.
            &case("is denied", "zoe", "core:things:get", "expect: deny, by: {object: Policy/operators}"),
        ]
        .concat(),
    );
    let (code, document) = json_of(&world, &["test"]);
    let expected = [
        ("reads", "passed"),
        ("never deletes", "passed"),
        ("a stranger reads", "failed"),
        ("is denied", "failed"),
    ];
    assert_eq!((code, outcomes(&document)), (1, expected.to_vec()), "{document:#}");
    assert_eq!(document["undecided"], json!([]));
    assert!(world.live.requests().is_empty());
    let diagnostics = document["diagnostics"].as_array().unwrap();
    assert_eq!(codes(&document), ["test/failed", "test/failed"]);
    assert_eq!(
        (&diagnostics[0]["file"], &diagnostics[0]["line"]),
        (&json!("policies/plant_test.yaml"), &json!(10))
    );
    let text = world.run(&["test"]);
    let failed = "  FAILED a stranger reads (1 request)\n    expected allow: core:things:get on plant:pump for user:local:zoe in tenant plant-1 (zoe): not allowed by any rule\n";
    assert!(
        text.out.contains(failed) && text.out.ends_with("4 tests: 2 passed, 2 failed.\n"),
        "{}",
        text.out
    );
    let junit = world.run(&["test", "--format", "junit"]).out;
    let page = roxmltree::Document::parse(&junit).unwrap();
    let failed = page.descendants().filter(|node| node.has_tag_name("failure")).count();
    // The run itself is one of them.
    assert_eq!((page.root_element().attribute("tests"), failed), (Some("5"), 3), "{junit}");
}

#[test]
fn rules_that_no_test_looked_at_are_listed_with_their_lines() {
    let world = plant();
    tests(&world, &format!("tests:\n{}", case("reads", "ana", "core:things:get", "expect: allow")));
    let (code, document) = json_of(&world, &["test"]);
    assert_eq!(code, 0, "{document:#}");
    let undecided = document["undecided"].as_array().unwrap();
    assert_eq!((undecided.len(), &undecided[0]["name"]), (1, &json!("operators")), "{document:#}");
    assert_eq!(undecided[0]["file"], "policies/Policy-operators.yaml");
}

#[test]
fn a_test_of_all_requests_shows_one_that_is_not_as_expected() {
    let world = World::new("compiuta");
    let narrow = OPERATORS.replace("resources: ['*']", "resources: ['plant:*']");
    world.declare("Policy", "operators", &narrow);
    tests(
        &world,
        "for_all:\n- {name: nobody deletes, actions: ['core:things:delete'], expect: deny}\n- {name: only the line, except: {subjects: ['team:local:line-a']}, expect: deny}\n- {name: nobody writes, actions: ['core:*'], except: {actions: ['core:*:get']}, expect: deny}\n- {name: the line reads all, principal: ana, actions: ['core:things:get'], tenants: [plant-1], expect: allow}\n",
    );
    let (code, document) = json_of(&world, &["test"]);
    let expected = [
        ("nobody deletes", "passed"),
        ("only the line", "passed"),
        ("nobody writes", "failed"),
        ("the line reads all", "failed"),
    ];
    assert_eq!((code, outcomes(&document)), (1, expected.to_vec()), "{document:#}");
    let request = |index: usize| {
        let words = document["tests"][index]["failures"][0]["request"].as_array().unwrap();
        words.iter().map(|word| word["word"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(request(2), ["team:local:line-a", "core:things:x", "plant:x", "plant-1"]);
    let reads = request(3);
    assert!(!reads.iter().any(|word| word.starts_with("plant:")), "{reads:?}");
}

#[test]
fn what_is_wrong_with_a_test_has_its_place() {
    for (wrong, code, line) in [
        (case("a", "anna", "core:things:get", "expect: allow"), "test/principal", 8),
        (case("a", "ana", "core:things", "expect: allow"), "test/form", 8),
        (case("a", "ana", "core:things:*", "expect: allow"), "test/form", 8),
        (case("a", "ana", "core:things:get", "expect: allow, by: {object: Policy/operator}"), "test/rule", 8),
        (case("a", "ana", "core:things:get", "expect: allow, by: {object: operators}"), "test/form", 8),
        (case("a", "ana", "core:things:get", "expect: maybe"), "schema/enum", 8),
        (
            "- {name: a, principals: [ana], actions: ['a:b:c'], resources: [x], context: {k: v}, expect: deny}\n".into(),
            "test/context",
            8,
        ),
    ] {
        let world = plant();
        tests(&world, &format!("tests:\n{wrong}"));
        let (exit, document) = json_of(&world, &["validate"]);
        let found = &document["diagnostics"][0];
        assert_eq!((codes(&document), &found["line"]), (vec![code], &json!(line)), "{wrong}: {document:#}");
        assert_eq!(exit, if code == "test/context" { 0 } else { 3 }, "{wrong}");
    }
    let world = plant();
    for (text, code) in [
        (
            "for_all:\n- {name: a, actions: ['a:b:c'], except: {actions: ['a:*']}, expect: deny}\n",
            "test/empty",
        ),
        ("tests: []\n", "test/empty"),
        ("for_all:\n- {name: a, principal: ana, subjects: ['*'], expect: deny}\n", "test/form"),
    ] {
        tests(&world, text);
        let (exit, document) = json_of(&world, &["test"]);
        assert_eq!((exit, codes(&document)), (3, vec![code]), "{text}: {document:#}");
    }
    world.write("policies/plant_test.yaml", "apiVersion: enact/v1\nkind: Test\ntarget: lives\ntests: []\n");
    let (exit, document) = json_of(&world, &["test"]);
    assert_eq!((exit, codes(&document)), (3, vec!["test/target"]));
    assert_eq!(document["diagnostics"][0]["help"], "did you mean `live`?");
}

#[test]
fn a_manifest_in_a_file_of_tests_is_reported_and_nothing_is_sent() {
    let world = plant();
    let manifest = "apiVersion: compiuta/v1\nkind: Policy\nmetadata: {name: other}\nspec: {}\n";
    world.write("policies/other_test.yaml", manifest);
    for command in ["validate", "plan", "test"] {
        let (code, document) = json_of(&world, &[command]);
        assert_eq!((code, codes(&document)), (3, vec!["test/manifest"]), "{command}: {document:#}");
        assert!(world.live.requests().is_empty());
    }
    // A file of tests is no manifest, and says nothing to a plan.
    world.write(
        "policies/other_test.yaml",
        "apiVersion: enact/v1\nkind: Test\ntarget: live\nfor_all:\n- {name: a, expect: deny}\n",
    );
    let plan = world.plan();
    assert_eq!((plan["summary"]["create"].clone(), codes(&plan)), (json!(1), Vec::new()), "{plan:#}");
}

#[test]
fn sound_meaning_what_git_does_not_declare_is_not_guessed() {
    let world = World::new("compiuta");
    world.declare(
        "Policy",
        "p",
        "{name: P, members: ['team:local:line-a'], statements: [{role: viewer, tenants: ['*']}]}",
    );
    let all = [
        case("a member", "ana", "core:things:get", "expect: deny"),
        case("a stranger", "zoe", "core:things:get", "expect: deny"),
    ];
    tests(&world, &format!("tests:\n{}", all.concat()));
    let (code, document) = json_of(&world, &["test"]);
    assert_eq!((code, outcomes(&document)), (1, vec![("a member", "unknown"), ("a stranger", "passed")]));
    assert_eq!(codes(&document), ["test/unknown"]);
    // Live, the role is what it is.
    world.converge();
    let (code, document) = json_of(&world, &["test", "--against", "live"]);
    assert_eq!(
        (code, outcomes(&document)),
        (1, vec![("a member", "failed"), ("a stranger", "passed")]),
        "{document:#}"
    );
    let (_, document) = json_of(&world, &["test", "--against", "both"]);
    assert_eq!(document["tests"].as_array().unwrap().len(), 4);
    // Of a policy whose members are left out, nothing is known of anybody.
    world.declare("Policy", "q", "{name: Q, statements: [{actions: ['*'], tenants: ['*']}]}");
    tests(&world, &format!("tests:\n{}for_all:\n- {{name: zoe, principal: zoe, expect: deny}}\n", all[1]));
    let (_, document) = json_of(&world, &["test"]);
    assert_eq!(outcomes(&document), [("a stranger", "unknown"), ("zoe", "unknown")], "{document:#}");
}

#[test]
fn tests_of_what_is_live_see_what_git_does_not_declare() {
    let world = live_plant();
    world.live.insert(
        "policies",
        json!({"id": "theirs", "name": "Theirs", "type": "CUSTOM", "tenants": [], "members": ["user:local:zoe"], "statements": [
            {"effect": "ALLOW", "role": "", "actions": ["core:*"], "resources": ["*"], "tenants": ["*"]}
        ]}),
    );
    tests(&world, &format!("tests:\n{}", case("a stranger", "zoe", "core:things:get", "expect: deny")));
    assert_eq!(json_of(&world, &["test"]).0, 0);
    let (code, document) = json_of(&world, &["test", "--against", "both"]);
    assert_eq!(code, 1);
    let by = &document["tests"][1]["failures"][0]["answer"]["by"];
    assert_eq!((&by["name"], &by["file"]), (&json!("theirs"), &Value::Null), "{document:#}");
    world.live.inject(crate::world::fault("GET", 500));
    let (code, document) = json_of(&world, &["test", "--against", "live"]);
    assert_eq!((code, outcomes(&document)), (6, Vec::new()), "{document:#}");
}

#[test]
fn a_question_has_an_answer_and_an_exit_code() {
    let world = plant();
    let ask = |args: &[&str]| -> Run { world.run(&[&["can"], args].concat()) };
    let yes = ask(&["team:local:line-a", "core:things:get", "plant:pump", "--tenant", "plant-1"]);
    let said = "yes: core:things:get on plant:pump for team:local:line-a in tenant plant-1: allowed by Policy \"operators\" (policies/Policy-operators.yaml:5)\n";
    assert!(yes.code == 0 && yes.out.starts_with(said), "{}{}", yes.out, yes.err);
    let almost = "would deny it if the action were core:things:delete\n";
    assert!(yes.out.ends_with(almost), "{}", yes.out);
    let no = ask(&["user:local:ana", "core:things:get", "plant:pump", "--tenant", "plant-1"]);
    assert!(no.code == 1 && no.out.contains(": not allowed by any rule\n"), "{}{}", no.out, no.err);
    assert!(no.out.contains("would allow it if who asks were team:local:line-a\n"), "{}", no.out);
    let with = ask(&[
        "user:local:ana",
        "core:things:get",
        "plant:pump",
        "--tenant",
        "plant-1",
        "--with",
        "team:local:line-a",
    ]);
    assert_eq!(with.code, 0, "{}", with.err);
    let denied = ask(&["team:local:line-a", "core:things:delete", "plant:pump", "--tenant", "plant-1"]);
    assert!(denied.code == 1 && denied.out.contains(" allows it, and the deny wins\n"), "{}", denied.out);
    // In one tenant it is, in another it is not.
    let depends = ask(&["team:local:line-a", "core:things:get", "plant:pump"]);
    assert!(depends.code == 6 && depends.err.contains("question/unknown"), "{}{}", depends.out, depends.err);
    let form = ask(&["team:local:line-a", "core:things", "plant:pump"]);
    assert!(form.code == 64 && form.err.contains("question/form"), "{}", form.err);
    assert!(world.live.requests().is_empty());
    let live = ask(&["team:local:line-a", "core:things:get", "plant:pump", "--tenant", "plant-1", "--live"]);
    assert_eq!(live.code, 1, "nothing is applied: {}{}", live.out, live.err);
    assert_eq!(world.writes(), Vec::<String>::new(), "plan-reads-only");
}

#[test]
fn who_can_lists_everybody_whom_a_rule_names() {
    let world = plant();
    world.declare(
        "Policy",
        "more",
        "{name: More, members: ['user:local:zoe', 'team:local:line-a'], statements: [{actions: ['core:things:delete'], tenants: ['*']}]}",
    );
    let run = world.run(&["who-can", "core:things:delete", "plant:pump"]);
    let lines: Vec<_> = run.out.lines().map(|line| line.split(" by ").next().unwrap()).collect();
    assert_eq!(
        (run.code, lines),
        (0, vec!["team:local:line-a: denied", "user:local:zoe: allowed"]),
        "{}",
        run.err
    );
    let nobody = world.run(&["who-can", "core:audits:list", "plant:pump"]);
    let said = "nobody: no rule is about core:audits:list on plant:pump\n";
    assert_eq!((nobody.code, nobody.out.as_str()), (0, said), "{}", nobody.err);
    let (_, document) =
        json_of(&world, &["who-can", "core:things:list", "plant:pump", "--tenant", "plant-1"]);
    assert_eq!(
        (&document["who"][0]["subject"], &document["who"][0]["effect"]),
        (&json!("team:local:line-a"), &json!("allowed"))
    );
}

#[test]
fn where_objects_are_attached_a_request_names_them() {
    let world = World::new("mycloud");
    let policy = |statements: &str| format!("{{document: {{statements: [{statements}]}}}}");
    world.declare(
        "Policy",
        "readers",
        &policy("{sid: Read, effect: allow, actions: ['s3:Get*'], resources: ['b/*']}"),
    );
    world.declare(
        "Policy",
        "baseline",
        &policy("{sid: Audit, effect: deny, actions: ['*'], resources: ['b/audit/*']}"),
    );
    let read = ["can", "readers", "s3:GetObject", "b/audit/x"];
    assert_eq!(world.run(&read).code, 0);
    let both = world.run(&[&read[..], &["--with", "baseline"]].concat());
    assert!(both.code == 1 && both.out.contains("denied by Policy \"baseline\", Audit ("), "{}", both.out);
    let unknown = world.run(&["can", "reader", "s3:GetObject", "b/x"]);
    assert!(unknown.code == 64 && unknown.err.contains("did you mean `readers`?"), "{}", unknown.err);
    // Nobody documents whether case matters in actions.
    assert_eq!(world.run(&["can", "readers", "s3:getobject", "b/x"]).code, 6);
    let objects = World::new("polytomic");
    objects.declare("Role", "A", "{}");
    objects.declare("Policy", "P", "{policy_actions: [{action: read, roles: [A]}]}");
    objects.declare("Policy", "Q", "{policy_actions: [{action: edit, roles: [A]}]}");
    let ask = |action: &str, policy: &str| objects.run(&["can", "A", action, policy]).code;
    assert_eq!([ask("read", "P"), ask("read", "Q"), ask("edit", "Q"), ask("edit", "R")], [0, 1, 0, 64]);
}

#[test]
fn a_witness_of_a_plan_is_kept_as_a_test_that_pins_what_was_before() {
    let world = live_plant();
    world.declare("Policy", "operators", &everywhere().replace("['core:things:*']", "['core:*']"));
    let wrong = world.run(&["plan", "--save-witness", "policies/pins.yaml"]);
    assert_eq!(wrong.code, 64, "{}", wrong.err);
    let file = world.dir.path().join("policies/pins_test.yaml");
    let name = file.to_str().unwrap();
    let plan = world.run(&["plan", "--save-witness", name]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    let (code, document) = json_of(&world, &["test", "--against", "both"]);
    let ended: Vec<_> = outcomes(&document).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!((code, ended), (1, vec!["failed", "passed"]), "{document:#}");
    // Another one is added, and what is there stays.
    let before = std::fs::read_to_string(&file).unwrap();
    assert_eq!(world.run(&["plan", "--save-witness", name]).code, 0);
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&before) && after.len() > before.len());
    assert_eq!(world.run(&["validate"]).code, 0);
    // What is no file of tests is left alone.
    std::fs::write(&file, "apiVersion: compiuta/v1\nkind: Policy\n").unwrap();
    std::fs::rename(&file, world.dir.path().join("pins_test.yaml")).unwrap();
    let refused =
        world.run(&["plan", "--save-witness", world.dir.path().join("pins_test.yaml").to_str().unwrap()]);
    assert!(refused.code == 1 && refused.err.contains("test/witness"), "{}", refused.err);
}

/// A JITSudo policy with these rules.
fn cedar(rules: &[&str]) -> World {
    let world = World::new("jitsudo");
    let rules: Vec<_> = rules.iter().map(|rule| format!("{{policy_text: '{rule}'}}")).collect();
    world.declare("Policy", "p", &format!("{{max_duration_seconds: 60, rules: [{}]}}", rules.join(", ")));
    world
}

#[test]
fn sound_meaning_a_question_about_cedar_is_about_somebody_and_all_that_she_is_in() {
    let world = cedar(&[
        r#"permit (principal is User in Team::"ops", action == Action::"ask", resource is Box);"#,
        r#"permit (principal == Team::"ops", action == Action::"list", resource);"#,
        r#"permit (principal, action == Action::"read", resource in Folder::"a");"#,
        r#"permit (principal, action == Action::"open", resource) when {context.day};"#,
        r#"forbid (principal, action, resource == Box::"9");"#,
    ]);
    let (ana, ops) = (r#"User::"ana""#, r#"Team::"ops""#);
    let can = |action: &str, resource: &str, with: &[&str]| {
        let action = format!(r#"Action::"{action}""#);
        let with: Vec<_> = with.iter().flat_map(|of| ["--with", of]).collect();
        let run = world.run(&[&["can", ana, &action, resource], with.as_slice()].concat());
        (run.code, run.out)
    };
    let (code, text) = can("ask", r#"Box::"1""#, &[ops]);
    assert!(code == 0 && text.contains(r#"yes: Action::"ask" on Box::"1" for User::"ana", Team::"ops": allowed by Policy "p", rule 1"#), "{text}");
    assert_eq!(can("ask", r#"Box::"1""#, &[]).0, 1);
    assert_eq!(can("ask", r#"Lid::"1""#, &[ops]).0, 1);
    assert_eq!(can("ask", r#"Box::"9""#, &[ops]).0, 1);
    // She is in the team, and not the team.
    assert_eq!(can("list", r#"Box::"1""#, &[ops]).0, 1);
    assert_eq!(can("read", r#"Folder::"a""#, &[]).0, 0);
    let (code, text) = can("read", r#"Box::"1""#, &[]);
    assert!(code == 6 && text.contains(r#"the resource is in Folder::"a""#), "{text}");
    assert_eq!(can("open", r#"Box::"1""#, &[]).0, 6);

    let run = world.run(&["who-can", r#"Action::"ask""#, r#"Box::"1""#]);
    assert!(run.out.contains(r#"Team::"ops""#), "{}", run.out);
    let run = world.run(&["can", "ana", r#"Action::"ask""#, r#"Box::"1""#]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
}

#[test]
fn sound_meaning_all_requests_of_a_sort_are_decided_in_cedar_by_the_least_of_them() {
    let world = cedar(&[
        r#"permit (principal is User in Team::"ops", action == Action::"ask", resource is Box);"#,
        r#"permit (principal, action == Action::"read", resource in Folder::"a");"#,
        r#"permit (principal, action == Action::"open", resource) when {context.day};"#,
        r#"forbid (principal, action, resource == Box::"9");"#,
    ]);
    let principals = r#"principals: {ana: ['User::"ana"', 'Team::"ops"'], zoe: ['User::"zoe"']}"#;
    let rows = [
        (
            r#"{name: only ops ask, actions: ['Action::"ask"'], except: {subjects: ['Team::"ops"']}, expect: deny}"#,
            "passed",
            "",
        ),
        (
            r#"{name: nobody asks, actions: ['Action::"ask"'], expect: deny}"#,
            "failed",
            r#"Action::"ask" on Box::"x" for User::"x" in Team::"ops": allowed by Policy "p", rule 1"#,
        ),
        (
            r#"{name: ana asks, principal: ana, actions: ['Action::"ask"'], resources: ['Box::"1"', 'Box::"2"'], expect: allow}"#,
            "passed",
            "",
        ),
        (
            r#"{name: ana asks all, principal: ana, actions: ['Action::"ask"'], resources: ['Box::"1"', 'Box::"9"'], expect: allow}"#,
            "failed",
            r#"denied by Policy "p", rule 4"#,
        ),
        (
            r#"{name: zoe does nothing with lids, principal: zoe, actions: ['Action::"ask"'], expect: deny}"#,
            "passed",
            "",
        ),
        (r#"{name: nobody uses nine, resources: ['Box::"9"'], expect: deny}"#, "passed", ""),
        (
            r#"{name: nobody reads three, actions: ['Action::"read"'], resources: ['Box::"3"'], expect: deny}"#,
            "unknown",
            r#"it depends on whether the resource is in Folder::"a""#,
        ),
        (
            r#"{name: nobody opens, actions: ['Action::"open"'], expect: deny}"#,
            "unknown",
            "it depends on whether context.day",
        ),
    ];
    for (row, outcome, said) in rows {
        world.write(
            "policies/p_test.yaml",
            &format!("apiVersion: enact/v1\nkind: Test\ntarget: live\n{principals}\nfor_all:\n- {row}\n"),
        );
        let json = world.run(&["test", "--format", "json"]).json();
        assert_eq!(json["tests"][0]["outcome"], outcome, "{row}: {json:#}");
        let text = world.run(&["test"]).out;
        assert!(text.contains(said), "{row}: {text}");
    }
}
