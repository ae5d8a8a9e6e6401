//! The road: from a configuration to a plan, and from a plan to its outcomes. Here files are read, requests sent and
//! git asked; the decisions are in pure modules.

pub mod apply;
pub mod asked;
pub mod clock;
pub mod doctor;
pub mod file_lock;
pub mod history;
pub mod journal;
pub mod ledger;
pub mod lint;
pub mod load;
pub mod lock;
pub mod log;
pub mod memory;
pub mod observe;
pub mod options;
mod orphans;
pub mod place;
pub mod plan;
pub mod policy_tests;
mod preview;
pub mod probe;
pub mod project;
pub mod prune;
pub mod reads;
pub mod record;
pub mod recorder;
pub mod status;
pub mod stop;
pub mod tips;
pub mod trust;
mod undo;
pub mod unlock;
mod verify;
pub mod whose;
pub mod write;
