//! What an editor shows of a place: the same page as `enact explain`, and of a name the object that has it.

use std::fmt::Write as _;

use lsp_types::{Contents, Hover, MarkupContent, MarkupKind, Position, Range};

use super::file::{File, Spot};
use super::known::{Workspace, header};
use super::names::{Declaration, Object};
use crate::schema::explain;
use crate::text::inert::Inert;
use crate::text::{inline, short, shorten};
use crate::words::count;

/// More lines of an object are not shown.
const LINES: usize = 25;

/// More characters of a line are not shown.
const WIDTH: usize = 200;

/// More objects of one name are not shown.
const OBJECTS: usize = 5;

/// What is shown of a place, one paragraph after the other.
#[derive(Clone, Debug)]
pub struct HoverText {
    /// The paragraphs.
    pub texts: Vec<String>,
    range: Range,
}

impl HoverText {
    /// As the protocol has it; nothing if there is nothing to say. It is plain text: what others wrote cannot look like a
    /// part of the editor.
    #[must_use]
    pub fn hover(&self) -> Option<Hover> {
        let value = Inert::text(self.texts.join("\n").trim_end()).to_string();
        let contents = Contents::from(MarkupContent { kind: MarkupKind::PlainText, value });
        (!self.texts.is_empty()).then_some(Hover { contents, range: Some(self.range) })
    }
}

impl Workspace {
    /// What there is to say about a position by itself; nobody is asked.
    #[must_use]
    pub fn hover(&self, path: &str, at: Position) -> Option<HoverText> {
        let file = self.file(path)?;
        let spot = file.spot(at)?;
        let object = self.object_text(path, file, &spot);
        let texts = object.into_iter().chain(self.field_text(&spot)).collect();
        Some(HoverText { texts, range: file.lines.range(spot.part.span()) })
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
            false => Some(all_shown(&declared)),
        }
    }
}

fn all_shown(declared: &[Declaration<'_>]) -> String {
    let mut text: String = declared.iter().take(OBJECTS).map(shown).collect();
    if let Some(more @ 1..) = declared.len().checked_sub(OBJECTS) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "... and {} of that name", count(more, "more object"));
    }
    text
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
    let own = lines.take_while(|line| !line.starts_with("---"));
    text.push_str(&cut(own));
    text
}

/// The first lines of a text, with an indent, none of them too long.
pub(super) fn cut<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let shown = |(at, line)| match at < LINES {
        true => format!("  {}\n", shorten(line, WIDTH)),
        false => "  ...\n".to_owned(),
    };
    lines.into_iter().take(LINES + 1).enumerate().map(shown).collect()
}
