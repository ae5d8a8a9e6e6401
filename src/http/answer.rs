//! What an answer says: its body without secrets, its headers, and the server's error text. What follows from it is in
//! `retry`.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, ETAG, HeaderMap, LINK, RETRY_AFTER};
use serde_json::Value;

use super::redact::Redactor;
use super::transport::Response;
use crate::model::wire::Errors;

/// How much of a server's error text is shown.
const MAX_WORDS: usize = 300;

/// A parsed answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// How long the server wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// How long until more requests are allowed, if none are now.
    pub(super) exhausted: Option<Duration>,
    pub(super) etag: Option<String>,
    /// Where the next page is.
    pub(super) next: Option<String>,
    /// The JSON body; `None` if it is none.
    pub(super) body: Option<Value>,
}

impl Answer {
    pub(super) fn new(response: &Response, redactor: &Redactor) -> Self {
        let headers = &response.headers;
        let now = now(headers);
        Self {
            // A status out of range is not HTTP.
            status: StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY),
            retry_after: retry_after(headers, now),
            exhausted: exhausted(headers, now),
            etag: text(headers, ETAG.as_str()).map(str::to_owned),
            next: next(headers),
            body: decode(&response.body, redactor),
        }
    }

    /// Whether it is an error, whatever its status says.
    pub(super) fn fails(&self, errors: &Errors) -> bool {
        let body = self.body.as_ref().unwrap_or(&Value::Null);
        errors.in_success.iter().any(|at| body.pointer(at).is_some_and(|error| !error.is_null()))
    }

    /// The status and what the server says about it.
    pub(super) fn said(&self, errors: &Errors) -> String {
        let body = self.body.as_ref().unwrap_or(&Value::Null);
        let words = [&errors.message, &errors.detail].into_iter().filter_map(|places| words(body, places));
        let words: Vec<_> = words.collect();
        let words: String = words.join(": ").chars().take(MAX_WORDS).collect();
        if words.is_empty() { self.status.to_string() } else { format!("{}: {words}", self.status) }
    }

    /// What the system knows about an error like this one.
    pub(super) fn known<'a>(&self, errors: &'a Errors) -> Option<&'a String> {
        let body = self.body.as_ref()?;
        let code = errors.code.iter().find_map(|place| match body.pointer(place)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        errors.help.get(&code?)
    }
}

/// The first of these places that holds a text or a list, as text.
fn words(body: &Value, places: &[String]) -> Option<String> {
    places.iter().find_map(|place| match body.pointer(place)? {
        Value::String(text) => Some(text.clone()),
        list @ Value::Array(_) => Some(list.to_string()),
        _ => None,
    })
}

/// The JSON of an answer. A server may echo a credential, also with JSON's escapes, so it is removed from the decoded
/// texts before anything else sees them.
fn decode(body: &[u8], redactor: &Redactor) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    // The order of a server's fields means nothing, and must not reach a plan.
    value.sort_all_objects();
    Some(redactor.value(value))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The server's own clock, which its dates refer to.
fn now(headers: &HeaderMap) -> SystemTime {
    let date = text(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
    date.unwrap_or_else(SystemTime::now)
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        // More seconds than a number can hold.
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Some(Duration::MAX),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// The wait that the usual rate-limit headers ask for: `RateLimit-Remaining` and `RateLimit-Reset`, with or without `X-`.
/// A reset is a number of seconds, or a point in time since 1970.
fn exhausted(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    ["ratelimit", "x-ratelimit"].iter().find_map(|prefix| {
        let number = |what: &str| text(headers, &format!("{prefix}-{what}"))?.parse::<u64>().ok();
        let reset = number("reset").filter(|_| number("remaining") == Some(0))?;
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        // No limit lasts for a year, and 1971 is over.
        let is_time = reset > 365 * 24 * 3600;
        Some(Duration::from_secs(if is_time { reset.saturating_sub(since_1970) } else { reset }))
    })
}

/// The target of the first link whose relation is `next` (RFC 8288).
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| parts(links, ',')).find_map(|link| {
        let mut parameters = parts(link, ';').into_iter();
        let target = parameters.next()?.strip_prefix('<')?.strip_suffix('>')?;
        let is_next = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let mut relations = value.trim().trim_matches('"').split_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|rel| rel.eq_ignore_ascii_case("next"))
        };
        parameters.any(is_next).then(|| target.to_owned())
    })
}

/// Splits a header's value at separators that are neither in quotes nor in a link target.
fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut inside) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !inside => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            c if c == separator && !quoted && !inside => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn asked(value: &str) -> Option<Duration> {
        let headers = headers(&[("retry-after", value), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        retry_after(&headers, now(&headers))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO), "a date in the past");
        assert_eq!((asked("-3"), asked("soon")), (None, None));
        assert_eq!(asked("99999999999999999999"), Some(Duration::MAX), "for ever");
    }

    #[test]
    fn a_rate_limit_that_is_used_up_says_until_when() {
        let wait = |pairs: &[(&str, &str)]| {
            exhausted(&headers(pairs), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        };
        assert_eq!(
            wait(&[("RateLimit-Remaining", "0"), ("RateLimit-Reset", "9")]),
            Some(Duration::from_secs(9))
        );
        let at = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1700000030")];
        assert_eq!(wait(&at), Some(Duration::from_secs(30)));
        assert_eq!(wait(&[("RateLimit-Remaining", "1"), ("RateLimit-Reset", "9")]), None, "one is left");
        assert_eq!(wait(&[("RateLimit-Remaining", "0")]), None, "nothing says until when");
    }

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        let next = |link: &str| next(&headers(&[("link", link)]));
        let links = r#"</a?page=1>; rel="prev", </a?page=3>; rel="last next""#;
        assert_eq!(next(links).as_deref(), Some("/a?page=3"));
        assert_eq!(next(r#"</a>; rel="nextish""#), None);
        assert_eq!((next("no link"), next("</a")), (None, None));
    }
}
