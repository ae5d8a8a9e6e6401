//! What a revision proposes in its `enact.yaml`, and how much of that a plan takes from it. Not here: reading it from
//! git, in `run::preview`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::check::{check_twice, includes, unmanaged};
use super::environment::environment;
use super::file::{ConfigFile, TargetConfig};
use super::target::{Config, Target};
use crate::diagnostic::{Diagnostic, sound};
use crate::manifest::environment::Environment;
use crate::model::configuration::{ConfigAction, ConfigChange};
use crate::model::unmanaged::UnmanagedRule;
use crate::system::include::Include;

/// The settings that a plan takes from a revision: which manifests there are and what becomes of objects. Everything
/// else decides where a credential goes and what it reads, or how much a run may cost, so it comes from the trusted
/// file: whoever opens a pull request writes the other one.
const PREVIEWED: [&str; 8] = [
    "manifests",
    "include",
    "variables",
    "patches",
    "prune",
    "limits.max_deletes",
    "unmanaged.mode",
    "unmanaged.except",
];

/// `enact.yaml` of a revision.
pub struct Proposal {
    file: ConfigFile,
    /// Of each target, what is ready for use.
    rules: Vec<Rules>,
}

/// What a plan may take of a target of a revision, ready for use.
struct Rules {
    include: Option<Include>,
    environment: Environment,
    unmanaged: UnmanagedRule,
}

impl Proposal {
    /// Checks the text as far as that needs no system: a definition of the revision is not trusted either.
    pub fn read(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let (document, config) = sound(diagnostics, |diagnostics| super::written(file, text, diagnostics))?;
        sound(diagnostics, |diagnostics| {
            let rows = config.targets.iter().enumerate();
            let rules = rows
                .map(|(index, row)| {
                    let part = document.part(format!("/targets/{index}"));
                    Rules {
                        include: includes(row, &part, diagnostics),
                        environment: environment(row, &part, None, config.limits.values, diagnostics),
                        unmanaged: unmanaged(row, &part, None, diagnostics),
                    }
                })
                .collect();
            diagnostics.extend(check_twice(&config, &document));
            Some(Self { file: config, rules })
        })
    }
}

impl Config {
    /// This configuration with what a plan takes from a proposal, and all that the proposal changes. Targets that it
    /// removes are gone; those that it adds are not there. `fork` is what the proposal began with: what the trusted file
    /// has changed since is no change of the proposal.
    #[must_use]
    pub fn with(mut self, proposal: Proposal, fork: Option<&Proposal>) -> (Self, Vec<ConfigChange>) {
        let Proposal { file, rules } = proposal;
        let changes = changes(&self.file, fork.map_or(&self.file, |fork| &fork.file), &file);
        let changed = |target: Option<&str>, setting: Option<&str>| {
            changes
                .iter()
                .any(|change| (change.target.as_deref(), change.setting.as_deref()) == (target, setting))
        };
        let rows = file.targets.into_iter().zip(rules);
        let mut rows: BTreeMap<_, _> = rows.map(|(row, rules)| (row.name.clone(), (row, rules))).collect();
        if changed(None, Some("manifests")) {
            self.manifests = file.manifests;
        }
        let targets = std::mem::take(&mut self.targets);
        let stays = targets.into_iter().filter(|target| !changed(Some(&target.config.name), None));
        self.targets = stays
            .map(|target| {
                let name = target.config.name.clone();
                match rows.remove(&name) {
                    Some(row) => target.with(row, |setting| changed(Some(&name), Some(setting))),
                    None => target,
                }
            })
            .collect();
        (self, changes)
    }
}

impl Target {
    fn with(
        mut self,
        (row, Rules { include, environment, unmanaged }): (TargetConfig, Rules),
        changed: impl Fn(&str) -> bool,
    ) -> Self {
        if changed("include") {
            self.include = include;
            self.config.include = row.include;
        }
        if changed("variables") {
            self.environment.variables = environment.variables;
            self.config.variables = row.variables;
        }
        if changed("patches") {
            self.environment.patches = environment.patches;
            self.config.patches = row.patches;
        }
        if changed("prune") {
            self.config.prune = row.prune;
        }
        if changed("limits.max_deletes") {
            // The guard is to speak up under either file.
            let most = &mut self.config.limits.max_deletes;
            *most = row.limits.max_deletes.min(*most);
        }
        let now = &self.unmanaged;
        let mode = if changed("unmanaged.mode") { unmanaged.mode } else { now.mode };
        let except = if changed("unmanaged.except") { unmanaged.except } else { now.except.clone() };
        // The same: neither a milder mode nor a new exception hides anything before it was merged.
        self.unmanaged = self.unmanaged.and(UnmanagedRule { mode, except });
        self
    }
}

fn changes(trusted: &ConfigFile, fork: &ConfigFile, proposed: &ConfigFile) -> Vec<ConfigChange> {
    let rows = |file: &ConfigFile| -> BTreeMap<_, _> {
        file.targets.iter().map(|row| (row.name.clone(), settings(row))).collect()
    };
    let (then, since, now) = (rows(trusted), rows(fork), rows(proposed));
    let names: BTreeSet<_> = then.keys().chain(now.keys()).collect();
    let of_target = |name: &String| match (then.get(name), since.get(name), now.get(name)) {
        (Some(then), since, Some(now)) => differing(Some(name), then, since.unwrap_or(then), now),
        (None, None, Some(_)) => vec![whole(name, ConfigAction::Added)],
        (Some(_), Some(_), None) => vec![whole(name, ConfigAction::Removed)],
        // The trusted file has removed or added it since.
        _ => Vec::new(),
    };
    let of_file = differing(None, &settings(trusted), &settings(fork), &settings(proposed));
    of_file.into_iter().chain(names.into_iter().flat_map(of_target)).collect()
}

fn whole(target: &str, action: ConfigAction) -> ConfigChange {
    ConfigChange {
        target: Some(target.to_owned()),
        setting: None,
        action,
        previewed: action == ConfigAction::Removed,
        before: None,
        after: None,
    }
}

fn differing(
    target: Option<&String>,
    then: &BTreeMap<String, Value>,
    fork: &BTreeMap<String, Value>,
    now: &BTreeMap<String, Value>,
) -> Vec<ConfigChange> {
    let names: BTreeSet<_> = then.keys().chain(now.keys()).collect();
    let is_new = |name: &&String| now.get(*name) != fork.get(*name) && now.get(*name) != then.get(*name);
    let differing = names.into_iter().filter(is_new);
    differing
        .map(|name| {
            let previewed = PREVIEWED.contains(&name.as_str());
            // Any other value may hold a secret by mistake.
            let value = |of: &BTreeMap<String, Value>| of.get(name).filter(|_| previewed).cloned();
            ConfigChange {
                target: target.cloned(),
                setting: Some(name.clone()),
                action: ConfigAction::Changed,
                previewed,
                before: value(then),
                after: value(now),
            }
        })
        .collect()
}

/// The settings of a part of the file, with their defaults, and each limit as one, as is each part of `unmanaged`. A setting that enact gets one day is
/// compared like all others.
fn settings(part: &impl Serialize) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::new();
    // These structs always are objects.
    let Ok(Value::Object(all)) = serde_json::to_value(part) else { return settings };
    for (name, value) in all {
        match (name.as_str(), value) {
            ("targets" | "name", _) => {}
            ("limits" | "unmanaged", Value::Object(parts)) => {
                settings.extend(parts.into_iter().map(|(part, value)| (format!("{name}.{part}"), value)));
            }
            (_, value) => drop(settings.insert(name, value)),
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::{Systems, load};
    use crate::model::unmanaged::UnmanagedMode;
    use crate::system::registry::Registry;

    const TRUSTED: &str = "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n\
        - {name: a, system: mycloud, url: 'https://a.example', auth: {header: {name: X-Api-Key, value: {env: A}}}}\n\
        - {name: b, system: mycloud, url: 'https://b.example', auth: {header: {name: X-Api-Key, value: {env: B}}}}\n";

    fn with(proposed: &str) -> (Config, Vec<String>) {
        since(None, proposed)
    }

    fn since(fork: Option<&str>, proposed: &str) -> (Config, Vec<String>) {
        of(TRUSTED, fork, proposed)
    }

    fn of(trusted: &str, fork: Option<&str>, proposed: &str) -> (Config, Vec<String>) {
        let mut diagnostics = Vec::new();
        let systems = Systems::Known(Arc::new(Registry::built_in()));
        let loaded = load("enact.yaml", Path::new("."), trusted, systems, &mut diagnostics);
        let trusted = loaded.unwrap_or_else(|| panic!("{diagnostics:?}"));
        let proposal = Proposal::read("enact.yaml", proposed, &mut diagnostics);
        let fork = fork.and_then(|fork| Proposal::read("enact.yaml", fork, &mut Vec::new()));
        let (config, changes) =
            trusted.with(proposal.unwrap_or_else(|| panic!("{diagnostics:?}")), fork.as_ref());
        let shown = |change: ConfigChange| {
            let ConfigChange { target, setting, action, previewed, before, after } = change;
            assert_eq!(
                (before.is_some(), after.is_some()),
                (previewed && setting.is_some(), previewed && setting.is_some())
            );
            let name = [target, setting].into_iter().flatten().collect::<Vec<_>>().join(".");
            format!("{name} {action:?}{}", if previewed { "" } else { ", not previewed" })
        };
        (config, changes.into_iter().map(shown).collect())
    }

    #[test]
    fn what_decides_what_is_read_and_removed_is_taken_from_a_revision() {
        let limits = "limits: {max_deletes: 3}, prune: tracked, include: ['policies/a']}\n- {name: b";
        let (config, changes) = with(
            &TRUSTED
                .replace("[policies]", "[policies, more]")
                .replace("}\n- {name: b", &format!(", {limits}")),
        );
        assert_eq!(
            changes,
            ["manifests Changed", "a.include Changed", "a.limits.max_deletes Changed", "a.prune Changed"]
        );
        assert_eq!(config.manifests, ["policies", "more"]);
        let a = &config.targets[0];
        assert_eq!(a.config.limits.max_deletes, 3);
        assert!(a.claim().includes("policies/a/x.yaml") && !a.claim().includes("policies/b/x.yaml"));
    }

    #[test]
    fn neither_a_milder_mode_nor_a_new_exception_of_a_revision_hides_what_is_not_in_git() {
        let rule = |mode: &str, except: &str| {
            TRUSTED.replace(
                "}\n- {name: b",
                &format!(", unmanaged: {{mode: {mode}, except: [{except}]}}}}\n- {{name: b"),
            )
        };
        let changed = ["a.unmanaged.except Changed", "a.unmanaged.mode Changed"];
        let (config, changes) =
            of(&rule("report", "Policy/x, Policy/y"), None, &rule("ignore", "Policy/x, '*/z'"));
        assert_eq!(changes, changed);
        let UnmanagedRule { mode, except } = &config.targets[0].unmanaged;
        assert_eq!(*mode, UnmanagedMode::Report, "the stricter one counts");
        assert!(
            except.matches("Policy", "x") && !except.matches("Policy", "y") && !except.matches("Role", "z")
        );
        let (config, changes) = of(&rule("report", ""), None, &rule("refuse", ""));
        assert_eq!(changes, [changed[1]]);
        assert_eq!(config.targets[0].unmanaged.mode, UnmanagedMode::Refuse);
        let short = TRUSTED.replace("}\n- {name: b", ", unmanaged: refuse}\n- {name: b");
        assert_eq!(of(&rule("refuse", ""), None, &short).1, Vec::<String>::new(), "another spelling");
    }

    #[test]
    fn an_exception_that_the_trusted_file_has_got_since_counts_for_a_revision() {
        let rule = |except: &str| {
            TRUSTED.replace("}\n- {name: b", &format!(", unmanaged: {{except: [{except}]}}}}\n- {{name: b"))
        };
        let (config, changes) = of(&rule("Policy/x"), Some(&rule("")), &rule(""));
        assert_eq!(changes, Vec::<String>::new());
        assert!(config.targets[0].unmanaged.except.matches("Policy", "x"));
    }

    #[test]
    fn what_decides_where_a_credential_goes_is_not() {
        let proposed = TRUSTED
            .replace("https://a.example", "https://evil.example")
            .replace("{env: A}", "{env: B}")
            .replace(
                "{env: B}}}}\n",
                "{env: B}}}, limits: {concurrency: 64, requests_per_minute: 9000, max_deletes: 99}}\n",
            )
            + "systems: [evil.yaml]\nlimits: {text_mib: 9999}\n";
        let (config, changes) = with(&proposed);
        for name in [
            "limits.text_mib",
            "systems",
            "a.auth",
            "a.limits.concurrency",
            "a.limits.requests_per_minute",
            "a.url",
        ] {
            assert!(changes.contains(&format!("{name} Changed, not previewed")), "{name}: {changes:?}");
        }
        let a = &config.targets[0].config;
        assert_eq!(
            (a.url.as_str(), a.limits.concurrency, a.limits.requests_per_minute),
            ("https://a.example", 8, None)
        );
        assert_eq!(a.limits.max_deletes, 10, "the smaller one counts");
        assert_eq!(config.secret_variables(), ["A", "B"]);
        assert_eq!(config.limits.text_mib, 512);
    }

    #[test]
    fn a_target_in_only_one_file_is_named_and_has_no_plan() {
        let (config, changes) =
            with(&TRUSTED.replace("name: b, system: mycloud", "name: c, system: portcullis"));
        assert_eq!(changes, ["b Removed", "c Added, not previewed"]);
        assert_eq!(
            config.targets.iter().map(|target| target.config.name.as_str()).collect::<Vec<_>>(),
            ["a"]
        );
    }

    #[test]
    fn what_the_trusted_file_has_changed_since_is_no_change_of_a_revision() {
        let row = "- {name: b, system: mycloud, url: 'https://b.example'";
        let fork =
            TRUSTED.replace("[policies]", "[older]").replace(row, &row.replace("name: b", "name: old"));
        let (config, changes) = since(Some(&fork), &fork);
        assert_eq!(
            (config.manifests, config.targets.len(), changes),
            (vec!["policies".to_owned()], 2, vec![])
        );
        let proposed = fork.replace("}\n- {name: old", ", prune: tracked}\n- {name: old");
        let (config, changes) = since(Some(&fork), &proposed);
        assert_eq!(
            (config.manifests, changes),
            (vec!["policies".to_owned()], vec!["a.prune Changed".to_owned()])
        );
    }

    #[test]
    fn another_spelling_of_the_same_is_no_change() {
        let proposed =
            format!("# Hello.\n{}", TRUSTED.replace("}\n- {name: b", ", prune: never}\n- {name: b"));
        assert_eq!(with(&proposed).1, Vec::<String>::new());
    }
}
