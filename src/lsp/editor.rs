//! What an editor holds: its texts, and what is known of the project that they belong to. One file may be held several times,
//! if its URI is spelt in several ways: the text that changed last counts.

use std::path::Path;

use lsp_types::Uri;

use super::project::Home;
use super::workspace::{Lines, Snippets, Workspace};
use crate::manifest::Files;

/// A text that the editor holds.
struct Buffer {
    uri: Uri,
    lines: Lines,
}

impl Buffer {
    fn is(&self, uri: &Uri) -> bool {
        self.uri.as_str() == uri.as_str()
    }
}

#[derive(Default)]
pub(super) struct Editor {
    pub(super) home: Option<Home>,
    pub(super) snippets: Snippets,
    /// Each once, by its URI as the editor writes it; the one that changed last at the end.
    buffers: Vec<Buffer>,
    pub(super) workspace: Option<Workspace>,
}

/// What is asked about a file of a project.
pub(super) struct Asked<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) path: String,
    pub(super) snippets: Snippets,
}

impl Editor {
    /// Takes a text in place of the one before.
    pub(super) fn hold(&mut self, uri: Uri, lines: Lines) {
        if let (Some(path), Some(workspace)) = (self.path(&uri), &mut self.workspace) {
            workspace.edit(&path, lines.text().clone());
        }
        self.buffers.retain(|buffer| !buffer.is(&uri));
        self.buffers.push(Buffer { uri, lines });
    }

    /// Forgets a text. A file of the project is read again, unless the editor holds it still.
    pub(super) fn close(&mut self, uri: &Uri) {
        self.buffers.retain(|buffer| !buffer.is(uri));
        let Some(path) = self.path(uri) else { return };
        let held = self.held(&path).map(|buffer| buffer.lines.text().clone());
        match (&mut self.workspace, held) {
            (Some(workspace), Some(text)) => workspace.edit(&path, text),
            (Some(workspace), None) => workspace.forget(&path),
            (None, _) => {}
        }
    }

    /// The text of a file of the project.
    fn held(&self, path: &str) -> Option<&Buffer> {
        self.buffers.iter().rev().find(|buffer| self.path(&buffer.uri).as_deref() == Some(path))
    }

    /// The path of a file of the project.
    pub(super) fn path(&self, uri: &Uri) -> Option<String> {
        let folder = &self.home.as_ref()?.folder;
        let file = uri.to_file_path().ok()?;
        let resolved =
            || Some(file.canonicalize().ok()?.strip_prefix(folder.canonicalize().ok()?).ok()?.to_owned());
        let below = file.strip_prefix(folder).map(Path::to_owned).ok().or_else(resolved)?;
        let parts = below.components().map(|part| part.as_os_str().to_str());
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    }

    /// The URI of a file of the project, as the editor writes it if it holds the file.
    pub(super) fn uri(&self, path: &str) -> Option<Uri> {
        let held = self.held(path).map(|buffer| buffer.uri.clone());
        held.or_else(|| Uri::from_file_path(self.home.as_ref()?.folder.join(path)).ok())
    }

    /// The URIs of all texts that it holds.
    pub(super) fn uris(&self) -> impl Iterator<Item = &Uri> {
        self.buffers.iter().map(|buffer| &buffer.uri)
    }

    /// The text of a buffer.
    pub(super) fn text(&self, uri: &Uri) -> Option<&Lines> {
        self.buffers.iter().find(|buffer| buffer.is(uri)).map(|buffer| &buffer.lines)
    }

    /// What is known of the project and of one of its files.
    pub(super) fn asked(&self, uri: &Uri) -> Option<Asked<'_>> {
        Some(Asked { workspace: self.workspace.as_ref()?, path: self.path(uri)?, snippets: self.snippets })
    }

    /// The texts that it holds of files of the project.
    pub(super) fn unsaved(&self) -> Files {
        let held = self.buffers.iter();
        held.filter_map(|buffer| Some((self.path(&buffer.uri)?, buffer.lines.text().clone()))).collect()
    }
}
