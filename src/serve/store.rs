//! What people look at later: how every pass ended, and what it saw, in SQLite beside the clone. What is read of it for
//! pages is in `read`. The record in git is the truth; this file can be removed, and is then filled again from the record as far as that reaches. The service goes on without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::pass::Ended;
use super::source::Place;
use crate::diagnostic::{Code, Diagnostic};
use crate::record::run::RunOutcome;
use crate::report::content::LoggedRun;
use crate::report::pass::{LeftChanges, PassRow, PassState, ServeEvent};
use crate::report::picture::{Picture, SeenObject};
use crate::run::log::{Query, log};
use crate::schedule::Mode;

pub(super) mod read;

/// From one version of the store to the next; the first one begins with an empty file.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE passes (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    ended_ms INTEGER NOT NULL,
    pass TEXT NOT NULL
) STRICT;
CREATE INDEX passes_of_target ON passes (target, ended_ms);
CREATE INDEX passes_by_time ON passes (ended_ms);",
    "
ALTER TABLE passes ADD COLUMN run TEXT NOT NULL DEFAULT '';
ALTER TABLE passes ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE passes ADD COLUMN picture TEXT;
UPDATE passes SET run = json_extract(pass, '$.run'), state = json_extract(pass, '$.state');
CREATE INDEX passes_by_run ON passes (run);
CREATE INDEX passes_by_state ON passes (state, target, ended_ms);
CREATE INDEX passes_by_picture ON passes (picture, ended_ms);
CREATE TABLE pictures (digest TEXT PRIMARY KEY, page TEXT NOT NULL, plan TEXT NOT NULL) STRICT;
CREATE TABLE objects (
    picture TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    cause TEXT,
    access TEXT,
    outcome TEXT
) STRICT;
CREATE INDEX objects_of_picture ON objects (picture, kind, name);
CREATE TABLE days (
    target TEXT NOT NULL,
    day INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (target, day)
) STRICT, WITHOUT ROWID;
INSERT INTO days SELECT target, ended_ms / 86400000, max(json_extract(pass, '$.left.changes')),
    max(state IN ('refused', 'incomplete', 'invalid', 'failed')) FROM passes GROUP BY 1, 2;
",
];

const DAY_MS: i64 = 86_400_000;

/// How long another process, such as a backup, may keep it waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many runs of each record it is filled with.
const RUNS: usize = 1000;

/// The store.
pub(super) struct Store {
    file: PathBuf,
    open: Option<Connection>,
    /// Whether it has held nothing yet.
    is_new: bool,
    /// Whether it was said that it cannot be used.
    is_down: bool,
}

impl Store {
    /// The store in this file, which is made if there is none. One of a newer enact is left as it is, and is an error; of any
    /// other trouble it is said when something is noted.
    pub(super) fn open(file: PathBuf) -> Result<Self, Diagnostic> {
        let (open, is_new) = match connect(&file) {
            Ok((connection, known)) => (Some(connection), known == 0),
            Err(Wrong::Newer(version)) => return Err(newer(&file, version)),
            Err(Wrong::Sqlite(_)) => (None, false),
        };
        Ok(Self { file, open, is_new, is_down: false })
    }

    /// Notes passes, and drops those that ended so many days ago. That it cannot be used is said once, and so is that it can
    /// again.
    pub(super) fn note(&mut self, ended: &[Ended], keep_days: u32) -> Option<ServeEvent> {
        let noted = self.try_to_note(ended, keep_days);
        let was_down = std::mem::replace(&mut self.is_down, noted.is_err());
        match noted {
            Ok(()) => was_down.then_some(ServeEvent::StoreBack),
            Err(why) => {
                // It may be another file by the next time.
                self.open = None;
                (!was_down).then_some(ServeEvent::StoreDown { why })
            }
        }
    }

    fn try_to_note(&mut self, ended: &[Ended], keep_days: u32) -> Result<(), String> {
        if self.open.is_none() {
            let (connection, _) = connect(&self.file).map_err(|wrong| wrong.says())?;
            self.open = Some(connection);
        }
        let Some(connection) = &mut self.open else { return Ok(()) };
        insert(connection, ended, keep_days).map_err(|error| error.to_string())
    }

    /// How the last pass over each target ended.
    pub(super) fn last(&self) -> BTreeMap<String, PassRow> {
        let read = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
            let newest =
                "SELECT pass FROM passes JOIN (SELECT max(id) AS id FROM passes GROUP BY target) USING (id)";
            connection.prepare(newest)?.query_map([], |row| row.get(0))?.collect()
        };
        let rows = self.open.as_ref().and_then(|connection| read(connection).ok()).unwrap_or_default();
        let row = |text: String| serde_json::from_str::<PassRow>(&text).ok();
        rows.into_iter().filter_map(row).map(|row| (row.target.clone(), row)).collect()
    }

    /// Fills a new store from the records of the targets, as far as they reach.
    pub(super) fn fill(&mut self, place: &Place, keep_days: u32) -> Option<ServeEvent> {
        let is_new = std::mem::take(&mut self.is_new);
        is_new.then(|| self.note(&recorded(place), keep_days)).flatten()
    }
}

/// What keeps a store from being used.
enum Wrong {
    /// It is of a newer enact.
    Newer(i64),
    Sqlite(rusqlite::Error),
}

impl Wrong {
    fn says(&self) -> String {
        match self {
            Self::Newer(version) => format!("it is of a newer enact (version {version})"),
            Self::Sqlite(error) => error.to_string(),
        }
    }
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens a store and brings it to this version. Returns the version that it had.
fn connect(file: &Path) -> Result<(Connection, usize), Wrong> {
    let mut connection = Connection::open(file)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    // Nobody writes a negative one.
    let known = usize::try_from(version).unwrap_or(usize::MAX);
    if known > MIGRATIONS.len() {
        return Err(Wrong::Newer(version));
    }
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let step = connection.transaction()?;
    for migration in MIGRATIONS.iter().skip(known) {
        step.execute_batch(migration)?;
    }
    step.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    step.commit()?;
    Ok((connection, known))
}

fn insert(connection: &mut Connection, ended: &[Ended], keep_days: u32) -> rusqlite::Result<()> {
    let step = connection.transaction()?;
    for Ended { row, picture } in ended {
        let picture = picture.as_ref().map(|picture| insert_picture(&step, picture)).transpose()?;
        insert_pass(&step, row, picture)?;
    }
    let age = SignedDuration::from_hours(i64::from(keep_days) * 24);
    let oldest = Timestamp::now().saturating_sub(age).unwrap_or(Timestamp::MIN).as_millisecond();
    forget(&step, oldest)?;
    step.commit()
}

fn insert_pass(step: &Connection, row: &PassRow, picture: Option<String>) -> rusqlite::Result<()> {
    let new =
        "INSERT INTO passes (target, ended_ms, pass, run, state, picture) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    // This could fail only for keys that are not strings, and there are none.
    let pass = serde_json::to_string(row).unwrap_or_default();
    let ended = row.ended.as_millisecond();
    step.prepare(new)?.execute(params![row.target, ended, pass, row.run, row.state.name(), picture])?;
    let day = "INSERT INTO days (target, day, changes, failed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET \
               changes = max(changes, excluded.changes), failed = max(failed, excluded.failed)";
    let changes = i64::try_from(row.left.changes).unwrap_or(i64::MAX);
    let failed = row.state.is_trouble();
    step.prepare(day)?.execute(params![row.target, ended / DAY_MS, changes, failed])?;
    Ok(())
}

/// Keeps a picture, unless it is there. Returns its digest.
fn insert_picture(step: &Connection, picture: &Picture) -> rusqlite::Result<String> {
    let digest = picture.digest();
    let new = "INSERT OR IGNORE INTO pictures (digest, page, plan) VALUES (?1, ?2, ?3)";
    let added = step.prepare(new)?.execute(params![digest, picture.page, picture.plan])?;
    if added > 0 {
        let object = "INSERT INTO objects (picture, kind, name, action, cause, access, outcome) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut object = step.prepare(object)?;
        for SeenObject { kind, name, action, cause, access, outcome } in &picture.objects {
            object.execute(params![digest, kind, name, action, cause, access, outcome])?;
        }
    }
    Ok(digest)
}

/// Drops what ended before a moment, and the pictures that no later pass has.
fn forget(step: &Connection, oldest: i64) -> rusqlite::Result<()> {
    for (table, column) in [("objects", "picture"), ("pictures", "digest")] {
        step.execute(
            &format!(
                "DELETE FROM {table} WHERE {column} IN (SELECT picture FROM passes WHERE ended_ms < ?1) AND NOT EXISTS \
                 (SELECT 1 FROM passes WHERE picture = {table}.{column} AND ended_ms >= ?1)"
            ),
            [oldest],
        )?;
    }
    step.execute("DELETE FROM passes WHERE ended_ms < ?1", [oldest])?;
    step.execute("DELETE FROM days WHERE day < ?1", [oldest / DAY_MS])?;
    Ok(())
}

/// What the records say of the targets of a configuration, oldest first.
fn recorded(place: &Place) -> Vec<Ended> {
    let Some(config) = place.config() else { return Vec::new() };
    let mut diagnostics = Vec::new();
    let query = Query { only: &[], object: None, limit: RUNS };
    let runs = log(&config, query, &mut diagnostics).runs;
    let mut rows: Vec<_> = runs.iter().filter_map(row).collect();
    rows.sort_by_key(|row| row.ended);
    rows.into_iter().map(|row| Ended { row, picture: None }).collect()
}

fn row(LoggedRun { target, run, objects: _ }: &LoggedRun) -> Option<PassRow> {
    let ended: Timestamp = run.ended.as_ref()?.parse().ok()?;
    let started: Timestamp = run.started.parse().ok()?;
    let seconds = ended.duration_since(started).as_secs_f64();
    let state = match run.outcome {
        RunOutcome::Converged => PassState::Converged,
        RunOutcome::Started | RunOutcome::Incomplete => PassState::Failed,
    };
    Some(PassRow {
        target: target.clone(),
        run: run.run.clone(),
        ended,
        seconds,
        commit: Some(run.commit.clone()),
        mode: Mode::Apply,
        state,
        written: run.counts.get("applied").copied().unwrap_or_default(),
        left: LeftChanges::default(),
        requests: run.requests,
        asked_by: None,
        problems: Vec::new(),
    })
}

fn newer(file: &Path, version: i64) -> Diagnostic {
    let message = format!("`{}` is the store of a newer enact: its version is {version}", file.display());
    Diagnostic::new(Code::ServeStore, message)
        .help("nothing of it was changed: use that enact, or another file with `--store`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(target: &str, ended: Timestamp, state: PassState) -> PassRow {
        let left = LeftChanges { changes: 2, ..LeftChanges::default() };
        PassRow { ended, state, left, ..PassRow::example(target) }
    }

    fn unseen(rows: &[PassRow]) -> Vec<Ended> {
        rows.iter().map(|row| Ended { row: row.clone(), picture: None }).collect()
    }

    #[test]
    fn the_last_pass_of_each_target_is_there_after_a_restart_and_old_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        let now = Timestamp::now();
        let old = now - SignedDuration::from_hours(24 * 11);
        let mut store = Store::open(file.clone()).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let rows = [
            pass("a", now, PassState::Failed),
            pass("a", now, PassState::Converged),
            pass("gone", old, PassState::Converged),
        ];
        assert_eq!(store.note(&unseen(&rows), 10), None);
        drop(store);
        let last = Store::open(file).unwrap_or_else(|wrong| panic!("{wrong:?}")).last();
        assert_eq!(last.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(last["a"], rows[1]);
    }

    fn picture(name: &str) -> Picture {
        let object = SeenObject {
            kind: "Role".to_owned(),
            name: name.to_owned(),
            action: "create".to_owned(),
            cause: None,
            access: None,
            outcome: None,
        };
        Picture { page: format!("<p>{name}</p>"), plan: "plan".to_owned(), objects: vec![object] }
    }

    #[test]
    fn passes_in_a_row_that_saw_the_same_are_one_period_and_a_gap_begins_another() {
        let mut store = Store::open(PathBuf::from(":memory:")).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let began = Timestamp::now();
        let seen = [Some("x"), Some("x"), None, Some("x"), Some("y"), Some("x")];
        for (number, seen) in (0..).zip(seen) {
            let ended = began + SignedDuration::from_secs(number);
            let row = PassRow { run: format!("r{number}"), ..pass("a", ended, PassState::Pending) };
            assert_eq!(store.note(&[Ended { row, picture: seen.map(picture) }], 10), None);
        }
        let history = store.history("a", "Role", "x").unwrap();
        let periods: Vec<_> = history.iter().map(|period| (period.run.as_str(), period.passes)).collect();
        assert_eq!(periods, [("r5", 1), ("r3", 1), ("r0", 2)]);
        assert!(store.history("b", "Role", "x").unwrap().is_empty());
        let newest = &store.passes("a", i64::MAX, 2).unwrap()[0];
        assert_eq!(store.picture(newest).unwrap().objects, picture("x").objects);
        assert_eq!(store.pass("a", "r4").unwrap().unwrap().row.run, "r4");
        let days = store.days(&["a".to_owned(), "b".to_owned()], began, 30).unwrap();
        assert!(days["a"].iter().all(|day| day.changes == 2 && !day.failed) && !days.contains_key("b"));
    }

    #[test]
    fn a_picture_goes_with_the_last_pass_that_has_it() {
        let mut store = Store::open(PathBuf::from(":memory:")).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let (now, old) = (Timestamp::now(), Timestamp::now() - SignedDuration::from_hours(24 * 11));
        let ended = |at, name| Ended { row: pass("a", at, PassState::Pending), picture: Some(picture(name)) };
        let all = [ended(old, "gone"), ended(old, "stays"), ended(now, "stays")];
        assert_eq!(store.note(&all, 10), None);
        let left = |query: &str| -> Vec<String> {
            let open = store.open.as_ref().unwrap();
            let mut query = open.prepare(query).unwrap();
            query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(left("SELECT page FROM pictures"), ["<p>stays</p>"]);
        assert_eq!(left("SELECT name FROM objects"), ["stays"]);
    }

    #[test]
    fn an_older_store_is_brought_to_this_version_with_all_that_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let row = pass("a", Timestamp::now(), PassState::Failed);
        let new = "INSERT INTO passes (target, ended_ms, pass) VALUES (?1, ?2, ?3)";
        let text = serde_json::to_string(&row).unwrap();
        old.execute(new, params!["a", row.ended.as_millisecond(), text]).unwrap();
        drop(old);
        let store = Store::open(file).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        assert_eq!(store.pass("a", "r").unwrap().unwrap().row, row);
        let days = store.days(&["a".to_owned()], Timestamp::now(), 30).unwrap();
        assert!(days["a"][0].failed && days["a"][0].changes == 2, "{days:?}");
    }

    #[test]
    fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        drop(Store::open(file.clone()));
        Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(&file).unwrap();
        let refused = Store::open(file.clone()).map(|_| ()).unwrap_err();
        assert_eq!(refused.code, Code::ServeStore);
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_store_that_is_down_is_used_again_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        std::fs::create_dir(&file).unwrap();
        let mut store = Store::open(file.clone()).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let rows = [pass("a", Timestamp::now(), PassState::Converged)];
        assert!(matches!(store.note(&unseen(&rows), 10), Some(ServeEvent::StoreDown { .. })));
        assert_eq!(store.note(&unseen(&rows), 10), None, "it is said once");
        std::fs::remove_dir(&file).unwrap();
        assert_eq!(store.note(&unseen(&rows), 10), Some(ServeEvent::StoreBack));
        assert_eq!(store.last()["a"], rows[0]);
    }
}
