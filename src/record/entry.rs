//! One object in a record: what git declared when it was last verified, and what was attempted since.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::path::{self, DECLARED, META};
use super::{FORMAT_VERSION, file};
use crate::model::change::Action;
use crate::model::outcome::WriteResult;
use crate::model::resource::RemoteId;

/// What a record holds of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The declared spec when the object was last verified to be as declared; `None` if it never was.
    pub declared: Option<Value>,
    /// Everything else.
    pub meta: Meta,
}

/// `meta.json`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Meta {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The kind's name.
    pub kind: String,
    /// The exact natural key; the path may be a short form of it.
    pub name: String,
    /// When it was last verified after a change of its declaration; null if it never was.
    pub verified: Option<Verified>,
    /// What was attempted since, oldest first: as long as it is not known what became of it, it counts as set by git.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempted: Vec<Attempt>,
}

/// When and as what an object was found to be as declared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Verified {
    /// The commit whose declaration it is.
    pub commit: String,
    /// The run that verified it.
    pub run: String,
    /// When, in RFC 3339.
    pub time: String,
    /// The file of its manifest, relative to enact.yaml.
    pub file: String,
    /// The API's id.
    pub remote: Option<Id>,
    /// Whether enact created the object with this id.
    pub created: bool,
}

/// A write that a run was about to send.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Attempt {
    /// The run.
    pub run: String,
    /// The commit that it applied.
    pub commit: String,
    /// When the run began to write, in RFC 3339.
    pub time: String,
    /// The file of the manifest.
    pub file: String,
    /// What it was about to do: `create`, `update` or `delete`.
    pub action: Action,
    /// The declared spec; null for a delete.
    pub spec: Option<Value>,
    /// The idempotency key of a create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// How it ended; null while it is not known, as after a run that was killed.
    pub outcome: Option<WriteResult>,
}

/// The idempotency key of a create.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Key {
    /// The key.
    pub key: String,
    /// The digest of the request that it was made for: a key is never sent with another one.
    pub request: String,
    /// Whether an earlier run had made it. A server may keep the answer to a key, also a failure of its own, and give it
    /// again for good: so a key is carried over once.
    #[serde(default, skip_serializing_if = "is_false")]
    pub carried: bool,
}

/// An id as the API writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Id(pub RemoteId);

impl TryFrom<Value> for Id {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        RemoteId::from_json(&value).map(Self).ok_or_else(|| "`remote` is no id".to_owned())
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        id.0.to_json()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Attempt {
    /// Whether it is not known what became of it.
    pub fn is_open(&self) -> bool {
        matches!(self.outcome, None | Some(WriteResult::Unknown))
    }
}

impl Entry {
    /// An object that was never verified.
    pub fn new(kind: &str, name: &str) -> Self {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let meta = Meta { format_version: FORMAT_VERSION, kind, name, verified: None, attempted: Vec::new() };
        Self { declared: None, meta }
    }

    /// Its folder.
    pub fn folder(&self) -> String {
        path::folder(&self.meta.kind, &self.meta.name)
    }

    /// Its files by path; `None` is a file that it does not have.
    pub fn files(&self) -> [(String, Option<Vec<u8>>); 2] {
        let folder = self.folder();
        [
            (format!("{folder}/{DECLARED}"), self.declared.as_ref().map(declared)),
            (format!("{folder}/{META}"), Some(file(&self.meta))),
        ]
    }

    /// The files of an object that is no longer in the record.
    pub fn gone(folder: &str) -> [(String, Option<Vec<u8>>); 2] {
        [DECLARED, META].map(|name| (format!("{folder}/{name}"), None))
    }

    /// Reads the files of a folder. An error is the end of a sentence that begins with the folder.
    pub fn parse(folder: &str, declared: Option<&[u8]>, meta: &[u8]) -> Result<Self, String> {
        let meta = super::parse::<Meta>(meta).map_err(|error| format!("has a `{META}` {error}"))?;
        if path::folder(&meta.kind, &meta.name) != folder {
            return Err(format!("holds the {} `{}`, which has another folder", meta.kind, meta.name));
        }
        let declared: Option<Value> = declared
            .map(serde_json::from_slice)
            .transpose()
            .map_err(|error| format!("has a `{DECLARED}` that is no JSON: {error}"))?;
        if declared.is_some() != meta.verified.is_some() {
            return Err("was verified without a declaration, or the other way round".to_owned());
        }
        Ok(Self { declared, meta })
    }

    /// The same after a run announced a write. Older attempts stay: it may never be sent.
    #[must_use]
    pub fn attempted(mut self, attempt: Attempt) -> Self {
        self.meta.attempted.push(attempt);
        self
    }

    /// The same after a run's own attempt ended. Nothing was sent if it was not attempted; otherwise it takes the place of
    /// older ones with the same intent.
    #[must_use]
    pub fn ended(mut self, run: &str, outcome: WriteResult) -> Self {
        let is_own = |attempt: &Attempt| attempt.run == run;
        if outcome == WriteResult::NotAttempted {
            self.meta.attempted.retain(|attempt| !is_own(attempt));
            return self;
        }
        let own: Vec<_> = self.meta.attempted.iter().filter(|attempt| is_own(attempt)).cloned().collect();
        let same = |old: &Attempt| own.iter().any(|own| (own.action, &own.spec) == (old.action, &old.spec));
        self.meta.attempted.retain(|attempt| is_own(attempt) || !same(attempt));
        for attempt in self.meta.attempted.iter_mut().filter(|attempt| is_own(attempt)) {
            attempt.outcome = Some(outcome);
        }
        self
    }

    /// The same after it was found to be as declared. What was attempted before no longer matters.
    #[must_use]
    pub fn verified(mut self, declared: Value, mut verified: Verified) -> Self {
        let same = |old: &Verified| old.remote == verified.remote && old.created;
        verified.created |= self.meta.verified.as_ref().is_some_and(same);
        self.declared = Some(declared);
        self.meta.verified = Some(verified);
        self.meta.attempted.clear();
        self
    }

    /// Whether nothing is known of the object.
    pub fn is_empty(&self) -> bool {
        self.declared.is_none() && self.meta.attempted.is_empty()
    }

    /// The key that a create of the object is to be sent with again, if this very request may have been done under it and
    /// no run has carried it over already.
    pub fn open_key(&self, request: &str) -> Option<Key> {
        let open = self.meta.attempted.iter().rev().filter(|attempt| attempt.is_open());
        let last = open.filter_map(|attempt| attempt.key.as_ref()).find(|key| key.request == request)?;
        (!last.carried).then(|| Key { carried: true, ..last.clone() })
    }

    /// The specs that were attempted since it was verified: git may have set them, too.
    pub fn attempted_specs(&self) -> impl Iterator<Item = &Value> {
        self.meta.attempted.iter().filter_map(|attempt| attempt.spec.as_ref())
    }
}

/// The bytes of `declared.json`. Equal declarations have equal bytes, so a digest tells whether one changed.
pub fn declared(spec: &Value) -> Vec<u8> {
    let mut spec = spec.clone();
    spec.sort_all_objects();
    file(&spec)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attempt(run: &str, spec: Value, key: Option<&str>) -> Attempt {
        Attempt {
            run: run.to_owned(),
            commit: "c".to_owned(),
            time: "2026-01-01T00:00:00Z".to_owned(),
            file: "a.yaml".to_owned(),
            action: Action::Create,
            spec: Some(spec),
            key: key.map(|key| Key { key: key.to_owned(), request: "sha256:1".to_owned(), carried: false }),
            outcome: None,
        }
    }

    fn verified(remote: &str, created: bool) -> Verified {
        Verified {
            commit: "c".to_owned(),
            run: "r".to_owned(),
            time: "2026-01-01T00:00:00Z".to_owned(),
            file: "a.yaml".to_owned(),
            remote: RemoteId::new(remote).map(Id),
            created,
        }
    }

    fn read(entry: &Entry) -> Result<Entry, String> {
        let [(_, declared), (_, meta)] = entry.files();
        Entry::parse(&entry.folder(), declared.as_deref(), &meta.unwrap())
    }

    #[test]
    fn an_entry_comes_back_as_it_was_written() {
        let entry = Entry::new("Role", "A/b").attempted(attempt("1", json!({"x": 1}), Some("k")));
        assert_eq!(read(&entry), Ok(entry.clone()));
        let entry = entry.verified(json!({"b": 1, "a": [1.5]}), verified("7", true));
        assert_eq!(read(&entry), Ok(entry));
    }

    #[test]
    fn a_number_as_id_stays_a_number() {
        let mut of = verified("7", false);
        of.remote = RemoteId::from_json(&json!(7)).map(Id);
        let entry = Entry::new("Role", "a").verified(json!({}), of);
        let read = read(&entry).unwrap();
        assert_eq!(read.meta.verified.unwrap().remote.unwrap().0.to_json(), json!(7));
    }

    #[test]
    fn equal_declarations_have_equal_bytes_whatever_the_order_of_their_fields() {
        assert_eq!(
            declared(&json!({"b": {"d": 1, "c": 2}, "a": 1})),
            declared(&json!({"a": 1, "b": {"c": 2, "d": 1}}))
        );
    }

    #[test]
    fn crash_safe_the_key_of_a_create_counts_for_its_own_request_while_its_outcome_is_unknown() {
        let entry = Entry::new("Role", "a").attempted(attempt("1", json!({}), Some("k")));
        let key = |entry: &Entry, request: &str| entry.open_key(request).map(|key| key.key);
        let k = Some("k".to_owned());
        assert_eq!(key(&entry, "sha256:1"), k, "the run was killed");
        assert_eq!(key(&entry, "sha256:2"), None, "another body");
        assert_eq!(key(&entry.clone().ended("1", WriteResult::Unknown), "sha256:1"), k);
        assert_eq!(key(&entry.clone().ended("1", WriteResult::Failed), "sha256:1"), None);
        assert!(entry.ended("1", WriteResult::NotAttempted).is_empty(), "nothing was sent");
    }

    #[test]
    fn a_key_under_which_a_server_may_repeat_its_failure_for_good_is_carried_over_once() {
        let entry = Entry::new("Role", "a").attempted(attempt("1", json!({}), Some("k")));
        let carried = entry.open_key("sha256:1").unwrap();
        assert!(carried.carried && carried.key == "k");
        let again = Attempt { key: Some(carried), ..attempt("2", json!({}), None) };
        let entry = entry.attempted(again).ended("2", WriteResult::Unknown);
        assert_eq!(entry.open_key("sha256:1"), None, "the third run makes a key of its own");
    }

    /// Every spec that git may have set in the object.
    fn specs(entry: &Entry) -> Vec<&Value> {
        entry.declared.iter().chain(entry.attempted_specs()).collect()
    }

    #[test]
    fn nothing_forgotten_every_attempt_counts_until_the_object_is_verified() {
        let entry = Entry::new("Role", "a").verified(json!({"a": 1}), verified("7", true));
        let entry = entry.attempted(attempt("1", json!({"b": 1}), None)).ended("1", WriteResult::Failed);
        let entry = entry.attempted(attempt("2", json!({"c": 1}), None));
        let entry = entry.attempted(attempt("3", json!({"b": 1}), None)).ended("3", WriteResult::Failed);
        assert_eq!(specs(&entry), [&json!({"a": 1}), &json!({"c": 1}), &json!({"b": 1})]);
        let entry = entry.verified(json!({"a": 2}), verified("7", false));
        assert_eq!(specs(&entry), [&json!({"a": 2})]);
        assert!(entry.meta.verified.as_ref().unwrap().created, "it is the same object");
        let entry = entry.verified(json!({"a": 2}), verified("8", false));
        assert!(!entry.meta.verified.unwrap().created, "somebody made another one");
    }

    #[test]
    fn nothing_forgotten_an_attempt_that_was_not_sent_takes_no_earlier_one_with_it() {
        let unknown = Entry::new("Role", "a").attempted(attempt("1", json!({"a": 1}), Some("k")));
        let unknown = unknown.ended("1", WriteResult::Unknown);
        let again = unknown.clone().attempted(attempt("2", json!({"a": 1}), Some("k")));
        assert_eq!(again.ended("2", WriteResult::NotAttempted), unknown);
    }

    #[test]
    fn a_forged_or_damaged_entry_is_refused() {
        let entry = Entry::new("Role", "a").verified(json!({}), verified("7", true));
        let [_, (_, meta)] = entry.files();
        let meta = meta.unwrap();
        let parse = |folder: &str, declared: Option<&[u8]>, meta: &[u8]| Entry::parse(folder, declared, meta);
        assert!(
            parse(&path::folder("Role", "b"), Some(b"{}"), &meta).unwrap_err().contains("another folder")
        );
        assert!(parse(&entry.folder(), None, &meta).is_err());
        assert!(parse(&entry.folder(), Some(b"{"), &meta).unwrap_err().contains("no JSON"));
        let newer =
            String::from_utf8(meta).unwrap().replace("\"format_version\": 1", "\"format_version\": 2");
        assert!(parse(&entry.folder(), Some(b"{}"), newer.as_bytes()).unwrap_err().contains("newer"));
    }
}
