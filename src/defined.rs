//! A system that a user defines in YAML: another system behind the same traits, with data in place of code.
//!
//! Here: from the text of a definition to the row of the registry. `definition` is the file as types, `compile` turns
//! it into what `api` holds, `check` finds other mistakes, `read` reads from the API, and `write` makes the requests.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place, sound};
use crate::manifest::yaml::{self, Document};
use crate::schema::check::Checker;
use crate::system::Registered;

mod access;
mod api;
mod check;
mod compile;
mod compiled;
pub mod definition;
mod document;
pub mod draft;
mod problems;
mod read;
mod settings;
mod spec;
mod template;
mod write;

use api::{Api, Defined};
use definition::Definition;
use problems::Problems;
use settings::Settings;

/// Reads the text of a definition and makes its row of the registry. Reports everything that is wrong.
pub fn define(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<(Registered, Definition)> {
    let Parsed { definition, document } = parse(file, text, diagnostics)?;
    let settings = Settings::new(definition.settings.as_ref());
    let mut problems = Problems::new(&document, diagnostics);
    check::check(&definition, &settings, &mut problems);
    let api = compile::compile(definition, settings, &mut problems);
    let api = Arc::new(api.filter(|_| problems.count() == 0)?);
    Some((row(&api), api.definition.clone()))
}

/// What to tell somebody who is writing this definition, besides its mistakes.
pub fn advice(file: &str, text: &str) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    if let Some(Parsed { definition, document }) = parse(file, text, &mut Vec::new()) {
        check::advise(&definition, &mut Problems::new(&document, &mut diagnostics));
    }
    diagnostics
}

fn row(api: &Arc<Api>) -> Registered {
    let definition = &api.definition;
    Registered {
        name: definition.name.clone(),
        settings: api.settings.clone(),
        auth: definition.auth.clone(),
        logs_in: definition.login.is_some(),
        kinds: api.kinds.clone(),
        holds_cedar: false,
        // Its types are all plain JSON.
        definition: serde_json::to_value(definition).ok(),
        open: {
            let api = api.clone();
            Box::new(move |settings, _| Ok(Box::new(Defined::new(api.clone(), settings))))
        },
    }
}

struct Parsed {
    definition: Definition,
    document: Document,
}

/// The definition as written, if its JSON Schema accepts it.
fn parse(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Parsed> {
    let document = sound(diagnostics, |diagnostics| yaml::only(text, file, diagnostics, no_single))?;
    sound(diagnostics, |diagnostics| {
        Checker::checked(definition::schema(), &document.whole(), diagnostics);
        Some(())
    })?;
    match serde_json::from_value(document.to_json()) {
        Ok(definition) => Some(Parsed { definition, document }),
        Err(error) => {
            let diagnostic = Diagnostic::new(Code::SystemType, error.to_string());
            diagnostics.push(diagnostic.at(document.place("")));
            None
        }
    }
}

fn no_single(file: &str) -> Diagnostic {
    Diagnostic::new(Code::SystemDocuments, format!("`{file}` must hold exactly one document"))
        .at(Place::start(file))
        .help("define one system per file; docs/systems.md shows one")
}
