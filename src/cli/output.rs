//! All that the program prints: results on standard output, diagnostics and progress on standard error. Nothing else
//! in the program prints.
//!
//! A reader of standard error that went away is no reason to stop. A result that nobody can read is a failure.

use std::io::{self, BufRead as _, IsTerminal, Write as _};

use super::args::{Color, Global};
use crate::report::format::Format;
use crate::report::style::Style;
use crate::report::{Ending, Exit, Report, diagnostics, text};
use crate::run::project::Connected;
use progress::Progress;

mod progress;

/// How many columns the text has.
const WIDTH: usize = 100;

/// How the user wants to read what a command found out.
pub(super) struct Output {
    pub(super) format: &'static Format,
    color: Color,
    verbose: u8,
    quiet: bool,
}

impl Output {
    /// As the flags say.
    pub(super) fn new(global: &Global) -> Self {
        let Global { format, color, verbose, quiet, config: _, target: _ } = global;
        Self { format, color: *color, verbose: *verbose, quiet: *quiet }
    }

    /// In this format, where the flags could not be read.
    pub(super) fn plain(format: &'static Format) -> Self {
        Self { format, color: Color::Never, verbose: 0, quiet: false }
    }

    /// Prints what a command found out, and says how the run ends.
    pub(super) fn finish(&self, report: &Report) -> Exit {
        // Who declined has seen them with the question.
        if report.ending != Ending::Declined {
            self.diagnostics(report);
        }
        self.result(report)
    }

    /// The same, for diagnostics that were printed already.
    pub(super) fn result(&self, report: &Report) -> Exit {
        match print(&(self.format.render)(report, &self.style())) {
            Ok(()) => report.exit(),
            Err(error) => self.unread(report, &error),
        }
    }

    /// Whoever waits for a result that cannot be printed would take silence for success. What was written must be
    /// told somewhere.
    fn unread(&self, report: &Report, error: &io::Error) -> Exit {
        // A remark about files that are there now is all that is lost.
        let is_remark = self.format.interactive && report.is_in_files();
        if !is_remark {
            say(&format!("error: the result could not be written: {error}\n"));
        }
        if report.has_outcomes() || report.is_in_files() {
            say(&text::render(report, &self.style()));
        }
        match report.exit() {
            Exit::Done | Exit::Pending if !is_remark => Exit::Failure,
            exit => exit,
        }
    }

    /// Prints diagnostics where they do not mix with results.
    fn diagnostics(&self, report: &Report) {
        let all = report.all_diagnostics();
        let shown: Vec<_> = all.filter(|diagnostic| diagnostic.is_error() || !self.quiet).cloned().collect();
        if !shown.is_empty() {
            let source = |file: &str| report.files.get(file).cloned();
            say(&diagnostics::render(&shown, &source, self.has_color(&io::stderr())));
        }
    }

    /// Shows a plan before it is applied; false if nobody can read it.
    pub(super) fn plan(&self, report: &Report) -> bool {
        print(&format!("{}\n", text::render(report, &self.style()))).is_ok()
    }

    /// Asks whether a plan that was shown is to be applied. What is wrong about it is told first.
    pub(super) fn agreed(&self, report: &Report) -> bool {
        self.diagnostics(report);
        say("Write these changes? Only `yes` is taken as a yes: ");
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }

    /// Whether a person is there who can be asked.
    pub(super) fn can_ask(&self) -> bool {
        self.format.interactive && io::stdin().is_terminal()
    }

    /// Says something beside the result, unless nobody wants to hear it.
    pub(super) fn remark(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Shows how many requests were sent for as long as the value lives.
    pub(super) fn progress<'a>(
        &self,
        what: &'static str,
        connected: impl IntoIterator<Item = &'a Connected<'a>>,
    ) -> Progress {
        Progress::start(self.quiet, what, connected)
    }

    /// Shows each request as it is sent, if that is wanted.
    pub(super) fn log(&self) {
        if self.verbose >= 2 {
            tracing_subscriber::fmt()
                .with_env_filter("enact=debug")
                .with_writer(io::stderr)
                // It would be said on standard error, and panic where that is gone.
                .log_internal_errors(false)
                .with_ansi(io::stderr().is_terminal())
                .without_time()
                .init();
        }
    }

    fn style(&self) -> Style {
        let color = self.has_color(&io::stdout());
        Style { color, width: WIDTH, verbose: self.verbose > 0, quiet: self.quiet }
    }

    fn has_color(&self, to: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                to.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// Writes a result to standard output.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints the help that was asked for on standard output, or what is wrong with the arguments on standard error.
pub(super) fn usage(error: &clap::Error) {
    // Nothing is left to do if the terminal is gone.
    let _ = error.print();
}

/// Writes to standard error, where a reader that went away is no reason to stop.
pub(super) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
