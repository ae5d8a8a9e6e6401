//! Ids: those of new objects, those of seeded objects, and those that a client sends.

use uuid::Uuid;

use super::problem::Problem;

/// Where the ids of new objects come from.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ids {
    /// Random UUIDs.
    #[default]
    Random,
    /// A counter, so that the same requests make the same ids.
    Counted(u64),
}

impl Ids {
    pub(crate) fn next(&mut self) -> Uuid {
        match self {
            Self::Random => Uuid::new_v4(),
            Self::Counted(count) => {
                *count += 1;
                Uuid::new_v5(&Uuid::NAMESPACE_OID, &count.to_be_bytes())
            }
        }
    }
}

/// An id that is the same on every machine, for a seeded object.
pub(crate) fn seeded_id(system: &str, kind: &str, name: &str) -> String {
    let name = format!("enact-sandbox/{system}/{kind}/{name}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// Parses a UUID from a client, in the spelling of the stored ones.
pub(crate) fn uuid(id: &str) -> Result<String, Problem> {
    let parsed = Uuid::try_parse(id).map_err(|_| Problem::invalid("the id in the path must be a UUID"))?;
    Ok(parsed.hyphenated().to_string())
}
