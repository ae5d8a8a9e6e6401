//! What is odd about the manifests of a project, as far as nobody has said why it is so. What that is, is in `decide::lint`.

use std::collections::BTreeSet;

use crate::decide::lint::{is_silenced, lint};
use crate::diagnostic::{self, Diagnostic};
use crate::manifest::Files;
use crate::run::load::Load;
use crate::run::project::Project;

/// Everything that is wrong or odd in what was loaded, in order.
#[must_use]
pub fn all(load: &Load) -> Vec<Diagnostic> {
    let odd = load.project.iter().flat_map(|project| warnings(project, &load.files));
    let mut all: Vec<_> = load.diagnostics.iter().cloned().chain(odd).collect();
    diagnostic::sort(&mut all);
    all
}

/// The warnings, each once, however many targets take its manifest.
#[must_use]
pub fn warnings(project: &Project, files: &Files) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let all = project
        .intents()
        .flat_map(|intent| lint(&intent.target.config.name, intent.target.system.as_ref(), intent.desired));
    let text = |diagnostic: &Diagnostic| files.get(&diagnostic.place.as_ref()?.file);
    let is_open =
        |diagnostic: &Diagnostic| !text(diagnostic).is_some_and(|text| is_silenced(diagnostic, text));
    all.filter(|diagnostic| is_open(diagnostic) && seen.insert((diagnostic.place.clone(), diagnostic.code)))
        .collect()
}
