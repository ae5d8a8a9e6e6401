//! Plain scalars that are read as another value than the one that was written: `1.10` is the number 1.1, `007` is 7,
//! `72225e2` is 7222500. Where text is as good, text was probably meant.

use serde_json::{Number, Value as Json};

use super::{Check, words};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::yaml::{MAX_DIAGNOSTICS, Node, Value};
use crate::pointer;

impl Check<'_> {
    /// Warns of every such scalar.
    pub(super) fn spellings(&mut self, root: &Node, instance: &Json) {
        let mut found = Vec::new();
        Odd { path: Vec::new(), found: &mut found }.find(root);
        for (node, pointer, read) in found {
            if self.diagnostics.len() < MAX_DIAGNOSTICS {
                self.warn_of_spelling(node, &pointer, instance, &read);
            }
        }
    }

    fn warn_of_spelling(&mut self, node: &Node, pointer: &str, instance: &Json, read: &str) {
        let place = self.value_place(pointer);
        let wrong = self.diagnostics.iter().any(|diagnostic| diagnostic.place.as_ref() == Some(&place));
        // Zeros in front are a mistake also where only a number will do: older YAML reads such a number as octal.
        if wrong || !(self.takes_text(pointer, node, instance) || loses_zeros(node)) {
            return;
        }
        let what = match &node.value {
            Value::Null => format!("`{}`", words::shown(node)),
            _ => words::found(node),
        };
        let message = format!("{what} is read as `{read}`");
        let help =
            format!("quote it if text is meant: `\"{}\"`; otherwise write `{read}`", words::shown(node));
        self.diagnostics.push(Diagnostic::new(Code::SchemaSpelling, message).at(place).help(help));
    }

    /// Whether the schema would accept the scalar as text too.
    fn takes_text(&self, pointer: &str, node: &Node, instance: &Json) -> bool {
        let mut quoted = instance.clone();
        let Some(place) = quoted.pointer_mut(pointer) else { return false };
        *place = Json::from(node.raw().unwrap_or_default());
        self.validator.iter_errors(&quoted).all(|error| error.instance_path().as_str() != pointer)
    }
}

/// The search for scalars that are read as another value. Pointers are written only for those: nearly all documents have
/// none.
struct Odd<'n, 'f> {
    path: Vec<Step<'n>>,
    found: &'f mut Vec<(&'n Node, String, String)>,
}

enum Step<'n> {
    Item(usize),
    Field(&'n str),
}

impl<'n> Odd<'n, '_> {
    fn find(&mut self, node: &'n Node) {
        for (index, item) in node.as_seq().unwrap_or_default().iter().enumerate() {
            self.below(Step::Item(index), item);
        }
        for (key, value) in node.as_map().unwrap_or_default() {
            self.below(Step::Field(&key.name), value);
        }
        if let Some(read) = read_otherwise(node) {
            self.found.push((node, self.pointer(), read));
        }
    }

    fn below(&mut self, step: Step<'n>, node: &'n Node) {
        self.path.push(step);
        self.find(node);
        self.path.pop();
    }

    fn pointer(&self) -> String {
        self.path.iter().fold(String::new(), |parent, step| match step {
            Step::Item(index) => format!("{parent}/{index}"),
            Step::Field(name) => pointer::child(&parent, name),
        })
    }
}

/// What a plain scalar is read as, if that is not how it was written. `~` and nothing are usual for null.
fn read_otherwise(node: &Node) -> Option<String> {
    let raw = node.raw()?;
    let read = match &node.value {
        Value::Number(number) => as_sent(number),
        Value::Bool(truth) => truth.to_string(),
        Value::Null if !matches!(raw, "" | "~") => "null".to_owned(),
        Value::Null | Value::String(_) | Value::Seq(_) | Value::Map(_) => return None,
    };
    (read != raw).then_some(read)
}

/// A number as a body holds it: one without a fraction has no point there.
fn as_sent(number: &Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Whether a number was written with leading zeros: `007`, but not `0.7`.
fn loses_zeros(node: &Node) -> bool {
    let digits = node.raw().map(|raw| raw.trim_start_matches(['+', '-']));
    let second = digits.and_then(|raw| raw.strip_prefix('0')).and_then(|rest| rest.chars().next());
    matches!(node.value, Value::Number(_)) && second.is_some_and(|c| c.is_ascii_digit())
}
