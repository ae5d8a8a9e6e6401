//! How two values compare: their canonical form, what differs between them, and which side moved.
//!
//! Not here: anything about a system, a plan or output.

pub mod cause;
pub mod diff;
pub mod shape;
