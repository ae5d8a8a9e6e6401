//! The Cedar schema of a target, from the file that it names. Not here: what is checked against it, in `system`.

use std::path::Path;

use crate::cedar::{CedarError, Schema};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::file;
use crate::manifest::Files;
use crate::manifest::yaml::Part;
use crate::system::Registered;

/// A large one has some hundred kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Where schemas are.
pub(super) struct Schemas<'a> {
    pub(super) folder: &'a Path,
    /// Receives their texts; `None` if none may be read, because the configuration is not trusted.
    pub(super) files: Option<&'a mut Files>,
    /// What an editor holds and has not written, by path relative to the folder.
    pub(super) unsaved: &'a Files,
}

impl Schemas<'_> {
    /// The schema that a target names.
    pub(super) fn read(
        &mut self,
        path: &Path,
        registered: &Registered,
        row: &Part<'_>,
    ) -> Result<Option<Schema>, Diagnostic> {
        let wrong = |why: String, help: &str| {
            Diagnostic::new(Code::ConfigCedarSchema, why).at(row.place("/cedar_schema")).help(help)
        };
        if !registered.holds_cedar {
            let why = format!("the objects of a {} target hold no Cedar", registered.name);
            return Err(wrong(why, "remove `cedar_schema`"));
        }
        let Some(files) = &mut self.files else { return Ok(None) };
        let name = path.display().to_string();
        let text = match self.unsaved.get(&name) {
            Some(text) => Ok(text.to_string()),
            None => file::read_text(&self.folder.join(path), MAX_BYTES),
        };
        let text = text.map_err(|why| {
            let why = format!("the Cedar schema `{name}` cannot be read: {why}");
            wrong(why, "name a file that exists, relative to enact.yaml")
        })?;
        let schema = Schema::parse(&text).map_err(|CedarError { message, offset }| {
            let why = format!("this is not a valid Cedar schema: {message}");
            let diagnostic = Diagnostic::new(Code::ConfigCedarSchema, why).at(place(&name, &text, offset));
            diagnostic.help("correct it; Cedar's documentation describes the format of schemas")
        });
        files.insert(name.clone(), text.as_str().into());
        schema.map(Some)
    }
}

/// The place of a byte of a text.
fn place(file: &str, text: &str, offset: Option<usize>) -> Place {
    let before = offset.and_then(|offset| text.get(..offset)).unwrap_or_default();
    let last = before.rsplit('\n').next().unwrap_or_default();
    let (line, column) = (before.matches('\n').count() + 1, last.chars().count() + 1);
    Place { line, column, ..Place::start(file) }
}
