//! Reads a project as `validate` does, with what an editor holds instead of the files.
//!
//! While enact.yaml, or a file that it names, cannot be used, manifests are read by the last configuration that was in order,
//! and a diagnostic says so: a key that is half typed must not make every reference in the project unknown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::workspace::{File, TargetFiles, Workspace};
use crate::config::target::{Config, Target};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::Files;
use crate::model::kind::api_version;
use crate::run::checkout::{ConfigText, unreadable};
use crate::run::lint;
use crate::run::load::load;
use crate::run::options::RunOptions;
use crate::system::registry::Registry;

/// Where a project is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Home {
    /// The folder of its configuration file.
    pub(super) folder: PathBuf,
    /// The name of that file.
    pub(super) name: String,
}

/// A configuration that was in order: its text, and those of the files that it names.
#[derive(Clone)]
pub(super) struct SoundConfig {
    text: String,
    files: Files,
    config: Arc<Config>,
}

/// What is to be read.
pub(super) struct Job {
    pub(super) home: Home,
    pub(super) unsaved: Files,
    /// The last configuration that was in order.
    pub(super) last: Option<SoundConfig>,
    /// What was read before.
    pub(super) known: BTreeMap<String, Arc<File>>,
    pub(super) options: RunOptions,
}

/// What was read.
pub(super) struct ProjectRead {
    pub(super) home: Home,
    pub(super) workspace: Workspace,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) texts: Files,
    pub(super) last: Option<SoundConfig>,
}

impl Job {
    pub(super) fn read(self) -> ProjectRead {
        let Self { home, unsaved: mut texts, last, known, options } = self;
        let mut diagnostics = Vec::new();
        let now = home.config(&mut texts, &mut diagnostics);
        let is_current = now.is_some();
        let last = now.or(last);
        if let Some(last) = &last {
            match is_current {
                // They are found once more with everything else.
                true => diagnostics.clear(),
                false => diagnostics.push(kept(&home.name)),
            }
            let unsaved = texts.clone().into_iter().chain(last.files.clone()).collect();
            let loaded = load(&home.origin(last.text.clone(), unsaved), &options);
            // Places in a text that is not the one of now would be wrong.
            let is_of_config = |file: &str| file == home.name || last.files.contains_key(file);
            let is_now = |diagnostic: &Diagnostic| {
                is_current || !diagnostic.place.as_ref().is_some_and(|place| is_of_config(&place.file))
            };
            diagnostics.extend(lint::all(&loaded).into_iter().filter(is_now));
            for (path, text) in loaded.files {
                texts.entry(path).or_insert(text);
            }
        }
        let targets = last.iter().flat_map(|last| &last.config.targets);
        let targets = targets.map(|target| files_of(target, &texts)).collect();
        let registry = last.as_ref().map(|last| last.config.registry.clone());
        let registry = registry.unwrap_or_else(|| Arc::new(Registry::built_in()));
        let workspace = Workspace::new(registry, targets, &texts, &known);
        ProjectRead { home, workspace, diagnostics, texts, last }
    }
}

impl Home {
    /// The configuration as it is now, if it is in order. `texts` has what an editor holds, and receives the text of the
    /// configuration and of the files that it names.
    fn config(&self, texts: &mut Files, diagnostics: &mut Vec<Diagnostic>) -> Option<SoundConfig> {
        let text = match texts.get(&self.name) {
            Some(text) => text.to_string(),
            None => {
                ConfigText::read(&self.folder.join(&self.name))
                    .map_err(|error| diagnostics.push(unreadable(Path::new(&self.name), &error)))
                    .ok()?
                    .text
            }
        };
        texts.insert(self.name.clone(), text.as_str().into());
        let mut files = Files::new();
        let config = self.origin(text.clone(), texts.clone()).config(&mut files, diagnostics);
        texts.extend(files.clone());
        Some(SoundConfig { text, files, config: Arc::new(config?) })
    }

    fn origin(&self, text: String, unsaved: Files) -> ConfigText {
        let (file, folder) = (self.name.clone(), self.folder.clone());
        ConfigText { file, folder, text, unsaved: Arc::new(unsaved) }
    }
}

fn kept(name: &str) -> Diagnostic {
    let message = "the manifests are checked by the configuration that was in order last";
    let help = "correct what is wrong with the configuration, or with a file that it names";
    Diagnostic::new(Code::LspConfiguration, message).at(Place::start(name)).help(help)
}

fn files_of(target: &Target, texts: &Files) -> TargetFiles {
    let claim = target.claim();
    TargetFiles {
        name: target.config.name.clone(),
        api_version: api_version(&target.config.system),
        files: texts.keys().filter(|path| claim.includes(path)).cloned().collect(),
    }
}
