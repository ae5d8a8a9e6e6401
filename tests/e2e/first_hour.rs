//! `init`, `doctor` and `targets`: what a new user meets first.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::history::Repo;
use crate::world::{World, codes, fault, run};

#[test]
fn init_writes_what_the_other_commands_take_and_says_what_comes_next() {
    let dir = TempDir::new().unwrap();
    let init =
        run(dir.path(), &["init", "--system", "polytomic=https://app.polytomic.eu", "--system", "jitsudo"]);
    assert_eq!(init.code, 0, "{}", init.err);
    for said in [
        "wrote enact.yaml",
        "wrote .gitignore",
        "1. correct `settings` in enact.yaml",
        "2. give the credentials: `export POLYTOMIC_API_KEY=...`",
    ] {
        assert!(init.out.contains(said), "{}", init.out);
    }
    let read = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();
    assert!(read("enact.yaml").starts_with("# yaml-language-server: $schema=schema/config.schema.json\n"));
    assert_eq!(read(".gitignore"), "/.enact/\n");
    assert!(dir.path().join("schema/polytomic-policy.schema.json").exists());
    assert!(!dir.path().join("schema/mycloud-policy.schema.json").exists(), "only of its systems");
    let targets = run(dir.path(), &["targets"]);
    let rows: Vec<Vec<_>> = targets.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..3], ["polytomic", "polytomic", "https://app.polytomic.eu"], "{}", targets.out);
    assert!(targets.out.lines().all(|line| line.contains("  the variable ")), "{}", targets.out);
}

#[test]
fn init_writes_a_workflow_that_gives_each_credential_to_the_jobs_that_need_it() {
    let dir = TempDir::new().unwrap();
    let action = format!("example/enact@{}", "0123456789".repeat(4));
    let init = run(dir.path(), &["init", "--system", "mycloud", "--system", "jitsudo", "--action", &action]);
    assert_eq!(init.code, 0, "{}", init.err);
    let text = std::fs::read_to_string(dir.path().join(".github/workflows/enact.yml")).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let mut used = 0;
    for job in workflow["jobs"].as_mapping().unwrap().values() {
        let last = job["steps"].as_sequence().unwrap().last().unwrap();
        assert_eq!(last["uses"], action.as_str());
        if let Some(env) = last["env"].as_mapping() {
            let names: Vec<_> = env.keys().map(|name| name.as_str().unwrap()).collect();
            assert_eq!(names, ["MYCLOUD_API_KEY", "JITSUDO_API_KEY"]);
            assert_eq!(env["MYCLOUD_API_KEY"], "${{ secrets.MYCLOUD_API_KEY }}");
            used += 1;
        }
    }
    assert!(used == 3 && !text.contains("OWNER") && !text.contains("POLYTOMIC"), "{text}");
    for wrong in ["example/enact@v1", "enact@0123", "a/b/c@0123456789012345678901234567890123456789"] {
        let refused =
            run(dir.path(), &["init", "--config", "new.yaml", "--system", "mycloud", "--action", wrong]);
        assert_eq!(refused.code, 64, "{wrong}: {}", refused.out);
    }
}

#[test]
fn the_shells_complete_and_man_has_a_page_for_each_command() {
    let dir = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(dir.path(), &["completions", shell]);
        assert!(script.code == 0 && script.out.contains("check-system"), "{shell}: {}", script.err);
        assert!(!script.out.contains("\\u{"), "{shell}: nothing in it had to be escaped");
    }
    let bash = run(dir.path(), &["completions", "bash"]).out;
    std::fs::write(dir.path().join("enact.bash"), bash).unwrap();
    let ask = "source enact.bash; COMP_WORDS=(enact apply --after); COMP_CWORD=2; _enact enact --after apply; echo \"${COMPREPLY[@]}\"";
    let answer =
        std::process::Command::new("bash").current_dir(dir.path()).args(["-c", ask]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "--after-merge", "{answer:?}");
    for command in enact::cli::command().get_subcommands() {
        let page = run(dir.path(), &["man", command.get_name()]);
        assert!(
            page.code == 0 && page.out.contains(&format!(".TH enact-{}", command.get_name())),
            "{}",
            page.out
        );
    }
}

#[test]
fn explain_has_a_page_for_each_code_kind_and_field() {
    let dir = TempDir::new().unwrap();
    let explain = |what: &str| run(dir.path(), &["explain", what]);
    let page = explain("config/patch");
    assert_eq!(page.code, 0, "{}", page.err);
    assert!(
        page.out.starts_with("config/patch\nan error: the run ends with exit code 3\n\n  A patch "),
        "{}",
        page.out
    );
    assert!(explain("plan/given-by-hand").out.contains("a warning: the run goes on"));
    let both = explain("Policy.metadata.expires").out;
    assert!(
        both.contains("Policy (jitsudo/v1): metadata.expires") && both.contains("Policy (mycloud/v1)"),
        "{both}"
    );
    let one = explain("polytomic/Policy.policy_actions").out;
    assert!(one.contains("Policy (polytomic/v1): spec.policy_actions"), "{one}");
    assert!(one.contains("  roles: a list of strings") && !one.contains("mycloud"), "{one}");
    assert!(one.lines().all(|line| line.len() <= 100), "{one}");
    let target = explain("Config.targets.variables").out;
    assert!(target.contains("none may be a secret"), "{target}");
    for (what, help) in [
        ("Polisy", "did you mean `Policy`?"),
        ("schema/tipe", "did you mean `schema/type`?"),
        ("Config.tragets", "did you mean `targets`?"),
        ("polytomic/Policy.policy_actions.x", "there are action, "),
        ("Policy.policy_actions.x", "Policy (polytomic/v1) has no field `x`"),
        ("Policy.metadata.expire", "did you mean `expires`?"),
        ("nothing", "polytomic/Policy"),
    ] {
        let wrong = explain(what);
        assert!(
            wrong.code == 64 && wrong.err.contains("cli/topic") && wrong.err.contains(help),
            "{}",
            wrong.err
        );
    }
}

#[test]
fn fmt_puts_files_in_order_and_check_only_looks() {
    let world = World::new("polytomic");
    let text =
        "# about it\nkind: Role\napiVersion: polytomic/v1  \nspec: {}\nmetadata:\n  # its name\n  name: R\n";
    world.write("policies/r.yaml", text);
    let read = || std::fs::read_to_string(world.dir.path().join("policies/r.yaml")).unwrap();
    let check = world.run(&["fmt", "--check"]);
    assert!(check.code == 1 && check.err.contains("manifest/unformatted"), "{}{}", check.out, check.err);
    assert_eq!(read(), text);
    let fmt = world.run(&["fmt"]);
    assert_eq!((fmt.code, fmt.out.as_str()), (0, "policies/r.yaml\n"), "{}", fmt.err);
    let expected =
        "# about it\napiVersion: polytomic/v1\nkind: Role\nmetadata:\n  # its name\n  name: R\nspec: {}\n";
    assert_eq!(read(), expected);
    let again = world.run(&["fmt", "--check", "policies/r.yaml"]);
    assert_eq!((again.code, again.out.as_str()), (0, "1 file is in order.\n"), "{}", again.err);
    world.write("policies/broken.yaml", "kind: [\n");
    let broken = world.run(&["fmt"]);
    assert!(broken.code == 3 && broken.err.contains("policies/broken.yaml"), "{}", broken.err);
    // Beside a file whose name has no room left, none can be made to take its place.
    let long = format!("policies/{}.yaml", "x".repeat(250));
    world.write(&long, text);
    let document = world.run(&["fmt", &long, "--format", "json"]).json();
    assert_eq!(codes(&document), ["manifest/unwritten"], "{document:#}");
    assert_eq!(std::fs::read_to_string(world.dir.path().join(&long)).unwrap(), text);
    let (document, gone) = (world.run(&["fmt", "gone.yaml", "--format", "json"]).json(), "source/unreadable");
    assert_eq!(codes(&document), [gone], "{document:#}");
}

#[test]
fn init_overwrites_nothing() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join(".gitignore"), "mine\n").unwrap();
    let init = run(dir.path(), &["init", "--system", "mycloud"]);
    assert!(init.code == 0 && init.out.contains("kept  .gitignore"), "{}{}", init.out, init.err);
    assert!(init.out.contains("1. add the line `/.enact/` to .gitignore"), "{}", init.out);
    assert_eq!(std::fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "mine\n");
    let before = std::fs::read_to_string(dir.path().join("enact.yaml")).unwrap();
    let again = run(dir.path(), &["init", "--system", "polytomic"]);
    assert!(again.code == 64 && again.err.contains("init/exists"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(dir.path().join("enact.yaml")).unwrap(), before);
}

#[test]
fn init_writes_nothing_that_no_command_would_take() {
    for (args, code, why) in [
        (&["--system", "polytomik"][..], 64, "did you mean `polytomic`?"),
        (&["--system", "mycloud=http://api.example.com"], 3, "https"),
        (&["--system", "mycloud", "--system", "mycloud"], 3, "defined twice"),
        (&[], 64, "name each with its URL"),
        (&["--sandbox=nowhere"], 64, "invalid socket address"),
    ] {
        let dir = TempDir::new().unwrap();
        let init = run(dir.path(), &[&["init"], args].concat());
        assert!(init.code == code && init.err.contains(why), "{args:?}: {} {}", init.code, init.err);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{args:?}");
    }
}

#[test]
fn init_finds_the_systems_that_answer_with_reads_only_and_without_a_credential() {
    let world = World::new("polytomic");
    let dir = TempDir::new().unwrap();
    // The sandbox has its only target at its root, too.
    let address = world.live.url().strip_suffix("/live").unwrap().to_owned();
    world.live.clear_requests();
    let init = run(dir.path(), &["init", "--find", &address]);
    assert_eq!(init.code, 0, "{}", init.err);
    assert!(init.err.contains(&format!("found polytomic at {address}\n")), "{}", init.err);
    let config = std::fs::read_to_string(dir.path().join("enact.yaml")).unwrap();
    assert!(
        config.contains(&format!("url: {address}")) && config.matches("system:").count() == 1,
        "{config}"
    );
    for seen in world.live.requests() {
        // It takes any credential, so it was given none.
        assert!(seen.method == "GET" && matches!(seen.status, 401 | 404), "{seen:?}");
    }
    // Nothing is there, or whatever one asks for.
    let other = TempDir::new().unwrap();
    for (status, said) in [(404, "nothing at "), (401, "answers alike wherever it is asked")] {
        let init = run(other.path(), &["init", "--find", &alike(status)]);
        assert!(init.code == 64 && init.err.contains(said), "{status}: {}", init.err);
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_credential_in_an_address_to_look_at_is_neither_shown_nor_sent() {
    let world = World::new("polytomic");
    let dir = TempDir::new().unwrap();
    let place = world.live.url().replacen("http://", "", 1);
    world.live.clear_requests();
    for address in [format!("http://ada:s3cret@{place}"), format!("http://{place}?token=s3cret")] {
        let init = run(dir.path(), &["init", "--find", &address]);
        assert!(init.code == 64 && init.err.contains("credential"), "{}", init.err);
        assert!(!init.err.contains("s3cret") && !init.out.contains("s3cret"), "{}{}", init.out, init.err);
    }
    assert!(world.live.requests().is_empty());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// The address of a server that answers alike whatever it is asked.
fn alike(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
        );
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

/// The checks of the only target that failed, as `what: next`.
fn failed(document: &Value) -> Vec<String> {
    let checks = document["targets"][0]["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["ok"] == false);
    failed
        .map(|check| format!("{}: {}", check["what"].as_str().unwrap(), check["next"].as_str().unwrap()))
        .collect()
}

#[test]
fn plan_reads_only_and_so_does_the_doctor_of_a_repository_that_is_well() {
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", "a", "{}");
    repo.commit();
    repo.converge();
    repo.live.clear_requests();
    let doctor = repo.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.out, doctor.err);
    assert!(doctor.out.contains("  ok read Role: 3 objects live\n"), "{}", doctor.out);
    assert!(doctor.out.contains("  ok TLS: none, as the target is on this machine\n"), "{}", doctor.out);
    assert!(doctor.out.contains("  ok clock: it agrees with the target's\n"), "{}", doctor.out);
    assert!(
        doctor.out.contains("  ok record: last run ") && doctor.out.ends_with("checks passed.\n"),
        "{}",
        doctor.out
    );
    assert_eq!(repo.writes(), Vec::<String>::new());
}

#[test]
fn the_doctor_says_of_each_thing_that_is_missing_what_to_do() {
    let world = World::new("polytomic");
    world.live.inject(fault("GET", 401));
    let doctor = world.run(&["doctor", "--format", "json"]);
    let document = doctor.json();
    assert_eq!((doctor.code, codes(&document)), (1, Vec::new()), "{document:#}");
    let failed_checks = failed(&document);
    assert_eq!(failed_checks.len(), 3, "{document:#}");
    assert!(
        failed_checks[0].starts_with("read Role: ") && failed_checks[2] == "record: run `git init`",
        "{failed_checks:?}"
    );

    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &config.replace("ENACT_TEST_KEY", "NOT_SET"));
    world.write("schema/config.schema.json", "{}");
    let doctor = world.run(&["doctor"]);
    assert_eq!(doctor.code, 1, "{}", doctor.out);
    assert!(doctor.out.contains("  NO credential: the variable NOT_SET"), "{}", doctor.out);
    assert!(doctor.out.contains("NO schema/config.schema.json: another version"), "{}", doctor.out);
    let quiet = world.run(&["doctor", "-q"]);
    assert!(!quiet.out.contains("  ok ") && quiet.out.contains("  NO "), "{}", quiet.out);
    let nobody = world.run(&["doctor", "--target", "nobody", "--format", "json"]).json();
    assert_eq!((codes(&nobody), &nobody["targets"]), (vec!["config/target"], &json!([])));
}
