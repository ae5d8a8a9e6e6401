//! Which commit contains which: by the content of commits alone.

use std::time::Instant;

use git2::Oid;

use crate::support::{World, at, git, open};

fn ancestor(world: &World, old: Oid, new: Oid) -> Result<bool, &'static str> {
    let repository = world.open();
    let (old, new) = (at(&repository, old), at(&repository, new));
    repository.is_ancestor(&old, &new).map_err(|diagnostic| diagnostic.code.text())
}

#[test]
fn every_parent_of_a_merge_counts() {
    let world = World::new();
    let roots: Vec<_> = (0..4).map(|n| world.version(&format!("root {n}"), &[])).collect();
    let octopus = world.version("octopus", &roots);
    let tip = world.version("tip", &[octopus]);
    for root in &roots {
        assert_eq!(ancestor(&world, *root, tip), Ok(true));
        assert_eq!(ancestor(&world, tip, *root), Ok(false));
    }
    assert_eq!(ancestor(&world, roots[0], roots[1]), Ok(false));
    assert_eq!(ancestor(&world, tip, tip), Ok(true));
}

#[test]
fn the_time_that_a_commit_claims_proves_nothing() {
    let world = World::new();
    let tree = world.tree(&[]);
    let future = world.commit_at(tree, &[], 4_000_000_000);
    let past = world.commit_at(tree, &[future], 1);
    let tip = world.commit_at(tree, &[past], i64::MAX);
    assert_eq!(ancestor(&world, future, tip), Ok(true));
    assert_eq!(ancestor(&world, tip, future), Ok(false));
}

#[test]
fn grafts_and_replace_references_do_not_change_history() {
    let world = World::new();
    let old = world.version("old", &[]);
    let stranger = world.version("stranger", &[]);
    let new = world.version("new", &[old]);
    world.reference(&format!("refs/replace/{new}"), stranger);
    let info = world.git.path().join("info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("grafts"), format!("{new} {stranger}\n")).unwrap();
    assert_eq!(ancestor(&world, old, new), Ok(true));
    assert_eq!(ancestor(&world, stranger, new), Ok(false));
}

#[test]
fn a_wrong_commit_graph_changes_nothing() {
    let world = World::new();
    let old = world.version("old", &[]);
    let new = world.version("new", &[old]);
    let info = world.git.path().join("objects/info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("commit-graph"), b"CGPH\x01\x01\x04\x00 no more of it").unwrap();
    assert_eq!(ancestor(&world, old, new), Ok(true));
}

#[test]
fn a_shallow_mark_alone_hides_nothing_that_is_there() {
    let world = World::new();
    let old = world.version("old", &[]);
    let new = world.version("new", &[old]);
    let other = world.version("other", &[]);
    std::fs::write(world.git.path().join("shallow"), format!("{new}\n")).unwrap();
    assert_eq!(ancestor(&world, old, new), Ok(true));
    assert_eq!(ancestor(&world, other, new), Ok(false));
}

#[test]
fn history_that_a_shallow_clone_left_out_is_an_error_and_not_a_no() {
    let world = World::new();
    let root = world.version("root", &[]);
    let one = world.version("one", &[root]);
    let two = world.version("two", &[one]);
    let other = world.version("other", &[]);
    std::fs::write(world.git.path().join("shallow"), format!("{one}\n")).unwrap();
    world.lose(root);
    assert_eq!(ancestor(&world, one, two), Ok(true));
    assert_eq!(ancestor(&world, other, two), Err("git/shallow"));
    assert_eq!(ancestor(&world, two, other), Ok(false));
}

#[test]
fn history_with_a_hole_is_an_error() {
    let world = World::new();
    let root = world.version("root", &[]);
    let one = world.version("one", &[root]);
    let two = world.version("two", &[one]);
    let other = world.version("other", &[]);
    world.damage(one, other);
    assert_eq!(ancestor(&world, other, two), Err("git/object"));
    world.lose(one);
    assert_eq!(ancestor(&world, other, two), Err("git/object"));
}

#[test]
fn a_shallow_clone_made_by_git_is_recognised() {
    let world = World::new();
    let root = world.version("root", &[]);
    let one = world.version("one", &[root]);
    let side = world.version("side", &[]);
    let merge = world.version("merge", &[one, side]);
    world.check_out(merge);
    let clone = tempfile::TempDir::new().unwrap();
    let url = format!("file://{}", world.path().display());
    if git(clone.path(), &["clone", "-q", "--depth", "2", &url, "shallow"]).is_none() {
        return;
    }
    let repository = open(&clone.path().join("shallow"));
    let find = |id| at(&repository, id);
    assert_eq!(repository.is_ancestor(&find(side), &find(merge)), Ok(true));
    let diagnostic = repository.is_ancestor(&find(merge), &find(one)).unwrap_err();
    assert_eq!(diagnostic.code.text(), "git/shallow");
    assert!(diagnostic.help.unwrap().contains("git fetch --unshallow"));
}

#[test]
fn ten_thousand_commits_are_walked_in_a_moment() {
    let world = World::new();
    let tree = world.tree(&[]);
    let root = world.commit_at(tree, &[], 0);
    let tip = (1..10_000).fold(root, |parent, time| world.commit_at(tree, &[parent], time));
    let stranger = world.version("stranger", &[]);
    let started = Instant::now();
    assert_eq!(ancestor(&world, root, tip), Ok(true));
    assert_eq!(ancestor(&world, stranger, tip), Ok(false));
    println!("two walks over 10,000 loose commits: {:?}", started.elapsed());
    assert!(started.elapsed().as_secs() < 30);
}
