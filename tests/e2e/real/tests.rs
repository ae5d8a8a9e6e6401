//! Tests of the harness: the proxy changes only what it has to, its faults are the sandbox's, and each test finds an
//! empty server.

use std::io;

use super::proxy::Proxy;
use super::wire::Wire;
use super::{is_there, live};
use crate::live::{Embedded, Live};
use crate::world::fault;
use enact::sandbox::{Fault, Seen};
use serde_json::{Value, json};

const ROLES: &str = "/api/permissions/roles";

/// A connection to the server at a URL.
fn wire(url: &str) -> Wire {
    let authority = url.trim_start_matches("http://").split('/').next().unwrap();
    Wire::new(authority.into(), "Bearer any".into())
}

/// A proxy before a sandbox, and the sandbox.
fn proxied() -> (Proxy, Embedded) {
    let sandbox = Embedded::new("polytomic");
    (Proxy::before(wire(&sandbox.url()), |status| json!({"status": status})), sandbox)
}

#[test]
fn a_request_passes_the_proxy_as_it_was_sent_and_is_remembered() {
    let (proxy, sandbox) = proxied();
    let odd = "/api/permissions/%2F/a%2Fb%2e%2E/../%20@?x=%5B1%5D&y=[2]&z=a+b";
    let body = json!({"name": "ä"});
    let (status, _) = wire(&proxy.url()).call("PATCH", odd, Some(&body)).unwrap();
    assert_eq!(proxy.requests(), sandbox.requests());
    let seen =
        Seen { target: "live".into(), method: "PATCH".into(), path: odd.into(), body: Some(body), status };
    assert_eq!(proxy.requests(), [seen]);
}

#[test]
fn an_answer_passes_the_proxy_with_its_headers() {
    let (proxy, sandbox) = proxied();
    let (status, there) = wire(&proxy.url()).call("POST", ROLES, Some(&json!({"name": "R"}))).unwrap();
    assert_eq!((status, &there["data"]["name"]), (200, &json!("R")));
    let header = ("x-request-id".to_owned(), "7".to_owned());
    sandbox.inject(Fault { headers: vec![header], body: Some(json!("busy")), ..fault("GET", 503) });
    let answer = whole(&proxy.url(), ROLES).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("x-request-id: 7") && answer.contains("text/plain"), "{answer}");
    assert!(answer.ends_with("busy"), "{answer}");
}

/// The answer to a GET as on the wire.
fn whole(url: &str, path: &str) -> io::Result<String> {
    use std::io::{Read, Write};
    let authority = url.trim_start_matches("http://");
    let mut tcp = std::net::TcpStream::connect(authority)?;
    write!(
        tcp,
        "GET {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer a\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn faults_mean_what_they_mean_in_the_sandbox() {
    let faults = [
        vec![Fault { skip: 1, times: 1, ..fault("POST", 403) }],
        vec![Fault { times: 2, ..fault("post", 500) }],
        vec![Fault { times: 1, after_commit: true, ..fault("POST", 0) }],
        vec![Fault { times: 1, after_commit: true, ..fault("", 502) }],
        vec![Fault { times: 1, ..fault("GET", 0) }],
        vec![Fault { body: Some(json!({"data": []})), ..fault("GET", 200) }],
        vec![Fault { times: 1, ..fault("GET", 204) }],
        vec![Fault { path_contains: "?x=%2F".into(), ..fault("GET", 429) }],
        vec![Fault { target: "another".into(), ..fault("GET", 403) }],
        vec![Fault { times: 1, ..fault("POST", 403) }, Fault { times: 1, skip: 1, ..fault("POST", 409) }],
    ];
    for faults in faults {
        let alone = Embedded::new("polytomic");
        let (proxy, behind) = proxied();
        for fault in &faults {
            alone.inject(fault.clone());
            proxy.inject(fault.clone());
        }
        assert_eq!(story(&proxy.url()), story(&alone.url()), "{faults:?}");
        assert_eq!(proxy.requests(), alone.requests(), "{faults:?}");
        assert_eq!(names(&behind, "roles"), names(&alone, "roles"), "{faults:?}");
    }
}

/// How a few requests end; 0 is a connection that was closed.
fn story(url: &str) -> Vec<u16> {
    let wire = wire(url);
    let post = |name: &str| wire.call("POST", ROLES, Some(&json!({"name": name})));
    let get = |query: &str| wire.call("GET", &format!("{ROLES}{query}"), None);
    let ends = [post("A"), get(""), post("B"), get("?x=%2F"), post("C"), post("D"), get("?x=/")];
    ends.into_iter().map(|end| end.map_or(0, |(status, _)| status)).collect()
}

fn names(live: &dyn Live, collection: &str) -> Vec<Value> {
    live.objects(collection).iter().map(|object| object["name"].clone()).collect()
}

#[test]
fn rabbitmq_is_empty_for_every_test() {
    let as_new = |live: &dyn Live| {
        assert_eq!(names(live, "policies"), [""; 0]);
        assert_eq!(names(live, "users"), ["enact"]);
        assert_eq!(names(live, "vhosts"), ["/"]);
        assert_eq!(live.objects("permissions").len(), 1);
        assert_eq!(live.objects("vhosts")[0]["description"], "Default virtual host");
    };
    if !is_there("rabbitmq") {
        return;
    }
    let live = live("rabbitmq");
    as_new(&*live);
    assert!(live.insert("vhosts", json!({"name": "a/b c"})));
    assert!(live.insert("users", json!({"name": "u@%", "tags": []})));
    let permission = json!({"vhost": "a/b c", "user": "u@%", "configure": "", "write": "", "read": ""});
    assert!(live.insert("permissions", permission));
    let policy = json!({"vhost": "a/b c", "name": "p/q", "pattern": "", "definition": {"max-length": 1}});
    assert!(live.insert("policies", policy));
    assert!(live.set_field("vhosts", "%2F", "description", json!("by hand")));
    drop(live);
    as_new(&*super::live("rabbitmq"));
}

#[test]
fn rabbitmq_is_changed_by_hand_and_says_so_when_it_drops_a_field() {
    if !is_there("rabbitmq") {
        return;
    }
    let live = live("rabbitmq");
    let policy = json!({"vhost": "/", "name": "a/b", "pattern": "", "definition": {"max-length": 1}});
    assert!(live.insert("policies", policy));
    let id = live.id(&live.objects("policies")[0]);
    assert_eq!(id, "%2F/a%2Fb");
    assert!(live.set_field("policies", &id, "priority", json!(7)));
    assert_eq!(live.objects("policies")[0]["priority"], 7);
    assert!(!live.set_field("policies", &id, "from_the_future", json!(1)));
    assert!(!live.set_field("policies", "%2F/nobody", "priority", json!(1)));
    assert!(live.remove("policies", &id) && !live.remove("policies", &id));
    assert_eq!(live.requests(), [], "what a test does by hand is not what enact did");
}

#[test]
fn directus_is_empty_for_every_test() {
    let as_new = |live: &dyn Live| {
        assert_eq!(names(live, "roles"), ["Administrator"]);
        assert_eq!(names(live, "policies").len(), 2);
        assert_eq!(live.objects("permissions"), [Value::Null; 0]);
        assert_eq!(live.objects("users").len(), 1);
        assert_eq!(live.objects("access").len(), 2);
    };
    if !is_there("directus") {
        return;
    }
    let live = live("directus");
    as_new(&*live);
    assert!(live.insert("roles", json!({"name": "r"})));
    assert!(live.insert("policies", json!({"name": "p"})));
    let (role, policy) = (find(&*live, "roles", "r"), find(&*live, "policies", "p"));
    assert!(live.insert("users", json!({"email": "u@example.com", "role": role})));
    assert!(live.insert("access", json!({"role": role, "policy": policy})));
    assert!(live.insert("permissions", json!({"policy": policy, "collection": "c", "action": "read"})));
    drop(live);
    as_new(&*super::live("directus"));
}

#[test]
fn directus_is_changed_by_hand_and_says_so_when_it_drops_a_field() {
    if !is_there("directus") {
        return;
    }
    let live = live("directus");
    assert!(
        live.insert("policies", json!({"name": "p"})) && live.insert("policies", json!({"name": "twin"}))
    );
    let id = find(&*live, "policies", "p");
    assert!(live.set_field("policies", &id, "name", json!("twin")), "names need not differ");
    assert!(live.set_field("policies", &id, "description", json!("by hand")));
    assert!(!live.set_field("policies", &id, "from_the_future", json!(1)));
    assert!(live.insert("permissions", json!({"policy": id, "collection": "c", "action": "read"})));
    let permission = live.id(&live.objects("permissions")[0]);
    assert!(live.set_field("permissions", &permission, "fields", json!(["*"])));
    assert!(live.remove("permissions", &permission) && !live.remove("permissions", &permission));
    assert!(!live.set_field("permissions", &permission, "fields", json!(["*"])), "another one answers");
    assert!(live.remove("policies", &id) && !live.remove("policies", &id));
    assert!(!live.set_field("policies", &id, "description", json!("x")));
}

fn find(live: &dyn Live, collection: &str, name: &str) -> String {
    live.id(live.objects(collection).iter().find(|object| object["name"] == name).unwrap())
}
