//! enact keeps access policy in git and makes live systems agree with it.
//!
//! ```text
//! load -> validate -> resolve ->  Desired \
//!                                          diff -> plan -> apply -> report
//! observe ------------------->  Observed  /
//! ```
//!
//! The commands are stopping points on this one road, which [`reconcile`] walks. Everything is here so that tests
//! can use it; there is no promise about this crate's Rust interface.

pub mod apply;
pub mod base;
pub mod cedar;
pub mod cli;
pub mod compare;
pub mod config;
pub mod diagnostic;
pub mod digest;
pub mod events;
pub mod git;
pub mod history;
pub mod http;
pub mod import;
pub mod manifest;
pub mod observe;
pub mod plan;
pub mod pointer;
pub mod probe;
pub mod reconcile;
pub mod report;
pub mod request;
pub mod resolve;
pub mod resource;
pub mod retry;
pub mod review;
pub mod sandbox;
pub mod schema;
pub mod source;
pub mod state;
pub mod system;
pub mod text;
