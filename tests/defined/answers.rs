//! What answers say beside their objects: secrets that they echo, errors in a success, and why something is refused.

use serde_json::{Value, json};

use crate::api::Reply;
use crate::store::Habits;
use crate::world::{CANARY, World, outcomes, system, thing};

/// The credential in the spellings that servers use.
fn spellings() -> Vec<String> {
    let percent: String = CANARY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    vec![
        CANARY.to_owned(),
        percent,
        CANARY.replace('+', "%2B"),
        CANARY.replace('=', "%3D").replace('/', "%2F"),
        CANARY.replace('=', "\\u003d"),
        format!("Bearer {CANARY}"),
        CANARY.replace('/', "&#x2F;"),
        CANARY.replace('+', "%252b"),
    ]
}

fn linked() -> World {
    let paging = json!({"link": {"size": {"parameter": "limit", "value": 10}}});
    World::new(&[thing(|kind| kind["list"]["paging"] = paging)], &[("things", Habits::default())])
}

/// Everything that is run is searched for the credential in every spelling, by `support::run`.
#[test]
fn no_secret_out_a_credential_that_a_header_echoes_is_neither_shown_nor_sent_on() {
    for spelling in spellings() {
        for (status, link) in [
            (200, format!("</base/things?page=2&token={spelling}>")),
            (302, format!("<https://h.example/{spelling}>")),
        ] {
            let world = linked();
            world.declare("Thing", "a", "{}");
            let headers = vec![
                ("link", format!("{link}; rel=\"next\"")),
                ("location", format!("/base/things?token={spelling}")),
                ("etag", format!("\"{spelling}\"")),
                ("retry-after", spelling.clone()),
                ("www-authenticate", format!("Bearer realm=\"{spelling}\"")),
            ];
            world
                .api
                .on(move |_, _| Some(Reply { headers: headers.clone(), ..Reply::new(status, json!([])) }));
            for args in [&["apply", "--yes", "-vv"][..], &["plan", "--format", "markdown"]] {
                let run = world.run(args);
                assert_eq!(run.code, 6, "{spelling} {status}: {}{}", run.out, run.err);
            }
            let sent: Vec<_> = world.api.seen().into_iter().map(|seen| seen.path).collect();
            assert_eq!(sent, ["/base/things?limit=10"; 2], "{spelling}");
        }
    }
}

#[test]
fn no_secret_out_a_credential_in_the_words_of_an_error_is_not_shown() {
    for spelling in spellings() {
        let json = json!({"error": {"message": spelling, "loc": [spelling]}, (spelling.clone()): [spelling]});
        for reply in [Reply::text(400, "text/plain", &format!("bad {spelling}")), Reply::new(403, json)] {
            let world = World::things(|_| {});
            world.declare("Thing", "a", "{}");
            world.api.on(move |seen, _| (seen.method != "GET").then(|| reply.clone()));
            assert_eq!(world.run(&["apply", "--yes"]).code, 1);
        }
    }
}

#[test]
fn a_token_of_the_next_page_that_holds_the_credential_is_not_sent_in_a_url() {
    let world = linked();
    world.declare("Thing", "a", "{}");
    let link = format!("</base/things?page=2&token={CANARY}>; rel=\"next\"");
    world
        .api
        .on(move |_, _| Some(Reply { headers: vec![("link", link.clone())], ..Reply::new(200, json!([])) }));
    let document = world.refused(6);
    let message = document["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("holds the credential"), "{message}");
    assert_eq!(world.api.seen().len(), 1, "the second page is not asked for, and the first not again");
}

#[test]
fn an_empty_place_for_errors_is_no_error() {
    let empty = [
        json!([]),
        json!(""),
        json!(false),
        json!(0),
        json!({}),
        json!(null),
        json!([{}, null]),
        json!({"code": 0, "message": ""}),
    ];
    for at in ["error", "errors"] {
        for empty in &empty {
            let world = World::things(|kind| kind["list"]["items"] = json!("/items"));
            world.declare("Thing", "a", "{size: 2}");
            let (at, empty) = (at, empty.clone());
            world.api.on(move |seen, store| {
                let mut reply = store.answer(seen);
                match (seen.method.as_str(), seen.place()) {
                    ("GET", "/base/things") => reply.body = json!({"items": reply.body, (at): empty}),
                    (_, _) if reply.body.is_object() => reply.body[at] = empty.clone(),
                    _ => {}
                }
                Some(reply)
            });
            world.converge();
        }
    }
}

#[test]
fn a_field_of_an_object_that_is_named_error_is_data() {
    for (at, value) in [("error", json!("the last run failed")), ("errors", json!([{"message": "old"}]))] {
        let world = World::things(|kind| {
            kind["list"]["whole"] = json!(false);
            kind["spec"]["properties"][at] = json!({"readOnly": true});
        });
        world.api.insert("things", json!({"name": "a", "size": 1, (at): value}));
        world.declare("Thing", "a", "{size: 2}");
        assert_eq!(world.converge().len(), 1, "{at}");
        assert_eq!(world.object("things", "name", "a")["size"], 2);
    }
}

#[test]
fn a_field_of_an_object_without_an_id_that_is_named_error_is_data() {
    let world = World::grants(|kind| {
        kind["list"]["whole"] = json!(false);
        kind["spec"]["properties"]["error"] = json!({"readOnly": true});
    });
    world.api.insert("grants", json!({"user": "u", "vhost": "v", "read": "x", "error": "old"}));
    world.declare("Grant", "u@v", "{read: y}");
    assert_eq!(world.converge().len(), 1);
}

#[test]
fn an_error_in_place_of_an_object_is_still_one() {
    let bodies = [json!({"error": "gone wrong"}), json!({"id": "req-1", "name": "a", "error": "gone wrong"})];
    for body in bodies {
        let world = World::things(|kind| kind["list"]["whole"] = json!(false));
        world.api.insert("things", json!({"name": "a", "size": 1}));
        world.declare("Thing", "a", "{size: 2}");
        let answer = Reply::new(200, body);
        world.api.on(move |seen, _| {
            (seen.method == "GET" && seen.place() != "/base/things").then(|| answer.clone())
        });
        let document = world.refused(6);
        assert!(
            document["diagnostics"][0]["message"].as_str().unwrap().contains("gone wrong"),
            "{document:#}"
        );
    }
}

/// The reason that a plan shows for an answer to its list, and an apply for an answer to its create.
fn reasons(reply: &Reply) -> [String; 2] {
    ["GET", "POST"].map(|method| {
        let world = World::with(&system(&[thing(|_| {})]), &[("things", Habits::default())], "");
        world.declare("Thing", "a", "{}");
        let reply = reply.clone();
        world.api.on(move |seen, _| (seen.method == method).then(|| reply.clone()));
        let (_, document) = world.apply();
        match method {
            "GET" => document["diagnostics"][0]["message"].as_str().unwrap().to_owned(),
            _ => {
                outcomes(&document)[0].clone()
                    + " "
                    + document["changes"][0]["outcome"]["reason"].as_str().unwrap()
            }
        }
    })
}

#[test]
fn the_apis_reason_is_shown_in_its_own_words_whatever_the_shape() {
    let json = |body: Value| Reply::new(422, body);
    let shapes = [
        (
            json(json!({"title": "No", "detail": "the quota is used up"})),
            "422 Unprocessable Entity: No: the quota is used up",
        ),
        (json(json!({"detail": [{"loc": ["body", "size"], "msg": "too big"}]})), "`body.size`: too big"),
        (json(json!({"size": ["too big"]})), "`size`: too big"),
        (json(json!({"errors": ["permission denied"]})), "Entity: permission denied"),
        (json(json!({"strange": 1})), "Entity: {\"strange\":1}"),
        (Reply::text(422, "text/plain", "no\r\n\x1b[31mway"), r"Entity: no \u{1b}[31mway"),
        (
            Reply::text(422, "text/html", "<!doctype html><title>Denied</title>"),
            "Entity: a web page, `Denied`",
        ),
        (json(json!(null)), "422 Unprocessable Entity"),
    ];
    for (reply, expected) in shapes {
        for reason in reasons(&reply) {
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
    }
}

#[test]
fn a_web_page_instead_of_json_is_told_by_its_title_with_the_whole_url() {
    for status in [200, 404, 422] {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "{}");
        let page = "<!DOCTYPE html><html><head><title>Sign\n in</title></head></html>";
        world.api.on(move |_, _| Some(Reply::text(status, "text/html", page)));
        let document = world.refused(6);
        let message = document["diagnostics"][0]["message"].as_str().unwrap();
        let url = format!("{}/base/things", world.api.origin);
        assert!(message.contains(&url) && message.contains("a web page, `Sign in`"), "{message}");
        let help = document["diagnostics"][0]["help"].as_str().unwrap();
        assert!(help.contains("`url` in enact.yaml"), "{help}");
    }
}

#[test]
fn a_server_that_wants_tls_says_so() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{}");
    let words = "Client sent an HTTP request to an HTTPS server.\n";
    world.api.on(move |_, _| Some(Reply::text(400, "text/plain", words)));
    let document = world.refused(6);
    let help = document["diagnostics"][0]["help"].as_str().unwrap();
    assert!(help.contains("write `https://`"), "{help}");
}

#[test]
fn a_refused_write_points_at_the_field_that_the_api_names_or_else_at_the_name() {
    let refusals = [
        (json!({"detail": [{"loc": ["body", "limits", "cpu"], "msg": "too many"}]}), "cpu: 9"),
        (
            json!({"errors": [{"source": {"pointer": "/data/attributes/size"}, "title": "too big"}]}),
            "size: 7",
        ),
        (json!({"error": {"param": "size", "message": "too big"}}), "size: 7"),
        (json!({"owner": ["is required"]}), "name: \"a\""),
        (json!({"message": "no"}), "name: \"a\""),
    ];
    for (body, declared) in refusals {
        let world = World::things(|_| {});
        world.declare("Thing", "a", "\n  size: 7\n  limits:\n    cpu: 9");
        let file = crate::world::file("Thing", "a");
        let text = std::fs::read_to_string(world.path(&file)).unwrap();
        let (line, column) = text
            .lines()
            .enumerate()
            .find_map(|(line, text)| Some((line + 1, text.find(declared)? + 1)))
            .unwrap_or_else(|| panic!("{declared}: {text}"));
        let place = format!("{file}:{line}:");
        let answer = Reply::new(422, body.clone());
        world.api.on(move |seen, _| (seen.method != "GET").then(|| answer.clone()));
        let (code, document) = world.apply();
        let at = document["changes"][0]["outcome"]["at"].as_str().unwrap_or_default().to_owned();
        assert!(code == 1 && at.starts_with(&place), "{body}: {at} is not {place}{column}\n{document:#}");
        let run = world.run(&["apply", "--yes"]);
        assert!(run.out.contains(&format!("--> {at}")), "{}", run.out);
        let run = world.run(&["apply", "--yes", "--format", "markdown"]);
        assert!(run.out.contains(&at), "{}", run.out);
    }
}
