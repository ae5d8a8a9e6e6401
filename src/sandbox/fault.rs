//! Faults: what goes wrong on purpose, and when.

use serde_json::Value;

use super::api::{Answer, Call};

/// Makes matching requests fail: the next `times` of them, after `skip` that pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// The target whose requests it strikes.
    pub target: String,
    /// The method it strikes; empty for any.
    pub method: String,
    /// Part of the path or query it strikes, as in [`super::Seen::path`]; empty for any.
    pub path_contains: String,
    /// How many matching requests pass first.
    pub skip: usize,
    /// How many it strikes then.
    pub times: usize,
    /// The status of the answer; 0 closes the connection without one.
    pub status: u16,
    /// The request takes effect, and only its answer is lost or replaced.
    pub after_commit: bool,
    /// Headers of the answer, beside or instead of the API's own.
    pub headers: Vec<(String, String)>,
    /// The body of the answer. `None` is the API's own error body (nothing below status 400); a string goes out
    /// as plain text, as a proxy would send it.
    pub body: Option<Value>,
}

impl Fault {
    fn matches(&self, target: &str, call: &Call) -> bool {
        self.target == target
            && (self.method.is_empty() || self.method.eq_ignore_ascii_case(&call.method))
            && call.path_and_query.contains(&self.path_contains)
    }

    /// The answer that the fault gives, unless it closes the connection.
    pub(crate) fn answer(&self, own_error: impl FnOnce(u16) -> Answer) -> Option<Answer> {
        let mut answer = match (self.status, &self.body) {
            (0, _) => return None,
            (status, Some(body)) => Answer { status, headers: Vec::new(), body: Some(body.clone()) },
            (status, None) if status < 400 => Answer::empty(status),
            (status, None) => own_error(status),
        };
        answer.headers.extend(self.headers.iter().cloned());
        Some(answer)
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
    pub(crate) fn strike(&mut self, target: &str, call: &Call) -> Option<Fault> {
        self.0.retain(|fault| fault.times > 0);
        let fault = self.0.iter_mut().find(|fault| fault.matches(target, call))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.clone())
    }
}
