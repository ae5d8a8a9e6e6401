//! The promises (docs/promises.md) that the story of one system does not show.

use crate::world::{CANARY, World, fault};
use enact::sandbox::Fault;
use serde_json::{Value, json};

#[test]
fn validated_first_one_invalid_file_and_nothing_is_sent_anywhere() {
    let world = World::new("polytomic");
    world.declare("Role", "good", "{}");
    world.declare("Role", "bad", "{nonsense: 1}");
    let (code, document) = world.apply();
    assert_eq!((code, world.live.requests().len()), (3, 0), "{document:#}");
}

#[test]
fn plan_reads_only_and_changes_no_file() {
    let world = World::new("jitsudo");
    world.declare("Policy", "p", "{max_duration_seconds: 60}");
    let snapshot = || {
        let mut files: Vec<_> = walk(world.dir.path());
        files.sort();
        files
    };
    let before = snapshot();
    world.plan();
    assert_eq!(snapshot(), before);
}

fn walk(dir: &std::path::Path) -> Vec<(String, std::time::SystemTime)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let meta = entry.metadata().unwrap();
            let below = if meta.is_dir() { walk(&entry.path()) } else { Vec::new() };
            below.into_iter().chain([(entry.path().display().to_string(), meta.modified().unwrap())])
        })
        .collect()
}

#[test]
fn no_secret_out_when_a_server_echoes_the_credential() {
    for status in [400, 401, 403, 500] {
        let world = World::new("mycloud");
        world.declare(
            "Policy",
            "p",
            "{document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
        );
        let echo =
            json!({"error": {"code": status, "message": format!("bad token {CANARY} or Bearer {CANARY}")}});
        world.live.inject(Fault { body: Some(echo), status, ..fault("POST", status) });
        let (code, document) = world.apply();
        assert_eq!(code, 1, "{document:#}");
        assert!(
            document.to_string().contains("[redacted by enact]"),
            "the message is shown without it: {document:#}"
        );
    }
}

#[test]
fn no_secret_out_when_it_comes_back_in_an_object() {
    let world = World::new("mycloud");
    world.declare(
        "Policy",
        "p",
        "{description: d, document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
    );
    world.converge();
    world.drift("policies", "p", "description", json!(format!("key={CANARY}")));
    for format in ["text", "json", "markdown"] {
        let run = world.run(&["plan", "-vv", "--format", format]);
        assert!(run.out.contains("redacted"), "{}", run.out);
    }
}

#[test]
fn no_secret_out_a_redirect_is_not_followed() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let elsewhere = World::new("polytomic");
    let location = ("location".to_owned(), elsewhere.live.url() + "/api/permissions/roles");
    world.live.inject(Fault { headers: vec![location], body: Some(json!({})), ..fault("GET", 307) });
    let run = world.run(&["plan"]);
    assert_eq!((run.code, elsewhere.live.requests().len()), (6, 0), "{}", run.err);
    assert!(run.err.contains("redirect"), "{}", run.err);
}

#[test]
fn a_url_that_would_leak_the_credential_is_refused() {
    for (url, why) in [
        ("http://example.com", "not encrypted"),
        ("https://user:pass@example.com", "credential"),
        ("ftp://example.com", "https"),
        ("https://example.com/?x=1", "query"),
        ("example.com", "URL"),
    ] {
        let world = World::new("polytomic");
        let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
        world.write("enact.yaml", &config.replace(&world.live.url(), url));
        world.declare("Role", "R", "{}");
        let run = world.run(&["plan"]);
        assert!(run.code == 3 && run.err.contains(why), "{url}: {}", run.err);
    }
}

#[test]
fn a_read_that_fails_for_a_moment_is_tried_again() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    world.live.inject(Fault { times: 2, ..fault("GET", 503) });
    world.live.inject(Fault {
        times: 1,
        headers: vec![("retry-after".into(), "0".into())],
        ..fault("GET", 429)
    });
    assert_eq!(world.plan()["summary"]["create"], 1);
}

#[test]
fn an_answer_that_is_not_the_contracts_is_incomplete_and_never_absent() {
    for body in [
        json!("<html>login</html>"),
        json!({}),
        json!({"data": "x"}),
        json!({"data": [{"name": "no id"}]}),
        json!([]),
    ] {
        let world = World::new("polytomic");
        world.declare("Role", "R", "{}");
        // No manifest can mean an object without id, but one may mean its name.
        world.declare("Role", "no id", "{}");
        world.live.inject(Fault { body: Some(body.clone()), ..fault("GET", 200) });
        let (code, document) = world.apply();
        assert_eq!((code, world.writes()), (6, Vec::new()), "{body}: {document:#}");
    }
}

#[test]
fn an_id_that_would_aim_at_another_path_is_refused() {
    let world = World::new("polytomic");
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [Admin]}]}");
    let body = json!({"data": [{"id": "..", "name": "p", "policy_actions": []}]});
    world.live.inject(Fault { path_contains: "policies".into(), body: Some(body), ..fault("GET", 200) });
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (6, Vec::new()), "{document:#}");
}

#[test]
fn stale_is_refused_and_names_the_field_that_moved() {
    let world = World::new("mycloud");
    let spec = |description: &str| {
        format!(
            "{{description: {description}, document: {{statements: [{{effect: allow, actions: ['s3:Get'], resources: [r]}}]}}}}"
        )
    };
    world.declare("Policy", "p", &spec("one"));
    world.converge();
    world.declare("Policy", "p", &spec("two"));
    // The second look, right before the write, finds what somebody else has just written.
    let mut moved = world.object("policies", "p");
    moved["description"] = json!("three");
    let page = json!({"policies": [moved], "meta": {"has_more": false}});
    world.live.inject(Fault { path_contains: "name=p".into(), body: Some(page), ..fault("GET", 200) });
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (5, Vec::new()), "{document:#}");
    let outcome = &document["changes"][0]["outcome"];
    assert_eq!(outcome["result"], "conflict");
    assert!(outcome["reason"].as_str().unwrap().contains("/description"), "{outcome}");
}

#[test]
fn stale_is_refused_also_when_a_write_that_failed_would_be_sent_again() {
    for (method, declared) in [("PATCH", "update"), ("DELETE", "delete")] {
        let world = World::new("mycloud");
        let spec = |description: &str| {
            format!(
                "{{description: {description}, document: {{statements: [{{effect: allow, actions: ['s3:Get'], resources: [r]}}]}}}}"
            )
        };
        world.declare("Policy", "p", &spec("one"));
        world.converge();
        match declared {
            "update" => world.declare("Policy", "p", &spec("two")),
            _ => world.declare_absent("Policy", "p"),
        }
        world.live.inject(Fault { times: 1, ..fault(method, 503) });
        // The look after a lost answer finds what somebody else has just written.
        let mut moved = world.object("policies", "p");
        moved["description"] = json!("three");
        let page = json!({"policies": [moved], "meta": {"has_more": false}});
        let found = Fault { path_contains: "name=p".into(), skip: 1, body: Some(page), ..fault("GET", 200) };
        world.live.inject(found);
        let (_, document) = world.apply();
        assert_eq!(world.writes().len(), 1, "{document:#}");
        let outcome = &document["changes"][0]["outcome"];
        assert_eq!(outcome["result"], "unknown");
        assert!(outcome["reason"].as_str().unwrap().contains("/description"), "{outcome}");
    }
}

#[test]
fn a_server_that_drops_a_field_is_not_believed() {
    let world = World::new("mycloud");
    world.declare(
        "Policy",
        "p",
        "{description: d, document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
    );
    let id = "00000000-0000-4000-8000-000000000009";
    let policy = json!({"id": id, "name": "p", "description": "", "document": {"version": "2024-01-01", "statements": []}});
    world.live.insert("policies", policy.clone());
    // The API reports success and does nothing.
    world.live.inject(Fault { body: Some(json!({"policy": policy})), ..fault("PATCH", 200) });
    let (code, document) = world.apply();
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(document["changes"][0]["outcome"]["result"], "applied");
    assert_eq!(document["remaining"][0]["fields"][0]["path"], "/description", "{document:#}");
}

#[test]
fn too_many_deletes_are_refused() {
    let world = World::with("polytomic", "{}", "  limits: {max_deletes: 1}\n");
    for name in ["a", "b"] {
        world.declare("Role", name, "{}");
    }
    world.converge();
    for name in ["a", "b"] {
        world.declare_absent("Role", name);
    }
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (4, Vec::new()), "{document:#}");
    assert_eq!(document["diagnostics"][0]["code"], "guard/max-deletes");
}

/// Takes out every file and line.
fn forget_places(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "file" && name != "line");
            fields.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}

#[test]
fn deterministic_for_any_split_into_files_and_order_of_keys() {
    let world = World::new("jitsudo");
    let policy = |name: &str, spec: &str| {
        format!("apiVersion: jitsudo/v1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {spec}\n")
    };
    let rule =
        "{effect: permit, principal_scope_type: any, action_scope_type: any, resource_scope_type: any}";
    let turned =
        "{resource_scope_type: any, action_scope_type: any, principal_scope_type: any, effect: permit}";
    world.write(
        "policies/one.yaml",
        &policy("a", &format!("{{max_duration_seconds: 1, description: x, rules: [{rule}]}}")),
    );
    world.write("policies/two.yaml", &policy("b", "{max_duration_seconds: 2}"));
    // Only where they are declared differs.
    let plan = || {
        let mut document = world.plan();
        forget_places(&mut document);
        document.to_string()
    };
    let first = plan();
    std::fs::remove_file(world.dir.path().join("policies/one.yaml")).unwrap();
    let turned = policy("a", &format!("{{rules: [{turned}], description: x, max_duration_seconds: 1}}"));
    world.write("policies/two.yaml", &format!("{}---\n{turned}", policy("b", "{max_duration_seconds: 2}")));
    assert_eq!(plan(), first);
}

#[test]
fn text_from_an_api_cannot_drive_a_terminal_or_break_out_of_markdown() {
    let world = World::new("mycloud");
    world.declare(
        "Policy",
        "p",
        "{description: d, document: {statements: [{effect: allow, actions: ['s3:Get'], resources: [r]}]}}",
    );
    world.converge();
    world.drift(
        "policies",
        "p",
        "description",
        json!("\u{1b}[2J\u{202e}\r\n```\n</details>\n# No changes @everyone"),
    );
    let text = world.run(&["plan"]).out;
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\r'), "{text:?}");
    let markdown = world.run(&["plan", "--format", "markdown"]).out;
    let fence = markdown.lines().find(|line| line.ends_with("diff")).unwrap();
    assert!(fence.starts_with("````"), "{markdown}");
}

#[test]
fn no_secret_out_when_a_server_escapes_it() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let escaped: String = CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let body = Value::String(format!("{{\"message\": \"bad {escaped}\"}}"));
    world.live.inject(Fault { body: Some(body), ..fault("GET", 403) });
    let run = world.run(&["plan", "--format", "json"]);
    assert!(run.out.contains("redacted"), "{}", run.out);
}

#[test]
fn unmanaged_survives_also_when_it_holds_the_credential() {
    let world = World::new("compiuta");
    let policy = |name: &str| format!("{{name: {name}, statements: [{{role: viewer, tenants: ['*']}}]}}");
    world.declare("Policy", "p", &policy("A"));
    world.converge();
    world.drift("policies", "p", "members", json!([format!("token:{CANARY}")]));
    world.declare("Policy", "p", &policy("B"));
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (1, Vec::new()), "{document:#}");
    assert_eq!(world.object("policies", "p")["members"], json!([format!("token:{CANARY}")]));
}

#[test]
fn no_secret_out_when_it_is_in_the_configuration_by_mistake() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    for wrong in [
        format!("{{bearer: {CANARY}}}"),
        format!("{{bearer: {{env: {CANARY}}}}}"),
        format!("{{bearer: {{value: {CANARY}}}}}"),
    ] {
        world.write("enact.yaml", &config.replace("{bearer: {env: ENACT_TEST_KEY}}", &wrong));
        for format in ["text", "json"] {
            // The run itself searches its whole output for the canary.
            assert_eq!(world.run(&["plan", "--format", format]).code, 3, "{wrong}");
        }
    }
}

#[cfg(unix)]
#[test]
fn one_outcome_also_when_a_person_interrupts_or_closes_the_terminal() {
    for signal in ["-INT", "-HUP"] {
        one_outcome_after(signal);
    }
}

#[cfg(unix)]
fn one_outcome_after(signal: &str) {
    let world = World::with("polytomic", "{}", "  limits: {concurrency: 1}\n");
    for index in 0..300 {
        world.declare("Role", &format!("r{index:03}"), "{}");
    }
    let mut child = crate::world::enact(world.dir.path())
        .args(["apply", "--yes", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while world.writes().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    assert!(child.try_wait().unwrap().is_none(), "it goes on to its report");
    let run = crate::world::Run::from(&child.wait_with_output().unwrap());
    let document = run.json();
    let outcomes: Vec<_> = document["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["outcome"]["result"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes.len(), 300);
    assert!(outcomes.contains(&"not_attempted") && run.code == 1, "{outcomes:?}");
    let applied = outcomes.iter().filter(|outcome| **outcome == "applied").count();
    assert_eq!(applied, world.writes().len(), "each write is reported, and nothing else");
    world.converge();
}
