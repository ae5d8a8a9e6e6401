//! `enact.yaml` as written: decoding, JSON Schema and documentation in one. Not here: checks that the schema cannot
//! express, in `check`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::spent::ListLimits;
use crate::model::unmanaged::UnmanagedMode;
use crate::schedule::Mode;
use crate::system::Budget;

/// The file's name unless `--config` gives another one.
pub const FILE_NAME: &str = "enact.yaml";

/// enact's configuration: where the manifests are and which systems they are for.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Config")]
pub struct ConfigFile {
    /// The version of this format.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = "enact/v1"))]
    pub(super) api_version: String,
    /// Always `Config`.
    #[schemars(extend("const" = "Config"))]
    pub(super) kind: String,
    /// Files and folders with manifests, relative to this file. Folders are searched for `.yaml` and `.yml`; they may be
    /// written as `policies/**`.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["policies"]]))]
    pub manifests: Vec<String>,
    /// Files that define more systems than the built-in ones, relative to this file. They are read from the trusted
    /// checkout, never from a revision.
    #[serde(default)]
    #[schemars(extend("examples" = [["systems/vault.yaml"]]))]
    pub(super) systems: Vec<String>,
    /// Where enact keeps its record of what it did: in git, on one reference for each target. Read from the trusted
    /// checkout, never from a revision.
    #[serde(default)]
    #[schemars(extend("examples" = [{"remote": "origin"}]))]
    pub record: RecordConfig,
    /// The file that says what must be true of targets after every plan, relative to this file. It is read from the trusted
    /// checkout, never from a revision.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["guardrails.yaml"]))]
    pub(super) guardrails: Option<String>,
    /// Limits of a whole run. Whatever a repository or an API holds, a run ends within them.
    #[serde(default)]
    #[schemars(extend("examples" = [{"text_mib": 1024}]))]
    pub limits: RunLimits,
    /// How `enact serve` works. Read from the trusted checkout, never from a revision.
    #[serde(default)]
    #[schemars(extend("examples" = [{"passes": {"schedule": "every 15m", "mode": "report"}}]))]
    pub serve: ServeConfig,
    /// The systems that are kept in agreement with the manifests.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [[{"name": "cloud", "system": "mycloud", "url": "https://cloud.example", "auth": {"bearer": {"env": "CLOUD_KEY"}}}]]))]
    pub targets: Vec<TargetConfig>,
}

/// Where enact keeps its record.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordConfig {
    /// The reference of each target's record; `{target}` stands for the target's name. A branch, such as
    /// `refs/heads/enact/{target}`, can be protected by the rules of a forge.
    #[serde(rename = "ref")]
    #[schemars(regex(pattern = r"^refs/[A-Za-z0-9._/-]*\{target\}[A-Za-z0-9._/-]*$"), extend("x-pattern-hint" = "a whole name below `refs/` with `{target}` in it"))]
    #[schemars(extend("examples" = ["refs/heads/enact/{target}"]))]
    pub reference: String,
    /// The remote that the record is fetched from, sent to, and locked on. Default: none, the record stays in this clone.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["origin"]))]
    pub remote: Option<String>,
    /// The file of the SSH private key that signs each record, relative to enact.yaml: ed25519 or ecdsa-sha2-nistp256,
    /// without a passphrase. Then only a record that an allowed signer has signed is believed; without `allowed_signers`
    /// that is this key alone, and `plan` needs it, too.
    #[schemars(extend("examples" = ["/etc/enact/record_key"]))]
    pub sign: Option<PathBuf>,
    /// The file of the keys that may sign a record, as ssh-keygen(1) describes it under ALLOWED SIGNERS, relative to
    /// enact.yaml. Without `sign` records can only be checked: `plan` does so, and `apply` refuses
    /// to write one that nobody would believe.
    #[schemars(extend("examples" = ["allowed_signers"]))]
    pub allowed_signers: Option<PathBuf>,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self {
            reference: "refs/enact/record/{target}".to_owned(),
            remote: None,
            sign: None,
            allowed_signers: None,
        }
    }
}

impl RecordConfig {
    /// A pattern that matches the references of all records.
    pub fn pattern(&self) -> String {
        self.reference.replace("{target}", "*")
    }

    /// The reference of a target's record.
    pub(super) fn reference_of(&self, target: &str) -> String {
        self.reference.replace("{target}", target)
    }
}

/// Limits of a whole run, over all its targets and revisions. The defaults are more than people write, and less than a
/// machine has; a run that needs more says which one. They are read from the trusted checkout, never from a revision.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunLimits {
    /// The most text that is read from the repository, in MiB. What several names or revisions share counts once.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [1024]))]
    pub text_mib: u64,
    /// The most values that the manifests hold, those of the base included. A key counts as a value.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [40_000_000]))]
    pub values: usize,
    /// The most Cedar that is read, from manifests and from APIs, in MiB. A text counts once; a deep one counts for more.
    #[schemars(range(min = 1, max = 1_048_576))]
    #[schemars(extend("examples" = [64]))]
    pub cedar_mib: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { text_mib: 512, values: 20_000_000, cedar_mib: Budget::default().cedar >> 20 }
    }
}

impl RunLimits {
    /// What the systems may do.
    pub(super) fn budget(&self) -> Budget {
        Budget { cedar: self.cedar_mib << 20 }
    }
}

/// One configured instance of a system.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// The name of this target in output and after `--target`.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"), extend("x-pattern-hint" = "1 to 63 lower-case letters, digits, `-` and `_`"))]
    #[schemars(extend("examples" = ["analytics"]))]
    pub name: String,
    /// The name that this target had before. Its record goes on under the new name.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"), extend("x-pattern-hint" = "1 to 63 lower-case letters, digits, `-` and `_`"))]
    #[schemars(extend("examples" = ["warehouse"]))]
    pub previously: Option<String>,
    /// The type of its API, such as `polytomic`.
    #[schemars(extend("examples" = ["polytomic"]))]
    pub system: String,
    /// The URL of the API: https, or http on this machine.
    #[schemars(extend("examples" = ["https://app.polytomic.com"]))]
    pub url: String,
    /// How enact authenticates.
    #[schemars(extend("examples" = [{"bearer": {"env": "POLYTOMIC_API_KEY"}}, {"oauth2": {"token_url": "https://sso.example/token", "client_id": "enact", "client_secret": {"env": "SSO_SECRET"}}}]))]
    pub(super) auth: Auth,
    /// Secrets that manifests for this target may name, such as passwords that the API stores. Only `apply` reads them.
    #[serde(default)]
    #[schemars(extend("examples" = [{"database_password": {"env": "DATABASE_PASSWORD"}}]))]
    pub(super) secrets: BTreeMap<String, Secret>,
    /// The tenant that the credential leads to, in your own words, if two targets of one URL and the same settings reach
    /// different ones. Targets that differ in it share no object.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["acme"]))]
    pub(super) tenant: Option<String>,
    /// Settings of the system, such as Polytomic's `version` or JITSudo's `tenant`.
    #[schemars(extend("examples" = [{"version": "2025-09-18"}]))]
    pub(super) settings: Option<Value>,
    /// The file of the Cedar schema of this target, relative to this file: its entities and actions, in Cedar's own form or
    /// in JSON. Every declared rule is checked against it. It is read from the trusted checkout, never from a revision.
    #[schemars(extend("examples" = ["jit.cedarschema"]))]
    pub(super) cedar_schema: Option<PathBuf>,
    /// Which manifests are for this target, as globs over their paths; a folder means everything in it. A pattern after
    /// `!` takes paths away, wherever it stands in the list; if there are only such patterns, all other paths are taken.
    /// Default: all manifests of its system.
    #[schemars(extend("examples" = [["policies", "!policies/production"]]))]
    pub(super) include: Option<Vec<String>>,
    /// What `${{ vars.NAME }}` in its manifests stands for: a text, a number, `true` or `false`, a list or a mapping. Plans
    /// show them, so none may be a secret.
    #[serde(default)]
    #[schemars(extend(
        "propertyNames" = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        "additionalProperties" = {"type": ["string", "number", "boolean", "array", "object"]},
    ))]
    #[schemars(extend("examples" = [{"TEAM": "platform", "HOURS": 4}]))]
    pub(super) variables: BTreeMap<String, Value>,
    /// What else differs from its manifests, object by object.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"kind": "Policy", "name": "Production", "metadata": {"protect": true}}]]))]
    pub(super) patches: Vec<PatchConfig>,
    /// Whether to delete objects that git declared when the target was last applied and no longer declares.
    #[serde(default)]
    pub prune: Prune,
    /// What to do about live objects that git does not declare: `report`, `ignore`, `refuse`, or that as `mode` with
    /// patterns to leave out as `except`. Only kinds are counted that a run lists in any case.
    #[serde(default)]
    #[schemars(with = "WrittenUnmanaged")]
    #[schemars(extend("examples" = ["report", {"mode": "refuse", "except": ["Policy/legacy-*"]}]))]
    pub unmanaged: UnmanagedConfig,
    /// Limits for requests and deletes.
    #[serde(default)]
    #[schemars(extend("examples" = [{"concurrency": 4, "requests_per_minute": 300, "max_deletes": 5}]))]
    pub limits: Limits,
    /// When `enact serve` looks after this target, and what it may do. Default: what `serve.passes` says.
    #[serde(default)]
    #[schemars(extend("examples" = [{"schedule": "every 15m", "mode": "apply"}]))]
    pub(super) passes: PassesConfig,
}

/// How `enact serve` works.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServeConfig {
    /// When it looks after a target, and what it may do, unless the target says otherwise.
    #[schemars(extend("examples" = [{"schedule": "every 15m", "mode": "report"}]))]
    pub(super) passes: PassesConfig,
    /// How often it looks whether the branch that it follows has moved, such as `every 1m`, or in words of cron.
    #[schemars(extend("examples" = ["every 5m"]))]
    pub(super) follow: String,
    /// The most targets that are looked after at the same time.
    #[schemars(range(min = 1, max = 64))]
    #[schemars(extend("examples" = [8]))]
    pub side_by_side: usize,
    /// The secrets of webhooks, by forge. A webhook only makes the service look sooner whether its branch has moved.
    #[schemars(extend("examples" = [{"github": {"env": "HOOK_SECRET"}}]))]
    pub(super) hooks: BTreeMap<Forge, Secret>,
    /// Who is told when the state of a target changes.
    #[schemars(extend("examples" = [[{"form": "slack", "url": {"env": "SLACK_URL"}}]]))]
    pub(super) notify: Vec<NotifyConfig>,
    /// For how many days the store keeps how passes ended.
    #[schemars(range(min = 1, max = 36_500))]
    #[schemars(extend("examples" = [30]))]
    pub keep_days: u32,
    /// Who may look at the pages of the service, and who may use their buttons. Without anybody here and without `proxy`,
    /// everybody on the same machine may look.
    #[schemars(extend("examples" = [[{"name": "mara", "role": "operator", "token_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}]]))]
    pub(super) people: Vec<Person>,
    /// A proxy in front of the service that knows who asks.
    #[schemars(extend("examples" = [{"peers": ["10.0.0.5"], "header": "X-Forwarded-User", "operators": ["mara"]}]))]
    pub(super) proxy: Option<ProxyConfig>,
}

/// Somebody who may look at the pages of the service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name, as it is recorded.
    #[schemars(length(min = 1, max = 100))]
    #[schemars(extend("examples" = ["mara"]))]
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The SHA-256 of the person's token in hex. The token has to be random: `openssl rand -hex 32`.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"), extend("x-pattern-hint" = "64 digits in hex, as `sha256sum` writes them"))]
    #[schemars(extend("examples" = ["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]))]
    pub token_sha256: String,
}

/// What somebody may do on the pages of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Ask for passes, have a plan written, hold and release targets.
    Operator,
}

/// A proxy in front of the service that knows who asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProxyConfig {
    /// The addresses that it asks from, such as 10.0.0.5. Nobody else is believed.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["10.0.0.5"]]))]
    pub(super) peers: Vec<String>,
    /// The header in which it names the person. It must take away one that is sent to it.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]+$"), extend("x-pattern-hint" = "the name of a header"))]
    #[schemars(extend("examples" = ["X-Forwarded-User"]))]
    pub(super) header: String,
    /// Who may use the buttons; all others whom it names may look.
    #[serde(default)]
    #[schemars(extend("examples" = [["mara"]]))]
    pub(super) operators: Vec<String>,
}

/// Who is told when the state of a target changes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NotifyConfig {
    /// In which form.
    pub(super) form: Form,
    /// Where it is sent: https, or http on this machine. Often the address is the secret, so it is not written here.
    pub(super) url: Secret,
    /// What the message is signed with, as `X-Enact-Signature-256: sha256=` and the HMAC-SHA256 of the body in hex.
    pub(super) secret: Option<Secret>,
}

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A line of the log as JSON: `state_changed`.
    Webhook,
    /// `{"text": ...}`, as Slack, Mattermost and others take it.
    Slack,
}

/// Who sends webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Forge {
    /// GitHub, at `/hooks/github`: a signature with the secret.
    Github,
    /// Gitea and Forgejo, at `/hooks/gitea`: a signature with the secret.
    Gitea,
    /// GitLab, at `/hooks/gitlab`: the secret itself.
    Gitlab,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            passes: PassesConfig::default(),
            follow: "every 1m".to_owned(),
            side_by_side: 4,
            hooks: BTreeMap::new(),
            notify: Vec::new(),
            keep_days: 90,
            people: Vec::new(),
            proxy: None,
        }
    }
}

/// When `enact serve` looks after a target, and what it may do.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PassesConfig {
    /// `every 15m`, which is the default, or the five fields of cron with a time zone after them: `30 6 * * MON-FRI
    /// Europe/Berlin`; without one it is UTC.
    #[schemars(extend("examples" = ["every 15m", "30 6 * * MON-FRI Europe/Berlin"]))]
    pub(super) schedule: Option<String>,
    /// What a pass may do. Default: `report`.
    pub(super) mode: Option<Mode>,
    /// When passes may write; outside of them they only show. Default: always.
    #[schemars(extend("examples" = [[{"opens": "0 9 * * MON-FRI Europe/Berlin", "lasts": "8h"}]]))]
    pub(super) windows: Option<Vec<WindowConfig>>,
}

/// A time in which passes may write.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowConfig {
    /// When it opens, in words of cron as in `schedule`.
    #[schemars(extend("examples" = ["0 9 * * MON-FRI Europe/Berlin"]))]
    pub(super) opens: String,
    /// How long it stays open, such as `4h`.
    #[schemars(extend("examples" = ["8h"]))]
    pub(super) lasts: String,
}

/// What differs for one target from the manifest of one object: a JSON merge patch (RFC 7386). Mappings are merged, any other
/// value is replaced, and `null` removes a field.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Patch")]
pub struct PatchConfig {
    /// The kind of the object.
    #[schemars(extend("examples" = ["Policy"]))]
    pub(super) kind: String,
    /// Its name, with the values of variables.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["Production"]))]
    pub(super) name: String,
    /// What differs in its metadata, such as `protect: true`. The name cannot differ.
    #[schemars(with = "Map<String, Value>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"protect": true}]))]
    pub(super) metadata: Option<Map<String, Value>>,
    /// What differs in its spec.
    #[schemars(with = "Map<String, Value>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"description": "Production only"}]))]
    pub(super) spec: Option<Map<String, Value>>,
}

impl PatchConfig {
    /// Its object, by kind and name.
    pub(super) fn object(&self) -> (String, String) {
        (self.kind.clone(), self.name.clone())
    }
}

/// What happens to an object whose manifest was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prune {
    /// It stays. Use `ensure: absent` to delete it.
    #[default]
    Never,
    /// It is deleted if history shows that git declared it, and it still is as declared.
    Tracked,
}

/// What to do about live objects that git does not declare.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "WrittenUnmanaged")]
pub struct UnmanagedConfig(pub(super) UnmanagedRows);

/// The long form.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "UnmanagedRule")]
pub struct UnmanagedRows {
    /// What to do about them.
    pub(super) mode: UnmanagedMode,
    /// Which objects are left out, as globs over `Kind/name`, such as `Policy/legacy-*` or `Role/*`. A `*` also stands for
    /// a `/` in the name.
    #[schemars(extend("examples" = [["Policy/legacy-*", "Role/*"]]))]
    pub(super) except: Vec<String>,
}

/// Both forms.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Unmanaged")]
enum WrittenUnmanaged {
    /// Without exceptions.
    Mode(UnmanagedMode),
    /// With exceptions.
    Rule(UnmanagedRows),
}

impl From<WrittenUnmanaged> for UnmanagedConfig {
    fn from(written: WrittenUnmanaged) -> Self {
        Self(match written {
            WrittenUnmanaged::Mode(mode) => UnmanagedRows { mode, except: Vec::new() },
            WrittenUnmanaged::Rule(rule) => rule,
        })
    }
}

/// Limits of a target.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most requests at the same time.
    #[schemars(range(min = 1, max = 64))]
    #[schemars(extend("examples" = [4]))]
    pub concurrency: usize,
    /// The most requests in any minute. Default: no limit.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [300]))]
    pub requests_per_minute: Option<usize>,
    /// The most deletes that a plan may have.
    #[schemars(extend("examples" = [5]))]
    pub max_deletes: usize,
    /// Whether a change may be written that allows more than before, or of which nobody knows. `refuse` holds it back and
    /// writes the others; `--allow new-access` lets it through once.
    pub new_access: NewAccess,
    /// The most objects that one list of the API may hold.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [5_000_000]))]
    pub list_objects: usize,
    /// The most memory that one answer of a list may take, and the most text that all of them may hold, in MiB.
    #[schemars(range(min = 1, max = 1_048_576))]
    #[schemars(extend("examples" = [1024]))]
    pub list_mib: usize,
    /// The most pages that one list may have.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [50_000]))]
    pub list_pages: usize,
    /// How long the API may take for all the answers of one list, in seconds. Waits that it asks for do not count.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [600]))]
    pub list_seconds: u64,
}

impl Limits {
    /// How much a list may take.
    pub(super) fn lists(&self) -> ListLimits {
        ListLimits {
            pages: self.list_pages,
            objects: self.list_objects,
            mib: self.list_mib,
            seconds: self.list_seconds,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let ListLimits { pages, objects, mib, seconds } = ListLimits::default();
        Self {
            concurrency: 8,
            requests_per_minute: None,
            max_deletes: 10,
            new_access: NewAccess::Allow,
            list_objects: objects,
            list_mib: mib,
            list_pages: pages,
            list_seconds: seconds,
        }
    }
}

/// What becomes of a change that allows more than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewAccess {
    /// It is written.
    #[default]
    Allow,
    /// It is held back, and the others are written.
    Refuse,
}

/// A credential: exactly one of these.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Auth {
    /// `Authorization: Bearer ...`
    Bearer(Secret),
    /// `Authorization: Basic ...`
    Basic {
        /// The user name; for Polytomic the organization's id.
        #[schemars(extend("examples" = ["enact"]))]
        username: String,
        /// The password or key.
        password: Secret,
    },
    /// A header that the API defines.
    Header {
        /// Such as `X-API-Key`.
        #[schemars(extend("examples" = ["X-API-Key"]))]
        name: String,
        /// Its value.
        value: Secret,
    },
    /// `Authorization: Bearer ...`, with a token that enact asks for by OAuth 2.0's client credentials (RFC 6749 §4.4).
    Oauth2 {
        /// Where: https, or http on this machine. The secret is sent there, and nowhere else.
        #[schemars(extend("examples" = ["https://sso.example/token"]))]
        token_url: String,
        /// The name of the client.
        #[schemars(extend("examples" = ["enact"]))]
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// What the token is to allow, with blanks between, if the server does not know.
        #[schemars(extend("examples" = ["policies.read policies.write"]))]
        scope: Option<String>,
        /// More parameters that the server wants, such as `audience`. None may be a secret.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("examples" = [{"audience": "https://api.example"}]))]
        parameters: BTreeMap<String, String>,
        /// Where the name and the secret of the client are sent: in the header `Authorization`, as every server takes
        /// them by the standard, or in the body, as some want them.
        #[serde(default)]
        send_in: ClientPlace,
    },
    /// No credential: whoever reaches the API may use it.
    None,
}

/// Where a client proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClientPlace {
    /// In `Authorization: Basic ...`.
    #[default]
    Header,
    /// In the body.
    Body,
}

/// Where a secret comes from. The secret itself is never in enact.yaml.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(extend("examples" = [{"env": "API_KEY"}]))]
pub(super) enum Secret {
    /// The name of an environment variable.
    Env(#[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"), extend("examples" = ["API_KEY"]))] String),
    /// The path of a file, relative to enact.yaml. White space at the end of the file is ignored.
    File(#[schemars(extend("examples" = ["/run/secrets/api_key"]))] PathBuf),
}

/// The JSON Schema of `enact.yaml`.
pub fn schema() -> Value {
    crate::schema::of::<ConfigFile>()
}
