//! A repository in a temporary folder, its live system, and the binary between them.

use std::path::{Path, PathBuf};

use crate::live::{Embedded, Live, TARGET};
use crate::support;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use enact::sandbox::{Fault, Seen};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::support::canary::CANARY;
pub(crate) use crate::support::{Run, actions, codes, enact, outcomes};

/// The user name that goes with the canary, where there is one.
pub(crate) const USER: &str = "enact";

/// User and canary as on the wire.
pub(crate) fn basic_credential() -> String {
    STANDARD.encode(format!("{USER}:{CANARY}"))
}

/// One target named `live` of one system.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) live: Box<dyn Live>,
    pub(crate) system: &'static str,
}

impl World {
    /// A system that holds only what it manages itself, and a repository without manifests.
    pub(crate) fn new(system: &'static str) -> Self {
        Self::with(system, default_settings(system), "")
    }

    /// The same with these settings (flow YAML) and more lines for the target.
    pub(crate) fn with(system: &'static str, settings: &str, more: &str) -> Self {
        Self::on(Box::new(Embedded::new(system)), system, settings, more)
    }

    /// A repository whose target is this live system.
    pub(crate) fn on(live: Box<dyn Live>, system: &'static str, settings: &str, more: &str) -> Self {
        let world = Self { dir: TempDir::new().unwrap(), live, system };
        let (auth, url) = (auth(system), world.live.url());
        let systems = definition(system).map(|definition| world.define(&definition)).unwrap_or_default();
        world.write(
            "enact.yaml",
            &format!(
                "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\n{systems}targets:\n- name: {TARGET}\n  \
                 system: {system}\n  url: {url}\n  auth: {auth}\n  settings: {settings}\n{more}"
            ),
        );
        std::fs::create_dir(world.dir.path().join("policies")).unwrap();
        world
    }

    /// Copies a system's definition into the repository, and returns the line that names it.
    fn define(&self, definition: &Path) -> String {
        let file = definition.file_name().unwrap().to_str().unwrap();
        std::fs::copy(definition, self.dir.path().join(file)).unwrap();
        format!("systems: [{file}]\n")
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.dir.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes a manifest; `spec` is YAML in flow or block style, indented by two.
    pub(crate) fn declare(&self, kind: &str, name: &str, spec: &str) {
        self.write(&file(kind, name), &manifest(self.system, kind, name, "", spec));
    }

    /// Declares that an object is to be deleted.
    pub(crate) fn declare_absent(&self, kind: &str, name: &str) {
        self.write(&file(kind, name), &manifest(self.system, kind, name, "  ensure: absent\n", "{}"));
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        support::git(self.dir.path(), args)
    }

    /// Commits everything; the folder must already be a git repository.
    pub(crate) fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change", "--allow-empty"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        run(self.dir.path(), args)
    }

    /// The plan as JSON. A plan never writes.
    pub(crate) fn plan(&self) -> Value {
        self.live.clear_requests();
        let run = self.run(&["plan", "--format", "json"]);
        assert_eq!(self.writes(), Vec::<String>::new(), "plan-reads-only");
        run.json()
    }

    /// Applies and returns the exit code and the JSON document.
    pub(crate) fn apply(&self) -> (i32, Value) {
        self.live.clear_requests();
        let run = self.run(&["apply", "--yes", "--format", "json"]);
        (run.code, run.json())
    }

    /// Applies, expects success, and checks promise 2, fixed-point.
    pub(crate) fn converge(&self) -> Value {
        let (code, document) = self.apply();
        assert_eq!(code, 0, "{document:#}");
        self.assert_converged();
        document
    }

    pub(crate) fn assert_converged(&self) {
        let plan = self.plan();
        assert_eq!(plan["changes"], serde_json::json!([]), "fixed-point: {plan:#}");
        assert_eq!(plan["diagnostics"], serde_json::json!([]), "{plan:#}");
        let (code, document) = self.apply();
        assert_eq!((code, self.writes()), (0, Vec::new()), "fixed-point: {document:#}");
    }

    /// The writes since the last run, as `METHOD path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let write = |seen: &Seen| (seen.method != "GET").then(|| format!("{} {}", seen.method, seen.path));
        self.live.requests().iter().filter_map(write).collect()
    }

    /// The bodies of the writes since the last run.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let requests = self.live.requests();
        requests
            .iter()
            .filter(|seen| seen.method != "GET")
            .map(|seen| seen.body.clone().unwrap_or_default())
            .collect()
    }

    pub(crate) fn objects(&self, collection: &str) -> Vec<Value> {
        self.live.objects(collection)
    }

    /// The stored object with this name (on compiuta: this id).
    pub(crate) fn object(&self, collection: &str, name: &str) -> Value {
        let key = if self.system == "compiuta" { "id" } else { "name" };
        let named: Vec<_> =
            self.objects(collection).into_iter().filter(|object| object[key] == name).collect();
        assert_eq!(named.len(), 1, "{collection} `{name}`: {named:?}");
        named[0].clone()
    }

    /// Changes a field behind enact's back.
    pub(crate) fn drift(&self, collection: &str, name: &str, field: &str, value: Value) {
        let id = self.live.id(&self.object(collection, name));
        assert!(self.live.set_field(collection, &id, field, value));
    }
}

/// The definition of a system that is not built in, from `systems`.
pub(crate) fn definition(system: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("systems/{system}.yaml"));
    file.exists().then_some(file)
}

fn auth(system: &str) -> &'static str {
    match system {
        "jitsudo" | "powerdns" => "{header: {name: X-API-Key, value: {env: ENACT_TEST_KEY}}}",
        "rabbitmq" => "{basic: {username: enact, password: {env: ENACT_TEST_KEY}}}",
        _ => "{bearer: {env: ENACT_TEST_KEY}}",
    }
}

pub(crate) fn default_settings(system: &str) -> &'static str {
    match system {
        "jitsudo" => "{tenant: 2489E9AD-2EE2-8E00-8EC9-32D5F69181C0}",
        _ => "{}",
    }
}

pub(crate) fn file(kind: &str, name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("policies/{kind}-{plain}.yaml")
}

pub(crate) fn manifest(system: &str, kind: &str, name: &str, metadata: &str, spec: &str) -> String {
    let name = serde_json::to_string(name).unwrap();
    format!("apiVersion: {system}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{metadata}spec: {spec}\n")
}

/// Runs the binary in a folder.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Run {
    support::run(dir, enact(dir).args(args), &[])
}

/// Answers every matching request of the target with a status.
pub(crate) fn fault(method: &str, status: u16) -> Fault {
    Fault { target: TARGET.into(), method: method.into(), times: 100, status, ..Fault::default() }
}
