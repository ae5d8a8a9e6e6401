//! One run shared by several jobs, without a service.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::enact;
use crate::world::{Run, World};

/// Six targets of systems of their own, of which one has a role.
fn world() -> World {
    let target = |number: u32| {
        format!(
            "- {{name: t{number}, system: mycloud, url: 'http://127.0.0.1:1/{number}', auth: {{bearer: {{env: ENACT_TEST_KEY}}}}}}\n"
        )
    };
    let world = World::with("polytomic", "{}", &(1..6).map(target).collect::<String>());
    world.declare("Role", "A", "{}");
    world
}

fn plan(world: &World, share: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = enact(world.dir.path());
    command.args(["plan", "--format", "json", "--shard", share]).envs(variables.iter().copied());
    Run::from(&command.output().unwrap())
}

fn targets(run: &Run) -> BTreeSet<String> {
    let name = |target: &Value| target["target"].as_str().unwrap().to_owned();
    run.json()["targets"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn every_target_is_in_one_share() {
    let world = world();
    let shares: Vec<_> = ["1/3", "2/3", "3/3"].map(|share| targets(&plan(&world, share, &[]))).into();
    let all: BTreeSet<_> = shares.iter().flatten().cloned().collect();
    assert_eq!((all.len(), shares.iter().map(BTreeSet::len).sum::<usize>()), (6, 6), "{shares:?}");
    for number in 1..=3 {
        let (share, file) = (format!("{number}/3"), format!("json={number}.json"));
        assert_eq!(
            world.run(&["plan", "--shard", &share, "--report", &file]).code,
            plan(&world, &share, &[]).code
        );
    }
    let merged = world.run(&["report", "merge", "1.json", "2.json", "3.json", "--format", "json"]);
    let whole = world.run(&["plan", "--format", "json"]);
    assert_eq!((targets(&merged), merged.code), (all, whole.code));
    assert_eq!(
        (&merged.json()["summary"], &merged.json()["exit_code"]),
        (&whole.json()["summary"], &whole.json()["exit_code"])
    );
    let parts = world.run(&["report", "merge", "1.json", "3.json", "--format", "json"]);
    let last = parts.json()["diagnostics"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["message"], "the share `2/3` of the targets is in none of the pieces");
    assert_ne!(parts.code, 0);
    let parts = world.run(&["report", "merge", "1.json", "3.json"]);
    assert!(parts.err.contains("`2/3` of the targets is in none"), "{}", parts.err);
    let gitlab = [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")];
    assert_eq!(targets(&plan(&world, "auto", &gitlab)), shares[1]);
    let kubernetes = [("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "3")];
    assert_eq!(targets(&plan(&world, "auto", &kubernetes)), shares[0]);
}

/// What docs/operate.md makes of it with jq.
#[test]
fn the_names_for_a_matrix_of_jobs_are_in_the_list_of_targets() {
    let world = world();
    let run = world.run(&["targets", "--format", "json"]);
    let matrix = run.json()["targets"].clone();
    for target in matrix.as_array().unwrap() {
        let name = target["target"].as_str().unwrap();
        let job = world.run(&["plan", "--target", name, "--format", "json"]);
        assert_eq!(targets(&job), [name.to_owned()].into());
    }
    assert_eq!((run.code, matrix.as_array().unwrap().len()), (0, 6));
}

#[test]
fn a_share_without_targets_has_nothing_to_do_and_one_that_does_not_exist_is_a_mistake() {
    let world = world();
    let mut empty = 0;
    for number in 1..=20 {
        let run = plan(&world, &format!("{number}/20"), &[]);
        if targets(&run).is_empty() {
            assert_eq!(run.code, 0, "{}", run.out);
            empty += 1;
        }
    }
    assert!(empty >= 14, "{empty}");
    for (share, variables) in [("4/3", [("A", "")]), ("auto", [("CI_NODE_INDEX", "1")])] {
        assert_eq!(plan(&world, share, &variables).code, 64, "{share}");
    }
}
