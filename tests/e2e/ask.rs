//! Questions that the record answers, without asking the target.

use serde_json::{Value, json};

use crate::world::{World, default_settings, fault};
use enact::sandbox::Fault;

const RECORD: &str = "refs/enact/record/live";

fn repo() -> World {
    let world = World::with("polytomic", default_settings("polytomic"), "");
    world.git(&["init", "-q", "-b", "main"]);
    world
}

/// What status says of the only target. It sends nothing.
fn status(world: &World, args: &[&str]) -> Value {
    world.live.clear_requests();
    let run = world.run(&[&["status", "--format", "json"], args].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(world.live.requests().len(), 0, "status asks nobody");
    run.json()["targets"][0].clone()
}

#[test]
fn why_says_where_an_object_is_declared_what_was_before_and_what_follows() {
    let world = repo();
    world.declare("Role", "A", "{}");
    let why = |name: &str| world.run(&["why", "live", name]);
    let new = why("Role/A");
    assert_eq!(new.code, 0, "{}", new.err);
    let expected = "live Role \"A\"\n\n  declared  policies/Role-A.yaml:4:9\n  base      nothing is remembered of this target\n  live      it is not there\n  plan      create\n";
    assert!(new.out.starts_with(expected), "{}", new.out);
    assert!(
        new.out.contains("order     1 of 1 change") && new.out.contains("request   POST /"),
        "{}",
        new.out
    );
    world.declare("Policy", "P", "{policy_actions: [{action: read, roles: [A]}]}");
    let commit = world.commit();
    world.converge();
    let done = why("Role/A").out;
    assert!(done.contains(&format!("base      {:.10} declared the same", commit)), "{done}");
    assert!(
        done.contains("it is there, with the id ") && done.contains("plan      it is as declared"),
        "{done}"
    );
    world.drift("policies", "P", "policy_actions", json!([]));
    world.live.clear_requests();
    let drift = why("Policy/P").out;
    assert!(
        drift.contains("plan      update (drift: the live side changed)") && drift.contains("+   \"A\""),
        "{drift}"
    );
    let data = world.run(&["why", "live", "Policy/P", "--format", "json"]).json();
    assert_eq!(
        data["declared"],
        json!({"file": "policies/Policy-P.yaml", "line": 4, "column": 9, "absent": false})
    );
    assert_eq!(data["base"], json!({"commit": commit, "said": "same"}));
    assert_eq!(data["live"], world.object("policies", "P")["id"]);
    let change = &data["change"];
    assert_eq!(
        (&change["action"], &change["cause"], &change["turn"]),
        (&json!("update"), &json!("drift"), &json!(1))
    );
    assert_eq!(change["fields"][0]["path"], "/policy_actions/read/roles");
    assert_eq!(change["requests"][0]["method"], "PUT");
    assert_eq!(
        (&data["kind"], &data["name"], &data["reason"]),
        (&json!("Policy"), &json!("P"), &Value::Null)
    );
    assert_eq!(world.writes(), Vec::<String>::new());
    world.live.clear_requests();
    for (args, said) in [
        (&["live", "Role/B"][..], "did you mean `Role/A`?"),
        (&["live", "Nope/x"], "`live` has no kind `Nope`"),
        (&["live", "Nope/x"], "its kinds are Role, Policy"),
        (&["live", "Rolle/A"], "did you mean `Role`?"),
        (&["lvie", "Role/A"], "did you mean `live`?"),
        (&["live", "Role/A", "--target", "live"], "leave out `--target`"),
    ] {
        let wrong = world.run(&[&["why"], args].concat());
        assert!(matches!(wrong.code, 3 | 64) && wrong.err.contains(said), "{args:?}: {}", wrong.err);
    }
    world.live.inject(fault("GET", 403));
    let unread = why("Role/A");
    let not_known = "not known: something could not be read";
    assert!(unread.code == 6 && unread.out.contains(&format!("plan      {not_known}")), "{}", unread.out);
    let data = world.run(&["why", "live", "Role/A", "--format", "json"]).json();
    assert_eq!((&data["live"], &data["reason"]), (&Value::Null, &json!(not_known)));
}

#[test]
fn status_without_git_or_a_record_says_what_to_do() {
    let world = World::new("polytomic");
    let text = || world.run(&["status"]);
    assert!(text().out.contains("in no git repository"), "{}", text().out);
    world.git(&["init", "-q", "-b", "main"]);
    world.commit();
    assert!(text().out.contains("`enact apply` begins one"), "{}", text().out);
    assert_eq!(text().code, 0);
    assert_eq!(world.run(&["status", "--target", "lvie"]).code, 3);
    world.write("enact.yaml", "nonsense");
    assert!(!text().out.contains("in no git repository"), "it is in one: {}", text().out);
}

#[test]
fn nothing_forgotten_status_tells_the_last_run_the_last_good_one_and_what_is_not_settled() {
    let world = repo();
    world.declare("Role", "A", "{}");
    let first = world.commit();
    world.converge();
    let good = status(&world, &[]);
    assert_eq!(good["last"]["commit"], json!(first));
    assert_eq!(good["last"]["record"], json!(world.git(&["rev-parse", RECORD])));
    assert_eq!(good["last"], good["last_converged"]);
    world.declare("Role", "B", "{}");
    let second = world.commit();
    world.live.inject(Fault { times: 9, ..fault("POST", 403) });
    assert_eq!(world.apply().0, 1);
    let bad = status(&world, &[]);
    assert_eq!(bad["last"]["commit"], json!(second));
    assert_eq!(bad["last"]["outcome"], "incomplete");
    assert_eq!(bad["last"]["counts"], json!({"failed": 1}));
    assert_eq!(bad["open"], json!([{"kind": "Role", "name": "B"}]));
    assert_eq!(bad["last_converged"]["record"], good["last"]["record"]);
    let text = world.run(&["status"]).out;
    assert!(text.contains("not settled: Role"), "{text}");
    assert_eq!(text, world.run(&["status"]).out, "the same question has the same answer");
}

#[test]
fn a_run_that_was_killed_is_told_from_one_that_ended() {
    let world = repo();
    world.declare("Role", "A", "{}");
    world.commit();
    world.converge();
    // Before its end a run leaves this commit, and nothing follows it if the run is killed.
    let began = world.git(&["rev-list", "--first-parent", "--grep=begins to write", "-1", RECORD]);
    world.git(&["update-ref", RECORD, &began]);
    let cut = status(&world, &[]);
    assert_eq!((&cut["last"]["outcome"], &cut["last"]["ended"]), (&json!("started"), &Value::Null));
    assert_eq!(cut["last_converged"], Value::Null);
    assert_eq!(cut["open"], json!([{"kind": "Role", "name": "A"}]));
    let text = world.run(&["status"]).out;
    assert!(text.contains("it was cut off"), "{text}");
}

#[test]
fn status_says_what_is_held_and_what_expires_on_the_day_that_was_asked_for() {
    let world = repo();
    let manifest = |name: &str, metadata: &str| {
        let text = crate::world::manifest("polytomic", "Role", name, metadata, "{}");
        world.write(&crate::world::file("Role", name), &text);
    };
    manifest("H", "  hold: {until: 2090-03-31, reason: repair}\n");
    manifest("E", "  expires: 2090-03-31\n");
    let on = |day: &str| status(&world, &["--now", day]);
    let before = on("2090-03-30");
    assert_eq!(
        before["holds"],
        json!([{"kind": "Role", "name": "H", "until": "2090-03-31", "reason": "repair"}])
    );
    assert_eq!(before["expiries"], json!([{"kind": "Role", "name": "E", "expires": "2090-03-31"}]));
    assert_eq!(on("2090-03-31")["holds"], json!([]));
    assert_eq!(on("2090-03-01")["expiries"], json!([]));
}

#[test]
fn a_record_that_is_damaged_does_not_hide_the_rest() {
    let world = repo();
    world.declare("Role", "A", "{}");
    world.commit();
    world.git(&["update-ref", RECORD, "HEAD"]);
    let run = world.run(&["status", "--format", "json"]);
    assert_eq!(run.json()["targets"][0]["last"], Value::Null);
    assert_eq!(crate::world::codes(&run.json()), ["record/damaged"]);
}

#[test]
fn one_writer_unlock_removes_a_lock_that_a_run_left_behind_and_says_whose_it_was() {
    let world = World::new("polytomic");
    world.declare("Role", "a", "{}");
    world.git(&["init", "-q", "-b", "main"]);
    world.commit();
    let free = world.run(&["unlock", "live"]);
    assert_eq!((free.code, free.out.contains("live is not locked")), (0, true), "{}{}", free.out, free.err);
    let lock = json!({
        "format_version": 1, "run": "r-1", "holder": "somebody", "host": "gone", "run_url": null,
        "started": "2026-01-01T00:00:00Z", "ends": "2999-01-01T00:00:00Z",
    });
    world.write(".git/lock.json", &lock.to_string());
    let blob = world.git(&["hash-object", "-w", ".git/lock.json"]);
    world.write(".git/tree", &format!("100644 blob {blob}\tlock.json\n"));
    let tree = std::process::Command::new("sh")
        .args(["-ec", "git update-ref refs/enact/lock/live $(git -c user.name=a -c user.email=a@example.com commit-tree -m x $(git mktree < .git/tree))"])
        .current_dir(world.dir.path())
        .status();
    assert!(tree.unwrap().success());
    let run = world.run(&["apply", "--yes", "--format", "json"]);
    assert_eq!((run.code, world.writes().len()), (7, 0), "{}", run.out);
    assert!(run.out.contains("somebody") && run.out.contains("enact unlock live"), "{}", run.out);
    assert_ne!(world.run(&["unlock", "live"]).code, 0, "there is nobody to ask");
    let wrong = world.run(&["unlock", "lives", "--yes"]);
    assert!(wrong.code != 0 && wrong.err.contains("did you mean `live`?"), "{}", wrong.err);
    let unlocked = world.run(&["unlock", "live", "--yes", "--format", "json"]).json();
    assert_eq!((&unlocked["removed"], &unlocked["lock"]["holder"]), (&json!(true), &json!("somebody")));
    assert_eq!(world.run(&["apply", "--yes"]).code, 0);
}
