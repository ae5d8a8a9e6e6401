//! The other end of a language server: an editor that sends what a test says, over standard input and output.

#![cfg_attr(not(feature = "lsp"), allow(dead_code, reason = "only the tests of `enact lsp` use all of it"))]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

/// A language server with a folder.
pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    root: String,
    id: u64,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Client {
    /// Starts a server for a folder; `None` if there is no such program.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Option<Self> {
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().ok()?;
        let (input, output) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        Some(Self { server, input, output, root: format!("file://{}", folder.display()), id: 0 })
    }

    /// Begins as editors do.
    pub(crate) fn initialize(&mut self, capabilities: Value) -> Value {
        let params = json!({"processId": null, "rootUri": self.root, "capabilities": capabilities});
        let answer = self.ask("initialize", params);
        self.tell("initialized", json!({}));
        answer
    }

    pub(crate) fn uri(&self, file: &str) -> String {
        format!("{}/{file}", self.root)
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.write(&message.to_string());
    }

    /// Sends a text as one message, whatever it is.
    pub(crate) fn write(&mut self, text: &str) {
        self.write_raw(&format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }

    /// Sends a text as it is.
    pub(crate) fn write_raw(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({"method": method, "params": params}));
    }

    /// The answer to a request: its result, or its error.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(json!({"id": id, "method": method, "params": params}));
        let mut answer = self.until(|message| message["id"] == json!(id) && message.get("method").is_none());
        if answer.get("error").is_some() { answer["error"].take() } else { answer["result"].take() }
    }

    /// The first message that is wanted; what the server asks meanwhile is answered with nothing.
    pub(crate) fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.receive().unwrap_or_else(|| panic!("the server has ended"));
            if is_wanted(&message) {
                return message;
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                self.send(json!({"id": message["id"], "result": null}));
            }
        }
    }

    /// The next message; `None` at the end.
    fn receive(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        Some(serde_json::from_slice(&text).unwrap())
    }

    /// Opens a file with this text.
    pub(crate) fn open(&mut self, file: &str, text: &str) {
        let document = json!({"uri": self.uri(file), "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Replaces the text of an open file.
    pub(crate) fn change(&mut self, file: &str, text: &str) {
        self.edit(file, json!([{"text": text}]));
    }

    /// Edits an open file.
    pub(crate) fn edit(&mut self, file: &str, changes: Value) {
        let document = json!({"uri": self.uri(file), "version": 2});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// The next diagnostics of a file.
    pub(crate) fn published(&mut self, file: &str) -> Vec<Value> {
        let uri = self.uri(file);
        let message = self.until(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(uri)
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    pub(crate) fn at(&mut self, method: &str, file: &str, at: (usize, usize)) -> Value {
        let params = self.place(file, at);
        self.ask(method, params)
    }

    /// The parameters that name a place.
    pub(crate) fn place(&self, file: &str, (line, character): (usize, usize)) -> Value {
        json!({"textDocument": {"uri": self.uri(file)}, "position": {"line": line, "character": character}})
    }

    /// The items of a completion.
    pub(crate) fn completion(&mut self, file: &str, at: (usize, usize)) -> Vec<Value> {
        let found = self.at("textDocument/completion", file, at);
        found["items"].as_array().or_else(|| found.as_array()).cloned().unwrap_or_default()
    }

    pub(crate) fn completions(&mut self, file: &str, at: (usize, usize)) -> Vec<String> {
        let items = self.completion(file, at);
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn hover(&mut self, file: &str, at: (usize, usize)) -> String {
        self.at("textDocument/hover", file, at)["contents"].to_string()
    }

    /// Closes the server's input and waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        drop(self.input.take());
        while self.receive().is_some() {}
        self.server.wait().unwrap()
    }
}
