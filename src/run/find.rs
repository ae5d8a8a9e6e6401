//! Which built-in systems answer at an address. Nobody is given a credential: an API that asks for one has shown itself. One
//! GET for each place where a system may be, at its list, and one where nothing is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use reqwest::Url;
use tokio::time::timeout;

use crate::http::{Http, HttpReader, HttpSettings};
use crate::model::request::Path;
use crate::model::wire::{Errors, GetResult, ReadError, Reader, Statuses};
use crate::system::{Observe, System};

/// How long an address may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A path below which no server has an API.
const NOWHERE: &str = "enact-looks-where-nothing-is";

/// What was found at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundAt {
    /// These systems, each with its name and the URL of its API.
    Systems(Vec<(String, String)>),
    /// It answers alike wherever it is asked, so that nobody can say what it is.
    Anything,
}

/// Asks an address for systems, by their names. Each may be at the address itself, or at its name below it, as in the
/// sandbox.
pub async fn find(address: &Url, systems: &[(String, Box<dyn System>)]) -> FoundAt {
    let found = join_all(systems.iter().map(|(name, system)| async move {
        let (own, nowhere) = (below(address, name), below(address, NOWHERE));
        let all = [&own, address, &nowhere].map(|base| answers(system.as_ref(), base));
        let url = match join_all(all).await.as_slice() {
            [.., true] => return Err(()),
            [true, ..] => own,
            [_, true, _] => address.clone(),
            _ => return Ok(None),
        };
        Ok(Some((name.clone(), url.as_str().trim_end_matches('/').to_owned())))
    }));
    let found: Result<Vec<_>, ()> = found.await.into_iter().collect();
    found.map_or(FoundAt::Anything, |found| FoundAt::Systems(found.into_iter().flatten().collect()))
}

fn below(address: &Url, name: &str) -> Url {
    let mut url = address.clone();
    let path = format!("{}/{name}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

/// Whether there is something at the list of a system's first kind: it shows it, or it wants a credential.
async fn answers(system: &dyn Observe, base: &Url) -> bool {
    let Some(kind) = system.kinds().iter().find(|kind| kind.listed) else { return false };
    let settings = HttpSettings {
        url: base.clone(),
        headers: system.headers(),
        credential: None,
        tokens: None,
        secrets: Vec::new(),
        stored: Default::default(),
        post_reads: Vec::new(),
        // What an error says does not matter.
        errors: Errors { in_success: Vec::new(), ..Errors::default() },
        credential_source: "nowhere".to_owned(),
        lists: Default::default(),
        concurrency: 1,
        per_minute: None,
        origin: Arc::default(),
    };
    let Ok(http) = Http::new(settings) else { return false };
    let first = FirstRead { reader: http.reader(), answered: AtomicBool::new(false) };
    // The list always ends with an error, as its first answer is none.
    let _ended = timeout(PATIENCE, system.list(kind, &first)).await;
    first.answered.into_inner()
}

/// Sends the first request of a list only.
struct FirstRead {
    reader: HttpReader,
    answered: AtomicBool,
}

#[async_trait]
impl Reader for FirstRead {
    async fn read(&self, path: &Path, _statuses: &Statuses) -> Result<GetResult, ReadError> {
        let statuses = Statuses { success: vec![200, 401, 403], ..Statuses::default() };
        let found = self.reader.read(path, &statuses).await?;
        self.answered.store(matches!(found, GetResult::Reply(_)), Ordering::Relaxed);
        Err(ReadError::new("one answer is enough".to_owned(), None))
    }
}
