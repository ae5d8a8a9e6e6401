//! What the tests of the binary share: one run, its output, and the search for secrets in everything that it leaves.

pub(crate) mod canary;
mod events;
#[path = "../../src/report/format/runner.rs"]
pub(crate) mod runner;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use canary::{CANARY, Scan};

/// What one run of the binary left behind.
#[must_use]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary in a folder, in an environment that holds only the canary.
pub(crate) fn enact(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enact"));
    command.current_dir(dir).env_clear().env("ENACT_TEST_KEY", CANARY);
    command
}

/// Runs the binary in a folder. Promise 12, no-secret-out: neither its outputs nor the files there hold the canary or
/// one of these secrets.
pub(crate) fn run(dir: &Path, command: &mut Command, secrets: &[(&str, String)]) -> Run {
    let scan = Scan::new(secrets.iter().map(|(_, secret)| secret.as_str()));
    let before = scan.files(dir);
    let output = command.envs(secrets.iter().cloned()).output().unwrap();
    let asks = |words: &[&str]| command.get_args().any(|arg| words.iter().any(|word| arg == *word));
    let (colored, annotated) = (asks(&["always"]), asks(&["github", "--format=github", "github=-"]));
    let run = Run::of(&output, &scan, colored, annotated);
    events::check(dir, command);
    assert_eq!(scan.files(dir), before, "no-secret-out: a file holds it");
    run
}

/// The outputs of a process that knew no secret but the canary.
impl From<&Output> for Run {
    fn from(output: &Output) -> Self {
        Self::of(output, &Scan::new([]), false, false)
    }
}

/// Runs git in a folder, with a fixed author. Returns its output.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(dir).args(identity).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Run {
    /// Promise 13, inert-output: nothing acts on what reads it, but for colours and annotations where they were asked for.
    fn of(output: &Output, scan: &Scan, colored: bool, annotated: bool) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let run = Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        for text in [&run.out, &run.err] {
            assert!(!scan.finds(text.as_bytes()), "no-secret-out: {text}");
            assert!(!text.contains("panicked"), "{text}");
        }
        let live = if annotated {
            runner::live_beside_annotations(&run.out)
        } else {
            runner::live(&run.out, colored)
        };
        assert_eq!((live, runner::live(&run.err, colored)), (None, None), "inert-output");
        run
    }

    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {:?}\n{}", self.out, self.err))
    }
}

/// The planned changes, as `create Policy name`.
pub(crate) fn actions(document: &Value) -> Vec<String> {
    each_change(document, |change| {
        format!("{} {} {}", text(&change["action"]), text(&change["kind"]), text(&change["name"]))
    })
}

/// How the changes ended, as `name applied`.
pub(crate) fn outcomes(document: &Value) -> Vec<String> {
    each_change(document, |change| {
        format!("{} {}", text(&change["name"]), text(&change["outcome"]["result"]))
    })
}

/// The codes of the diagnostics.
pub(crate) fn codes(document: &Value) -> Vec<&str> {
    document["diagnostics"].as_array().unwrap().iter().map(|diagnostic| text(&diagnostic["code"])).collect()
}

fn each_change(document: &Value, show: impl Fn(&Value) -> String) -> Vec<String> {
    document["changes"].as_array().unwrap().iter().map(show).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
