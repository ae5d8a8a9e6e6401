//! The text of the commands without targets.

use crate::model::probe::ProbeCheck;
use crate::report::content::{
    CheckSystemContent, ImportContent, Imported, SandboxContent, SandboxTarget, Schemas,
};
use crate::report::labels::written;
use crate::report::style::Style;
use crate::text::{inline, safe};

/// The manifests as one stream of YAML documents if they are only shown; otherwise how many were written.
pub(super) fn import(import: &ImportContent, style: &Style) -> String {
    let ImportContent { folder, dry_run, manifests } = import;
    match folder {
        _ if *dry_run => manifests.iter().map(manifest).collect(),
        Some(folder) if !style.quiet => {
            format!("{} to {}.\n", written(import.written(), "manifest"), inline(folder))
        }
        _ => String::new(),
    }
}

fn manifest(manifest: &Imported) -> String {
    let Imported { file, text, written: _ } = manifest;
    format!("---\n# {}\n{}", inline(file), safe(text))
}

/// The names, one per line; if they were written to a folder, only how many.
pub(super) fn schemas(schemas: &Schemas, style: &Style) -> String {
    match &schemas.folder {
        None => schemas.schemas.iter().map(|schema| format!("{}\n", inline(&schema.name))).collect(),
        Some(_) if style.quiet => String::new(),
        Some(folder) => format!("{} to {}.\n", written(schemas.written(), "schema"), inline(folder)),
    }
}

/// The names and URLs of the APIs, one per line.
pub(super) fn sandbox(sandbox: &SandboxContent) -> String {
    let line = |target: &SandboxTarget| format!("{:<10} {}\n", inline(&target.name), inline(&target.url));
    sandbox.targets.iter().map(line).collect()
}

/// Whether the definition is sound or, if it was tried, each check with what is defined and what was found.
pub(super) fn check_system(check: &CheckSystemContent, style: &Style) -> String {
    match check {
        _ if style.quiet => String::new(),
        CheckSystemContent { checks: Some(checks), .. } => table(checks),
        CheckSystemContent { file: Some(file), sound: true, .. } => format!("`{}` is sound.\n", inline(file)),
        _ => String::new(),
    }
}

fn table(checks: &[ProbeCheck]) -> String {
    let mut text = String::new();
    let mut kind = "";
    for check in checks {
        if check.kind != kind {
            kind = &check.kind;
            text.push_str(&format!("{}\n", inline(kind)));
        }
        let mark = if check.agrees { "ok" } else { "NO" };
        let (defined, found) = (inline(&check.defined), inline(&check.found));
        text.push_str(&format!("  {mark} {}: {found} (defined: {defined})\n", inline(&check.what)));
    }
    text
}
