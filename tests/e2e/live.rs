//! The live system of a test: the embedded sandbox, or a real server behind a proxy (`real`).

use enact::sandbox::{Fault, Sandbox, Seed, Seen, Served, Store, start};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The name of a test's only target, for [`Seen`] and [`Fault`].
pub(crate) const TARGET: &str = "live";

/// A live system that a test can look at and change behind enact's back.
pub(crate) trait Live {
    /// The target's URL in `enact.yaml`.
    fn url(&self) -> String;

    /// What enact asked since the last [`Live::clear_requests`], in order.
    fn requests(&self) -> Vec<Seen>;

    /// Forgets all requests so far.
    fn clear_requests(&self);

    /// Makes coming requests fail.
    fn inject(&self, fault: Fault);

    /// The objects of a collection as the system holds them.
    fn objects(&self, collection: &str) -> Vec<Value>;

    /// The id of an object for `set_field` and `remove`.
    fn id(&self, object: &Value) -> String {
        object["id"].as_str().unwrap().to_owned()
    }

    /// Stores an object as it is, as a person with a console would. False if the system refuses it.
    fn insert(&self, collection: &str, object: Value) -> bool;

    /// Sets a field of an object. False if there is no such object or the field does not have the value then.
    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool;

    /// Removes an object. False if it was not there.
    fn remove(&self, collection: &str, id: &str) -> bool;
}

/// The sandbox in the test's process, with one target.
pub(crate) struct Embedded {
    sandbox: Sandbox,
    _runtime: Runtime,
}

impl Embedded {
    /// A system that holds only what it manages itself.
    pub(crate) fn new(system: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let served = vec![Served { name: TARGET.into(), system: system.into() }];
        let sandbox = runtime
            .block_on(start("127.0.0.1:0".parse().unwrap(), served, Store::Memory, Seed::Empty))
            .unwrap();
        Self { sandbox, _runtime: runtime }
    }
}

impl Live for Embedded {
    fn url(&self) -> String {
        self.sandbox.url(TARGET)
    }

    fn requests(&self) -> Vec<Seen> {
        self.sandbox.requests()
    }

    fn clear_requests(&self) {
        self.sandbox.clear_requests();
    }

    fn inject(&self, fault: Fault) {
        self.sandbox.inject(fault);
    }

    fn objects(&self, collection: &str) -> Vec<Value> {
        self.sandbox.objects(TARGET, collection)
    }

    fn insert(&self, collection: &str, object: Value) -> bool {
        self.sandbox.insert(TARGET, collection, object)
    }

    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool {
        self.sandbox.set_field(TARGET, collection, id, field, value)
    }

    fn remove(&self, collection: &str, id: &str) -> bool {
        self.sandbox.remove(TARGET, collection, id)
    }
}
