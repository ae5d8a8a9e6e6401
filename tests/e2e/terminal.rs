//! What a person sees, through the real binary on a terminal of its own (that of util-linux's `script`).

use std::process::{Command, Output};

use crate::record::{commit_and_push, lock, shared};
use crate::world::{CANARY, Run, World};

/// Runs a line of a shell on a terminal that is so wide; `enact` is the binary.
fn terminal(world: &World, columns: usize, line: &str) -> Run {
    let enact = env!("CARGO_BIN_EXE_enact");
    let line = format!("stty rows 50 cols {columns} -onlcr; enact() {{ '{enact}' \"$@\"; }}; {line}");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.current_dir(world.dir.path()).env_clear();
    script.envs([
        ("ENACT_TEST_KEY", CANARY),
        ("PATH", "/usr/bin:/bin"),
        ("NO_COLOR", "1"),
        ("SHELL", "/bin/sh"),
    ]);
    let output: Output = script.output().unwrap();
    Run::from(&output)
}

#[test]
fn a_long_line_is_broken_at_a_word_and_keeps_its_indent() {
    let world = World::new("polytomic");
    let name = "Operators of the warehouse and of all that is stored in it for longer than a year";
    world.declare("Role", name, "{}");
    let narrow = terminal(&world, 60, "ENACT_PAGER= enact plan");
    let broken = "  + create Role \"Operators of the warehouse and of all that\n    is stored in it for longer than a year\"\n";
    assert!(narrow.out.contains(broken), "{}", narrow.out);
    let wide = terminal(&world, 160, "ENACT_PAGER= enact plan");
    assert!(wide.out.contains(&format!("  + create Role \"{name}\"\n")), "{}", wide.out);
    assert!(world.run(&["plan"]).out.contains(&format!("  + create Role \"{name}\"\n")), "in a pipe, too");
}

#[test]
fn a_pager_gets_the_result_and_the_exit_code_stays() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let paged = "sed 's/^/paged: /'";
    let line = |pager: &str| format!("{pager} enact plan --exit-code");
    for pager in [
        format!("ENACT_PAGER=\"{paged}\""),
        format!("PAGER=\"{paged}\""),
        format!("ENACT_PAGER=\"{paged}\" PAGER=cat"),
    ] {
        let run = terminal(&world, 100, &line(&pager));
        assert!(run.code == 2 && run.out.contains("paged:   + create Role \"R\"\n"), "{pager}: {}", run.out);
    }
    // The user left before the end; there is no such program; no pager is wanted.
    assert_eq!(terminal(&world, 100, &line("ENACT_PAGER=true")).code, 2);
    for pager in ["ENACT_PAGER=no-such-pager", "ENACT_PAGER=", "ENACT_PAGER=cat"] {
        let run = terminal(&world, 100, &line(pager));
        assert!(run.code == 2 && run.out.contains("\n  + create Role \"R\"\n"), "{pager}: {}", run.out);
    }
}

#[test]
fn an_apply_and_a_pipe_have_no_pager() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let piped = terminal(&world, 100, "ENACT_PAGER=false enact plan | cat");
    assert!(piped.out.contains("\n  + create Role \"R\"\n"), "{}", piped.out);
    let applied = terminal(&world, 100, "ENACT_PAGER=false enact apply --yes");
    assert!(applied.code == 0 && applied.out.contains("Applied 1 of 1 change"), "{}", applied.out);
}

#[test]
fn a_summary_has_a_line_for_each_target_and_nothing_else() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let plan = world.run(&["plan", "--summary"]);
    let lines: Vec<_> = plan.out.lines().collect();
    let [target, counts] = lines.as_slice() else { panic!("{}", plan.out) };
    let shown = "1 to create";
    assert!(target.starts_with("live (polytomic, http://") && target.ends_with(shown), "{}", plan.out);
    assert!(counts.starts_with("Plan: 1 to create"), "{}", plan.out);
    let applied = world.run(&["apply", "--yes", "--summary"]);
    assert!(applied.out.lines().all(|line| !line.contains("create Role")), "{}", applied.out);
    assert!(applied.out.contains("): applied 1 of 1 change\n"), "{}", applied.out);
}

#[test]
fn a_plan_that_a_lock_or_a_guard_keeps_from_being_written_is_shown_once() {
    let (repo, _bare) = shared();
    repo.declare("Role", "B", "{}");
    commit_and_push(&repo);
    lock(&repo, "other", "2999-01-01T00:00:00Z");
    let run = repo.run(&["apply", "--yes"]);
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert_eq!(run.out.matches("create Role \"B\"").count(), 1, "{}", run.out);
    assert!(run.out.contains("Locked by another run"), "{}", run.out);
}
