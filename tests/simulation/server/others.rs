//! Everybody except enact: people and programs that write to the same API.

use serde_json::{Map, Value, json};

use super::{Asked, Entry, Said, Server};
use crate::world::body;

impl Server {
    /// Lets somebody else write, perhaps, and does what is due now.
    pub(crate) fn disturb(&mut self, at: u64) {
        self.catch_up(at);
        let foreign = self.weather.foreign;
        if foreign == 0 || !self.chance.percent(foreign) {
            return;
        }
        let all: Vec<_> = self.objects.keys().cloned().collect();
        if all.is_empty() || self.chance.percent(10) {
            return self.appear(at);
        }
        let (kind, id) = self.chance.one(&all).clone();
        self.change(&kind, &id, at);
    }

    /// Lets somebody else write the same object, perhaps, right before a run does.
    pub(super) fn interfere(&mut self, asked: &Asked) {
        let (Some(id), "PUT" | "PATCH" | "DELETE") = (&asked.id, asked.method.as_str()) else { return };
        let there = self.objects.contains_key(&(asked.kind.clone(), id.clone()));
        let foreign = self.weather.foreign;
        if there && foreign > 0 && self.chance.percent(foreign) {
            self.change(&asked.kind, id, asked.at);
        }
    }

    fn change(&mut self, kind: &str, id: &str, at: u64) {
        let mut object = self.objects[&(kind.to_owned(), id.to_owned())].clone();
        let (what, number) = (self.chance.below(9), self.chance.below(4));
        let (field, value) = match what {
            0 => return self.log_foreign(at, |server| server.delete(kind, id)),
            1..4 => ("color", json!(format!("c{number}"))),
            4..6 => ("text", json!(["", "x", "y", "z"][number])),
            6 => ("limit", json!(number)),
            _ => ("tags", json!(["p", "q"][..number % 3])),
        };
        if object.insert(field.to_owned(), value.clone()) != Some(value) {
            self.log_foreign(at, |server| server.set(kind, id, Some(object), at, 200));
        }
    }

    fn appear(&mut self, at: u64) {
        let kind = *self.chance.one(&crate::profile::KINDS);
        // If names are not unique, a second object of a declared name would only end in an ambiguity.
        let declared = self.api.unique && self.chance.percent(50);
        let name = match declared {
            true => (*self.chance.one(&crate::profile::NAMES)).to_owned(),
            false => format!("theirs-{}", self.chance.below(1000)),
        };
        let taken = |((of, _), body): (&(String, String), &Map<String, Value>)| {
            of == kind && body["name"] == json!(name)
        };
        if self.objects.iter().any(taken) {
            return;
        }
        let id = if self.api.ids { format!("i{:04x}", self.chance.below(0x10000)) } else { name.clone() };
        if self.objects.contains_key(&(kind.to_owned(), id.clone())) {
            return;
        }
        let given = self.api.ids.then_some(id.as_str());
        let object = body(Map::new(), &name, given, "theirs");
        self.log_foreign(at, |server| server.set(kind, &id, Some(object), at, 201));
    }

    /// Logs what somebody else did.
    fn log_foreign(&mut self, at: u64, act: impl FnOnce(&mut Self) -> Said) {
        let said = act(self);
        let asked = Asked { method: "somebody".to_owned(), at, ..Asked::default() };
        let (by, fault, saw, retry_after, late) = (None, None, Vec::new(), None, false);
        let (status, commit) = (said.status, said.commit);
        self.log.push(Entry { at, by, asked, fault, status, saw, commit, retry_after, late });
    }
}
