//! enact keeps access policy in git and makes live systems agree with it.
//!
//! ```text
//! load -> validate -> resolve ->  Desired \
//!                                          diff -> plan -> apply -> report
//! observe ------------------->  Observed  /
//! ```
//!
//! The commands are stopping points on this one road, which [`run`] walks. Everything is public so that tests can use
//! it; the crate makes no promise about its Rust interface.

pub mod access;
pub mod catalog;
pub mod cedar;
pub mod cli;
pub mod compare;
pub mod config;
pub mod decide;
pub mod defined;
pub mod diagnostic;
pub mod digest;
pub mod file;
pub mod git;
pub mod http;
pub mod import;
#[cfg(feature = "lsp")]
pub mod lsp;
pub mod manifest;
pub mod model;
pub mod packed;
pub mod parallel;
pub mod plan;
pub mod pointer;
pub mod record;
pub mod report;
pub mod resolve;
pub mod run;
pub mod sandbox;
pub mod schedule;
pub mod schema;
#[cfg(feature = "serve")]
pub mod serve;
pub mod source;
pub mod sync;
pub mod system;
pub mod text;
pub mod words;
