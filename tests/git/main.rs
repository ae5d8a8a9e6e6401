//! Reading policy from git: what is read, what is refused, and what is recorded as applied. The binary is tested in
//! `e2e`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy's exceptions for tests only reach test functions, not what they share"
)]

mod applied;
mod history;
mod names;
mod pack;
mod properties;
mod repository;
mod revision;
mod signature;
mod support;
mod trees;
