//! References inside a kind: created from the root on, deleted from the leaves on, never in a circle.

use serde_json::{Value, json};

use crate::store::Habits;
use crate::world::{GROUP, World, actions, calls, codes, file, kind};

fn world(change: impl FnOnce(&mut Value)) -> World {
    let group = kind(GROUP, |group| {
        group["references"] = json!({"/parent": "Group"});
        group["spec"]["properties"]["parent"] = json!({"type": ["string", "integer"]});
        change(group);
    });
    World::new(&[group], &[("groups", Habits::numbers())])
}

/// The groups `names`, each below the one after it.
fn chain(world: &World, names: &[&str]) {
    for pair in names.windows(2) {
        world.declare("Group", pair[0], &format!("{{parent: {}}}", pair[1]));
    }
    world.declare("Group", names[names.len() - 1], "{}");
}

#[test]
fn what_is_above_is_created_first_and_deleted_last_whatever_the_names() {
    for names in [["a", "b", "c", "d"], ["d", "c", "b", "a"], ["b", "d", "a", "c"]] {
        let world = world(|_| {});
        chain(&world, &names);
        let [first, second, third, root] = names;
        let created = [root, third, second, first].map(|name| format!("create Group {name}"));
        assert_eq!(actions(&world.plan()), created);
        world.converge();
        let id = |name: &str| world.object("groups", "name", name)["id"].clone();
        assert_eq!(world.object("groups", "name", first)["parent"], id(second));
        let ids = names.map(id);
        names.iter().for_each(|name| world.declare_absent("Group", name));
        let deleted = ids.map(|id| format!("DELETE /base/groups/{id}"));
        assert_eq!(calls(&world.converge()), deleted);
    }
}

#[test]
fn a_move_below_a_new_object_waits_for_it_and_the_old_one_goes_last() {
    let world = world(|_| {});
    chain(&world, &["a", "old"]);
    world.converge();
    world.declare("Group", "a", "{parent: z-new}");
    world.declare("Group", "z-new", "{}");
    world.declare_absent("Group", "old");
    let methods: Vec<_> = world.converge().iter().map(|seen| seen.method.clone()).collect();
    assert_eq!(methods, ["POST", "PATCH", "DELETE"]);
}

#[test]
fn crash_safe_what_is_below_waits_if_what_is_above_fails() {
    let world = world(|_| {});
    chain(&world, &["a", "b", "c"]);
    world.api.on(|seen, _| {
        (seen.body["name"] == "b").then(|| crate::api::Reply::new(400, json!({"message": "no"})))
    });
    let (code, _) = world.apply();
    assert_eq!((code, world.api.objects("groups").len()), (1, 1), "only the root");
    world.api.on(|_, _| None);
    world.converge();
    assert_eq!(world.api.objects("groups").len(), 3);
}

#[test]
fn a_circle_is_refused_with_both_places() {
    let world = world(|_| {});
    world.declare("Group", "a", "{parent: b}");
    world.declare("Group", "b", "{note: x, parent: c}");
    world.declare("Group", "c", "{parent: a}");
    world.declare("Group", "self", "{parent: self}");
    let document = world.refused(3);
    assert_eq!(codes(&document), ["reference/circle", "reference/circle"], "{document:#}");
    let first = &document["diagnostics"][0];
    assert_eq!(
        (&first["file"], &first["line"], &first["column"]),
        (&json!(file("Group", "a")), &json!(5), &json!(16))
    );
    assert!(first["message"].as_str().unwrap().ends_with("`a` -> `b` -> `c` -> `a`"), "{first:#}");
    let other = format!("{}:5:16", file("Group", "c"));
    assert!(first["help"].as_str().unwrap().contains(&other), "{first:#}");
}

#[test]
fn a_tree_is_imported_by_name() {
    let world = world(|_| {});
    world.api.insert("groups", json!({"id": 7, "name": "root"}));
    world.api.insert("groups", json!({"id": 8, "name": "leaf", "parent": 7}));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    let files = crate::world::files(&world.path("policies"));
    assert!(
        files.iter().any(|(_, text)| String::from_utf8_lossy(text).contains("parent: root")),
        "{files:?}"
    );
    world.assert_converged();
}
