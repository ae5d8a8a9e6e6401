//! For any tree: the files of a revision are its blobs, all of them, in any order, or there is an error.

use std::collections::BTreeMap;

use crate::support::{FILE, FOLDER, World, strings};
use enact::diagnostic::Diagnostic;
use enact::manifest::Files;
use enact::source::{Texts, working_tree};
use git2::Oid;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Node {
    File(String),
    Folder(BTreeMap<String, Node>),
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-d]{1,2}\\.(yaml|yml|YAML)",
        2 => "[a-d]{1,3}",
        1 => "\\.[a-d]{1,2}\\.yaml",
        1 => "[äß日]{1,2}\\.yaml",
    ]
}

fn folder() -> impl Strategy<Value = BTreeMap<String, Node>> {
    let file = "[a-z: \n]{0,12}".prop_map(Node::File);
    let node = file.prop_recursive(3, 24, 6, |node| {
        prop::collection::btree_map(name(), node, 0..6).prop_map(Node::Folder)
    });
    prop::collection::btree_map(name(), node, 0..8).prop_map(|mut nodes| {
        remove_twins(&mut nodes);
        nodes
    })
}

fn remove_twins(nodes: &mut BTreeMap<String, Node>) {
    let mut seen = std::collections::BTreeSet::new();
    nodes.retain(|name, _| seen.insert(name.to_lowercase()));
    for node in nodes.values_mut() {
        if let Node::Folder(nodes) = node {
            remove_twins(nodes);
        }
    }
}

/// The manifests, found in another way than in the tested code.
fn expected(nodes: &BTreeMap<String, Node>, path: &str, files: &mut Files) {
    for (name, node) in nodes.iter().filter(|(name, _)| !name.starts_with('.')) {
        let path = format!("{path}/{name}");
        match node {
            Node::Folder(nodes) => expected(nodes, &path, files),
            Node::File(text) if [".yaml", ".yml"].iter().any(|end| name.to_lowercase().ends_with(end)) => {
                files.insert(path, text.as_str().into());
            }
            Node::File(_) => {}
        }
    }
}

/// Writes a tree, its entries rotated by some steps.
fn commit(world: &World, nodes: &BTreeMap<String, Node>, turn: usize) -> Oid {
    let mut entries: Vec<_> = nodes
        .iter()
        .map(|(name, node)| match node {
            Node::File(text) => (FILE, name.as_str(), world.blob(text)),
            Node::Folder(nodes) => (FOLDER, name.as_str(), commit(world, nodes, turn)),
        })
        .collect();
    let length = entries.len().max(1);
    entries.rotate_left(turn % length);
    world.tree(&entries)
}

fn write(world: &World, nodes: &BTreeMap<String, Node>, path: &str) {
    std::fs::create_dir_all(world.path().join(path)).unwrap();
    for (name, node) in nodes {
        let path = format!("{path}/{name}");
        match node {
            Node::File(text) => world.write(&path, text),
            Node::Folder(nodes) => write(world, nodes, &path),
        }
    }
}

fn read(world: &World, nodes: &BTreeMap<String, Node>, turn: usize) -> (Files, Vec<Diagnostic>) {
    let tree = commit(world, nodes, turn);
    world.read_tree(world.tree(&[(FOLDER, "policies", tree)]))
}

fn without_subject(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().map(|diagnostic| Diagnostic { subject: None, ..diagnostic }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_files_of_a_revision_are_the_blobs_of_its_tree(nodes in folder(), turn in 0usize..7) {
        let world = World::new();
        let mut blobs = Files::new();
        expected(&nodes, "policies", &mut blobs);
        let (files, diagnostics) = read(&world, &nodes, turn);
        prop_assert_eq!(diagnostics, []);
        prop_assert_eq!(files, blobs);
    }

    #[test]
    fn order_never_matters(nodes in folder(), turn in 0usize..7) {
        let world = World::new();
        let (files, diagnostics) = read(&world, &nodes, 0);
        let (turned, turned_diagnostics) = read(&world, &nodes, turn);
        prop_assert_eq!(files, turned);
        prop_assert_eq!(without_subject(diagnostics), without_subject(turned_diagnostics));
    }

    #[test]
    fn the_working_tree_reads_the_same(nodes in folder()) {
        let world = World::new();
        write(&world, &nodes, "policies");
        let mut diagnostics = Vec::new();
        let files = working_tree(world.path(), &strings(&["policies"]), &mut Texts::within(512), &mut diagnostics);
        let (committed, committed_diagnostics) = read(&world, &nodes, 0);
        prop_assert_eq!(files, committed);
        prop_assert_eq!(diagnostics, without_subject(committed_diagnostics));
    }

    #[test]
    fn a_hidden_object_is_an_error(nodes in folder(), which in any::<prop::sample::Index>()) {
        let world = World::new();
        let (files, _) = read(&world, &nodes, 0);
        prop_assume!(!files.is_empty());
        let text = files.values().nth(which.index(files.len())).unwrap();
        world.lose(world.blob(text.as_ref()));
        let commit_tree = {
            // Writing it again would restore the blob.
            let fresh = World::new();
            let tree = commit(&fresh, &nodes, 0);
            fresh.tree(&[(FOLDER, "policies", tree)])
        };
        let (fewer, diagnostics) = world.read_tree(commit_tree);
        prop_assert!(diagnostics.iter().any(Diagnostic::is_error));
        prop_assert!(fewer.len() < files.len());
    }

    #[test]
    fn no_bytes_of_a_tree_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        let world = World::new();
        let folder = world.raw(git2::ObjectType::Tree, &bytes);
        let (files, diagnostics) = world.read_tree(world.tree(&[(FOLDER, "policies", folder)]));
        prop_assert!(files.is_empty() && !diagnostics.is_empty());
    }

    #[test]
    fn no_revision_makes_it_panic(revision in "[a-f0-9~^@{}:/.\\-HEADmain\\PC]{0,12}") {
        let world = World::new();
        world.check_out(world.version("x", &[]));
        if let Err(diagnostic) = world.open().commit(&revision) {
            prop_assert!(!diagnostic.message.chars().any(char::is_control));
        }
    }
}
