//! What the manifests of a kind leave out, because its schema does not know it. Not here: what import leaves out on
//! purpose, which `Kind::not_imported` says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::compare::shape::Shape;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::kind::Kind;
use crate::model::state::LiveObject;
use crate::pointer::child;
use crate::words::{count, list};

/// How many fields a message names.
const NAMED: usize = 8;

/// What the manifests of a kind leave out.
#[derive(Default)]
pub(super) struct LeftOut {
    objects: usize,
    /// As JSON pointers in which `*` means every item.
    fields: BTreeSet<String>,
}

impl LeftOut {
    /// Adds what the manifest of an object leaves out.
    pub(super) fn add(&mut self, kind: &Kind, found: &LiveObject) {
        let mut fields = BTreeSet::new();
        unknown(&kind.shape, "", &kind.writable(found.body()), &mut fields);
        self.objects += usize::from(!fields.is_empty());
        self.fields.extend(fields);
    }

    /// What to tell people, if anything is left out.
    pub(super) fn diagnostic(&self, kind: &Kind) -> Option<Diagnostic> {
        let fields: Vec<_> = self.fields.iter().map(|field| format!("`{field}`")).collect();
        let (manifests, fields) = (count(self.objects, "manifest"), list(&fields, NAMED));
        let message =
            format!("{manifests} of the kind {} without fields that none can declare: {fields}", kind.name);
        let help = "they stay on the target as they are; to manage them, describe them in the definition of the system";
        (self.objects > 0).then(|| Diagnostic::new(Code::ImportLeavesOut, message).help(help))
    }
}

/// The fields of a live value that its shape does not know.
fn unknown(shape: &Shape, at: &str, live: &Value, fields: &mut BTreeSet<String>) {
    match (shape, live) {
        (Shape::Object(known), Value::Object(map)) => {
            for (name, live) in map {
                match known.iter().find(|(of, _)| of == name) {
                    Some((_, field)) => unknown(&field.shape, &child(at, name), live, fields),
                    None => drop(fields.insert(child(at, name))),
                }
            }
        }
        (Shape::List(item) | Shape::Set { item, .. } | Shape::Map { item, .. }, Value::Array(items)) => {
            items.iter().for_each(|live| unknown(item, &format!("{at}/*"), live, fields));
        }
        _ => {}
    }
}
