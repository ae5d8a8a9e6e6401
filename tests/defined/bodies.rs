//! Bodies that are more than the object: wrapped, with what is the same for every object, and by what changes.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, actions, calls, codes, kind, thing};

/// One path takes every change of a record, and the body says which, as PowerDNS does.
const RECORD: &str = "
name: Record
key: {name: /name, type: /type}
named: '{name} {type}'
list: {path: /records}
create: {method: PATCH, path: /records, within: /sets/0, body: {sets: [{op: REPLACE}]}}
update: {method: PATCH, path: /records, mode: replace, within: /sets/0, body: {sets: [{op: REPLACE}]}}
delete: {method: PATCH, path: /records, body: {sets: [{name: '{name}', type: '{type}', op: DELETE}]}}
spec: {type: object, properties: {ttl: {type: integer, default: 60}, values: {type: array, items: {type: string}}}}
";

fn records() -> World {
    let record = kind(RECORD, |_| {});
    let world = World::new(&[record], &[("records", Habits::key(&["name", "type"]))]);
    world.api.on(|seen, store| {
        if seen.method != "PATCH" {
            return None;
        }
        for set in seen.body["sets"].as_array().unwrap() {
            let all = store.objects("records");
            all.retain(|old| (&old["name"], &old["type"]) != (&set["name"], &set["type"]));
            if set["op"] == "REPLACE" {
                let mut new = set.clone();
                new.as_object_mut().unwrap().remove("op");
                all.push(new);
            }
        }
        Some(Reply::new(204, Value::Null))
    });
    world
}

#[test]
fn a_table_from_change_to_body_says_what_one_path_does() {
    let world = records();
    world.declare("Record", "www A", "{ttl: 300, values: ['192.0.2.1']}");
    let create =
        json!({"sets": [{"name": "www", "type": "A", "op": "REPLACE", "ttl": 300, "values": ["192.0.2.1"]}]});
    let writes = world.converge();
    assert_eq!((calls(&writes), &writes[0].body), (vec!["PATCH /base/records".to_owned()], &create));
    world.declare("Record", "www A", "{ttl: 300, values: ['192.0.2.2']}");
    world.declare("Record", "mail MX", "{values: [a, b]}");
    world.converge();
    world.declare_absent("Record", "www A");
    assert_eq!(actions(&world.plan()), ["delete Record www A"]);
    let delete = json!({"sets": [{"name": "www", "type": "A", "op": "DELETE"}]});
    assert_eq!(world.converge()[0].body, delete);
    assert_eq!(world.api.objects("records").len(), 1);
}

#[test]
fn unmanaged_survives_a_replace_inside_a_wrapped_body() {
    let world = records();
    world.api.insert(
        "records",
        json!({"name": "www", "type": "A", "ttl": 5, "values": ["a"], "comment": "theirs"}),
    );
    world.declare("Record", "www A", "{values: [b]}");
    world.converge();
    let live = world.object("records", "name", "www");
    assert_eq!((&live["comment"], &live["ttl"]), (&json!("theirs"), &json!(5)));
}

#[test]
fn what_is_beside_the_object_may_hold_the_id_as_the_api_has_it() {
    let kind = thing(|kind| {
        kind["update"]["within"] = json!("/thing");
        kind["update"]["body"] = json!({"target": {"id": "{id}"}, "why": "by {name}"});
    });
    let world = World::new(&[kind], &[("things", Habits::numbers())]);
    world.api.insert("things", json!({"id": 7, "name": "a"}));
    world.declare("Thing", "a", "{size: 2}");
    let body = &world.plan()["changes"][0]["requests"][0]["body"];
    assert_eq!(*body, json!({"target": {"id": 7}, "why": "by a", "thing": {"size": 2}}));
}

#[test]
fn a_field_that_an_api_needs_and_git_leaves_out_may_be_beside_the_object() {
    let world = World::things(|kind| kind["create"]["body"] = json!({"note": "by git", "size": 9}));
    world.declare("Thing", "a", "{size: 2, note: ''}");
    world.declare("Thing", "b", "{size: 2}");
    world.converge();
    let body = |name: &str| world.object("things", "name", name);
    assert_eq!((&body("a")["note"], &body("b")["note"]), (&json!(""), &json!("by git")));
    assert_eq!(body("b")["size"], 2);
}

#[test]
fn some_fields_are_always_sent() {
    let world = World::things(|kind| kind["update"]["always"] = json!(["/name", "/note"]));
    world.api.insert("things", json!({"name": "a", "note": "live", "size": 1}));
    world.declare("Thing", "a", "{size: 2}");
    assert_eq!(world.converge()[0].body, json!({"name": "a", "note": "live", "size": 2}));
    world.declare("Thing", "a", "{size: 3, note: declared}");
    assert_eq!(world.converge()[0].body, json!({"name": "a", "note": "declared", "size": 3}));
}

#[test]
fn a_merge_patch_says_at_every_depth_what_changes_and_what_goes() {
    let world = World::things(|kind| {
        kind["update"]["mode"] = json!("merge_patch");
        kind["spec"]["properties"]["labels"] =
            json!({"type": "object", "additionalProperties": {"type": "string"}, "x-map-type": "atomic"});
    });
    world.api.on(|seen, store| {
        fn patched(live: &mut Value, patch: &Value) {
            let Some(patch) = patch.as_object() else { return *live = patch.clone() };
            if !live.is_object() {
                *live = json!({});
            }
            for (name, value) in patch {
                match value {
                    Value::Null => drop(live.as_object_mut().unwrap().remove(name)),
                    value => patched(&mut live[name], value),
                }
            }
        }
        if seen.method != "PATCH" {
            return None;
        }
        patched(&mut store.objects("things")[0], &seen.body);
        Some(Reply::new(200, store.objects("things")[0].clone()))
    });
    let limits = json!({"cpu": 1, "memory": 2, "theirs": 3});
    world.api.insert("things", json!({"name": "a", "labels": {"x": "1", "y": "2"}, "limits": limits}));
    world.declare("Thing", "a", "{labels: {x: '1', z: '3'}, limits: {cpu: 5}}");
    let body = json!({"labels": {"y": null, "z": "3"}, "limits": {"cpu": 5}});
    assert_eq!(world.converge()[0].body, body);
    let live = world.object("things", "name", "a");
    assert_eq!(live["limits"], json!({"cpu": 5, "memory": 2, "theirs": 3}));
}

#[test]
fn the_key_may_be_in_the_query() {
    let item = "{path: /grants/one, query: {v: '{vhost}', u: '{user}'}}";
    let world = World::grants(|kind| {
        for verb in ["get", "create", "update", "delete"] {
            let mut form: Value = serde_yaml::from_str(item).unwrap();
            if verb == "create" || verb == "update" {
                form["method"] = json!("PUT");
            }
            kind[verb] = form;
        }
    });
    world.api.on(|seen, store| {
        let (vhost, user) = (seen.query("v")?, seen.query("u")?);
        let mut inner = seen.clone();
        inner.path = format!("/grants/{vhost}/{user}");
        Some(store.answer(&inner))
    });
    world.declare("Grant", "ann@a", "{read: x}");
    let writes = world.converge();
    assert_eq!(calls(&writes), ["PUT /base/grants/one?u=ann&v=a"]);
    assert_eq!(writes[0].body, json!({"read": "x"}));
    world.declare("Grant", "ann@a", "{read: y}");
    world.converge();
    world.declare_absent("Grant", "ann@a");
    assert_eq!(calls(&world.converge()), ["DELETE /base/grants/one?u=ann&v=a"]);
}

#[test]
fn wrong_bodies_are_found_offline_with_their_places() {
    for (wrong, at) in [
        (json!({"within": "/a/1"}), "within"),
        (json!({"body": {"x": "{nmae}"}}), "body"),
        (json!({"body": {"x": "{"}}), "body"),
    ] {
        let kind =
            thing(|kind| kind["update"].as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone()));
        let world = World::new(&[kind], &[("things", Habits::default())]);
        let run = world.run(&["validate", "--format", "json"]);
        let document = run.json();
        assert_eq!(run.code, 3, "{wrong}: {document:#}");
        let found = codes(&document);
        assert!(
            found.iter().any(|code| ["system/pointer", "system/template"].contains(code)),
            "{at}: {document:#}"
        );
    }
}
