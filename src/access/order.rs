//! The order in which the writes of several objects are safe: at no moment is a request allowed that neither the rules
//! of before nor those of after allow, and none is refused that both allow.
//!
//! A write takes rules away and brings others, at once. Whatever is wrong in between is so because of two rules of which
//! one came or left too early: an allow that came before a deny, a deny that left before an allow or before the deny in
//! its place, an allow that left before the one in its place. So some writes [need](need::Need) to come before others.
//! Not here: which objects a write changes (`plan::order`).

pub mod need;
pub mod search;
pub mod stay;
#[cfg(test)]
mod tests;
pub mod turn;
