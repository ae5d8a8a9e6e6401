//! The road: from a configuration to a plan, and from a plan to its outcomes. Here files are read, requests sent and
//! git asked; the decisions are in pure modules.

pub mod apply;
pub mod history;
pub mod journal;
pub mod load;
pub mod observe;
pub mod options;
mod orphans;
pub mod plan;
mod preview;
pub mod probe;
pub mod project;
mod reads;
mod verify;
pub mod write;
