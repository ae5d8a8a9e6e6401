//! Files that cannot be written, or only in part, and too few file descriptors. What apply needs, it tries before it
//! writes anything to a target.
//!
//! Root may write everywhere, so an unwritable file is one whose parent is not a folder, or that is a folder itself;
//! and a full disk is a limit on the size of files.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{CANARY, Run, World, codes, outcomes};

const ID: &str = "00000000-0000-4000-8000-000000000001";

fn world() -> World {
    let world = World::new("polytomic");
    for name in ["a", "b", "c", "d", "e", "f"] {
        world.declare("Role", name, "{}");
    }
    world
}

/// Runs the binary in a shell after this command.
fn after(world: &World, first: &str, args: &str) -> Run {
    let script = format!("{first}; exec {} {args}", env!("CARGO_BIN_EXE_enact"));
    let mut shell = Command::new("/bin/sh");
    shell.current_dir(world.dir.path()).env_clear().env("ENACT_TEST_KEY", CANARY).args(["-c", &script]);
    Run::from(&shell.stdin(Stdio::null()).output().unwrap())
}

/// No file may become larger than this many times 512 bytes: a disk that is full in the middle of a line.
fn full_after(blocks: usize) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}")
}

/// Applies with a journal that has room for one line, of the run that begins, and for a part of the next.
fn apply_with_nearly_full_journal(world: &World) -> Run {
    world.write("events.jsonl", &format!("{}\n", json!({"older": "x".repeat(1380)})));
    after(world, &full_after(4), "apply --yes --format json --events events.jsonl")
}

fn read(world: &World, file: &str) -> String {
    std::fs::read_to_string(world.dir.path().join(file)).unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_plan_takes_the_place_of_no_manifest_and_of_no_device() {
    let world = world();
    for (out, code) in [("enact.yaml", 1), ("policies/Role-a.yaml", 1), ("/dev/full", 1), ("/dev/null", 0)] {
        // A device has no end.
        let text = || (!out.starts_with('/')).then(|| read(&world, out));
        let before = text();
        let run = world.run(&["plan", "--out", out]);
        assert_eq!(run.code, code, "{out}: {}", run.err);
        assert_eq!(text(), before, "{out}");
    }
    use std::os::unix::fs::FileTypeExt as _;
    let device = |path: &str| std::fs::metadata(path).unwrap().file_type().is_char_device();
    assert!(device("/dev/full") && device("/dev/null"));
}

#[test]
fn a_plan_that_cannot_be_written_is_a_failure_and_leaves_no_file() {
    let world = world();
    world.write("a-file", "");
    world.write("a-folder/x", "");
    let before = names(world.dir.path());
    for out in ["a-file/plan.json", "a-folder", "no/folder/plan.json"] {
        let run = world.run(&["plan", "--out", out]);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.err.contains(out) && run.err.contains("cannot be written"), "{}", run.err);
        assert_eq!(world.live.requests().len(), 0, "it is noticed before anything is read: {}", run.err);
    }
    let full = after(&world, &full_after(1), "plan --out plan.json");
    assert!(full.code == 1 && full.err.contains("plan.json"), "{}", full.err);
    assert_eq!(names(world.dir.path()), before, "nothing is left");
}

#[test]
fn a_plan_replaces_a_plan_and_no_other_json() {
    let world = world();
    assert_eq!(world.run(&["plan", "--out", "plan.json"]).code, 0);
    let plan = read(&world, "plan.json");
    assert_eq!(world.run(&["plan", "--out", "plan.json"]).code, 0);
    assert_eq!(read(&world, "plan.json"), plan, "deterministic");
    let older: Value = serde_json::from_str(&plan).unwrap();
    let older = json!({"format_version": 0, "enact": "0.0.1", "digest": older["digest"], "changes": []});
    for (text, code) in [
        (older.to_string(), 0),
        (String::new(), 0),
        (r#"{"name": "my-app", "version": "1.0.0"}"#.to_owned(), 1),
        (r#"{"format_version": 1, "targets": {}}"#.to_owned(), 1),
        ("[]".to_owned(), 1),
        ("apiVersion: polytomic/v1".to_owned(), 1),
    ] {
        world.write("other.json", &text);
        world.live.clear_requests();
        let run = world.run(&["plan", "--out", "other.json"]);
        assert_eq!(run.code, code, "{text}: {}", run.err);
        assert_eq!(read(&world, "other.json"), if code == 0 { &plan } else { &text }.as_str(), "{text}");
        assert!(
            code == 0 || world.live.requests().is_empty() && run.err.contains("would be lost"),
            "{}",
            run.err
        );
    }
}

#[test]
fn what_a_killed_run_with_the_same_number_left_beside_a_file_is_in_nobodys_way() {
    let world = world();
    // The first process in a container always has the same number.
    let left = "mkdir -p .enact; touch plan.json.$$.tmp .enact/sandbox.json.$$.tmp; chmod 0 plan.json.$$.tmp";
    for args in ["plan --out plan.json", "plan --sandbox --out plan.json"] {
        let run = after(&world, left, args);
        assert_eq!(run.code, 0, "{}", run.err);
    }
    let is_left = |name: &&String| name.starts_with("plan.json.");
    assert_eq!(names(world.dir.path()).iter().filter(is_left).count(), 2, "and nothing else is left");
}

#[test]
fn a_plan_that_cannot_be_read_is_noticed_before_anything_is_sent() {
    let world = world();
    world.write("not-a-plan.json", "{}");
    for file in ["missing.json", "policies", "not-a-plan.json", "enact.yaml"] {
        let run = world.run(&["apply", file, "--yes"]);
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(run.err.contains("review/file") && run.err.contains(file), "{}", run.err);
        assert_eq!(world.live.requests().len(), 0, "{}", run.err);
    }
}

#[test]
fn where_nobody_can_be_asked_the_advice_keeps_the_reviewed_plan() {
    let world = world();
    assert_eq!(world.run(&["plan", "--out", "plan.json"]).code, 0);
    world.live.clear_requests();
    let run = world.run(&["apply", "plan.json"]);
    assert_eq!((run.code, world.live.requests().len()), (64, 0), "{}", run.err);
    let advice =
        "run the same command with `--yes`: it writes only if a fresh plan is the one in `plan.json`";
    assert!(run.err.contains(advice), "{}", run.err);
    assert_eq!(world.run(&["apply", "plan.json", "--yes"]).code, 0);
    world.assert_converged();
}

#[test]
fn nothing_is_written_if_the_journal_is_not_a_file() {
    let world = world();
    world.write("a-file", "");
    for events in ["policies", "a-file/events.jsonl"] {
        let run = world.run(&["apply", "--yes", "--events", events, "--format", "json"]);
        assert_eq!((run.code, world.writes()), (1, Vec::new()), "{}", run.out);
        assert_eq!(codes(&run.json()), ["events/file"]);
    }
}

#[test]
fn a_journal_may_be_a_pipe_or_a_device() {
    // Beside it, it is said that nothing is recorded outside of git.
    for events in ["/dev/null", "/dev/stderr"] {
        let world = world();
        let run = world.run(&["apply", "--yes", "--events", events, "--format", "json"]);
        assert_eq!(run.code, 0, "{events}: {}", run.out);
        assert_eq!(run.err.lines().count(), if events == "/dev/null" { 1 } else { 9 }, "{}", run.err);
    }
}

#[test]
fn a_write_that_could_not_be_recorded_is_reported_even_if_it_was_the_last() {
    let world = World::new("polytomic");
    world.declare("Role", "a", "{}");
    let run = apply_with_nearly_full_journal(&world);
    let document = run.json();
    assert_eq!((run.code, outcomes(&document)), (1, vec!["a applied".to_owned()]), "{document:#}");
    assert_eq!(codes(&document), ["events/file"]);
}

#[test]
fn what_cannot_be_recorded_is_not_followed_by_a_write_to_another_target() {
    let world = World::new("polytomic");
    let other = World::new("polytomic");
    let config = read(&world, "enact.yaml");
    let row = config.split("targets:\n").nth(1).unwrap();
    let second = row.replace("name: live", "name: second").replace(&world.live.url(), &other.live.url());
    let include = |of: &str| format!("  include: [policies/{of}/**]\n");
    let (first, second) = (include("first"), second + &include("second"));
    world.write("enact.yaml", &format!("{config}{first}{second}"));
    for of in ["first", "second"] {
        let text = crate::world::manifest("polytomic", "Role", of, "", "{}");
        world.write(&format!("policies/{of}/role.yaml"), &text);
    }
    let run = apply_with_nearly_full_journal(&world);
    assert_eq!(outcomes(&run.json()), ["first applied", "second not_attempted"]);
    assert_eq!((world.writes().len(), other.writes()), (1, Vec::new()));
}

#[test]
fn a_line_that_a_full_disk_has_cut_does_not_spoil_the_next_one() {
    let world = world();
    let full = apply_with_nearly_full_journal(&world);
    assert_eq!(full.code, 1, "{}", full.out);
    let ended = outcomes(&full.json());
    assert!(ended[0].ends_with(" applied") && ended.contains(&"f not_attempted".to_owned()), "{ended:?}");
    let cut = read(&world, "events.jsonl");
    assert!(cut.len() == 2048 && !cut.ends_with('\n'), "{cut}");

    let (code, document) = world.apply();
    assert_eq!(code, 0, "{document:#}");
    world.declare_absent("Role", "a");
    assert_eq!(world.run(&["apply", "--yes", "--events", "events.jsonl"]).code, 0);
    let text = read(&world, "events.jsonl");
    assert!(text.starts_with(&cut), "nothing that was recorded is taken away");
    let mut whole = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = whole.rfind(|line| line["event"] == "write_ended").unwrap();
    assert_eq!((&last["name"], &last["action"]), (&json!("a"), &json!("delete")));
}

#[test]
fn import_says_which_manifests_it_could_not_write_and_writes_the_others() {
    let world = World::new("polytomic");
    for (id, name) in [(ID, "x"), ("00000000-0000-4000-8000-000000000002", "y")] {
        world.live.insert("roles", json!({"id": id, "name": name}));
    }
    world.write("policies/live/role-x.yaml/in-the-way", "");
    let run = world.run(&["import", "live"]);
    assert!(run.code == 1 && run.err.contains("role-x.yaml"), "{}", run.err);
    assert!(read(&world, "policies/live/role-y.yaml").contains("name: 'y'"), "{}", run.out);

    world.write("a-file", "");
    let run = world.run(&["import", "live", "--to", "a-file"]);
    assert!(run.code == 1 && run.err.contains("a-file"), "{}", run.err);
}

#[test]
fn import_leaves_no_half_of_a_manifest_on_a_full_disk() {
    let world = World::new("mycloud");
    let statement = json!({"effect": "allow", "actions": ["s3:X"], "resources": ["r".repeat(600)]});
    let document = json!({"version": "2024-01-01", "statements": [statement]});
    world.live.insert("policies", json!({"id": ID, "name": "long", "description": "", "document": document}));
    let run = after(&world, &full_after(1), "import live");
    assert!(run.code == 1 && run.err.contains("could not be written"), "{}", run.err);
    assert_eq!(names(&world.dir.path().join("policies/live")), Vec::<String>::new());
    assert_eq!(world.run(&["import", "live"]).code, 0);
    world.assert_converged();
}

#[test]
fn nothing_is_written_where_it_could_not_be_recorded_what_was_applied() {
    let blocks: [fn(&World); 3] = [
        |world| world.write(".git/refs/enact", "no folder"),
        |world| world.write(".git/refs/enact/applied/live/x", "no file"),
        |world| world.write(".git/refs/enact/applied/live.lock", "left by a process that was killed"),
    ];
    for block in blocks {
        let world = world();
        world.git(&["init", "-q"]);
        world.commit();
        block(&world);
        let (code, document) = world.apply();
        assert_eq!((code, world.writes()), (1, Vec::new()), "{document:#}");
        let diagnostic = &document["diagnostics"][0];
        assert!(diagnostic["code"] == "git/applied" && diagnostic["help"].is_string(), "{document:#}");
        let summary = world.plan()["summary"]["create"].clone();
        assert_eq!(summary, 6, "a plan needs no record");
    }
}

#[test]
fn nothing_that_has_no_end_is_read_wherever_it_is_named() {
    let world = world();
    // Elsewhere: what is in the folder of a run is searched for secrets.
    let elsewhere = tempfile::TempDir::new().unwrap();
    let pipe = elsewhere.path().join("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let config = read(&world, "enact.yaml");
    for file in ["/dev/zero", &pipe] {
        let credential = config.replace("{env: ENACT_TEST_KEY}", &format!("{{file: {file}}}"));
        world.write("other.yaml", &credential);
        for args in [
            vec!["plan", "--config", file],
            vec!["plan", "--config", "other.yaml"],
            vec!["check-system", file],
            vec!["apply", "--yes", file],
        ] {
            let run = world.run(&args);
            assert!(run.code != 0 && run.err.contains("not a file"), "{args:?}: {}", run.err);
        }
    }
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn nothing_is_written_where_the_remote_for_the_record_is_not_known() {
    let world = world();
    world.git(&["init", "-q"]);
    world.commit();
    let run = world.run(&["apply", "--yes", "--push-applied", "orign", "--format", "json"]);
    assert_eq!((run.code, world.writes()), (1, Vec::new()), "{}", run.out);
    assert_eq!(codes(&run.json()), ["git/remote"]);
}

#[test]
fn the_sandbox_says_before_any_write_that_its_state_cannot_be_kept() {
    let world = world();
    world.write(".enact", "no folder");
    let run = world.run(&["apply", "--sandbox", "--yes"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("sandbox/start") && run.err.contains(".enact"), "{}", run.err);
}

#[test]
fn with_few_file_descriptors_it_works_or_says_why_not() {
    for limit in [9, 10, 12, 14, 24] {
        let world = world();
        let run = after(&world, &format!("ulimit -n {limit}"), "apply --yes --format json --events e.jsonl");
        match run.code {
            0 => assert_eq!(outcomes(&run.json()).len(), 6, "{limit}"),
            code => {
                assert!([1, 3, 6].contains(&code), "{limit}: {code}");
                let (out, err) = (&run.out, &run.err);
                assert!(
                    out.contains("Too many open files") || out.contains("SSL_CERT"),
                    "{limit}: {out}{err}"
                );
            }
        }
        // Everything that was written was reported, and the next run ends like an undisturbed one.
        world.converge();
        assert!(limit < 14 || run.code == 0, "{limit}: {}", run.err);
    }
}
