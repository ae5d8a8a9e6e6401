//! Systems that users define: the real binary, a definition, and a plain API on loopback with its own habits. The
//! definitions in `systems` are tested in `e2e`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a wrong assumption should end it"
)]

mod access;
mod answers;
mod api;
mod associations;
mod below;
mod bodies;
mod causes;
mod comparing;
mod config;
mod drafts;
mod keys;
mod lists;
mod login;
mod losing;
mod operations;
mod paging;
mod post_reads;
mod probe;
mod reading;
mod references;
mod repeats;
mod secrets;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod trees;
mod unsound;
mod vault;
mod waiting;
mod world;
mod writing;
