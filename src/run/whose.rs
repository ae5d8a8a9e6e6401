//! Who runs this, and where: from CI's variables, or else git's user and this machine. Everybody can write such texts, so
//! they are cleaned and short.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::git::Repository;
use crate::record::FORMAT_VERSION;
use crate::record::lock::LockJson;
use crate::text::inline;

/// A run, as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunId {
    /// Its random id.
    pub id: String,
    /// Where it can be looked at, in CI.
    pub url: Option<String>,
    /// Who began it.
    pub who: String,
    /// The machine.
    pub host: String,
    /// When it began, in RFC 3339.
    pub started: String,
}

/// Longer texts are cut.
const LONGEST: usize = 200;

impl RunId {
    /// A run that begins now.
    pub fn begin(repository: Option<&Repository>) -> Self {
        let actor = first(&["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "CIRCLE_USERNAME"]);
        let user = || repository.and_then(Repository::user).map(|user| clean(&user));
        let who = actor.or_else(user).or_else(|| first(&["USER", "USERNAME", "LOGNAME"]));
        Self {
            id: new_id(),
            url: url(),
            who: who.unwrap_or_else(|| "unknown".to_owned()),
            host: host(),
            started: super::clock::now(),
        }
    }
}

/// A random id for a run.
#[must_use]
pub fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl RunId {
    /// What a lock of this run says if it lasts for this long from now on.
    pub(super) fn lock(&self, now: Timestamp, lasts: Duration) -> LockJson {
        let lasts = SignedDuration::try_from(lasts).unwrap_or_default();
        LockJson {
            format_version: FORMAT_VERSION,
            run: self.id.clone(),
            holder: self.who.clone(),
            host: self.host.clone(),
            run_url: self.url.clone(),
            started: self.started.parse().unwrap_or(now),
            ends: now.checked_add(lasts).unwrap_or(now),
            hold: false,
        }
    }
}

fn url() -> Option<String> {
    let github = || {
        let [server, repository, run] =
            ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| first(&[name]));
        Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
    };
    github().or_else(|| first(&["CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL"]))
}

/// The name of this machine.
#[must_use]
pub fn host() -> String {
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    clean(&node)
}

/// The first of these variables that says anything.
fn first(names: &[&str]) -> Option<String> {
    let said = |name: &&str| std::env::var(name).ok().map(|text| clean(&text));
    names.iter().filter_map(said).find(|text| !text.is_empty())
}

fn clean(text: &str) -> String {
    inline(text.trim()).chars().take(LONGEST).collect()
}
