//! `enact completions`: what a shell needs to complete commands and flags.

use clap::Args;
use clap_complete::Shell;

use crate::report::Report;
use crate::report::content::{Content, PageContent};

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Report {
        let mut bytes = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "enact", &mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let content = Content::Page(PageContent { name: self.shell.to_string(), text });
        Report { content, ..Report::of("completions") }
    }
}
