//! `enact fmt`: manifests in their usual form. What that is, is in `manifest::yaml::format`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::Global;
use super::files::{self, Unwritten, rewrite};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::Files;
use crate::manifest::yaml::MAX_BYTES;
use crate::manifest::yaml::format::formatted;
use crate::report::Report;
use crate::report::content::{Content, FormattedContent, FormattedFile};

#[derive(Args)]
pub(super) struct Fmt {
    /// The files; without any, those that `manifests` in enact.yaml names
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Writes nothing, and fails if a file is not in its usual form
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("fmt");
        let read = match self.files.as_slice() {
            [] => global.manifests(&mut report.diagnostics),
            files => Some((PathBuf::new(), named(files, &mut report.diagnostics))),
        };
        let Some((folder, texts)) = read else { return report };
        let mut content = FormattedContent { read: texts.len(), files: Vec::new() };
        for (file, text) in &texts {
            let Some(new) = formatted(text, file, &mut report.diagnostics) else { continue };
            if new == **text {
                continue;
            }
            let written = if self.check {
                Err(unformatted(file))
            } else {
                rewrite(&folder.join(file), text, &new).map_err(|error| unwritten(file, error))
            };
            content.files.push(FormattedFile { file: file.clone(), written: written.is_ok() });
            report.diagnostics.extend(written.err());
        }
        report.files.extend(texts);
        report.content = Content::Formatted(content);
        report
    }
}

/// The texts of files that the user named.
fn named(files: &[PathBuf], diagnostics: &mut Vec<Diagnostic>) -> Files {
    let mut texts = Files::new();
    for path in files {
        let file = path.to_string_lossy().into_owned();
        match files::read(path, MAX_BYTES) {
            Ok(text) => drop(texts.insert(file, text.into())),
            Err(error) => diagnostics.push(unread(path, &error)),
        }
    }
    texts
}

fn unread(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("`{}` cannot be read: {error}", path.display());
    Diagnostic::new(Code::SourceUnreadable, message).help("name a file with manifests")
}

fn unformatted(file: &str) -> Diagnostic {
    Diagnostic::new(Code::ManifestUnformatted, "the file is not in its usual form")
        .at(Place::start(file))
        .help("run `enact fmt`; what the file says stays")
}

fn unwritten(file: &str, error: Unwritten) -> Diagnostic {
    let why = match error {
        Unwritten::Changed => "it was changed meanwhile".to_owned(),
        Unwritten::Io(error) => error.to_string(),
    };
    Diagnostic::new(Code::ManifestUnwritten, format!("`{file}` could not be written: {why}"))
        .at(Place::start(file))
        .help("it is as it was; run `enact fmt` again")
}
