//! The plan of a revision under the configuration that it would bring. What is taken from that one is decided in
//! `config::proposal`; here it is read from git.

use crate::config::proposal::Proposal;
use crate::config::target::Config;
use crate::diagnostic::{Code, Diagnostic, Place, sound};
use crate::manifest::Files;
use crate::model::configuration::{ConfigAction, ConfigChange};
use crate::run::history::{BaseSource, History};

/// The configuration to plan the revision with, and what the revision changes in it. `name` is that of enact.yaml,
/// `trusted` it and what it names. What is as it was at the base is no change of the revision, whatever the trusted
/// files say by now.
pub(super) fn preview(
    config: Config,
    (name, trusted): (&str, &Files),
    (history, base): (&History, &BaseSource),
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Config, Vec<ConfigChange>)> {
    // The operator keeps the file elsewhere, and the repository has none.
    if !history.holds_configuration && history.files(&[name.to_owned()], &mut Vec::new()).is_empty() {
        return Some((config, Vec::new()));
    }
    let names: Vec<_> = trusted.keys().cloned().collect();
    let fork = history.files_at(base, &names);
    sound(diagnostics, |diagnostics| {
        let mut own = Vec::new();
        let proposed = propose(config, (name, trusted), (history, &fork), &mut own);
        diagnostics.extend(own.into_iter().map(|diagnostic| in_revision(name, history, diagnostic)));
        proposed
    })
}

fn propose(
    config: Config,
    (name, trusted): (&str, &Files),
    (history, fork): (&History, &Files),
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Config, Vec<ConfigChange>)> {
    let differing = history.differing(&[], trusted, &Files::new());
    let mut differing = differing.map_err(|wrong| diagnostics.extend(wrong)).ok()?;
    let now = history.files(&differing, &mut Vec::new());
    differing.retain(|file| !fork.contains_key(file) || fork.get(file) != now.get(file));
    let definitions = differing.iter().filter(|file| *file != name).map(|file| definition(file));
    let (config, changes) = match differing.iter().any(|file| file == name) {
        true => {
            let fork = fork.get(name).and_then(|text| Proposal::read(name, text, &mut Vec::new()));
            config.with(read(name, history, diagnostics)?, fork.as_ref())
        }
        false => (config, Vec::new()),
    };
    Some((config, changes.into_iter().chain(definitions).collect()))
}

fn read(name: &str, history: &History, diagnostics: &mut Vec<Diagnostic>) -> Option<Proposal> {
    let mut own = Vec::new();
    let files = history.files(&[name.to_owned()], &mut own);
    own.retain(|diagnostic| diagnostic.code != Code::SourceMissing);
    match files.get(name) {
        Some(text) => return Proposal::read(name, text, diagnostics),
        None if own.is_empty() => {
            let message = format!("there is no `{name}` in this commit, so no run of it could begin");
            let diagnostic = Diagnostic::new(Code::ConfigUnreadable, message);
            own.push(diagnostic.help("add it, or name its place with `--config`"));
        }
        None => {}
    }
    diagnostics.extend(own);
    None
}

fn definition(file: &str) -> ConfigChange {
    ConfigChange {
        target: None,
        setting: Some(format!("definition {file}")),
        action: ConfigAction::Changed,
        previewed: false,
        before: None,
        after: None,
    }
}

/// Names the file and the commit. No line of the file is shown, because its text is in no report.
fn in_revision(name: &str, history: &History, diagnostic: Diagnostic) -> Diagnostic {
    let place = || Place { file: name.to_owned(), line: 1, column: 1, width: 1, path: String::new() };
    let diagnostic = diagnostic.placed(|at| at.unwrap_or_else(place));
    match &history.commit {
        Some(commit) => diagnostic.about(format_args!("commit {commit}")),
        None => diagnostic,
    }
}
