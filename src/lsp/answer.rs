//! The requests of an editor, and what is answered. A new one is a row here and a capability.

use std::sync::LazyLock;

use lsp_server::ErrorCode;
use lsp_types::{
    CompletionParams, DefinitionParams, DocumentFormattingParams, DocumentSymbolParams, HoverParams,
    Location, ReferenceParams, TextDocumentPositionParams, TextEdit, Uri, WorkspaceSymbolParams,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::editor::{Asked, Editor};
use super::workspace::{self, HoverText, LiveQuestion};
use crate::manifest::yaml::format::formatted;

/// What the server can do.
pub(super) static CAPABILITIES: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": true, "change": 2, "save": true},
            "completionProvider": {"triggerCharacters": [" ", ":"]},
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "documentSymbolProvider": true,
            "workspaceSymbolProvider": true,
            "documentFormattingProvider": true,
        },
        "serverInfo": {"name": "enact", "version": env!("CARGO_PKG_VERSION")},
    })
});

type Answer = Result<Value, (ErrorCode, String)>;

/// Answers a request. About a file that is not in the project there is nothing to say, which is no error.
pub(super) fn answer(editor: &Editor, method: &str, params: Value) -> Answer {
    match method {
        "textDocument/completion" => {
            let params: CompletionParams = parsed(params)?;
            at(editor, &params.text_document_position_params, |asked, at| {
                let items = asked.workspace.completion(&asked.path, at, asked.snippets);
                json!({"isIncomplete": false, "items": value(&items)})
            })
        }
        "textDocument/hover" => {
            let params: HoverParams = parsed(params)?;
            at(editor, &params.text_document_position_params, |asked, at| {
                value(&asked.workspace.hover(&asked.path, at).and_then(|text| text.hover()))
            })
        }
        "textDocument/definition" => {
            let params: DefinitionParams = parsed(params)?;
            at(editor, &params.text_document_position_params, |asked, at| {
                locations(editor, asked.workspace.definition(&asked.path, at))
            })
        }
        "textDocument/references" => {
            let params: ReferenceParams = parsed(params)?;
            let with_declaration = params.context.include_declaration;
            at(editor, &params.text_document_position_params, |asked, at| {
                locations(editor, asked.workspace.references(&asked.path, at, with_declaration))
            })
        }
        "textDocument/documentSymbol" => {
            let params: DocumentSymbolParams = parsed(params)?;
            about(editor, &params.text_document.uri, |asked| {
                value(&asked.workspace.document_symbols(&asked.path))
            })
        }
        "workspace/symbol" => {
            let params: WorkspaceSymbolParams = parsed(params)?;
            Ok(symbols(editor, &params.query))
        }
        "textDocument/formatting" => {
            let params: DocumentFormattingParams = parsed(params)?;
            Ok(format(editor, &params.text_document.uri))
        }
        _ => Err((ErrorCode::MethodNotFound, format!("there is no method `{}`", crate::text::short(method)))),
    }
}

/// What a hover says by itself, and the live value that belongs to it, if there is one to be asked for.
pub(super) fn live(editor: &Editor, params: &Value) -> Option<(HoverText, LiveQuestion)> {
    let HoverParams { text_document_position_params: place, .. } = parsed(params.clone()).ok()?;
    let asked = editor.asked(&place.text_document.uri)?;
    let question = asked.workspace.live_question(&asked.path, place.position)?;
    Some((asked.workspace.hover(&asked.path, place.position)?, question))
}

fn parsed<T: DeserializeOwned>(params: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn about(editor: &Editor, uri: &Uri, say: impl FnOnce(Asked<'_>) -> Value) -> Answer {
    Ok(editor.asked(uri).map_or(Value::Null, say))
}

fn at(
    editor: &Editor,
    place: &TextDocumentPositionParams,
    say: impl FnOnce(Asked<'_>, lsp_types::Position) -> Value,
) -> Answer {
    about(editor, &place.text_document.uri, |asked| say(asked, place.position))
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn location(editor: &Editor, (path, range): workspace::Location) -> Option<Location> {
    Some(Location { uri: editor.uri(&path)?, range })
}

fn locations(editor: &Editor, found: Vec<workspace::Location>) -> Value {
    value(&found.into_iter().filter_map(|found| location(editor, found)).collect::<Vec<_>>())
}

fn symbols(editor: &Editor, query: &str) -> Value {
    let found = editor.workspace.as_ref().map(|workspace| workspace.symbols(query)).unwrap_or_default();
    let symbol = |found: workspace::Symbol| {
        let location = location(editor, found.location)?;
        Some(json!({"name": found.name, "kind": OBJECT, "containerName": found.kind, "location": location}))
    };
    found.into_iter().filter_map(symbol).collect()
}

/// `SymbolKind.Object`.
const OBJECT: u32 = 19;

/// The edit that `enact fmt` would make; nothing for a text with a mistake, which its diagnostics name.
fn format(editor: &Editor, uri: &Uri) -> Value {
    let Some(lines) = editor.text(uri) else { return Value::Null };
    let path = editor.path(uri).unwrap_or_default();
    let Some(new_text) = formatted(lines.text(), &path, &mut Vec::new()) else { return Value::Null };
    let edit = TextEdit { range: lines.whole(), new_text };
    value(&if *edit.new_text == **lines.text() { Vec::new() } else { vec![edit] })
}
