//! A store in a database of PostgreSQL, which several services may share. Its password is in the environment only.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::runtime::Handle;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::database::{Cell, Database, Found, Row};
use crate::diagnostic::{Code, Diagnostic};
use crate::http::transport::sources;

/// The tables. No index holds a text of any length: PostgreSQL has a limit for those.
const MIGRATIONS: [&str; 1] = ["
CREATE TABLE passes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target TEXT NOT NULL,
    ended_ms BIGINT NOT NULL,
    pass TEXT NOT NULL,
    run TEXT NOT NULL,
    state TEXT NOT NULL,
    picture TEXT
);
CREATE INDEX passes_of_target ON passes (target, id);
CREATE INDEX passes_by_time ON passes (ended_ms);
CREATE INDEX passes_by_run ON passes (run);
CREATE INDEX passes_by_state ON passes (state, target, ended_ms);
CREATE INDEX passes_by_picture ON passes (picture, ended_ms);
CREATE TABLE pictures (digest TEXT PRIMARY KEY, page TEXT NOT NULL, plan TEXT NOT NULL);
CREATE TABLE objects (
    picture TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    cause TEXT,
    access TEXT,
    outcome TEXT
);
CREATE INDEX objects_of_picture ON objects (picture);
CREATE TABLE days (
    target TEXT NOT NULL,
    day BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (target, day)
);
CREATE TABLE enact_store (version BIGINT NOT NULL);
INSERT INTO enact_store VALUES (0);
"];

/// Where the password is, as for every program that speaks with PostgreSQL.
const PASSWORD: &str = "PGPASSWORD";
/// How long a connection may take to be made, and any answer to come.
const PATIENCE: Duration = Duration::from_secs(3);
/// Who changes the tables holds the lock of this number; nobody else may know it.
const ALONE: &str = "BEGIN; SELECT pg_advisory_xact_lock(5720617374068373876)";

/// A database, by its URL.
pub(in crate::serve) struct Server {
    config: Config,
}

impl Server {
    pub(super) fn of(url: &str) -> Result<Self, Diagnostic> {
        let wrong = |message: String, help: &str| Diagnostic::new(Code::ServeStore, message).help(help);
        let form = "write it as postgres://USER@HOST/DATABASE";
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(wrong("the URL of the store is not one of PostgreSQL".to_owned(), form));
        }
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            wrong(format!("the URL of the store is not one of PostgreSQL: {}", chain(&error)), form)
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("the URL of the store names no host".to_owned(), form));
        }
        if config.get_password().is_some() {
            let message = "the URL of the store has a password in it, which others on this machine can see";
            return Err(wrong(message.to_owned(), "take it out, and set PGPASSWORD in the environment"));
        }
        Ok(Self::with(config, std::env::var(PASSWORD).ok()))
    }

    fn with(mut config: Config, password: Option<String>) -> Self {
        if let Some(password) = password {
            config.password(password);
        }
        // Without a word about it, nothing goes over a network in the open.
        if config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(if is_local(&config) { SslMode::Disable } else { SslMode::Require });
        }
        config.application_name("enact").connect_timeout(PATIENCE).tcp_user_timeout(PATIENCE);
        Self { config }
    }

    pub(super) fn name(&self) -> String {
        self.config.get_dbname().unwrap_or("postgres").to_owned()
    }

    pub(super) fn connect(&self) -> Found<Connected> {
        let (client, connection) =
            wait(self.config.connect(tls()?)).map_err(|why| self.without_password(&why))?;
        let mut speaks = JoinSet::new();
        // Why it ends, whoever waits for an answer is told.
        speaks.spawn_on(async move { drop(connection.await) }, &Handle::current());
        Ok(Connected { client, _speaks: speaks })
    }

    /// What a server says that was given the password in the open.
    fn without_password(&self, text: &str) -> String {
        let password = self.config.get_password().map(String::from_utf8_lossy).filter(|of| !of.is_empty());
        password.map_or_else(|| text.to_owned(), |password| text.replace(password.as_ref(), "***"))
    }
}

/// An error with its causes.
fn chain(error: &tokio_postgres::Error) -> String {
    sources(error).fold(error.to_string(), |all, why| format!("{all}: {why}"))
}

/// Whether all of it is on this machine.
fn is_local(config: &Config) -> bool {
    let host = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(host),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

/// Believes whom the machine believes.
fn tls() -> Found<MakeRustlsConnect> {
    let says = |error: rustls::Error| error.to_string();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(says)?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Waits for an answer, in a thread of the service that may wait.
fn wait<T>(answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Found<T> {
    let answer = async { timeout(PATIENCE, answer).await };
    block_in_place(|| Handle::current().block_on(answer))
        .map_err(|_| format!("there was no answer for {} s", PATIENCE.as_secs()))?
        .map_err(|error| chain(&error))
}

/// A connection.
pub(super) struct Connected {
    client: Client,
    /// What sends and receives, as long as this is there.
    _speaks: JoinSet<()>,
}

impl Database for Connected {
    fn migrations(&self) -> &'static [&'static str] {
        &MIGRATIONS
    }

    fn version(&self) -> Found<i64> {
        let table = self.rows("SELECT to_regclass('enact_store')::text", &[])?;
        match table.first().map(|row| row.maybe(0)).transpose()?.flatten() {
            Some(_) => {
                self.rows("SELECT version FROM enact_store", &[])?.first().map_or(Ok(0), |row| row.int(0))
            }
            None => Ok(0),
        }
    }

    fn set_version(&self, version: i64) -> Found<()> {
        self.change("UPDATE enact_store SET version = $1", &[Cell::Int(version)]).map(drop)
    }

    fn begin_alone(&self) -> Found<()> {
        self.run(ALONE)
    }

    fn run(&self, statements: &str) -> Found<()> {
        wait(self.client.batch_execute(statements))
    }

    fn change(&self, statement: &str, values: &[Cell]) -> Found<u64> {
        let values = sent(values);
        wait(self.client.execute_typed(statement, &typed(&values)))
    }

    fn rows(&self, query: &str, values: &[Cell]) -> Found<Vec<Row>> {
        let values = sent(values);
        let rows = wait(self.client.query_typed(query, &typed(&values)))?;
        rows.iter().map(row).collect::<Result<_, _>>().map_err(|error| chain(&error))
    }

    fn is_lost(&self) -> bool {
        self.client.is_closed()
    }
}

/// No text of PostgreSQL holds a NUL.
fn sent(values: &[Cell]) -> Vec<Cell> {
    let sent = |value: &Cell| match value {
        Cell::Text(Some(text)) => Cell::Text(Some(text.replace('\0', "\u{fffd}"))),
        value => value.clone(),
    };
    values.iter().map(sent).collect()
}

fn typed(values: &[Cell]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    values.iter().map(with_type).collect()
}

fn with_type(value: &Cell) -> (&(dyn ToSql + Sync), Type) {
    match value {
        Cell::Int(number) => (number, Type::INT8),
        Cell::Text(text) => (text, Type::TEXT),
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let cell = |(at, column): (usize, &tokio_postgres::Column)| match *column.type_() == Type::INT8 {
        true => row.try_get(at).map(Cell::Int),
        false => row.try_get(at).map(Cell::Text),
    };
    row.columns().iter().enumerate().map(cell).collect::<Result<_, _>>().map(Row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(url: &str) -> String {
        Server::of(url).map(|server| server.name()).unwrap_err().message
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused_before_anything_is_asked() {
        for (url, says) in [
            ("postgres://ada:secret@db/enact", "a password in it"),
            ("postgres://ada@db/enact?password=secret", "a password in it"),
            ("postgres:///enact", "names no host"),
            ("postgres://ada@db/enact?sslmode=maybe", "not one of PostgreSQL"),
            ("POSTGRES://ada:secret@db/enact", "not one of PostgreSQL"),
            ("postgres:/ada:secret@db/enact", "not one of PostgreSQL"),
            ("postgresql+psycopg://ada:secret@db/enact", "not one of PostgreSQL"),
        ] {
            let wrong = wrong(url);
            assert!(wrong.contains(says) && !wrong.contains("secret"), "{url}: {wrong}");
        }
    }

    #[test]
    fn nothing_goes_over_a_network_in_the_open_without_a_word_about_it() {
        for (url, mode) in [
            ("postgres://ada@db.example.com/enact", SslMode::Require),
            ("postgres://ada@127.0.0.1,db.example.com/enact", SslMode::Require),
            ("postgres://ada@localhost/enact?hostaddr=192.0.2.1", SslMode::Require),
            ("postgres://ada@db.example.com/enact?sslmode=disable", SslMode::Disable),
            ("postgres://ada@127.0.0.1/enact", SslMode::Disable),
            ("postgres://ada@[::1]/enact?sslmode=require", SslMode::Require),
            ("postgres://ada@%2Frun%2Fpostgresql/enact", SslMode::Disable),
        ] {
            let server = Server::of(url).unwrap_or_else(|wrong| panic!("{url}: {wrong:?}"));
            assert_eq!(server.config.get_ssl_mode(), mode, "{url}");
        }
    }
}
