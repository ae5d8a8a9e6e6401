//! What pages show of the store. The number of queries does not depend on the number of targets.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::database::{Cell, Found, Row, places};
use super::{DAY_MS, ROWS, Store};
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

const DAYS: &str = "SELECT target, day, changes, failed FROM days WHERE day > $1 AND target IN ";
const CLEAN: &str = "SELECT target, max(ended_ms) FROM passes WHERE state = 'converged' GROUP BY target";
const PASSES: &str =
    "SELECT id, pass, picture FROM passes WHERE target = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const PASS: &str =
    "SELECT id, pass, picture FROM passes WHERE run = $1 AND target = $2 ORDER BY id DESC LIMIT 1";
// Passes in a row with one picture have the same difference of these two counts.
const HISTORY: &str = "WITH numbered AS (SELECT id, ended_ms, picture, row_number() OVER (ORDER BY id) - \
    row_number() OVER (PARTITION BY picture ORDER BY id) AS island FROM passes WHERE target = $1), \
    periods AS (SELECT picture, min(id) AS first_id, min(ended_ms) AS first, max(ended_ms) AS last, \
    count(*) AS passes FROM numbered WHERE picture IS NOT NULL GROUP BY picture, island) \
    SELECT first, last, passes, (SELECT run FROM passes WHERE id = first_id), \
    kind, name, action, cause, access, outcome FROM periods JOIN objects USING (picture) \
    WHERE kind = $2 AND name = $3 ORDER BY first_id DESC LIMIT 100";

impl Store {
    /// The days of these targets, as far back as this many.
    pub(in crate::serve) fn days(
        &mut self,
        targets: &[String],
        now: Timestamp,
        days: i64,
    ) -> Found<BTreeMap<String, Vec<Day>>> {
        let today = now.as_millisecond() / DAY_MS;
        let mut found: BTreeMap<String, Vec<Day>> = BTreeMap::new();
        for targets in targets.chunks(ROWS) {
            let mut cells = vec![Cell::Int(today - days)];
            cells.extend(targets.iter().map(Cell::from));
            for row in self.with(|open| open.rows(&days_of(targets.len()), &cells))? {
                let changes = usize::try_from(row.int(2)?).unwrap_or_default();
                let day = Day { ago: today - row.int(1)?, changes, failed: row.int(3)? != 0 };
                found.entry(row.text(0)?).or_default().push(day);
            }
        }
        Ok(found)
    }

    /// When each target was last seen to be as declared.
    pub(in crate::serve) fn clean(&mut self) -> Found<BTreeMap<String, Timestamp>> {
        let rows = self.with(|open| open.rows(CLEAN, &[]))?;
        rows.iter().map(|row| Ok((row.text(0)?, time(row.int(1)?)))).collect()
    }

    /// The newest passes over a target that are older than this one.
    pub(in crate::serve) fn passes(
        &mut self,
        target: &str,
        before: i64,
        most: usize,
    ) -> Found<Vec<StoredPass>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = self.with(|open| open.rows(PASSES, &[target.into(), before.into(), most.into()]))?;
        rows.iter().filter_map(|row| stored(row).transpose()).collect()
    }

    /// The pass of a run over a target.
    pub(in crate::serve) fn pass(&mut self, target: &str, run: &str) -> Found<Option<StoredPass>> {
        let rows = self.with(|open| open.rows(PASS, &[run.into(), target.into()]))?;
        rows.first().map(stored).transpose().map(Option::flatten)
    }

    /// What a pass saw; nothing if it was forgotten meanwhile.
    pub(in crate::serve) fn picture(&mut self, of: &StoredPass) -> Found<StoredPicture> {
        let Some(digest) = &of.picture else { return Ok(StoredPicture::default()) };
        let digest = [Cell::from(digest)];
        let pictures =
            self.with(|open| open.rows("SELECT page, plan FROM pictures WHERE digest = $1", &digest))?;
        let Some(picture) = pictures.first() else { return Ok(StoredPicture::default()) };
        let objects = "SELECT kind, name, action, cause, access, outcome FROM objects WHERE picture = $1";
        let objects = self.with(|open| open.rows(objects, &digest))?;
        let objects = objects.iter().map(|row| object(row, 0)).collect::<Found<_>>()?;
        Ok(StoredPicture { page: picture.text(0)?, plan: picture.text(1)?, objects })
    }

    /// How an object was seen over time, newest first.
    pub(in crate::serve) fn history(&mut self, target: &str, kind: &str, name: &str) -> Found<Vec<Period>> {
        let period = |row: &Row| {
            Ok(Period {
                first: time(row.int(0)?),
                last: time(row.int(1)?),
                passes: usize::try_from(row.int(2)?).unwrap_or_default(),
                run: row.text(3)?,
                object: object(row, 4)?,
            })
        };
        let rows = self.with(|open| open.rows(HISTORY, &[target.into(), kind.into(), name.into()]))?;
        rows.iter().map(period).collect()
    }
}

fn days_of(targets: usize) -> String {
    format!("{DAYS}{} ORDER BY day", places(1, targets, 1))
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// A pass; `None` if a newer enact wrote it in another way.
fn stored(row: &Row) -> Found<Option<StoredPass>> {
    let (id, text, picture) = (row.int(0)?, row.text(1)?, row.maybe(2)?);
    Ok(serde_json::from_str(&text).ok().map(|row| StoredPass { id, row, picture }))
}

fn object(row: &Row, at: usize) -> Found<SeenObject> {
    Ok(SeenObject {
        kind: row.text(at)?,
        name: row.text(at + 1)?,
        action: row.text(at + 2)?,
        cause: row.maybe(at + 3)?,
        access: row.maybe(at + 4)?,
        outcome: row.maybe(at + 5)?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::Home;
    use super::*;

    #[test]
    fn no_page_reads_more_of_the_store_than_it_shows() {
        let mut store =
            Store::open(Home::File(PathBuf::from(":memory:"))).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        for query in [&days_of(2), CLEAN, PASSES, PASS, HISTORY] {
            let values = query.matches('$').count();
            let nothing = vec![Cell::Text(None); values];
            let steps =
                store.with(|open| open.rows(&format!("EXPLAIN QUERY PLAN {query}"), &nothing)).unwrap();
            let steps: Vec<_> = steps.iter().map(|row| row.text(3).unwrap()).collect();
            let is_whole = |step: &&String| step.starts_with("SCAN passes") || step.starts_with("SCAN days");
            assert_eq!(steps.iter().find(is_whole), None, "{query}: {steps:#?}");
        }
    }
}
