//! `enact.yaml`: which manifests, which targets, which credentials. Read from the checkout that the operator trusts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use reqwest::Url;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::Files;
use crate::manifest::yaml::{self, Node};
use crate::schema::check::Checker;
use crate::system::System;
use crate::system::registry::Registry;
use crate::text::short;
use crate::{defined, http, source};

mod credential;

use credential::{Auth, Secret};

/// The file's name where `--config` does not say otherwise.
pub const FILE_NAME: &str = "enact.yaml";

/// enact's configuration: where the manifests are and which systems they are for.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The version of this format.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = "enact/v1"))]
    api_version: String,
    /// Always `Config`.
    #[schemars(extend("const" = "Config"))]
    kind: String,
    /// Files and folders with manifests, relative to this file. Folders are searched for `.yaml` and `.yml`.
    #[schemars(length(min = 1))]
    pub manifests: Vec<String>,
    /// Files that define systems beyond those that are built in, relative to this file. They are read from the trusted
    /// checkout, never from a revision.
    #[serde(default)]
    systems: Vec<String>,
    /// The systems that are kept in agreement with the manifests.
    #[schemars(length(min = 1))]
    pub targets: Vec<TargetConfig>,
}

/// One configured instance of a system.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// What this target is called in output and after `--target`.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"), extend("x-pattern-hint" = "1 to 63 lower-case letters, digits, `-` and `_`"))]
    pub name: String,
    /// The type of its API, such as `polytomic`.
    pub system: String,
    /// Where the API is. https, or http on this machine.
    pub url: String,
    /// How enact proves who it is.
    auth: Auth,
    /// Secrets that manifests for this target may name, such as passwords that the API stores. Read by `apply` only.
    #[serde(default)]
    secrets: BTreeMap<String, Secret>,
    /// Settings of the system, such as Polytomic's `version` or JITSudo's `tenant`.
    settings: Option<Value>,
    /// Which manifests are for this target, as globs over their paths. Left out: all of its system.
    include: Option<Vec<String>>,
    /// Whether objects that git declared when the target was last applied, and no longer does, are deleted.
    #[serde(default)]
    pub prune: Prune,
    /// How hard the API may be driven, and how much may be deleted.
    #[serde(default)]
    pub limits: Limits,
}

/// What becomes of an object whose manifest is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prune {
    /// It stays. Deleting takes `ensure: absent`.
    #[default]
    Never,
    /// It is deleted if it still is what git declared, and history shows that git did.
    Tracked,
}

/// Limits of a target.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests at the same time.
    #[schemars(range(min = 1, max = 64))]
    pub concurrency: usize,
    /// Requests in any minute. Left out: as many as the API takes.
    #[schemars(range(min = 1))]
    pub requests_per_minute: Option<usize>,
    /// The most deletes that a plan may hold.
    pub max_deletes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 8, requests_per_minute: None, max_deletes: 10 }
    }
}

/// The JSON Schema of `enact.yaml`.
pub fn schema() -> Value {
    crate::schema::of::<Config>()
}

/// A target that is ready to be asked.
pub struct Target {
    /// Its row in the configuration.
    pub config: TargetConfig,
    /// Its API.
    pub system: Box<dyn System>,
    include: Option<GlobSet>,
    /// The row in the file, for diagnostics.
    node: Node,
}

impl Target {
    /// Whether another configuration's target is this very one, so that what was applied to it was applied here.
    pub fn is_same_system(&self, other: &Self) -> bool {
        let identity = |target: &Self| {
            let TargetConfig { name, system, url, settings, .. } = &target.config;
            (name.clone(), system.clone(), url.clone(), settings.clone())
        };
        identity(self) == identity(other)
    }

    /// Whether manifests may name this secret.
    pub fn has_secret(&self, name: &str) -> bool {
        self.config.secrets.contains_key(name)
    }

    /// Whether a manifest at this path may be for this target.
    pub fn includes(&self, file: &str) -> bool {
        self.include.as_ref().is_none_or(|globs| globs.is_match(file))
    }
}

/// A configuration that passed all checks.
pub struct Loaded {
    /// Where manifests are.
    pub manifests: Vec<String>,
    /// The targets, in the order of the file.
    pub targets: Vec<Target>,
    /// The systems that its targets may be of.
    pub registry: Arc<Registry>,
    file: String,
    folder: PathBuf,
    /// What the targets of one origin share, by origin.
    origins: Mutex<BTreeMap<String, Arc<http::Origin>>>,
}

/// Where the systems come from that a configuration may name.
pub enum Systems<'a> {
    /// They are built in, or defined by files of its folder; the texts of these are put here.
    Defined(&'a mut Files),
    /// They are known, whatever the configuration says: what an old commit defined is not trusted.
    Known(Arc<Registry>),
}

/// Checks the text of a configuration file.
pub fn load(
    file: &str,
    folder: &Path,
    text: &str,
    systems: Systems<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Loaded> {
    let before = diagnostics.len();
    let documents = yaml::parse(text, file, diagnostics);
    let [document] = documents.as_slice() else {
        if !errors_since(before, diagnostics) {
            diagnostics.push(Diagnostic::error(
                "config/documents",
                format!("`{file}` must hold exactly one document"),
            ));
        }
        diagnostics.iter_mut().skip(before).for_each(hide_credential);
        return None;
    };
    check(schema(), file, document, diagnostics);
    diagnostics.iter_mut().skip(before).for_each(hide_credential);
    if errors_since(before, diagnostics) {
        return None;
    }
    let config: Config = match serde_json::from_value(document.to_json()) {
        Ok(config) => config,
        Err(error) => {
            diagnostics
                .push(Diagnostic::error("config/type", error.to_string()).at(document.place(file, "")));
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
    sound.then(|| Loaded {
        manifests: config.manifests,
        targets,
        registry,
        file: file.to_owned(),
        folder: folder.to_owned(),
        origins: Mutex::default(),
    })
}

/// A warning is told, and stops nothing.
fn errors_since(before: usize, diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().skip(before).any(Diagnostic::is_error)
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
                Diagnostic::error("config/system-twice", message).at(document.place(file, "/systems"));
            diagnostics.push(diagnostic.help(format!("give the one in `{path}` another name")));
        }
    }
    registry
}

fn check(schema: Value, file: &str, document: &Node, diagnostics: &mut Vec<Diagnostic>) {
    match Checker::new(schema) {
        Ok(checker) => checker.check(file, document, diagnostics),
        Err(error) => diagnostics.push(Diagnostic::error("schema/invalid", error.to_string())),
    }
}

/// How much of a path leads to a place where a secret may stand by mistake. One may be a key as well, where the blank
/// behind a colon is missing: `bearer:SECRET`. The rest of the path is not shown.
fn private(path: &str) -> Option<usize> {
    let below = [".auth", ".secrets"].iter().filter_map(|part| Some(path.find(part)? + part.len()));
    let odd_key = path.find("[\"");
    below.chain(odd_key).min().or_else(|| path.ends_with(".url").then_some(path.len()))
}

/// A message about a credential says nothing of what stands there.
fn hide_credential(diagnostic: &mut Diagnostic) {
    let place = diagnostic.place.as_mut();
    let end = place.as_ref().and_then(|place| private(&place.path));
    if let (Some(place), Some(end)) = (place, end) {
        place.path.truncate(end);
    }
    match diagnostic.code {
        "schema/missing-field" => {}
        "schema/unknown-field" if end.is_some() => diagnostic.message = "unknown field".to_owned(),
        _ if end.is_some() => {
            diagnostic.message = "this is not how a credential or a URL is given".to_owned();
            let help = "write `auth: {bearer: {env: NAME}}`; the secret itself is never in enact.yaml";
            diagnostic.help = Some(help.to_owned());
        }
        // A password that begins with `*` is an alias, one that begins with `!` is a tag.
        code if code.starts_with("yaml/") => diagnostic.message = unquoted(&diagnostic.message),
        _ => {}
    }
}

/// A message without what it quotes.
fn unquoted(message: &str) -> String {
    match (message.find('`'), message.rfind('`')) {
        (Some(start), Some(end)) if start < end => {
            let around = [message.get(..=start), message.get(end..)];
            around.map(Option::unwrap_or_default).join("…")
        }
        _ => message.to_owned(),
    }
}

fn check_twice(file: &str, rows: &[Node], diagnostics: &mut Vec<Diagnostic>) {
    let name = |row: &Node| row.get("name").and_then(Node::as_str).map(str::to_owned);
    for (index, row) in rows.iter().enumerate() {
        let twice = rows.iter().take(index).any(|other| name(other) == name(row));
        if twice {
            let message = format!("the target `{}` is defined twice", name(row).unwrap_or_default());
            diagnostics.push(
                Diagnostic::error("config/target-twice", message)
                    .at(row.place(file, "/name"))
                    .help("give each target its own name"),
            );
        }
    }
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
            .push(Diagnostic::error("config/system", message).at(row.place(file, "/system")).help(help));
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
                Diagnostic::error("config/settings", error.to_string()).at(row.place(file, "/settings")),
            )
        })
        .ok()
}

fn check_settings_needed(
    file: &str,
    system: &crate::system::Registered,
    row: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let needed: Vec<_> =
        crate::system::body::list(&system.settings, "required").iter().filter_map(Value::as_str).collect();
    if !needed.is_empty() {
        let message = format!("a {} target needs `settings` with `{}`", system.name, needed.join("`, `"));
        diagnostics.push(
            Diagnostic::error("config/settings", message)
                .at(row.place(file, "/system"))
                .help("add them below `settings:`"),
        );
    }
}

fn globs(
    file: &str,
    config: &TargetConfig,
    row: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<GlobSet> {
    let patterns = config.include.as_ref()?;
    let mut set = GlobSetBuilder::new();
    for (index, pattern) in patterns.iter().enumerate() {
        match GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => drop(set.add(glob)),
            Err(error) => {
                let place = row.place(file, &format!("/include/{index}"));
                diagnostics.push(
                    Diagnostic::error("config/glob", format!("`{pattern}` is not a glob: {}", error.kind()))
                        .at(place),
                );
            }
        }
    }
    set.build().ok()
}

/// A credential must not travel in the clear, nor stand in the URL.
fn check_url(text: &str) -> Option<Diagnostic> {
    let wrong =
        |what: &str, help: &str| Some(Diagnostic::error("config/url", format!("`url` {what}")).help(help));
    let Ok(url) = Url::parse(text) else {
        return wrong("is not a URL", "write it as `https://host`");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a credential", "move it to `auth`, where it is read from a variable or a file");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or a fragment", "write only the scheme, the host and, if need be, a path");
    }
    match url.scheme() {
        "https" => None,
        "http" if http::is_loopback(&url) => None,
        "http" => wrong("is not encrypted", "use https; http is only for this machine"),
        _ => wrong("is not https", "write it as `https://host`"),
    }
}

impl Loaded {
    /// The folder that manifests are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
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
            diagnostics.iter().any(|diagnostic| diagnostic.code == "config/documents"),
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
