//! Wrong arguments, reported in the format that they ask for, as far as they can be parsed. The flags are in `args`.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};

use super::output::{self, Output};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::format::{self, Format};
use crate::report::{Exit, Report};

/// The words of other tools, and what enact has instead.
const TIPS: &[(&[&str], &str)] = &[
    (&["--dry-run", "--check", "--diff"], "`enact plan` shows what apply would do, and writes nothing"),
    (
        &["--auto-approve", "-auto-approve", "--approve", "--no-confirm"],
        "`enact apply --yes` writes without asking",
    ),
    (&["--yes", "-y"], "only `enact apply` asks before it writes, so only it takes `--yes`"),
    (&["--force"], "`--yes` writes without asking, and `--allow GUARD` lets one run through one guard"),
    (
        &["-f", "--file", "--filename"],
        "`manifests` in enact.yaml names the manifests, and `--config FILE` another enact.yaml",
    ),
    (
        &["destroy", "delete", "remove", "rm"],
        "to delete an object, write `ensure: absent` in its manifest, then run `enact plan` and `enact apply`",
    ),
    (
        &["new", "setup"],
        "`enact init` writes enact.yaml; `enact import` then writes manifests from what is live",
    ),
    (
        &["diff", "preview", "drift", "refresh", "dry-run"],
        "`enact plan` shows what apply would do, and writes nothing",
    ),
    (&["sync", "push", "up", "deploy", "reconcile"], "`enact apply` makes the live systems agree with git"),
    (&["pull", "export", "dump"], "`enact import` writes manifests from what is live"),
    (&["lint", "check", "verify"], "`enact validate` checks everything that needs no network"),
];

/// Reports what is wrong, or prints the requested help.
pub(super) fn report(mut error: clap::Error, arguments: &[OsString], command: clap::Command) -> Exit {
    advise(&mut error, arguments);
    output::usage(&error);
    if !error.use_stderr() {
        return Exit::Done;
    }
    let command = named(arguments, command);
    let report = Report { diagnostics: vec![diagnostic(&error, &command)], ..Report::of(&command) };
    match format(arguments) {
        Some(format) => Output::plain(format).result(&report),
        None => report.exit(),
    }
}

/// Puts what enact has instead of an unknown word in the place of what only looks like it.
fn advise(error: &mut clap::Error, arguments: &[OsString]) {
    let wrong = error.get(ContextKind::InvalidArg).or_else(|| error.get(ContextKind::InvalidSubcommand));
    let Some(ContextValue::String(wrong)) = wrong else { return };
    // clap takes a long flag after a single hyphen apart.
    let given =
        arguments.iter().filter_map(|word| word.to_str()).filter(|word| word.starts_with(wrong.as_str()));
    let given = given.map(|word| word.split('=').next().unwrap_or(word));
    let tip = given.filter_map(|word| TIPS.iter().find(|(words, _)| words.contains(&word))).next();
    if let Some((_, tip)) = tip {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(*tip)]));
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
