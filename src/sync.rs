//! Locks that survive a panic in another thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a value that is never left half-written: each change to it is one step.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
