//! The flags that commands share. What the flags do is in `project` and in the files of the commands.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::import::update::Only;
use crate::model::guard::Guard;
use crate::plan::input::{PlanOptions, WriteOnly};
use crate::report::format::{self, FORMATS, Format};
use crate::run::history::BaseSource;
use crate::run::options::RunOptions;

/// The flags of every command.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// The configuration file; manifest paths are relative to its folder
    #[arg(long, global = true, value_name = "FILE", default_value = crate::config::file::FILE_NAME)]
    pub(super) config: PathBuf,
    /// Only this target (repeatable)
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) target: Vec<String>,
    /// How results are written
    #[arg(long, global = true, value_parser = formats(), default_value = format::DEFAULT)]
    pub(super) format: &'static Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Shows the requests of a plan; twice, also each request as it is sent
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Shows only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

impl Global {
    /// The targets that were named, and manifests for them, as they are today. The clock is read here and nowhere else,
    /// so that a run has one day even if it goes on after midnight.
    pub(super) fn options(&self) -> RunOptions {
        let plan = PlanOptions { day: day(Timestamp::now()), ..PlanOptions::default() };
        RunOptions { only: self.target.clone(), plan, ..RunOptions::default() }
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
pub(super) struct SandboxArgs {
    /// Runs against an embedded sandbox, without target or credential; its state is in `.enact/`
    #[arg(long)]
    pub(super) sandbox: bool,
}

/// The clock of a command that only reads. What writes has no such flag: a wrong day must not delete anything.
#[derive(Args)]
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

/// Which manifests a plan is made from, and what they are compared with.
#[derive(Args)]
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
    #[arg(long)]
    set_secrets: bool,
    /// Lets this run through a guard (repeatable)
    #[arg(long, value_parser = guards(), value_name = "GUARD")]
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
        let Self { rev, base: _, only_declared, set_secrets, allow } = self;
        let options = global.options();
        RunOptions {
            rev: rev.clone(),
            base,
            remembers: !sandbox.sandbox,
            plan: PlanOptions {
                allowed: allow.clone(),
                only_declared: *only_declared,
                write_only: if *set_secrets { WriteOnly::All } else { WriteOnly::Changed },
                ..options.plan
            },
            ..options
        }
    }
}

/// Parses the name of a format.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let rows = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    // Only names from the table get here.
    PossibleValuesParser::new(rows).try_map(|name| format::named(&name).ok_or("there is no such format"))
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
