//! A Directus with its own PostgreSQL.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, io};

use serde_json::{Value, json};

use super::child::{Kept, folder, free_port, keep};
use super::postgres::{self, Postgres};
use super::wire::Wire;
use super::{Api, Server};
use crate::live::Live;
use crate::world::CANARY;

/// The program to start. The package's own command first asks the registry for a newer version.
const PROGRAM: &str = "@directus/api/dist/cli/run.js";

/// The collections that a reset clears. Permissions go with their policies, and so do their assignments.
const COLLECTIONS: [&str; 3] = ["users", "roles", "policies"];

/// A running Directus.
pub(crate) struct Directus {
    wire: Wire,
    /// The ids of the objects in a new one.
    first: BTreeSet<String>,
    server: Kept,
    _database: Postgres,
}

/// Why there can be no Directus.
pub(crate) fn missing() -> Option<&'static str> {
    let is_there = modules().join(PROGRAM).exists();
    postgres::missing().or((!is_there).then_some("Directus is not installed; tests/directus.sh installs it"))
}

/// The Directus of this process, empty.
pub(crate) fn live() -> Box<dyn Live> {
    static SERVER: OnceLock<io::Result<Server<Directus>>> = OnceLock::new();
    super::turn(&SERVER, start)
}

/// The folder with the packages.
fn modules() -> PathBuf {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/directus/node_modules");
    env::var_os("ENACT_DIRECTUS").map_or(usual, PathBuf::from)
}

fn start() -> io::Result<Directus> {
    let programs = postgres::programs().ok_or(io::ErrorKind::NotFound)?;
    let database = postgres::start(&programs)?;
    let folder = folder()?;
    // Without it each command prints a warning.
    std::fs::write(
        folder.join("package.json"),
        r#"{"name": "test", "version": "1.0.0", "dependencies": {}}"#,
    )?;
    let port = free_port();
    let server = keep(&folder, "KILL", &command(&database, port))?;
    let wire = Wire::new(format!("127.0.0.1:{port}"), format!("Bearer {CANARY}"));
    server.wait(|| matches!(wire.call("GET", "/policies", None), Ok((200, _))))?;
    let mut directus = Directus { wire, first: BTreeSet::new(), server, _database: database };
    directus.first = COLLECTIONS.iter().flat_map(|collection| directus.ids(collection)).collect();
    Ok(directus)
}

/// Creates the tables, then starts.
fn command(database: &Postgres, port: u16) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"node "$1" bootstrap && exec node "$1" start"#, "directus"]);
    command
        .arg(modules().join(PROGRAM))
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
        .env("DB_CLIENT", "pg")
        .env("DB_HOST", &database.folder)
        .env("DB_PORT", "5432")
        .env("DB_DATABASE", "postgres")
        .env("DB_USER", "directus")
        .env("DB_PASSWORD", "any")
        .env("KEY", "key")
        .env("SECRET", "secret")
        .env("ADMIN_EMAIL", "enact@example.com")
        .env("ADMIN_PASSWORD", CANARY)
        .env("ADMIN_TOKEN", CANARY)
        .env("CACHE_ENABLED", "false")
        // On a busy machine it would answer with 503 by itself.
        .env("PRESSURE_LIMITER_ENABLED", "false")
        .env("RATE_LIMITER_ENABLED", "false")
        .env("TELEMETRY", "false")
        .env("LOG_LEVEL", "warn");
    command
}

impl Directus {
    fn ids(&self, collection: &str) -> Vec<String> {
        self.objects(collection).iter().map(|object| self.id(object)).collect()
    }
}

impl Api for Directus {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn kept(&self) -> &Kept {
        &self.server
    }

    fn reset(&self) {
        for collection in COLLECTIONS {
            let new: Vec<_> =
                self.ids(collection).into_iter().filter(|id| !self.first.contains(id)).collect();
            if !new.is_empty() {
                self.wire.ask("DELETE", &format!("/{collection}"), Some(&json!(new)), &[204]);
            }
        }
    }

    /// Permissions that are the same for everybody have no policy, and no id.
    fn objects(&self, collection: &str) -> Vec<Value> {
        let own = if collection == "permissions" { "&filter[policy][_nnull]=true" } else { "" };
        let (_, list) = self.wire.ask("GET", &format!("/{collection}?limit=-1{own}"), None, &[200]);
        list["data"].as_array().unwrap().clone()
    }

    /// Permissions have numbers, everything else UUIDs.
    fn id(&self, object: &Value) -> String {
        match &object["id"] {
            Value::String(id) => id.clone(),
            id => id.to_string(),
        }
    }

    fn insert(&self, collection: &str, object: &Value) -> bool {
        matches!(self.wire.call("POST", &format!("/{collection}"), Some(object)), Ok((200, _)))
    }

    /// A change of a missing object is answered with 204, or with another object.
    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool {
        let change = json!({ field: value });
        let (_, answer) = self.wire.ask("PATCH", &format!("/{collection}/{id}"), Some(&change), &[200, 204]);
        self.id(&answer["data"]) == id && answer["data"][field] == value
    }

    /// The answer is 204 whether or not it was there.
    fn remove(&self, collection: &str, id: &str) -> bool {
        let was_there = self.ids(collection).iter().any(|known| known == id);
        self.wire.ask("DELETE", &format!("/{collection}/{id}"), None, &[204]);
        was_there
    }

    fn refusal(status: u16) -> Value {
        json!({"errors": [{"message": format!("status {status}"), "extensions": {"code": "INJECTED"}}]})
    }
}
