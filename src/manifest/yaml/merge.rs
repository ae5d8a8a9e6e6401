//! A JSON merge patch (RFC 7386) in another file, made to a document: a field becomes the one of the patch, `null` removes
//! it, mappings are merged, and lists are replaced as a whole.

use super::node::{Key, Node, NodeStyle, Span, Value};
use crate::diagnostic::Place;

/// A patch, and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct MergePatch {
    /// The file, as the user would type it.
    pub file: String,
    /// Where in the file it is, such as `targets[0].patches[2]`.
    pub path: String,
    /// A mapping.
    pub root: Node,
}

impl MergePatch {
    /// Where the row of the patch is.
    pub fn whole(&self) -> Place {
        self.root.span.place(&self.file, &self.path)
    }

    /// The root of a document with this patch. Keys that the document does not have get the place of its mapping.
    pub(super) fn merged(&self, root: &Node) -> Node {
        patched(root.clone(), &self.root, root.span)
    }

    /// The place of what the patch set at a pointer of the document, or around it.
    pub(super) fn place(&self, pointer: &str) -> Option<Place> {
        let (node, path) = self.set(pointer)?;
        Some(self.named(node.span, &path))
    }

    /// The same of a byte of a text.
    pub(super) fn place_within(&self, pointer: &str, offset: usize) -> Option<Place> {
        let (node, path) = self.set(pointer)?;
        Some(self.named(node.span_within(offset), &path))
    }

    /// A mapping is merged, so that it is not set by the patch: only what is in it is.
    fn set(&self, pointer: &str) -> Option<(&Node, String)> {
        Some(self.root.walk(pointer)).filter(|(node, _)| node.as_map().is_none())
    }

    fn named(&self, span: Span, path: &str) -> Place {
        span.place(&self.file, &format!("{}.{path}", self.path))
    }
}

fn patched(node: Node, patch: &Node, span: Span) -> Node {
    let Some(fields) = patch.as_map() else { return patch.clone() };
    let (mut entries, span) = match node.value {
        Value::Map(entries) => (entries, node.span),
        _ => (Vec::new(), span),
    };
    for (key, patch) in fields {
        let old = entries.iter().position(|(known, _)| known.name == key.name);
        if patch.value == Value::Null {
            old.map(|index| entries.remove(index));
        } else if let Some((_, value)) = old.and_then(|index| entries.get_mut(index)) {
            *value = patched(value.clone(), patch, span);
        } else {
            let nothing = Node { value: Value::Null, span, style: NodeStyle::Collection };
            entries.push((Key { name: key.name.clone(), span }, patched(nothing, patch, span)));
        }
    }
    Node { value: Value::Map(entries), span, style: NodeStyle::Collection }
}
