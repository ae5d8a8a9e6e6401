//! `enact.yaml`: which manifests, which targets, which credentials. It is read from the checkout that the operator
//! trusts.
//!
//! Here: from its text to checked targets. Not here: reading manifests (`source`), and systems as such (`system`).

use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::defined;
use crate::diagnostic::{Code, Diagnostic, Place, nearest, sound};
use crate::manifest::Files;
use crate::manifest::environment::Environment;
use crate::manifest::yaml::{self, Document, Part};
use crate::schema::check::Checker;
use crate::source::{self, Texts};
use crate::system::System;
use crate::system::registry::Registry;
use crate::text::short;
use crate::words::list;

mod api;
mod cedar_schema;
pub mod check;
pub mod credential;
mod environment;
pub mod file;
mod guardrails;
pub mod passes;
pub mod proposal;
mod signing;
pub mod starter;
pub mod target;

use cedar_schema::Schemas;
use check::{
    check_twice, check_url, folders, hide_credential, hide_quotes, includes, missing_settings, unmanaged,
};
use environment::environment;
use file::{ConfigFile, PassesConfig, TargetConfig};
use passes::Serve;
use target::{Config, RecordRefs, Target};

/// Checks the text of a configuration file.
pub fn load(
    file: &str,
    folder: &Path,
    text: &str,
    systems: Systems<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Config> {
    let (document, config) = written(file, text, diagnostics)?;
    let nothing = Arc::default();
    let (registry, files, unsaved) = match systems {
        Systems::Known(registry) => (registry, None, &nothing),
        Systems::Defined { files, unsaved } => {
            let registry = sound(diagnostics, |diagnostics| {
                let texts = Texts::within(config.limits.text_mib).with_unsaved(unsaved);
                Some(Arc::new(define(&document, folder, &config, (files, texts), diagnostics)))
            })?;
            (registry, Some(files), unsaved)
        }
    };
    let serve = sound(diagnostics, |diagnostics| Serve::read(&config.serve, &document, diagnostics))?;
    let mut schemas = Schemas { folder, files, unsaved };
    let targets = sound(diagnostics, |diagnostics| {
        Some(targets(&document, &config, &registry, &mut schemas, diagnostics))
    })?;
    let guardrails = match (&config.guardrails, schemas.files) {
        (Some(name), Some(files)) => {
            let texts = Texts::within(config.limits.text_mib).with_unsaved(unsaved);
            let texts = guardrail_texts(&document, folder, texts, name, diagnostics)?;
            files.extend(texts.clone());
            let (file, text) = texts.first_key_value()?;
            guardrails::read(file, text, &targets, diagnostics)?
        }
        // Guardrails of an old commit are not trusted.
        _ => Vec::new(),
    };
    Some(Config {
        manifests: config.manifests.clone(),
        targets,
        record: config.record.clone(),
        guardrails,
        limits: config.limits,
        serve,
        registry,
        file: config,
        document,
        folder: folder.to_owned(),
        origins: Mutex::default(),
        tokens: Mutex::default(),
    })
}

/// The file as it is written, if its own schema accepts it.
fn written(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<(Document, ConfigFile)> {
    let document = sound(diagnostics, |diagnostics| read(file, text, diagnostics))?;
    let mut config = sound(diagnostics, |diagnostics| decode(&document, diagnostics))?;
    sound(diagnostics, |diagnostics| {
        diagnostics.extend(folders("manifests", &mut config.manifests, &document));
        diagnostics.extend(folders("systems", &mut config.systems, &document));
        Some((document, config))
    })
}

fn read(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Document> {
    let mut own = Vec::new();
    let document = yaml::only(text, file, &mut own, no_single);
    own.iter_mut().for_each(hide_quotes);
    diagnostics.extend(own);
    document
}

fn no_single(file: &str) -> Diagnostic {
    Diagnostic::new(Code::ConfigDocuments, "it must hold exactly one document")
        .at(Place::start(file))
        .help("begin with `apiVersion: enact/v1`, `kind: Config` and a list `targets`; the README shows a whole one")
}

fn decode(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<ConfigFile> {
    let mut own = Vec::new();
    Checker::checked(file::schema(), &document.whole(), &mut own);
    own.iter_mut().for_each(hide_credential);
    let refused = own.iter().any(Diagnostic::is_error);
    diagnostics.extend(own);
    if refused {
        return None;
    }
    serde_json::from_value(document.to_json())
        .map_err(|error| {
            let diagnostic = Diagnostic::new(Code::ConfigType, error.to_string());
            diagnostics.push(diagnostic.at(document.place("")));
        })
        .ok()
}

/// The built-in systems and those that the files define.
fn define(
    document: &Document,
    folder: &Path,
    config: &ConfigFile,
    (files, mut texts): (&mut Files, Texts),
    diagnostics: &mut Vec<Diagnostic>,
) -> Registry {
    let mut registry = Registry::within(&config.limits.budget());
    if config.systems.is_empty() {
        return registry;
    }
    *files = source::working_tree(folder, &config.systems, &mut texts, diagnostics);
    for (path, text) in files {
        let row = defined::define(path, text, diagnostics);
        if let Some(Err(row)) = row.map(|(row, _)| registry.add(row)) {
            let message = format!("there is already a system `{}`", row.name);
            let diagnostic = Diagnostic::new(Code::ConfigSystemTwice, message).at(document.place("/systems"));
            diagnostics.push(diagnostic.help(format!("give the one in `{path}` another name")));
        }
    }
    registry
}

/// The one file of guardrails.
fn guardrail_texts(
    document: &Document,
    folder: &Path,
    mut texts: Texts,
    name: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Files> {
    sound(diagnostics, |diagnostics| {
        let before = diagnostics.len();
        let files = source::working_tree(folder, &[name.to_owned()], &mut texts, diagnostics);
        if files.len() != 1 && diagnostics.len() == before {
            let message = format!("`{}` is not one file of guardrails", short(name));
            let diagnostic =
                Diagnostic::new(Code::GuardrailDocuments, message).at(document.place("/guardrails"));
            diagnostics.push(diagnostic.help("name one file that ends in `.yaml`"));
        }
        Some(files)
    })
}

/// The targets without errors.
fn targets(
    document: &Document,
    config: &ConfigFile,
    registry: &Registry,
    schemas: &mut Schemas<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Target> {
    let row = |index: usize| document.part(format!("/targets/{index}"));
    let mut open = |(index, target): (usize, &TargetConfig)| {
        let record = RecordRefs::of(&config.record, target);
        let passes = &config.serve.passes;
        sound(diagnostics, |diagnostics| {
            let target = open(registry, (target, passes), record, schemas, &row(index), diagnostics)?;
            let (kinds, values) = (target.system.kinds(), config.limits.values);
            let environment = environment(&target.config, &row(index), Some(kinds), values, diagnostics);
            Some(Target { environment, ..target })
        })
    };
    let targets = config.targets.iter().enumerate().filter_map(&mut open).collect();
    diagnostics.extend(check_twice(config, document));
    targets
}

/// What is wrong with a URL that a target is to have.
pub fn url_problem(url: &str) -> Option<Diagnostic> {
    check_url("url", url)
}

fn open(
    registry: &Registry,
    (config, passes): (&TargetConfig, &PassesConfig),
    record: RecordRefs,
    schemas: &mut Schemas<'_>,
    row: &Part<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Target> {
    diagnostics.extend(check_url("url", &config.url).map(|diagnostic| diagnostic.at(row.place("/url"))));
    diagnostics
        .extend(config.auth.check().map(|diagnostic| diagnostic.at(row.place("/auth/oauth2/token_url"))));
    let include = includes(config, row, diagnostics);
    let passes = passes::of_target(&config.passes, passes, row, diagnostics);
    let system = sound(diagnostics, |diagnostics| open_system(registry, config, schemas, row, diagnostics))?;
    diagnostics.extend(post_reads(config, system.as_ref()).map(|note| note.at(row.place("/system"))));
    let unmanaged = unmanaged(config, row, Some(system.kinds()), diagnostics);
    let api = api::of(config, registry.get(&config.system).map(|registered| &registered.settings));
    let environment = Environment::default();
    let (config, at) = (config.clone(), row.pointer(""));
    Some(Target { config, system, api, record, include, environment, unmanaged, passes, at })
}

/// Says where a plan reads a target with POST.
fn post_reads(config: &TargetConfig, system: &dyn System) -> Option<Diagnostic> {
    let paths: Vec<_> = system.post_reads().iter().map(|path| format!("`{path}`")).collect();
    let message = format!(
        "a plan reads with POST at {}: the definition of the system says that it changes nothing",
        list(&paths, 8)
    );
    let help = "only a definition that you trust may say so";
    let note = Diagnostic::new(Code::ConfigPostReads, message).about(&config.name).help(help);
    (!paths.is_empty()).then_some(note)
}

fn open_system(
    registry: &Registry,
    config: &TargetConfig,
    schemas: &mut Schemas<'_>,
    row: &Part<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Box<dyn System>> {
    let Some(registered) = registry.get(&config.system) else {
        diagnostics.push(unknown_system(registry, config).at(row.place("/system")));
        return None;
    };
    let schema = sound(diagnostics, |diagnostics| {
        match row.at("/settings") {
            Some(_) => Checker::checked(registered.settings.clone(), &row.part("/settings"), diagnostics),
            None => diagnostics.extend(missing_settings(registered, row)),
        }
        diagnostics.extend(config.auth.refused_by(registered).map(|refused| refused.at(row.place("/auth"))));
        let schema = config.cedar_schema.as_ref().map(|path| schemas.read(path, registered, row)).transpose();
        Some(schema.unwrap_or_else(|wrong| {
            diagnostics.push(wrong);
            None
        }))
    })?;
    let settings = config.settings.clone().unwrap_or_else(|| serde_json::json!({}));
    (registered.open)(&settings, schema.flatten())
        .map_err(|error| {
            let diagnostic = Diagnostic::new(Code::ConfigSettings, error.to_string());
            diagnostics.push(diagnostic.at(row.place("/settings")));
        })
        .ok()
}

fn unknown_system(registry: &Registry, config: &TargetConfig) -> Diagnostic {
    let names: Vec<_> = registry.names().collect();
    let help = nearest(&config.system, names.iter().copied()).map_or_else(
        || format!("known systems are {}", names.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::new(Code::ConfigSystem, format!("there is no system `{}`", short(&config.system)))
        .help(format!("{help}; name the file of your own system in `systems`"))
}

/// Where the systems come from that a configuration can use.
pub enum Systems<'a> {
    /// They are built in, or defined by files in its folder.
    Defined {
        /// Receives the texts of those files, and of the schemas that its targets name.
        files: &'a mut Files,
        /// What an editor holds of the folder and has not written: it counts instead of the files.
        unsaved: &'a Arc<Files>,
    },
    /// Only these, even if the configuration defines others: definitions and schemas from an old commit are not trusted.
    Known(Arc<Registry>),
}

#[cfg(test)]
mod tests {
    use super::file::FILE_NAME;
    use super::*;

    /// What the diagnostics say about a target with this line, and where.
    fn messages(line: &str) -> String {
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
    fn a_secret_written_as_a_key_an_alias_or_a_tag_is_not_quoted() {
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
            "limits: auth:hunter2",
            "include: auth:hunter2",
        ] {
            let messages = messages(line);
            assert!(!messages.contains("hunter2"), "{line}: {messages}");
        }
        assert!(
            messages("auht: {bearer: {env: X}}").contains("unknown field `auht`"),
            "a plain word is quoted"
        );
    }
}
