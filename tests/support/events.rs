//! The lines of `--events`, as their schema says.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = include_str!("../../schema/event.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
});

/// Checks the lines of the file that a command was given with `--events`, if it was. The last line of a run may be cut,
/// and a file may hold lines of others.
pub(super) fn check(dir: &Path, command: &Command) {
    let args: Vec<_> = command.get_args().collect();
    let Some(at) = args.iter().position(|arg| *arg == OsStr::new("--events")) else { return };
    let file = args.get(at + 1).map(|file| dir.join(file)).filter(|file| file.is_file());
    let text = file.map(|file| std::fs::read_to_string(file).unwrap()).unwrap_or_default();
    for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if line.get("event").is_some() {
            let errors: Vec<_> = SCHEMA.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{line:#}");
        }
    }
}
