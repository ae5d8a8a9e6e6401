//! The conversation with an editor: how far it is, what each message leads to, and what the editor was shown last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    PublishDiagnosticsParams, TextDocumentContentChangeEvent, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::{CAPABILITIES, answer};
use super::editor::Editor;
use super::project::{Home, Job, ProjectRead, SoundConfig};
use super::workspace::{Lines, Snippets, problems};
use crate::config::file::FILE_NAME;
use crate::run::options::RunOptions;

/// The type of a message that the editor shows as a warning.
const WARNING: u8 = 2;

/// What a message leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing more.
    Answered,
    /// The project has to be read again.
    Changed,
    /// The session is over; whether the editor asked for that as the protocol wants.
    Ended {
        /// It did.
        asked: bool,
    },
}

/// How far the protocol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    ShutDown,
}

/// Sends a message; false if nobody reads it.
type Send = Box<dyn Fn(Message) -> bool + std::marker::Send>;

pub(super) struct Session {
    send: Send,
    phase: Phase,
    /// The configuration file that the user named.
    config: Option<PathBuf>,
    /// The folder that the editor has open.
    root: PathBuf,
    editor: Editor,
    /// Whether the editor can be asked to say which files change.
    watches: bool,
    last: Option<SoundConfig>,
    shown: BTreeMap<String, Vec<Diagnostic>>,
    /// Whether it was said that there is no project.
    is_told: bool,
}

impl Session {
    pub(super) fn new(config: Option<PathBuf>, send: Send) -> Self {
        Self {
            send,
            phase: Phase::New,
            config,
            root: PathBuf::new(),
            editor: Editor::default(),
            watches: false,
            last: None,
            shown: BTreeMap::new(),
            is_told: false,
        }
    }

    pub(super) fn take(&mut self, message: Message) -> Turn {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(notification) => self.notification(notification),
            Message::Response(_) => Turn::Answered,
        }
    }

    fn request(&mut self, Request { id, method, params }: Request) -> Turn {
        match (self.phase, method.as_str()) {
            (Phase::New, "initialize") => {
                self.initialize(&params);
                self.reply(id, Ok(CAPABILITIES.clone()));
            }
            (Phase::New, _) => {
                self.fail(id, ErrorCode::ServerNotInitialized, "the first request has to be `initialize`");
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                self.reply(id, Ok(Value::Null));
            }
            (Phase::Running, "initialize") => {
                self.fail(id, ErrorCode::InvalidRequest, "there was an `initialize` already");
            }
            (Phase::ShutDown, _) => {
                self.fail(id, ErrorCode::InvalidRequest, "after `shutdown` only `exit` is left");
            }
            (Phase::Running, _) => {
                let answer = answer(&self.editor, &method, params);
                self.reply(id, answer);
            }
        }
        Turn::Answered
    }

    fn reply(&self, id: RequestId, answer: Result<Value, (ErrorCode, String)>) {
        match answer {
            Ok(result) => drop((self.send)(Response::new_ok(id, result).into())),
            Err((code, why)) => self.fail(id, code, &why),
        }
    }

    fn fail(&self, id: RequestId, code: ErrorCode, why: &str) {
        (self.send)(Response::new_err(id, code as i32, why.to_owned()).into());
    }

    fn notification(&mut self, Notification { method, params }: Notification) -> Turn {
        match (self.phase, method.as_str()) {
            (phase, "exit") => Turn::Ended { asked: phase == Phase::ShutDown },
            (Phase::Running, "initialized") => {
                self.watch();
                Turn::Changed
            }
            (Phase::Running, "textDocument/didOpen") => {
                parsed(params).map_or(Turn::Answered, |params| self.open(params))
            }
            (Phase::Running, "textDocument/didChange") => {
                parsed(params).map_or(Turn::Answered, |params| self.change(params))
            }
            (Phase::Running, "textDocument/didClose") => {
                parsed(params).map_or(Turn::Answered, |params| self.close(&params))
            }
            (Phase::Running, "textDocument/didSave" | "workspace/didChangeWatchedFiles") => Turn::Changed,
            _ => Turn::Answered,
        }
    }

    fn initialize(&mut self, params: &Value) {
        self.phase = Phase::Running;
        let is_true = |pointer: &str| params.pointer(pointer) == Some(&json!(true));
        if is_true("/capabilities/textDocument/completion/completionItem/snippetSupport") {
            self.editor.snippets = Snippets::Yes;
        }
        self.watches = is_true("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration");
        let root = ["/workspaceFolders/0/uri", "/rootUri"];
        let root =
            root.into_iter().find_map(|pointer| params.pointer(pointer)?.as_str()?.parse::<Uri>().ok());
        let root = root.and_then(|uri| uri.to_file_path().ok());
        self.root = root.or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    }

    /// The project: the one that the user named, or that is open, or the nearest above a file that is open.
    fn home(&self) -> Option<Home> {
        if let Some(config) = &self.config {
            return home(&std::path::absolute(config).ok()?);
        }
        let above = |file: PathBuf| file.ancestors().skip(1).find_map(|folder| home(&folder.join(FILE_NAME)));
        let files = || self.editor.uris().filter_map(|uri| uri.to_file_path().ok());
        home(&self.root.join(FILE_NAME)).or_else(|| files().find_map(above))
    }

    /// Asks the editor to say when files change that it does not hold.
    fn watch(&self) {
        if !self.watches {
            return;
        }
        let watchers: Vec<_> = ["**/*.yaml", "**/*.yml", "**/*.cedarschema"]
            .iter()
            .map(|glob| json!({"globPattern": glob}))
            .collect();
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": {"watchers": watchers},
        });
        let params = json!({"registrations": [registration]});
        let id = RequestId::from("files".to_owned());
        (self.send)(Request::new(id, "client/registerCapability".to_owned(), params).into());
    }

    fn open(&mut self, params: DidOpenTextDocumentParams) -> Turn {
        let document = params.text_document;
        self.editor.hold(document.uri, Lines::of(document.text.into()));
        Turn::Changed
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) -> Turn {
        let uri = params.text_document.text_document_identifier.uri;
        let Some(mut lines) = self.editor.text(&uri).cloned() else { return Turn::Answered };
        for change in params.content_changes {
            let text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    lines.edited(part.range, &part.text)
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
            };
            lines = Lines::of(text.into());
        }
        self.editor.hold(uri, lines);
        Turn::Changed
    }

    fn close(&mut self, params: &DidCloseTextDocumentParams) -> Turn {
        self.editor.close(&params.text_document.uri);
        Turn::Changed
    }

    /// What is to be read now; nothing without a project, which is said once.
    pub(super) fn job(&mut self, options: RunOptions) -> Option<Job> {
        // It may have been made since.
        self.editor.home = self.editor.home.take().or_else(|| self.home());
        if self.editor.home.is_none() && !self.is_told {
            self.is_told = true;
            let message = "enact: there is no enact.yaml here or above: `enact init` makes one, and `--config FILE` names another";
            self.tell("window/showMessage", &json!({"type": WARNING, "message": message}));
        }
        let unsaved = self.editor.unsaved();
        let known =
            self.editor.workspace.as_ref().map(|workspace| workspace.files().clone()).unwrap_or_default();
        Some(Job { home: self.editor.home.clone()?, unsaved, last: self.last.clone(), known, options })
    }

    /// Shows what was read: diagnostics that are new, and that others are gone.
    pub(super) fn show(&mut self, read: ProjectRead) {
        let ProjectRead { home, mut workspace, diagnostics, texts, last } = read;
        let mut found = problems(&diagnostics, &texts, &home.name);
        for (path, text) in self.editor.unsaved() {
            // It may have been edited since.
            if texts.get(&path).is_none_or(|then| *then != text) {
                workspace.edit(&path, text);
            }
        }
        (self.editor.workspace, self.last) = (Some(workspace), last);
        for path in self.shown.keys().filter(|path| !found.contains_key(*path)).cloned().collect::<Vec<_>>() {
            found.insert(path, Vec::new());
        }
        for (path, diagnostics) in &found {
            if self.shown.get(path) == Some(diagnostics) {
                continue;
            }
            if let Some(uri) = self.editor.uri(path) {
                let params =
                    PublishDiagnosticsParams { uri, version: None, diagnostics: diagnostics.clone() };
                self.tell("textDocument/publishDiagnostics", &params);
            }
        }
        found.retain(|_, diagnostics| !diagnostics.is_empty());
        self.shown = found;
    }

    fn tell(&self, method: &str, params: &impl Serialize) {
        let params = serde_json::to_value(params).unwrap_or_default();
        (self.send)(Notification { method: method.to_owned(), params }.into());
    }
}

/// The project of a configuration file, if that is there.
fn home(file: &Path) -> Option<Home> {
    let name = file.file_name()?.to_str()?.to_owned();
    file.is_file().then(|| Home { folder: file.parent().unwrap_or(file).to_owned(), name })
}

/// What a message says, if it is as the protocol has it.
fn parsed<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}
