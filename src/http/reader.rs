//! Reads from one target, and repeats reads that failed. It cannot write: it sends GET, and POST at the paths at which its
//! system says that it reads.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::StatusCode;
use tokio::time::Instant;

use super::answer::{Answer, Body};
use super::connection::Connection;
use super::look::Look;
use super::retry::{self, Event, Unanswered};
use crate::model::request::{Path, Repeatability};
use crate::model::spent::Exceeded;
use crate::model::wire::{GetResult, NOT_AS_SAID, Next, ReadError, Reader, Reply, Statuses};

/// What to do if a list, or what must be there, is not.
const NOT_THERE: &str = "there is nothing at this URL: check `url` in enact.yaml, above all its path";

/// What to do about a refusal that a repeat does not change.
const REFUSED: &str = "the API refuses this request itself, and would again: correct the definition of its system, or `url` and \
                       `settings` in enact.yaml";

/// What to do about an answer that no repeat makes smaller.
const TOO_LARGE: &str =
    "it would be as large again: read it in pages, by `paging` in the definition of its system";

fn refused_for_good(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        404 => Some(NOT_THERE),
        // These pass by themselves.
        408 | 409 | 423 | 425 | 429 => None,
        400..=499 | 501 | 505 => Some(REFUSED),
        _ => None,
    }
}

/// Reads from a target.
pub struct HttpReader(pub(super) Arc<Connection>);

#[async_trait]
impl Reader for HttpReader {
    async fn read(&self, path: &Path, statuses: &Statuses) -> Result<GetResult, ReadError> {
        self.read_in(&Look::default(), path, statuses).await
    }
}

impl HttpReader {
    /// Reads as a part of a look.
    pub(super) async fn read_in(
        &self,
        look: &Look,
        path: &Path,
        statuses: &Statuses,
    ) -> Result<GetResult, ReadError> {
        let method = match &statuses.post {
            None => "GET",
            Some(_) if self.0.post_reads.iter().any(|read| read.is_at(path)) => "POST",
            Some(_) => {
                let message = format!("a POST to {path} is no read, so it was not sent");
                return Err(ReadError::new(message, None));
            }
        };
        let request = format!("{method} {}", self.0.shown(path));
        let (mut attempt, mut once, began) = (1, true, Instant::now());
        loop {
            let pass = self.0.enter(look.place_to_read()).await;
            let waited = began.elapsed();
            let ended = self.0.attempt(pass, method, path, statuses.post.as_ref(), &[]).await;
            let (event, asked, error) = match ended {
                Ok(answer)
                    if statuses.gone.contains(&answer.status.as_u16())
                        && !answer.is_limit(&self.0.errors) =>
                {
                    look.read(waited);
                    return Ok(GetResult::Gone(answer.status.as_u16()));
                }
                Ok(answer) if statuses.success.contains(&answer.status.as_u16()) => {
                    let asked = answer.retry_after;
                    match self.reply(path, answer, statuses) {
                        Ok(reply) => {
                            look.read(waited);
                            return Ok(GetResult::Reply(reply));
                        }
                        Err((event, error)) => (event, asked, error),
                    }
                }
                Ok(answer) => {
                    let for_good = || refused_for_good(answer.status).map(str::to_owned);
                    let cause = format!("was answered with {}", self.0.said(&answer));
                    let error = ReadError::of(&request, cause, self.0.help(&answer).or_else(for_good));
                    (self.0.failure(&answer), answer.asks(&self.0.errors), error)
                }
                Err(Unanswered { event, words, help }) => {
                    let too_large = || (event == Event::TooLarge).then(|| TOO_LARGE.to_owned());
                    (
                        event,
                        None,
                        ReadError::of(&request, format!("failed: {words}"), help.or_else(too_large)),
                    )
                }
            };
            let again = match retry::next(event, Repeatability::Read) {
                Next::Again => true,
                Next::Once => std::mem::take(&mut once),
                _ => false,
            };
            if !again || !self.0.again(attempt, asked).await {
                return Err(error);
            }
            attempt += 1;
        }
    }

    fn reply(&self, path: &Path, answer: Answer, statuses: &Statuses) -> Result<Reply, (Event, ReadError)> {
        let unusable = |what: &str, help: Option<String>| {
            ReadError::of(&format!("the answer from {}", self.0.shown(path)), what.to_owned(), help)
        };
        if answer.fails(&self.0.errors, statuses.own.as_ref()) {
            let what = format!("holds an error: {}", self.0.said(&answer));
            return Err((Event::Unreadable, unusable(&what, self.0.help(&answer))));
        }
        let help = self.0.help(&answer);
        let Answer { body, etag, next, spent, .. } = answer;
        let excess =
            |exceeded: Exceeded| (Event::TooLarge, unusable(&exceeded.what(), Some(exceeded.help())));
        if let Body::Excess(exceeded) = body {
            return Err(excess(exceeded));
        }
        let spent = statuses.spent.and(spent, &self.0.lists).map_err(excess)?;
        let help = help.or_else(|| Some(NOT_AS_SAID.to_owned()));
        let body = body.json().map_err(|what| (Event::Unreadable, unusable(&what, help)))?;
        Ok(Reply { body, etag, next: next.map(|link| self.here(path, link)), spent })
    }

    /// A link as a path below the target's URL if it leads there, otherwise unchanged.
    fn here(&self, path: &Path, link: String) -> String {
        let there = self.0.url_of(path).and_then(|here| here.join(&link));
        there.map_or(link, |there| {
            let rest = there.as_str().strip_prefix(self.0.base()).filter(|rest| rest.starts_with(['/', '?']));
            rest.map(str::to_owned).unwrap_or_else(|| there.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use reqwest::header::{AUTHORIZATION, HeaderMap};

    use super::*;
    use crate::http::transport::{Call, Failure, Response, Transport};
    use crate::http::{Http, HttpSettings};
    use crate::model::spent::{ListLimits, Spent};

    /// A server that takes its time for each page.
    struct Slow(Duration);

    #[async_trait]
    impl Transport for Slow {
        async fn call(&self, _: Call<'_>) -> Result<Response, Failure> {
            tokio::time::sleep(self.0).await;
            Ok(Response { status: 200, headers: HeaderMap::new().into(), body: b"[]".to_vec().into() })
        }
    }

    fn http(time: Duration, limits: ListLimits, per_minute: Option<usize>) -> Http {
        let settings = HttpSettings {
            url: reqwest::Url::parse("https://api.example/base/").unwrap(),
            headers: Vec::new(),
            credential: Some((AUTHORIZATION, "Bearer x".to_owned().into())),
            tokens: None,
            secrets: Vec::new(),
            stored: BTreeMap::new(),
            post_reads: Vec::new(),
            errors: crate::model::wire::Errors::default(),
            credential_source: "a test".to_owned(),
            lists: limits,
            concurrency: 1,
            per_minute,
            origin: Arc::default(),
        };
        Http::over(settings, Box::new(Slow(time)), Arc::new(|| 0)).unwrap()
    }

    /// Reads pages until one is refused; how many there were, and why.
    async fn read_all(http: &Http, most: usize) -> Result<usize, ReadError> {
        let (reader, path, mut spent) = (http.reader(), Path::fixed("things"), Spent::default());
        for _ in 0..most {
            spent = reader.page(&path, spent).await?.spent;
        }
        Ok(spent.pages)
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_never_ends_is_left_in_time() {
        let limits = ListLimits { seconds: 60, ..ListLimits::default() };
        let error = read_all(&http(Duration::from_secs(7), limits, None), 1000).await.unwrap_err();
        let message = "the answer from https://api.example/base/things is not at its end after 60 seconds";
        assert_eq!(error.message, message);
        assert!(error.help.unwrap().contains("`limits.list_seconds`"));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_that_keep_the_pace_are_no_time_of_the_list() {
        let limits = ListLimits { seconds: 60, ..ListLimits::default() };
        let pages = read_all(&http(Duration::from_millis(1), limits, Some(1)), 10).await;
        assert_eq!(pages, Ok(10));
    }
}
