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

/// The lines of a journal.
fn lines(world: &World, events: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(world.dir.path().join(events)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines about ended writes.
fn writes(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["event"] == "write_ended").collect()
}

#[test]
fn one_outcome_every_ended_write_is_a_line_of_the_journal() {
    let world = world();
    let (code, document) = apply(&world, "events.jsonl");
    assert_eq!(code, 0, "{document:#}");
    let events = lines(&world, "events.jsonl");
    let mut names = Vec::new();
    for line in writes(&events) {
        assert_eq!(
            (&line["target"], &line["kind"], &line["action"], &line["result"]),
            (&json!("live"), &json!("Role"), &json!("create"), &json!("applied"))
        );
        assert_eq!((&line["cause"], &line["attempts"]), (&json!("unknown"), &json!(1)), "{line}");
        assert_eq!(line["requests"][0]["method"], "POST", "{line}");
        names.push(line["name"].clone());
    }
    names.sort_by_key(Value::to_string);
    assert_eq!(names, ["a", "b", "c"]);
    // A run that writes nothing adds nothing.
    assert_eq!(apply(&world, "events.jsonl").0, 0);
    assert_eq!(lines(&world, "events.jsonl"), events);
}

#[test]
fn a_run_says_in_its_journal_that_it_begins_and_how_it_ended() {
    let world = world();
    let (code, document) = apply(&world, "events.jsonl");
    assert_eq!(code, 0, "{document:#}");
    let events = lines(&world, "events.jsonl");
    let (first, last) = (&events[0], &events[events.len() - 1]);
    assert_eq!(
        (events.len(), &first["event"], &last["event"]),
        (5, &json!("run_started"), &json!("run_ended"))
    );
    let planned = json!({"create": 3, "update": 0, "delete": 0});
    assert_eq!((&first["planned"], &first["targets"]), (&planned, &json!(["live"])), "{first}");
    assert_eq!((&first["digest"], &first["commit"]), (&document["digest"], &document["commit"]), "{first}");
    let ended = (&last["outcome"], &last["exit_code"], &last["counts"]);
    assert_eq!(ended, (&json!("converged"), &json!(0), &json!({"applied": 3})), "{last}");
    assert!(events.iter().all(|line| line["run"] == first["run"]), "{events:?}");

    world.declare("Role", "d", "{}");
    assert_eq!(apply(&world, "events.jsonl").0, 0);
    let more = lines(&world, "events.jsonl");
    assert_ne!(more[5]["run"], first["run"], "each run has an id of its own");
}

#[test]
fn a_run_that_did_not_converge_says_so_in_its_journal() {
    let world = world();
    world.live.inject(Fault { times: 100, ..fault("POST", 403) });
    assert_eq!(apply(&world, "events.jsonl").0, 1);
    let events = lines(&world, "events.jsonl");
    let last = &events[events.len() - 1];
    assert_eq!((&last["outcome"], &last["exit_code"]), (&json!("incomplete"), &json!(1)), "{last}");
    assert_eq!(last["counts"]["failed"], 3, "{last}");
}

#[test]
fn a_repeated_request_is_one_request_of_two_attempts_in_the_journal() {
    let world = World::new("polytomic");
    world.declare("Role", "a", "{}");
    world.live.inject(Fault { times: 1, ..fault("POST", 429) });
    assert_eq!(apply(&world, "events.jsonl").0, 0);
    let events = lines(&world, "events.jsonl");
    let write = writes(&events)[0];
    assert_eq!((&write["attempts"], &write["requests"][0]["attempts"]), (&json!(2), &json!(2)), "{write}");
    assert_eq!(write["requests"].as_array().unwrap().len(), 1, "{write}");
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
    let events = lines(&world, "events.jsonl");
    let writes = writes(&events);
    assert_eq!(
        (writes.len(), &writes[0]["name"], &writes[0]["result"], &writes[0]["requests"]),
        (1, &json!("a"), &json!("not_attempted"), &json!([]))
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
fn nothing_is_written_if_the_journal_cannot_say_that_the_run_begins() {
    let world = world();
    let yaml = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &format!("{yaml}  limits: {{concurrency: 1}}\n"));
    let (code, document) = apply(&world, "/dev/full");
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(outcomes(&document), ["a not_attempted", "b not_attempted", "c not_attempted"]);
    assert_eq!(world.writes(), Vec::<String>::new());
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

#[test]
fn a_write_that_takes_long_keeps_none_behind_it_waiting() {
    let limits = "  limits: {concurrency: 2}\n";
    let world = World::with("mycloud", crate::world::default_settings("mycloud"), limits);
    let declare = |action: &str| {
        for name in ["a", "b", "c", "d", "e", "f"] {
            let statement = format!("{{effect: allow, actions: ['{action}'], resources: [r]}}");
            world.declare("Policy", name, &format!("{{document: {{statements: [{statement}]}}}}"));
        }
    };
    declare("s3:Get");
    world.converge();
    declare("s3:Put");
    // The API does not ask for a wait, so only this one waits before it is sent again.
    let id = world.live.id(&world.object("policies", "a"));
    world.live.inject(Fault { times: 3, path_contains: id, ..fault("PATCH", 502) });
    let (code, document) = apply(&world, "events.jsonl");
    assert_eq!(code, 0, "{document:#}");
    let events = lines(&world, "events.jsonl");
    let ended: Vec<_> = writes(&events).iter().map(|line| line["name"].clone()).collect();
    // A window of two that waits for its first lets one write end before it.
    let at = ended.iter().position(|name| name == "a");
    assert!(ended.len() == 6 && at >= Some(2), "{ended:?}");
}
