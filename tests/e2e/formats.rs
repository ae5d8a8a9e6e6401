//! `--format` and `--report`: with any command and any result, standard output is one document.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Run, World, codes, enact, fault, run};

const OPENAPI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/defined/openapi/airflow.yaml");
const SYSTEM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/systems/vault.yaml");

/// Each command with arguments that succeed. `sandbox` and `lsp` do not end by themselves, so they have their own tests.
const GOOD: &[&[&str]] = &[
    &["init", "--system", "mycloud", "--config", "new/enact.yaml"],
    &["targets"],
    &["validate"],
    &["plan"],
    &["plan", "--exit-code"],
    &["apply", "--yes"],
    &["import", "live", "--dry-run"],
    &["import", "live"],
    &["test"],
    &["who-can", "read", "p", "--live"],
    &["status"],
    &["log"],
    &["log", "live", "Role/declared"],
    &["record", "prune", "--keep", "9", "--yes"],
    &["unlock", "live"],
    &["schema"],
    &["schema", "--write", "schemas"],
    #[cfg(feature = "serve")]
    &["serve", "--once"],
    &["plan", "--report", "json=piece.json"],
    &["report", "merge", "piece.json"],
    &["new-system", "https://airflow.example", "--openapi", OPENAPI],
    &["check-system", SYSTEM],
    &["completions", "bash"],
    &["why", "live", "Role/declared"],
    &["fmt"],
    &["fmt", "--check"],
    &["explain", "Policy"],
    &["explain", "schema/type"],
    &["man"],
    &["man", "plan"],
];

/// Commands that need a run, which only a repository has.
const OF_A_RUN: [&str; 2] = ["show", "undo"];

/// Each command with a mistake, and the code of its diagnostic.
const WRONG: &[(&[&str], &str)] = &[
    (&["init"], "init/exists"),
    (&["init", "--config", "new.yaml"], "init/system"),
    (&["doctor"], "config/"),
    (&["targets"], "config/"),
    (&["validate"], "config/"),
    (&["plan"], "config/"),
    (&["apply", "--yes"], "config/"),
    (&["apply"], "cli/nobody-to-ask"),
    (&["import", "live"], "config/"),
    (&["test"], "config/"),
    (&["can", "a", "read", "p"], "config/"),
    (&["who-can", "read", "p"], "config/"),
    (&["status"], "config/"),
    (&["log"], "config/"),
    (&["log", "nobody"], "config/"),
    (&["show", "x"], "record/run"),
    (&["undo", "x"], "record/run"),
    (&["record", "prune", "--keep", "9"], "config/"),
    (&["unlock", "live"], "config/"),
    (&["schema"], "config/"),
    (&["schema", "plan"], "config/"),
    (&["schema", "--write", "schemas"], "config/"),
    (&["sandbox", "--listen", "0.0.0.0:0"], "sandbox/loopback"),
    (&["sandbox", "--target", "nobody"], "sandbox/system"),
    (&["sandbox", "--state", "enact.yaml", "--listen", "127.0.0.1:0"], "sandbox/start"),
    (&["why", "live", "Role/x"], "config/"),
    (&["fmt"], "config/"),
    (&["fmt", "missing.yaml"], "source/"),
    (&["explain", "Polisy"], "config/"),
    (&["explain", "schema/tipe", "--config", "missing.yaml"], "config/"),
    #[cfg(feature = "serve")]
    (&["serve", "--once"], "config/"),
    (&["report", "merge", "enact.yaml"], "report/piece"),
    (&["man", "plam"], "cli/page"),
    (&["new-system", "https://a.example", "--openapi", "missing.yaml"], "system/unreadable"),
    (&["new-system", "https://a.example", "--openapi", "enact.yaml"], "system/draft"),
    (&["check-system", "enact.yaml"], "system/"),
    (&["check-system", "missing.yaml"], "system/unreadable"),
    (&["check-system", SYSTEM, "--against", "live", "--scratch", "x"], "config/"),
];

/// The names of all commands, as clap knows them.
fn commands() -> Vec<String> {
    enact::cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// A system with an object that git does not declare, and the reverse.
fn world() -> World {
    let world = World::new("polytomic");
    world.declare("Role", "declared", "{}");
    let id = "00000000-0000-4000-8000-000000000001";
    world.live.insert("roles", json!({"id": id, "name": "live", "system": false}));
    world
}

/// The document on standard output, checked against the schema of its command.
#[track_caller]
fn document(command: Option<&str>, run: &Run) -> Value {
    let name = match command {
        Some("validate" | "plan" | "apply" | "undo" | "report" | "lsp") => "plan",
        Some("check-system") => "check",
        Some("new-system") => "init",
        Some("who-can") => "who",
        Some(command) => command,
        None => "usage",
    };
    let file = format!("{}/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let document = run.json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
    assert_eq!((&document["format_version"], &document["command"]), (&json!(1), &json!(command)));
    assert!(run.out.ends_with("}\n"), "{}", run.out);
    document
}

/// The formats for programs and browsers. Those for people and `json` have tests of their own.
const OTHERS: [&str; 5] = ["html", "sarif", "junit", "metrics", "github"];

/// Whether a text is what programs that read this format expect, and says that something is wrong.
#[track_caller]
fn tells_of_an_error(format: &str, text: &str) -> bool {
    let parse = |text| {
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(text, options);
        document.unwrap_or_else(|error| panic!("{format}: {error}: {text}"))
    };
    match format {
        "html" => parse(text).descendants().any(|node| node.attribute("class") == Some("note error")),
        "junit" => parse(text).descendants().any(|node| node.has_tag_name("failure")),
        "sarif" => {
            let document: Value = serde_json::from_str(text).unwrap();
            let schema = serde_json::from_str(include_str!("../support/sarif-2.1.0.schema.json")).unwrap();
            let validator = jsonschema::draft7::new(&schema).unwrap();
            let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{document:#}");
            let run = &document["runs"][0];
            let of = |found: &Value| found.as_array().unwrap().iter().any(|found| found["level"] == "error");
            of(&run["results"]) || of(&run["invocations"][0]["toolExecutionNotifications"])
        }
        "metrics" => {
            assert_eq!(text.lines().last(), Some("# EOF"), "{text}");
            let exit = text.lines().find_map(|line| line.strip_prefix("enact_exit_code "));
            exit.unwrap() != "0"
        }
        "github" => {
            assert!(text.lines().last().unwrap().starts_with("::notice title=enact"), "{text}");
            text.lines().any(|line| line.starts_with("::error "))
        }
        _ => panic!("{format}"),
    }
}

#[test]
fn every_other_format_is_a_document_of_every_command_that_ends_well() {
    let world = world();
    for args in GOOD {
        let files = OTHERS.map(|format| format!("{format}=report.{format}"));
        let reports = files.iter().flat_map(|file| ["--report", file]);
        let run = world.run(&args.iter().copied().chain(reports).collect::<Vec<_>>());
        assert!(run.code == 0 || args.contains(&"--exit-code"), "{args:?}: {}", run.err);
        for format in OTHERS {
            let text = std::fs::read_to_string(world.dir.path().join(format!("report.{format}"))).unwrap();
            let is_pending = run.code == 2 && ["junit", "metrics"].contains(&format);
            assert_eq!(tells_of_an_error(format, &text), is_pending, "{args:?}: {text}");
        }
    }
}

#[test]
fn every_other_format_is_a_document_of_every_command_that_something_is_wrong_with() {
    let world = world();
    world.write("enact.yaml", "nonsense");
    for (index, (args, _)) in WRONG.iter().enumerate() {
        let format = OTHERS[index % OTHERS.len()];
        let run = world.run(&[args, &["--format", format][..]].concat());
        assert!(run.code != 0 && tells_of_an_error(format, &run.out), "{format}: {args:?}: {}", run.out);
    }
    for (index, command) in commands().into_iter().enumerate() {
        let format = OTHERS[index % OTHERS.len()];
        let run = world.run(&[&command, "--nonsense", "--format", format]);
        assert!(run.code == 64 && tells_of_an_error(format, &run.out), "{format}: {command}: {}", run.out);
    }
}

#[test]
fn a_report_is_what_its_format_prints() {
    let world = world();
    let formats: Vec<_> = ["text", "json", "markdown"].into_iter().chain(OTHERS).collect();
    let files: Vec<_> = formats.iter().map(|format| format!("{format}=out/{format}")).collect();
    std::fs::create_dir(world.dir.path().join("out")).unwrap();
    let reports: Vec<_> = files.iter().flat_map(|file| ["--report", file]).collect();
    let all = world.run(&[&["plan", "--color", "always"], &reports[..]].concat());
    assert_eq!(all.code, 0, "{}", all.err);
    for format in formats {
        let printed = world.run(&["plan", "--format", format]).out;
        let written = std::fs::read_to_string(world.dir.path().join("out").join(format)).unwrap();
        assert_eq!(written, printed, "{format}");
    }
    let both = world.run(&["plan", "--report", "github=-"]).out;
    let notice = both.split_once("::notice title=enact plan::").unwrap();
    assert!(
        notice.0.contains("create Role \"declared\"") && notice.1.starts_with("Plan: 1 to create"),
        "{both}"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_anything_is_sent() {
    let world = world();
    for (reports, why) in [
        (&["html=missing/plan.html"][..], "there is no folder `missing`: make it first"),
        (&["html=policies"], "it is a folder: name a file in it"),
        (&["json=enact.yaml"], "a manifest would be lost"),
        (&["xml=a"], "there is no format `xml`"),
        (&["html"], "it has to be FORMAT=FILE"),
        (&["html="], "it is a folder"),
        (&["github=-", "html=-"], "standard output takes one document"),
        (&["json=a", "html=a"], "two reports would go to one file"),
    ] {
        let reports: Vec<_> = reports.iter().flat_map(|report| ["--report", report]).collect();
        let run = world.run(&[&["apply", "--yes"], &reports[..]].concat());
        assert!(run.code == 64 && run.err.contains(why), "{reports:?}: {}", run.err);
    }
    let run = world.run(&["plan", "--format", "json", "--report", "github=-"]);
    assert_eq!((run.code, codes(&run.json())), (64, vec!["cli/usage"]));
    assert_eq!(world.live.requests().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_report_that_was_not_written_is_no_success() {
    let world = world();
    let run = world.run(&["apply", "--yes", "--report", "html=/dev/full"]);
    assert!(
        run.code == 1 && run.err.contains("error: the html report `/dev/full` could not be written"),
        "{}",
        run.err
    );
    assert!(run.out.contains("Applied 1 of 1 change"), "{}", run.out);
}

#[test]
fn json_is_one_document_of_every_command_that_ends_well() {
    let world = world();
    for args in GOOD {
        let run = world.run(&[args, &["--format", "json"][..]].concat());
        let document = document(Some(args[0]), &run);
        assert_eq!(document["diagnostics"], json!([]), "{document:#}");
        assert_eq!(run.code, if args.contains(&"--exit-code") { 2 } else { 0 }, "{}", run.err);
    }
    let listed: Vec<_> =
        GOOD.iter().map(|args| args[0]).chain(["sandbox", "lsp", "can", "doctor"]).chain(OF_A_RUN).collect();
    assert!(commands().iter().all(|command| listed.contains(&command.as_str())), "{listed:?}");
}

#[test]
fn json_is_one_document_of_every_command_about_a_run() {
    let repo = crate::history::Repo::new("polytomic", "");
    repo.declare("Role", "declared", "{}");
    repo.commit();
    repo.converge();
    let log = document(Some("log"), &repo.run(&["log", "--format", "json"]));
    let id = log["runs"][0]["run"].as_str().unwrap();
    let doctor = repo.run(&["doctor", "--format", "json"]);
    assert_eq!((doctor.code, document(Some("doctor"), &doctor)["old_schemas"].clone()), (0, json!([])));
    for command in OF_A_RUN {
        let run = repo.run(&[command, id, "--format", "json"]);
        let document = document(Some(command), &run);
        assert_eq!((run.code, &document["diagnostics"]), (0, &json!([])), "{document:#}");
    }
}

#[test]
fn json_is_one_document_of_every_command_that_something_is_wrong_with() {
    let world = world();
    world.write("enact.yaml", "nonsense");
    for (args, code) in WRONG {
        let run = world.run(&[args, &["--format", "json"][..]].concat());
        let document = document(Some(args[0]), &run);
        let is_reported =
            codes(&document).iter().any(|found| found.starts_with(code) || found.starts_with("schema/"));
        assert!(is_reported && run.code != 0, "{args:?}: {document:#}");
        // People see it, too.
        assert!(run.err.contains("error["), "{args:?}: {}", run.err);
    }
    // Of these only the arguments can be wrong.
    let wrong = |command: &str| {
        ["completions", "lsp"].contains(&command) || WRONG.iter().any(|(args, _)| args[0] == command)
    };
    assert!(commands().iter().all(|command| wrong(command)));
    assert!(!world.dir.path().join("schemas").exists());
}

#[test]
fn json_is_one_document_where_the_configuration_is_missing() {
    let dir = TempDir::new().unwrap();
    let configured = |args: &&&[&str]| {
        !["init", "sandbox", "new-system", "check-system", "completions", "explain", "man"].contains(&args[0])
    };
    for args in GOOD.iter().filter(configured) {
        let run = run(dir.path(), &[args, &["--config", "gone.yaml", "--format", "json"][..]].concat());
        let document = document(Some(args[0]), &run);
        assert_eq!((run.code, codes(&document)), (3, vec!["config/unreadable"]), "{args:?}");
    }
}

#[test]
fn json_is_one_document_where_the_arguments_are_wrong() {
    let dir = TempDir::new().unwrap();
    for command in commands() {
        let command = command.as_str();
        for args in [
            &[command, "--nonsense", "--format", "json"][..],
            &["--format=json", command, "--nonsense"],
            &["--format", "json", "-v", "-q", command],
            &[command, "--format", "xml", "--format", "json"],
            &[command, "--format", "json", "--config", "a", "--config", "b"],
            &[command, "--format", "json", "--nonsense", "--", "--format", "text"],
        ] {
            let run = run(dir.path(), args);
            let document = document(Some(command), &run);
            assert_eq!((run.code, codes(&document)), (64, vec!["cli/usage"]), "{args:?}");
            assert!(run.err.starts_with("error: "), "people read what they always did: {}", run.err);
        }
    }
    for args in
        [&["plam", "--format", "json"][..], &["--format=json"], &["--config", "plan", "--format=json"]]
    {
        let run = run(dir.path(), args);
        let document = document(None, &run);
        assert_eq!((run.code, codes(&document)), (64, vec!["cli/usage"]), "{args:?}");
    }
    let typo = run(dir.path(), &["plan", "--fromat", "--format", "json"]).json();
    let diagnostic = &typo["diagnostics"][0];
    assert_eq!(diagnostic["message"], "unexpected argument '--fromat' found");
    assert_eq!(diagnostic["help"], "a similar argument exists: '--format'; see `enact plan --help`");
}

#[test]
fn the_format_is_not_read_after_two_hyphens() {
    let dir = TempDir::new().unwrap();
    let run = run(dir.path(), &["plan", "--", "--format", "json"]);
    assert_eq!((run.code, run.out.as_str()), (64, ""), "{}", run.err);
    assert!(run.err.contains("Usage:"), "{}", run.err);
}

#[test]
fn json_is_one_document_where_the_program_cannot_start() {
    let dir = TempDir::new().unwrap();
    let limited = format!("ulimit -n 4; exec '{}' import live --format json", env!("CARGO_BIN_EXE_enact"));
    let output = std::process::Command::new("sh").current_dir(dir.path()).args(["-c", &limited]).output();
    let run = Run::from(&output.unwrap());
    let document = document(Some("import"), &run);
    assert_eq!((run.code, codes(&document)), (1, vec!["cli/runtime"]), "{}", run.err);
}

#[test]
fn help_stays_text() {
    let dir = TempDir::new().unwrap();
    for args in [&["--help", "--format", "json"][..], &["plan", "--format", "json", "--help"], &["--version"]]
    {
        let run = run(dir.path(), args);
        assert!(run.code == 0 && !run.out.starts_with('{'), "{}", run.out);
    }
}

#[test]
fn a_schema_is_its_own_document_in_every_format() {
    let dir = TempDir::new().unwrap();
    let list = run(dir.path(), &["schema", "--format", "json"]).json();
    let names: Vec<_> = list["schemas"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    for name in [
        "config",
        "plan",
        "init",
        "doctor",
        "targets",
        "import",
        "schema",
        "sandbox",
        "check",
        "event",
        "usage",
        "polytomic-policy",
    ] {
        assert!(names.contains(&json!(name)), "{names:?}");
        let file = format!("{}/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let expected = std::fs::read_to_string(file).unwrap();
        for format in ["text", "json", "markdown"].into_iter().chain(OTHERS) {
            let shown = run(dir.path(), &["schema", name, "--format", format]);
            assert!(shown.code == 0 && shown.out == expected, "{name} {format}: {}", shown.err);
        }
    }
}

#[test]
fn the_sandbox_says_in_one_line_where_it_is_and_then_serves() {
    let dir = TempDir::new().unwrap();
    let mut child = enact(dir.path())
        .args(["sandbox", "--listen", "127.0.0.1:0", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let ready = Run { code: 0, out: line, err: String::new() };
    let document = document(Some("sandbox"), &ready);
    let urls: Vec<_> =
        document["targets"].as_array().unwrap().iter().map(|row| row["url"].as_str().unwrap()).collect();
    assert_eq!(urls.len(), 4, "{document:#}");
    let address = urls[0].strip_prefix("http://").unwrap().split('/').next().unwrap();
    let served = std::net::TcpStream::connect(address);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(served.is_ok() && rest.is_empty(), "{served:?} {rest}");
}

#[test]
fn what_an_import_wrote_and_what_it_could_not_is_in_its_document() {
    let world = world();
    let dry = world.run(&["import", "live", "--dry-run", "--format", "json"]).json();
    let file = "policies/live/role-live.yaml";
    assert_eq!(dry["manifests"][0]["file"], file, "{dry:#}");
    assert_eq!((&dry["manifests"][0]["written"], &dry["dry_run"]), (&json!(false), &json!(true)));
    let stream = world.run(&["import", "live", "--dry-run"]).out;
    let text = dry["manifests"][0]["text"].as_str().unwrap();
    assert_eq!(stream, format!("---\n# {file}\n{text}"));

    let document = world.run(&["import", "live", "--format", "json"]).json();
    assert_eq!(
        (&document["manifests"][0]["written"], &document["folder"]),
        (&json!(true), &json!("policies/live"))
    );
    assert_eq!(std::fs::read_to_string(world.dir.path().join(file)).unwrap(), text);

    world.write(file, "apiVersion: polytomic/v1\nkind: Role\nmetadata: {name: other}\nspec: {}\n");
    let again = world.run(&["import", "live", "--format", "json"]);
    let document = again.json();
    assert_eq!((again.code, codes(&document)), (1, vec!["import/write"]), "{document:#}");
    assert_eq!(document["manifests"][0]["written"], false);
}

#[test]
fn json_says_where_each_change_is_declared_and_how_each_target_stands() {
    let world = world();
    world.declare("Policy", "p", "{policy_actions: [{action: read, roles: [declared]}]}");
    let counts = json!([{"target": "live", "kind": "Policy", "objects": 1}, {"target": "live", "kind": "Role", "objects": 1}]);
    let validated = world.run(&["validate", "--format", "json"]).json();
    assert_eq!((&validated["manifests"], &validated["declared"]), (&json!(2), &counts), "{validated:#}");
    assert_eq!(validated["targets"], json!([]));

    let plan = world.plan();
    for change in plan["changes"].as_array().unwrap() {
        let file = std::fs::read_to_string(world.dir.path().join(change["file"].as_str().unwrap())).unwrap();
        let line = usize::try_from(change["line"].as_u64().unwrap()).unwrap();
        assert!(file.lines().nth(line - 1).unwrap().contains(change["name"].as_str().unwrap()), "{change:#}");
    }
    assert_eq!(plan["declared"], counts);
    let target = |document: &Value| {
        let row = &document["targets"][0];
        (row["target"].clone(), row["system"].clone(), row["url"].clone(), row["state"].clone())
    };
    let stands = |state: &str| (json!("live"), json!("polytomic"), json!(world.live.url()), json!(state));
    assert_eq!(target(&plan), stands("pending"));
    assert!(plan["targets"][0]["requests"].as_u64().unwrap() > 0);
    assert_eq!(target(&world.converge()), stands("converged"));
    world.live.inject(fault("GET", 403));
    assert_eq!(target(&world.plan()), stands("incomplete"));
}

#[test]
fn markdown_is_never_empty_where_there_is_something_to_tell() {
    let world = world();
    let markdown = |args: &[&str]| {
        let run = world.run(&[args, &["--format", "markdown"]].concat());
        let head = format!("<!-- enact -->\n### enact {}: ", args[0]);
        let rest = run.out.strip_prefix(&head).unwrap_or_else(|| panic!("{args:?}: {}", run.out));
        assert!(rest.lines().count() >= 3, "{args:?}: {}", run.out);
        run
    };
    for args in GOOD {
        let run = markdown(args);
        assert!(!run.out.contains("**error**"), "{args:?}: {}", run.out);
        std::fs::remove_dir_all(world.dir.path().join("policies/live")).unwrap_or_default();
    }
    world.write("enact.yaml", "nonsense");
    for (args, _) in WRONG {
        let run = markdown(args);
        assert!(run.out.contains("**error**"), "{args:?}: {}", run.out);
    }
    for command in commands() {
        let run = markdown(&[&command, "--nonsense"]);
        assert!(run.out.contains(": wrong usage\n") && run.out.contains("`cli/usage`"), "{}", run.out);
    }
}

#[test]
fn quiet_leaves_out_what_only_says_that_all_went_well() {
    let world = world();
    for args in
        [&["validate"][..], &["import", "live"], &["schema", "--write", "s"], &["check-system", SYSTEM]]
    {
        let run = world.run(&[args, &["-q"]].concat());
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""), "{args:?}");
    }
    assert!(world.run(&["schema", "-q"]).out.contains("plan\n"));
    assert!(world.run(&["plan", "-q"]).out.contains("create Role"));
}

#[test]
fn the_metrics_of_a_run_are_a_file_for_a_collector() {
    let world = world();
    let plan = world.run(&["plan", "--report", "metrics=enact.prom"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    let metrics = std::fs::read_to_string(world.dir.path().join("enact.prom")).unwrap();
    for line in [
        "enact_target_state{target=\"live\",state=\"pending\"} 1",
        "enact_target_state{target=\"live\",state=\"converged\"} 0",
        "enact_changes_left{target=\"live\",what=\"all\"} 1",
        "enact_objects_written_total{target=\"live\"} 0",
        "enact_exit_code 0",
    ] {
        assert!(metrics.lines().any(|of| of == line), "{line}: {metrics}");
    }
    // Once more, over the file that is there.
    let apply = world.run(&["apply", "--yes", "--report", "metrics=enact.prom"]);
    assert_eq!(apply.code, 0, "{}", apply.err);
    let metrics = std::fs::read_to_string(world.dir.path().join("enact.prom")).unwrap();
    assert!(metrics.contains("enact_objects_written_total{target=\"live\"} 1\n"), "{metrics}");
}
