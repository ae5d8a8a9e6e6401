//! What is remembered object by object, and what follows from it: nothing is forgotten, and nothing is deleted without
//! evidence.

use std::path::Path;

use crate::history::{Repo, survivors};
use crate::world::{actions, codes, fault, file, manifest};
use enact::sandbox::Fault;
use serde_json::{Value, json};

const PRUNE: &str = "  prune: tracked\n";
const RECORD: &str = "refs/enact/record/live";

impl Repo {
    fn done(&self) -> Value {
        let run = self.apply_with(&[]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        run.json()
    }

    /// A file of the record, as JSON.
    fn recorded(&self, path: &str) -> Value {
        serde_json::from_str(&self.git(&["show", &format!("{RECORD}:{path}")])).unwrap()
    }

    /// The folder of an object in the record.
    fn folder(&self, name: &str) -> Option<String> {
        let files = self.git(&["ls-tree", "-r", "--name-only", RECORD]);
        let ends = format!("/{name}/meta.json");
        let found = files.lines().find(|file| file.ends_with(&ends));
        found.map(|file| file.trim_end_matches("/meta.json").to_owned())
    }

    /// Puts another file into the record, as somebody could who may push.
    fn forge_file(&self, path: &str, text: &str) {
        let at = self.dir.path().join(".git/forged");
        std::fs::write(&at, text).unwrap();
        let blob = self.git(&["hash-object", "-w", ".git/forged"]);
        self.forge_index(&format!("git update-index --add --cacheinfo 100644,{blob},{path}"));
    }

    fn forge_index(&self, change: &str) {
        let script = format!(
            "export GIT_INDEX_FILE=.git/forging && git read-tree {RECORD} && {change} && \
             git update-ref {RECORD} $(git commit-tree $(git write-tree) -p {RECORD} -p {RECORD}^2 -m forged)"
        );
        shell(self.dir.path(), &script);
    }
}

/// What somebody did to a record.
type Damage = fn(&Repo);

fn shell(dir: &Path, script: &str) {
    let mut shell = std::process::Command::new("sh");
    let identity = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    shell.envs(identity.map(|name| (name, "a@example.com")));
    let output = shell.args(["-ec", script]).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

#[test]
fn nothing_forgotten_one_object_that_fails_does_not_stop_the_memory_of_the_others() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "a", "{}");
    repo.declare("Role", "b", "{}");
    repo.commit();
    // The second create is refused, whichever it is.
    repo.live.inject(Fault { times: 9, skip: 1, ..fault("POST", 403) });
    let run = repo.apply_with(&[]);
    assert_eq!(run.code, 1, "{}", run.out);
    let created: Vec<_> = repo.objects("roles").iter().map(|role| role["name"].clone()).collect();
    let made = if created.contains(&json!("a")) { "a" } else { "b" };
    let failed = if made == "a" { "b" } else { "a" };
    let meta = repo.recorded(&format!("{}/meta.json", repo.folder(made).unwrap()));
    assert_eq!(meta["verified"]["created"], true, "{meta:#}");
    assert_eq!(meta["verified"]["remote"], repo.object("roles", made)["id"]);
    let meta = repo.recorded(&format!("{}/meta.json", repo.folder(failed).unwrap()));
    assert_eq!((&meta["verified"], &meta["attempted"][0]["outcome"]), (&Value::Null, &json!("failed")));
    assert_eq!(repo.recorded("run.json")["outcome"], "incomplete");

    // The grant that was made beside the failed one is known, although nothing ever converged.
    repo.remove("Role", "a");
    repo.remove("Role", "b");
    repo.declare("Role", "c", "{}");
    repo.commit();
    let plan = repo.plan();
    assert_eq!(actions(&plan), ["create Role c".to_owned(), format!("delete Role {made}")]);
    assert_eq!(repo.apply_with(&["--allow", "emptied"]).code, 1, "the fault still lasts for c");
}

#[test]
fn nothing_forgotten_what_git_gave_up_is_named_until_it_is_gone_also_without_prune() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "gone", "{}");
    repo.declare("Role", "kept", "{}");
    repo.commit();
    repo.done();
    repo.remove("Role", "gone");
    let commit = repo.commit();
    for _ in 0..2 {
        let plan = repo.run(&["plan", "--exit-code", "--format", "json"]);
        assert_eq!((plan.code, survivors(&plan.json())), (0, vec!["gone never".to_owned()]), "{}", plan.out);
        assert_eq!(plan.json()["survivors"][0]["as_declared"], true);
        let run = repo.run(&["apply", "--yes"]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.contains("no longer declared, still alive"), "{}", run.out);
        assert!(!run.out.contains("live state is as declared"), "{}", run.out);
    }
    repo.declare("Role", "new", "{}");
    repo.commit();
    let run = repo.run(&["apply", "--yes"]);
    assert!(run.out.contains("1 object that git gave up is still alive"), "{commit}: {}", run.out);
    // A person deletes it: then it is forgotten.
    assert!(repo.live.remove("roles", repo.object("roles", "gone")["id"].as_str().unwrap()));
    repo.declare("Role", "newer", "{}");
    repo.commit();
    assert_eq!(survivors(&repo.done()), Vec::<String>::new());
    assert_eq!(repo.folder("gone"), None);
}

#[test]
fn nothing_forgotten_a_rollback_counts_what_the_undone_commit_created() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "a", "{}");
    let first = repo.commit();
    repo.done();
    repo.declare("Role", "b", "{}");
    repo.commit();
    repo.done();
    repo.git(&["checkout", "-q", &first]);
    let run = repo.run(&["apply", "--yes", "--rollback"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("\"b\""), "{}", run.out);
    assert!(run.out.contains("1 no longer declared and still alive"), "{}", run.out);
    assert_eq!(survivors(&repo.plan()), ["b never"], "also in the next plan");
}

#[test]
fn nothing_forgotten_a_field_that_only_a_failed_attempt_declared_goes_back_to_its_default() {
    let repo = Repo::new("mycloud", "");
    let spec = |description: &str| {
        format!(
            "{{{description}document: {{statements: [{{effect: allow, actions: ['s3:Get'], resources: [r]}}]}}}}"
        )
    };
    repo.declare("Policy", "p", &spec(""));
    repo.commit();
    repo.done();
    repo.declare("Policy", "p", &spec("description: secret, "));
    repo.commit();
    // The write arrives and is said to have failed, and then nothing can be read any more.
    for method in ["PATCH", "PUT"] {
        repo.live.inject(Fault { times: 1, after_commit: true, ..fault(method, 403) });
    }
    assert_ne!(repo.apply_with(&[]).code, 0);
    assert_eq!(repo.object("policies", "p")["description"], "secret");
    repo.declare("Policy", "p", &spec(""));
    repo.commit();
    repo.done();
    assert_ne!(repo.object("policies", "p")["description"], "secret");
}

#[test]
fn one_identity_a_reverted_rename_leaves_one_object() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    repo.commit();
    repo.done();
    let id = repo.object("roles", "A")["id"].clone();
    repo.remove("Role", "A");
    repo.write(&file("Role", "B"), &manifest("polytomic", "Role", "B", "  previously: [A]\n", "{}"));
    repo.commit();
    repo.done();
    assert_eq!(repo.object("roles", "B")["id"], id);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    let plan = repo.plan();
    assert_eq!(actions(&plan), ["create Role A", "delete Role B"], "{plan:#}");
    repo.done();
    let names: Vec<_> = repo.objects("roles").iter().filter(|role| role["system"] != true).cloned().collect();
    assert_eq!(names.len(), 1, "{names:#?}");
}

#[test]
fn one_identity_an_object_that_somebody_renamed_is_renamed_back_and_not_doubled() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "A", "{}");
    repo.commit();
    repo.done();
    let id = repo.object("roles", "A")["id"].clone();
    repo.drift("roles", "A", "name", json!("by hand"));
    let plan = repo.plan();
    assert_eq!(actions(&plan), ["update Role A"], "{plan:#}");
    assert_eq!(plan["changes"][0]["fields"][0]["path"], "/name");
    repo.done();
    assert_eq!(repo.object("roles", "A")["id"], id);
}

#[test]
fn delete_needs_evidence_that_the_record_gives_and_a_forged_one_does_not() {
    let stays = |forge: &dyn Fn(&Repo, &str), reason: &str| {
        let repo = Repo::new("compiuta", PRUNE);
        let spec = "{name: R, actions: ['core:things:get']}";
        repo.declare("Role", "gone", spec);
        repo.declare("Role", "kept", spec);
        repo.commit();
        repo.done();
        let folder = repo.folder("gone").unwrap();
        forge(&repo, &folder);
        repo.remove("Role", "gone");
        repo.commit();
        let plan = repo.plan();
        assert_eq!(actions(&plan), Vec::<String>::new(), "{reason}: {plan:#}");
        assert_eq!(survivors(&plan), [format!("gone {reason}")], "{plan:#}");
        repo.done();
        assert_eq!(repo.writes(), Vec::<String>::new(), "{reason}");
    };
    let edit = |repo: &Repo, folder: &str, edit: &dyn Fn(&mut Value)| {
        let path = format!("{folder}/meta.json");
        let mut meta = repo.recorded(&path);
        edit(&mut meta);
        repo.forge_file(&path, &meta.to_string());
    };
    stays(
        &|repo, folder| {
            repo.git(&["checkout", "-q", "-b", "side"]);
            repo.write("side", "x");
            let side = repo.commit();
            repo.git(&["checkout", "-q", "main"]);
            repo.git(&["merge", "-q", "--no-ff", "-m", "merged", "side"]);
            edit(repo, folder, &|meta| meta["verified"]["commit"] = json!(side));
        },
        "side_branch",
    );
    stays(
        &|repo, folder| {
            repo.forge_file(&format!("{folder}/declared.json"), "{}");
            edit(repo, folder, &|meta| meta["verified"]["created"] = json!(false));
        },
        "not_ours",
    );
    stays(
        &|repo, folder| repo.forge_file(&format!("{folder}/declared.json"), "{\"name\": \"Another\"}"),
        "changed",
    );
}

#[test]
fn delete_needs_evidence_an_object_with_another_id_is_not_the_one_that_git_declared() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "gone", "{}");
    repo.declare("Role", "kept", "{}");
    repo.commit();
    repo.done();
    // Somebody deletes it, and another one makes an object of the same name.
    let role = repo.object("roles", "gone");
    assert!(repo.live.remove("roles", role["id"].as_str().unwrap()));
    let other = json!({"id": "00000000-0000-4000-8000-00000000000f", "name": "gone", "system": false});
    assert!(repo.live.insert("roles", other));
    repo.remove("Role", "gone");
    repo.commit();
    let plan = repo.plan();
    assert_eq!(actions(&plan), Vec::<String>::new(), "{plan:#}");
    repo.done();
    assert_eq!(repo.objects("roles").iter().filter(|role| role["name"] == "gone").count(), 1);
}

#[test]
fn delete_needs_evidence_a_record_that_cannot_be_believed_deletes_nothing() {
    let damages: [(&str, Damage); 6] = [
        ("no JSON", |repo| repo.forge_file("run.json", "{")),
        ("newer", |repo| {
            let mut run = repo.recorded("run.json");
            run["format_version"] = json!(2);
            repo.forge_file("run.json", &run.to_string());
        }),
        ("no run", |repo| repo.forge_index("git update-index --force-remove run.json")),
        ("other target", |repo| {
            let mut run = repo.recorded("run.json");
            run["target"] = json!("other");
            repo.forge_file("run.json", &run.to_string());
        }),
        ("damaged entry", |repo| {
            let folder = repo.folder("gone").unwrap();
            repo.forge_file(&format!("{folder}/meta.json"), "[]");
        }),
        ("a blob", |repo| {
            shell(repo.dir.path(), &format!("git update-ref {RECORD} $(echo x | git hash-object -w --stdin)"))
        }),
    ];
    for (what, damage) in damages {
        let repo = Repo::new("compiuta", PRUNE);
        let spec = "{name: R, actions: ['core:things:get']}";
        repo.declare("Role", "gone", spec);
        repo.declare("Role", "kept", spec);
        repo.commit();
        repo.done();
        damage(&repo);
        repo.remove("Role", "gone");
        repo.declare("Role", "new", spec);
        repo.commit();
        let plan = repo.run(&["plan", "--format", "json"]);
        assert!(
            !actions(&plan.json()).iter().any(|action| action.starts_with("delete")),
            "{what}: {}",
            plan.out
        );
        let run = repo.apply_with(&[]);
        assert_ne!(run.code, 0, "{what}: {}", run.out);
        assert_eq!(repo.writes(), Vec::<String>::new(), "{what}");
        let document = run.json();
        let mut codes = codes(&document).into_iter();
        let code = codes.find(|code| code.starts_with("record/") || code.starts_with("git/"));
        assert!(code.is_some(), "{what}: {}", run.out);
    }
}

#[test]
fn unreadable_is_not_absent_a_list_that_lost_an_object_whose_id_answers_is_not_whole() {
    let repo = Repo::new("compiuta", "");
    let spec = "{name: R, actions: ['core:things:get']}";
    for name in ["a", "b", "c"] {
        repo.declare("Role", name, spec);
    }
    repo.commit();
    repo.done();
    let roles: Vec<_> = repo.objects("roles").into_iter().filter(|role| role["id"] != "b").collect();
    repo.live.inject(Fault {
        path_contains: "roles".into(),
        times: 1,
        body: Some(json!({"roles": roles})),
        ..fault("GET", 200)
    });
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, repo.writes()), (6, Vec::new()), "no-duplicates: {}", run.out);
    assert!(run.out.contains("the list is not whole"), "{}", run.out);
}

#[test]
fn plan_reads_only_it_moves_no_reference_and_runs_no_git() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "a", "{}");
    repo.commit();
    repo.done();
    repo.declare("Role", "b", "{}");
    repo.commit();
    let refs = || repo.git(&["for-each-ref"]);
    let before = refs();
    let mut command = crate::world::enact(repo.dir.path());
    let output = command.args(["plan", "--format", "json"]).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(refs(), before);
}
