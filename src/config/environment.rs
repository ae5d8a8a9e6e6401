//! The variables and the patches of a target.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::{PatchConfig, TargetConfig};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::environment::{Environment, Variables};
use crate::manifest::yaml::{MergePatch, Node, NodeStyle, Part, Span, Value};
use crate::model::kind::{self, Kind};
use crate::text::short;

/// What a target makes of manifests. Without the kinds of its system, as of a revision, the kinds of patches are not
/// checked. What it expands may hold this many values.
pub(super) fn environment(
    config: &TargetConfig,
    row: &Part<'_>,
    kinds: Option<&[Kind]>,
    values: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Environment {
    let mut patches = BTreeMap::new();
    for (index, patch) in config.patches.iter().enumerate() {
        let row = row.part(&format!("/patches/{index}"));
        let twice = patches.insert(patch.object(), Arc::new(merge_patch(&row)));
        let wrong = [empty(patch), renaming(&row), kinds.and_then(|kinds| unknown_kind(patch, kinds))];
        let wrong = wrong.into_iter().flatten().chain(twice.map(|_| repeated(patch)));
        diagnostics.extend(wrong.map(|(at, message, help)| {
            Diagnostic::new(Code::ConfigPatch, message).at(row.place(at)).help(help)
        }));
    }
    Environment { variables: Arc::new(Variables::of(&config.name, row)), patches, values }
}

/// Where in its row a patch is wrong, what is wrong, and what to do.
type Wrong = (&'static str, String, String);

fn empty(patch: &PatchConfig) -> Option<Wrong> {
    let is_empty = patch.metadata.is_none() && patch.spec.is_none();
    let help = "say what differs, in `spec` or in `metadata`".to_owned();
    is_empty.then(|| ("", "this patch changes nothing".to_owned(), help))
}

fn renaming(row: &Part<'_>) -> Option<Wrong> {
    row.at("/metadata/name")?;
    let message = "a patch cannot change the name of its object".to_owned();
    Some(("/metadata/name", message, "write the name in the manifest with a variable".to_owned()))
}

fn unknown_kind(patch: &PatchConfig, kinds: &[Kind]) -> Option<Wrong> {
    let help = kind::unknown(&patch.kind, kinds)?;
    Some(("/kind", format!("`{}` is no kind of this target's system", short(&patch.kind)), help))
}

fn repeated(PatchConfig { kind, name, .. }: &PatchConfig) -> Wrong {
    let message = format!("there are two patches for the {kind} `{}`", short(name));
    ("/name", message, "make one of them".to_owned())
}

fn merge_patch(row: &Part<'_>) -> MergePatch {
    let place = row.place("");
    let entries = row.node().and_then(Node::as_map).unwrap_or_default().iter();
    let fields = entries.filter(|(key, _)| matches!(key.name.as_str(), "metadata" | "spec"));
    let span = Span { line: place.line, column: place.column, width: place.width };
    let root = Node { value: Value::Map(fields.cloned().collect()), span, style: NodeStyle::Collection };
    MergePatch { file: place.file, path: place.path, root }
}
