//! What is to change in a value, and what stays: as data, so that it can be made to a value and to the text of one.

use serde_json::Value;

/// What happens to a value. What a patch does not name stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// It stays.
    Keep,
    /// It becomes this one.
    Set(Value),
    /// A mapping: these of its fields change, are added, or are removed by `None`.
    Fields(Vec<(String, Option<Patch>)>),
    /// A list: it has these items now, in this order. The others are removed.
    Items(Vec<Item>),
}

/// An item of a changed list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// The one that had this index.
    Old(usize, Patch),
    /// A new one.
    New(Value),
}

impl Patch {
    /// Whether it changes nothing in a list of this many items, or in any other value.
    #[must_use]
    pub fn is_empty(&self, items: usize) -> bool {
        match self {
            Self::Keep => true,
            Self::Set(_) => false,
            Self::Fields(fields) => fields.is_empty(),
            Self::Items(patches) => {
                let stays = |(at, item): (usize, &Item)| *item == Item::Old(at, Self::Keep);
                patches.len() == items && patches.iter().enumerate().all(stays)
            }
        }
    }

    /// The same change with other values.
    #[must_use]
    pub fn mapped(&self, map: &impl Fn(&Value) -> Value) -> Self {
        match self {
            Self::Keep => Self::Keep,
            Self::Set(value) => Self::Set(map(value)),
            Self::Fields(fields) => {
                let field = |(name, patch): &(String, Option<Self>)| {
                    (name.clone(), patch.as_ref().map(|patch| patch.mapped(map)))
                };
                Self::Fields(fields.iter().map(field).collect())
            }
            Self::Items(items) => {
                let item = |item: &Item| match item {
                    Item::Old(at, patch) => Item::Old(*at, patch.mapped(map)),
                    Item::New(value) => Item::New(map(value)),
                };
                Self::Items(items.iter().map(item).collect())
            }
        }
    }

    /// The value after the change. `None` if the value is not what the patch was made for.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Option<Value> {
        match self {
            Self::Keep => Some(value.clone()),
            Self::Set(new) => Some(new.clone()),
            Self::Fields(fields) => {
                let mut map = value.as_object()?.clone();
                for (name, patch) in fields {
                    match patch {
                        Some(patch) => {
                            let new = patch.apply(map.get(name).unwrap_or(&Value::Null))?;
                            map.insert(name.clone(), new);
                        }
                        None => drop(map.shift_remove(name)?),
                    }
                }
                Some(Value::Object(map))
            }
            Self::Items(items) => {
                let old = value.as_array()?;
                let item = |item: &Item| match item {
                    Item::Old(at, patch) => patch.apply(old.get(*at)?),
                    Item::New(value) => Some(value.clone()),
                };
                items.iter().map(item).collect()
            }
        }
    }
}
