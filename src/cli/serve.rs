//! `enact serve`: its flags, and its log. The service itself is in `serve`.

use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::args::Global;
use super::output::Output;
use super::signal::stop_on_signal;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::Report;
use crate::report::pass::{ServeEvent, ServeLine};
use crate::run::whose;
use crate::serve::Service;
use crate::serve::follow::Clone;

/// The store of a service that has a clone, beside it.
const STORE: &str = "enact.db";

#[derive(Args)]
pub(super) struct Serve {
    /// The git repository to follow; without it, the working tree is served as it is
    #[arg(long, value_name = "URL", requires = "directory")]
    repository: Option<String>,
    /// The branch to follow
    #[arg(long, value_name = "NAME", default_value = "main", requires = "repository")]
    branch: String,
    /// Where the clone is kept; nothing else may be there
    #[arg(long, value_name = "FOLDER", requires = "repository")]
    directory: Option<PathBuf>,
    /// Gives each target one pass, and ends
    #[arg(long)]
    once: bool,
    /// The file that keeps how passes ended, or a database: postgres://USER@HOST/DATABASE, whose password is in PGPASSWORD; with
    /// `--repository` it is `enact.db` in the folder of the clone
    #[arg(long, value_name = "FILE|URL")]
    store: Option<PathBuf>,
    /// Shows its pages and answers `/healthz`, `/readyz`, `/metrics` and webhooks at this address, such as 127.0.0.1:8080; port
    /// 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// How the lines of the log are written, on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

/// How the lines of a log are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON document a line
    Json,
}

impl Serve {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let clone = match self.clone(global.config_file()) {
            Ok(clone) => clone,
            Err(diagnostic) => return Report { diagnostics: vec![diagnostic], ..Report::of("serve") },
        };
        let (host, is_json) = (whose::host(), self.log_format == LogFormat::Json);
        let log = |event: ServeEvent| {
            let line = ServeLine { format_version: 1, time: Timestamp::now(), host: host.clone(), event };
            output.line(&line, is_json);
        };
        let service = Service {
            config: global.config_file().to_owned(),
            clone,
            only: global.target.clone(),
            once: self.once,
            stop: stop_on_signal(),
            listen: self.listen,
            store: self.store.or_else(|| Some(self.directory?.join(STORE))),
            host: host.clone(),
            log: &log,
        };
        service.run().await
    }

    /// The clone to follow, if there is one.
    fn clone(&self, config: &Path) -> Result<Option<Clone>, Diagnostic> {
        let (Some(url), Some(folder)) = (&self.repository, &self.directory) else { return Ok(None) };
        // It is looked for in each commit.
        if !config.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            let message = format!("`{}` is not in the repository that is followed", config.display());
            let diagnostic = Diagnostic::new(Code::ServeClone, message);
            return Err(diagnostic.help("name it relative to the top of the repository"));
        }
        Clone::open(folder, url, &self.branch).map(Some)
    }
}
