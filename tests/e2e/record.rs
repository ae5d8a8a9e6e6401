//! The record of a target and its lock, through the real binary and real git: what fails, what is forged, what two clones
//! do to each other. Promise 16, nothing-forgotten; promise 7, delete-needs-evidence; one-writer.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::history::{Repo, causes, survivors};
use crate::support::{enact, git};
use crate::world::{Run, World, codes, fault, file, manifest};
use enact::sandbox::Fault;
use serde_json::{Value, json};
use tempfile::TempDir;

const PRUNE: &str = "  prune: tracked\n";
const SHARED: &str = "  prune: tracked\nrecord: {remote: origin}\n";
const RECORD: &str = "refs/enact/record/live";
pub(crate) const LOCK: &str = "refs/enact/lock/live";
const POLICY: &str = "{policy_actions: [{action: read, roles: [Admin]}]}";
const AS_DECLARED: &str = "live state is as declared";

/// A bare repository that clones share.
pub(crate) struct Bare(TempDir);

impl Bare {
    /// The remote of this repository, with all that it has.
    pub(crate) fn of(repo: &Repo) -> Self {
        let bare = Self(TempDir::new().unwrap());
        repo.git(&["init", "-q", "--bare", "-b", "main", &bare.path()]);
        repo.git(&["remote", "add", "origin", &bare.path()]);
        bare
    }

    pub(crate) fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    pub(crate) fn clone(&self) -> TempDir {
        let clone = TempDir::new().unwrap();
        git(clone.path(), &["clone", "-q", &self.path(), "."]);
        clone
    }

    pub(crate) fn refs(&self) -> String {
        git(self.0.path(), &["for-each-ref", "refs/enact"])
    }
}

pub(crate) fn commit_and_push(repo: &Repo) -> String {
    let commit = repo.commit();
    repo.git(&["push", "-q", "origin", "HEAD:refs/heads/main"]);
    commit
}

/// A repository with one role, applied, whose record and lock are on a remote.
pub(crate) fn shared() -> (Repo, Bare) {
    let repo = Repo::new("polytomic", SHARED);
    let bare = Bare::of(&repo);
    repo.declare("Role", "A", "{}");
    commit_and_push(&repo);
    assert_eq!(repo.apply_with(&[]).code, 0);
    (repo, bare)
}

/// The names of the roles that people made.
pub(crate) fn roles(repo: &Repo) -> Vec<String> {
    let own = |role: &&Value| role["system"] == false;
    let mut names: Vec<_> = repo
        .objects("roles")
        .iter()
        .filter(own)
        .map(|role| role["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn fails(path: &str) -> Fault {
    Fault { path_contains: path.to_owned(), ..fault("POST", 403) }
}

/// Role `A`, role `B` and the policy `F`, whose create was refused; `after_commit` if it took effect all the same.
fn beside_a_failure(more: &str, after_commit: bool) -> Repo {
    let repo = Repo::new("polytomic", more);
    repo.declare("Role", "A", "{}");
    repo.declare("Role", "B", "{}");
    repo.declare("Policy", "F", POLICY);
    repo.commit();
    repo.live.inject(Fault { times: 1, after_commit, ..fails("policies") });
    assert_eq!(repo.apply_with(&[]).code, 1);
    repo
}

#[test]
fn nothing_forgotten_a_failed_object_does_not_stop_the_memory_of_the_others() {
    let repo = beside_a_failure(PRUNE, false);
    repo.remove("Role", "A");
    repo.commit();
    assert_eq!(causes(&repo.plan()), ["create F declared", "delete A declared"]);
    repo.remove("Policy", "F");
    repo.commit();
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, roles(&repo)), (0, vec!["B".to_owned()]), "{}", run.out);
    let plan = repo.plan();
    assert_eq!((&plan["changes"], survivors(&plan)), (&json!([]), vec![]), "it was never made");
}

#[test]
fn nothing_forgotten_an_object_that_a_failed_create_made_is_never_silent() {
    let repo = beside_a_failure(PRUNE, true);
    repo.remove("Policy", "F");
    repo.commit();
    for _ in 0..2 {
        assert_eq!(repo.apply_with(&[]).code, 0);
        let is_there = repo.objects("policies").iter().any(|policy| policy["name"] == "F");
        let is_named = survivors(&repo.plan()).iter().any(|survivor| survivor.starts_with("F "));
        assert_eq!(is_there, is_named, "{:#}", repo.plan());
    }
}

#[test]
fn nothing_forgotten_an_object_that_was_gone_and_that_a_lost_create_made_again_is_named() {
    let repo = Repo::new("polytomic", PRUNE);
    for name in ["A", "B", "C"] {
        repo.declare("Role", name, "{}");
    }
    repo.commit();
    repo.converge();
    let remove = |name: &str| {
        let id = repo.object("roles", name)["id"].as_str().unwrap().to_owned();
        assert!(repo.live.remove("roles", &id));
        id
    };
    remove("C");
    assert_eq!(repo.apply_with(&[]).code, 0);
    let reads = repo.live.requests().iter().take_while(|seen| seen.method == "GET").count();
    // The same with `A`: its answer is lost, and nothing can be read afterwards.
    let id = remove("A");
    repo.live.inject(Fault { times: 1, after_commit: true, ..fails("roles") });
    repo.live.inject(Fault { skip: reads, times: 1, ..fault("GET", 403) });
    assert_ne!(repo.apply_with(&[]).code, 0);
    assert_ne!(repo.object("roles", "A")["id"], json!(id), "it was made all the same");
    // The record still has the id of the first one.
    repo.remove("Role", "A");
    repo.commit();
    for _ in 0..2 {
        assert_eq!(survivors(&repo.plan()), ["A unverified"]);
        assert_eq!(repo.apply_with(&[]).code, 0);
    }
}

#[test]
fn nothing_forgotten_a_grant_beside_a_failed_write_is_named_until_it_is_gone() {
    let repo = beside_a_failure("", false);
    repo.remove("Role", "A");
    repo.remove("Policy", "F");
    repo.commit();
    for _ in 0..3 {
        let run = repo.run(&["apply", "--yes"]);
        let text = run.out + &run.err;
        assert_eq!(run.code, 0, "{text}");
        assert!(text.contains("no longer declared, still alive") && !text.contains(AS_DECLARED), "{text}");
        assert_eq!(survivors(&repo.plan()), ["A never"]);
    }
    let id = repo.object("roles", "A")["id"].as_str().unwrap().to_owned();
    assert!(repo.live.remove("roles", &id));
    let run = repo.run(&["apply", "--yes"]);
    assert!(run.code == 0 && !run.out.contains("still alive"), "{}{}", run.out, run.err);
    assert_eq!(survivors(&repo.plan()), Vec::<String>::new());
}

#[test]
fn nothing_forgotten_a_rollback_counts_what_the_undone_commit_made() {
    for (more, left) in [("", vec!["A", "B"]), (PRUNE, vec!["A"])] {
        let repo = Repo::new("polytomic", more);
        repo.declare("Role", "A", "{}");
        let first = repo.commit();
        repo.converge();
        repo.declare("Role", "B", "{}");
        repo.commit();
        repo.converge();
        repo.git(&["checkout", "-q", &first]);
        let run = repo.run(&["apply", "--yes", "--rollback"]);
        let text = run.out + &run.err;
        assert_eq!(
            (run.code, roles(&repo)),
            (0, left.iter().map(|&name| name.to_owned()).collect()),
            "{text}"
        );
        assert_eq!(text.contains(AS_DECLARED), left.len() == 1, "{text}");
        let alive: &[&str] = if left.len() == 1 { &[] } else { &["B never"] };
        assert_eq!(survivors(&repo.plan()), alive);
    }
}

#[test]
fn nothing_forgotten_a_reverted_rename_leaves_no_object_unseen() {
    for more in ["", PRUNE] {
        let repo = Repo::new("polytomic", more);
        repo.declare("Role", "A", "{}");
        repo.commit();
        repo.converge();
        repo.remove("Role", "A");
        repo.write(&file("Role", "B"), &manifest("polytomic", "Role", "B", "  previously: [A]\n", "{}"));
        repo.commit();
        repo.converge();
        repo.git(&["revert", "--no-edit", "HEAD"]);
        assert_eq!(repo.apply_with(&[]).code, 0);
        let alive = survivors(&repo.plan());
        let unseen: Vec<_> = roles(&repo)
            .into_iter()
            .filter(|name| name != "A" && !alive.iter().any(|one| one.starts_with(&format!("{name} "))))
            .collect();
        assert!(
            unseen.is_empty() && roles(&repo).contains(&"A".to_owned()),
            "{more:?}: {unseen:?} {alive:?}"
        );
    }
}

#[test]
fn no_duplicates_an_object_that_was_renamed_by_hand_is_renamed_back() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    repo.commit();
    repo.converge();
    repo.drift("roles", "A", "name", json!("by hand"));
    let plan = repo.plan();
    assert_eq!(plan["changes"].as_array().unwrap().len(), 1, "{plan:#}");
    assert_eq!(plan["changes"][0]["action"], "update", "{plan:#}");
    repo.converge();
    assert_eq!(roles(&repo), ["A"]);
}

/// Commits to the record what somebody who may push could: `edit` changes the files in this folder.
fn forge(repo: &Repo, edit: impl FnOnce(&Path)) {
    let folder = TempDir::new().unwrap();
    let at = folder.path().join("record");
    repo.git(&["worktree", "add", "-q", "--detach", at.to_str().unwrap(), RECORD]);
    edit(&at);
    git(&at, &["add", "-A"]);
    git(&at, &["commit", "-q", "-m", "forged", "--allow-empty"]);
    let forged = git(&at, &["rev-parse", "HEAD"]);
    repo.git(&["worktree", "remove", "--force", at.to_str().unwrap()]);
    repo.git(&["update-ref", RECORD, &forged]);
}

fn found(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|file| file.file_name().unwrap() == name);
    here.chain(folders.iter().flat_map(|folder| found(folder, name))).collect()
}

/// Replaces a text in one file of the entry of role `A`, or in another file of this name.
fn replace(folder: &Path, name: &str, from: &str, to: &str) {
    let mut files = found(folder, name).into_iter().filter(|file| {
        name == "run.json"
            || file
                .parent()
                .is_some_and(|entry| entry.ends_with("Role/A") || entry.to_string_lossy().ends_with("%41"))
    });
    let path = files.next().unwrap_or_else(|| panic!("{:?}", found(folder, name)));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

/// Role `A` and role `kept`, applied; then git gives up `A`. Beside them, a role that git never declared.
fn given_up() -> Repo {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    repo.declare("Role", "kept", "{}");
    repo.commit();
    repo.converge();
    repo.live.insert("roles", json!({"id": FOREIGN, "name": "foreign", "system": false}));
    repo.remove("Role", "A");
    repo.commit();
    repo
}

const FOREIGN: &str = "00000000-0000-4000-8000-000000000007";

#[test]
fn delete_needs_evidence_an_entry_with_another_id_or_commit_deletes_nothing() {
    let merged = |repo: &Repo| {
        // A commit that is only merged: its branch never was what main declared.
        let main = repo.git(&["rev-parse", "HEAD"]);
        let side = repo.git(&["commit-tree", "-p", "HEAD~1", "-m", "side", "HEAD^{tree}"]);
        let merge = repo.git(&["commit-tree", "-p", &main, "-p", &side, "-m", "merge", "HEAD^{tree}"]);
        repo.git(&["reset", "-q", "--hard", &merge]);
        side
    };
    for case in ["id", "commit", "never created"] {
        let repo = given_up();
        let id = repo.object("roles", "A")["id"].as_str().unwrap().to_owned();
        let first = repo.git(&["rev-parse", "HEAD~1"]);
        match case {
            "id" => forge(&repo, |at| replace(at, "meta.json", &id, FOREIGN)),
            "commit" => {
                let side = merged(&repo);
                forge(&repo, |at| replace(at, "meta.json", &first, &side));
            }
            _ => forge(&repo, |at| replace(at, "meta.json", "\"created\": true", "\"created\": false")),
        }
        let plan = repo.plan();
        assert_eq!((&plan["changes"], survivors(&plan).len()), (&json!([]), 1), "{case}: {plan:#}");
        let run = repo.apply_with(&[]);
        assert_eq!((repo.writes(), roles(&repo).len()), (vec![], 3), "{case}: {}", run.out);
    }
}

/// What is changed in the files of a record.
type Forgery = Box<dyn Fn(&Path)>;

#[test]
fn delete_needs_evidence_a_record_that_cannot_be_believed_is_refused() {
    let write = |at: &Path, text: &str| std::fs::write(&found(at, "run.json")[0], text).unwrap();
    let forgeries: [(&str, Forgery); 6] = [
        ("damaged entry", Box::new(|at| replace(at, "meta.json", "{", "{{"))),
        (
            "newer entry",
            Box::new(|at| replace(at, "meta.json", "\"format_version\": 1", "\"format_version\": 9")),
        ),
        (
            "newer run",
            Box::new(|at| replace(at, "run.json", "\"format_version\": 1", "\"format_version\": 9")),
        ),
        (
            "another target",
            Box::new(|at| replace(at, "run.json", "\"target\": \"live\"", "\"target\": \"prod\"")),
        ),
        ("damaged run", Box::new(move |at| write(at, "{"))),
        ("no run", Box::new(|at| std::fs::remove_file(&found(at, "run.json")[0]).unwrap())),
    ];
    for (case, edit) in forgeries {
        let repo = given_up();
        repo.declare("Role", "new", "{}");
        repo.commit();
        forge(&repo, |at| edit(at));
        assert_refused(&repo, case);
    }
    for case in ["tag", "blob"] {
        let repo = given_up();
        repo.declare("Role", "new", "{}");
        repo.commit();
        match case {
            "tag" => {
                repo.git(&["tag", "-a", "-m", "t", "t", RECORD]);
                let tag = repo.git(&["rev-parse", "refs/tags/t"]);
                repo.git(&["update-ref", RECORD, &tag]);
            }
            _ => {
                let blob = repo.git(&["hash-object", "-w", "enact.yaml"]);
                repo.write(&format!(".git/{RECORD}"), &format!("{blob}\n"));
            }
        }
        assert_refused(&repo, case);
    }
}

/// A plan deletes nothing and says what to do, and apply writes nothing at all.
fn assert_refused(repo: &Repo, case: &str) {
    let plan = repo.plan();
    assert!(!causes(&plan).iter().any(|cause| cause.starts_with("delete")), "{case}: {plan:#}");
    let told = plan["diagnostics"].as_array().unwrap();
    assert!(told.iter().any(|one| one["help"].is_string()), "{case}: {plan:#}");
    let run = repo.apply_with(&[]);
    assert_ne!(run.code, 0, "{case}: {}", run.out);
    assert_eq!((repo.writes(), roles(repo).len()), (vec![], 3), "{case}: {}", run.out);
}

#[test]
fn delete_needs_evidence_of_the_record_also_where_the_base_is_named() {
    let repo = Repo::new("polytomic", PRUNE);
    repo.declare("Role", "A", "{}");
    let first = repo.commit();
    repo.converge();
    repo.declare("Role", "B", "{}");
    repo.declare("Policy", "P", "{policy_actions: [{action: read, roles: [A]}]}");
    repo.commit();
    repo.converge();
    repo.remove("Role", "B");
    repo.remove("Policy", "P");
    let now = repo.commit();
    let plan = |base: &str| repo.run(&["plan", "--base", base, "--format", "json"]).json();
    // The first commit knows neither, and the record does.
    for base in [first.as_str(), "HEAD~1"] {
        assert_eq!(crate::world::actions(&plan(base)), ["delete Policy P", "delete Role B"], "{base}");
    }
    // What somebody changed stays, whatever the named base says.
    repo.drift("policies", "P", "policy_actions", json!([]));
    for base in [first.as_str(), "HEAD~1", now.as_str()] {
        let plan = plan(base);
        assert_eq!(crate::world::actions(&plan), ["delete Role B"], "{base}");
        assert_eq!(survivors(&plan), ["P changed"], "{base}");
    }
    // Without the record there is no evidence.
    repo.git(&["update-ref", "-d", RECORD]);
    repo.git(&["update-ref", "-d", "refs/enact/applied/live"]);
    assert_eq!(crate::world::actions(&plan("HEAD~1")), Vec::<String>::new());
}

#[test]
fn delete_needs_evidence_a_record_that_was_moved_back_on_the_remote_is_refused() {
    let (repo, bare) = shared();
    let before = repo.git(&["rev-parse", RECORD]);
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    assert_eq!(repo.apply_with(&[]).code, 0);
    git(bare.0.path(), &["update-ref", RECORD, &before]);
    repo.remove("Role", "B");
    repo.declare("Role", "C", "{}");
    commit_and_push(&repo);
    for removed in [false, true] {
        if removed {
            git(bare.0.path(), &["update-ref", "-d", RECORD]);
        }
        let run = repo.apply_with(&[]);
        assert!(run.code != 0 && codes(&run.json()).contains(&"record/rewound"), "{} {}", run.code, run.out);
        assert_eq!((repo.writes(), roles(&repo).len()), (vec![], 2));
        assert!(!bare.refs().contains(LOCK), "the lock is given up");
    }
}

#[test]
fn nothing_forgotten_a_fresh_clone_prunes_what_git_gave_up_although_it_has_nothing_else_to_do() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    assert_eq!(repo.apply_with(&[]).code, 0);
    repo.remove("Role", "B");
    commit_and_push(&repo);
    let clone = bare.clone();
    let run = crate::world::run(clone.path(), &["apply", "--yes", "--format", "json"]);
    assert_eq!((run.code, causes(&run.json())), (0, vec!["delete B declared".to_owned()]), "{}", run.err);
    assert_eq!(roles(&repo), ["A"]);
    assert!(!bare.refs().contains(LOCK), "the lock is given up");
    repo.declare("Role", "A", "{}");
    assert_eq!(repo.apply_with(&[]).code, 0, "the first clone goes on from there");
    assert_eq!(repo.git(&["rev-parse", RECORD]), git(bare.0.path(), &["rev-parse", RECORD]));
}

#[test]
fn no_duplicates_a_list_that_is_not_whole_stops_every_write() {
    let repo = Repo::new("polytomic", PRUNE);
    for name in ["A", "B"] {
        repo.declare("Role", name, "{}");
    }
    repo.commit();
    repo.converge();
    repo.declare("Role", "C", "{}");
    repo.remove("Role", "B");
    repo.commit();
    let left: Vec<_> = repo.objects("roles").into_iter().filter(|role| role["system"] == true).collect();
    let short = Fault {
        path_contains: "roles".to_owned(),
        times: 1,
        body: Some(json!({"data": left})),
        ..fault("GET", 200)
    };
    repo.live.inject(short.clone());
    let plan = repo.run(&["plan", "--format", "json"]);
    assert_eq!(plan.code, 6, "{}", plan.out);
    repo.live.inject(short);
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, repo.writes(), roles(&repo).len()), (6, vec![], 2), "{}", run.out);
    repo.converge();
    assert_eq!(roles(&repo), ["A", "C"]);
}

#[test]
fn nothing_forgotten_a_field_that_only_a_failed_attempt_declared_goes_back() {
    let repo = Repo::new("jitsudo", "");
    repo.declare("Policy", "p", "{max_duration_seconds: 60}");
    repo.commit();
    repo.converge();
    repo.declare("Policy", "p", "{max_duration_seconds: 61}");
    repo.commit();
    assert_eq!(repo.apply_with(&[]).code, 0);
    let requests = repo.live.requests();
    let before = requests.iter().take_while(|seen| seen.method == "GET").count();
    let method = &requests[before].method;

    repo.declare("Policy", "p", "{description: d, enabled: false, max_duration_seconds: 61}");
    repo.commit();
    // The write takes effect, and nothing can be read afterwards.
    repo.live.inject(Fault { times: 1, after_commit: true, ..fault(method, 403) });
    repo.live.inject(Fault { skip: before, times: 1, ..fault("GET", 403) });
    let run = repo.apply_with(&[]);
    assert_ne!(run.code, 0, "{}", run.out);
    let record: Value = serde_json::from_str(&repo.git(&["show", &format!("{RECORD}:run.json")])).unwrap();
    assert_ne!(record["open"], json!([]), "the attempt stands in the record: {record:#}");
    assert_eq!(repo.object("policies", "p")["enabled"], json!(false));

    repo.declare("Policy", "p", "{max_duration_seconds: 61}");
    repo.commit();
    repo.converge();
    let policy = repo.object("policies", "p");
    assert_eq!((&policy["enabled"], &policy["description"]), (&json!(true), &Value::Null));
}

/// Puts the lock of another run on the remote.
pub(crate) fn lock(repo: &Repo, run: &str, ends: &str) {
    let lock = json!({"format_version": 1, "run": run, "holder": "Somebody", "host": "elsewhere", "run_url": null,
        "started": "2026-01-01T00:00:00Z", "ends": ends});
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("lock.json");
    std::fs::write(&path, lock.to_string()).unwrap();
    let blob = repo.git(&["hash-object", "-w", path.to_str().unwrap()]);
    repo.git(&["read-tree", "--empty"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},lock.json")]);
    let tree = repo.git(&["write-tree"]);
    repo.git(&["read-tree", "HEAD"]);
    let commit = repo.git(&["commit-tree", "-m", "locked", &tree]);
    repo.git(&["push", "-q", "-f", "origin", &format!("{commit}:{LOCK}")]);
}

#[test]
fn one_writer_a_lock_keeps_others_away_until_it_is_over() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    lock(&repo, "other", "2999-01-01T00:00:00Z");
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, repo.writes()), (7, vec![]), "{}", run.out);
    assert!(run.out.contains("Somebody") && run.out.contains("elsewhere"), "{}", run.out);
    assert!(bare.refs().contains(LOCK), "it is not this run's to give up");
    lock(&repo, "other", "2020-01-01T00:00:00Z");
    assert_eq!((repo.apply_with(&[]).code, roles(&repo).len()), (0, 2));
    assert!(!bare.refs().contains(LOCK), "{}", bare.refs());

    // A run of this clone that is gone left its id in the file that only a living process keeps locked.
    repo.declare("Role", "C", "{}");
    commit_and_push(&repo);
    lock(&repo, "ours", "2999-01-01T00:00:00Z");
    let left = json!({"format_version": 1, "run": "ours", "holder": "h", "host": "h", "run_url": null,
        "started": "2026-01-01T00:00:00Z", "ends": "2026-01-01T00:00:00Z"});
    repo.write(".git/enact/live.lock", &left.to_string());
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, roles(&repo).len()), (0, 3), "{}", run.out);
    assert!(!bare.refs().contains(LOCK), "{}", bare.refs());
}

#[test]
fn one_writer_a_lock_is_given_up_however_a_run_ends() {
    let (repo, bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    repo.live.inject(Fault { times: 1, ..fails("roles") });
    assert_eq!(repo.apply_with(&[]).code, 1);
    assert!(!bare.refs().contains(LOCK), "after a failure");
    assert_eq!(repo.apply_with(&[]).code, 0);
    repo.declare("Role", "C", "{}");
    repo.commit();
    assert_eq!(repo.apply_with(&[]).code, 4, "it is not published");
    assert!(!bare.refs().contains(LOCK), "after a refusal");
}

#[test]
fn one_writer_outside_of_git_a_file_is_locked() {
    let world = World::new("polytomic");
    world.declare("Role", "A", "{}");
    let path = world.dir.path().join(".enact.lock");
    let held = File::create(&path).unwrap();
    held.lock().unwrap();
    let (code, document) = world.apply();
    assert_eq!((code, world.writes()), (7, vec![]), "{document:#}");
    held.unlock().unwrap();
    let (code, document) = world.apply();
    assert_eq!(code, 0, "{document:#}");
}

/// A `git` that notes how it is called.
fn noting(folder: &Path) -> (String, PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let log = folder.join("log");
    let script = folder.join("git");
    let text = format!(
        "#!/bin/sh\nprintf '%s ' \"$@\" >> '{0}'\necho >> '{0}'\nexec /usr/bin/git \"$@\"\n",
        log.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    (format!("{}:/usr/bin:/bin", folder.display()), log)
}

pub(crate) fn run_noted(repo: &Repo, path: &str, args: &[&str]) -> Run {
    let mut command = enact(repo.dir.path());
    crate::support::run(repo.dir.path(), command.env("PATH", path).args(args), &[])
}

#[test]
fn a_run_that_writes_pushes_at_most_four_times_and_a_plan_or_a_sandbox_never() {
    let (repo, bare) = shared();
    let folder = TempDir::new().unwrap();
    let (path, log) = noting(folder.path());
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    let refs = || (repo.git(&["for-each-ref"]), bare.refs());
    let before = refs();
    assert_eq!(run_noted(&repo, &path, &["plan"]).code, 0);
    assert_eq!(run_noted(&repo, &path, &["apply", "--yes", "--sandbox"]).code, 0);
    assert!(!log.exists(), "{}", std::fs::read_to_string(&log).unwrap());
    assert_eq!(refs(), before);
    let run = run_noted(&repo, &path, &["apply", "--yes"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let calls = std::fs::read_to_string(&log).unwrap();
    let pushes = calls.lines().filter(|call| call.contains(" push ")).count();
    assert!((1..=4).contains(&pushes), "{calls}");
}

/// Applies from two clones at once, again and again, and kills them at random times.
fn two_clones(rounds: u64) {
    let (repo, bare) = shared();
    let clones = [bare.clone(), bare.clone()];
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut state = u64::try_from(seed & u128::from(u64::MAX)).unwrap() | 1;
    println!("seed {state}");
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for round in 0..rounds {
        let name = format!("r{}", random(4));
        match repo.dir.path().join(file("Role", &name)).exists() {
            true => repo.remove("Role", &name),
            false => repo.declare("Role", &name, "{}"),
        }
        commit_and_push(&repo);
        let mut running = Vec::new();
        for clone in &clones {
            follow(clone.path());
            let mut command = enact(clone.path());
            command.args(["apply", "--yes", "--quiet"]).stdout(Stdio::null()).stderr(Stdio::null());
            std::thread::sleep(Duration::from_millis(random(100)));
            running.push((command.spawn().unwrap(), random(2) == 0, random(900)));
        }
        for (mut child, is_killed, after) in running {
            if is_killed {
                std::thread::sleep(Duration::from_millis(after));
                child.kill().unwrap();
            }
            let _ = child.wait().unwrap();
        }
        let found = roles(&repo);
        let mut once = found.clone();
        once.dedup();
        assert_eq!(found, once, "no-duplicates, round {round}");
    }
    // Without a write no lock is taken, and one that a killed run left would stay.
    repo.declare("Role", "z", "{}");
    commit_and_push(&repo);
    let apply = |clone: &TempDir| {
        follow(clone.path());
        crate::world::run(clone.path(), &["apply", "--yes", "--format", "json"])
    };
    let mut last = apply(&clones[0]);
    if last.code == 7 {
        last = apply(&clones[1]);
    }
    if last.code == 7 {
        // Neither is the clone whose run was killed while it held the lock: a person gives it up.
        git(bare.0.path(), &["update-ref", "-d", LOCK]);
        last = apply(&clones[0]);
    }
    assert_eq!(last.code, 0, "{}{}", last.out, last.err);
    let declared =
        (0..4).map(|n| format!("r{n}")).filter(|name| repo.dir.path().join(file("Role", name)).exists());
    // What a killed run made, and git gave up before its id was in the record, is named, for whatever reason it stays.
    let named = survivors(&last.json());
    let named = named.iter().filter_map(|named| Some(named.split_once(' ')?.0.to_owned()));
    let mut expected: Vec<_> = declared.chain(named).chain(["A", "z"].map(str::to_owned)).collect();
    expected.sort_unstable();
    assert_eq!(roles(&repo), expected, "{}", last.out);
    assert!(!bare.refs().contains(LOCK), "{}", bare.refs());
    git(bare.0.path(), &["fsck", "--strict"]);
}

/// Brings a clone to the tip of `main`. What a killed git left locked is removed, as a person would do.
fn follow(clone: &Path) {
    let left = std::fs::read_dir(clone.join(".git/refs/enact")).into_iter().flatten().flatten();
    for left in left.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten()) {
        if left.path().extension().is_some_and(|extension| extension == "lock") {
            std::fs::remove_file(left.path()).unwrap();
        }
    }
    git(clone, &["fetch", "-q", "origin", "main"]);
    git(clone, &["reset", "-q", "--hard", "origin/main"]);
}

#[test]
fn one_writer_two_clones_that_are_killed_make_nothing_twice_and_converge() {
    two_clones(6);
}

/// ```sh
/// cargo test --test e2e two_clones_for_long -- --ignored --nocapture
/// ```
#[test]
#[ignore = "takes some minutes"]
fn one_writer_two_clones_for_long() {
    two_clones(200);
}
