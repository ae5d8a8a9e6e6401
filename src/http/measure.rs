//! Measures the JSON of an answer before anything of it is kept: a few bytes of it, such as `[0,0,0]`, can take fifty
//! times their space in memory. Pure.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::model::spent::{Exceeded, ListLimits, Spent};

/// A deeper answer is refused.
const DEEPEST: usize = 100;
/// What a value takes in memory, besides its text.
const VALUE: usize = size_of::<Value>();
/// What a field takes besides its name and its value: the name's own place, and its row in the map.
const FIELD: usize = size_of::<String>() + 2 * size_of::<usize>();

/// What a body takes once it is decoded; `None` if it is no JSON. It ends at the value that exceeds a limit.
pub(super) fn measure(body: &[u8], limits: &ListLimits) -> Result<Option<Spent>, Exceeded> {
    let mut meter = Meter { limits, spent: Spent { pages: 1, ..Spent::default() }, exceeded: None };
    let mut json = serde_json::Deserializer::from_slice(body);
    let read =
        Item { meter: &mut meter, depth: 0, listed: false }.deserialize(&mut json).and_then(|()| json.end());
    match (meter.exceeded, read) {
        (Some(exceeded), _) => Err(exceeded),
        (None, Ok(())) => Ok(Some(meter.spent)),
        (None, Err(_)) => Ok(None),
    }
}

struct Meter<'a> {
    limits: &'a ListLimits,
    spent: Spent,
    exceeded: Option<Exceeded>,
}

impl Meter<'_> {
    /// Counts one more value, or part of one.
    fn add<E: Error>(&mut self, bytes: usize, objects: usize) -> Result<(), E> {
        let more = Spent { bytes, objects, ..Spent::default() };
        self.end(self.spent.and(more, self.limits))
    }

    fn end<E: Error>(&mut self, spent: Result<Spent, Exceeded>) -> Result<(), E> {
        match spent {
            Ok(spent) => self.spent = spent,
            Err(exceeded) => {
                self.exceeded = Some(exceeded);
                return Err(E::custom(exceeded.what()));
            }
        }
        Ok(())
    }
}

/// One value.
struct Item<'a, 'b> {
    meter: &'a mut Meter<'b>,
    depth: usize,
    /// Whether it is an item of a list that is not in another: as far as can be said here, an object of the API.
    listed: bool,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Item<'_, '_> {
    fn text<E: Error>(self, text: &str) -> Result<(), E> {
        self.meter.add(VALUE + text.len(), 0)
    }

    fn scalar<E: Error>(self) -> Result<(), E> {
        self.meter.add(VALUE, 0)
    }

    fn open<E: Error>(&mut self) -> Result<(), E> {
        if self.depth == DEEPEST {
            self.meter.end(Err(Exceeded::Depth(DEEPEST)))?;
        }
        self.meter.add(VALUE, 0)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.open()?;
        let (depth, is_outermost) = (self.depth + 1, !self.listed);
        while items.next_element_seed(Item { meter: self.meter, depth, listed: true })?.is_some() {
            self.meter.add(0, usize::from(is_outermost))?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.open()?;
        let (depth, listed) = (self.depth + 1, self.listed);
        while fields.next_key_seed(Name { meter: self.meter })?.is_some() {
            fields.next_value_seed(Item { meter: self.meter, depth, listed })?;
        }
        Ok(())
    }
}

/// The name of a field.
struct Name<'a, 'b> {
    meter: &'a mut Meter<'b>,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.meter.add(FIELD + name.len(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ListLimits = ListLimits { pages: 1, objects: 1000, mib: 1, seconds: 1 };

    fn measured(body: &str) -> Result<Option<Spent>, Exceeded> {
        measure(body.as_bytes(), &LIMITS)
    }

    #[test]
    fn objects_are_the_items_of_the_outermost_lists() {
        let objects = |body| measured(body).map(|spent| spent.map(|spent| spent.objects));
        assert_eq!(objects(r#"[{"a": [1, 2]}, {"b": {"c": [{}, {}]}}]"#), Ok(Some(2)));
        assert_eq!(objects(r#"{"data": {"items": [{}, {}, {}]}, "errors": []}"#), Ok(Some(3)));
        assert_eq!(objects(&format!("[{}{{}}]", "{},".repeat(1000))), Err(Exceeded::Objects(1000)));
    }

    #[test]
    fn every_value_counts_whatever_its_text() {
        let tiny = format!("{{\"a\": [[{}0]]}}", "0,".repeat((1 << 20) / VALUE));
        assert_eq!(measured(&tiny), Err(Exceeded::Memory(1)));
        assert_eq!(measured(&format!("\"{}\"", "x".repeat(1 << 20))), Err(Exceeded::Memory(1)));
        let names = format!("{{{}\"x\": 0}}", "\"\": {},".repeat(20_000));
        assert_eq!(measured(&names), Err(Exceeded::Memory(1)), "names count, also if they come again");
        let spent = measured(r#"{"name": "abc", "n": [1.5, null, true, -1]}"#).unwrap().unwrap();
        assert_eq!(spent.bytes, 7 * VALUE + 2 * FIELD + "nameabcn".len());
    }

    #[test]
    fn the_limit_is_met_at_the_item_that_exceeds_it() {
        let open = format!("[{}", "{},".repeat(1001));
        assert_eq!(measured(&open), Err(Exceeded::Objects(1000)), "before the end that is missing");
    }

    #[test]
    fn depth_has_a_bottom() {
        assert_eq!(measured(&"[".repeat(1 << 20)), Err(Exceeded::Depth(DEEPEST)));
        assert!(measured(&("[".repeat(DEEPEST) + &"]".repeat(DEEPEST))).is_ok());
    }

    #[test]
    fn what_is_no_json_has_no_measure() {
        for body in ["", "<html>", "{\"a\":", "[] []", "nul"] {
            assert_eq!(measured(body), Ok(None), "{body}");
        }
    }
}
