//! What is read, how often, and what an answer may mean: gone, system, error, a field that is not kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::{Habits, Paging};
use crate::world::{World, actions, calls, codes, grant, outcomes, system, thing, without};

/// A world whose list shows only ids and names.
fn brief(change: impl FnOnce(&mut Value)) -> World {
    let world = World::things(|kind| {
        kind["list"]["whole"] = json!(false);
        change(kind);
    });
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        for object in reply.body.as_array_mut().into_iter().flatten() {
            *object = json!({"id": object["id"], "name": object["name"]});
        }
        Some(reply)
    });
    for name in ["a", "b", "c"] {
        world.api.insert("things", json!({"id": format!("id-{name}"), "name": name, "size": 5}));
    }
    world
}

#[test]
fn a_list_in_full_is_enough() {
    let world = World::things(|_| {});
    world.api.insert("things", json!({"name": "a", "size": 5}));
    world.declare("Thing", "a", "{size: 5}");
    world.plan();
    assert_eq!(calls(&world.api.seen()), ["GET /base/things"]);
}

#[test]
fn a_list_in_brief_is_read_again_where_git_declares_something() {
    let world = brief(|_| {});
    world.declare("Thing", "a", "{size: 5}");
    assert_eq!(world.plan()["summary"]["unchanged"], 1);
    assert_eq!(calls(&world.api.seen()), ["GET /base/things", "GET /base/things/id-a"]);
    world.assert_converged();
    assert_eq!(world.run(&["import", "live"]).code, 0);
    let plan = world.plan();
    assert_eq!((&plan["summary"]["unchanged"], &plan["changes"]), (&json!(3), &json!([])), "{plan:#}");
}

#[test]
fn a_read_may_have_a_query_of_its_own() {
    let world = brief(|kind| kind["get"]["query"] = json!({"name": "{name}", "full": "yes"}));
    world.declare("Thing", "a", "{size: 5}");
    world.plan();
    let seen = world.api.seen();
    let asked = |name: &str| seen[1].query(name);
    assert_eq!((asked("name"), asked("full")), (Some("a".to_owned()), Some("yes".to_owned())));
}

#[test]
fn unreadable_is_not_absent_where_the_list_holds_what_is_said_to_be_gone() {
    let world = brief(|kind| kind["get"]["gone"] = json!([403]));
    world.declare("Thing", "a", "{size: 6}");
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        Some(if seen.place().contains("/id-") { Reply::new(403, Value::Null) } else { reply })
    });
    let document = world.refused(6);
    assert_eq!((actions(&document), codes(&document)), (Vec::new(), vec!["live/unreadable"]), "{document:#}");
}

#[test]
fn gone_is_believed_where_the_list_does_not_hold_it_either() {
    for gone in [403, 404, 410] {
        let world = World::things(|kind| kind["get"]["gone"] = json!([gone]));
        world.api.insert("things", json!({"name": "a", "size": 5}));
        world.declare("Thing", "a", "{size: 6}");
        // It exists for both plans, and is gone right before the write.
        let mut lists = 0;
        world.api.on(move |seen, store| {
            if seen.place() == "/base/things"
                && seen.query("name").is_none()
                && !store.objects("things").is_empty()
            {
                lists += 1;
                let reply = store.answer(seen);
                if lists == 2 {
                    store.objects("things").clear();
                }
                return Some(reply);
            }
            let reply = store.answer(seen);
            Some(if reply.status == 404 { Reply::new(gone, Value::Null) } else { reply })
        });
        let document = world.refused(5);
        assert_eq!(outcomes(&document), ["a conflict"], "{gone}: {document:#}");
    }
}

#[test]
fn a_status_that_the_definition_does_not_name_is_unreadable() {
    for (status, code) in [(206, 6), (204, 6), (401, 6), (404, 6)] {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "{}");
        world.api.on(move |_, _| Some(Reply::new(status, json!([]))));
        world.refused(code);
    }
    let world = World::things(|kind| kind["list"]["success"] = json!([200, 206]));
    world.declare("Thing", "a", "{}");
    world.api.on(move |seen, store| {
        let reply = store.answer(seen);
        let status = if seen.place() == "/base/things" && reply.status == 200 { 206 } else { reply.status };
        Some(Reply { status, ..reply })
    });
    world.converge();
}

#[test]
fn a_list_that_is_none_is_unreadable() {
    for body in [
        json!({}),
        json!({"data": {"items": []}}),
        json!("<html>login</html>"),
        json!([7]),
        json!(["x"]),
        json!(null),
    ] {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "{}");
        let answer = body.clone();
        world.api.on(move |_, _| Some(Reply::new(200, answer.clone())));
        assert_eq!(codes(&world.refused(6)), ["live/unreadable"], "{body}");
    }
}

/// Grants without a list.
fn unlisted(change: impl FnOnce(&mut Value)) -> World {
    World::grants(|kind| {
        without(kind, &["list"]);
        change(kind);
    })
}

#[test]
fn without_a_list_exactly_what_git_names_is_looked_for() {
    let world = unlisted(|_| {});
    world.api.insert("grants", json!({"user": "theirs", "vhost": "prod"}));
    world.api.insert("grants", json!({"user": "old", "vhost": "prod", "read": "x"}));
    world.declare("Grant", "app@prod", "{read: x}");
    world.declare("Grant", "old@prod", "{read: y}");
    world.declare_absent("Grant", "gone@prod");
    let plan = world.plan();
    assert_eq!(actions(&plan), ["create Grant app@prod", "update Grant old@prod"]);
    let mut places: Vec<_> = calls(&world.api.seen());
    places.sort();
    assert_eq!(places, ["app", "gone", "old"].map(|user| format!("GET /base/grants/prod/{user}")));
    world.converge();
    world.declare_absent("Grant", "app@prod");
    assert_eq!(calls(&world.converge()), ["DELETE /base/grants/prod/app"]);
    assert_eq!(world.api.objects("grants").len(), 2);
}

#[test]
fn without_a_list_import_finds_nothing() {
    let world = unlisted(|_| {});
    world.api.insert("grants", json!({"user": "theirs", "vhost": "prod"}));
    let import = world.run(&["import", "live"]);
    assert_eq!(import.code, 0, "{}{}", import.out, import.err);
    assert!(import.out.contains("0 manifests"), "{}", import.out);
}

#[test]
fn without_a_list_a_doubtful_status_is_never_absent() {
    let world = unlisted(|kind| kind["get"]["gone"] = json!([403]));
    world.declare("Grant", "app@prod", "{read: x}");
    world.api.on(|_, _| Some(Reply::new(403, Value::Null)));
    let (code, document) = world.apply();
    // The definition may also be refused: nothing can ever support this status.
    assert!([3, 6].contains(&code) && world.calls().is_empty(), "{document:#}");
}

#[test]
fn without_a_list_an_object_that_is_not_the_one_asked_for_is_unreadable() {
    let world = unlisted(|_| {});
    world.declare("Grant", "app@prod", "{read: x}");
    world.api.on(|_, _| Some(Reply::new(200, json!({"user": "web", "vhost": "prod", "read": ""}))));
    world.refused(6);
}

#[test]
fn an_object_of_the_system_is_left_alone() {
    for (mark, field) in [
        (json!({"name": "a"}), json!({})),
        (json!({"at": "/kind", "is": "builtin"}), json!({"kind": "builtin"})),
        (json!({"at": "/meta/locked", "is": true}), json!({"meta": {"locked": true}})),
    ] {
        let world = World::things(|kind| {
            kind["system"] = json!([{"at": "/never", "is": 1}, mark]);
        });
        let mut object = json!({"name": "a", "size": 5});
        object.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        world.api.insert("things", object);
        world.api.insert("things", json!({"name": "b", "kind": "own", "meta": {"locked": "true"}}));
        world.declare("Thing", "a", "{size: 6}");
        world.declare("Thing", "b", "{size: 6}");
        let plan = world.plan();
        assert_eq!(actions(&plan), ["update Thing b"], "{mark}: {plan:#}");
        let skipped = json!([{"target": "live", "kind": "Thing", "name": "a", "reason": "system"}]);
        assert_eq!(plan["skipped"], skipped, "{plan:#}");
        world.converge();
        world.declare_absent("Thing", "a");
        assert_eq!(world.plan()["skipped"], skipped);
        world.refused(0);
        std::fs::remove_dir_all(world.path("policies")).unwrap();
        std::fs::create_dir(world.path("policies")).unwrap();
        assert_eq!(world.run(&["import", "live"]).code, 0);
        assert_eq!(std::fs::read_dir(world.path("policies/live")).unwrap().count(), 1, "of the two objects");
    }
}

/// 25 things in pages, and a way to look for one.
fn searchable(find: &Value) -> World {
    let kind = thing(|kind| {
        kind["unique"] = json!(false);
        kind["list"]["paging"] = json!({"page": {"parameter": "page"}});
        kind["list"]["query"] = json!({"expand": "all"});
        if !find.is_null() {
            kind["list"]["find"] = find.clone();
        }
    });
    let habits = Habits { paging: Paging::Page { first: 1 }, unique: &[], ..Habits::default() };
    let world = World::new(&[kind], &[("things", habits)]);
    (0..25).for_each(|n| world.api.insert("things", json!({"name": format!("thing {n:02}")})));
    world
}

#[test]
fn before_a_write_only_what_it_is_about_is_looked_for() {
    // The API searches for a part of the text, and finds too much.
    let world = searchable(&json!({"name": "{name}"}));
    world.declare("Thing", "thing", "{}");
    world.declare("Thing", "a&b=c d+%", "{}");
    let (code, document) = world.apply();
    assert_eq!(code, 0, "{document:#}");
    let seen = world.api.seen();
    let last = seen.iter().rposition(|seen| seen.method == "POST").unwrap();
    let whole = |seen: &&Seen| seen.place() == "/base/things" && seen.query("name").is_none();
    assert_eq!(
        seen[..last].iter().filter(|seen| seen.method == "GET").filter(whole).count(),
        8,
        "for the two plans"
    );
    let names: BTreeSet<_> = seen[..last].iter().filter_map(|seen| seen.query("name")).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a&b=c d+%", "thing"]);
    let pages = seen.iter().filter(|seen| seen.query("name").as_deref() == Some("thing")).count();
    assert!(pages >= 3, "what is found has pages too: {pages}");
    let list = |seen: &&Seen| seen.method == "GET" && seen.place() == "/base/things";
    assert!(seen.iter().filter(list).all(|seen| seen.query("expand").as_deref() == Some("all")), "{seen:?}");
    world.assert_converged();
}

#[test]
fn no_duplicates_where_somebody_else_was_faster() {
    for find in [json!({"name": "{name}"}), Value::Null] {
        let world = searchable(&find);
        world.declare("Thing", "new", "{}");
        let mut reads = 0;
        world.api.on(move |_, store| {
            reads += 1;
            if reads == 9 {
                store.objects("things").push(json!({"id": "theirs", "name": "new"}));
            }
            None
        });
        let document = world.refused(5);
        assert_eq!(outcomes(&document), ["new conflict"], "{find}: {document:#}");
    }
}

/// A world whose API accepts a note and does not keep it.
fn forgetful(returns_every_field: bool) -> World {
    let world = World::things(|kind| {
        kind["returns_every_field"] = json!(returns_every_field);
        kind["spec"]["properties"]["note"] = json!({"type": "string"});
    });
    world.api.on(|seen, store| {
        drop(store.answer(seen));
        store.objects("things").iter_mut().for_each(|object| without(object, &["note"]));
        (seen.method != "GET")
            .then(|| Reply::new(200, store.objects("things").last().cloned().unwrap_or_default()))
    });
    world
}

#[test]
fn a_field_that_the_api_does_not_keep_is_an_error_and_not_written_again_and_again() {
    let world = forgetful(true);
    world.declare("Thing", "a", "{note: hello, size: 2}");
    let (code, document) = world.apply();
    assert_eq!(code, 1, "{document:#}");
    let writes = world.calls();
    assert_eq!(writes, ["POST /base/things"], "as it is not there yet, nobody knows");

    world.declare("Thing", "b", "{}");
    let document = world.refused(1);
    assert_eq!(codes(&document), ["defined/not-kept"], "{document:#}");
    let diagnostic = &document["diagnostics"][0];
    assert!(diagnostic["message"].as_str().unwrap().contains("note"), "{document:#}");
    assert_eq!(
        (&diagnostic["file"], &diagnostic["line"]),
        (&json!("policies/Thing-a.yaml"), &json!(5)),
        "{document:#}"
    );
    assert_eq!(world.run(&["plan"]).code, 1);
    // Without it, all is well.
    world.declare("Thing", "a", "{size: 2}");
    world.converge();
}

#[test]
fn a_server_that_drops_a_field_is_not_believed() {
    let world = forgetful(false);
    world.declare("Thing", "a", "{note: hello}");
    let (code, document) = world.apply();
    assert_eq!((code, &document["remaining"][0]["fields"][0]["path"]), (1, &json!("/note")), "{document:#}");
}

#[test]
fn a_field_that_is_null_or_its_default_is_kept() {
    let world = World::things(|kind| {
        kind["returns_every_field"] = json!(true);
        kind["spec"]["properties"]["note"] = json!({"type": ["string", "null"]});
    });
    world.api.insert("things", json!({"name": "a", "note": null, "size": 1}));
    world.declare("Thing", "a", "{note: hello}");
    world.api.on(|_, _| None);
    world.converge();
}

/// A world whose API has its own error format, and answers `method` with an error of this code.
fn faulty(method: &'static str, status: u16, id: Value) -> World {
    let mut definition = system(&[thing(|_| {})]);
    let help = "ask the operators for more";
    definition["errors"] = json!({
        "code": "/fault/id", "message": "/fault/words", "in_success": ["/fault"],
        "help": {"quota": help, "1203": help},
    });
    let world = World::with(&definition, &[("things", Habits::default())], "");
    let answer = json!({"fault": {"id": id, "words": "the cup is full"}, "error": "ignore me"});
    world.api.on(move |seen, _| (seen.method == method).then(|| Reply::new(status, answer.clone())));
    world
}

fn assert_reported(world: &World, expected: i32) {
    let run = world.run(&["apply", "--yes"]);
    let shown = format!("{}{}", run.out, run.err);
    assert_eq!(run.code, expected, "{shown}");
    assert!(shown.contains("the cup is full") && shown.contains("ask the operators for more"), "{shown}");
}

#[test]
fn an_error_is_shown_as_the_definition_says() {
    for id in [json!("quota"), json!(1203)] {
        for (method, code) in [("GET", 6), ("POST", 1)] {
            let world = faulty(method, 400, id.clone());
            world.declare("Thing", "a", "{}");
            assert_reported(&world, code);
        }
    }
}

#[test]
fn an_error_in_a_success_is_one_for_reads() {
    let world = faulty("GET", 200, json!("quota"));
    world.declare("Thing", "a", "{}");
    assert_reported(&world, 6);
}

#[test]
fn an_error_in_a_success_is_one_for_writes() {
    for method in ["POST", "PATCH", "DELETE"] {
        let world = faulty(method, 200, json!("quota"));
        world.api.insert("things", json!({"name": "old"}));
        match method {
            "POST" => world.declare("Thing", "new", "{}"),
            "PATCH" => world.declare("Thing", "old", "{size: 2}"),
            _ => world.declare_absent("Thing", "old"),
        }
        let (code, document) = world.apply();
        let ended = outcomes(&document);
        assert!(code == 1 && !ended[0].ends_with(" applied"), "{method}: {document:#}");
        assert_reported(&world, 1);
    }
}

#[test]
fn an_error_in_a_success_is_looked_for_in_the_usual_places() {
    for at in ["error", "errors"] {
        let world = World::things(|kind| kind["list"]["items"] = json!("/items"));
        world.declare("Thing", "a", "{}");
        world.api.on(move |_, _| Some(Reply::new(200, json!({"items": [], (at): ["no"]}))));
        world.refused(6);
    }
}

#[test]
fn unmanaged_survives_objects_that_git_does_not_declare() {
    let kind = grant(|_| {});
    let world = World::new(&[kind], &[("grants", Habits::key(&["vhost", "user"]))]);
    world.api.insert("grants", json!({"user": "theirs", "vhost": "prod", "read": "x"}));
    world.declare("Grant", "app@prod", "{read: x}");
    assert_eq!(calls(&world.converge()), ["PUT /base/grants/prod/app"]);
    assert_eq!(world.api.objects("grants").len(), 2);
}

#[test]
fn no_duplicates_where_every_object_of_the_list_is_said_to_be_gone() {
    for unique in [true, false] {
        let kind = thing(|kind| {
            kind["list"]["whole"] = json!(false);
            kind["unique"] = json!(unique);
            // A typing mistake: there is no such path.
            kind["get"]["path"] = json!("/thing/{id}");
        });
        let world = World::new(&[kind], &[("things", Habits { unique: &[], ..Habits::default() })]);
        world.api.insert("things", json!({"name": "a", "size": 5}));
        world.declare("Thing", "a", "{size: 5}");
        let (code, document) = world.apply();
        assert!(code != 0 && world.calls().is_empty(), "{code}: {document:#}");
    }
}

#[test]
fn an_object_that_is_not_where_the_definition_says_is_unreadable() {
    let world = World::things(|kind| {
        kind["list"]["whole"] = json!(false);
        kind["get"]["object"] = json!("/thing");
    });
    world.api.insert("things", json!({"name": "a", "size": 5}));
    world.declare("Thing", "a", "{size: 6}");
    world.refused(6);
}

#[test]
fn a_read_that_gives_another_object_is_unreadable() {
    let world = brief(|_| {});
    world.declare("Thing", "a", "{size: 6}");
    world.api.on(|seen, store| {
        let mut other = seen.clone();
        other.path = seen.path.replace("id-a", "id-b");
        Some(store.answer(&other))
    });
    world.refused(6);
}

#[test]
fn two_objects_with_one_id_are_unreadable_and_none_is_made_again() {
    let world = World::things(|kind| kind["id"] = json!("/org"));
    for name in ["a", "b"] {
        world.api.insert("things", json!({"name": name, "org": "acme"}));
        world.declare("Thing", name, "{}");
    }
    let (code, document) = world.apply();
    assert_eq!((code, world.calls()), (6, Vec::new()), "unreadable-is-not-absent: {document:#}");
    assert!(document.to_string().contains("correct `id` in the definition"), "{document:#}");
}

#[test]
fn a_list_that_says_it_goes_on_is_unreadable_without_paging() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{}");
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        reply.headers.push(("link", "</base/things?page=2>; rel=\"next\"".to_owned()));
        Some(reply)
    });
    let (code, document) = world.apply();
    assert_eq!((code, world.calls()), (6, Vec::new()), "unreadable-is-not-absent: {document:#}");
}

#[test]
fn unreadable_is_not_absent_an_object_that_no_manifest_can_mean_is_passed_over_and_named() {
    let world = World::things(|_| {});
    world.declare("Thing", "mine", "{size: 5}");
    world.converge();
    let names = [json!(""), json!(["x"]), json!(null), json!("a\nb"), json!("Cafe\u{301}")];
    for (index, name) in names.iter().enumerate() {
        world.api.insert("things", json!({"id": format!("id-{index}"), "name": name}));
    }
    world.api.insert("things", json!({"id": "..", "name": "theirs"}));
    let plan = world.plan();
    assert_eq!((codes(&plan), &plan["changes"]), (vec![], &json!([])), "{plan:#}");
    let skipped: BTreeSet<_> = plan["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["name"].as_str().unwrap(), s["reason"].as_str().unwrap()))
        .collect();
    let named = [("", "unreachable"), ("Cafe\u{301}", "name"), ("a\nb", "name"), ("theirs", "unreachable")];
    assert_eq!(skipped, BTreeSet::from(named));
    world.assert_converged();
    world.declare("Thing", "theirs", "{size: 5}");
    let (code, document) = world.apply();
    assert_eq!((code, codes(&document)), (6, vec!["live/unreadable"]), "{document:#}");
    assert_eq!(world.calls(), Vec::<String>::new());
}

#[test]
fn a_name_that_is_the_path_and_cannot_be_part_of_one_stops_nothing() {
    let world = World::grants(|_| {});
    world.declare("Grant", "app@prod", "{read: x}");
    world.converge();
    world.api.insert("grants", json!({"user": "a\nb", "vhost": "prod", "read": "y"}));
    world.api.insert("grants", json!({"user": "", "vhost": "prod", "read": "y"}));
    let plan = world.plan();
    assert_eq!((codes(&plan), &plan["changes"]), (vec![], &json!([])), "{plan:#}");
    assert_eq!(plan["skipped"].as_array().unwrap().len(), 2, "{plan:#}");
    world.assert_converged();
}

#[test]
fn an_object_without_a_part_of_its_key_hides_no_other() {
    let world = World::things(|_| {});
    world.api.insert("things", json!({"id": "nameless", "size": 3}));
    world.api.insert("things", json!({"id": "null", "name": null, "size": 3}));
    world.api.insert("things", json!({"id": "id-a", "name": "a", "size": 5}));
    world.declare("Thing", "a", "{size: 6}");
    let plan = world.plan();
    assert_eq!((actions(&plan), codes(&plan)), (vec!["update Thing a".to_owned()], Vec::new()), "{plan:#}");
    world.api.change("things", |things| things.retain(|thing| thing["id"] == "nameless"));
    let document = world.refused(6);
    assert_eq!(codes(&document), ["live/unreadable"], "then the definition is wrong: {document:#}");
}

#[test]
fn items_that_are_something_else_are_passed_over() {
    let world = World::things(|kind| kind["list"]["skip_unless"] = json!(["/size"]));
    world.api.insert("things", json!({"id": "id-a", "name": "a", "size": 5}));
    world.api.insert("things", json!({"id": "folder", "name": "a"}));
    world.api.insert("things", json!({"id": "file", "name": "a", "size": null}));
    world.declare("Thing", "a", "{size: 6}");
    world.converge();
}

#[test]
fn a_list_that_is_left_out_when_empty_is_empty_where_the_definition_says_so() {
    let world = |says: bool| {
        let world = World::things(|kind| {
            kind["list"]["items"] = json!("/items");
            kind["list"]["empty_if_absent"] = json!(says);
        });
        world.api.on(|seen, store| {
            let mut reply = store.answer(seen);
            if let Value::Array(items) = &reply.body {
                reply.body = if items.is_empty() { json!({}) } else { json!({"items": items}) };
            }
            Some(reply)
        });
        world.declare("Thing", "a", "{size: 6}");
        world
    };
    assert_eq!(codes(&world(false).refused(6)), ["live/unreadable"]);
    world(true).converge();
}

#[test]
fn gone_may_be_told_by_a_success() {
    for (answer, sign) in [
        (json!(null), json!({"at": "", "is": null})),
        (json!({}), json!({"at": "/user", "is": null})),
        (json!([]), json!({"at": "", "is": []})),
        (json!({"result": "none"}), json!({"at": "/result", "is_not": "ok"})),
        (json!({"user": "app", "vhost": "prod", "deleted": true}), json!("/deleted")),
    ] {
        let world = unlisted(|kind| kind["get"]["gone_if"] = json!([sign]));
        world.api.on(move |seen, store| {
            let reply = store.answer(seen);
            let is_gone = reply.status == 404 && seen.method == "GET";
            Some(if is_gone { Reply::text(200, "application/json", &answer.to_string()) } else { reply })
        });
        world.declare("Grant", "app@prod", "{read: x}");
        world.converge();
        world.declare_absent("Grant", "app@prod");
        assert_eq!(world.converge().len(), 1, "{sign}");
    }
}

#[test]
fn an_error_inside_a_success_may_be_told_by_a_value() {
    let mut definition = system(&[thing(|_| {})]);
    definition["errors"] = json!({
        "message": ["/status", "/results/0/status"],
        "in_success": [{"at": "/results/0/code", "is_not": 200}],
    });
    let world = World::with(&definition, &[("things", Habits::default())], "");
    world.api.insert("things", json!({"name": "a", "size": 1}));
    let mut code = 500;
    world.api.on(move |seen, store| {
        if seen.method != "PATCH" {
            return None;
        }
        let results = json!({"results": [{"code": code, "status": "the cup is full"}]});
        if std::mem::replace(&mut code, 200) == 200 {
            store.answer(seen);
        }
        Some(Reply::new(200, results))
    });
    world.declare("Thing", "a", "{size: 2}");
    let run = world.run(&["apply", "--yes"]);
    let shown = format!("{}{}", run.out, run.err);
    assert!(run.code != 0 && shown.contains("the cup is full"), "{shown}");
    assert_eq!(world.object("things", "name", "a")["size"], 1);
    world.converge();
}

#[test]
fn what_the_api_refuses_for_good_is_not_to_be_run_again() {
    for status in [400, 405, 422] {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "{}");
        world.api.on(move |_, _| Some(Reply::new(status, json!({"message": "no such parameter"}))));
        let document = world.refused(6);
        let help = document["diagnostics"][0]["help"].as_str().unwrap();
        assert!(help.contains("definition") && !help.contains("run again"), "{status}: {help}");
    }
}
