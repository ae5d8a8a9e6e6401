//! Wrong arguments, reported in the format that they ask for, as far as they can be parsed. The flags are in `args`.

use std::ffi::OsString;

use super::output::{self, Output};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::format::{self, Format};
use crate::report::{Exit, Report};

/// Reports what is wrong, or prints the requested help.
pub(super) fn report(error: &clap::Error, arguments: &[OsString], command: clap::Command) -> Exit {
    output::usage(error);
    if !error.use_stderr() {
        return Exit::Done;
    }
    let command = named(arguments, command);
    let report = Report { diagnostics: vec![diagnostic(error, &command)], ..Report::of(&command) };
    match format(arguments) {
        Some(format) => Output::plain(format).result(&report),
        None => report.exit(),
    }
}

/// The format that the arguments ask for, at any position, unless it is the default.
fn format(arguments: &[OsString]) -> Option<&'static Format> {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    let words: Vec<_> = words.iter().map(AsRef::as_ref).take_while(|word| *word != "--").collect();
    let apart = words.windows(2).filter_map(|pair| match pair {
        ["--format", name] => Some(*name),
        _ => None,
    });
    let joined = words.iter().filter_map(|word| word.strip_prefix("--format="));
    apart.chain(joined).filter_map(format::named).find(|format| format.name != format::DEFAULT)
}

/// The command that the arguments name; empty if there is none.
fn named(arguments: &[OsString], command: clap::Command) -> String {
    let matches = command.ignore_errors(true).try_get_matches_from(arguments);
    matches.ok().and_then(|matches| matches.subcommand_name().map(str::to_owned)).unwrap_or_default()
}

/// What clap says: first the mistake, then tips, each in its own paragraph, then the usage.
fn diagnostic(error: &clap::Error, command: &str) -> Diagnostic {
    let text = error.render().to_string();
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let (mut message, mut help) = (String::new(), Vec::new());
    for paragraph in paragraphs {
        if let Some(wrong) = paragraph.strip_prefix("error: ") {
            message = wrong.to_owned();
        } else if let Some(tip) = paragraph.strip_prefix("tip: ") {
            help.push(tip.to_owned());
        }
    }
    help.push(format!("see `{} --help`", format!("enact {command}").trim_end()));
    Diagnostic::new(Code::CliUsage, message).help(help.join("; "))
}
