//! Tests of reading by names: side by side it is what it is one by one.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::request::Path;
use crate::model::spent::Spent;
use crate::model::wire::{GetResult, Reply, Statuses};
use crate::system::registry::Registry;

/// Answers each name with an object of this name, or not at all, and counts the requests that run at once.
#[derive(Default)]
struct Counting {
    unreadable: BTreeSet<String>,
    running: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Reader for Counting {
    async fn read(&self, path: &Path, _: &Statuses) -> Result<GetResult, ReadError> {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(running, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        let path = path.to_string();
        let name = path.rsplit_once("name=").unwrap().1;
        if self.unreadable.contains(name) {
            return Err(ReadError::new(name.to_owned(), None));
        }
        let body = json!({"policies": [{"id": name, "name": name}]});
        Ok(GetResult::Reply(Reply { body, etag: None, next: None, spent: Spent::default() }))
    }
}

/// What was found under the names, or the name that says why nothing was, and how many requests ran at once.
fn found(
    names: &BTreeSet<String>,
    unreadable: &BTreeSet<String>,
    concurrency: usize,
) -> (Result<Vec<String>, String>, usize) {
    let registry = Registry::built_in();
    let row = registry.get("mycloud").unwrap();
    let system = (row.open)(&json!({}), None).unwrap();
    let kind = system.kind("Policy").unwrap();
    let reader = Counting { unreadable: unreadable.clone(), ..Counting::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(named(system.as_ref(), names, kind, &reader, concurrency));
    let found = listing.map(|listing| listing.objects.into_iter().map(|live| live.name).collect());
    (found.map_err(|error| error.message), reader.most.into_inner())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn names_side_by_side_are_found_as_one_by_one(
        names in prop::collection::btree_set("[a-z]{1,2}", 0..20),
        unreadable in prop::collection::btree_set("[a-c]", 0..2),
        concurrency in 1_usize..8,
    ) {
        let (one_by_one, most) = found(&names, &unreadable, 1);
        prop_assert_eq!(most, names.len().min(1));
        let expected = match names.intersection(&unreadable).next() {
            Some(first) => Err(first.clone()),
            None => Ok(names.iter().cloned().collect()),
        };
        prop_assert_eq!(&one_by_one, &expected);
        let (side_by_side, most) = found(&names, &unreadable, concurrency);
        prop_assert_eq!(side_by_side, expected);
        prop_assert_eq!(most, names.len().min(concurrency));
    }
}
