//! `unmanaged.json`: the live objects that git did not declare when a run looked last, so that the next one can tell which
//! are new.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::entry::Id;
use super::{FORMAT_VERSION, file};
use crate::model::resource::RemoteId;
use crate::model::unmanaged::Known;

/// What a run saw that git does not declare.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Seen {
    format_version: u32,
    /// The kinds whose lists were read whole, now or in an earlier run; of the others nothing is known.
    #[serde(default)]
    kinds: BTreeSet<String>,
    objects: Vec<SeenObject>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct SeenObject {
    kind: String,
    id: Id,
}

impl Seen {
    /// Of these objects.
    pub fn of(known: &Known) -> Self {
        let of_kind = |(kind, ids): (&String, &BTreeSet<RemoteId>)| {
            let object = |id: &RemoteId| SeenObject { kind: kind.clone(), id: Id(id.clone()) };
            ids.iter().map(object).collect::<Vec<_>>()
        };
        let kinds = known.keys().cloned().collect();
        Self { format_version: FORMAT_VERSION, kinds, objects: known.iter().flat_map(of_kind).collect() }
    }

    /// The file's bytes.
    pub fn file(&self) -> Vec<u8> {
        file(self)
    }

    /// Reads the file. An error is the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Known, String> {
        let seen: Self = super::parse(bytes)?;
        let mut known: Known = seen.kinds.into_iter().map(|kind| (kind, BTreeSet::new())).collect();
        for SeenObject { kind, id } in seen.objects {
            known.entry(kind).or_default().insert(id.0);
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back_as_it_was() {
        let ids = BTreeSet::from([RemoteId::new("a/b").unwrap()]);
        let known = Known::from([("Policy".to_owned(), BTreeSet::new()), ("Role".to_owned(), ids)]);
        assert_eq!(Seen::parse(&Seen::of(&known).file()), Ok(known));
    }
}
