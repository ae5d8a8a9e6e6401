//! The workflows to copy: what a pull request reaches in them. Their scripts are run, with stand-ins for what they call.

use std::path::Path;
use std::process::{Command, Output};

use serde_yaml::Value;
use tempfile::TempDir;

const ALL: [&str; 5] = ["ci", "plan", "reconcile", "release", "simulation"];

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(".github/workflows/{name}.yml"));
    std::fs::read_to_string(path).unwrap()
}

fn workflow(name: &str) -> Value {
    serde_yaml::from_str(&text(name)).unwrap()
}

fn jobs(workflow: &Value) -> Vec<&Value> {
    workflow["jobs"].as_mapping().unwrap().values().collect()
}

fn steps(job: &Value) -> &Vec<Value> {
    job["steps"].as_sequence().unwrap()
}

/// The script of the step of this name.
fn script(workflow: &Value, name: &str) -> String {
    let steps: Vec<_> = jobs(workflow).into_iter().flat_map(steps).collect();
    let step = steps.into_iter().find(|step| step["name"] == name).unwrap();
    step["run"].as_str().unwrap().to_owned()
}

/// Runs a script as a runner does, in a folder with these programs instead of the real ones.
fn run(script: &str, dir: &Path, programs: &[(&str, &str)], env: &[(&str, &str)]) -> Output {
    for (program, text) in programs {
        let path = dir.join(program);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", script]).current_dir(dir).env("PATH", path).env("RUNNER_TEMP", dir);
    bash.env("GITHUB_OUTPUT", dir.join("outputs")).envs(env.iter().copied()).output().unwrap()
}

fn read(dir: &TempDir, file: &str) -> String {
    std::fs::read_to_string(dir.path().join(file)).unwrap_or_default()
}

#[test]
fn workflows_pin_actions_and_each_job_names_its_rights() {
    for name in ALL {
        let text = text(name);
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let pin = line.split('@').nth(1).unwrap_or_else(|| panic!("{name}: {line}"));
            let digest = pin.split_whitespace().next().unwrap();
            assert!(digest.len() == 40 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{name}: {line}");
        }
        let checkouts = text.matches("actions/checkout@").count();
        assert_eq!(text.matches("persist-credentials: false").count(), checkouts, "{name}");
        let workflow = workflow(name);
        assert!(
            workflow["permissions"].as_mapping().unwrap().is_empty(),
            "{name}: rights are those of a job"
        );
        assert!(jobs(&workflow).iter().all(|job| job["permissions"].is_mapping()), "{name}");
    }
}

#[test]
fn credentials_are_given_only_where_they_are_used() {
    let plan = text("plan");
    assert!(!plan.contains("enact apply"), "a pull request never writes");
    assert_eq!(plan.matches("secrets.POLYTOMIC_API_KEY").count(), 1, "one step sees it");
    for name in ["ci", "simulation"] {
        assert!(
            !text(name).contains("secrets."),
            "nothing that runs the code of a pull request sees a credential"
        );
    }
    for job in jobs(&workflow("plan")) {
        let text = serde_yaml::to_string(job).unwrap();
        let may_write = text.contains(": write");
        assert!(!(may_write && text.contains("secrets.")), "who comments sees no credential of an API");
        assert_eq!(text.contains("secrets."), job["environment"] == "plan");
    }
}

#[test]
fn no_job_of_the_example_holds_both_a_credential_that_reads_pull_requests_and_the_right_to_post() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/repository/.github/workflows/enact.yml");
    let workflow: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (name, job) in workflow["jobs"].as_mapping().unwrap() {
        let (name, text) = (name.as_str().unwrap(), serde_yaml::to_string(job).unwrap());
        let holds = text.contains("secrets.");
        assert_eq!(holds, ["plan", "apply", "drift"].contains(&name), "{name}");
        assert_eq!(holds, job["environment"].is_string(), "{name}");
        assert_eq!(!holds && name != "validate", text.contains("post:"), "{name}");
        assert!(!holds || name == "apply" || !text.contains(": write"), "{name}");
        for step in steps(job) {
            assert!(step["run"].is_null(), "{name}: what runs is the action's");
        }
    }
    let plan = &workflow["jobs"]["plan"];
    let condition = plan["if"].as_str().unwrap();
    assert!(condition.contains("pull_request.base.ref == github.event.repository.default_branch"));
    assert!(condition.contains("pull_request.head.repo.full_name == github.repository"));
    assert_eq!(steps(plan)[0]["with"]["ref"], "refs/heads/${{ github.event.repository.default_branch }}");
}

#[test]
fn no_expression_is_part_of_a_script_of_the_action() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/action.yml");
    let action: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let scripts: Vec<_> = steps(&action["runs"]).iter().filter_map(|step| step["run"].as_str()).collect();
    assert!(scripts.len() == 3 && scripts.iter().all(|script| !script.contains("${{")), "{scripts:?}");
}

#[test]
fn only_the_default_branch_is_trusted_with_a_credential() {
    let workflow = workflow("plan");
    let types = workflow["on"]["pull_request_target"]["types"].as_sequence().unwrap();
    assert!(types.contains(&"edited".into()), "another base is looked at again");
    let job = &workflow["jobs"]["plan"];
    let condition = job["if"].as_str().unwrap();
    assert!(
        condition.contains("github.event.pull_request.base.ref == github.event.repository.default_branch")
    );
    assert!(condition.contains("github.event.pull_request.head.repo.full_name == github.repository"));
    assert!(!condition.contains("||"), "each is needed");
    for checkout in steps(job).iter().filter(|step| !step["with"]["fetch-depth"].is_null()) {
        assert_eq!(checkout["with"]["ref"], "refs/heads/${{ github.event.repository.default_branch }}");
    }
    for untrusted in ["base.sha", "base_ref", "head_ref", "head.ref", "base.ref }}"] {
        assert!(!text("plan").contains(untrusted), "the author of a pull request chooses {untrusted}");
    }
}

#[test]
fn no_expression_is_part_of_a_script() {
    for name in ALL {
        let workflow = workflow(name);
        for script in jobs(&workflow).into_iter().flat_map(steps).filter_map(|step| step["run"].as_str()) {
            assert!(!script.contains("${{"), "{name}: {script}");
        }
    }
}

/// A program that says what a hostile manifest would like to have said.
const HOSTILE: &str =
    "echo '::set-output name=code::0'; echo '##[set-output name=code;]0' >&2; echo 'comment<<x'; exit 4";

/// The lines that a runner reads commands in: those outside of stop-commands.
fn obeyed(log: &str) -> Vec<String> {
    let mut token = None;
    let mut lines = Vec::new();
    for line in log.lines() {
        match (&token, line.strip_prefix("::stop-commands::")) {
            (None, Some(new)) => token = Some(format!("::{new}::")),
            (Some(end), _) if line == end => token = None,
            (Some(_), _) => {}
            (None, None) => lines.push(line.to_owned()),
        }
    }
    assert_eq!(token, None, "commands are on again: {log}");
    lines
}

fn log(output: &Output) -> String {
    // A runner mixes both; the streams are only in order within themselves.
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn inert_output_between_random_tokens_whatever_enact_prints() {
    let programs = [("target/release/enact", HOSTILE)];
    let tokens: Vec<_> = ["Plan", "Plan"]
        .map(|step| {
            let dir = TempDir::new().unwrap();
            let output =
                run(&script(&workflow("plan"), step), dir.path(), &programs, &[("HEAD", "h"), ("BASE", "b")]);
            assert!(output.status.success(), "the result is a step of its own");
            assert_eq!(obeyed(&log(&output)), Vec::<String>::new());
            let outputs = read(&dir, "outputs");
            let (code, comment) = outputs.split_once("\ncomment<<").unwrap();
            let (token, comment) = comment.split_once('\n').unwrap();
            assert_eq!(code, "code=4");
            assert_eq!(comment, format!("::set-output name=code::0\ncomment<<x\n{token}\n"));
            token.to_owned()
        })
        .into();
    assert!(tokens[0].len() >= 32 && tokens[0] != tokens[1], "{tokens:?}");
    let result = run(&script(&workflow("plan"), "Result"), Path::new("/"), &[], &[("CODE", "4")]);
    assert_eq!(result.status.code(), Some(4));

    let dir = TempDir::new().unwrap();
    let output = run(&script(&workflow("reconcile"), "Apply"), dir.path(), &programs, &[]);
    assert_eq!(output.status.code(), Some(4), "how apply ended is how the job ends");
    assert_eq!(obeyed(&log(&output)), Vec::<String>::new());
}

/// Runs the step that comments. Returns what it sends, and the comment.
fn comment(result: &str, plan: &str, old: &str) -> (String, String) {
    let dir = TempDir::new().unwrap();
    let gh = "case \"$*\" in *--paginate*) printf '%s' \"$OLD\" ;; *) echo \"$*\" >> \"$RUNNER_TEMP/sent\" ;; esac";
    let env = [
        ("RESULT", result),
        ("COMMENT", plan),
        ("OLD", old),
        ("HEAD", "c0ffee"),
        ("RUN", "https://ci.example.com/1"),
        ("COMMENTS", "repos/o/r/issues/1/comments"),
    ];
    let output = run(&script(&workflow("plan"), "Comment"), dir.path(), &[("gh", gh)], &env);
    assert!(output.status.success(), "{output:?}");
    (read(&dir, "sent"), read(&dir, "comment.md"))
}

#[test]
fn a_plan_that_died_replaces_its_old_comment() {
    let old = "https://api.example.com/comments/7";
    let (sent, text) = comment("failure", "", old);
    assert!(sent.starts_with(&format!("api --method PATCH {old} ")), "{sent}");
    assert!(text.starts_with("<!-- enact -->\n### enact plan: it died\n\n"), "{text}");
    assert!(text.contains("Head `c0ffee`") && text.contains("(https://ci.example.com/1)"), "{text}");
    let (sent, _) = comment("cancelled", "", "");
    assert!(sent.starts_with("api --method POST repos/o/r/issues/1/comments "), "{sent}");
}

#[test]
fn a_plan_is_posted_as_it_is_and_updated_in_place() {
    let plan = "<!-- enact -->\n### enact plan: 1 change\n\n`$(id)` %s \\n";
    for (result, old, method) in [("success", "", "POST"), ("failure", "https://x/7", "PATCH")] {
        let (sent, text) = comment(result, plan, old);
        assert!(sent.starts_with(&format!("api --method {method} ")), "{sent}");
        assert!(text.starts_with(&format!("{plan}\n\nHead `c0ffee`")), "{text}");
    }
}

#[test]
fn a_pull_request_that_is_planned_no_longer_keeps_no_old_plan() {
    let (sent, text) = comment("skipped", "", "https://x/7");
    assert!(sent.starts_with("api --method PATCH https://x/7 "), "{sent}");
    assert!(text.starts_with("<!-- enact -->\n### enact plan: not planned\n"), "{text}");
    assert_eq!(comment("skipped", "", ""), (String::new(), String::new()));
}
