//! A store in a file, by SQLite.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Null, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::database::{Cell, Database, Found, Row};

/// The tables.
pub(super) const MIGRATIONS: [&str; 2] = [
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

/// How long another process, such as a backup, may keep it waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens the file, which is made if there is none. One of a newer enact is left as it is.
pub(super) fn open(file: &Path) -> Found<Connection> {
    let connection = Connection::open(file).map_err(says)?;
    connection.busy_timeout(PATIENCE).map_err(says)?;
    if connection.version()? <= MIGRATIONS.len() as i64 {
        connection.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")?;
    }
    Ok(connection)
}

fn says(error: rusqlite::Error) -> String {
    error.to_string()
}

impl Database for Connection {
    fn migrations(&self) -> &'static [&'static str] {
        &MIGRATIONS
    }

    fn version(&self) -> Found<i64> {
        self.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(says)
    }

    fn set_version(&self, version: i64) -> Found<()> {
        self.pragma_update(None, "user_version", version).map_err(says)
    }

    fn begin_alone(&self) -> Found<()> {
        self.run("BEGIN IMMEDIATE")
    }

    fn run(&self, statements: &str) -> Found<()> {
        self.execute_batch(statements).map_err(says)
    }

    fn change(&self, statement: &str, values: &[Cell]) -> Found<u64> {
        let mut statement = self.prepare(statement).map_err(says)?;
        statement.execute(params_from_iter(values)).map(|changed| changed as u64).map_err(says)
    }

    fn rows(&self, query: &str, values: &[Cell]) -> Found<Vec<Row>> {
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut query = self.prepare(query)?;
            let columns = query.column_count();
            let row = |row: &rusqlite::Row<'_>| {
                let cells: rusqlite::Result<_> = (0..columns).map(|at| cell(row.get_ref(at)?)).collect();
                cells.map(Row)
            };
            query.query_map(params_from_iter(values), row)?.collect()
        };
        read().map_err(says)
    }

    fn is_lost(&self) -> bool {
        false
    }
}

fn cell(value: ValueRef<'_>) -> rusqlite::Result<Cell> {
    match value {
        ValueRef::Integer(number) => Ok(Cell::Int(number)),
        ValueRef::Null => Ok(Cell::Text(None)),
        value => Ok(Cell::Text(Some(value.as_str()?.to_owned()))),
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Int(number) => number.to_sql(),
            Self::Text(Some(text)) => text.to_sql(),
            Self::Text(None) => Ok(ToSqlOutput::Owned(Value::from(Null))),
        }
    }
}
