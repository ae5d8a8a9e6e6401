//! What people look at later: how every pass ended, in SQLite beside the clone. The record in git is the truth; this file
//! can be removed, and is then filled again from the record as far as that reaches. The service goes on without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::source::Place;
use crate::config::{self, Systems};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Files;
use crate::record::run::RunOutcome;
use crate::report::content::LoggedRun;
use crate::report::pass::{LeftChanges, PassRow, PassState, ServeEvent};
use crate::run::checkout::ConfigText;
use crate::run::log::{Query, log};
use crate::schedule::Mode;

/// From one version of the store to the next; the first one begins with an empty file.
const MIGRATIONS: [&str; 1] = ["CREATE TABLE passes (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    ended_ms INTEGER NOT NULL,
    pass TEXT NOT NULL
) STRICT;
CREATE INDEX passes_of_target ON passes (target, ended_ms);
CREATE INDEX passes_by_time ON passes (ended_ms);"];

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
    pub(super) fn note(&mut self, rows: &[PassRow], keep_days: u32) -> Option<ServeEvent> {
        let noted = self.try_to_note(rows, keep_days);
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

    fn try_to_note(&mut self, rows: &[PassRow], keep_days: u32) -> Result<(), String> {
        if self.open.is_none() {
            let (connection, _) = connect(&self.file).map_err(|wrong| wrong.says())?;
            self.open = Some(connection);
        }
        let Some(connection) = &mut self.open else { return Ok(()) };
        insert(connection, rows, keep_days).map_err(|error| error.to_string())
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
        is_new.then(|| self.note(&recorded(&place.config), keep_days)).flatten()
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

fn insert(connection: &mut Connection, rows: &[PassRow], keep_days: u32) -> rusqlite::Result<()> {
    let step = connection.transaction()?;
    let mut new = step.prepare("INSERT INTO passes (target, ended_ms, pass) VALUES (?1, ?2, ?3)")?;
    for row in rows {
        // This could fail only for keys that are not strings, and there are none.
        let pass = serde_json::to_string(row).unwrap_or_default();
        new.execute(params![row.target, row.ended.as_millisecond(), pass])?;
    }
    drop(new);
    let age = SignedDuration::from_hours(i64::from(keep_days) * 24);
    let oldest = Timestamp::now().saturating_sub(age).unwrap_or(Timestamp::MIN);
    step.execute("DELETE FROM passes WHERE ended_ms < ?1", [oldest.as_millisecond()])?;
    step.commit()
}

/// What the records say of the targets of a configuration, oldest first.
fn recorded(file: &Path) -> Vec<PassRow> {
    let Ok(origin) = ConfigText::read(file) else { return Vec::new() };
    let (mut files, mut diagnostics) = (Files::new(), Vec::new());
    let systems = Systems::Defined(&mut files);
    let config = config::load(&origin.file, &origin.folder, &origin.text, systems, &mut diagnostics);
    let Some(config) = config else { return Vec::new() };
    let query = Query { only: &[], object: None, limit: RUNS };
    let runs = log(&config, query, &mut diagnostics).runs;
    let mut rows: Vec<_> = runs.iter().filter_map(row).collect();
    rows.sort_by_key(|row| row.ended);
    rows
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
        PassRow {
            target: target.to_owned(),
            run: "r".to_owned(),
            ended,
            seconds: 0.5,
            commit: None,
            mode: Mode::Report,
            state,
            written: 0,
            left: LeftChanges { changes: 2, ..LeftChanges::default() },
            requests: 3,
            problems: Vec::new(),
        }
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
        assert_eq!(store.note(&rows, 10), None);
        drop(store);
        let last = Store::open(file).unwrap_or_else(|wrong| panic!("{wrong:?}")).last();
        assert_eq!(last.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(last["a"], rows[1]);
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
        assert!(matches!(store.note(&rows, 10), Some(ServeEvent::StoreDown { .. })));
        assert_eq!(store.note(&rows, 10), None, "it is said once");
        std::fs::remove_dir(&file).unwrap();
        assert_eq!(store.note(&rows, 10), Some(ServeEvent::StoreBack));
        assert_eq!(store.last()["a"], rows[0]);
    }
}
