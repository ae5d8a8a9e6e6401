//! What a user sees: the real binary against the sandbox over real HTTP. Systems that users define are tested in
//! `defined`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "in a test a wrong assumption should end it"
)]

mod accept;
mod access;
mod action;
mod ask;
mod client;
mod commands;
mod conformance;
mod deletes;
#[cfg(feature = "serve")]
mod deploy;
mod editor;
mod environments;
mod events;
mod example;
mod first_hour;
mod formats;
mod guardrails;
mod guards;
mod history;
mod identity;
mod import;
mod inert;
mod jitsudo;
mod lifecycle;
mod lints;
mod live;
mod lock;
#[cfg(feature = "lsp")]
mod lsp;
mod memory;
mod names;
mod order;
#[cfg(all(unix, feature = "serve"))]
mod pages;
mod pictures;
mod policy_tests;
mod process;
mod promises;
mod prune;
mod questions;
mod readme;
mod real;
mod record;
mod record_trust;
mod repository;
#[cfg(all(unix, feature = "serve"))]
mod serve;
mod servers;
mod shards;
#[cfg(all(unix, feature = "serve"))]
mod store;
#[path = "../support/mod.rs"]
mod support;
mod systems;
#[cfg(target_os = "linux")]
mod terminal;
mod unmanaged;
mod validation;
#[cfg(target_os = "linux")]
mod workflows;
mod world;
