//! The road: from a configuration to a plan, and from a plan to its outcomes. The edge: here files are read, requests
//! sent and git asked; what is decided is decided below.

pub mod apply;
pub mod history;
pub mod journal;
pub mod load;
pub mod observe;
pub mod options;
pub mod plan;
pub mod probe;
pub mod project;
pub mod write;
