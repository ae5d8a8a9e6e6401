//! Room for recursion.

/// More than the deepest policy needs, even in a debug build. Only what is used takes memory.
const STACK: usize = 32 << 20;

/// Runs work on a large stack: Cedar walks a policy by recursion, and a thread's stack may be small.
pub(super) fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK, STACK, work)
}
