//! From the flags to a project and its connections: to the targets, or to the embedded sandbox instead. How a project
//! is loaded is in `run::load`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::{Global, SandboxArgs};
use crate::config::file::FILE_NAME;
use crate::config::starter::EXAMPLE;
use crate::config::target::Config;
use crate::diagnostic::Diagnostic;
use crate::manifest::Files;
use crate::run::checkout::{ConfigText, unreadable};
use crate::run::embedded;
use crate::run::load::{Load, load};
use crate::run::options::RunOptions;
use crate::run::project::{Connected, Project};
use crate::sandbox::Sandbox;
use crate::source::{self, Texts};
use crate::system::registry::Registry;

impl Global {
    /// Reads the configuration file.
    fn origin(&self) -> Result<ConfigText, Diagnostic> {
        let file = self.config_file();
        ConfigText::read(file).map_err(|error| {
            let diagnostic = unreadable(file, &error);
            match self.above() {
                Some(above) if error.kind() == ErrorKind::NotFound => {
                    let above = above.display();
                    diagnostic.help(format!(
                        "there is `{above}`: run enact in its folder, or with `--config {above}`"
                    ))
                }
                _ => diagnostic,
            }
        })
    }

    /// The nearest configuration file in a folder above this one, if none was named.
    fn above(&self) -> Option<PathBuf> {
        let here = std::env::current_dir().ok().filter(|_| self.is_left_out())?;
        let up =
            (1..here.components().count()).map(|levels| PathBuf::from("../".repeat(levels)).join(FILE_NAME));
        up.into_iter().find(|file| file.is_file())
    }

    /// Loads the project. A mistake in the configuration file is a diagnostic like any other.
    pub(super) fn load(&self, options: &RunOptions) -> Load {
        match self.origin() {
            Ok(origin) => load(&origin, options),
            Err(diagnostic) => Load { diagnostics: vec![diagnostic], ..Load::default() },
        }
    }

    /// The configuration without manifests. Puts the texts of the definitions that it names into `files`.
    pub(super) fn config(&self, files: &mut Files, diagnostics: &mut Vec<Diagnostic>) -> Option<Config> {
        let origin = self.origin().map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
        let mut definitions = Files::new();
        let config = origin.config(&mut definitions, diagnostics);
        files.extend(definitions);
        config
    }

    /// The systems of the configuration, or only the built-in ones if there is none.
    pub(super) fn registry(
        &self,
        files: &mut Files,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Registry>> {
        if self.is_left_out() {
            return Some(Arc::new(Registry::built_in()));
        }
        self.config(files, diagnostics).map(|config| config.registry)
    }

    /// The folder of the configuration, and the texts of the manifests that it names, as they are in the working tree.
    pub(super) fn manifests(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<(PathBuf, Files)> {
        let config = self.config(&mut Files::new(), diagnostics)?;
        let mut texts = Texts::within(config.limits.text_mib);
        let files = source::working_tree(config.folder(), &config.manifests, &mut texts, diagnostics);
        Some((config.folder().to_owned(), files))
    }

    /// Whether no configuration was named and the default one does not exist.
    fn is_left_out(&self) -> bool {
        self.config.is_none() && !self.config_file().exists()
    }
}

impl SandboxArgs {
    /// Loads the project. With the sandbox it needs no configuration: the example of this repository serves.
    pub(super) fn load(&self, global: &Global, options: &RunOptions) -> Load {
        if self.sandbox && global.is_left_out() {
            let origin = ConfigText {
                file: FILE_NAME.to_owned(),
                folder: PathBuf::from("."),
                text: EXAMPLE.to_owned(),
                unsaved: Arc::default(),
            };
            return load(&origin, options);
        }
        global.load(options)
    }

    /// Sets up the connections. The sandbox lives as long as the value returned with them.
    pub(super) async fn connect<'a>(
        &self,
        project: &'a Project,
    ) -> Result<(Option<Sandbox>, Vec<Connected<'a>>), Vec<Diagnostic>> {
        embedded::connect(project, self.sandbox).await
    }
}
