//! All that the program prints: results on standard output, diagnostics and progress on standard error. Nothing else in
//! the program prints. How a report looks is in `report`. What is printed is an [`Inert`], which acts on nothing that
//! reads it.
//!
//! A reader of standard error that went away is no reason to stop. A result that nobody can read is a failure.

use std::io::{self, BufRead as _, IsTerminal, Write as _};
use std::sync::OnceLock;

use terminal_size::{Height, Width, terminal_size_of};

use super::args::{Color, Global, ReportFile};
use super::files::{self, Readers};
use crate::report::content::LockStatus;
use crate::report::format::Format;
#[cfg(feature = "serve")]
use crate::report::pass::ServeLine;
use crate::report::style::Style;
use crate::report::{Ending, Exit, Report, diagnostics, status, text};
use crate::run::counts::Work;
use crate::run::project::Connected;
use crate::text::inert::Inert;
use crate::text::inline;
use progress::Progress;

mod pager;
mod progress;

/// The width of the text in columns, where it is not that of a terminal.
const WIDTH: usize = 100;
/// In a terminal that is narrower, lines are longer than it.
const NARROWEST: usize = 40;

/// How the user wants to read results.
pub(super) struct Output {
    pub(super) format: &'static Format,
    reports: Vec<ReportFile>,
    color: Color,
    verbose: u8,
    quiet: bool,
    summary: bool,
    /// Whether a result on a terminal is shown in a pager.
    paged: bool,
    /// The digest of the plan that was shown before a question.
    shown: OnceLock<String>,
}

impl Output {
    /// Follows the flags.
    pub(super) fn new(global: &Global, paged: bool) -> Self {
        let Global { format, report, color, verbose, quiet, summary, config: _, target: _ } = global;
        Self {
            reports: report.clone(),
            color: *color,
            verbose: *verbose,
            quiet: *quiet,
            summary: *summary,
            paged,
            ..Self::plain(format)
        }
    }

    /// Uses this format, if the flags cannot be read.
    pub(super) fn plain(format: &'static Format) -> Self {
        Self {
            format,
            reports: Vec::new(),
            color: Color::Never,
            verbose: 0,
            quiet: false,
            summary: false,
            paged: false,
            shown: OnceLock::new(),
        }
    }

    /// Prints what a command found out, and returns the exit code.
    pub(super) fn finish(&self, report: &Report) -> Exit {
        // A user who declined has seen them with the question.
        if report.ending != Ending::Declined {
            self.diagnostics(report);
        }
        self.result(report)
    }

    /// The same, if the diagnostics are already printed.
    pub(super) fn result(&self, report: &Report) -> Exit {
        let style = self.style();
        let style = Style { summary: style.summary || self.is_shown(report), ..style };
        let exit = match self.show(&self.format.render(report, &style)) {
            Ok(()) => report.exit(),
            Err(error) => self.unread(report, &error),
        };
        let failed = self.reports.iter().filter(|to| !self.report(report, to)).count();
        match exit {
            Exit::Done | Exit::Pending if failed > 0 => Exit::Failure,
            exit => exit,
        }
    }

    /// Prints a result, in a pager where there is one.
    fn show(&self, text: &Inert) -> io::Result<()> {
        match self.paged && io::stdout().is_terminal() && pager::show(text)? {
            true => Ok(()),
            false => print(text),
        }
    }

    /// Whether this very plan was shown before a question, and nothing came of it. Nobody reads it twice.
    fn is_shown(&self, report: &Report) -> bool {
        !report.has_outcomes() && self.shown.get().is_some_and(|shown| *shown == report.digest())
    }

    /// Writes the result once more, in another format; false if it cannot be written.
    fn report(&self, report: &Report, ReportFile { format, file }: &ReportFile) -> bool {
        let written = match file {
            None => print(&format.render(report, &self.style())),
            // Colours are for a terminal.
            Some(file) => {
                let style = Style { color: false, ..self.style() };
                files::replace(file, &format.render(report, &style), Readers::Usual)
            }
        };
        if let Err(error) = &written {
            let file = file.as_ref().map_or("-".into(), |file| file.to_string_lossy());
            let file = inline(&file);
            say(&Inert::text(&format!(
                "error: the {} report `{file}` could not be written: {error}\n",
                format.name
            )));
        }
        written.is_ok()
    }

    /// Handles a result that cannot be printed. No output would look like success, so what was written is reported on
    /// standard error.
    fn unread(&self, report: &Report, error: &io::Error) -> Exit {
        // If the files exist, only a remark is lost.
        let is_remark = self.format.interactive && report.is_in_files();
        if !is_remark {
            say(&Inert::text(&format!("error: the result could not be written: {error}\n")));
        }
        if report.has_outcomes() || report.is_in_files() {
            say(&text::inert(report, &self.style()));
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
            let source = |file: &str| report.files.get(file).map(|text| text.as_ref().to_owned());
            let color = self.has_color(&io::stderr());
            let columns = columns(terminal_size_of(io::stderr()));
            say(&Inert::styled(&diagnostics::render(&shown, &source, columns, color), color));
        }
    }

    /// Shows a plan before it is applied; false if it cannot be printed.
    pub(super) fn plan(&self, report: &Report) -> bool {
        let plan = text::inert(report, &self.style());
        let _ = self.shown.set(report.digest());
        print(&plan).and_then(|()| print(&Inert::text("\n"))).is_ok()
    }

    /// Asks whether to apply a plan that was shown, after its diagnostics and what it takes.
    pub(super) fn agreed(&self, report: &Report, takes: &str) -> bool {
        self.diagnostics(report);
        say(&Inert::text(&format!("{takes}\n")));
        say(&Inert::text("Write these changes? Type `yes` to write them: "));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }

    /// Shows a lock, and asks whether to remove it.
    pub(super) fn agreed_to_unlock(&self, target: &str, lock: Option<&LockStatus>) -> bool {
        let says = lock.map_or_else(|| "locked, and the lock cannot be read".to_owned(), status::lock);
        say(&Inert::text(&format!("{}: {}\n", inline(target), inline(&says))));
        say(&Inert::text(
            "If that run still goes on, another one may begin to write beside it. Type `yes` to remove the lock: ",
        ));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }

    /// Asks whether to drop all runs but the last ones from the records.
    pub(super) fn agreed_to_prune(&self, keep: u32) -> bool {
        say(&Inert::text(&format!(
            "What older runs did than the last {keep} can then no longer be asked or undone. Type `yes` to drop them: "
        )));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }

    /// Asks for a line of text; `None` if nothing can be read.
    pub(super) fn asked(&self, question: &str) -> Option<String> {
        say(&Inert::text(question));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok().map(|_| answer.trim().to_owned())
    }

    /// Whether there is a person to ask.
    pub(super) fn can_ask(&self) -> bool {
        self.format.interactive && io::stdin().is_terminal()
    }

    /// Prints something beside the result, unless the user wants quiet.
    pub(super) fn remark(&self, text: &str) {
        if !self.quiet {
            say(&Inert::text(text));
        }
    }

    /// Adds a line to the log of the service, beside its result.
    #[cfg(feature = "serve")]
    pub(super) fn line(&self, line: &ServeLine, is_json: bool) {
        say(&if is_json { Inert::json(&line.json()) } else { Inert::text(&line.text()) });
    }

    /// Shows how far a run has got, for as long as the returned value lives.
    pub(super) fn progress<'a>(
        &self,
        work: Work,
        connected: impl IntoIterator<Item = &'a Connected<'a>>,
    ) -> Progress {
        Progress::start(self.quiet, work, connected, say)
    }

    /// Shows each request as it is sent, if the user wants that.
    pub(super) fn log(&self) {
        if self.verbose >= 2 {
            tracing_subscriber::fmt()
                .with_env_filter("enact=debug")
                .with_writer(|| Log)
                // They would go to standard error, and panic if it is closed.
                .log_internal_errors(false)
                .with_ansi(io::stderr().is_terminal())
                .without_time()
                .init();
        }
    }

    fn style(&self) -> Style {
        let color = self.has_color(&io::stdout());
        let columns = columns(terminal_size_of(io::stdout()));
        Style {
            color,
            width: columns.unwrap_or(WIDTH),
            wraps: columns.is_some(),
            verbose: self.verbose > 0,
            quiet: self.quiet,
            summary: self.summary,
        }
    }

    fn has_color(&self, to: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => shows_color(to),
        }
    }
}

/// How wide a terminal is; `None` if it is none.
fn columns(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(Width(columns), _)| usize::from(columns).max(NARROWEST))
}

/// By the conventions of <https://no-color.org> and <https://bixense.com/clicolors>.
fn shows_color(to: &impl IsTerminal) -> bool {
    let is_set =
        |name, off: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != off);
    !is_set("NO_COLOR", "") && (is_set("CLICOLOR_FORCE", "0") || to.is_terminal())
}

/// Writes a result to standard output.
fn print(text: &Inert) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints the requested help on standard output, or what is wrong with the arguments on standard error.
pub(super) fn usage(error: &clap::Error) {
    let text = |color| match color {
        true => Inert::styled(&error.render().ansi().to_string(), true),
        false => Inert::text(&error.render().to_string()),
    };
    if error.use_stderr() {
        say(&text(shows_color(&io::stderr())));
    } else {
        // If the terminal is gone, there is nothing left to do.
        let _ = print(&text(shows_color(&io::stdout())));
    }
}

/// The two ends of an editor, whose protocol is all that goes there.
#[cfg(feature = "lsp")]
pub(super) fn editor() -> (io::Stdin, io::Stdout) {
    (io::stdin(), io::stdout())
}

/// Writes to standard error. If its reader went away, the program goes on.
pub(super) fn say(text: &Inert) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Where the requests are shown, each as one piece of text.
struct Log;

impl io::Write for Log {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        say(&Inert::styled(&String::from_utf8_lossy(event), true));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
