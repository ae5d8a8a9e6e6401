//! A target that is all in memory: what git declares for it, and what it holds. No file and no network.

use std::path::Path;
use std::sync::Arc;

use enact::config::target::Config;
use enact::config::{self, Systems};
use enact::manifest::Files;
use enact::model::plan::TargetPlan;
use enact::model::resource::RemoteId;
use enact::model::state::{Attempted, Desired, LiveObject, Observed};
use enact::model::unmanaged::UnmanagedRule;
use enact::plan;
use enact::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use enact::resolve::{self, Reading};
use enact::system::registry::Registry;
use serde_json::Value;

/// A configuration with one target of a system.
pub(crate) fn config(system: &str) -> Config {
    let settings = match system {
        "jitsudo" => "{tenant: 00000000-0000-4000-8000-000000000001}",
        _ => "{}",
    };
    let text = format!(
        "{{apiVersion: enact/v1, kind: Config, manifests: [p], targets: [{{name: t, system: {system}, \
         url: 'https://example.com', auth: {{bearer: {{env: X}}}}, settings: {settings}}}]}}"
    );
    let systems = Systems::Known(Arc::new(Registry::built_in()));
    config::load("enact.yaml", Path::new("."), &text, systems, &mut Vec::new()).unwrap()
}

/// Manifests as the files of a repository.
pub(crate) fn files(manifests: impl Iterator<Item = String>) -> Files {
    manifests.enumerate().map(|(index, text)| (format!("p/{index}.yaml"), text.into())).collect()
}

/// What these files declare for the target.
pub(crate) fn desired(config: &Config, files: &Files) -> Desired {
    let mut wrong = Vec::new();
    let manifests = resolve::manifests(&config.registry, files, &mut Reading::within(usize::MAX), &mut wrong);
    let desired = resolve::for_target(&config.targets.first().unwrap().claim(), &manifests, &mut wrong);
    assert_eq!(wrong, []);
    desired
}

/// A target that holds these policies, each with its name.
pub(crate) fn observed(policies: impl Iterator<Item = (String, Value)>) -> Observed {
    let found = |(name, body): (String, Value)| LiveObject {
        remote: RemoteId::new(&name).unwrap(),
        name,
        system: false,
        body: body.into(),
        etag: None,
    };
    let kinds = [("Policy", policies.map(found).collect()), ("Role", Vec::new())];
    let kinds = kinds.map(|(kind, found)| (kind.to_owned(), Ok(found)));
    Observed { kinds: kinds.into(), ..Observed::default() }
}

/// The plan for the target.
pub(crate) fn plan(
    config: &Config,
    desired: &Desired,
    observed: &Observed,
    options: &PlanOptions,
) -> TargetPlan {
    let input = PlanInput {
        target: "t",
        system: config.targets.first().unwrap().system.as_ref(),
        desired,
        base: Some(desired),
        attempted: &Attempted::new(),
        given_up: &[],
        observed,
        counts: &DeclaredCounts::of(desired),
        max_deletes: 0,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged: &UnmanagedRule::default(),
        last_seen: None,
        options,
    };
    plan::plan(&input)
}
