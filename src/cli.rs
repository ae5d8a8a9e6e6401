//! The command line: which commands exist, and the way from the arguments to an exit code. Each command is a file that
//! returns a report; `output` prints it. What the commands do is in `run`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::diagnostic::{Code, Diagnostic};
use crate::report::forge::Forge;
use crate::report::{Exit, Report};
use args::Global;
use output::Output;

mod apply;
mod args;
mod check_system;
mod completions;
mod doctor;
mod explain;
mod files;
mod fmt;
mod help;
mod import;
mod init;
mod log;
#[cfg(feature = "lsp")]
mod lsp;
mod man;
mod new_system;
mod output;
mod plan;
mod project;
mod question;
mod record;
mod report;
mod sandbox;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod signal;
mod signals;
mod status;
mod targets;
mod test;
mod undo;
mod unlock;
mod usage;
mod validate;
mod why;

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

#[derive(Subcommand)]
enum Command {
    /// Begins a repository: writes enact.yaml, the schemas for your editor and .gitignore; overwrites nothing
    Init(init::Init),
    /// Asks whether each target can be worked with, and says what is missing; sends reads only
    Doctor(doctor::Doctor),
    /// Lists the targets of enact.yaml; asks nobody
    Targets(targets::Targets),
    /// Checks everything that needs neither network nor credential
    Validate(validate::Validate),
    /// Shows what apply would do; sends reads only
    Plan(plan::Plan),
    /// Makes the live systems agree with git
    Apply(apply::Apply),
    /// Says of one object where it is declared, what was declared before, what is live, and what follows; sends reads only
    Why(why::Why),
    /// Says what a kind, a field or the code of a diagnostic means
    Explain(explain::Explain),
    /// Puts manifests into their usual form; comments and what they say stay
    Fmt(fmt::Fmt),
    /// Runs the policy tests: who may do what, and by which rule; sends nothing, or reads only
    Test(test::Test),
    /// Asks whether somebody may do something, and by which rule; exit code 0 is yes, 1 is no, 6 is that nobody knows
    Can(question::Can),
    /// Lists who may do something, and by which rule
    WhoCan(question::WhoCan),
    /// Writes manifests from what is live
    Import(import::Import),
    /// Shows what the records say of each target: last runs, locks, holds; asks no target and no remote
    Status(status::Status),
    /// Lists what was applied, when and by whom, or what became of one object; asks no target and no remote
    Log(log::Log),
    /// Shows one run, object by object, as its record has it
    Show(show::Show),
    /// Plans what brings back what git declared before a run; writes nothing
    Undo(undo::Undo),
    /// Looks after the records: drops runs that nobody needs any more
    Record(record::Record),
    /// Works with reports that jobs have written: joins those that shared one run
    Report(report::ReportArgs),
    /// Removes the lock of a target that a run left behind; writes to git, and to no API
    Unlock(unlock::Unlock),
    /// Prints or writes the JSON Schemas of manifests, configuration and JSON documents
    Schema(schema::Schema),
    /// Serves all built-in systems on loopback, for trying and testing
    Sandbox(sandbox::Sandbox),
    /// Looks after the targets by their schedules until it is told to end: shows drift, or writes
    #[cfg(feature = "serve")]
    Serve(serve::Serve),
    /// Serves an editor over standard input and output: diagnostics while you type, completion, hover, definitions
    #[cfg(feature = "lsp")]
    Lsp(lsp::Lsp),
    /// Drafts the definition of a system from the OpenAPI document of its API
    NewSystem(new_system::NewSystem),
    /// Checks the definition of a system, offline or against a live one
    CheckSystem(check_system::CheckSystem),
    /// Prints what a shell needs to complete commands and flags
    Completions(completions::Completions),
    /// Prints the manual, page by page, for man(1)
    Man(man::Man),
}

impl Command {
    /// Whether its result is shown in a pager: not where somebody is asked, or it goes on to run.
    fn is_paged(&self) -> bool {
        match self {
            #[cfg(feature = "serve")]
            Self::Serve(_) => false,
            #[cfg(feature = "lsp")]
            Self::Lsp(_) => false,
            Self::Apply(_) | Self::Init(_) | Self::NewSystem(_) => false,
            Self::Record(_) | Self::Unlock(_) | Self::Sandbox(_) => false,
            _ => true,
        }
    }
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let exit = match parse(&arguments) {
        Ok((cli, name)) => start(cli, &name),
        Err(error) => usage::report(error, &arguments, command()),
    };
    ExitCode::from(exit as u8)
}

/// The arguments, and the name of their command.
fn parse(arguments: &[OsString]) -> clap::error::Result<(Cli, String)> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let cli = Cli::from_arg_matches(&matches)?;
    match cli.global.mixed() {
        Some(why) => Err(command.error(ErrorKind::ArgumentConflict, why)),
        None => Ok((cli, name)),
    }
}

fn start(cli: Cli, name: &str) -> Exit {
    let output = Output::new(&cli.global, cli.command.is_paged());
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            output.log();
            runtime.block_on(cli.run(&output))
        }
        Err(error) => {
            let message = format!("the runtime cannot start: {error}");
            let diagnostic = Diagnostic::new(Code::CliRuntime, message);
            output.finish(&Report { diagnostics: vec![diagnostic], ..Report::of(name) })
        }
    }
}

impl Cli {
    async fn run(self, output: &Output) -> Exit {
        let global = &self.global;
        let report = match self.command {
            Command::Init(command) => command.run(global, output).await,
            Command::Doctor(command) => command.run(global).await,
            Command::Targets(command) => command.run(global),
            Command::Validate(command) => command.run(global),
            Command::Plan(command) => command.run(global, output).await,
            Command::Apply(command) => command.run(global, output).await,
            Command::Why(command) => command.run(global, output).await,
            Command::Explain(command) => command.run(global),
            Command::Fmt(command) => command.run(global),
            Command::NewSystem(command) => command.run(global),
            Command::Test(command) => command.run(global, output).await,
            Command::Can(command) => command.run(global, output).await,
            Command::WhoCan(command) => command.run(global, output).await,
            Command::Import(command) => command.run(global, output).await,
            Command::Status(command) => command.run(global),
            Command::Log(command) => command.run(global),
            Command::Show(command) => command.run(global),
            Command::Undo(command) => command.run(global, output).await,
            Command::Record(command) => command.run(global, output).await,
            Command::Report(command) => command.run(),
            Command::Unlock(command) => command.run(global, output),
            Command::Schema(command) => command.run(global),
            Command::Sandbox(command) => {
                let (report, sandbox) = command.run(global).await;
                let exit = output.finish(&report);
                return sandbox::serve(sandbox, exit, output).await;
            }
            #[cfg(feature = "serve")]
            Command::Serve(command) => command.run(global, output).await,
            #[cfg(feature = "lsp")]
            Command::Lsp(command) => return command.run(global).await,
            Command::CheckSystem(command) => command.run(global).await,
            Command::Completions(completions) => completions.run(command()),
            Command::Man(man) => man.run(command()),
        };
        let report = Report { forge: Forge::of(&|name| std::env::var(name).ok()), ..report };
        output.finish(&report)
    }
}

/// The command line as clap knows it, for the test that the README names every command.
pub fn command() -> clap::Command {
    help::complete(Cli::command())
}
