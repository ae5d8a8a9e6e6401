//! Every snippet of the README, run.

use std::collections::BTreeMap;

use tempfile::TempDir;

use crate::commands::copy_examples;
use crate::world::{CANARY, Run, World, enact, run};

/// The fenced blocks of the README: language and text.
fn blocks() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut blocks = Vec::new();
    let mut parts = readme.split("```");
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
    for (language, text) in blocks() {
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
fn the_other_commands_and_files_work_in_the_order_in_which_they_stand() {
    let world = World::new("polytomic");
    std::fs::remove_dir(world.dir.path().join("policies")).unwrap();
    let role = serde_json::json!({"id": "00000000-0000-4000-8000-000000000001", "name": "There before", "system": false});
    world.sandbox.insert("live", "roles", role);
    let mut ran = 0;
    for (language, text) in blocks().into_iter().skip(3) {
        match language.as_str() {
            "yaml" => world.write(
                file_of(&text),
                &text.replace("https://app.polytomic.com", &world.sandbox.url("live")),
            ),
            "sh" => ran += commands(&world, &text),
            _ => {}
        }
    }
    assert!(ran >= 5, "{ran}");
    world.object("policies", "Warehouse syncs");
}

/// The file that a block's first line names.
fn file_of(text: &str) -> &str {
    text.lines().next().unwrap().trim_start_matches("# ")
}

fn commands(world: &World, text: &str) -> usize {
    // The one command of git needs a remote; the tests of git run it.
    for line in text.lines().filter(|line| !line.starts_with("git fetch origin '+refs/enact/applied/*")) {
        let args: Vec<_> =
            line.strip_prefix("enact ").unwrap_or_else(|| panic!("{line}")).split(' ').collect();
        let output = enact(world.dir.path()).env("POLYTOMIC_API_KEY", CANARY).args(args).output().unwrap();
        let run = Run::from(&output);
        assert_eq!(run.code, 0, "{line}: {}{}", run.out, run.err);
    }
    text.lines().count()
}

#[test]
fn every_command_and_exit_code_is_told() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for command in enact::cli::command().get_subcommands() {
        assert!(readme.contains(&format!("| `enact {}", command.get_name())), "{}", command.get_name());
    }
    let codes: BTreeMap<_, _> =
        readme.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")).collect();
    for code in ["0", "1", "2", "3", "4", "5", "6", "64"] {
        assert!(codes.contains_key(code), "{code}");
    }
}
