//! `enact lsp`: the language server on standard input and output. What it answers is in `lsp`.

use clap::Args;

use super::args::Global;
use super::output::{editor, say};
use crate::lsp::{Ended, LiveValues, serve};
use crate::report::Exit;
use crate::text::inert::Inert;

#[derive(Args)]
pub(super) struct Lsp {
    /// Hovers show what the targets hold, too: each is read with the credential of enact.yaml, and nothing is written
    #[arg(long)]
    live: bool,
}

impl Lsp {
    /// Serves until the editor ends it. Standard output is the editor's, so there is no report.
    pub(super) async fn run(self, global: &Global) -> Exit {
        let live = if self.live { LiveValues::Shown } else { LiveValues::LeftOut };
        match serve(editor(), global.config.clone(), live, || global.options()).await {
            Ended::Asked => Exit::Done,
            Ended::Lost(why) => {
                say(&Inert::text(&format!("The editor is gone: {why}\n")));
                Exit::Failure
            }
        }
    }
}
