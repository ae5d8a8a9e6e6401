//! Work on many items with all cores, with the result of one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::sync::lock;

/// How many threads work at once, whatever the machine has: what an item costs in memory while it is worked on may be
/// there as many times.
const MOST: usize = 8;
/// Fewer items a thread are not worth starting it.
const FEW: usize = 32;

/// Works on items and returns the results in their order. Once `enough` says so of a result, no further item is begun:
/// what is returned belongs to the first items, and there are at least as many as one thread alone would have done.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    enough: impl Fn(&R) -> bool + Sync,
) -> Vec<R> {
    let (next, is_enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let mut own = Vec::new();
        while !is_enough.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(item);
            if enough(&result) {
                is_enough.store(true, Ordering::Relaxed);
            }
            own.push((index, result));
        }
        lock(&done).extend(own);
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match cores.min(MOST).min(items.len() / FEW) {
        0 | 1 => run(),
        threads => std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(run);
            }
            run();
        }),
    }
    let mut done = std::mem::take(&mut *lock(&done));
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_work_of_one_thread_in_the_order_of_the_items(
            items in prop::collection::vec(0_u32..1000, 0..400),
            most in 0_u32..100_000,
        ) {
            let spent = std::sync::atomic::AtomicU32::new(0);
            let enough = |item: &u32| spent.fetch_add(*item, Ordering::Relaxed) + item > most;
            let done = in_order(&items, |item| *item, enough);
            prop_assert_eq!(&done[..], &items[..done.len()]);
            // One thread alone ends with the first item that makes it enough.
            let mut sum = 0;
            let alone = items.iter().position(|item| {
                sum += item;
                sum > most
            });
            prop_assert!(done.len() >= alone.map_or(items.len(), |last| last + 1));
        }
    }
}
