//! The pages of the service: values in, markup out. They load one style sheet and one small script of their own, and need no
//! script to be read or used.
//!
//! Names and messages may be hostile: the templates escape them, and [`frame::page`] makes harmless what acts on a reader
//! although it is no markup.

pub(super) mod frame;
pub(super) mod login;
pub(super) mod object;
pub(super) mod overview;
pub(super) mod parts;
pub(super) mod run;
pub(super) mod target;
