//! The APIs of the simulation: one small definition for each way to create, write, page and protect.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use enact::config::target::Config;
use enact::config::{self, Systems};
use enact::manifest::{Files, Manifest};
use enact::resolve::Reading;
use enact::system::registry::Registry;
use enact::{defined, resolve};
use jiff::civil::{Date, date};
use serde_json::{Map, Value, json};

/// How long lists go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    Page,
    Offset,
    Cursor,
    Marker,
    Link,
}

/// What an API is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Api {
    pub(crate) name: &'static str,
    /// Whether the server gives ids; else the name is the path.
    pub(crate) ids: bool,
    pub(crate) unique: bool,
    /// Whether creates carry a key.
    pub(crate) keyed: bool,
    /// Whether an update replaces the object.
    pub(crate) replaces: bool,
    pub(crate) if_match: bool,
    pub(crate) paging: Paging,
    /// Whether lists hold whole objects.
    pub(crate) whole: bool,
    /// Whether lists can be filtered by name.
    pub(crate) find: bool,
    /// Whether 403 may mean that an object is gone.
    pub(crate) gone: bool,
}

#[rustfmt::skip]
pub(crate) const APIS: &[Api] = &[
    Api { name: "unique", ids: true,  unique: true,  keyed: false, replaces: false, if_match: false, paging: Paging::Page,   whole: true,  find: false, gone: false },
    Api { name: "blind",  ids: true,  unique: false, keyed: false, replaces: false, if_match: false, paging: Paging::Cursor, whole: false, find: false, gone: false },
    Api { name: "paths",  ids: false, unique: true,  keyed: false, replaces: true,  if_match: false, paging: Paging::Link,   whole: true,  find: false, gone: false },
    Api { name: "keyed",  ids: true,  unique: false, keyed: true,  replaces: true,  if_match: false, paging: Paging::Marker, whole: true,  find: true,  gone: false },
    Api { name: "etags",  ids: true,  unique: true,  keyed: false, replaces: true,  if_match: true,  paging: Paging::Cursor, whole: true,  find: true,  gone: false },
    Api { name: "tagged", ids: true,  unique: true,  keyed: false, replaces: false, if_match: true,  paging: Paging::Marker, whole: true,  find: false, gone: false },
    Api { name: "veiled", ids: true,  unique: true,  keyed: false, replaces: true,  if_match: false, paging: Paging::Offset, whole: false, find: true,  gone: true },
];

pub(crate) const KINDS: [&str; 2] = ["Role", "Policy"];
pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];
/// The object that is protected wherever git declares it.
pub(crate) const PROTECTED: (&str, &str) = ("Role", "c");
/// Ways to declare the plain fields of an object.
pub(crate) const PLAIN: usize = 10;
/// The ways in which a policy is held, is only observed, has expired, and leaves its limit to others.
pub(crate) const HELD: usize = 7;
pub(crate) const OBSERVED: usize = 5;
const EXPIRED: usize = 8;
const IGNORES: usize = 9;
/// The day of every run.
pub(crate) const TODAY: Date = date(2026, 1, 2);
/// Ways to declare the roles of a policy.
pub(crate) const ROLES: [&[&str]; 4] = [&[], &["a"], &["a", "b"], &["c"]];

/// An API with its configuration and every manifest that a world may hold.
pub(crate) struct Profile {
    pub(crate) api: Api,
    pub(crate) config: Config,
    manifests: BTreeMap<String, Arc<Manifest>>,
}

/// One object as git may declare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wish {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    /// `None` is `ensure: absent`.
    pub(crate) spec: Option<(usize, usize)>,
}

impl Wish {
    fn file(&self) -> String {
        format!("policies/{}-{}-{:?}.yaml", self.kind, self.name, self.spec)
    }

    /// The declared fields.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let Some((plain, roles)) = self.spec else { return Map::new() };
        let mut fields = Map::new();
        let texts = [None, Some("x"), Some("y"), Some("")];
        fields.extend(texts[plain % 4].map(|text| ("text".to_owned(), json!(text))));
        let limits = [None, Some(5), Some(0), Some(7), None, Some(1), Some(2), Some(3), Some(4), None];
        fields.extend(limits[plain].map(|limit| ("limit".to_owned(), json!(limit))));
        let tags: [Option<&[&str]>; 4] = [Some(&["p"]), None, Some(&["q", "p"]), Some(&[])];
        fields.extend(tags[plain / 2 % 4].map(|tags| ("tags".to_owned(), json!(tags))));
        if self.kind == "Policy" {
            fields.insert("roles".to_owned(), json!(ROLES[roles]));
            // Git never changes it: only a base that moves on could show when that was done.
            if self.name == "c" {
                fields.insert("pin".to_owned(), json!(7));
            }
        }
        fields
    }

    /// Whether its day is over.
    pub(crate) fn is_expired(&self) -> bool {
        self.kind == "Policy" && matches!(self.spec, Some((EXPIRED, _)))
    }

    /// Whether others set this field.
    pub(crate) fn ignores(&self, field: &str) -> bool {
        self.kind == "Policy" && matches!(self.spec, Some((IGNORES, _))) && field == "limit"
    }

    /// The manifest.
    pub(crate) fn text(&self, system: &str) -> String {
        let ensure = match self.spec {
            None => ", ensure: absent",
            Some(_) if (self.kind, self.name) == PROTECTED => ", protect: true",
            Some((HELD, _)) if self.kind == "Policy" => ", hold: {until: 9999-01-01, reason: r}",
            Some((OBSERVED, _)) if self.kind == "Policy" => ", lifecycle: observe",
            Some((EXPIRED, _)) if self.kind == "Policy" => ", expires: 2026-01-02",
            Some((IGNORES, _)) if self.kind == "Policy" => ", ignore: [/limit]",
            Some(_) => "",
        };
        let head = format!("apiVersion: {system}/v1\nkind: {}\n", self.kind);
        let spec = match self.spec {
            Some(_) => format!("spec: {}\n", Value::Object(self.fields())),
            None => String::new(),
        };
        format!("{head}metadata: {{name: {}{ensure}}}\n{spec}", self.name)
    }

    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (kind, name) in KINDS.iter().flat_map(|kind| NAMES.iter().map(move |name| (*kind, *name))) {
            let roles = if kind == "Policy" { ROLES.len() } else { 1 };
            all.push(Self { kind, name, spec: None });
            let specs = (0..PLAIN).flat_map(|plain| (0..roles).map(move |roles| (plain, roles)));
            all.extend(specs.map(|spec| Self { kind, name, spec: Some(spec) }));
        }
        all
    }
}

/// All profiles, made once.
pub(crate) fn profiles() -> &'static [Profile] {
    static ALL: OnceLock<Vec<Profile>> = OnceLock::new();
    ALL.get_or_init(|| APIS.iter().map(|api| Profile::new(*api)).collect())
}

impl Profile {
    fn new(api: Api) -> Self {
        let mut diagnostics = Vec::new();
        let row = defined::define("system.yaml", &definition(&api), &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let mut registry = Registry::built_in();
        assert!(registry.add(row.unwrap().0).is_ok());
        let registry = Arc::new(registry);
        let text = format!(
            "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n- name: t\n  system: {}\n  \
             url: https://example.com\n  auth: {{bearer: {{env: X}}}}\n  limits: {{concurrency: 3}}\n",
            api.name
        );
        let systems = Systems::Known(registry.clone());
        let config = config::load("enact.yaml", Path::new("."), &text, systems, &mut diagnostics);
        let files: Files = Wish::all().iter().map(|wish| (wish.file(), wish.text(api.name).into())).collect();
        let manifests =
            resolve::manifests(&registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let manifests =
            manifests.into_iter().map(|manifest| (manifest.file().to_owned(), manifest)).collect();
        Self { api, config: config.unwrap(), manifests }
    }

    /// What git declares, resolved as the road resolves it, on a day before anything expires.
    pub(crate) fn desired(&self, wishes: &[Wish]) -> enact::model::state::Desired {
        let manifests: Vec<_> = wishes.iter().map(|wish| self.manifests[&wish.file()].clone()).collect();
        let mut diagnostics = Vec::new();
        let desired = resolve::for_target(&self.config.targets[0].claim(), &manifests, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        desired
    }
}

pub(crate) fn definition(api: &Api) -> String {
    let fields = "
        text: {type: string, default: \"\"}
        limit: {type: integer, default: 0}
        tags: {type: array, items: {type: string}, x-list-type: set, default: []}
        stamp: {readOnly: true}";
    let of_policies = "
        roles: {type: array, items: {type: string}, x-list-type: set, default: []}
        pin: {type: integer, writeOnly: true, x-replaces: []}";
    let role = kind(api, "Role", "", fields);
    let references = "\n    references: {\"/roles/*\": Role}";
    let policy = kind(api, "Policy", references, &format!("{fields}{of_policies}"));
    format!("apiVersion: enact/v1\nkind: System\nname: {}\nauth: [bearer]\nkinds:{role}{policy}\n", api.name)
}

fn kind(api: &Api, kind: &str, references: &str, fields: &str) -> String {
    let path = format!("/{}", kind.to_lowercase());
    let one = format!("{path}/{{{}}}", if api.ids { "id" } else { "name" });
    // Short pages, so that a few objects take three of them.
    let short = "size: {parameter: size, value: 1}";
    let size = "size: {parameter: size, value: 2}";
    let paging = match api.paging {
        Paging::Page => format!("{{page: {{parameter: page, {size}, total: /total}}}}"),
        Paging::Offset => format!("{{offset: {{parameter: offset, {size}, total: /total}}}}"),
        Paging::Cursor => format!("{{cursor: {{parameter: after, next: /next, {short}}}}}"),
        Paging::Marker => format!("{{marker: {{parameter: after, {size}}}}}"),
        Paging::Link => format!("{{link: {{{size}}}}}"),
    };
    let id = if api.ids { "\n    id: /id" } else { "" };
    let unique = if api.ids && api.unique { "\n    unique: true" } else { "" };
    let find = if api.find { "\n      find: {name: \"{name}\"}" } else { "" };
    let gone = if api.gone { ", gone: [403]" } else { "" };
    let create = match (api.ids, api.keyed) {
        (false, _) => format!("{{method: PUT, path: \"{one}\", success: [200, 201]}}"),
        (true, true) => format!("{{path: {path}, success: [201], idempotency_header: Idempotency-Key}}"),
        (true, false) => format!("{{path: {path}, success: [201]}}"),
    };
    let method = if api.replaces { "PUT" } else { "PATCH" };
    format!(
        "
  - name: {kind}{id}{unique}{references}
    key: {{name: /name}}
    list:
      path: {path}
      items: /items
      paging: {paging}
      whole: {whole}{find}
    get: {{path: \"{one}\"{gone}}}
    create: {create}
    update: {{method: {method}, path: \"{one}\", success: [200], if_match: {if_match}}}
    delete: {{path: \"{one}\", success: [204]}}
    spec:
      type: object
      properties:{fields}",
        whole = api.whole,
        if_match = api.if_match,
    )
}
