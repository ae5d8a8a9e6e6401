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
        let object =
            |(kind, id): &(String, _)| SeenObject { kind: kind.clone(), id: Id(RemoteId::clone(id)) };
        Self { format_version: FORMAT_VERSION, objects: known.iter().map(object).collect() }
    }

    /// The file's bytes.
    pub fn file(&self) -> Vec<u8> {
        file(self)
    }

    /// Reads the file. An error is the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Known, String> {
        let seen: Self = super::parse(bytes)?;
        Ok(seen.objects.into_iter().map(|object| (object.kind, object.id.0)).collect::<BTreeSet<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back_as_it_was() {
        let known = Known::from([("Role".to_owned(), RemoteId::new("a/b").unwrap())]);
        assert_eq!(Seen::parse(&Seen::of(&known).file()), Ok(known));
    }
}
