//! The pictures of docs/access.md: plans of the policies of this repository, as a terminal shows them.
//!
//! ```sh
//! ENACT_DRAW=1 cargo test --test e2e pictures
//! ```

use std::path::Path;

use anstyle_svg::Term;
use tempfile::TempDir;

use crate::example::copy;
use crate::world::run;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Pictures with the targets that they are of.
const PICTURES: [(&str, &str); 2] = [("one-policy.svg", "cloud"), ("whole-target.svg", "plant")];

#[test]
fn the_pictures_are_of_what_a_plan_says() {
    let dir = TempDir::new().unwrap();
    let root = Path::new(ROOT);
    copy(&root.join("policies"), &dir.path().join("policies"));
    for file in ["enact.yaml", "policies/guardrails.yaml"].iter().filter(|file| root.join(file).exists()) {
        std::fs::copy(root.join(file), dir.path().join(file)).unwrap();
    }
    for (file, target) in PICTURES {
        let run = run(dir.path(), &["plan", "--sandbox", "--target", target, "--color", "always"]);
        assert_eq!(run.code, 0, "{}", run.err);
        let drawn = Term::new().render_svg(&run.out);
        let file = root.join("docs/pictures").join(file);
        if std::env::var_os("ENACT_DRAW").is_some() {
            std::fs::create_dir_all(root.join("docs/pictures")).unwrap();
            std::fs::write(&file, &drawn).unwrap();
        }
        let there = std::fs::read_to_string(&file).unwrap();
        assert!(there == drawn, "{} is not what a plan says now: draw it again", file.display());
    }
}
