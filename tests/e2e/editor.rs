//! What an editor makes of the schemas: the real yaml-language-server, over its standard input and output. It is a package
//! of npm, found on the path or by `ENACT_YAML_LANGUAGE_SERVER`; without it these tests are skipped.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::client::Client;

/// The language server in a folder with the schemas of this repository; none if there is no server.
fn open(dir: &TempDir) -> Option<Client> {
    let program = std::env::var_os("ENACT_YAML_LANGUAGE_SERVER");
    let mut command = Command::new(program.unwrap_or_else(|| "yaml-language-server".into()));
    command.arg("--stdio");
    let Some(mut editor) = Client::start(command, dir.path()) else {
        println!("skipped: there is no yaml-language-server (`npm install --global yaml-language-server`)");
        return None;
    };
    std::fs::create_dir(dir.path().join("schema")).unwrap();
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    for file in std::fs::read_dir(schemas).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), dir.path().join("schema").join(file.file_name())).unwrap();
    }
    editor.initialize(json!({"textDocument": {"hover": {"contentFormat": ["markdown"]}}}));
    let yaml = json!({"validate": true, "hover": true, "completion": true, "schemaStore": {"enable": false}});
    editor.tell("workspace/didChangeConfiguration", json!({"settings": {"yaml": yaml}}));
    Some(editor)
}

/// What the server has against a file.
fn diagnostics(editor: &mut Client, file: &str, text: &str) -> Vec<String> {
    editor.open(file, text);
    let found = editor.published(file).into_iter();
    found.map(|found| found["message"].as_str().unwrap().to_owned()).collect()
}

const MODELINE: &str = "# yaml-language-server: $schema=schema/manifest.schema.json\n";

/// Every kind of the built-in systems, with a field of its spec.
const KINDS: [(&str, &str, &str); 6] = [
    ("polytomic", "Role", ""),
    ("polytomic", "Policy", "policy_actions"),
    ("jitsudo", "Policy", "enabled"),
    ("compiuta", "Role", "actions"),
    ("compiuta", "Policy", "statements"),
    ("mycloud", "Policy", "document"),
];

#[test]
fn an_editor_completes_explains_and_checks_every_kind_by_one_schema() {
    let dir = TempDir::new().unwrap();
    let Some(mut editor) = open(&dir) else { return };
    let registry = enact::system::registry::Registry::built_in();
    let kinds: Vec<_> = enact::catalog::kinds(&registry).map(|(system, kind, _)| (system, kind)).collect();
    let tried: Vec<_> = KINDS.iter().map(|(system, kind, _)| (*system, *kind)).collect();
    assert!(kinds.iter().all(|kind| tried.contains(kind)), "{kinds:?}");
    for (index, (system, kind, field)) in KINDS.iter().enumerate() {
        let head = format!("{MODELINE}apiVersion: {system}/v1\nkind: {kind}\nmetadata:\n  name: x\n");
        let file = format!("{index}.yaml");
        let text = format!("{head}  \nspec:\n  \n");
        diagnostics(&mut editor, &file, &text);
        let metadata = editor.completions(&file, (5, 2));
        assert!(metadata.contains(&"protect".to_owned()), "{system} {kind}: {metadata:?}");
        let spec = editor.completions(&file, (7, 2));
        assert!(field.is_empty() || spec.contains(&(*field).to_owned()), "{system} {kind}: {spec:?}");
        let hover = editor.hover(&file, (3, 2));
        assert!(hover.contains("enact"), "{system} {kind}: {hover}");
        let wrong = diagnostics(
            &mut editor,
            &format!("wrong-{file}"),
            &format!("{head}  protekt: true\nspec: {{}}\n"),
        );
        assert!(wrong.iter().any(|found| found.contains("protekt")), "{system} {kind}: {wrong:?}");
    }
    let kinds =
        diagnostics(&mut editor, "kind.yaml", &format!("{MODELINE}apiVersion: polytomic/v1\nkind: Polisy\n"));
    assert!(!kinds.is_empty());
}

#[test]
fn an_editor_finds_nothing_wrong_in_the_examples_and_in_a_file_with_several_kinds() {
    let dir = TempDir::new().unwrap();
    let Some(mut editor) = open(&dir) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut all = String::new();
    for folder in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap();
            if !file.to_str().unwrap().ends_with("_test.yaml") {
                let text: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
                all.push_str(&format!("{}\n---\n", text.join("\n")));
            }
        }
    }
    let all = format!("{MODELINE}{}", all.trim_end_matches("---\n"));
    assert_eq!(diagnostics(&mut editor, "all.yaml", &all), Vec::<String>::new(), "{all}");
}

#[test]
fn an_editor_completes_enact_yaml() {
    let dir = TempDir::new().unwrap();
    let Some(mut editor) = open(&dir) else { return };
    let head = "# yaml-language-server: $schema=schema/config.schema.json\napiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n";
    let text = format!(
        "{head}  - name: a\n    url: https://a.example\n    \n    auth:\n      \n    limits:\n      \n"
    );
    diagnostics(&mut editor, "enact.yaml", &text);
    let row = editor.completions("enact.yaml", (7, 4));
    assert!(
        ["system", "settings", "variables", "patches"].iter().all(|name| row.contains(&(*name).to_owned())),
        "{row:?}"
    );
    let auth = editor.completions("enact.yaml", (9, 6));
    assert!(["bearer", "basic", "header"].iter().all(|name| auth.contains(&(*name).to_owned())), "{auth:?}");
    let limits = editor.completions("enact.yaml", (11, 6));
    assert!(limits.contains(&"max_deletes".to_owned()), "{limits:?}");
    let text = text.replace("a.example\n    \n", "a.example\n    system: \n");
    diagnostics(&mut editor, "system.yaml", &text);
    let systems = editor.completions("system.yaml", (7, 12));
    assert!(systems.contains(&"jitsudo".to_owned()), "{systems:?}");
}
