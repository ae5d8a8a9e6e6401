//! `enact.yaml`: which manifests, which targets, which credentials. Read from the checkout that the operator trusts.

use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::manifest::Files;
use crate::manifest::yaml::{self, Node};
use crate::system::System;
use crate::system::registry::Registry;
use crate::text::short;
use crate::{defined, source};

pub mod check;
pub mod credential;
pub mod file;
pub mod target;

use check::{
    check, check_settings_needed, check_twice, check_url, errors_since, globs, hide_credential, hide_quotes,
};
use file::{ConfigFile, TargetConfig};
use target::{Config, Target};

/// Checks the text of a configuration file.
pub fn load(
    file: &str,
    folder: &Path,
    text: &str,
    systems: Systems<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Config> {
    let before = diagnostics.len();
    let documents = yaml::parse(text, file, diagnostics);
    diagnostics.iter_mut().skip(before).for_each(hide_quotes);
    let [document] = documents.as_slice() else {
        if !errors_since(before, diagnostics) {
            diagnostics.push(Diagnostic::new(
                Code::ConfigDocuments,
                format!("`{file}` must hold exactly one document"),
            ));
        }
        return None;
    };
    let parsed = diagnostics.len();
    check(file::schema(), file, document, diagnostics);
    diagnostics.iter_mut().skip(parsed).for_each(hide_credential);
    if errors_since(before, diagnostics) {
        return None;
    }
    let config: ConfigFile = match serde_json::from_value(document.to_json()) {
        Ok(config) => config,
        Err(error) => {
            diagnostics
                .push(Diagnostic::new(Code::ConfigType, error.to_string()).at(document.place(file, "")));
            return None;
        }
    };
    let registry = match systems {
        Systems::Known(registry) => registry,
        Systems::Defined(files) => {
            Arc::new(define(file, folder, &config.systems, document, files, diagnostics))
        }
    };
    if errors_since(before, diagnostics) {
        return None;
    }
    let rows = document.get("targets").and_then(Node::as_seq).unwrap_or_default();
    let targets: Vec<_> = config
        .targets
        .iter()
        .zip(rows)
        .filter_map(|(target, row)| open(&registry, file, target, row, diagnostics))
        .collect();
    check_twice(file, rows, diagnostics);
    let sound = !errors_since(before, diagnostics);
    sound.then(|| Config {
        manifests: config.manifests,
        targets,
        registry,
        file: file.to_owned(),
        folder: folder.to_owned(),
        origins: Mutex::default(),
    })
}

/// The built-in systems and those that the files define.
fn define(
    file: &str,
    folder: &Path,
    systems: &[String],
    document: &Node,
    files: &mut Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Registry {
    let mut registry = Registry::built_in();
    if systems.is_empty() {
        return registry;
    }
    *files = source::working_tree(folder, systems, diagnostics);
    for (path, text) in files {
        let row = defined::define(path, text, diagnostics);
        if let Some(Err(row)) = row.map(|(row, _)| registry.add(row)) {
            let message = format!("there is a system `{}` already", row.name);
            let diagnostic =
                Diagnostic::new(Code::ConfigSystemTwice, message).at(document.place(file, "/systems"));
            diagnostics.push(diagnostic.help(format!("give the one in `{path}` another name")));
        }
    }
    registry
}

fn open(
    registry: &Registry,
    file: &str,
    config: &TargetConfig,
    row: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Target> {
    let before = diagnostics.len();
    diagnostics.extend(check_url(&config.url).map(|diagnostic| diagnostic.at(row.place(file, "/url"))));
    let include = globs(file, config, row, diagnostics);
    let system = open_system(registry, file, config, row, diagnostics);
    let sound = !errors_since(before, diagnostics);
    system.filter(|_| sound).map(|system| Target {
        config: config.clone(),
        system,
        include,
        node: row.clone(),
    })
}

fn open_system(
    registry: &Registry,
    file: &str,
    config: &TargetConfig,
    row: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Box<dyn System>> {
    let Some(registered) = registry.get(&config.system) else {
        let names: Vec<_> = registry.names().collect();
        let help = nearest(&config.system, names.iter().copied()).map_or_else(
            || format!("known systems are {}", names.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("there is no system `{}`", short(&config.system));
        let help = format!("{help}; one of your own is named in `systems`");
        diagnostics
            .push(Diagnostic::new(Code::ConfigSystem, message).at(row.place(file, "/system")).help(help));
        return None;
    };
    let before = diagnostics.len();
    match row.get("settings") {
        Some(settings) => check(registered.settings.clone(), file, settings, diagnostics),
        None => check_settings_needed(file, registered, row, diagnostics),
    }
    diagnostics
        .extend(config.auth.refused_by(registered).map(|diagnostic| diagnostic.at(row.place(file, "/auth"))));
    if errors_since(before, diagnostics) {
        return None;
    }
    let settings = config.settings.clone().unwrap_or_else(|| serde_json::json!({}));
    (registered.open)(&settings)
        .map_err(|error| {
            diagnostics.push(
                Diagnostic::new(Code::ConfigSettings, error.to_string()).at(row.place(file, "/settings")),
            )
        })
        .ok()
}

/// Where the systems come from that a configuration may name.
pub enum Systems<'a> {
    /// They are built in, or defined by files of its folder; the texts of these are put here.
    Defined(&'a mut Files),
    /// They are known, whatever the configuration says: what an old commit defined is not trusted.
    Known(Arc<Registry>),
}

#[cfg(test)]
mod tests {
    use super::file::FILE_NAME;
    use super::*;

    /// What the diagnostics say about a target with this line, and where.
    fn told(line: &str) -> String {
        let text = format!(
            "apiVersion: enact/v1\nkind: Config\nmanifests: [p]\ntargets:\n\
             - {{name: t, system: mycloud, url: 'https://example.com', {line}}}\n"
        );
        let mut diagnostics = Vec::new();
        let systems = Systems::Known(Arc::new(Registry::built_in()));
        let loaded = load(FILE_NAME, Path::new("."), &text, systems, &mut diagnostics);
        assert!(loaded.is_none() && !diagnostics.is_empty(), "{line}");
        format!("{diagnostics:?}")
    }

    #[test]
    fn a_file_with_nothing_but_a_warning_is_loaded() {
        let target = "{name: t, system: mycloud, url: 'https://example.com', auth: {header: {name: X-Api-Key, value: {env: X}}}}";
        let text =
            format!("apiVersion: enact/v1 # \u{202e}\nkind: Config\nmanifests: [p]\ntargets: [{target}]\n");
        let mut diagnostics = Vec::new();
        let systems = Systems::Known(Arc::new(Registry::built_in()));
        assert!(
            load(FILE_NAME, Path::new("."), &text, systems, &mut diagnostics).is_some(),
            "{diagnostics:?}"
        );
        assert_eq!(diagnostics.len(), 1);
    }

    #[test]
    fn two_documents_are_refused_also_where_there_is_a_warning_already() {
        let mut diagnostics = Vec::new();
        let systems = Systems::Known(Arc::new(Registry::built_in()));
        let text = "a: 1 # \u{202e}\n---\nb: 2\n";
        assert!(load(FILE_NAME, Path::new("."), text, systems, &mut diagnostics).is_none());
        assert!(
            diagnostics.iter().any(|diagnostic| diagnostic.code == Code::ConfigDocuments),
            "{diagnostics:?}"
        );
    }

    #[test]
    fn a_secret_that_stands_there_as_a_key_an_alias_or_a_tag_is_not_told() {
        for line in [
            "auth: hunter2",
            "auth: {bearer:hunter2}",
            "auth: {hunter2}",
            "auth:hunter2",
            "auth: *hunter2",
            "auth: {bearer: !hunter2 x}",
            "auth: {hunter2: a, hunter2: b}",
            "auth: {bearer: {env: 'hunter2 x'}}",
            "secrets: {db: {env:hunter2}}",
        ] {
            let told = told(line);
            assert!(!told.contains("hunter2"), "{line}: {told}");
        }
        assert!(told("auht: {bearer: {env: X}}").contains("unknown field `auht`"), "a plain word is told");
    }
}
