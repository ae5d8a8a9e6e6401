//! `enact import`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::progress::Progress;
use super::{Format, Global, SandboxArgs, print, unshown};
use crate::diagnostic::{Code, Diagnostic};
use crate::import::{self, NewManifest};
use crate::model::state::Observed;
use crate::model::wire::ReadError;
use crate::report::{Exit, Report};
use crate::run::load::Load;
use crate::run::observe::observe_all;
use crate::run::options::{Empty, RunOptions};
use crate::run::project::{Connected, Project};
use crate::text::safe;

#[derive(Args)]
pub(super) struct Import {
    /// The target in enact.yaml
    #[arg(value_name = "TARGET")]
    from: String,
    /// The folder for the manifests, inside one that `manifests` in enact.yaml names
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Shows the manifests instead of writing them
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Import {
    pub(super) async fn run(self, global: &Global) -> Exit {
        let options =
            RunOptions { only: vec![self.from.clone()], empty: Empty::Allowed, ..RunOptions::default() };
        let Load { project, diagnostics, files, .. } = self.sandbox.load(global, &options);
        let mut report = Report { command: "import", diagnostics, ..Report::default() };
        if let Some(project) = &project {
            match self.sandbox.connect(project).await {
                Ok((_sandbox, connected)) => {
                    let _progress = Progress::start(global, "reading", &connected);
                    for at in &connected {
                        self.import(at, project, &mut report.diagnostics, global).await;
                    }
                }
                Err(diagnostics) => report.diagnostics.extend(diagnostics),
            }
        }
        global.finish(&report, &files)
    }

    async fn import(
        &self,
        at: &Connected<'_>,
        project: &Project,
        diagnostics: &mut Vec<Diagnostic>,
        global: &Global,
    ) {
        let system = at.intent.target.system.as_ref();
        let observed =
            observe_all(system, &at.http.reader(), at.intent.target.config.limits.concurrency).await;
        let unread: Vec<_> = unread(&observed, &at.intent.target.config.name);
        if !unread.is_empty() {
            return diagnostics.extend(unread);
        }
        let root = project.config.folder();
        let folder =
            self.to.clone().unwrap_or_else(|| default_folder(project, &at.intent.target.config.name));
        if !is_inside(&folder) {
            let message = format!("`{}` is not inside the folder of enact.yaml", folder.display());
            let help = "name a folder inside one that `manifests` names";
            return diagnostics.push(Diagnostic::new(Code::ImportOutside, message).help(help));
        }
        let schemas = schema_folder(root, &folder);
        let to = import::To { system: &at.intent.target.config.system, schemas: schemas.as_deref() };
        diagnostics.extend(unlisted(at));
        let manifests = import::manifests(&to, system, at.intent.desired, &observed, diagnostics);
        if let Some(file) = manifests
            .iter()
            .map(|new| folder.join(&new.file))
            .find(|file| !at.intent.target.claim().includes(&file.to_string_lossy()))
        {
            let message = format!("the target's `include` does not take `{}`", file.display());
            let diagnostic = Diagnostic::new(Code::ImportUnclaimed, message);
            return diagnostics
                .push(diagnostic.help("name another folder with `--to`, or widen `include` in enact.yaml"));
        }
        if self.dry_run {
            return diagnostics.extend(show(&folder, &manifests).err());
        }
        let written = write(root, &folder, &manifests, diagnostics);
        if global.format == Format::Text && !global.quiet {
            // The files are written; a reader that went away changes nothing about that.
            let _ = print(&format!("{written} manifests were written to {}.\n", folder.display()));
        }
    }
}

/// Kinds whose objects nobody can list.
fn unlisted(at: &Connected<'_>) -> Vec<Diagnostic> {
    let kinds = at.intent.target.system.kinds().iter().filter(|kind| !kind.listed);
    kinds
        .map(|kind| {
            let message =
                format!("the API cannot list objects of the kind {}, so none is imported", kind.name);
            let help = "write their manifests by hand; plan looks for those that are named";
            Diagnostic::new(Code::ImportUnlisted, message).about(&at.intent.target.config.name).help(help)
        })
        .collect()
}

fn unread(observed: &Observed, target: &str) -> Vec<Diagnostic> {
    let lists = observed.kinds.values().filter_map(|listing| listing.as_ref().err());
    let diagnostic = |error: &ReadError| {
        let help = error.help.clone().unwrap_or_else(|| "nothing was imported; run again".to_owned());
        Diagnostic::new(Code::LiveUnreadable, error.message.clone()).about(target).help(help)
    };
    lists.chain(observed.unread.values()).map(diagnostic).collect()
}

/// Prints the manifests as one stream of documents, whatever the format: they are the result.
fn show(folder: &Path, manifests: &[NewManifest]) -> Result<(), Diagnostic> {
    let document = |new: &NewManifest| format!("---\n# {}\n{}", folder.join(&new.file).display(), new.text);
    let text: String = manifests.iter().map(document).collect();
    print(&safe(&text)).map_err(|error| Diagnostic::new(Code::ImportShow, unshown(&error)))
}

fn write(root: &Path, folder: &Path, manifests: &[NewManifest], diagnostics: &mut Vec<Diagnostic>) -> usize {
    let mut written = 0;
    for new in manifests {
        match create(&root.join(folder), new) {
            Ok(()) => written += 1,
            Err(error) => {
                let file = folder.join(&new.file);
                let message = format!("`{}` could not be written: {error}", file.display());
                let help = "nothing is overwritten: move the file away, or name another folder with `--to`";
                diagnostics.push(Diagnostic::new(Code::ImportWrite, message).help(help));
            }
        }
    }
    written
}

fn create(folder: &Path, new: &NewManifest) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(&new.file);
    std::fs::File::create_new(&file)?.write_all(new.text.as_bytes()).inspect_err(|_| {
        // Half a manifest may well be valid, and say something else.
        let _ = std::fs::remove_file(&file);
    })
}

fn default_folder(project: &Project, target: &str) -> PathBuf {
    // A manifest that is named by itself is no folder for others.
    let is_folder = |name: &&String| !name.ends_with(".yaml") && !name.ends_with(".yml");
    let folder = project.config.manifests.iter().find(is_folder).map_or("policies", String::as_str);
    Path::new(folder).join(target)
}

/// The way from a manifest's folder to `schema/`, if the repository has one for the editor.
fn schema_folder(root: &Path, folder: &Path) -> Option<String> {
    let depth = folder.components().filter(|part| matches!(part, std::path::Component::Normal(_))).count();
    root.join("schema").is_dir().then(|| format!("{}schema", "../".repeat(depth)))
}

fn is_inside(folder: &Path) -> bool {
    folder.is_relative() && !folder.components().any(|part| part == std::path::Component::ParentDir)
}
