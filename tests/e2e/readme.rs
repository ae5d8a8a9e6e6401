//! Every snippet of the README, run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::commands::copy_examples;
use crate::world::{CANARY, Run, World, enact, run};

/// A file of the repository.
fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The fenced blocks of the README: language and text.
fn blocks() -> Vec<(String, String)> {
    blocks_of("README.md")
}

fn blocks_of(file: &str) -> Vec<(String, String)> {
    let page = read(file);
    let mut blocks = Vec::new();
    let mut parts = page.split("```");
    while let (Some(_prose), Some(block)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        blocks.push((language.to_owned(), text.to_owned()));
    }
    blocks
}

fn of(language: &str) -> Vec<String> {
    blocks().into_iter().filter(|(of, _)| of == language).map(|(_, text)| text).collect()
}

#[test]
fn every_block_is_of_a_kind_that_is_run_here() {
    for (language, text) in blocks().into_iter().chain(blocks_of("docs/systems.md")) {
        assert!(["sh", "yaml", "text"].contains(&language.as_str()), "{language}: {text}");
    }
}

#[test]
fn the_first_command_plans_and_applies_the_examples_as_shown() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    let commands = of("sh");
    let args = commands[0].trim().strip_prefix("cargo run -- ").unwrap();
    let run_it = run(dir.path(), &args.split(' ').collect::<Vec<_>>());
    assert_eq!(run_it.code, 0, "{}", run_it.err);
    assert!(run_it.out.starts_with(&of("text")[0]), "{}", run_it.out);
    assert!(run(dir.path(), &["plan", "--sandbox"]).out.contains("No changes."));
}

#[test]
fn the_page_about_access_shows_a_plan_of_the_examples() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    let plan = run(dir.path(), &["plan", "--sandbox"]);
    let shown = blocks_of("docs/access.md").into_iter().find(|(language, _)| language == "text").unwrap().1;
    assert!(plan.out.contains(&shown), "{}", plan.out);
}

#[test]
fn the_other_commands_and_files_work_in_the_order_in_which_they_stand() {
    let world = World::new("polytomic");
    world.git(&["init", "-q", "-b", "main"]);
    std::fs::remove_dir(world.dir.path().join("policies")).unwrap();
    let role = serde_json::json!({"id": "00000000-0000-4000-8000-000000000001", "name": "There before", "system": false});
    world.live.insert("roles", role);
    let mut ran = 0;
    let blocks = blocks().into_iter().skip_while(|(_, text)| !text.starts_with("# enact.yaml\n"));
    for (language, text) in blocks {
        match language.as_str() {
            "yaml" => {
                world.write(file_of(&text), &text.replace("https://app.polytomic.com", &world.live.url()))
            }
            "sh" => ran += commands(&world, &text),
            _ => {}
        }
    }
    assert!(ran >= 5, "{ran}");
    world.object("policies", "Warehouse syncs");
}

/// A sandbox that is served until it is dropped.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_first_hour_leads_from_an_empty_folder_to_a_change_that_is_merged_and_applied() {
    use std::io::{BufRead as _, BufReader};
    let (dir, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let start = blocks().into_iter().map(|(_, text)| text).skip_while(|text| text != "enact sandbox\n");
    let [serve, begin, change] = start.take(3).collect::<Vec<_>>().try_into().unwrap();
    let mut sandbox = enact(home.path());
    sandbox.args(serve.split_whitespace().skip(1)).args(["--listen", "127.0.0.1:0"]);
    sandbox.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut serving = Serving(sandbox.spawn().unwrap());
    let mut first = String::new();
    BufReader::new(serving.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let address = first.split("http://").nth(1).unwrap().split('/').next().unwrap();

    let program = Path::new(env!("CARGO_BIN_EXE_enact")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let script = format!("set -e\n{begin}{change}").replace("--sandbox", &format!("--sandbox={address}"));
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(dir.path()).env("PATH", path).env("HOME", home.path());
    for (name, value) in [("NAME", "t"), ("EMAIL", "t@example.com")] {
        shell.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = shell.output().unwrap();
    let run = Run::from(&output);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("No changes.") && run.out.contains("Applied 1 of 1 change"), "{}", run.out);
    assert!(run.out.contains("create Role \"Dashboard editors\""), "{}", run.out);
}

/// The file that a block's first line names.
fn file_of(text: &str) -> &str {
    text.lines().next().unwrap().trim_start_matches("# ")
}

fn commands(world: &World, text: &str) -> usize {
    // The only git command needs a remote; the tests of git run it.
    for line in text.lines().filter(|line| !line.starts_with("git fetch origin '+refs/enact/*")) {
        let line = line.replace("RUN", &last_run(world));
        let args = arguments(line.strip_prefix("enact ").unwrap_or_else(|| panic!("{line}")));
        if args[0] == "apply" {
            world.commit();
        }
        let output = enact(world.dir.path()).env("POLYTOMIC_API_KEY", CANARY).args(args).output().unwrap();
        let run = Run::from(&output);
        assert_eq!(run.code, 0, "{line}: {}{}", run.out, run.err);
    }
    text.lines().count()
}

/// The words of a command line; what is in double quotes is one.
fn arguments(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

/// The id of the last run; empty before the first.
fn last_run(world: &World) -> String {
    let log = world.run(&["log", "--format", "json"]);
    if log.code != 0 { String::new() } else { log.json()["runs"][0]["run"].as_str().unwrap_or("").to_owned() }
}

#[test]
fn nothing_forgotten_the_commands_of_the_page_about_the_record_show_it() {
    let world = World::new("polytomic");
    let remote = tempfile::TempDir::new().unwrap();
    let path = remote.path().display().to_string();
    world.declare("Role", "Warehouse operators", "{}");
    world.declare(
        "Policy",
        "Warehouse syncs",
        "{policy_actions: [{action: read, roles: [Warehouse operators]}]}",
    );
    world.git(&["init", "-q", "-b", "main"]);
    world.git(&["init", "-q", "--bare", &path]);
    world.git(&["remote", "add", "origin", &path]);
    world.commit();
    world.git(&["push", "-q", "origin", "main"]);
    assert_eq!(world.run(&["apply", "--yes", "--push-applied", "origin"]).code, 0);
    let shown: Vec<_> = blocks_of("docs/record.md")
        .into_iter()
        .filter(|(language, _)| language == "sh")
        .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| {
            let line = line.replace("analytics", "live");
            let mut shell = Command::new("sh");
            let output = shell.args(["-c", &line]).current_dir(world.dir.path()).output().unwrap();
            assert!(output.status.success(), "{line}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    let [log, run, files, of_object, _fetched] = shown.as_slice() else { panic!("{shown:#?}") };
    assert!(log.contains("live: applied at") && log.contains("live: begins to write"), "{log}");
    assert!(run.contains("\"outcome\": \"converged\"") && run.contains("\"target\": \"live\""), "{run}");
    assert!(files.contains("/%50olicy/%57arehouse%20syncs/declared.json"), "{files}");
    assert!(of_object.contains("Warehouse operators"), "{of_object}");
}

#[test]
fn the_page_about_environments_makes_two_targets_of_one_manifest() {
    let (staging, production) = (World::new("polytomic"), World::new("polytomic"));
    staging.git(&["init", "-q", "-b", "main"]);
    let urls = [("https://staging.example.com", &staging), ("https://app.polytomic.com", &production)];
    let here =
        |text: &str| urls.iter().fold(text.to_owned(), |text, (url, at)| text.replace(url, &at.live.url()));
    for (language, text) in blocks_of("docs/environments.md") {
        match language.as_str() {
            "yaml" => staging.write(file_of(&text), &here(&text)),
            "text" => {
                let plan = page(&staging, "enact plan");
                assert!(plan.out.starts_with(&here(&text)), "{}", plan.out);
            }
            _ => {
                staging.commit();
                for line in text.lines().filter(|line| !line.starts_with("enact apply")) {
                    assert_eq!(page(&staging, line).code, 0, "{line}");
                }
            }
        }
    }
    let applied = page(&staging, "enact apply --yes");
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    assert_eq!(staging.object("roles", "Staging operators")["name"], "Staging operators");
    let operators = &production.object("roles", "Operators")["id"];
    let policy = production.object("policies", "Syncs of Operators");
    let read =
        policy["policy_actions"].as_array().unwrap().iter().find(|row| row["action"] == "read").unwrap();
    assert_eq!(read["role_ids"], serde_json::json!([operators]), "{policy:#}");
}

/// A line of the page about environments.
fn page(world: &World, line: &str) -> Run {
    let mut command = enact(world.dir.path());
    command.env("STAGING_KEY", CANARY).env("PRODUCTION_KEY", CANARY);
    Run::from(&command.args(line.split(' ').skip(1)).output().unwrap())
}

/// What `--help` says of each command, as a page. It does not depend on the width of a terminal.
#[cfg(all(feature = "lsp", feature = "serve"))]
fn cli_page() -> String {
    let mut enact = enact::cli::command().term_width(100).disable_help_subcommand(true);
    enact.build();
    let global: Vec<_> = enact.get_arguments().map(|argument| argument.get_id().clone()).collect();
    let part = |name: &str, help: String| {
        let help: Vec<_> = help.lines().map(str::trim_end).collect();
        format!("\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim())
    };
    let parts = enact.get_subcommands().map(|command| {
        let own = command.clone().term_width(100).mut_args(|argument| {
            let is_global = global.contains(argument.get_id());
            argument.hide(is_global)
        });
        part(&format!("enact {}", command.get_name()), own.clone().render_long_help().to_string())
    });
    let whole = part("enact", enact.clone().render_long_help().to_string());
    let head = "# The command line\n\nWhat `enact --help` and `enact COMMAND --help` say. The options of every command are shown only once.\n";
    head.to_owned() + &whole + &parts.collect::<String>()
}

#[cfg(all(feature = "lsp", feature = "serve"))]
#[test]
fn the_page_about_the_command_line_is_what_help_says() {
    generated("docs/cli.md", &cli_page());
}

#[test]
fn the_page_of_reference_is_what_explain_says() {
    let page = run(TempDir::new().unwrap().path(), &["explain", "--all"]);
    assert_eq!(page.code, 0, "{}", page.err);
    generated("docs/reference.md", &page.out);
}

/// A page that nobody writes by hand is as it would be made now.
fn generated(name: &str, page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("ENACT_WRITE_DOCS").is_some() {
        std::fs::write(&file, page).unwrap();
    }
    let help = "write it with `ENACT_WRITE_DOCS=1 cargo test --all-features --test e2e the_page_`";
    assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), page, "{name}: {help}");
}

#[test]
fn the_page_about_words_shows_a_plan_in_short() {
    let dir = TempDir::new().unwrap();
    copy_examples(dir.path());
    let [(_, picture), (sh, line), (text, shown)] = blocks_of("docs/concepts.md").try_into().unwrap();
    assert!(picture.starts_with("flowchart") && (sh.as_str(), text.as_str()) == ("sh", "text"));
    let plan = run(dir.path(), &line.split_whitespace().skip(1).collect::<Vec<_>>());
    assert_eq!((plan.code, plan.out.as_str()), (0, shown.as_str()), "{}", plan.err);
}

/// At 3 a.m. nobody should have to correct a command.
#[test]
fn every_command_code_and_link_of_the_runbook_exists() {
    let page = read("docs/runbook.md");
    for line in blocks_of("docs/runbook.md").iter().flat_map(|(_, text)| text.lines()) {
        let words = line.replace('\'', "\"");
        let parsed = enact::cli::command().try_get_matches_from(arguments(&words));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
    let codes: Vec<_> = enact::diagnostic::Code::ALL.iter().map(|code| code.text()).collect();
    let areas: std::collections::BTreeSet<_> =
        codes.iter().map(|code| code.split('/').next().unwrap()).collect();
    let named = page.split('`').skip(1).step_by(2);
    for code in named.filter(|text| text.split_once('/').is_some_and(|(area, _)| areas.contains(area))) {
        assert!(codes.contains(&code), "{code}");
    }
    for exit in ["1", "2", "3", "4", "5", "6", "7"] {
        assert!(
            page.contains(&format!("\n## {exit}: ")) && page.contains(&format!("\n| {exit} | [")),
            "{exit}"
        );
    }
}

#[test]
fn every_command_format_and_exit_code_is_described() {
    let readme = read("README.md");
    for command in enact::cli::command().get_subcommands() {
        assert!(readme.contains(&format!("| `enact {}", command.get_name())), "{}", command.get_name());
    }
    for format in enact::report::format::FORMATS {
        assert!(readme.contains(&format!("| `{}` | ", format.name)), "{}", format.name);
    }
    let codes: BTreeMap<_, _> =
        readme.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")).collect();
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "64"] {
        assert!(codes.contains_key(code), "{code}");
    }
}

/// The file that the page about definitions builds, and what the page says about it.
#[test]
fn the_definition_that_the_page_about_systems_builds_up_is_sound_piece_by_piece_and_whole() {
    let dir = TempDir::new().unwrap();
    let yaml: Vec<_> =
        blocks_of("docs/systems.md").into_iter().filter(|(language, _)| language == "yaml").collect();
    let pieces: String = yaml
        .iter()
        .filter(|(_, text)| text.starts_with("# a piece"))
        .map(|(_, text)| text.as_str())
        .collect();
    let whole = yaml.iter().rfind(|(_, text)| text.contains("\nkind: System\n")).unwrap();
    for text in [&pieces, &whole.1] {
        std::fs::write(dir.path().join("portcullis.yaml"), text).unwrap();
        let checked = run(dir.path(), &["check-system", "portcullis.yaml"]);
        assert_eq!(checked.code, 0, "{}", checked.err);
        assert!(blocks_of("docs/systems.md").contains(&("text".to_owned(), checked.out)));
    }
    let part = |start: &str| yaml.iter().find(|(_, text)| text.starts_with(start)).unwrap().1.clone();
    std::fs::create_dir(dir.path().join("policies")).unwrap();
    std::fs::write(dir.path().join("policies/wiki.yaml"), part("# policies/wiki.yaml")).unwrap();
    let config = part("# enact.yaml, a part of it");
    let head = "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\n";
    std::fs::write(dir.path().join("enact.yaml"), format!("{head}{config}")).unwrap();
    let valid = run(dir.path(), &["validate"]);
    assert_eq!((valid.code, valid.out.as_str()), (0, "1 manifest is valid.\n"), "{}", valid.err);
}

#[test]
fn every_example_on_the_page_about_systems_is_sound() {
    let dir = TempDir::new().unwrap();
    let blocks = blocks_of("docs/systems.md").into_iter().map(|(_, text)| text);
    let examples: Vec<_> = blocks.filter(|text| text.starts_with("# an example: ")).collect();
    assert!(examples.len() >= 15, "{}", examples.len());
    for example in examples {
        let head = "apiVersion: enact/v1\nkind: System\nname: example\n";
        std::fs::write(dir.path().join("example.yaml"), format!("{head}{example}")).unwrap();
        let checked = run(dir.path(), &["check-system", "example.yaml"]);
        assert!(checked.code == 0 && checked.err.is_empty(), "{example}{}", checked.err);
    }
}

#[test]
fn the_definitions_that_come_with_enact_are_sound_and_so_are_their_manifests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systems");
    let readme = read("README.md");
    let files =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let definitions: Vec<_> = files.filter(|file| file.ends_with(".yaml") && file != "enact.yaml").collect();
    assert!(definitions.len() >= 4, "{definitions:?}");
    for file in definitions {
        let checked = run(&folder, &["check-system", &file]);
        assert_eq!(checked.code, 0, "{}", checked.err);
        assert!(readme.contains(&format!("](systems/{file})")), "the README names {file}");
    }
    let valid = run(&folder, &["validate"]);
    assert_eq!(valid.code, 0, "{}", valid.err);
}
