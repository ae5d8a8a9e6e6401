//! The text of the commands without targets.

use unicode_width::UnicodeWidthStr as _;

use crate::compare::diff::Field;
use crate::decide::suite::TestOutcome;
use crate::model::probe::ProbeCheck;
use crate::report::content::{
    CheckSystemContent, DoctorContent, FormattedContent, FormattedFile, HealthCheck, ImportContent, Imported,
    ImportedTarget, InitContent, InitFile, SandboxContent, SandboxTarget, Schemas, StatusContent,
    TargetHealth, TargetRow, TargetsContent, TestContent, Updated, UpdatedObject,
};
use crate::report::labels::{self, written};
use crate::report::style::Style;
use crate::report::value::{path, quoted};
use crate::report::{decide, status};
use crate::text::{inline, safe};
use crate::words::{count, verb};

/// What was updated, and the new manifests: as one stream of YAML documents if they are only shown, otherwise how many
/// were written.
pub(super) fn import(import: &ImportContent, style: &Style) -> String {
    let ImportContent { folder: _, targets, dry_run, manifests, updated } = import;
    let updated = updated.as_deref().map_or(String::new(), |updated| updates(import, updated, style));
    let new = match targets.as_slice() {
        _ if *dry_run => manifests.iter().map(manifest).collect(),
        _ if style.quiet => String::new(),
        [one] => format!("{} to {}.\n", written(one.written, "manifest"), inline(&one.folder)),
        several => several.iter().map(imported).collect(),
    };
    updated + &new
}

/// One of several targets.
fn imported(ImportedTarget { target, folder, manifests: _, written: now }: &ImportedTarget) -> String {
    format!("{}: {} to {}.\n", inline(target), written(*now, "manifest"), inline(folder))
}

/// Each file with its objects and their fields, and if nothing is written how its text would change.
fn updates(import: &ImportContent, updated: &[Updated], style: &Style) -> String {
    let dry_run = import.dry_run;
    let of = |updated: &Updated| {
        let Updated { file, written, objects, diff } = updated;
        let failed = if *written || dry_run { "" } else { " (not written)" };
        let mut text = format!("{}{failed}\n", inline(file));
        for UpdatedObject { target, kind, name, fields } in objects {
            text.push_str(&format!("  {}: {} {}\n", inline(target), inline(kind), quoted(name)));
            let field = |field: &Field| format!("      {}\n", path(&field.path));
            text.extend(fields.iter().map(field));
        }
        if dry_run { text + &safe(diff) } else { text }
    };
    match (updated, dry_run) {
        ([], _) if !style.quiet => "The manifests say what is live.\n".to_owned(),
        (_, false) if style.quiet => String::new(),
        (_, true) => updated.iter().map(of).collect(),
        (_, false) => {
            let files = count(import.rewritten(), "file");
            let were = verb(import.rewritten(), "was", "were");
            let text: String = updated.iter().map(of).collect();
            format!("{text}{files} {were} updated; `git diff` shows how.\n")
        }
    }
}

fn manifest(manifest: &Imported) -> String {
    let Imported { file, text, written: _ } = manifest;
    format!("---\n# {}\n{}", inline(file), safe(text))
}

/// What was written, and what to do next; nothing if nothing was.
pub(super) fn init(InitContent { files, next }: &InitContent, style: &Style) -> String {
    if style.quiet || files.is_empty() {
        return String::new();
    }
    let file = |InitFile { file, written }: &InitFile| {
        let what = if *written { "wrote" } else { "kept " };
        format!("  {what} {}\n", inline(file))
    };
    let step = |(index, step): (usize, &String)| format!("  {}. {}\n", index + 1, inline(step));
    let files: String = files.iter().map(file).collect();
    let next: String = next.iter().enumerate().map(step).collect();
    format!("{files}\nNext:\n{next}")
}

/// Each target with its checks, and what to do about those that failed; with `--quiet` only these.
pub(super) fn doctor(doctor: &DoctorContent, style: &Style) -> String {
    let mut text = String::new();
    for TargetHealth { target, system, url, checks } in &doctor.targets {
        text.push_str(&format!("{} ({}, {})\n", inline(target), inline(system), inline(url)));
        for HealthCheck { what, ok, found, next } in checks.iter().filter(|check| !(check.ok && style.quiet))
        {
            let mark = if *ok { "ok" } else { "NO" };
            text.push_str(&format!("  {mark} {}: {}\n", inline(what), inline(found)));
            text.extend(next.iter().map(|next| format!("     next: {}\n", inline(next))));
        }
    }
    for file in &doctor.old_schemas {
        text.push_str(&format!("NO {}: another version of enact wrote it\n", inline(file)));
    }
    if !doctor.old_schemas.is_empty() {
        text.push_str("   next: run `enact schema --write schema`\n");
    }
    if style.quiet || doctor.targets.is_empty() {
        text
    } else {
        format!("{text}{}\n", labels::health(doctor))
    }
}

/// The targets as a table.
pub(super) fn targets(TargetsContent { targets }: &TargetsContent) -> String {
    let wide = |of: fn(&TargetRow) -> &String| {
        targets.iter().map(|row| inline(of(row)).width()).max().unwrap_or_default()
    };
    let widths = [wide(|row| &row.target), wide(|row| &row.system), wide(|row| &row.url)];
    let line = |row: &TargetRow| {
        let mut line = String::new();
        for (cell, width) in [&row.target, &row.system, &row.url].into_iter().zip(widths) {
            let cell = inline(cell);
            line.push_str(&cell);
            line.push_str(&" ".repeat(width + 2 - cell.width()));
        }
        format!("{line}{}\n", inline(&row.credential))
    };
    targets.iter().map(line).collect()
}

/// The files that were not in order, one per line.
pub(super) fn formatted(content: &FormattedContent, style: &Style) -> String {
    let FormattedContent { read, files } = content;
    let file = |FormattedFile { file, written }: &FormattedFile| {
        let failed = if *written { "" } else { " (not written)" };
        format!("{}{failed}\n", inline(file))
    };
    match files.as_slice() {
        _ if style.quiet => String::new(),
        [] => format!("{} {} in order.\n", count(*read, "file"), verb(*read, "is", "are")),
        files => files.iter().map(file).collect(),
    }
}

/// The names, one per line; if they were written to a folder, only how many.
pub(super) fn schemas(schemas: &Schemas, style: &Style) -> String {
    match &schemas.folder {
        None => schemas.schemas.iter().map(|schema| format!("{}\n", inline(&schema.name))).collect(),
        Some(_) if style.quiet => String::new(),
        Some(folder) => format!("{} to {}.\n", written(schemas.written(), "schema"), inline(folder)),
    }
}

/// The names and URLs of the APIs, one per line, and an enact.yaml for them.
pub(super) fn sandbox(SandboxContent { targets, config }: &SandboxContent) -> String {
    let line = |target: &SandboxTarget| format!("{:<10} {}\n", inline(&target.name), inline(&target.url));
    let lines: String = targets.iter().map(line).collect();
    if config.is_empty() { lines } else { format!("{lines}\n# enact.yaml, to paste\n{}", safe(config)) }
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

/// Each file with its tests, and at the end what no test looked at.
pub(super) fn tests(content: &TestContent, style: &Style) -> String {
    let mut text = String::new();
    let mut file = "";
    for test in &content.tests {
        if style.quiet && test.outcome == TestOutcome::Passed {
            continue;
        }
        if test.file != file {
            file = &test.file;
            text.push_str(&format!("{}\n", inline(file)));
        }
        let lines = decide::test_lines(test).into_iter();
        text.extend(lines.map(|line| format!("  {}\n", inline(&line))));
    }
    if !style.quiet {
        text.push_str(&shown(decide::undecided_lines(content)));
        let totals = if content.tests.is_empty() { String::new() } else { decide::totals(content) + ".\n" };
        text.push_str(&totals);
    }
    text
}

/// Lines that may hold any text.
pub(super) fn shown(lines: Vec<String>) -> String {
    lines.iter().map(|line| format!("{}\n", inline(line))).collect()
}

/// Each target with what is known of it, and at the end how to know more.
pub(super) fn status(status: &StatusContent) -> String {
    let mut text = String::new();
    for target in &status.targets {
        text.push_str(&format!("{}\n", inline(&target.target)));
        let line = |line: String| format!("  {}\n", inline(&line));
        text.extend(status::lines(target).into_iter().map(line));
    }
    let seen = status::seen(status).map(|seen| format!("{}\n", inline(&seen)));
    text + &seen.unwrap_or_default()
}
