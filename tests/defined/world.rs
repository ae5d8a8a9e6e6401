//! A repository in a temporary folder, with a definition; the API that it defines; and the binary between them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::{Api, Seen};
use crate::store::Habits;
use crate::support;

pub(crate) use crate::support::canary::CANARY;
pub(crate) use crate::support::{Run, actions, codes, outcomes};

/// A kind to refer to.
pub(crate) const GROUP: &str = "
name: Group
id: /id
key: {name: /name}
unique: true
list: {path: /groups}
get: {path: '/groups/{id}'}
create: {path: /groups}
update: {method: PATCH, path: '/groups/{id}'}
delete: {path: '/groups/{id}'}
spec: {type: object, properties: {note: {type: string, default: ''}}}
";

/// A kind whose objects have ids from the server, and that supports every operation.
const THING: &str = "
name: Thing
id: /id
key: {name: /name}
unique: true
list: {path: /things}
get: {path: '/things/{id}'}
create: {path: /things}
update: {method: PATCH, path: '/things/{id}', renames: true}
delete: {path: '/things/{id}'}
spec:
  type: object
  properties:
    note: {type: string, default: ''}
    size: {type: integer, default: 1}
    created: {type: string, readOnly: true}
    limits:
      type: object
      properties:
        cpu: {type: integer}
        memory: {type: integer}
";

/// A kind whose objects are at the path of their key, which has two parts.
const GRANT: &str = "
name: Grant
key: {user: /user, vhost: /vhost}
named: '{user}@{vhost}'
list: {path: /grants}
get: {path: '/grants/{vhost}/{user}'}
create: {method: PUT, path: '/grants/{vhost}/{user}'}
update: {method: PUT, path: '/grants/{vhost}/{user}'}
delete: {path: '/grants/{vhost}/{user}'}
spec:
  type: object
  properties:
    read: {type: string, default: ''}
    write: {type: string, default: ''}
";

/// A definition of the system `plain` with these kinds.
pub(crate) fn system(kinds: &[Value]) -> Value {
    json!({"apiVersion": "enact/v1", "kind": "System", "name": "plain", "kinds": kinds})
}

/// `Thing` with a change.
pub(crate) fn thing(change: impl FnOnce(&mut Value)) -> Value {
    kind(THING, change)
}

/// `Grant` with a change.
pub(crate) fn grant(change: impl FnOnce(&mut Value)) -> Value {
    kind(GRANT, change)
}

/// A kind of this YAML, with a change.
pub(crate) fn kind(text: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut kind = serde_yaml::from_str(text).unwrap();
    change(&mut kind);
    kind
}

/// Removes fields from an object.
pub(crate) fn without(value: &mut Value, fields: &[&str]) {
    value.as_object_mut().unwrap().retain(|name, _| !fields.contains(&name.as_str()));
}

/// One target named `live` of the system `plain`.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) api: Api,
    /// Variables besides that of the credential. No output may ever hold one of their values.
    pub(crate) secrets: Vec<(&'static str, String)>,
}

impl World {
    /// A system with these kinds and an API with these collections, and a repository without manifests.
    pub(crate) fn new(kinds: &[Value], collections: &[(&str, Habits)]) -> Self {
        Self::with(&system(kinds), collections, "")
    }

    /// The same with one kind, `Thing`, and one collection.
    pub(crate) fn things(change: impl FnOnce(&mut Value)) -> Self {
        Self::new(&[thing(change)], &[("things", Habits::default())])
    }

    /// The same with one kind, `Grant`, and one collection.
    pub(crate) fn grants(change: impl FnOnce(&mut Value)) -> Self {
        Self::new(&[grant(change)], &[("grants", Habits::key(&["vhost", "user"]))])
    }

    /// The same with any definition and more lines for the target.
    pub(crate) fn with(definition: &Value, collections: &[(&str, Habits)], more: &str) -> Self {
        let world = Self { dir: TempDir::new().unwrap(), api: Api::start(collections), secrets: Vec::new() };
        world.write("plain.yaml", &serde_yaml::to_string(definition).unwrap());
        world.configure(&world.target("live", more));
        fs::create_dir(world.path("policies")).unwrap();
        world
    }

    /// A target in `enact.yaml`. Like most APIs, this one is not at the root of its origin.
    pub(crate) fn target(&self, name: &str, more: &str) -> String {
        let origin = &self.api.origin;
        format!(
            "- name: {name}\n  system: plain\n  url: {origin}/base\n  auth: {{bearer: {{env: ENACT_TEST_KEY}}}}\n{more}"
        )
    }

    /// Writes `enact.yaml` with these targets.
    pub(crate) fn configure(&self, targets: &str) {
        let head =
            "apiVersion: enact/v1\nkind: Config\nsystems: [plain.yaml]\nmanifests: [policies]\ntargets:\n";
        self.write("enact.yaml", &format!("{head}{targets}"));
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.dir.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a manifest; `spec` is YAML in flow style.
    pub(crate) fn declare(&self, kind: &str, name: &str, spec: &str) {
        self.declare_as(kind, name, "", spec);
    }

    /// Declares that an object is to be deleted.
    pub(crate) fn declare_absent(&self, kind: &str, name: &str) {
        self.declare_as(kind, name, "  ensure: absent\n", "{}");
    }

    /// The same with more lines for the metadata.
    pub(crate) fn declare_as(&self, kind: &str, name: &str, metadata: &str, spec: &str) {
        self.write(&file(kind, name), &manifest(kind, name, metadata, spec));
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        support::run(self.dir.path(), support::enact(self.dir.path()).args(args), &self.secrets)
    }

    /// The plan as JSON. A plan never writes.
    pub(crate) fn plan(&self) -> Value {
        self.plan_with(&[])
    }

    pub(crate) fn plan_with(&self, args: &[&str]) -> Value {
        self.api.forget();
        let run = self.run(&[&["plan", "--format", "json"], args].concat());
        assert!(self.api.seen().iter().all(|seen| seen.method == "GET"), "plan-reads-only");
        run.json()
    }

    /// Applies and returns the exit code and the JSON document.
    pub(crate) fn apply(&self) -> (i32, Value) {
        self.apply_with(&[])
    }

    pub(crate) fn apply_with(&self, args: &[&str]) -> (i32, Value) {
        self.api.forget();
        let run = self.run(&[&["apply", "--yes", "--format", "json"], args].concat());
        (run.code, run.json())
    }

    /// Applies, expects success, and checks promise 2, fixed-point. Returns the writes.
    pub(crate) fn converge(&self) -> Vec<Seen> {
        let (code, document) = self.apply();
        assert_eq!(code, 0, "{document:#}");
        let writes = self.writes();
        self.assert_converged();
        writes
    }

    pub(crate) fn assert_converged(&self) {
        let plan = self.plan();
        assert_eq!(plan["changes"], json!([]), "fixed-point: {plan:#}");
        assert_eq!(plan["diagnostics"], json!([]), "{plan:#}");
        let (code, document) = self.apply();
        assert_eq!((code, self.calls()), (0, Vec::new()), "fixed-point: {document:#}");
    }

    /// Applies, and expects this exit code and that nothing is written.
    pub(crate) fn refused(&self, expected: i32) -> Value {
        let (code, document) = self.apply();
        assert_eq!((code, self.calls()), (expected, Vec::new()), "{document:#}");
        document
    }

    /// The writes since the last run.
    pub(crate) fn writes(&self) -> Vec<Seen> {
        self.api.seen().into_iter().filter(|seen| seen.method != "GET").collect()
    }

    /// The writes since the last run, as `METHOD path`.
    pub(crate) fn calls(&self) -> Vec<String> {
        calls(&self.writes())
    }

    /// The one stored object whose field has this value.
    pub(crate) fn object(&self, collection: &str, field: &str, value: &str) -> Value {
        let objects = self.api.objects(collection);
        let found: Vec<_> = objects.iter().filter(|object| object[field] == value).collect();
        assert_eq!(found.len(), 1, "{collection} `{value}`: {objects:?}");
        found[0].clone()
    }

    /// Changes a field of every object behind enact's back.
    pub(crate) fn drift(&self, collection: &str, field: &str, value: Value) {
        self.api.change(collection, |objects| {
            objects.iter_mut().for_each(|object| object[field] = value.clone());
        });
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        support::git(self.dir.path(), args)
    }

    /// Commits everything; the first time, makes the folder a repository.
    pub(crate) fn commit(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change", "--allow-empty"]);
    }
}

pub(crate) fn file(kind: &str, name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("policies/{kind}-{plain}.yaml")
}

pub(crate) fn manifest(kind: &str, name: &str, metadata: &str, spec: &str) -> String {
    let name = json!(name);
    format!("apiVersion: plain/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{metadata}spec: {spec}\n")
}

/// Every file below a folder with what it holds.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    all
}

/// Requests as `METHOD path`.
pub(crate) fn calls(requests: &[Seen]) -> Vec<String> {
    requests.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
}

/// The fields that change, as pointers, of all changes.
pub(crate) fn fields(document: &Value) -> Vec<&str> {
    let changes = document["changes"].as_array().unwrap().iter();
    changes
        .flat_map(|change| change["fields"].as_array().unwrap())
        .map(|field| field["path"].as_str().unwrap())
        .collect()
}
