//! How two values compare: their canonical form, what differs between them, which side moved, and what a write loses.
//!
//! Not here: anything about a system, a plan or output.

pub mod cause;
pub mod diff;
pub mod ignore;
pub mod loss;
pub mod patch;
pub mod same;
pub mod shape;
