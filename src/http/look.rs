//! How old a look at an object is when the write after it could be sent. A limit of the API, or of the user, may hold
//! back either; whatever somebody else did meanwhile would be overwritten.

use std::sync::Mutex;
use std::time::Duration;

use super::pace::Places;
use crate::sync::lock;

/// The longest wait between what a look saw and the write after it. After a longer one, it has to look again.
const FRESH: Duration = Duration::from_secs(1);

/// A look, and the places that are kept for it and the write after it.
#[derive(Debug, Default)]
pub(super) struct Look(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    places: Option<Places>,
    /// Whether it has begun. What it goes by may be a list that was read for another write just before.
    begun: bool,
    /// How many reads were answered.
    reads: usize,
    /// How long it waited since the first of them.
    waited: Duration,
}

impl Look {
    /// How many places the next look and its write need: as many as this one had, and at least two.
    pub(super) fn needs(&self) -> usize {
        (lock(&self.0).reads + 1).max(2)
    }

    /// Gives back what was kept.
    pub(super) fn end(&self) {
        *lock(&self.0) = State::default();
    }

    /// Begins with these places.
    pub(super) fn begin(&self, places: Places) {
        *lock(&self.0) = State { places: Some(places), begun: true, ..State::default() };
    }

    /// A place for a read. The last one is for the write; a read that needs more gives it back, because it may wait for
    /// long, and places that are kept meanwhile could make others wait for ever.
    pub(super) fn place_to_read(&self) -> Option<Places> {
        let mut state = lock(&self.0);
        let more = state.places.as_ref().is_some_and(|places| places.left() > 1);
        if !more {
            state.places = None;
        }
        state.places.as_mut().and_then(Places::split)
    }

    /// The place for the write.
    pub(super) fn place_to_write(&self) -> Option<Places> {
        lock(&self.0).places.as_mut().and_then(Places::split)
    }

    /// A read was answered, after this wait.
    pub(super) fn read(&self, waited: Duration) {
        let mut state = lock(&self.0);
        if state.reads > 0 {
            state.waited += waited;
        }
        state.reads += 1;
    }

    /// Whether what was read is too old for a write that waited for so long. Without a look that has begun, nothing is.
    /// What several writes waited after one look adds up.
    pub(super) fn is_old(&self, waited: Duration) -> bool {
        let mut state = lock(&self.0);
        state.waited += waited;
        (state.begun || state.reads > 0) && state.waited > FRESH
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use async_trait::async_trait;
    use reqwest::header::AUTHORIZATION;
    use secrecy::SecretString;

    use crate::http::transport::{Call, Failure, Response, Transport};
    use crate::http::{Http, HttpSettings};
    use crate::model::request::{Method, Path, Request};
    use crate::model::wire::{Attempt, Errors, Reader as _, Sent, Writer as _};

    #[test]
    fn several_short_waits_make_a_look_old_together() {
        let (look, wait) = (super::Look::default(), std::time::Duration::from_millis(600));
        look.read(wait);
        assert!(!look.is_old(wait), "what came before the look does not count");
        assert!(look.is_old(wait));
    }

    struct Fine;

    #[async_trait]
    impl Transport for Fine {
        async fn call(&self, _call: Call<'_>) -> Result<Response, Failure> {
            Ok(Response { status: 200, body: b"{}".to_vec().into(), ..Response::default() })
        }
    }

    fn slow(per_minute: usize) -> Http {
        let settings = HttpSettings {
            url: reqwest::Url::parse("https://example.com").expect("a URL"),
            headers: Vec::new(),
            credential: Some((AUTHORIZATION, SecretString::from("x"))),
            tokens: None,
            secrets: Vec::new(),
            stored: BTreeMap::new(),
            post_reads: Vec::new(),
            errors: Errors::default(),
            credential_source: String::new(),
            lists: crate::model::spent::ListLimits::default(),
            concurrency: 1,
            per_minute: Some(per_minute),
            origin: Arc::default(),
        };
        Http::over(settings, Box::new(Fine), Arc::new(|| 0)).expect("a connection")
    }

    fn delete() -> Request {
        Request::new(Method::Delete, Path::fixed("a"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_sent_right_after_its_look_while_others_wait_for_a_place() {
        let http = slow(2);
        let (reader, writer, at) = (http.reader(), http.writer(), Path::fixed("a"));
        let turn = writer.turn();
        turn.begin().await;
        let write = async {
            turn.get(&at).await.expect("a look");
            turn.send(&delete(), &Attempt { etag: None, key: "" }).await
        };
        let both = futures::future::join(reader.get(&at), write);
        let ended = tokio::time::timeout(std::time::Duration::from_secs(90), both).await;
        let (read, sent) = ended.expect("nobody waits for a slot of somebody who waits for a place");
        assert!(read.is_ok() && matches!(sent, Sent::Done(_)), "{sent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn stale_is_refused_a_write_that_goes_by_what_another_one_read_is_held_back_too() {
        let http = slow(2);
        let writer = http.writer();
        let turn = writer.turn();
        turn.begin().await;
        let send = async || turn.send(&delete(), &Attempt { etag: None, key: "" }).await;
        assert!(matches!(send().await, Sent::Done(_)) && matches!(send().await, Sent::Done(_)));
        assert_eq!(send().await, Sent::Late, "it had to wait for a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn stale_is_refused_a_write_that_a_limit_holds_back_is_not_sent_without_a_new_look() {
        let http = slow(3);
        let (writer, at) = (http.writer(), Path::fixed("a"));
        let turn = writer.turn();
        let look = async |reads: usize| {
            turn.begin().await;
            for _ in 0..reads {
                turn.get(&at).await.expect("a look");
            }
            turn.send(&delete(), &Attempt { etag: None, key: "" }).await
        };
        // The first look needs more places than are kept for it; the second keeps as many as that.
        assert_eq!(look(3).await, Sent::Late);
        assert_eq!(http.requests(), 3, "nothing was written");
        assert!(matches!(look(2).await, Sent::Done(_)));
    }
}
