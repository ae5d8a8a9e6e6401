//! Reads from one target, and repeats reads that failed. It cannot write.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;

use super::answer::Answer;
use super::connection::Connection;
use super::look::Look;
use super::retry::{self, Event};
use crate::model::request::{Path, Repeatability};
use crate::model::wire::{GetResult, Next, ReadError, Reader, Reply, Statuses};

/// What to do if a server cannot prove who it is.
const PROVE: &str =
    "check `url` in enact.yaml; to trust an authority of your own, name its file in SSL_CERT_FILE";

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
        let (mut attempt, mut once, began) = (1, true, Instant::now());
        loop {
            let pass = self.0.enter(look.place_to_read()).await;
            let waited = began.elapsed();
            let ended = self.0.attempt(pass, "GET", path, None, &[]).await;
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
                        Err(error) => (Event::Unreadable, asked, error),
                    }
                }
                Ok(answer) => {
                    let message = format!("GET {path} was answered with {}", self.0.said(&answer));
                    let error = ReadError { message, help: self.0.help(&answer) };
                    (self.0.failure(&answer), answer.asks(&self.0.errors), error)
                }
                Err((event, why)) => {
                    let help = (event == Event::Untrusted).then(|| PROVE.to_owned());
                    (event, None, ReadError { message: format!("GET {path} failed: {why}"), help })
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

    fn reply(&self, path: &Path, answer: Answer, statuses: &Statuses) -> Result<Reply, ReadError> {
        if answer.fails(&self.0.errors, statuses.own.as_ref()) {
            let what = format!("holds an error: {}", self.0.said(&answer));
            return Err(ReadError { help: self.0.help(&answer), ..ReadError::unexpected(path, &what) });
        }
        let Answer { body, etag, next, .. } = answer;
        let body = body.json().map_err(|what| ReadError::unexpected(path, &what))?;
        Ok(Reply { body, etag, next: next.map(|link| self.here(path, link)) })
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
