//! The way to the targets of a run, or to the embedded sandbox in their place.

use std::net::SocketAddr;

use crate::config::target::Target;
use crate::diagnostic::{Code, Diagnostic};
use crate::run::project::{Connected, Project};
use crate::sandbox::{self, Sandbox, Seed, Served, Store};
use crate::system::registry::Registry;

/// Where the state of `--sandbox` is kept.
const STATE: &str = ".enact/sandbox.json";

/// Sets up the connections of a run. The sandbox lives as long as the value returned with them.
pub async fn connect(
    project: &Project,
    sandbox: bool,
) -> Result<(Option<Sandbox>, Vec<Connected<'_>>), Vec<Diagnostic>> {
    if !sandbox {
        return project.connect(|_| None).map(|connected| (None, connected));
    }
    let unserved = unserved(project);
    if !unserved.is_empty() {
        return Err(unserved);
    }
    let sandbox = start(project).await.map_err(|diagnostic| vec![diagnostic])?;
    let connected = project.connect(|target| Some(sandbox.url(target)))?;
    Ok((Some(sandbox), connected))
}

/// Reports targets that the sandbox cannot replace: it only has the built-in systems.
fn unserved(project: &Project) -> Vec<Diagnostic> {
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

async fn start(project: &Project) -> Result<Sandbox, Diagnostic> {
    let served =
        |target: &Target| Served { name: target.config.name.clone(), system: target.config.system.clone() };
    let targets = project.targets().map(served).collect();
    let state = project.config.folder().join(STATE);
    sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), targets, Store::File(state), Seed::Examples)
        .await
        .map_err(|error| {
            Diagnostic::new(Code::SandboxStart, format!("the sandbox cannot start: {error}"))
                .help(format!("if `{STATE}` is damaged, remove it; the sandbox then starts over"))
        })
}
