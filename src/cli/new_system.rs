//! `enact new-system`: drafts the definition of a system from an OpenAPI document. What a draft holds is in
//! `defined::draft`.

use std::io::ErrorKind;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::args::Global;
use super::files;
use crate::config::url_problem;
use crate::defined::draft::{Draft, draft};
use crate::diagnostic::{Code, Diagnostic};
use crate::file::folder_of;
use crate::manifest::yaml;
use crate::report::Report;
use crate::report::content::{Content, InitContent, InitFile};
use crate::system::registry::Registry;
use crate::text::short;
use crate::words::count;

/// The largest document that is read, in bytes.
const MAX_BYTES: usize = 16 << 20;
/// The longest name of a system.
const LONGEST: usize = 31;

#[derive(Args)]
pub(super) struct NewSystem {
    /// The URL of the API, as a target will have it
    #[arg(value_name = "URL")]
    url: String,
    /// Its OpenAPI document of version 3, in JSON or YAML
    #[arg(long, value_name = "FILE")]
    openapi: PathBuf,
    /// The name of the system, and of its file beside enact.yaml; left out, made of the document's title
    #[arg(long, value_name = "NAME", value_parser = system_name)]
    name: Option<String>,
}

impl NewSystem {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("new-system");
        match self.write(global, &mut report) {
            Ok(content) => report.content = Content::Init(content),
            Err(diagnostic) => report.diagnostics.extend(diagnostic),
        }
        report
    }

    /// Writes the draft. Adds no diagnostic where there is one already.
    fn write(&self, global: &Global, report: &mut Report) -> Result<InitContent, Option<Diagnostic>> {
        if let Some(problem) = url_problem(&self.url) {
            return Err(Some(problem));
        }
        let document = self.document(report)?;
        let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or_default();
        let name = self.name.clone().unwrap_or_else(|| name_of(title));
        let drafted = draft(&document, &name, &self.url).map_err(|why| {
            let message = format!("`{}` gives no definition: {why}", self.openapi.display());
            let help =
                "name an OpenAPI document of version 3, or write the definition by hand: docs/systems.md";
            Diagnostic::new(Code::SystemDraft, message).help(help)
        })?;
        let file = folder_of(global.config_file()).join(format!("{name}.yaml"));
        let file = file.strip_prefix(".").unwrap_or(&file);
        if file.file_name() == global.config_file().file_name() || Registry::built_in().get(&name).is_some() {
            let message =
                format!("`{name}` is the name of enact's configuration or of a system that is built in");
            return Err(Some(
                Diagnostic::new(Code::SystemExists, message).help("give another name with `--name`"),
            ));
        }
        files::create(file, &drafted.text).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                let message = format!("`{}` exists", file.display());
                let help = "nothing is overwritten: give another name with `--name`";
                Diagnostic::new(Code::SystemExists, message).help(help)
            }
            _ => {
                let message = format!("`{}` could not be written: {error}", file.display());
                Diagnostic::new(Code::InitWrite, message).help("change the permissions of the folder")
            }
        })?;
        let file = file.to_string_lossy().into_owned();
        let next = next(&file, &name, &self.url, &drafted);
        Ok(InitContent { files: vec![InitFile { file, written: true }], next })
    }

    fn document(&self, report: &mut Report) -> Result<Value, Option<Diagnostic>> {
        let file = self.openapi.to_string_lossy().into_owned();
        let text = files::read(&self.openapi, MAX_BYTES).map_err(|error| {
            let message = format!("`{file}` cannot be read: {error}");
            Diagnostic::new(Code::SystemUnreadable, message).help("name the file of an OpenAPI document")
        })?;
        let wrong = |why: String| Diagnostic::new(Code::SystemDraft, format!("`{file}` {why}"));
        if text.trim_start().starts_with('{') {
            // Its parser has a limit for depth, and the length is known.
            return serde_json::from_str(&text).map_err(|error| Some(wrong(format!("is not JSON: {error}"))));
        }
        let one = |_: &str| wrong("must hold exactly one document".to_owned());
        let document = yaml::only(&text, &file, &mut report.diagnostics, one);
        report.files.insert(file.clone(), text.as_str().into());
        document.map(|document| document.to_json()).ok_or(None)
    }
}

/// What to do after it.
fn next(file: &str, name: &str, url: &str, drafted: &Draft) -> Vec<String> {
    let Draft { kinds, questions, left_out, .. } = drafted;
    let open = match questions {
        0 => format!("read `{file}`: it has {}", count(*kinds, "kind")),
        _ => format!(
            "answer the {} in `{file}`, which are comments above the kinds",
            count(*questions, "question")
        ),
    };
    let mut steps = vec![
        open,
        format!(
            "name it in enact.yaml: `systems: [{name}.yaml]`, and a target with `system: {name}` and `url: {url}`"
        ),
        format!("`enact check-system {file}` finds mistakes; `enact import` shows what the API holds by it"),
        format!(
            "give each kind a `scratch` object: `enact check-system {file} --against TARGET --scratch enact-try` asks the API itself"
        ),
    ];
    if *left_out > 0 {
        let paths = count(*left_out, "path");
        steps.insert(
            1,
            format!("look at the end of it: {paths} of the document could not be said, with the reason"),
        );
    }
    steps
}

/// The name of a system, from the title of its document.
fn name_of(title: &str) -> String {
    let words = title.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let cut: String =
        joined.trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars().take(LONGEST).collect();
    match cut.trim_end_matches('-') {
        "" => "api".to_owned(),
        name => name.to_owned(),
    }
}

fn system_name(text: &str) -> Result<String, String> {
    let is_name = name_of(text) == text;
    let help = format!("it has to be 1 to {LONGEST} lower-case letters, digits and `-`, the first a letter");
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is no name of a system: {help}", short(text)))
    }
}
