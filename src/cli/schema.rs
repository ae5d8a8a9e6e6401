//! `enact schema`.

use std::path::PathBuf;

use clap::Args;

use super::{Global, say, shown};
use crate::catalog;
use crate::report::Exit;

#[derive(Args)]
pub(super) struct Schema {
    /// Prints this one, such as `polytomic-policy`, `config` or `plan`; left out, lists them
    name: Option<String>,
    /// Writes all of them into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    write: Option<PathBuf>,
}

impl Schema {
    pub(super) fn run(self, global: &Global) -> Exit {
        let registry = match global.registry() {
            Ok(registry) => registry,
            Err((diagnostics, files)) => {
                global.show_diagnostics(&diagnostics, &files);
                return Exit::Invalid;
            }
        };
        let schemas = catalog::all(&registry);
        if let Some(folder) = &self.write {
            return write(folder, &schemas);
        }
        let Some(name) = &self.name else {
            return shown(&schemas.keys().map(|file| format!("{}\n", stem(file))).collect::<String>());
        };
        match schemas.iter().find(|(file, _)| stem(file) == name.as_str() || *file == name) {
            Some((_, text)) => shown(text),
            None => {
                say(&format!(
                    "error: there is no schema `{}`\n  = help: `enact schema` lists them\n",
                    crate::text::safe(name)
                ));
                Exit::Usage
            }
        }
    }
}

fn stem(file: &str) -> &str {
    file.trim_end_matches(".schema.json")
}

fn write(folder: &std::path::Path, schemas: &std::collections::BTreeMap<String, String>) -> Exit {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| schemas.iter().try_for_each(|(file, text)| std::fs::write(folder.join(file), text)));
    match written {
        Ok(()) => Exit::Done,
        Err(error) => {
            say(&format!("error: the schemas could not be written to `{}`: {error}\n", folder.display()));
            Exit::Failure
        }
    }
}
