//! Manifests as files: which there are, and their text. `--rev` will read them from a git revision instead.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};

use crate::diagnostic::Diagnostic;

/// Files larger than this are no manifests.
const MAX_FILE: u64 = 1 << 20;
/// More manifests than this are a mistake in `manifests:`.
const MAX_FILES: usize = 100_000;

/// The texts of all manifests, by path relative to the configuration's folder, with `/` between parts.
pub type Files = BTreeMap<String, String>;

/// Reads files and folders below `folder`. Symbolic links are not followed; hidden files are passed over.
pub fn working_tree(folder: &Path, manifests: &[String], findings: &mut Vec<Diagnostic>) -> Files {
    let mut files = Files::new();
    for entry in manifests {
        let entry = entry.trim_end_matches('/');
        if Path::new(entry).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
        {
            let message = format!("`{entry}` in `manifests` leads out of the folder of enact.yaml");
            findings
                .push(Diagnostic::error("source/outside", message).help("name files and folders inside it"));
            continue;
        }
        let name = entry.trim_start_matches("./");
        add(folder, if name == "." { "" } else { name }, true, &mut files, findings);
    }
    files
}

fn add(root: &Path, name: &str, named: bool, files: &mut Files, findings: &mut Vec<Diagnostic>) {
    let path = root.join(name);
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) => return findings.push(unreadable(name, &error)),
    };
    if meta.is_symlink() {
        let message = format!("`{name}` is a symbolic link");
        findings.push(Diagnostic::error("source/link", message).help("put the file itself there"));
    } else if meta.is_dir() {
        add_folder(root, name, files, findings);
    } else if named || is_manifest(name) {
        add_file(&path, name, meta.len(), files, findings);
    }
}

fn add_folder(root: &Path, name: &str, files: &mut Files, findings: &mut Vec<Diagnostic>) {
    let entries = match std::fs::read_dir(root.join(name)).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) => return findings.push(unreadable(name, &error)),
    };
    for entry in entries {
        let Ok(entry_name) = entry.file_name().into_string() else {
            findings.push(
                Diagnostic::error("source/name", format!("a file name in `{name}` is not UTF-8"))
                    .help("rename it"),
            );
            continue;
        };
        if !entry_name.starts_with('.') && files.len() < MAX_FILES {
            let child = if name.is_empty() { entry_name } else { format!("{name}/{entry_name}") };
            add(root, &child, false, files, findings);
        }
    }
}

fn add_file(path: &Path, name: &str, len: u64, files: &mut Files, findings: &mut Vec<Diagnostic>) {
    if len > MAX_FILE {
        let message = format!("`{name}` is larger than 1 MiB");
        return findings
            .push(Diagnostic::error("source/too-large", message).help("split it into several files"));
    }
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => drop(files.insert(name.to_owned(), text)),
        Ok(Err(error)) => {
            let message = format!("`{name}` is not UTF-8 at byte {}", error.utf8_error().valid_up_to());
            findings.push(Diagnostic::error("source/encoding", message).help("save it as UTF-8"));
        }
        Err(error) => findings.push(unreadable(name, &error)),
    }
}

fn is_manifest(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn unreadable(name: &str, error: &io::Error) -> Diagnostic {
    let shown = if name.is_empty() { "." } else { name };
    Diagnostic::error("source/unreadable", format!("`{shown}` can not be read: {error}"))
        .help("correct `manifests` in enact.yaml, or the file's rights")
}
