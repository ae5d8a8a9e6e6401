//! What a target makes of a manifest: values for its references, `${{ vars.NAME }}`, and a patch. Not here: where both are
//! written, in `config`, and the checks of what comes out, in `resolve`.

mod expansion;
pub mod reference;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::yaml::{Document, MergePatch, Node};
use crate::diagnostic::Diagnostic;
pub use variables::Variables;

/// The variables and patches of a target.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What references stand for.
    pub variables: Arc<Variables>,
    /// What differs otherwise, by kind and name.
    pub patches: BTreeMap<(String, String), Arc<MergePatch>>,
    /// How many values the expanded manifests may hold.
    pub values: usize,
}

impl Environment {
    /// What is made of a manifest whose name is written like this.
    pub fn overlay(&self, kind: &str, name: &str) -> Overlay {
        let key = || (kind.to_owned(), self.variables.text(name));
        let patch = if self.patches.is_empty() { None } else { self.patches.get(&key()).cloned() };
        Overlay { variables: self.variables.clone(), patch }
    }
}

/// What a target makes of one manifest.
#[derive(Clone, Debug)]
pub struct Overlay {
    variables: Arc<Variables>,
    /// What differs beside the references.
    pub patch: Option<Arc<MergePatch>>,
}

impl Overlay {
    /// A document as it is written, with its patch.
    pub(super) fn patched(&self, document: &Document) -> Document {
        self.patch.as_ref().map_or_else(|| document.clone(), |patch| document.with(patch))
    }

    /// A document as the target has it, and how much it holds, weighed as for [`MAX_WEIGHT`](super::yaml::MAX_WEIGHT).
    pub fn expand(
        &self,
        document: &Document,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Document, usize)> {
        let document = self.patched(document);
        let (root, weight) = expansion::of(&self.variables, &document, diagnostics)?;
        Some((Document { root, ..document }, weight))
    }

    /// The byte of a text of the document as it is written that became this byte of the expanded one.
    pub(super) fn written_offset(&self, patched: &Document, pointer: &str, offset: usize) -> usize {
        let text = patched.at(pointer).and_then(Node::as_str);
        text.map_or(offset, |text| self.variables.written_offset(text, offset))
    }

    /// Adds to a diagnostic about an expanded document where the variables are set that its value comes from.
    pub fn explain(&self, document: &Document, diagnostic: Diagnostic) -> Diagnostic {
        let Some(place) = diagnostic.place.as_ref() else { return diagnostic };
        let patched = self.patched(document);
        let is_there = |pointer: &&String| {
            let rest = place.path.strip_prefix(&patched.place(pointer).path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let texts = patched.root.texts_with(reference::OPEN);
        let text = texts.iter().find(is_there).and_then(|pointer| patched.at(pointer)?.as_str());
        let set_at = text.map(|text| self.variables.set_at(text)).filter(|set_at| !set_at.is_empty());
        let Some(set_at) = set_at else { return diagnostic };
        let help = match &diagnostic.help {
            Some(help) if help.contains(&set_at) => return diagnostic,
            Some(help) => format!("{help}; {set_at}"),
            None => set_at,
        };
        diagnostic.help(help)
    }
}

/// Whether a document names a variable.
pub fn has_variables(document: &Document) -> bool {
    let texts = document.root.texts_with(reference::OPEN);
    let texts = texts.iter().filter_map(|pointer| document.at(pointer)?.as_str());
    texts.flat_map(reference::names).next().is_some()
}

/// Whether only a target knows what a document of a file with this text says: it has something that looks like a
/// reference.
pub fn has_references(document: &Document, text: &str) -> bool {
    // Where it is not in the text, it can only be behind an escape. Most files have neither.
    (text.contains(reference::OPEN) || text.contains('\\')) && document.root.mentions(reference::OPEN)
}

#[cfg(test)]
mod tests;
