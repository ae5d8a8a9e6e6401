//! A pager for results on a terminal, chosen as git does it. All other output is in `output`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::cli::signals;
use crate::text::inert::Inert;

/// What less is told unless the user tells it something else: end at once if all fits, keep colours, keep the screen.
const LESS: &str = "FRX";
/// What a shell ends with if it cannot run a command.
const NOT_RUN: [i32; 2] = [126, 127];

/// Shows a text in the pager, until the user ends it; false if there is none.
pub(super) fn show(text: &Inert) -> io::Result<bool> {
    let named = ["ENACT_PAGER", "PAGER"].into_iter().find_map(std::env::var_os);
    let Some(mut pager) = command(named).filter(|_| !text.is_empty()) else { return Ok(false) };
    if std::env::var_os("LESS").is_none() {
        pager.env("LESS", LESS);
    }
    // Ctrl-C is for the pager, which takes it as the end of a search, and would be left alone with the terminal.
    let _caught = signals::caught();
    let Ok(mut pager) = pager.stdin(Stdio::piped()).spawn() else { return Ok(false) };
    let written = pager.stdin.take().map(|mut to| to.write_all(text.as_bytes()));
    let ended = pager.wait()?;
    match written {
        _ if ended.code().is_some_and(|code| NOT_RUN.contains(&code)) => Ok(false),
        // The user has seen enough.
        Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(true),
    }
}

/// The pager of this name; none if the user wants none.
fn command(named: Option<OsString>) -> Option<Command> {
    let (program, arguments) = match named {
        _ if !cfg!(unix) => return None,
        Some(named) if named.is_empty() || named == "cat" => return None,
        Some(named) => ("sh", vec!["-c".into(), named]),
        None => ("less", vec![format!("-{LESS}").into()]),
    };
    let mut command = Command::new(program);
    command.args(arguments);
    Some(command)
}
