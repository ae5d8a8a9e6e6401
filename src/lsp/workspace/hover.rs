//! What an editor shows of a place: the same page as `enact explain`, and of a name the object that has it.

use std::fmt::Write as _;

use lsp_types::{Contents, Hover, MarkupContent, MarkupKind, Position};

use super::file::{File, Spot};
use super::known::{Workspace, header};
use super::names::{Declaration, Object};
use crate::schema::explain;
use crate::text::inert::Inert;
use crate::text::{inline, short};

/// More lines of an object are not shown.
const LINES: usize = 25;

impl Workspace {
    /// What there is to say about a position. It is plain text: what others wrote cannot look like a part of the editor.
    #[must_use]
    pub fn hover(&self, path: &str, at: Position) -> Option<Hover> {
        let file = self.file(path)?;
        let spot = file.spot(at)?;
        let object = self.object_text(path, file, &spot);
        let texts: Vec<_> = object.into_iter().chain(self.field_text(&spot)).collect();
        let value = Inert::text(texts.join("\n").trim_end()).to_string();
        let contents = Contents::from(MarkupContent { kind: MarkupKind::PlainText, value });
        (!texts.is_empty()).then(|| Hover { contents, range: Some(file.lines.range(spot.part.span())) })
    }

    /// The page of the field.
    fn field_text(&self, spot: &Spot<'_>) -> Option<String> {
        let (root, names) = self.schema_at(spot.document, &spot.path)?;
        let title = match header(spot.document) {
            (Some(version), Some(kind)) => format!("{} ({})", short(kind), short(version)),
            _ => "manifest".to_owned(),
        };
        explain::page(&title, root, &names).ok()
    }

    /// The objects that have the name, unless it is their own place.
    fn object_text(&self, path: &str, file: &File, spot: &Spot<'_>) -> Option<String> {
        let object = self.object(path, file, spot)?;
        let is_own = |found: &Declaration<'_>| std::ptr::eq(found.document, spot.document);
        let declared: Vec<_> = self.declared(&object).collect();
        match declared.iter().any(is_own) {
            true => None,
            false if declared.is_empty() => Some(undeclared(&object)),
            false => Some(declared.iter().map(shown).collect()),
        }
    }
}

fn undeclared(object: &Object<'_>) -> String {
    let Object { kind, name, .. } = object;
    match kind.built_in.contains(name) {
        true => format!("{} `{}` is of the system itself\n", kind.name, short(name)),
        false => {
            format!("{} `{}` is not declared in git; plan finds out if it is live\n", kind.name, short(name))
        }
    }
}

/// An object, where it is declared, and its text.
fn shown(found: &Declaration<'_>) -> String {
    let Declaration { path, file, document, kind, name, span, .. } = found;
    let mut text = format!("{} `{}`, declared at {}:{}\n\n", kind.name, short(name), inline(path), span.line);
    let first = document.root.span.line.saturating_sub(1);
    let lines = (first..file.lines.count()).map(|line| file.lines.line_text(line));
    let own: Vec<_> = lines.take_while(|line| !line.starts_with("---")).take(LINES + 1).collect();
    for line in own.iter().take(LINES) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {line}");
    }
    if own.len() > LINES {
        text.push_str("  ...\n");
    }
    text
}
