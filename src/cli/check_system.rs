//! `enact check-system`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::apply::stop_on_signal;
use super::{Format, Global, shown};
use crate::defined;
use crate::defined::definition::Definition;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Files, name_problem, yaml};
use crate::model::probe::ProbeCheck;
use crate::report::{Exit, Report};
use crate::run::probe;
use crate::text::inline;

#[derive(Args)]
pub(super) struct CheckSystem {
    /// The file that defines the system
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Tries it against this target of enact.yaml, which is written to
    #[arg(long, value_name = "TARGET", requires = "scratch")]
    against: Option<String>,
    /// The name of the objects that are created and deleted there; it must be free
    #[arg(long, value_name = "NAME", requires = "against")]
    scratch: Option<String>,
}

impl CheckSystem {
    pub(super) async fn run(self, global: &Global) -> Exit {
        let mut report = Report { command: "check-system", ..Report::default() };
        let mut files = Files::new();
        let definition = self.definition(&mut files, &mut report.diagnostics);
        if let (Some(definition), Some(target), Some(name)) = (&definition, &self.against, &self.scratch) {
            self.try_it(global, definition, (target, name), &mut files, &mut report).await;
        }
        let sound = definition.is_some() && self.against.is_none();
        let mut told = Exit::Done;
        if global.format == Format::Text && !global.quiet {
            let text = if sound { format!("`{}` is sound.\n", self.file()) } else { table(&report.checks) };
            told = shown(&text);
        }
        match global.finish(&report, &files) {
            Exit::Done => told,
            exit => exit,
        }
    }

    fn file(&self) -> String {
        self.file.to_string_lossy().into_owned()
    }

    /// The definition, if it is sound.
    fn definition(&self, files: &mut Files, diagnostics: &mut Vec<Diagnostic>) -> Option<Definition> {
        let file = self.file();
        match read(&self.file) {
            Ok(text) => {
                let row = defined::define(&file, &text, diagnostics);
                files.insert(file, text);
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

    async fn try_it(
        &self,
        global: &Global,
        definition: &Definition,
        (target, name): (&str, &str),
        files: &mut Files,
        report: &mut Report,
    ) {
        if let Some(problem) = name_problem(name) {
            let diagnostic = Diagnostic::new(Code::CliScratch, format!("the name `{name}` {problem}"));
            return report.diagnostics.push(diagnostic.help("give another one with `--scratch`"));
        }
        let Some(config) = global.config(files, &mut report.diagnostics) else { return };
        let Some(target) = config.targets.iter().find(|row| row.config.name == target) else {
            let message = format!("there is no target `{target}`");
            let diagnostic = Diagnostic::new(Code::ConfigTarget, message);
            return report
                .diagnostics
                .push(diagnostic.help("`--against` takes the name of a target in enact.yaml"));
        };
        // What is tried has to be what a plan would use.
        let row = config.registry.get(&target.config.system).and_then(|row| row.definition.clone());
        if row != serde_json::to_value(definition).ok() {
            let message = format!(
                "the target `{}` is not of the system that `{}` defines",
                target.config.name,
                self.file()
            );
            let help = "name the file in `systems` of enact.yaml, and the system in the target";
            return report.diagnostics.push(Diagnostic::new(Code::ConfigSystem, message).help(help));
        }
        match config.connect(target, true) {
            Ok(http) => {
                let verdict = probe::run(definition, target, &http, name, &stop_on_signal()).await;
                let places = self.places(files);
                report.diagnostics.extend(verdict.checks.iter().filter(|check| !check.agrees).map(places));
                report.diagnostics.extend(verdict.diagnostics);
                report.checks = verdict.checks;
            }
            Err(diagnostic) => report.diagnostics.push(diagnostic),
        }
    }

    /// Turns a check that failed into a diagnostic where the definition says what is not so.
    fn places(&self, files: &Files) -> impl Fn(&ProbeCheck) -> Diagnostic {
        let file = self.file();
        let text = files.get(&file).cloned().unwrap_or_default();
        let document = yaml::parse(&text, &file, &mut Vec::new()).pop();
        move |check| {
            let ProbeCheck { kind, what, defined, found, agrees: _, pointer } = check;
            let message = format!("{kind} {what}: defined is {defined}, and found was: {}", inline(found));
            let diagnostic = Diagnostic::new(Code::ProbeDisagrees, message);
            let diagnostic = match &document {
                Some(document) => diagnostic.at(document.place(&file, pointer)),
                None => diagnostic,
            };
            diagnostic.help("say here what the API does; a plan acts on it")
        }
    }
}

/// The text of a file that is no larger than a definition may be.
fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(file)?.take(yaml::MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// The checks, kind by kind, each with what is defined and what was found.
fn table(checks: &[ProbeCheck]) -> String {
    let mut text = String::new();
    let mut kind = "";
    for check in checks {
        if check.kind != kind {
            kind = &check.kind;
            text.push_str(&format!("{kind}\n"));
        }
        let mark = if check.agrees { "ok" } else { "NO" };
        let (defined, found) = (inline(&check.defined), inline(&check.found));
        text.push_str(&format!("  {mark} {}: {found} (defined: {defined})\n", check.what));
    }
    text
}
