//! `enact check-system`: checks a definition, and with `--against` probes a target. The questions of the probe are in
//! `run::probe`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::args::Global;
use super::files;
use super::signal::stop_on_signal;
use crate::config::target::{Config, Target};
use crate::defined;
use crate::defined::definition::Definition;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Files, name_problem, yaml};
use crate::model::probe::ProbeCheck;
use crate::report::Report;
use crate::report::content::{self, Content};
use crate::run::probe;
use crate::text::inline;

#[derive(Args)]
pub(super) struct CheckSystem {
    /// The file that defines the system
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Tries it on this target of enact.yaml; writes to it
    #[arg(long, value_name = "TARGET", requires = "scratch")]
    against: Option<String>,
    /// The name of the objects to create and delete there; it must be free
    #[arg(long, value_name = "NAME", requires = "against")]
    scratch: Option<String>,
    /// Tries only this kind, and those that it needs; may be repeated
    #[arg(long = "kind", value_name = "KIND", requires = "against")]
    kinds: Vec<String>,
}

impl CheckSystem {
    pub(super) async fn run(self, global: &Global) -> Report {
        let mut report = Report::of("check-system");
        let definition = self.definition(&mut report.files, &mut report.diagnostics);
        let mut checks = None;
        if let (Some(definition), Some(target), Some(name)) = (&definition, &self.against, &self.scratch) {
            let tried = self.try_it(global, definition, (target, name), &mut report).await;
            checks = tried.map_err(|diagnostic| report.diagnostics.extend(diagnostic)).ok();
        }
        let (file, sound) = (Some(self.file()), definition.is_some());
        report.content = Content::CheckSystem(content::CheckSystemContent { file, sound, checks });
        report
    }

    fn file(&self) -> String {
        self.file.to_string_lossy().into_owned()
    }

    /// The definition, if it is sound.
    fn definition(&self, files: &mut Files, diagnostics: &mut Vec<Diagnostic>) -> Option<Definition> {
        let file = self.file();
        match files::read(&self.file, yaml::MAX_BYTES) {
            Ok(text) => {
                let row = defined::define(&file, &text, diagnostics);
                diagnostics.extend(defined::advice(&file, &text));
                files.insert(file, text.into());
                Some(row?.1)
            }
            Err(error) => {
                let message = format!("`{file}` cannot be read: {error}");
                diagnostics.push(
                    Diagnostic::new(Code::SystemUnreadable, message).help("name the file of a definition"),
                );
                None
            }
        }
    }

    /// Compares what the target does with the definition. Adds no diagnostic where the configuration already has one.
    async fn try_it(
        &self,
        global: &Global,
        definition: &Definition,
        (target, name): (&str, &str),
        report: &mut Report,
    ) -> Result<Vec<ProbeCheck>, Option<Diagnostic>> {
        if let Some(problem) = name_problem(name) {
            let diagnostic = Diagnostic::new(Code::CliScratch, format!("the name `{name}` {problem}"));
            return Err(Some(diagnostic.help("give another one with `--scratch`")));
        }
        let kinds = chosen(definition, &self.kinds)?;
        let config = global.config(&mut report.files, &mut report.diagnostics).ok_or(None)?;
        let target = self.target(&config, definition, target)?;
        let http = config.connect(target, true)?;
        let verdict = probe::run(definition, &kinds, target, &http, name, &stop_on_signal()).await;
        let places = self.places(&report.files);
        let wrong: Vec<_> = verdict.checks.iter().filter(|check| !check.agrees).map(places).collect();
        report.diagnostics.extend(wrong);
        report.diagnostics.extend(verdict.diagnostics);
        Ok(verdict.checks)
    }

    /// The target of this name. The probe must use the same definition as a plan.
    fn target<'a>(
        &self,
        config: &'a Config,
        definition: &Definition,
        name: &str,
    ) -> Result<&'a Target, Diagnostic> {
        let target = config.targets.iter().find(|row| row.config.name == name).ok_or_else(|| {
            Diagnostic::new(Code::ConfigTarget, format!("there is no target `{name}`"))
                .help("`--against` takes the name of a target in enact.yaml")
        })?;
        let row = config.registry.get(&target.config.system).and_then(|row| row.definition.clone());
        if row != serde_json::to_value(definition).ok() {
            let file = self.file();
            let message = format!("the target `{name}` is not of the system that `{file}` defines");
            let help = "name the file in `systems` of enact.yaml, and the system in the target";
            return Err(Diagnostic::new(Code::ConfigSystem, message).help(help));
        }
        Ok(target)
    }

    /// Turns a failed check into a diagnostic at the line of the definition that is wrong.
    fn places(&self, files: &Files) -> impl Fn(&ProbeCheck) -> Diagnostic {
        let file = self.file();
        let text = files.get(&file).cloned().unwrap_or_default();
        let document = yaml::parse(&text, &file, &mut Vec::new()).pop();
        move |check| {
            let ProbeCheck { kind, what, defined, found, agrees: _, pointer } = check;
            let message = format!("{kind} {what}: the definition says: {defined}; found: {}", inline(found));
            let diagnostic = Diagnostic::new(Code::ProbeDisagrees, message);
            let diagnostic = match &document {
                Some(document) => diagnostic.at(document.place(pointer)),
                None => diagnostic,
            };
            diagnostic.help("write here what the API does; plans rely on it")
        }
    }
}

/// The kinds to try: these, and those that they need; all if there are none.
fn chosen<'a>(definition: &'a Definition, kinds: &'a [String]) -> Result<BTreeSet<&'a str>, Diagnostic> {
    let all: Vec<_> = definition.kinds.iter().map(|kind| kind.name.as_str()).collect();
    if let Some(unknown) = kinds.iter().find(|kind| !all.contains(&kind.as_str())) {
        let message = format!("the definition has no kind `{unknown}`");
        return Err(
            Diagnostic::new(Code::CliUsage, message).help(format!("its kinds are {}", all.join(", ")))
        );
    }
    if kinds.is_empty() {
        return Ok(all.into_iter().collect());
    }
    let mut chosen: BTreeSet<_> = kinds.iter().map(String::as_str).collect();
    // A kind needs only those before it, and itself.
    for kind in definition.kinds.iter().rev() {
        if chosen.contains(kind.name.as_str()) {
            chosen.extend(kind.key.values().filter_map(|part| part.kind()));
            chosen.extend(kind.references.values().map(|reference| reference.kind()));
        }
    }
    Ok(chosen)
}
