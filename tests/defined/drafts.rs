//! Definitions that are drafted from OpenAPI documents: what is recognised, what is asked, and what a hostile one can do.

use serde_json::{Map, Value, json};

use crate::world::{World, codes};

const AIRFLOW: &str = include_str!("openapi/airflow.yaml");

/// A document with these paths and schemas.
fn document(paths: Value, schemas: Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "Doors & Co.", "version": "2"}, "paths": paths,
           "components": {"schemas": schemas}})
}

/// A list and a path for one object, with this schema of an object.
fn doors(path: &str, one: &str, schema: Value) -> Value {
    let content = |schema: &Value| json!({"content": {"application/json": {"schema": schema}}});
    let list = json!({"type": "object", "properties": {"data": {"type": "array", "items": schema}}});
    let mut paths = Map::new();
    paths.insert(
        path.to_owned(),
        json!({"get": {"responses": {"200": content(&list)}},
               "post": {"requestBody": content(&schema), "responses": {"201": content(&schema)}}}),
    );
    paths.insert(
        format!("{path}/{one}"),
        json!({"get": {"responses": {"200": content(&schema)}}, "delete": {},
               "put": {"requestBody": content(&schema)}}),
    );
    Value::Object(paths)
}

struct Drafted {
    world: World,
    code: i32,
    document: Value,
}

/// Drafts a definition of a document in this file.
fn drafted(text: &str, args: &[&str]) -> Drafted {
    let world = World::things(|_| {});
    world.write("api.txt", text);
    let args = [&["new-system", "https://api.example", "--openapi", "api.txt", "--format", "json"], args];
    let run = world.run(&args.concat());
    Drafted { document: run.json(), code: run.code, world }
}

impl Drafted {
    /// The definition, which is sound.
    #[track_caller]
    fn definition(&self) -> Value {
        assert_eq!(self.code, 0, "{:#}", self.document);
        let file = self.document["files"][0]["file"].as_str().unwrap();
        let checked = self.world.run(&["check-system", file]);
        assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
        serde_yaml::from_str(&self.text()).unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.world.path(self.document["files"][0]["file"].as_str().unwrap())).unwrap()
    }
}

#[test]
fn the_document_of_a_real_api_gives_a_definition_that_is_sound() {
    let drafted = drafted(AIRFLOW, &[]);
    let definition = drafted.definition();
    assert_eq!(definition["name"], "airflow-api-stable");
    assert_eq!(definition["auth"], json!(["basic", "bearer"]));
    let kinds = definition["kinds"].as_array().unwrap();
    let names: Vec<_> = kinds.iter().map(|kind| kind["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Connection", "Dag", "Pool", "Role", "DagRun"]);
    let pool = &kinds[2];
    assert_eq!(pool["key"], json!({"name": "/name"}));
    let size = json!({"parameter": "limit", "value": 100});
    let paging = json!({"offset": {"parameter": "offset", "size": size, "total": "/total_entries"}});
    assert_eq!(pool["list"], json!({"path": "/api/v1/pools", "items": "/pools", "paging": paging}));
    assert_eq!(pool["get"], json!({"path": "/api/v1/pools/{name}"}));
    assert_eq!(pool["create"], json!({"path": "/api/v1/pools"}));
    assert_eq!(pool["update"], json!({"method": "PATCH", "path": "/api/v1/pools/{name}"}));
    assert_eq!(pool["delete"], json!({"path": "/api/v1/pools/{name}"}));
    assert_eq!(pool["spec"]["properties"]["slots"], json!({"type": "integer"}));
    assert_eq!(pool["spec"]["properties"]["open_slots"], json!({"readOnly": true}));
    // Whoever creates a connection gives its id, so that is its name.
    assert_eq!(kinds[0]["key"], json!({"name": "/connection_id"}));
    assert_eq!(kinds[0]["spec"]["properties"]["password"], json!({"type": "string", "writeOnly": true}));
    assert_eq!(kinds[4]["key"], json!({"above": {"kind": "Dag"}, "name": "/dag_run_id"}));
    assert_eq!(kinds[4]["list"]["path"], "/api/v1/dags/{above}/dagRuns");
    let text = drafted.text();
    assert!(text.contains("# left out: /eventLogs (nothing writes it)\n"), "{text}");
    assert!(text.contains("taskInstances (it is below two objects)\n"), "{text}");
    assert!(text.contains("  # question: "), "{text}");
    assert!(!text.contains("/health"), "what lists no objects is not worth a word: {text}");
    let next = drafted.document["next"].to_string();
    assert!(next.contains("enact check-system airflow-api-stable.yaml --against"), "{next}");
}

#[test]
fn paths_that_end_with_a_slash_are_drafted_as_they_are() {
    let object = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string"}, "size": {"type": "integer"}, "odd name": {"type": "string"}}});
    let mut paths = doors("/doors", "{name}", object);
    let with_slash = |paths: &mut Value, path: &str| {
        let item = paths[path].take();
        paths.as_object_mut().unwrap().remove(path);
        paths[format!("{path}/")] = item;
    };
    with_slash(&mut paths, "/doors");
    with_slash(&mut paths, "/doors/{name}");
    paths["/odd path/"] = json!({"get": {}});
    let drafted = drafted(&document(paths, json!({})).to_string(), &[]);
    let door = &drafted.definition()["kinds"][0];
    assert_eq!(door["list"]["path"], "/doors/");
    assert_eq!(
        (&door["create"]["path"], &door["get"]["path"]),
        (&json!("/doors/"), &json!("/doors/{name}/"))
    );
    let text = drafted.text();
    assert!(text.contains("is one of 1 field of use that the draft leaves out"), "{text}");
    assert!(text.contains("# left out: 1 path (odd names"), "{text}");
}

#[test]
fn an_id_of_the_server_and_envelopes_are_recognised() {
    let object = json!({"type": "object", "required": ["name"], "properties": {
        "id": {"type": "string", "readOnly": true}, "name": {"type": "string"},
        "color": {"type": "string", "nullable": true, "enum": ["red", "blue"]},
        "members": {"type": "array", "items": {"$ref": "#/components/schemas/Member"}}}});
    let mut paths = doors("/doors", "{id}", json!({"$ref": "#/components/schemas/Door"}));
    let wrapped = json!({"properties": {"data": {"$ref": "#/components/schemas/Door"}}});
    let content = json!({"application/json": {"schema": wrapped}});
    paths["/doors"]["post"]["responses"]["201"]["content"] = content.clone();
    paths["/doors/{id}"]["get"]["responses"]["200"]["content"] = content.clone();
    paths["/doors/{id}"]["put"]["requestBody"]["content"] = content;
    paths["/doors"]["get"]["parameters"] = json!([
        {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 0}},
        {"name": "per_page", "in": "query", "schema": {"type": "integer", "maximum": 50}}]);
    let member = json!({"type": "object", "properties": {"user": {"type": "string"}}});
    let drafted = drafted(&document(paths, json!({"Door": object, "Member": member})).to_string(), &[]);
    let definition = drafted.definition();
    let mut door = definition["kinds"][0].clone();
    let spec = door["spec"].take();
    let size = json!({"parameter": "per_page", "value": 50});
    let expected = json!({
        "name": "Door",
        "id": "/id",
        "key": {"name": "/name"},
        "list": {"path": "/doors", "items": "/data",
                 "paging": {"page": {"parameter": "page", "first": 0, "size": size}}},
        "get": {"path": "/doors/{id}", "object": "/data"},
        "create": {"path": "/doors", "id": "/data/id"},
        "update": {"method": "PUT", "path": "/doors/{id}", "within": "/data"},
        "delete": {"path": "/doors/{id}"},
        "spec": null,
    });
    assert_eq!((definition["name"].as_str(), door), (Some("doors-co"), expected));
    let properties = json!({
        "color": {"type": ["string", "null"], "enum": ["blue", "red", null]},
        "members": {"type": "array",
                    "items": {"type": "object", "properties": {"user": {"type": "string"}}}},
    });
    assert_eq!(spec, json!({"type": "object", "properties": properties}));
}

#[test]
fn a_document_that_says_too_little_gives_no_file() {
    let no_name = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    for (text, words) in [
        ("{".to_owned(), "is not JSON"),
        ("{}".to_owned(), "not an OpenAPI document of version 3"),
        (json!({"swagger": "2.0", "paths": {}}).to_string(), "not an OpenAPI document of version 3"),
        ("openapi: 3.0.0\n---\nopenapi: 3.0.0\n".to_owned(), "must hold exactly one document"),
        (document(json!({}), json!({})).to_string(), "lists objects of which each has a path and a name"),
        (document(doors("/doors", "{id}", no_name), json!({})).to_string(), "lists objects of which each"),
        ("[".repeat(100_000), "syntax"),
        (format!("{{\"a\": {}", "[".repeat(100_000)), "recursion limit"),
    ] {
        let drafted = drafted(&text, &["--name", "new"]);
        let diagnostics = drafted.document["diagnostics"].to_string();
        let is_told = diagnostics.contains(words) || words == "syntax" && diagnostics.contains("yaml/");
        assert!(drafted.code == 3 && is_told, "{words}: {diagnostics}");
        assert!(!drafted.world.path("new.yaml").exists(), "{words}");
    }
    assert_eq!(codes(&drafted("{}", &[]).document), ["system/draft"]);
}

#[test]
fn a_file_that_exists_stays() {
    let text =
        document(doors("/doors", "{name}", json!({"properties": {"name": {"type": "string"}}})), json!({}));
    let world = drafted(&text.to_string(), &[]).world;
    world.write("doors-co.yaml", "mine");
    let run = world.run(&["new-system", "https://api.example", "--openapi", "api.txt", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (64, vec!["system/exists"]));
    assert_eq!(std::fs::read_to_string(world.path("doors-co.yaml")).unwrap(), "mine");
    let run =
        world.run(&["new-system", "https://a:b@api.example", "--openapi", "api.txt", "--format", "json"]);
    assert_eq!(codes(&run.json()), ["config/url"]);
}

#[test]
fn references_in_a_circle_end() {
    let circle = json!({"type": "object", "properties": {
        "name": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Door"},
        "doors": {"type": "array", "items": {"$ref": "#/components/schemas/Door"}}}});
    let schemas = json!({
        "Door": {"allOf": [{"$ref": "#/components/schemas/Door"}, circle, {"$ref": "#/components/schemas/A"}]},
        "A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"},
    });
    let paths = doors("/doors", "{name}", json!({"$ref": "#/components/schemas/Door"}));
    let definition = drafted(&document(paths, schemas).to_string(), &[]).definition();
    assert!(definition["kinds"][0]["spec"]["properties"]["parent"].is_object());
    assert!(definition.to_string().len() < 100_000);
}

#[test]
fn a_document_that_is_huge_wide_and_full_of_references_stays_within_bounds() {
    let fan: Value =
        (0..60).map(|n| (format!("p{n}"), json!({"$ref": "#/components/schemas/Door"}))).collect();
    let mut fan = json!({"type": "object", "properties": fan});
    fan["properties"]["name"] = json!({"type": "string"});
    let mut paths = Map::new();
    for n in 0..300 {
        let one = doors(&format!("/v{n}/doors"), "{name}", json!({"$ref": "#/components/schemas/Door"}));
        paths.extend(one.as_object().unwrap().clone());
    }
    let text = document(Value::Object(paths), json!({"Door": fan})).to_string();
    let drafted = drafted(&text, &[]);
    let definition = drafted.definition();
    assert!(drafted.text().len() < 1 << 20);
    let kinds = definition["kinds"].as_array().unwrap().len();
    assert!(kinds > 0 && kinds <= 200, "{kinds}");
}

#[test]
fn hostile_names_get_into_no_definition() {
    let evil = "x\n# }\u{1b}[2J\u{202e}: &a *a {settings.x}";
    let object = json!({"type": "object", "properties": {
        evil: {"type": "string"}, "name": {"type": "string"}, "a~b/c": {"type": "string"},
        "null": {"type": "string", "enum": [evil, "yes"]}}});
    let mut paths = doors("/trues", "{name}", object.clone()).as_object().unwrap().clone();
    for path in [format!("/{evil}"), "/a/../b".to_owned(), "//a".to_owned(), "/a%2f..".to_owned()] {
        paths.extend(doors(&path, "{name}", object.clone()).as_object().unwrap().clone());
    }
    let mut document = document(Value::Object(paths), json!({}));
    document["info"]["title"] = json!(evil);
    document["servers"] = json!([{"url": format!("https://other.example/../{evil}")}]);
    document["components"]["securitySchemes"] =
        json!({"a": {"type": "apiKey", "in": "header", "name": evil}});
    let drafted = drafted(&document.to_string(), &["--name", "new"]);
    let definition = drafted.definition();
    assert_eq!(definition["kinds"].as_array().unwrap().len(), 1, "{definition:#}");
    assert_eq!(definition["kinds"][0]["name"], "True");
    assert_eq!(definition["kinds"][0]["list"]["path"], "/trues");
    let properties = definition["kinds"][0]["spec"]["properties"].as_object().unwrap();
    assert_eq!(properties.keys().collect::<Vec<_>>(), ["null"]);
    assert!(!drafted.text().contains(['\u{1b}', '\u{202e}']), "{}", drafted.text());
}
