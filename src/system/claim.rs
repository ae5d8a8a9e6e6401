//! Which manifests a target takes, and which secrets they may name. Not here: connecting to the target, in `config`.

use std::collections::BTreeSet;

use super::Translate;
use super::include::Include;
use crate::manifest::Manifest;
use crate::manifest::environment::Environment;
use crate::model::resource::ApiId;

/// What is needed of a target to check manifests, before anything is sent to it.
pub struct Claim<'a> {
    /// Its name in `enact.yaml`.
    pub target: &'a str,
    /// The API that it leads to.
    pub api: &'a ApiId,
    /// The `apiVersion` of the manifests that are for it.
    pub api_version: String,
    /// Its API.
    pub system: &'a dyn Translate,
    /// Which manifests are for it, by path; `None` means all.
    pub include: Option<&'a Include>,
    /// What it makes of them.
    pub environment: &'a Environment,
    /// The secrets that manifests may name.
    pub secrets: BTreeSet<&'a str>,
}

impl Claim<'_> {
    /// Whether a manifest is for this target.
    pub fn takes(&self, manifest: &Manifest) -> bool {
        manifest.header.api_version == self.api_version && self.includes(manifest.file())
    }

    /// Whether a manifest at this path may be for this target.
    pub fn includes(&self, file: &str) -> bool {
        self.include.is_none_or(|include| include.takes(file))
    }
}
