//! The embedded sandbox: the policy APIs of the built-in systems on loopback, quirks included.
//!
//! Here is what callers use: start, stop, read the log of requests, change objects by hand, inject faults. `hub` holds
//! the targets, `apis` is the table of APIs, and each API has a file of its own. Nothing in here knows the client that
//! the sandbox tests, and no two files import each other, not even through others.

mod api;
mod apis;
mod collections;
mod compiuta;
mod connection;
mod fault;
mod fields;
mod file;
mod hub;
mod ids;
mod jitsudo;
mod log;
mod mycloud;
mod options;
mod polytomic;
mod problem;
mod request;
mod response;
mod server;
mod target;
mod time;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use fault::Fault;
pub use hub::Hub;
pub use log::Seen;
pub use options::{Seed, Served, Store};

use connection::{Connection, Connections};

/// How long [`Sandbox::stop`] waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves the targets until the returned value is dropped. `listen` must be a loopback address, because the sandbox
/// accepts any credential; port 0 takes a free one.
///
/// The first target of each system is served at the root as well, where clients without a base path look.
pub async fn start(
    listen: SocketAddr,
    targets: Vec<Served>,
    store: Store,
    seed: Seed,
) -> io::Result<Sandbox> {
    if !listen.ip().is_loopback() {
        let message =
            format!("the sandbox accepts any credential, so it does not listen on `{}`", listen.ip());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let hub = Arc::new(Hub::new(targets, store, seed)?);
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let app = server::router(Arc::clone(&hub));
    let service = app.into_make_service_with_connect_info::<Connection>();
    let server = axum::serve(Connections::new(listener), service).with_graceful_shutdown(async {
        // An error means that the sandbox was dropped, which also asks for the end.
        let _dropped = stopped.await;
    });
    Ok(Sandbox { address, hub, stop, server: tokio::spawn(server.into_future()) })
}

/// A running sandbox. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    hub: Arc<Hub>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of a target.
    #[must_use]
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{}", self.address, target::prefix(target))
    }

    /// The requests served so far, in order; only the latest 100,000 are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.hub.requests()
    }

    /// Forgets the requests served so far.
    pub fn clear_requests(&self) {
        self.hub.clear_requests();
    }

    /// Makes coming requests fail. Faults apply in the order in which they were injected, one at a time.
    pub fn inject(&self, fault: Fault) {
        self.hub.inject(fault);
    }

    /// The stored objects of a collection, oldest first, as they are and not as the API shows them.
    #[must_use]
    pub fn objects(&self, target: &str, collection: &str) -> Vec<Value> {
        self.hub.objects(target, collection)
    }

    /// Sets a field of a stored object behind the API's back, as a person with a console or a newer version of the API
    /// would. False if there is no such object or the state could not be stored.
    pub fn set_field(&self, target: &str, collection: &str, id: &str, field: &str, value: Value) -> bool {
        self.hub.set_field(target, collection, id, field, value)
    }

    /// Stores an object as it is, under its `id` (a new UUID if it has none), replacing an existing one. False if there
    /// is no such target or the state could not be stored.
    pub fn insert(&self, target: &str, collection: &str, object: Value) -> bool {
        self.hub.insert(target, collection, object, false)
    }

    /// Like [`Sandbox::insert`], but marks the object as managed by the system, if the system has such a mark.
    pub fn insert_system(&self, target: &str, collection: &str, object: Value) -> bool {
        self.hub.insert(target, collection, object, true)
    }

    /// Removes a stored object, and nothing that belongs to it. False if it was not there.
    pub fn remove(&self, target: &str, collection: &str, id: &str) -> bool {
        self.hub.remove(target, collection, id)
    }

    /// Stops the server and waits for the requests that are under way.
    pub async fn stop(self) {
        // The receiver is only gone if the server already is.
        let _gone = self.stop.send(());
        let abort = self.server.abort_handle();
        if tokio::time::timeout(PATIENCE, self.server).await.is_err() {
            abort.abort();
        }
    }
}
