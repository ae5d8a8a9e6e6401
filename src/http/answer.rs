//! What an answer says: its body without secrets, its headers, and the server's error text. What follows from it is in
//! `retry`.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, ETAG, HeaderMap, LINK, LOCATION, RETRY_AFTER};
use serde_json::Value;

use super::reason::{self, Problem};
use super::redact::{REDACTED, Redactor};
use super::transport::Response;
use crate::model::answer::AnswerPlace;
use crate::model::spent::{Exceeded, ListLimits, Spent};
use crate::model::wire::Errors;
use crate::text::inline;

/// How many characters of a server's error text are shown.
const MAX_WORDS: usize = 400;
/// How many characters are shown of a body of which nothing is known.
const MAX_QUOTE: usize = 200;

/// A parsed answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// How long the server wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// By how many seconds the server's clock is ahead of ours.
    pub(super) ahead: Option<i64>,
    /// How long until more requests are allowed, if none are now.
    pub(super) exhausted: Option<Duration>,
    /// Whether its headers say that no more requests are allowed now.
    none_left: bool,
    pub(super) etag: Option<String>,
    /// Where the next page is.
    pub(super) next: Option<String>,
    /// Without secrets.
    headers: HeaderMap,
    pub(super) body: Body,
    /// What it takes.
    pub(super) spent: Spent,
}

/// The body of an answer, without secrets.
pub(super) enum Body {
    Json(Value),
    /// It is no JSON.
    Text(String),
    /// It is too much to decode.
    Excess(Exceeded),
}

impl Body {
    /// The JSON; null if it is none.
    fn value(&self) -> &Value {
        match self {
            Self::Json(value) => value,
            Self::Text(_) | Self::Excess(_) => &Value::Null,
        }
    }

    /// The JSON, or what it is instead.
    pub(super) fn json(self) -> Result<Value, String> {
        match self {
            Self::Json(value) => Ok(value),
            Self::Excess(exceeded) => Err(exceeded.what()),
            Self::Text(text) if text.trim().is_empty() => Err("is empty, not JSON".to_owned()),
            Self::Text(text) if reason::is_html(&text) => {
                Err(format!("is {}, not JSON", inline(&reason::of_text(&text))))
            }
            Self::Text(text) => {
                let start = cut(&reason::one_line(&text), 60);
                Err(format!("is not JSON; it begins with `{}`", inline(&start)))
            }
        }
    }
}

impl Answer {
    pub(super) fn new(response: &Response, redactor: &Redactor, limits: &ListLimits, time: Duration) -> Self {
        let clean = response.headers.clean(redactor);
        let headers = &clean;
        let date = date(headers);
        let now = date.unwrap_or_else(SystemTime::now);
        let (body, spent) = match response.body.json(redactor, limits) {
            Ok(Some((value, spent))) => (Body::Json(value), spent),
            Ok(None) => (Body::Text(response.body.text(redactor)), Spent::default()),
            Err(exceeded) => (Body::Excess(exceeded), Spent::default()),
        };
        Self {
            // A status out of range is not HTTP.
            status: StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY),
            retry_after: retry_after(headers, now),
            ahead: date.map(|date| seconds(date) - seconds(SystemTime::now())),
            exhausted: exhausted(headers, now),
            none_left: none_left(headers),
            // What is left of one that held a secret matches no version.
            etag: text(headers, ETAG.as_str()).filter(|etag| !etag.contains(REDACTED)).map(str::to_owned),
            next: response.headers.part(next).text(redactor),
            body,
            spent: Spent { time, ..spent },
            headers: clean,
        }
    }

    /// What is at a place of its JSON.
    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.body.value().pointer(pointer)
    }

    /// The text at a place.
    pub(super) fn text_at(&self, place: &AnswerPlace) -> Option<&str> {
        match place {
            AnswerPlace::At(at) => self.at(at)?.as_str(),
            AnswerPlace::Header(name) => text(&self.headers, name),
        }
    }

    /// Removes more secrets from its body; all of it if there is no telling what they are.
    pub(super) fn hide(&mut self, secrets: Option<&Redactor>) {
        let body = std::mem::replace(&mut self.body, Body::Text(String::new()));
        self.body = match (body, secrets) {
            (Body::Excess(exceeded), _) => Body::Excess(exceeded),
            (_, None) => Body::Text(REDACTED.to_owned()),
            (Body::Json(value), Some(redactor)) => Body::Json(redactor.value(value)),
            (Body::Text(text), Some(redactor)) => Body::Text(redactor.text(text)),
        };
    }

    /// Whether it is an error, whatever its status says. An API that always has a place for errors leaves it empty, and
    /// an object may have a field of that name: `own` is where the object that was asked for has its id, and the id.
    pub(super) fn fails(&self, errors: &Errors, own: Option<&(String, String)>) -> bool {
        let body = self.body.value();
        let is_object = own.is_some_and(|(at, id)| body.pointer(at).and_then(scalar).as_ref() == Some(id));
        !is_object && errors.in_success.iter().any(|sign| sign.is_in(body))
    }

    /// Whether it was too much for now, and not refused. GitHub and others answer that with 403, and only the headers or
    /// the words tell it from a refusal.
    pub(super) fn is_limit(&self, errors: &Errors) -> bool {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::FORBIDDEN => {
                let says = || self.words(errors).to_lowercase().contains("rate limit");
                self.retry_after.is_some() || self.exhausted.is_some() || self.none_left || says()
            }
            _ => false,
        }
    }

    /// How long the server wants to be left alone after this failure.
    pub(super) fn asks(&self, errors: &Errors) -> Option<Duration> {
        let limit = self.is_limit(errors);
        let asks = self.retry_after.max(self.exhausted.filter(|_| limit));
        // GitHub wants at least a minute where it does not say how long.
        let unsaid = limit && self.status == StatusCode::FORBIDDEN;
        asks.or_else(|| unsaid.then_some(Duration::from_secs(60)))
    }

    /// The status, what the server says about it, and where it leads.
    pub(super) fn said(&self, errors: &Errors) -> String {
        let mut said = self.status.to_string();
        let location = text(&self.headers, LOCATION.as_str());
        if let Some(location) = location.filter(|_| self.status.is_redirection()) {
            said = format!("{said}, which leads to {location}");
        }
        match self.words(errors) {
            words if words.is_empty() => said,
            words => format!("{said}: {}", inline(&words)),
        }
    }

    /// The fields that an error names, as the server writes the steps to them.
    pub(super) fn fields(&self) -> Vec<Vec<String>> {
        let problems = reason::problems(self.body.value()).into_iter();
        problems.map(|problem| problem.field).filter(|field| !field.is_empty()).collect()
    }

    fn words(&self, errors: &Errors) -> String {
        let body = match &self.body {
            Body::Json(body) => body,
            Body::Text(text) => return cut(&reason::of_text(text), MAX_QUOTE),
            Body::Excess(exceeded) => return format!("its body {}", exceeded.what()),
        };
        let said = |at: &String| body.pointer(at)?.as_str().map(reason::one_line);
        let known = errors.message.iter().find_map(said).filter(|said| !said.is_empty());
        let problems = reason::problems(body);
        let usual = self.status.canonical_reason().unwrap_or_default();
        let new = problems.iter().filter(|problem| match &known {
            // The definition says where the message is; only fields can add to it.
            Some(known) => !problem.field.is_empty() && !known.contains(&problem.text),
            None => !problem.text.eq_ignore_ascii_case(usual),
        });
        let mut words: Vec<String> = known.iter().cloned().chain(new.map(shown)).collect();
        if words.is_empty() && !body.is_null() && problems.is_empty() {
            words.push(cut(&reason::one_line(&body.to_string()), MAX_QUOTE));
        }
        cut(&words.join("; "), MAX_WORDS)
    }

    /// What the system knows about an error like this one.
    pub(super) fn known<'a>(&self, errors: &'a Errors) -> Option<&'a String> {
        let code = errors.code.iter().find_map(|place| scalar(self.body.value().pointer(place)?));
        errors.help.get(&code?)
    }

    /// Whether a server that speaks TLS says so in plain HTTP, as nginx and servers in Go do.
    pub(super) fn wants_tls(&self) -> bool {
        let says = |text: &String| ["HTTPS port", "HTTPS server"].iter().any(|what| text.contains(what));
        self.status == StatusCode::BAD_REQUEST && matches!(&self.body, Body::Text(text) if says(text))
    }

    /// Whether it is a web page, which no API would send.
    pub(super) fn is_page(&self) -> bool {
        matches!(&self.body, Body::Text(text) if reason::is_html(text))
    }
}

fn shown(Problem { field, text }: &Problem) -> String {
    match reason::dotted(field).as_str() {
        "" => text.clone(),
        field => format!("`{field}`: {text}"),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The start of a text.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The server's own clock, which its dates refer to.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, DATE.as_str())?).ok()
}

/// Since 1970; HTTP knows no time before.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
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

/// How the names of rate-limit headers begin.
const LIMITS: [&str; 3] = ["ratelimit", "x-ratelimit", "x-rate-limit"];

/// Whether the usual rate-limit headers say that nothing is left.
fn none_left(headers: &HeaderMap) -> bool {
    let left = |prefix: &&str| text(headers, &format!("{prefix}-remaining")) == Some("0");
    LIMITS.iter().any(left) || in_one(headers).is_some()
}

/// The wait that the usual rate-limit headers ask for: `RateLimit-Remaining` and `RateLimit-Reset`, with or without `X-`,
/// or both in `RateLimit`. A reset is a number of seconds, or a point in time since 1970.
fn exhausted(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let in_two = LIMITS.iter().find_map(|prefix| {
        let number = |what: &str| text(headers, &format!("{prefix}-{what}"))?.parse::<u64>().ok();
        let reset = number("reset").filter(|_| number("remaining") == Some(0))?;
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        // No limit lasts for a year, and 1971 is over.
        let is_time = reset > 365 * 24 * 3600;
        Some(Duration::from_secs(if is_time { reset.saturating_sub(since_1970) } else { reset }))
    });
    in_two.or_else(|| in_one(headers).map(Duration::from_secs))
}

/// The seconds until the reset of a limit of which nothing is left, by the header of the IETF's drafts:
/// `RateLimit: "day";r=0;t=30`, or `RateLimit: limit=100, remaining=0, reset=30`.
fn in_one(headers: &HeaderMap) -> Option<u64> {
    let (mut left, mut wait) = (None, None);
    for part in text(headers, "ratelimit")?.split([',', ';']) {
        match part.trim().split_once('=') {
            Some(("r" | "remaining", number)) => left = number.parse::<u64>().ok(),
            Some(("t" | "reset", number)) if left == Some(0) => wait = wait.max(number.parse().ok()),
            _ => {}
        }
    }
    wait
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
        retry_after(&headers, date(&headers).unwrap_or_else(SystemTime::now))
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
        let okta = [("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "1700000031")];
        assert_eq!(wait(&okta), Some(Duration::from_secs(31)));
        for one in [r#""hour";r=3;t=5, "day";r=0;t=32"#, "limit=100, remaining=0, reset=32"] {
            assert_eq!(wait(&[("RateLimit", one)]), Some(Duration::from_secs(32)), "{one}");
        }
        assert_eq!(wait(&[("RateLimit", r#""day";r=1;t=30"#)]), None, "one is left");
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
