//! Nobody reads what the process prints: a pipe whose reader is gone, or a full disk behind a redirection.

use std::fs::File;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::world::{Run, World, enact};

/// Where standard output or standard error leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    Read,
    Closed,
    Full,
}

use Sink::{Closed, Full, Read};

impl Sink {
    fn open(self) -> Stdio {
        match self {
            Self::Read => Stdio::piped(),
            Self::Closed => std::io::pipe().unwrap().1.into(),
            Self::Full => File::options().write(true).open("/dev/full").unwrap().into(),
        }
    }
}

fn run(world: &World, args: &[&str], out: Sink, err: Sink) -> Run {
    let output: Output =
        enact(world.dir.path()).args(args).stdout(out.open()).stderr(err.open()).output().unwrap();
    Run::from(&output)
}

/// Three roles that are to be created, and one that is live and not declared.
fn world() -> World {
    let world = World::new("polytomic");
    for name in ["a", "b", "c"] {
        world.declare("Role", name, "{}");
    }
    world
}

const SYSTEM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/systems/vault.yaml");

/// All commands that end by themselves, with the exit code when all output is read.
const COMMANDS: [(&[&str], i32); 17] = [
    (&["validate"], 0),
    (&["validate", "--format", "json"], 0),
    (&["plan"], 0),
    (&["plan", "-vv"], 0),
    (&["plan", "--exit-code"], 2),
    (&["plan", "--format", "json"], 0),
    (&["plan", "--format", "markdown"], 0),
    (&["import", "live", "--dry-run"], 0),
    (&["import", "live", "--dry-run", "--format", "json"], 0),
    (&["check-system", SYSTEM], 0),
    (&["check-system", SYSTEM, "--format", "json"], 0),
    (&["schema"], 0),
    (&["schema", "--format", "json"], 0),
    (&["schema", "config"], 0),
    (&["plam", "--format", "json"], 64),
    (&["sandbox", "--listen", "0.0.0.0:0", "--format", "json"], 64),
    (&["apply", "--format", "json"], 64),
];

#[test]
fn a_result_that_nobody_can_read_is_a_failure_that_says_so() {
    let world = world();
    world
        .live
        .insert("roles", serde_json::json!({"id": "00000000-0000-4000-8000-000000000001", "name": "x"}));
    for (args, code) in COMMANDS {
        assert_eq!(run(&world, args, Read, Read).code, code, "{args:?}");
        let expected = if code == 64 { 64 } else { 1 };
        for out in [Closed, Full] {
            let broken = run(&world, args, out, Read);
            assert_eq!(broken.code, expected, "{args:?} {out:?}: {}", broken.err);
            assert!(broken.err.contains("could not be written"), "{args:?} {out:?}: {}", broken.err);
            assert_eq!(run(&world, args, out, out).code, expected, "{args:?} {out:?}");
        }
    }
}

#[test]
fn remarks_may_be_lost() {
    let world = world();
    for (args, code) in COMMANDS {
        let whole = run(&world, args, Read, Read).out;
        for err in [Closed, Full] {
            let run = run(&world, args, Read, err);
            assert_eq!((run.code, &run.out), (code, &whole), "{args:?} {err:?}");
        }
    }
}

#[test]
fn help_may_be_cut_short() {
    let world = world();
    for args in [&["--help"][..], &["plan", "--help"], &["--version"]] {
        assert_eq!(run(&world, args, Closed, Read).code, 0, "{args:?}");
    }
    assert_eq!(run(&world, &["plam"], Read, Closed).code, 64);
}

#[test]
fn diagnostics_decide_the_code_even_if_nobody_reads_them() {
    let world = world();
    world.declare("Role", "bad", "{nonsense: 1}");
    world.write("bad.yaml", "nonsense");
    for args in [&["validate"][..], &["plan"], &["apply", "--yes"], &["check-system", "bad.yaml"]] {
        for (out, err) in [(Closed, Read), (Read, Closed), (Closed, Closed), (Full, Full)] {
            let run = run(&world, args, out, err);
            assert_eq!(run.code, 3, "{args:?} {out:?} {err:?}");
            assert!(err != Read || run.err.contains("error["), "{args:?} {out:?} {err:?}: {}", run.err);
        }
    }
    assert_eq!(world.live.requests().len(), 0, "validated-first");
}

#[test]
fn one_outcome_apply_ends_its_writes_and_reports_them_where_it_can() {
    for verbose in [&[][..], &["-vv"]] {
        for (out, err) in
            [(Closed, Read), (Full, Read), (Closed, Closed), (Full, Full), (Read, Closed), (Read, Full)]
        {
            let world = world();
            let args = [&["apply", "--yes", "--events", "events.jsonl"], verbose].concat();
            let run = run(&world, &args, out, err);
            let shown = if out == Read { &run.out } else { &run.err };
            assert_eq!(run.code, i32::from(out != Read), "{out:?} {err:?}: {shown}");
            if out == Read || err == Read {
                assert!(shown.contains("Applied 3 of 3 changes"), "{out:?} {err:?}: {shown}");
            }
            let events = std::fs::read_to_string(world.dir.path().join("events.jsonl")).unwrap();
            let applied = events
                .lines()
                .filter(|line| serde_json::from_str::<Value>(line).unwrap()["result"] == "applied");
            assert_eq!(applied.count(), 3, "{out:?} {err:?}: {events}");
            world.assert_converged();
        }
    }
}

#[test]
fn what_import_has_written_stays_even_if_nobody_reads_the_result() {
    let world = World::new("polytomic");
    world
        .live
        .insert("roles", serde_json::json!({"id": "00000000-0000-4000-8000-000000000001", "name": "x"}));
    assert_eq!(run(&world, &["import", "live"], Closed, Closed).code, 0);
    world.assert_converged();

    // A program that waits for the document gets none.
    std::fs::remove_dir_all(world.dir.path().join("policies/live")).unwrap();
    let json = run(&world, &["import", "live", "--format", "json"], Full, Read);
    assert_eq!(json.code, 1, "{}", json.err);
    assert!(json.err.contains("could not be written"), "{}", json.err);
    assert!(json.err.contains("1 manifest was written to policies/live."), "{}", json.err);
    world.assert_converged();
}
