//! The policy repository to copy: from an empty clone to live systems that are as declared.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support;
use crate::world::{World, run};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/repository");

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[test]
fn an_empty_clone_of_the_example_is_valid_and_makes_the_live_system_agree_with_it() {
    let world = World::new("polytomic");
    let (first, origin, clone) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    copy(Path::new(EXAMPLE), first.path());
    let file = first.path().join("enact.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    let here = config.replace("https://app.polytomic.com", &world.live.url());
    assert_ne!(here, config);
    std::fs::write(&file, here.replace("POLYTOMIC_API_KEY", "ENACT_TEST_KEY")).unwrap();
    let remote = origin.path().display().to_string();
    for (dir, args) in [
        (origin.path(), &["init", "-q", "--bare", "-b", "main"][..]),
        (first.path(), &["init", "-q", "-b", "main"]),
        (first.path(), &["add", "-A"]),
        (first.path(), &["commit", "-q", "-m", "begin"]),
        (first.path(), &["push", "-q", &remote, "main"]),
        (clone.path(), &["clone", "-q", &remote, "."]),
    ] {
        support::git(dir, args);
    }
    for args in [&["validate"][..], &["test"], &["apply", "--yes"], &["doctor"], &["plan", "--exit-code"]] {
        let run = run(clone.path(), args);
        assert_eq!(run.code, 0, "{args:?}: {}{}", run.out, run.err);
        assert!(args != ["validate"] || !run.err.contains("warning"), "{}", run.err);
    }
    assert_eq!(world.object("policies", "Warehouse syncs")["name"], json!("Warehouse syncs"));
    assert!(support::git(origin.path(), &["for-each-ref"]).contains("refs/enact/record/analytics"));
    // What the guardrail is for.
    let file = clone.path().join("policies/analytics/warehouse-syncs.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("action: read", "action: delete")).unwrap();
    let refused = run(clone.path(), &["plan"]);
    assert!(refused.code == 4 && refused.err.contains("nobody-deletes"), "{}{}", refused.out, refused.err);
}
