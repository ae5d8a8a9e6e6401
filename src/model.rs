//! The values that enact works with: what git declares, what is live, what changes, and how each change ended.
//!
//! Not here: comparing, planning, reading and writing.

pub mod answer;
pub mod change;
pub mod configuration;
pub mod guard;
pub mod guardrail;
pub mod kind;
pub mod login;
pub mod name_form;
pub mod names;
pub mod outcome;
pub mod plan;
pub mod probe;
pub mod request;
pub mod resource;
pub mod sent;
pub mod shard;
pub mod spent;
pub mod state;
pub mod survivor;
pub mod unmanaged;
pub mod wire;
