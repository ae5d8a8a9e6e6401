//! What ends in the same way for many objects is told once, with the names of all, and with help that fits.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{GROUP, World, codes, kind, thing};

const NAMES: [&str; 6] = ["ant", "bee", "cat", "dog", "elk", "fox"];

/// Things that are read one by one, each declared otherwise than it is.
fn things(change: impl FnOnce(&mut Value)) -> World {
    let world = World::things(change);
    for (index, name) in NAMES.into_iter().enumerate() {
        world.api.insert("things", json!({"name": name, "size": 50 + index}));
        world.declare("Thing", name, &format!("{{size: {}}}", 2 + index));
    }
    world
}

/// Refuses every read of one thing after so many of them.
fn break_reads(world: &World, after: usize) {
    let mut reads = 0;
    world.api.on(move |seen, _| {
        reads += usize::from(seen.path.starts_with("/base/things/"));
        let is_one = seen.method == "GET" && seen.path.starts_with("/base/things/");
        (is_one && reads > after).then(|| Reply::new(418, json!({"message": "the store is closed"})))
    });
}

fn times(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

#[test]
fn objects_that_cannot_be_read_for_one_cause_are_one_block_with_all_their_names() {
    let world = things(|kind| kind["list"]["whole"] = json!(false));
    break_reads(&world, 0);
    let run = world.run(&["plan"]);
    assert_eq!(times(&run.err, "error[live/unreadable]"), 1, "{}", run.err);
    assert!(NAMES.iter().all(|name| run.err.contains(&format!("\"{name}\""))), "{}", run.err);
    assert!(run.err.contains("the same of 5 others") && !run.err.contains("run again"), "{}", run.err);
    let comment = world.run(&["plan", "--format", "markdown"]).out;
    assert_eq!(times(&comment, "the store is closed"), 1, "{comment}");
    assert!(NAMES.iter().all(|name| comment.contains(name)), "{comment}");
    // A program has each for itself.
    assert_eq!(codes(&world.plan()), ["live/unreadable"; 6]);
}

#[test]
fn one_wrong_login_is_one_block_however_many_kinds_there_are() {
    let scratch = |kind: &mut Value| kind["scratch"] = json!({"spec": {}, "change": {"note": "x"}});
    let kinds = [kind(GROUP, scratch), thing(scratch)];
    let world = World::new(&kinds, &[("groups", Habits::default()), ("things", Habits::default())]);
    world.declare("Group", "g", "{}");
    world.declare("Thing", "t", "{}");
    world.api.on(|_, _| Some(Reply::new(401, json!({"message": "who are you?"}))));
    let try_it = ["check-system", "plain.yaml", "--against", "live", "--scratch", "enact-try"];
    for (args, code) in [(&["plan"][..], "live/unreadable"), (&try_it, "probe/unreadable")] {
        let run = world.run(args);
        assert_eq!(times(&run.err, &format!("error[{code}]")), 1, "{}", run.err);
        assert!(run.err.contains("Group") && run.err.contains("Thing"), "{}", run.err);
    }
}

#[test]
fn writes_that_are_held_back_for_one_cause_are_one_block_with_all_their_names() {
    let world = things(|_| {});
    // The plan reads each once, and so does the plan that is applied.
    break_reads(&world, 2 * NAMES.len());
    let run = world.run(&["apply", "--yes"]);
    assert_eq!(times(&run.out, "the store is closed"), 1, "{}", run.out);
    assert_eq!(times(&run.out, "not attempted: "), 1, "{}", run.out);
    assert!(run.out.contains("6 changes: not attempted"), "{}", run.out);
    assert!(NAMES.iter().all(|name| run.out.contains(&format!("\"{name}\""))), "{}", run.out);
}

#[test]
fn nobody_is_told_to_repeat_what_is_refused_for_good() {
    let world = World::things(|_| {});
    world.declare("Thing", "t", "{}");
    for (status, body) in [(400, json!({})), (501, json!({})), (200, json!({"things": []}))] {
        world.api.on(move |_, _| Some(Reply::new(status, body.clone())));
        let help = world.plan()["diagnostics"][0]["help"].to_string();
        assert!(help.contains("definition") && !help.contains("run again"), "{status}: {help}");
    }
    world.api.on(|_, _| Some(Reply::new(409, json!({}))));
    assert!(world.plan()["diagnostics"][0]["help"].to_string().contains("run again"));
}

#[test]
fn two_objects_with_one_id_are_named_with_their_places() {
    let world = World::things(|_| {});
    for (name, id) in [("a", "1"), ("b", "2"), ("a", "3")] {
        world.api.insert("things", json!({"id": id, "name": name, "size": 1}));
    }
    world.declare("Thing", "b", "{size: 2}");
    // The second row of it is another state of the same object, so nobody knows which one counts.
    world.api.change("things", |things| {
        things[2]["id"] = json!("1");
        things[2]["size"] = json!(3);
    });
    let document = world.refused(6);
    let found = document["diagnostics"][0]["message"].as_str().unwrap();
    assert!(found.ends_with("has two objects with the id `1`, at `/0` and `/2`"), "{found}");
    world.api.change("things", |things| things[2] = things[0].clone());
    world.converge();
}
