//! `enact import`: reads a target and writes the files. What the manifests say is in `crate::import`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Global, SandboxArgs, object};
use super::files;
use super::output::Output;
use crate::diagnostic::{Code, Diagnostic};
use crate::import::update::{self, Live, Only, Updates};
use crate::import::{self, NewManifest};
use crate::model::kind;
use crate::model::state::near;
use crate::report::Report;
use crate::report::content::{self, Content, Imported, ImportedTarget};
use crate::run::counts::Work;
use crate::run::history::BaseSource;
use crate::run::load::Load;
use crate::run::observe::{Depth, Wanted, observe, observe_all, read_alone, unread};
use crate::run::options::{Empty, RunOptions};
use crate::run::project::{Connected, Intent, Project};
use crate::text::short;

mod rewrite;

/// What to do if something could not be read and nothing better is known.
const UNREAD: &str = "nothing was imported; run again";

#[derive(Args)]
pub(super) struct Import {
    /// The target in enact.yaml; all of them if it is left out
    #[arg(value_name = "TARGET")]
    from: Option<String>,
    /// With `--update`: only this object, such as `Policy/Warehouse syncs`
    #[arg(value_name = "KIND/NAME", requires = "update", value_parser = object)]
    object: Option<Only>,
    /// Writes the live values into the manifests that exist; fields that they do not declare stay unmanaged
    #[arg(long)]
    update: bool,
    /// Writes manifests only for live objects that git does not declare: what import does without `--update`, and with it
    /// does as well
    #[arg(long)]
    only_unmanaged: bool,
    /// Writes every field into new manifests; otherwise one that is at its default and grants nothing is left out
    #[arg(long)]
    all_fields: bool,
    /// The folder for new manifests, inside one that `manifests` in enact.yaml names
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Shows the manifests instead of writing them
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Import {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let Load { project, mut diagnostics, files, .. } = self.sandbox.load(global, &self.options(global));
        // Nothing is applied. What matters of it is said of each file that is written.
        diagnostics.retain(|diagnostic| diagnostic.code != Code::GitUncommitted || diagnostic.is_error());
        let mut import =
            content::ImportContent { dry_run: self.dry_run, ..content::ImportContent::default() };
        let mut report = Report { diagnostics, files, ..Report::of("import") };
        if let Some(project) = &project {
            let mut updates = Updates::of(&report.files);
            let mut diagnostics = Vec::new();
            match self.sandbox.connect(project).await {
                Ok((_sandbox, connected)) => {
                    let _progress = output.progress(Work::Reading, &connected);
                    let mut read = BTreeSet::new();
                    for at in &connected {
                        let target = at.intent.target;
                        if !read.insert(&target.api) && !self.update {
                            diagnostics.push(twice(&target.config.name));
                            continue;
                        }
                        self.target(at, project, &mut updates, &mut import, &mut diagnostics).await;
                    }
                }
                Err(found) => diagnostics.extend(found),
            }
            if self.update {
                let updated = updates.updated();
                diagnostics.extend(update::shared(&updated, &project.desired));
                let root = project.config.folder();
                import.updated = Some(rewrite::files(root, updated, self.dry_run, &mut diagnostics));
            }
            report.diagnostics.extend(diagnostics);
        }
        if let [one] = import.targets.as_slice() {
            import.folder = Some(one.folder.clone());
        }
        report.content = Content::Import(import);
        report
    }

    /// An update is for manifests that exist, and has to know what git has changed itself since the last apply.
    fn options(&self, global: &Global) -> RunOptions {
        let named = self.from.iter().cloned().chain(global.target.iter().cloned());
        let empty = if self.update && !self.only_unmanaged { Empty::Refused } else { Empty::Allowed };
        let remembers = self.update && !self.sandbox.sandbox;
        let base = if remembers { BaseSource::Applied } else { BaseSource::Nowhere };
        RunOptions { only: named.collect(), empty, base, remembers, ..RunOptions::default() }
    }

    async fn target(
        &self,
        at: &Connected<'_>,
        project: &Project,
        updates: &mut Updates<'_>,
        import: &mut content::ImportContent,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let mut is_known = !self.update || self.object.is_none();
        if self.update {
            is_known |= self.update(at, updates, diagnostics).await;
        }
        if !self.update || self.only_unmanaged {
            let before = import.manifests.len();
            self.import(at, project, import, diagnostics).await;
            is_known |= import.manifests.len() > before;
        }
        if let Some(only) = self.object.as_ref().filter(|_| !is_known) {
            diagnostics.push(unknown(at, only));
        }
    }

    /// Accepts what is live in the manifests of a target, and returns whether there is one for the named object.
    async fn update(
        &self,
        at: &Connected<'_>,
        updates: &mut Updates<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> bool {
        let Intent { target, desired, base, attempted, given_up, record, .. } = at.intent;
        let system = target.system.as_ref();
        let concurrency = target.config.limits.concurrency;
        let wanted = Wanted { desired, base, given_up, record };
        let reader = at.http.reader();
        let mut observed = observe(system, wanted, &reader, concurrency, Depth::Needed).await;
        // What only the list shows may be a mask.
        read_alone(system, desired.values(), &reader, concurrency, &mut observed).await;
        let unread = unread(&observed, &target.config.name, UNREAD);
        if unread.is_empty() {
            let only = self.object.as_ref();
            updates
                .accept(&Live { system, desired, base, attempted, observed: &observed, only }, diagnostics);
        }
        diagnostics.extend(unread);
        let only = self.object.as_ref();
        desired.values().any(|declared| {
            let is = only.is_none_or(|only| only.is(&declared.id.kind, &declared.id.name));
            is && !declared.orphan
        })
    }

    async fn import(
        &self,
        at: &Connected<'_>,
        project: &Project,
        import: &mut content::ImportContent,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let target = at.intent.target;
        let observed =
            observe_all(target.system.as_ref(), &at.http.reader(), target.config.limits.concurrency).await;
        let root = project.config.folder();
        let folder = self.to.clone().unwrap_or_else(|| default_folder(project, &target.config.name));
        let wrong = [unread(&observed, &target.config.name, UNREAD), outside(&folder)].concat();
        if !wrong.is_empty() {
            return diagnostics.extend(wrong);
        }
        let schemas = schema_folder(root, &folder);
        let taken = files::names(&root.join(&folder));
        let to = import::To {
            system: &target.config.system,
            schemas: schemas.as_deref(),
            all_fields: self.all_fields,
            taken: &taken,
        };
        diagnostics.extend(unlisted(at));
        let system = target.system.as_ref();
        // What git no longer declares is live without a manifest, whatever an earlier commit said.
        let mut desired = at.intent.desired.clone();
        desired.retain(|_, declared| !declared.orphan);
        let only = self.object.as_ref();
        let manifests = import::manifests(&to, system, &desired, &observed, only, diagnostics);
        if let Some(unclaimed) = unclaimed(at, &folder, &manifests) {
            return diagnostics.push(unclaimed);
        }
        let write = |new| self.write(root, &folder, new, diagnostics);
        let manifests: Vec<_> = manifests.into_iter().map(write).collect();
        import.targets.push(ImportedTarget {
            target: target.config.name.clone(),
            folder: folder.to_string_lossy().into_owned(),
            manifests: manifests.len(),
            written: manifests.iter().filter(|manifest| manifest.written).count(),
        });
        import.manifests.extend(manifests);
    }

    /// Writes a manifest, or with `--dry-run` only shows it.
    fn write(
        &self,
        root: &Path,
        folder: &Path,
        new: NewManifest,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Imported {
        let path = folder.join(&new.file);
        let file = path.to_string_lossy().into_owned();
        let mut imported = Imported { file, text: new.text, written: false };
        if !self.dry_run {
            match files::create(&root.join(&path), &imported.text) {
                Ok(()) => imported.written = true,
                Err(error) => diagnostics.push(unwritten(&path, &error)),
            }
        }
        imported
    }
}

fn unwritten(file: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Code::ImportWrite, format!("`{}` could not be written: {error}", file.display()))
        .help("nothing is overwritten: move the file away, or name another folder with `--to`")
}

/// Reports a target whose objects were imported for another one.
fn twice(target: &str) -> Diagnostic {
    let message = "it is the same API as an earlier target, which its objects are imported for";
    let help = "move the manifests that are meant for this one to where its `include` takes them";
    Diagnostic::new(Code::ImportSameApi, message).about(target).help(help)
}

fn unknown(at: &Connected<'_>, Only { kind, name }: &Only) -> Diagnostic {
    let Intent { target, desired, .. } = at.intent;
    let (message, help) = match kind::unknown(kind, target.system.kinds()) {
        Some(help) => (format!("the target has no kind `{}`", short(kind)), help),
        None => (
            format!("git declares no {kind} `{}` for this target", short(name)),
            near(desired, kind, name).unwrap_or_else(|| {
                "`enact plan` shows the names; `--only-unmanaged` writes a manifest for one that is only live".to_owned()
            }),
        ),
    };
    Diagnostic::new(Code::ImportUnknown, message).about(&target.config.name).help(help)
}

/// Refuses a folder that cannot be named relative to enact.yaml.
fn outside(folder: &Path) -> Vec<Diagnostic> {
    if is_inside(folder) {
        return Vec::new();
    }
    let message = format!("`{}` is not inside the folder of enact.yaml", folder.display());
    let diagnostic = Diagnostic::new(Code::ImportOutside, message);
    vec![diagnostic.help("name a folder inside one that `manifests` names")]
}

/// Reports a manifest that the target would not claim in this folder.
fn unclaimed(at: &Connected<'_>, folder: &Path, manifests: &[NewManifest]) -> Option<Diagnostic> {
    let mut files = manifests.iter().map(|new| folder.join(&new.file));
    let claim = at.intent.target.claim();
    let file = files.find(|file| !claim.includes(&file.to_string_lossy()))?;
    let message = format!("the target's `include` does not cover `{}`", file.display());
    let diagnostic = Diagnostic::new(Code::ImportUnclaimed, message);
    Some(diagnostic.help("name another folder with `--to`, or widen `include` in enact.yaml"))
}

/// Reports kinds whose objects cannot be listed.
fn unlisted(at: &Connected<'_>) -> Vec<Diagnostic> {
    let kinds = at.intent.target.system.kinds().iter().filter(|kind| !kind.listed);
    kinds
        .map(|kind| {
            let message =
                format!("the API cannot list objects of the kind {}, so none is imported", kind.name);
            let help = "write their manifests by hand; plan finds the objects that they name";
            Diagnostic::new(Code::ImportUnlisted, message).about(&at.intent.target.config.name).help(help)
        })
        .collect()
}

fn default_folder(project: &Project, target: &str) -> PathBuf {
    // An entry that names one manifest is no folder for others.
    let is_folder = |name: &&String| !name.ends_with(".yaml") && !name.ends_with(".yml");
    let folder = project.config.manifests.iter().find(is_folder).map_or("policies", String::as_str);
    Path::new(folder).join(target)
}

/// The path from a manifest's folder to `schema/`, if the repository has one for editors.
fn schema_folder(root: &Path, folder: &Path) -> Option<String> {
    let depth = folder.components().filter(|part| matches!(part, std::path::Component::Normal(_))).count();
    root.join("schema").is_dir().then(|| format!("{}schema", "../".repeat(depth)))
}

fn is_inside(folder: &Path) -> bool {
    folder.is_relative() && !folder.components().any(|part| part == std::path::Component::ParentDir)
}
