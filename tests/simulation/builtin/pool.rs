//! What git may declare for the built-in systems, and what a person may do to their objects.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::world::Chance;
use enact::config::target::{Config, Target};
use enact::config::{self, Systems};
use enact::manifest::{Files, Manifest};
use enact::model::state::Desired;
use enact::resolve;
use enact::resolve::Reading;
use enact::system::registry::Registry;
use serde_json::{Value, json};

/// A kind, its names, and the specs that its objects may have.
pub(super) struct Shelf {
    kind: &'static str,
    names: &'static [&'static str],
    specs: &'static [&'static str],
}

/// What a world needs to know about a built-in system.
pub(super) struct Stock {
    pub(super) system: &'static str,
    settings: &'static str,
    shelves: &'static [Shelf],
    /// A field that a person may set to one of these values, by collection.
    pub(super) drifts: fn() -> Vec<(&'static str, &'static str, Value)>,
}

const POLYTOMIC: &[Shelf] = &[
    Shelf { kind: "Role", names: &["R1", "R2", "R3"], specs: &["{}"] },
    Shelf {
        kind: "Policy",
        names: &["P1", "P2", "P3"],
        specs: &[
            "{}",
            "{policy_actions: [{action: read, roles: [R1]}]}",
            "{policy_actions: [{action: read, roles: [R2, R1]}, {action: edit, roles: [R2]}]}",
            "{policy_actions: [{action: edit, roles: [Member]}]}",
        ],
    },
];

pub(super) const STOCKS: &[Stock] = &[
    Stock {
        system: "polytomic",
        settings: "{version: \"2025-09-18\"}",
        shelves: POLYTOMIC,
        drifts: || vec![("policies", "policy_actions", json!([{"action": "delete", "role_ids": []}]))],
    },
    Stock {
        system: "polytomic",
        settings: "{version: \"2022-12-12\"}",
        shelves: POLYTOMIC,
        drifts: || vec![("policies", "policy_actions", json!([]))],
    },
    Stock {
        system: "jitsudo",
        settings: "{tenant: 2489E9AD-2EE2-8E00-8EC9-32D5F69181C0}",
        shelves: &[Shelf {
            kind: "Policy",
            names: &["p", "q", "r"],
            specs: &[
                "{max_duration_seconds: 600}",
                "{enabled: false, max_duration_seconds: 600, rules: [{policy_text: 'permit(principal,action,resource);'}]}",
                "{description: d, priority: 5, max_duration_seconds: 700, rules: [{policy_text: 'permit(principal,action,resource);'}, {policy_text: 'forbid(principal,action,resource);', notice: no}]}",
                "{description: e, max_duration_seconds: 700, rules: [{policy_text: 'forbid(principal,action,resource);'}, {policy_text: 'permit(principal,action,resource == A::\"x\");'}, {policy_text: 'permit(principal,action,resource);', audit_session: false}]}",
                "{enabled: true, max_duration_seconds: 600, rules: []}",
            ],
        }],
        drifts: || vec![("policies", "priority", json!(77)), ("policies", "description", json!("by hand"))],
    },
    Stock {
        system: "compiuta",
        settings: "{}",
        shelves: &[
            Shelf {
                kind: "Role",
                names: &["reader", "writer"],
                specs: &[
                    "{name: A, actions: ['core:things:get']}",
                    "{name: B, actions: ['core:things:get', 'core:things:update']}",
                ],
            },
            Shelf {
                kind: "Policy",
                names: &["p", "q", "r"],
                specs: &[
                    "{name: P, statements: [{role: viewer, tenants: ['*']}]}",
                    "{name: P, members: ['team:local:a'], statements: [{role: viewer, tenants: ['*']}]}",
                    "{name: Q, members: ['team:local:a', 'team:local:b'], statements: [{role: viewer, tenants: ['*']}]}",
                    "{name: Q, members: [], statements: [{effect: DENY, actions: ['core:things:delete'], tenants: ['*']}, {role: viewer, tenants: [plant-1]}]}",
                ],
            },
        ],
        drifts: || vec![("policies", "members", json!(["user:local:m"])), ("policies", "name", json!("X"))],
    },
    Stock {
        system: "mycloud",
        settings: "{}",
        shelves: &[Shelf {
            kind: "Policy",
            names: &["p", "q", "r"],
            specs: &[
                "{description: a, document: {statements: [{effect: allow, actions: ['s3:X'], resources: [y]}]}}",
                "{document: {statements: [{sid: A, effect: allow, actions: ['s3:X'], resources: [y, z]}, {effect: deny, actions: ['s3:Y'], resources: [z]}]}}",
                "{description: '', document: {statements: [{effect: deny, actions: ['s3:X'], resources: [y]}]}}",
            ],
        }],
        drifts: || vec![("policies", "description", json!("by hand"))],
    },
];

/// What git says about an object: the number of a spec, or that it is to be absent.
pub(super) type Word = Option<usize>;
/// What git declares, by shelf and name.
pub(super) type Words = BTreeMap<(usize, &'static str), Word>;

impl Stock {
    /// Random declarations for this system; each object is declared with this chance.
    pub(super) fn words(&self, chance: &mut Chance, percent: usize) -> Words {
        let mut words = Words::new();
        for (shelf, Shelf { names, specs, .. }) in self.shelves.iter().enumerate() {
            // What the policies need is always declared, so that each of them is sound.
            let leans = shelf + 1 < self.shelves.len();
            for name in *names {
                if chance.percent(if leans { 100 } else { percent }) {
                    let absent = !leans && chance.percent(20);
                    words.insert((shelf, *name), (!absent).then(|| chance.below(specs.len())));
                }
            }
        }
        words
    }

    /// The same later: some specs changed, some objects came, went, or are no longer declared.
    pub(super) fn changed(&self, words: &Words, chance: &mut Chance) -> Words {
        let other = self.words(chance, 90);
        let mut changed = words.clone();
        for (key, word) in other {
            if chance.percent(75) {
                changed.insert(key, word);
            }
        }
        changed
    }

    fn text(&self, shelf: &Shelf, name: &str, word: Word) -> String {
        let (ensure, spec) = match word {
            Some(spec) => ("", shelf.specs[spec]),
            None => (", ensure: absent", "{}"),
        };
        let head = format!("apiVersion: {}/v1\nkind: {}\n", self.system, shelf.kind);
        format!("{head}metadata: {{name: {name}{ensure}}}\nspec: {spec}\n")
    }
}

/// A system with its configuration and every manifest that its worlds may hold.
pub(super) struct Shop {
    pub(super) stock: &'static Stock,
    config: Config,
    manifests: BTreeMap<String, Arc<Manifest>>,
}

/// All of them, made once.
pub(super) fn shops() -> &'static [Shop] {
    static ALL: OnceLock<Vec<Shop>> = OnceLock::new();
    ALL.get_or_init(|| STOCKS.iter().map(Shop::new).collect())
}

fn file(shelf: usize, name: &str, word: Word) -> String {
    format!("policies/{shelf}-{name}-{word:?}.yaml")
}

impl Shop {
    fn new(stock: &'static Stock) -> Self {
        let (registry, mut diagnostics) = (Arc::new(Registry::built_in()), Vec::new());
        let text = format!(
            "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n- name: t\n  system: {}\n  \
             url: https://example.com/t\n  auth: {}\n  settings: {}\n  limits: {{concurrency: 3}}\n",
            stock.system,
            match stock.system {
                "jitsudo" => "{header: {name: X-API-Key, value: {env: X}}}",
                _ => "{bearer: {env: X}}",
            },
            stock.settings
        );
        let known = Systems::Known(registry.clone());
        let config = config::load("enact.yaml", Path::new("."), &text, known, &mut diagnostics);
        let mut files = Files::new();
        for (at, shelf) in stock.shelves.iter().enumerate() {
            for name in shelf.names {
                let words = (0..shelf.specs.len()).map(Some).chain([None]);
                files.extend(words.map(|word| (file(at, name, word), stock.text(shelf, name, word).into())));
            }
        }
        let manifests =
            resolve::manifests(&registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let manifests =
            manifests.into_iter().map(|manifest| (manifest.file().to_owned(), manifest)).collect();
        Self { stock, config: config.unwrap(), manifests }
    }

    pub(super) fn target(&self) -> &Target {
        &self.config.targets[0]
    }

    /// What git declares, resolved as the road resolves it.
    pub(super) fn desired(&self, words: &Words) -> Desired {
        let manifest = |((shelf, name), word): (&(usize, &str), &Word)| {
            self.manifests[&file(*shelf, name, *word)].clone()
        };
        let manifests: Vec<_> = words.iter().map(manifest).collect();
        let mut diagnostics = Vec::new();
        let desired = resolve::for_target(&self.target().claim(), &manifests, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        desired
    }
}
