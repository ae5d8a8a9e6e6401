//! `enact schema`: lists, prints or writes schemas. Where they come from is in `catalog`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::Global;
use super::files::{Readers, replace};
use crate::catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::Report;
use crate::report::content::{Content, SchemaFile, Schemas};

#[derive(Args)]
pub(super) struct Schema {
    /// Prints this schema, such as `polytomic-policy`, `config` or `plan`; without it, lists all
    name: Option<String>,
    /// Writes all schemas into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    write: Option<PathBuf>,
}

impl Schema {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("schema");
        let Some(registry) = global.registry(&mut report.files, &mut report.diagnostics) else {
            return report;
        };
        let schemas = catalog::all(&registry);
        match (self.name, self.write) {
            (Some(name), _) => match one(&name, schemas) {
                Some(text) => report.content = Content::Schema(text),
                None => report.diagnostics.push(unknown(&name)),
            },
            (None, Some(folder)) => {
                let schemas = write(&folder, &schemas, &mut report.diagnostics);
                let folder = Some(folder.to_string_lossy().into_owned());
                report.content = Content::Schemas(Schemas { folder, schemas });
            }
            (None, None) => {
                let schemas = schemas.keys().map(|file| row(file, false)).collect();
                report.content = Content::Schemas(Schemas { folder: None, schemas });
            }
        }
        report
    }
}

/// The text of one schema, by its name or its file name.
fn one(name: &str, schemas: BTreeMap<String, String>) -> Option<String> {
    let is_named = |file: &str| catalog::name(file) == name || file == name;
    schemas.into_iter().find(|(file, _)| is_named(file)).map(|(_, text)| text)
}

fn unknown(name: &str) -> Diagnostic {
    Diagnostic::new(Code::CliSchema, format!("there is no schema `{name}`")).help("`enact schema` lists them")
}

fn row(file: &str, written: bool) -> SchemaFile {
    SchemaFile { name: catalog::name(file).to_owned(), file: file.to_owned(), written }
}

/// Writes as many files as it can.
fn write(
    folder: &Path,
    schemas: &BTreeMap<String, String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<SchemaFile> {
    if let Err(error) = std::fs::create_dir_all(folder) {
        diagnostics.push(unwritten(folder, &error));
        return schemas.keys().map(|file| row(file, false)).collect();
    }
    let one = |(file, text): (&String, &String)| {
        let path = folder.join(file);
        let written = replace(&path, text, Readers::Usual).map_err(|error| unwritten(&path, &error));
        row(file, written.map_err(|diagnostic| diagnostics.push(diagnostic)).is_ok())
    };
    schemas.iter().map(one).collect()
}

fn unwritten(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Code::CliSchemaWrite, format!("`{}` could not be written: {error}", path.display()))
        .help("name another folder with `--write`")
}
