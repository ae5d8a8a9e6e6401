//! Promise 14, one-identity: an object is one object however many targets, folders or files speak of it.

use crate::world::{World, actions, codes, manifest};
use serde_json::{Value, json};

/// Two targets of one compiuta API, and the folders that they take.
struct Shared(World);

impl std::ops::Deref for Shared {
    type Target = World;
    fn deref(&self) -> &World {
        &self.0
    }
}

/// A row of `targets` at a URL.
fn row(name: &str, url: &str, more: &str) -> String {
    format!(
        "- {{name: {name}, system: compiuta, url: '{url}', auth: {{bearer: {{env: ENACT_TEST_KEY}}}}, prune: tracked, {more}}}\n"
    )
}

fn takes(folder: &str) -> String {
    format!("include: ['policies/{folder}/**']")
}

impl Shared {
    /// Targets `a` and `b` take their own folders; each has an object that stays.
    fn new() -> Self {
        let shared = Self(World::new("compiuta"));
        shared.git(&["init", "-q", "-b", "main"]);
        shared.targets(&[("a", &takes("a")), ("b", &takes("b"))]);
        for folder in ["a", "b"] {
            shared.role(&format!("policies/{folder}/stays.yaml"), &format!("{folder}-stays"), "");
        }
        shared
    }

    fn targets(&self, targets: &[(&str, &str)]) {
        let url = self.live.url();
        let rows: Vec<_> = targets.iter().map(|(name, more)| row(name, &url, more)).collect();
        self.config(&rows.concat());
    }

    fn config(&self, rows: &str) {
        let text = format!("apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n{rows}");
        self.write("enact.yaml", &text);
    }

    fn role(&self, file: &str, name: &str, metadata: &str) {
        let spec = "{name: R, actions: ['core:things:get']}";
        self.write(file, &manifest("compiuta", "Role", name, metadata, spec));
    }

    /// Declares `x` for `a`, and applies it.
    fn with_x() -> Self {
        let shared = Self::new();
        shared.role("policies/a/x.yaml", "x", "");
        shared.commit();
        shared.converge();
        shared
    }

    fn is_live(&self, name: &str) -> bool {
        self.objects("roles").iter().any(|role| role["id"] == name)
    }

    /// Plans and applies, and checks that `x` stays as the only thing to say.
    fn expect_skipped(&self, expected: &Value, why: &str) {
        self.commit();
        let plan = self.plan();
        assert_eq!(
            (&plan["changes"], &stays(&plan)),
            (&json!([]), expected),
            "one-identity: {why}: {plan:#}"
        );
        let (code, document) = self.apply();
        assert_eq!((code, self.writes(), self.is_live("x")), (0, vec![], true), "{why}: {document:#}");
    }
}

/// What the plan leaves alone, and why.
fn stays(plan: &Value) -> Value {
    let parts = ["target", "kind", "name", "reason", "file"];
    let row = |of: &Value| parts.map(|part| (part.to_owned(), of[part].clone())).into_iter().collect();
    let all = ["skipped", "survivors"].into_iter().flat_map(|group| plan[group].as_array().unwrap());
    all.map(row).map(Value::Object).collect()
}

fn skipped(reason: &str, file: &str) -> Value {
    json!([{"target": "a", "kind": "Role", "name": "x", "reason": reason, "file": file}])
}

#[test]
fn one_identity_a_manifest_that_moves_to_another_target_of_its_api_deletes_nothing() {
    let shared = Shared::with_x();
    shared.git(&["mv", "policies/a/x.yaml", "policies/b/"]);
    shared.expect_skipped(&skipped("moved", "policies/b/x.yaml"), "moved");
    shared.assert_converged();
    assert_eq!(shared.plan()["skipped"], json!([]), "the record of `a` has moved on");

    // The other target prunes it now, and only that one.
    shared.git(&["rm", "-q", "policies/b/x.yaml"]);
    shared.commit();
    assert_eq!(actions(&shared.plan()), ["delete Role x"]);
    shared.converge();
    assert!(!shared.is_live("x"));
}

#[test]
fn one_identity_holds_if_only_one_target_is_selected() {
    let shared = Shared::with_x();
    shared.git(&["mv", "policies/a/x.yaml", "policies/b/"]);
    shared.commit();
    for target in ["a", "b"] {
        let run = shared.run(&["apply", "--yes", "--format", "json", "--target", target]);
        assert_eq!((run.code, actions(&run.json())), (0, vec![]), "{target}: {}", run.out);
    }
    assert!(shared.is_live("x"));

    // Only `b` has applied the second commit, and git has given it up: it is one delete, of the later target.
    let shared = Shared::with_x();
    shared.git(&["mv", "policies/a/x.yaml", "policies/b/"]);
    shared.commit();
    assert_eq!(shared.run(&["apply", "--yes", "--target", "b"]).code, 0);
    shared.git(&["rm", "-q", "policies/b/x.yaml"]);
    shared.commit();
    let plan = shared.plan();
    let targets: Vec<_> =
        plan["changes"].as_array().unwrap().iter().map(|change| &change["target"]).collect();
    assert_eq!((actions(&plan), targets), (vec!["delete Role x".to_owned()], vec![&json!("b")]));
    shared.converge();
}

#[test]
fn one_identity_splitting_renaming_and_narrowing_targets_deletes_nothing() {
    // One target becomes two.
    let shared = Shared::with_x();
    shared.targets(&[
        ("a", "include: ['policies/a/stays.yaml']"),
        ("b", &takes("b")),
        ("c", "include: ['policies/a/x.yaml']"),
    ]);
    shared.expect_skipped(&skipped("moved", "policies/a/x.yaml"), "split");

    // A target gets another name.
    let shared = Shared::with_x();
    shared.targets(&[("z", &takes("a")), ("b", &takes("b"))]);
    shared.expect_skipped(&json!([]), "renamed");

    // Two targets change their names.
    let shared = Shared::with_x();
    shared.targets(&[("b", &takes("a")), ("a", &takes("b"))]);
    shared.commit();
    let (code, document) = shared.apply();
    assert_eq!((code, actions(&document), shared.is_live("x")), (0, vec![], true), "{document:#}");

    // A target takes less.
    let shared = Shared::with_x();
    shared.targets(&[("a", "include: ['policies/a/stays.yaml']"), ("b", &takes("b"))]);
    shared.commit();
    let plan = shared.plan();
    assert_eq!((&plan["changes"], codes(&plan)), (&json!([]), vec!["config/unclaimed"]));
    assert_eq!(stays(&plan), skipped("held", "policies/a/x.yaml"));
    let (code, document) = shared.apply();
    assert_eq!((code, shared.is_live("x")), (0, true), "{document:#}");
}

#[test]
fn one_identity_a_manifest_that_is_still_in_the_tree_keeps_its_object() {
    for to in [
        "policies/a/x.yaml.bak",
        "policies/a/x.yml.disabled",
        "policies/a/.x.yaml",
        "attic/x",
        "policies-old/x.yaml",
    ] {
        let shared = Shared::with_x();
        std::fs::create_dir_all(shared.dir.path().join(to).parent().unwrap()).unwrap();
        shared.git(&["mv", "policies/a/x.yaml", to]);
        shared.expect_skipped(&skipped("held", to), to);
        // It is not forgotten: without the file it is pruned.
        shared.git(&["rm", "-q", to]);
        shared.commit();
        assert_eq!(actions(&shared.plan()), ["delete Role x"], "{to}");
    }
    // A template, which nobody can read as it is.
    for to in ["policies/a/x.yaml.j2", "policies/a/x.tmpl"] {
        let shared = Shared::with_x();
        let text = std::fs::read_to_string(shared.dir.path().join("policies/a/x.yaml")).unwrap();
        shared.git(&["rm", "-q", "policies/a/x.yaml"]);
        shared.write(to, &format!("{text}  description: {{{{ what }}}}: [\n"));
        shared.expect_skipped(&skipped("held", to), to);
    }
    // Edited, and with others in one file.
    let shared = Shared::with_x();
    shared.git(&["rm", "-q", "policies/a/x.yaml"]);
    let text = "# later\nkind: Role\napiVersion: compiuta/v1\nmetadata: {name: \"x\"}\n";
    shared.write("policies/notes.txt", &format!("apiVersion: other\n---\n{text}"));
    shared.expect_skipped(&skipped("held", "policies/notes.txt"), "edited");
    // Another kind or name is another object.
    shared.write("policies/notes.txt", &text.replace("Role", "Policy"));
    shared.commit();
    assert_eq!(actions(&shared.plan()), ["delete Role x"]);
}

#[test]
fn one_identity_ends_with_the_api() {
    // The same manifest for a second installation, as it always was, does not keep what the first one gave up.
    let shared = Shared::new();
    let other = World::new("compiuta");
    let (url, second) = (shared.live.url(), other.live.url());
    shared.config(&(row("a", &url, &takes("a")) + &row("b", &second, &takes("b"))));
    shared.role("policies/a/x.yaml", "x", "");
    shared.role("policies/b/x.yaml", "x", "");
    shared.commit();
    shared.converge();
    shared.git(&["rm", "-q", "policies/a/x.yaml"]);
    shared.commit();
    let plan = shared.plan();
    assert_eq!(
        (actions(&plan), &plan["changes"][0]["target"]),
        (vec!["delete Role x".to_owned()], &json!("a"))
    );
    shared.converge();
    assert!(!shared.is_live("x") && other.objects("roles").iter().any(|role| role["id"] == "x"));
}

#[test]
fn one_identity_knows_every_spelling_of_a_url() {
    let shared = Shared::with_x();
    let url = shared.live.url();
    let spelt = url.replace("http://", "HTTP://") + "/";
    shared.config(&(row("a", &url, &takes("a")) + &row("b", &spelt, &takes("b"))));
    shared.git(&["mv", "policies/a/x.yaml", "policies/b/"]);
    shared.expect_skipped(&skipped("moved", "policies/b/x.yaml"), "spelling");
    // It also is the same target as before.
    shared.config(&(row("a", &spelt, &takes("a")) + &row("b", &url, &takes("b"))));
    shared.commit();
    assert_eq!(shared.plan()["diagnostics"], json!([]));
}

#[test]
fn one_identity_two_declarations_of_one_object_are_a_mistake() {
    for metadata in ["", "  ensure: absent\n"] {
        let shared = Shared::with_x();
        shared.role("policies/b/x.yaml", "x", metadata);
        let run = shared.run(&["validate", "--format", "json"]);
        assert_eq!((run.code, codes(&run.json())), (3, vec!["manifest/declared-twice"]), "{}", run.out);
        for part in ["\"file\":\"policies/b/x.yaml\"", "policies/a/x.yaml:4", "`a`", "`b`"] {
            assert!(run.out.replace(": ", ":").contains(part), "{part}: {}", run.out);
        }
    }
    // Both targets take everything.
    let shared = Shared::with_x();
    shared.targets(&[("a", ""), ("b", "")]);
    let run = shared.run(&["validate", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (3, vec!["manifest/declared-twice"]), "{}", run.out);
    assert!(run.out.contains("and 2 others"), "{}", run.out);
    // Their credentials lead to different tenants.
    shared.targets(&[("a", "tenant: one"), ("b", "tenant: two")]);
    assert_eq!(shared.run(&["validate"]).code, 0);
}

#[test]
fn one_identity_an_object_that_moves_and_gets_a_new_name_is_still_the_same() {
    let shared = Shared(World::new("polytomic"));
    shared.git(&["init", "-q", "-b", "main"]);
    let url = shared.live.url();
    let row = |name: &str, more: &str| {
        row(name, &url, &format!("{}{more}", takes(name))).replace("compiuta", "polytomic")
    };
    // The version of the API selects no tenant.
    shared.config(&(row("a", "") + &row("b", ", settings: {version: '2024-02-08'}")));
    let role = |file: &str, name: &str, more: &str| {
        shared.write(file, &manifest("polytomic", "Role", name, more, "{}"))
    };
    role("policies/a/x.yaml", "x", "");
    role("policies/a/here.yaml", "here", "");
    role("policies/b/stays.yaml", "stays", "");
    shared.commit();
    shared.converge();
    let id = shared.object("roles", "x")["id"].clone();
    shared.git(&["rm", "-q", "policies/a/x.yaml"]);
    role("policies/b/y.yaml", "y", "  previously: [x]\n");
    shared.commit();
    let plan = shared.plan();
    assert_eq!(
        (actions(&plan), &plan["changes"][0]["cause"]),
        (vec!["update Role y".to_owned()], &json!("declared"))
    );
    assert_eq!(stays(&plan), skipped("moved", "policies/b/y.yaml"));
    shared.converge();
    assert_eq!(shared.object("roles", "y")["id"], id);
}

#[test]
fn every_target_of_an_origin_that_was_written_to_is_verified_at_the_end() {
    let shared = Shared::with_x();
    shared.role("policies/b/new.yaml", "new", "");
    shared.commit();
    let (code, _) = shared.apply();
    assert_eq!(code, 0);
    let requests: Vec<_> =
        shared.live.requests().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    let written = requests.iter().position(|seen| seen.starts_with("POST")).unwrap();
    let after = requests[written..].iter().filter(|seen| seen.ends_with("/iam/roles")).count();
    assert_eq!(after, 3, "the write, and one list for each of the two targets: {requests:?}");
}
