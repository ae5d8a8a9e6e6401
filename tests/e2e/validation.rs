//! Validation as a user sees it: every problem at once, each with its place, its line and what to do.

use std::time::Instant;

use crate::world::{Run, World};

const HEAD: &str = "apiVersion: jitsudo/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n";

fn validate(system: &'static str, files: &[(&str, &str)]) -> Run {
    let world = World::new(system);
    for (file, text) in files {
        world.write(&format!("policies/{file}"), text);
    }
    let run = world.run(&["validate"]);
    assert_eq!(world.live.requests().len(), 0, "validate sends nothing");
    run
}

/// Each diagnostic as `file:line:column code`.
fn diagnostics(run: &Run) -> Vec<String> {
    let mut lines = run.err.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let code = line.split_once('[').and_then(|(kind, rest)| {
            ["error", "warning"].contains(&kind).then(|| rest.split(']').next().unwrap())
        });
        if let Some(code) = code {
            let place = lines.next().unwrap_or_default().trim().trim_start_matches("--> policies/");
            found.push(format!("{place} {code}"));
        }
    }
    found
}

#[test]
fn a_diagnostic_shows_the_line_with_the_place_marked_and_what_to_do() {
    let run = validate(
        "jitsudo",
        &[("a.yaml", &format!("{HEAD}  max_duration_seconds: 60\n  descripton: hello\n"))],
    );
    assert_eq!(
        run.err,
        "\
error[schema/unknown-field]: unknown field `descripton`
 --> policies/a.yaml:6:3
  |
6 |   descripton: hello
  |   ^^^^^^^^^^
  |
  = in: spec.descripton
  = help: did you mean `description`?

"
    );
    assert_eq!(run.code, 3);
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    let a = format!(
        "{HEAD}  priority: high\n  default_duration_seconds: 90\n  max_duration_seconds: 60\n  rules:\n  - {{effect: allow, principal_scope_type: any, action_scope_type: any, resource_scope_type: any}}\n  - policy_text: 'permit (principal, action);'\n  - {{effect: permit, principal_scope_type: eq, action_scope_type: eq, resource_scope_type: any}}\n"
    );
    let b = "a: 1\na: 2\n---\napiVersion: jitsudo/v1\nkind: Polcy\n---\napiVersion: jitsudo/v1\nkind: Policy\nmetadata: {name: p}\nspec: {}\n---\nkey: [unclosed\n";
    let run = validate("jitsudo", &[("a.yaml", &a), ("b.yaml", b)]);
    assert_eq!(
        diagnostics(&run),
        [
            "a.yaml:5:13 schema/type",
            "a.yaml:6:29 jitsudo/duration",
            "a.yaml:9:14 schema/enum",
            "a.yaml:10:18 jitsudo/cedar",
            "a.yaml:11:44 jitsudo/scope",
            "a.yaml:11:44 jitsudo/scope",
            "a.yaml:11:67 jitsudo/scope",
            "b.yaml:2:1 yaml/duplicate-key",
            "b.yaml:5:7 manifest/kind",
            "b.yaml:9:18 manifest/declared-twice",
            "b.yaml:12:15 yaml/syntax",
        ],
        "{}",
        run.err
    );
}

#[test]
fn yaml_means_what_version_1_2_says() {
    let policy = |line: &str| {
        format!("apiVersion: mycloud/v1\nkind: Policy\nmetadata: {{name: p}}\nspec: {{{line}}}\n")
    };
    assert_eq!(validate("mycloud", &[("a.yaml", &policy("description: no"))]).code, 0, "`no` is a text");
    assert_eq!(validate("mycloud", &[("a.yaml", &policy("description: on"))]).code, 0, "`on` is a text");
    let run = validate("mycloud", &[("a.yaml", &policy("description: 0123456789012"))]);
    assert!(run.code == 3 && run.err.contains("quote it: `\"0123456789012\"`"), "{}", run.err);
    let run = validate("jitsudo", &[("a.yaml", &format!("{HEAD}  enabled: yes\n"))]);
    assert!(run.code == 3 && run.err.contains("write `true`"), "{}", run.err);
}

#[test]
fn what_a_schema_cannot_say_is_checked_too() {
    let compiuta = "apiVersion: compiuta/v1\nkind: Policy\nmetadata: {name: Bad Id}\nspec:\n  members: ['team:local:a', 'nobody']\n  statements:\n  - {effect: DENY}\n  - {actions: ['not an action']}\n";
    assert_eq!(
        diagnostics(&validate("compiuta", &[("a.yaml", compiuta)])),
        [
            "a.yaml:3:18 schema/pattern",
            "a.yaml:5:29 compiuta/member",
            "a.yaml:7:5 compiuta/empty-statement",
            "a.yaml:8:16 schema/pattern",
        ]
    );
    let mycloud = "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  document:\n    statements:\n    - {sid: A, effect: allow, actions: ['a:b'], resources: [r]}\n    - {sid: A, effect: Allow, actions: ['a:b'], resources: []}\n";
    assert_eq!(
        diagnostics(&validate("mycloud", &[("a.yaml", mycloud)])),
        ["a.yaml:8:13 mycloud/sid-twice", "a.yaml:8:24 schema/enum", "a.yaml:8:60 schema/items"]
    );
    let polytomic = "apiVersion: polytomic/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  policy_actions:\n  - {action: raed, roles: [Wharehouse]}\n  - {action: read, role_ids: [nope]}\n---\napiVersion: polytomic/v1\nkind: Role\nmetadata: {name: Warehouse}\nspec: {}\n";
    assert_eq!(
        diagnostics(&validate("polytomic", &[("a.yaml", polytomic)])),
        [
            "a.yaml:6:14 polytomic/unknown-action",
            "a.yaml:6:28 reference/undeclared",
            "a.yaml:7:31 schema/pattern"
        ]
    );
}

#[test]
fn a_reference_to_what_git_deletes_or_to_nothing_is_an_error() {
    let files = "apiVersion: polytomic/v1\nkind: Role\nmetadata: {name: R, ensure: absent}\n---\napiVersion: polytomic/v1\nkind: Policy\nmetadata: {name: p}\nspec: {policy_actions: [{action: read, roles: [R]}]}\n";
    let run = validate("polytomic", &[("a.yaml", files)]);
    assert_eq!((run.code, diagnostics(&run)), (3, vec!["a.yaml:8:48 reference/deleted".to_owned()]));

    let world = World::new("polytomic");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [Membr]}]}");
    let run = world.run(&["plan"]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err.contains("policies/Policy-p.yaml:5:48") && run.err.contains("did you mean `Member`?"),
        "{}",
        run.err
    );
}

#[test]
fn configuration_mistakes_have_a_place_too() {
    let config = "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n- {name: Bad Name, system: polytomc, url: 'http://example.com', auth: {bearer: {env: X}}}\n- {name: b, system: jitsudo, url: 'https://a.b', auth: {beerer: {env: X}}, settings: {tenant: x}, limitz: {}}\n";
    let world = World::new("polytomic");
    world.write("enact.yaml", config);
    let run = world.run(&["validate"]);
    assert_eq!(run.code, 3);
    for part in ["enact.yaml:5:10", "enact.yaml:6:57", "did you mean `bearer`?", "did you mean `limits`?"] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    let config = "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n- {name: a, system: polytomc, url: 'http://example.com', auth: {bearer: {env: X}}}\n- {name: a, system: jitsudo, url: 'https://a.b', auth: {bearer: {env: X}}}\n";
    world.write("enact.yaml", config);
    let run = world.run(&["validate"]);
    for part in
        ["did you mean `polytomic`?", "is not encrypted", "needs `settings` with `tenant`", "defined twice"]
    {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

#[test]
fn hostile_files_end_in_a_clear_error_within_a_second() {
    let bomb = (1..10).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        let below = format!("*a{},", level - 1).repeat(9);
        format!("{text}a{level}: &a{level} [{below}]\n")
    });
    let deep = "[".repeat(100_000);
    let nested: String = (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth % 200))).collect();
    let huge = "x".repeat(2 << 20);
    for (name, text) in [("bomb", bomb), ("deep", deep), ("nested", nested), ("huge", huge)] {
        let started = Instant::now();
        let run = validate("polytomic", &[("hostile.yaml", &text)]);
        let took = started.elapsed();
        assert!(run.code == 3 && run.err.contains("hostile.yaml"), "{name}: {} {}", run.code, run.err);
        // A debug build on a busy machine; the promise of a second is checked with optimisation.
        let limit = if cfg!(debug_assertions) { 20.0 } else { 1.0 };
        assert!(took.as_secs_f32() < limit, "{name}: {took:?}");
    }
}

#[cfg(unix)]
#[test]
fn symbolic_links_and_paths_that_lead_out_are_refused() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    std::os::unix::fs::symlink("/etc/passwd", world.dir.path().join("policies/link.yaml")).unwrap();
    let run = world.run(&["validate"]);
    assert!(run.code == 3 && run.err.contains("`policies/link.yaml` is a symbolic link"), "{}", run.err);
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &config.replace("[policies]", "[../policies]"));
    let run = world.run(&["validate"]);
    assert!(run.code == 3 && run.err.contains("leads out of the folder"), "{}", run.err);
}

#[test]
fn an_empty_or_missing_folder_is_an_error_and_never_a_wish_for_nothing() {
    let world = World::new("polytomic");
    let run = world.run(&["plan"]);
    assert!(run.code == 3 && run.err.contains("there is no manifest"), "{}", run.err);
    std::fs::remove_dir(world.dir.path().join("policies")).unwrap();
    let run = world.run(&["plan"]);
    assert!(run.code == 3 && run.err.contains("does not exist"), "{}", run.err);
}
