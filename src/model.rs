//! The nouns of enact: what git declares, what is live, what changes, and what became of it.
//!
//! Values only. Nothing here compares, plans, reads or writes.

pub mod change;
pub mod guard;
pub mod kind;
pub mod name_form;
pub mod names;
pub mod outcome;
pub mod plan;
pub mod probe;
pub mod request;
pub mod resource;
pub mod state;
pub mod wire;
