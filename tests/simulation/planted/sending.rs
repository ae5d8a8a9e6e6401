//! Planted mistakes in what is sent again, and when.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "blind-create-repeated-after-a-failure",
        item: "TABLE",
        old: "LookOnce, Look, LookOnly",
        new: "LookOnce, Look, Again",
    },
    Bug {
        name: "blind-create-repeated-after-a-loss",
        item: "TABLE",
        old: "Event::Lost, [Again, Look, Look, Look, LookOnly, Look]",
        new: "Event::Lost, [Again, Look, Look, Look, Again, Look]",
    },
    Bug {
        // The server may do it after nobody waits for it any more.
        name: "blind-create-repeated-after-a-timeout-and-a-look",
        item: "TABLE",
        old: "Event::Timeout, [Again, Look, Look, Look, LookOnly, Look]",
        new: "Event::Timeout, [Again, Look, Look, Look, Look, Look]",
    },
    Bug {
        name: "blind-create-repeated-after-a-slow-request",
        item: "TABLE",
        old: "Event::Status(408), [Again, Look, Look, Look, LookOnly, Look]",
        new: "Event::Status(408), [Again, Look, Look, Look, Again, Look]",
    },
    Bug {
        name: "write-repeated-without-a-look",
        item: "Sender::unanswered",
        old: "self.look(&progress, look).await",
        new: "if write.next == Next::Look && again {
            let etag = progress.with().etag.map(str::to_owned);
            Ok(Seen { done: progress.done(), etag, created: None })
        } else {
            self.look(&progress, look).await
        }",
    },
    Bug {
        // A former bug: what somebody did while a limit held a write back was overwritten.
        name: "limit-between-the-look-and-the-write",
        item: "Look::is_old",
        old: "state.waited > FRESH",
        new: "false",
    },
    Bug {
        name: "places-kept-for-the-look-only",
        item: "Look::place_to_write",
        old: "and_then(Places::split)",
        new: "and_then(|_| None)",
    },
    Bug {
        name: "adopted-without-comparing",
        item: "PlannedChange::seen",
        old: r#"done.ok_or_else(|| Unclear::Moved("the live object is not what was sent".to_owned()))?"#,
        new: "live.map_or(sent, |_| sent + left.len().min(1))",
    },
    Bug {
        name: "key-repeated-again-and-again-after-a-failure",
        item: "TABLE",
        old: "[Again, Look, LookOnce, Look, LookOnly, Look]",
        new: "[Again, Look, Look, Look, LookOnly, Look]",
    },
    Bug {
        // A former bug: a gateway's answer counted as the application's, which may have made the object.
        name: "new-key-after-a-failure",
        item: "Progress::looked",
        old: "Ok(seen) => Ok(self.repeated(seen))",
        new: "Ok(seen) if write.next == Next::LookOnce => Ok(Self { key: key(), ..self.repeated(seen) }),
            Ok(seen) => Ok(self.repeated(seen))",
    },
    Bug {
        name: "new-key-after-a-loss",
        item: "Progress::looked",
        old: "Ok(seen) => Ok(self.repeated(seen))",
        new: "Ok(seen) => Ok(Self { key: key(), ..self.repeated(seen) })",
    },
    Bug {
        name: "retry-after-of-503-ignored",
        item: "Connection::learn",
        old: "limit || answer.status == StatusCode::SERVICE_UNAVAILABLE",
        new: "limit",
    },
    Bug {
        name: "retry-after-holds-for-one-worker-only",
        item: "Connection::learn",
        old: "self.origin.pause(wait)",
        new: r#"tracing::debug!(?wait, "the server asks for time")"#,
    },
    Bug {
        name: "retry-after-in-seconds-only",
        item: "retry_after",
        old: "Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default())",
        new: "None",
    },
    Bug {
        name: "retry-after-waited-for-without-end",
        item: "wait",
        old: "asked > MAX_WAIT",
        new: "false",
    },
    Bug {
        name: "rate-limit-that-is-used-up-ignored",
        item: "Connection::learn",
        old: "asked.max(answer.exhausted)",
        new: "asked",
    },
    Bug {
        name: "rate-limit-reset-is-always-seconds",
        item: "exhausted",
        old: "reset > 365 * 24 * 3600",
        new: "false",
    },
    Bug {
        name: "budget-ignored",
        item: "Budget::spend",
        old: "rest.is_some()",
        new: "true",
    },
];
