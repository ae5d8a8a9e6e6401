//! `enact lsp`: the language server on standard input and output. What it answers is in `lsp`.

use std::path::Path;

use clap::Args;

use super::args::Global;
use super::output::say;
use crate::config::file::FILE_NAME;
use crate::lsp::{Ended, serve};
use crate::report::Exit;
use crate::text::inert::Inert;

#[derive(Args)]
pub(super) struct Lsp {}

impl Lsp {
    /// Serves until the editor ends it. Standard output is the editor's, so there is no report.
    pub(super) async fn run(self, global: &Global) -> Exit {
        let config = Some(global.config.clone()).filter(|config| config != Path::new(FILE_NAME));
        match serve(config, || global.options()).await {
            Ended::Asked => Exit::Done,
            Ended::Lost(why) => {
                say(&Inert::text(&format!("The editor is gone: {why}\n")));
                Exit::Failure
            }
        }
    }
}
