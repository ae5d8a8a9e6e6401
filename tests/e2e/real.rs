//! Real servers by other authors: started once per test process, asked through a proxy, one test at a time.

mod child;
mod directus;
pub(crate) mod postgres;
mod powerdns;
mod proxy;
mod rabbitmq;
mod tests;
mod wire;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::{env, io};

use crate::live::Live;
use enact::sandbox::{Fault, Seen};
use serde_json::Value;

use child::Kept;
use proxy::Proxy;
use wire::Wire;

/// What the tests need to know of a server's API.
pub(crate) trait Api: Sync {
    /// The connection to it.
    fn wire(&self) -> &Wire;

    /// The process that keeps it running.
    fn kept(&self) -> &Kept;

    /// Removes everything that a new server does not have.
    fn reset(&self);

    /// See [`Live::objects`].
    fn objects(&self, collection: &str) -> Vec<Value>;

    /// See [`Live::id`].
    fn id(&self, object: &Value) -> String;

    /// See [`Live::insert`].
    fn insert(&self, collection: &str, object: &Value) -> bool;

    /// See [`Live::set_field`]. Both servers silently drop a field that they do not know.
    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool;

    /// See [`Live::remove`].
    fn remove(&self, collection: &str, id: &str) -> bool;

    /// The body of an error, in the server's words.
    fn refusal(status: u16) -> Value
    where
        Self: Sized;
}

/// A server for as long as this process runs.
struct Server<A> {
    api: A,
    turn: Mutex<()>,
}

/// A server for one test: empty, and used by nobody else. A test that asks for a second one would wait forever.
struct Turn<A: 'static> {
    api: &'static A,
    proxy: Proxy,
    _turn: MutexGuard<'static, ()>,
}

/// Whether the server of this name is installed. Without it a test is skipped and prints a line that says so, unless
/// a variable requires the server: there, skipping would hide a missing test.
pub(crate) fn is_there(system: &str) -> bool {
    let (missing, wanted) = match system {
        "rabbitmq" => (rabbitmq::missing(), "ENACT_REQUIRE_RABBITMQ"),
        "powerdns" => (powerdns::missing(), "ENACT_REQUIRE_POWERDNS"),
        "postgresql" => (postgres::missing(), "ENACT_REQUIRE_POSTGRESQL"),
        "directus" => (directus::missing(), "ENACT_REQUIRE_DIRECTUS"),
        _ => panic!("`{system}` has no server"),
    };
    if let Some(missing) = missing {
        assert!(env::var_os(wanted).is_none(), "{wanted} is set, and {missing}");
        println!("skipped: {missing}");
    }
    missing.is_none()
}

/// The server of this system, empty and for one test alone.
pub(crate) fn live(system: &str) -> Box<dyn Live> {
    match system {
        "rabbitmq" => rabbitmq::live(),
        "powerdns" => powerdns::live(),
        "directus" => directus::live(),
        _ => panic!("`{system}` has no server"),
    }
}

/// Waits for the server to be free, starts it if it is not there yet, and empties it.
fn turn<A: Api>(
    server: &'static OnceLock<io::Result<Server<A>>>,
    start: impl FnOnce() -> io::Result<A>,
) -> Box<dyn Live> {
    let started = server.get_or_init(|| Ok(Server { api: start()?, turn: Mutex::new(()) }));
    let Server { api, turn } = started.as_ref().unwrap();
    // A failed test leaves the server to the next one, which resets it anyway.
    let turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = api.wire().call("GET", "/", None) {
        panic!("the server is gone, {error}: {}", api.kept().last_words());
    }
    api.reset();
    Box::new(Turn { api, proxy: Proxy::before(api.wire().clone(), A::refusal), _turn: turn })
}

impl<A: Api> Live for Turn<A> {
    fn url(&self) -> String {
        self.proxy.url()
    }

    fn requests(&self) -> Vec<Seen> {
        self.proxy.requests()
    }

    fn clear_requests(&self) {
        self.proxy.clear_requests();
    }

    fn inject(&self, fault: Fault) {
        self.proxy.inject(fault);
    }

    fn objects(&self, collection: &str) -> Vec<Value> {
        self.api.objects(collection)
    }

    fn id(&self, object: &Value) -> String {
        self.api.id(object)
    }

    fn insert(&self, collection: &str, object: Value) -> bool {
        self.api.insert(collection, &object)
    }

    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool {
        self.api.set_field(collection, id, field, value)
    }

    fn remove(&self, collection: &str, id: &str) -> bool {
        self.api.remove(collection, id)
    }
}
