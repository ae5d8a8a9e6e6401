//! `enact man`: the manual, as pages for man(1).

use clap::{Args, Command};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::report::Report;
use crate::report::content::{Content, PageContent};

#[derive(Args)]
pub(super) struct Man {
    /// The page of this command; without it, the page of enact
    #[arg(value_name = "COMMAND")]
    of: Option<String>,
}

impl Man {
    /// `enact` is its whole command line.
    pub(super) fn run(self, enact: Command) -> Report {
        let mut report = Report::of("man");
        match page(self.of.as_deref(), enact) {
            Ok(page) => report.content = Content::Page(page),
            Err(diagnostic) => report.diagnostics.push(diagnostic),
        }
        report
    }
}

fn page(of: Option<&str>, mut enact: Command) -> Result<PageContent, Diagnostic> {
    enact.build();
    let command = match of {
        None => enact,
        Some(name) => {
            let found = enact.get_subcommands().find(|command| command.get_name() == name);
            found.cloned().ok_or_else(|| unknown(name, &enact))?
        }
    };
    let name = of.map_or("enact".to_owned(), |name| format!("enact-{name}"));
    let mut bytes = Vec::new();
    // To write to memory cannot fail.
    let _ = clap_mangen::Man::new(command).title(name.as_str()).render(&mut bytes);
    Ok(PageContent { name, text: String::from_utf8_lossy(&bytes).into_owned() })
}

fn unknown(name: &str, enact: &Command) -> Diagnostic {
    let names = enact.get_subcommands().map(Command::get_name);
    let help = nearest(name, names).map_or_else(
        || "`enact --help` lists the commands".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::new(Code::CliPage, format!("there is no command `{name}`")).help(help)
}
