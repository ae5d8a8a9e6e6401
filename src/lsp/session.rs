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

use super::answer::{self, CAPABILITIES, answer};
use super::editor::Editor;
use super::project::{Home, Job, ProjectRead, SoundConfig};
use super::workspace::{Draft, HoverText, Lines, LiveQuestion, Snippets, problems};
use crate::config::file::FILE_NAME;
use crate::run::options::RunOptions;
use crate::text::inline;

/// The type of a message that the editor shows as a warning.
const WARNING: u8 = 2;

/// What a message leads to.
pub(super) enum Turn {
    /// Nothing more.
    Answered,
    /// The project has to be read again.
    Changed,
    /// A live value is asked for.
    Asks(Box<LiveHover>),
    /// The session is over; whether the editor asked for that as the protocol wants.
    Ended {
        /// It did.
        asked: bool,
    },
}

/// A hover that is to have a live value.
pub(super) struct LiveHover {
    id: RequestId,
    /// The project.
    pub(super) home: Home,
    /// What it says without.
    pub(super) text: HoverText,
    pub(super) question: LiveQuestion,
}

/// Whether targets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveValues {
    /// Hovers show what they hold.
    Shown,
    /// Nobody is asked.
    LeftOut,
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
    live: LiveValues,
    /// The folder that the editor has open.
    root: PathBuf,
    editor: Editor,
    /// Whether the editor can be asked to say which files change.
    watches: bool,
    last: Option<SoundConfig>,
    /// By URI: if a file is opened by another one, they go from here to there.
    shown: BTreeMap<String, (Uri, Vec<Diagnostic>)>,
    /// Whether it was said that there is no project.
    is_told: bool,
}

impl Session {
    pub(super) fn new(config: Option<PathBuf>, live: LiveValues, send: Send) -> Self {
        Self {
            send,
            phase: Phase::New,
            config,
            live,
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
                if let Some((text, question)) = self.live_question(&method, &params)
                    && let Some(home) = self.editor.home.clone()
                {
                    return Turn::Asks(Box::new(LiveHover { id, home, text, question }));
                }
                let answer = answer(&self.editor, &method, params);
                self.reply(id, answer);
            }
        }
        Turn::Answered
    }

    fn live_question(&self, method: &str, params: &Value) -> Option<(HoverText, LiveQuestion)> {
        let is_hover = self.live == LiveValues::Shown && method == "textDocument/hover";
        is_hover.then(|| answer::live(&self.editor, params)).flatten()
    }

    /// Answers a hover for which live values were asked.
    pub(super) fn show_hover(&self, LiveHover { id, text, .. }: LiveHover) {
        self.reply(id, Ok(serde_json::to_value(text.hover()).unwrap_or_default()));
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
        let Some(mut draft) = self.editor.text(&uri).map(Lines::draft) else { return Turn::Answered };
        for change in params.content_changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    draft.edit(part.range, &part.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    draft = Draft::of(whole.text);
                }
            }
        }
        self.editor.hold(uri, draft.done());
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
            let message = no_project(self.config.as_deref());
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
        let found = problems(&diagnostics, &texts, &home.name);
        for (path, text) in self.editor.unsaved() {
            // It may have been edited since.
            if texts.get(&path).is_none_or(|then| *then != text) {
                workspace.edit(&path, text);
            }
        }
        (self.editor.workspace, self.last) = (Some(workspace), last);
        let at_uri = |(path, diagnostics): (String, Vec<Diagnostic>)| {
            let uri = self.editor.uri(&path)?;
            Some((uri.as_str().to_owned(), (uri, diagnostics)))
        };
        let shown: BTreeMap<_, _> = found.into_iter().filter_map(at_uri).collect();
        let gone = self.shown.iter().filter(|(uri, _)| !shown.contains_key(*uri));
        for (_, (uri, _)) in gone {
            self.publish(uri, Vec::new());
        }
        for (_, (uri, diagnostics)) in shown.iter().filter(|(uri, new)| self.shown.get(*uri) != Some(*new)) {
            self.publish(uri, diagnostics.clone());
        }
        self.shown = shown;
    }

    fn publish(&self, uri: &Uri, diagnostics: Vec<Diagnostic>) {
        let params = PublishDiagnosticsParams { uri: uri.clone(), version: None, diagnostics };
        self.tell("textDocument/publishDiagnostics", &params);
    }

    fn tell(&self, method: &str, params: &impl Serialize) {
        let params = serde_json::to_value(params).unwrap_or_default();
        (self.send)(Notification { method: method.to_owned(), params }.into());
    }
}

/// What to do where there is no project.
fn no_project(config: Option<&Path>) -> String {
    match config {
        Some(file) => {
            let file = file.display().to_string();
            format!("enact: there is no file `{}`: make it, or name another one with `--config`", inline(&file))
        }
        None => "enact: there is no enact.yaml here or above: `enact init` makes one, and `--config FILE` names another"
            .to_owned(),
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
