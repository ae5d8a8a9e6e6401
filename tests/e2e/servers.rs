//! What the definitions that come with enact can do beyond the story of one policy: all kinds, references, odd names.

use serde_json::{Value, json};

use crate::real;
use crate::world::{World, actions};

/// A target whose manifests may name the canary as a secret.
fn world(system: &'static str) -> Option<World> {
    let secrets = "  secrets: {canary: {env: ENACT_TEST_KEY}}\n";
    real::is_there(system).then(|| World::on(real::live(system), system, "{}", secrets))
}

/// Applies the manifests to the server, imports them into an empty repository, and deletes them all.
fn there_and_back(world: &World, manifests: &[(&str, &str, &str)]) -> Value {
    for (kind, name, spec) in manifests {
        world.declare(kind, name, spec);
    }
    let document = world.converge();
    let created: Vec<_> = manifests.iter().map(|(kind, name, _)| format!("create {kind} {name}")).collect();
    assert_eq!(actions(&document), created);

    clear(world);
    let import = world.run(&["import", "live"]);
    assert_eq!(import.code, 0, "{}{}", import.out, import.err);
    world.assert_converged();

    clear(world);
    for (kind, name, _) in manifests {
        world.declare_absent(kind, name);
    }
    let document = world.converge();
    assert_eq!(actions(&document).len(), manifests.len());
    document
}

fn clear(world: &World) {
    std::fs::remove_dir_all(world.dir.path().join("policies")).unwrap();
    std::fs::create_dir(world.dir.path().join("policies")).unwrap();
}

/// A name with every character that means something in a path or in a name of several parts.
const ODD: &str = "a/b@c%41 ?#ä";

#[test]
fn rabbitmq_all_kinds_go_there_and_back_with_any_name() {
    let Some(world) = world("rabbitmq") else { return };
    let quoted = "a/b%40c%2541 ?#ä";
    there_and_back(
        &world,
        &[
            ("VirtualHost", ODD, "{description: d, tags: [x, y]}"),
            ("User", ODD, "{tags: [management], password: {secret: canary}}"),
            ("Policy", &format!("{quoted}@{quoted}"), "{pattern: '^a', definition: {max-length: 1}}"),
            ("Permission", &format!("{quoted}@{quoted}"), "{configure: '', write: a, read: '.*'}"),
        ],
    );
    assert_eq!(world.objects("vhosts").len(), 1);
    assert_eq!(world.objects("users").len(), 1);
}

#[test]
fn sound_meaning_rabbitmq_an_expression_that_says_the_same_is_equivalent_and_another_one_shows_a_name() {
    let Some(world) = world("rabbitmq") else { return };
    world.declare("VirtualHost", "orders", "{}");
    world.declare("User", "app", "{tags: []}");
    let permission = |read: &str| {
        let spec = format!("{{configure: '', write: '^app\\.', read: '{read}'}}");
        world.declare("Permission", "app@orders", &spec);
        let plan = world.plan();
        let access = &plan["changes"].as_array().unwrap().last().unwrap()["access"];
        let change = |side: &str| access[side][0]["witness"]["request"].clone();
        let words = [change("gained"), change("lost")].map(|words| {
            let words = words.as_array().cloned().unwrap_or_default();
            words.iter().map(|word| word["word"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        });
        (access["verdict"].as_str().unwrap().to_owned(), words)
    };
    let words = |words: [&str; 4]| words.map(str::to_owned).to_vec();
    permission("^app\\.(in|out)$");
    world.converge();
    assert_eq!(permission("^(app\\.in|app\\.out)$"), ("equivalent".to_owned(), [vec![], vec![]]));
    let gained = words(["app", "read", "app.err", "orders"]);
    assert_eq!(permission("^app\\.(in|out|err)$"), ("more_permissive".to_owned(), [gained, vec![]]));
    let lost = words(["app", "read", "app.out", "orders"]);
    assert_eq!(permission("^app\\.in$"), ("less_permissive".to_owned(), [vec![], lost]));
    assert_eq!(permission("^app\\.([a-z]+)$").0, "incomparable");
}

#[test]
fn rabbitmq_a_user_keeps_the_password_that_git_does_not_set() {
    let Some(world) = world("rabbitmq") else { return };
    world.declare("User", "u", "{tags: [management], password: {secret: canary}}");
    world.converge();
    let hash = world.object("users", "u")["password_hash"].clone();
    assert_ne!(hash, json!(""));
    world.declare("User", "u", "{tags: [monitoring]}");
    world.converge();
    let user = world.object("users", "u");
    assert_eq!((&user["password_hash"], &user["tags"]), (&hash, &json!(["monitoring"])));
}

#[test]
fn directus_all_kinds_go_there_and_back_with_any_name() {
    let Some(world) = world("directus") else { return };
    let quoted = "a%2Fb@c%2541 ?#ä";
    there_and_back(
        &world,
        &[
            ("Role", ODD, "{icon: lock, description: null}"),
            ("Policy", ODD, "{ip_access: [10.0.0.0/8], app_access: true}"),
            ("Permission", &format!("{quoted}/things/read"), "{fields: [b, a], permissions: {a: {_eq: 1}}}"),
            ("Access", &format!("{quoted}/{quoted}"), "{}"),
        ],
    );
    assert_eq!((world.objects("roles").len(), world.objects("policies").len()), (1, 2));
    assert_eq!((world.objects("permissions").len(), world.objects("access").len()), (0, 2));
}

/// Tries the claims of a definition on its real server; nothing is left behind.
fn probe(system: &'static str, collections: &[&str]) {
    let Some(world) = world(system) else { return };
    let before: Vec<_> = collections.iter().map(|of| world.objects(of).len()).collect();
    let file = format!("{system}.yaml");
    // Directus has columns of ten characters.
    let run = world.run(&["check-system", &file, "--against", "live", "--scratch", "enact-try"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("  ok deletes it: gone") && !run.out.contains("  NO "), "{}", run.out);
    let after: Vec<_> = collections.iter().map(|of| world.objects(of).len()).collect();
    assert_eq!(before, after);
}

#[test]
fn rabbitmq_is_as_its_definition_says() {
    probe("rabbitmq", &["vhosts", "users", "policies"]);
}

#[test]
fn powerdns_all_kinds_go_there_and_back() {
    let Some(world) = world("powerdns") else { return };
    there_and_back(
        &world,
        &[
            ("Zone", "a-b.example.", "{kind: Master, account: x, soa_edit: INCREASE, api_rectify: true}"),
            ("Zone", "story.example.", "{kind: Slave, masters: [192.0.2.1, 192.0.2.2]}"),
            ("RecordSet", "a-b.example./*.a-b.example./TXT", "{records: [{content: '\"a b\"'}]}"),
            (
                "RecordSet",
                "a-b.example./a-b.example./MX",
                "{ttl: 60, records: [{content: 10 mail.a-b.example.}]}",
            ),
            ("Metadata", "a-b.example./ALLOW-AXFR-FROM", "{metadata: [192.0.2.0/24, AUTO-NS]}"),
        ],
    );
    assert_eq!(world.objects("zones").len(), 0);
}

#[test]
fn powerdns_a_change_keeps_comments_and_disabled_records() {
    let Some(world) = world("powerdns") else { return };
    world.declare("Zone", "story.example.", "{kind: Native}");
    world.converge();
    let records = json!([{"content": "192.0.2.1", "disabled": true}]);
    let comments = json!([{"content": "by hand", "account": "ann"}]);
    let set = json!({"name": "a", "type": "A", "ttl": 5, "records": records, "comments": comments});
    assert!(world.live.insert("records", set));
    world.declare("RecordSet", "story.example./a.story.example./A", "{ttl: 6}");
    world.converge();
    let live = world.object("records", "a");
    assert_eq!((&live["ttl"], &live["records"]), (&json!(6), &records));
    assert_eq!(live["comments"][0]["content"], "by hand");
}

#[test]
fn powerdns_is_as_its_definition_says() {
    probe("powerdns", &["zones"]);
}

#[test]
fn directus_is_as_its_definition_says() {
    probe("directus", &["roles", "policies"]);
}
