//! The commands, their exit codes and what they print where. `--format` is tested in `formats`.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{CANARY, Run, World, enact, run};

#[test]
fn the_sandbox_needs_no_set_up_and_converges() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    let plan = run(dir.path(), &["plan", "--sandbox", "--exit-code"]);
    assert_eq!(plan.code, 2, "{}", plan.err);
    assert!(!dir.path().join(".enact").exists(), "plan-reads-only: it writes no state");
    let document = run(dir.path(), &["plan", "--sandbox", "--format", "json"]).json();
    let summary = &document["summary"];
    for (name, at_least) in [("create", 3), ("update", 3), ("skipped", 1), ("unchanged", 2)] {
        assert!(summary[name].as_u64().unwrap() >= at_least, "{summary}");
    }

    let apply = run(dir.path(), &["apply", "--sandbox", "--yes"]);
    assert_eq!(apply.code, 0, "{}{}", apply.out, apply.err);
    let again = run(dir.path(), &["plan", "--sandbox", "--exit-code"]);
    assert_eq!(again.code, 0, "{}", again.out);
    assert!(again.out.contains("No changes."), "{}", again.out);
}

#[test]
fn a_run_against_the_sandbox_names_no_url_that_it_does_not_touch() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    let urls = std::fs::read_to_string(dir.path().join("enact.yaml")).unwrap();
    let urls: Vec<_> = urls.lines().filter_map(|line| line.trim().strip_prefix("url: ")).collect();
    for format in ["text", "markdown", "json"] {
        for args in [&["plan", "-v"][..], &["apply", "--yes"]] {
            let run = run(dir.path(), &[args, &["--sandbox", "--format", format]].concat());
            let shown = |url: &&str| run.out.contains(url.trim_end_matches('/')) || run.err.contains(*url);
            assert_eq!(urls.iter().filter(|url| shown(url)).count(), 0, "{}{}", run.out, run.err);
            assert!(format == "json" || run.out.contains("the embedded sandbox"), "{}", run.out);
        }
    }
    assert!(urls.len() > 3);
}

pub(crate) fn copy_examples(to: &std::path::Path) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("policies"), &to.join("policies"));
    std::fs::copy(root.join("enact.yaml"), to.join("enact.yaml")).unwrap();
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_sandbox_works_in_a_folder_without_a_configuration() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    std::fs::remove_file(dir.path().join("enact.yaml")).unwrap();
    assert_eq!(run(dir.path(), &["apply", "--sandbox", "--yes"]).code, 0);
}

#[test]
fn colours_can_be_forced_and_refused_by_the_environment_and_help_says_the_exit_codes() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let colored = |variables: &[(&str, &str)]| {
        let mut command = enact(world.dir.path());
        let output = command.envs(variables.iter().copied()).arg("plan").output().unwrap();
        output.stdout.contains(&0x1b)
    };
    let on = ("CLICOLOR_FORCE", "1");
    assert!(colored(&[on]) && !colored(&[]) && !colored(&[("CLICOLOR_FORCE", "0")]));
    assert!(!colored(&[on, ("NO_COLOR", "1")]), "who wants none gets none");
    let help = run(world.dir.path(), &["--help"]).out;
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "64"] {
        assert!(help.contains(&format!("\n  {code:<3} ")), "{code}: {help}");
    }
}

#[test]
fn wrong_usage_is_64_and_help_is_0() {
    let dir = TempDir::new().unwrap();
    for args in [&["plam"][..], &["plan", "--nonsense"], &["plan", "--format", "xml"], &[]] {
        assert_eq!(run(dir.path(), args).code, 64, "{args:?}");
    }
    for args in [&["--help"][..], &["plan", "--help"], &["--version"]] {
        assert_eq!(run(dir.path(), args).code, 0, "{args:?}");
    }
}

#[test]
fn apply_with_nobody_to_ask_needs_yes() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let run = world.run(&["apply"]);
    assert_eq!((run.code, world.live.requests().len()), (64, 0), "{}", run.err);
    assert!(run.err.contains("--yes"), "{}", run.err);
}

#[test]
fn plan_with_exit_code_shows_pending_changes() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    assert_eq!(world.run(&["plan"]).code, 0);
    assert_eq!(world.run(&["plan", "--exit-code"]).code, 2);
    world.converge();
    assert_eq!(world.run(&["plan", "--exit-code"]).code, 0);
}

#[test]
fn a_missing_or_empty_credential_names_the_variable_and_the_target() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let missing =
        Run::from(&enact(world.dir.path()).env_remove("ENACT_TEST_KEY").args(["plan"]).output().unwrap());
    assert_eq!((missing.code, world.live.requests().len()), (3, 0));
    assert!(missing.err.contains("ENACT_TEST_KEY") && missing.err.contains("is not set"), "{}", missing.err);
    assert!(missing.err.contains("enact.yaml:8"), "{}", missing.err);
    let empty =
        Run::from(&enact(world.dir.path()).env("ENACT_TEST_KEY", " ").args(["plan"]).output().unwrap());
    assert!(empty.code == 3 && empty.err.contains("is empty"), "{}", empty.err);
    assert!(empty.err.contains("live"), "names the target: {}", empty.err);
}

#[test]
fn a_credential_may_come_from_a_file() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    world.write("enact.yaml", &config.replace("{env: ENACT_TEST_KEY}", "{file: key.txt}"));
    assert!(world.run(&["plan"]).err.contains("key.txt"));
    world.write("key.txt", &format!("{CANARY}\n"));
    assert_eq!(world.run(&["plan"]).code, 0);
}

#[test]
fn json_is_one_document_also_on_failure() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{oops: 1}");
    for args in [
        &["plan", "--format", "json"][..],
        &["validate", "--format", "json"],
        &["apply", "--yes", "--format", "json"],
    ] {
        let run = world.run(args);
        let document = run.json();
        assert_eq!(
            (run.code, &document["format_version"], &document["diagnostics"][0]["code"]),
            (3, &json!(1), &json!("schema/unknown-field")),
            "{document:#}"
        );
    }
    let world = World::new("polytomic");
    world.write("enact.yaml", "nonsense");
    assert_eq!(world.run(&["plan", "--format", "json"]).json()["changes"], json!([]));
}

#[test]
fn the_json_document_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(
        &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/plan.schema.json")).unwrap(),
    )
    .unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    for args in [
        &["plan", "--sandbox", "--format", "json"][..],
        &["apply", "--sandbox", "--yes", "--format", "json"],
        &["plan", "--format", "json"],
    ] {
        let document = run(dir.path(), args).json();
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{document:#}");
    }
}

#[test]
fn only_the_named_targets_are_asked() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    let document = run(dir.path(), &["plan", "--sandbox", "--target", "cloud", "--format", "json"]).json();
    let targets: Vec<_> = document["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["target"].as_str().unwrap())
        .collect();
    assert_eq!(targets, ["cloud", "cloud"]);
    let unknown = run(dir.path(), &["plan", "--sandbox", "--target", "clod"]);
    assert!(unknown.code == 3 && unknown.err.contains("cloud"), "{}", unknown.err);
}

#[test]
fn verbose_shows_the_requests_and_never_the_credential() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let run = world.run(&["plan", "-v"]);
    assert!(run.out.contains("POST /api/permissions/roles"), "{}", run.out);
    let run = world.run(&["apply", "--yes", "-vv"]);
    assert!(run.err.contains("GET"), "{}", run.err);
}

#[test]
fn colour_is_only_for_terminals_or_on_demand() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    assert!(!world.run(&["plan"]).out.contains('\u{1b}'));
    assert!(world.run(&["plan", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn schema_lists_prints_and_writes() {
    let dir = TempDir::new().unwrap();
    let list = run(dir.path(), &["schema"]);
    assert!(list.out.contains("jitsudo-policy\n") && list.out.contains("config\n"), "{}", list.out);
    let one = run(dir.path(), &["schema", "jitsudo-policy"]);
    assert_eq!(one.json()["title"], "jitsudo/v1 Policy");
    assert_eq!(run(dir.path(), &["schema", "--write", "out"]).code, 0);
    assert_eq!(std::fs::read_to_string(dir.path().join("out/jitsudo-policy.schema.json")).unwrap(), one.out);
    assert_eq!(run(dir.path(), &["schema", "nonsense"]).code, 64);
}

#[test]
fn the_sandbox_command_serves_until_it_is_stopped() {
    use std::io::{BufRead as _, BufReader};
    let dir = TempDir::new().unwrap();
    let mut child = enact(dir.path())
        .args(["sandbox", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().nth(1).unwrap().to_owned();
    let config = format!(
        "apiVersion: enact/v1\nkind: Config\nmanifests: [m.yaml]\ntargets:\n- {{name: t, system: polytomic, url: \"{url}\", auth: {{bearer: {{env: ENACT_TEST_KEY}}}}}}\n"
    );
    std::fs::write(dir.path().join("enact.yaml"), config).unwrap();
    std::fs::write(
        dir.path().join("m.yaml"),
        "apiVersion: polytomic/v1\nkind: Role\nmetadata: {name: N}\nspec: {}\n",
    )
    .unwrap();
    let apply = run(dir.path(), &["apply", "--yes"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(apply.code, 0, "{}{}", apply.out, apply.err);
    let outside = run(dir.path(), &["sandbox", "--listen", "0.0.0.0:0"]);
    assert_eq!(outside.code, 64, "{}", outside.err);
}

#[test]
fn one_target_that_is_down_does_not_stop_the_others() {
    let world = World::new("polytomic");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let down = "- name: down\n  system: mycloud\n  url: http://127.0.0.1:9\n  auth: {bearer: {env: ENACT_TEST_KEY}}\n";
    world.write("enact.yaml", &(config + down));
    world.declare("Role", "R", "{}");
    world
        .write("policies/down.yaml", "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {name: p}\nspec: {}\n");
    let (code, document) = world.apply();
    assert_eq!(code, 6, "{document:#}");
    assert_eq!(document["changes"][0]["outcome"]["result"], "applied", "{document:#}");
    world.object("roles", "R");
}

#[test]
fn a_word_of_another_tool_is_answered_with_what_enact_has() {
    let dir = TempDir::new().unwrap();
    for (args, advice) in [
        (&["plan", "--dry-run"][..], "`enact plan` shows what apply would do"),
        (&["apply", "--dry-run"], "`enact plan` shows what apply would do"),
        (&["apply", "--auto-approve"], "`enact apply --yes`"),
        (&["apply", "-auto-approve=true"], "`enact apply --yes`"),
        (&["apply", "--force"], "`--allow GUARD`"),
        (&["plan", "--yes"], "only `enact apply` asks"),
        (&["plan", "-f", "x.yaml"], "`--config FILE`"),
        (&["destroy"], "`ensure: absent`"),
        (&["setup"], "`enact init`"),
        (&["diff"], "`enact plan`"),
        (&["sync", "--prune"], "`enact apply`"),
        (&["pull"], "`enact import`"),
        (&["lint"], "`enact validate`"),
    ] {
        let text = run(dir.path(), args);
        assert!(text.code == 64 && text.err.contains(advice), "{args:?} {}", text.err);
        assert_eq!(text.err.matches("tip:").count(), 1, "no other tip leads astray: {}", text.err);
        let json = run(dir.path(), &[args, &["--format", "json"]].concat()).json();
        assert!(json["diagnostics"][0]["help"].as_str().unwrap().contains(advice), "{json:#}");
    }
    let misspelt = run(dir.path(), &["plan", "--exit-cod"]);
    assert!(misspelt.err.contains("--exit-code"), "clap's own tips stay: {}", misspelt.err);
}

#[test]
fn in_a_folder_below_it_the_way_to_the_configuration_is_said() {
    let world = World::new("polytomic");
    std::fs::create_dir_all(world.dir.path().join("policies/deep")).unwrap();
    let below = run(&world.dir.path().join("policies/deep"), &["plan"]);
    assert!(below.err.contains("or with `--config ../../enact.yaml`"), "{}", below.err);
    world.declare("Role", "a", "{}");
    let named = run(&world.dir.path().join("policies/deep"), &["plan", "--config", "../../enact.yaml"]);
    assert!(named.code == 0 && named.out.contains("create Role"), "{}{}", named.out, named.err);
}

#[test]
fn in_a_fresh_folder_the_way_to_the_first_manifest_is_said() {
    let world = World::new("polytomic");
    std::fs::remove_dir(world.dir.path().join("policies")).unwrap();
    let empty = TempDir::new().unwrap();
    for fresh in [world.run(&["plan"]), run(empty.path(), &["plan", "--sandbox"])] {
        assert!(fresh.code == 3 && fresh.err.contains("`policies` does not exist"), "{}", fresh.err);
        assert!(fresh.err.contains("`enact import`"), "{}", fresh.err);
    }
    assert_eq!(world.run(&["import", "live"]).code, 0, "the advice works");
    assert_eq!(run(empty.path(), &["import", "access", "--sandbox"]).code, 0, "the advice works");
    assert_eq!(run(empty.path(), &["plan", "--sandbox", "--target", "access", "--exit-code"]).code, 0);
}

#[test]
fn an_empty_configuration_is_told_what_belongs_into_it() {
    let world = World::new("polytomic");
    for text in ["", "\n\n", "# later\n", "---\n---\n"] {
        world.write("enact.yaml", text);
        let run = world.run(&["plan"]);
        assert_eq!((run.code, world.live.requests().len()), (3, 0), "{}", run.err);
        let says = |part: &str| run.err.contains(part);
        assert!(says("--> enact.yaml:1:1") && says("`kind: Config`") && !says("a manifest"), "{}", run.err);
    }
}
