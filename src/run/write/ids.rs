//! The ids that a run learned of what it created. The symbols for them are in `model/request`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::model::request::{Request, Symbol};
use crate::model::resource::RemoteId;
use crate::sync::lock;

/// The ids that a run learned of what it created.
#[derive(Default)]
pub(in crate::run) struct Ids(Mutex<BTreeMap<Symbol, RemoteId>>);

impl Ids {
    /// Adds an id.
    pub(super) fn learn(&self, symbol: Symbol, id: RemoteId) {
        lock(&self.0).insert(symbol, id);
    }

    /// All ids known so far.
    pub(in crate::run) fn known(&self) -> BTreeMap<Symbol, RemoteId> {
        lock(&self.0).clone()
    }

    /// The request with the ids known so far, or the symbol that is not known.
    pub(super) fn resolve(&self, request: &Request) -> Result<Request, Symbol> {
        request.resolve(&lock(&self.0))
    }
}
