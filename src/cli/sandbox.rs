//! `enact sandbox`, and `--sandbox` of the other commands.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Global, SandboxArgs, say, shown};
use crate::config::file::FILE_NAME;
use crate::diagnostic::{Code, Diagnostic};
use crate::report::Exit;
use crate::run::load::{ConfigText, Load, load};
use crate::run::options::RunOptions;
use crate::run::project::{Connected, Project};
use crate::sandbox::{self, Seed, Served, Store};
use crate::system::registry::Registry;

/// The configuration of this repository, for trying enact in a folder that has none.
const EXAMPLE: &str = include_str!("../../enact.yaml");

/// Where the state of `--sandbox` is kept.
const STATE: &str = ".enact/sandbox.json";

#[derive(Args)]
pub(super) struct Sandbox {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8014")]
    listen: SocketAddr,
    /// Keeps the state in this file instead of in memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Starts without the example objects
    #[arg(long)]
    empty: bool,
}

impl Sandbox {
    pub(super) async fn run(self, global: &Global) -> Exit {
        if !self.listen.ip().is_loopback() {
            say(
                "error: the sandbox takes any credential, so it listens on loopback only\n  = help: use 127.0.0.1 or [::1]\n",
            );
            return Exit::Usage;
        }
        let registry = Registry::built_in();
        let served = registry.names().map(|name| Served { name: name.to_owned(), system: name.to_owned() });
        let served: Vec<_> =
            served.filter(|row| global.target.is_empty() || global.target.contains(&row.name)).collect();
        if served.is_empty() {
            say("error: there is no such system\n  = help: `--target` takes the name of a system here\n");
            return Exit::Usage;
        }
        let names: Vec<_> = served.iter().map(|row| row.name.clone()).collect();
        let store = self.state.map_or(Store::Memory, Store::File);
        let seed = if self.empty { Seed::Empty } else { Seed::Examples };
        match sandbox::start(self.listen, served, store, seed).await {
            Ok(sandbox) => serve(&sandbox, &names).await,
            Err(error) => {
                say(&format!("error: the sandbox cannot start on {}: {error}\n", self.listen));
                Exit::Failure
            }
        }
    }
}

async fn serve(sandbox: &sandbox::Sandbox, names: &[String]) -> Exit {
    let urls: String = names.iter().map(|name| format!("{name:<10} {}\n", sandbox.url(name))).collect();
    let exit = shown(&urls);
    if exit != Exit::Done {
        return exit;
    }
    say("Any credential is accepted. Stop with Ctrl-C.\n");
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Done,
        Err(_) => Exit::Failure,
    }
}

impl SandboxArgs {
    /// Loads the project. The sandbox also works where there is no configuration.
    pub(super) fn load(&self, global: &Global, options: &RunOptions) -> Load {
        if self.sandbox && global.config == Path::new(FILE_NAME) && !global.config.exists() {
            let origin = ConfigText {
                file: FILE_NAME.to_owned(),
                folder: PathBuf::from("."),
                text: EXAMPLE.to_owned(),
            };
            return load(&origin, options);
        }
        global.load(options)
    }

    /// Sets up the connections. The sandbox lives as long as the value that comes with them.
    pub(super) async fn connect<'a>(
        &self,
        project: &'a Project,
    ) -> Result<(Option<sandbox::Sandbox>, Vec<Connected<'a>>), Vec<Diagnostic>> {
        if !self.sandbox {
            return project.connect(|_| None).map(|connected| (None, connected));
        }
        let defined = defined(project);
        if !defined.is_empty() {
            return Err(defined);
        }
        let sandbox = start(project).await.map_err(|diagnostic| vec![diagnostic])?;
        let connected = project.connect(|target| Some(sandbox.url(target)))?;
        Ok((Some(sandbox), connected))
    }
}

/// Targets that the sandbox cannot stand in for: it only knows the built-in systems.
fn defined(project: &Project) -> Vec<Diagnostic> {
    let registry = Registry::built_in();
    let unknown = project.targets().filter(|target| registry.get(&target.config.system).is_none());
    unknown
        .map(|target| {
            let system = &target.config.system;
            let message = format!("the sandbox does not serve `{system}`, which is defined in YAML");
            let diagnostic = Diagnostic::new(Code::SandboxSystem, message);
            diagnostic.about(&target.config.name).help("name the other targets with `--target`")
        })
        .collect()
}

async fn start(project: &Project) -> Result<sandbox::Sandbox, Diagnostic> {
    let served = |target: &crate::config::target::Target| Served {
        name: target.config.name.clone(),
        system: target.config.system.clone(),
    };
    let targets = project.targets().map(served).collect();
    let state = project.config.folder().join(STATE);
    sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), targets, Store::File(state), Seed::Examples)
        .await
        .map_err(|error| {
            Diagnostic::new(Code::SandboxStart, format!("the sandbox cannot start: {error}"))
                .help(format!("if `{STATE}` is damaged, remove it; the sandbox starts anew"))
        })
}
