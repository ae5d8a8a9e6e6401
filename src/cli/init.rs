//! `enact init`: its flags, the questions, and the files that it writes. What stands in enact.yaml is in
//! `config::starter`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use reqwest::Url;

use super::args::Global;
use super::files;
use super::output::Output;
use super::sandbox;
use crate::catalog;
use crate::config::file::FILE_NAME;
use crate::config::starter::{self, NewTarget, SANDBOX_KEY};
use crate::config::{self, Systems};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::file::folder_of;
use crate::report::Report;
use crate::report::content::{Content, InitContent, InitFile};
use crate::run::find::{FoundAt, find};
use crate::system::registry::Registry;
use crate::text::{inline, short};

/// The folder of the schemas, beside enact.yaml.
pub(super) const SCHEMAS: &str = "schema";

/// Where GitHub looks for workflows.
const WORKFLOW: &str = ".github/workflows/enact.yml";

/// The workflow of the example repository.
const EXAMPLE_WORKFLOW: &str = include_str!("../../examples/repository/.github/workflows/enact.yml");

/// What git is to leave out: the state of `--sandbox`.
const IGNORED: &str = "/.enact/\n";

#[derive(Args)]
pub(super) struct Init {
    /// Looks for systems at this address and takes those that answer (repeatable); without one, where `enact sandbox` is.
    /// It sends reads only, and no credential
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        default_missing_value = sandbox::URL,
        value_parser = address,
        conflicts_with = "sandbox"
    )]
    find: Vec<Url>,
    /// A system and the URL of its API, such as `polytomic=https://app.polytomic.com` (repeatable)
    #[arg(long, value_name = "SYSTEM=URL")]
    system: Vec<String>,
    /// All systems that `enact sandbox` serves; with its address, if it has another one than the usual
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = sandbox::ADDRESS,
        conflicts_with = "system"
    )]
    sandbox: Option<SocketAddr>,
    /// Also writes a workflow for GitHub with enact's action at this commit, such as `OWNER/enact@` and 40 digits
    #[arg(long, value_name = "OWNER/REPO@COMMIT", value_parser = action)]
    action: Option<String>,
}

impl Init {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let mut report = Report::of("init");
        match self.write(global, output).await {
            Ok(content) => report.content = Content::Init(content),
            Err(diagnostic) => report.diagnostics.push(diagnostic),
        }
        report
    }

    async fn write(&self, global: &Global, output: &Output) -> Result<InitContent, Diagnostic> {
        let file = global.config_file();
        if file.exists() {
            let message = format!("`{}` exists", file.display());
            let help = "nothing is overwritten: edit it, or name another file with `--config`";
            return Err(Diagnostic::new(Code::InitExists, message).help(help));
        }
        let registry = Arc::new(Registry::built_in());
        let targets = self.targets(&registry, output).await?;
        let config = config(&targets, &registry)?;
        let mut content = InitContent { files: Vec::new(), next: next(&targets) };
        let mut write = |path: &Path, text: &str| {
            let written = create(path, text)?;
            content.files.push(InitFile { file: path.to_string_lossy().into_owned(), written });
            Ok(written)
        };
        write(file, &config)?;
        let folder = folder_of(file);
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        for (file, text) in schemas(&targets, &registry) {
            write(&folder.join(SCHEMAS).join(file), &text)?;
        }
        if let Some(action) = &self.action {
            write(&folder.join(WORKFLOW), &workflow(&targets, action))?;
        }
        if !write(&folder.join(".gitignore"), IGNORED)? {
            content.next.insert(0, format!("add the line `{}` to .gitignore", IGNORED.trim()));
        }
        if self.action.is_some() {
            content.next.push("on the forge: two environments, `plan` and `apply`, with the credentials; docs/pipeline.md says how".to_owned());
        }
        Ok(content)
    }

    async fn targets(&self, registry: &Registry, output: &Output) -> Result<Vec<NewTarget>, Diagnostic> {
        if let Some(address) = self.sandbox {
            let target = |system| NewTarget::in_sandbox(system, &format!("http://{address}/{system}"));
            return Ok(registry.names().filter_map(target).collect());
        }
        let is_asked = self.system.is_empty() && self.find.is_empty() && output.can_ask();
        let addresses = if is_asked { asked_address(output)? } else { self.find.clone() };
        let mut targets = Vec::new();
        for address in &addresses {
            targets.extend(found(address, registry, output).await?);
        }
        let rows = match is_asked && targets.is_empty() {
            true => asked(registry, output),
            false => self.system.clone(),
        };
        for row in &rows {
            targets.push(target(row, registry)?);
        }
        if targets.is_empty() {
            let message = "no system was named, so there is nothing to write";
            let help = "name each with its URL: `enact init --system polytomic=https://app.polytomic.com`; `--find` looks for some, and `--sandbox` names those of `enact sandbox`";
            return Err(Diagnostic::new(Code::InitSystem, message).help(help));
        }
        Ok(targets)
    }
}

/// Asks for an address to look at.
fn asked_address(output: &Output) -> Result<Vec<Url>, Diagnostic> {
    let question =
        format!("Address to look for systems at, such as {} (empty: name each instead): ", sandbox::URL);
    let text = output.asked(&question).filter(|text| !text.is_empty());
    let wrong = |wrong| Diagnostic::new(Code::InitSystem, wrong).help("run it again");
    text.map(|text| address(&text).map_err(wrong)).transpose().map(|address| address.into_iter().collect())
}

/// Parses the address of a server.
fn address(text: &str) -> Result<Url, &'static str> {
    let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or("it has to be a URL, such as https://app.polytomic.com")
}

/// The systems that answer at an address.
async fn found(address: &Url, registry: &Registry, output: &Output) -> Result<Vec<NewTarget>, Diagnostic> {
    if !address.username().is_empty() || address.password().is_some() || address.query().is_some() {
        let message = "the address to look at has more in it than a place, such as a credential".to_owned();
        let help = "leave out what stands before `@` and from `?` on: no credential is needed to look";
        return Err(Diagnostic::new(Code::InitSystem, message).help(help));
    }
    let open = |name: &str| Some((name.to_owned(), NewTarget::of(name, address.as_str())?.open(registry)?));
    let systems: Vec<_> = registry.names().filter_map(open).collect();
    let shown = short(address.as_str());
    output.remark(&format!("Looking at {shown} ...\n"));
    let (message, help) = match find(address, &systems).await {
        FoundAt::Systems(found) if !found.is_empty() => {
            let target = |(system, url): (String, String)| {
                output.remark(&format!("  found {system} at {}\n", inline(&url)));
                let is_sandbox = url.starts_with("http:") && url.ends_with(&format!("/{system}"));
                if is_sandbox { NewTarget::in_sandbox(&system, &url) } else { NewTarget::of(&system, &url) }
            };
            return Ok(found.into_iter().filter_map(target).collect());
        }
        FoundAt::Systems(_) => (
            format!(
                "nothing at {shown} answers as one of {}",
                registry.names().collect::<Vec<_>>().join(", ")
            ),
            "check the address; `enact sandbox` serves all of them to try".to_owned(),
        ),
        FoundAt::Anything => (
            format!("{shown} answers alike wherever it is asked, so nothing says what it is"),
            format!("say what it is, such as `--system polytomic={shown}`"),
        ),
    };
    Err(Diagnostic::new(Code::InitSystem, message).help(help))
}

/// Asks for the URL of each system.
fn asked(registry: &Registry, output: &Output) -> Vec<String> {
    let ask = |system: &str| {
        let example = starter::example_url(system).unwrap_or_default();
        let url = output.asked(&format!("URL of {system}, such as {example} (empty: not used): "))?;
        (!url.is_empty()).then(|| format!("{system}={url}"))
    };
    registry.names().filter_map(ask).collect()
}

fn target(row: &str, registry: &Registry) -> Result<NewTarget, Diagnostic> {
    let (system, url) = row.split_once('=').unwrap_or((row, ""));
    let url = match url {
        "" => starter::example_url(system).unwrap_or_default(),
        url => url.to_owned(),
    };
    NewTarget::of(system, &url).ok_or_else(|| {
        let names: Vec<_> = registry.names().collect();
        let near = nearest(system, names.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}; docs/systems.md shows how to define another", names.join(", ")),
        };
        let message = format!("there is no built-in system `{}`", short(system));
        Diagnostic::new(Code::InitSystem, message).help(help)
    })
}

/// The text of enact.yaml. One that no command would take is refused, such as one with a URL that no credential may go to.
fn config(targets: &[NewTarget], registry: &Arc<Registry>) -> Result<String, Diagnostic> {
    let head = format!("# yaml-language-server: $schema={SCHEMAS}/config.schema.json\n");
    let text = head + &starter::text(targets);
    let (mut diagnostics, systems) = (Vec::new(), Systems::Known(Arc::clone(registry)));
    config::load(FILE_NAME, Path::new("."), &text, systems, &mut diagnostics);
    match diagnostics.into_iter().find(Diagnostic::is_error) {
        // The file that it points into is not there.
        Some(diagnostic) => Err(Diagnostic { place: None, ..diagnostic }),
        None => Ok(text),
    }
}

/// The schemas of enact.yaml and of what its systems hold.
fn schemas(targets: &[NewTarget], registry: &Registry) -> BTreeMap<String, String> {
    let mut schemas = catalog::all(registry);
    schemas.retain(|file, _| {
        let of = |target: &NewTarget| file.starts_with(&format!("{}-", target.system));
        matches!(catalog::name(file), "config" | "manifest") || targets.iter().any(of)
    });
    schemas
}

/// An action at a commit: a tag could be moved to other code, which would get the credentials.
fn action(text: &str) -> Result<String, &'static str> {
    let wrong = "it has to be OWNER/REPO@COMMIT with the 40 digits of the commit";
    let (repository, commit) = text.split_once('@').ok_or(wrong)?;
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let (owner, name) = repository.split_once('/').ok_or(wrong)?;
    let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_name(owner) && is_name(name) && is_commit { Ok(text.to_owned()) } else { Err(wrong) }
}

/// The workflow of the example with this action, for the credentials of these targets.
fn workflow(targets: &[NewTarget], action: &str) -> String {
    let mut text = String::new();
    for line in EXAMPLE_WORKFLOW.lines() {
        if line.starts_with("# Put the repository") {
            continue;
        }
        match line.split_once("POLYTOMIC_API_KEY:") {
            Some((indent, _)) => text.extend(
                variables(targets).iter().map(|name| format!("{indent}{name}: ${{{{ secrets.{name} }}}}\n")),
            ),
            None => text.push_str(&format!("{}\n", line.replace("OWNER/enact@COMMIT", action))),
        }
    }
    text
}

/// The variables that hold the credentials, each once.
fn variables(targets: &[NewTarget]) -> Vec<&str> {
    let mut variables: Vec<_> = targets.iter().filter_map(NewTarget::variable).collect();
    variables.dedup();
    variables
}

/// Creates a file; false if there is one already, which stays.
fn create(path: &Path, text: &str) -> Result<bool, Diagnostic> {
    match files::create(path, text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => {
            let message = format!("`{}` could not be written: {error}", path.display());
            let help = "change the permissions of the folder, then remove what init wrote and run it again";
            Err(Diagnostic::new(Code::InitWrite, message).help(help))
        }
    }
}

/// What to do after it.
fn next(targets: &[NewTarget]) -> Vec<String> {
    let export = |name: &str| match name {
        SANDBOX_KEY => format!("`export {name}=any`"),
        _ => format!("`export {name}=...`"),
    };
    let exports: Vec<_> = variables(targets).into_iter().map(export).collect();
    let mut steps = vec![
        format!("give the credentials: {}", exports.join(", ")),
        "`enact doctor` checks each target, and says what is missing".to_owned(),
        "`enact import` writes manifests from what is live".to_owned(),
        "`enact plan` then shows no changes; commit, change a manifest, and plan again".to_owned(),
    ];
    if !variables(targets).contains(&SANDBOX_KEY) {
        steps.insert(
            0,
            "correct `settings` in enact.yaml, and each `url` that you did not give: they are examples"
                .to_owned(),
        );
    }
    steps
}
