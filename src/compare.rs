//! How two values compare: their canonical form, what differs between them, and which side moved.
//!
//! Nothing here knows a system, a plan or a screen.

pub mod cause;
pub mod diff;
pub mod shape;
