//! The official Polytomic client for Python, in the version of each era, against the sandbox.
//!
//! The sandbox and enact's own client have the same authors; this client does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy's exceptions for tests only reach its test functions, not what they share"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use enact::sandbox::{Seed, Served, Store, start};

/// The newest client sends PUT.
const PUT_ERA: (&str, &[&[&str]]) = ("25.9.10", &[&["polytomic==25.9.10"]]);

/// The first client sends PATCH. Its metadata asks for an older pydantic than it needs.
const PATCH_ERA: (&str, &[&[&str]]) =
    ("0.1.0", &[&["--no-deps", "polytomic==0.1.0"], &["httpx<1", "pydantic>=2,<3", "typing_extensions"]]);

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_of_the_put_era_agrees_with_the_sandbox() {
    run(PUT_ERA, "put", "PUT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_of_the_patch_era_agrees_with_the_sandbox() {
    run(PATCH_ERA, "patch", "PATCH").await;
}

async fn run((version, packages): (&str, &[&[&str]]), era: &str, verb: &str) {
    let Some(client) = installed(version, packages) else { return };
    let served = vec![Served { name: "analytics".into(), system: "polytomic".into() }];
    let sandbox = start(([127, 0, 0, 1], 0).into(), served, Store::Memory, Seed::Examples).await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/polytomic_client.py");
    let mut python = Command::new("python3");
    python.arg(script).args([&sandbox.url("analytics"), era]).env("PYTHONPATH", client);
    let printed = tokio::task::spawn_blocking(move || output(&mut python)).await.unwrap().unwrap();
    assert_eq!(printed.trim(), "ok");
    let updates = sandbox.requests().into_iter().filter(|seen| seen.method == verb).count();
    assert!(updates >= 3, "{era} sent {updates} times {verb}");
}

/// The folder with the client, installed at the first use. `None` skips the test on a machine without Python or package
/// index, but never where CI is true: there, skipping would hide a missing test.
fn installed(version: &str, packages: &[&[&str]]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python").join(version);
    if folder.exists() {
        return Some(folder);
    }
    match install(&folder, packages) {
        Ok(()) => Some(folder),
        Err(error) if env::var("CI").is_ok_and(|ci| ci == "true") => panic!("polytomic {version}: {error}"),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().next().unwrap_or_default();
            println!("skipped: polytomic {version} cannot be installed: {reason}");
            None
        }
    }
}

/// Installs beside the final folder first, so that a broken installation is never used.
fn install(folder: &Path, packages: &[&[&str]]) -> io::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let partial = folder.with_file_name(format!(".{name}.{}", std::process::id()));
    let installed = fill(&partial, packages).and_then(|()| fs::rename(&partial, folder));
    if installed.is_ok() || folder.exists() {
        return Ok(());
    }
    // Half an installation is useless; if it cannot be removed either, that is not the error to report.
    let _ = fs::remove_dir_all(&partial);
    installed
}

fn fill(folder: &Path, packages: &[&[&str]]) -> io::Result<()> {
    for packages in packages {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        output(pip.arg(folder).args(*packages))?;
    }
    Ok(())
}

/// The output of a command. What it prints as an error becomes the error.
fn output(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
