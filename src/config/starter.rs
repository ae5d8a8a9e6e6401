//! The text of a new enact.yaml. What a target of a built-in system needs is in the example, the enact.yaml of this
//! repository.

use serde_json::{Value, json};

use super::file::{Auth, ConfigFile, Secret, TargetConfig};
use crate::manifest::yaml;
use crate::system::System;
use crate::system::registry::Registry;

/// The configuration of this repository: a target of each built-in system.
pub const EXAMPLE: &str = include_str!("../../enact.yaml");

/// The variable for the credential of a sandbox, which takes any token.
pub const SANDBOX_KEY: &str = "ENACT_SANDBOX_KEY";

/// A target of a new enact.yaml. It has the name of its system.
pub struct NewTarget {
    /// The system.
    pub system: String,
    /// The URL of the API.
    pub url: String,
    auth: Auth,
    settings: Option<Value>,
}

impl NewTarget {
    /// A target at this URL, with the credential and the settings of the example; `None` if the system is not built in.
    pub fn of(system: &str, url: &str) -> Option<Self> {
        let TargetConfig { auth, settings, .. } = example(system)?;
        Some(Self { system: system.to_owned(), url: url.to_owned(), auth, settings })
    }

    /// A target in a sandbox.
    pub fn in_sandbox(system: &str, url: &str) -> Option<Self> {
        let target = Self::of(system, url)?;
        Some(Self { auth: Auth::Bearer(Secret::Env(SANDBOX_KEY.to_owned())), ..target })
    }

    /// The same as an API: without one, nobody can be asked.
    pub fn open(&self, registry: &Registry) -> Option<Box<dyn System>> {
        let settings = self.settings.clone().unwrap_or_else(|| json!({}));
        (registry.get(&self.system)?.open)(&settings, None).ok()
    }

    /// The variable that has to hold its credential.
    pub fn variable(&self) -> Option<&str> {
        match self.auth.secret()? {
            Secret::Env(name) => Some(name),
            Secret::File(_) => None,
        }
    }

    fn row(&self) -> Value {
        let Self { system, url, auth, settings } = self;
        let mut row = json!({"name": system, "system": system, "url": url, "auth": auth});
        if let (Some(row), Some(settings)) = (row.as_object_mut(), settings) {
            row.insert("settings".to_owned(), settings.clone());
        }
        row
    }
}

/// The URL that the example has for a system.
pub fn example_url(system: &str) -> Option<String> {
    example(system).map(|target| target.url)
}

/// The text of an enact.yaml with these targets, and manifests in `policies`.
pub fn text(targets: &[NewTarget]) -> String {
    let rows: Vec<_> = targets.iter().map(NewTarget::row).collect();
    let config =
        json!({"apiVersion": "enact/v1", "kind": "Config", "manifests": ["policies"], "targets": rows});
    // This could fail only for values that YAML does not have, and there are none.
    serde_yaml::to_string(&config).unwrap_or_default()
}

fn example(system: &str) -> Option<TargetConfig> {
    let document = yaml::only(EXAMPLE, super::file::FILE_NAME, &mut Vec::new(), super::no_single)?;
    let config: ConfigFile = serde_json::from_value(document.to_json()).ok()?;
    config.targets.into_iter().find(|target| target.system == system)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::file::FILE_NAME;
    use crate::config::{self, Systems};

    #[test]
    fn a_new_file_with_every_built_in_system_is_valid() {
        let registry = Arc::new(Registry::built_in());
        let targets: Vec<_> = registry
            .names()
            .flat_map(|system| {
                let url = example_url(system).unwrap();
                [NewTarget::of(system, &url), NewTarget::in_sandbox(system, "http://127.0.0.1:1/a")]
            })
            .map(Option::unwrap)
            .collect();
        for target in &targets {
            let (mut diagnostics, text) = (Vec::new(), text(std::slice::from_ref(target)));
            let systems = Systems::Known(Arc::clone(&registry));
            let config = config::load(FILE_NAME, Path::new("."), &text, systems, &mut diagnostics);
            assert!(config.is_some() && diagnostics.is_empty(), "{text}{diagnostics:?}");
            let is_sandbox = target.url.starts_with("http:");
            assert_eq!(target.variable() == Some(SANDBOX_KEY), is_sandbox, "{text}");
        }
        assert!(NewTarget::of("nonsense", "https://a.example").is_none());
    }
}
