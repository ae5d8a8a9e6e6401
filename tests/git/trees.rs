//! Trees of a commit by path: what is read, what is written, and what differs between two.

use std::collections::{BTreeMap, BTreeSet};

use enact::git::write::NewCommit;
use enact::git::{Commit, Repository};
use proptest::prelude::*;

use crate::support::{FILE, FOLDER, World, at};

fn commit(
    repository: &Repository,
    base: Option<&Commit>,
    files: &BTreeMap<String, Option<Vec<u8>>>,
) -> Commit {
    let new = NewCommit { parents: &[], author: "A <a>", time: 1, message: "m", signer: None };
    repository.write_commit(base, files, &new).unwrap()
}

/// Files below `objects` and beside it, in folders that may be files in another commit.
fn files() -> impl Strategy<Value = BTreeMap<String, Option<Vec<u8>>>> {
    let path = "(objects/[ab]/[ab]/[ab]|objects/[ab]x/[ab]|other/[ab])";
    prop::collection::btree_map(path, prop::option::of("[xy]".prop_map(String::into_bytes)), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_differs_is_what_two_whole_listings_show(first in files(), second in files()) {
        let world = World::new();
        let repository = world.open();
        let old = commit(&repository, None, &first);
        let new = commit(&repository, Some(&old), &second);
        let listed = |commit: &Commit| repository.tree_files(commit, "objects").unwrap();
        let (before, after) = (listed(&old), listed(&new));
        let paths: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
        let differ: BTreeSet<_> = paths.into_iter().filter(|path| before.get(path) != after.get(path)).collect();
        prop_assert_eq!(repository.changed_files(Some(&old), &new, "objects").unwrap(), differ);
        let all: BTreeSet<_> = after.keys().cloned().collect();
        prop_assert_eq!(repository.changed_files(None, &new, "objects").unwrap(), all);
    }
}

#[test]
fn a_file_in_the_place_of_a_folder_is_a_change_of_both() {
    let world = World::new();
    let (x, y) = (world.blob("x"), world.blob("y"));
    let inner = world.tree(&[(FILE, "a", x)]);
    let with_folder = world.tree(&[(FOLDER, "objects", world.tree(&[(FOLDER, "p", inner)]))]);
    let with_file = world.tree(&[(FOLDER, "objects", world.tree(&[(FILE, "p", y)]))]);
    let (old, new) = (world.commit_at(with_folder, &[], 1), world.commit_at(with_file, &[], 2));
    let repository = world.open();
    let changed = repository.changed_files(Some(&at(&repository, old)), &at(&repository, new), "objects");
    assert_eq!(changed.unwrap(), BTreeSet::from(["p".to_owned(), "p/a".to_owned()]));
}
