//! Fields that no reply has: when they are sent, that they never count as drift, and that no secret is ever shown.
//!
//! Every run of the binary is searched for the values of `World::secrets`: its outputs, and every file in the folder.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{World, actions, calls, codes, fields, files, kind, manifest, outcomes, system};

/// Quoted and escaped differently in each format.
const PASSWORD: &str = "hunter2 \"quoted\" \\ ü";
const OTHER: &str = "another-secret-5d41";

/// Users with a password of which replies only have the hash, and a login with a token inside.
const USER: &str = "
name: User
key: {name: /name}
list: {path: /users}
get: {path: '/users/{name}'}
create: {method: PUT, path: '/users/{name}'}
update: {method: PUT, path: '/users/{name}'}
delete: {path: '/users/{name}'}
spec:
  type: object
  properties:
    password: {type: string, minLength: 12, pattern: '^[a-z]', writeOnly: true, x-replaces: [password_hash, hash_kind]}
    must_change: {type: boolean, writeOnly: true, x-replaces: []}
    tags: {type: array, x-list-type: set, items: {type: string}, default: []}
    login:
      type: object
      properties:
        host: {type: string}
        token: {type: string, writeOnly: true}
";

const SECRETS: &str = "  secrets: {app: {env: APP_PASSWORD}, other: {env: OTHER_PASSWORD}}\n";

fn users(change: impl FnOnce(&mut Value)) -> World {
    let kind = kind(USER, change);
    let mut world = World::with(&system(&[kind]), &[("users", Habits::key(&["name"]))], SECRETS);
    world.secrets = vec![("APP_PASSWORD", PASSWORD.to_owned()), ("OTHER_PASSWORD", OTHER.to_owned())];
    forgetting(&world);
    world
}

/// The API accepts what is write-only, returns a hash for it, and never shows it.
fn forgetting(world: &World) {
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        if seen.method != "GET" {
            for user in store.objects("users").iter_mut().filter(|user| user["password"].is_string()) {
                user["password_hash"] = json!("5f4d");
                user["hash_kind"] = json!("md5");
            }
        }
        hide(&mut reply.body);
        Some(reply)
    });
}

fn hide(body: &mut Value) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => {
            fields.retain(|name, _| !["password", "must_change", "token"].contains(&name.as_str()));
            fields.values_mut().for_each(hide);
        }
        _ => {}
    }
}

fn stored(world: &World) -> Value {
    world.object("users", "name", "app")
}

/// A user with a password, as declared, in a repository with this history.
fn converged() -> World {
    let world = users(|_| {});
    world.declare("User", "app", "{password: {secret: app}, tags: [a]}");
    world.commit();
    world.converge();
    world
}

#[test]
fn a_create_carries_the_secret_and_no_plan_shows_it() {
    let world = users(|_| {});
    world.declare(
        "User",
        "app",
        "{password: {secret: app}, must_change: true, login: {host: h, token: {secret: other}}}",
    );
    let plan = world.plan();
    let body = json!({
        "password": "(secret app)", "must_change": true, "login": {"host": "h", "token": "(secret other)"},
    });
    assert_eq!(plan["changes"][0]["requests"][0]["body"], body, "{plan:#}");
    for args in
        [&["plan", "-v"][..], &["plan", "-vv", "--format", "markdown"], &["plan", "--out", "plan.json"]]
    {
        assert_eq!(world.run(args).code, 0, "{args:?}");
    }
    let apply = world.run(&["apply", "plan.json", "--yes", "-vv"]);
    assert_eq!(apply.code, 0, "{}{}", apply.out, apply.err);
    assert_eq!(stored(&world)["password"], PASSWORD);
    assert_eq!(stored(&world)["login"], json!({"host": "h", "token": OTHER}));
    assert_eq!(stored(&world)["must_change"], true);
    world.assert_converged();
}

#[test]
fn what_no_reply_has_is_not_drift() {
    let mut world = converged();
    world.secrets.clear();
    let plan = world.plan();
    assert_eq!((&plan["changes"], &plan["diagnostics"]), (&json!([]), &json!([])), "{plan:#}");
    let world = users(|_| {});
    world.api.insert("users", json!({"name": "app"}));
    world.declare("User", "app", "{password: {secret: app}, must_change: true}");
    world.assert_converged();
}

#[test]
fn a_plan_needs_no_secret() {
    let mut world = users(|_| {});
    world.secrets.clear();
    world.declare("User", "app", "{password: {secret: app}}");
    assert_eq!(actions(&world.plan()), ["create User app"]);
    assert_eq!(actions(&world.plan_with(&["--set-secrets"])), ["create User app"]);
}

#[test]
fn an_apply_without_its_secret_writes_nothing() {
    let mut world = users(|_| {});
    world.secrets.remove(0);
    world.declare("User", "app", "{password: {secret: app}}");
    world.declare("User", "web", "{tags: [a]}");
    let (code, document) = world.apply();
    assert!([1, 3].contains(&code), "{code}: {document:#}");
    assert_eq!(world.calls(), Vec::<String>::new(), "{document:#}");
    assert!(document.to_string().contains("APP_PASSWORD"), "it says which variable: {document:#}");
}

#[test]
fn a_secret_is_sent_when_git_changes_it() {
    let world = converged();
    world.declare("User", "app", "{password: {secret: other}, tags: [a]}");
    world.commit();
    let plan = world.plan();
    assert_eq!(
        (actions(&plan), fields(&plan)),
        (vec!["update User app".to_owned()], vec!["/password/secret"]),
        "{plan:#}"
    );
    assert_eq!(plan["changes"][0]["cause"], "declared");
    let body = json!({"password": "(secret other)", "tags": ["a"]});
    assert_eq!(plan["changes"][0]["requests"][0]["body"], body, "without the hash that it replaces");
    world.converge();
    assert_eq!(stored(&world)["password"], OTHER);
}

#[test]
fn a_secret_is_sent_when_git_begins_to_declare_it() {
    let world = users(|_| {});
    world.api.insert("users", json!({"name": "app", "password_hash": "old", "tags": ["x"]}));
    world.declare("User", "app", "{tags: [x]}");
    world.commit();
    world.converge();
    world.declare("User", "app", "{tags: [x], password: {secret: app}}");
    world.commit();
    world.converge();
    assert_eq!(stored(&world)["password"], PASSWORD);
}

#[test]
fn a_secret_that_git_gives_up_stays() {
    let world = converged();
    world.declare("User", "app", "{tags: [a]}");
    world.commit();
    assert_eq!(actions(&world.plan()), Vec::<String>::new());
}

#[test]
fn an_update_of_something_else_leaves_the_secret_and_its_hash() {
    let world = converged();
    let before = stored(&world);
    world.declare("User", "app", "{password: {secret: app}, tags: [b]}");
    world.commit();
    let writes = world.converge();
    assert_eq!(writes[0].body, json!({"tags": ["b"], "password_hash": "5f4d", "hash_kind": "md5"}));
    assert_eq!(stored(&world)["password_hash"], before["password_hash"], "unmanaged-survives");
}

#[test]
fn no_secret_out_a_kept_hash_that_a_refusal_quotes_is_not_shown() {
    let world = users(|_| {});
    let hash = "$2b$12$R9h/cIPz0gi.URNNX3kh2O";
    world.api.insert("users", json!({"name": "app", "password_hash": hash, "tags": ["x"]}));
    world.declare("User", "app", "{tags: [y]}");
    world.api.on(|seen, _| (seen.method != "GET").then(|| Reply::new(422, json!({"detail": seen.body}))));
    for format in ["text", "json", "markdown"] {
        let run = world.run(&["apply", "--yes", "--format", format]);
        assert!(run.code == 1 && run.out.contains("422") && !run.out.contains(hash), "{}", run.out);
    }
}

#[test]
fn all_secrets_are_sent_where_that_is_asked_for() {
    let mut world = converged();
    world.declare("User", "web", "{password: {secret: other}}");
    world.declare("User", "none", "{tags: [x]}");
    world.commit();
    world.converge();
    world.secrets[0].1 = "rotated-77aa".to_owned();
    world.assert_converged();
    let plan = world.plan_with(&["--set-secrets"]);
    assert_eq!(actions(&plan), ["update User app", "update User web"], "{plan:#}");
    assert_eq!(fields(&plan), ["/password/secret", "/password/secret"]);
    let (code, document) = world.apply_with(&["--set-secrets"]);
    assert_eq!((code, world.writes().len()), (0, 2), "{document:#}");
    assert_eq!(
        (&stored(&world)["password"], &stored(&world)["tags"]),
        (&json!("rotated-77aa"), &json!(["a"]))
    );
    world.assert_converged();
}

/// Users whose API merges, with or without a secret inside an object.
fn merging(nested: bool) -> World {
    users(|kind| {
        kind["update"] = json!({"method": "PATCH", "path": "/users/{name}"});
        if !nested {
            kind["spec"]["properties"].as_object_mut().unwrap().remove("login");
        }
    })
}

#[test]
fn secrets_are_sent_alone_where_an_update_merges() {
    let world = merging(false);
    world.declare("User", "app", "{password: {secret: app}, tags: [a]}");
    world.converge();
    let plan = world.plan_with(&["--set-secrets"]);
    assert_eq!(plan["changes"][0]["requests"][0]["body"], json!({"password": "(secret app)"}), "{plan:#}");
    assert_eq!(world.apply_with(&["--set-secrets"]).0, 0);
}

#[test]
fn a_secret_inside_of_an_object_is_refused_where_an_update_merges() {
    // The object around it would be sent without it, or with the server's own value in its place.
    let run = merging(true).run(&["check-system", "plain.yaml"]);
    assert!(run.code == 3 && run.err.contains("system/field"), "{}", run.err);
}

#[test]
fn what_is_write_only_and_no_text_is_sent_like_a_secret() {
    let world = converged();
    world.declare("User", "app", "{password: {secret: app}, tags: [a], must_change: true}");
    world.commit();
    let plan = world.plan();
    assert_eq!(fields(&plan), ["/must_change"], "{plan:#}");
    let writes = world.converge();
    assert_eq!(writes[0].body["must_change"], true);
    assert_eq!(writes[0].body.get("password"), None);
}

#[test]
fn a_text_that_no_reply_has_may_be_no_secret() {
    let world = users(|kind| {
        kind["spec"]["properties"]["must_change"] =
            json!({"type": "string", "writeOnly": true, "x-secret": false, "x-replaces": []});
    });
    world.declare("User", "app", "{tags: [a]}");
    world.commit();
    world.converge();
    world.declare("User", "app", "{tags: [a], must_change: at login}");
    world.commit();
    let plan = world.plan();
    assert_eq!(fields(&plan), ["/must_change"], "{plan:#}");
    assert_eq!(world.converge()[0].body["must_change"], "at login");
}

#[test]
fn a_secret_that_enact_yaml_does_not_name_is_refused_with_its_place() {
    let world = users(|_| {});
    world.declare("User", "app", "{password: {secret: ap}}");
    let document = world.refused(3);
    let diagnostic = &document["diagnostics"][0];
    assert_eq!(
        (&diagnostic["file"], &diagnostic["line"]),
        (&json!("policies/User-app.yaml"), &json!(5)),
        "{document:#}"
    );
    assert_eq!(world.api.seen().len(), 0, "validated-first");
    assert_eq!(world.run(&["validate"]).code, 3);
}

#[test]
fn a_secret_in_plain_text_is_refused() {
    for spec in
        ["{password: plain}", "{password: {secret: app, x: 1}}", "{password: {}}", "{login: {token: plain}}"]
    {
        let world = users(|_| {});
        world.declare("User", "app", spec);
        let document = world.refused(3);
        assert!(codes(&document).iter().all(|code| code.starts_with("schema/")), "{document:#}");
        assert_eq!(document["diagnostics"][0]["line"], 5, "{document:#}");
    }
}

#[test]
fn no_secret_out_when_a_server_shows_it_all_the_same() {
    let world = converged();
    // It is in every reply now; and somebody else has one that enact cannot know.
    world.api.on(|_, _| None);
    world.api.insert("users", json!({"name": "theirs", "password": "unknown-to-enact-31"}));
    world.drift("users", "tags", json!(["z"]));
    for args in [
        &["plan", "-vv"][..],
        &["plan", "--format", "json"],
        &["plan", "--format", "markdown"],
        &["apply", "--yes", "-vv"],
    ] {
        let run = world.run(args);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    }
    assert_eq!(world.run(&["import", "live"]).code, 0);
    let texts = files(&world.path("policies"));
    assert!(
        texts.iter().all(|(_, text)| !String::from_utf8_lossy(text).contains("unknown-to-enact")),
        "{texts:?}"
    );
}

#[test]
fn no_secret_out_when_a_server_says_it_in_an_error() {
    for (status, secret) in [(400, "app"), (400, "other"), (500, "app"), (500, "other")] {
        let world = users(|_| {});
        world.declare("User", "app", &format!("{{password: {{secret: {secret}}}}}"));
        world.api.on(move |seen, store| {
            let words =
                format!("the password {} is too simple", seen.body["password"].as_str().unwrap_or_default());
            Some(if seen.method == "PUT" {
                Reply::new(status, json!({"message": words}))
            } else {
                store.answer(seen)
            })
        });
        for args in [&["apply", "--yes", "-vv"][..], &["apply", "--yes", "--format", "json"]] {
            let run = world.run(args);
            assert_eq!(run.code, 1, "{}{}", run.out, run.err);
            assert!(
                status == 500 || format!("{}{}", run.out, run.err).contains("redacted"),
                "{}{}",
                run.out,
                run.err
            );
        }
    }
}

#[test]
fn stale_is_refused_and_no_secret_is_sent() {
    let world = converged();
    world.declare("User", "app", "{password: {secret: other}, tags: [a]}");
    world.commit();
    let mut reads = 0;
    world.api.on(move |seen, store| {
        reads += 1;
        if reads == 5 {
            store.objects("users")[0]["tags"] = json!(["moved"]);
        }
        let mut reply = store.answer(seen);
        hide(&mut reply.body);
        Some(reply)
    });
    let document = world.refused(5);
    assert_eq!(outcomes(&document), ["app conflict"], "{document:#}");
}

#[test]
fn secrets_are_not_imported() {
    let world = users(|_| {});
    world.api.insert("users", json!({"name": "app", "password_hash": "5f4d", "tags": ["a"]}));
    assert_eq!(world.run(&["import", "live"]).code, 0);
    let text = std::fs::read_to_string(world.path("policies/live/user-app.yaml")).unwrap();
    assert!(text.contains("tags") && !text.contains("password"), "{text}");
    world.assert_converged();
}

#[test]
fn a_declared_secret_is_required_to_create_where_the_schema_says_so() {
    let world = users(|kind| kind["spec"]["required"] = json!(["password"]));
    world.declare("User", "app", "{tags: [a]}");
    assert_eq!(codes(&world.refused(3)), ["plan/needed-to-create"]);
    world.declare("User", "app", "{password: {secret: app}}");
    assert_eq!(calls(&world.converge()), ["PUT /base/users/app"]);
    world.declare("User", "app", "{tags: [a]}");
    world.converge();
}

#[test]
fn a_mask_in_a_reply_is_not_sent_back() {
    let world = converged();
    world.api.on(|seen, store| {
        let mut reply = store.answer(seen);
        mask(&mut reply.body);
        Some(reply)
    });
    world.assert_converged();
    world.declare("User", "app", "{password: {secret: app}, tags: [b]}");
    world.commit();
    world.converge();
    assert_ne!(stored(&world)["password"], "****");
}

fn mask(body: &mut Value) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => drop(fields.insert("password".to_owned(), json!("****"))),
        _ => {}
    }
}

#[test]
fn a_secret_is_that_of_its_target() {
    let world = users(|_| {});
    let target = |name: &str, secret: &str| {
        world.target(
            name,
            &format!("  secrets: {{app: {{env: {secret}}}}}\n  include: ['policies/{name}.yaml']\n"),
        )
    };
    world.configure(&format!("{}{}", target("one", "APP_PASSWORD"), target("two", "OTHER_PASSWORD")));
    for (name, user) in [("one", "a"), ("two", "b")] {
        let text = manifest("User", user, "", "{password: {secret: app}}");
        world.write(&format!("policies/{name}.yaml"), &text);
    }
    world.converge();
    let password = |name: &str| world.object("users", "name", name)["password"].clone();
    assert_eq!((password("a"), password("b")), (json!(PASSWORD), json!(OTHER)));
}

#[test]
fn a_reviewed_plan_is_for_the_secrets_that_it_shows() {
    let world = converged();
    assert_eq!(world.run(&["plan", "--set-secrets", "--out", "plan.json"]).code, 0);
    world.api.forget();
    let without = world.run(&["apply", "plan.json", "--yes"]);
    assert!(without.code != 0 && world.calls().is_empty(), "{}{}", without.out, without.err);
    let with = world.run(&["apply", "plan.json", "--set-secrets", "--yes"]);
    assert_eq!(
        (with.code, world.calls()),
        (0, vec!["PUT /base/users/app".to_owned()]),
        "{}{}",
        with.out,
        with.err
    );
}

#[test]
fn what_no_reply_has_does_not_prevent_a_delete() {
    let world = converged();
    let target = world.target("live", &format!("{SECRETS}  prune: tracked\n"));
    world.configure(&target);
    world.declare("User", "web", "{}");
    world.commit();
    world.converge();
    std::fs::remove_file(world.path("policies/User-app.yaml")).unwrap();
    world.commit();
    assert_eq!(actions(&world.plan()), ["delete User app"]);
    assert_eq!(calls(&world.converge()), ["DELETE /base/users/app"]);
}

#[test]
fn the_sandbox_does_not_reach_the_live_system() {
    let world = users(|_| {});
    world.declare("User", "app", "{password: {secret: app}}");
    let run = world.run(&["apply", "--sandbox", "--yes"]);
    assert!(run.code != 0 && world.api.seen().is_empty(), "{}{}", run.out, run.err);
    assert!(run.err.contains("plain"), "it says which system it does not have: {}{}", run.out, run.err);
}

#[test]
fn a_secret_may_have_several_lines() {
    let mut world = users(|_| {});
    world.secrets[0].1 = "-----BEGIN KEY-----\nline-one-of-it\nline-two-of-it".to_owned();
    world.declare("User", "app", "{password: {secret: app}}");
    world.converge();
    assert_eq!(stored(&world)["password"], world.secrets[0].1);
    // What a server says about it is shown on one line.
    world.declare("User", "web", "{password: {secret: app}}");
    world.api.on(|seen, store| {
        let words = seen.body["password"].as_str().unwrap_or_default().to_owned();
        Some(if seen.method == "PUT" {
            Reply::new(400, json!({"message": words}))
        } else {
            store.answer(seen)
        })
    });
    let run = world.run(&["apply", "--yes"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
}

#[test]
fn a_text_that_may_be_null_is_a_secret_as_well() {
    let world = users(|kind| kind["spec"]["properties"]["password"]["type"] = json!(["string", "null"]));
    world.declare("User", "app", "{password: plain-text-in-git}");
    let plain = world.run(&["validate"]);
    world.declare("User", "app", "{password: {secret: app}}");
    world.converge();
    assert_eq!((plain.code, &stored(&world)["password"]), (3, &json!(PASSWORD)), "{}", plain.err);
}

#[test]
fn a_secret_is_one_wherever_the_schema_says_so() {
    let secret = json!({"type": "string", "writeOnly": true});
    for spec in [
        json!({"$defs": {"Secret": secret}, "properties": {"password": {"$ref": "#/$defs/Secret"}}}),
        json!({"properties": {"password": {"allOf": [secret]}}}),
        json!({"properties": {"password": {"writeOnly": true, "anyOf": [{"type": "string"}, {"type": "null"}]}}}),
    ] {
        let world = users(|kind| {
            kind["spec"] = spec.clone();
            kind["spec"]["type"] = json!("object");
        });
        world.declare("User", "app", "{password: plain-text-in-git}");
        // The definition may also be refused, but no password is in git.
        assert_eq!(world.run(&["validate"]).code, 3, "{spec}");
    }
}

#[test]
fn no_secret_out_of_what_a_delete_and_unmanaged_show() {
    let world = converged();
    // Even if the API shows what it should not.
    world.api.on(|seen, store| Some(store.answer(seen)));
    let foreign = json!({"name": "foreign", "password": PASSWORD, "login": {"host": "h", "token": OTHER}});
    world.api.insert("users", foreign);
    world.declare_absent("User", "app");
    for format in ["text", "markdown"] {
        // `World` looks for the secrets in every output.
        assert_eq!(world.run(&["plan", "--unmanaged", "-v", "--format", format]).code, 0);
    }
    let plan = world.plan_with(&["--unmanaged"]);
    assert_eq!(plan["changes"][0]["before"], json!({"tags": ["a"]}), "no-secret-out: {plan:#}");
    assert_eq!(plan["unmanaged"][0]["content"], json!({"login": {"host": "h"}}), "no-secret-out: {plan:#}");
}
