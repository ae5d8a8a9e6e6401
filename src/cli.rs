//! The command line: arguments, and printing. Each command is a short function in its own file.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::config::target::Config;
use crate::config::{self, Systems};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Files;
use crate::model::guard::Guard;
use crate::plan::input::{PlanOptions, WriteOnly};
use crate::report::{self, Exit, Report};
use crate::run::history::BaseSource;
use crate::run::load::{ConfigText, Load};
use crate::run::options::RunOptions;
use crate::system::registry::Registry;

mod apply;
mod check_system;
mod import;
mod plan;
mod progress;
mod sandbox;
mod schema;
mod validate;

/// Keeps access policy in git and makes live systems agree with it.
#[derive(Parser)]
#[command(
    name = "enact",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Global {
    /// The configuration file; manifests are looked for beside it
    #[arg(long, global = true, value_name = "FILE", default_value = crate::config::file::FILE_NAME)]
    config: PathBuf,
    /// Only this target (repeatable)
    #[arg(long, global = true, value_name = "NAME")]
    target: Vec<String>,
    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Shows the requests of a plan; twice, also each request as it is sent
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Shows only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// A comment for a pull request
    Markdown,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Where a plan looks: the targets of enact.yaml, or the embedded sandbox.
#[derive(Args)]
struct SandboxArgs {
    /// Runs against an embedded sandbox, without target or credential; its state is in `.enact/`
    #[arg(long)]
    sandbox: bool,
}

/// Which manifests a plan is made from, and what they are compared with.
#[derive(Args)]
struct RevisionArgs {
    /// Reads the manifests as git objects of this revision, never the working tree; enact.yaml stays the checkout's
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// What git declared before, to tell its changes from drift; left out, what was last applied
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Only what git changed since the base; only these objects are read
    #[arg(long)]
    only_declared: bool,
    /// Sends secrets, and whatever else cannot be read back, for every object that declares some
    #[arg(long)]
    set_secrets: bool,
    /// Lets this run through a guard (repeatable)
    #[arg(long, value_enum, value_name = "GUARD")]
    allow: Vec<Guard>,
}

impl RevisionArgs {
    /// In the sandbox there is no record of what was applied: it must not be taken for that of the real target.
    fn options(&self, global: &Global, sandbox: &SandboxArgs) -> RunOptions {
        let base = match &self.base {
            Some(rev) => BaseSource::Revision(rev.clone()),
            None if sandbox.sandbox => BaseSource::Nowhere,
            None => BaseSource::Applied,
        };
        let Self { rev, base: _, only_declared, set_secrets, allow } = self;
        RunOptions {
            rev: rev.clone(),
            base,
            plan: PlanOptions {
                allowed: allow.clone(),
                only_declared: *only_declared,
                write_only: if *set_secrets { WriteOnly::All } else { WriteOnly::Changed },
            },
            ..global.options()
        }
    }
}

#[derive(Subcommand)]
enum Command {
    /// Checks everything that needs neither network nor credential
    Validate(validate::Validate),
    /// Shows what apply would do; sends reads only
    Plan(plan::Plan),
    /// Makes the live systems agree with git
    Apply(apply::Apply),
    /// Writes manifests from what is live
    Import(import::Import),
    /// Prints or writes the JSON Schemas of manifests, configuration and plan
    Schema(schema::Schema),
    /// Serves all built-in systems on loopback, for trying and testing
    Sandbox(sandbox::Sandbox),
    /// Proves the definition of a system, offline or against a live one
    CheckSystem(check_system::CheckSystem),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("error: the runtime cannot start: {error}\n"));
            return code(Exit::Failure);
        }
    };
    log(cli.global.verbose);
    code(runtime.block_on(cli.run()))
}

impl Cli {
    async fn run(self) -> Exit {
        let global = &self.global;
        match self.command {
            Command::Validate(command) => command.run(global),
            Command::Plan(command) => command.run(global).await,
            Command::Apply(command) => command.run(global).await,
            Command::Import(command) => command.run(global).await,
            Command::Schema(command) => command.run(global),
            Command::Sandbox(command) => command.run(global).await,
            Command::CheckSystem(command) => command.run(global).await,
        }
    }
}

/// clap exits with 2 on wrong usage, which is "changes pending" here.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to do if the terminal is gone.
    let _ = error.print();
    code(if error.use_stderr() { Exit::Usage } else { Exit::Done })
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

fn log(verbose: u8) {
    if verbose >= 2 {
        tracing_subscriber::fmt()
            .with_env_filter("enact=debug")
            .with_writer(std::io::stderr)
            // It would be said on standard error, and panic where that is gone.
            .log_internal_errors(false)
            .with_ansi(std::io::stderr().is_terminal())
            .without_time()
            .init();
    }
}

impl Global {
    /// Reads the configuration file.
    fn origin(&self) -> Result<ConfigText, Diagnostic> {
        let file = self.config.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&self.config).map_err(|error| {
            let help = "run enact in the folder of enact.yaml, name it with `--config`, or use `--sandbox` to try enact";
            Diagnostic::new(Code::ConfigUnreadable, format!("`{file}` cannot be read: {error}")).help(help)
        })?;
        let folder = self.config.parent().map(PathBuf::from).unwrap_or_default();
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        Ok(ConfigText { file, folder, text })
    }

    /// Loads the project; what is wrong with the configuration file itself is a diagnostic like any other.
    fn load(&self, options: &RunOptions) -> Load {
        match self.origin() {
            Ok(origin) => crate::run::load::load(&origin, options),
            Err(diagnostic) => Load { diagnostics: vec![diagnostic], ..Load::default() },
        }
    }

    /// The configuration without manifests; the texts of the definitions that it names are put into `files`.
    fn config(&self, files: &mut Files, diagnostics: &mut Vec<Diagnostic>) -> Option<Config> {
        let origin = self.origin().map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
        let mut definitions = Files::new();
        let systems = Systems::Defined(&mut definitions);
        let config = config::load(&origin.file, &origin.folder, &origin.text, systems, diagnostics);
        files.extend(definitions);
        config
    }

    /// The systems that the configuration knows, or only those that are built in where there is none.
    fn registry(&self) -> Result<Arc<Registry>, (Vec<Diagnostic>, Files)> {
        let is_default = self.config == Path::new(crate::config::file::FILE_NAME);
        if is_default && !self.config.exists() {
            return Ok(Arc::new(Registry::built_in()));
        }
        let (mut diagnostics, mut files) = (Vec::new(), Files::new());
        let config = self.config(&mut files, &mut diagnostics);
        config.map(|config| config.registry).ok_or((diagnostics, files))
    }

    /// The targets that were named, and manifests for them.
    fn options(&self) -> RunOptions {
        RunOptions { only: self.target.clone(), ..RunOptions::default() }
    }

    fn color(&self, to: &impl std::io::IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                to.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }

    /// Prints diagnostics on standard error, where they do not mix with results.
    fn show_diagnostics(&self, diagnostics: &[Diagnostic], files: &Files) {
        let shown: Vec<_> =
            diagnostics.iter().filter(|diagnostic| diagnostic.is_error() || !self.quiet).cloned().collect();
        if !shown.is_empty() {
            let color = self.color(&std::io::stderr());
            say(&report::diagnostics::render(&shown, &|file| files.get(file).cloned(), color));
        }
    }

    /// Prints a report in the chosen format, and says how the run ends. A result that cannot be printed is a
    /// failure: whoever waits for it would take silence for success.
    fn finish(&self, report: &Report, files: &Files) -> Exit {
        let diagnostics: Vec<_> = report.all_diagnostics().cloned().collect();
        self.show_diagnostics(&diagnostics, files);
        let text = match self.format {
            Format::Json => report::json::render(report),
            Format::Markdown => report::markdown::render(report),
            Format::Text if report.targets.is_empty() => String::new(),
            Format::Text => report::text::render(report, &self.style()),
        };
        match print(&text) {
            Ok(()) => report.exit(),
            Err(error) => {
                say(&format!("error: {}\n", unshown(&error)));
                if report.has_outcomes() {
                    // What was written must be told somewhere.
                    say(&report::text::render(report, &self.style()));
                }
                if report.exit() == Exit::Done { Exit::Failure } else { report.exit() }
            }
        }
    }

    fn style(&self) -> report::text::Style {
        let color = self.color(&std::io::stdout());
        report::text::Style { color, width: 100, verbose: self.verbose > 0 }
    }
}

/// Writes a result to standard output.
fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The same where that is all that a command does.
fn shown(text: &str) -> Exit {
    match print(text) {
        Ok(()) => Exit::Done,
        Err(error) => {
            say(&format!("error: {}\n", unshown(&error)));
            Exit::Failure
        }
    }
}

fn unshown(error: &std::io::Error) -> String {
    format!("the result could not be written: {error}")
}

/// Writes to standard error, where a reader that went away is no reason to stop.
fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The command line as clap knows it, for the check that the README tells of every command.
pub fn command() -> clap::Command {
    Cli::command()
}
