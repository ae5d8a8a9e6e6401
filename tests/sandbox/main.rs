//! The sandbox against the contracts of its APIs, over real HTTP. No code of enact's client is used.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy's exceptions for tests only reach test functions, not what they share"
)]

mod compiuta;
mod faults;
mod jitsudo;
mod jitsudo_rules;
mod mycloud;
mod polytomic;
mod polytomic_idempotency;
mod server;
mod store;
mod support;
