//! The real process under faults of the machine and of the network: killed, without a reader for what it prints, with
//! a full disk, without file descriptors, before servers that say anything, or are not who they should be.

#![cfg(target_os = "linux")]

mod between;
mod files;
mod kill;
mod pipes;
mod redirects;
mod replies;
mod tls;
