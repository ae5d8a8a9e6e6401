//! Checks `metadata.ignore`: a part cannot be declared and left to others, and should be one that enact compares. What
//! becomes of it is in `compare::ignore`.

use serde_json::Value;

use crate::compare::ignore::{is_compared, is_declared};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::kind::Kind;
use crate::model::state::Declared;
use crate::text::short;

/// What is wrong with the pointers of a manifest.
pub(super) fn check(kind: &Kind, declared: &Declared, spec: &Value) -> Vec<Diagnostic> {
    let wrong = |(index, pointer): (usize, &String)| {
        let diagnostic = problem(kind, spec, pointer)?;
        Some(diagnostic.at(declared.manifest.place(&format!("/metadata/ignore/{index}"))))
    };
    declared.manifest.ignore.iter().enumerate().filter_map(wrong).collect()
}

fn problem(kind: &Kind, spec: &Value, pointer: &str) -> Option<Diagnostic> {
    let shown = short(pointer);
    if is_declared(&kind.shape, spec, pointer) {
        let message =
            format!("`{shown}` is ignored, and the spec declares it, or something around or inside of it");
        let help = "remove the pointer, or what the spec declares there";
        return Some(Diagnostic::new(Code::ManifestIgnore, message).help(help));
    }
    (!is_compared(&kind.shape, pointer)).then(|| {
        let message = format!("`{shown}` hides nothing: enact compares no such part of a {}", kind.name);
        let help = format!(
            "`enact schema` shows its fields; an item of a list can only be named if the list has keys: {}",
            "`/list/KEY` or `/list/*/field`"
        );
        Diagnostic::new(Code::ManifestIgnoresNothing, message).help(help)
    })
}
