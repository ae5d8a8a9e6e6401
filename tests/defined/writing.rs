//! What an update sends: only the fields that differ, or the whole object with its undeclared fields; and to which
//! version.

use serde_json::json;

use crate::api::{Reply, Seen};
use crate::store::Habits;
use crate::world::{World, actions, calls, codes, fields, grant, outcomes, thing, without};

/// `Thing` in an API with PUT: a field that a body leaves out goes back to its default.
fn replacing(method: &str) -> World {
    let kind = thing(|kind| {
        kind["update"] = json!({"method": method, "path": "/things/{id}", "renames": true});
    });
    let defaults = json!({"note": "", "size": 1, "limits": {"cpu": 1, "memory": 1}, "created": "today"});
    World::new(&[kind], &[("things", Habits { defaults, ..Habits::default() })])
}

#[test]
fn a_create_sends_what_git_declares_and_the_key() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{note: hello}");
    assert_eq!(actions(&world.plan()), ["create Thing a"]);
    let writes = world.converge();
    assert_eq!(calls(&writes), ["POST /base/things"]);
    assert_eq!(writes[0].body, json!({"name": "a", "note": "hello"}));
}

#[test]
fn merge_sends_only_what_differs() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{note: one, size: 2, limits: {cpu: 1}}");
    world.converge();
    world.declare("Thing", "a", "{note: one, size: 3, limits: {cpu: 1}}");
    let plan = world.plan();
    assert_eq!((actions(&plan), fields(&plan)), (vec!["update Thing a".to_owned()], vec!["/size"]));
    let id = world.object("things", "name", "a")["id"].clone();
    let request =
        json!({"method": "PATCH", "path": format!("/things/{}", id.as_str().unwrap()), "body": {"size": 3}});
    assert_eq!(plan["changes"][0]["requests"], json!([request]), "the plan shows the very call");
    assert_eq!(world.converge()[0].body, json!({"size": 3}));
}

#[test]
fn merge_sends_a_field_whose_name_a_pointer_escapes() {
    let world = World::things(|kind| kind["spec"]["properties"]["a/b~c"] = json!({"type": "integer"}));
    world.declare("Thing", "a", "{a/b~c: 1}");
    world.converge();
    world.declare("Thing", "a", "{a/b~c: 2}");
    assert_eq!(world.converge()[0].body, json!({"a/b~c": 2}));
}

#[test]
fn merge_sends_a_field_whole_with_what_is_live_in_it() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{limits: {cpu: 1}}");
    world.converge();
    world.drift("things", "limits", json!({"cpu": 1, "memory": 8, "from_the_future": true}));
    world.assert_converged();
    world.declare("Thing", "a", "{limits: {cpu: 2}}");
    assert_eq!(fields(&world.plan()), ["/limits/cpu"]);
    world.converge();
    let live = &world.object("things", "name", "a")["limits"];
    assert_eq!(*live, json!({"cpu": 2, "memory": 8, "from_the_future": true}), "unmanaged-survives");
}

#[test]
fn the_mode_is_for_the_definition_to_say() {
    for (method, mode, body) in [
        ("PUT", "merge", json!({"size": 3})),
        ("POST", "merge", json!({"size": 3})),
        ("PATCH", "replace", json!({"name": "a", "note": "one", "size": 3})),
    ] {
        let world = World::things(|kind| {
            kind["update"] = json!({"method": method, "path": "/things/{id}", "mode": mode, "renames": true});
        });
        world.api.insert("things", json!({"name": "a", "note": "one", "size": 2}));
        world.declare("Thing", "a", "{size: 3}");
        let request = &world.plan()["changes"][0]["requests"][0];
        assert_eq!((&request["method"], &request["body"]), (&json!(method), &body));
    }
}

#[test]
fn unmanaged_survives_a_replace_also_what_the_definition_does_not_know() {
    for method in ["PUT", "POST"] {
        let world = replacing(method);
        world.declare("Thing", "a", "{size: 2}");
        world.converge();
        world.drift("things", "note", json!("by hand"));
        world.drift("things", "limits", json!({"cpu": 4, "memory": 8}));
        world.drift("things", "from_the_future", json!({"x": [1, null, {"y": 2}]}));
        world.assert_converged();

        world.declare("Thing", "a", "{size: 3, limits: {cpu: 5}}");
        let writes = world.converge();
        // Neither the id, which is in the path, nor read-only fields.
        let body = json!({
            "name": "a", "note": "by hand", "size": 3, "limits": {"cpu": 5, "memory": 8},
            "from_the_future": {"x": [1, null, {"y": 2}]},
        });
        assert_eq!((writes[0].method.as_str(), &writes[0].body), (method, &body));
    }
}

#[test]
fn a_replace_leaves_the_parts_of_the_key_out_that_stand_in_its_path() {
    let world = World::grants(|_| {});
    world.declare("Grant", "app@prod", "{read: a}");
    let create = world.converge();
    assert_eq!(calls(&create), ["PUT /base/grants/prod/app"]);
    assert_eq!(create[0].body, json!({"read": "a"}));
    world.drift("grants", "write", json!("by hand"));
    world.declare("Grant", "app@prod", "{read: b}");
    let update = world.converge();
    assert_eq!(calls(&update), ["PUT /base/grants/prod/app"]);
    assert_eq!(update[0].body, json!({"read": "b", "write": "by hand"}));
}

#[test]
fn a_part_of_the_key_that_is_not_in_the_path_is_in_the_body_where_the_api_has_it() {
    let kind = grant(|kind| {
        kind["id"] = json!("/id");
        kind["key"] = json!({"user": "/who/name", "vhost": "/vhost"});
        kind["create"] = json!({"path": "/vhosts/{vhost}/grants"});
        for form in ["get", "update", "delete"] {
            kind[form]["path"] = json!("/vhosts/{vhost}/grants/{id}");
        }
    });
    let world = World::new(&[kind], &[("grants", Habits { unique: &[], ..Habits::default() })]);
    world.api.on(|seen, store| {
        let mut inner = seen.clone();
        if inner.body.is_object() {
            inner.body["vhost"] = json!("prod");
        }
        Some(store.answer(&inner))
    });
    world.declare("Grant", "app@prod", "{read: a}");
    let create = world.converge();
    assert_eq!(calls(&create), ["POST /base/vhosts/prod/grants"]);
    assert_eq!(create[0].body, json!({"who": {"name": "app"}, "read": "a"}));
    world.drift("grants", "who", json!({"name": "app", "since": 2020}));
    world.declare("Grant", "app@prod", "{read: b}");
    let update = world.converge();
    assert_eq!(update[0].body, json!({"who": {"name": "app", "since": 2020}, "read": "b"}));
}

#[test]
fn what_is_read_only_is_never_sent_and_never_drift() {
    let world = replacing("PUT");
    world.declare("Thing", "a", "{size: 2}");
    world.converge();
    world.drift("things", "created", json!("yesterday"));
    world.assert_converged();
    let import = World::things(|_| {});
    import.api.insert("things", json!({"name": "a", "created": "today", "size": 7}));
    assert_eq!(import.run(&["import", "live"]).code, 0);
    let text = std::fs::read_to_string(import.path("policies/live/thing-a.yaml")).unwrap();
    assert!(text.contains("size: 7") && !text.contains("created"), "{text}");
}

#[test]
fn what_is_read_only_below_the_top_is_not_sent_either() {
    let kind = thing(|kind| {
        kind["update"] = json!({"method": "PUT", "path": "/things/{id}"});
        kind["spec"]["properties"]["limits"]["properties"]["used"] =
            json!({"type": "integer", "readOnly": true});
    });
    let world = World::new(&[kind], &[("things", Habits::default())]);
    world.api.insert("things", json!({"name": "a", "limits": {"cpu": 1, "memory": 2, "used": 3}}));
    world.declare("Thing", "a", "{limits: {cpu: 2}}");
    let request = &world.plan()["changes"][0]["requests"][0];
    assert_eq!(request["body"], json!({"name": "a", "limits": {"cpu": 2, "memory": 2}}));
}

#[test]
fn what_is_read_only_is_refused_in_a_manifest_with_its_place() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{size: 2, created: today}");
    let document = world.run(&["validate", "--format", "json"]).json();
    let diagnostic = &document["diagnostics"][0];
    let place = json!([diagnostic["code"], diagnostic["file"], diagnostic["line"], diagnostic["column"]]);
    assert_eq!(place, json!(["schema/read-only", "policies/Thing-a.yaml", 5, 17]), "{document:#}");
    world.refused(3);
    assert_eq!(world.api.seen().len(), 0, "validated-first");
}

#[test]
fn a_field_that_git_gives_up_goes_back_to_its_default() {
    for world in [World::things(|_| {}), replacing("PUT")] {
        world.declare("Thing", "a", "{note: hello, size: 5, limits: {cpu: 2}}");
        world.commit();
        world.converge();
        world.declare("Thing", "a", "{note: hello}");
        world.commit();
        let plan = world.plan();
        assert_eq!(fields(&plan), ["/size"], "only one of the two has a default: {plan:#}");
        let (code, document) = world.apply();
        assert_eq!(code, 0, "{document:#}");
        let live = world.object("things", "name", "a");
        assert_eq!((&live["size"], &live["limits"]["cpu"]), (&json!(1), &json!(2)));
    }
}

#[test]
fn a_default_is_the_same_as_nothing() {
    let world = World::things(|_| {});
    world.api.insert("things", json!({"name": "a"}));
    world.declare("Thing", "a", "{note: '', size: 1}");
    world.assert_converged();
}

#[test]
fn a_create_needs_what_is_required_and_a_live_object_does_not() {
    let kind = thing(|kind| kind["spec"]["required"] = json!(["size"]));
    let world = World::new(&[kind], &[("things", Habits::default())]);
    world.declare("Thing", "a", "{note: hello}");
    let plan = world.plan();
    assert_eq!(codes(&plan), ["plan/needed-to-create"], "{plan:#}");
    assert!(plan["diagnostics"][0]["message"].as_str().unwrap().contains("size"), "{plan:#}");
    world.refused(3);
    world.api.insert("things", json!({"name": "a", "size": 3}));
    world.converge();
    let live = world.object("things", "name", "a");
    assert_eq!((&live["size"], &live["note"]), (&json!(3), &json!("hello")));
}

#[test]
fn bodies_and_replies_may_wrap_the_object() {
    let world = World::things(|kind| {
        kind["list"]["items"] = json!("/things");
        kind["get"]["object"] = json!("/thing");
        kind["create"]["within"] = json!("/thing");
        kind["update"] =
            json!({"method": "PUT", "path": "/things/{id}", "within": "/thing", "renames": true});
    });
    world.api.on(|seen, store| {
        let mut inner = seen.clone();
        inner.body = seen.body.get("thing").cloned().unwrap_or_default();
        let reply = store.answer(&inner);
        let name = if reply.body.is_array() { "things" } else { "thing" };
        let body =
            if reply.status == 200 || reply.status == 201 { json!({name: reply.body}) } else { reply.body };
        Some(Reply { body, ..reply })
    });
    world.declare("Thing", "a", "{size: 2}");
    assert_eq!(world.converge()[0].body, json!({"thing": {"name": "a", "size": 2}}));
    world.drift("things", "note", json!("by hand"));
    world.declare("Thing", "a", "{size: 3}");
    assert_eq!(world.converge()[0].body, json!({"thing": {"name": "a", "note": "by hand", "size": 3}}));
}

#[test]
fn a_rename_sends_the_key_and_no_other_is_created() {
    let world = World::things(|_| {});
    world.declare("Thing", "old", "{size: 2}");
    world.converge();
    std::fs::remove_file(world.path("policies/Thing-old.yaml")).unwrap();
    world.declare_as("Thing", "new", "  previously: [old]\n", "{size: 2}");
    let writes = world.converge();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!((writes[0].method.as_str(), &writes[0].body), ("PATCH", &json!({"name": "new"})));
}

#[test]
fn a_rename_is_an_error_where_an_update_cannot_do_it() {
    let kept = World::things(|kind| kind["update"] = json!({"method": "PATCH", "path": "/things/{id}"}));
    kept.api.insert("things", json!({"name": "old"}));
    kept.declare_as("Thing", "new", "  previously: [old]\n", "{size: 2}");
    let keyed = World::grants(|kind| kind["update"]["renames"] = json!(true));
    keyed.api.insert("grants", json!({"user": "old", "vhost": "prod"}));
    keyed.declare_as("Grant", "new@prod", "  previously: [old@prod]\n", "{read: a}");
    for world in [kept, keyed] {
        // A definition in which a part of its path changes may be refused as a whole.
        let (code, document) = world.apply();
        assert!([1, 3].contains(&code), "{document:#}");
        assert_eq!(world.calls(), Vec::<String>::new());
    }
}

fn versioned() -> World {
    let world = World::things(|kind| {
        kind["update"] = json!({"method": "PUT", "path": "/things/{id}", "if_match": true});
    });
    world.api.insert("things", json!({"name": "a", "size": 1}));
    world.declare("Thing", "a", "{size: 2}");
    world
}

#[test]
fn an_update_is_for_the_version_that_was_read_right_before() {
    let world = versioned();
    let writes = world.converge();
    let expected = writes[0].headers.get("if-match").cloned();
    assert!(expected.is_some_and(|etag| etag.starts_with('"')), "{writes:?}");
}

#[test]
fn stale_is_refused_by_the_server_in_the_last_moment() {
    let world = versioned();
    world.api.on(|seen, store| {
        if seen.method == "PUT" {
            store.objects("things")[0]["note"] = json!("somebody else");
        }
        None
    });
    let (code, document) = world.apply();
    assert_eq!((code, outcomes(&document)), (5, vec!["a conflict".to_owned()]), "{document:#}");
    assert_eq!(world.writes().len(), 1, "it is not tried again");
    assert_eq!(world.object("things", "name", "a")["size"], 1);
}

#[test]
fn stale_is_refused_where_the_version_is_missing() {
    let world = versioned();
    world.api.on(|seen, store| Some(Reply { headers: Vec::new(), ..store.answer(seen) }));
    let (code, document) = world.apply();
    assert_ne!(code, 0, "{document:#}");
    let blind = |calls: Vec<Seen>| calls.iter().any(|seen| !seen.headers.contains_key("if-match"));
    assert!(!blind(world.writes()), "a write without the condition is one over everybody else's");
}

#[test]
fn stale_is_refused_where_an_object_moved_since_the_plan() {
    for replaces in [false, true] {
        let world = if replaces { replacing("PUT") } else { World::things(|_| {}) };
        world.api.insert("things", json!({"name": "a", "size": 1}));
        world.declare("Thing", "a", "{size: 2}");
        let mut reads = 0;
        world.api.on(move |seen, store| {
            reads += usize::from(seen.method == "GET");
            if reads == 5 {
                store.objects("things")[0]["size"] = json!(7);
            }
            None
        });
        let document = world.refused(5);
        assert_eq!(outcomes(&document), ["a conflict"], "{document:#}");
    }
}

#[test]
fn null_is_managed_and_empty_also_where_the_api_leaves_it_out() {
    for keeps in [true, false] {
        let world = World::things(|kind| {
            kind["spec"]["properties"]["note"] = json!({"type": ["string", "null"]});
        });
        world.api.insert("things", json!({"name": "a", "note": "by hand"}));
        world.declare("Thing", "a", "{note: null}");
        world.api.on(move |seen, store| {
            let reply = store.answer(seen);
            store
                .objects("things")
                .iter_mut()
                .filter(|object| !keeps && object["note"].is_null())
                .for_each(|object| without(object, &["note"]));
            Some(reply)
        });
        assert_eq!(world.converge()[0].body, json!({"note": null}));
    }
}

#[test]
fn a_part_of_the_key_stays_in_a_field_that_is_sent_whole() {
    let world = World::things(|kind| {
        kind["key"] = json!({"name": "/who/name"});
        kind["unique"] = json!(false);
        kind["spec"]["properties"]["who"] = json!({"type": "object", "properties": {"since": {"type": "integer"}, "until": {"type": "integer"}}});
    });
    world.declare("Thing", "a", "{who: {since: 2020}}");
    assert_eq!(world.converge()[0].body, json!({"who": {"name": "a", "since": 2020}}));
    world.declare("Thing", "a", "{who: {since: 2021}}");
    assert_eq!(world.converge()[0].body, json!({"who": {"name": "a", "since": 2021}}));
}

#[test]
fn a_number_is_the_same_however_it_is_written() {
    let world = World::things(|kind| kind["spec"]["properties"]["ratio"] = json!({"type": "number"}));
    world.api.insert("things", json!({"name": "a", "size": 2.0, "ratio": 1}));
    world.declare("Thing", "a", "{size: 2, ratio: 1.0}");
    world.assert_converged();
}

#[test]
fn a_rename_keeps_the_fields_beside_the_key() {
    let world = World::things(|kind| {
        kind["key"] = json!({"name": "/who/name"});
        kind["unique"] = json!(false);
    });
    world.api.insert("things", json!({"who": {"name": "old", "since": 2020}}));
    world.declare_as("Thing", "new", "  previously: [old]\n", "{}");
    assert_eq!(world.converge()[0].body, json!({"who": {"name": "new", "since": 2020}}));
}

#[test]
fn sound_meaning_a_system_that_nobody_explains_has_no_verdict_and_the_plan_says_so_once() {
    let world = World::grants(|_| {});
    for user in ["a", "b"] {
        world.declare("Grant", &format!("{user}@prod"), "{read: x}");
    }
    let plan = world.plan();
    assert_eq!(plan["changes"].as_array().unwrap().len(), 2, "{plan:#}");
    assert!(plan["changes"].as_array().unwrap().iter().all(|change| change["access"].is_null()), "{plan:#}");
    for format in ["text", "markdown"] {
        let out = world.run(&["plan", "--format", format]).out;
        assert_eq!(out.matches("access: not known").count(), 1, "{out}");
    }
}
