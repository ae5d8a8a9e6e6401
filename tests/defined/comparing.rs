//! How lists compare: what the schema of a definition says about order, repeats and keys.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, codes, fields, thing};

/// Things with a list of this schema, and one live thing.
fn listing(list: &Value, live: &Value) -> World {
    let kind = thing(|kind| kind["spec"]["properties"]["list"] = list.clone());
    let world = World::new(&[kind], &[("things", Habits::default())]);
    world.api.insert("things", json!({"name": "a", "list": live}));
    world
}

fn declare(world: &World, list: &Value) {
    world.declare("Thing", "a", &format!("{{list: {list}}}"));
}

fn texts(list_type: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "x-list-type": list_type})
}

/// Rules, identified by thing and verb.
fn rules() -> Value {
    json!({
        "type": "array", "x-list-type": "map", "x-list-map-keys": ["on", "verb"],
        "items": {
            "type": "object", "required": ["on", "verb"],
            "properties": {
                "on": {"type": "string"}, "verb": {"type": "string"},
                "allow": {"type": "boolean", "default": true},
                "who": {"type": "array", "items": {"type": "string"}, "x-list-type": "set", "default": []},
            },
        },
    })
}

#[test]
fn equal_values_are_no_change() {
    for (list, live, declared) in [
        (texts("set"), json!(["b", "a"]), json!(["a", "b"])),
        (texts("set"), json!(["b", "a", "b"]), json!(["a", "b"])),
        (texts("multiset"), json!(["b", "a", "b"]), json!(["b", "b", "a"])),
        (texts("atomic"), json!(["b", "a"]), json!(["b", "a"])),
        (
            rules(),
            json!([{"on": "y", "verb": "get"}, {"on": "x", "verb": "get", "who": ["b", "a"]}]),
            json!([{"on": "x", "verb": "get", "allow": true, "who": ["a", "b"]}, {"on": "y", "verb": "get"}]),
        ),
    ] {
        let world = listing(&list, &live);
        declare(&world, &declared);
        world.assert_converged();
    }
}

#[test]
fn what_differs_is_written_whole_and_then_the_same() {
    for (list, live, declared, changed) in [
        (texts("set"), json!(["a", "b"]), json!(["a", "c"]), "/list"),
        (texts("multiset"), json!(["a", "b", "b"]), json!(["a", "b"]), "/list"),
        (texts("atomic"), json!(["a", "b"]), json!(["b", "a"]), "/list"),
        (
            rules(),
            json!([{"on": "x", "verb": "get"}, {"on": "x", "verb": "put", "allow": false}]),
            json!([{"on": "x", "verb": "put"}, {"on": "x", "verb": "get"}]),
            "/list/x,put/allow",
        ),
        (
            rules(),
            json!([{"on": "x", "verb": "get", "who": ["a"]}]),
            json!([{"on": "x", "verb": "get", "who": ["a", "b"]}]),
            "/list/x,get/who",
        ),
    ] {
        let world = listing(&list, &live);
        declare(&world, &declared);
        let plan = world.plan();
        assert_eq!(fields(&plan), [changed], "{plan:#}");
        let writes = world.converge();
        let sent = writes[0].body["list"].as_array().unwrap().len();
        assert_eq!((writes.len(), sent), (1, declared.as_array().unwrap().len()), "{writes:?}");
    }
}

#[test]
fn an_item_that_git_does_not_name_goes() {
    let world =
        listing(&rules(), &json!([{"on": "x", "verb": "get"}, {"on": "y", "verb": "put", "allow": false}]));
    declare(&world, &json!([{"on": "x", "verb": "get"}]));
    world.converge();
    assert_eq!(world.object("things", "name", "a")["list"].as_array().unwrap().len(), 1);
}

#[test]
fn being_there_is_a_difference_for_an_item_that_only_says_defaults() {
    let (some, none) = (json!([{"on": "x", "verb": "get"}]), json!([]));
    for (live, declared) in [(&none, &some), (&some, &none)] {
        let world = listing(&rules(), live);
        declare(&world, declared);
        assert_eq!(fields(&world.plan()), ["/list/x,get"]);
        world.converge();
        assert_eq!(
            world.object("things", "name", "a")["list"].as_array().unwrap().len(),
            declared.as_array().unwrap().len()
        );
    }
}

#[test]
fn an_item_that_only_says_defaults_is_no_item_where_the_api_has_every_key() {
    let mut list = rules();
    list["x-list-map-total"] = json!(true);
    let world = listing(&list, &json!([{"on": "x", "verb": "get", "allow": true, "who": []}]));
    declare(&world, &json!([]));
    world.assert_converged();
    declare(&world, &json!([{"on": "y", "verb": "put"}]));
    world.assert_converged();
    declare(&world, &json!([{"on": "x", "verb": "get", "allow": false}]));
    assert_eq!(fields(&world.plan()), ["/list/x,get/allow"]);
    world.converge();
}

/// Things whose API keeps nothing as null, whatever its type is.
fn emptying(spec: &Value) -> World {
    let world = with_fields(spec);
    world.api.on(|seen, store| {
        let reply = store.answer(seen);
        store.objects("things").iter_mut().for_each(|object| *object = emptied(object));
        Some(Reply { body: emptied(&reply.body), ..reply })
    });
    world
}

fn emptied(value: &Value) -> Value {
    let is_empty = |value: &Value| [json!(""), json!([]), json!({}), json!(false), json!(0)].contains(value);
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), emptied(value)))
            .map(|(name, value)| if is_empty(&value) { (name, Value::Null) } else { (name, value) })
            .collect(),
        Value::Array(items) => items.iter().map(emptied).collect(),
        scalar => scalar.clone(),
    }
}

#[test]
fn fixed_point_holds_where_the_api_keeps_nothing_as_null() {
    let item = json!({"type": "object", "properties": {
        "key": {"type": "string"}, "note": {"type": "string", "default": ""},
        "tags": {"type": "array", "items": {"type": "string"}, "x-list-type": "set", "default": []},
    }});
    let list = |of: &str| json!({"type": "array", "items": item, "x-list-type": of, "x-list-map-keys": ["key"], "default": []});
    let multiset = json!({"type": "array", "items": item, "x-list-type": "multiset", "default": []});
    let world = emptying(&json!({
        "note": {"type": "string", "default": ""},
        "tags": {"type": "array", "items": {"type": "string"}, "x-list-type": "set", "default": []},
        "open": {"type": "boolean", "default": false},
        "size": {"type": "integer", "default": 0},
        "ratio": {"type": "number", "default": 0},
        "labels": {"type": "object", "default": {}},
        "limits": {"type": "object", "default": {}, "properties": {"cpu": {"type": "integer", "default": 0}}},
        "keyed": list("map"), "plain": multiset, "word": {"type": ["string", "null"], "default": ""},
    }));
    world.declare(
        "Thing",
        "a",
        "{note: '', tags: [], open: false, size: 0, ratio: 0.0, labels: {}, limits: {cpu: 0}, keyed: [], plain: [], word: null}",
    );
    world.converge();
    world.declare(
        "Thing",
        "a",
        "{note: x, tags: [t], open: true, size: 1, ratio: 0.5, labels: {a: b}, limits: {cpu: 1}, keyed: [{key: k}], plain: [{key: k, note: ''}], word: w}",
    );
    world.converge();
    world.declare(
        "Thing",
        "a",
        "{note: '', tags: [], open: false, size: 0, ratio: 0, labels: {}, limits: {cpu: 0}, keyed: [], plain: [], word: ''}",
    );
    world.converge();
}

#[test]
fn null_is_not_a_default_that_says_something_where_null_is_a_value() {
    let world = with_fields(&json!({"minutes": {"type": ["integer", "null"], "default": 60}}));
    world.api.insert("things", json!({"name": "a", "minutes": null}));
    world.declare("Thing", "a", "{minutes: 60}");
    assert_eq!(fields(&world.plan()), ["/minutes"], "null may mean: without an end");
    world.converge();
    world.declare("Thing", "a", "{minutes: null}");
    assert_eq!(world.converge()[0].body, json!({"minutes": null}));
}

#[test]
fn unmanaged_survives_in_an_item_that_stays() {
    let live = json!([{"on": "x", "verb": "get", "who": ["a"], "from_the_future": 1}]);
    let world = listing(&rules(), &live);
    declare(&world, &json!([{"on": "x", "verb": "get", "who": ["b"]}]));
    world.converge();
    let item = &world.object("things", "name", "a")["list"][0];
    assert_eq!((&item["who"], &item["from_the_future"]), (&json!(["b"]), &json!(1)), "{item:#}");
}

#[test]
fn unknown_fields_are_refused_below_lists_as_well() {
    let world = listing(&rules(), &json!([]));
    declare(&world, &json!([{"on": "x", "verb": "get", "whom": []}]));
    let document = world.refused(3);
    assert_eq!(document["diagnostics"][0]["code"], "schema/unknown-field", "{document:#}");
}

#[test]
fn an_object_that_lists_no_properties_takes_any() {
    let labels = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let kind = thing(|kind| {
        kind["spec"]["properties"]["labels"] = labels;
        kind["spec"]["properties"]["anything"] = json!({});
        kind["spec"]["properties"]["open"] =
            json!({"type": "object", "properties": {"a": {}}, "additionalProperties": true});
    });
    let world = World::new(&[kind], &[("things", Habits::default())]);
    world.declare("Thing", "a", "{labels: {team: x}, anything: {a: [1]}, open: {a: 1, b: 2}}");
    world.converge();
    let live = world.object("things", "name", "a");
    assert_eq!(
        (&live["labels"], &live["anything"], &live["open"]),
        (&json!({"team": "x"}), &json!({"a": [1]}), &json!({"a": 1, "b": 2}))
    );
    world.declare("Thing", "a", "{labels: {team: 7}}");
    assert_eq!(codes_of(&world), ["schema/type"]);
}

fn codes_of(world: &World) -> Vec<String> {
    let document = world.refused(3);
    codes(&document).into_iter().map(str::to_owned).collect()
}

/// A world whose spec has these fields besides others.
fn with_fields(fields: &Value) -> World {
    World::things(|kind| {
        let properties = kind["spec"]["properties"].as_object_mut().unwrap();
        properties.extend(fields.as_object().unwrap().clone());
    })
}

#[test]
fn a_schema_may_refer_to_parts_of_itself() {
    let world = World::things(|kind| {
        kind["spec"]["properties"]["rules"] = json!({"type": "array", "items": {"$ref": "#/$defs/Rule"}});
        kind["spec"]["properties"]["one"] = json!({"$ref": "#/$defs/Rule"});
        let who = json!({"type": "array", "x-list-type": "set", "items": {"type": "string"}, "default": []});
        let properties = json!({"who": who, "seen": {"type": "integer", "readOnly": true}});
        kind["spec"]["$defs"] = json!({"Rule": {"type": "object", "properties": properties}});
    });
    world.api.insert(
        "things",
        json!({"name": "a", "rules": [{"who": ["b", "a"], "seen": 7}], "one": {"seen": 8}}),
    );
    world.declare("Thing", "a", "{rules: [{who: [a, b]}], one: {who: []}}");
    world.assert_converged();
    for (spec, code) in [
        ("{one: {whom: []}}", "schema/unknown-field"),
        ("{rules: [{who: x}]}", "schema/type"),
        ("{rules: [{seen: 7}]}", "schema/read-only"),
    ] {
        world.declare("Thing", "a", spec);
        assert_eq!(codes_of(&world), [code], "{spec}");
    }
}

#[test]
fn a_condition_of_a_schema_means_what_it_says() {
    let world = World::things(|kind| {
        kind["spec"]["if"] = json!({"properties": {"note": {"const": "large"}}, "required": ["note"]});
        kind["spec"]["then"] = json!({"properties": {"size": {"minimum": 100}}, "required": ["size"]});
        kind["spec"]["allOf"] = json!([{"properties": {"size": {"multipleOf": 5}}}]);
    });
    for (spec, valid) in [
        ("{note: large, size: 100}", true),
        ("{note: large, size: 100, limits: {cpu: 1}}", true),
        ("{note: small, size: 5}", true),
        ("{note: large, size: 50}", false),
        ("{note: large, size: 50, limits: {cpu: 1}}", false),
        ("{note: small, size: 7}", false),
        ("{note: small, sized: 5}", false),
    ] {
        world.declare("Thing", "a", spec);
        let run = world.run(&["validate"]);
        assert_eq!(run.code, if valid { 0 } else { 3 }, "{spec}: {}", run.err);
    }
}

#[test]
fn fields_may_be_called_like_words_of_json_schema() {
    let world = with_fields(&json!({
        "properties": {"type": "array", "items": {"type": "string"}},
        "items": {"type": "object", "properties": {"properties": {"type": "object"}, "default": {"type": "integer"}}},
        "readOnly": {"type": "boolean"}, "writeOnly": {"type": "string"}, "required": {"type": "boolean"},
    }));
    world.declare(
        "Thing",
        "a",
        "{properties: [b, a], items: {properties: {x: 1}, default: 2}, readOnly: true, writeOnly: x, required: false}",
    );
    world.converge();
    let live = world.object("things", "name", "a");
    assert_eq!((&live["items"]["properties"]["x"], &live["readOnly"]), (&json!(1), &json!(true)));
    assert_eq!((&live["writeOnly"], &live["properties"]), (&json!("x"), &json!(["b", "a"])));
    world.drift("things", "readOnly", json!(false));
    assert_eq!(fields(&world.plan()), ["/readOnly"]);
}

#[test]
fn a_read_only_field_in_an_item_is_not_compared_or_sent() {
    let items = json!({"type": "object", "properties": {"verb": {"type": "string"}, "seen": {"type": "integer", "readOnly": true}}});
    for list in [
        json!({"type": "array", "items": items}),
        json!({"type": "array", "items": items, "x-list-type": "set"}),
        json!({"type": "array", "items": items, "x-list-type": "map", "x-list-map-keys": ["verb"]}),
    ] {
        let world = listing(&list, &json!([{"verb": "get", "seen": 7}]));
        declare(&world, &json!([{"verb": "get"}]));
        world.assert_converged();
        declare(&world, &json!([{"verb": "get"}, {"verb": "put"}]));
        let sent = &world.converge()[0].body["list"];
        assert!(sent.as_array().unwrap().iter().all(|item| item.get("seen").is_none()), "{sent}");
    }
}

#[test]
fn what_is_required_below_the_top_is_required() {
    let world = listing(&rules(), &json!([]));
    declare(&world, &json!([{"on": "x"}]));
    assert_eq!(codes_of(&world), ["schema/missing-field"]);
}

/// Things with fields that grant something, and others.
fn granting() -> World {
    World::things(|kind| {
        let fields = &mut kind["spec"]["properties"];
        fields["admin"] = json!({"type": "boolean", "default": false});
        let texts = json!({"type": "string"});
        fields["roles"] = json!({"type": "array", "items": texts, "x-list-type": "set", "default": []});
        fields["hidden"] = json!({"type": "boolean", "default": false, "x-grants": false});
        fields["level"] = json!({"type": "string", "default": "none", "x-grants": true});
    })
}

#[test]
fn an_import_says_each_field_that_grants_so_that_a_change_by_hand_is_seen() {
    let world = granting();
    world.api.insert("things", json!({"name": "a"}));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    let imported = || std::fs::read_to_string(world.path("policies/live/thing-a.yaml")).unwrap();
    let text = imported();
    for said in ["admin: false", "roles: []", "level: none"] {
        assert!(text.contains(said), "{text}");
    }
    assert!(!text.contains("hidden") && !text.contains("size"), "{text}");
    world.assert_converged();
    world.drift("things", "admin", json!(true));
    assert_eq!(fields(&world.plan()), ["/admin"]);
    std::fs::remove_dir_all(world.path("policies/live")).unwrap();
    assert_eq!(world.run(&["import", "live", "--all-fields"]).code, 0);
    let text = imported();
    for said in ["admin: true", "hidden: false", "size: 1", "note: ''"] {
        assert!(text.contains(said), "{text}");
    }
    world.assert_converged();
}

#[test]
fn a_plan_names_an_undeclared_field_that_grants_and_left_its_default() {
    let world = granting();
    for name in ["a", "b"] {
        world.api.insert("things", json!({"name": name, "admin": true, "hidden": true, "size": 3}));
        world.declare("Thing", name, "{size: 3}");
    }
    let plan = world.plan();
    assert_eq!((&plan["changes"], codes(&plan)), (&json!([]), vec!["live/unmanaged-field"]), "{plan:#}");
    let message = plan["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("`/admin`") && message.contains("`a`, `b`"), "{message}");
    world.declare("Thing", "a", "{size: 3, admin: true}");
    world.declare("Thing", "b", "{size: 3, admin: false}");
    world.converge();
}

/// Things with a color that the API shows as null and does not take so.
fn colored(method: &str) -> World {
    let kind = thing(|kind| {
        kind["update"] = json!({"method": method, "path": "/things/{id}"});
        kind["spec"]["properties"]["color"] =
            json!({"type": ["string", "null"], "default": null, "x-null": "omit"});
    });
    let habits = Habits { defaults: json!({"color": null}), ..Habits::default() };
    let world = World::new(&[kind], &[("things", habits)]);
    world.api.on(|seen, _| {
        let is_null = seen.body.get("color").is_some_and(Value::is_null);
        is_null.then(|| Reply::new(400, json!({"message": "color is no text"})))
    });
    world
}

#[test]
fn a_null_that_the_api_shows_and_does_not_take_is_left_out() {
    let world = colored("PUT");
    world.declare("Thing", "a", "{color: null, size: 2}");
    world.converge();
    world.declare("Thing", "a", "{size: 3}");
    world.converge();
    world.declare("Thing", "a", "{color: red}");
    world.converge();
    world.declare("Thing", "a", "{color: null}");
    world.converge();
    assert_eq!(world.object("things", "name", "a")["color"], json!(null));
}

#[test]
fn a_null_that_no_update_can_say_is_refused() {
    let world = colored("PATCH");
    world.declare("Thing", "a", "{color: red}");
    world.converge();
    world.declare("Thing", "a", "{color: null}");
    let document = world.refused(1);
    assert_eq!(codes(&document), ["defined/no-null"], "{document:#}");
}
