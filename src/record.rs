//! The record of a target: what enact did, object by object, as the files of a commit. What is applied is written into a
//! chain of such commits on one reference, so that nothing is forgotten and git can show and protect it.
//!
//! Here are the files: their paths, what they hold, and how a run changes them. Not here: reading and writing them in
//! git, in `run::record`.

pub mod effect;
pub mod entry;
pub mod lock;
pub mod path;
pub mod run;
pub mod seen;
pub mod undo;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The version of the format of all files of a record. A newer one is refused: what it means is not known here.
pub const FORMAT_VERSION: u32 = 1;

/// The bytes of a file: JSON with one value a line, so that `git diff` and `git show` are readable.
fn file(value: &impl Serialize) -> Vec<u8> {
    // This could fail only for keys that are not strings, and there are none.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}

/// Reads a file of a record. An error is the end of a sentence that begins with the file.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("that is no JSON: {error}"))?;
    match value.get("format_version").and_then(Value::as_u64) {
        Some(version) if version > u64::from(FORMAT_VERSION) => {
            Err(format!("of a newer format: {version}, and this enact knows {FORMAT_VERSION}"))
        }
        Some(_) => T::deserialize(value).map_err(|error| format!("that cannot be used: {error}")),
        None => Err("without a `format_version`".to_owned()),
    }
}
