//! What Cedar rules say of requests, and what a change of them does.
//!
//! Scopes are exact, without a solver. All that a scope asks for is an identity, a type and a place in the hierarchy, and
//! a request that has more of these satisfies no fewer scopes. So of all requests to which a rule applies there is one
//! that has the least ([`request`]), and another rule applies to all of them if it applies to that one. A condition is
//! opaque: it is true, false or an error, so `unless c` is not the opposite of `when c`. Not here: how Cedar is read
//! (`crate::cedar`), and which fields hold it (`system`).

pub mod all;
mod audit;
mod compare;
pub mod cover;
mod evaluate;
pub mod question;
mod request;
pub mod rule;
pub mod search;
#[cfg(test)]
mod tests;

pub use compare::{CedarPolicy, compare};
