//! The real process under faults of the machine and of the network: killed, without a reader of its output, with a full
//! disk, without file descriptors, before servers that answer anything or cannot prove who they are.

#![cfg(target_os = "linux")]

mod between;
mod files;
mod kill;
mod pipes;
mod redirects;
mod replies;
mod tls;
mod wrong;
