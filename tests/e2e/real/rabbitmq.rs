//! A RabbitMQ node with its management API.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::child::{Kept, folder, free_port, keep};
use super::wire::Wire;
use super::{Api, Server};
use crate::live::Live;
use crate::world::{CANARY, USER, basic_credential};

/// The program itself. The one on the path of a Debian system is a script that changes the user.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A running node.
pub(crate) struct Rabbitmq {
    wire: Wire,
    node: Kept,
}

/// Why there can be no node.
pub(crate) fn missing() -> Option<&'static str> {
    let is_there = Path::new(PROGRAM).exists();
    (!is_there).then_some("rabbitmq-server is not installed; apt-get install rabbitmq-server")
}

/// The node of this process, empty.
pub(crate) fn live() -> Box<dyn Live> {
    static NODE: OnceLock<io::Result<Server<Rabbitmq>>> = OnceLock::new();
    super::turn(&NODE, start)
}

fn start() -> io::Result<Rabbitmq> {
    let folder = folder()?;
    let port = free_port();
    let node = keep(&folder, "KILL", &command(&folder, port)?)?;
    let wire = Wire::new(format!("127.0.0.1:{port}"), format!("Basic {}", basic_credential()));
    node.wait(|| matches!(wire.call("GET", "/api/overview", None), Ok((200, _))))?;
    Ok(Rabbitmq { wire, node })
}

/// The node, and its own name server, which keeps it apart from every other node on the machine. The name server comes
/// first: a node that finds none starts one as a daemon, which nobody would stop.
fn command(folder: &Path, port: u16) -> io::Result<Command> {
    let path = |name: &str| folder.join(name);
    std::fs::write(path("plugins"), "[rabbitmq_management].")?;
    std::fs::write(path("advanced.config"), "[].")?;
    std::fs::write(
        path("rabbitmq.conf"),
        format!(
            "listeners.tcp = none\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n\
             default_user = {USER}\ndefault_pass = {CANARY}\n"
        ),
    )?;
    let mut command = Command::new("sh");
    command.args(["-c", &format!("epmd & until epmd -names; do sleep 0.05; done; exec {PROGRAM}")]);
    command
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", free_port().to_string())
        .env("RABBITMQ_DIST_PORT", free_port().to_string())
        .env("RABBITMQ_NODENAME", format!("enact-{port}@localhost"))
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"))
        .env("RABBITMQ_CONFIG_FILES", path("conf.d"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", path("generated"))
        .env("RABBITMQ_SCHEMA_DIR", path("schema"))
        .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
        .env("RABBITMQ_LOG_BASE", path("log"));
    Ok(command)
}

impl Rabbitmq {
    fn list(&self, collection: &str) -> Vec<Value> {
        let (_, list) = self.wire.ask("GET", &format!("/api/{collection}"), None, &[200]);
        list.as_array().unwrap().clone()
    }

    fn delete_all(&self, collection: &str, is_ours: impl Fn(&Value) -> bool) {
        for object in self.list(collection).iter().filter(|object| is_ours(object)) {
            assert!(self.remove(collection, &self.id(object)), "{object}");
        }
    }
}

impl Api for Rabbitmq {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn kept(&self) -> &Kept {
        &self.node
    }

    /// Permissions go with their users and hosts. The default host and the admin's permissions stay.
    fn reset(&self) {
        self.delete_all("policies", |_| true);
        self.delete_all("users", |user| user["name"] != USER);
        self.delete_all("vhosts", |host| host["name"] != "/");
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.wire.ask("PUT", &format!("/api/permissions/%2F/{USER}"), Some(&all), &[201, 204]);
        let host = json!({"description": "Default virtual host", "tags": [], "tracing": false});
        self.wire.ask("PUT", "/api/vhosts/%2F", Some(&host), &[204]);
    }

    fn objects(&self, collection: &str) -> Vec<Value> {
        self.list(collection)
    }

    /// The object's path below its collection: the API knows no other id.
    fn id(&self, object: &Value) -> String {
        let parts = ["vhost", "user", "name"].iter().filter_map(|part| object[*part].as_str());
        parts.map(encoded).collect::<Vec<_>>().join("/")
    }

    fn insert(&self, collection: &str, object: &Value) -> bool {
        let path = format!("/api/{collection}/{}", self.id(object));
        matches!(self.wire.call("PUT", &path, Some(object)), Ok((201 | 204, _)))
    }

    /// The API has no partial update; the whole object is sent back with one field changed.
    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool {
        let path = format!("/api/{collection}/{id}");
        let (status, mut object) = self.wire.ask("GET", &path, None, &[200, 404]);
        if status == 404 {
            return false;
        }
        object[field] = value.clone();
        self.insert(collection, &object) && self.wire.ask("GET", &path, None, &[200]).1[field] == value
    }

    fn remove(&self, collection: &str, id: &str) -> bool {
        self.wire.ask("DELETE", &format!("/api/{collection}/{id}"), None, &[204, 404]).0 == 204
    }

    fn refusal(status: u16) -> Value {
        json!({"error": "injected", "reason": format!("status {status}")})
    }
}

/// One part of a path.
fn encoded(part: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    part.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
