//! The journal of an apply: nothing that was written is lost with the process.

use crate::world::{World, fault, outcomes};
use enact::sandbox::Fault;
use serde_json::{Value, json};

/// Three roles that are to be created.
fn world() -> World {
    let world = World::new("polytomic");
    for name in ["a", "b", "c"] {
        world.declare("Role", name, "{}");
    }
    world
}

fn apply(world: &World, events: &str) -> (i32, Value) {
    let run = world.run(&["apply", "--yes", "--format", "json", "--events", events]);
    (run.code, run.json())
}

#[test]
fn one_outcome_every_ended_write_is_a_line_of_the_journal() {
    let world = world();
    let (code, document) = apply(&world, "events.jsonl");
    assert_eq!(code, 0, "{document:#}");
    let text = std::fs::read_to_string(world.dir.path().join("events.jsonl")).unwrap();
    let mut names = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["target"], &line["kind"], &line["action"], &line["result"]),
            (&json!("live"), &json!("Role"), &json!("create"), &json!("applied"))
        );
        assert!(line["time"].is_string());
        names.push(line["name"].clone());
    }
    names.sort_by_key(Value::to_string);
    assert_eq!(names, ["a", "b", "c"]);
    // A run that writes nothing adds nothing.
    assert_eq!(apply(&world, "events.jsonl").0, 0);
    assert_eq!(std::fs::read_to_string(world.dir.path().join("events.jsonl")).unwrap(), text);
}

#[test]
fn one_outcome_a_delete_that_cannot_be_judged_any_more_is_a_line_of_the_journal() {
    let world = world();
    world.converge();
    world.declare_absent("Role", "a");
    // What could refer to the role can be listed and read for both plans, but not again before the delete.
    world.live.inject(Fault { path_contains: "policies".into(), skip: 4, times: 1, ..fault("GET", 403) });
    let (code, document) = apply(&world, "events.jsonl");
    assert_eq!((code, outcomes(&document)), (1, vec!["a not_attempted".to_owned()]), "{document:#}");
    let text = std::fs::read_to_string(world.dir.path().join("events.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (lines.len(), &lines[0]["name"], &lines[0]["result"]),
        (1, &json!("a"), &json!("not_attempted"))
    );
}

#[test]
fn nothing_is_written_where_the_journal_cannot_be_opened() {
    let world = world();
    let (code, document) = apply(&world, "no/such/folder/events.jsonl");
    assert_eq!((code, world.writes()), (1, Vec::new()), "{document:#}");
    assert_eq!(document["diagnostics"][0]["code"], "events/file");
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_recorded_is_not_followed_by_another_write() {
    let world = world();
    let yaml = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &format!("{yaml}  limits: {{concurrency: 1}}\n"));
    let (code, document) = apply(&world, "/dev/full");
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(outcomes(&document), ["a applied", "b not_attempted", "c not_attempted"]);
    assert_eq!(world.writes().len(), 1);
}

#[cfg(unix)]
#[test]
fn the_report_of_what_was_written_outlives_standard_output() {
    let world = world();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = crate::world::enact(world.dir.path())
        .args(["apply", "--yes", "--format", "json"])
        .stdout(full)
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("create Role \"a\": applied") && shown.contains("Applied 3 of 3"), "{shown}");
}
