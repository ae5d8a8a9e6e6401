//! `enact lsp`: the real binary, and an editor at its other end.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::support::{enact, run};
use crate::world::{World, fault};

const CONFIG: &str = "apiVersion: enact/v1
kind: Config
manifests: [policies]
targets:
  - {name: a, system: polytomic, url: 'http://127.0.0.1:1', auth: {bearer: {env: X}}, settings: {version: \"2025-09-18\"}}
  - {name: b, system: jitsudo, url: 'http://127.0.0.1:1', auth: {bearer: {env: X}}, settings: {tenant: 00000000-0000-4000-8000-000000000001}}
  - {name: c, system: compiuta, url: 'http://127.0.0.1:1', auth: {bearer: {env: X}}}
  - {name: d, system: mycloud, url: 'http://127.0.0.1:1', auth: {header: {name: X-Api-Key, value: {env: X}}}}
";

const ROLE: &str = "apiVersion: polytomic/v1\nkind: Role\nmetadata:\n  name: Ops 😀\nspec: {}\n";

const POLICY: &str = "apiVersion: polytomic/v1\nkind: Policy\nmetadata:\n  name: Syncs\nspec:\n  policy_actions:\n    - {action: read, roles: [Ops 😀, Admin]}\n";

/// A project with a role and a policy, and an editor that has it open.
fn project() -> (TempDir, Client) {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("policies")).unwrap();
    write(dir.path(), "enact.yaml", CONFIG);
    write(dir.path(), "policies/role.yaml", ROLE);
    write(dir.path(), "policies/policy.yaml", POLICY);
    let editor = editor(dir.path(), json!({}));
    (dir, editor)
}

fn write(dir: &Path, file: &str, text: &str) {
    std::fs::write(dir.join(file), text).unwrap();
}

fn start(dir: &Path) -> Client {
    start_with(dir, &[])
}

fn start_with(dir: &Path, flags: &[&str]) -> Client {
    let mut command = enact(dir);
    command.arg("lsp").args(flags);
    Client::start(command, dir).unwrap()
}

fn editor(dir: &Path, capabilities: Value) -> Client {
    let mut editor = start(dir);
    editor.initialize(capabilities);
    editor
}

#[test]
fn an_editor_without_a_project_is_told_what_to_do() {
    let dir = TempDir::new().unwrap();
    let mut editor = editor(dir.path(), json!({}));
    let told = editor.until(|message| message["method"] == "window/showMessage");
    assert!(told["params"]["message"].as_str().unwrap().contains("`enact init`"), "{told}");
}

#[test]
fn an_editor_whose_configuration_is_not_there_is_told_its_name() {
    let (dir, _) = project();
    let mut editor = start_with(dir.path(), &["--config", "other.yaml"]);
    editor.initialize(json!({}));
    let told = editor.until(|message| message["method"] == "window/showMessage");
    assert!(told["params"]["message"].as_str().unwrap().contains("no file `other.yaml`"), "{told}");
}

/// The first folder is the one where the server runs, and the second one is open in the editor.
#[test]
fn a_configuration_that_is_named_as_the_default_is_not_looked_for_elsewhere() {
    let (dir, _) = project();
    let (open, _) = project();
    let wrong = ROLE.replace("name", "nam");
    for dir in [&dir, &open] {
        write(dir.path(), "policies/role.yaml", &wrong);
    }
    let root = format!("file://{}", open.path().display());
    for (flags, home) in [(&["--config", "enact.yaml"][..], &dir), (&[], &open)] {
        let mut editor = start_with(dir.path(), flags);
        editor.ask("initialize", json!({"rootUri": root, "capabilities": {}}));
        editor.tell("initialized", json!({}));
        let shown = editor.until(|message| message["method"] == "textDocument/publishDiagnostics");
        let uri = shown["params"]["uri"].as_str().unwrap();
        assert!(uri.starts_with(&format!("file://{}/", home.path().display())), "{flags:?}: {uri}");
    }
}

#[test]
fn diagnostics_go_along_when_a_file_is_opened_by_a_uri_that_is_spelt_another_way() {
    let (dir, _) = project();
    let wrong = ROLE.replace("name", "nam");
    write(dir.path(), "policies/role.yaml", &wrong);
    let mut editor = editor(dir.path(), json!({}));
    let found = editor.published("policies/role.yaml");
    assert!(!found.is_empty());
    for spelt in ["policies/r%6Fle.yaml", "policies/role.yaml?x#frag"] {
        editor.open(spelt, &wrong);
        assert_eq!(editor.published("policies/role.yaml"), Vec::<Value>::new(), "{spelt}");
        assert_eq!(editor.published(spelt), found, "{spelt}");
        let document = json!({"textDocument": {"uri": editor.uri(spelt)}});
        editor.tell("textDocument/didClose", document);
        // What goes is said before what comes, so nothing stays behind.
        assert_eq!(editor.published(spelt), Vec::<Value>::new(), "{spelt}");
        assert_eq!(editor.published("policies/role.yaml"), found, "{spelt}");
    }
}

#[test]
fn a_file_that_is_open_twice_keeps_its_symbols_when_one_of_them_is_closed() {
    let (_dir, mut editor) = project();
    editor.open("policies/policy.yaml", &POLICY.replace("name: Syncs", "nam: Syncs"));
    editor.published("policies/policy.yaml");
    editor.open("policies/role.yaml", &ROLE.replace("Ops", "Unsaved"));
    editor.open("policies/r%6Fle.yaml", ROLE);
    let document = json!({"textDocument": {"uri": editor.uri("policies/r%6Fle.yaml")}});
    editor.tell("textDocument/didClose", document);
    let document = json!({"textDocument": {"uri": editor.uri("policies/role.yaml")}});
    let symbols = editor.ask("textDocument/documentSymbol", document);
    assert_eq!(symbols[0]["name"], "Unsaved 😀", "{symbols}");
}

#[test]
fn a_hover_is_short_whatever_the_object_and_however_often_it_is_declared() {
    let (_dir, mut editor) = project();
    editor.open("policies/policy.yaml", &POLICY.replace("name: Syncs", "nam: Syncs"));
    editor.published("policies/policy.yaml");
    editor.change("policies/policy.yaml", POLICY);
    let long = format!("{ROLE}# {}\n", "y".repeat(200_000));
    editor.open("policies/role.yaml", &format!("{long}---\n{}", [ROLE; 100].join("---\n")));
    let hover = editor.hover("policies/policy.yaml", (6, 31));
    assert!(hover.contains("yyy… (") && hover.contains("96 more objects"), "{}", hover.len());
    assert!(hover.len() < 10_000, "{}", hover.len());
}

/// The code of a diagnostic, and the text that it is about.
fn about(found: &[Value], text: &str) -> Vec<(String, String)> {
    let of = |found: &Value| {
        let at = |end: &str, field: &str| found["range"][end][field].as_u64().unwrap() as usize;
        let line: Vec<u16> =
            text.lines().nth(at("start", "line")).unwrap_or_default().encode_utf16().collect();
        let marked = &line[at("start", "character")..at("end", "character")];
        (found["code"].as_str().unwrap().to_owned(), String::from_utf16(marked).unwrap())
    };
    found.iter().map(of).collect()
}

fn pair(code: &str, text: &str) -> (String, String) {
    (code.to_owned(), text.to_owned())
}

#[test]
fn what_is_wrong_is_shown_while_somebody_types_and_goes_when_it_is_right() {
    let (_dir, mut editor) = project();
    editor.open("policies/policy.yaml", POLICY);
    let typed = POLICY.replace("name: Syncs", "name: Syncs\n  protekt: true");
    editor.change("policies/policy.yaml", &typed);
    let found = editor.published("policies/policy.yaml");
    assert_eq!(about(&found, &typed), [pair("schema/unknown-field", "protekt")]);
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("protect") && message.contains("enact explain schema/unknown-field"),
        "{message}"
    );
    let first = json!({"line": 4, "character": 5});
    let range = json!({"start": first, "end": {"line": 4, "character": 6}});
    editor
        .edit("policies/policy.yaml", json!([{"range": range, "text": "te"}, {"range": range, "text": ""}]));
    let found = editor.published("policies/policy.yaml");
    assert_eq!(
        about(&found, &typed.replace("protekt", "proeekt")),
        [pair("schema/unknown-field", "proeekt")]
    );
    editor.change("policies/policy.yaml", POLICY);
    assert_eq!(editor.published("policies/policy.yaml"), Vec::<Value>::new());
}

#[test]
fn a_change_in_one_file_is_a_mistake_in_another() {
    let (_dir, mut editor) = project();
    let gone = ROLE.replace("name: Ops 😀", "name: Ops 😀\n  ensure: absent");
    editor.open("policies/role.yaml", &gone);
    let found = editor.published("policies/policy.yaml");
    assert_eq!(about(&found, POLICY), [pair("reference/deleted", "Ops 😀")]);
    // A file that only the editor has yet counts, too.
    editor.change("policies/role.yaml", ROLE);
    assert_eq!(editor.published("policies/policy.yaml"), Vec::<Value>::new());
    editor.open("policies/new.yaml", ROLE);
    let found = editor.published("policies/role.yaml");
    assert_eq!(about(&found, ROLE), [pair("manifest/declared-twice", "Ops 😀")]);
    let document = json!({"textDocument": {"uri": editor.uri("policies/new.yaml")}});
    editor.tell("textDocument/didClose", document);
    assert_eq!(editor.published("policies/role.yaml"), Vec::<Value>::new());
}

#[test]
fn cedar_and_access_are_checked_at_their_places() {
    let (_dir, mut editor) = project();
    let cedar = "apiVersion: jitsudo/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - policy_text: |\n        permit (principal, action, resource)\n        whem { true };\n";
    editor.open("policies/cedar.yaml", cedar);
    let found = editor.published("policies/cedar.yaml");
    assert_eq!(about(&found, cedar)[0].0, "jitsudo/cedar", "{found:?}");
    assert_eq!(found[0]["range"]["start"]["line"], 7, "{found:?}");
    let cloud = "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  document:\n    version: \"2024-01-01\"\n    statements:\n      - {sid: Audit, effect: deny, actions: ['*'], resources: ['b/*']}\n      - {sid: Look, effect: allow, actions: ['s3:Get*'], resources: ['b/x']}\n";
    editor.change("policies/cedar.yaml", cloud);
    let found = editor.published("policies/cedar.yaml");
    assert_eq!(about(&found, cloud)[0].0, "access/never", "{found:?}");
    assert_eq!((&found[0]["severity"], &found[0]["range"]["start"]["line"]), (&json!(2), &json!(8)));
}

#[test]
fn a_broken_configuration_keeps_the_last_one_and_says_so() {
    let (_dir, mut editor) = project();
    editor.open("policies/policy.yaml", &POLICY.replace("name: Syncs", "nam: Syncs"));
    editor.published("policies/policy.yaml");
    editor.open("enact.yaml", &CONFIG.replace("kind: Config", "kind: Config\nlimitz: {}"));
    let found = editor.published("enact.yaml");
    let codes: Vec<_> = found.iter().map(|found| found["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["schema/unknown-field", "lsp/configuration"]);
    editor.change("policies/policy.yaml", POLICY);
    assert_eq!(editor.published("policies/policy.yaml"), Vec::<Value>::new());
    editor.change("enact.yaml", CONFIG);
    assert_eq!(editor.published("enact.yaml"), Vec::<Value>::new());
}

#[test]
fn a_name_leads_to_its_declaration_and_back() {
    let (_dir, mut editor) = project();
    editor.open("policies/policy.yaml", POLICY);
    editor.open("policies/role.yaml", &ROLE.replace("Role", "Rol"));
    editor.published("policies/role.yaml");
    editor.change("policies/role.yaml", ROLE);
    let declared = json!({
        "uri": editor.uri("policies/role.yaml"),
        "range": {"start": {"line": 3, "character": 8}, "end": {"line": 3, "character": 14}},
    });
    let named = json!({
        "uri": editor.uri("policies/policy.yaml"),
        "range": {"start": {"line": 6, "character": 29}, "end": {"line": 6, "character": 35}},
    });
    assert_eq!(editor.at("textDocument/definition", "policies/policy.yaml", (6, 31)), json!([declared]));
    let mut params = editor.place("policies/role.yaml", (3, 9));
    params["context"] = json!({"includeDeclaration": true});
    assert_eq!(editor.ask("textDocument/references", params), json!([declared, named]));
    let hover = editor.hover("policies/policy.yaml", (6, 31));
    assert!(hover.contains("declared at policies/role.yaml:4") && hover.contains("Roles by name"), "{hover}");
    let all = json!({"textDocument": {"uri": editor.uri("policies/policy.yaml")}});
    let symbols = editor.ask("textDocument/documentSymbol", all);
    assert_eq!((&symbols[0]["name"], &symbols[0]["detail"]), (&json!("Syncs"), &json!("Policy")));
    let found = editor.ask("workspace/symbol", json!({"query": "OPS"}));
    assert_eq!((found.as_array().unwrap().len(), &found[0]["name"]), (1, &json!("Ops 😀")));
}

#[test]
fn names_that_a_field_takes_are_completed() {
    let (_dir, mut editor) = project();
    let typed = POLICY.replace("[Ops 😀, Admin]", "[Admin, O");
    editor.open("policies/policy.yaml", &typed);
    editor.published("policies/policy.yaml");
    let items = editor.completion("policies/policy.yaml", (6, 37));
    let ops = items.iter().find(|item| item["label"] == "Ops 😀").unwrap();
    assert_eq!(ops["textEdit"]["newText"], "Ops 😀");
    assert_eq!(ops["textEdit"]["range"]["start"], json!({"line": 6, "character": 36}));
    assert!(ops["detail"].as_str().unwrap().contains("policies/role.yaml"), "{ops}");
    assert!(items.iter().any(|item| item["label"] == "Admin"), "{items:?}");
    editor.change("policies/policy.yaml", "apiVersion: polytomic/v1\nkind: \n");
    assert_eq!(editor.completions("policies/policy.yaml", (1, 6)), ["Policy", "Role"]);
}

/// Every kind of the built-in systems, with a field of its spec.
const KINDS: [(&str, &str, &str); 6] = [
    ("polytomic", "Role", "organization_id"),
    ("polytomic", "Policy", "policy_actions"),
    ("jitsudo", "Policy", "enabled"),
    ("compiuta", "Role", "actions"),
    ("compiuta", "Policy", "statements"),
    ("mycloud", "Policy", "document"),
];

#[test]
fn every_kind_is_completed_explained_and_checked() {
    let (_dir, mut editor) = project();
    for (index, (system, kind, field)) in KINDS.into_iter().enumerate() {
        let file = &format!("policies/{index}.yaml");
        editor.open(file, "kind: x\n");
        editor.published(file);
        let text = format!("apiVersion: {system}/v1\nkind: {kind}\nmetadata:\n  name: x\n  \nspec:\n  \n");
        editor.change(file, &text);
        let metadata = editor.completions(file, (4, 2));
        assert!(metadata.contains(&"protect".to_owned()), "{system} {kind}: {metadata:?}");
        let items = editor.completion(file, (6, 2));
        let item = items.iter().find(|item| item["label"] == field);
        let item = item.unwrap_or_else(|| panic!("{system} {kind}: {items:?}"));
        let about = item["documentation"].as_str().unwrap();
        assert!(!about.is_empty() && item["detail"].is_string(), "{item}");
        for item in &items {
            let inserted = item["textEdit"]["newText"].as_str().unwrap();
            let empty = ["null", "[]", "{}", ": \n"].iter().find(|empty| inserted.contains(**empty));
            assert_eq!(empty, None, "{system} {kind}: {inserted}");
        }
        // What is inserted is a field of the kind, and can be explained.
        let inserted = item["textEdit"]["newText"].as_str().unwrap();
        let text =
            format!("apiVersion: {system}/v1\nkind: {kind}\nmetadata:\n  name: x\nspec:\n  {inserted}\n");
        editor.change(file, &text);
        let hover = editor.hover(file, (5, 3));
        assert!(hover.contains(&format!("{kind} ({system}/v1): spec.{field}")), "{system} {kind}: {hover}");
        let hover = editor.hover(file, (3, 3));
        assert!(hover.contains("The name by which"), "{system} {kind}: {hover}");
        let wrong = text.replace("  name: x", "  name: x\n  protekt: true");
        editor.change(file, &wrong);
        let found = loop {
            let found = editor.published(file);
            if self::about(&found, &wrong).contains(&pair("schema/unknown-field", "protekt")) {
                break found;
            }
        };
        assert!(found.iter().all(|found| found["code"] != "schema/type"), "{system} {kind}: {found:?}");
    }
}

#[test]
fn an_editor_that_fills_in_gets_places_to_fill_in() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("policies")).unwrap();
    write(dir.path(), "enact.yaml", CONFIG);
    let mut editor = editor(
        dir.path(),
        json!({"textDocument": {"completion": {"completionItem": {"snippetSupport": true}}}}),
    );
    editor.open(
        "policies/x.yaml",
        "apiVersion: jitsudo/v1\nkind: Policy\nmetadata:\n  name: x\n  \nspec:\n  \n",
    );
    editor.published("policies/x.yaml");
    let inserted = |items: &[Value], label: &str| {
        items.iter().find(|item| item["label"] == label).unwrap()["textEdit"]["newText"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let items = editor.completion("policies/x.yaml", (4, 2));
    assert_eq!(inserted(&items, "ensure"), "ensure: ${1|present,absent|}");
    assert_eq!(inserted(&items, "protect"), "protect: ${1|true,false|}");
    let items = editor.completion("policies/x.yaml", (6, 2));
    assert_eq!(inserted(&items, "priority"), "priority: ${1:100}");
}

#[test]
fn enact_yaml_is_completed_with_the_settings_of_its_systems() {
    let (_dir, mut editor) = project();
    let head = "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n  - name: a\n";
    editor.open("enact.yaml", &format!("{head}    system: \n"));
    editor.published("enact.yaml");
    let systems = editor.completions("enact.yaml", (5, 12));
    assert!(systems.contains(&"jitsudo".to_owned()), "{systems:?}");
    editor.change(
        "enact.yaml",
        &format!("{head}    system: jitsudo\n    \n    auth:\n      \n    settings:\n      \n"),
    );
    let row = editor.completions("enact.yaml", (6, 4));
    assert!(row.contains(&"limits".to_owned()) && !row.contains(&"system".to_owned()), "{row:?}");
    let auth = editor.completions("enact.yaml", (8, 6));
    assert!(auth.contains(&"bearer".to_owned()), "{auth:?}");
    assert_eq!(editor.completions("enact.yaml", (10, 6)), ["tenant"]);
}

#[test]
fn a_text_is_put_into_the_form_of_fmt() {
    let (dir, mut editor) = project();
    let messy = "kind: Role   \napiVersion: polytomic/v1\nmetadata: {name: x} # why\nspec: {}\n\n\n";
    write(dir.path(), "policies/messy.yaml", messy);
    editor.open("policies/messy.yaml", messy);
    let params = json!({
        "textDocument": {"uri": editor.uri("policies/messy.yaml")},
        "options": {"tabSize": 2, "insertSpaces": true},
    });
    let edits = editor.ask("textDocument/formatting", params.clone());
    assert_eq!(run(dir.path(), enact(dir.path()).args(["fmt", "policies/messy.yaml"]), &[]).code, 0);
    let expected = std::fs::read_to_string(dir.path().join("policies/messy.yaml")).unwrap();
    assert_eq!((edits.as_array().unwrap().len(), &edits[0]["newText"]), (1, &json!(expected)));
    assert_eq!(edits[0]["range"]["end"], json!({"line": 6, "character": 0}));
    editor.change("policies/messy.yaml", &expected);
    assert_eq!(editor.ask("textDocument/formatting", params), json!([]));
}

#[test]
fn a_project_is_found_above_the_file_that_is_opened() {
    let (dir, _) = project();
    let above = TempDir::new_in(dir.path()).unwrap();
    let mut editor = start(above.path());
    editor.initialize(json!({}));
    let uri = format!("file://{}", dir.path().join("policies/role.yaml").display());
    let document =
        json!({"uri": uri, "languageId": "yaml", "version": 1, "text": ROLE.replace("name", "nam")});
    editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    let message = editor.until(|message| message["method"] == "textDocument/publishDiagnostics");
    assert_eq!(message["params"]["uri"], json!(uri));
}

#[test]
fn whatever_an_editor_sends_there_is_an_answer() {
    let (dir, _) = project();
    let mut editor = start(dir.path());
    let early = editor.at("textDocument/hover", "policies/role.yaml", (0, 0));
    assert_eq!(early["code"], -32002, "{early}");
    editor.initialize(json!({}));
    assert_eq!(editor.ask("initialize", json!({}))["code"], -32600);
    assert_eq!(editor.ask("enact/nothing", json!({}))["code"], -32601);
    assert_eq!(editor.ask("textDocument/hover", json!({"position": 7}))["code"], -32602);
    let nowhere = json!({"textDocument": {"uri": "not a uri"}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.ask("textDocument/hover", nowhere)["code"], -32602);
    for uri in ["file:///etc/passwd", "untitled:a", "https://example.com/a.yaml"] {
        let outside = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}});
        assert_eq!(editor.ask("textDocument/completion", outside), Value::Null, "{uri}");
    }
    editor.tell("enact/nothing", json!({}));
    editor.tell("textDocument/didOpen", json!({"textDocument": 7}));
    editor.tell("textDocument/didChange", json!({}));
    editor.change("policies/never-opened.yaml", "x");
    editor.write(r#"{"jsonrpc": "2.0", "id": 99, "result": null}"#);
    // A buffer that is too large, one that is too deep, and ranges that are in no text.
    for text in ["a: ".to_owned() + &"x".repeat(3 << 20), "[".repeat(100_000), "- ".repeat(50_000) + "a"] {
        editor.open("policies/role.yaml", &text);
        let end = (0, text.len());
        for method in ["textDocument/completion", "textDocument/hover", "textDocument/definition"] {
            let answer = editor.at(method, "policies/role.yaml", end);
            assert!(answer.get("code").is_none(), "{answer}");
        }
    }
    editor.change("policies/role.yaml", ROLE);
    let place = |line: u32, character: u32| json!({"line": line, "character": character});
    for (start, end) in [
        (place(u32::MAX, u32::MAX), place(0, 0)),
        (place(3, 13), place(3, 13)),
        (place(9, 0), place(2, 4_000_000)),
    ] {
        let range = json!({"start": start, "end": end});
        editor.edit("policies/role.yaml", json!([{"range": range, "text": "😀"}, {"text": ROLE}]));
    }
    assert_eq!(editor.at("textDocument/hover", "policies/role.yaml", (4_000_000, 4_000_000)), Value::Null);
    // A file that goes away.
    std::fs::remove_file(dir.path().join("policies/policy.yaml")).unwrap();
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": []}));
    editor.change("policies/role.yaml", &ROLE.replace("spec", "spek"));
    let is_found = |found: &[Value]| found.iter().any(|found| found["code"] == "schema/unknown-field");
    while !is_found(&editor.published("policies/role.yaml")) {}
    assert_eq!(editor.ask("shutdown", Value::Null), Value::Null);
    assert_eq!(editor.at("textDocument/hover", "policies/role.yaml", (0, 0))["code"], -32600);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.end().code(), Some(0));
}

#[test]
fn an_editor_that_goes_away_without_a_word_ends_the_server() {
    let (_dir, editor) = project();
    assert_eq!(editor.end().code(), Some(1));
    let (_dir, mut editor) = project();
    editor.write("no JSON");
    assert_eq!(editor.end().code(), Some(1));
}

#[test]
fn a_message_of_an_absurd_length_ends_the_server_and_takes_no_memory() {
    let (_dir, mut editor) = project();
    editor.write_raw("Content-Length: 18446744073709551615\r\n\r\n{}");
    assert_eq!(editor.end().code(), Some(1));
}

#[test]
fn each_editor_of_the_page_is_set_up_to_run_the_server() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/editor.md")).unwrap();
    let blocks: Vec<_> = page.split("```").skip(1).step_by(2).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let (language, text) = block.split_once('\n').unwrap();
        let quoted: Vec<_> = text.split('"').skip(1).step_by(2).collect();
        let at = |word: &str| quoted.iter().position(|quoted| *quoted == word);
        let command = at("enact").zip(at("lsp"));
        assert!(command.is_some_and(|(program, argument)| program < argument), "{text}");
        assert!(language != "json" || serde_json::from_str::<Value>(text).is_ok(), "{text}");
    }
}

/// An editor of this world, started with `--live`, that has read the project.
fn live_editor(world: &World) -> Client {
    let mut command = enact(world.dir.path());
    command.args(["lsp", "--live"]);
    let mut editor = Client::start(command, world.dir.path()).unwrap();
    editor.initialize(json!({}));
    editor.open("policies/wrong.yaml", &ROLE.replace("name", "nam"));
    editor.published("policies/wrong.yaml");
    editor
}

/// A target that holds a role and a policy, as git declares them.
fn live_world() -> World {
    let world = World::new("polytomic");
    world.write("policies/role.yaml", ROLE);
    world.write("policies/policy.yaml", POLICY);
    world.converge();
    world
}

#[test]
fn plan_reads_only_and_so_does_an_editor_that_shows_what_is_live() {
    let world = live_world();
    let id = "a1b2c3d4-0000-4000-8000-000000000009";
    let hostile = "](command:evil) ::error::x <b>";
    assert!(world.live.insert("roles", json!({"id": id, "name": hostile, "system": false})));
    world.drift("policies", "Syncs", "policy_actions", json!([{"action": "read", "role_ids": [id]}]));
    world.live.clear_requests();
    let mut editor = live_editor(&world);
    assert_eq!(world.live.requests().len(), 0, "nobody is asked before somebody hovers");
    // A field, an item of a list that is in it, the object's own name, and that of another one.
    let field = editor.hover("policies/policy.yaml", (5, 4));
    for said in ["live on live:", "- action: read", "](command:evil) ", "Policy (polytomic/v1): spec"] {
        assert!(field.contains(said), "{said}: {field}");
    }
    assert!(field.contains("\"kind\":\"plaintext\""), "{field}");
    assert!(editor.hover("policies/policy.yaml", (6, 9)).contains("](command:evil)"));
    let own = editor.hover("policies/policy.yaml", (3, 9));
    assert!(own.contains("live on live:") && own.contains("](command:evil)"), "{own}");
    let role = editor.hover("policies/policy.yaml", (6, 31));
    assert!(role.contains("live on live:") && role.contains("declared at policies/role.yaml:4"), "{role}");
    let missing = editor.hover("policies/wrong.yaml", (0, 3));
    assert!(!missing.contains("live on"), "{missing}");
    let seen = world.live.requests();
    assert!(seen.iter().all(|seen| seen.method == "GET"), "{seen:?}");
    let paths: BTreeSet<_> = seen.iter().map(|seen| &seen.path).collect();
    assert_eq!((seen.len(), paths.len()), (3, 3), "two lists and one policy, each once: {seen:?}");
}

#[test]
fn a_hover_says_that_its_target_fails_and_the_rest_goes_on() {
    let world = live_world();
    world.write("policies/new.yaml", &ROLE.replace("Ops 😀", "New"));
    world.live.inject(fault("GET", 403));
    let mut editor = live_editor(&world);
    let hover = editor.hover("policies/policy.yaml", (5, 4));
    assert!(hover.contains("live on live: ") && hover.contains("403"), "{hover}");
    assert!(hover.contains("Policy (polytomic/v1): spec"), "{hover}");
    editor.change("policies/wrong.yaml", ROLE);
    editor.published("policies/wrong.yaml");
}

#[test]
fn a_hover_says_that_an_object_is_not_live_and_a_url_that_is_not_saved_gets_no_credential() {
    let world = live_world();
    world.write("policies/new.yaml", &ROLE.replace("Ops 😀", "New"));
    world.live.clear_requests();
    let mut editor = live_editor(&world);
    let text = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    editor.open("enact.yaml", &text.replace("url: http://127.0.0.1", "url: http://127.0.0.2"));
    let hover = editor.hover("policies/new.yaml", (3, 9));
    assert!(hover.contains("live on live: there is no Role of this name"), "{hover}");
    let seen = world.live.requests();
    assert_eq!(seen.len(), 1, "{seen:?}");
}
