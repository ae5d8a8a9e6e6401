//! `enact completions`: what a shell needs to complete commands and flags.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::report::Report;
use crate::report::content::{Content, PageContent};

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// `enact` is its whole command line.
    pub(super) fn run(self, mut enact: Command) -> Report {
        let mut bytes = Vec::new();
        clap_complete::generate(self.shell, &mut enact, "enact", &mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let content = Content::Page(PageContent { name: self.shell.to_string(), text });
        Report { content, ..Report::of("completions") }
    }
}
