//! What people look at later: how every pass ended, and what it saw, in a file beside the clone or in a database. What is
//! read of it for pages is in `read`. The record in git is the truth; the store can be removed, and is then filled again
//! from the record as far as that reaches. The service goes on without it.

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::pass::Ended;
use super::source::Place;
use crate::diagnostic::{Code, Diagnostic};
use crate::record::run::RunOutcome;
use crate::report::content::LoggedRun;
use crate::report::pass::{LeftChanges, PassRow, PassState, ServeEvent};
use crate::report::picture::{Picture, SeenObject};
use crate::run::log::{Query, log};
use crate::schedule::Mode;
use database::{Cell, Database, Found, places};

pub(super) mod database;
mod home;
mod postgres;
pub(super) mod read;
mod sqlite;

pub(super) use home::Home;

const DAY_MS: i64 = 86_400_000;

/// How many runs of each record it is filled with.
const RUNS: usize = 1000;
/// How many passes wait for a store that is down.
const WAITING: usize = 1000;
/// How many objects, or names of targets, one statement holds.
const ROWS: usize = 1000;

/// The store.
pub(super) struct Store {
    home: Home,
    open: Option<Box<dyn Database>>,
    /// When it could not be opened, and why.
    tried: Option<(Instant, String)>,
    /// Whether it has held nothing yet.
    is_new: bool,
    /// Whether it was said that it cannot be used.
    is_down: bool,
    /// What could not be noted yet.
    waiting: Vec<Ended>,
}

impl Store {
    /// The store there, which is made if there is none. One of a newer enact is left as it is, and is an error; of any
    /// other trouble it is said when something is noted.
    pub(super) fn open(home: Home) -> Result<Self, Diagnostic> {
        let mut store =
            Self { home, open: None, tried: None, is_new: false, is_down: false, waiting: Vec::new() };
        match connect(&store.home) {
            Ok((open, known)) => (store.open, store.is_new) = (Some(open), known == 0),
            Err(Wrong::Newer(version)) => return Err(newer(&store.home, version)),
            Err(Wrong::Other(why)) => store.tried = Some((Instant::now(), why)),
        }
        Ok(store)
    }

    /// Notes passes, and drops those that ended so many days ago. That it cannot be used is said once, and so is that it can
    /// again; meanwhile the passes wait, without what they saw.
    pub(super) fn note(&mut self, ended: &[Ended], keep_days: u32) -> Option<ServeEvent> {
        let noted = self.try_to_note(ended, keep_days);
        let was_down = std::mem::replace(&mut self.is_down, noted.is_err());
        match noted {
            Ok(()) => {
                self.waiting.clear();
                was_down.then_some(ServeEvent::StoreBack)
            }
            Err(why) => {
                let unseen = |Ended { row, .. }: &Ended| Ended { row: row.clone(), picture: None };
                self.waiting.extend(ended.iter().map(unseen));
                self.waiting.drain(..self.waiting.len().saturating_sub(WAITING));
                (!was_down).then_some(ServeEvent::StoreDown { why })
            }
        }
    }

    fn try_to_note(&mut self, ended: &[Ended], keep_days: u32) -> Found<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let noted = self.with(|open| {
            open.run("BEGIN")?;
            step(open, || insert(open, waiting.iter().chain(ended), keep_days))
        });
        self.waiting = waiting;
        noted
    }

    /// What is done with the database, which is opened if it has to be.
    fn with<T>(&mut self, work: impl FnOnce(&dyn Database) -> Found<T>) -> Found<T> {
        let open = match self.open.take().filter(|open| !open.is_lost()) {
            Some(open) => open,
            None => self.reopen()?,
        };
        // After an error it may be another file by the next time, or no longer the answer to the last question.
        let done = work(&*open)?;
        self.open = Some(open);
        Ok(done)
    }

    fn reopen(&mut self) -> Found<Box<dyn Database>> {
        if let Some((when, why)) = &self.tried
            && when.elapsed() < self.home.pause()
        {
            return Err(why.clone());
        }
        let opened = connect(&self.home).map_err(|wrong| wrong.says());
        self.tried = opened.as_ref().err().map(|why| (Instant::now(), why.clone()));
        opened.map(|(open, _)| open)
    }

    /// How the last pass over each target ended.
    pub(super) fn last(&mut self) -> BTreeMap<String, PassRow> {
        let newest = "SELECT pass FROM passes JOIN (SELECT max(id) AS id FROM passes GROUP BY target) AS newest \
                      USING (id)";
        let read = |open: &dyn Database| -> Found<Vec<String>> {
            open.rows(newest, &[])?.iter().map(|row| row.text(0)).collect()
        };
        let rows = self.with(read).unwrap_or_default();
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
    Other(String),
}

impl Wrong {
    fn says(self) -> String {
        match self {
            Self::Newer(version) => format!("it is of a newer enact (version {version})"),
            Self::Other(why) => why,
        }
    }
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

/// Opens a store and brings it to this version. Returns the version that it had.
fn connect(home: &Home) -> Result<(Box<dyn Database>, usize), Wrong> {
    let open = home.open()?;
    let mut known = version(&*open)?;
    if known < open.migrations().len() {
        open.begin_alone()?;
        known = step(&*open, || migrate(&*open))?;
    }
    Ok((open, known))
}

/// The version of a store that is not newer than this enact.
fn version(open: &dyn Database) -> Result<usize, Wrong> {
    let version = open.version()?;
    // Nobody writes a negative one.
    let known = usize::try_from(version).unwrap_or(usize::MAX);
    if known > open.migrations().len() { Err(Wrong::Newer(version)) } else { Ok(known) }
}

/// Another process may have done it while this one waited.
fn migrate(open: &dyn Database) -> Result<usize, Wrong> {
    let known = version(open)?;
    for migration in open.migrations().iter().skip(known) {
        open.run(migration)?;
    }
    open.set_version(open.migrations().len() as i64)?;
    Ok(known)
}

/// Ends a step that has begun: all of it is done, or nothing.
fn step<T, E: From<String>>(open: &dyn Database, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let done = work();
    let ended = open.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" });
    let done = done?;
    ended?;
    Ok(done)
}

fn insert<'a>(open: &dyn Database, ended: impl Iterator<Item = &'a Ended>, keep_days: u32) -> Found<()> {
    for Ended { row, picture } in ended {
        let picture = picture.as_ref().map(|picture| insert_picture(open, picture)).transpose()?;
        insert_pass(open, row, &picture)?;
    }
    let age = SignedDuration::from_hours(i64::from(keep_days) * 24);
    let oldest = Timestamp::now().saturating_sub(age).unwrap_or(Timestamp::MIN).as_millisecond();
    forget(open, oldest)
}

fn insert_pass(open: &dyn Database, row: &PassRow, picture: &Option<String>) -> Found<()> {
    let new =
        "INSERT INTO passes (target, ended_ms, pass, run, state, picture) VALUES ($1, $2, $3, $4, $5, $6)";
    // This could fail only for keys that are not strings, and there are none.
    let pass = serde_json::to_string(row).unwrap_or_default();
    let (target, ended) = (Cell::from(&row.target), row.ended.as_millisecond());
    let (run, state) = (Cell::from(&row.run), Cell::from(row.state.name()));
    open.change(new, &[target.clone(), ended.into(), Cell::from(&pass), run, state, Cell::from(picture)])?;
    let day = "INSERT INTO days (target, day, changes, failed) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (target, day) DO UPDATE SET \
               changes = CASE WHEN excluded.changes > days.changes THEN excluded.changes ELSE days.changes END, \
               failed = CASE WHEN excluded.failed > days.failed THEN excluded.failed ELSE days.failed END";
    let changes = i64::try_from(row.left.changes).unwrap_or(i64::MAX);
    let failed = i64::from(row.state.is_trouble());
    open.change(day, &[target, (ended / DAY_MS).into(), changes.into(), failed.into()])?;
    Ok(())
}

/// Keeps a picture, unless it is there. Returns its digest.
fn insert_picture(open: &dyn Database, picture: &Picture) -> Found<String> {
    let digest = picture.digest();
    let new = "INSERT INTO pictures (digest, page, plan) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let cells = [&digest, &picture.page, &picture.plan].map(Cell::from);
    if open.change(new, &cells)? > 0 {
        for objects in picture.objects.chunks(ROWS) {
            let cells: Vec<_> = objects.iter().flat_map(|object| object_cells(&digest, object)).collect();
            let places = places(objects.len(), 7, 0);
            let new = "INSERT INTO objects (picture, kind, name, action, cause, access, outcome) VALUES";
            open.change(&format!("{new} {places}"), &cells)?;
        }
    }
    Ok(digest)
}

fn object_cells(digest: &str, object: &SeenObject) -> [Cell; 7] {
    let SeenObject { kind, name, action, cause, access, outcome } = object;
    [digest.into(), kind.into(), name.into(), action.into(), cause.into(), access.into(), outcome.into()]
}

/// Drops what ended before a moment, and the pictures that no later pass has.
fn forget(open: &dyn Database, oldest: i64) -> Found<()> {
    for (table, column) in [("objects", "picture"), ("pictures", "digest")] {
        open.change(
            &format!(
                "DELETE FROM {table} WHERE {column} IN (SELECT picture FROM passes WHERE ended_ms < $1) AND NOT EXISTS \
                 (SELECT 1 FROM passes WHERE picture = {table}.{column} AND ended_ms >= $1)"
            ),
            &[oldest.into()],
        )?;
    }
    open.change("DELETE FROM passes WHERE ended_ms < $1", &[oldest.into()])?;
    open.change("DELETE FROM days WHERE day < $1", &[(oldest / DAY_MS).into()])?;
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

fn newer(home: &Home, version: i64) -> Diagnostic {
    let message = format!("`{}` is the store of a newer enact: its version is {version}", home.name());
    Diagnostic::new(Code::ServeStore, message)
        .help("nothing of it was changed: use that enact, or another store with `--store`")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::{Connection, params};

    use super::*;

    fn open(file: impl AsRef<Path>) -> Store {
        Store::open(Home::File(file.as_ref().to_owned())).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

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
        let mut store = open(&file);
        let rows = [
            pass("a", now, PassState::Failed),
            pass("a", now, PassState::Converged),
            pass("gone", old, PassState::Converged),
        ];
        assert_eq!(store.note(&unseen(&rows), 10), None);
        drop(store);
        let last = open(&file).last();
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
        let mut store = open(":memory:");
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
        let mut store = open(":memory:");
        let (now, old) = (Timestamp::now(), Timestamp::now() - SignedDuration::from_hours(24 * 11));
        let ended = |at, name| Ended { row: pass("a", at, PassState::Pending), picture: Some(picture(name)) };
        let all = [ended(old, "gone"), ended(old, "stays"), ended(now, "stays")];
        assert_eq!(store.note(&all, 10), None);
        let left = |query: &str| -> Vec<String> {
            let rows = store.open.as_ref().unwrap().rows(query, &[]).unwrap();
            rows.iter().map(|row| row.text(0).unwrap()).collect()
        };
        assert_eq!(left("SELECT page FROM pictures"), ["<p>stays</p>"]);
        assert_eq!(left("SELECT name FROM objects"), ["stays"]);
    }

    #[test]
    fn an_older_store_is_brought_to_this_version_with_all_that_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(sqlite::MIGRATIONS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let row = pass("a", Timestamp::now(), PassState::Failed);
        let new = "INSERT INTO passes (target, ended_ms, pass) VALUES (?1, ?2, ?3)";
        let text = serde_json::to_string(&row).unwrap();
        old.execute(new, params!["a", row.ended.as_millisecond(), text]).unwrap();
        drop(old);
        let mut store = open(&file);
        assert_eq!(store.pass("a", "r").unwrap().unwrap().row, row);
        let days = store.days(&["a".to_owned()], Timestamp::now(), 30).unwrap();
        assert!(days["a"][0].failed && days["a"][0].changes == 2, "{days:?}");
    }

    #[test]
    fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        drop(open(&file));
        Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(&file).unwrap();
        let refused = Store::open(Home::File(file.clone())).map(|_| ()).unwrap_err();
        assert_eq!(refused.code, Code::ServeStore);
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_store_that_is_down_is_used_again_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enact.db");
        std::fs::create_dir(&file).unwrap();
        let mut store = open(&file);
        let rows = [pass("a", Timestamp::now(), PassState::Converged)];
        assert!(matches!(store.note(&unseen(&rows), 10), Some(ServeEvent::StoreDown { .. })));
        assert_eq!(store.note(&unseen(&rows), 10), None, "it is said once");
        std::fs::remove_dir(&file).unwrap();
        assert_eq!(store.note(&unseen(&rows), 10), Some(ServeEvent::StoreBack));
        assert_eq!(store.last()["a"], rows[0]);
        assert_eq!(store.passes("a", i64::MAX, 9).unwrap().len(), 3, "what waited is noted, too");
    }
}
