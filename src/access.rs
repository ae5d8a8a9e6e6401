//! What an object allows and denies, and what a change does to that.
//!
//! [`impact::compare`] decides it over rules, and finds a request whose answer changes; [`order`] says in which order
//! several changes are safe. Not here: what a system's objects grant (`system`), and which objects a plan compares
//! (`plan::impact`).

pub mod allowed;
pub mod attribute;
mod automaton;
pub mod budget;
pub mod cedar;
mod cover;
mod evaluate;
pub mod impact;
pub mod near;
pub mod order;
pub mod pattern;
pub mod question;
pub mod regex;
pub mod rule;
#[cfg(test)]
mod tests;
mod witness;
