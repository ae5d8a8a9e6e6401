//! What accepting a live object changes in its spec: the fields that git declares and that are otherwise live. Pure values;
//! the text of the manifest is changed by `manifest::yaml::edit`.

use serde_json::{Map, Value};
use similar::TextDiff;

use crate::compare::diff::diff;
use crate::compare::shape::Shape;
use crate::manifest::yaml::patch::{Item, Patch};

/// How much two items must have in common for one to be the changed other. Items that share less are two.
const ALIKE: f32 = 0.5;
/// How many pairs of items are compared, and how many bytes of each.
const MAX_PAIRS: usize = 2_500;
const MAX_TEXT: usize = 4_096;

/// A value that git declares beside the live one.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    /// How such values compare.
    pub(super) shape: &'a Shape,
    /// As the manifest has it.
    pub(super) written: &'a Value,
    /// The live value in canonical form, with every default.
    pub(super) live: Option<&'a Value>,
    /// The same as people spell it.
    pub(super) spelled: Option<&'a Value>,
    /// What to write where nothing is live.
    pub(super) nothing: Nothing,
    /// The canonical form of a value that would stand here.
    pub(super) canonical: &'a dyn Fn(Value) -> Value,
}

/// What a field says that is declared and has nothing live. It is never removed: git would no longer manage it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// `null`
    Null,
    /// What is empty and of the type of the declared value.
    Empty,
}

impl Nothing {
    fn instead_of(self, written: &Value) -> Value {
        match (self, written) {
            (Self::Null, _) | (_, Value::Null | Value::Bool(_) | Value::Number(_)) => Value::Null,
            (Self::Empty, Value::String(_)) => Value::from(""),
            (Self::Empty, Value::Array(_)) => Value::Array(Vec::new()),
            (Self::Empty, Value::Object(_)) => Value::Object(Map::new()),
        }
    }
}

impl<'a> Sides<'a> {
    /// What has to change for the spec to say what is live. A field that it leaves out stays so: it is not managed.
    pub(super) fn patch(&self) -> Patch {
        match (self.written, self.live) {
            (Value::Object(written), Some(live @ Value::Object(_))) => {
                Patch::Fields(self.fields(written, live))
            }
            (Value::Array(written), Some(Value::Array(live))) => self.list(written, live),
            _ => Patch::Set(self.value()),
        }
    }

    /// The declared fields that are otherwise live.
    fn fields(&self, written: &Map<String, Value>, live: &Value) -> Vec<(String, Option<Patch>)> {
        let declared = (self.canonical)(self.written.clone());
        let mut fields = Vec::new();
        for (name, value) in written {
            // What cannot be read back is not compared.
            let Some(declared) = declared.get(name) else { continue };
            if !self.differs(name, live.get(name), declared) {
                continue;
            }
            let canonical = |value: Value| {
                let mut whole = written.clone();
                whole.insert(name.clone(), value);
                (self.canonical)(Value::Object(whole)).get(name).cloned().unwrap_or_default()
            };
            let sides = Sides {
                shape: self.shape.field(name),
                written: value,
                live: live.get(name),
                spelled: self.spelled.and_then(|spelled| spelled.get(name)),
                canonical: &canonical,
                ..*self
            };
            fields.push((name.clone(), Some(sides.patch())));
        }
        fields
    }

    /// Whether a field compares as different, by the rules of plan.
    fn differs(&self, name: &str, live: Option<&Value>, declared: &Value) -> bool {
        let of = |value: Value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
        let live = live.map_or_else(|| Value::Object(Map::new()), |live| of(live.clone()));
        !diff(self.shape, &live, &of(declared.clone())).is_empty()
    }

    /// The live value as a manifest says it.
    fn value(&self) -> Value {
        let Some(live) = self.live else { return self.nothing.instead_of(self.written) };
        let value = self.shape.without_defaults(self.spelled.unwrap_or(live));
        // A block of text ends with a line end, which many APIs cut off and take for nothing.
        match (&value, self.written) {
            (Value::String(text), Value::String(written)) if written.ends_with('\n') => {
                let ended = Value::from(format!("{}\n", text.trim_end_matches('\n')));
                if (self.canonical)(ended.clone()) == *live { ended } else { value }
            }
            _ => value,
        }
    }

    /// A list is managed whole. Items that stay keep their place, unless the order has a meaning.
    fn list(&self, written: &[Value], live: &[Value]) -> Patch {
        let (item, keys, ordered) = match self.shape {
            Shape::List(item) => (item.as_ref(), None, true),
            Shape::Set { item, .. } => (item.as_ref(), None, false),
            Shape::Map { item, keys, .. } => (item.as_ref(), Some(keys.as_slice()), false),
            Shape::Any | Shape::Object(_) => return Patch::Set(self.value()),
        };
        let canonical = |value: Value| {
            let list = (self.canonical)(Value::Array(vec![value]));
            list.get(0).cloned().unwrap_or_default()
        };
        let forms: Vec<_> = written.iter().map(|value| canonical(value.clone())).collect();
        let pairs = pairs(&forms, live, keys);
        let spelled = self.spelled.and_then(Value::as_array).map_or(live, Vec::as_slice);
        let stays = |(at, of): (usize, usize)| {
            let sides = Sides {
                shape: item,
                written: written.get(at)?,
                live: live.get(of),
                spelled: spelled.get(of),
                canonical: &canonical,
                ..*self
            };
            sides.item(at)
        };
        let new = |of: usize| spelled.get(of).map(|value| Item::New(item.without_defaults(value)));
        let old_of = |of: usize| pairs.iter().position(|pair| *pair == Some(of));
        let mut items = Vec::new();
        if ordered {
            items.extend((0..live.len()).filter_map(|of| match old_of(of) {
                Some(at) => stays((at, of)),
                None => new(of),
            }));
        } else {
            for (at, form) in forms.iter().enumerate() {
                match pairs.get(at).copied().flatten() {
                    Some(of) => items.extend(stays((at, of))),
                    // It says nothing, or repeats what another item says.
                    None if form.is_null() || live.contains(form) => items.push(Item::Old(at, Patch::Keep)),
                    None => {}
                }
            }
            items.extend((0..live.len()).filter(|of| old_of(*of).is_none()).filter_map(new));
        }
        Patch::Items(items)
    }

    /// An item that stays, with what changes in it. If it cannot say what is live in its own terms, such as those of a
    /// rule in fields, it is written anew.
    fn item(&self, at: usize) -> Option<Item> {
        let live = self.live?;
        if (self.canonical)(self.written.clone()) == *live {
            return Some(Item::Old(at, Patch::Keep));
        }
        let spelled = self.shape.without_defaults(self.spelled.unwrap_or(live));
        let patch = match (self.written, live) {
            (Value::Object(written), Value::Object(_)) => {
                let mut fields = self.fields(written, live);
                fields.retain(|(name, _)| live.get(name).is_some());
                let gone = written.keys().filter(|name| live.get(name.as_str()).is_none());
                fields.extend(gone.map(|name| (name.clone(), None)));
                let left_out = spelled.as_object().into_iter().flatten();
                let left_out = left_out.filter(|(name, _)| !written.contains_key(name.as_str()));
                fields.extend(left_out.map(|(name, value)| (name.clone(), Some(Patch::Set(value.clone())))));
                Patch::Fields(fields)
            }
            _ => return Some(Item::New(spelled)),
        };
        let keeps = |patch: &Patch| match patch {
            Patch::Fields(fields) => fields.iter().any(|(_, patch)| patch.is_some()),
            _ => true,
        };
        let says = patch.apply(self.written).is_some_and(|value| (self.canonical)(value) == *live);
        let is_same = says && (keeps(&patch) || self.written.as_object().is_some_and(|map| map.len() > 1));
        Some(if is_same && self.shares_fields() { Item::Old(at, patch) } else { Item::New(spelled) })
    }

    /// Whether the item has a field that the live one has, too.
    fn shares_fields(&self) -> bool {
        let live = self.live.and_then(Value::as_object);
        let written = self.written.as_object().into_iter().flat_map(Map::keys);
        live.is_some_and(|live| written.into_iter().any(|name| live.contains_key(name)))
    }
}

/// For each declared item, the live one that it is or has become.
fn pairs(forms: &[Value], live: &[Value], keys: Option<&[String]>) -> Vec<Option<usize>> {
    let mut pairs = vec![None; forms.len()];
    let mut free: Vec<_> = (0..live.len()).collect();
    pair(&mut pairs, &mut free, |at, of| forms.get(at) == live.get(of));
    match keys {
        Some(keys) => {
            let key = |value: Option<&Value>| value.and_then(|value| Shape::key(keys, value));
            let same = |at, of| key(forms.get(at)).is_some_and(|key_of| Some(key_of) == key(live.get(of)));
            pair(&mut pairs, &mut free, same);
        }
        None => pair_alike(&mut pairs, &mut free, forms, live),
    }
    pairs
}

fn pair(pairs: &mut [Option<usize>], free: &mut Vec<usize>, is: impl Fn(usize, usize) -> bool) {
    for (at, pair) in pairs.iter_mut().enumerate().filter(|(_, pair)| pair.is_none()) {
        if let Some(found) = free.iter().position(|of| is(at, *of)) {
            *pair = Some(free.remove(found));
        }
    }
}

/// Pairs the objects that have the most in common.
fn pair_alike(pairs: &mut [Option<usize>], free: &mut Vec<usize>, forms: &[Value], live: &[Value]) {
    let open: Vec<_> = (0..pairs.len()).filter(|at| matches!(pairs.get(*at), Some(None))).collect();
    if open.len() * free.len() > MAX_PAIRS {
        return;
    }
    let text = |value: Option<&Value>| value.filter(|value| value.is_object()).map(shown);
    let mut alike = Vec::new();
    for at in open {
        let Some(declared) = text(forms.get(at)) else { continue };
        for of in free.iter() {
            let Some(live) = text(live.get(*of)) else { continue };
            let ratio = TextDiff::from_words(&declared, &live).ratio();
            alike.push((ratio, at, *of));
        }
    }
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (_, at, of) in alike.into_iter().filter(|(ratio, ..)| *ratio >= ALIKE) {
        if let (Some(pair @ None), Some(found)) =
            (pairs.get_mut(at), free.iter().position(|free| *free == of))
        {
            *pair = Some(free.remove(found));
        }
    }
}

/// A value in words, for comparing how much two have in common.
fn shown(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let end = (0..=MAX_TEXT.min(text.len())).rfind(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default().to_owned()
}
