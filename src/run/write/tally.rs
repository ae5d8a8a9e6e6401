//! Counts the requests that are sent for one object.

use std::sync::Mutex;

use crate::model::request::Request;
use crate::model::sent::SentRequest;
use crate::sync::lock;

/// The requests that were sent for one object, each with its number in the plan.
#[derive(Default)]
pub(in crate::run) struct Tally(Mutex<Vec<(usize, SentRequest)>>);

impl Tally {
    /// Counts one attempt at the request with this number.
    pub(super) fn count(&self, index: usize, request: &Request) {
        let mut sent = lock(&self.0);
        match sent.last_mut().filter(|(last, _)| *last == index) {
            Some((_, same)) => same.attempts += 1,
            None => {
                let (method, path) = (request.method.as_str().to_owned(), request.path.to_string());
                sent.push((index, SentRequest { method, path, attempts: 1 }));
            }
        }
    }

    /// The requests, in order.
    pub(super) fn requests(self) -> Vec<SentRequest> {
        let sent = self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        sent.into_iter().map(|(_, request)| request).collect()
    }
}
