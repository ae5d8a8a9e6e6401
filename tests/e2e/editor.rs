//! What an editor makes of the schemas: the real yaml-language-server, over its standard input and output. It is a package
//! of npm, found on the path or by `ENACT_YAML_LANGUAGE_SERVER`; without it these tests are skipped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A language server with a folder.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    dir: TempDir,
    id: u64,
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Editor {
    /// A server in a folder with the schemas of this repository; none if there is no server.
    fn open() -> Option<Self> {
        let program = std::env::var_os("ENACT_YAML_LANGUAGE_SERVER");
        let program = program.unwrap_or_else(|| "yaml-language-server".into());
        let mut command = Command::new(program);
        command.arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut server) = command.spawn() else {
            println!(
                "skipped: there is no yaml-language-server (`npm install --global yaml-language-server`)"
            );
            return None;
        };
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("schema")).unwrap();
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
        for file in std::fs::read_dir(schemas).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), dir.path().join("schema").join(file.file_name())).unwrap();
        }
        let (input, output) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let mut editor = Self { server, input, output, dir, id: 0 };
        let root = editor.uri("");
        let capabilities = json!({"textDocument": {"hover": {"contentFormat": ["markdown"]}}});
        editor.ask("initialize", json!({"processId": null, "rootUri": root, "capabilities": capabilities}));
        editor.tell("initialized", json!({}));
        let yaml =
            json!({"validate": true, "hover": true, "completion": true, "schemaStore": {"enable": false}});
        editor.tell("workspace/didChangeConfiguration", json!({"settings": {"yaml": yaml}}));
        Some(editor)
    }

    fn uri(&self, file: &str) -> String {
        format!("file://{}", self.dir.path().join(file).display())
    }

    fn send(&mut self, message: &Value) {
        let text = json!({"jsonrpc": "2.0"}).as_object().unwrap().clone();
        let all: serde_json::Map<_, _> =
            text.into_iter().chain(message.as_object().unwrap().clone()).collect();
        let text = Value::Object(all).to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({"id": id, "method": method, "params": params}));
        self.until(|message| message["id"] == json!(id) && message.get("method").is_none())["result"].take()
    }

    /// The first message that is wanted; what the server asks meanwhile is answered with nothing.
    fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.receive();
            if is_wanted(&message) {
                return message;
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                self.send(&json!({"id": message["id"], "result": null}));
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server has ended");
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// What the server has against a file.
    fn diagnostics(&mut self, file: &str, text: &str) -> Vec<String> {
        let uri = self.uri(file);
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        let published = self.until(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(uri)
        });
        let found = published["params"]["diagnostics"].as_array().unwrap().iter();
        found.map(|found| found["message"].as_str().unwrap().to_owned()).collect()
    }

    fn at(&mut self, method: &str, file: &str, (line, character): (usize, usize)) -> Value {
        let document = json!({"uri": self.uri(file)});
        let position = json!({"line": line, "character": character});
        self.ask(method, json!({"textDocument": document, "position": position}))
    }

    fn completions(&mut self, file: &str, at: (usize, usize)) -> Vec<String> {
        let found = self.at("textDocument/completion", file, at);
        let items = found["items"].as_array().or_else(|| found.as_array()).cloned().unwrap_or_default();
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    fn hover(&mut self, file: &str, at: (usize, usize)) -> String {
        self.at("textDocument/hover", file, at)["contents"].to_string()
    }
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
    let Some(mut editor) = Editor::open() else { return };
    let registry = enact::system::registry::Registry::built_in();
    let kinds: Vec<_> = enact::catalog::kinds(&registry).map(|(system, kind, _)| (system, kind)).collect();
    let tried: Vec<_> = KINDS.iter().map(|(system, kind, _)| (*system, *kind)).collect();
    assert!(kinds.iter().all(|kind| tried.contains(kind)), "{kinds:?}");
    for (index, (system, kind, field)) in KINDS.iter().enumerate() {
        let head = format!("{MODELINE}apiVersion: {system}/v1\nkind: {kind}\nmetadata:\n  name: x\n");
        let file = format!("{index}.yaml");
        let text = format!("{head}  \nspec:\n  \n");
        editor.diagnostics(&file, &text);
        let metadata = editor.completions(&file, (5, 2));
        assert!(metadata.contains(&"protect".to_owned()), "{system} {kind}: {metadata:?}");
        let spec = editor.completions(&file, (7, 2));
        assert!(field.is_empty() || spec.contains(&(*field).to_owned()), "{system} {kind}: {spec:?}");
        let hover = editor.hover(&file, (3, 2));
        assert!(hover.contains("enact"), "{system} {kind}: {hover}");
        let wrong =
            editor.diagnostics(&format!("wrong-{file}"), &format!("{head}  protekt: true\nspec: {{}}\n"));
        assert!(wrong.iter().any(|found| found.contains("protekt")), "{system} {kind}: {wrong:?}");
    }
    let kinds =
        editor.diagnostics("kind.yaml", &format!("{MODELINE}apiVersion: polytomic/v1\nkind: Polisy\n"));
    assert!(!kinds.is_empty());
}

#[test]
fn an_editor_finds_nothing_wrong_in_the_examples_and_in_a_file_with_several_kinds() {
    let Some(mut editor) = Editor::open() else { return };
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
    assert_eq!(editor.diagnostics("all.yaml", &all), Vec::<String>::new(), "{all}");
}

#[test]
fn an_editor_completes_enact_yaml() {
    let Some(mut editor) = Editor::open() else { return };
    let head = "# yaml-language-server: $schema=schema/config.schema.json\napiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n";
    let text = format!(
        "{head}  - name: a\n    url: https://a.example\n    \n    auth:\n      \n    limits:\n      \n"
    );
    editor.diagnostics("enact.yaml", &text);
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
    editor.diagnostics("system.yaml", &text);
    let systems = editor.completions("system.yaml", (7, 12));
    assert!(systems.contains(&"jitsudo".to_owned()), "{systems:?}");
}
