//! `enact sandbox`. The sandbox that other commands embed with `--sandbox` is in `project`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::args::Global;
use super::output::Output;
use crate::config::starter::{self, NewTarget, SANDBOX_KEY};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::content::{self, Content, SandboxTarget};
use crate::report::{Exit, Report};
use crate::sandbox::{self, Seed, Served, Store};
use crate::system::registry::Registry;

/// Where it listens unless `--listen` says otherwise.
pub(super) const ADDRESS: &str = URL.split_at("http://".len()).1;
/// The same as a URL.
pub(super) const URL: &str = "http://127.0.0.1:8014";

#[derive(Args)]
pub(super) struct Sandbox {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = ADDRESS)]
    listen: SocketAddr,
    /// Keeps the state in this file instead of in memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Starts without the example objects
    #[arg(long)]
    empty: bool,
}

impl Sandbox {
    /// Starts the sandbox. The report is printed before anybody waits for it.
    pub(super) async fn run(self, global: &Global) -> (Report, Option<sandbox::Sandbox>) {
        match self.start(global).await {
            Ok((targets, sandbox)) => {
                let new = |target: &SandboxTarget| NewTarget::in_sandbox(&target.name, &target.url);
                let config = starter::text(&targets.iter().filter_map(new).collect::<Vec<_>>());
                let content = Content::Sandbox(content::SandboxContent { targets, config });
                (Report { content, ..Report::of("sandbox") }, Some(sandbox))
            }
            Err(diagnostic) => (Report { diagnostics: vec![diagnostic], ..Report::of("sandbox") }, None),
        }
    }

    async fn start(self, global: &Global) -> Result<(Vec<SandboxTarget>, sandbox::Sandbox), Diagnostic> {
        if !self.listen.ip().is_loopback() {
            let message = "the sandbox accepts any credential, so it listens on loopback only";
            let diagnostic = Diagnostic::new(Code::SandboxLoopback, message);
            return Err(diagnostic.help("use 127.0.0.1 or [::1]"));
        }
        let names = served(global)?;
        let rows = names.iter().map(|name| Served { name: name.clone(), system: name.clone() }).collect();
        let store = self.state.map_or(Store::Memory, Store::File);
        let seed = if self.empty { Seed::Empty } else { Seed::Examples };
        let sandbox = sandbox::start(self.listen, rows, store, seed).await.map_err(|error| {
            let message = format!("the sandbox cannot start on {}: {error}", self.listen);
            let help = match error.kind() {
                ErrorKind::AddrInUse => {
                    "choose another address, such as `enact sandbox --listen 127.0.0.1:8015`; `enact init --sandbox=127.0.0.1:8015` names it"
                }
                _ => "choose another address with `--listen`, or another file with `--state`",
            };
            Diagnostic::new(Code::SandboxStart, message).help(help)
        })?;
        let target = |name: String| SandboxTarget { url: sandbox.url(&name), name };
        Ok((names.into_iter().map(target).collect(), sandbox))
    }
}

/// The systems that are served; `--target` takes their names here.
fn served(global: &Global) -> Result<Vec<String>, Diagnostic> {
    let registry = Registry::built_in();
    let wanted = |name: &&str| global.target.is_empty() || global.target.iter().any(|only| only == name);
    let names: Vec<_> = registry.names().filter(wanted).map(str::to_owned).collect();
    if names.is_empty() {
        let help = format!(
            "`--target` takes the name of a system here: {}",
            registry.names().collect::<Vec<_>>().join(", ")
        );
        let diagnostic = Diagnostic::new(Code::SandboxSystem, "there is no such system");
        return Err(diagnostic.help(help));
    }
    Ok(names)
}

/// Serves until Ctrl-C, if the report with the address was printed.
pub(super) async fn serve(sandbox: Option<sandbox::Sandbox>, exit: Exit, output: &Output) -> Exit {
    let Some(_serving) = sandbox.filter(|_| exit == Exit::Done) else { return exit };
    output.remark(&format!("Any credential is accepted: `export {SANDBOX_KEY}=any`. Stop with Ctrl-C.\n"));
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Done,
        Err(_) => Exit::Failure,
    }
}
