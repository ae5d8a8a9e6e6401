//! The action for policy repositories: its script, run as a runner runs it, against a fake of the forge's REST calls.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::history::Repo;
use crate::world::CANARY;
use forge::{Forge, TOKEN};

mod forge;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/action.sh");

/// A policy repository with a remote, its forge, and what the steps of a job leave.
struct Job {
    repo: Repo,
    forge: Forge,
    /// The remote.
    _origin: TempDir,
    /// What the runner gives to a job.
    temp: TempDir,
}

impl Job {
    /// A repository whose first role is applied, and a branch `change` that declares a second one.
    fn new() -> Self {
        let repo = Repo::new("polytomic", "");
        let config = std::fs::read_to_string(repo.dir.path().join("enact.yaml")).unwrap();
        repo.write("enact.yaml", &(config + "record: {remote: origin}\n"));
        let origin = TempDir::new().unwrap();
        repo.git(&["init", "-q", "--bare", "-b", "main", &origin.path().display().to_string()]);
        repo.git(&["remote", "add", "origin", &origin.path().display().to_string()]);
        repo.declare("Role", "first", "{}");
        repo.commit();
        repo.git(&["push", "-q", "origin", "main"]);
        assert_eq!(repo.apply_with(&[]).code, 0);
        repo.git(&["switch", "-q", "-c", "change"]);
        repo.declare("Role", "second", "{}");
        repo.commit();
        repo.git(&["push", "-q", "origin", "change"]);
        repo.git(&["switch", "-q", "main"]);
        Self { repo, forge: Forge::start(), _origin: origin, temp: TempDir::new().unwrap() }
    }

    fn head(&self) -> String {
        self.repo.git(&["rev-parse", "origin/change"])
    }

    /// Runs one command of the script for an event.
    fn run(&self, command: &str, event: &Value, env: &[(&str, &str)]) -> Output {
        let temp = self.temp.path();
        std::fs::write(temp.join("event.json"), event.to_string()).unwrap();
        let _ = std::fs::remove_file(temp.join("outputs"));
        let mut bash = Command::new(SCRIPT);
        bash.arg(command).current_dir(self.repo.dir.path()).env_clear();
        bash.env("PATH", std::env::var("PATH").unwrap()).env("HOME", temp).env("RUNNER_TEMP", temp);
        for (name, file) in [("EVENT_PATH", "event.json"), ("OUTPUT", "outputs"), ("STEP_SUMMARY", "summary")]
        {
            bash.env(format!("GITHUB_{name}"), temp.join(file));
        }
        bash.env("GITHUB_API_URL", &self.forge.url).env("GITHUB_SERVER_URL", &self.forge.url);
        bash.env("GITHUB_REPOSITORY", "o/r").env("GITHUB_RUN_ID", "7").env("GITHUB_REF", "refs/heads/main");
        bash.env("GITHUB_SHA", self.repo.git(&["rev-parse", "HEAD"])).env("GH_TOKEN", TOKEN);
        if command != "post" {
            bash.env("ENACT", env!("CARGO_BIN_EXE_enact")).env("ENACT_TEST_KEY", CANARY);
        }
        let output = bash.env("ENACT_CONFIG", "enact.yaml").envs(env.iter().copied()).output().unwrap();
        for secret in [TOKEN, CANARY] {
            assert!(!format!("{output:?}").contains(secret), "no-secret-out: {output:?}");
        }
        output
    }

    fn left(&self, file: &str) -> String {
        std::fs::read_to_string(self.temp.path().join(file)).unwrap_or_default()
    }

    /// The exit code of enact, as the next steps see it.
    #[track_caller]
    fn code(&self, command: &str, event: &Value, env: &[(&str, &str)]) -> i32 {
        let output = self.run(command, event, env);
        assert!(output.status.success(), "{output:?}");
        let outputs = self.left("outputs");
        let code = outputs.lines().find_map(|line| line.strip_prefix("code="));
        code.unwrap_or_else(|| panic!("{output:?}")).parse().unwrap()
    }

    fn pull_request(&self) -> Value {
        json!({"pull_request": {"number": 3, "head": {"sha": self.head()}}})
    }

    /// Plans the pull request, uploads the plan as the runner does, and squashes it into main.
    fn reviewed_and_merged(&self) {
        assert_eq!(self.code("plan", &self.pull_request(), &[]), 0);
        let plan = self.temp.path().join("enact");
        let mut zip = Command::new("python3");
        zip.current_dir(&plan).args(["-m", "zipfile", "-c", "p.zip", "plan.json"]);
        assert!(zip.status().unwrap().success());
        let mut held = self.forge.held.lock().unwrap();
        held.file = std::fs::read(plan.join("p.zip")).unwrap();
        held.artifacts =
            vec![json!({"id": 1, "expired": false, "created_at": "a", "workflow_run": {"id": 9}})];
        held.event = "pull_request_target".into();
        held.pulls = json!([{"number": 3, "merged_at": "b", "head": {"sha": self.head()}}]);
        drop(held);
        self.repo.git(&["merge", "-q", "--squash", "change"]);
        self.repo.commit();
        self.repo.git(&["push", "-q", "origin", "main"]);
    }

    fn comments(&self) -> Vec<String> {
        let held = self.forge.held.lock().unwrap();
        held.comments.iter().map(|comment| comment["body"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_plan_takes_only_manifests_of_the_head_and_is_posted_once() {
    let job = Job::new();
    job.forge.held.lock().unwrap().comments =
        vec![json!({"id": 1, "user": {"login": "mallory"}, "body": "<!-- enact:plan -->"})];
    assert_eq!(job.code("plan", &job.pull_request(), &[]), 0);
    assert!(job.left("outputs").contains(&format!("head={}\n", job.head())));
    assert!(job.left("summary").contains("second"), "{}", job.left("summary"));
    assert!(job.left("enact/plan.json").contains("\"second\""));
    for _ in 0..2 {
        assert!(
            job.run("post", &job.pull_request(), &[("POST", "plan"), ("SARIF", "true")]).status.success()
        );
    }
    let comments = job.comments();
    let [other, own] = comments.as_slice() else { panic!("{comments:?}") };
    assert_eq!(other, "<!-- enact:plan -->", "what somebody else wrote stays");
    assert!(own.starts_with("<!-- enact:plan -->\n") && own.contains("second"), "{own}");
    assert!(own.contains(&format!("Head `{}`, by [this run]", job.head())), "{own}");
    let held = job.forge.held.lock().unwrap();
    let sarif = "POST code-scanning/sarifs";
    assert_eq!(held.writes, ["POST issues/3/comments", sarif, "PATCH issues/comments/2", sarif]);
}

#[test]
fn a_result_that_is_missing_is_said() {
    let job = Job::new();
    assert!(job.run("post", &job.pull_request(), &[("POST", "plan")]).status.success());
    assert!(job.comments()[0].contains("### enact plan: it died"), "{:?}", job.comments());
}

#[test]
fn after_a_squash_what_was_reviewed_is_written_also_where_the_world_has_drifted() {
    let job = Job::new();
    job.reviewed_and_merged();
    let first = job.repo.object("roles", "first");
    assert!(job.repo.live.remove("roles", &job.repo.live.id(&first)));
    let pushed = json!({"after": job.repo.git(&["rev-parse", "HEAD"])});
    assert_eq!(job.code("apply", &pushed, &[]), 0, "{}", job.left("enact/comment.md"));
    job.repo.object("roles", "second");
    job.repo.object("roles", "first");
    assert!(job.left("enact/events.jsonl").contains("\"applied\""));
    assert!(job.run("post", &pushed, &[("POST", "apply")]).status.success());
    assert!(job.comments()[0].starts_with("<!-- enact:apply -->\n"), "{:?}", job.comments());
}

#[test]
fn what_nobody_reviewed_is_not_written_and_the_pull_request_hears_of_it() {
    let job = Job::new();
    job.reviewed_and_merged();
    job.repo.declare("Role", "third", "{}");
    job.repo.commit();
    job.repo.git(&["push", "-q", "origin", "main"]);
    let pushed = json!({"after": job.repo.git(&["rev-parse", "HEAD"])});
    assert_eq!(job.code("apply", &pushed, &[]), 5);
    assert!(job.repo.objects("roles").iter().all(|role| role["name"] != "second" && role["name"] != "third"));
    assert!(job.run("post", &pushed, &[("POST", "apply")]).status.success());
    let comment = job.comments().remove(0);
    assert!(comment.contains("third") && comment.contains("was not reviewed"), "{comment}");
    assert_eq!(job.code("apply", &pushed, &[("REVIEWED", "none")]), 0, "a person has looked");
    job.repo.object("roles", "third");
}

#[test]
fn a_plan_that_any_branch_could_have_uploaded_is_no_review() {
    let job = Job::new();
    job.reviewed_and_merged();
    job.forge.held.lock().unwrap().event = "pull_request".into();
    let pushed = json!({"after": job.repo.git(&["rev-parse", "HEAD"])});
    assert_eq!(job.code("apply", &pushed, &[]), 5);
    assert!(job.left("enact/comment.md").contains("nothing was reviewed"));
    job.forge.held.lock().unwrap().pulls = json!([]);
    assert_eq!(job.code("apply", &pushed, &[]), 5, "a push without a pull request");
}

#[test]
fn drift_has_one_issue_that_is_opened_updated_and_closed() {
    let job = Job::new();
    let event = json!({"schedule": "1 * * * *"});
    let look = |job: &Job, expected: i32| {
        assert_eq!(job.code("drift", &event, &[]), expected);
        assert!(job.run("post", &event, &[("POST", "drift")]).status.success());
    };
    look(&job, 0);
    assert!(job.forge.held.lock().unwrap().writes.is_empty(), "nothing to say");
    let first = job.repo.object("roles", "first");
    assert!(job.repo.live.remove("roles", &job.repo.live.id(&first)));
    look(&job, 2);
    look(&job, 2);
    let issue = job.forge.held.lock().unwrap().issues[0].clone();
    assert!(issue["body"].as_str().unwrap().contains("first"), "{issue}");
    assert_eq!(job.repo.apply_with(&[]).code, 0);
    look(&job, 0);
    let held = job.forge.held.lock().unwrap();
    assert_eq!(held.writes, ["POST issues", "PATCH issues/1", "PATCH issues/1"]);
    assert_eq!((held.issues.len(), &held.issues[0]["state"]), (1, &json!("closed")));
}

#[test]
fn inert_output_nothing_that_enact_prints_reaches_the_runner() {
    let job = Job::new();
    let says = job.temp.path().join("says");
    std::fs::write(&says, "#!/bin/sh\necho '::set-output name=code::0'; echo '::add-mask::x' >&2; exit 4\n")
        .unwrap();
    std::fs::set_permissions(&says, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = job.run("validate", &json!({}), &[("ENACT", says.to_str().unwrap())]);
    let log = String::from_utf8(output.stdout).unwrap();
    let (start, rest) = log.split_once('\n').unwrap();
    let token = start.strip_prefix("::stop-commands::").unwrap();
    assert!(token.len() >= 32 && rest.ends_with(&format!("\n::{token}::\n")), "{log}");
    assert!(job.left("outputs").contains("code=4\n"));
}

#[test]
fn a_release_whose_checksum_is_another_one_is_not_run() {
    let job = Job::new();
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("enact"), "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(dir.path().join("enact"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let tar =
        |dir: &Path| Command::new("tar").current_dir(dir).args(["-czf", "a.tgz", "enact"]).status().unwrap();
    assert!(tar(dir.path()).success());
    let sum = Command::new("sha256sum").arg(dir.path().join("a.tgz")).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap().split_whitespace().next().unwrap().to_owned();
    let names = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "aarch64-apple-darwin"];
    let sums = |sum: &str| names.map(|name| format!("{sum}  enact-{name}.tar.gz\n")).concat();
    job.forge.held.lock().unwrap().file = std::fs::read(dir.path().join("a.tgz")).unwrap();
    let env = [("VERSION", "v1"), ("ACTION_REPOSITORY", "o/enact")];
    for (right, given) in
        [(true, None), (false, None), (true, Some("0".repeat(64))), (false, Some(sum.clone()))]
    {
        job.forge.held.lock().unwrap().sums = if right { sums(&sum) } else { sums(&"1".repeat(64)) };
        let pinned = given.iter().map(|sum| ("SHA256", sum.as_str()));
        let output = job.run("install", &json!({}), &env.into_iter().chain(pinned).collect::<Vec<_>>());
        let expected = given.as_ref().map_or(right, |given| *given == sum);
        assert_eq!(output.status.success(), expected, "{output:?}");
        assert_eq!(job.left("outputs").starts_with("program="), expected);
    }
    let nothing = job.run("install", &json!({}), &[]);
    assert_eq!(nothing.status.code(), Some(64), "{nothing:?}");
}
