//! The systems that a run knows. Not here: their code, and reading definitions from files (`config`).

use std::collections::BTreeMap;

use super::{Budget, Registered, compiuta, jitsudo, mycloud, polytomic};
use crate::model::kind::{Kind, api_version};

/// Every system that is built in. A new one needs its file and a line here.
fn built_in(budget: &Budget) -> Vec<Registered> {
    vec![polytomic::registered(), jitsudo::registered(budget), compiuta::registered(), mycloud::registered()]
}

/// The systems that a run knows: the built-in ones, and those that the files in `systems` define.
pub struct Registry(Vec<Registered>);

impl Registry {
    /// The systems that are built in.
    pub fn built_in() -> Self {
        Self::within(&Budget::default())
    }

    /// The systems that are built in. Together they do this much work at most.
    pub fn within(budget: &Budget) -> Self {
        Self(built_in(budget))
    }

    /// Adds a system; returns it as the error if there is already one of its name.
    pub fn add(&mut self, row: Registered) -> Result<(), Registered> {
        if self.get(&row.name).is_some() {
            return Err(row);
        }
        self.0.push(row);
        Ok(())
    }

    /// The row of a system.
    pub fn get(&self, name: &str) -> Option<&Registered> {
        self.0.iter().find(|row| row.name == name)
    }

    /// Every row, the built-in ones first.
    pub fn rows(&self) -> impl Iterator<Item = &Registered> {
        self.0.iter()
    }

    /// The names of all systems.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|row| row.name.as_str())
    }

    /// Every kind of every system, by `apiVersion` and name.
    pub fn kinds(&self) -> BTreeMap<(String, String), &Kind> {
        let of = |row| {
            let Registered { name, kinds, .. }: &Registered = row;
            kinds.iter().map(move |kind| ((api_version(name), kind.name.clone()), kind))
        };
        self.0.iter().flat_map(of).collect()
    }
}
