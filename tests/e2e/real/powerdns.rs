//! A PowerDNS Authoritative Server with its HTTP API, on SQLite.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use axum::http::HeaderName;
use serde_json::{Value, json};

use super::child::{Kept, folder, free_port, keep};
use super::wire::Wire;
use super::{Api, Server};
use crate::live::Live;
use crate::world::CANARY;

const PROGRAM: &str = "/usr/sbin/pdns_server";

/// The tables of an empty server, from the package of its database.
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

const ZONES: &str = "/api/v1/servers/localhost/zones";

/// The zone of the records that the story is about.
const ZONE: &str = "story.example.";

/// A running server.
pub(crate) struct Powerdns {
    wire: Wire,
    server: Kept,
}

/// Why there can be no server.
pub(crate) fn missing() -> Option<&'static str> {
    let is_there = [PROGRAM, SCHEMA, "/usr/bin/sqlite3"].iter().all(|file| Path::new(file).exists());
    let missing = "PowerDNS is not installed; apt-get install pdns-server pdns-backend-sqlite3 sqlite3";
    (!is_there).then_some(missing)
}

/// The server of this process, empty.
pub(crate) fn live() -> Box<dyn Live> {
    static SERVER: OnceLock<io::Result<Server<Powerdns>>> = OnceLock::new();
    super::turn(&SERVER, start)
}

fn start() -> io::Result<Powerdns> {
    let folder = folder()?;
    let (port, dns) = (free_port(), free_port());
    let path = folder.display();
    std::fs::write(
        folder.join("pdns.conf"),
        format!(
            "launch=gsqlite3\ngsqlite3-database={path}/zones.db\ngsqlite3-pragma-synchronous=0\nsocket-dir={path}\n\
             api=yes\napi-key={CANARY}\nwebserver-address=127.0.0.1\nwebserver-port={port}\n\
             local-address=127.0.0.1\nlocal-port={dns}\nsecurity-poll-suffix=\ndaemon=no\nguardian=no\n"
        ),
    )?;
    let mut command = Command::new("sh");
    let run = format!("sqlite3 zones.db < {SCHEMA} && exec {PROGRAM} --config-dir=.");
    command.args(["-c", &run]);
    let server = keep(&folder, "KILL", &command)?;
    let credential = (HeaderName::from_static("x-api-key"), CANARY.to_owned());
    let wire = Wire::with(format!("127.0.0.1:{port}"), credential);
    server.wait(|| matches!(wire.call("GET", ZONES, None), Ok((200, _))))?;
    Ok(Powerdns { wire, server })
}

impl Powerdns {
    fn zone(&self) -> Vec<Value> {
        let (_, zone) = self.wire.ask("GET", &format!("{ZONES}/{ZONE}"), None, &[200, 404]);
        let sets = zone["rrsets"].as_array().cloned().unwrap_or_default();
        sets.into_iter().filter(|set| set["type"] != "SOA").collect()
    }

    fn patch(&self, set: &Value) -> bool {
        let body = json!({"rrsets": [set]});
        matches!(self.wire.call("PATCH", &format!("{ZONES}/{ZONE}"), Some(&body)), Ok((204, _)))
    }
}

/// The full name of a record in the zone of the story, and back.
fn full(label: &str) -> String {
    format!("{label}.{ZONE}")
}

fn label(name: &Value) -> Value {
    let name = name.as_str().unwrap();
    Value::from(name.strip_suffix(&format!(".{ZONE}")).unwrap_or(name))
}

impl Api for Powerdns {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn kept(&self) -> &Kept {
        &self.server
    }

    fn reset(&self) {
        for zone in self.objects("zones") {
            let path = format!("{ZONES}/{}", zone["id"].as_str().unwrap());
            self.wire.ask("DELETE", &path, None, &[204]);
        }
    }

    /// The records of the story have short names, as the story knows them.
    fn objects(&self, collection: &str) -> Vec<Value> {
        if collection == "zones" {
            return self.wire.ask("GET", ZONES, None, &[200]).1.as_array().unwrap().clone();
        }
        let named = |mut set: Value| {
            set["name"] = label(&set["name"]);
            set
        };
        self.zone().into_iter().map(named).collect()
    }

    fn id(&self, object: &Value) -> String {
        object["name"].as_str().unwrap().to_owned()
    }

    fn insert(&self, _collection: &str, object: &Value) -> bool {
        let mut set = object.clone();
        set["name"] = json!(full(object["name"].as_str().unwrap()));
        set["changetype"] = json!("REPLACE");
        self.patch(&set)
    }

    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool {
        let find = || self.objects(collection).into_iter().find(|object| object["name"] == id);
        let Some(mut object) = find() else { return false };
        object[field] = value.clone();
        self.insert(collection, &object) && find().is_some_and(|after| after[field] == value)
    }

    fn remove(&self, _collection: &str, id: &str) -> bool {
        let was_there = self.zone().iter().any(|set| set["name"] == full(id));
        was_there && self.patch(&json!({"name": full(id), "type": "A", "changetype": "DELETE"}))
    }

    fn refusal(status: u16) -> Value {
        json!({"error": format!("status {status}")})
    }
}
