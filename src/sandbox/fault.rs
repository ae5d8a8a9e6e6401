//! Faults: what goes wrong on purpose, and when. What a fault does to the state of a target is in `target`.

use serde_json::Value;

use super::request::Request;
use super::response::Response;

/// Makes matching requests fail: the next `times` of them, after `skip` that pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// The target whose requests it strikes.
    pub target: String,
    /// The method it strikes; empty for any.
    pub method: String,
    /// Part of the path or query it strikes, as in `Seen::path`; empty for any.
    pub path_contains: String,
    /// How many matching requests pass first.
    pub skip: usize,
    /// How many it strikes then.
    pub times: usize,
    /// The status of the response; 0 closes the connection without one.
    pub status: u16,
    /// The request takes effect, and only its response is lost or replaced.
    pub after_commit: bool,
    /// Headers of the response, beside or instead of the API's own.
    pub headers: Vec<(String, String)>,
    /// The body of the response. `None` is the API's own error body (nothing below status 400); a string goes out
    /// as plain text, as a proxy would send it.
    pub body: Option<Value>,
}

impl Fault {
    fn matches(&self, target: &str, request: &Request) -> bool {
        self.target == target
            && (self.method.is_empty() || self.method.eq_ignore_ascii_case(&request.method))
            && request.path_and_query.contains(&self.path_contains)
    }

    /// The response that the fault gives, unless it closes the connection.
    pub(crate) fn response(&self, own_error: impl FnOnce(u16) -> Response) -> Option<Response> {
        let mut response = match (self.status, &self.body) {
            (0, _) => return None,
            (status, Some(body)) => Response { status, headers: Vec::new(), body: Some(body.clone()) },
            (status, None) if status < 400 => Response::empty(status),
            (status, None) => own_error(status),
        };
        response.headers.extend(self.headers.iter().cloned());
        Some(response)
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The fault that strikes this request. Only the first that matches looks at the request, so two faults on
    /// the same requests follow one another.
    pub(crate) fn strike(&mut self, target: &str, request: &Request) -> Option<Fault> {
        self.0.retain(|fault| fault.times > 0);
        let fault = self.0.iter_mut().find(|fault| fault.matches(target, request))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.clone())
    }
}
