//! The flags that commands share. What the flags do is in `project` and in the files of the commands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::file::FILE_NAME;
use crate::file::folder_of;
use crate::import::update::Only;
use crate::model::guard::Guard;
use crate::model::shard::Shard;
use crate::plan::input::{PlanOptions, WriteOnly};
use crate::report::format::{self, FORMATS, Format};
use crate::run::history::BaseSource;
use crate::run::options::RunOptions;

/// The flags of every command.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// The configuration file, instead of `enact.yaml` here; manifest paths are relative to its folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Only this target (repeatable)
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) target: Vec<String>,
    /// How results are written
    #[arg(long, global = true, value_parser = formats(), default_value = format::DEFAULT)]
    pub(super) format: &'static Format,
    /// Also writes the result to a file in this format (repeatable); `-` is standard output, after the result there
    #[arg(long, global = true, value_name = "FORMAT=FILE", value_parser = report)]
    pub(super) report: Vec<ReportFile>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Shows the requests of a plan; twice, also each request as it is sent
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Shows a line for each target and the counts, instead of each change
    #[arg(long, global = true, conflicts_with = "verbose")]
    pub(super) summary: bool,
    /// Shows only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

impl Global {
    /// The configuration file: the one that was named, or the usual one of this folder.
    pub(super) fn config_file(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(FILE_NAME))
    }

    /// The targets that were named, and manifests for them, as they are today. The clock is read here and nowhere else,
    /// so that a run has one day even if it goes on after midnight.
    pub(super) fn options(&self) -> RunOptions {
        let plan = PlanOptions { day: day(Timestamp::now()), ..PlanOptions::default() };
        RunOptions { only: self.target.clone(), plan, ..RunOptions::default() }
    }

    /// Why two results would end up as one that nobody can read, if so.
    pub(super) fn mixed(&self) -> Option<&'static str> {
        let (files, printed): (Vec<_>, Vec<_>) =
            self.report.iter().map(|report| &report.file).partition(|file| file.is_some());
        let documents = usize::from(!self.format.interactive) + printed.len();
        if documents > 1 {
            return Some("standard output takes one document: name a file in `--report`, or leave one out");
        }
        let once: BTreeSet<_> = files.iter().collect();
        (once.len() < files.len()).then_some("two reports would go to one file: name another one")
    }
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

/// Where a plan reads: the targets of enact.yaml, or the embedded sandbox.
#[derive(Args)]
#[command(next_help_heading = "What it is about")]
pub(super) struct SandboxArgs {
    /// Runs against an embedded sandbox, without target or credential; its state is in `.enact/`
    #[arg(long)]
    pub(super) sandbox: bool,
}

/// The clock of a command that only reads. What writes has no such flag: a wrong day must not delete anything.
#[derive(Args)]
#[command(next_help_heading = "What it is about")]
pub(super) struct ClockArgs {
    /// Looks as if it were this time, such as 2027-03-31 or 2027-03-31T09:00:00Z: what is held or expires depends on the day in UTC
    #[arg(long, value_name = "TIME", value_parser = day_of)]
    now: Option<Date>,
}

impl ClockArgs {
    /// The same run on the day that was asked for.
    pub(super) fn on_its_day(&self, mut options: RunOptions) -> RunOptions {
        options.plan.day = self.now.unwrap_or(options.plan.day);
        options
    }
}

/// The day of a moment, in UTC.
fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

/// Parses a time with its offset, or a date. A time without an offset could be of two days.
fn day_of(text: &str) -> Result<Date, String> {
    let date = || text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    let found = text.parse::<Timestamp>().ok().map(day).or_else(date);
    found.ok_or_else(|| "write a date such as 2027-03-31, or a time such as 2027-03-31T09:00:00Z".to_owned())
}

/// The heading of options that say how a plan is made.
const HOW: &str = "How it is planned";

/// Which manifests a plan is made from, and what they are compared with.
#[derive(Args)]
#[command(next_help_heading = "What it is about")]
pub(super) struct RevisionArgs {
    /// Reads the manifests from this git revision instead of the working tree; enact.yaml still comes from the checkout.
    /// Plan also shows what the revision changes in enact.yaml; apply refuses one that is not of that commit
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// The revision to compare with, to tell changes in git from drift; without it, what was last applied
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Plans only what git changed since the base, and reads only those objects
    #[arg(long)]
    pub(super) only_declared: bool,
    /// Sends secrets, and other fields that cannot be read back, for every object that declares some
    #[arg(long, help_heading = HOW)]
    set_secrets: bool,
    /// Leaves out what the changes do to what is allowed
    #[arg(long, help_heading = HOW)]
    no_access: bool,
    /// Only this share of the targets, such as `3/10`; `auto` takes it from CI_NODE_INDEX and CI_NODE_TOTAL (GitLab), or from
    /// JOB_COMPLETION_INDEX and JOB_COMPLETIONS (an indexed Job of Kubernetes)
    #[arg(long, value_name = "SHARE", value_parser = shard)]
    shard: Option<Shard>,
    /// Lets this run through a guard (repeatable)
    #[arg(long, value_parser = guards(), value_name = "GUARD", help_heading = HOW)]
    pub(super) allow: Vec<Guard>,
}

impl RevisionArgs {
    /// The sandbox has no record of what was applied, and must not use that of the real target.
    pub(super) fn options(&self, global: &Global, sandbox: &SandboxArgs) -> RunOptions {
        let base = match &self.base {
            Some(rev) => BaseSource::Revision(rev.clone()),
            None if sandbox.sandbox => BaseSource::Nowhere,
            None => BaseSource::Applied,
        };
        let Self { rev, base: _, only_declared, set_secrets, no_access, shard, allow } = self;
        let options = global.options();
        RunOptions {
            rev: rev.clone(),
            shard: *shard,
            base,
            remembers: !sandbox.sandbox,
            plan: PlanOptions {
                allowed: allow.clone(),
                only_declared: *only_declared,
                without_access: *no_access,
                write_only: if *set_secrets { WriteOnly::All } else { WriteOnly::Changed },
                ..options.plan
            },
            ..options
        }
    }
}

/// Parses a share of the targets, or takes it from what runs this as one of several jobs.
fn shard(text: &str) -> Result<Shard, String> {
    if text != "auto" {
        return text.parse().map_err(str::to_owned);
    }
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    let gitlab = || Shard::new(number("CI_NODE_INDEX")?, number("CI_NODE_TOTAL")?);
    // Kubernetes counts from 0.
    let kubernetes =
        || Shard::new(number("JOB_COMPLETION_INDEX")?.checked_add(1)?, number("JOB_COMPLETIONS")?);
    gitlab().or_else(kubernetes).ok_or_else(|| {
        "neither CI_NODE_INDEX and CI_NODE_TOTAL nor JOB_COMPLETION_INDEX and JOB_COMPLETIONS say which share: \
         set them, or write it, such as `3/10`"
            .to_owned()
    })
}

/// Parses the name of a format.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let rows = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    // Only names from the table get here.
    PossibleValuesParser::new(rows).try_map(|name| format::named(&name).ok_or("there is no such format"))
}

/// The result once more, in another format.
#[derive(Clone, Debug)]
pub(super) struct ReportFile {
    pub(super) format: &'static Format,
    /// Where it goes; `None` is standard output.
    pub(super) file: Option<PathBuf>,
}

/// Parses `FORMAT=FILE`. A file that could not be written is refused before anything is sent.
fn report(text: &str) -> Result<ReportFile, String> {
    let (name, file) = text.split_once('=').ok_or("it has to be FORMAT=FILE, such as html=plan.html")?;
    let format = format::named(name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("there is no format `{name}`: there are {}", names.join(", "))
    })?;
    if file == "-" {
        return Ok(ReportFile { format, file: None });
    }
    let path = PathBuf::from(file);
    let is_yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    if is_yaml {
        // No report is YAML, and what enact reads is.
        return Err("no format is YAML, and a manifest would be lost: name another file".to_owned());
    }
    let folder = folder_of(&path);
    if path.file_name().is_none() || path.is_dir() {
        return Err("it is a folder: name a file in it".to_owned());
    }
    match folder.is_dir() {
        true => Ok(ReportFile { format, file: Some(path) }),
        false => Err(format!("there is no folder `{}`: make it first", folder.display())),
    }
}

/// Parses the name of a guard.
pub(super) fn guards() -> impl TypedValueParser<Value = Guard> {
    let rows = Guard::ALL.into_iter().map(|(guard, about)| PossibleValue::new(guard.name()).help(about));
    PossibleValuesParser::new(rows).try_map(|name| {
        let row = Guard::ALL.into_iter().find(|(guard, _)| guard.name() == name);
        row.map(|(guard, _)| guard).ok_or("there is no such guard")
    })
}

/// Parses `KIND/NAME`. A kind has no `/`, and a name may have some.
pub(super) fn object(text: &str) -> Result<Only, &'static str> {
    let (kind, name) = text.split_once('/').ok_or("it has to be KIND/NAME, such as Policy/Readers")?;
    Ok(Only { kind: kind.to_owned(), name: name.to_owned() })
}
