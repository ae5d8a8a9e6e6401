//! In how many files the objects of a repository are.

use std::collections::BTreeMap;
use std::fs;

use enact::git::write::NewCommit;
use enact::git::{Commit, Repository};

use crate::support::World;

/// Packs that git leaves as they are in these tests.
const LIMIT: usize = 4;

/// A commit with so many files that it is a pack of its own, in a world of this configuration.
fn large(repository: &Repository, number: usize) -> Commit {
    let file = |file: usize| (format!("f{file}"), Some(format!("{number} {file}").into_bytes()));
    let files: BTreeMap<_, _> = (0..250).map(file).collect();
    let new = NewCommit { parents: &[], author: "A <a>", time: 1, message: "m", signer: None };
    repository.write_commit(None, &files, &new).unwrap()
}

fn configured(name: &str, value: &str) -> World {
    let world = World::new();
    let mut config = world.git.config().unwrap();
    config.set_str("gc.autoPackLimit", &LIMIT.to_string()).unwrap();
    config.set_str(name, value).unwrap();
    world
}

fn packs(world: &World) -> usize {
    let files = fs::read_dir(world.path().join(".git/objects/pack")).unwrap();
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|it| it == "pack")).count()
}

#[test]
fn the_number_of_packs_does_not_grow_with_what_was_written() {
    let world = configured("gc.auto", "6700");
    let (writer, reader) = (world.open(), world.open());
    let mut written = Vec::new();
    for number in 0..4 * LIMIT {
        written.push(large(&writer, number));
        // It knows the packs that are joined now.
        reader.tree_files(&written[0], "f0").unwrap();
        writer.join_packs(&[]);
        assert!(packs(&world) <= LIMIT, "{} packs after {number}", packs(&world));
    }
    // Nothing refers to any of them.
    for (number, commit) in written.iter().enumerate() {
        for handle in [&reader, &writer, &world.open()] {
            let file = handle.file_at(commit, "f249").unwrap().unwrap();
            assert_eq!(handle.blob(file).unwrap(), format!("{number} 249").into_bytes());
        }
    }
}

#[test]
fn objects_that_are_in_no_pack_are_joined_as_well() {
    let world = configured("gc.auto", "256");
    let loose: Vec<_> = (0..2000).map(|number| world.blob(format!("text {number}"))).collect();
    let folder = world.path().join(".git/objects/17");
    assert!(fs::read_dir(&folder).unwrap().count() > 2);
    world.open().join_packs(&[]);
    assert!(!folder.exists() && packs(&world) == 1);
    let git = git2::Repository::open(world.path()).unwrap();
    let odb = git.odb().unwrap();
    assert!(loose.iter().all(|id| odb.exists(*id)));
}

#[test]
fn a_repository_whose_configuration_forbids_it_is_left_as_it_is() {
    for name in ["gc.auto", "gc.autoPackLimit"] {
        let world = configured(name, "0");
        let writer = world.open();
        for number in 0..=LIMIT {
            large(&writer, number);
        }
        writer.join_packs(&[]);
        assert_eq!(packs(&world), LIMIT + 1, "{name}");
    }
}
