//! What pages show of the store. Each of these is one query, however many targets there are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{DAY_MS, Store};
use crate::report::pass::PassRow;
use crate::report::picture::SeenObject;

/// What happened to a target on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Day {
    /// How many days ago it is, in UTC.
    pub(in crate::serve) ago: i64,
    /// The most changes that a pass left.
    pub(in crate::serve) changes: usize,
    /// Whether a pass met trouble.
    pub(in crate::serve) failed: bool,
}

/// A pass, and what it saw if that is known.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::serve) struct StoredPass {
    /// Later ones have higher ids.
    pub(in crate::serve) id: i64,
    pub(in crate::serve) row: PassRow,
    /// The digest of what it saw.
    picture: Option<String>,
}

/// What a pass saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::serve) struct StoredPicture {
    /// Markup in which everything untrusted is escaped.
    pub(in crate::serve) page: String,
    /// The digest of the plan.
    pub(in crate::serve) plan: String,
    pub(in crate::serve) objects: Vec<SeenObject>,
}

/// Passes in a row that saw an object in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Period {
    pub(in crate::serve) first: Timestamp,
    pub(in crate::serve) last: Timestamp,
    pub(in crate::serve) passes: usize,
    /// The first of them.
    pub(in crate::serve) run: String,
    pub(in crate::serve) object: SeenObject,
}

const DAYS: &str = "SELECT target, day, changes, failed FROM json_each(?1) JOIN days ON target = value \
    WHERE day > ?2 ORDER BY day";
const CLEAN: &str = "SELECT target, max(ended_ms) FROM passes WHERE state = 'converged' GROUP BY target";
const PASSES: &str =
    "SELECT id, pass, picture FROM passes WHERE target = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const PASS: &str =
    "SELECT id, pass, picture FROM passes WHERE run = ?1 AND target = ?2 ORDER BY id DESC LIMIT 1";
// Passes in a row with one picture have the same difference of these two counts.
const HISTORY: &str = "WITH numbered AS (SELECT id, ended_ms, picture, row_number() OVER (ORDER BY id) - \
    row_number() OVER (PARTITION BY picture ORDER BY id) AS island FROM passes WHERE target = ?1), \
    periods AS (SELECT picture, min(id) AS first_id, min(ended_ms) AS first, max(ended_ms) AS last, \
    count(*) AS passes FROM numbered WHERE picture IS NOT NULL GROUP BY picture, island) \
    SELECT first, last, passes, (SELECT run FROM passes WHERE id = first_id), \
    kind, name, action, cause, access, outcome FROM periods JOIN objects USING (picture) \
    WHERE kind = ?2 AND name = ?3 ORDER BY first_id DESC LIMIT 100";

/// Why something could not be read, or what was read.
type Found<T> = Result<T, String>;

impl Store {
    /// The days of these targets, as far back as this many.
    pub(in crate::serve) fn days(
        &self,
        targets: &[String],
        now: Timestamp,
        days: i64,
    ) -> Found<BTreeMap<String, Vec<Day>>> {
        let today = now.as_millisecond() / DAY_MS;
        let names = serde_json::to_string(targets).unwrap_or_default();
        let day = |row: &Row<'_>| {
            let (day, changes): (i64, i64) = (row.get(1)?, row.get(2)?);
            let changes = usize::try_from(changes).unwrap_or_default();
            Ok((row.get(0)?, Day { ago: today - day, changes, failed: row.get(3)? }))
        };
        self.read(|open| {
            let mut found: BTreeMap<String, Vec<Day>> = BTreeMap::new();
            let mut query = open.prepare(DAYS)?;
            for read in query.query_map(params![names, today - days], day)? {
                let (target, day): (String, Day) = read?;
                found.entry(target).or_default().push(day);
            }
            Ok(found)
        })
    }

    /// When each target was last seen to be as declared.
    pub(in crate::serve) fn clean(&self) -> Found<BTreeMap<String, Timestamp>> {
        self.read(|open| {
            let mut query = open.prepare(CLEAN)?;
            query.query_map([], |row| Ok((row.get(0)?, time(row.get(1)?))))?.collect()
        })
    }

    /// The newest passes over a target that are older than this one.
    pub(in crate::serve) fn passes(&self, target: &str, before: i64, most: usize) -> Found<Vec<StoredPass>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.read(|open| {
            let mut query = open.prepare(PASSES)?;
            let all: rusqlite::Result<Vec<_>> =
                query.query_map(params![target, before, most], stored)?.collect();
            Ok(all?.into_iter().flatten().collect())
        })
    }

    /// The pass of a run over a target.
    pub(in crate::serve) fn pass(&self, target: &str, run: &str) -> Found<Option<StoredPass>> {
        self.read(|open| open.prepare(PASS)?.query_row([run, target], stored).optional()).map(Option::flatten)
    }

    /// What a pass saw.
    pub(in crate::serve) fn picture(&self, of: &StoredPass) -> Found<StoredPicture> {
        let Some(digest) = &of.picture else { return Ok(StoredPicture::default()) };
        let objects = "SELECT kind, name, action, cause, access, outcome FROM objects WHERE picture = ?1";
        self.read(|open| {
            let (page, plan) = open
                .prepare("SELECT page, plan FROM pictures WHERE digest = ?1")?
                .query_row([digest], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut objects = open.prepare(objects)?;
            let objects: rusqlite::Result<_> = objects.query_map([digest], |row| object(row, 0))?.collect();
            Ok(StoredPicture { page, plan, objects: objects? })
        })
    }

    /// How an object was seen over time, newest first.
    pub(in crate::serve) fn history(&self, target: &str, kind: &str, name: &str) -> Found<Vec<Period>> {
        let period = |row: &Row<'_>| {
            let passes: i64 = row.get(2)?;
            Ok(Period {
                first: time(row.get(0)?),
                last: time(row.get(1)?),
                passes: usize::try_from(passes).unwrap_or_default(),
                run: row.get(3)?,
                object: object(row, 4)?,
            })
        };
        self.read(|open| open.prepare(HISTORY)?.query_map([target, kind, name], period)?.collect())
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Found<T> {
        let open = self.open.as_ref().ok_or("the store cannot be opened")?;
        query(open).map_err(|error| error.to_string())
    }
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// A pass; `None` if a newer enact wrote it in another way.
fn stored(row: &Row<'_>) -> rusqlite::Result<Option<StoredPass>> {
    let (id, text, picture): (_, String, _) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(serde_json::from_str(&text).ok().map(|row| StoredPass { id, row, picture }))
}

fn object(row: &Row<'_>, at: usize) -> rusqlite::Result<SeenObject> {
    Ok(SeenObject {
        kind: row.get(at)?,
        name: row.get(at + 1)?,
        action: row.get(at + 2)?,
        cause: row.get(at + 3)?,
        access: row.get(at + 4)?,
        outcome: row.get(at + 5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_reads_more_of_the_store_than_it_shows() {
        let store =
            Store::open(std::path::PathBuf::from(":memory:")).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let open = store.open.as_ref().unwrap();
        for query in [DAYS, CLEAN, PASSES, PASS, HISTORY] {
            let mut plan = open.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
            let steps = plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            let is_whole = |step: &&String| step.starts_with("SCAN passes") || step.starts_with("SCAN days");
            assert_eq!(steps.iter().find(is_whole), None, "{query}: {steps:#?}");
        }
    }
}
