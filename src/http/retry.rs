//! What is worth another attempt, and when.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often a request is tried that is safe to repeat.
pub(super) const ATTEMPTS: u32 = 5;
/// No wait between two attempts is longer.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Whether an answer asks to come again later, having done nothing.
pub(super) fn come_again(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
}

/// Whether an answer to a read is worth another try.
pub(super) fn passing(status: StatusCode) -> bool {
    come_again(status) || matches!(status.as_u16(), 408 | 425 | 500 | 502 | 503 | 504)
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// The wait before the next attempt: what the server asks for, else doubling with full jitter; never over a minute.
pub(super) fn wait(attempt: u32, asked: Option<Duration>) -> Duration {
    let ceiling = Duration::from_millis(250) * 2_u32.pow(attempt.min(8));
    let random = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    asked.unwrap_or(ceiling * random / 255).min(MAX_WAIT)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
        retry_after(&headers, httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO), "a date in the past");
        assert_eq!((asked("-3"), asked("soon")), (None, None));
    }

    #[test]
    fn no_wait_is_longer_than_a_minute() {
        assert_eq!(wait(1, Some(Duration::from_secs(1 << 40))), MAX_WAIT);
        assert!((0..100).all(|attempt| wait(attempt, None) <= MAX_WAIT));
    }
}
