//! The store of the service in a real PostgreSQL, which the tests start.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::history::Repo;
use crate::real::is_there;
use crate::real::postgres::{self, Postgres};
use crate::record::roles;
use crate::serve::{Service, applied};
use crate::support;
use crate::world::codes;

const PASSWORD: &str = "a-password-that-nobody-may-see";

/// A database for one test.
struct Database {
    server: Postgres,
    programs: PathBuf,
}

impl Database {
    /// `None` where PostgreSQL is not installed.
    fn new() -> Option<Self> {
        if !is_there("postgresql") {
            return None;
        }
        let programs = postgres::programs().unwrap();
        Some(Self { server: postgres::start(&programs).unwrap(), programs })
    }

    fn url(&self) -> String {
        let folder = self.server.folder.to_str().unwrap().replace('/', "%2F");
        format!("postgres://directus@{folder}/postgres")
    }

    /// What a statement says, line by line. It is asked in another database, so that this one can be closed.
    fn says(&self, database: &str, statement: &str) -> Vec<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-U", "directus", "-d", database, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement]);
        let output = psql.arg("-h").arg(&self.server.folder).output().unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// The passes in it, oldest first.
    fn passes(&self) -> Vec<Value> {
        let passes = self.says("postgres", "SELECT pass FROM passes ORDER BY id");
        passes.iter().map(|pass| serde_json::from_str(pass).unwrap()).collect()
    }

    /// Lets nobody in any more, and throws out who is.
    fn close(&self) {
        self.says("template1", "ALTER DATABASE postgres ALLOW_CONNECTIONS false");
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'";
        self.says("template1", others);
    }

    fn open(&self) {
        self.says("template1", "ALTER DATABASE postgres ALLOW_CONNECTIONS true");
    }
}

/// Gives each target a pass.
fn once(repo: &Repo, url: &str) -> support::Run {
    let mut command = support::enact(repo.dir.path());
    command.args(["serve", "--once", "--format", "json", "--store", url]);
    support::run(repo.dir.path(), &mut command, &[("PGPASSWORD", PASSWORD.to_owned())])
}

#[test]
fn a_new_database_is_filled_from_the_record_and_one_of_a_newer_enact_is_refused_as_it_is() {
    let Some(database) = Database::new() else { return };
    let (repo, url) = (applied(""), database.url());
    assert_eq!((once(&repo, &url).code, once(&repo, &url).code), (0, 0));
    let passes = database.passes();
    let run: Value = serde_json::from_str(&repo.git(&["show", "refs/enact/record/live:run.json"])).unwrap();
    assert_eq!((passes.len(), &passes[0]["run"]), (3, &run["run"]), "the apply, and two passes: {passes:#?}");
    database.says("postgres", "DROP TABLE passes, pictures, objects, days, enact_store");
    assert_eq!(once(&repo, &url).code, 0);
    assert_eq!((database.passes().len(), &database.passes()[0]), (2, &passes[0]));

    database.says("postgres", "UPDATE enact_store SET version = 99; DROP TABLE days");
    repo.live.clear_requests();
    let newer = once(&repo, &url);
    assert_eq!((newer.code, codes(&newer.json())), (1, vec!["serve/store"]), "{}", newer.out);
    assert_eq!((repo.live.requests().len(), database.passes().len()), (0, 2));
    let days = database.says("postgres", "SELECT count(*) FROM pg_tables WHERE tablename = 'days'");
    assert_eq!(days, ["0"], "no table was made");
}

#[test]
fn a_password_in_the_url_of_a_database_is_refused_and_not_shown() {
    let repo = applied("");
    let run = once(&repo, &format!("postgres://enact:{PASSWORD}@127.0.0.1/enact"));
    assert_eq!((run.code, codes(&run.json())), (1, vec!["serve/store"]), "{}", run.out);
}

/// A page, as somebody on this machine sees it.
fn page(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    answer
}

/// Waits until a page shows this: a pass is noted right after it has ended.
#[track_caller]
fn shows(address: &str, path: &str, text: &str) {
    let began = Instant::now();
    while !page(address, path).contains(text) {
        assert!(began.elapsed() < Duration::from_secs(30), "{path} does not show {text}");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn while_the_database_is_down_targets_are_written_it_is_said_and_no_pass_is_forgotten() {
    let Some(database) = Database::new() else { return };
    let repo = applied("serve: {passes: {mode: apply, schedule: every 1s}}\n");
    let mut service =
        Service::begin(repo.dir.path(), &["--store", &database.url(), "--listen", "127.0.0.1:0"]);
    let address = service.until(|line| line["event"] == "listening")["address"].as_str().unwrap().to_owned();
    let first = service.until_state("converged");
    let first = first["run"].as_str().unwrap();
    shows(&address, "/targets/live", first);
    page(&address, &format!("/targets/live/run?id={first}"));
    let lose = || repo.live.remove("roles", repo.object("roles", "B")["id"].as_str().unwrap());
    let repairs = |line: &Value| line["event"] == "pass_ended" && line["written"] == 1;
    lose();
    let wrote = service.until(repairs);
    shows(&address, "/targets/live/object?kind=Role&name=B", wrote["run"].as_str().unwrap());

    database.close();
    service.until(|line| line["event"] == "store_down");
    assert!(page(&address, "/readyz").ends_with("ready, without the store\n"));
    for path in ["/", "/targets/live"] {
        assert!(page(&address, path).contains("The store cannot be used"), "{path}");
    }
    lose();
    let wrote = service.until(repairs);
    assert_eq!(roles(&repo), ["A", "B"]);

    database.open();
    service.until(|line| line["event"] == "store_back");
    assert!(page(&address, "/readyz").ends_with("\r\n\r\nready\n"));
    assert!(!page(&address, "/").contains("The store cannot be used"));
    let runs = |passes: &[Value]| passes.iter().map(|pass| pass["run"].clone()).collect::<Vec<_>>();
    let noted = runs(&database.passes());
    let ended: Vec<_> = service.seen.iter().filter(|line| line["event"] == "pass_ended").cloned().collect();
    let ended = runs(&ended);
    assert!(ended.contains(&wrote["run"]));
    // The first is the apply before, and more may have ended since.
    assert_eq!(noted[1..=ended.len()], ended, "each once, and in order");
}
