//! Writes the texts of updated manifests, or with `--dry-run` only shows them. What they say is in `crate::import::update`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::files::{Unwritten, rewrite};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::Repository;
use crate::import::update::Updated;
use crate::model::resource::ResourceId;
use crate::report::content;

/// Replaces the files, each whole or not at all, and only if it still is what was read.
pub(super) fn files(
    root: &Path,
    updated: BTreeMap<String, Updated>,
    dry_run: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<content::Updated> {
    // Nothing is lost outside of a repository either: the report holds every value as it was.
    let repository = if dry_run || updated.is_empty() { None } else { repository(root, diagnostics) };
    let mut all = Vec::new();
    for (file, updated) in updated {
        let written = !dry_run
            && replace(root, &file, &updated, repository.as_ref())
                .map(|kept| diagnostics.extend(kept))
                .map_err(|diagnostic| diagnostics.push(diagnostic))
                .is_ok();
        all.push(shown(file, updated, written));
    }
    all
}

fn repository(root: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<Repository> {
    Repository::discover(root).unwrap_or_else(|diagnostic| {
        diagnostics.push(diagnostic);
        None
    })
}

/// Replaces a file. What is in no commit is kept in git first.
fn replace(
    root: &Path,
    file: &str,
    updated: &Updated,
    repository: Option<&Repository>,
) -> Result<Option<Diagnostic>, Diagnostic> {
    let kept = repository.map(|repository| repository.keep(&updated.before)).transpose()?.flatten();
    match rewrite(&root.join(file), &updated.before, &updated.text) {
        Ok(()) => Ok(kept.map(|id| uncommitted(file, &id))),
        Err(unwritten) => Err(failed(file, &unwritten)),
    }
}

fn uncommitted(file: &str, id: &str) -> Diagnostic {
    let message = format!("`{file}` held changes that are not committed, and was updated all the same");
    Diagnostic::new(Code::ImportUncommitted, message)
        .help(format!("what it was before is in git: `git cat-file -p {id}`"))
}

fn failed(file: &str, unwritten: &Unwritten) -> Diagnostic {
    let (why, help) = match unwritten {
        Unwritten::Changed => ("it has changed since it was read".to_owned(), "run again"),
        Unwritten::Io(error) => (error.to_string(), "it was left as it is; make it writable, and run again"),
    };
    Diagnostic::new(Code::ImportWrite, format!("`{file}` could not be updated: {why}")).help(help)
}

fn shown(file: String, Updated { before, text, objects }: Updated, written: bool) -> content::Updated {
    let diff = similar::TextDiff::from_lines(before.as_ref(), &text);
    let diff = diff.unified_diff().context_radius(3).header(&file, &file).to_string();
    let object =
        |(ResourceId { target, kind, name }, fields)| content::UpdatedObject { target, kind, name, fields };
    let objects = objects.into_iter().map(object).collect();
    content::Updated { file, written, objects, diff }
}
