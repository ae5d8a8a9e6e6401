//! The service, through the real binary: `--once` where no clock is needed, and otherwise until a state is reached.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;

use crate::history::Repo;
use crate::record::{Bare, LOCK, commit_and_push, roles};
use crate::support::{enact, git};
use crate::world::{CANARY, codes, manifest};

const APPLY: &str = "  passes: {mode: apply}\n";
const OTHER: &str =
    "{document: {statements: [{effect: allow, actions: ['s3:GetObject'], resources: ['*']}]}}";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

fn policy(roles: &str) -> String {
    format!("{{policy_actions: [{{action: read, roles: [{roles}]}}]}}")
}

/// A repository with two roles and a policy that lets one of them read, applied.
pub(crate) fn applied(more: &str) -> Repo {
    let repo = Repo::new("polytomic", more);
    repo.declare("Role", "A", "{}");
    repo.declare("Role", "B", "{}");
    repo.declare("Policy", "P", &policy("A"));
    repo.commit();
    assert_eq!(repo.apply_with(&[]).code, 0);
    repo.live.clear_requests();
    repo
}

/// Gives each target a pass. The exit code, and what is said of the only target.
fn once(repo: &Repo) -> (i32, Value) {
    repo.live.clear_requests();
    let run = repo.run(&["serve", "--once", "--format", "json"]);
    let document = run.json();
    assert_eq!(document["passes"].as_array().map(Vec::len), Some(1), "{document:#}{}", run.err);
    (run.code, document["passes"][0].clone())
}

#[track_caller]
fn assert_state(pass: &Value, state: &str, written: u64, left: u64) {
    let is = (&pass["state"], &pass["written"], &pass["left"]["changes"]);
    assert_eq!(is, (&json!(state), &json!(written), &json!(left)), "{pass:#}");
}

#[test]
fn a_pass_that_only_reports_shows_drift_and_writes_nothing() {
    let repo = applied("");
    let (code, pass) = once(&repo);
    assert_eq!(code, 0);
    assert_state(&pass, "converged", 0, 0);
    repo.live.remove("roles", repo.object("roles", "B")["id"].as_str().unwrap());
    let (code, pass) = once(&repo);
    assert_eq!((code, repo.writes()), (2, Vec::new()));
    assert_state(&pass, "pending", 0, 1);
    assert_eq!((&pass["left"]["drifted"], &pass["mode"]), (&json!(1), &json!("report")));
}

#[test]
fn a_pass_that_applies_leaves_the_same_record_as_apply() {
    let repo = applied(APPLY);
    repo.declare("Role", "C", "{}");
    let commit = repo.commit();
    let (code, pass) = once(&repo);
    assert_eq!(code, 0, "{pass:#}");
    assert_state(&pass, "converged", 1, 0);
    assert_eq!(pass["commit"], commit.as_str());
    let run: Value = serde_json::from_str(&repo.git(&["show", "refs/enact/record/live:run.json"])).unwrap();
    assert_eq!((&run["run"], &run["commit"]), (&pass["run"], &json!(commit)), "{run:#}");
    assert_eq!(repo.git(&["for-each-ref", LOCK]), "", "the lock was given up");
    repo.assert_converged();
}

#[test]
fn a_narrow_pass_takes_rights_away_and_gives_none() {
    let repo = applied("  passes: {mode: narrow}\n");
    repo.declare("Policy", "P", &policy("A, B"));
    repo.declare("Policy", "Q", &policy("B"));
    repo.commit();
    let (code, pass) = once(&repo);
    assert_eq!((code, repo.writes()), (4, Vec::new()), "{pass:#}");
    assert_state(&pass, "refused", 0, 2);
    assert_eq!(pass["left"]["more_permissive"], 2);
    repo.declare("Policy", "P", &policy(""));
    repo.commit();
    let (code, pass) = once(&repo);
    assert_eq!(code, 4, "{pass:#}");
    assert_state(&pass, "refused", 1, 1);
}

#[test]
fn of_a_target_that_is_held_drift_is_seen_and_nothing_is_written() {
    let repo = applied("  passes: {mode: hold}\n");
    repo.declare("Role", "C", "{}");
    repo.commit();
    repo.live.remove("roles", repo.object("roles", "B")["id"].as_str().unwrap());
    let (code, pass) = once(&repo);
    assert_eq!((code, repo.writes()), (0, Vec::new()));
    assert_state(&pass, "held", 0, 2);
    assert_eq!(pass["left"]["drifted"], 1);
}

#[test]
fn outside_of_its_windows_a_target_is_not_written() {
    // It opens for a minute on a leap day.
    let repo = applied("  passes: {mode: apply, windows: [{opens: '0 0 29 2 *', lasts: 1m}]}\n");
    repo.declare("Role", "C", "{}");
    repo.commit();
    let (code, pass) = once(&repo);
    assert_eq!((code, repo.writes()), (2, Vec::new()));
    assert_eq!((&pass["mode"], &pass["state"]), (&json!("report"), &json!("pending")));
}

#[test]
fn what_every_target_does_is_said_once_and_a_target_says_what_is_different() {
    let repo = applied("serve: {passes: {mode: hold, schedule: every 1h}}\n");
    assert_eq!(once(&repo).1["mode"], "hold");
    let repo = applied("  passes: {mode: report}\nserve: {passes: {mode: hold}}\n");
    assert_eq!(once(&repo).1["mode"], "report");
}

#[test]
fn a_schedule_that_never_comes_is_named_with_its_place() {
    for (more, line) in [
        ("  passes: {schedule: '0 0 30 2 *'}\n", 10),
        ("  passes: {windows: [{opens: '0 0 1 1 *', lasts: 0s}]}\n", 10),
        ("serve: {passes: {schedule: every now}}\n", 10),
        ("serve: {follow: sometimes}\n", 10),
    ] {
        let repo = Repo::new("polytomic", more);
        repo.declare("Role", "A", "{}");
        for args in [["validate", "--format", "json"].as_slice(), &["serve", "--once", "--format", "json"]] {
            let run = repo.run(args);
            let document = run.json();
            assert_eq!((run.code, codes(&document)), (3, vec!["config/schedule"]), "{more} {}", run.out);
            assert_eq!(document["diagnostics"][0]["line"], line, "{}", run.out);
        }
    }
}

#[test]
fn one_target_that_fails_keeps_no_other_one_from_its_pass() {
    let more = "  passes: {mode: apply}\n- {name: other, system: mycloud, url: 'http://127.0.0.1:1', \
                auth: {bearer: {env: ENACT_TEST_KEY}}, passes: {mode: apply}}\n";
    let repo = Repo::new("polytomic", more);
    repo.declare("Role", "A", "{}");
    repo.write("policies/other.yaml", &manifest("mycloud", "Policy", "p", "", OTHER));
    repo.commit();
    let run = repo.run(&["serve", "--once", "--format", "json"]);
    let document = run.json();
    let states: Vec<_> = document["passes"].as_array().unwrap().iter().map(|pass| &pass["state"]).collect();
    assert_eq!((run.code, states), (6, vec![&json!("converged"), &json!("incomplete")]), "{document:#}");
    assert_eq!(roles(&repo), ["A"]);
}

/// The service as it goes on. It is stopped when it is dropped.
pub(crate) struct Service {
    child: Child,
    lines: Receiver<Value>,
    /// What it has said until now.
    pub(crate) seen: Vec<Value>,
}

impl Service {
    pub(crate) fn begin(folder: &Path, args: &[&str]) -> Self {
        Self::of(enact(folder), args)
    }

    fn of(mut command: Command, args: &[&str]) -> Self {
        command.args(["serve", "--log-format", "json"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            // What is no line of the log is for people: that it stops.
            for line in log.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| json!({"text": line}));
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line.
    #[track_caller]
    pub(crate) fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it did not come: {:#?}", self.seen));
            self.seen.push(line.clone());
            if is_it(&line) {
                return line;
            }
        }
    }

    #[track_caller]
    pub(crate) fn until_state(&mut self, state: &str) -> Value {
        self.until(|line| line["event"] == "pass_ended" && line["state"] == state)
    }

    /// Asks it to end, and returns its exit code.
    fn end(&mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const OFTEN: &str =
    "record: {remote: origin}\nserve: {follow: every 1s, passes: {mode: apply, schedule: every 1s}}\n";

#[test]
fn a_branch_is_followed_and_a_broken_commit_is_not() {
    let repo = Repo::new("polytomic", OFTEN);
    let bare = Bare::of(&repo);
    repo.declare("Role", "A", "{}");
    let first = commit_and_push(&repo);
    let folder = TempDir::new().unwrap();
    let args = ["--repository", &bare.path(), "--directory", "clone"];
    let mut service = Service::begin(folder.path(), &args);
    assert_eq!(service.until(|line| line["event"] == "followed")["commit"], first.as_str());
    let pass = service.until_state("converged");
    assert_eq!((&pass["written"], &pass["target"]), (&json!(1), &json!("live")));
    assert!(pass["host"].is_string() && pass["run"].is_string() && pass["format_version"] == 1, "{pass:#}");

    repo.write("policies/broken.yaml", "apiVersion: polytomic/v1\nkind: Rule\n");
    let broken = commit_and_push(&repo);
    let refused = service.until(|line| line["event"] == "not_followed");
    assert_eq!(refused["commit"], broken.as_str(), "{refused:#}");
    assert_eq!(
        (&refused["problems"][0]["file"], &refused["problems"][0]["line"]),
        (&json!("policies/broken.yaml"), &json!(2)),
        "{refused:#}"
    );
    let pass = service.until_state("converged");
    assert_eq!(pass["commit"], first.as_str(), "the last good one stays");

    std::fs::remove_file(repo.dir.path().join("policies/broken.yaml")).unwrap();
    repo.declare("Role", "B", "{}");
    let good = commit_and_push(&repo);
    service.until(|line| {
        line["event"] == "pass_ended" && line["commit"] == good.as_str() && line["written"] == 1
    });
    assert_eq!(service.end(), Some(0));
    assert_eq!(roles(&repo), ["A", "B"]);
    assert_eq!(git(Path::new(&bare.path()), &["for-each-ref", LOCK]), "", "the lock was given up");
    let trees = std::fs::read_dir(folder.path().join("clone/trees")).unwrap().count();
    assert_eq!(trees, 0, "nothing is left of what it read");
}

#[test]
fn a_branch_that_cannot_be_followed_is_a_mistake() {
    let repo = Repo::new("polytomic", OFTEN);
    repo.declare("Role", "A", "{}");
    let bare = Bare::of(&repo);
    commit_and_push(&repo);
    let run = |branch: &str, url: &str, config: &str| {
        let branch = format!("--branch={branch}");
        let args = ["serve", "--once", "--format", "json", "--directory", "clone", "--repository", url];
        let run = repo.run(&[&args, [branch.as_str(), "--config", config].as_slice()].concat());
        (run.code, codes(&run.json()).iter().map(|code| (*code).to_owned()).collect::<Vec<_>>())
    };
    let wrong = (64, vec!["serve/clone".to_owned()]);
    for branch in ["--upload-pack=touch x", "a..b", "a b", "main\u{1b}[2J", "-", ""] {
        assert_eq!(run(branch, &bare.path(), "enact.yaml"), wrong, "{branch}");
    }
    assert_eq!(run("main", &bare.path(), "../enact.yaml"), wrong);
    assert_eq!(run("missing", &bare.path(), "enact.yaml"), (1, vec!["git/push".to_owned()]));
    assert_eq!(run("main", "/nowhere", "enact.yaml"), wrong, "it is the clone of another one");
}

#[test]
fn what_is_written_when_it_is_to_end_is_finished_and_recorded() {
    // After a few writes it has to wait for the limit, for longer than anybody would.
    let limited = "  limits: {requests_per_minute: 14, concurrency: 1}\n";
    let repo = Repo::new("polytomic", &format!("{APPLY}{limited}"));
    for number in 0..12 {
        repo.declare("Role", &format!("R{number}"), "{}");
    }
    repo.commit();
    let mut service = Service::begin(repo.dir.path(), &[]);
    service.until(|line| line["event"] == "followed");
    while repo.writes().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(service.end(), Some(1));
    let pass = service.until(|line| line["event"] == "pass_ended");
    let written = pass["written"].as_u64().unwrap();
    assert_eq!((roles(&repo).len() as u64, &pass["state"]), (written, &json!("failed")), "{pass:#}");
    assert!((1..12).contains(&written), "{pass:#}");
    assert_eq!(repo.git(&["for-each-ref", LOCK]), "", "the lock was given up");
    let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
    repo.write("enact.yaml", &config.replace(limited, ""));
    repo.commit();
    repo.converge();
}

#[test]
fn a_remote_that_does_not_answer_is_not_waited_for_when_the_service_is_to_end() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Repo::new("polytomic", OFTEN);
    let _bare = Bare::of(&repo);
    repo.declare("Role", "A", "{}");
    commit_and_push(&repo);
    // Who holds a target is looked at before the first pass, and its record in it.
    for asked in ["refs/enact/lock", "refs/enact/record"] {
        let folder = TempDir::new().unwrap();
        let (script, waits) = (folder.path().join("git"), folder.path().join("waits"));
        let text = format!(
            "#!/bin/sh\ncase \"$*\" in\n*{asked}*) touch '{}'; exec sleep 600;;\nesac\nexec /usr/bin/git \"$@\"\n",
            waits.display()
        );
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = enact(repo.dir.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
        let mut service = Service::of(command, &[]);
        while !waits.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        // The pass would fail, and say so, when `git` has been waited for long enough.
        assert_eq!(service.end(), Some(0), "{asked}");
        let ended: Vec<_> = service.lines.iter().filter(|line| line["event"] == "pass_ended").collect();
        assert!(ended.is_empty() && repo.writes().is_empty(), "{asked}: {ended:#?}");
    }
}

/// What the service answers over HTTP: the status, and the body.
fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[test]
fn a_hook_with_the_right_proof_makes_it_look_for_a_commit_and_no_other_does() {
    let rarely = "record: {remote: origin}\nserve: {follow: every 24h, passes: {mode: apply, schedule: every 24h}, \
                  hooks: {gitlab: {env: ENACT_TEST_KEY}, github: {env: ENACT_TEST_KEY}}}\n";
    let repo = Repo::new("polytomic", rarely);
    let bare = Bare::of(&repo);
    repo.declare("Role", "A", "{}");
    commit_and_push(&repo);
    let folder = TempDir::new().unwrap();
    let args = ["--repository", &bare.path(), "--directory", "clone", "--listen", "127.0.0.1:0"];
    let mut service = Service::begin(folder.path(), &args);
    let address = service.until(|line| line["event"] == "listening")["address"].as_str().unwrap().to_owned();
    service.until_state("converged");
    assert_eq!(ask(&address, "GET", "/healthz", "", ""), (200, "ok\n".to_owned()));
    assert_eq!(ask(&address, "GET", "/readyz", "", "").0, 200);
    repo.declare("Role", "B", "{}");
    let pushed = commit_and_push(&repo);
    let hook =
        |forge: &str, headers: &str| ask(&address, "POST", &format!("/hooks/{forge}"), headers, "{}").0;
    for (forge, headers, status) in [
        ("gitlab", "", 401),
        ("gitlab", "x-gitlab-token: wrong\r\n", 401),
        ("github", "x-hub-signature-256: sha256=00\r\n", 401),
        ("gitea", &format!("x-gitlab-token: {CANARY}\r\n"), 401),
        ("elsewhere", "", 404),
    ] {
        assert_eq!(hook(forge, headers), status, "{forge} {headers}");
    }
    assert_eq!(ask(&address, "GET", "/hooks/gitlab", "", "").0, 405);
    assert_eq!(hook("gitlab", &format!("x-gitlab-token: {CANARY}\r\n")), 202);
    assert_eq!(service.until(|line| line["event"] == "followed")["commit"], pushed.as_str());
    service.until(|line| line["event"] == "pass_ended" && line["commit"] == pushed.as_str());
    let (status, metrics) = ask(&address, "GET", "/metrics", "", "");
    assert_eq!(status, 200);
    for line in [
        "enact_target_state{target=\"live\",state=\"converged\"} 1",
        "enact_target_state{target=\"live\",state=\"failed\"} 0",
        "enact_changes_left{target=\"live\",what=\"all\"} 0",
        "enact_objects_written_total{target=\"live\"} 2",
        "enact_passes_total{state=\"converged\"} 2",
        "enact_pass_seconds_count 2",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|of| of == line), "{line}: {metrics}");
    }
    assert!(!metrics.contains(CANARY));
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let repo = applied("serve: {hooks: {gitlab: {env: ENACT_TEST_KEY}}}\n");
    let mut service = Service::begin(repo.dir.path(), &["--listen", "127.0.0.1:0"]);
    let address = service.until(|line| line["event"] == "listening")["address"].as_str().unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    stream.write_all(b"POST /hooks/gitlab HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 99999999\r\n\r\n{").unwrap();
    let mut answer = String::new();
    drop(stream.read_to_string(&mut answer));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let second = repo.run(&["serve", "--once", "--format", "json", "--listen", &address]);
    assert_eq!((second.code, codes(&second.json())), (1, vec!["serve/listen"]));
}

#[test]
fn a_hook_without_its_secret_is_a_mistake_in_the_configuration() {
    let repo = applied("serve: {hooks: {github: {env: NOBODY_SET_THIS}}}\n");
    let run = repo.run(&["serve", "--once", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (3, vec!["config/credential"]), "{}", run.out);
    let repo = Repo::new("polytomic", "serve: {hooks: {github: {hunter2: x}}}\n");
    let shown = repo.run(&["validate"]);
    assert!(shown.code == 3 && !shown.err.contains("hunter2"), "{}", shown.err);
}

/// The passes in a store: target, state and run, oldest first.
fn stored(file: &Path) -> Vec<(String, Value)> {
    let store = rusqlite::Connection::open(file).unwrap();
    let mut rows = store.prepare("SELECT target, pass FROM passes ORDER BY id").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let rows = rows.query_map([], row).unwrap();
    rows.map(Result::unwrap).map(|(target, pass)| (target, serde_json::from_str(&pass).unwrap())).collect()
}

#[test]
fn a_store_that_is_removed_is_filled_again_from_the_record() {
    let repo = applied("");
    let file = repo.dir.path().join("enact.db");
    let serve = || repo.run(&["serve", "--once", "--store", "enact.db"]).code;
    assert_eq!((serve(), serve()), (0, 0));
    let passes = stored(&file);
    assert_eq!(passes.len(), 3, "the apply before, and two passes: {passes:#?}");
    let run: Value = serde_json::from_str(&repo.git(&["show", "refs/enact/record/live:run.json"])).unwrap();
    assert_eq!((&passes[0].1["run"], &passes[0].1["written"]), (&run["run"], &json!(3)), "{passes:#?}");
    for name in ["enact.db", "enact.db-wal", "enact.db-shm"] {
        drop(std::fs::remove_file(repo.dir.path().join(name)));
    }
    assert_eq!(serve(), 0);
    assert_eq!(stored(&file)[0], passes[0]);
}

#[test]
fn a_store_of_a_newer_enact_is_refused_and_one_that_is_down_is_done_without() {
    let repo = applied(APPLY);
    let file = repo.dir.path().join("enact.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&file).unwrap();
    let newer = repo.run(&["serve", "--once", "--format", "json", "--store", "enact.db"]);
    assert_eq!((newer.code, codes(&newer.json())), (1, vec!["serve/store"]), "{}", newer.out);
    assert!(std::fs::read(&file).unwrap() == before && repo.live.requests().is_empty());
    repo.declare("Role", "C", "{}");
    repo.commit();
    let run = repo.run(&["serve", "--once", "--log-format", "json", "--store", "policies"]);
    assert_eq!((run.code, roles(&repo)), (0, ["A", "B", "C"].map(str::to_owned).into()), "{}", run.err);
    assert_eq!(run.err.matches("\"event\":\"store_down\"").count(), 1, "{}", run.err);
}

/// Who takes messages: the address, and what came with which signature.
fn receiver() -> (String, Receiver<(String, String)>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, (send, letters)) = (format!("http://{}/hook", listener.local_addr().unwrap()), channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
            };
            length += header("content-length").unwrap().parse::<usize>().unwrap();
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let signature = header("x-enact-signature-256").unwrap_or_default();
            stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
            if send.send((signature, String::from_utf8(body).unwrap())).is_err() {
                break;
            }
        }
    });
    (url, letters)
}

#[test]
fn a_change_of_state_is_told_once_signed_and_harmless() {
    let repo = applied(
        "serve: {notify: [{form: webhook, url: {env: HOOK}, secret: {env: ENACT_TEST_KEY}}, {form: slack, url: {env: SLACK}}]}\n",
    );
    let ((hook, webhooks), (slack, texts)) = (receiver(), receiver());
    let serve = |code: i32| {
        let mut command = enact(repo.dir.path());
        command.args(["serve", "--once", "--store", "enact.db"]).envs([("HOOK", &hook), ("SLACK", &slack)]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    };
    serve(0);
    assert!(webhooks.try_recv().is_err(), "it was as declared before");
    let id = repo.object("roles", "B")["id"].as_str().unwrap().to_owned();
    repo.live.remove("roles", &id);
    serve(2);
    let (signature, body) = webhooks.recv_timeout(PATIENCE).unwrap();
    let line: Value = serde_json::from_str(&body).unwrap();
    let told = (&line["event"], &line["before"], &line["pass"]["state"], &line["pass"]["target"]);
    assert_eq!(told, (&json!("state_changed"), &json!("converged"), &json!("pending"), &json!("live")));
    let mac = Hmac::<Sha256>::new_from_slice(CANARY.as_bytes()).unwrap().chain_update(body.as_bytes());
    let code = mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    assert_eq!(signature, format!("sha256={code}"));
    let (signature, text) = texts.recv_timeout(PATIENCE).unwrap();
    assert_eq!(signature, "");
    let text: Value = serde_json::from_str(&text).unwrap();
    assert!(text["text"].as_str().unwrap().contains("live: pending, 1 left, 1 drifted"), "{text}");
    serve(2);
    assert!(webhooks.try_recv().is_err(), "it still is so");
    // What others wrote into a manifest calls nobody.
    repo.write("policies/a<!channel>&.yaml", "kind: 1\n");
    serve(3);
    let text = texts.recv_timeout(PATIENCE).unwrap().1;
    assert!(text.contains("a&lt;!channel&gt;&amp;.yaml") && !text.contains("<!channel>"), "{text}");
    std::fs::remove_file(repo.dir.path().join("policies/a<!channel>&.yaml")).unwrap();
    webhooks.recv_timeout(PATIENCE).unwrap();
    assert_eq!(repo.apply_with(&["--allow-dirty"]).code, 0);
    serve(0);
    assert!(webhooks.recv_timeout(PATIENCE).unwrap().1.contains("\"state\":\"converged\""));
}

#[test]
fn a_receiver_that_is_not_reached_keeps_nothing_from_being_done_and_its_address_is_not_shown() {
    let repo = applied("  passes: {mode: apply}\nserve: {notify: [{form: slack, url: {env: SLACK}}]}\n");
    repo.live.remove("roles", repo.object("roles", "B")["id"].as_str().unwrap());
    repo.write("policies/broken.yaml", "kind: 1\n");
    let mut command = enact(repo.dir.path());
    command.args(["serve", "--once", "--log-format", "json"]).env("SLACK", "http://127.0.0.1:1/T0KEN");
    let output = command.output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{log}");
    assert!(!log.contains("T0KEN") && log.contains("\"event\":\"pass_ended\""), "{log}");
    let repo = Repo::new("polytomic", "serve: {notify: [{form: slack, url: {env: ENACT_TEST_KEY}}]}\n");
    repo.declare("Role", "A", "{}");
    let run = repo.run(&["serve", "--once", "--format", "json"]);
    assert_eq!((run.code, codes(&run.json())), (3, vec!["config/credential"]), "{}", run.out);
}

#[test]
fn a_remote_that_cannot_be_reached_at_the_start_leaves_the_clone_to_go_on_with() {
    let repo = Repo::new("polytomic", "serve: {passes: {mode: report}}\n");
    let bare = Bare::of(&repo);
    repo.declare("Role", "A", "{}");
    let commit = commit_and_push(&repo);
    let folder = TempDir::new().unwrap();
    let path = bare.path();
    let args = ["--repository", &path, "--directory", "clone"];
    let mut service = Service::begin(folder.path(), &args);
    service.until_state("pending");
    service.end();
    let away = format!("{path}.away");
    std::fs::rename(&path, &away).unwrap();
    let mut service = Service::begin(folder.path(), &args);
    assert_eq!(service.until(|line| line["event"] == "followed")["commit"], commit.as_str());
    let said = service.until(|line| line["event"] == "not_followed");
    assert_eq!(
        (&said["commit"], &said["problems"][0]["code"]),
        (&json!(null), &json!("git/push")),
        "{said:#}"
    );
    service.until_state("pending");
    assert_eq!(service.end(), Some(2));
    std::fs::rename(&away, &path).unwrap();
}

#[test]
fn a_remote_that_says_nothing_does_not_keep_the_service_from_ending() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/policy.git", silent.local_addr().unwrap());
    let folder = TempDir::new().unwrap();
    let mut service = Service::begin(folder.path(), &["--repository", &url, "--directory", "clone"]);
    let (mut asked, _) = silent.accept().unwrap();
    assert_eq!(service.end(), Some(1));
    service
        .until(|line| line["text"].as_str().is_some_and(|text| text.contains("was stopped while it asked")));
    drop(asked.read_to_end(&mut Vec::new()));
}

#[test]
fn a_pass_that_finds_nothing_to_write_pushes_nothing() {
    let repo = Repo::new("polytomic", "record: {remote: origin}\nserve: {passes: {mode: apply}}\n");
    let bare = Bare::of(&repo);
    repo.declare("Role", "A", "{}");
    commit_and_push(&repo);
    assert_eq!(once(&repo).0, 0);
    let pushed = Path::new(&bare.path()).join("pushed");
    let hook = Path::new(&bare.path()).join("hooks/post-receive");
    std::fs::write(&hook, "#!/bin/sh\ncat >> pushed\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_state(&once(&repo).1, "converged", 0, 0);
    assert!(!pushed.exists(), "{}", std::fs::read_to_string(&pushed).unwrap());
    repo.live.remove("roles", repo.object("roles", "A")["id"].as_str().unwrap());
    assert_state(&once(&repo).1, "converged", 1, 0);
    assert!(pushed.exists(), "the hook says what is pushed");
}

#[test]
fn every_metric_of_the_alerts_and_of_the_dashboard_is_one_that_the_service_has() {
    let repo = applied("");
    let mut service = Service::begin(repo.dir.path(), &["--listen", "127.0.0.1:0"]);
    let address = service.until(|line| line["event"] == "listening")["address"].as_str().unwrap().to_owned();
    service.until_state("converged");
    let (status, metrics) = ask(&address, "GET", "/metrics", "", "");
    assert_eq!(status, 200);
    let samples: Vec<_> = metrics.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    for (file, least) in [("alerts.yaml", 5), ("grafana.json", 10)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let named: Vec<_> = words.filter(|word| word.starts_with("enact_")).collect();
        assert!(named.len() >= least, "{file}: {named:?}");
        for name in named {
            // A counter that counted nothing has no sample yet, only its family.
            let family = format!("# TYPE {} counter", name.trim_end_matches("_total"));
            assert!(samples.contains(&name) || metrics.contains(&family), "{file}: {name}\n{metrics}");
        }
    }
}
