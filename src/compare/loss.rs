//! What a write would take from a live object though git does not say so: fields that its body leaves out or changes, and
//! values that only stand for another one, such as a mask.
//!
//! Not here: which fields a body carries, in `diff`, and what comes of a loss, in `plan::loss`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::compare::ignore::{Ignored, named};
use crate::compare::shape::{FieldShape, Shape};
use crate::pointer::child;

mod mask;

pub use mask::is_mask;

/// A live value that would not survive a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Where it is, as a JSON pointer. Items of keyed lists have their key in it, others their number.
    pub at: String,
    /// Why it is lost.
    pub why: Why,
}

/// Why a live value would not survive a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The body has nothing or something else there.
    LeftOut,
    /// It is in an item without a key, which git has either changed or taken out: nothing says which.
    Unpaired,
    /// No reply has it, so no body can carry it.
    WriteOnly,
    /// The API shows a mask in its place.
    Mask,
    /// It is a number with more digits than enact keeps.
    Number,
}

/// What a body that is the whole object would take from the live one. `declared` is what git declares, in canonical
/// form; the other two are in the API's own terms, without fields that only the server sets.
pub fn of_object(shape: &Shape, live: &Value, declared: &Value, sent: &Value) -> Vec<Loss> {
    let mut losses = Vec::new();
    walk(Part { shape, git: Git::Declares(declared) }, "", live, Some(sent), &mut losses);
    losses
}

/// The same for a body in which each field replaces the live one, and other fields stay.
pub fn of_fields(shape: &Shape, live: &Value, declared: &Value, sent: &Value) -> Vec<Loss> {
    let mut losses = Vec::new();
    for (name, sent) in sent.as_object().into_iter().flatten() {
        let Some(live) = live.get(name) else { continue };
        let git = Git::Declares(declared).below(name, true);
        walk(Part { shape: shape.field(name), git }, &child("", name), live, Some(sent), &mut losses);
    }
    losses
}

/// What a body would take from the parts of the live object that the manifest leaves to others.
pub fn of_ignored(shape: &Shape, ignored: &Ignored, live: &Value, sent: &Value) -> Vec<Loss> {
    let mut losses = Vec::new();
    for parts in ignored.parts() {
        left_to_others(shape, parts, "", live, Some(sent), &mut losses);
    }
    losses
}

fn left_to_others(
    shape: &Shape,
    parts: &[String],
    at: &str,
    live: &Value,
    sent: Option<&Value>,
    losses: &mut Vec<Loss>,
) {
    match (shape, parts) {
        (_, []) => walk(Part { shape, git: Git::Nothing }, at, live, sent, losses),
        (Shape::Object(_), [name, rest @ ..]) => {
            let Some(live) = live.get(name) else { return };
            // A field that is left out gets its default.
            let default = || shape.known(name)?.default.as_ref();
            let sent = sent.and_then(|sent| sent.get(name).or_else(default));
            left_to_others(shape.field(name), rest, &child(at, name), live, sent, losses);
        }
        (Shape::Map { keys, total, item }, [key, rest @ ..]) => {
            let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
            let sent = list(sent);
            for live in named(keys, key, &list(Some(live))) {
                let of = Shape::key(keys, live);
                let neutral = item.neutral_item(keys, live).filter(|_| *total);
                let sent = sent.iter().find(|sent| Shape::key(keys, sent) == of).or(neutral.as_ref());
                // Git removes the item with all that is in it.
                if sent.is_some() || rest.is_empty() {
                    left_to_others(item, rest, &child(at, &of.unwrap_or_default()), live, sent, losses);
                }
            }
        }
        _ => {}
    }
}

/// What git says about a part of an object.
#[derive(Clone, Copy)]
enum Git<'a> {
    /// Nothing: it stays as it is live.
    Nothing,
    /// This value, in which other fields may be undeclared.
    Declares(&'a Value),
    /// All that the schema knows: it is an item of a list that git declares, or in one.
    Manages,
}

impl Git<'_> {
    fn below(self, name: &str, known: bool) -> Self {
        match self {
            Self::Declares(value) => value.get(name).map_or(Self::Nothing, Self::Declares),
            Self::Manages if known => Self::Manages,
            Self::Nothing | Self::Manages => Self::Nothing,
        }
    }

    fn is_nothing(self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// A part of an object: how it compares, and what git says about it.
#[derive(Clone, Copy)]
struct Part<'a> {
    shape: &'a Shape,
    git: Git<'a>,
}

fn walk(part: Part<'_>, at: &str, live: &Value, sent: Option<&Value>, losses: &mut Vec<Loss>) {
    match (part.shape, live) {
        // Git empties it.
        _ if matches!(part.git, Git::Declares(Value::Null)) => {}
        (Shape::Object(fields), Value::Object(map)) => object(fields, part.git, at, map, sent, losses),
        (Shape::Map { keys, total, item }, Value::Array(live)) => {
            Items { item, keys, total: *total, git: part.git }.walk(at, live, sent, losses);
        }
        (Shape::Set { item, .. }, Value::Array(live)) => {
            Items { item, keys: &[], total: false, git: part.git }.walk(at, live, sent, losses);
        }
        (Shape::List(item), Value::Array(live)) if !part.git.is_nothing() => {
            Items { item, keys: &[], total: false, git: part.git }.walk(at, live, sent, losses);
        }
        _ if part.git.is_nothing() => kept(at, live, sent, losses),
        _ => {}
    }
}

fn object(
    fields: &[(String, FieldShape)],
    git: Git<'_>,
    at: &str,
    live: &Map<String, Value>,
    sent: Option<&Value>,
    losses: &mut Vec<Loss>,
) {
    let mut replaced = Vec::new();
    for (name, field) in fields.iter().filter(|(_, field)| field.write_only) {
        match (sent.and_then(|sent| sent.get(name)), &field.replaces) {
            (Some(_), Some(others)) => replaced.extend(others),
            (None, None) => losses.push(Loss { at: child(at, name), why: Why::WriteOnly }),
            _ => {}
        }
    }
    for (name, live) in live.iter().filter(|(name, _)| !replaced.contains(name)) {
        let known = fields.iter().find(|(of, _)| of == name).map(|(_, field)| field);
        // A server may show a placeholder for what cannot be read back.
        if known.is_some_and(|field| field.write_only) {
            continue;
        }
        // A field that is left out gets its default.
        let default = || known.and_then(|field| field.default.as_ref());
        let sent = sent.and_then(|sent| sent.get(name).or_else(default));
        let shape = known.map_or(&Shape::Any, |field| &field.shape);
        walk(Part { shape, git: git.below(name, known.is_some()) }, &child(at, name), live, sent, losses);
    }
}

/// A list whose items are found again by key, or else by all that the schema knows of them.
struct Items<'a> {
    item: &'a Shape,
    keys: &'a [String],
    /// Whether the API has an item for every key, so that leaving one out only resets what is known of it.
    total: bool,
    git: Git<'a>,
}

impl Items<'_> {
    fn walk(&self, at: &str, live: &[Value], sent: Option<&Value>, losses: &mut Vec<Loss>) {
        let Some(Value::Array(sent)) = sent else {
            // Nothing is sent for what it is in, so nothing says that its items are taken out.
            let items = live.iter().enumerate();
            return items
                .for_each(|(index, live)| losses.extend(self.lost(&self.at(at, index, live), live, None)));
        };
        let mut free: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for sent in sent {
            free.entry(self.identity(sent)).or_default().push(sent);
        }
        let mut unpaired = Vec::new();
        for (index, live) in live.iter().enumerate() {
            let at = self.at(at, index, live);
            let twins = free.get_mut(&self.identity(live)).filter(|twins| !twins.is_empty());
            match twins {
                Some(twins) => losses.extend(self.paired(&at, live, twins)),
                None => unpaired.push((at, live)),
            }
        }
        let grows = free.values().any(|twins| !twins.is_empty());
        for (at, live) in unpaired {
            let is_twin = free.contains_key(&self.identity(live));
            losses.extend(self.unpaired(&at, live, grows, is_twin));
        }
    }

    /// What a live item would lose to the item that is sent for it. Of several it is the one that keeps most.
    fn paired(&self, at: &str, live: &Value, twins: &mut Vec<&Value>) -> Vec<Loss> {
        let of = |sent: &Value| self.lost(at, live, Some(sent));
        let all = twins.iter().enumerate().map(|(index, sent)| (index, of(sent)));
        let Some((index, losses)) = all.min_by_key(|(_, losses)| losses.len()) else { return Vec::new() };
        twins.remove(index);
        losses
    }

    /// What a live item would lose for which none is sent. Git takes it out, unless it may be another one.
    fn unpaired(&self, at: &str, live: &Value, grows: bool, is_twin: bool) -> Vec<Loss> {
        let neutral = self.item.neutral_item(self.keys, live).filter(|_| self.total);
        if let Some(neutral) = neutral {
            return self.lost(at, live, Some(&neutral));
        }
        if self.git.is_nothing() {
            return vec![Loss { at: at.to_owned(), why: Why::LeftOut }];
        }
        let why = match self.key(live) {
            Some(_) if is_twin => Why::LeftOut,
            None if grows || is_twin => Why::Unpaired,
            _ => return Vec::new(),
        };
        self.lost(at, live, None).into_iter().map(|loss| Loss { why, ..loss }).collect()
    }

    fn lost(&self, at: &str, live: &Value, sent: Option<&Value>) -> Vec<Loss> {
        let mut losses = Vec::new();
        let git = if self.git.is_nothing() { Git::Nothing } else { Git::Manages };
        // An item that is itself text is a pattern or a name, and no mask.
        if !(live.is_string() && sent.is_some()) {
            walk(Part { shape: self.item, git }, at, live, sent, &mut losses);
        }
        losses
    }

    fn at(&self, list: &str, index: usize, item: &Value) -> String {
        child(list, &self.key(item).unwrap_or_else(|| index.to_string()))
    }

    fn key(&self, item: &Value) -> Option<String> {
        (!self.keys.is_empty()).then(|| Shape::key(self.keys, item)).flatten()
    }

    fn identity(&self, item: &Value) -> String {
        self.key(item).map_or_else(|| self.item.observed(item).to_string(), |key| format!("key {key}"))
    }
}

/// A live value that git says nothing about: it has to be sent as it is, and to be what it looks like.
fn kept(at: &str, live: &Value, sent: Option<&Value>, losses: &mut Vec<Loss>) {
    let mut lost = |why| losses.push(Loss { at: at.to_owned(), why });
    match (live, sent) {
        (Value::Object(live), Some(Value::Object(sent))) => {
            live.iter().for_each(|(name, live)| kept(&child(at, name), live, sent.get(name), losses));
        }
        (Value::Array(live), Some(Value::Array(sent))) if live.len() == sent.len() => {
            for (index, (live, sent)) in live.iter().zip(sent).enumerate() {
                match live {
                    Value::String(_) if live == sent => {}
                    _ => kept(&child(at, &index.to_string()), live, Some(sent), losses),
                }
            }
        }
        (live, Some(sent)) if Shape::Any.observed(live) == Shape::Any.observed(sent) => match live {
            Value::String(text) if is_mask(text) => lost(Why::Mask),
            Value::Number(number) if is_inexact(number) => lost(Why::Number),
            _ => {}
        },
        _ => lost(Why::LeftOut),
    }
}

/// Whether a number may have had more digits when it was read: it is whole, and outside the range in which a float still
/// tells whole numbers apart.
fn is_inexact(number: &serde_json::Number) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.is_f64() && number.as_f64().is_some_and(|float| float.fract() == 0.0 && float.abs() >= EXACT)
}

#[cfg(test)]
mod tests;
