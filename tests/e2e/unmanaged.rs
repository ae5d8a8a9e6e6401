//! Promise 16, nothing-forgotten, of what git never declared: it is counted, and it is no change.

use crate::world::{World, actions, codes, fault, manifest};
use serde_json::{Value, json};

const ID: &str = "00000000-0000-4000-8000-00000000000";

/// Makes a role by hand, as a person with a console would.
fn make_role(world: &World, number: usize, name: &str, system: bool) {
    let role = json!({"id": format!("{ID}{number}"), "name": name, "system": system});
    assert!(world.live.insert("roles", role));
}

/// A target that holds the role that git declares, two that it does not, and one of the system.
fn world(more: &str) -> World {
    let world = World::with("polytomic", "{}", more);
    world.declare("Role", "ours", "{}");
    world.converge();
    make_role(&world, 1, "b by hand", false);
    make_role(&world, 2, "a by hand", false);
    make_role(&world, 3, "Owner", true);
    world
}

/// The names of what is not in git.
fn unmanaged(document: &Value) -> Vec<&str> {
    document["unmanaged"].as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect()
}

fn counted(document: &Value) -> &Value {
    &document["coverage"][0]["counted"]
}

#[test]
fn nothing_forgotten_what_git_never_declared_is_named_and_costs_no_request() {
    let world = world("");
    let before = world.live.requests().len();
    let plan = world.plan();
    assert_eq!(world.live.requests().len(), before, "the lists are read in any case");
    assert_eq!(
        plan["unmanaged"],
        json!([{"target": "live", "kind": "Role", "name": "a by hand", "remote": format!("{ID}2"), "new": null, "content": null},
               {"target": "live", "kind": "Role", "name": "b by hand", "remote": format!("{ID}1"), "new": null, "content": null}]),
        "nothing-forgotten"
    );
    let coverage = counted(&plan);
    assert_eq!(
        (&coverage["managed"], &coverage["unmanaged"], &coverage["percent"]),
        (&json!(1), &json!(2), &json!(33)),
        "{coverage:#}"
    );
    let own = world.objects("roles").iter().filter(|role| role["system"] == true).count();
    assert_eq!(coverage["system"], json!(own));
    for format in ["text", "markdown"] {
        let run = world.run(&["plan", "--exit-code", "--format", format]);
        assert_eq!(run.code, 0, "it is no pending change");
        assert!(run.out.contains("2 live objects are not in git"), "{}", run.out);
        assert!(run.out.contains("a by hand") && !run.out.contains("Owner"), "{}", run.out);
    }
    let (code, document) = world.apply();
    assert_eq!((code, world.writes(), unmanaged(&document).len()), (0, Vec::new(), 2), "{document:#}");
}

#[test]
fn nothing_forgotten_what_was_made_during_an_apply_is_in_its_second_plan() {
    let world = world("");
    world.declare("Role", "a by hand", "{}");
    world.declare("Role", "another", "{}");
    let (code, document) = world.apply();
    assert_eq!((code, unmanaged(&document)), (0, vec!["b by hand"]), "{document:#}");
    assert_eq!(counted(&document)["managed"], json!(3), "counted after the create");
}

#[test]
fn an_object_that_git_declares_in_any_way_is_in_git() {
    let world = world("");
    // Deleted, renamed, and in another case: polytomic takes that for the same name.
    world.declare_absent("Role", "B by hand");
    let renamed = manifest("polytomic", "Role", "new", "  previously: ['a by hand']\n", "{}");
    world.write("policies/renamed.yaml", &renamed);
    let plan = world.plan();
    assert_eq!(unmanaged(&plan), [""; 0], "{plan:#}");
    assert_eq!(counted(&plan)["percent"], json!(100));
}

#[test]
fn only_kinds_that_were_listed_completely_are_counted() {
    let world = world("");
    let plan = world.plan();
    let kinds = |document: &Value| {
        let counted = counted(document);
        (counted["kinds"].clone(), counted["not_counted"].clone())
    };
    assert_eq!(kinds(&plan), (json!(["Role"]), json!(["Policy"])), "no manifest needs the policies");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [ours]}]}");
    assert_eq!(kinds(&world.plan()), (json!(["Role", "Policy"]), json!([])));
    world.live.inject(fault("GET", 503));
    let run = world.run(&["plan", "--format", "json"]);
    let plan = run.json();
    assert_eq!((run.code, kinds(&plan)), (6, (json!([]), json!(["Role", "Policy"]))), "{plan:#}");
    assert_eq!((unmanaged(&plan), &counted(&plan)["percent"]), (vec![], &Value::Null));
}

#[test]
fn refuse_is_a_guard_that_can_be_let_through_once() {
    let world = world("  unmanaged: refuse\n");
    world.declare("Role", "more", "{}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document), world.writes()), (4, vec!["guard/unmanaged"], vec![]));
    let message = document["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("Role `a by hand`, Role `b by hand`"), "{message}");
    let run = world.run(&["apply", "--yes", "--allow", "unmanaged", "--format", "json"]);
    let document = run.json();
    assert_eq!((run.code, actions(&document)), (0, vec!["create Role more".to_owned()]), "{document:#}");
    assert_eq!(document["diagnostics"][0]["severity"], "warning");
}

#[test]
fn what_is_left_out_is_counted_apart_and_not_refused() {
    let world = world("  unmanaged: {mode: refuse, except: ['Role/* by hand']}\n");
    let plan = world.plan();
    assert_eq!((codes(&plan), unmanaged(&plan)), (vec![], vec![]), "{plan:#}");
    assert_eq!((&counted(&plan)["excepted"], &counted(&plan)["percent"]), (&json!(2), &json!(100)));
}

#[test]
fn what_nobody_wants_to_count_is_said_to_be_left_out() {
    let world = world("  unmanaged: ignore\n");
    let plan = world.plan();
    assert_eq!(plan["coverage"], json!([{"target": "live", "left_out": "ignored", "counted": null}]));
    assert!(!world.run(&["plan"]).out.contains("not in git"));
}

#[test]
fn only_declared_counts_nothing_and_says_so() {
    let world = world("  unmanaged: refuse\n");
    world.git(&["init", "-q", "-b", "main"]);
    world.commit();
    let only = ["plan", "--only-declared", "--base", "HEAD"];
    let plan = world.run(&[&only[..], &["--format", "json"]].concat()).json();
    assert_eq!(plan["coverage"], json!([{"target": "live", "left_out": "only_declared", "counted": null}]));
    for format in ["text", "markdown"] {
        let run = world.run(&[&only[..], &["--format", format]].concat());
        assert_eq!(run.code, 0);
        assert!(run.out.contains("not counted with --only-declared"), "{}", run.out);
    }
    assert_eq!(world.run(&[&only[..], &["--unmanaged"]].concat()).code, 64, "nothing is there to show");
}

#[test]
fn the_content_of_what_is_not_in_git_is_shown_whole_on_demand() {
    let world = world("");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [ours]}]}");
    world.declare("Policy", "q", "{policy_actions: [{action: edit, roles: [ours]}]}");
    world.converge();
    std::fs::remove_file(world.dir.path().join("policies/Policy-q.yaml")).unwrap();
    let run = world.run(&["plan", "--unmanaged", "--format", "json"]);
    let found = run.json()["unmanaged"].as_array().unwrap().clone();
    let policy = found.iter().find(|found| found["kind"] == "Policy").unwrap();
    // A list of policies has only summaries.
    assert_eq!(
        policy["content"],
        json!({"policy_actions": [{"action": "edit", "roles": ["ours"]}]}),
        "{found:#?}"
    );
    for format in ["text", "markdown"] {
        let run = world.run(&["plan", "--unmanaged", "--format", format]);
        assert!(run.code == 0 && run.out.contains("edit"), "{}", run.out);
        assert!(!world.run(&["plan", "--format", format]).out.contains("edit"));
    }
}

#[test]
fn nothing_forgotten_what_another_target_of_the_api_declares_is_in_git() {
    let world = World::new("compiuta");
    let row = |name: &str| {
        format!(
            "- {{name: {name}, system: compiuta, url: '{}', auth: {{bearer: {{env: ENACT_TEST_KEY}}}}, \
             include: ['policies/{name}/**']}}\n",
            world.live.url()
        )
    };
    let rows = row("a") + &row("b");
    world.write(
        "enact.yaml",
        &format!("apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n{rows}"),
    );
    for name in ["a", "b"] {
        let spec = "{name: R, actions: ['core:things:get']}";
        world.write(&format!("policies/{name}/r.yaml"), &manifest("compiuta", "Role", name, "", spec));
    }
    world.converge();
    let theirs = json!({"id": "theirs", "name": "T", "type": "CUSTOM", "actions": ["a:b:c"], "tenants": []});
    assert!(world.live.insert("roles", theirs));
    let one = world.run(&["plan", "--target", "a", "--format", "json"]).json();
    assert_eq!((unmanaged(&one), &counted(&one)["managed"]), (vec!["theirs"], &json!(2)), "{one:#}");
}

#[test]
fn what_git_gave_up_is_told_from_what_it_never_declared() {
    let world = world("");
    world.git(&["init", "-q", "-b", "main"]);
    world.declare("Role", "old", "{}");
    world.commit();
    assert_eq!(world.apply().0, 0);
    std::fs::remove_file(world.dir.path().join("policies/Role-old.yaml")).unwrap();
    let plan = world.plan();
    assert_eq!((unmanaged(&plan), &counted(&plan)["given_up"]), (vec!["a by hand", "b by hand"], &json!(1)));
    assert_eq!(counted(&plan)["percent"], json!(25), "of four, git declares one");
}

#[test]
fn nothing_forgotten_what_git_gave_up_is_known_by_its_id_and_another_of_its_name_is_not() {
    let world = world("");
    world.git(&["init", "-q", "-b", "main"]);
    world.declare("Role", "old", "{}");
    world.commit();
    assert_eq!(world.apply().0, 0);
    std::fs::remove_file(world.dir.path().join("policies/Role-old.yaml")).unwrap();
    world.commit();
    world.drift("roles", "old", "name", json!("renamed by hand"));
    let plan = world.plan();
    assert_eq!((unmanaged(&plan), &counted(&plan)["given_up"]), (vec!["a by hand", "b by hand"], &json!(1)));
    assert_eq!(plan["survivors"][0]["name"], "old", "nothing-forgotten: {plan:#}");
    // Somebody makes another one of the name.
    make_role(&world, 5, "old", false);
    let plan = world.plan();
    assert_eq!(unmanaged(&plan), ["a by hand", "b by hand", "old"], "nothing-forgotten: {plan:#}");
    assert_eq!(counted(&plan)["given_up"], json!(1));
}

#[test]
fn inert_output_of_what_somebody_made_by_hand() {
    let world = world("  unmanaged: refuse\n");
    let hostile = "x\n::set-output name=a::b ##[a]\u{1b}[2J</details>`\u{202e}";
    make_role(&world, 4, hostile, false);
    for format in ["text", "json", "markdown"] {
        for flags in [&[][..], &["--unmanaged"], &["-v"]] {
            // `Run` looks for live commands in every output.
            let run = world.run(&[&["plan", "--format", format], flags].concat());
            assert_eq!(run.code, 4, "{}", run.out);
            assert!(!run.out.contains(['\u{1b}', '\u{202e}']), "inert-output: {}", run.out);
        }
    }
    let plan = world.plan();
    assert!(unmanaged(&plan).contains(&hostile), "JSON holds the very name");
}

#[test]
fn a_pattern_that_can_match_nothing_is_an_error_at_its_place() {
    for (pattern, says) in [
        ("Polcy/*", "names no kind"),
        ("legacy-*", "not a glob over objects"),
        ("Role/[a", "not a glob over objects"),
    ] {
        let world = World::with(
            "polytomic",
            "{}",
            &format!("  unmanaged: {{mode: report, except: ['{pattern}']}}\n"),
        );
        world.declare("Role", "r", "{}");
        let run = world.run(&["validate", "--format", "json"]);
        let document = run.json();
        let diagnostic = &document["diagnostics"][0];
        assert_eq!((run.code, &diagnostic["code"]), (3, &json!("config/glob")), "{document:#}");
        assert!(diagnostic["message"].as_str().unwrap().contains(says), "{document:#}");
        assert!(diagnostic["line"].as_u64() > Some(1), "{document:#}");
    }
    for (wrong, says) in [
        ("refuze", "did you mean `refuse`?"),
        ("{mode: refuze}", "did you mean `refuse`?"),
        ("{modes: refuse}", "did you mean `mode`?"),
        ("[refuse]", "write a mapping or a string"),
    ] {
        let world = World::with("polytomic", "{}", &format!("  unmanaged: {wrong}\n"));
        let run = world.run(&["validate"]);
        assert_eq!(run.code, 3);
        assert!(run.err.contains("targets[0].unmanaged") && run.err.contains(says), "{}", run.err);
    }
}

#[test]
fn nothing_forgotten_what_is_new_since_the_last_run_is_marked() {
    let repo = crate::history::Repo::new("polytomic", "");
    let add = |collection: &str, name: &str, more: Value| {
        let mut object = json!({"id": format!("id of {name}"), "name": name, "system": false});
        object.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        assert!(repo.live.insert(collection, object));
    };
    let new = |plan: &Value| -> Vec<String> {
        let all = plan["unmanaged"].as_array().unwrap().iter();
        all.map(|one| format!("{} {}", one["name"].as_str().unwrap(), one["new"])).collect()
    };
    add("roles", "x", json!({}));
    repo.declare("Role", "A", "{}");
    repo.commit();
    assert_eq!(new(&repo.plan()), ["x null"], "nobody knows");
    repo.converge();
    add("roles", "y", json!({}));
    assert_eq!(new(&repo.plan()), ["x false", "y true"]);
    assert!(repo.run(&["plan"]).out.contains("Role \"y\" (new)"), "{}", repo.run(&["plan"]).out);

    // No manifest needed the list of policies until now.
    add("policies", "q", json!({"policy_actions": []}));
    repo.declare("Policy", "P", "{policy_actions: [{action: read, roles: [A]}]}");
    repo.commit();
    assert_eq!(new(&repo.plan()), ["q null", "x false", "y true"]);
    repo.converge();
    // And once it is not needed any more, what is known of it stays known.
    repo.remove("Policy", "P");
    repo.commit();
    assert_eq!(repo.apply_with(&[]).code, 0);
    repo.declare("Policy", "P", "{policy_actions: [{action: read, roles: [A]}]}");
    repo.commit();
    assert!(new(&repo.plan()).contains(&"q false".to_owned()), "{:#}", repo.plan()["unmanaged"]);
}
